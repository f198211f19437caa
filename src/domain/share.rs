//! A share of something, exact.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// A share, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(Decimal);

impl Share {
    /// So many percent.
    #[must_use]
    pub const fn percent(percent: Decimal) -> Self {
        Self(percent)
    }

    /// So much of a number of things, rounded down.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        let part = self.0.checked_mul(Decimal::from(whole));
        part.and_then(|part| (part / Decimal::ONE_HUNDRED).floor().to_u64())
            .unwrap_or(u64::MAX)
    }

    /// Whether `part` is more than this share of `whole`.
    #[must_use]
    pub fn is_exceeded(self, part: Decimal, whole: Decimal) -> bool {
        let (part, limit) = (part.checked_mul(Decimal::ONE_HUNDRED), whole.checked_mul(self.0));
        // What is too large to be computed with is no ordinary amount.
        part.zip(limit).is_none_or(|(part, limit)| part > limit)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0.normalize())
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::Share;

    #[test]
    fn a_share_is_exact_and_rounds_down() {
        for (percent, whole, of) in [
            ("2", 10, 0),
            ("2", 50_000, 1_000),
            ("0.5", 199, 0),
            ("0.5", 200, 1),
            ("100", 7, 7),
            ("33.3", 10, 3),
            ("100", u64::MAX, u64::MAX),
        ] {
            let share = Share::percent(percent.parse().unwrap());
            assert_eq!(share.of(whole), of, "{percent}% of {whole}");
        }
    }

    #[test]
    fn more_than_a_share_is_more_and_not_as_much() {
        let third = Share::percent("30".parse().unwrap());
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        for (part, whole, expected) in [
            ("30", "100", false),
            ("30.00000001", "100", true),
            ("0", "0", false),
            ("0.01", "0", true),
            ("79228162514264337593543950335", "1", true),
        ] {
            assert_eq!(
                third.is_exceeded(number(part), number(whole)),
                expected,
                "{part} of {whole}"
            );
        }
        assert_eq!(third.to_string(), "30%");
    }
}
