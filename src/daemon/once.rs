//! `sweep --once`: one sweep of every account, each due message tried, then the end.

use std::sync::Arc;
use std::time::Duration;

use super::heart::Heart;
use super::{Daemon, Error, Pass};
use crate::domain::AccountName;
use crate::domain::report::Report;
use crate::monitor::Progress;

/// What `sweep --once` came to.
#[derive(Debug, Default)]
pub struct Once {
    /// The numbers of all accounts together.
    pub report: Report,
    /// Accounts that could not be asked: what was wrong, and what to do.
    pub not_asked: Vec<(AccountName, String, String)>,
    /// Accounts whose brake is on.
    pub braked: Vec<AccountName>,
    /// Whether there are dead letters that nobody can be told of.
    pub has_unannounced_dead_letters: bool,
}

impl Once {
    /// Whether somebody must look.
    #[must_use]
    pub fn must_look(&self) -> bool {
        !self.not_asked.is_empty() || !self.braked.is_empty() || self.has_unannounced_dead_letters
    }
}

/// How long the switch may take in the end to hear how it was. Real time.
const LAST_BEAT: Duration = Duration::from_secs(10);

impl Daemon {
    /// One sweep of each account, with one whole interval of the schedule for it, then `deliver_for` (real time) for
    /// what is due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn once(&mut self, deliver_for: Duration, progress: &dyn Progress) -> Result<Once, Error> {
        let (heart, beats) = Heart::new(self.heartbeat.take(), 1);
        let beats = tokio::spawn(beats.run());
        heart.begin();
        let once = self.sweep_and_deliver(deliver_for, progress).await;
        let is_good = |once: &Once| once.not_asked.is_empty() && !once.has_unannounced_dead_letters;
        heart.end(0, once.as_ref().is_ok_and(is_good));
        drop(heart);
        tokio::time::timeout(LAST_BEAT, beats).await.ok();
        once
    }

    async fn sweep_and_deliver(&mut self, deliver_for: Duration, progress: &dyn Progress) -> Result<Once, Error> {
        let mut once = Once::default();
        let (mirrors, settings) = (
            Arc::clone(&self.force.mirrors.borrow()),
            Arc::clone(&self.force.settings.borrow()),
        );
        let (clock, schedule) = (self.environment.clock.clone(), &settings.schedule);
        mirrors.show(&self.watches, &self.store).await?;
        for watch in &self.watches {
            let now = clock.now();
            let deadline = now.saturating_add(schedule.interval(now)).unwrap_or(now);
            let Pass { report, not_asked, .. } = watch.pass(deadline, progress).await?;
            once.report.add(&report);
            let account = &watch.account;
            once.not_asked
                .extend(not_asked.map(|(what, fix)| (account.clone(), what, fix)));
        }
        mirrors.show(&self.watches, &self.store).await?;
        let interval = schedule.interval(clock.now());
        let (is_mirrored, delivered) = tokio::join!(
            mirrors.tell_once(interval, deliver_for),
            self.deliver(tokio::time::sleep(deliver_for))
        );
        if let Some(first) = self.watches.first().filter(|_| is_mirrored) {
            first.judge_mirrors(Ok(())).await?;
        }
        let (drained, all_told) = delivered?;
        once.report.notifications.sent = drained.sent.into();
        once.report.notifications.deferred = self.store.owed_messages().await?;
        once.report.notifications.dead = drained.dead.into();
        once.has_unannounced_dead_letters = !all_told;
        for watch in &self.watches {
            if watch.is_braked().await? {
                once.braked.push(watch.account.clone());
            }
        }
        self.store.close().await;
        Ok(once)
    }
}
