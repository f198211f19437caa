//! Kinds of failures: what callers branch on, and the stable word that logs, reports, and the store count them by.

use std::borrow::Cow;
use std::fmt;

use super::codes;

/// What kind of failure a call came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request cannot be put on the wire, so it was not made.
    Unsendable,
    /// No connection was made, so nothing was sent.
    Connect,
    /// What was read for the write was too old when it could leave, so nothing was sent.
    TooLate,
    Timeout,
    /// The connection broke before an answer came.
    Reset,
    /// The answer broke off.
    Truncated,
    TooLarge,
    /// The call could not be reserved in the store, so it was not made.
    Store,
    Redirect,
    /// An HTTP error with this status.
    Http(u16),
    Empty,
    /// A page instead of an answer.
    Html,
    Malformed,
    NullStatus,
    NoStatus,
    /// The API declined with this status code, verbatim.
    Declined(String),
    /// `success` where a dry run was asked for.
    NotDry,
    MissingPayload,
    BadAmount,
    BadRecord,
    WrongClient,
}

impl ErrorKind {
    /// Its word. It is stored and is part of JSON, so it must not change.
    #[must_use]
    pub fn as_str(&self) -> Cow<'_, str> {
        match self {
            Self::Http(status) => Cow::Owned(format!("http_{status}")),
            Self::Declined(code) => Cow::Borrowed(code),
            other => Cow::Borrowed(other.counted_as()),
        }
    }

    /// The word that metrics count it by, one of few whatever the other side makes up: codes that are not documented are
    /// `other`, and most HTTP errors go together.
    #[must_use]
    pub fn counted_as(&self) -> &'static str {
        match self {
            Self::Unsendable => "unsendable",
            Self::Connect => "connect",
            Self::TooLate => "too_late",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::TooLarge => "too_large",
            Self::Store => "store",
            Self::Redirect => "redirect",
            Self::Http(403) => "http_403",
            Self::Http(429) => "http_429",
            Self::Http(500..) => "http_5xx",
            Self::Http(_) => "http_other",
            Self::Empty => "empty",
            Self::Html => "html",
            Self::Malformed => "malformed",
            Self::NullStatus => "null_status",
            Self::NoStatus => "no_status",
            Self::Declined(code) => codes::documented(code).unwrap_or("other"),
            Self::NotDry => "not_dry",
            Self::MissingPayload => "missing_payload",
            Self::BadAmount => "bad_amount",
            Self::BadRecord => "bad_record",
            Self::WrongClient => "wrong_client",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    #[test]
    fn what_the_other_side_makes_up_is_counted_by_few_words() {
        for (kind, word) in [
            (ErrorKind::Timeout, "timeout"),
            (ErrorKind::Declined("Invalid_Client".to_owned()), "invalid_client"),
            (ErrorKind::Declined("f81d4fae-7dec".to_owned()), "other"),
            (ErrorKind::Http(429), "http_429"),
            (ErrorKind::Http(418), "http_other"),
            (ErrorKind::Http(500), "http_5xx"),
            (ErrorKind::Http(999), "http_5xx"),
        ] {
            assert_eq!(kind.counted_as(), word);
        }
    }
}
