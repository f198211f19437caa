//! Carries out what was planned, one change at a time per account, and proves what came of it. Makes no choices: what is
//! wanted, whether it may be done, what is sent and what counts as different is decided in [`plan`](crate::domain::plan).
//!
//! A change goes through these steps, and a crash may come between any two of them:
//!
//! 1. balance and threshold are read again, and must still call for it; every guard is asked again;
//! 2. the record is read for the last time, in a pair of turns with the write, and the record to send is made from it, or
//!    refused;
//! 3. *sent* is committed, with the image of the record and the time from which the write can be settled;
//! 4. the brake is read from the store, immediately before the write; once the last read is too old, all begins anew;
//! 5. the write, once, never repeated;
//! 6. the record is read back and compared; the end is committed together with the notices about it.
//!
//! A change that is found *sent* is settled by reading alone ([`Enforcer::settle`]); nothing else is written to the
//! account before that. The first surprise sets the brake.

mod carry;
mod ledger;
mod portal;
mod provider;
mod settle;
mod waiting;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use portal::Portal;
pub use provider::{Failure, LastLook, Provider};

use crate::clock::Clock;
use crate::domain::ClientId;
use crate::domain::alert::Alert;
use crate::domain::decision;
use crate::domain::enforcement::{Deferral, Enforcement, FieldDifference, Mode};
use crate::domain::judge::Rules;
pub use crate::domain::plan::Read;
use crate::domain::plan::{Decision, Fleet, Guards, Intent, World, confirms, contradiction, intents, outdated};
use crate::domain::watch::{AccountState, Watched};
use crate::store::{self, Store};
use ledger::Ledger;

/// What an account's enforcement works by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What its clients are judged by, and who is told.
    pub rules: Arc<Rules>,
    /// Mode, protected clients and caps.
    pub guards: Arc<Guards>,
    /// The total deadline of a write: later than this it cannot take effect any more.
    pub write_deadline: SignedDuration,
}

/// What is remembered of the account, in the middle of a sweep. What is committed here is changed in it as well, so that
/// the caller's memory stays what the store holds.
#[derive(Debug)]
pub struct Ground<'a> {
    /// When the sweep began: no older reading decides anything.
    pub sweep_started_at: Timestamp,
    /// What is remembered of the account.
    pub state: &'a mut AccountState,
    /// All clients, in any order. Who is told of a change is found here, and in the alerts.
    pub clients: &'a mut [Watched],
    /// Its alerts.
    pub alerts: &'a [Alert],
    /// Its enforcements, as the store gives them.
    pub enforcements: &'a mut Vec<Enforcement>,
}

/// Asked between any two steps whether to go on; `false` is a crash at this moment. For crash tests.
pub type Hook = Arc<dyn Fn(&'static str) -> bool + Send + Sync>;

/// What became of the enforcements in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub applied: u64,
    /// Refused, or declined by the API.
    pub refused: u64,
    /// Put off, or not settled yet.
    pub waiting: u64,
    /// Would be done if the mode allowed it.
    pub would: u64,
    /// What somebody must look at.
    pub events: Vec<Event>,
    /// When [`Enforcer::settle`] can next find something out; `None` when nothing waits for a time.
    pub next_at: Option<Timestamp>,
}

impl Report {
    /// Adds what another run came to.
    pub fn add(&mut self, other: Self) {
        self.applied += other.applied;
        self.refused += other.refused;
        self.waiting += other.waiting;
        self.would += other.would;
        self.events.extend(other.events);
        self.wake_at(other.next_at);
    }

    fn wake_at(&mut self, at: Option<Timestamp>) {
        self.next_at = [self.next_at, at].into_iter().flatten().min();
    }
}

/// A surprise. The brake was set with it, in the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A record that was read back is not what was meant.
    ReadBack {
        client: ClientId,
        enforcement: String,
        fields: Vec<FieldDifference>,
    },
    /// It could not be found out what a write did.
    Unknown {
        client: ClientId,
        enforcement: String,
        /// The kind of the failure.
        error: String,
    },
    /// The account's codes contradict those that were used before.
    Codes { what: String },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadBack {
                client,
                enforcement,
                fields,
            } => {
                write!(
                    f,
                    "the record of client {client} is not what was meant after {enforcement}: "
                )?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", field.field)?;
                }
                Ok(())
            }
            Self::Unknown {
                client,
                enforcement,
                error,
            } => write!(f, "nobody knows what {enforcement} did to client {client} ({error})"),
            Self::Codes { what } => write!(
                f,
                "the codes of balance management contradict those used before: {what}"
            ),
        }
    }
}

/// Why enforcement had to stop. What the provider answers is never an error here: it is an outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed: nothing is sent that cannot be written down.
    #[error("enforcement stopped because it could not be written down")]
    Store(#[from] store::Error),
    /// A crash test stopped it.
    #[error("stopped by a test {at}")]
    Stopped { at: &'static str },
}

/// Carries out an account's enforcements. One run at a time.
pub struct Enforcer<P> {
    provider: P,
    store: Store,
    settings: Settings,
    clock: Clock,
    hook: Option<Hook>,
}

impl<P> fmt::Debug for Enforcer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enforcer")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Enforcer<P> {
    /// An enforcer for one account.
    pub const fn new(provider: P, store: Store, settings: Settings, clock: Clock) -> Self {
        Self {
            provider,
            store,
            settings,
            clock,
            hook: None,
        }
    }

    /// The same, asking `hook` between any two steps whether to go on.
    #[must_use]
    pub fn with_hook(mut self, hook: Hook) -> Self {
        self.hook = Some(hook);
        self
    }

    /// Carries out what the alerts of this sweep ask for. Called when the sweep's last batch is committed; after
    /// [`settle`](Self::settle) was called at its beginning.
    ///
    /// # Errors
    /// [`Error::Store`]: what was sent by then stays *sent*, and is settled later. What is remembered must be loaded
    /// again.
    pub async fn run(&self, ground: &mut Ground<'_>) -> Result<Report, Error> {
        let nothing_asks = self
            .settings
            .rules
            .policies
            .iter()
            .all(|policy| policy.enforce.is_none());
        if nothing_asks && ground.enforcements.is_empty() {
            return Ok(Report::default());
        }
        let mut ledger = Ledger::new(&self.settings.rules, ground);
        let wanted = self.wanted(&mut ledger);
        let mut brake = self.brake().await?;
        let codes = self.learn_codes(&mut ledger, !wanted.is_empty(), &mut brake).await?;
        let mut report = Report::default();
        let (mut looks, mut world) = (0, self.world(&ledger, brake));
        let mut in_vain = 0;
        for intent in wanted {
            let decision = match (world.decide(&intent), &codes) {
                (Decision::Go, Err(failure)) => unreadable(failure),
                (Decision::Go, Ok(_)) if in_vain >= IN_VAIN_IN_A_ROW => Decision::Deferred(Deferral::NotReached),
                (Decision::Go, Ok(codes)) => {
                    let end = self.carry(&mut ledger, &intent, codes).await?;
                    in_vain = if end == End::InVain { in_vain + 1 } else { 0 };
                    report.count(end);
                    looks += 1;
                    brake = self.brake().await?;
                    world = self.world(&ledger, brake);
                    world.count_looks(looks);
                    continue;
                }
                (decision, _) => decision,
            };
            report.count(End::of(&decision));
            if self.settings.guards.mode == Mode::Apply {
                ledger.note(&intent, decision, self.clock.now());
            }
        }
        ledger.tell_what_waits(self.clock.now());
        self.flush(&mut ledger).await?;
        report.events.append(&mut ledger.events);
        report.wake_at(self.next_at(&ledger));
        Ok(report)
    }

    /// What is wanted, in order; what waited and is not wanted any more is cancelled.
    fn wanted(&self, ledger: &mut Ledger<'_, '_>) -> Vec<Intent> {
        let (wanted, gone) = {
            let ground = &*ledger.ground;
            let fleet = Fleet {
                sweep_started_at: ground.sweep_started_at,
                inventory_at: ground.state.inventory_at,
                mode: self.settings.guards.mode,
                policies: &self.settings.rules.policies,
                history: ground.enforcements,
            };
            let gone: Vec<Enforcement> = outdated(&fleet, ground.alerts).into_iter().cloned().collect();
            let wanted = intents(&fleet, ground.alerts, |client| ledger.watched(client));
            (wanted, gone)
        };
        for enforcement in gone {
            ledger.cancel(enforcement, self.clock.now());
        }
        wanted
    }

    /// The account's codes, read anew before anything is changed; those that are known, where nothing can be. A list that
    /// contradicts those used before sets the brake.
    async fn learn_codes(
        &self,
        ledger: &mut Ledger<'_, '_>,
        is_wanted: bool,
        brake: &mut bool,
    ) -> Result<Result<BTreeMap<String, String>, Failure>, Error> {
        let state = &mut *ledger.ground.state;
        let used = state.trusted_codes().clone();
        let may_change = self.settings.guards.mode == Mode::Apply && !*brake;
        if !is_wanted || (!used.is_empty() && !may_change) {
            return Ok(Ok(used));
        }
        let codes = match self.provider.management_codes().await {
            Ok(codes) => codes,
            Err(failure) => return Ok(Err(failure)),
        };
        let was_accepted = state.codes_disputed == codes;
        match contradiction(&used, &codes) {
            Some(what) if !was_accepted => {
                state.codes_disputed = codes;
                ledger.state_changed = true;
                ledger.brake_codes(what, self.clock.now());
                self.flush(ledger).await?;
                *brake = true;
                return Ok(Ok(used));
            }
            contradicts => {
                // One that lists a value no more, or twice, changes nothing of what is known.
                let counts = contradicts.is_some() || confirms(&used, &codes);
                if counts && (state.codes_used != codes || !state.codes_disputed.is_empty()) {
                    state.codes_used.clone_from(&codes);
                    state.management_codes.clone_from(&codes);
                    state.codes_disputed.clear();
                    ledger.state_changed = true;
                }
            }
        }
        Ok(Ok(codes))
    }

    /// The world as it is now.
    fn world(&self, ledger: &Ledger<'_, '_>, brake: bool) -> World {
        World::new(
            self.clock.now(),
            ledger.ground.sweep_started_at,
            &self.settings.guards,
            brake,
            ledger.ground.state,
            ledger.ground.enforcements,
        )
    }

    /// Whether the brake is on, by the store: a person may have set it this moment.
    async fn brake(&self) -> Result<bool, Error> {
        let decisions = self.store.decisions(&self.settings.rules.account).await?;
        Ok(decision::brake(&decisions, self.clock.now()).is_some())
    }

    /// A moment at which a crash test may stop.
    fn at(&self, at: &'static str) -> Result<(), Error> {
        match &self.hook {
            Some(hook) if !hook(at) => Err(Error::Stopped { at }),
            _ => Ok(()),
        }
    }

    /// Writes down what was noted.
    async fn flush(&self, ledger: &mut Ledger<'_, '_>) -> Result<(), Error> {
        let commit = ledger.take(self.clock.now());
        if !commit.is_empty() {
            self.at("before notes are written")?;
            self.store.commit(&commit).await?;
            self.at("after notes are written")?;
        }
        Ok(())
    }
}

/// How many clients in a row may be unreadable, or not changed by the API, before a run gives up until the next sweep. Each
/// may cost the deadlines of several calls, and the next sweep waits for the end of this one.
const IN_VAIN_IN_A_ROW: u32 = 3;

/// How an intent ended in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Applied,
    Refused,
    Waiting,
    /// Waiting because the client could not be read, or the API did not do it.
    InVain,
    Would,
    /// Not sent, because too much time had passed since the last read: it begins anew.
    TooLate,
    /// As wanted already, or ended with an event.
    Uncounted,
}

impl End {
    const fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Refused(_) => Self::Refused,
            Decision::Deferred(Deferral::Unreadable { .. } | Deferral::NotDone { .. } | Deferral::TooLate) => {
                Self::InVain
            }
            Decision::Deferred(_) | Decision::Go => Self::Waiting,
            Decision::Would => Self::Would,
            Decision::Already => Self::Uncounted,
        }
    }
}

impl Report {
    const fn count(&mut self, end: End) {
        match end {
            End::Applied => self.applied += 1,
            End::Refused => self.refused += 1,
            End::Waiting | End::InVain | End::TooLate => self.waiting += 1,
            End::Would => self.would += 1,
            End::Uncounted => {}
        }
    }
}

fn unreadable(failure: &Failure) -> Decision {
    Decision::Deferred(Deferral::Unreadable {
        error: failure.kind.clone(),
    })
}

#[cfg(test)]
mod tests;
