//! Slack: a message for each episode, with what follows as answers in its thread. An incoming webhook only takes new
//! messages: threads, and the first message crossed out when all is over, need a token.
//!
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://docs.slack.dev/reference/methods/chat.postMessage>, <https://docs.slack.dev/reference/methods/chat.update>.
//! Decides nothing about retries.

mod blocks;
mod errors;
#[cfg(test)]
mod tests;
mod thread;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use self::blocks::Title;
use self::errors::Said;
use self::thread::Receipt;
use super::delivery::{Attempted, Failed, Parcel, SetupError, Until, never};
use super::post::{Post, Poster, Vendor, Verdict};
use crate::domain::ChannelName;
use crate::net::header::{AUTHORIZATION, HeaderValue};
use crate::net::{HttpAnswer, Url};
use crate::redact::one_line;

/// Longest name of a workspace or user in what a check says.
const LONGEST_NAME: usize = 60;

/// An incoming webhook, or the API where there is a token.
pub struct Slack {
    api: Option<Api>,
}

struct Api {
    /// `Bearer` and the token.
    authorization: HeaderValue,
    /// The address of the API, with a slash at its end.
    base: Url,
}

impl Slack {
    /// `base` is where the API is, if there is a `token`; else it is not used.
    ///
    /// # Errors
    /// [`SetupError`] when the token cannot stand in a header.
    pub fn new(channel: &ChannelName, base: &Url, token: Option<&SecretString>) -> Result<Self, SetupError> {
        let unfit = |why: &str| SetupError::Channel {
            channel: channel.clone(),
            why: why.to_owned(),
        };
        let Some(token) = token else {
            return Ok(Self { api: None });
        };
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| unfit("its token has characters that no token has"))?;
        authorization.set_sensitive(true);
        let mut base = base.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let api = Api { authorization, base };
        Ok(Self { api: Some(api) })
    }

    async fn through_webhook(&self, poster: &Poster, parcel: &Parcel, cut: Until<'_>) -> Attempted {
        let message = blocks::message(&parcel.letter, &Title::Plain, &parcel.message.id);
        let answer = poster.post(Post::json(&message), cut).await?;
        if matches!(answer.status, 200..=299) {
            let is_ok = answer.body.trim_ascii() == b"ok";
            return if is_ok {
                Ok(None)
            } else {
                Err(poster.odd_answer(&answer, "Slack"))
            };
        }
        let judged = poster.judge(&answer, Verdict::of(answer.status), parcel.at);
        judged.map_err(|failed| errors::named(failed, &answer.body))
    }
}

impl Api {
    /// Calls a method. What Slack answers, if it is an answer of Slack.
    async fn call(
        &self,
        poster: &Poster,
        method: &str,
        arguments: &Value,
        parcel: &Parcel,
        cut: Until<'_>,
    ) -> Result<Value, Said> {
        let answer = self.answer(poster, method, arguments, cut).await?;
        if !matches!(answer.status, 200..=299) {
            let judged = poster.judge(&answer, Verdict::of(answer.status), parcel.at);
            judged.map_err(|failed| errors::named(failed, &answer.body))?;
        }
        read(poster, &answer)
    }

    async fn answer(
        &self,
        poster: &Poster,
        method: &str,
        arguments: &Value,
        cut: Until<'_>,
    ) -> Result<HttpAnswer, Failed> {
        let mut post = Post::json(arguments);
        post.headers.insert(AUTHORIZATION, self.authorization.clone());
        // Names of methods are fit for an address.
        let url = self.base.join(method).unwrap_or_else(|_| self.base.clone());
        poster.at(url).post(post, cut).await
    }

    /// The answer in the thread that the episode began; before it, when all is over, the first message is crossed out.
    async fn deliver(&self, poster: &Poster, parcel: &Parcel, cut: Until<'_>) -> Attempted {
        let root = parcel.root.as_ref();
        let thread = root.and_then(|root| Receipt::read(&root.receipt));
        if let Some(root) = root.filter(|root| root.is_over)
            && let Some(thread) = thread.as_ref().filter(|thread| thread.is_first())
        {
            let edit = thread::edit(thread, root, parcel);
            match self.call(poster, "chat.update", &edit, parcel, cut.clone()).await {
                Err(Said::Failed(failed)) => return Err(failed),
                // What cannot be edited is left as it is: the answer below it says that it is over.
                Ok(_) | Err(Said::NotThere(_)) => {}
            }
        }
        let message = thread::message(parcel, thread.as_ref());
        let posted = match self
            .call(poster, "chat.postMessage", &message, parcel, cut.clone())
            .await
        {
            Err(Said::NotThere(_)) if thread.is_some() => {
                let message = thread::message(parcel, None);
                return match self.call(poster, "chat.postMessage", &message, parcel, cut).await {
                    Ok(posted) => Ok(Receipt::of(&posted, None)),
                    Err(said) => Err(said.into_failed()),
                };
            }
            posted => posted.map_err(Said::into_failed)?,
        };
        Ok(Receipt::of(&posted, thread.as_ref()))
    }

    /// Who the token lets in.
    async fn test(&self, poster: &Poster, now: Timestamp) -> Result<String, Failed> {
        let answer = self.answer(poster, "auth.test", &json!({}), never()).await?;
        poster.judge(&answer, Verdict::of(answer.status), now)?;
        let who = read(poster, &answer).map_err(Said::into_failed)?;
        let name = |key: &str| one_line(who[key].as_str().unwrap_or("?"), LONGEST_NAME);
        Ok(format!(
            "Slack lets us in as {} of {}; nothing was posted",
            name("user"),
            name("team")
        ))
    }
}

/// What Slack says with status 200, which it gives to failures, too.
fn read(poster: &Poster, answer: &HttpAnswer) -> Result<Value, Said> {
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let is_ok = said.as_ref().and_then(|said| said["ok"].as_bool());
    match (is_ok, said) {
        (Some(true), Some(said)) => Ok(said),
        (Some(false), Some(said)) => Err(errors::of(said["error"].as_str().unwrap_or_default())),
        _ => Err(poster.odd_answer(answer, "Slack").into()),
    }
}

impl Vendor for Slack {
    fn deliver<'a, 'c: 'a>(
        &'a self,
        poster: &'a Poster,
        parcel: &'a Parcel,
        cut: Until<'c>,
    ) -> BoxFuture<'a, Attempted> {
        async move {
            match &self.api {
                Some(api) => api.deliver(poster, parcel, cut).await,
                None => self.through_webhook(poster, parcel, cut).await,
            }
        }
        .boxed()
    }

    fn has_threads(&self) -> bool {
        self.api.is_some()
    }

    fn check<'a>(&'a self, poster: &'a Poster, now: Timestamp) -> BoxFuture<'a, Result<String, Failed>> {
        async move {
            match &self.api {
                Some(api) => api.test(poster, now).await,
                None => poster.reached().await,
            }
        }
        .boxed()
    }
}
