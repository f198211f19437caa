//! ntfy: a push message for each message, by the public server or one's own. Decides nothing about retries.

mod message;
#[cfg(test)]
mod tests;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::delivery::{Attempted, Failed, Parcel, Scope, Until};
use super::post::{Post, Poster, Vendor, Verdict};
use crate::net::HttpAnswer;
use crate::net::header::{AUTHORIZATION, HeaderValue};

/// What a refused topic is called: <https://github.com/binwiederhier/ntfy/blob/main/server/errors.go>.
const TOPIC_CODES: [u64; 2] = [40_009, 40_010];

pub struct Ntfy {
    topic: String,
    /// Who logs in; `None`: nobody does.
    authorization: Option<HeaderValue>,
    /// Where money is added, for whoever taps a message.
    pay_url: Option<String>,
}

impl Ntfy {
    #[must_use]
    pub const fn new(topic: String, authorization: Option<HeaderValue>, pay_url: Option<String>) -> Self {
        Self {
            topic,
            authorization,
            pay_url,
        }
    }

    async fn send(&self, poster: &Poster, parcel: &Parcel, cut: Until<'_>) -> Attempted {
        let mut post = Post::json(&message::message(parcel, &self.topic, self.pay_url.as_deref()));
        if let Some(authorization) = &self.authorization {
            post.headers.insert(AUTHORIZATION, authorization.clone());
        }
        let answer = poster.post(post, cut).await?;
        let said: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        let verdict = match answer.status {
            200..=299 if said.is_none_or(|said| !said["id"].is_string()) => {
                return Err(poster.odd_answer(&answer, "ntfy"));
            }
            400 if is_about_the_topic(&answer) => {
                let judged = poster.judge(&answer, Verdict::Refused(Scope::Channel), parcel.at);
                return judged.map_err(|failed| Failed {
                    hint: Some("the server does not take the channel's `topic`"),
                    ..failed
                });
            }
            // No room for messages, whatever they say.
            507 => Verdict::PutOff(Scope::Channel),
            status => Verdict::of(status),
        };
        poster.judge(&answer, verdict, parcel.at)
    }
}

impl Vendor for Ntfy {
    fn deliver<'a, 'c: 'a>(
        &'a self,
        poster: &'a Poster,
        parcel: &'a Parcel,
        cut: Until<'c>,
    ) -> BoxFuture<'a, Attempted> {
        self.send(poster, parcel, cut).boxed()
    }

    /// It takes the place of the first one; an older server shows both, which is better than neither for hours.
    fn knows_repeats(&self) -> bool {
        true
    }
}

fn is_about_the_topic(answer: &HttpAnswer) -> bool {
    let said: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    let code = said.and_then(|said| said["code"].as_u64());
    code.is_some_and(|code| TOPIC_CODES.contains(&code))
}
