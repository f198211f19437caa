//! Who goes next: callers wait in two lanes, first come first served in each, and one at a time holds the turn. The turn
//! is a value; whoever drops it, also by giving up, passes it on, so no wake-up is ever lost.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::Shared;

/// How urgent a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A reading of a sweep.
    Normal,
    /// Enforcement's reads and writes: they overtake everything that waits.
    High,
}

/// The callers that wait for the turn.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    high: VecDeque<oneshot::Sender<Turn>>,
    normal: VecDeque<oneshot::Sender<Turn>>,
    taken: bool,
}

impl Lanes {
    /// How many callers wait, those included that gave up meanwhile.
    pub(super) fn waiting(&self) -> usize {
        self.high.len() + self.normal.len()
    }

    /// Whether an urgent caller waits.
    pub(super) fn is_urgent(&mut self) -> bool {
        while self.high.front().is_some_and(oneshot::Sender::is_closed) {
            self.high.pop_front();
        }
        !self.high.is_empty()
    }

    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        self.high.pop_front().or_else(|| self.normal.pop_front())
    }
}

/// The right to reserve and to start the next call.
#[derive(Debug)]
pub(super) struct Turn(Option<Arc<Shared>>);

impl Turn {
    /// Waits for the turn.
    pub(super) async fn take(shared: &Arc<Shared>, priority: Priority) -> Self {
        loop {
            let waiting = {
                let now = shared.clock.monotonic();
                let mut state = shared.state();
                if !state.lanes.taken {
                    state.lanes.taken = true;
                    state.window.wake(now);
                    return Self(Some(Arc::clone(shared)));
                }
                let (give, waiting) = oneshot::channel();
                match priority {
                    Priority::High => {
                        state.lanes.high.push_back(give);
                        // Whoever holds the turn may be asleep; it must see that it is not the most urgent any more.
                        shared.changed.notify_one();
                    }
                    Priority::Normal => state.lanes.normal.push_back(give),
                }
                waiting
            };
            if let Ok(turn) = waiting.await {
                return turn;
            }
        }
    }

    /// Lets an urgent caller go first and takes the turn again right after it.
    pub(super) async fn yield_to_urgent(self) -> Self {
        let Some(shared) = self.0.clone() else { return self };
        let (give, waiting) = oneshot::channel();
        shared.state().lanes.normal.push_front(give);
        drop(self);
        match waiting.await {
            Ok(turn) => turn,
            Err(_) => Self::take(&shared, Priority::Normal).await,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        loop {
            let next = {
                let mut state = shared.state();
                let next = state.lanes.next();
                state.lanes.taken = next.is_some();
                next
            };
            let Some(next) = next else { return };
            match next.send(Self(Some(Arc::clone(&shared)))) {
                Ok(()) => return,
                // That caller gave up; the turn that it refused must not pass itself on as well.
                Err(mut refused) => drop(refused.0.take()),
            }
        }
    }
}
