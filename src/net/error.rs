//! Why an exchange gave no answer, and how far it got. It names the server and nothing else of a URL.

use std::time::Duration;

use rustls::pki_types::InvalidDnsNameError;

use super::reach::OwnNetwork;

/// Why an exchange gave no answer. It names the server, as `host:port`, and never more of the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The client could not be made.
    #[error("the HTTP client could not be built")]
    Build(#[source] Cause),
    /// No connection was made, so nothing was sent.
    #[error("{step} `{server}`")]
    Connect {
        server: String,
        /// How far it got.
        step: Step,
        #[source]
        cause: Cause,
    },
    /// The request may not leave any more by the time it could, so nothing was sent.
    #[error("too much time had passed when the connection to `{server}` was there; nothing was sent")]
    TooLate { server: String },
    /// A deadline passed after the connection was made: the request may have arrived.
    #[error("no complete answer from `{server}` within {after:?}")]
    Timeout {
        server: String,
        /// The deadline that passed.
        after: Duration,
    },
    /// The connection broke before an answer came: the request may have arrived.
    #[error("the connection to `{server}` broke before an answer came")]
    Lost {
        server: String,
        #[source]
        cause: Cause,
    },
    /// The answer began, but broke off or could not be decompressed.
    #[error("the answer of `{server}` broke off")]
    Cut {
        server: String,
        #[source]
        cause: Cause,
    },
    /// The answer is larger than the bound.
    #[error("the answer of `{server}` is larger than {limit_bytes} bytes")]
    TooLarge { server: String, limit_bytes: usize },
}

impl HttpError {
    /// The same of a request that did not begin to leave: whatever it was, nothing was sent.
    pub(super) fn before_departure(self) -> Self {
        let (server, cause) = match self {
            Self::Timeout { server, after } => (server, Cause(format!("there was none within {after:?}"))),
            Self::Lost { server, cause } => (server, cause),
            other => return other,
        };
        let step = Step::Connection;
        Self::Connect { server, step, cause }
    }
}

/// What failed on the way to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The name of the server.
    Address,
    /// The name leads where the client may not reach.
    Reach,
    /// The connection, or the time for all of it.
    Connection,
    /// What makes it secure.
    Tls,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Address => "no address was found for",
            Self::Reach => "no connection is made to",
            Self::Connection => "no connection was made to",
            Self::Tls => "no secure connection (TLS) was made to",
        })
    }
}

impl Step {
    /// At which step a connection failed. TLS and the bound of the reach have errors of their own.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut step = if error.is_dns() {
            Self::Address
        } else {
            Self::Connection
        };
        let mut layer: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = layer {
            if error.is::<rustls::Error>() {
                return Self::Tls;
            }
            if error.is::<OwnNetwork>() {
                return Self::Reach;
            }
            // What no name may be is refused by TLS before anybody is asked for it.
            if error.is::<InvalidDnsNameError>() {
                step = Self::Address;
            }
            layer = below(error);
        }
        step
    }
}

/// What lies at the root of an [`HttpError`], as text without any URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    /// For whoever answers in a network's place.
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl From<reqwest::Error> for Cause {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        // The outer layers only say that a request failed; the innermost says why.
        let mut inner: &dyn std::error::Error = &error;
        while let Some(source) = inner.source() {
            inner = source;
        }
        Self(inner.to_string())
    }
}

/// What lies below an error. What one of input or output was made of would be passed over as a source.
fn below<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e (dyn std::error::Error + 'static)> {
    let made_of = error.downcast_ref().and_then(std::io::Error::get_ref);
    match made_of {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
