//! What people may say when they decide: why, for how long, and who they are. Each is short, and stands on one line.

use jiff::SignedDuration;

use crate::config::duration::{duration, for_people};
use crate::view::words::clean;

/// Longest reason, in characters: it stands in mails and tables.
const LONGEST_REASON: usize = 500;

/// Longest name of a person, in characters: it stands in tables and mails.
pub const LONGEST_NAME: usize = 60;

/// Nothing is hushed for longer: what must be silent for good is a matter of the configuration.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A reason that says something, on one line.
pub fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a reason is needed: somebody else will find it".to_owned());
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(format!("a reason has at most {LONGEST_REASON} characters"));
    }
    Ok(clean(text).into_owned())
}

/// Who decides, on one line.
pub fn by(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NAME {
        return Err(format!("a name has 1 to {LONGEST_NAME} characters"));
    }
    Ok(clean(text).into_owned())
}

/// How long something holds from now on.
pub fn lasting(text: &str) -> Result<SignedDuration, String> {
    let found = duration(text).ok_or_else(|| "expected a duration such as 30m, 2h or 3d".to_owned())?;
    if found.is_zero() {
        return Err("it would be over at once".to_owned());
    }
    if found > LONGEST {
        return Err(format!(
            "at most {}: what must be silent for longer belongs in the configuration (`clients.exclude`, `[[mute]]`, or no \
             `notify` of a policy)",
            for_people(LONGEST)
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, by, lasting, reason};
    use jiff::SignedDuration;

    #[test]
    fn a_reason_says_something_on_one_line() {
        let cases = [
            ("words", " the list looks odd ", Some("the list looks odd")),
            ("nothing", "  ", None),
            ("two lines", "one\ntwo", Some("one\u{fffd}two")),
        ];
        for (name, text, expected) in cases {
            assert_eq!(reason(text).ok().as_deref(), expected, "{name}");
        }
        assert!(reason(&"x".repeat(500)).is_ok());
        assert!(reason(&"x".repeat(501)).is_err());
    }

    #[test]
    fn it_lasts_up_to_thirty_days_and_not_for_nothing() {
        for (text, expected) in [
            ("2h", Some(SignedDuration::from_hours(2))),
            ("1s", Some(SignedDuration::from_secs(1))),
            ("30d", Some(LONGEST)),
            ("30d 1s", None),
            ("0s", None),
            ("-2h", None),
            ("", None),
            ("tomorrow", None),
        ] {
            assert_eq!(lasting(text).ok(), expected, "{text}");
        }
        assert!(lasting("31d").unwrap_err().contains("at most 30d"));
    }

    #[test]
    fn a_name_is_short_and_on_one_line() {
        assert_eq!(by(" Alice ").as_deref(), Ok("Alice"));
        assert_eq!(by("a\nb").as_deref(), Ok("a\u{fffd}b"));
        assert!(by(" ").is_err());
        assert!(by(&"x".repeat(61)).is_err());
    }
}
