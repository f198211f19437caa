//! What is wanted: at most one intent per client, made from its firing alerts.
//!
//! Whether an intent may be carried out is decided elsewhere; nothing here knows of caps, brakes or protection.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
use crate::domain::enforcement::{Direction, Enforcement, EnforcementState, Mode, Outcome, Refusal};
use crate::domain::policy::{Enforce, Scope};
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Management, Money, Policy, PolicyName};

/// A change of one client that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The client.
    pub client: ClientId,
    /// The policy that asks for it.
    pub policy: PolicyName,
    /// Its episode; for a change back, the episode that asked for the change.
    pub episode: EpisodeId,
    /// The mode in which the episode began.
    pub episode_mode: Mode,
    /// Which way.
    pub direction: Direction,
    /// The wanted value.
    pub wanted: Management,
    /// What to go back to; `None` when enforcing.
    pub back: Option<Back>,
    /// The balance by this sweep's reading.
    pub balance: Money,
    /// When that reading was taken.
    pub read_at: Timestamp,
    /// Whether a baseline's finding was confirmed by a second reading.
    pub confirmed: bool,
    /// The client's code by this sweep's list of clients; `None` when the list is older.
    pub code_listed: Option<String>,
    /// The record's fingerprint by this sweep's list of clients; `None` when the list is older.
    pub fingerprint_listed: Option<String>,
    /// When somebody was last seen to have edited the record.
    pub edited_at: Option<Timestamp>,
}

/// How a change is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// The code that was there before.
    pub code: String,
    /// The fingerprint of the record as it was left: only that record is changed back.
    pub fingerprint: String,
}

impl Intent {
    /// The order in which intents are carried out: money at risk first. That is what policies ask for before what goes
    /// back, and of those the lowest balance first; ids break ties, so that the order is the same every time.
    #[must_use]
    pub fn rank(&self) -> (bool, Money, &ClientId) {
        (self.direction == Direction::Revert, self.balance, &self.client)
    }
}

/// What is known of an account's clients when an enforcement is planned, in the middle of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Fleet<'a> {
    /// When the sweep began: older readings decide nothing.
    pub sweep_started_at: Timestamp,
    /// When the list of clients was last read.
    pub inventory_at: Option<Timestamp>,
    /// The present mode.
    pub mode: Mode,
    /// All policies that are enabled.
    pub policies: &'a [Policy],
    /// Every enforcement that is kept of this account, in any order: at least those of the last 24 hours, those of
    /// running episodes, those not ended, and each client's newest that was verified.
    pub history: &'a [Enforcement],
}

impl<'a> Fleet<'a> {
    /// What a policy that is about clients asks for; `None` for every other policy.
    fn enforce(&self, policy: &PolicyName) -> Option<(&'a Policy, Enforce)> {
        let policy = self.policies.iter().find(|known| known.name == *policy)?;
        (policy.scope == Scope::Clients).then_some(())?;
        Some((policy, policy.enforce?))
    }

    /// The fields of an intent that come from the client; `None` without a reading from this sweep.
    fn intent(&self, watched: &Watched, firing: &Asking<'_>) -> Option<Intent> {
        let reading = watched.reading.as_ref().filter(|reading| reading.at >= self.sweep_started_at)?;
        let is_listed_now = self.inventory_at.is_some_and(|at| at >= self.sweep_started_at);
        Some(Intent {
            client: watched.client.id.clone(),
            policy: firing.policy.name.clone(),
            episode: firing.firing.episode.clone(),
            episode_mode: firing.firing.mode,
            direction: Direction::Enforce,
            wanted: firing.enforce.balance_management,
            back: None,
            balance: reading.balance,
            read_at: reading.at,
            confirmed: firing.firing.confirmed,
            code_listed: is_listed_now.then(|| watched.client.balance_management.clone()),
            fingerprint_listed: is_listed_now.then(|| watched.client.fingerprint.clone()),
            edited_at: watched.edited_at,
        })
    }

    /// What the client's firing alerts ask for.
    fn enforcing(&self, watched: &Watched, asking: &[Asking<'_>]) -> Option<Intent> {
        let wanted = wanted(asking)?;
        // A wish that came true once is not repeated in the same episode: whoever undid it since had a reason.
        let mut open: Vec<&Asking<'_>> = asking
            .iter()
            .filter(|asker| asker.enforce.balance_management == wanted)
            .filter(|asker| asker.firing.last_reading_at >= Some(self.sweep_started_at))
            .filter(|asker| !self.is_settled(&watched.client.id, wanted, asker.firing))
            .collect();
        open.sort_by_key(|asker| {
            let eligible = asker.firing.mode == self.mode && asker.firing.confirmed;
            (!eligible, asker.firing.mode != self.mode, reverts(asker.policy), &asker.policy.name)
        });
        self.intent(watched, open.first()?)
    }

    /// Whether the client was set to `wanted`, or an attempt came to a bad end, since the episode began.
    fn is_settled(&self, client: &ClientId, wanted: Management, firing: &Firing) -> bool {
        self.history.iter().any(|done| {
            done.client == *client
                && done.direction == Direction::Enforce
                && done.wanted == wanted
                && (done.changed_at >= firing.since || done.episode == firing.episode)
                && match &done.state {
                    EnforcementState::Sent => true,
                    EnforcementState::Ended { outcome } => matches!(
                        outcome,
                        Outcome::Verified | Outcome::Already | Outcome::Differs { .. } | Outcome::Unknown { .. }
                    ),
                    EnforcementState::Planned | EnforcementState::Deferred { .. } => false,
                }
        })
    }

    /// The change that goes back to what was there before, if everything speaks for it.
    fn reverting(&self, watched: &Watched, alerts: &[&Alert], asking: &[Asking<'_>]) -> Option<Intent> {
        let ours = self.newest_of_ours(&watched.client.id)?;
        let (policy, enforce) = self.enforce(&ours.policy)?;
        let asks_for_it = |alert: &&&Alert| {
            let asks = self.enforce(&alert.policy).map(|(_, enforce)| enforce.balance_management);
            !matches!(alert.phase, Phase::CoolingDown { .. }) && asks == Some(ours.wanted)
        };
        let client = &watched.client;
        let goes_back = enforce.revert_on_recovery
            && reverts(policy)
            && policy.clients.selects(client.id.as_str(), &client.email, &client.company)
            && alerts.iter().find(asks_for_it).is_none()
            && asking.iter().all(|asker| asker.enforce.balance_management != ours.wanted)
            && self.history.iter().all(|other| self.lets_go_back(ours, other));
        if !goes_back {
            return None;
        }
        let reading = watched.reading.as_ref().filter(|reading| reading.at >= self.sweep_started_at)?;
        let is_listed_now = self.inventory_at.is_some_and(|at| at >= self.sweep_started_at);
        Some(Intent {
            client: client.id.clone(),
            policy: ours.policy.clone(),
            episode: ours.episode.clone(),
            // What was set was set in mode apply.
            episode_mode: Mode::Apply,
            direction: Direction::Revert,
            wanted: match ours.wanted {
                Management::Hard => Management::Soft,
                Management::Soft => Management::Hard,
            },
            back: Some(Back {
                code: ours.code_before.clone()?,
                fingerprint: ours.fingerprint_after.clone()?,
            }),
            balance: reading.balance,
            read_at: reading.at,
            confirmed: true,
            code_listed: is_listed_now.then(|| client.balance_management.clone()),
            fingerprint_listed: is_listed_now.then(|| client.fingerprint.clone()),
            edited_at: watched.edited_at,
        })
    }

    /// The client's newest change, if it is one that we made because a policy asked, and that was verified.
    fn newest_of_ours(&self, client: &ClientId) -> Option<&'a Enforcement> {
        let newest = self
            .history
            .iter()
            .filter(|done| done.client == *client && may_have_changed(&done.state))
            .max_by(|one, other| (one.changed_at, &one.id).cmp(&(other.changed_at, &other.id)))?;
        let verified = matches!(&newest.state, EnforcementState::Ended { outcome: Outcome::Verified });
        (verified && newest.direction == Direction::Enforce).then_some(newest)
    }

    /// Whether another kept enforcement of the same client lets `ours` be taken back: not when a policy that never
    /// reverts found its wish fulfilled by it, when going back was done or given up, or when something is under way.
    fn lets_go_back(&self, ours: &Enforcement, other: &Enforcement) -> bool {
        if other.client != ours.client || other.changed_at < ours.changed_at {
            return true;
        }
        let EnforcementState::Ended { outcome } = &other.state else {
            return other.state != EnforcementState::Sent;
        };
        let refused_for_good = matches!(
            outcome,
            Outcome::Refused { why: Refusal::EditedSince | Refusal::UndoNotListed { .. } }
        );
        match other.direction {
            Direction::Enforce if *outcome == Outcome::Already => {
                self.enforce(&other.policy).is_some_and(|(policy, _)| reverts(policy))
            }
            Direction::Enforce => true,
            Direction::Revert => *outcome != Outcome::Already && !(refused_for_good && other.episode == ours.episode),
        }
    }
}

/// A firing alert that asks for a change.
#[derive(Clone, Copy, Debug)]
struct Asking<'a> {
    policy: &'a Policy,
    enforce: Enforce,
    firing: &'a Firing,
}

/// The wanted value belongs to the client: HARD if any firing alert asks for it.
fn wanted(asking: &[Asking<'_>]) -> Option<Management> {
    let asks = |value| asking.iter().any(|asker| asker.enforce.balance_management == value);
    [Management::Hard, Management::Soft].into_iter().find(|value| asks(*value))
}

/// Whether what this policy caused may be taken back by the program: never after a day's spending was over its limit,
/// because that is over at midnight whoever burns the money.
fn reverts(policy: &Policy) -> bool {
    policy.enforce.is_some_and(|enforce| enforce.revert_on_recovery) && policy.when.spent_today_above.is_none()
}

/// Whether the record may have been changed by it.
fn may_have_changed(state: &EnforcementState) -> bool {
    match state {
        EnforcementState::Sent => true,
        EnforcementState::Ended { outcome } => matches!(
            outcome,
            Outcome::Verified | Outcome::Differs { .. } | Outcome::Unknown { .. }
        ),
        EnforcementState::Planned | EnforcementState::Deferred { .. } => false,
    }
}

/// What is wanted now, in the order in which it is to be carried out. `watched` gives what is remembered of a client.
///
/// There is no intent to enforce without a firing alert that was judged by a reading of this sweep, and none to go
/// back without such a reading.
pub fn intents<'a>(
    fleet: &Fleet<'a>,
    alerts: impl IntoIterator<Item = &'a Alert>,
    watched: impl Fn(&ClientId) -> Option<&'a Watched>,
) -> Vec<Intent> {
    let mut by_client: BTreeMap<&ClientId, Vec<&Alert>> = BTreeMap::new();
    // Clients without an alert matter too: what was changed while they had one may go back.
    for done in fleet.history.iter().filter(|done| may_have_changed(&done.state)) {
        by_client.entry(&done.client).or_default();
    }
    for alert in alerts {
        if fleet.enforce(&alert.policy).is_some() {
            by_client.entry(&alert.client).or_default().push(alert);
        }
    }
    let mut wanted: Vec<Intent> = by_client
        .into_iter()
        .filter(|(client, _)| !client.is_pseudo())
        .filter_map(|(client, alerts)| {
            let watched = watched(client).filter(|watched| watched.vanished_at.is_none())?;
            let asking: Vec<Asking<'_>> = alerts.iter().filter_map(|alert| asking(fleet, alert)).collect();
            fleet
                .enforcing(watched, &asking)
                .or_else(|| fleet.reverting(watched, &alerts, &asking))
        })
        .collect();
    wanted.sort_by(|one, other| one.rank().cmp(&other.rank()));
    wanted
}

/// The alert, if it fires and its policy asks for a change.
fn asking<'a>(fleet: &Fleet<'a>, alert: &'a Alert) -> Option<Asking<'a>> {
    let (policy, enforce) = fleet.enforce(&alert.policy)?;
    let firing = alert.firing()?;
    Some(Asking {
        policy,
        enforce,
        firing,
    })
}

/// What was planned or put off and is not wanted any more: its episode is over, its policy asks for something else, or
/// the mode changed. A client that was merely not read in this sweep keeps what waits.
pub fn outdated<'a>(
    fleet: &Fleet<'a>,
    alerts: impl IntoIterator<Item = &'a Alert>,
    intents: &[Intent],
) -> Vec<&'a Enforcement> {
    let waits = |state: &EnforcementState| {
        matches!(state, EnforcementState::Planned | EnforcementState::Deferred { .. })
    };
    let mut waiting: Vec<&Enforcement> = fleet.history.iter().filter(|kept| waits(&kept.state)).collect();
    if waiting.is_empty() {
        return waiting;
    }
    let asking: Vec<(&ClientId, Asking<'_>)> = alerts
        .into_iter()
        .filter_map(|alert| Some((&alert.client, asking(fleet, alert)?)))
        .collect();
    waiting.retain(|kept| {
        let is_wanted = intents.iter().any(|intent| {
            intent.episode == kept.episode && intent.direction == kept.direction && intent.wanted == kept.wanted
        });
        let mut alerts = asking.iter().filter(|(client, _)| *client == &kept.client);
        let still_stands = match kept.direction {
            Direction::Enforce => alerts.any(|(_, asker)| {
                asker.firing.episode == kept.episode && asker.enforce.balance_management == kept.wanted
            }),
            Direction::Revert => alerts.next().is_none() && fleet.enforce(&kept.policy).is_some(),
        };
        fleet.mode != Mode::Apply || !(is_wanted || still_stands)
    });
    waiting
}
