//! The conditions of policies: what makes a breach and what ends it, and that the two do not contradict each other.
//!
//! Judges no client; the domain does.

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::policies::BLIND;
use super::problem::nearest;
use super::read::{Section, optional, refuse};
use super::sections::{days, secs};
use crate::domain::Money;
use crate::domain::policy::{Clear, Limit, NoReadingFor, Scope, When};

/// How long `blind` waits as shipped; only then twice the achievable revisit time counts where that is longer.
const BLIND_AS_SHIPPED: SignedDuration = SignedDuration::from_mins(30);

const LIMIT: &str = "an amount in quotes such as \"10.00\", \"threshold\", or \"150% of threshold\"";

/// What makes a breach.
pub(super) fn when(name: &str, section: &Section<'_>, scope: Scope) -> Option<When> {
    let accepted = "a condition such as { balance_below = \"10.00\" }";
    if !section.has("when") {
        section.missing("when", accepted);
        return None;
    }
    let table = section.table("when", accepted)?;
    let keys = [
        "balance_below",
        "balance_at_most",
        "spent_today_above",
        "no_reading_for",
    ];
    let given = keys.iter().filter(|key| table.has(key)).count();
    if given == 0 {
        // With a key that is not known, that key is what is wrong, and said already.
        return if table.is_empty() {
            refuse(section, "when", "has no condition", accepted)
        } else {
            None
        };
    }
    let alone = !table.has("no_reading_for") || given == 1;
    if !alone {
        table.refuse(
            "no_reading_for",
            "stands beside another condition",
            "it alone, in a policy of its own",
        );
    }
    let balance_below = optional(&table, "balance_below", |key| limit(&table, key));
    let balance_at_most = optional(&table, "balance_at_most", |key| limit(&table, key));
    let spent_today_above = optional(&table, "spent_today_above", |key| spent(&table, key));
    let no_reading_for = optional(&table, "no_reading_for", |key| {
        let limit = table.duration(key, secs(1)..=days(30))?;
        Some(NoReadingFor {
            limit,
            at_least_two_revisits: name == BLIND && limit == BLIND_AS_SHIPPED,
        })
    });
    let when = When {
        balance_below: balance_below?,
        balance_at_most: balance_at_most?,
        spent_today_above: spent_today_above?,
        no_reading_for: no_reading_for?,
    };
    if scope == Scope::Reseller && !judges_reseller(&table, &when) {
        return None;
    }
    alone.then_some(when)
}

/// The reseller has a balance but no threshold, and `account-access` tells when it cannot be read.
fn judges_reseller(table: &Section<'_>, when: &When) -> bool {
    let mut good = true;
    for key in ["spent_today_above", "no_reading_for"]
        .into_iter()
        .filter(|key| table.has(key))
    {
        table.refuse(
            key,
            "cannot be asked of the reseller's own balance",
            "balance_below or balance_at_most",
        );
        good = false;
    }
    for (key, limit) in [
        ("balance_below", when.balance_below),
        ("balance_at_most", when.balance_at_most),
    ] {
        if limit.is_some_and(Limit::needs_threshold) {
            table.refuse(
                key,
                "needs a threshold, which the reseller has not",
                "an amount such as \"50.00\"",
            );
            good = false;
        }
    }
    good
}

fn limit(table: &Section<'_>, key: &str) -> Option<Limit> {
    let text = table.amount_text(key, LIMIT)?;
    if text == "threshold" {
        return Some(Limit::PercentOfThreshold(Decimal::ONE_HUNDRED));
    }
    if let Some(percent) = text
        .strip_suffix("of threshold")
        .and_then(|text| text.trim_end().strip_suffix('%'))
    {
        let percent = percent.trim();
        let plain = percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent = Decimal::from_str_exact(percent).ok().filter(|_| plain);
        let bounds = Decimal::new(1, 2)..=Decimal::from(10_000);
        return match percent {
            Some(percent) if bounds.contains(&percent) => Some(Limit::PercentOfThreshold(percent.normalize())),
            Some(_) => refuse(table, key, "is out of range", "from 0.01% to 10000% of threshold"),
            None => refuse(table, key, "is not a percentage", LIMIT),
        };
    }
    match text.parse() {
        Ok(money) => Some(Limit::Amount(money)),
        Err(_) => {
            let meant = nearest(&text, ["threshold", "100% of threshold"]);
            table.problem(
                key,
                |problem| problem.accepted(LIMIT).did_you_mean(meant),
                "is not a limit",
            );
            None
        }
    }
}

fn spent(table: &Section<'_>, key: &str) -> Option<Money> {
    let accepted = "an amount in quotes, such as \"25.00\"";
    if table.amount_text(key, accepted)?.ends_with("usual") {
        return refuse(table, key, "is not in this version", accepted);
    }
    let money = table.money(key)?;
    if money.is_negative() {
        return refuse(table, key, "is negative", "0 or more");
    }
    Some(money)
}

/// When it is clear; `Some(None)`: the exact opposite of `when`.
pub(super) fn clear(section: &Section<'_>, scope: Scope, when: Option<&When>) -> Option<Option<Clear>> {
    if !section.has("clear") || scope == Scope::Account {
        return Some(None);
    }
    let accepted = "a limit such as { balance_at_least = \"110% of threshold\" }";
    let table = section.table("clear", accepted)?;
    if !table.has("balance_at_least") && !table.has("balance_above") {
        return if table.is_empty() {
            refuse(section, "clear", "has no limit", accepted)
        } else {
            None
        };
    }
    let at_least = optional(&table, "balance_at_least", |key| limit(&table, key));
    let above = optional(&table, "balance_above", |key| limit(&table, key));
    let clear = Clear {
        balance_at_least: at_least?,
        balance_above: above?,
    };
    let when = when?;
    if when.balance_below.is_none() && when.balance_at_most.is_none() && *when != When::default() {
        return refuse(
            section,
            "clear",
            "is about the balance, and `when` is not",
            "no clear: the opposite of `when`",
        );
    }
    if scope == Scope::Reseller {
        for (key, limit) in [
            ("balance_at_least", clear.balance_at_least),
            ("balance_above", clear.balance_above),
        ] {
            if limit.is_some_and(Limit::needs_threshold) {
                return refuse(
                    &table,
                    key,
                    "needs a threshold, which the reseller has not",
                    "an amount",
                );
            }
        }
    }
    refuse_inverted(&table, when, &clear)?;
    Some(Some(clear))
}

/// Refuses a pair where one balance would be in breach and clear at once, as far as that can be seen without knowing
/// thresholds: amounts against amounts and percentages against percentages.
fn refuse_inverted(table: &Section<'_>, when: &When, clear: &Clear) -> Option<()> {
    let breaches = [(when.balance_below, false), (when.balance_at_most, true)];
    let clears = [
        ("balance_at_least", clear.balance_at_least, true),
        ("balance_above", clear.balance_above, false),
    ];
    for (breach, breach_touches) in breaches {
        for (key, clear, clear_touches) in clears {
            let (Some(breach), Some(clear)) = (breach, clear) else {
                continue;
            };
            let (breach_at, clear_at) = match (breach, clear) {
                (Limit::Amount(breach), Limit::Amount(clear)) => (breach.amount(), clear.amount()),
                (Limit::PercentOfThreshold(breach), Limit::PercentOfThreshold(clear)) => (breach, clear),
                _ => continue,
            };
            if clear_at < breach_at || (clear_at == breach_at && breach_touches && clear_touches) {
                let accepted = format!("beyond the {breach} of `when`");
                return refuse(
                    table,
                    key,
                    "is on the wrong side of `when`: it would be clear while in breach",
                    &accepted,
                );
            }
        }
    }
    Some(())
}
