//! Exact money. No float touches an amount: an amount is read from its digits and printed from its digits.

use std::fmt;
use std::ops::{Add, Neg, Sub};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimal places an amount keeps. The API's finest column has eight (`"0.00000000"`); what a PHP float adds
/// behind that (`0.045000000000000005`) is noise and is rounded away.
pub const PLACES: u32 = 8;

/// Largest absolute amount that is believed: a balance of a billion is a broken answer, and the bound keeps every
/// later sum and percentage far from the limits of the decimal type.
const LARGEST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// [`LARGEST`] in the finest places.
const LARGEST_UNITS: i64 = 1_000_000_000 * 10i64.pow(PLACES);

/// An exact amount in the account's currency, at most [`PLACES`] decimal places, without negative zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(Decimal);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Empty, or not a decimal number (no currency sign, no thousands separator).
    #[error("`{0}` is not an amount such as \"12.50\"")]
    NotANumber(String),
    /// Larger than a billion in either direction.
    #[error("`{0}` is larger than any believable amount")]
    TooLarge(String),
}

impl Money {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Wraps a decimal, rounded to [`PLACES`] places (half to even).
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] beyond a billion.
    pub fn new(amount: Decimal) -> Result<Self, MoneyError> {
        if amount.abs() > LARGEST {
            return Err(MoneyError::TooLarge(amount.to_string()));
        }
        let rounded = amount
            .round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven)
            .normalize();
        Ok(Self(if rounded.is_zero() { Decimal::ZERO } else { rounded }))
    }

    /// The amount as a decimal, normalized.
    #[must_use]
    pub fn amount(self) -> Decimal {
        self.0
    }

    /// `percent` of the amount, rounded to [`PLACES`] places; saturates at a billion.
    #[must_use]
    pub fn percent(self, percent: Decimal) -> Self {
        self.0
            .checked_mul(percent)
            .and_then(|product| product.checked_div(Decimal::ONE_HUNDRED))
            .and_then(|amount| Self::new(amount).ok())
            .unwrap_or(if self.is_negative() == percent.is_sign_negative() {
                Self(LARGEST)
            } else {
                Self(-LARGEST)
            })
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }

    /// Whether it is above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// For people: at least two places and never fewer digits than decide a comparison (`8.0588` stays `8.0588`).
    #[must_use]
    pub fn for_people(self) -> String {
        let mut shown = self.0;
        if shown.scale() < 2 {
            shown.rescale(2);
        }
        shown.to_string()
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads plain decimals and the exponent form that PHP prints for small floats (`1.0e-5`). Surrounding blanks
    /// are ignored; anything else (`$1.00`, `1,234`, `1_000`, `NaN`, empty) is refused.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let trimmed = text.trim();
        let refused = || MoneyError::NotANumber(excerpt(text));
        let (mantissa, exponent) = match trimmed.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| refused())?),
            None => (trimmed, 0),
        };
        let digits = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && digits.bytes().any(|byte| byte.is_ascii_digit())
            && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
        if !plain {
            return Err(refused());
        }
        let too_large = || MoneyError::TooLarge(excerpt(text));
        let units = units(digits, exponent).ok_or_else(too_large)?;
        let units = if mantissa.starts_with('-') { -units } else { units };
        Self::new(Decimal::new(units, PLACES)).map_err(|_| too_large())
    }
}

/// How many of the finest places `digits` (one point among them at most) times ten to the `exponent` are, rounded half
/// to even; `None` beyond a billion.
///
/// Digit by digit: reading through a decimal of limited length would round twice, or lose small digits that the
/// exponent makes large.
fn units(digits: &str, exponent: i32) -> Option<i64> {
    let whole = i64::try_from(digits.find('.').unwrap_or(digits.len())).ok()?;
    // How many of the digits still to come are kept.
    let mut kept = whole + i64::from(exponent) + i64::from(PLACES);
    let (mut units, mut first_cut, mut more_cut) = (0i64, 0, false);
    for digit in digits.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0') {
        if kept > 0 {
            units = bounded(units * 10 + i64::from(digit))?;
        } else if kept == 0 {
            first_cut = digit;
        } else {
            more_cut |= digit > 0;
        }
        kept -= 1;
    }
    if units > 0 {
        units = (0..kept).try_fold(units, |units, _| bounded(units * 10))?;
    }
    bounded(units + i64::from(first_cut > 0 || more_cut))?;
    let rounds_up = first_cut > 5 || (first_cut == 5 && (more_cut || units % 2 == 1));
    Some(units + i64::from(rounds_up))
}

/// A number of finest places that is at most [`LARGEST`].
fn bounded(units: i64) -> Option<i64> {
    (units <= LARGEST_UNITS).then_some(units)
}

/// The first characters of a text, so that an error never carries a whole page.
fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

impl fmt::Display for Money {
    /// The canonical text: shortest plain decimal, `-0.5`, `12`, `0.00000001`. Equal amounts print alike.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Money {
    /// Takes the canonical text only: a JSON number would have been a float on the way.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self((self.0 + other.0).normalize())
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self((self.0 - other.0).normalize())
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        if self.0.is_zero() { self } else { Self(-self.0) }
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::Money;

    #[test]
    fn reads_what_the_wire_sends_and_refuses_the_rest() {
        let cases = [
            ("documented balance", "8.0588", Some("8.0588")),
            ("eight places", "0.00000000", Some("0")),
            ("smallest place", "0.00000001", Some("0.00000001")),
            ("below the smallest place", "0.000000004", Some("0")),
            ("negative zero", "-0.00", Some("0")),
            ("negative", "-0.2160", Some("-0.216")),
            ("plus sign", "+5", Some("5")),
            ("float noise", "0.045000000000000005", Some("0.045")),
            ("small float", "1.0e-5", Some("0.00001")),
            ("tiny exponent", "1e-400", Some("0")),
            ("half a place, to even", "0.000000005", Some("0")),
            ("half a place, to even upwards", "0.000000015", Some("0.00000002")),
            (
                "hardly more than half a place",
                "0.0000000050000000000000000000000000000001",
                Some("0.00000001"),
            ),
            (
                "hardly more than half a place, by exponent",
                "50000000000000000000000000000001e-40",
                Some("0.00000001"),
            ),
            (
                "more digits than a decimal has",
                "0.000000000000000000000000000000012e32",
                Some("1.2"),
            ),
            (
                "more whole digits than a decimal has",
                "120000000000000000000000000000000e-32",
                Some("1.2"),
            ),
            ("half a place and zeros behind it", "0.00000000500", Some("0")),
            ("zero with a large exponent", "0.0e400", Some("0")),
            ("zero with the largest exponent", "0e2147483647", Some("0")),
            ("large exponent", "1.5E3", Some("1500")),
            ("blanks", " 12.50 ", Some("12.5")),
            ("leading zeros", "0012.5", Some("12.5")),
            ("no digit before the point", ".5", Some("0.5")),
            ("no digit after the point", "5.", Some("5")),
            ("the billion", "1000000000", Some("1000000000")),
            ("the billion by exponent", "0.1e10", Some("1000000000")),
            ("above the billion", "1000000000.01", None),
            ("above the billion by less than a place", "1000000000.000000001", None),
            (
                "above the billion, many digits",
                "1000000000.0000000000000000000000000000000001",
                None,
            ),
            ("huge", "99999999999999999999999999999999999", None),
            ("huge exponent", "1e400", None),
            ("exponent beyond i32", "1e99999999999", None),
            ("empty", "", None),
            ("blank", "  ", None),
            ("sign only", "-", None),
            ("point only", ".", None),
            ("two signs", "--5", None),
            ("two points", "1.2.3", None),
            ("currency sign", "$1.00", None),
            ("thousands separator", "1,234", None),
            ("underscore", "1_000", None),
            ("not a number", "NaN", None),
            ("infinite", "inf", None),
            ("word", "null", None),
            ("hex", "0x10", None),
            ("other digits", "١٢", None),
            ("two exponents", "1e5e5", None),
        ];
        for (name, text, expected) in cases {
            let got = text.parse::<Money>().ok().map(|money| money.to_string());
            assert_eq!(got.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn people_see_at_least_two_places_and_no_rounding() {
        for (text, shown) in [("5", "5.00"), ("-0.5", "-0.50"), ("8.0588", "8.0588"), ("0", "0.00")] {
            assert_eq!(text.parse::<Money>().unwrap().for_people(), shown);
        }
    }

    #[test]
    fn what_is_refused_is_repeated_as_far_as_it_is_short() {
        let (short, long) = ("é".repeat(40), "é".repeat(41));
        for (text, shown) in [("$1.00", "$1.00"), (&short, &short), (&long, &short)] {
            let refused = text.parse::<Money>().unwrap_err();
            assert_eq!(refused, super::MoneyError::NotANumber(shown.to_owned()));
        }
        let refused = "1e10".parse::<Money>().unwrap_err();
        assert_eq!(refused, super::MoneyError::TooLarge("1e10".to_owned()));
    }

    #[test]
    fn zero_is_neither_above_nor_below_itself() {
        for (text, sign) in [
            ("0", (false, false)),
            ("0.00000001", (false, true)),
            ("-0.00000001", (true, false)),
        ] {
            let money = text.parse::<Money>().unwrap();
            assert_eq!((money.is_negative(), money.is_positive()), sign, "{text}");
        }
    }

    #[test]
    fn percents_are_rounded_to_places_and_end_at_a_billion() {
        for (amount, percent, expected) in [
            ("10", "110", "11"),
            ("-10", "50", "-5"),
            ("0.00000001", "50", "0"),
            ("0.00000003", "50", "0.00000002"),
            ("1000000000", "100", "1000000000"),
            ("1000000000", "200", "1000000000"),
            ("-1000000000", "200", "-1000000000"),
            ("1000000000", "-200", "-1000000000"),
            ("-1000000000", "-200", "1000000000"),
        ] {
            let got = amount.parse::<Money>().unwrap().percent(percent.parse().unwrap());
            assert_eq!(got.to_string(), expected, "{percent} % of {amount}");
        }
    }

    #[test]
    fn json_takes_text_and_refuses_floats_by_name() {
        assert_eq!(serde_json::from_str::<Money>("\"1.10\"").unwrap().to_string(), "1.1");
        assert!(serde_json::from_str::<Money>("1.10").is_err());
    }

    proptest! {
        #[test]
        fn the_canonical_text_reads_back_to_itself(units in -100_000_000_000_000_000i64..100_000_000_000_000_000) {
            let money = Money::new(rust_decimal::Decimal::new(units, 8)).unwrap();
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
            prop_assert_eq!(money - money, Money::ZERO);
            prop_assert_eq!(money + -money, Money::ZERO);
        }

        #[test]
        fn reckoning_agrees_with_whole_numbers(
            one in -10_000_000_000_000_000i64..10_000_000_000_000_000,
            other in -10_000_000_000_000_000i64..10_000_000_000_000_000,
            percent in -500i64..500,
        ) {
            let money = |units| Money::new(rust_decimal::Decimal::new(units, 8)).unwrap();
            prop_assert_eq!(money(one) + money(other), money(one + other));
            prop_assert_eq!(money(one) - money(other), money(one - other));
            prop_assert_eq!(money(one).cmp(&money(other)), one.cmp(&other));
            prop_assert_eq!(money(one).is_negative(), one < 0);
            prop_assert_eq!(money(one).for_people().parse::<Money>().unwrap(), money(one));
            // To the nearest unit; what lies in the middle, to the even one.
            let exact = i128::from(one) * i128::from(percent);
            let (below, rest) = (exact.div_euclid(100), exact.rem_euclid(100));
            let nearest = below + i128::from(rest > 50 || (rest == 50 && below % 2 != 0));
            let nearest = Money::new(rust_decimal::Decimal::from_i128_with_scale(nearest, 8)).unwrap();
            prop_assert_eq!(money(one).percent(percent.into()), nearest);
            let exponent = format!("{}.{:08}e1", one.abs() / 1_000_000_000, one.abs() / 10 % 100_000_000);
            prop_assert_eq!(exponent.parse::<Money>().unwrap(), money(one.abs() / 10 * 10));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            drop(text.parse::<Money>());
        }
    }
}
