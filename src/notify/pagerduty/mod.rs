//! PagerDuty: an alert there for each episode, which is opened, acknowledged and closed by events. Decides nothing about
//! retries, and sends to no other of its APIs.

mod event;
#[cfg(test)]
mod tests;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use super::delivery::{Attempted, Failed, Parcel, Scope, Until};
use super::letter::Letterhead;
use super::post::{Post, Poster, Vendor, Verdict};
use crate::net::HttpAnswer;

pub struct PagerDuty {
    routing_key: SecretString,
    letterhead: Letterhead,
}

impl PagerDuty {
    /// `routing_key`: of an integration of the service that is to be told.
    #[must_use]
    pub const fn new(routing_key: SecretString, letterhead: Letterhead) -> Self {
        Self {
            routing_key,
            letterhead,
        }
    }

    /// Sends an event, which may be a repeat: PagerDuty knows it by its key.
    async fn send(&self, poster: &Poster, event: &serde_json::Value, parcel: &Parcel, cut: Until<'_>) -> Attempted {
        let answer = poster.post(Post::json(event), cut).await?;
        let verdict = match answer.status {
            202 => Verdict::Delivered,
            200..=299 if !says_success(&answer) => return Err(poster.odd_answer(&answer, "PagerDuty")),
            400 if is_about_the_key(&answer) => {
                let judged = poster.judge(&answer, Verdict::Refused(Scope::Channel), parcel.at);
                return judged.map_err(|failed| Failed {
                    hint: Some("PagerDuty does not know the channel's `routing_key`: it has 32 characters"),
                    ..failed
                });
            }
            status => Verdict::of(status),
        };
        poster.judge(&answer, verdict, parcel.at)
    }
}

impl Vendor for PagerDuty {
    fn deliver<'a, 'c: 'a>(
        &'a self,
        poster: &'a Poster,
        parcel: &'a Parcel,
        cut: Until<'c>,
    ) -> BoxFuture<'a, Attempted> {
        async move {
            let events = event::events(parcel, &self.letterhead, self.routing_key.expose_secret());
            for event in &events {
                self.send(poster, event, parcel, cut.clone()).await?;
            }
            Ok(None)
        }
        .boxed()
    }

    /// Another event with the same key changes nothing: a page must not wait for hours because an answer was lost.
    fn knows_repeats(&self) -> bool {
        true
    }
}

/// Whether it says so in the shape of PagerDuty, as its likes do with another status.
fn says_success(answer: &HttpAnswer) -> bool {
    let body: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    body.is_some_and(|body| body["status"] == "success")
}

/// Whether the event was refused for the sake of the routing key: then every other would be, too.
fn is_about_the_key(answer: &HttpAnswer) -> bool {
    let said = String::from_utf8_lossy(&answer.body).to_lowercase();
    said.contains("routing_key") || said.contains("routing key")
}
