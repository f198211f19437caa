//! The only reader of the system clock. Everything else is given the time, so that a simulated month runs in
//! seconds and a failing run repeats.
//!
//! *Domain time* is what policies, pacing and deadlines of messages live in: real in `run`, stepped in the demo and
//! in simulated worlds. Network and database deadlines are always real time and do not come from here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

/// Domain time: real, or stepped by a [`Stepper`]. Cheap to clone; clones share the time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The system's clocks; monotonic time counts from this instant.
    Real(Instant),
    Stepped(Arc<Stepped>),
}

/// The state that a stepped clock and its stepper share.
#[derive(Debug)]
struct Stepped {
    start: Timestamp,
    state: Mutex<SteppedState>,
    busy: AtomicUsize,
}

#[derive(Debug)]
struct SteppedState {
    now: Timestamp,
    /// Who waits for which time; the number keeps sleepers of one instant apart and in order.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    next_sleeper: u64,
}

impl Stepped {
    fn state(&self) -> MutexGuard<'_, SteppedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock {
    /// The system's clocks.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the system clock")]
    pub fn real() -> Self {
        Self(Source::Real(Instant::now()))
    }

    /// A clock that stands still at `start` until its stepper moves it.
    #[must_use]
    pub fn stepped(start: Timestamp) -> (Self, Stepper) {
        let state = SteppedState {
            now: start,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
        };
        let shared = Arc::new(Stepped {
            start,
            state: Mutex::new(state),
            busy: AtomicUsize::new(0),
        });
        (Self(Source::Stepped(Arc::clone(&shared))), Stepper(shared))
    }

    /// The wall-clock time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the system clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Real(_) => Timestamp::now(),
            Source::Stepped(stepped) => stepped.state().now,
        }
    }

    /// Time since this clock was made, never going back, not following changes of the wall clock.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::Real(origin) => origin.elapsed(),
            Source::Stepped(stepped) => {
                Duration::try_from(stepped.state().now.duration_since(stepped.start)).unwrap_or_default()
            }
        }
    }

    /// Now, to tell later how long ago that was.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            clock: self.clone(),
            wall: self.now(),
            monotonic: self.monotonic(),
        }
    }

    /// Waits for `duration` of domain time.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::Real(_) => tokio::time::sleep(duration).await,
            Source::Stepped(stepped) => {
                let deadline = {
                    let now = stepped.state().now;
                    now.saturating_add(SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX))
                        .unwrap_or(now)
                };
                Self::wait(stepped, deadline).await;
            }
        }
    }

    /// Waits until the wall clock shows `deadline`; returns at once when it is past.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        match &self.0 {
            Source::Real(_) => loop {
                let Ok(left) = Duration::try_from(deadline.duration_since(self.now())) else {
                    return;
                };
                if left.is_zero() {
                    return;
                }
                // A minute at a time, so that a wall clock set forward is noticed.
                tokio::time::sleep(left.min(Duration::from_secs(60))).await;
            },
            Source::Stepped(stepped) => Self::wait(stepped, deadline).await,
        }
    }

    async fn wait(stepped: &Arc<Stepped>, deadline: Timestamp) {
        let woken = {
            let mut state = stepped.state();
            if state.now >= deadline {
                return;
            }
            let (wake, woken) = oneshot::channel();
            let number = state.next_sleeper;
            state.next_sleeper += 1;
            state.sleepers.insert((deadline, number), wake);
            woken
        };
        // A dropped stepper means that nobody will ever move the time again; the sleeper then ends with it.
        drop(woken.await);
    }

    /// Marks work in hand (a request on the wire): a stepped clock is not moved while any mark lives. Costs nothing
    /// on a real clock.
    #[must_use]
    pub fn busy(&self) -> Busy {
        match &self.0 {
            Source::Real(_) => Busy(None),
            Source::Stepped(stepped) => {
                stepped.busy.fetch_add(1, Ordering::SeqCst);
                Busy(Some(Arc::clone(stepped)))
            }
        }
    }
}

/// A moment, by both times of a clock.
#[derive(Clone, Debug)]
pub struct Mark {
    clock: Clock,
    wall: Timestamp,
    monotonic: Duration,
}

impl Mark {
    /// How long ago it may be: by whichever time makes it older. Monotonic time stands still while a machine sleeps, and a
    /// wall clock that jumps, either way, proves nothing.
    #[must_use]
    pub fn age(&self) -> Duration {
        let wall = self.clock.now().duration_since(self.wall).unsigned_abs();
        wall.max(self.clock.monotonic().saturating_sub(self.monotonic))
    }
}

/// A mark that work is in hand; see [`Clock::busy`].
#[derive(Debug)]
pub struct Busy(Option<Arc<Stepped>>);

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(stepped) = &self.0 {
            stepped.busy.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Moves a stepped clock. There is one for each such clock.
#[derive(Debug)]
pub struct Stepper(Arc<Stepped>);

impl Stepper {
    /// Whether nothing is marked as work in hand.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.0.busy.load(Ordering::SeqCst) == 0
    }

    /// The earliest time that somebody waits for.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let mut state = self.0.state();
        state.sleepers.retain(|_, wake| !wake.is_closed());
        state.sleepers.keys().next().map(|(deadline, _)| *deadline)
    }

    /// Moves the time to `target` and wakes who waited for it or for an earlier time. Never moves it back.
    pub fn advance_to(&self, target: Timestamp) {
        let mut state = self.0.state();
        state.now = state.now.max(target);
        let now = state.now;
        while let Some(entry) = state.sleepers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            // The sleeper may have given up waiting.
            entry.remove().send(()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::Clock;

    #[tokio::test]
    async fn a_stepped_clock_wakes_sleepers_in_order_and_stands_still_otherwise() {
        let start = Timestamp::UNIX_EPOCH;
        let (clock, stepper) = Clock::stepped(start);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(60)).await;
                clock.now()
            }
        });
        while stepper.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        let due = stepper.next_wake().unwrap();
        assert_eq!(due.duration_since(start).as_secs(), 60);
        stepper.advance_to(due);
        assert_eq!(sleeper.await.unwrap(), due);
        assert_eq!(clock.monotonic(), Duration::from_secs(60));
        stepper.advance_to(start);
        assert_eq!(clock.now(), due, "never goes back");
    }

    #[test]
    fn work_in_hand_is_counted() {
        let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        let busy = clock.busy();
        assert!(!stepper.is_idle());
        drop(busy);
        assert!(stepper.is_idle());
    }
}
