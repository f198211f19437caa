//! What a call that was sent as given came to: the answer verbatim, or why there is none. Nothing is asked here.

use std::fmt;

use super::answer::claims_success;
use super::call::Call;
use super::error::{Error, Problem};
use super::find_out::FindOut;
use super::json::{fields, scalar, trimmed};
use crate::net::HttpError;

/// An answer that is a success: `success`, `success_test` where a dry run was asked for, or an empty list's status.
/// Debug shows no more than the status: the body may hold passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    status: String,
    body: String,
}

impl Answer {
    #[must_use]
    pub fn new(body: String) -> Self {
        let status = fields(trimmed(&body), &["status"])
            .ok()
            .and_then(|[status]| scalar(status?).flatten());
        Self {
            status: status.unwrap_or_default().into_owned(),
            body,
        }
    }

    #[must_use]
    pub fn status(&self) -> &str {
        &self.status
    }

    /// The body as it came, clients' passwords included.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A call that was no success: the API declined, or no answer came that can be used. A write may have been done all the
/// same; it is sent once, whatever comes. Debug shows no body.
#[derive(Clone, PartialEq, Eq)]
pub struct CallError {
    error: Error,
    find_out: Option<Box<FindOut>>,
    body: Option<String>,
}

impl CallError {
    pub(super) fn new(call: &Call, problem: Problem, body: Option<Vec<u8>>) -> Self {
        let error = Error::new(call.function(), problem);
        let find_out = FindOut::of(call).filter(|_| error.may_have_taken_effect());
        Self {
            find_out: find_out.map(Box::new),
            error,
            body: body.map(text),
        }
    }

    #[must_use]
    pub const fn error(&self) -> &Error {
        &self.error
    }

    /// How to find out whether it was done; `None` when it surely was not.
    #[must_use]
    pub fn find_out(&self) -> Option<&FindOut> {
        self.find_out.as_deref()
    }

    /// Whether a dry run of unknown outcome may have been done all the same: an answer came, and nothing in it shows that the
    /// wish for a dry run was understood. No answer at all, or a page that speaks of no success, gives no reason to think so.
    #[must_use]
    pub fn may_not_have_been_dry(&self) -> bool {
        let body = self.body().unwrap_or_default();
        match self.error.problem() {
            Problem::Http(HttpError::Timeout { .. } | HttpError::Lost { .. }) => false,
            Problem::Html | Problem::HttpStatus { .. } | Problem::Redirect { .. } => claims_success(body),
            _ => claims_success(body) || !body.to_ascii_lowercase().contains("success_test"),
        }
    }

    /// The body as it came, clients' passwords included; `None` when none came complete. May be a page.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }
}

impl From<CallError> for Error {
    fn from(failed: CallError) -> Self {
        failed.error
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError")
            .field("error", &self.error)
            .field("find_out", &self.find_out)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        if self.find_out.is_some() {
            f.write_str("; it is not known whether it was done")?;
        }
        Ok(())
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

/// The bytes as text; what is none becomes replacement characters.
pub(super) fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
