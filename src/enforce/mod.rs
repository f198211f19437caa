//! Carries out what was planned, one change at a time per account, and proves what came of it. Makes no choices: what is
//! wanted, whether it may be done, what is sent and what counts as different is decided in [`plan`](crate::domain::plan).
//!
//! A change goes through these steps, and a crash may come between any two of them:
//!
//! 1. balance and threshold are read again, and must still call for it; every guard is asked again;
//! 2. the record is read for the last time, in a pair of turns with the write, and the record to send is made from it, or
//!    refused;
//! 3. *sent* is committed, with the image of the record and the time from which the write can be settled;
//! 4. brake, holds and rejections are read from the store, immediately before the write; once the last read is too old, all begins anew;
//! 5. the write, once, never repeated;
//! 6. the record is read back and compared; the end is committed together with the notices about it.
//!
//! A change that is found *sent* is settled by reading alone ([`Enforcer::settle`]); nothing else is written to the
//! account before that. The first surprise sets the brake.
//!
//! In reading order: `look` (steps 1 and 2), `change` (3 to 6), `settle`, `undo`. All they write goes through `journal`; `notes`
//! and `waiting` say what becomes of an enforcement there, and who is told.

mod change;
mod codes;
mod journal;
mod look;
mod notes;
mod portal;
mod provider;
mod report;
mod settle;
mod undo;
mod waiting;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use portal::Portal;
pub use provider::{Cause, Failure, LastLook, Provider};
pub use report::{Event, Report};

use crate::clock::Clock;
use crate::domain::alert::Alert;
use crate::domain::enforcement::{Deferral, Enforcement};
use crate::domain::judge::Rules;
use crate::domain::kept::Warnings;
pub use crate::domain::plan::Read;
use crate::domain::plan::{Decision, Fleet, Guards, Intent, Orders, World, intents, outdated};
use crate::domain::watch::{AccountState, Watched};
use crate::store::{self, Store};
use journal::Journal;
use look::Stay;
use report::End;

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
    pub alerts: &'a [Alert],
    /// Where the warnings of running episodes stand, as the store gives them.
    pub warnings: Warnings,
    /// Its enforcements, as the store gives them.
    pub enforcements: &'a mut Vec<Enforcement>,
}

/// Asked between any two steps whether to go on; `false` is a crash at this moment. For crash tests.
pub type Hook = Arc<dyn Fn(&'static str) -> bool + Send + Sync>;

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

/// How many clients in a row may be unreadable, or not changed by the API, before a run gives up until the next sweep. Each
/// may cost the deadlines of several calls, and the next sweep waits for the end of this one.
const IN_VAIN_IN_A_ROW: u32 = 3;

/// How often a change begins anew in one run when too much time passed between the last read and the write. A machine that
/// was asleep needs one more; one that is so slow each time does not get faster by a fourth.
const MOST_STARTS: u32 = 3;

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
        let mut policies = self.settings.rules.policies.iter();
        if policies.all(|policy| policy.enforce.is_none()) && ground.enforcements.is_empty() {
            return Ok(Report::default());
        }
        let mut journal = Journal::new(&self.settings.rules, ground);
        let wanted = self.wanted(&mut journal);
        // Nothing is decided where nothing is wanted. Learning the codes may set the brake.
        let is_wanted = !wanted.is_empty();
        let orders = if is_wanted {
            self.orders().await?
        } else {
            Orders::default()
        };
        let codes = self.learn_codes(&mut journal, is_wanted, &orders).await?;
        let orders = if is_wanted { self.orders().await? } else { orders };
        let mut report = Report::default();
        let (mut looks, mut world) = (0, self.world(&journal, orders));
        let mut in_vain = 0;
        for intent in wanted {
            let decision = match (world.decide(&intent), &codes) {
                (Decision::Go, Err(failure)) => failure.unreadable(),
                (Decision::Go, Ok(_)) if in_vain >= IN_VAIN_IN_A_ROW => Decision::Deferred(Deferral::NotReached),
                (Decision::Go, Ok(codes)) => {
                    let end = self.carry(&mut journal, &intent, codes).await?;
                    in_vain = if end == End::InVain { in_vain + 1 } else { 0 };
                    report.count(end);
                    looks += 1;
                    world = self.world(&journal, self.orders().await?);
                    world.count_looks(looks);
                    continue;
                }
                (decision, _) => decision,
            };
            report.count(End::of(&decision));
            world.assume_asked(&decision);
            if self.settings.guards.mode.changes() {
                journal.note(&intent, decision, self.clock.now());
            }
        }
        journal.tell_what_waits(self.clock.now());
        self.flush(&mut journal).await?;
        report.events.append(&mut journal.events);
        report.wake_at(self.next_at(&journal));
        Ok(report)
    }

    /// Carries out an intent that may go, as far as it goes.
    async fn carry(
        &self,
        journal: &mut Journal<'_, '_>,
        intent: &Intent,
        codes: &BTreeMap<String, String>,
    ) -> Result<End, Error> {
        for _ in 0..MOST_STARTS {
            let end = match self.look(journal, intent, codes).await {
                Ok((ready, turn)) => self.change(journal, intent, ready, turn).await?,
                Err(Stay::Decided(decision)) => self.stay(journal, intent, decision).await?,
                Err(Stay::Failed(error)) => return Err(error),
            };
            if end != End::TooLate {
                return Ok(end);
            }
        }
        Ok(End::InVain)
    }

    /// Notes why nothing is sent.
    async fn stay(&self, journal: &mut Journal<'_, '_>, intent: &Intent, decision: Decision) -> Result<End, Error> {
        let end = End::of(&decision);
        let now = self.clock.now();
        match decision {
            Decision::Refused(why) => journal.refuse(intent, why, true, now),
            decision => journal.note(intent, decision, now),
        }
        self.flush(journal).await?;
        Ok(end)
    }

    /// What is wanted, in order; what waited and is not wanted any more is cancelled.
    fn wanted(&self, journal: &mut Journal<'_, '_>) -> Vec<Intent> {
        let (wanted, gone) = {
            let fleet = self.fleet(journal);
            let alerts = journal.ground.alerts;
            let gone: Vec<Enforcement> = outdated(&fleet, alerts).into_iter().cloned().collect();
            (self.intents(journal), gone)
        };
        let mode = Some(self.settings.guards.mode);
        let is_other = journal.ground.state.enforced_in != mode;
        if is_other {
            journal.ground.state.enforced_in = mode;
            journal.state_changed = true;
        }
        let is_any_gone = !gone.is_empty();
        for enforcement in gone {
            journal.cancel(enforcement, self.clock.now());
        }
        // What people were asked in another mode counts no more.
        if is_any_gone { self.intents(journal) } else { wanted }
    }

    fn intents(&self, journal: &Journal<'_, '_>) -> Vec<Intent> {
        intents(&self.fleet(journal), journal.ground.alerts, |client| {
            journal.watched(client)
        })
    }

    fn fleet<'f>(&'f self, journal: &'f Journal<'_, '_>) -> Fleet<'f> {
        let ground = &*journal.ground;
        let clients = ground.clients.iter().filter(|watched| watched.is_client()).count();
        Fleet {
            sweep_started_at: ground.sweep_started_at,
            state: ground.state,
            clients: u32::try_from(clients).unwrap_or(u32::MAX),
            guards: &self.settings.guards,
            warnings: &ground.warnings,
            policies: &self.settings.rules.policies,
            history: ground.enforcements,
        }
    }

    /// The world as it is now.
    fn world(&self, journal: &Journal<'_, '_>, orders: Orders) -> World {
        World::new(self.clock.now(), &self.fleet(journal), orders)
    }

    /// What people decided, by the store: they may have decided it this moment.
    async fn orders(&self) -> Result<Orders, Error> {
        let decisions = self.store.decisions(&self.settings.rules.account).await?;
        Ok(Orders::of(&decisions, self.clock.now()))
    }

    /// A moment at which a crash test may stop.
    fn at(&self, at: &'static str) -> Result<(), Error> {
        match &self.hook {
            Some(hook) if !hook(at) => Err(Error::Stopped { at }),
            _ => Ok(()),
        }
    }

    /// Writes down what was noted.
    async fn flush(&self, journal: &mut Journal<'_, '_>) -> Result<(), Error> {
        let commit = journal.take(self.clock.now());
        if !commit.is_empty() {
            self.at("before notes are written")?;
            self.store.commit(&commit).await?;
            self.at("after notes are written")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
