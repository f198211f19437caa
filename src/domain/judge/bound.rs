//! The most messages that one recipient can get about one client, whatever its balance does. Pure; `explain` shows it, and
//! a property test drives the judge against it.
//!
//! An episode begins a whole cool-down after the last one ended, or it is a relapse; from the second relapse in a row on it
//! must be clear for a whole cool-down before it ends. So within a cool-down there are at most two ends. A client is not told
//! of a relapse before the cool-down is over, so what it is told of ends once. In any window `w`
//!
//! ```text
//! ends   = 2 × ⌈w / cool_down⌉ (for a client once), and no more than ⌈w / max(for + clear_for, no_reading_for)⌉
//!          and ⌈sweeps / (clear_readings + 1)⌉
//! begins = ends + 1
//! again  = ⌈w / repeat_every⌉, and no more than max_repeats × begins
//! ```
//!
//! An operator gets `begins + again`, and `ends` where the channel wants them; a client `begins` (at once, or when a cool-down
//! or a confirmation lets it), `again`, `ends`, and `begins` once more where money can be used up after the first word. What
//! several policies say at one time comes in one message, which only lowers the sum over the policies. What people do adds to
//! it: an end and a beginning for a change of the configuration or of the clock, one message for the end of a silence, one
//! for each result of an enforcement.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::Serialize;

use crate::domain::policy::{Limit, Policy};
use crate::domain::receiver::Receiver;
use crate::domain::{ChannelName, Severity};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

const DAY: SignedDuration = SignedDuration::from_hours(24);

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Silence is judged this often, whether a sweep runs or not.
const SILENCE_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The most messages that one recipient of a channel can get about one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// In any 24 hours.
    pub day: u64,
    /// In any 7 days.
    pub week: u64,
}

/// The bound for a recipient of `channel` about a client that these policies are for. `interval` is the time between two
/// sweeps.
#[must_use]
pub fn of<'a>(
    channel: &ChannelName,
    policies: impl Iterator<Item = &'a Policy> + Clone,
    channels: &BTreeMap<ChannelName, Receiver>,
    interval: SignedDuration,
) -> Bound {
    let within = |window| {
        let each = policies
            .clone()
            .map(|policy| messages(channel, policy, channels, interval, window));
        let (all, exempt) = each.fold((0_u64, 0_u64), |sum, (all, exempt)| {
            (sum.0.saturating_add(all), sum.1.saturating_add(exempt))
        });
        let most_per_hour = channels.get(channel).and_then(|receiver| receiver.max_per_hour);
        let most = most_per_hour.map_or(u64::MAX, |most| u64::from(most).saturating_mul(times(window, HOUR)));
        all.min(most.saturating_add(exempt))
    };
    Bound {
        day: within(DAY),
        week: within(WEEK),
    }
}

/// How many messages one policy makes in a window, and how many of them no limit of the channel holds back.
fn messages(
    channel: &ChannelName,
    policy: &Policy,
    channels: &BTreeMap<ChannelName, Receiver>,
    interval: SignedDuration,
    window: SignedDuration,
) -> (u64, u64) {
    let quick = if channel.is_client() { 1 } else { 2 };
    let ends = ends(policy, interval, window, quick);
    let begins = ends.saturating_add(1);
    let most_again = u64::from(policy.max_repeats).saturating_mul(begins);
    let again = times(window, policy.repeat_every).min(most_again);
    if channel.is_client() {
        let gone = if can_be_used_up(policy) { begins } else { 0 };
        let all = [begins, again, ends, gone].into_iter().fold(0, u64::saturating_add);
        return (if policy.tells_client() { all } else { 0 }, 0);
    }
    let Some(receiver) = channels
        .get(channel)
        .filter(|receiver| policy.severity >= receiver.min_severity)
    else {
        return (0, 0);
    };
    let is_told = policy.notify.contains(channel);
    let escalations = if escalated_to(policy, channels).contains(channel) {
        begins
    } else {
        0
    };
    if !is_told && escalations == 0 {
        return (0, 0);
    }
    let ends = if receiver.tells_ends { ends } else { 0 };
    let told = if is_told { begins.saturating_add(again) } else { 0 };
    let exempt = if is_told && policy.severity == Severity::Critical {
        begins
    } else {
        0
    };
    (told.saturating_add(ends).saturating_add(escalations), exempt)
}

/// How many episodes can end in a window, when so many can within a cool-down.
fn ends(policy: &Policy, interval: SignedDuration, window: SignedDuration, quick: u64) -> u64 {
    let judged_every = match policy.when.no_reading_for {
        Some(_) => interval.min(SILENCE_EVERY),
        None => interval,
    };
    let sweeps = times(window, judged_every).saturating_add(1);
    let by_readings = sweeps.div_ceil(u64::from(policy.clear_readings).saturating_add(1));
    let by_cool_down = times(window, policy.cool_down).saturating_mul(quick);
    by_cool_down.min(times(window, gap(policy))).min(by_readings).max(1)
}

/// How far apart two ends of a policy's episodes are at least, whatever its cool-down.
fn gap(policy: &Policy) -> SignedDuration {
    let held = policy.hold.saturating_add(policy.clear_for);
    let silent = policy
        .when
        .no_reading_for
        .map_or(SignedDuration::ZERO, |silence| silence.limit);
    held.max(silent)
}

/// How often something can happen in a window that is at least `apart` from the next; no bound when that is nothing.
fn times(window: SignedDuration, apart: SignedDuration) -> u64 {
    let (window, apart) = (window.as_millis(), apart.as_millis());
    if apart <= 0 {
        return u64::MAX;
    }
    u64::try_from((window + apart - 1) / apart).unwrap_or(u64::MAX)
}

/// Whether a client that was told that it is low can still run dry.
fn can_be_used_up(policy: &Policy) -> bool {
    let limit = policy.when.balance_below.or(policy.when.balance_at_most);
    limit.is_some_and(|limit| !matches!(limit, Limit::Amount(amount) if !amount.is_positive()))
}

/// Where a critical alert of this policy is escalated to, step by step.
fn escalated_to(policy: &Policy, channels: &BTreeMap<ChannelName, Receiver>) -> BTreeSet<ChannelName> {
    let mut reached = BTreeSet::new();
    if policy.severity < Severity::Critical {
        return reached;
    }
    let mut told: Vec<ChannelName> = policy.notify.clone();
    while let Some(from) = told.pop() {
        let escalate = channels.get(&from).and_then(|receiver| receiver.escalate.as_ref());
        if let Some(escalate) = escalate
            && reached.insert(escalate.to.clone())
        {
            told.push(escalate.to.clone());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::{Bound, of};
    use crate::domain::policy::{Limit, Policy, When};
    use crate::domain::receiver::{Escalation, Receiver};
    use crate::domain::testing::{money, policy};
    use crate::domain::{ChannelName, Severity};

    const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

    fn name(name: &str) -> ChannelName {
        ChannelName::new(name).unwrap()
    }

    fn below(limit: &str) -> Policy {
        let when = When {
            balance_below: Some(Limit::Amount(money(limit))),
            ..When::default()
        };
        policy("low", when)
    }

    fn bound(channel: &str, policies: &[Policy], ops: &Receiver) -> Bound {
        let phone = Receiver::people(vec!["phone".to_owned()]);
        let channels = BTreeMap::from([(name("ops"), ops.clone()), (name("phone"), phone)]);
        of(&name(channel), policies.iter(), &channels, FIVE_MINUTES)
    }

    #[test]
    fn the_bound_follows_from_the_policies_and_the_channel() {
        let ops = Receiver::people(vec!["noc".to_owned()]);
        let low = below("10");
        let minutes = SignedDuration::from_mins;
        let cases = [
            ("operators", "ops", low.clone(), ops.clone(), (9 + 1 + 8, 57 + 7 + 56)),
            (
                "the client",
                "client",
                low.clone(),
                ops.clone(),
                (5 + 1 + 4 + 5, 29 + 7 + 28 + 29),
            ),
            ("nothing can be used up", "client", below("0"), ops.clone(), (10, 64)),
            ("another channel", "phone", low.clone(), ops.clone(), (0, 0)),
            (
                "no ends",
                "ops",
                low.clone(),
                Receiver {
                    tells_ends: false,
                    ..ops.clone()
                },
                (10, 64),
            ),
            (
                "not severe enough",
                "ops",
                low.clone(),
                Receiver {
                    min_severity: Severity::Critical,
                    ..ops.clone()
                },
                (0, 0),
            ),
            (
                "so many an hour",
                "ops",
                Policy {
                    cool_down: minutes(15),
                    ..low.clone()
                },
                Receiver {
                    max_per_hour: Some(2),
                    ..ops.clone()
                },
                (48, 336),
            ),
            (
                "never again",
                "ops",
                Policy {
                    max_repeats: 0,
                    ..low.clone()
                },
                ops.clone(),
                (17, 113),
            ),
            (
                "no cool-down: three sweeps each",
                "ops",
                Policy {
                    cool_down: SignedDuration::ZERO,
                    max_repeats: 0,
                    ..low.clone()
                },
                ops.clone(),
                (97 + 98, 0),
            ),
        ];
        for (case, channel, policy, ops, (day, week)) in cases {
            let Bound {
                day: got,
                week: got_week,
            } = bound(channel, &[policy], &ops);
            assert_eq!(got, day, "{case}");
            assert!(week == 0 || got_week == week, "{case}: {got_week}");
        }
    }

    #[test]
    fn what_is_escalated_counts_where_it_goes() {
        let escalate = Escalation {
            to: name("phone"),
            after: FIVE_MINUTES,
        };
        let ops = Receiver {
            escalate: Some(escalate),
            ..Receiver::people(vec!["noc".to_owned()])
        };
        let critical = Policy {
            severity: Severity::Critical,
            ..below("0")
        };
        assert_eq!(
            bound("phone", std::slice::from_ref(&critical), &ops).day,
            17,
            "it begins and it ends"
        );
        assert_eq!(bound("phone", &[below("0")], &ops).day, 0, "only what is critical");
        let twice = bound("ops", &[critical, below("0")], &ops);
        assert_eq!(twice.day, 36, "the sum of both");
    }
}
