//! The end of a sweep: what is judged about the account as a whole, and the silence of who was not read.

use jiff::{SignedDuration, Timestamp};

use super::{Ended, Sweep, is_watched};
use crate::domain::account_alert::AccountAlert;
use crate::domain::alert::Alert;
use crate::domain::judge::account::{self, Trouble};
use crate::domain::judge::gather::Which;
use crate::domain::judge::inventory::seems_gone;
use crate::domain::judge::{Circumstances, Seen};
use crate::domain::notice::AccountFacts;
use crate::domain::{ClientId, PolicyName};
use crate::monitor::SweepError;
use crate::store::Commit;

/// The longest and the shortest wait between two probes of an account that could not be asked.
const PROBE_SECS: std::ops::RangeInclusive<i64> = 60..=15 * 60;

/// Whether an alert of this policy explains why clients cannot be read.
fn explains_silence(policy: &PolicyName) -> bool {
    AccountAlert::of(policy.as_str()).is_some_and(AccountAlert::explains_silence)
}

impl Sweep<'_> {
    /// Judges the account as a whole and the silence of who was not read, and gathers what operators are told.
    pub(super) async fn conclude(&mut self, ended: Option<Ended>) -> Result<(), SweepError> {
        self.writer.finish().await?;
        let now = self.time_to_judge();
        self.hushes = self.monitor.hushes(self.rules, now).await?;
        self.count_deferred();
        let (tried, failed) = self.tried;
        let most_common = self
            .report
            .errors
            .iter()
            .max_by_key(|(_, count)| **count)
            .map(|(kind, _)| kind.clone());
        self.health.upstream = account::upstream((tried, failed), self.rules.triggers.unread, most_common.as_deref());
        let unread = self.health.upstream.clone();
        let is_whole = ended.is_none();
        match ended {
            Some(Ended::Access(error)) => {
                let advice = self.unless_stopped(self.monitor.api.advice(&error)).await.flatten();
                let trouble = Trouble {
                    what: error.brief(),
                    fix: advice.unwrap_or_default().into_owned(),
                };
                self.why_not_asked = Some(trouble.clone());
                self.health.access = Some(Err(trouble));
                self.health.upstream = None;
                self.wait_for_probe(now);
            }
            Some(Ended::Upstream(trouble)) => {
                self.why_not_asked = Some(trouble.clone());
                self.health.upstream = Some(Err(trouble));
                self.wait_for_probe(now);
            }
            // Too little was seen to tell how the API fares; what was read is judged, and it is no whole sweep.
            Some(Ended::Stopped) => self.health.upstream = None,
            None => {
                self.state.probe_at = None;
                self.state.probe_wait_secs = *PROBE_SECS.start();
                self.state.sweep_ended_at = Some(now);
            }
        }
        let mut commit = self.writer.commit_at(now);
        let is_doubted = self.state.surprise.is_some() || self.begun.is_surprise();
        self.weigh(&mut commit, now, is_whole).await?;
        let revisit = self
            .monitor
            .revisit(self.clients.iter().filter(|watched| is_watched(watched)).count());
        self.health.revisit = Some((revisit, self.monitor.revisit_within));
        self.guard_changes(&mut commit, now, is_doubted, unread.as_ref());
        self.health.brake = Some(self.brakes.told());
        self.health.read_back = Some(self.brakes.read_back());
        // One that spends is enough to fire; that nobody does is known when everybody was looked at.
        let is_known = !self.without_effect.is_empty() || self.hard_judged >= self.hard.len();
        self.health.without_effect = is_known.then(|| std::mem::take(&mut self.without_effect));
        let held_back = self.judge_account(&mut commit, now);
        self.judge_silence(&mut commit, now, held_back);
        self.writer.write(commit).await?;
        self.writer.finish().await?;
        self.readdress(now).await?;
        self.gather_all(now).await
    }

    /// Who was due and is neither read nor failed stays due, whatever kept the sweep from it.
    fn count_deferred(&mut self) {
        let due = self.clients.iter().filter(|watched| is_watched(watched)).count();
        let report = &mut self.report;
        report.clients = u64::try_from(due).unwrap_or(u64::MAX);
        let done = report.readings + report.errors.values().sum::<u64>();
        report.deferred = report.clients.saturating_sub(done);
    }

    /// Judges only silence, without any call.
    pub(in crate::monitor) async fn only_silence(mut self) -> Result<(), SweepError> {
        let now = self.now();
        let explains = |alert: &Alert| explains_silence(&alert.policy);
        let held_back = self
            .alerts
            .get(&ClientId::account())
            .is_some_and(|alerts| alerts.iter().any(|alert| explains(alert) && alert.firing().is_some()));
        let mut commit = self.writer.commit_at(now);
        self.judge_silence(&mut commit, now, held_back);
        self.writer.write(commit).await?;
        self.count_clients();
        self.gather(Which::Fresh, now).await
    }

    /// When an account that could not be asked is asked next: after 1, 2, 4, 8 and then every 15 minutes.
    fn wait_for_probe(&mut self, now: Timestamp) {
        let wait = self.state.probe_wait_secs.clamp(*PROBE_SECS.start(), *PROBE_SECS.end());
        self.state.probe_at = now.checked_add(SignedDuration::from_secs(wait)).ok();
        self.state.probe_wait_secs = (wait * 2).min(*PROBE_SECS.end());
    }

    /// The built-in alerts. Whether one fires that explains why clients cannot be read.
    fn judge_account(&mut self, commit: &mut Commit, now: Timestamp) -> bool {
        let facts = AccountFacts {
            clients: self.report.clients,
            last_sweep_at: self.state.sweep_ended_at,
            next_try_at: self.state.probe_at,
        };
        let circumstances = Circumstances {
            now,
            ..self.circumstances
        };
        let rules = self.rules;
        let before = self.alerts.get(&ClientId::account()).map_or(&[][..], Vec::as_slice);
        let mut decided = rules.judge_account(&self.health, before, &self.hushes, &circumstances);
        for notification in &mut decided.owed.notifications {
            notification.facts.account = Some(facts);
        }
        let mut policies = rules.policies.iter().map(|policy| &policy.name);
        let held_back = policies.any(|name| explains_silence(name) && decided.fires(name, before));
        let gone = rules.judge_account_gone(before, &self.hushes, now);
        self.add(commit, &ClientId::account(), decided);
        self.add(commit, &ClientId::account(), gone);
        held_back
    }

    /// Judges how long those have been silent that were not read in this sweep.
    fn judge_silence(&mut self, commit: &mut Commit, now: Timestamp, held_back: bool) {
        let circumstances = Circumstances {
            now,
            ..self.circumstances
        };
        let rules = self.rules;
        for index in 0..self.clients.len() {
            let watched = &self.clients[index];
            if self.is_read[index] || watched.vanished_at.is_some() {
                continue;
            }
            let mut next = watched.clone();
            if let Some((at, error)) = self.failed.get(&index) {
                next.first_attempt_at = next.first_attempt_at.or(Some(*at));
                next.last_attempt_at = Some(*at);
                next.last_error = Some(error.clone());
            }
            let alerts = self.alerts.get(&next.client.id).map_or(&[][..], Vec::as_slice);
            // Who seems gone has vanished as soon as it was asked for by its id; until then it is unknown, not silent.
            let held_back = held_back || seems_gone(&next);
            let seen = Seen::unread(&next, alerts).hushed(&self.hushes);
            let decided = rules.judge_silence(&seen, &circumstances, held_back);
            let judged = decided.judged.clone();
            self.add(commit, &next.client.id, decided);
            if let Some(judged) = judged {
                next.judged = self.writer.intern(judged);
                commit.clients.push(next);
            }
        }
    }
}
