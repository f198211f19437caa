//! One HTTP POST to a receiver, and what its end says: of this message, or of the whole channel. What every channel over
//! HTTP is made of.
//!
//! It follows no redirect, repeats nothing, reaches into no network of one's own unless told so, and keeps nothing of what
//! a receiver says beyond its status: an answer may repeat what it was sent.

mod channel;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;

pub use self::channel::{HttpChannel, Vendor};
use super::cause::cause;
use super::delivery::{Attempted, End, Failed, Scope, SetupError, Step, Until};
use crate::domain::ChannelName;
use crate::net::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use crate::net::{
    self, Bounds, Departure, HttpAnswer, HttpClient, HttpError, HttpRequest, Method, Network, Reach, Url,
};
use crate::redact::one_line;
use crate::telemetry::chain;

/// Longest words of the network or of TLS that are kept.
const LONGEST_WHY: usize = 200;

/// Receivers answer with a line or two. What of a longer answer is not read was not needed.
const ANSWER_BYTES: usize = 64 << 10;

/// How long one exchange may take; `total` stands in for the usual half a minute.
fn bounds(total: Option<Duration>) -> Bounds {
    let total = total.unwrap_or(Duration::from_secs(30));
    Bounds {
        connect: total.min(Duration::from_secs(5)),
        // Some look at what they get before they answer.
        read: total,
        total,
        body_bytes: ANSWER_BYTES,
    }
}

/// Where a channel posts. Cheap to clone.
#[derive(Clone)]
pub struct Poster {
    client: HttpClient,
    /// May hold secrets.
    url: Url,
}

impl fmt::Debug for Poster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poster").field("server", &self.server()).finish()
    }
}

/// What is posted.
#[derive(Clone, Debug, Default)]
pub struct Post {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What a status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// Not now: the same may be taken later.
    PutOff(Scope),
    /// The same again would be refused again.
    Refused(Scope),
}

impl Verdict {
    /// What a status says where the vendor says nothing else of it.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            200..=299 => Self::Delivered,
            // What is not understood, or is too large, is so because of what is in it.
            400 | 413 | 422 => Self::Refused(Scope::Message),
            // Too busy or too early, and behind a gateway nobody: no other message would fare better.
            408 | 425 | 429 | 502..=504 => Self::PutOff(Scope::Channel),
            300..=399 | 401..=499 => Self::Refused(Scope::Channel),
            // A fault of the receiver, which one message may have caused: others are tried.
            500..=599 => Self::PutOff(Scope::Shared),
            _ => Self::PutOff(Scope::Channel),
        }
    }
}

impl Post {
    #[must_use]
    pub fn json(body: &serde_json::Value) -> Self {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        Self {
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: body.to_string().into_bytes(),
        }
    }
}

impl Poster {
    /// A poster to `url`, which may lead into a network of one's own if it `is_internal`. `total`: how long an exchange may
    /// take instead of half a minute. Real time.
    ///
    /// # Errors
    /// [`SetupError`] when `url` is none, or TLS cannot be set up.
    pub fn new(
        channel: &ChannelName,
        url: &str,
        is_internal: bool,
        network: &Network,
        total: Option<Duration>,
    ) -> Result<Self, SetupError> {
        Self::to(url, is_internal, network, total).map_err(|why| SetupError::Channel {
            channel: channel.clone(),
            why,
        })
    }

    /// The same for who is no channel.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn to(url: &str, is_internal: bool, network: &Network, total: Option<Duration>) -> Result<Self, String> {
        // What cannot be read may still hold a secret.
        let url = Url::parse(url).map_err(|_| "its url is no URL".to_owned())?;
        let reach = if is_internal { Reach::Anywhere } else { Reach::Outside };
        let client = HttpClient::writes_within(&url, network, bounds(total), reach).map_err(|error| chain(&error))?;
        Ok(Self { client, url })
    }

    /// The same server at another address of it.
    #[must_use]
    pub fn at(&self, url: Url) -> Self {
        debug_assert_eq!(net::server(&url), self.server(), "it is the same server");
        let client = self.client.clone();
        Self { client, url }
    }

    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// `host:port`, which is no secret.
    #[must_use]
    pub fn server(&self) -> String {
        net::server(&self.url)
    }

    /// Posts, and judges the status by `verdict`. `at`: the time of sending.
    pub async fn deliver(
        &self,
        post: Post,
        verdict: impl Fn(u16) -> Verdict,
        at: Timestamp,
        cut: Until<'_>,
    ) -> Attempted {
        let answer = self.post(post, cut).await?;
        self.judge(&answer, verdict(answer.status), at)
    }

    /// Posts, and gives whatever was answered. Of its body only the first 64 KiB are there, and nothing may be kept.
    ///
    /// # Errors
    /// [`Failed`] when there is no answer, or `cut` ended before it.
    pub async fn post(&self, post: Post, cut: Until<'_>) -> Result<HttpAnswer, Failed> {
        let departure = Departure::default();
        let mut request = HttpRequest::new(Method::POST, self.url.clone());
        request.headers = post.headers;
        request.body = Some(post.body);
        request.departure = Some(departure.clone());
        tokio::select! {
            biased;
            answer = self.client.tell(request) => answer.map_err(|error| unanswered(&error)),
            () = cut => Err(cut_off(&departure)),
        }
    }

    /// Asks by GET, and gives whatever was answered; as [`Self::post`].
    ///
    /// # Errors
    /// [`Failed`] when there is no answer.
    pub async fn get(&self) -> Result<HttpAnswer, Failed> {
        let request = HttpRequest::new(Method::GET, self.url.clone());
        let answer = self.client.tell(request).await;
        answer.map_err(|error| unanswered(&error))
    }

    /// Connects as for a post, and sends nothing.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn reach(&self) -> Result<(), Failed> {
        let mut request = HttpRequest::new(Method::POST, self.url.clone());
        request.body = Some(Vec::from(*b"-"));
        request.departure = Some(Departure::if_still(|| false));
        match self.client.tell(request).await {
            Ok(_) | Err(HttpError::TooLate { .. }) => Ok(()),
            Err(error) => Err(unanswered(&error)),
        }
    }

    /// The same, in words.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn reached(&self) -> Result<String, Failed> {
        self.reach().await?;
        Ok(format!("reached {}; nothing was posted", self.server()))
    }

    /// A status that says "delivered" beside something that no `vendor` says: a page that asks for a login answers so.
    #[must_use]
    pub fn odd_answer(&self, answer: &HttpAnswer, vendor: &str) -> Failed {
        let status = answer.status;
        Failed {
            end: End::PutOff,
            scope: Scope::Channel,
            step: Step::Answer,
            retry_after: None,
            word: format!("the answer is none of {vendor}"),
            text: format!(
                "`{}` answered HTTP {status} with something that {vendor} does not say",
                self.server()
            ),
            hint: Some("see host and path in the channel's `url`: something else answers there"),
        }
    }

    /// What an answer says of a message; whoever wants a receipt reads it from the body.
    ///
    /// # Errors
    /// [`Failed`], unless it was delivered.
    pub fn judge(&self, answer: &HttpAnswer, verdict: Verdict, at: Timestamp) -> Attempted {
        let (end, scope) = match verdict {
            Verdict::Delivered => return Ok(None),
            Verdict::PutOff(scope) => (End::PutOff, scope),
            Verdict::Refused(scope) => (End::Refused, scope),
        };
        let status = answer.status;
        let known = StatusCode::from_u16(status)
            .ok()
            .and_then(|code| code.canonical_reason());
        let reason = known.map(|reason| format!(" ({reason})")).unwrap_or_default();
        let redirects = if (300..400).contains(&status) {
            ": it answers with a redirect, which is not followed"
        } else {
            ""
        };
        Err(Failed {
            end,
            scope,
            step: Step::Answer,
            retry_after: retry_after(&answer.headers, at),
            word: format!("the receiver answered HTTP {status}{reason}"),
            text: format!("`{}` answered HTTP {status}{reason}{redirects}", self.server()),
            hint: status_hint(status),
        })
    }
}

/// How long the receiver asks to be left alone: in seconds, or until a date, by its own clock where it tells it.
fn retry_after(headers: &HeaderMap, at: Timestamp) -> Option<SignedDuration> {
    let date = |name| {
        let text = headers.get(name)?.to_str().ok()?.trim();
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
    };
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(secs) => Some(SignedDuration::from_secs(i64::from(u32::min(secs, 86_400)))),
        Err(_) => Some(date(RETRY_AFTER)?.duration_since(date(DATE).unwrap_or(at))),
    }
}

const fn status_hint(status: u16) -> Option<&'static str> {
    match status {
        300..=399 => Some("name the address that it redirects to as the channel's `url`"),
        401 | 403 => {
            Some("the receiver does not let the channel in: see its `url`, and its token, password or `headers`")
        }
        404 | 405 | 410 => Some("nothing takes messages there: see the channel's `url`"),
        _ => None,
    }
}

fn cut_off(departure: &Departure) -> Failed {
    let (end, step, text) = if departure.is_past() {
        let text = "cut off because the program was to stop; it was sent, so that it may have arrived";
        (End::Uncertain, Step::Answer, text)
    } else {
        let text = "cut off because the program was to stop";
        (End::CutOff, Step::Connection, text)
    };
    Failed {
        end,
        scope: Scope::Message,
        step,
        retry_after: None,
        word: "cut off".to_owned(),
        text: text.to_owned(),
        hint: None,
    }
}

/// What it means that there was no answer.
fn unanswered(error: &HttpError) -> Failed {
    let said = chain(error);
    let (end, scope, step, word, hint) = match error {
        HttpError::Build(_) | HttpError::Connect { .. } | HttpError::TooLate { .. } => {
            let (word, hint) = unconnected(error, &said);
            (End::Silent, Scope::Channel, Step::Connection, word, hint)
        }
        HttpError::Lost { .. } if is_no_http(&said) => {
            let hint = "see host and port in the channel's `url`";
            (
                End::PutOff,
                Scope::Channel,
                Step::Answer,
                "the answer is not HTTP",
                Some(hint),
            )
        }
        HttpError::Lost { .. } | HttpError::Cut { .. } | HttpError::TooLarge { .. } => {
            let word = "the connection broke after the message was sent";
            (End::Uncertain, Scope::Message, Step::Answer, word, None)
        }
        HttpError::Timeout { .. } => {
            let word = "no answer in time after the message was sent";
            (End::Uncertain, Scope::Message, Step::Answer, word, None)
        }
    };
    let text = match end {
        End::Uncertain => format!("{said}; it was sent, so that it may have arrived"),
        _ => said,
    };
    Failed {
        end,
        scope,
        step,
        retry_after: None,
        word: word.to_owned(),
        text: one_line(&text, LONGEST_WHY),
        hint,
    }
}

fn unconnected(error: &HttpError, said: &str) -> (&'static str, Option<&'static str>) {
    let step = match error {
        HttpError::Connect { step, .. } => *step,
        _ => net::Step::Connection,
    };
    let (word, hint) = match step {
        net::Step::Address => (
            "unknown host",
            "see the host in the channel's `url`, and this machine's DNS",
        ),
        net::Step::Reach => (
            "the host is in a network of one's own",
            "if it is meant to be, set `internal = true` where the channel has that key, or write its address into `url`",
        ),
        net::Step::Connection => (
            "no connection",
            "see host and port in the channel's `url`, and this machine's firewall; no proxy is used",
        ),
        net::Step::Tls => (
            "no secure connection (TLS)",
            "its certificate must be in date, made for the host in the channel's `url`, and signed by somebody whom this \
             machine trusts (`SSL_CERT_FILE`)",
        ),
    };
    let word = match step {
        net::Step::Connection | net::Step::Tls => cause(said).unwrap_or(word),
        net::Step::Address | net::Step::Reach => word,
    };
    (word, Some(hint))
}

/// Whether something answered that does not speak HTTP, and so surely took nothing. The library says it in words only.
fn is_no_http(said: &str) -> bool {
    said.contains("invalid HTTP") || said.contains("message head is too large")
}
