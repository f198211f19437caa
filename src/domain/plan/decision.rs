//! Whether an intent may be carried out now, or what stands in the way.
//!
//! Nothing is dropped by a cap or a brake: it is put off and looked at again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::intents::Intent;
use super::send::resolve;
use crate::domain::ClientId;
use crate::domain::alert::EpisodeId;
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, Mode, Outcome, Refusal};
use crate::domain::watch::AccountState;

/// Caps and the rule of one change each way count over this time.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long a record is left alone after a person edited it. Longer would delay what the edit has nothing to do with;
/// shorter would write while the person may still be at it.
const EDIT_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// How long a record that was refused is not read again. Each look costs three calls, and whole fleets may be refused
/// for one reason (passwords that come masked); an hour keeps that far below one call per client and sweep.
const REFUSAL_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// How many clients a sweep reads to change them, beyond `max_per_sweep`, when it turns out that they are refused, or are
/// as wanted already. Each costs three calls before those of the next sweep; what is left is looked at then.
const LOOKS_BEYOND_CAP: u32 = 10;

/// How soon a change that the API says it did not do is tried again. Sooner, and every sweep would ask an API that is being
/// worked on; later, and a client would burn money for a maintenance that is long over.
const TRY_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// How often a change of one client that got no answer is tried in 24 hours. A lost request is worth another try; one
/// that is lost every time is not the network's fault, and each try opens the window again.
const TRIES_PER_DAY: u32 = 3;

/// How many changes there may be, each way counted for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    pub per_sweep: u32,
    /// In any 24 hours.
    pub per_day: u32,
}

/// Where the first enforcement ever of the account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// There was none: the next one goes alone.
    Alone,
    /// It was sent, and is to be read again before any other goes.
    Watched,
    /// It was read again, and was as it should be.
    Passed,
}

impl Canary {
    /// Where it stands by what is kept. One that did not happen, was declined or came to a bad end is no canary: the
    /// next one goes alone again.
    #[must_use]
    pub fn of(passed_at: Option<Timestamp>, history: &[Enforcement]) -> Self {
        if passed_at.is_some() {
            return Self::Passed;
        }
        let is_canary = |done: &Enforcement| {
            matches!(
                &done.state,
                EnforcementState::Sent
                    | EnforcementState::Ended {
                        outcome: Outcome::Verified
                    }
            )
        };
        if history.iter().any(is_canary) {
            Self::Watched
        } else {
            Self::Alone
        }
    }
}

/// What is to be done about an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be carried out now.
    Go,
    /// It would be carried out now, but nothing is changed in mode observe.
    Would,
    /// The client already is as wanted; nothing is sent.
    Already,
    /// Not now, and why.
    Deferred(Deferral),
    Refused(Refusal),
}

/// What enforcement reads of the configuration, beside the rules that its clients are judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// What may be changed at all.
    pub mode: Mode,
    /// Clients that are never touched.
    pub protect: BTreeSet<ClientId>,
    pub caps: Caps,
    /// Fields of a record beside the known ones that setClient leaves alone.
    pub extra_fields: BTreeSet<String>,
    /// How long the first enforcement ever is watched before any other.
    pub canary_wait: SignedDuration,
}

/// Everything a decision depends on besides the intent.
#[derive(Clone, Debug)]
pub struct World {
    pub now: Timestamp,
    /// When the sweep began.
    pub sweep_started_at: Timestamp,
    /// The bounds of the configuration.
    pub guards: Guards,
    /// Whether the brake is on.
    pub brake: bool,
    /// The account: its codes, when its clock jumped.
    pub state: AccountState,
    /// The first enforcement ever.
    pub canary: Canary,
    tally: Tally,
}

/// What was done before, counted.
#[derive(Clone, Debug, Default)]
struct Tally {
    /// Whether it is not known yet what became of one.
    unsettled: bool,
    /// How many clients were read in this sweep to be changed.
    looks: u32,
    /// Per direction: in this sweep.
    in_sweep: [u32; 2],
    /// Per direction: in the last 24 hours.
    in_day: [u32; 2],
    /// Who was changed which way in the last 24 hours.
    changed: BTreeSet<(ClientId, bool)>,
    /// How often a request got lost, for whom and which way, in the last 24 hours.
    lost: BTreeMap<(ClientId, bool), u32>,
    /// What the API said that it did not do, for whom and which way: its word, and when.
    not_done: BTreeMap<(ClientId, bool), (String, Timestamp)>,
    /// What was refused for what its record showed, and when it was last looked at.
    refused: BTreeMap<(EpisodeId, bool), (Refusal, Timestamp)>,
}

const fn is_revert(direction: Direction) -> bool {
    matches!(direction, Direction::Revert)
}

impl World {
    /// The world by what is kept: `history` as in [`Fleet`](super::Fleet).
    #[must_use]
    pub fn new(
        now: Timestamp,
        sweep_started_at: Timestamp,
        guards: &Guards,
        brake: bool,
        state: &AccountState,
        history: &[Enforcement],
    ) -> Self {
        let mut world = Self {
            now,
            sweep_started_at,
            guards: guards.clone(),
            brake,
            state: state.clone(),
            canary: Canary::of(state.canary_passed_at, history),
            tally: Tally::default(),
        };
        for done in history {
            world.count(done);
        }
        world
    }

    /// Counts an enforcement that was carried out, or that was refused.
    fn count(&mut self, done: &Enforcement) {
        let way = is_revert(done.direction);
        self.tally.unsettled |= done.state == EnforcementState::Sent;
        if let Some(why) = record_refusal(&done.state) {
            let key = (done.episode.clone(), way);
            if self
                .tally
                .refused
                .get(&key)
                .is_none_or(|(_, at)| *at <= done.changed_at)
            {
                self.tally.refused.insert(key, (why.clone(), done.changed_at));
            }
        }
        // A time in the future, after the clock went back, counts as well.
        let is_recent = self.now.duration_since(done.changed_at) < DAY;
        let did_not_happen = EnforcementState::Ended {
            outcome: Outcome::DidNotHappen,
        };
        if done.state == did_not_happen && is_recent {
            *self.tally.lost.entry((done.client.clone(), way)).or_default() += 1;
        }
        let not_done = done.state.not_done();
        if let Some(error) = not_done {
            let key = (done.client.clone(), way);
            let newest = self.tally.not_done.get(&key);
            if newest.is_none_or(|(_, at)| *at <= done.changed_at) {
                self.tally.not_done.insert(key, (error.to_owned(), done.changed_at));
            }
        }
        let was_written = was_written(&done.state);
        if (was_written || not_done.is_some()) && done.planned_at >= self.sweep_started_at {
            self.tally.in_sweep[usize::from(way)] += 1;
        }
        if was_written && is_recent {
            self.tally.in_day[usize::from(way)] += 1;
            self.tally.changed.insert((done.client.clone(), way));
        }
    }

    /// How many changes of this way the last 24 hours saw: what `per_day` caps.
    #[must_use]
    pub const fn used_in_day(&self, direction: Direction) -> u32 {
        let [enforced, reverted] = self.tally.in_day;
        if is_revert(direction) { reverted } else { enforced }
    }

    /// Counts an intent as carried out, so that the next decision knows of it.
    pub fn assume_done(&mut self, intent: &Intent) {
        let way = is_revert(intent.direction);
        self.tally.in_sweep[usize::from(way)] += 1;
        self.tally.in_day[usize::from(way)] += 1;
        self.tally.changed.insert((intent.client.clone(), way));
        if self.canary == Canary::Alone {
            self.canary = Canary::Watched;
        }
    }

    /// Counts clients that were read to be changed, whatever came of it.
    pub const fn count_looks(&mut self, looks: u32) {
        self.tally.looks += looks;
    }

    /// What is to be done about an intent. Refusals come before what waiting may end.
    #[must_use]
    pub fn decide(&self, intent: &Intent) -> Decision {
        if self.is_already(intent) {
            Decision::Already
        } else if let Some(why) = self.refuses(intent) {
            Decision::Refused(why)
        } else if let Some(why) = self.stops(intent) {
            Decision::Deferred(why)
        } else if self.guards.mode == Mode::Observe {
            Decision::Would
        } else if let Some(why) = self.paces(intent) {
            Decision::Deferred(why)
        } else {
            Decision::Go
        }
    }

    /// Whether this sweep's list of clients shows the wanted code.
    fn is_already(&self, intent: &Intent) -> bool {
        let wanted = match &intent.back {
            Some(back) => Some(back.code.as_str()),
            None => resolve(self.state.trusted_codes(), intent.wanted),
        };
        wanted.is_some() && intent.code_listed.as_deref() == wanted
    }

    /// What is refused whatever the record shows; what this sweep's list shows of the record; and what the record
    /// showed a short while ago.
    fn refuses(&self, intent: &Intent) -> Option<Refusal> {
        if self.guards.protect.contains(&intent.client) {
            return Some(Refusal::Protected);
        }
        if self.guards.mode == Mode::Apply && intent.episode_mode != Mode::Apply {
            return Some(Refusal::OtherMode);
        }
        if let (Some(back), Some(listed)) = (&intent.back, &intent.fingerprint_listed)
            && back.fingerprint != *listed
        {
            return Some(Refusal::EditedSince);
        }
        let key = (intent.episode.clone(), is_revert(intent.direction));
        let (why, at) = self.tally.refused.get(&key)?;
        (self.now.duration_since(*at) < REFUSAL_PAUSE).then(|| why.clone())
    }

    /// What stands in the way of this one for now, whatever the mode.
    fn stops(&self, intent: &Intent) -> Option<Deferral> {
        let key = (intent.client.clone(), is_revert(intent.direction));
        if self.brake {
            Some(Deferral::Brake)
        } else if self.state.clock_jumped_at >= Some(self.sweep_started_at) {
            Some(Deferral::ClockJumped)
        } else if !intent.confirmed {
            Some(Deferral::Unconfirmed)
        } else if intent.edited_at.is_some_and(|at| self.was_edited_recently(at)) {
            Some(Deferral::EditedRecently)
        } else if self.tally.changed.contains(&key) {
            Some(Deferral::OncePerDay)
        } else if self.tally.lost.get(&key) >= Some(&TRIES_PER_DAY) {
            Some(Deferral::GaveUp)
        } else {
            let (error, at) = self.tally.not_done.get(&key)?;
            // A clock that went back must not keep it waiting: one try too many changes nothing.
            let is_over = self.now < *at || self.now.duration_since(*at) >= TRY_AGAIN_AFTER;
            (!is_over).then(|| Deferral::NotDone { error: error.clone() })
        }
    }

    /// What keeps changes few and one after the other. Only mode apply is paced: mode observe shows everything that
    /// is wanted.
    fn paces(&self, intent: &Intent) -> Option<Deferral> {
        let way = usize::from(is_revert(intent.direction));
        let Caps { per_sweep, per_day } = self.guards.caps;
        if self.tally.unsettled {
            Some(Deferral::Unsettled)
        } else if self.canary == Canary::Watched {
            Some(Deferral::Canary)
        } else if self.tally.in_sweep[way] >= per_sweep
            || self.tally.looks >= per_sweep.saturating_add(LOOKS_BEYOND_CAP)
        {
            Some(Deferral::SweepCap { cap: per_sweep })
        } else if self.tally.in_day[way] >= per_day {
            Some(Deferral::DayCap { cap: per_day })
        } else {
            None
        }
    }

    /// Whether an edit at this time is too recent. A clock that went back counts as no time passed.
    #[must_use]
    pub fn was_edited_recently(&self, edited_at: Timestamp) -> bool {
        self.now.duration_since(edited_at) < EDIT_PAUSE
    }
}

/// The refusal, if it was for what the record showed. The others are decided anew each time.
const fn record_refusal(state: &EnforcementState) -> Option<&Refusal> {
    match state {
        EnforcementState::Ended {
            outcome: Outcome::Refused {
                why: Refusal::Protected | Refusal::OtherMode,
            },
        } => None,
        EnforcementState::Ended {
            outcome: Outcome::Refused { why },
        } => Some(why),
        _ => None,
    }
}

/// Whether a request to change the record left, or may have left, and may have had an effect.
fn was_written(state: &EnforcementState) -> bool {
    match state {
        EnforcementState::Sent => true,
        EnforcementState::Ended { outcome } => match outcome {
            Outcome::Verified | Outcome::Differs { .. } | Outcome::Unknown { .. } => true,
            Outcome::Already
            | Outcome::Refused { .. }
            | Outcome::Declined { .. }
            | Outcome::DidNotHappen
            | Outcome::Cancelled
            | Outcome::Waiting { .. } => false,
        },
        EnforcementState::Planned | EnforcementState::Deferred { .. } => false,
    }
}

/// All decisions, in the order of the intents, each on the ground that those before it were carried out.
#[must_use]
pub fn plan(intents: Vec<Intent>, world: &World) -> Vec<(Intent, Decision)> {
    let mut world = world.clone();
    let mut ordered = intents;
    ordered.sort_by(|one, other| one.rank().cmp(&other.rank()));
    ordered
        .into_iter()
        .map(|intent| {
            let decision = world.decide(&intent);
            if matches!(decision, Decision::Go | Decision::Would) {
                world.assume_done(&intent);
            }
            (intent, decision)
        })
        .collect()
}
