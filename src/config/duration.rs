//! Durations as people write them.

use jiff::{SignedDuration, Span, SpanRelativeTo};

pub const fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

pub const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_secs(days * 86_400)
}

/// A duration in jiff's friendly form or ISO 8601, days of 24 hours, not negative; `None` for anything else.
pub fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.trim().parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then_some(duration)
}

/// A bound as a person would write it.
pub fn for_people(duration: SignedDuration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match seconds {
        0 if millis > 0 => format!("{millis}ms"),
        0 => "0s".to_owned(),
        _ if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        _ if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, for_people};
    use jiff::SignedDuration;

    #[test]
    fn durations_are_what_people_write() {
        let cases = [
            ("seconds", "30s", Some(30)),
            ("nothing", "0s", Some(0)),
            ("two units", "5m 30s", Some(330)),
            ("joined", "1h30m", Some(5_400)),
            ("hours of a day", "24h", Some(86_400)),
            ("days", "400d", Some(400 * 86_400)),
            ("weeks", "2w", Some(14 * 86_400)),
            ("words", "3 hours, 5 minutes", Some(3 * 3_600 + 300)),
            ("ISO", "PT5M", Some(300)),
            ("fraction", "1.5h", Some(5_400)),
            ("blanks around", " 5m ", Some(300)),
            ("negative", "-5m", None),
            ("in the past", "5m ago", None),
            ("no unit", "30", None),
            ("months have no length", "1mo", None),
            ("years have no length", "1y", None),
            ("empty", "", None),
            ("word", "often", None),
        ];
        for (name, text, seconds) in cases {
            assert_eq!(duration(text), seconds.map(SignedDuration::from_secs), "{name}");
        }
    }

    #[test]
    fn bounds_are_shown_in_the_largest_whole_unit() {
        let cases = [
            (0, "0s"),
            (90, "90s"),
            (120, "2m"),
            (7_200, "2h"),
            (86_400, "1d"),
            (90_000, "25h"),
        ];
        for (seconds, shown) in cases {
            assert_eq!(for_people(SignedDuration::from_secs(seconds)), shown);
        }
        assert_eq!(for_people(SignedDuration::from_millis(100)), "100ms");
    }
}
