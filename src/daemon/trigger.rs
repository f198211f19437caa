//! The wall-clock trigger of `run`: rings at every mark of the schedule.
//!
//! One job of the scheduler after the other, each for the next mark, computed afresh. Its repeated jobs take the
//! zone's offset once and run an hour off after a change to summer time (its issue 107), and can vanish for good when a
//! tick falls behind (its issue 113). It waits for the wall clock alone, so that it rings hours late when that is set
//! back: a wait of our own stands beside it, which is never longer than the mark was away when it was set.
//!
//! Whoever listens skips what rings meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::clock::Clock;
use crate::config::Settings;

/// The scheduler counts in whole seconds, so it may ring this much early.
const EARLY: SignedDuration = SignedDuration::from_secs(2);

/// The scheduler looks twice a second; one that has not rung so long after its mark is not waited for.
const LATE: Duration = Duration::from_secs(2);

/// Rings at every mark of a schedule until it is stopped.
pub struct Trigger {
    /// `None` where time is not the machine's: its clock is the only one that it knows.
    scheduler: Option<JobScheduler>,
    /// Counts the marks that passed.
    marks: watch::Receiver<u64>,
    ringing: JoinSet<()>,
}

impl Trigger {
    /// Starts to ring.
    ///
    /// # Errors
    /// When the scheduler cannot be started.
    pub async fn start(settings: watch::Receiver<Arc<Settings>>, clock: Clock) -> Result<Self, JobSchedulerError> {
        let scheduler = if clock.is_real() {
            let scheduler = JobScheduler::new().await?;
            scheduler.start().await?;
            Some(scheduler)
        } else {
            None
        };
        let (ring, marks) = watch::channel(0);
        let bell = Bell {
            scheduler: scheduler.clone(),
            settings,
            clock,
        };
        let mut ringing = JoinSet::new();
        ringing.spawn(bell.ring_for_ever(ring));
        Ok(Self {
            scheduler,
            marks,
            ringing,
        })
    }

    /// Somebody who hears the marks from now on. Several marks between two looks count as one.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        let mut marks = self.marks.clone();
        marks.mark_unchanged();
        marks
    }

    /// Stops ringing.
    pub async fn stop(self) {
        drop(self.ringing);
        let Some(mut scheduler) = self.scheduler else { return };
        if let Err(error) = scheduler.shutdown().await {
            tracing::debug!(%error, "the scheduler did not stop in order");
        }
    }
}

struct Bell {
    scheduler: Option<JobScheduler>,
    settings: watch::Receiver<Arc<Settings>>,
    clock: Clock,
}

impl Bell {
    async fn ring_for_ever(self, ring: watch::Sender<u64>) {
        let mut after = self.clock.now();
        let mut settings = self.settings.clone();
        loop {
            let sweep = settings.borrow_and_update().schedule.sweep.clone();
            let mark = settings.borrow().schedule.next_after(after);
            tokio::select! {
                biased;
                () = self.wait_for(mark) => {
                    ring.send_modify(|marks| *marks += 1);
                    after = next_from(mark, self.clock.now());
                }
                // Another schedule counts from now on; what the old one ordered rings unheard.
                Ok(_) = settings.wait_for(|settings| settings.schedule.sweep != sweep) => after = self.clock.now(),
            }
        }
    }

    /// Waits for a mark: until the scheduler rings, or should have.
    async fn wait_for(&self, at: Timestamp) {
        let due = self.clock.due(at);
        let Some(scheduler) = &self.scheduler else {
            return self.clock.reach(due).await;
        };
        let (ring, rung) = oneshot::channel();
        if let Err(error) = self.order(scheduler, at, ring).await {
            tracing::debug!(%error, "the scheduler takes no mark; it is waited for without it");
            return self.clock.reach(due).await;
        }
        let overdue = async {
            self.clock.reach(due).await;
            self.clock.sleep(LATE).await;
        };
        tokio::select! {
            biased;
            // It may have rung early.
            _ = rung => self.clock.reach(due).await,
            () = overdue => {}
        }
    }

    /// Has the scheduler ring once.
    async fn order(
        &self,
        scheduler: &JobScheduler,
        at: Timestamp,
        ring: oneshot::Sender<()>,
    ) -> Result<(), JobSchedulerError> {
        let wait = Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default();
        let mut ring = Some(ring);
        let job = Job::new_one_shot_async(wait, move |_, _| {
            // Nobody listens any more to what was overdue.
            if let Some(ring) = ring.take() {
                ring.send(()).ok();
            }
            Box::pin(std::future::ready(()))
        })?;
        scheduler.add(job).await?;
        Ok(())
    }
}

/// From when the mark after `mark` is looked for, when it is rung at `now`. One that is rung in time is over, whatever
/// the clock says by then: it would otherwise ring twice, and the first sweep would end before it began. One that is
/// rung much too early had the clock set back, and counts by the new time.
fn next_from(mark: Timestamp, now: Timestamp) -> Timestamp {
    if mark.duration_since(now) <= EARLY {
        mark.max(now)
    } else {
        now
    }
}

/// The mark at which a sweep that starts now is to end, by the schedule's next mark after a time: never the one that it was rung for,
/// which a clock that was set back by a moment has still before it.
pub fn end_of_sweep(now: Timestamp, next_after: impl Fn(Timestamp) -> Timestamp) -> Timestamp {
    let next = next_after(now);
    if next_from(next, now) == next {
        next_after(next)
    } else {
        next
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{end_of_sweep, next_from};
    use crate::domain::testing::at;

    #[test]
    fn a_sweep_does_not_end_at_the_mark_that_it_was_rung_for() {
        let every_five_minutes = |after: Timestamp| {
            let passed = after.duration_since(at(0)).as_secs();
            at((passed.div_euclid(300) + 1) * 300)
        };
        for (name, now_millis, expected) in [
            ("on time", 300_000, 600),
            ("the clock was set back by a moment", 299_600, 600),
            ("started between two marks", 200_000, 300),
            ("the clock was set back by more: it is rung again", 290_000, 300),
        ] {
            let now = at(0) + SignedDuration::from_millis(now_millis);
            assert_eq!(end_of_sweep(now, every_five_minutes), at(expected), "{name}");
        }
    }

    #[test]
    fn a_mark_rings_once_also_when_it_is_rung_early() {
        for (name, now, expected) in [
            ("on time", 300, 300),
            ("a second early", 299, 300),
            ("two seconds early", 298, 300),
            ("the clock was set back", 297, 297),
            ("late: what was missed counts as one", 1000, 1000),
        ] {
            assert_eq!(next_from(at(300), at(now)), at(expected), "{name}");
        }
    }
}
