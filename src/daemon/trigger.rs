//! The wall-clock trigger of `run`: rings at every mark of the schedule.
//!
//! A chain of one-shot jobs, each of which computes the next mark afresh. The scheduler's own repeated jobs take the
//! zone's offset once and run an hour off after a change to summer time (its issue 107), and can vanish for good when
//! a tick falls behind (its issue 113). The scheduler only rings; whoever listens skips what rings meanwhile.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::clock::Clock;
use crate::config::Schedule;

/// The scheduler counts in whole seconds, so it may ring this much early.
const EARLY: SignedDuration = SignedDuration::from_secs(2);

/// Rings at every mark of a schedule until it is dropped.
pub struct Trigger {
    scheduler: JobScheduler,
    /// Counts the marks that passed.
    marks: watch::Receiver<u64>,
}

impl Trigger {
    /// Starts to ring.
    ///
    /// # Errors
    /// When the scheduler cannot be started.
    pub async fn start(schedule: Schedule, clock: Clock) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let (ring, marks) = watch::channel(0);
        let chain = Arc::new(Chain {
            scheduler: scheduler.clone(),
            schedule,
            clock,
            ring,
        });
        let now = chain.clock.now();
        Chain::add_next(chain, now).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, marks })
    }

    /// Somebody who hears the marks from now on. Several marks between two looks count as one.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        let mut marks = self.marks.clone();
        marks.mark_unchanged();
        marks
    }

    /// Stops ringing.
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!(%error, "the scheduler did not stop in order");
        }
    }
}

struct Chain {
    scheduler: JobScheduler,
    schedule: Schedule,
    clock: Clock,
    ring: watch::Sender<u64>,
}

impl Chain {
    /// Adds the job for the first mark after `after`; it rings and adds the one after it.
    fn add_next(chain: Arc<Self>, after: Timestamp) -> BoxFuture<'static, Result<(), JobSchedulerError>> {
        async move {
            let now = chain.clock.now();
            let mark = chain.schedule.next_after(after);
            let wait = Duration::try_from(mark.duration_since(now)).unwrap_or_default();
            let scheduler = chain.scheduler.clone();
            let job = Job::new_one_shot_async(wait, move |_, _| {
                let chain = Arc::clone(&chain);
                async move {
                    let after = next_from(mark, chain.clock.now());
                    if after == mark {
                        chain.clock.sleep_until(mark).await;
                    }
                    chain.ring.send_modify(|marks| *marks += 1);
                    if let Err(error) = Self::add_next(chain, after).await {
                        tracing::error!(%error, "the schedule cannot go on; restart the program");
                    }
                }
                .boxed()
            })?;
            scheduler.add(job).await?;
            Ok(())
        }
        .boxed()
    }
}

/// From when the mark after `mark` is looked for, when the scheduler rings for it at `now`. One that rings a little early
/// waits for its mark: the same mark would otherwise ring twice, and the first sweep would end before it began. One
/// that rings much too early had its clock set back, and counts by the new time.
fn next_from(mark: Timestamp, now: Timestamp) -> Timestamp {
    if mark.duration_since(now) <= EARLY {
        mark.max(now)
    } else {
        now
    }
}

#[cfg(test)]
mod tests {
    use super::next_from;
    use crate::domain::testing::at;

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
