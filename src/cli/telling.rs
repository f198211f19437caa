//! How times, ages, amounts and numbers are told to people. Only wording: nothing here decides anything.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::enforcement::Direction;
pub use crate::domain::plan::meaning as management;
use crate::domain::{Client, Management, Money};

/// The units of a span, largest first, in seconds.
const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];

/// A length of time by its two largest units: `3d 4h`, `5m`, `12s`. Below a second it is `0s`.
#[must_use]
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

/// How long ago a time was: `4m 2s ago`, `now`, or `in 4m` for one that is to come.
#[must_use]
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    let since = now.duration_since(at);
    match since.as_secs() {
        0 => "now".to_owned(),
        1.. => format!("{} ago", span(since)),
        _ => format!("in {}", span(since)),
    }
}

/// A time on the clock of the configured zone: `2026-07-01 14:03:22`.
#[must_use]
pub fn clock_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time in the column of a table, to the minute: `2026-07-01 14:03`. The seconds are in the JSON.
#[must_use]
pub fn clock_minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Seconds since a time, for scripts. A clock that went back counts as no time passed.
#[must_use]
pub fn age_seconds(now: Timestamp, at: Timestamp) -> i64 {
    now.duration_since(at).as_secs().max(0)
}

/// `1 client`, `2 clients`.
#[must_use]
pub fn count(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// An amount for people, or a dash.
#[must_use]
pub fn amount(money: Option<Money>) -> String {
    money.map_or_else(|| "-".to_owned(), Money::for_people)
}

/// The balance management in words: `HARD (calls stop at 0)`, or what the account's list says of the code.
#[must_use]
pub fn management_text(codes: &BTreeMap<String, String>, code: &str) -> String {
    match management(codes, code) {
        Some(Management::Hard) => "HARD (calls should stop at 0)".to_owned(),
        Some(Management::Soft) => "SOFT (may go below 0, at your cost)".to_owned(),
        None if code.is_empty() => "not known".to_owned(),
        None => match codes.get(code) {
            Some(description) => format!("{description} (code {code})"),
            None => format!("code {code}, which the account's list does not explain"),
        },
    }
}

/// A change, behind *set*: `to hard`, `back to soft`.
#[must_use]
pub fn change(direction: Direction, wanted: Management) -> String {
    match direction {
        Direction::Enforce => format!("to {wanted}"),
        Direction::Revert => format!("back to {wanted}"),
    }
}

/// What people call a client, the pseudo-clients by what they stand for.
#[must_use]
pub fn label(client: &Client) -> String {
    match client.id.as_str() {
        "account" => "the account itself".to_owned(),
        "reseller" => "your own balance".to_owned(),
        _ => client.label(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::{SignedDuration, Timestamp};

    use super::{ago, count, management_text, span};

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
        assert_eq!(ago(at(100), at(100)), "now");
        assert_eq!(ago(at(100), at(99)), "1s ago");
        assert_eq!(ago(at(100), at(160)), "in 1m");
        assert_eq!(
            (count(1, "client"), count(0, "client")),
            ("1 client".to_owned(), "0 clients".to_owned())
        );
    }

    #[test]
    fn codes_are_told_by_their_meaning() {
        let codes: BTreeMap<String, String> = [("1", "Hard limit"), ("2", "SOFT"), ("3", "Other")]
            .map(|(code, text)| (code.to_owned(), text.to_owned()))
            .into();
        let cases = [
            ("1", "HARD (calls should stop at 0)"),
            ("2", "SOFT (may go below 0, at your cost)"),
            ("3", "Other (code 3)"),
            ("7", "code 7, which the account's list does not explain"),
            ("", "not known"),
        ];
        for (code, expected) in cases {
            assert_eq!(management_text(&codes, code), expected, "{code:?}");
        }
        assert_eq!(
            management_text(&BTreeMap::new(), "1"),
            "code 1, which the account's list does not explain"
        );
    }
}
