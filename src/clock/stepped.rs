//! Time that stands still until its stepper moves it: of the demo, and of tests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, oneshot};

/// The state that a stepped clock and its stepper share.
#[derive(Debug)]
pub(super) struct Stepped {
    start: Timestamp,
    state: Mutex<State>,
    busy: AtomicUsize,
    /// Told when the wall clock is set.
    pub(super) set: Notify,
}

#[derive(Debug, Default)]
struct State {
    monotonic: Duration,
    /// By how much the wall clock was set since the start.
    set_by: SignedDuration,
    /// Who waits for which monotonic time; the number keeps sleepers of one instant apart and in order.
    sleepers: BTreeMap<(Duration, u64), Sleeper>,
    next_sleeper: u64,
}

#[derive(Debug)]
struct Sleeper {
    wake: oneshot::Sender<()>,
    /// The time of the wall clock that wakes it as well.
    at: Option<Timestamp>,
}

impl Stepped {
    pub(super) fn new(start: Timestamp) -> Self {
        Self {
            start,
            state: Mutex::default(),
            busy: AtomicUsize::new(0),
            set: Notify::new(),
        }
    }

    /// The wall clock and the monotonic one.
    pub(super) fn read(&self) -> (Timestamp, Duration) {
        let state = self.state();
        (self.wall(state.monotonic, state.set_by), state.monotonic)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the wall clock shows at a monotonic time, as it is set now.
    fn wall(&self, monotonic: Duration, set_by: SignedDuration) -> Timestamp {
        let passed = SignedDuration::try_from(monotonic).unwrap_or(SignedDuration::MAX);
        self.start.saturating_add(passed + set_by).unwrap_or(Timestamp::MAX)
    }
}

impl Stepped {
    /// Waits until a monotonic time, or until the wall clock shows `at`.
    pub(super) async fn wait(&self, deadline: Duration, at: Option<Timestamp>) {
        let woken = {
            let mut state = self.state();
            let wall = self.wall(state.monotonic, state.set_by);
            if state.monotonic >= deadline || at.is_some_and(|at| at <= wall) {
                return;
            }
            let (wake, woken) = oneshot::channel();
            let number = state.next_sleeper;
            state.next_sleeper += 1;
            state.sleepers.insert((deadline, number), Sleeper { wake, at });
            woken
        };
        // A dropped stepper means that nobody will ever move the time again; the sleeper then ends with it.
        drop(woken.await);
    }

    /// Wakes who waited for the present time or for an earlier one.
    fn wake(&self, state: &mut State) {
        let (now, wall) = (state.monotonic, self.wall(state.monotonic, state.set_by));
        let due = state.sleepers.extract_if(.., |key, sleeper| {
            key.0 <= now || sleeper.at.is_some_and(|at| at <= wall)
        });
        for (_, sleeper) in due {
            // It may have given up waiting.
            sleeper.wake.send(()).ok();
        }
    }
}

/// A mark that work is in hand; see [`Clock::busy`](super::Clock::busy).
#[derive(Debug)]
pub struct Busy(Option<Arc<Stepped>>);

impl Busy {
    /// Marks that work is in hand; on a clock that nobody steps it means nothing.
    pub(super) fn new(stepped: Option<&Arc<Stepped>>) -> Self {
        stepped.inspect(|stepped| {
            stepped.busy.fetch_add(1, Ordering::SeqCst);
        });
        Self(stepped.cloned())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(stepped) = &self.0 {
            stepped.busy.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Moves a stepped clock. There is one for each such clock.
#[derive(Debug)]
pub struct Stepper(pub(super) Arc<Stepped>);

impl Stepper {
    /// Whether nothing is marked as work in hand.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.0.busy.load(Ordering::SeqCst) == 0
    }

    /// The earliest time that somebody waits for, as the wall clock is set now.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let mut state = self.0.state();
        state.sleepers.retain(|_, sleeper| !sleeper.wake.is_closed());
        let wake = |(key, sleeper): (&(Duration, u64), &Sleeper)| {
            let latest = self.0.wall(key.0, state.set_by);
            sleeper.at.map_or(latest, |at| at.min(latest))
        };
        state.sleepers.iter().map(wake).min()
    }

    /// Moves the time to `target` and wakes who waited for it or for an earlier time. Never moves it back.
    pub fn advance_to(&self, target: Timestamp) {
        let mut state = self.0.state();
        let now = self.0.wall(state.monotonic, state.set_by);
        let passes = Duration::try_from(target.duration_since(now)).unwrap_or_default();
        state.monotonic = state.monotonic.saturating_add(passes);
        self.0.wake(&mut state);
    }

    /// Sets the wall clock, forward or back, while no time passes.
    pub fn set_wall(&self, by: SignedDuration) {
        let mut state = self.0.state();
        state.set_by += by;
        self.0.wake(&mut state);
        drop(state);
        self.0.set.notify_waiters();
    }
}
