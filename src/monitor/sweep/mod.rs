//! One pass over the clients of an account that are due: the order of it all.
//!
//! Own balance first (it proves that the account can be asked), then the list of clients, then the clients by
//! urgency, then what is judged about the account as a whole. One client's failure never ends it.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::batch::Writer;
use super::fetch::Fetched;
use super::{Monitor, Progress, SweepError};
use crate::clock::Due;
use crate::domain::alert::Alert;
use crate::domain::enforcement::Enforcement;
use crate::domain::hush::Hushes;
use crate::domain::judge::account::{Health, Trouble};
use crate::domain::judge::belief::Trust;
use crate::domain::judge::gather::Which;
use crate::domain::judge::{Circumstances, Rules};
use crate::domain::kept::Past;
use crate::domain::report::Report;
use crate::domain::watch::{AccountState, Watched};
use crate::domain::{ClientId, Money};
use crate::store::AccountView;
use crate::voipms;

mod addresses;
mod brake;
mod clients;
mod ending;
mod flights;
mod gathering;
mod own;
mod surprise;

use brake::Brakes;

/// Why a pass ended before its end.
#[derive(Debug)]
enum Ended {
    /// The account does not let us in.
    Access(voipms::Error),
    /// The API does not answer.
    Upstream(Trouble),
    /// The program is to end.
    Stopped,
}

/// A sweep in progress.
pub(super) struct Sweep<'a> {
    monitor: &'a Monitor,
    rules: &'a Rules,
    progress: &'a dyn Progress,
    started_at: Timestamp,
    /// The monotonic time at its beginning.
    began: Duration,
    deadline: Due,
    circumstances: Circumstances,
    state: AccountState,
    clients: Vec<Watched>,
    alerts: HashMap<ClientId, Vec<Alert>>,
    /// What people decided about alerts, as of the batch that is judged.
    hushes: Hushes,
    brakes: Brakes,
    writer: Writer,
    report: Report,
    health: Health,
    /// What went wrong with clients that were asked in vain, by their place.
    failed: HashMap<usize, (Timestamp, String)>,
    /// What clients came to that are to be asked again after no answer in time, by their place.
    timed_out: HashMap<usize, Fetched>,
    /// When those were asked last, by their place, whom the API's own limit has kept from an answer so far.
    limited: HashMap<usize, Timestamp>,
    /// Whether each client was read in this sweep.
    is_read: Vec<bool>,
    /// Clients that were asked, good or not, and how many of them failed.
    tried: (u64, u64),
    /// By the monotonic clock.
    doubted_at: Option<Duration>,
    /// What the clients set to HARD by us are doing, by their place.
    hard: HashMap<usize, Timestamp>,
    without_effect: Vec<(String, Money)>,
    /// How many of the clients set to HARD were seen well enough to tell.
    hard_judged: usize,
    /// What its readings began so far.
    begun: surprise::Beginnings,
    /// What operators were told before its end.
    gatherings: gathering::Gatherings,
    /// Why the account could not be asked, if it could not.
    why_not_asked: Option<Trouble>,
}

impl<'a> Sweep<'a> {
    /// Loads what is remembered.
    pub(super) async fn load(
        monitor: &'a Monitor,
        rules: &'a Rules,
        deadline: Timestamp,
        progress: &'a dyn Progress,
        past: Past,
    ) -> Result<Self, SweepError> {
        let (started_at, began) = (monitor.clock.now(), monitor.clock.monotonic());
        let deadline = monitor.clock.due(deadline);
        let AccountView {
            mut state,
            clients,
            alerts,
            decisions,
            enforcements,
        } = monitor.load(rules, started_at, past).await?;
        let schedule = monitor.interval_for(clients.len());
        resume(&mut state, started_at, schedule);
        // A jump that was seen since the last sweep began counts in this one, too.
        let jumped = state
            .clock_jumped_at
            .is_some_and(|at| state.sweep_started_at.is_none_or(|before| at > before));
        state.sweep_started_at = Some(started_at);
        let mut by_client: HashMap<ClientId, Vec<Alert>> = HashMap::new();
        for alert in alerts {
            by_client.entry(alert.client.clone()).or_default().push(alert);
        }
        Ok(Self {
            circumstances: Circumstances {
                now: started_at,
                interval: schedule,
                // Nobody was silent while the machine slept.
                started_at: state
                    .clock_jumped_at
                    .max(Some(monitor.began_at(started_at)))
                    .unwrap_or(started_at),
                jumped,
                baseline_since: state.baseline_since,
                trust: Trust::Full,
                fall: None,
            },
            hushes: Hushes::new(&decisions, &rules.mutes, started_at),
            hard: set_to_hard(&clients, &enforcements),
            is_read: vec![false; clients.len()],
            writer: Writer::new(monitor.store.clone(), rules),
            monitor,
            rules,
            progress,
            started_at,
            began,
            deadline,
            state,
            clients,
            alerts: by_client,
            brakes: Brakes::new(&decisions, started_at),
            report: Report::default(),
            health: Health::default(),
            failed: HashMap::new(),
            timed_out: HashMap::new(),
            limited: HashMap::new(),
            tried: (0, 0),
            doubted_at: None,
            without_effect: Vec::new(),
            hard_judged: 0,
            begun: surprise::Beginnings::new(rules.triggers.firing),
            gatherings: gathering::Gatherings::default(),
            why_not_asked: None,
        })
    }

    pub(super) async fn run(mut self) -> Result<Report, SweepError> {
        self.count_clients();
        self.gather(Which::Fresh, self.now()).await?;
        let calls_before = self.monitor.api.calls_made();
        let ended = match self.ask_account().await? {
            Some(ended) => Some(ended),
            None => self.ask_clients().await?,
        };
        let asked = ended.is_none();
        self.conclude(ended).await?;
        self.report.api_calls = self.monitor.api.calls_made() - calls_before;
        self.report.seconds = self.monitor.clock.monotonic().saturating_sub(self.began).as_secs_f64();
        self.finish(asked).await?;
        match self.why_not_asked.take() {
            None => Ok(self.report),
            Some(Trouble { what, fix }) => {
                let account = self.rules.account.clone();
                Err(SweepError::NotAsked {
                    account,
                    what,
                    fix,
                    probe_at: self.state.probe_at,
                    report: Box::new(self.report),
                })
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.monitor.clock.now()
    }

    /// The time by which something is judged. A jump since the last look counts from now on: what must hold for a time
    /// starts again, nobody was silent over the gap, and no change follows from this sweep.
    fn time_to_judge(&mut self) -> Timestamp {
        let now = self.now();
        if self.monitor.clock_jumped() {
            self.state.clock_jumped_at = Some(now);
            self.circumstances.jumped = true;
            self.circumstances.started_at = now;
        }
        now
    }

    /// A call's answer; `None` when the program is to end first. Reads cost nothing to give up.
    async fn unless_stopped<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.monitor.stopped() => None,
            answer = call => Some(answer),
        }
    }

    /// Writes what the sweep came to.
    async fn finish(&mut self, asked: bool) -> Result<(), SweepError> {
        let mut commit = self.writer.commit_at(self.now());
        if asked {
            self.state.last_sweep = serde_json::to_string(&self.report).ok();
        }
        commit.state = Some(self.state.clone());
        self.writer.write(commit).await?;
        self.writer.finish().await?;
        Ok(())
    }
}

/// After a long time without a sweep, the next judgement of each client is a baseline.
fn resume(state: &mut AccountState, now: Timestamp, interval: SignedDuration) {
    let gap = SignedDuration::from_hours(1).max(interval * 3);
    if state.sweep_ended_at.is_some_and(|at| now.duration_since(at) > gap) {
        state.baseline_since = Some(now);
    }
}

/// The places of the clients that we set to HARD, and when.
fn set_to_hard(clients: &[Watched], enforcements: &[Enforcement]) -> HashMap<usize, Timestamp> {
    let places: HashMap<&ClientId, usize> = clients
        .iter()
        .enumerate()
        .map(|(index, watched)| (&watched.client.id, index))
        .collect();
    enforcements
        .iter()
        .filter(|enforcement| enforcement.is_verified_hard())
        .filter_map(|enforcement| Some((*places.get(&enforcement.client)?, enforcement.changed_at)))
        .filter(|(index, _)| is_watched(&clients[*index]))
        .collect()
}

/// Whether a client is asked: it is real, and is not known to have vanished. A list without it proves nothing.
fn is_watched(watched: &Watched) -> bool {
    !watched.client.id.is_pseudo() && watched.vanished_at.is_none()
}

fn trouble(error: &voipms::Error) -> Trouble {
    Trouble {
        what: error.brief(),
        fix: error.hint().unwrap_or_default().to_string(),
    }
}
