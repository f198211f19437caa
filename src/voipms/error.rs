//! Why a call gave no answer that can be used: which function, what came, whether repeating is worth anything, and
//! whether the request may have taken effect. Holds no secret.

use std::borrow::Cow;
use std::fmt;

use super::codes;
use super::function::{Class, Function};
use super::kind::ErrorKind;
use super::pace::LedgerError;
use crate::net::{HttpError, Step};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    function: Function,
    problem: Problem,
}

/// What went wrong. Of an answer nothing is repeated but its code and message and a value that is no amount, in a few words without the
/// secrets that are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There was no complete answer.
    #[error(transparent)]
    Http(HttpError),
    /// The call could not be reserved, so it was not made.
    #[error(transparent)]
    Ledger(LedgerError),
    /// The request cannot be put on the wire, so it was not made.
    #[error("the request cannot be sent: {0}")]
    Unsendable(&'static str),
    /// A redirect, which is not followed: it would take the password elsewhere.
    #[error("the API redirects (HTTP {status}) to {to}")]
    Redirect {
        status: u16,
        /// The host it points to.
        to: String,
    },
    #[error("the API answered HTTP {status}")]
    HttpStatus {
        status: u16,
        /// Whether the answer is a page or nothing, as from a server in front of the API.
        is_page: bool,
        /// Whether the answer itself says that all went well.
        says_success: bool,
    },
    /// HTTP success without a byte. For a read this is never "no clients" or "no balance".
    #[error("the answer is empty")]
    Empty,
    /// HTTP success with a page (HTML, XML) instead of an answer.
    #[error("the answer is a page, no JSON")]
    Html,
    /// The JSON breaks off.
    #[error("the answer is cut off after {length} bytes")]
    Truncated { length: usize },
    /// No JSON, or JSON of another shape.
    #[error("the answer cannot be read, {what}")]
    Malformed {
        /// What is wrong with it.
        what: Cow<'static, str>,
    },
    /// `"status": null`, as seen in outages.
    #[error("the answer has the status null")]
    NullStatus,
    /// No `status` at all, or an empty one.
    #[error("the answer has no status")]
    NoStatus,
    #[error("the API answered `{code}`{}", message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default())]
    Status {
        code: String,
        /// What it says beside the code, when that is more than the code.
        message: Option<String>,
    },
    /// `success` where a dry run was asked for: the API seems not to have understood that.
    #[error("a dry run was asked for, but the API answered `success`")]
    NotDry,
    /// `success` without what was asked for.
    #[error("the answer says success but has no `{key}`")]
    MissingPayload { key: &'static str },
    /// An amount that is none. Never taken for zero.
    #[error("`{field}` is not an amount: `{text}`")]
    BadAmount { field: &'static str, text: String },
    /// A client's record that cannot be used as a whole.
    #[error("the client's record cannot be used: `{field}` {what}")]
    BadRecord {
        field: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The answer is about other clients than the one that was asked for.
    #[error("the answer is not about the client that was asked for")]
    WrongClient,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.function, self.problem)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

impl Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(self)
    }

    /// The status code that the API declined with.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Status { code, .. } => Some(code),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Http(HttpError::Build(_)) | Self::Unsendable(_) => ErrorKind::Unsendable,
            Self::Http(HttpError::Connect { .. }) => ErrorKind::Connect,
            Self::Http(HttpError::TooLate { .. }) => ErrorKind::TooLate,
            Self::Http(HttpError::Timeout { .. }) => ErrorKind::Timeout,
            Self::Http(HttpError::Lost { .. }) => ErrorKind::Reset,
            Self::Http(HttpError::Cut { .. }) | Self::Truncated { .. } => ErrorKind::Truncated,
            Self::Http(HttpError::TooLarge { .. }) => ErrorKind::TooLarge,
            Self::Ledger(_) => ErrorKind::Store,
            Self::Redirect { .. } => ErrorKind::Redirect,
            Self::HttpStatus { status, .. } => ErrorKind::Http(*status),
            Self::Empty => ErrorKind::Empty,
            Self::Html => ErrorKind::Html,
            Self::Malformed { .. } => ErrorKind::Malformed,
            Self::NullStatus => ErrorKind::NullStatus,
            Self::NoStatus => ErrorKind::NoStatus,
            Self::Status { code, .. } => ErrorKind::Declined(code.clone()),
            Self::NotDry => ErrorKind::NotDry,
            Self::MissingPayload { .. } => ErrorKind::MissingPayload,
            Self::BadAmount { .. } => ErrorKind::BadAmount,
            Self::BadRecord { .. } => ErrorKind::BadRecord,
            Self::WrongClient => ErrorKind::WrongClient,
        }
    }

    /// Whether the same call may succeed later, unchanged.
    fn is_transient(&self) -> bool {
        match self {
            Self::Http(HttpError::Build(_) | HttpError::TooLarge { .. })
            | Self::Unsendable(_)
            | Self::Redirect { .. }
            | Self::NotDry
            | Self::WrongClient => false,
            // A page with 403 comes from what stands before the API, and may well let the next call through.
            Self::HttpStatus { status, is_page, .. } => {
                matches!(status, 408 | 425 | 429 | 500..) || (*status == 403 && *is_page)
            }
            Self::Status { .. } => self.has_code(MOMENTARY) || self.has_code(LIMIT) || self.has_code(MAINTENANCE),
            Self::Http(
                HttpError::Connect { .. }
                | HttpError::TooLate { .. }
                | HttpError::Timeout { .. }
                | HttpError::Lost { .. }
                | HttpError::Cut { .. },
            )
            | Self::Ledger(_)
            | Self::Empty
            | Self::Html
            | Self::Truncated { .. }
            | Self::Malformed { .. }
            | Self::NullStatus
            | Self::NoStatus
            | Self::MissingPayload { .. }
            | Self::BadAmount { .. }
            | Self::BadRecord { .. } => true,
        }
    }

    /// Whether a read is tried again within the same call. A try that ran into a deadline has used up the patience for
    /// this client; a limit needs a minute and maintenance longer.
    pub(super) fn is_worth_another_try(&self) -> bool {
        let hopeless = matches!(self, Self::Http(HttpError::Timeout { .. }) | Self::Ledger(_));
        self.is_transient() && !hopeless && !self.is_limit() && !self.has_code(MAINTENANCE)
    }

    /// Whether the API's own limit is reached.
    pub(super) fn is_limit(&self) -> bool {
        self.has_code(LIMIT) || matches!(self, Self::HttpStatus { status: 429, .. })
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.code()
            .is_some_and(|got| codes.iter().any(|code| code.eq_ignore_ascii_case(got)))
    }
}

/// The API wants other credentials, or this machine's address on its list.
const AUTH: &[&str] = &[
    "invalid_credentials",
    "missing_credentials",
    "api_not_enabled",
    "ip_not_enabled",
];
const ADDRESS: &[&str] = &["ip_not_enabled"];
const LIMIT: &[&str] = &["api_limit_exceeded"];
const MAINTENANCE: &[&str] = &["method_maintenance"];
const ABSENT: &[&str] = &["invalid_client", "missing_client", "no_client"];
/// Declined for a moment, by the API's own words.
const MOMENTARY: &[&str] = &["unavailable_info", "tls_error", "provider_outofservice"];
/// How codes begin that refuse a request for what is in it.
const REFUSALS: &[&str] = &[
    "invalid_",
    "missing_",
    "mismatch_",
    "used_",
    "weak_",
    "no_",
    "non_sufficient_",
];

impl Error {
    pub(super) fn new(function: Function, problem: Problem) -> Self {
        Self { function, problem }
    }

    /// Which function was called.
    #[must_use]
    pub const fn function(&self) -> Function {
        self.function
    }

    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What kind of failure it was: by the API's own code where it gave one.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.problem.kind()
    }

    /// The status code that the API declined with, verbatim; `None` when it did not get as far as that.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.problem.code()
    }

    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.problem.is_transient()
    }

    /// Whether the request may have changed something although no success was reported. When in doubt it may.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        if self.function.class() == Class::Read {
            return false;
        }
        match &self.problem {
            Problem::Http(HttpError::Build(_) | HttpError::Connect { .. } | HttpError::TooLate { .. })
            | Problem::Ledger(_)
            | Problem::Unsendable(_) => false,
            Problem::HttpStatus {
                status, says_success, ..
            } => *says_success || !matches!(status, 400..=407 | 411..=417 | 421..=431),
            Problem::Status { code, .. } => {
                let refused = REFUSALS.iter().any(|start| {
                    code.get(..start.len())
                        .is_some_and(|head| head.eq_ignore_ascii_case(start))
                });
                let declined = [AUTH, LIMIT, MAINTENANCE, &["success_test"]];
                !refused && !declined.iter().any(|codes| self.problem.has_code(codes))
            }
            _ => true,
        }
    }

    /// Whether the API's own limit is reached.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.problem.is_limit()
    }

    /// Whether the account cannot be asked at all: credentials, API switched off, address not allowed.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        self.problem.has_code(AUTH)
    }

    /// Whether the API does not take calls from this machine's address.
    pub(super) fn is_address_refused(&self) -> bool {
        self.problem.has_code(ADDRESS)
    }

    /// Whether the API says that it is being worked on.
    #[must_use]
    pub fn is_maintenance(&self) -> bool {
        self.problem.has_code(MAINTENANCE)
    }

    /// Whether the API knows no such client.
    #[must_use]
    pub fn is_absent_client(&self) -> bool {
        self.problem.has_code(ABSENT)
    }

    /// What went wrong, without anything that the other side said but its code: short enough for a subject, and
    /// harmless in it.
    #[must_use]
    pub fn brief(&self) -> String {
        let what = match &self.problem {
            Problem::HttpStatus { status, .. } => format!("the API answered HTTP {status}"),
            Problem::Html => "the API answered with a web page".to_owned(),
            Problem::Truncated { length, .. } => format!("the answer is cut off after {length} bytes"),
            Problem::Malformed { .. } => "the answer cannot be read".to_owned(),
            Problem::BadAmount { field, .. } => format!("`{field}` is not an amount"),
            Problem::Redirect { status, .. } => format!("the API redirects (HTTP {status})"),
            Problem::Status { code, .. } => {
                let is_code = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if code.len() <= 60 && code.chars().all(is_code) {
                    format!("the API answered `{code}`")
                } else {
                    "the API answered with an unknown code".to_owned()
                }
            }
            other => other.to_string(),
        };
        format!("{what} ({})", self.function)
    }

    /// What a person can do about it, in plain words.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        if self.may_have_taken_effect() {
            return Some("find out whether it was done before doing it again");
        }
        match &self.problem {
            Problem::Http(HttpError::Connect { step, .. }) => Some(match step {
                Step::Address | Step::Reach => "check `url`, and this machine's network and DNS",
                Step::Connection => "check `url`, and this machine's network and firewall; no proxy is used",
                Step::Tls => {
                    "check `url`, this machine's clock and its trusted certificates (`SSL_CERT_FILE`), and that nothing in \
                     between opens the connection"
                }
            }),
            Problem::Http(HttpError::Timeout { .. } | HttpError::Lost { .. } | HttpError::Cut { .. })
            | Problem::Truncated { .. } => Some("the API or the way to it is slow or broken; try again later"),
            Problem::Http(HttpError::TooLarge { .. }) => Some(
                "this is enough for the list of 100,000 clients. If an account has more, split them over several VoIP.ms \
                 accounts; if not, something else than the API answers: check `url`",
            ),
            Problem::Ledger(_) => {
                Some("another process keeps the store busy, or it cannot be written; try again later")
            }
            Problem::Redirect { .. } => Some("set `url` to the API's own address; redirects are not followed"),
            Problem::HttpStatus { status: 429, .. } => Some(codes::LOWER_THE_RATE),
            Problem::HttpStatus { status: 403, .. } => {
                Some("a firewall before the API turns this machine away; ask VoIP.ms if it lasts")
            }
            Problem::HttpStatus { status: 404, .. } => {
                Some("check `url`; the API is at https://voip.ms/api/v1/rest.php")
            }
            Problem::HttpStatus { status: 500.., .. } | Problem::NullStatus | Problem::Empty => {
                Some("the API seems to have an outage; try again later")
            }
            Problem::Html => Some("check `url`; if it is right, the API has an outage or a firewall answers for it"),
            Problem::Status { code, .. } => codes::hint(code),
            _ => None,
        }
    }
}
