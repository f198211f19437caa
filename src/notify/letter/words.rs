//! Small words of mails: amounts, ages, times of day, and names that came from outside. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::Money;
pub(super) use crate::redact::one_line;

/// Longest name of a client in a mail; longer ones are cut. Companies are shorter, and a subject must stay readable.
pub(super) const LONGEST_NAME: usize = 60;

/// Longest text from outside (a reason, a reply) in a mail.
pub(super) const LONGEST_TEXT: usize = 500;

/// What begins and ends a part of a line that has a reading direction of its own.
pub(super) const ISOLATES: [char; 2] = ['\u{2068}', '\u{2069}'];

/// A clean name with what keeps it apart, if it is written from right to left: the numbers beside it would change
/// places otherwise.
pub(super) fn isolated(name: String) -> String {
    let [begin, end] = ISOLATES;
    if name.chars().any(is_from_right_to_left) {
        format!("{begin}{name}{end}")
    } else {
        name
    }
}

/// Hebrew, Arabic and their neighbours, as the blocks of Unicode have them.
const fn is_from_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// A subject out of clean parts, at most `longest` characters: names in it stay isolated, and no name and no page from
/// elsewhere looks like a tag.
pub(super) fn subject_line(text: &str, longest: usize) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '<' | '>'))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    let mut line: String = line.chars().take(longest.saturating_sub(1)).collect();
    line.truncate(line.trim_end().len());
    line.push('…');
    line
}

/// An amount with its currency and every digit that decided: `8.0588 USD`.
pub(super) fn amount(money: Money, currency: &str) -> String {
    let currency = one_line(currency, 8);
    let separator = if currency.is_empty() { "" } else { " " };
    format!("{}{separator}{currency}", money.for_people())
}

/// The words of a language for lengths of time: one, and several.
#[derive(Debug)]
pub(super) struct Units {
    pub second: [&'static str; 2],
    pub minute: [&'static str; 2],
    pub hour: [&'static str; 2],
    pub day: [&'static str; 2],
    pub joint: &'static str,
    /// Whether a number takes the word for one.
    pub is_one: fn(i64) -> bool,
}

pub(super) const ENGLISH: Units = Units {
    second: ["second", "seconds"],
    minute: ["minute", "minutes"],
    hour: ["hour", "hours"],
    day: ["day", "days"],
    joint: " ",
    is_one: |number| number == 1,
};

/// How long a span is, in the two largest units that matter: `2 minutes`, `3 hours 10 minutes`, `2 days`.
pub(super) fn span(length: SignedDuration) -> String {
    span_in(length, &ENGLISH)
}

/// The same in the words of a language.
pub(super) fn span_in(length: SignedDuration, units: &Units) -> String {
    let seconds = length.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let counted = |number: i64, [one, several]: [&str; 2]| {
        format!("{number} {}", if (units.is_one)(number) { one } else { several })
    };
    let pair = |large: i64, word, small: i64, small_word| {
        let large = counted(large, word);
        if small == 0 {
            large
        } else {
            format!("{large}{}{}", units.joint, counted(small, small_word))
        }
    };
    match seconds {
        0..60 => counted(seconds, units.second),
        60..3600 => counted(minutes, units.minute),
        3600..86_400 => pair(hours, units.hour, minutes % 60, units.minute),
        86_400..864_000 => pair(days, units.day, hours % 24, units.hour),
        _ => counted(days, units.day),
    }
}

/// The text with a capital first letter.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

/// `1 minute`, `2 minutes`.
pub(super) fn counted(number: i64, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {word}{ending}")
}

/// How long ago something was: `just now`, `2 minutes ago`. A time ahead (clocks differ) counts as just now.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(at);
    if age.as_secs() < 10 {
        "just now".to_owned()
    } else {
        format!("{} ago", span(age))
    }
}

/// The time of day, with the date when that is another day than today: `10:15 EST`, `22 Nov 2026 10:15 EST`.
pub(super) fn time_of_day(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if at.date() == now.date() {
        "%H:%M %Z"
    } else {
        "%-d %b %Y %H:%M %Z"
    };
    at.strftime(format).to_string()
}

/// The age and the time of day of a number: `2 minutes ago, at 10:15 EST`.
pub(super) fn read_at(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    format!("{}, at {}", ago(at, now), time_of_day(at, now, zone))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp, tz::TimeZone};

    use super::{ago, amount, one_line, span, time_of_day};

    #[test]
    fn names_from_outside_become_one_harmless_line() {
        for (name, text, expected) in [
            ("plain", "Über GmbH", "Über GmbH"),
            ("a line break", "Acme\r\nBcc: x@example.com", "Acme Bcc: x@example.com"),
            ("blanks", "  a \t b  ", "a b"),
            ("nul and escape", "a\0b\u{1b}[31mc", "a b [31mc"),
            ("reading direction", "abc\u{202e}gpj.exe", "abc gpj.exe"),
            ("line separator", "a\u{2028}b\u{85}c", "a b c"),
            ("only controls", "\r\n", ""),
            ("exactly long enough", "123456789012", "123456789012"),
            ("one too long", "1234567890123", "12345678901…"),
            ("cut at a blank", "1234567890 12345", "1234567890…"),
        ] {
            assert_eq!(
                one_line(
                    text,
                    if name.contains("long") || name.contains("cut") {
                        12
                    } else {
                        40
                    }
                ),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn spans_use_the_units_that_matter() {
        for (seconds, expected) in [
            (-5, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (3599, "59 minutes"),
            (3600, "1 hour"),
            (11_400, "3 hours 10 minutes"),
            (86_399, "23 hours 59 minutes"),
            (86_400, "1 day"),
            (93_600, "1 day 2 hours"),
            (864_000, "10 days"),
            (900_000, "10 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), expected, "{seconds} s");
        }
    }

    #[test]
    fn times_are_told_in_the_configured_zone_with_the_date_when_it_is_not_today() {
        let zone = TimeZone::get("America/Toronto").unwrap();
        let now: Timestamp = "2026-11-23T15:17:00Z".parse().unwrap();
        for (at, age, told) in [
            ("2026-11-23T15:15:00Z", "2 minutes ago", "10:15 EST"),
            ("2026-11-23T15:16:51Z", "just now", "10:16 EST"),
            ("2026-11-23T15:16:50Z", "10 seconds ago", "10:16 EST"),
            ("2026-11-23T15:20:00Z", "just now", "10:20 EST"),
            (
                "2026-11-23T04:59:00Z",
                "10 hours 18 minutes ago",
                "22 Nov 2026 23:59 EST",
            ),
            ("2026-07-01T12:00:00Z", "145 days ago", "1 Jul 2026 08:00 EDT"),
        ] {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!(ago(at, now), age);
            assert_eq!(time_of_day(at, now, &zone), told);
        }
    }

    #[test]
    fn amounts_keep_the_digits_that_decided() {
        let money = "9.9999".parse().unwrap();
        assert_eq!(amount(money, "USD"), "9.9999 USD");
        assert_eq!(amount(money, ""), "9.9999");
        assert_eq!(amount(money, "US\r\nD"), "9.9999 US D");
    }
}
