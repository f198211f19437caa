//! What operators are told of clients waits until it can be told together: to the end of the sweep, and what is critical
//! for a moment only. What a sweep that was cut off left behind is told when the next one starts.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Sweep, is_watched};
use crate::domain::alert::{Alert, EpisodeId, Phase};
use crate::domain::judge::audience;
use crate::domain::judge::gather::{self, Gathered, Scene, Which};
use crate::domain::notice::{NoticeState, Notification, Transition};
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, Client, ClientId, Severity};
use crate::monitor::SweepError;
use crate::store::Commit;

/// A summary of a baseline goes out at most this often.
const SUMMARY_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// What is critical waits for others this long. A storm that takes longer to read comes in several messages; more, and a
/// page would be late by what a person notices. Half of the minute that is promised: deciding and sending take time, too.
const CRITICAL_WAITS: Duration = Duration::from_secs(30);

/// What was told before the sweep ended.
#[derive(Debug, Default)]
pub(super) struct Gatherings {
    /// How many clients there are.
    clients: u64,
    /// Since when something critical waits, by the monotonic clock.
    critical_since: Option<Duration>,
    /// The threads that episodes follow since then: the sweep may still write their alerts as they were before.
    threads: HashMap<EpisodeId, BTreeMap<ChannelName, String>>,
}

impl Sweep<'_> {
    /// Counts the clients, while they are in their place.
    pub(super) fn count_clients(&mut self) {
        let watched = self.clients.iter().filter(|watched| is_watched(watched)).count();
        self.gatherings.clients = u64::try_from(watched).unwrap_or(u64::MAX);
    }

    /// Notes whether something critical in a commit waits for its message.
    pub(super) fn note_critical(&mut self, commit: &Commit) {
        let waits = commit.notifications.iter().any(|notification| {
            let is_critical = notification.severity == Severity::Critical;
            is_critical && notification.message.is_none() && audience::is_gathered(notification)
        });
        if waits {
            let now = self.monitor.clock.monotonic();
            self.gatherings.critical_since.get_or_insert(now);
        }
    }

    /// By when what is critical is told, by the monotonic clock; `None`: nothing waits.
    pub(super) fn critical_due(&self) -> Option<Duration> {
        Some(self.gatherings.critical_since? + CRITICAL_WAITS)
    }

    /// Tells what is critical, once it has waited long enough.
    pub(super) async fn tell_critical(&mut self) -> Result<(), SweepError> {
        if self
            .critical_due()
            .is_none_or(|due| self.monitor.clock.monotonic() < due)
        {
            return Ok(());
        }
        self.gather(Which::Critical, self.now()).await
    }

    /// Tells all that waits; of what baselines found, at most once an hour.
    pub(super) async fn gather_all(&mut self, now: Timestamp) -> Result<(), SweepError> {
        // A summary from the future was made before the clock was set back.
        let is_recent = |at: Timestamp| at <= now && now.duration_since(at) < SUMMARY_EVERY;
        let which = if self.state.summary_at.is_some_and(is_recent) {
            Which::Fresh
        } else {
            Which::All
        };
        self.gather(which, now).await
    }

    /// Puts what waits into messages.
    pub(super) async fn gather(&mut self, which: Which, now: Timestamp) -> Result<(), SweepError> {
        self.writer.finish().await?;
        self.gatherings.critical_since = None;
        let waiting = self.monitor.store.uncarried_notifications(&self.rules.account).await?;
        if waiting.is_empty() && self.gatherings.threads.is_empty() {
            return Ok(());
        }
        let mut alerts = self.monitor.store.alerts(&self.rules.account).await?;
        let mut commit = self.writer.commit_at(now);
        commit.alerts = self.mend_threads(&mut alerts);
        let waiting = self.hold_back(waiting, &mut alerts, &mut commit);
        let scene = Scene {
            account: &self.rules.account,
            channels: &self.rules.channels,
            clients: self.gatherings.clients,
            which,
            doubted_since: self.state.surprise.as_ref().map(|open| open.since),
            now,
        };
        let Gathered {
            notifications,
            messages,
            alerts,
            has_summary,
        } = gather::gather(&scene, waiting, &alerts);
        if has_summary {
            self.state.summary_at = Some(now);
        }
        for firing in alerts.iter().filter_map(Alert::firing) {
            let threads = (firing.episode.clone(), firing.threads.clone());
            self.gatherings.threads.extend([threads]);
        }
        commit.alerts.extend(alerts);
        commit.notifications.extend(notifications);
        commit.messages = messages;
        self.writer.write(commit).await?;
        Ok(self.writer.finish().await?)
    }

    /// Drops what people silenced, or what a window mutes, since it was written down; the rest waits on. What is dropped is told
    /// when nothing hushes it any more, if it still fires then.
    fn hold_back(&self, waiting: Vec<Notification>, alerts: &mut [Alert], commit: &mut Commit) -> Vec<Notification> {
        let now = commit.at;
        let known = self.clients.iter().map(|watched| (&watched.client.id, &watched.client));
        let clients: HashMap<&ClientId, &Client> = known.collect();
        let mut held_back: HashMap<EpisodeId, Transition> = HashMap::new();
        let mut left = Vec::with_capacity(waiting.len());
        for mut notification in waiting {
            let (episode, transition) = (&notification.episode, &notification.transition);
            // While clients are asked, only their ids are at hand.
            let bare = Watched::pseudo(notification.client.clone(), "", now).client;
            let client = clients.get(&notification.client).copied().unwrap_or(&bare);
            let over = self.hushes.over(client, &notification.policy, episode, transition, now);
            if let Some(over) = over {
                held_back.insert(episode.clone(), transition.clone());
                notification.state = NoticeState::Dropped(over.to_string());
                commit.notifications.push(notification);
            } else {
                left.push(notification);
            }
        }
        for alert in alerts {
            if let Phase::Firing(firing) = &mut alert.phase
                && let Some(transition) = held_back.get(&firing.episode)
            {
                firing.note_told(transition, true, now);
                commit.alerts.push(alert.clone());
            }
        }
        left
    }

    /// Gives alerts that were written as they had been before they were told the threads that they follow; those changed.
    fn mend_threads(&self, alerts: &mut [Alert]) -> Vec<Alert> {
        let mut mended = Vec::new();
        for alert in alerts {
            if let Phase::Firing(firing) = &mut alert.phase
                && let Some(threads) = self.gatherings.threads.get(&firing.episode)
                && firing.threads != *threads
            {
                firing.threads.clone_from(threads);
                mended.push(alert.clone());
            }
        }
        mended
    }
}
