//! What still stands: of what waits, by the alerts of this sweep; of an intent, by what was read a moment ago.

use std::collections::{BTreeMap, BTreeSet};

use super::intents::{Fleet, Intent, asks_still, is_already, other};
use crate::domain::alert::Alert;
use crate::domain::enforcement::{Direction, Enforcement, EnforcementState};
use crate::domain::judge::verdict::{Known, Verdict, judge};
use crate::domain::policy::Scope;
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Policy};

/// Of what waits, the ids of those whose wish another change of the same client fulfilled since, because another policy asked
/// for the same.
#[must_use]
pub fn fulfilled(history: &[Enforcement]) -> BTreeSet<&str> {
    let mut done: BTreeMap<&ClientId, Vec<&Enforcement>> = BTreeMap::new();
    for kept in history {
        if kept.may_have_changed() || is_already(&kept.state) {
            done.entry(&kept.client).or_default().push(kept);
        }
    }
    let is_fulfilled = |kept: &&Enforcement| {
        let mut others = done.get(&kept.client).into_iter().flatten();
        others.any(|other| {
            (other.direction, other.wanted) == (kept.direction, kept.wanted) && other.changed_at >= kept.planned_at
        })
    };
    let deferred = history
        .iter()
        .filter(|kept| matches!(kept.state, EnforcementState::Deferred { .. }));
    deferred.filter(is_fulfilled).map(|kept| kept.id.as_str()).collect()
}

/// What was planned or put off and is not wanted any more: its episode is over, its policy asks for something else, another
/// change fulfilled it, or the mode changed. A client that was merely not read in this sweep keeps what waits.
pub fn outdated<'a>(fleet: &Fleet<'a>, alerts: impl IntoIterator<Item = &'a Alert>) -> Vec<&'a Enforcement> {
    let waits = |kept: &&Enforcement| {
        matches!(
            kept.state,
            EnforcementState::Planned | EnforcementState::Deferred { .. }
        )
    };
    let mut waiting: Vec<&Enforcement> = fleet.history.iter().filter(waits).collect();
    let mode = fleet.guards.mode;
    let is_other = fleet.state.enforced_in.is_some_and(|before| before != mode);
    if waiting.is_empty() || !mode.changes() || is_other {
        return waiting;
    }
    let fulfilled = fulfilled(fleet.history);
    let mut asked = BTreeSet::new();
    let mut asking = BTreeSet::new();
    for alert in alerts {
        let Some((_, enforce)) = fleet.enforce(&alert.policy) else {
            continue;
        };
        if asks_still(alert) {
            asking.insert((&alert.client, enforce.balance_management));
        }
        if let Some(firing) = alert.firing() {
            asked.insert((firing.episode.as_str(), enforce.balance_management));
        }
    }
    waiting.retain(|kept| {
        let stands = match kept.direction {
            Direction::Enforce => asked.contains(&(kept.episode.as_str(), kept.wanted)),
            Direction::Revert => {
                fleet.enforce(&kept.policy).is_some() && !asking.contains(&(&kept.client, other(kept.wanted)))
            }
        };
        !stands || fulfilled.contains(kept.id.as_str())
    });
    waiting
}

/// Whether what was read a moment ago still calls for what an intent wants: its policy is in breach; or, for a change
/// back, its policy is clear and no other that asks for the present value is in breach or cannot tell.
#[must_use]
pub fn still_called_for(intent: &Intent, policies: &[Policy], watched: &Watched, known: &Known<'_>) -> bool {
    let client = &watched.client;
    let verdict = |policy: &Policy| {
        // Silence is over once a balance was read.
        let judged = policy.when.no_reading_for.is_none() && known.reading.is_some();
        if judged {
            judge(policy, known).verdict
        } else {
            Verdict::Unknown
        }
    };
    let own = policies.iter().find(|policy| policy.name == intent.policy).map(verdict);
    match intent.direction {
        Direction::Enforce => own == Some(Verdict::Breach),
        Direction::Revert => {
            let asks = |policy: &&Policy| {
                policy.scope == Scope::Clients
                    && policy.when.no_reading_for.is_none()
                    && policy
                        .enforce
                        .as_ref()
                        .is_some_and(|enforce| enforce.balance_management == other(intent.wanted))
                    && policy.is_for(client)
            };
            own == Some(Verdict::Clear)
                && policies
                    .iter()
                    .filter(asks)
                    .all(|policy| !matches!(verdict(policy), Verdict::Breach | Verdict::Unknown))
        }
    }
}
