//! What is wanted: at most one intent per client, made from its firing alerts.
//!
//! Whether an intent may be carried out is decided elsewhere; nothing here knows of caps, brakes or protection.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::guards::Guards;
use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
use crate::domain::decision::Decision;
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, Mode, Outcome, Refusal};
use crate::domain::kept::{Warning, Warnings};
use crate::domain::policy::{Enforce, Scope};
use crate::domain::time::later;
use crate::domain::watch::{AccountState, Watched};
use crate::domain::{ChannelName, ClientId, Management, Money, Policy, PolicyName};

/// A change of one client that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub client: ClientId,
    /// The policy that asks for it.
    pub policy: PolicyName,
    /// Its episode; for a change back, the episode that asked for the change.
    pub episode: EpisodeId,
    /// The mode in which the episode began.
    pub episode_mode: Mode,
    pub direction: Direction,
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
    /// Whether the client could not be read when its turn was, or the API did not do the change.
    pub was_in_vain: bool,
    /// The entry of `protect` that names the client.
    pub protected: Option<String>,
    /// How far those are warned who must be.
    pub warned: Warned,
    /// Whether people were asked to approve it.
    pub request: Request,
    /// When it was changed, if it may go back only after a deposit since.
    pub needs_deposit_since: Option<Timestamp>,
    /// Whether a person wants it taken back, and no policy.
    pub by_person: bool,
}

/// How far those are warned who must be before a change; the nearest to it first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warned {
    /// Nobody has to be.
    Fully,
    /// Everybody was, and has time until then.
    Until(Timestamp),
    /// What was to warn through this channel has not arrived yet.
    NotYet(ChannelName),
    /// What was to warn through this channel will not arrive.
    Cannot { channel: ChannelName, why: String },
}

/// What people were asked to approve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The enforcements by which they know it.
    pub ids: Vec<String>,
    /// When they were last asked.
    pub asked_at: Option<Timestamp>,
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
    /// To take back a change that was verified, because a person wants it; `None` when it is none.
    #[must_use]
    pub fn undoing(done: &Enforcement, wish: &Decision, now: Timestamp) -> Option<Self> {
        Some(Self {
            client: done.client.clone(),
            policy: done.policy.clone(),
            episode: done.episode.clone(),
            episode_mode: Mode::Apply,
            direction: Direction::Revert,
            wanted: other(done.wanted),
            back: Some(Back {
                code: done.code_before.clone().filter(|_| done.can_be_undone())?,
                fingerprint: done.fingerprint_after.clone()?,
            }),
            balance: done.balance,
            read_at: now,
            confirmed: true,
            code_listed: None,
            fingerprint_listed: None,
            edited_at: None,
            was_in_vain: false,
            protected: None,
            warned: Warned::Fully,
            request: Request {
                ids: wish.scope.enforcement.iter().cloned().collect(),
                asked_at: None,
            },
            needs_deposit_since: None,
            by_person: true,
        })
    }

    /// The order in which intents are carried out: money at risk first. That is what policies ask for before what goes
    /// back, and of those the lowest balance first; ids break ties, so that the order is the same every time. A client
    /// whose turn was in vain goes behind the others, or a few such would keep everybody waiting.
    #[must_use]
    pub fn rank(&self) -> (bool, bool, Money, &ClientId) {
        let is_revert = self.direction == Direction::Revert;
        (self.was_in_vain, is_revert, self.balance, &self.client)
    }
}

/// What is known of an account's clients when an enforcement is planned, in the middle of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Fleet<'a> {
    /// When the sweep began: older readings decide nothing.
    pub sweep_started_at: Timestamp,
    /// What is remembered of the account.
    pub state: &'a AccountState,
    /// How many clients it has.
    pub clients: u32,
    pub guards: &'a Guards,
    /// Where the warnings of running episodes stand.
    pub warnings: &'a Warnings,
    /// All policies that are enabled.
    pub policies: &'a [Policy],
    /// Enforcements of this account, in any order: those of the last 24 hours, those of running episodes, those that did
    /// not end, and each client's newest that changed something with what came after it.
    pub history: &'a [Enforcement],
}

impl<'a> Fleet<'a> {
    /// What a policy that is about clients asks for; `None` for every other policy.
    pub(super) fn enforce(&self, policy: &PolicyName) -> Option<(&'a Policy, &'a Enforce)> {
        let policy = self.policies.iter().find(|known| known.name == *policy)?;
        (policy.scope == Scope::Clients).then_some(())?;
        Some((policy, policy.enforce.as_ref()?))
    }

    /// The alert, if it fires and its policy asks for a change.
    fn asking(&self, alert: &'a Alert) -> Option<Asking<'a>> {
        let (policy, enforce) = self.enforce(&alert.policy)?;
        let firing = alert.firing()?;
        Some(Asking {
            policy,
            enforce,
            firing,
        })
    }
}

/// One client, all that concerns it.
struct Case<'a> {
    fleet: &'a Fleet<'a>,
    watched: &'a Watched,
    /// Its alerts whose policies ask for changes.
    alerts: Vec<&'a Alert>,
    /// What firing ones of them ask for.
    asking: Vec<Asking<'a>>,
    /// What was done about it before.
    history: Vec<&'a Enforcement>,
}

impl<'a> Case<'a> {
    /// What the client's firing alerts ask for.
    fn enforcing(&self) -> Option<Intent> {
        let wanted = wanted(&self.asking)?;
        let mode = self.fleet.guards.mode;
        let best = self
            .asking
            .iter()
            .filter(|asker| asker.enforce.balance_management == wanted)
            .filter(|asker| asker.firing.last_reading_at >= Some(self.fleet.sweep_started_at))
            // A wish that came true once is not repeated in the same episode: whoever undid it since had a reason.
            .filter(|asker| !self.is_settled(wanted, asker.firing))
            .min_by_key(|asker| {
                let stands = (asker.firing.mode < mode, !asker.firing.confirmed, self.warned(asker));
                (stands, reverts(asker.policy), &asker.policy.name)
            })?;
        Some(Intent {
            episode_mode: best.firing.mode,
            confirmed: best.firing.confirmed,
            warned: self.warned(best),
            ..self.intent(&best.policy.name, &best.firing.episode, wanted)?
        })
    }

    /// How far those are warned who must be before a policy's change. Their time begins when the last of them was, and again
    /// when the clock jumped.
    fn warned(&self, asker: &Asking<'_>) -> Warned {
        let Enforce {
            grace,
            requires_notified,
            ..
        } = asker.enforce;
        let mut since = asker
            .firing
            .since
            .max(self.fleet.state.clock_jumped_at.unwrap_or(Timestamp::MIN));
        let mut not_yet = None;
        for channel in requires_notified {
            match self
                .fleet
                .warnings
                .get(&(asker.firing.episode.clone(), channel.clone()))
            {
                Some(Warning::Arrived { at }) => since = since.max(*at),
                Some(Warning::Failed { why }) => {
                    let (channel, why) = (channel.clone(), why.clone());
                    return Warned::Cannot { channel, why };
                }
                Some(Warning::Waits) | None => not_yet = Some(channel.clone()),
            }
        }
        match not_yet {
            Some(channel) => Warned::NotYet(channel),
            None if grace.is_zero() => Warned::Fully,
            None => Warned::Until(later(since, *grace)),
        }
    }

    /// Whether the client was set to `wanted`, or an attempt came to a bad end, since the episode began.
    fn is_settled(&self, wanted: Management, firing: &Firing) -> bool {
        self.history.iter().any(|done| {
            done.direction == Direction::Enforce
                && done.wanted == wanted
                && (done.changed_at >= firing.since || done.episode == firing.episode)
                && (done.may_have_changed() || is_already(&done.state))
        })
    }

    /// The change that goes back to what was there before, if everything speaks for it.
    fn reverting(&self) -> Option<Intent> {
        let ours = self.newest_of_ours()?;
        let (policy, enforce) = self.fleet.enforce(&ours.policy)?;
        let asks_for_it = |alert: &&Alert| {
            let asks = self
                .fleet
                .enforce(&alert.policy)
                .map(|(_, enforce)| enforce.balance_management);
            asks_still(alert) && asks == Some(ours.wanted)
        };
        let client = &self.watched.client;
        let goes_back = reverts(policy)
            && policy.is_for(client)
            && !self.alerts.iter().any(asks_for_it)
            && self.history.iter().all(|other| self.lets_go_back(ours, other));
        if !goes_back {
            return None;
        }
        let intent = self.intent(&ours.policy, &ours.episode, other(ours.wanted))?;
        Some(Intent {
            request: self.request(&ours.episode, Direction::Revert, intent.wanted),
            needs_deposit_since: enforce.revert_needs_deposit.then_some(ours.changed_at),
            direction: Direction::Revert,
            back: Some(Back {
                code: ours.code_before.clone()?,
                fingerprint: ours.fingerprint_after.clone()?,
            }),
            ..intent
        })
    }

    /// The client's newest change, if it is one that we made because a policy asked, and that was verified.
    fn newest_of_ours(&self) -> Option<&'a Enforcement> {
        let changes = self.history.iter().filter(|done| done.may_have_changed());
        let newest = changes.max_by_key(|done| (done.changed_at, &done.id))?;
        newest.can_be_undone().then_some(*newest)
    }

    /// Whether another kept enforcement lets `ours` be taken back: not when a policy that never reverts found its
    /// wish fulfilled by it, and not when going back was done or given up.
    fn lets_go_back(&self, ours: &Enforcement, other: &Enforcement) -> bool {
        let EnforcementState::Ended { outcome } = &other.state else {
            return true;
        };
        match other.direction {
            _ if other.changed_at < ours.changed_at => true,
            Direction::Enforce if is_already(&other.state) => {
                let policy = self.fleet.enforce(&other.policy);
                policy.is_some_and(|(policy, _)| reverts(policy))
            }
            Direction::Enforce => true,
            Direction::Revert => {
                !is_already(&other.state)
                    && !matches!(
                        outcome,
                        Outcome::Refused {
                            why: Refusal::EditedSince
                        }
                    )
            }
        }
    }

    /// An intent, with what comes from the client; `None` without a reading from this sweep.
    fn intent(&self, policy: &PolicyName, episode: &EpisodeId, wanted: Management) -> Option<Intent> {
        let started_at = self.fleet.sweep_started_at;
        let client = &self.watched.client;
        let reading = self
            .watched
            .reading
            .as_ref()
            .filter(|reading| reading.at >= started_at)?;
        let is_listed_now = self.fleet.state.inventory_at >= Some(started_at) && self.watched.missing_since.is_none();
        Some(Intent {
            client: client.id.clone(),
            policy: policy.clone(),
            episode: episode.clone(),
            // What goes back needs no confirmation of its own.
            episode_mode: Mode::Apply,
            confirmed: true,
            direction: Direction::Enforce,
            wanted,
            back: None,
            balance: reading.balance,
            read_at: reading.at,
            code_listed: is_listed_now.then(|| client.balance_management.clone()),
            fingerprint_listed: is_listed_now.then(|| client.fingerprint.clone()),
            edited_at: self.watched.edited_at,
            was_in_vain: self.history.iter().any(|kept| {
                let was_tried = matches!(
                    &kept.state,
                    EnforcementState::Deferred {
                        why: Deferral::Unreadable { .. } | Deferral::TooLate
                    }
                );
                kept.episode == *episode && (was_tried || kept.state.not_done().is_some())
            }),
            protected: self.fleet.guards.protecting(client).map(ToString::to_string),
            warned: Warned::Fully,
            request: self.request(episode, Direction::Enforce, wanted),
            needs_deposit_since: None,
            by_person: false,
        })
    }

    /// By what people know a change, as far as it was not cancelled.
    fn request(&self, episode: &EpisodeId, direction: Direction, wanted: Management) -> Request {
        let cancelled = EnforcementState::Ended {
            outcome: Outcome::Cancelled,
        };
        let is_it = |kept: &&&Enforcement| {
            kept.episode == *episode && (kept.direction, kept.wanted) == (direction, wanted) && kept.state != cancelled
        };
        let of_it = self.history.iter().filter(is_it);
        Request {
            asked_at: of_it.clone().filter_map(|kept| kept.asked_at).max(),
            ids: of_it.map(|kept| kept.id.clone()).collect(),
        }
    }
}

/// A firing alert that asks for a change.
#[derive(Clone, Copy, Debug)]
struct Asking<'a> {
    policy: &'a Policy,
    enforce: &'a Enforce,
    firing: &'a Firing,
}

/// The wanted value belongs to the client: HARD if any firing alert asks for it.
fn wanted(asking: &[Asking<'_>]) -> Option<Management> {
    let asks = |value| asking.iter().any(|asker| asker.enforce.balance_management == value);
    [Management::Hard, Management::Soft]
        .into_iter()
        .find(|value| asks(*value))
}

/// Whether what this policy caused may be taken back by the program: never after a day's spending was over its limit,
/// because that is over at midnight whoever burns the money.
fn reverts(policy: &Policy) -> bool {
    policy
        .enforce
        .as_ref()
        .is_some_and(|enforce| enforce.revert_on_recovery)
        && policy.when.spent_today_above.is_none()
}

/// Whether an alert speaks against going back: also one that is about to fire, which would ask for the change again and could not
/// have it for a day. One that cools down is over.
pub(super) const fn asks_still(alert: &Alert) -> bool {
    !matches!(alert.phase, Phase::CoolingDown { .. })
}

pub(super) fn is_already(state: &EnforcementState) -> bool {
    matches!(
        state,
        EnforcementState::Ended {
            outcome: Outcome::Already
        }
    )
}

pub(super) const fn other(management: Management) -> Management {
    match management {
        Management::Hard => Management::Soft,
        Management::Soft => Management::Hard,
    }
}

/// What is wanted now, in the order in which it is to be carried out. `watched` gives what is remembered of a client.
///
/// There is no intent to enforce without a firing alert that was judged by a reading of this sweep, and none to go
/// back without such a reading.
pub fn intents<'a>(
    fleet: &'a Fleet<'a>,
    alerts: impl IntoIterator<Item = &'a Alert>,
    watched: impl Fn(&ClientId) -> Option<&'a Watched>,
) -> Vec<Intent> {
    let mut clients: BTreeMap<&ClientId, (Vec<&Alert>, Vec<&Enforcement>)> = BTreeMap::new();
    for alert in alerts {
        if fleet.enforce(&alert.policy).is_some() {
            clients.entry(&alert.client).or_default().0.push(alert);
        }
    }
    // Clients without an alert matter too: what was changed while they had one may go back.
    for done in fleet.history {
        clients.entry(&done.client).or_default().1.push(done);
    }
    let mut wanted: Vec<Intent> = clients
        .into_iter()
        .filter(|(client, _)| !client.is_pseudo())
        .filter_map(|(client, (alerts, history))| {
            let watched = watched(client).filter(|watched| watched.vanished_at.is_none())?;
            let asking = alerts.iter().filter_map(|alert| fleet.asking(alert)).collect();
            let case = Case {
                fleet,
                watched,
                alerts,
                asking,
                history,
            };
            case.enforcing().or_else(|| case.reverting())
        })
        .collect();
    wanted.sort_by(|one, other| one.rank().cmp(&other.rank()));
    wanted
}
