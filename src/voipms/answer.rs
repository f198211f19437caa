//! What an answer means: the envelope, its status, what a success must hold, and how failures are worded. Believes nothing
//! that is not there. How JSON is read stands in `json`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::error::Problem;
use super::function::Expected;
use super::json::{fields, for_each_row, scalar, trimmed};
use crate::domain::Money;
use crate::redact::{NOT_SHOWN, Redactor, one_line};

/// The longest status that is kept; the longest that is known has 33 characters.
const LONGEST_CODE_CHARS: usize = 64;

/// What an answer of status `success` (or an empty-list status) holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Payload<'a> {
    /// What stands under the function's key.
    Value(&'a RawValue),
    /// The API said in a status of its own that there are no rows.
    NoRows,
    /// The function promises nothing.
    Nothing,
}

/// The context that errors are worded in.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) secrets: &'a Redactor,
    pub(super) is_dry_run: bool,
}

impl Reader<'_> {
    /// Opens the body of an answer with HTTP success.
    pub(super) fn open<'a>(&self, body: &'a str, expected: Expected) -> Result<Payload<'a>, Problem> {
        let text = trimmed(body);
        if text.is_empty() {
            return Err(Problem::Empty);
        }
        if text.starts_with('<') {
            return Err(Problem::Html);
        }
        let [status, message, payload] = fields(text, &["status", "message", expected.key().unwrap_or_default()])
            .map_err(|error| unreadable(text, &error))?;
        let status = match status {
            None => return Err(Problem::NoStatus),
            Some(status) => scalar(status).ok_or_else(|| malformed("the status is no text"))?,
        };
        let Some(status) = status else {
            return Err(Problem::NullStatus);
        };
        if status.trim().is_empty() {
            return Err(Problem::NoStatus);
        }
        if status.eq_ignore_ascii_case("success") {
            return match (expected, payload) {
                _ if self.is_dry_run => Err(Problem::NotDry),
                (Expected::Nothing, _) | (Expected::Perhaps(_), None) => Ok(Payload::Nothing),
                (_, Some(payload)) => Ok(Payload::Value(payload)),
                (Expected::Ledger(_), None) => Ok(Payload::NoRows),
                (Expected::One(key) | Expected::Rows(key), None) => Err(Problem::MissingPayload { key }),
            };
        }
        if self.is_dry_run && status.eq_ignore_ascii_case("success_test") {
            return Ok(Payload::Nothing);
        }
        if expected.is_empty_list(&status) {
            return Ok(Payload::NoRows);
        }
        let message = message.and_then(scalar).flatten().filter(|message| *message != status);
        let code = self.code(&status);
        if code.trim().is_empty() {
            // Signs that nobody sees, such as a byte order mark, are no status either.
            return Err(Problem::NoStatus);
        }
        Err(Problem::Status {
            code,
            message: message.map(|message| self.secrets.excerpt(&message)),
        })
    }

    /// A text that is kept as data, such as a name.
    pub(super) fn data(&self, text: Cow<'_, str>) -> String {
        self.secrets.data(text).into_owned()
    }

    /// A status. What is decided by it is its whole word, so that a piece of a secret in it, which chance could have put
    /// there, does not count.
    fn code(&self, status: &str) -> String {
        if self.secrets.finds(status) {
            return NOT_SHOWN.to_owned();
        }
        one_line(status, LONGEST_CODE_CHARS)
    }

    /// An amount. `None` when it is null or empty.
    pub(super) fn amount(&self, field: &'static str, raw: &RawValue) -> Result<Option<Money>, Problem> {
        let bad = |text: &str| Problem::BadAmount {
            field,
            text: self.secrets.excerpt(text),
        };
        match scalar(raw).ok_or_else(|| bad(raw.get()))? {
            Some(text) if !text.trim().is_empty() => believable(&text).map(Some).ok_or_else(|| bad(&text)),
            _ => Ok(None),
        }
    }
}

/// The one object of a payload that is no list. `None` for null, `""` and `[]`.
pub(super) fn object(payload: &RawValue) -> Result<Option<&RawValue>, Problem> {
    match payload.get().as_bytes() {
        [b'{', ..] => Ok(Some(payload)),
        [b'[', ..] => {
            let mut rows = Vec::new();
            for_each_row(payload, |row| rows.push(row)).ok_or_else(|| malformed("a list broke off"))?;
            match rows[..] {
                [] => Ok(None),
                [row] => Ok(Some(row)),
                _ => Err(malformed("a list came for one object")),
            }
        }
        b"null" | b"\"\"" => Ok(None),
        _ => Err(malformed("no object")),
    }
}

/// An answer of another shape than it must have. Nothing of it is repeated: it may hold anybody's password.
pub(super) fn malformed(what: impl Into<Cow<'static, str>>) -> Problem {
    Problem::Malformed { what: what.into() }
}

fn unreadable(text: &str, error: &serde_json::Error) -> Problem {
    if error.is_eof() {
        return Problem::Truncated { length: text.len() };
    }
    // The library's own text may repeat what it found.
    if error.is_data() {
        return malformed("it is JSON of another shape");
    }
    malformed(format!("no JSON at line {} column {}", error.line(), error.column()))
}

/// Longest amount, in bytes: a billion with every digit that a float can have is half as long.
const LONGEST_AMOUNT: usize = 40;

/// The largest exponent of ten, either way, that a sum of money comes out with, float noise included.
const LARGEST_EXPONENT: u32 = 30;

/// An amount that a ledger can hold. Minus nothing is none, and what is nearer to nothing than any sum comes out is none
/// either: taken for zero, it would stop a client's phones.
fn believable(text: &str) -> Option<Money> {
    let text = text.trim();
    let exponent = text.split_once(['e', 'E']).map_or("0", |(_, exponent)| exponent);
    let is_near = exponent.parse::<i32>().ok()?.unsigned_abs() <= LARGEST_EXPONENT;
    let amount = text.parse::<Money>().ok()?;
    let is_minus_nothing = amount == Money::ZERO && text.starts_with('-');
    (is_near && text.len() <= LONGEST_AMOUNT && !is_minus_nothing).then_some(amount)
}

/// Whether a body, whatever stands around it, has a status of success. A dry run's own `success_test` is none.
pub(super) fn claims_success(body: &str) -> bool {
    let starts = |text: &str, start: &str| {
        text.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    body.match_indices("\"status\"").any(|(at, key)| {
        let value = body.get(at + key.len()..).unwrap_or_default().trim_start();
        let text = value.strip_prefix(':').map(str::trim_start);
        let text = text.and_then(|text| text.strip_prefix('"')).map(str::trim_start);
        text.is_some_and(|text| starts(text, "success") && !starts(text, "success_test"))
    })
}
