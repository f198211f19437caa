//! Bringing a large world up to date in slices, so that calls are answered meanwhile. Decides nothing about what happens
//! to anybody: when somebody is brought up to date makes no difference to that.

use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Duration;

use super::Simulator;
use super::state::{Change, State};
use super::world::RESELLER;

/// How long others have the state between two slices of a long work: long enough for a thread to wake up.
const BREATHER: Duration = Duration::from_micros(100);

/// Lets others have the state between two slices.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Nobody ever signals it: waiting on it gives the state away for a moment.
    breather: Condvar,
}

impl Turns {
    fn pause<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.breather.wait_timeout(state, BREATHER);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Simulator {
    /// Does beforehand what would take long: when rules end, everybody is brought up to date by them.
    pub(super) fn prepare(&self, changes: &[Change<'_>]) {
        let ends_rules = self.lock().would_end_rules(changes);
        if ends_rules {
            self.catch_up();
        }
    }

    /// Does beforehand what would take long: the reseller pays for everybody's calls.
    pub(super) fn prepare_for(&self, id: &str) {
        if id == RESELLER {
            self.catch_up();
        }
    }

    /// Brings everybody up to date in slices, between which calls are answered, so that whoever then looks at everybody
    /// at once has little left to do. When somebody is brought up to date makes no difference to what happens.
    pub fn catch_up(&self) {
        // The second time for what passed during the first.
        for _ in 0..2 {
            let mut slot = 0;
            let mut state = self.lock();
            loop {
                let (now, rules) = (self.virtual_secs(&state), state.rules());
                match state.world.settle_slice(slot, now, rules) {
                    None => break,
                    Some(next) => slot = next,
                }
                state = self.turns.pause(state);
            }
        }
    }
}
