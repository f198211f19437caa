//! Time of a runtime that moves it on by itself whenever nothing is left to do: that of simulated worlds. Deadlines of the network
//! run by it, too. Its wall clock can be set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct RuntimeTime {
    /// Its time counts, also for whoever asks from within another one.
    runtime: Handle,
    start: Timestamp,
    origin: Instant,
    /// By how much the wall clock was set since the start.
    set_by: Mutex<SignedDuration>,
    /// Told when the wall clock is set.
    pub(super) set: Notify,
}

impl RuntimeTime {
    /// Of the runtime that this is called in.
    #[expect(clippy::disallowed_methods, reason = "the clock alone reads clocks, a runtime's too")]
    pub(super) fn new(start: Timestamp) -> Self {
        Self {
            runtime: Handle::current(),
            start,
            origin: Instant::now(),
            set_by: Mutex::default(),
            set: Notify::new(),
        }
    }

    /// The wall clock and the monotonic one.
    pub(super) fn read(&self) -> (Timestamp, Duration) {
        let _entered = self.runtime.enter();
        let monotonic = self.origin.elapsed();
        let set_by = *self.set_by.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = SignedDuration::try_from(monotonic).unwrap_or(SignedDuration::MAX);
        let wall = self.start.saturating_add(passed + set_by).unwrap_or(Timestamp::MAX);
        (wall, monotonic)
    }

    /// Waits until `left` says that nothing is; it is asked again whenever the wall clock is set.
    pub(super) async fn wait(&self, left: impl Fn() -> Duration) {
        loop {
            let set = self.set.notified();
            let left = left();
            if left.is_zero() {
                return;
            }
            tokio::select! {
                biased;
                () = tokio::time::sleep(left) => {}
                () = set => {}
            }
        }
    }
}

/// Sets the wall clock of a world whose time is its runtime's.
#[derive(Debug)]
pub struct Hands(pub(super) Arc<RuntimeTime>);

impl Hands {
    /// Sets it forward or back, while no time passes.
    pub fn set_wall(&self, by: SignedDuration) {
        *self.0.set_by.lock().unwrap_or_else(PoisonError::into_inner) += by;
        self.0.set.notify_waiters();
    }
}
