//! Fuzzes the reading of money (`domain::Money`): whatever is read has exactly the value of its digits, and what is not
//! an amount is refused. The input is two texts, one on each side of a line break.

use std::str::FromStr;

use balancewatch::domain::Money;

use crate::decimal::{divided, hundred_millionths, plain};

/// A billion, where a percentage saturates, in hundred-millionths.
const LARGEST: i128 = 100_000_000_000_000_000;

/// Tries one input.
///
/// # Panics
/// When what must hold does not.
pub fn try_input(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (one, other) = text.split_once('\n').unwrap_or((&text, "0"));
    let (one, other) = (read(one), read(other));
    if let (Some(one), Some(other)) = (one, other) {
        agree(one, other);
    }
}

/// The amount and what it must be, when both ways of reading take the text.
fn read(text: &str) -> Option<(Money, i128)> {
    let expected = hundred_millionths(text);
    let money = Money::from_str(text);
    if let Err(error) = &money {
        // At most 40 characters of the text, and a few words.
        assert!(error.to_string().chars().count() < 100, "a long error for {text:?}");
    }
    let printed = money.as_ref().ok().map(ToString::to_string);
    assert_eq!(printed, expected.map(plain), "the value of {text:?}");
    let money = money.ok()?;
    reads_back(money, expected?);
    Some((money, expected?))
}

/// Every way of printing an amount reads back to it.
fn reads_back(money: Money, value: i128) {
    for printed in [money.to_string(), money.for_people(), format!(" +{}", money.abs())] {
        let expected = if printed.starts_with(' ') { money.abs() } else { money };
        assert_eq!(printed.parse(), Ok(expected), "{printed:?} reads back");
    }
    let json = serde_json::to_string(&money).expect("an amount is a text");
    assert_eq!(serde_json::from_str::<Money>(&json).ok(), Some(money), "{json}");
    assert!(json.starts_with('"'), "{json} would be read as a float");
    assert_eq!(money.is_negative(), value < 0);
    assert_eq!(money.is_positive(), value > 0);
    assert_eq!((-money).to_string(), plain(-value));
    assert_eq!(Money::new(money.amount()), Ok(money), "an amount is one already");
}

/// Comparing and reckoning agree with the digits.
fn agree((one, a): (Money, i128), (other, b): (Money, i128)) {
    assert_eq!(one.cmp(&other), a.cmp(&b), "{one} beside {other}");
    assert_eq!((one + other).to_string(), plain(a + b), "{one} + {other}");
    assert_eq!((one - other).to_string(), plain(a - b), "{one} - {other}");
    assert_eq!([one, other].into_iter().sum::<Money>(), one + other);
    // Both have eight places and a percentage two more.
    let percent = divided(a * b, 100 * 100_000_000).clamp(-LARGEST, LARGEST);
    assert_eq!(
        one.percent(other.amount()).to_string(),
        plain(percent),
        "{other} % of {one}"
    );
}
