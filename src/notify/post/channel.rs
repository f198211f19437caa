//! A channel whose messages are one HTTP POST each: what outbox and `check --online` see of it. What is posted is the
//! vendor's.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::Poster;
use crate::domain::ChannelName;
use crate::notify::delivery::{Attempted, Channel, Check, Connection, Failed, Parcel, Sent, Until};

/// Posts side by side. A receiver that is slow delays little, and few limit so few.
const MOST_POSTS: usize = 4;

/// What one kind of receiver wants to be posted.
pub trait Vendor: Send + Sync + 'static {
    /// Posts a parcel, most often by one post.
    fn deliver<'a, 'c: 'a>(
        &'a self,
        poster: &'a Poster,
        parcel: &'a Parcel,
        cut: Until<'c>,
    ) -> BoxFuture<'a, Attempted>;

    /// As [`Channel::has_threads`].
    fn has_threads(&self) -> bool {
        false
    }

    /// As [`Channel::knows_repeats`].
    fn knows_repeats(&self) -> bool {
        false
    }

    /// Finds out whether it would be let in, as far as that can be known without a post.
    fn check<'a>(&'a self, poster: &'a Poster, _now: Timestamp) -> BoxFuture<'a, Result<String, Failed>> {
        poster.reached().boxed()
    }
}

pub struct HttpChannel<V> {
    name: ChannelName,
    poster: Poster,
    vendor: V,
}

impl<V: Vendor> HttpChannel<V> {
    #[must_use]
    pub const fn new(name: ChannelName, poster: Poster, vendor: V) -> Self {
        Self { name, poster, vendor }
    }
}

impl<V: Vendor> Channel for HttpChannel<V> {
    fn connection(self: Arc<Self>) -> Box<dyn Connection> {
        Box::new(Posting(self))
    }

    fn has_threads(&self) -> bool {
        self.vendor.has_threads()
    }

    fn knows_repeats(&self) -> bool {
        self.vendor.knows_repeats()
    }

    fn most_connections(&self) -> usize {
        MOST_POSTS
    }

    fn check<'a>(&'a self, _recipients: &'a [String], now: Timestamp) -> BoxFuture<'a, Vec<Check>> {
        async move {
            let found = self.vendor.check(&self.poster, now).await;
            let what = format!("channel {}", self.name);
            vec![Check { what, found }]
        }
        .boxed()
    }
}

/// Opens a connection for each post: of one that was kept, nobody can say whether what was sent over it arrived.
struct Posting<V>(Arc<HttpChannel<V>>);

impl<V: Vendor> Connection for Posting<V> {
    fn send<'a, 'c: 'a>(&'a mut self, parcel: &'a Parcel, cut: Until<'c>) -> BoxFuture<'a, Sent<'c>> {
        async move {
            let HttpChannel { poster, vendor, .. } = &*self.0;
            Sent::Ended(vendor.deliver(poster, parcel, cut).await)
        }
        .boxed()
    }

    fn is_open(&self) -> bool {
        false
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}
