//! The sweep: due, fetch, commit. What a reading means is decided in [`judge`](crate::domain::judge).
//!
//! In reading order: `fetch` (the calls), `batch` (what is committed together), `sweep`
//! (the order of it all).
//!
//! Never sends a mail and never changes anything at the provider: it writes down what is owed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

pub use attention::Attention;

use crate::clock::{Clock, Due};
use crate::domain::alert::Alert;
use crate::domain::hush::Hushes;
use crate::domain::judge::account::Health;
use crate::domain::judge::{Circumstances, Decided, Rules};
use crate::domain::kept::Past;
use crate::domain::report::Report;
use crate::domain::set_back::SetBack;
use crate::domain::{AccountName, ClientId, due};
use crate::store::{AccountView, Commit, Store};
use crate::voipms;

pub mod attention;
mod batch;
mod fetch;
pub mod letters;
mod moved;
mod sweep;

/// Reads one account and writes down what its rules make of that. Each pass is given the rules it works by. Clones share what is
/// remembered between passes.
#[derive(Clone, Debug)]
pub struct Monitor {
    pub api: Arc<voipms::Client>,
    pub store: Store,
    pub clock: Clock,
    /// When the program began to watch: silence before that is nobody's. Never ahead: see `began_at`.
    pub started_at: Arc<Mutex<Timestamp>>,
    /// Time between two sweeps by the schedule.
    pub interval: SignedDuration,
    /// Calls in any 60 seconds.
    pub rate_per_minute: u32,
    /// Calls in flight at once.
    pub concurrency: usize,
    /// How long a threshold is taken for fresh.
    pub threshold_refresh: SignedDuration,
    /// How long asking everybody may take.
    pub revisit_within: SignedDuration,
    /// How many jumps of the clock were taken note of.
    pub jumps_noted: Arc<AtomicU64>,
    /// What was looked at last between two sweeps.
    pub attention: Arc<tokio::sync::Mutex<Attention>>,
    /// Becomes true when the program is to end: a sweep then starts no call any more and writes what it has.
    pub stop: watch::Receiver<bool>,
}

/// Is told how far a sweep is.
pub trait Progress: Send + Sync {
    /// This many clients are due.
    fn begin(&self, clients: u64);
    /// One more was asked.
    fn step(&self);
}

#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _clients: u64) {}
    fn step(&self) {}
}

/// Why a sweep did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store failed; nothing that was not written counts.
    #[error("the store failed")]
    Store(#[from] crate::store::Error),
    /// The account could not be asked. What was read before that is judged and committed.
    #[error("account `{account}` could not be asked: {what}")]
    NotAsked {
        account: AccountName,
        what: String,
        /// What to do about it.
        fix: String,
        /// When a probe may ask whether it is back; until then it is left alone.
        probe_at: Option<Timestamp>,
        /// What the sweep came to until then.
        report: Box<Report>,
    },
}

impl Monitor {
    /// One pass over the clients that are due. No call is started after `deadline`.
    ///
    /// # Errors
    /// [`SweepError`].
    pub async fn sweep(
        &self,
        rules: &Rules,
        deadline: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Report, SweepError> {
        let sweep = sweep::Sweep::load(self, rules, deadline, progress, Past::InPlay).await?;
        sweep.run().await
    }

    /// What is remembered of the account. Takes note of how the clock was set since the last look: what lies ahead
    /// because it went back is set back, and that it jumped forward is written down, so that the next sweep knows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(&self, rules: &Rules, now: Timestamp, past: Past) -> Result<AccountView, crate::store::Error> {
        let account = &rules.account;
        let mut view = self.store.load_with(account, past).await?;
        let mut commit = Commit::new(account.clone(), now);
        if let Some(set_back) = SetBack::needed(view.newest(), now) {
            let today = now.to_zoned(rules.zone.clone()).date();
            set_back.state(&mut view.state);
            commit.state = Some(view.state);
            commit.alerts = view.alerts;
            commit.alerts.iter_mut().for_each(|alert| set_back.alert(alert, today));
            commit.set_back = Some(set_back);
            self.store.commit(&commit).await?;
            let seconds = set_back.by.as_secs();
            tracing::debug!(%account, seconds, "what was written down lay ahead, and was set back");
            view = self.store.load_with(account, past).await?;
            commit = Commit::new(account.clone(), now);
        }
        if self.clock_jumped() {
            view.state.clock_jumped_at = Some(now);
            commit.state = Some(view.state.clone());
            self.store.commit(&commit).await?;
        }
        Ok(view)
    }

    /// Judges only how long clients have been unread, without any call: also when no sweep runs.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge_silence(&self, rules: &Rules) -> Result<(), SweepError> {
        let sweep = sweep::Sweep::load(self, rules, self.clock.now(), &Silent, Past::Lately).await?;
        sweep.only_silence().await
    }

    /// Judges the built-in alerts of which `health` knows something, outside a sweep.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge_account(&self, rules: &Rules, health: &Health) -> Result<(), SweepError> {
        let now = self.clock.now();
        let before = self.account_alerts(&rules.account).await?;
        let hushes = self.hushes(rules, now).await?;
        let decided = rules.judge_account(health, &before, &hushes, &self.circumstances_at(now));
        self.write(Commit::new(rules.account.clone(), now), decided).await
    }

    /// Writes what was decided about the account outside a sweep.
    async fn write(&self, mut commit: Commit, decided: Decided) -> Result<(), SweepError> {
        let moved = batch::add(&mut commit, &ClientId::account(), decided);
        if !commit.is_empty() {
            self.store.commit(&commit).await?;
            moved::tell(&commit.account, &moved, 0);
        }
        Ok(())
    }

    /// The alerts about the account as a whole.
    async fn account_alerts(&self, account: &AccountName) -> Result<Vec<Alert>, SweepError> {
        Ok(self.store.alerts_of(account, &ClientId::account()).await?)
    }

    /// What people decided about alerts, as it holds now.
    async fn hushes(&self, rules: &Rules, now: Timestamp) -> Result<Hushes, crate::store::Error> {
        let decisions = self.store.decisions(&rules.account).await?;
        Ok(Hushes::new(&decisions, &rules.mutes, now))
    }

    /// How long it takes to ask this many clients at the configured rate.
    #[must_use]
    pub fn revisit(&self, clients: usize) -> SignedDuration {
        due::revisit(u64::try_from(clients).unwrap_or(u64::MAX), self.rate_per_minute)
    }

    /// The longer of the schedule's interval and the achievable revisit time.
    #[must_use]
    pub fn interval_for(&self, clients: usize) -> SignedDuration {
        self.interval.max(self.revisit(clients))
    }

    /// How many calls fit before the deadline; at least one.
    fn budget(&self, deadline: Due) -> u64 {
        let millis = u64::try_from(self.clock.left(deadline).as_millis()).unwrap_or(u64::MAX);
        (u64::from(self.rate_per_minute).saturating_mul(millis) / 60_000).max(1)
    }

    /// Whether the program is to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ends when the program is to end.
    async fn stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            // Nobody is left who could ask for an end.
            std::future::pending::<()>().await;
        }
    }

    /// Whether the wall clock jumped forward since this was last asked.
    fn clock_jumped(&self) -> bool {
        let seen = self.clock.jumps().forward;
        self.jumps_noted.swap(seen, Ordering::Relaxed) != seen
    }

    /// When the program began to watch; now, if the clock was set back to before that.
    fn began_at(&self, now: Timestamp) -> Timestamp {
        let mut started_at = self.started_at.lock().unwrap_or_else(PoisonError::into_inner);
        *started_at = (*started_at).min(now);
        *started_at
    }

    /// Circumstances of what is judged outside a sweep.
    fn circumstances_at(&self, now: Timestamp) -> Circumstances {
        Circumstances::ordinary(now, self.interval, self.began_at(now))
    }
}
