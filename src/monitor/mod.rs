//! The sweep: due, fetch, decide, commit.
//!
//! In reading order: [`decide`] (a reading turns into rows), [`inventory`] (who is
//! watched), [`account`] (the built-in alerts), `fetch` (the calls), `batch` (what is committed together), `sweep`
//! (the order of it all).
//!
//! Never sends a mail and never changes anything at the provider: it writes down what is owed.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::clock::{Clock, Due};
use crate::domain::alert::{Alert, Firing, Phase};
use crate::domain::enforcement::{Direction, Enforcement, Mode, Outcome};
use crate::domain::judge::audience::{self, Addresses, Episode, Owed};
use crate::domain::judge::verdict::Judgement;
use crate::domain::notice::Transition;
use crate::domain::policy::Policy;
use crate::domain::reason::Reason;
use crate::domain::report::Report;
use crate::domain::set_back::SetBack;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, Client, ClientId, due};
use crate::store::{AccountView, Commit, Store};
use crate::voipms;

pub mod account;
mod batch;
pub mod decide;
mod fetch;
pub mod inventory;
pub mod letters;
pub mod moved;
mod sweep;

use account::Health;
use decide::{Circumstances, Decided, Except, Rules, Seen};

/// Watches one account.
#[derive(Debug)]
pub struct Monitor {
    /// What its clients are judged by.
    pub rules: Rules,
    /// The API.
    pub api: std::sync::Arc<voipms::Client>,
    /// What is remembered.
    pub store: Store,
    /// Domain time.
    pub clock: Clock,
    /// When the program began to watch: silence before that is nobody's. Never ahead: see `began_at`.
    pub started_at: Mutex<Timestamp>,
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
    pub jumps_noted: AtomicU64,
    /// Becomes true when the program is to end: a sweep then starts no call any more and writes what it has.
    pub stop: watch::Receiver<bool>,
}

/// How often at least it is looked at what is judged in memory, while it fails.
const LOOKED_AT_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Is told how far a sweep is.
pub trait Progress: Send + Sync {
    /// This many clients are due.
    fn begin(&self, clients: u64);
    /// One more was asked.
    fn step(&self);
}

/// Nobody is told.
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
        /// The account.
        account: crate::domain::AccountName,
        /// What went wrong.
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
    pub async fn sweep(&self, deadline: Timestamp, progress: &dyn Progress) -> Result<Report, SweepError> {
        sweep::Sweep::load(self, deadline, progress).await?.run().await
    }

    /// What is remembered of the account. Takes note of how the clock was set since the last look: what lies ahead
    /// because it went back is set back, and that it jumped forward is written down, so that the next sweep knows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(&self, now: Timestamp) -> Result<AccountView, crate::store::Error> {
        let account = &self.rules.account;
        let mut view = self.store.load(account).await?;
        let mut commit = Commit::new(account.clone(), now);
        if let Some(set_back) = SetBack::needed(view.newest(), now) {
            let today = now.to_zoned(self.rules.zone.clone()).date();
            set_back.state(&mut view.state);
            commit.state = Some(view.state);
            commit.alerts = view.alerts;
            commit.alerts.iter_mut().for_each(|alert| set_back.alert(alert, today));
            commit.set_back = Some(set_back);
            self.store.commit(&commit).await?;
            let seconds = set_back.by.as_secs();
            tracing::debug!(%account, seconds, "what was written down lay ahead, and was set back");
            view = self.store.load(account).await?;
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
    pub async fn judge_silence(&self) -> Result<(), SweepError> {
        sweep::Sweep::load(self, self.clock.now(), &Silent)
            .await?
            .only_silence()
            .await
    }

    /// Judges the built-in alerts of which `health` knows something, outside a sweep.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge_account(&self, health: &Health) -> Result<(), SweepError> {
        let now = self.clock.now();
        let before = self.account_alerts().await?;
        let mut commit = Commit::new(self.rules.account.clone(), now);
        let mut moved = Vec::new();
        let circumstances = self.circumstances_at(now);
        for policy in &self.rules.policies {
            if let Some(judgement) = health.judge(policy.name.as_str()) {
                let mut decided = self.decide_builtin(&before, policy, &judgement, &Except::new(), &circumstances);
                moved.append(&mut decided.moved);
                batch::add(&mut commit, &ClientId::account(), decided);
            }
        }
        if !commit.is_empty() {
            self.store.commit(&commit).await?;
            moved::tell(&self.rules.account, &moved, 0);
        }
        Ok(())
    }

    /// The alerts about the account as a whole.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn account_alerts(&self) -> Result<Vec<Alert>, SweepError> {
        let mut alerts = self.store.alerts(&self.rules.account).await?;
        alerts.retain(|alert| alert.client == ClientId::account());
        Ok(alerts)
    }

    /// What is owed about the end of an enforcement: one notification for each operator, none for the client.
    #[must_use]
    pub fn owed_for(&self, view: &AccountView, enforcement: &Enforcement, outcome: &Outcome, now: Timestamp) -> Owed {
        let mut alerts = view.alerts.iter().filter(|alert| alert.client == enforcement.client);
        let fires = |alert: &&Alert| {
            let firing = alert.firing();
            firing.is_some_and(|firing| firing.episode == enforcement.episode)
        };
        let alert = match alerts.clone().find(fires) {
            // What goes back does so because the episode is over.
            None if enforcement.direction == Direction::Revert => {
                let last = alerts.find(|alert| alert.policy == enforcement.policy);
                Some(Cow::Owned(past_episode(enforcement, last)))
            }
            fires => fires.map(Cow::Borrowed),
        };
        let watched = view
            .clients
            .iter()
            .find(|watched| watched.client.id == enforcement.client);
        let policy = self
            .rules
            .policies
            .iter()
            .find(|policy| policy.name == enforcement.policy);
        let (Some(alert), Some(watched), Some(policy)) = (alert, watched, policy) else {
            return Owed::default();
        };
        let Some(firing) = alert.firing() else {
            return Owed::default();
        };
        let threshold = watched.threshold.as_ref();
        let seen = Seen {
            watched,
            reading: None,
            threshold,
            threshold_is_fresh: false,
            alerts: &[],
        };
        let facts = self.rules.facts(&seen, policy, &alert, firing);
        let account = &self.rules.account;
        let episode = Episode {
            account,
            client: &enforcement.client,
            policy,
            firing,
            facts: &facts,
        };
        let addresses = Addresses {
            channels: &self.rules.channels,
            client: &[],
            except: &Except::new(),
        };
        let transition = Transition::Enforced {
            outcome: outcome.clone(),
            wanted: enforcement.wanted,
            direction: enforcement.direction,
        };
        audience::owed(&episode, &transition, &addresses, now)
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
        Circumstances {
            now,
            interval: self.interval,
            revisit: SignedDuration::ZERO,
            started_at: self.began_at(now),
            jumped: false,
            baseline_since: None,
            trust: decide::Trust::Full,
            fall: None,
        }
    }

    fn decide_builtin(
        &self,
        before: &[Alert],
        policy: &Policy,
        judgement: &Judgement,
        except: &Except,
        circumstances: &Circumstances,
    ) -> Decided {
        let watched = account_watched(&self.rules.account, circumstances.now);
        let seen = Seen {
            watched: &watched,
            reading: None,
            threshold: None,
            threshold_is_fresh: false,
            alerts: before,
        };
        self.rules
            .decide_builtin(&seen, policy, judgement, except, circumstances)
    }

    /// Ends the alerts about the account whose policy is gone.
    fn decide_gone(&self, before: &[Alert], now: Timestamp) -> Decided {
        let watched = account_watched(&self.rules.account, now);
        let seen = Seen {
            watched: &watched,
            reading: None,
            threshold: None,
            threshold_is_fresh: false,
            alerts: before,
        };
        self.rules.decide_gone(&seen, now)
    }
}

/// Judges what `health` knows of by alerts that are kept in memory: for what cannot be written down. What is owed is the
/// caller's to deliver.
pub fn judge_in_memory(rules: &Rules, alerts: &mut Vec<Alert>, health: &Health, now: Timestamp) -> Owed {
    let circumstances = Circumstances {
        now,
        interval: LOOKED_AT_EVERY,
        revisit: SignedDuration::ZERO,
        started_at: now,
        jumped: false,
        baseline_since: None,
        trust: decide::Trust::Full,
        fall: None,
    };
    let watched = account_watched(&rules.account, now);
    let mut owed = Owed::default();
    for policy in &rules.policies {
        let Some(judgement) = health.judge(policy.name.as_str()) else {
            continue;
        };
        let seen = Seen {
            watched: &watched,
            reading: None,
            threshold: None,
            threshold_is_fresh: false,
            alerts: alerts.as_slice(),
        };
        let decided = rules.decide_builtin(&seen, policy, &judgement, &Except::new(), &circumstances);
        let is_same = decided.alerts.is_empty() && decided.gone.is_empty();
        alerts.retain(|alert| is_same || alert.policy != policy.name);
        alerts.extend(decided.alerts);
        owed.messages.extend(decided.owed.messages);
        owed.notifications.extend(decided.owed.notifications);
    }
    owed
}

/// The pseudo-client that alerts about the account are about.
fn account_watched(account: &AccountName, now: Timestamp) -> Watched {
    let client = Client {
        id: ClientId::account(),
        email: String::new(),
        company: format!("account {account}"),
        firstname: String::new(),
        lastname: String::new(),
        country: String::new(),
        balance_management: String::new(),
        fingerprint: String::new(),
    };
    Watched::new(client, now)
}
/// The alert of an episode that is over, as far as it is still known, for what is told of it afterwards.
fn past_episode(enforcement: &Enforcement, last: Option<&Alert>) -> Alert {
    let at = enforcement.planned_at;
    let firing = Firing {
        episode: enforcement.episode.clone(),
        since: at,
        baseline: false,
        confirmed: true,
        repeats: 0,
        last_told_at: at,
        client_waits: None,
        client_told: false,
        summary: None,
        clear_readings: 0,
        clear_since: None,
        last_reading_at: None,
        over_on: None,
        under_on: None,
        breach: None,
        is_recovering: false,
        client_knows_it_is_gone: false,
        mode: Mode::Apply,
    };
    Alert {
        client: enforcement.client.clone(),
        policy: enforcement.policy.clone(),
        condition: String::new(),
        phase: Phase::Firing(firing),
        reason: last.map_or(Reason::Limits { findings: Vec::new() }, |alert| alert.reason.clone()),
    }
}
