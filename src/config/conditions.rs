//! The conditions of policies: what makes a breach and what ends it, and that the two do not contradict each other.
//!
//! Judges no client; the domain does.

use jiff::SignedDuration;

use super::key::AnyKey;
use super::keys::{
    CLEAR_BALANCE_ABOVE, CLEAR_BALANCE_AT_LEAST, POLICY_CLEAR, POLICY_WHEN, WHEN_BALANCE_AT_MOST, WHEN_BALANCE_BELOW,
    WHEN_NO_READING_FOR, WHEN_SPENT_TODAY_ABOVE,
};
use super::problem::wrong;
use super::reader::Reader;
use crate::domain::policy::{Clear, Limit, NoReadingFor, Scope, When};

/// The shipped policy about clients that cannot be read.
const BLIND: &str = "blind";

/// How long `blind` waits as shipped; only then twice the time between two readings counts where that is longer.
const BLIND_AS_SHIPPED: SignedDuration = SignedDuration::from_mins(30);

/// What makes a breach.
pub fn when(policy: &Reader<'_>, scope: Scope) -> Option<When> {
    if !policy.has(&POLICY_WHEN) {
        policy.report.absence(policy.missing(&POLICY_WHEN));
    }
    // With a key that is not known, that key is what is wrong, and said already.
    if policy.get(&POLICY_WHEN)? == 0 {
        policy.refuse(&POLICY_WHEN, wrong("has no condition"));
    }
    let balance: [&dyn AnyKey; 2] = [&WHEN_BALANCE_BELOW, &WHEN_BALANCE_AT_MOST];
    let others = balance.into_iter().chain([&WHEN_SPENT_TODAY_ABOVE as &dyn AnyKey]);
    if policy.has(&WHEN_NO_READING_FOR) && others.into_iter().any(|key| policy.has(key)) {
        let wrong = wrong("stands beside another condition");
        policy.refuse(&WHEN_NO_READING_FOR, wrong.accepted("it alone, in a policy of its own"));
    }
    let no_reading_for = policy.optional(&WHEN_NO_READING_FOR)?.map(|limit| NoReadingFor {
        limit,
        at_least_two_intervals: policy.entry == BLIND && limit == BLIND_AS_SHIPPED,
    });
    let when = When {
        balance_below: policy.optional(&WHEN_BALANCE_BELOW)?,
        balance_at_most: policy.optional(&WHEN_BALANCE_AT_MOST)?,
        spent_today_above: policy.optional(&WHEN_SPENT_TODAY_ABOVE)?,
        no_reading_for,
    };
    if scope == Scope::Reseller {
        refuse_for_reseller(policy, &when);
    }
    (when != When::default()).then_some(when)
}

/// The reseller has a balance but no threshold, and `account-access` tells when it cannot be read.
fn refuse_for_reseller(policy: &Reader<'_>, when: &When) {
    let others: [&dyn AnyKey; 2] = [&WHEN_SPENT_TODAY_ABOVE, &WHEN_NO_READING_FOR];
    for key in others.into_iter().filter(|key| policy.has(*key)) {
        let wrong = wrong("cannot be asked of the reseller's own balance");
        policy.refuse(key, wrong.accepted("balance_below or balance_at_most"));
    }
    refuse_threshold(policy, &WHEN_BALANCE_BELOW, when.balance_below);
    refuse_threshold(policy, &WHEN_BALANCE_AT_MOST, when.balance_at_most);
}

fn refuse_threshold(policy: &Reader<'_>, key: &dyn AnyKey, limit: Option<Limit>) {
    if limit.is_some_and(Limit::needs_threshold) {
        let wrong = wrong("needs a threshold, which the reseller has not");
        policy.refuse(key, wrong.accepted("an amount such as \"50.00\""));
    }
}

/// When it is clear; `Some(None)`: the exact opposite of `when`.
pub fn clear(policy: &Reader<'_>, scope: Scope, when: Option<&When>) -> Option<Option<Clear>> {
    if !policy.has(&POLICY_CLEAR) || scope == Scope::Account {
        return Some(None);
    }
    if policy.get(&POLICY_CLEAR)? == 0 {
        policy.refuse(&POLICY_CLEAR, wrong("has no limit"));
    }
    let clear = Clear {
        balance_at_least: policy.optional(&CLEAR_BALANCE_AT_LEAST)?,
        balance_above: policy.optional(&CLEAR_BALANCE_ABOVE)?,
    };
    let when = when?;
    if when.balance_below.is_none() && when.balance_at_most.is_none() && *when != When::default() {
        let wrong = wrong("is about the balance, and `when` is not");
        policy.refuse(&POLICY_CLEAR, wrong.accepted("no clear: the opposite of `when`"));
    }
    if scope == Scope::Reseller {
        refuse_threshold(policy, &CLEAR_BALANCE_AT_LEAST, clear.balance_at_least);
        refuse_threshold(policy, &CLEAR_BALANCE_ABOVE, clear.balance_above);
    }
    refuse_inverted(policy, when, &clear);
    Some(Some(clear))
}

/// Refuses a pair where one balance would be in breach and clear at once, as far as that can be seen without knowing
/// thresholds: amounts against amounts and percentages against percentages.
fn refuse_inverted(policy: &Reader<'_>, when: &When, clear: &Clear) {
    let breaches = [(when.balance_below, false), (when.balance_at_most, true)];
    let clears = [
        (&CLEAR_BALANCE_AT_LEAST, clear.balance_at_least, true),
        (&CLEAR_BALANCE_ABOVE, clear.balance_above, false),
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
                let wrong = wrong("is on the wrong side of `when`: it would be clear while in breach");
                policy.refuse(key, wrong.accepted(format!("beyond the {breach} of `when`")));
            }
        }
    }
}
