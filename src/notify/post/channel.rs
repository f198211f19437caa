//! A channel whose messages are one HTTP POST each: what outbox and `check --online` see of it. What is posted is the
//! vendor's.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{Post, Poster, Verdict};
use crate::domain::ChannelName;
use crate::notify::delivery::{Channel, Check, Connection, Failed, Parcel, Sent, Until};

/// Posts side by side. A receiver that is slow delays little, and few limit so few.
const MOST_POSTS: usize = 4;

/// What one kind of receiver wants to be posted.
pub trait Vendor: Send + Sync + 'static {
    /// What is posted for a parcel.
    ///
    /// # Errors
    /// When the parcel cannot be put so that it is taken.
    fn post(&self, parcel: &Parcel) -> Result<Post, Failed>;

    fn verdict(&self, status: u16) -> Verdict {
        Verdict::of(status)
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

    fn most_connections(&self) -> usize {
        MOST_POSTS
    }

    fn check<'a>(&'a self, _recipients: &'a [String], _now: Timestamp) -> BoxFuture<'a, Vec<Check>> {
        async move {
            let reached = self.poster.reach().await;
            vec![Check {
                what: format!("channel {}", self.name),
                found: reached.map(|()| format!("reached {}; nothing was posted", self.poster.server())),
            }]
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
            Sent::Ended(match vendor.post(parcel) {
                Ok(post) => {
                    poster
                        .deliver(post, |status| vendor.verdict(status), parcel.at, cut)
                        .await
                }
                Err(unfit) => Err(unfit),
            })
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
