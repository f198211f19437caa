//! What is checked before a call is sent: each value by its kind, and what the arguments of a call owe to each other.
//! All problems are found at once. Nothing is changed on the way: what passes is sent as it was given.

use std::collections::HashSet;

use super::function::Function;
use super::parameters::{Kind, Parameter};
use crate::redact::{LONGEST_SECRET_BYTES, is_unprintable};

/// The longest line of text. The API's columns were never measured; a description cut off would lose its marker.
const LONGEST_TEXT_CHARS: usize = 255;
/// The longest e-mail address, and the longest part before the `@` (RFC 5321).
const LONGEST_EMAIL_BYTES: usize = 254;
const LONGEST_LOCAL_BYTES: usize = 64;
/// The longest id of a client: so many digits hold any counter of a database.
const LONGEST_ID_DIGITS: usize = 19;
/// The longest code; those that are known have four digits.
const LONGEST_CODE_BYTES: usize = 32;
/// Digits before the point of an amount. Nobody tops a prepaid client up by a million; a slip of the hand does.
const MOST_WHOLE_DIGITS: usize = 6;
/// How much of what was given is repeated.
const SHOWN_CHARS: usize = 60;

/// The arguments that must say the same, and in which of them it is said again.
const CONFIRMATIONS: [(&str, &str); 2] = [("email", "confirm_email"), ("password", "confirm_password")];

/// Why arguments cannot be sent. Never holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    /// A required parameter is not there.
    #[error("`{parameter}` is missing: {expected}")]
    Missing {
        parameter: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// A value that the parameter cannot have.
    #[error("`{parameter}` cannot be `{input}`: {expected}")]
    BadValue {
        parameter: &'static str,
        /// What was given: its beginning, what nobody sees escaped.
        input: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A password that cannot be one.
    #[error("what was given for `{parameter}` (not shown) cannot be sent: {expected}")]
    BadSecret {
        parameter: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The confirmation says something else.
    #[error("`{parameter}` is not the same as `{confirms}`")]
    Differs {
        parameter: &'static str,
        /// What it is to repeat.
        confirms: &'static str,
    },
    /// The function has no such parameter.
    #[error("{function} takes no `{parameter}`")]
    Unknown {
        function: Function,
        parameter: &'static str,
    },
    /// A parameter is there more than once.
    #[error("`{parameter}` is given more than once")]
    Twice { parameter: &'static str },
}

impl Unacceptable {
    /// The parameter that it is about.
    #[must_use]
    pub const fn parameter(&self) -> &'static str {
        match self {
            Self::Missing { parameter, .. }
            | Self::BadValue { parameter, .. }
            | Self::BadSecret { parameter, .. }
            | Self::Differs { parameter, .. }
            | Self::Unknown { parameter, .. }
            | Self::Twice { parameter } => parameter,
        }
    }
}

impl Parameter {
    /// Whether `value` may be sent for it.
    ///
    /// # Errors
    /// [`Unacceptable`] when the API is sure to refuse it, or might take it for something else.
    pub fn check(&self, value: &str) -> Result<(), Unacceptable> {
        if self.takes(value) {
            return Ok(());
        }
        let (parameter, expected) = (self.name, self.kind.expected());
        if self.kind == Kind::Password {
            return Err(Unacceptable::BadSecret { parameter, expected });
        }
        Err(Unacceptable::BadValue {
            parameter,
            input: escaped(value),
            expected,
        })
    }

    fn takes(&self, value: &str) -> bool {
        if value.chars().any(char::is_control) {
            return false;
        }
        match self.kind {
            Kind::Client => is_id(value),
            Kind::ClientOrEmail => value.is_empty() || is_id(value) || is_email(value),
            Kind::Amount => is_amount(value),
            Kind::Threshold => is_number(value, 3) && value.parse().is_ok_and(|number: u16| number <= 250),
            Kind::Email => is_email(value),
            Kind::Country => value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase()),
            Kind::Flag => matches!(value, "1" | "0"),
            Kind::DryRun => value == "1",
            Kind::Advanced => matches!(value, "1" | "True" | "true"),
            Kind::Code => {
                let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                (1..=LONGEST_CODE_BYTES).contains(&value.len()) && value.bytes().all(is_part)
            }
            Kind::Text => (!self.required && value.is_empty()) || is_line(value),
            Kind::Description => is_line(value),
            Kind::Password => (1..=LONGEST_SECRET_BYTES).contains(&value.len()),
        }
    }
}

impl Kind {
    /// What a value of this kind may be, for people.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Client => "a client's id is a number such as 561115",
            Self::ClientOrEmail => "a client's id such as 561115, an e-mail address, or nothing for all clients",
            Self::Amount => "an amount is above 0 and below a million, with at most two decimals, such as 4.99",
            Self::Threshold => "a threshold is a whole number from 1 to 250",
            Self::Email => "an e-mail address such as john.doe@my-domain.com",
            Self::Country => "a country is a code of two capital letters such as US (getCountries lists them)",
            Self::Flag => "a flag is 1 or 0",
            Self::DryRun => {
                "a dry run is asked for by 1 alone: the API ignores anything else, also true, and moves money"
            }
            Self::Advanced => "1 or True",
            Self::Code => "a code of letters, digits, - and _, as the API lists it",
            Self::Text => {
                "a line of text of at most 255 characters, without control characters, not empty where it is required"
            }
            Self::Description => "a description has 1 to 255 characters, no control characters",
            Self::Password => "a password has 1 to 512 bytes, no control characters",
        }
    }
}

/// Checks the arguments of a call: every value, whether all that is required is there and nothing twice or unknown, and
/// the confirmations.
pub(super) fn check(function: Function, arguments: &[(&'static str, String)]) -> Result<(), Vec<Unacceptable>> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    for &(name, ref value) in arguments {
        match function.parameter(name) {
            None => problems.push(Unacceptable::Unknown {
                function,
                parameter: name,
            }),
            Some(_) if !seen.insert(name) => problems.push(Unacceptable::Twice { parameter: name }),
            Some(parameter) => problems.extend(parameter.check(value).err()),
        }
    }
    let missing = function.parameters().iter();
    let missing = missing.filter(|parameter| parameter.required && !seen.contains(parameter.name));
    problems.extend(missing.map(|parameter| Unacceptable::Missing {
        parameter: parameter.name,
        expected: parameter.kind.expected(),
    }));
    let value = |wanted| {
        let found = arguments.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    for (confirms, parameter) in CONFIRMATIONS {
        if let (Some(value), Some(again)) = (value(confirms), value(parameter))
            && value != again
        {
            problems.push(Unacceptable::Differs { parameter, confirms });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Whether it is a number above zero of at most so many digits, without sign, point or leading zero.
fn is_number(text: &str, most_digits: usize) -> bool {
    (1..=most_digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

fn is_id(text: &str) -> bool {
    is_number(text, LONGEST_ID_DIGITS)
}

fn is_amount(text: &str) -> bool {
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
        Some(_) => return false,
        None => (text, ""),
    };
    let is_positive = text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    is_positive
        && (whole == "0" || is_number(whole, MOST_WHOLE_DIGITS))
        && decimals.len() <= 2
        && decimals.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it has the form of an address that mail can be sent to. Quoted local parts and bare hosts are none here.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_odd = |char: char| {
        char.is_whitespace() || char.is_control() || is_invisible(char) || r#"@"(),:;<>[\]`"#.contains(char)
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|char| char.is_alphanumeric() || char == '-')
    };
    text.len() <= LONGEST_EMAIL_BYTES
        && local.len() <= LONGEST_LOCAL_BYTES
        && local.split('.').all(|atom| !atom.is_empty() && !atom.contains(is_odd))
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

/// Whether a character shows nothing by itself.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200c}' | '\u{200d}') || is_unprintable(char)
}

/// The beginning of what was given, escaped where it would not be seen or would harm a terminal.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for (position, char) in text.chars().enumerate() {
        if position == SHOWN_CHARS {
            shown.push('…');
            break;
        }
        if is_invisible(char) {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// Whether it is one line in which something is to be seen. Some scripts need joiners and marks, so those pass within it.
fn is_line(text: &str) -> bool {
    text.chars().any(|char| !char.is_whitespace() && !is_invisible(char))
        && !text.contains(['\u{2028}', '\u{2029}'])
        && text.chars().count() <= LONGEST_TEXT_CHARS
}
