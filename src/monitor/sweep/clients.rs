//! The clients: most urgent first, within the calls that fit before the next sweep; one client's failure costs that
//! client.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::batch;
use super::super::fetch::{Fetched, Fetcher, wants_thresholds};
use super::flights::Flights;
use super::{Ended, Sweep, is_watched, trouble};
use crate::domain::alert::Alert;
use crate::domain::judge::rows::{How, Moved};
use crate::domain::judge::{Circumstances, Decided, Seen, inventory};
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Reading, due, plan};
use crate::monitor::SweepError;
use crate::store::{Commit, HistoryEntry};
use crate::voipms::ErrorKind;

/// Equal failures in a row of different clients before the account itself is doubted.
const FAILURES_BEFORE_DOUBT: u32 = 10;

/// The account is doubted at most this often.
const DOUBT_EVERY: Duration = Duration::from_mins(1);

/// How often one client is asked again after the API's own limit.
const TRIES_AFTER_LIMIT: u32 = 3;

/// Clients whose charges are asked for in one sweep. More would begin to breach without spending only where the data are
/// wrong, and then these calls are lost.
const MOST_EXPLAINED: u64 = 20;

/// A change below zero is looked at this long after a client was set to HARD.
const EFFECT_AFTER: SignedDuration = SignedDuration::from_mins(10);

impl Sweep<'_> {
    /// Asks the clients that are due, most urgent first, within the calls that fit before the next sweep.
    pub(super) async fn ask_clients(&mut self) -> Result<Option<Ended>, SweepError> {
        let budget = self.monitor.budget(self.deadline);
        let order = self.order(budget);
        self.count_clients();
        // What the futures look at must not be what the batches change.
        let clients = std::mem::take(&mut self.clients);
        let alerts = std::mem::take(&mut self.alerts);
        let ended = self.ask_in_order(&clients, &alerts, order, budget).await;
        (self.clients, self.alerts) = (clients, alerts);
        ended
    }

    async fn ask_in_order(
        &mut self,
        clients: &[Watched],
        alerts: &HashMap<ClientId, Vec<Alert>>,
        order: Vec<usize>,
        budget: u64,
    ) -> Result<Option<Ended>, SweepError> {
        let mut queue: VecDeque<(usize, u32)> = order.into_iter().map(|index| (index, 0)).collect();
        self.progress.begin(u64::try_from(queue.len()).unwrap_or(u64::MAX));
        let api = &self.monitor.api;
        let fetcher = Fetcher {
            api,
            clock: &self.monitor.clock,
            rules: self.rules,
            threshold_refresh: self.monitor.threshold_refresh,
            refreshes_left: AtomicU64::new((budget / 4).max(1)),
            explanations_left: AtomicU64::new(MOST_EXPLAINED),
            circumstances: self.circumstances,
            wants_thresholds: wants_thresholds(self.rules),
        };
        let calls_at_start = api.calls_made();
        let mut flights = Flights::new();
        let mut streak = Streak::default();
        let mut batch = Batch::new();
        let mut ended = None;
        loop {
            let is_stopping = *self.monitor.stop.borrow();
            if is_stopping {
                // Reads cost nothing to give up; who was not read stays due.
                if !flights.is_empty() || !queue.is_empty() {
                    ended = ended.or(Some(Ended::Stopped));
                }
                flights.give_up();
            }
            let may_start = ended.is_none()
                && !is_stopping
                && !self.monitor.clock.left(self.deadline).is_zero()
                && api.calls_made() - calls_at_start + u64::try_from(flights.under_way()).unwrap_or(0) < budget;
            if may_start
                && flights.under_way() < self.monitor.concurrency
                && let Some((index, asked_before)) = queue.pop_front()
            {
                let watched = &clients[index];
                flights.start(fetcher.fetch(index, asked_before, watched, alerts_of(alerts, watched)));
                continue;
            }
            if flights.is_empty() && batch.landed.is_empty() {
                break;
            }
            let fetched = tokio::select! {
                biased;
                fetched = flights.next(), if !flights.is_empty() => fetched,
                () = self.reaching(batch.closes_at), if batch.closes_at.is_some() => None,
                () = self.reaching(self.critical_due()), if self.critical_due().is_some() => None,
                () = self.monitor.stopped(), if !is_stopping => None,
            };
            match fetched.map(|fetched| self.receive(fetched, clients, &mut queue, &mut streak)) {
                None | Some(Received::Again) => {}
                Some(Received::Ends(why)) => ended = ended.or(Some(why)),
                Some(Received::Doubted(fetched)) => {
                    if ended.is_none() {
                        ended = flights.beside(self.doubt()).await;
                    }
                    batch.add(fetched, self.monitor.clock.monotonic());
                }
                Some(Received::Usable(fetched)) => batch.add(fetched, self.monitor.clock.monotonic()),
            }
            let is_over = flights.is_empty() && (queue.is_empty() || !may_start);
            if is_over || batch.must_close(self.monitor.clock.monotonic()) {
                batch.closes_at = None;
                flights.beside(self.commit(clients, alerts, &mut batch.landed)).await?;
            }
            flights.beside(self.tell_critical()).await?;
        }
        drop(flights);
        // Asked again, and the sweep ended before that: what they came to the first time counts.
        batch.landed.extend(self.timed_out.drain().map(|(_, fetched)| fetched));
        self.commit(clients, alerts, &mut batch.landed).await?;
        self.note_limited(clients).await?;
        Ok(ended)
    }

    /// Waits until a time of the monotonic clock, if there is one.
    async fn reaching(&self, due: Option<Duration>) {
        let Some(due) = due else { return };
        let left = due.saturating_sub(self.monitor.clock.monotonic());
        self.monitor.clock.sleep(left).await;
    }

    /// Who is asked, in which order. Who did not answer in time last comes last: such a client costs as much time as
    /// hundreds of others.
    fn order(&self, budget: u64) -> Vec<usize> {
        let rules = self.rules;
        let (places, refs): (Vec<usize>, Vec<&Watched>) = self
            .clients
            .iter()
            .enumerate()
            .filter(|(_, watched)| is_watched(watched))
            .unzip();
        let order = due::order(&refs, &rules.policies, rules.default_threshold, self.started_at);
        // Last of those whose turn it is, with all the calls that each may cost: behind everybody, they would never be
        // asked again where the calls do not reach everybody.
        let turn = usize::try_from(budget / 2).map_or(order.len(), |turn| turn.clamp(1, order.len().max(1)));
        let (turn, rest) = order.split_at(turn.min(order.len()));
        let is_slow = |index: &&usize| refs[**index].last_error.as_deref() == Some(&*ErrorKind::Timeout.as_str());
        let (slow, quick): (Vec<&usize>, Vec<&usize>) = turn.iter().partition(is_slow);
        let order = quick.into_iter().chain(slow).chain(rest);
        order.map(|index| places[*index]).collect()
    }

    /// What an answer means for the sweep: it counts, it is asked again, or it ends the pass.
    fn receive(
        &mut self,
        fetched: Fetched,
        clients: &[Watched],
        queue: &mut VecDeque<(usize, u32)>,
        streak: &mut Streak,
    ) -> Received {
        self.timed_out.remove(&fetched.index);
        self.limited.remove(&fetched.index);
        if fetched.reading.is_ok() {
            streak.broken();
        }
        let failure = match (&fetched.reading, &fetched.threshold) {
            (Err(error), _) | (Ok(_), Some(Err(error))) => error,
            (Ok(_), _) => {
                self.progress.step();
                return Received::Usable(fetched);
            }
        };
        if failure.is_auth() {
            return Received::Ends(Ended::Access(failure.clone()));
        }
        if fetched.reading.is_ok() {
            // The balance is there; a threshold that could not be read is judged without.
            self.progress.step();
            return Received::Usable(fetched);
        }
        if failure.is_limit() {
            self.limited.insert(fetched.index, fetched.at);
            if fetched.asked_before < TRIES_AFTER_LIMIT {
                queue.push_back((fetched.index, fetched.asked_before + 1));
            } else {
                self.progress.step();
            }
            return Received::Again;
        }
        if failure.kind() == ErrorKind::Timeout && fetched.asked_before == 0 {
            queue.push_back((fetched.index, 1));
            self.timed_out.insert(fetched.index, fetched);
            return Received::Again;
        }
        self.progress.step();
        // The API's word about one client that lists lack says that it answers well.
        let is_gone = inventory::is_gone(&clients[fetched.index], &failure.kind().as_str());
        if !is_gone && streak.again(&failure.kind().as_str()) >= FAILURES_BEFORE_DOUBT {
            Received::Doubted(fetched)
        } else {
            Received::Usable(fetched)
        }
    }

    /// Asks whether the account answers at all, after many equal failures in a row.
    async fn doubt(&mut self) -> Option<Ended> {
        let now = self.monitor.clock.monotonic();
        if self.doubted_at.is_some_and(|at| now.saturating_sub(at) < DOUBT_EVERY) {
            return None;
        }
        self.doubted_at = Some(now);
        // Whoever wants the end is heard by the sweep itself.
        match self.unless_stopped(self.monitor.api.get_balance()).await? {
            Ok(_) => None,
            Err(error) if error.is_auth() => Some(Ended::Access(error)),
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
        // Nothing is being written while the outbox is told of more.
        self.writer.finish().await?;
        self.monitor.attend(self.rules, false).await?;
        let now = self.time_to_judge();
        // What people decided meanwhile holds from this batch on.
        self.hushes = self.monitor.hushes(self.rules, now).await?;
        let mut commit = self.writer.commit_at(now);
        for fetched in landed.drain(..) {
            let watched = &clients[fetched.index];
            self.judge(&mut commit, watched, alerts_of(alerts, watched), fetched, now);
        }
        self.note_critical(&commit);
        self.writer.write(commit).await?;
        Ok(())
    }

    /// Notes when those were asked whom the API's own limit kept from an answer. It is no failure of theirs, but their age
    /// counts from then: else they would come first in every sweep, and each of their tries costs everybody a minute.
    async fn note_limited(&mut self, clients: &[Watched]) -> Result<(), SweepError> {
        let mut commit = self.writer.commit_at(self.now());
        for (index, at) in self.limited.drain() {
            let mut next = clients[index].clone();
            next.last_attempt_at = Some(at);
            batch::add_reading(&mut commit, next);
        }
        self.writer.write(commit).await?;
        Ok(())
    }

    /// As [`Sweep::judge`], for a client whose place is still in the sweep's own list.
    pub(super) fn take(&mut self, commit: &mut Commit, fetched: Fetched, now: Timestamp) {
        let watched = self.clients[fetched.index].clone();
        let alerts = self.alerts.get(&watched.client.id).cloned().unwrap_or_default();
        self.judge(commit, &watched, &alerts, fetched, now);
    }

    /// Judges one client and adds its rows.
    fn judge(&mut self, commit: &mut Commit, watched: &Watched, alerts: &[Alert], fetched: Fetched, now: Timestamp) {
        let mut next = watched.clone();
        next.first_attempt_at = next.first_attempt_at.or(Some(fetched.at));
        next.last_attempt_at = Some(fetched.at);
        let error = fetched.reading.as_ref().err();
        let is_gone = error.is_some_and(|error| inventory::is_gone(watched, &error.kind().as_str()));
        self.tried.0 += u64::from(!watched.client.id.is_pseudo() && !is_gone);
        let id = &watched.client.id;
        let reading = match fetched.reading {
            Ok(reading) => reading,
            Err(error) => {
                let kind = error.kind().to_string();
                tracing::debug!(client = %id, error = %error, "no balance could be read");
                self.tried.1 += u64::from(!is_gone);
                *self.report.errors.entry(kind.clone()).or_default() += 1;
                commit.history.push(HistoryEntry {
                    client: id.clone(),
                    at: fetched.at,
                    seen: crate::store::Seen::Gap { error: kind.clone() },
                });
                self.failed.insert(fetched.index, (fetched.at, kind.clone()));
                next.last_error = Some(kind);
                batch::add_reading(commit, next);
                return;
            }
        };
        let fresh = fetched.threshold.and_then(Result::ok);
        let threshold_is_fresh = fresh.is_some();
        let threshold = fresh.or_else(|| watched.threshold.clone());
        next.last_error = None;
        let seen = Seen {
            watched: &next,
            reading: Some(&reading),
            threshold: threshold.as_ref(),
            threshold_is_fresh,
            alerts,
            hushes: &self.hushes,
        };
        let fall = self.rules.fall(watched, &reading, &fetched.charges);
        let circumstances = Circumstances {
            now,
            trust: self.begun.next(watched, &reading),
            fall,
            ..self.circumstances
        };
        let mut decided = self.rules.judge_client(&seen, &circumstances);
        let begun = std::mem::take(&mut decided.begun);
        self.name_management(&mut decided, watched);
        if let Some(judged) = &decided.judged {
            next.judged = self.writer.intern(judged.clone());
        }
        self.add(commit, id, decided);
        let used = threshold.as_ref().and_then(|threshold| threshold.amount);
        commit.history.push(HistoryEntry {
            client: id.clone(),
            at: reading.at,
            seen: crate::store::Seen::Reading {
                balance: reading.balance,
                spent_today: reading.spent_today,
                threshold: used,
            },
        });
        self.watch_effect(fetched.index, watched, &reading);
        self.report.readings += u64::from(!watched.client.id.is_pseudo());
        self.is_read[fetched.index] = true;
        next.previous = next.reading.replace(reading);
        next.threshold = threshold;
        self.hold(commit, &next, begun, fall.is_none());
        batch::add_reading(commit, next);
    }

    /// Says in what is told of a client whether it is SOFT or HARD.
    pub(super) fn name_management(&self, decided: &mut Decided, watched: &Watched) {
        let management = plan::meaning(&self.state.management_codes, &watched.client.balance_management);
        for notification in &mut decided.owed.notifications {
            notification.facts.management = management;
        }
    }

    /// Adds what was decided about one client to a commit, and counts what began or ended by it.
    pub(super) fn add(&mut self, commit: &mut Commit, client: &ClientId, decided: Decided) {
        let moved = batch::add(commit, client, decided);
        let alerts = &mut self.report.alerts;
        for Moved { how, .. } in &moved {
            *match how {
                How::Fired => &mut alerts.fired,
                How::Resolved => &mut alerts.resolved,
                How::Withdrawn => &mut alerts.withdrawn,
            } += 1;
        }
        self.writer.note(moved);
    }

    /// Looks whether a client that we set to HARD still spends below zero.
    fn watch_effect(&mut self, index: usize, before: &Watched, reading: &Reading) {
        let Some(set_at) = self.hard.get(&index) else { return };
        let Some(previous) = before.reading.as_ref() else {
            return;
        };
        if reading.at.duration_since(*set_at) < EFFECT_AFTER || previous.at < *set_at {
            return;
        }
        self.hard_judged += 1;
        if !reading.balance.is_positive() && !previous.balance.is_positive() && reading.balance < previous.balance {
            self.without_effect.push((before.client.label(), reading.balance));
        }
    }
}

fn alerts_of<'a>(alerts: &'a HashMap<ClientId, Vec<Alert>>, watched: &Watched) -> &'a [Alert] {
    alerts.get(&watched.client.id).map_or(&[], Vec::as_slice)
}

/// What landed and is not committed yet.
struct Batch {
    landed: Vec<Fetched>,
    /// By the monotonic clock; `None`: it is empty.
    closes_at: Option<Duration>,
}

impl Batch {
    fn new() -> Self {
        Self {
            landed: Vec::with_capacity(batch::MOST_READINGS),
            closes_at: None,
        }
    }

    fn add(&mut self, fetched: Fetched, now: Duration) {
        self.landed.push(fetched);
        self.closes_at.get_or_insert(now + batch::LONGEST);
    }

    fn must_close(&self, now: Duration) -> bool {
        self.landed.len() >= batch::MOST_READINGS || self.closes_at.is_some_and(|at| now >= at)
    }
}

/// What an answer means for the sweep.
enum Received {
    /// It is judged with its batch.
    Usable(Fetched),
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
