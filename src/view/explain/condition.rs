//! A policy's condition in words, with the amounts that it means for one client.

use jiff::SignedDuration;

use crate::domain::Money;
use crate::domain::judge::verdict::needs_threshold;
use crate::domain::policy::{Limit, Policy, Scope};
use crate::view::words::span;

/// What the condition depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Against {
    /// The client's own threshold, or what stands for it.
    pub threshold: Option<Money>,
    /// The time between two readings of a client.
    pub interval: SignedDuration,
}

/// When the policy fires.
pub(super) fn fires_when(policy: &Policy, against: Against) -> String {
    if policy.scope == Scope::Account {
        return "the daemon finds it so".to_owned();
    }
    let mut parts = Vec::new();
    if let Some(limit) = policy.when.balance_below {
        parts.push(format!("the balance is below {}", amount(limit, against)));
    }
    if let Some(limit) = policy.when.balance_at_most {
        parts.push(format!("the balance is at or below {}", amount(limit, against)));
    }
    if let Some(limit) = policy.when.spent_today_above {
        parts.push(format!(
            "more than {} was spent since midnight in Toronto",
            limit.for_people()
        ));
    }
    if policy.when.no_reading_for.is_some() {
        parts.push(format!("no balance can be read for {}", span(silence(policy, against))));
    }
    let mut text = parts.join(" and ");
    if !policy.hold.is_zero() {
        text.push_str(&format!(", and that holds for {}", span(policy.hold)));
    }
    text
}

/// When an episode of it ends.
pub(super) fn clears_when(policy: &Policy, against: Against) -> String {
    let mut parts = Vec::new();
    let clear = policy.clear.unwrap_or_default();
    let explicit = [
        clear.balance_at_least.map(|limit| ("at or above", limit)),
        clear.balance_above.map(|limit| ("above", limit)),
    ];
    for (relation, limit) in explicit.into_iter().flatten() {
        parts.push(format!("the balance is {relation} {}", amount(limit, against)));
    }
    if policy.scope == Scope::Account {
        parts.push("the daemon finds all well".to_owned());
    } else if policy.clear.is_none() {
        parts.extend(opposite(policy, against));
    }
    let mut text = parts.join(" and ");
    if policy.when.spent_today_above.is_some() {
        text.push_str(", after one whole day in Toronto under the limit on spending");
    }
    if policy.clear_readings > 1 && policy.scope != Scope::Account {
        text.push_str(&format!(", by {} readings in a row", policy.clear_readings));
    }
    if !policy.clear_for.is_zero() {
        text.push_str(&format!(", and that holds for {}", span(policy.clear_for)));
    }
    text
}

/// Without a `clear` of its own, a policy clears when its condition no longer holds.
fn opposite(policy: &Policy, against: Against) -> Option<String> {
    let when = &policy.when;
    let mut parts = Vec::new();
    parts.extend(
        when.balance_below
            .map(|limit| format!("the balance is at or above {}", amount(limit, against))),
    );
    parts.extend(
        when.balance_at_most
            .map(|limit| format!("the balance is above {}", amount(limit, against))),
    );
    parts.extend(
        when.spent_today_above
            .map(|limit| format!("at most {} was spent", limit.for_people())),
    );
    parts.extend(when.no_reading_for.map(|_| "a balance is read again".to_owned()));
    (!parts.is_empty()).then(|| parts.join(" or "))
}

/// The limit on silence as it holds at this pace.
fn silence(policy: &Policy, against: Against) -> SignedDuration {
    policy.when.no_reading_for.map_or(SignedDuration::ZERO, |bound| {
        if bound.at_least_two_intervals {
            bound.limit.max(against.interval.saturating_mul(2))
        } else {
            bound.limit
        }
    })
}

/// The amount, and how the configuration writes it where that is no plain amount.
fn amount(limit: Limit, against: Against) -> String {
    match limit.resolve(against.threshold) {
        Some(amount) if limit.needs_threshold() => format!("{} ({limit})", amount.for_people()),
        Some(amount) => amount.for_people(),
        None => format!("{limit} (none is known)"),
    }
}

/// How far the balance is from where the verdict changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Distance {
    /// So much until it fires.
    ToFire(Money),
    /// So much until it clears.
    ToClear(Money),
}

/// How far the balance is from where the verdict changes; `None` for policies that do not judge a balance.
pub(super) fn distance(policy: &Policy, against: Against, balance: Money) -> Option<Distance> {
    if needs_threshold(policy) && against.threshold.is_none() {
        return None;
    }
    let limit = policy
        .when
        .balance_below
        .or(policy.when.balance_at_most)?
        .resolve(against.threshold)?;
    let clear = policy.clear.unwrap_or_default();
    let clears_at = clear.balance_at_least.or(clear.balance_above);
    let clears_at = clears_at
        .and_then(|limit| limit.resolve(against.threshold))
        .unwrap_or(limit);
    let is_over = match policy.when.balance_below {
        Some(_) => balance >= limit,
        None => balance > limit,
    };
    Some(if is_over {
        Distance::ToFire(balance - limit)
    } else {
        Distance::ToClear(clears_at - balance)
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{Against, Distance, clears_when, distance, fires_when};
    use crate::domain::policy::{Clear, Limit, NoReadingFor, Policy, When};
    use crate::domain::testing::{money, policy};

    fn of(when: When, clear: Option<Clear>) -> Policy {
        Policy {
            clear,
            ..policy("low", when)
        }
    }

    #[test]
    fn conditions_are_told_with_the_clients_own_amounts() {
        let threshold = Limit::PercentOfThreshold(100.into());
        let low = of(
            When {
                balance_below: Some(threshold),
                ..When::default()
            },
            Some(Clear {
                balance_at_least: Some(Limit::PercentOfThreshold(110.into())),
                balance_above: None,
            }),
        );
        let mut held = of(
            When {
                balance_at_most: Some(Limit::Amount(money("0"))),
                spent_today_above: Some(money("50")),
                ..When::default()
            },
            None,
        );
        held.hold = SignedDuration::from_mins(10);
        let mut blind = of(
            When {
                no_reading_for: Some(NoReadingFor {
                    limit: SignedDuration::from_mins(30),
                    at_least_two_intervals: true,
                }),
                ..When::default()
            },
            None,
        );
        blind.clear_readings = 1;
        let cases = [
            (
                &low,
                "the balance is below 10.00 (threshold)",
                "the balance is at or above 11.00 (110% of threshold), by 2 readings in a row",
            ),
            (
                &held,
                "the balance is at or below 0.00 and more than 50.00 was spent since midnight in Toronto, and that \
                 holds for 10m",
                "the balance is above 0.00 or at most 50.00 was spent, after one whole day in Toronto under the limit \
                 on spending, by 2 readings in a row",
            ),
            (&blind, "no balance can be read for 40m", "a balance is read again"),
        ];
        let against = Against {
            threshold: Some(money("10")),
            interval: SignedDuration::from_mins(20),
        };
        for (policy, fires, clears) in cases {
            assert_eq!(fires_when(policy, against), fires);
            assert_eq!(clears_when(policy, against), clears);
        }
        let unknown = Against {
            threshold: None,
            ..against
        };
        assert_eq!(
            fires_when(&low, unknown),
            "the balance is below threshold (none is known)"
        );
        for (balance, threshold, expected) in [
            ("12", against, Some(Distance::ToFire(money("2")))),
            ("10", against, Some(Distance::ToFire(money("0")))),
            ("9.9999", against, Some(Distance::ToClear(money("1.0001")))),
            ("12", unknown, None),
        ] {
            assert_eq!(distance(&low, threshold, money(balance)), expected, "{balance}");
        }
        assert_eq!(
            distance(&held, against, money("0")),
            Some(Distance::ToClear(money("0")))
        );
        assert_eq!(distance(&blind, against, money("1")), None);
    }
}
