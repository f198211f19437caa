//! Calls as they are given, and answers as they came: what the command `api` is made of. The arguments are checked like
//! those of typed calls; the answer is only looked at as far as its status.

use std::fmt;

use super::answer::{Expected, Payload, Reader, claims_success};
use super::check::{Unacceptable, check};
use super::error::{Error, Problem};
use super::function::Function;
use super::functions::{Call, SetClient};
use super::json::{fields, scalar, trimmed};
use super::outcome::{FindOut, WriteError};
use crate::domain::plan::Record;
use crate::net::HttpError;

mod taken;
mod texts;

pub use taken::Untaken;
pub use texts::Row;

/// A call whose arguments were checked. Debug shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct RawCall {
    function: Function,
    arguments: Vec<(&'static str, String)>,
}

impl RawCall {
    /// Checks the arguments: all that is required is there, nothing is unknown or there twice, every value is of its
    /// kind, and confirmations repeat what they confirm. Sent is exactly what is given, in this order.
    ///
    /// # Errors
    /// Every [`Unacceptable`] there is.
    pub fn new(function: Function, arguments: Vec<(&'static str, String)>) -> Result<Self, Vec<Unacceptable>> {
        check(function, &arguments)?;
        Ok(Self { function, arguments })
    }

    /// setClient with a whole record. Most of it was read and not typed, so it is not checked: it goes back verbatim.
    ///
    /// # Errors
    /// [`Problem::Unsendable`] when the record names no client or has no password.
    pub fn set_client(record: &Record) -> Result<Self, Error> {
        let mut arguments = Vec::new();
        SetClient::new(record)?.parameters(&mut |name, value| arguments.push((name, value.to_owned())));
        Ok(Self {
            function: Function::SetClient,
            arguments,
        })
    }

    /// The function.
    #[must_use]
    pub const fn function(&self) -> Function {
        self.function
    }

    /// The value of an argument.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        let found = self.arguments.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// How to find out whether it was done, when no answer comes; `None` for a read.
    #[must_use]
    pub fn find_out(&self) -> Option<FindOut> {
        FindOut::of(self)
    }

    /// Whether the API is asked to change nothing.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.argument("test").is_some()
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.function.name());
        for (name, value) in &self.arguments {
            shown.field(name, if self.function.is_password(name) { &"***" } else { value });
        }
        shown.finish()
    }
}

impl Call for RawCall {
    type Answer = ();

    fn function(&self) -> Function {
        self.function
    }

    /// What a success holds is for the reader of the body to see; here only the statuses of empty lists matter.
    fn expected(&self) -> Expected {
        match self.function.expected() {
            Expected::Rows(key) | Expected::Ledger(key) => Expected::Ledger(key),
            Expected::One(key) | Expected::Perhaps(key) => Expected::Perhaps(key),
            Expected::Nothing => Expected::Nothing,
        }
    }

    fn parameters<'a>(&'a self, add: &mut dyn FnMut(&'static str, &'a str)) {
        for (name, value) in &self.arguments {
            add(name, value);
        }
    }

    fn secret(&self) -> Option<&str> {
        // A second one is a confirmation, and so the same.
        let mut arguments = self.arguments.iter();
        let password = arguments.find(|(name, _)| self.function.is_password(name));
        password.map(|(_, value)| value.as_str())
    }

    fn is_dry_run(&self) -> bool {
        self.is_dry_run()
    }

    fn read(&self, _: Payload<'_>, _: &Reader<'_>) -> Result<(), Problem> {
        Ok(())
    }
}

/// An answer that is a success: `success`, `success_test` where a dry run was asked for, or an empty list's status.
/// Debug shows no more than the status: the body may hold passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct RawAnswer {
    status: String,
    body: String,
}

impl RawAnswer {
    pub(super) fn new(body: Vec<u8>) -> Self {
        Self::of_body(text(body))
    }

    /// The same answer with another body, such as one whose passwords are masked.
    #[must_use]
    pub fn of_body(body: String) -> Self {
        let status = fields(trimmed(&body), &["status"])
            .ok()
            .and_then(|[status]| scalar(status?).flatten());
        Self {
            status: status.unwrap_or_default().into_owned(),
            body,
        }
    }

    /// Its status, verbatim.
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

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A call that was no success: the API declined, or no answer came that can be used. For a write it says whether it may
/// have been done all the same; a read is never done. Debug shows no body.
#[derive(Clone, PartialEq, Eq)]
pub struct CallError {
    failure: WriteError,
    body: Option<String>,
}

impl CallError {
    pub(super) fn new(failure: WriteError, body: Option<Vec<u8>>) -> Self {
        let body = body.map(text);
        Self { failure, body }
    }

    /// What went wrong, and whether it may have been done.
    #[must_use]
    pub const fn failure(&self) -> &WriteError {
        &self.failure
    }

    /// What went wrong.
    #[must_use]
    pub const fn error(&self) -> &Error {
        self.failure.error()
    }

    /// How to find out whether it was done; `None` when it surely was not.
    #[must_use]
    pub const fn find_out(&self) -> Option<&FindOut> {
        self.failure.find_out()
    }

    /// Whether a dry run of unknown outcome may have been done all the same: an answer came, and nothing in it shows that the
    /// wish for a dry run was understood. No answer at all, or a page that speaks of no success, gives no reason to think so.
    #[must_use]
    pub fn may_not_have_been_dry(&self) -> bool {
        let body = self.body().unwrap_or_default();
        match self.error().problem() {
            Problem::Http(HttpError::Timeout { .. } | HttpError::Lost { .. }) => false,
            Problem::Html { .. } | Problem::HttpStatus { .. } | Problem::Redirect { .. } => claims_success(body),
            _ => claims_success(body) || !body.to_ascii_lowercase().contains("success_test"),
        }
    }

    /// The status code with which the API declined.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.error().code()
    }

    /// What the API said beside the code; `None` when that is nothing but the code.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self.error().problem() {
            Problem::Status { message, .. } => message.as_deref(),
            _ => None,
        }
    }

    /// The body as it came, clients' passwords included; `None` when none came complete. May be a page.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError")
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.failure)
    }
}

/// The bytes as text; what is none becomes replacement characters.
fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
