//! Whether an intent may be carried out now, or what stands in the way.
//!
//! Nothing is dropped by a cap or a brake: it is put off and looked at again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::guards::{Approvals, Caps, Guards};
use super::intents::{Fleet, Intent, Warned};
use super::orders::Orders;
use super::send::resolve;
use crate::domain::ClientId;
use crate::domain::alert::EpisodeId;
use crate::domain::decision;
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, Mode, Outcome, Refusal};
use crate::domain::time::later;
use crate::domain::watch::AccountState;

/// Caps and the rule of one change each way count over this time.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// `max_per_hour` counts over this time.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

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

/// Everything a decision depends on besides the intent.
#[derive(Clone, Debug)]
pub struct World {
    pub now: Timestamp,
    /// When the sweep began.
    pub sweep_started_at: Timestamp,
    /// How many clients the account has.
    pub clients: u32,
    /// The bounds of the configuration.
    pub guards: Guards,
    /// What people decided.
    pub orders: Orders,
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
    /// Per direction: in the last hour.
    in_hour: [u32; 2],
    /// Per direction: in the last 24 hours.
    in_day: [u32; 2],
    /// How many wait for an approval that can still be given.
    asking: u32,
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
    /// The world by what is kept.
    #[must_use]
    pub fn new(now: Timestamp, fleet: &Fleet<'_>, orders: Orders) -> Self {
        let mut world = Self {
            now,
            sweep_started_at: fleet.sweep_started_at,
            clients: fleet.clients,
            guards: fleet.guards.clone(),
            orders,
            state: fleet.state.clone(),
            canary: Canary::of(fleet.state.canary_passed_at, fleet.history),
            tally: Tally::default(),
        };
        for done in fleet.history {
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
        if let EnforcementState::Deferred {
            why: Deferral::Approval { until, .. },
        } = &done.state
        {
            self.tally.asking += u32::from(self.now < *until);
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
        let was_written = done.may_have_changed();
        if (was_written || not_done.is_some()) && done.planned_at >= self.sweep_started_at {
            self.tally.in_sweep[usize::from(way)] += 1;
        }
        if was_written && is_recent {
            self.tally.in_hour[usize::from(way)] += u32::from(self.now.duration_since(done.changed_at) < HOUR);
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
        self.tally.in_hour[usize::from(way)] += 1;
        self.tally.in_day[usize::from(way)] += 1;
        self.tally.changed.insert((intent.client.clone(), way));
        if self.canary == Canary::Alone {
            self.canary = Canary::Watched;
        }
    }

    /// Counts an approval that is asked for now.
    pub fn assume_asked(&mut self, decision: &Decision) {
        let is_new =
            matches!(decision, Decision::Deferred(Deferral::Approval { asked_at, .. }) if *asked_at == self.now);
        self.tally.asking += u32::from(is_new);
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
        } else if let Some(why) = self.asks(intent) {
            Decision::Deferred(why)
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
        if let Some(entry) = intent.protected.clone() {
            return Some(Refusal::Protected { entry });
        }
        if let Some(why) = self.orders.rejected(intent) {
            return Some(why);
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
        if let Some(why) = self.orders.stop(&intent.client) {
            Some(why)
        } else if self.state.clock_jumped_at >= Some(self.sweep_started_at) {
            Some(Deferral::ClockJumped)
        } else if !intent.confirmed || self.state.surprise.is_some() {
            // Also who began before: while the data look wrong for many, nobody's balance is to be believed.
            Some(Deferral::Unconfirmed)
        } else if let Some(why) = self.awaits_warning(intent) {
            Some(why)
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

    /// Whether those who must be warned were not yet, or have time left.
    fn awaits_warning(&self, intent: &Intent) -> Option<Deferral> {
        match &intent.warned {
            Warned::Until(until) if self.now < *until => Some(Deferral::Grace { until: *until }),
            Warned::NotYet(channel) => {
                let channel = channel.clone();
                Some(Deferral::NotWarned { channel })
            }
            Warned::Until(_) | Warned::Fully | Warned::Cannot { .. } => None,
        }
    }

    /// Why a change needs people who approve it; `None`: it needs none. In words where the mode alone does not ask for it.
    fn why_ask(&self, intent: &Intent) -> Option<Option<String>> {
        if let Warned::Cannot { channel, why } = &intent.warned {
            return Some(Some(format!("the warning through `{channel}` did not arrive: {why}")));
        }
        match self.guards.mode {
            Mode::Apply if intent.episode_mode == Mode::Apply => None,
            Mode::Apply => Some(Some("its alert began in another mode".to_owned())),
            Mode::Approve | Mode::Observe => Some(None),
        }
    }

    /// Who approved it, as far as that holds.
    pub fn approvals<'a>(&'a self, intent: &'a Intent) -> impl Iterator<Item = &'a decision::Decision> {
        self.orders.approvals(&intent.request.ids)
    }

    /// What keeps it until people approve it.
    fn asks(&self, intent: &Intent) -> Option<Deferral> {
        let why = self.why_ask(intent)?;
        let Approvals {
            needed,
            expires,
            ask_again,
        } = self.guards.approvals;
        let given: Vec<String> = self.approvals(intent).map(|yes| yes.by.clone()).collect();
        if given.len() >= usize::try_from(needed).unwrap_or(usize::MAX) {
            return None;
        }
        let request = |asked_at: Timestamp| Deferral::Approval {
            needed,
            given: given.clone(),
            asked_at,
            until: later(asked_at, expires),
            why: why.clone(),
        };
        match intent.request.asked_at {
            Some(asked_at) if self.now < later(asked_at, expires) => Some(request(asked_at)),
            Some(asked_at) if self.now < later(asked_at, ask_again) => Some(Deferral::Expired {
                ask_again_at: later(asked_at, ask_again),
            }),
            _ if self.tally.asking >= self.guards.caps.per_hour => Some(Deferral::HourCap {
                cap: self.guards.caps.per_hour,
            }),
            _ => Some(request(self.now)),
        }
    }

    /// What keeps changes few and one after the other. Mode observe is not paced: it shows everything that
    /// is wanted.
    fn paces(&self, intent: &Intent) -> Option<Deferral> {
        let way = usize::from(is_revert(intent.direction));
        let Caps {
            per_sweep,
            per_hour,
            per_day,
            ..
        } = self.guards.caps;
        let (clients, share) = (self.clients, self.guards.caps.share(self.clients));
        if self.tally.unsettled {
            Some(Deferral::Unsettled)
        } else if self.canary == Canary::Watched {
            Some(Deferral::Canary)
        } else if self.tally.in_sweep[way] >= per_sweep
            || self.tally.looks >= per_sweep.saturating_add(LOOKS_BEYOND_CAP)
        {
            Some(Deferral::SweepCap { cap: per_sweep })
        } else if self.tally.in_hour[way] >= per_hour {
            Some(Deferral::HourCap { cap: per_hour })
        } else if self.tally.in_day[way] >= per_day {
            Some(Deferral::DayCap { cap: per_day })
        } else if self.tally.in_day[way] >= share {
            Some(Deferral::ShareCap { cap: share, clients })
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

/// The refusal, if it was for what had to be read for it. The others are decided anew each time.
fn record_refusal(state: &EnforcementState) -> Option<&Refusal> {
    match state {
        EnforcementState::Ended {
            outcome: Outcome::Refused {
                why: why @ Refusal::Protected { entry },
            },
        } if entry.starts_with("package:") => Some(why),
        EnforcementState::Ended {
            outcome:
                Outcome::Refused {
                    why: Refusal::Protected { .. } | Refusal::Rejected { .. } | Refusal::OtherMode,
                },
        } => None,
        EnforcementState::Ended {
            outcome: Outcome::Refused { why },
        } => Some(why),
        _ => None,
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
            world.assume_asked(&decision);
            (intent, decision)
        })
        .collect()
}
