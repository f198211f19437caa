//! How times, ages, amounts and numbers are told to people. Only wording: nothing here decides anything.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::enforcement::Direction;
use crate::domain::{Client, Management, Money};

/// The units of a span, largest first, in seconds.
const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];

/// A length of time by its two largest units: `3d 4h`, `5m`, `12s`. Below a second it is `0s`.
pub fn span(length: SignedDuration) -> String {
    let mut left = length.as_secs().unsigned_abs();
    let mut parts: Vec<String> = Vec::new();
    for (secs, unit) in UNITS {
        if left >= secs && parts.len() < 2 {
            parts.push(format!("{}{unit}", left / secs));
            left %= secs;
        } else if !parts.is_empty() {
            // `1d 5m` would look more exact than it is: only neighbouring units stand together.
            break;
        }
    }
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.join(" ")
    }
}

/// When something is shown, and on the clock of which zone.
#[derive(Clone, Debug)]
pub struct Now {
    pub at: Timestamp,
    pub zone: TimeZone,
}

impl Now {
    /// How long ago a time was: `4m 2s ago`, `now`, or `in 4m` for one that is to come.
    pub fn ago(&self, at: Timestamp) -> String {
        let since = self.at.duration_since(at);
        match since.as_secs() {
            0 => "now".to_owned(),
            1.. => format!("{} ago", span(since)),
            _ => format!("in {}", span(since)),
        }
    }

    /// When something comes that cannot have been yet: `in 4m`, or `now` if it is late.
    pub fn until(&self, at: Timestamp) -> String {
        self.ago(at.max(self.at))
    }

    /// How long it has been: `4m 2s`.
    pub fn since(&self, at: Timestamp) -> String {
        span(self.at.duration_since(at))
    }

    /// Seconds since a time, for scripts. A clock that went back counts as no time passed.
    pub fn age_seconds(&self, at: Timestamp) -> i64 {
        self.at.duration_since(at).as_secs().max(0)
    }

    /// A time on the clock: `2026-07-01 14:03:22`.
    pub fn clock(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// A time in the column of a table, to the minute: `2026-07-01 14:03`. The seconds are in the JSON.
    pub fn minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// A time on the clock, and how long ago that was.
    pub fn clock_and_age(&self, at: Timestamp) -> String {
        format!("{} ({})", self.clock(at), self.ago(at))
    }
}

/// `1 client`, `2 clients`.
pub fn count(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// An amount for people, or a dash.
pub fn amount(money: Option<Money>) -> String {
    money.map_or_else(|| "-".to_owned(), Money::for_people)
}

/// `timeout 1, html 2`.
pub fn kinds(numbers: &BTreeMap<String, u64>) -> String {
    let kinds: Vec<String> = numbers
        .iter()
        .map(|(kind, number)| format!("{kind} {number}"))
        .collect();
    kinds.join(", ")
}

/// A code of balance management in words, by what the account's list says of it: `HARD (calls should stop at 0)`.
pub fn management(code: &str, means: Option<Management>, description: Option<&str>) -> String {
    match (means, description) {
        (Some(Management::Hard), _) => "HARD (calls should stop at 0)".to_owned(),
        (Some(Management::Soft), _) => "SOFT (may go below 0, at your cost)".to_owned(),
        (None, _) if code.is_empty() => "not known".to_owned(),
        (None, Some(description)) => format!("{description} (code {code})"),
        (None, None) => format!("code {code}, which the account's list does not explain"),
    }
}

/// A change, behind *set*: `to hard`, `back to soft`.
pub fn change(direction: Direction, wanted: Management) -> String {
    match direction {
        Direction::Enforce => format!("to {wanted}"),
        Direction::Revert => format!("back to {wanted}"),
    }
}

/// The text without characters that could move the cursor, hide or forge something: each becomes U+FFFD.
pub fn clean(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(harmful) {
        Cow::Owned(text.replace(harmful, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What people call a client, the pseudo-clients by what they stand for.
pub fn label(client: &Client) -> String {
    match client.id.as_str() {
        "account" => "the account itself".to_owned(),
        "reseller" => "your own balance".to_owned(),
        _ => client.label(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};

    use super::{Now, count, management, span};
    use crate::domain::Management;

    #[test]
    fn spans_have_two_neighbouring_units() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (61, "1m 1s"),
            (3_599, "59m 59s"),
            (3_600, "1h"),
            (3_659, "1h"),
            (3_660, "1h 1m"),
            (86_399, "23h 59m"),
            (86_400, "1d"),
            (86_400 * 400 + 7_200, "400d 2h"),
        ];
        for (secs, expected) in cases {
            assert_eq!(span(SignedDuration::from_secs(secs)), expected, "{secs}");
        }
        assert_eq!(span(SignedDuration::from_millis(999)), "0s");
        assert_eq!(span(SignedDuration::MIN), "106751991167300d 15h");
    }

    #[test]
    fn times_are_told_from_now() {
        let at = |secs| Timestamp::from_second(secs).unwrap();
        let now = Now {
            at: at(100),
            zone: TimeZone::UTC,
        };
        for (secs, ago, until, age) in [
            (100, "now", "now", 0),
            (99, "1s ago", "now", 1),
            (160, "in 1m", "in 1m", 0),
        ] {
            assert_eq!(
                (&*now.ago(at(secs)), &*now.until(at(secs)), now.age_seconds(at(secs))),
                (ago, until, age),
                "{secs}"
            );
        }
        assert_eq!(now.clock_and_age(at(40)), "1970-01-01 00:00:40 (1m ago)");
        assert_eq!(
            (now.minute(at(61)), now.since(at(61))),
            ("1970-01-01 00:01".to_owned(), "39s".to_owned())
        );
        assert_eq!(
            (count(1, "client"), count(0, "client")),
            ("1 client".to_owned(), "0 clients".to_owned())
        );
    }

    #[test]
    fn codes_are_told_by_their_meaning() {
        let (hard, soft) = (Some(Management::Hard), Some(Management::Soft));
        for (code, means, description, expected) in [
            ("1", hard, Some("Hard limit"), "HARD (calls should stop at 0)"),
            ("2", soft, Some("SOFT"), "SOFT (may go below 0, at your cost)"),
            ("3", None, Some("Other"), "Other (code 3)"),
            ("7", None, None, "code 7, which the account's list does not explain"),
            ("", None, None, "not known"),
        ] {
            assert_eq!(management(code, means, description), expected, "{code:?}");
        }
    }
}
