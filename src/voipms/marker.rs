//! What a charge or payment is found again by: the API answers without an id, so its description must hold one.

use std::fmt;

use jiff::Timestamp;
use ulid::Ulid;

/// How every marker begins.
const START: &str = "balancewatch ";

/// A description that no other charge or payment has: `balancewatch` and a ULID. Time and randomness are passed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Marker(Ulid);

impl Marker {
    /// The marker of a write at `now`; of `random`, 80 bits count.
    #[must_use]
    pub fn new(now: Timestamp, random: u128) -> Self {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(Ulid::from_parts(milliseconds, random))
    }

    /// Whether some marker ends this description, so that no other entry has it.
    pub(super) fn ends(description: &str) -> bool {
        let id = description.rsplit_once(START).map(|(_, id)| id);
        id.is_some_and(|id| Ulid::from_string(id).is_ok())
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{START}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Marker;

    #[test]
    fn a_marker_is_time_and_randomness() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let marker = Marker::new(at("2026-11-23T13:33:20Z"), 1);
        assert_eq!(marker.to_string(), "balancewatch 01M849RW800000000000000001");
        for (name, other) in [
            ("other randomness", Marker::new(at("2026-11-23T13:33:20Z"), 2)),
            ("a millisecond later", Marker::new(at("2026-11-23T13:33:20.001Z"), 1)),
        ] {
            assert_ne!(marker, other, "{name}");
        }
        for (name, description, ends) in [
            ("alone", marker.to_string(), true),
            ("behind words", format!("thanks {marker}"), true),
            ("before words", format!("{marker} thanks"), false),
            ("words", "Router, March".to_owned(), false),
            ("cut off", "balancewatch 01M849RW80000000000000000".to_owned(), false),
            ("nothing", String::new(), false),
        ] {
            assert_eq!(Marker::ends(&description), ends, "{name}");
        }
        let longest = Marker::new(at("9999-12-30T00:00:00Z"), u128::MAX).to_string();
        assert!(longest.len() == 39 && longest.is_ascii(), "{longest}");
        assert!(
            Marker::new(at("1969-12-31T00:00:00Z"), 0)
                .to_string()
                .ends_with(&"0".repeat(26))
        );
    }
}
