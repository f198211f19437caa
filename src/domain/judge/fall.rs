//! A balance that falls: what explains it. Calls do, and charges; a fall that neither explains is rather a wrong answer.

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::domain::{Money, Reading};

/// So much may be missing, in the account's currency. Balance and sums are not told of the same moment (inferred), and a call
/// may be counted in one and not yet in the other. A wrong answer within this is as good as a true one.
const CENTS_MISSING: i64 = 100;

/// So many percent of what calls are to explain may be missing, for the same reason where much is spent at once.
const PERCENT_MISSING: i64 = 10;

/// A fall between two readings that is not explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fall {
    /// By how much the balance fell.
    pub fell: Money,
    /// How much of that is explained.
    pub explained: Money,
}

/// The fall from `before` to `now`, unless spending and `charges` explain it; `None`, too, when nothing fell.
///
/// `charges` are the amounts since the day of `before`, newest first. Nobody tells which of them came before that reading and are
/// in its balance already. So the newest ones must come to what is missing, neither less nor more: a charge of the morning explains
/// no fall in the evening. Where a client was charged and paid meanwhile, that is a fall which a second reading must confirm.
///
/// `spent_today` begins anew at midnight in Toronto: on another day only what was spent since then is known by it. Sums that
/// are missing explain nothing.
#[must_use]
pub fn unexplained(before: &Reading, now: &Reading, charges: &[Money], zone: &TimeZone) -> Option<Fall> {
    let fell = before.balance - now.balance;
    if !fell.is_positive() {
        return None;
    }
    let is_same_day = before.at.to_zoned(zone.clone()).date() == now.at.to_zoned(zone.clone()).date();
    let since = |before: Option<Money>, now: Option<Money>| match (before, now) {
        (Some(before), Some(now)) if now > before => now - before,
        _ => Money::ZERO,
    };
    let by_day = if is_same_day {
        since(before.spent_today, now.spent_today)
    } else {
        now.spent_today.unwrap_or_default()
    };
    let by_month = since(before.spent_total, now.spent_total);
    let spent = by_day.max(by_month);
    // Charges are exact: what calls are to explain besides may be told a little late.
    let tolerated = |by_calls: Money| {
        let share = by_calls.percent(Decimal::from(PERCENT_MISSING)).amount();
        share.max(Decimal::new(CENTS_MISSING, 2))
    };
    let missing = |charged: Money| (fell - charged - spent).amount();
    if missing(Money::ZERO) <= tolerated(fell) {
        return None;
    }
    let newest = charges.iter().scan(Money::ZERO, |sum, charge| {
        *sum = *sum + *charge;
        Some(*sum)
    });
    let is_not_more = |charged: &Money| -missing(*charged) <= tolerated(fell - *charged);
    let charged = newest.filter(is_not_more).max().unwrap_or_default();
    let explained = spent + charged;
    (missing(charged) > tolerated(fell - charged)).then_some(Fall { fell, explained })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Fall, unexplained};
    use crate::domain::Reading;
    use crate::domain::testing::money;

    /// A reading: when, the balance, and the two sums; `-` for one that is missing.
    fn reading(at: &str, balance: &str, today: &str, total: &str) -> Reading {
        let sum = |text: &str| (text != "-").then(|| money(text));
        Reading {
            balance: money(balance),
            spent_today: sum(today),
            spent_total: sum(total),
            at: format!("2026-11-{at}Z").parse().unwrap(),
        }
    }

    #[test]
    fn spending_and_charges_explain_a_fall_and_nothing_else_does() {
        let noon = "23T17:00:00";
        let later = "23T17:05:00";
        // Toronto's midnight is at 05:00.
        let (evening, night) = ("24T04:58:00", "24T05:03:00");
        let cases = [
            ("a rise", (noon, "5", "1", "9"), (later, "50", "1", "9"), "0", None),
            ("the same", (noon, "5", "1", "9"), (later, "5", "1", "9"), "0", None),
            (
                "spent today",
                (noon, "100", "1", "9"),
                (later, "60", "41", "49"),
                "0",
                None,
            ),
            (
                "spent, no other sum",
                (noon, "100", "1", "-"),
                (later, "60", "41", "-"),
                "0",
                None,
            ),
            (
                "spent by the month alone",
                (noon, "100", "-", "9"),
                (later, "60", "-", "49"),
                "0",
                None,
            ),
            (
                "not spent",
                (noon, "100", "1", "9"),
                (later, "0", "1", "9"),
                "0",
                Some(("100", "0")),
            ),
            (
                "half of it",
                (noon, "100", "1", "9"),
                (later, "0", "51", "59"),
                "0",
                Some(("100", "50")),
            ),
            (
                "a tenth is missing",
                (noon, "100", "1", "9"),
                (later, "0", "91", "9"),
                "0",
                None,
            ),
            (
                "more is missing",
                (noon, "100", "1", "9"),
                (later, "0", "90.99", "9"),
                "0",
                Some(("100", "89.99")),
            ),
            (
                "one is missing",
                (noon, "5", "1", "9"),
                (later, "4", "1", "9"),
                "0",
                None,
            ),
            (
                "a little more is missing",
                (noon, "5", "1", "9"),
                (later, "3.99", "1", "9"),
                "0",
                Some(("1.01", "0")),
            ),
            (
                "no sums",
                (noon, "100", "-", "-"),
                (later, "0", "-", "-"),
                "0",
                Some(("100", "0")),
            ),
            (
                "a sum that was missing",
                (noon, "100", "-", "-"),
                (later, "0", "100", "100"),
                "0",
                Some(("100", "0")),
            ),
            (
                "a sum that shrank",
                (noon, "100", "9", "9"),
                (later, "0", "1", "1"),
                "0",
                Some(("100", "0")),
            ),
            ("a charge", (noon, "100", "1", "9"), (later, "0", "1", "9"), "100", None),
            (
                "the newest of three charges",
                (noon, "100", "1", "9"),
                (later, "40", "1", "9"),
                "60 400 20",
                None,
            ),
            (
                "the newest two of three",
                (noon, "100", "1", "9"),
                (later, "0", "11", "19"),
                "60 30 400",
                None,
            ),
            (
                "charges that the last reading knew",
                (noon, "60", "1", "9"),
                (later, "-25.38", "1", "9"),
                "139.50 400.05",
                Some(("85.38", "0")),
            ),
            (
                "charges that nearly come to it",
                (noon, "400", "1", "9"),
                (later, "-0.50", "1", "9"),
                "140 280",
                Some(("400.50", "140")),
            ),
            (
                "a charge, and a payment meanwhile",
                (noon, "100", "1", "9"),
                (later, "90", "1", "9"),
                "60",
                Some(("10", "0")),
            ),
            (
                "more calls than what fell, and a charge",
                (noon, "100", "1", "9"),
                (later, "90", "51", "59"),
                "60",
                None,
            ),
            (
                "a charge and calls",
                (noon, "100", "1", "9"),
                (later, "0", "31", "39"),
                "70",
                None,
            ),
            (
                "a smaller charge",
                (noon, "100", "1", "9"),
                (later, "0", "1", "9"),
                "50",
                Some(("100", "50")),
            ),
            (
                "midnight, spent since",
                (evening, "100", "60", "60"),
                (night, "90", "10", "65"),
                "0",
                None,
            ),
            (
                "midnight, spent before",
                (evening, "100", "60", "60"),
                (night, "90", "0", "70"),
                "0",
                None,
            ),
            (
                "midnight, not spent",
                (evening, "100", "60", "60"),
                (night, "0", "0", "60"),
                "0",
                Some(("100", "0")),
            ),
            (
                "the last minutes of a day that nobody tells",
                (evening, "100", "60", "-"),
                (night, "90", "0", "-"),
                "0",
                Some(("10", "0")),
            ),
        ];
        let zone = TimeZone::get("America/Toronto").unwrap();
        for (name, before, now, charges, expected) in cases {
            let charges: Vec<_> = charges.split(' ').map(money).collect();
            let of = |(at, balance, today, total)| reading(at, balance, today, total);
            let expected = expected.map(|(fell, explained)| Fall {
                fell: money(fell),
                explained: money(explained),
            });
            assert_eq!(unexplained(&of(before), &of(now), &charges, &zone), expected, "{name}");
        }
    }
}
