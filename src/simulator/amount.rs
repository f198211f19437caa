//! Exact amounts inside the simulator: whole numbers of a hundred-millionth, the finest column of the API. It is not
//! the client side's money type, so that one mistake cannot hide in both. Must not use floats.

use std::fmt::{self, Write};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// Hundred-millionths in one unit of currency.
const ONE: i64 = 100_000_000;

/// Most whole units that a text may name; the bound keeps every sum of a long run far from the integer's end.
const LARGEST_WHOLE: i64 = 1_000_000_000;

/// An exact amount of money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    pub const ZERO: Self = Self(0);

    /// `count` ten-thousandths, the step of call prices.
    pub const fn ten_thousandths(count: i64) -> Self {
        Self(count * (ONE / 10_000))
    }

    /// `count` whole units.
    pub const fn whole(count: i64) -> Self {
        Self(count * ONE)
    }

    /// Reads a plain decimal with at most eight places, such as `-0.2160`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || places.len() > 8 || !all_digits(whole) || !all_digits(places) {
            return None;
        }
        let whole: i64 = whole.parse().ok().filter(|whole| *whole <= LARGEST_WHOLE)?;
        let mut fraction = 0;
        for place in 0..8 {
            let digit = places.as_bytes().get(place).map_or(0, |byte| i64::from(byte - b'0'));
            fraction = fraction * 10 + digit;
        }
        let value = whole * ONE + fraction;
        Some(Self(if negative { -value } else { value }))
    }

    /// The same, as forgiving as PHP: blanks around it, a plus, nothing before the point or behind it.
    pub fn parse_loosely(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let amount = Self::parse(&format!("0{digits}"))?;
        let is_number = digits.bytes().any(|byte| byte.is_ascii_digit());
        is_number.then_some(if text.starts_with('-') { -amount } else { amount })
    }

    /// `count` of the parts of which one whole unit has `parts`.
    pub const fn of(count: i64, parts: i64) -> Self {
        Self(count * (ONE / parts))
    }

    /// How many of the parts of which one whole unit has `parts`; `None` when it is negative or not a whole number of them.
    pub fn count_of(self, parts: i64) -> Option<u64> {
        let part = ONE / parts;
        u64::try_from(self.0 / part).ok().filter(|_| self.0 % part == 0)
    }

    /// In ten-thousandths, rounded towards zero.
    pub const fn tenthousandths(self) -> i64 {
        self.0 / (ONE / 10_000)
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The `numerator`/`denominator`th part, rounded towards zero.
    pub fn part(self, numerator: i64, denominator: i64) -> Self {
        let product = i128::from(self.0) * i128::from(numerator) / i128::from(denominator.max(1));
        Self(i64::try_from(product).unwrap_or(i64::MAX))
    }

    /// How many ten-thousandths it has, rounded towards zero.
    pub const fn in_ten_thousandths(self) -> i64 {
        self.0 / (ONE / 10_000)
    }

    /// Whether it has cents at most.
    pub const fn is_whole_cents(self) -> bool {
        self.0 % (ONE / 100) == 0
    }

    /// The amount to the nearest cent, a half away from zero.
    pub const fn round_to_cents(self) -> Self {
        let cent = ONE / 100;
        let half = if self.0 < 0 { -cent / 2 } else { cent / 2 };
        Self((self.0 + half) / cent * cent)
    }

    /// The amount `count` times.
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// How many amounts of `size`, which is positive, are needed to make up this one; 0 if this one is not positive.
    pub fn parts(self, size: Self) -> i64 {
        let (all, each) = (self.0.max(0).unsigned_abs(), size.0.max(1).unsigned_abs());
        i64::try_from(all.div_ceil(each)).unwrap_or(i64::MAX)
    }

    /// The amount cut to ten-thousandths.
    pub const fn floor_to_ten_thousandths(self) -> Self {
        Self(self.0.div_euclid(ONE / 10_000) * (ONE / 10_000))
    }

    /// As a database column prints it: at least `least_places` places, more where they are not zero.
    pub fn column(self, least_places: usize) -> String {
        let mut text = String::with_capacity(20);
        self.write_column(least_places, &mut text);
        text
    }

    fn write_column(self, least_places: usize, out: &mut String) {
        let (whole, fraction) = self.split(out);
        // Writing to a String cannot fail.
        let _ = write!(out, "{whole}");
        let mut places = 8;
        let mut shown = fraction;
        while places > least_places && shown % 10 == 0 {
            shown /= 10;
            places -= 1;
        }
        if places > 0 {
            let _ = write!(out, ".{shown:0places$}");
        }
    }

    /// As PHP's `json_encode` prints a float: shortest digits, no zero fraction, an exponent below 0.0001.
    pub fn php_number(self) -> String {
        let mut text = String::with_capacity(20);
        if self.0 != 0 && self.0.unsigned_abs() < ONE.unsigned_abs() / 10_000 {
            let (_, fraction) = self.split(&mut text);
            let digits = fraction.to_string();
            let exponent = 9 - digits.len();
            let (first, rest) = digits.split_at(1);
            let rest = rest.trim_end_matches('0');
            let rest = if rest.is_empty() { "0" } else { rest };
            let _ = write!(text, "{first}.{rest}e-{exponent}");
        } else {
            self.write_column(0, &mut text);
        }
        text
    }

    /// As a PHP float prints when sums of binary fractions have left noise behind (`0.045000000000000005`). Of nothing
    /// there is no noise.
    pub fn noisy_number(self) -> String {
        if self == Self::ZERO {
            return self.php_number();
        }
        let mut text = String::with_capacity(24);
        let (whole, fraction) = self.split(&mut text);
        let _ = write!(text, "{whole}.{fraction:08}");
        // A float carries 17 digits; what lies behind the eighth place is the noise.
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        for _ in digits..16 {
            text.push('0');
        }
        text.push('5');
        text
    }

    /// Writes the sign and returns the whole units and the hundred-millionths.
    fn split(self, out: &mut String) -> (u64, u64) {
        if self.0 < 0 {
            out.push('-');
        }
        let value = self.0.unsigned_abs();
        (value / ONE.unsigned_abs(), value % ONE.unsigned_abs())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.column(4))
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn columns_and_numbers_print_as_php_prints_them() {
        for (name, text, column, number) in [
            ("documented balance", "8.0588", "8.0588", "8.0588"),
            ("documented sum", "0.045", "0.0450", "0.045"),
            ("whole", "6", "6.0000", "6"),
            ("zero", "0", "0.0000", "0"),
            ("negative", "-0.2160", "-0.2160", "-0.216"),
            ("eight places", "0.00000001", "0.00000001", "1.0e-8"),
            ("largest with an exponent", "0.00009999", "0.00009999", "9.999e-5"),
            ("smallest without an exponent", "0.0001", "0.0001", "0.0001"),
            ("six places", "112.192790", "112.19279", "112.19279"),
        ] {
            let amount = Amount::parse(text).unwrap();
            assert_eq!(amount.column(4), column, "{name}");
            assert_eq!(amount.php_number(), number, "{name}");
        }
        assert_eq!(Amount::parse("0.045").unwrap().noisy_number(), "0.0450000000000005");
        assert_eq!(Amount::ZERO.noisy_number(), "0");
    }

    #[test]
    fn parts_are_rounded_up() {
        for (whole, size, parts) in [(0, 5, 0), (-7, 5, 0), (1, 5, 1), (5, 5, 1), (6, 5, 2), (10, 5, 2)] {
            assert_eq!(
                Amount::whole(whole).parts(Amount::whole(size)),
                parts,
                "{whole} of {size}"
            );
            assert!(Amount::whole(size).times(parts) >= Amount::whole(whole));
        }
        for (text, cents) in [
            ("1.01", true),
            ("1.010000", true),
            ("1.001", false),
            ("-0.00000001", false),
        ] {
            assert_eq!(Amount::parse(text).unwrap().is_whole_cents(), cents, "{text}");
        }
    }

    #[test]
    fn php_reads_more_than_there_is() {
        for (text, expected) in [
            ("-5", Some("-5")),
            ("+5.5", Some("5.5")),
            (".5", Some("0.5")),
            (" 5. ", Some("5")),
            ("", None),
            ("-", None),
            (".", None),
            ("+-5", None),
            ("5:30", None),
            ("America/Toronto", None),
        ] {
            let read = Amount::parse_loosely(text).map(|amount| amount.column(0));
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in [
            "",
            "-",
            ".5",
            "1e5",
            "1,5",
            "+1",
            "0.123456789",
            "1000000001",
            "٣",
            " 1",
            "1.2.3",
        ] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
        assert_eq!(
            Amount::parse("1000000000.").map(Amount::php_number).as_deref(),
            Some("1000000000")
        );
    }
}
