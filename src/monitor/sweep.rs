//! One pass over the clients of an account that are due: the order of it all.
//!
//! Own balance first (it proves that the account can be asked), then the list of clients, then the clients by
//! urgency, then what is judged about the account as a whole. One client's failure never ends it.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};

use super::account::{self, Health, Trouble};
use super::batch::{self, Writer};
use super::decide::{Circumstances, Decided, Seen};
use super::fetch::{Fetched, Fetcher, wants_thresholds};
use super::inventory;
use super::report::Report;
use super::{Monitor, Progress, SweepError};
use crate::domain::alert::Alert;
use crate::domain::notice::{NoticeState, Withdrawal};
use crate::domain::watch::{AccountState, FlagKind, Watched};
use crate::domain::{Client, ClientId, Reading, audience, due};
use crate::store::{AccountView, Commit, HistoryEntry};
use crate::voipms;

/// Equal failures in a row of different clients before the account itself is doubted.
const FAILURES_BEFORE_DOUBT: u32 = 10;

/// The account is doubted at most this often.
const DOUBT_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// How often one client is asked again after the API's own limit.
const TRIES_AFTER_LIMIT: u32 = 3;

/// Clients that are asked for by their id in one sweep, when lists no longer have them.
const MOST_ASKED_BY_ID: usize = 10;

/// A summary of a baseline goes out at most this often.
const SUMMARY_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The longest and the shortest wait between two probes of an account that could not be asked.
const PROBE_SECS: std::ops::RangeInclusive<i64> = 60..=15 * 60;

/// A change below zero is looked at this long after a client was set to HARD.
const EFFECT_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Why a pass ended before its end.
#[derive(Debug)]
enum Ended {
    /// The account does not let us in.
    Access(Trouble),
    /// The API does not answer.
    Upstream(Trouble),
}

/// A sweep in progress.
pub(super) struct Sweep<'a> {
    monitor: &'a Monitor,
    progress: &'a dyn Progress,
    started_at: Timestamp,
    deadline: Timestamp,
    circumstances: Circumstances,
    state: AccountState,
    clients: Vec<Watched>,
    alerts: HashMap<ClientId, Vec<Alert>>,
    view: Rest,
    writer: Writer,
    report: Report,
    health: Health,
    /// What went wrong with clients that were asked in vain, by their place.
    failed: HashMap<usize, (Timestamp, String)>,
    /// Whether each client was read in this sweep.
    is_read: Vec<bool>,
    /// Clients that were asked, good or not, and how many of them failed.
    tried: (u64, u64),
    doubted_at: Option<Timestamp>,
    /// What the clients set to HARD by us are doing, by their place.
    hard: HashMap<usize, Timestamp>,
    without_effect: Vec<(String, crate::domain::Money)>,
    hard_judged: bool,
}

/// What the sweep does not change of an account's view.
struct Rest {
    brake: Option<String>,
    read_back: Option<String>,
}

impl<'a> Sweep<'a> {
    /// Loads what is remembered.
    pub(super) async fn load(
        monitor: &'a Monitor,
        deadline: Timestamp,
        progress: &'a dyn Progress,
    ) -> Result<Self, SweepError> {
        let started_at = monitor.clock.now();
        let AccountView { mut state, clients, alerts, flags, enforcements } =
            monitor.store.load(&monitor.rules.account).await?;
        let schedule = monitor.interval_for(clients.len());
        resume(&mut state, started_at, schedule);
        let jumped = monitor.clock_jumped();
        if jumped {
            state.clock_jumped_at = Some(started_at);
        }
        state.sweep_started_at = Some(started_at);
        let brake = flags.iter().find(|flag| flag.kind == FlagKind::Brake).map(|flag| flag.note.clone());
        let read_back = flags
            .iter()
            .find(|flag| flag.kind == FlagKind::Brake && flag.by == crate::domain::watch::BY_READ_BACK)
            .map(|flag| flag.note.clone());
        let places: HashMap<&ClientId, usize> =
            clients.iter().enumerate().map(|(index, watched)| (&watched.client.id, index)).collect();
        let hard = enforcements
            .iter()
            .filter(|enforcement| enforcement.is_verified_hard())
            .filter_map(|enforcement| Some((*places.get(&enforcement.client)?, enforcement.changed_at)))
            .collect();
        let mut by_client: HashMap<ClientId, Vec<Alert>> = HashMap::new();
        for alert in alerts {
            by_client.entry(alert.client.clone()).or_default().push(alert);
        }
        Ok(Self {
            circumstances: Circumstances {
                now: started_at,
                interval: schedule,
                revisit: monitor.revisit(clients.len()),
                started_at: monitor.started_at,
                jumped,
                baseline_since: state.baseline_since,
            },
            is_read: vec![false; clients.len()],
            writer: Writer::new(monitor.store.clone(), monitor.rules.account.clone()),
            monitor,
            progress,
            started_at,
            deadline,
            state,
            clients,
            alerts: by_client,
            view: Rest { brake, read_back },
            report: Report::default(),
            health: Health::default(),
            failed: HashMap::new(),
            tried: (0, 0),
            doubted_at: None,
            hard,
            without_effect: Vec::new(),
            hard_judged: false,
        })
    }

    /// The whole pass.
    pub(super) async fn run(mut self) -> Result<Report, SweepError> {
        let calls_before = self.monitor.api.calls_made();
        let ended = match self.ask_account().await? {
            Some(ended) => Some(ended),
            None => self.ask_clients().await?,
        };
        let asked = ended.is_none();
        self.conclude(ended).await?;
        self.report.api_calls = self.monitor.api.calls_made() - calls_before;
        self.report.seconds = seconds(self.monitor.clock.now().duration_since(self.started_at));
        self.finish(asked).await?;
        if asked { Ok(self.report) } else { Err(SweepError::NotAsked { report: Box::new(self.report), health: self.health }) }
    }

    fn now(&self) -> Timestamp {
        self.monitor.clock.now()
    }

    // ---- the account itself -------------------------------------------------------------------------------------

    /// The reseller's own balance, then the list of clients.
    async fn ask_account(&mut self) -> Result<Option<Ended>, SweepError> {
        let place = self.reseller();
        match self.monitor.api.get_balance().await {
            Ok(answer) => {
                self.health.access = Some(Ok(()));
                let reading = Reading {
                    balance: answer.current_balance,
                    spent_today: answer.spent_today,
                    spent_total: answer.spent_total,
                    at: self.now(),
                };
                self.tried.0 += 1;
                self.take_own(place, reading).await?;
            }
            Err(error) => {
                let at = self.now();
                if error.is_auth() {
                    return Ok(Some(Ended::Access(trouble(&error))));
                }
                self.tried = (self.tried.0 + 1, self.tried.1 + 1);
                self.failed.insert(place, (at, error.kind().to_owned()));
                if self.state.probe_at.is_some() || error.is_maintenance() {
                    return Ok(Some(Ended::Upstream(trouble(&error))));
                }
            }
        }
        self.ask_inventory().await
    }

    /// The place of the pseudo-client whose balance is the reseller's own.
    fn reseller(&mut self) -> usize {
        let id = ClientId::reseller();
        if let Some(place) = self.clients.iter().position(|watched| watched.client.id == id) {
            return place;
        }
        self.clients.push(Watched::new(own_client(id), self.started_at));
        self.is_read.push(false);
        self.clients.len() - 1
    }

    async fn take_own(&mut self, place: usize, reading: Reading) -> Result<(), SweepError> {
        let now = self.now();
        let mut commit = self.writer.commit_at(now);
        let fetched = Fetched { index: place, asked_before: 0, at: now, reading: Ok(reading), threshold: None };
        self.take(&mut commit, fetched, now);
        self.report.readings -= 1;
        self.writer.write(commit).await?;
        Ok(())
    }

    /// Reads the list of clients, unless it was read a moment ago.
    async fn ask_inventory(&mut self) -> Result<Option<Ended>, SweepError> {
        let is_recent = |at: Timestamp| self.started_at.duration_since(at) < inventory::EVERY;
        if self.state.inventory_at.is_some_and(is_recent) {
            return Ok(None);
        }
        let listed = match self.monitor.api.get_clients().await {
            Ok(listed) => listed,
            Err(error) if error.is_auth() => return Ok(Some(Ended::Access(trouble(&error)))),
            Err(error) => {
                tracing::warn!(account = %self.monitor.rules.account, error = %error, "the list of clients could not be read");
                let knows_clients = self.clients.iter().any(|watched| !watched.client.id.is_pseudo());
                return Ok((!knows_clients).then(|| Ended::Upstream(trouble(&error))));
            }
        };
        let now = self.now();
        let change = inventory::take(&mut self.clients, listed, &mut self.state, now);
        self.is_read.resize(self.clients.len(), false);
        self.health.inventory = Some(change.short.map_or(Ok(()), Err));
        for chunk in change.changed.chunks(1000) {
            let mut commit = self.writer.commit_at(now);
            commit.clients.extend(chunk.iter().map(|index| self.clients[*index].clone()));
            self.writer.write(commit).await?;
        }
        let mut commit = self.writer.commit_at(now);
        commit.state = Some(self.state.clone());
        self.writer.write(commit).await?;
        for index in change.to_ask.into_iter().take(MOST_ASKED_BY_ID) {
            self.ask_by_id(index).await?;
        }
        let count = self.clients.iter().filter(|watched| is_watched(watched)).count();
        self.circumstances.interval = self.monitor.interval_for(count);
        self.circumstances.revisit = self.monitor.revisit(count);
        Ok(None)
    }

    /// Asks for a client that lists no longer have: only the API's own word makes it vanish.
    async fn ask_by_id(&mut self, index: usize) -> Result<(), SweepError> {
        let id = self.clients[index].client.id.clone();
        let is_gone = match self.monitor.api.has_client(&id).await {
            Ok(is_there) => !is_there,
            Err(_) => return Ok(()),
        };
        let now = self.now();
        let mut commit = self.writer.commit_at(now);
        let watched = &mut self.clients[index];
        if is_gone {
            watched.vanished_at = Some(now);
            tracing::info!(client = %id, "the client is no longer one of the reseller's");
            let alerts = self.alerts.remove(&id).unwrap_or_default();
            let watched = &self.clients[index];
            let seen = Seen { watched, reading: None, threshold: watched.threshold.as_ref(), threshold_is_fresh: false, alerts: &alerts };
            let decided = self.monitor.rules.withdraw_all(&seen, Withdrawal::ClientVanished, now);
            self.report.alerts.withdrawn += decided.withdrawn;
            batch::add(&mut commit, &id, decided);
        } else {
            watched.missing_inventories = 0;
        }
        commit.clients.push(self.clients[index].clone());
        self.writer.write(commit).await?;
        Ok(())
    }

    // ---- the clients --------------------------------------------------------------------------------------------

    /// Asks the clients that are due, most urgent first, within the calls that fit before the next sweep.
    async fn ask_clients(&mut self) -> Result<Option<Ended>, SweepError> {
        let budget = self.monitor.budget(self.now(), self.deadline);
        let mut queue: VecDeque<(usize, u32)> = self.order().into_iter().map(|index| (index, 0)).collect();
        let due = queue.len();
        self.report.clients = u64::try_from(due).unwrap_or(u64::MAX);
        self.progress.begin(self.report.clients);
        // What the futures look at must not be what the batches change.
        let clients = std::mem::take(&mut self.clients);
        let alerts = std::mem::take(&mut self.alerts);
        let api = &self.monitor.api;
        let fetcher = Fetcher {
            api,
            clock: &self.monitor.clock,
            rules: &self.monitor.rules,
            threshold_refresh: self.monitor.threshold_refresh,
            refreshes_left: AtomicU64::new((budget / 4).max(1)),
            circumstances: self.circumstances,
            wants_thresholds: wants_thresholds(&self.monitor.rules),
        };
        let no_alerts: Vec<Alert> = Vec::new();
        let calls_at_start = api.calls_made();
        let mut flights: FuturesUnordered<Pin<Box<dyn Future<Output = Fetched> + Send + '_>>> = FuturesUnordered::new();
        let mut streak = Streak::default();
        let mut landed: Vec<Fetched> = Vec::with_capacity(batch::MOST_READINGS);
        let mut closes_at = None;
        let mut ended = None;
        let result = loop {
            let may_start = ended.is_none()
                && self.now() < self.deadline
                && api.calls_made() - calls_at_start + u64::try_from(flights.len()).unwrap_or(0) < budget;
            if may_start && flights.len() < self.monitor.concurrency
                && let Some((index, asked_before)) = queue.pop_front()
            {
                let watched = &clients[index];
                let alerts = alerts.get(&watched.client.id).unwrap_or(&no_alerts);
                flights.push(Box::pin(fetcher.fetch(index, asked_before, watched, alerts)));
                continue;
            }
            if flights.is_empty() && landed.is_empty() {
                break Ok(ended);
            }
            let closing = self.closing(closes_at);
            let fetched = tokio::select! {
                biased;
                fetched = flights.next(), if !flights.is_empty() => fetched,
                () = closing, if closes_at.is_some() => None,
            };
            if let Some(fetched) = fetched {
                match self.land(fetched, &mut queue, &mut streak) {
                    Landed::Again => {}
                    Landed::Ends(why) => ended = ended.or(Some(why)),
                    Landed::Doubted(fetched) => {
                        if ended.is_none() {
                            ended = self.doubt().await;
                        }
                        landed.push(fetched);
                    }
                    Landed::Here(fetched) => landed.push(fetched),
                }
                if closes_at.is_none() && !landed.is_empty() {
                    closes_at = Some(self.monitor.clock.monotonic() + batch::LONGEST);
                }
            }
            let is_over = flights.is_empty() && (queue.is_empty() || !may_start);
            let is_time = closes_at.is_some_and(|at| self.monitor.clock.monotonic() >= at);
            if landed.len() >= batch::MOST_READINGS || is_over || is_time {
                closes_at = None;
                if let Err(error) = self.commit(&clients, &alerts, &mut landed).await {
                    break Err(error);
                }
            }
        };
        drop(flights);
        drop(fetcher);
        self.report.deferred += u64::try_from(queue.len()).unwrap_or(u64::MAX);
        (self.clients, self.alerts) = (clients, alerts);
        result
    }

    /// Waits until an open batch must close.
    async fn closing(&self, closes_at: Option<std::time::Duration>) {
        let Some(closes_at) = closes_at else { return };
        self.monitor.clock.sleep(closes_at.saturating_sub(self.monitor.clock.monotonic())).await;
    }

    /// Who is asked, in which order. Who did not answer in time last comes last: such a client costs as much time as
    /// hundreds of others.
    fn order(&self) -> Vec<usize> {
        let rules = &self.monitor.rules;
        let (mut places, mut slow): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (index, watched) in self.clients.iter().enumerate().filter(|(_, watched)| is_watched(watched)) {
            if watched.last_error.as_deref() == Some("timeout") { slow.push(index) } else { places.push(index) }
        }
        let refs: Vec<&Watched> = places.iter().map(|index| &self.clients[*index]).collect();
        let order = due::order(&refs, &rules.policies, rules.default_threshold, self.started_at);
        order.into_iter().map(|index| places[index]).chain(slow).collect()
    }

    /// What an answer means for the sweep: it counts, it is asked again, or it ends the pass.
    fn land(&mut self, fetched: Fetched, queue: &mut VecDeque<(usize, u32)>, streak: &mut Streak) -> Landed {
        let failure = match (&fetched.reading, &fetched.threshold) {
            (Err(error), _) | (Ok(_), Some(Err(error))) => error,
            (Ok(_), _) => {
                streak.broken();
                self.progress.step();
                return Landed::Here(fetched);
            }
        };
        if failure.is_auth() {
            return Landed::Ends(Ended::Access(trouble(failure)));
        }
        if fetched.reading.is_ok() {
            // The balance is there; a threshold that could not be read is judged without.
            self.progress.step();
            return Landed::Here(fetched);
        }
        if failure.is_limit() {
            if fetched.asked_before < TRIES_AFTER_LIMIT {
                queue.push_back((fetched.index, fetched.asked_before + 1));
            } else {
                self.report.deferred += 1;
            }
            return Landed::Again;
        }
        if failure.kind() == "timeout" && fetched.asked_before == 0 {
            queue.push_back((fetched.index, 1));
            return Landed::Again;
        }
        self.progress.step();
        if streak.again(failure.kind()) >= FAILURES_BEFORE_DOUBT { Landed::Doubted(fetched) } else { Landed::Here(fetched) }
    }

    /// Asks whether the account answers at all, after many equal failures in a row.
    async fn doubt(&mut self) -> Option<Ended> {
        let now = self.now();
        if self.doubted_at.is_some_and(|at| now.duration_since(at) < DOUBT_EVERY) {
            return None;
        }
        self.doubted_at = Some(now);
        match self.monitor.api.get_balance().await {
            Ok(_) => None,
            Err(error) if error.is_auth() => Some(Ended::Access(trouble(&error))),
            Err(error) if error.is_limit() => None,
            Err(error) => Some(Ended::Upstream(trouble(&error))),
        }
    }

    /// Judges what landed at one `now` and writes it.
    async fn commit(
        &mut self,
        clients: &[Watched],
        alerts: &HashMap<ClientId, Vec<Alert>>,
        landed: &mut Vec<Fetched>,
    ) -> Result<(), SweepError> {
        if landed.is_empty() {
            return Ok(());
        }
        let now = self.now();
        let mut commit = self.writer.commit_at(now);
        for fetched in landed.drain(..) {
            let watched = &clients[fetched.index];
            let alerts = alerts.get(&watched.client.id).map_or(&[][..], Vec::as_slice);
            self.judge(&mut commit, watched, alerts, fetched, now);
        }
        self.writer.write(commit).await?;
        Ok(())
    }

    /// As [`Sweep::judge`], for a client whose place is still in the sweep's own list.
    fn take(&mut self, commit: &mut Commit, fetched: Fetched, now: Timestamp) {
        let watched = self.clients[fetched.index].clone();
        let alerts = self.alerts.get(&watched.client.id).cloned().unwrap_or_default();
        self.judge(commit, &watched, &alerts, fetched, now);
    }

    /// Judges one client and adds its rows.
    fn judge(&mut self, commit: &mut Commit, watched: &Watched, alerts: &[Alert], fetched: Fetched, now: Timestamp) {
        let mut next = watched.clone();
        next.first_attempt_at = next.first_attempt_at.or(Some(fetched.at));
        next.last_attempt_at = Some(fetched.at);
        self.tried.0 += u64::from(!watched.client.id.is_pseudo());
        let id = &watched.client.id;
        let reading = match fetched.reading {
            Ok(reading) => reading,
            Err(error) => {
                let kind = error.kind().to_owned();
                tracing::debug!(client = %id, error = %error, "no balance could be read");
                self.tried.1 += 1;
                *self.report.errors.entry(kind.clone()).or_default() += 1;
                commit.history.push(HistoryEntry { client: id.clone(), at: fetched.at, seen: crate::store::Seen::Gap { error: kind.clone() } });
                self.failed.insert(fetched.index, (fetched.at, kind.clone()));
                next.last_error = Some(kind);
                commit.clients.push(next);
                return;
            }
        };
        let fresh = fetched.threshold.and_then(Result::ok);
        let threshold_is_fresh = fresh.is_some();
        let threshold = fresh.or_else(|| watched.threshold.clone());
        next.last_error = None;
        let seen = Seen { watched: &next, reading: Some(&reading), threshold: threshold.as_ref(), threshold_is_fresh, alerts };
        let decided = self.monitor.rules.decide(&seen, &Circumstances { now, ..self.circumstances });
        if let Some(judged) = &decided.judged {
            next.judged = self.writer.intern(judged.clone());
        }
        self.count(&decided);
        batch::add(commit, id, decided);
        let used = threshold.as_ref().and_then(|threshold| threshold.amount);
        commit.history.push(HistoryEntry {
            client: id.clone(),
            at: reading.at,
            seen: crate::store::Seen::Reading { balance: reading.balance, spent_today: reading.spent_today, threshold: used },
        });
        self.watch_effect(fetched.index, watched, &reading);
        self.report.readings += 1;
        self.is_read[fetched.index] = true;
        next.previous = next.reading.replace(reading);
        next.threshold = threshold;
        commit.clients.push(next);
    }

    fn count(&mut self, decided: &Decided) {
        self.report.alerts.fired += decided.fired;
        self.report.alerts.resolved += decided.resolved;
        self.report.alerts.withdrawn += decided.withdrawn;
    }

    /// Looks whether a client that we set to HARD still spends below zero.
    fn watch_effect(&mut self, index: usize, before: &Watched, reading: &Reading) {
        let Some(set_at) = self.hard.get(&index) else { return };
        let Some(previous) = before.reading.as_ref() else { return };
        if reading.at.duration_since(*set_at) < EFFECT_AFTER || previous.at < *set_at {
            return;
        }
        self.hard_judged = true;
        if !reading.balance.is_positive() && !previous.balance.is_positive() && reading.balance < previous.balance {
            self.without_effect.push((before.client.label(), reading.balance));
        }
    }

    // ---- the end ------------------------------------------------------------------------------------------------

    /// Judges the account as a whole, the silence of who was not read, and gathers the summaries.
    async fn conclude(&mut self, ended: Option<Ended>) -> Result<(), SweepError> {
        self.writer.finish().await?;
        let now = self.now();
        let (tried, failed) = self.tried;
        let most_common = self.report.errors.iter().max_by_key(|(_, count)| **count).map(|(kind, _)| kind.clone());
        self.health.upstream = account::upstream(tried, failed, most_common.as_deref());
        match ended {
            Some(Ended::Access(trouble)) => {
                self.health.access = Some(Err(trouble));
                self.health.upstream = None;
                self.wait_for_probe(now);
            }
            Some(Ended::Upstream(trouble)) => {
                self.health.upstream = Some(Err(trouble));
                self.wait_for_probe(now);
            }
            None => {
                self.state.probe_at = None;
                self.state.probe_wait_secs = *PROBE_SECS.start();
                self.state.sweep_ended_at = Some(now);
            }
        }
        self.health.revisit = Some((self.circumstances.revisit, self.monitor.revisit_within));
        self.health.brake = Some(self.view.brake.clone());
        self.health.read_back = Some(self.view.read_back.clone());
        self.health.without_effect = self.hard_judged.then(|| std::mem::take(&mut self.without_effect));
        let mut commit = self.writer.commit_at(now);
        let held_back = self.judge_account(&mut commit, now);
        self.judge_silence(&mut commit, now, held_back);
        self.writer.write(commit).await?;
        self.writer.finish().await?;
        self.summarise(now).await
    }

    /// When an account that could not be asked is asked next: after 1, 2, 4, 8 and then every 15 minutes.
    fn wait_for_probe(&mut self, now: Timestamp) {
        let wait = self.state.probe_wait_secs.clamp(*PROBE_SECS.start(), *PROBE_SECS.end());
        self.state.probe_at = now.checked_add(SignedDuration::from_secs(wait)).ok();
        self.state.probe_wait_secs = (wait * 2).min(*PROBE_SECS.end());
    }

    /// The built-in alerts. Whether one fires that explains why clients cannot be read.
    fn judge_account(&mut self, commit: &mut Commit, now: Timestamp) -> bool {
        let mut explains_silence = false;
        for policy in &self.monitor.rules.policies {
            let Some(judgement) = self.health.judge(policy.name.as_str()) else { continue };
            // Channels with dead letters are judged where messages are delivered.
            if policy.name.as_str() == "dead-letter" {
                continue;
            }
            let circumstances = Circumstances { now, ..self.circumstances };
            let before = self.alerts.get(&ClientId::account()).map_or(&[][..], Vec::as_slice);
            let decided = self.monitor.decide_builtin(before, policy, &judgement, &[], &circumstances);
            let explains = matches!(policy.name.as_str(), "account-access" | "upstream");
            explains_silence |= explains && decided.fires(&policy.name, before);
            self.report.alerts.fired += decided.fired;
            self.report.alerts.resolved += decided.resolved;
            self.report.alerts.withdrawn += decided.withdrawn;
            batch::add(commit, &ClientId::account(), decided);
        }
        explains_silence
    }

    /// Judges how long those have been silent that were not read in this sweep.
    fn judge_silence(&mut self, commit: &mut Commit, now: Timestamp, held_back: bool) {
        let circumstances = Circumstances { now, ..self.circumstances };
        let rules = &self.monitor.rules;
        let mut counts = [0; 3];
        for (index, watched) in self.clients.iter().enumerate() {
            if self.is_read[index] || watched.vanished_at.is_some() {
                continue;
            }
            let mut next = watched.clone();
            if let Some((at, error)) = self.failed.get(&index) {
                next.first_attempt_at = next.first_attempt_at.or(Some(*at));
                next.last_attempt_at = Some(*at);
                next.last_error = Some(error.clone());
            }
            let alerts = self.alerts.get(&watched.client.id).map_or(&[][..], Vec::as_slice);
            let threshold = watched.threshold.as_ref();
            let seen = Seen { watched: &next, reading: None, threshold, threshold_is_fresh: false, alerts };
            let decided = rules.decide_silence(&seen, &circumstances, held_back);
            counts = [counts[0] + decided.fired, counts[1] + decided.resolved, counts[2] + decided.withdrawn];
            let mut is_changed = next != *watched && watched.client.id.is_pseudo();
            if let Some(judged) = &decided.judged {
                next.judged = self.writer.intern(judged.clone());
                is_changed = true;
            }
            batch::add(commit, &watched.client.id, decided);
            if is_changed {
                commit.clients.push(next);
            }
        }
        self.report.alerts.fired += counts[0];
        self.report.alerts.resolved += counts[1];
        self.report.alerts.withdrawn += counts[2];
    }

    /// Puts what baselines found into one mail for each recipient, at most one an hour.
    async fn summarise(&mut self, now: Timestamp) -> Result<(), SweepError> {
        let is_recent = |at: Timestamp| now.duration_since(at) < SUMMARY_EVERY;
        if self.state.summary_at.is_some_and(is_recent) {
            return Ok(());
        }
        let waiting = self.monitor.store.unsummarised(&self.monitor.rules.account).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let view = self.monitor.store.load(&self.monitor.rules.account).await?;
        let runs = |notification: &crate::domain::notice::Notification| {
            view.alerts.iter().any(|alert| alert.firing().is_some_and(|firing| firing.episode == notification.episode))
        };
        let running: std::collections::HashSet<String> =
            waiting.iter().filter(|notification| runs(notification)).map(|n| n.episode.as_str().to_owned()).collect();
        let account = &self.monitor.rules.account;
        let summary = audience::summarise(account, waiting, |n| !running.contains(n.episode.as_str()), now);
        let mut commit = self.writer.commit_at(now);
        for mut alert in view.alerts {
            if let crate::domain::alert::Phase::Firing(firing) = &mut alert.phase
                && running.contains(firing.episode.as_str())
            {
                firing.summary = Some(summary.thread.clone());
                commit.alerts.push(alert);
            }
        }
        let is_told = summary.notifications.iter().any(|notification| notification.state == NoticeState::Pending);
        if is_told {
            self.state.summary_at = Some(now);
        }
        commit.notifications = summary.notifications;
        commit.messages = summary.messages;
        self.writer.write(commit).await?;
        Ok(())
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

/// What an answer means for the sweep.
enum Landed {
    /// It is judged with its batch.
    Here(Fetched),
    /// It is judged with its batch, and the account is doubted.
    Doubted(Fetched),
    /// It is asked again.
    Again,
    /// It ends the pass.
    Ends(Ended),
}

/// Equal failures in a row.
#[derive(Default)]
struct Streak {
    kind: String,
    length: u32,
}

impl Streak {
    fn again(&mut self, kind: &str) -> u32 {
        if self.kind != kind {
            kind.clone_into(&mut self.kind);
            self.length = 0;
        }
        self.length += 1;
        self.length
    }

    fn broken(&mut self) {
        self.length = 0;
    }
}

/// After a long time without a sweep, the next judgement of each client is a baseline.
fn resume(state: &mut AccountState, now: Timestamp, interval: SignedDuration) {
    let gap = SignedDuration::from_hours(1).max(interval * 3);
    if state.sweep_ended_at.is_some_and(|at| now.duration_since(at) > gap) {
        state.baseline_since = Some(now);
    }
}

/// Whether a client is asked: it is real, and the lists have it.
fn is_watched(watched: &Watched) -> bool {
    !watched.client.id.is_pseudo() && watched.vanished_at.is_none() && watched.missing_inventories == 0
}

fn own_client(id: ClientId) -> Client {
    Client {
        id,
        email: String::new(),
        company: "your own VoIP.ms account".to_owned(),
        firstname: String::new(),
        lastname: String::new(),
        balance_management: String::new(),
        fingerprint: String::new(),
    }
}

fn trouble(error: &voipms::Error) -> Trouble {
    Trouble { what: error.to_string(), fix: error.hint().unwrap_or_default().to_string() }
}

/// Seconds with a fraction, for the report.
fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

