//! What still stands: of what waits, by the alerts of this sweep; of an intent, by what was read a moment ago.

use std::collections::BTreeSet;

use super::intents::{Fleet, Intent, other};
use crate::domain::Policy;
use crate::domain::alert::Alert;
use crate::domain::enforcement::{Direction, Enforcement, EnforcementState, Mode};
use crate::domain::policy::Scope;
use crate::domain::verdict::{Known, Verdict, judge};
use crate::domain::watch::Watched;

/// What was planned or put off and is not wanted any more: its episode is over, its policy asks for something else, or
/// the mode changed. A client that was merely not read in this sweep keeps what waits.
pub fn outdated<'a>(fleet: &Fleet<'a>, alerts: impl IntoIterator<Item = &'a Alert>) -> Vec<&'a Enforcement> {
    let waits = |kept: &&Enforcement| {
        matches!(
            kept.state,
            EnforcementState::Planned | EnforcementState::Deferred { .. }
        )
    };
    let mut waiting: Vec<&Enforcement> = fleet.history.iter().filter(waits).collect();
    if waiting.is_empty() || fleet.mode != Mode::Apply {
        return waiting;
    }
    let mut asked = BTreeSet::new();
    let mut asking = BTreeSet::new();
    for alert in alerts {
        let Some((_, enforce)) = fleet.enforce(&alert.policy) else {
            continue;
        };
        asking.insert((&alert.client, enforce.balance_management));
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
        !stands
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
                        .is_some_and(|enforce| enforce.balance_management == other(intent.wanted))
                    && policy
                        .clients
                        .selects(client.id.as_str(), &client.email, &client.company)
            };
            own == Some(Verdict::Clear)
                && policies
                    .iter()
                    .filter(asks)
                    .all(|policy| !matches!(verdict(policy), Verdict::Breach | Verdict::Unknown))
        }
    }
}
