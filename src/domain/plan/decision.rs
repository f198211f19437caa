//! Whether an intent may be carried out now, or what stands in the way.
//!
//! Nothing is dropped by a cap or a brake: it is put off and looked at again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::intents::Intent;
use super::send::resolve;
use crate::domain::alert::EpisodeId;
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, Mode, Outcome, Refusal};
use crate::domain::{ClientId, Management};

/// Caps and the rule of one change each way count over this time.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long a record is left alone after a person edited it. Longer would delay what the edit has nothing to do with;
/// shorter would write while the person may still be at it.
const EDIT_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// How long a record that was refused is not read again. Each look costs three calls, and whole fleets may be refused
/// for one reason (passwords that come masked); an hour keeps that far below one call per client and sweep.
const REFUSAL_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// How many changes there may be, each way counted for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// In one sweep.
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
                EnforcementState::Sent | EnforcementState::Ended { outcome: Outcome::Verified }
            )
        };
        if history.iter().any(is_canary) { Self::Watched } else { Self::Alone }
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
    /// No, and why.
    Refused(Refusal),
}

/// Everything a decision depends on besides the intent.
#[derive(Clone, Debug)]
pub struct World {
    /// The time.
    pub now: Timestamp,
    /// When the sweep began.
    pub sweep_started_at: Timestamp,
    /// The present mode.
    pub mode: Mode,
    /// Clients that are never touched.
    pub protect: BTreeSet<ClientId>,
    /// Whether the brake is on.
    pub brake: bool,
    /// The caps.
    pub caps: Caps,
    /// When the clock was last seen to jump.
    pub clock_jumped_at: Option<Timestamp>,
    /// The account's codes, as last listed; empty when they are not known.
    pub codes: BTreeMap<String, String>,
    /// The first enforcement ever.
    pub canary: Canary,
    tally: Tally,
}

/// What was done before, counted.
#[derive(Clone, Debug, Default)]
struct Tally {
    /// Whether it is not known yet what became of one.
    unsettled: bool,
    /// Per direction: in this sweep.
    in_sweep: [u32; 2],
    /// Per direction: in the last 24 hours.
    in_day: [u32; 2],
    /// Who was changed which way in the last 24 hours.
    changed: BTreeSet<(ClientId, bool)>,
    /// What was refused for what its record showed, and when it was last looked at.
    refused: BTreeMap<(EpisodeId, bool), (Refusal, Timestamp)>,
}

const fn is_revert(direction: Direction) -> bool {
    matches!(direction, Direction::Revert)
}

impl World {
    /// The world by what is kept: `passed_at` is when the account's first enforcement was found good a second time.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "one argument per guard; a struct of them would only repeat the fields")]
    pub fn new(
        now: Timestamp,
        sweep_started_at: Timestamp,
        mode: Mode,
        protect: BTreeSet<ClientId>,
        brake: bool,
        caps: Caps,
        clock_jumped_at: Option<Timestamp>,
        codes: BTreeMap<String, String>,
        passed_at: Option<Timestamp>,
        history: &[Enforcement],
    ) -> Self {
        let mut world = Self {
            now,
            sweep_started_at,
            mode,
            protect,
            brake,
            caps,
            clock_jumped_at,
            codes,
            canary: Canary::of(passed_at, history),
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
        if let EnforcementState::Ended { outcome: Outcome::Refused { why } } = &done.state {
            let newest = self.tally.refused.entry((done.episode.clone(), way));
            let entry = newest.or_insert_with(|| (why.clone(), done.changed_at));
            if entry.1 < done.changed_at {
                *entry = (why.clone(), done.changed_at);
            }
        }
        if !was_written(&done.state) {
            return;
        }
        if done.planned_at >= self.sweep_started_at {
            self.tally.in_sweep[usize::from(way)] += 1;
        }
        // A time in the future, after the clock went back, counts as well.
        if self.now.duration_since(done.changed_at) < DAY {
            self.tally.in_day[usize::from(way)] += 1;
            self.tally.changed.insert((done.client.clone(), way));
        }
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

    /// What is to be done about an intent. Refusals come first, because waiting does not end them.
    #[must_use]
    pub fn decide(&self, intent: &Intent) -> Decision {
        if let Some(why) = self.refuses(intent) {
            return Decision::Refused(why);
        }
        if let (Some(listed), Some(wanted)) = (&intent.code_listed, self.code(intent))
            && listed == wanted
        {
            return Decision::Already;
        }
        if let Some(why) = self.refuses_record(intent) {
            return Decision::Refused(why);
        }
        match self.defers(intent) {
            Some(why) => Decision::Deferred(why),
            None if self.mode == Mode::Observe => Decision::Would,
            None => Decision::Go,
        }
    }

    /// The code that an intent means, as far as the codes are known.
    fn code<'a>(&'a self, intent: &'a Intent) -> Option<&'a str> {
        match &intent.back {
            Some(back) => Some(&back.code),
            None => resolve(&self.codes, intent.wanted),
        }
    }

    /// What no look at the record could change.
    fn refuses(&self, intent: &Intent) -> Option<Refusal> {
        if self.protect.contains(&intent.client) {
            return Some(Refusal::Protected);
        }
        (self.mode == Mode::Apply && intent.episode_mode != Mode::Apply).then_some(Refusal::OtherMode)
    }

    /// What the record showed: this sweep's, or the one that was refused a short while ago.
    fn refuses_record(&self, intent: &Intent) -> Option<Refusal> {
        if let (Some(back), Some(listed)) = (&intent.back, &intent.fingerprint_listed)
            && back.fingerprint != *listed
        {
            return Some(Refusal::EditedSince);
        }
        let (why, at) = self.tally.refused.get(&(intent.episode.clone(), is_revert(intent.direction)))?;
        let is_live = matches!(why, Refusal::Protected | Refusal::OtherMode);
        (!is_live && self.now.duration_since(*at) < REFUSAL_PAUSE).then(|| why.clone())
    }

    /// What stands in the way for now.
    fn defers(&self, intent: &Intent) -> Option<Deferral> {
        let way = usize::from(is_revert(intent.direction));
        let changed = |direction| {
            let key = (intent.client.clone(), is_revert(direction));
            self.tally.changed.contains(&key)
        };
        let cap = |cap: u32, done: [u32; 2]| done[way] >= cap;
        if self.brake {
            Some(Deferral::Brake)
        } else if self.clock_jumped_at.is_some_and(|at| at >= self.sweep_started_at) {
            Some(Deferral::ClockJumped)
        } else if !intent.confirmed {
            Some(Deferral::Unconfirmed)
        } else if intent.edited_at.is_some_and(|at| self.was_edited_recently(at)) {
            Some(Deferral::EditedRecently)
        } else if changed(intent.direction) {
            Some(Deferral::OncePerDay)
        } else if self.tally.unsettled {
            Some(Deferral::Unsettled)
        } else if self.canary == Canary::Watched {
            Some(Deferral::Canary)
        } else if cap(self.caps.per_sweep, self.tally.in_sweep) {
            Some(Deferral::SweepCap { cap: self.caps.per_sweep })
        } else if cap(self.caps.per_day, self.tally.in_day) {
            Some(Deferral::DayCap { cap: self.caps.per_day })
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

/// Whether a request to change the record left, or may have left, and may have had an effect. A declined one counts,
/// because it would be declined again: otherwise one client could be written to in every sweep.
fn was_written(state: &EnforcementState) -> bool {
    match state {
        EnforcementState::Sent => true,
        EnforcementState::Ended { outcome } => match outcome {
            Outcome::Verified | Outcome::Differs { .. } | Outcome::Unknown { .. } | Outcome::Declined { .. } => true,
            Outcome::Already | Outcome::Refused { .. } | Outcome::DidNotHappen | Outcome::Cancelled => false,
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

/// The other value.
#[must_use]
pub const fn other(management: Management) -> Management {
    match management {
        Management::Hard => Management::Soft,
        Management::Soft => Management::Hard,
    }
}
