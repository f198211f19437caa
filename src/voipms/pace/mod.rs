//! The pace: never more than the configured number of calls in any 60 seconds, as a server counts arrivals, by all
//! processes of the account together, and hardly less while work is waiting.
//!
//! `window` reckons, `reservations` is what processes share, `queue` says who goes next, `state` holds it; this file joins them on the
//! domain's clock. It knows nothing of HTTP. A call gets a [`Permit`], makes its one attempt and drops it.

mod queue;
mod reservations;
mod state;
mod window;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

pub use queue::Priority;
use queue::{Lanes, Turn};
pub use reservations::{CallLedger, Grant, LedgerError, MemoryLedger, Occupied, Reservation, Settled};
use state::{Booked, GRACE, State, later};
use window::{Foreign, MINUTE, MINUTE_AND_DRIFT, Next, Window};

use crate::clock::{Busy, Clock};
use crate::domain::AccountName;

/// How long before its first call a reservation is made: the store's work then hides behind the waiting. Longer keeps
/// more slots from other processes, and from the next run after a kill.
const AHEAD: Duration = Duration::from_millis(250);

/// Waiting goes in slices no longer than this, so that who waits on purpose can be told from who is stuck.
const SLICE: Duration = Duration::from_secs(5);

/// Gives the calls of one account their times. Clones share the pace; one process has one for each account.
#[derive(Clone, Debug)]
pub struct Pacer(Arc<Shared>);

/// What a pacer is made from.
#[derive(Clone)]
pub struct Pace {
    /// Whose rate it is.
    pub account: AccountName,
    /// Calls a minute, at least 1.
    pub rate_per_minute: u32,
    /// The longest that one attempt can take, from its permit to its end.
    pub longest_call: Duration,
    /// This run of the program: an id that no other run ever had, not even one with the same process id.
    pub owner: String,
    /// Where calls are reserved.
    pub ledger: Arc<dyn CallLedger>,
    pub clock: Clock,
}

struct Shared {
    pace: Pace,
    clock: Clock,
    state: Mutex<State>,
    /// Wakes the holder of the turn: a call ended, or a more urgent caller came.
    changed: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pacer({})", self.pace.account)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the holder of the turn does next.
enum Step<const N: usize> {
    Start([Permit; N]),
    Yield,
    Sleep(Duration),
    AwaitEnd,
    Reserve {
        calls: u32,
        first: Duration,
        in_turn: u32,
    },
    /// So many never start together at the present rate.
    GiveUp,
}

impl Pacer {
    /// A pacer that has made no call yet.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        let state = State {
            window: Window::new(pace.rate_per_minute),
            lanes: Lanes::default(),
            booked: VecDeque::new(),
            settled: Vec::new(),
            next_number: 0,
            next_size: 1,
            grace: GRACE,
            calls_made: 0,
            turns: 0,
        };
        Self(Arc::new(Shared {
            clock: pace.clock.clone(),
            pace,
            state: Mutex::new(state),
            changed: Notify::new(),
        }))
    }

    /// Waits until one more call may start. Giving up waiting costs nobody else's turn.
    ///
    /// # Errors
    /// [`LedgerError`] when the call could not be reserved; it must not be made then.
    pub async fn permit(&self, priority: Priority) -> Result<Permit, LedgerError> {
        loop {
            // One call always may start in the end.
            if let Some([permit]) = self.permits(priority).await? {
                return Ok(permit);
            }
        }
    }

    /// Waits until two calls may start at once, for a call that must come right behind another. Both count from now on, so
    /// the first is sent at once and the second right behind its answer. `None` at a rate of one call a minute, where there
    /// are no two within one.
    ///
    /// # Errors
    /// [`LedgerError`], as [`Pacer::permit`].
    pub async fn pair(&self, priority: Priority) -> Result<Option<[Permit; 2]>, LedgerError> {
        self.permits(priority).await
    }

    async fn permits<const N: usize>(&self, priority: Priority) -> Result<Option<[Permit; N]>, LedgerError> {
        let mut turn = Turn::take(&self.0, priority).await;
        loop {
            self.0.state().turns += 1;
            match self.step(priority) {
                Step::Start(permits) => return Ok(Some(permits)),
                Step::GiveUp => return Ok(None),
                Step::Yield => turn = turn.yield_to_urgent().await,
                Step::Sleep(duration) => {
                    tokio::select! {
                        biased;
                        () = self.0.clock.sleep(duration.min(SLICE)) => {}
                        () = self.0.changed.notified() => {}
                    }
                }
                Step::AwaitEnd => self.0.changed.notified().await,
                Step::Reserve { calls, first, in_turn } => self.reserve(calls, first, in_turn).await?,
            }
        }
    }

    /// The API said that its own limit is reached: the pace halves (once a minute, never below 1), waits a minute, and
    /// recovers by a tenth of the configured rate with every clean minute.
    pub fn limit_hit(&self) {
        let now = self.0.clock.monotonic();
        self.0.state().window.limit_hit(now);
    }

    /// From now on so many calls a minute, at least 1. What was called in the last minute counts.
    pub fn set_rate(&self, rate_per_minute: u32) {
        self.0.state().window.set_rate(rate_per_minute);
        self.0.changed.notify_one();
    }

    /// Grows while somebody is given calls or waits for some on purpose.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.0.state().turns
    }

    /// Calls a minute that are allowed now.
    #[cfg(test)]
    pub fn effective_rate(&self) -> u32 {
        let now = self.0.clock.monotonic();
        u32::try_from(self.0.state().window.rate(now)).unwrap_or(u32::MAX)
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How many calls were started, repeated ones included.
    #[must_use]
    pub fn calls_made(&self) -> u64 {
        self.0.state().calls_made
    }

    /// Tells the ledger what ended and gives back what was reserved and not used: at the end of a command or a sweep,
    /// so that other processes need not wait for it.
    ///
    /// # Errors
    /// [`LedgerError`]; the other processes then wait a little longer than they need.
    pub async fn settle(&self) -> Result<(), LedgerError> {
        {
            let mut state = self.0.state();
            for booked in &mut state.booked {
                booked.closed = true;
            }
            state.collect_settled(self.0.clock.now());
            if state.settled.is_empty() {
                return Ok(());
            }
        }
        self.reserve(0, Duration::ZERO, 0).await
    }

    /// Decides, under the lock, what the holder of the turn does now that wants to start `N` calls.
    fn step<const N: usize>(&self, priority: Priority) -> Step<N> {
        let (now, wall) = (self.0.clock.monotonic(), self.0.clock.now());
        let mut state = self.0.state();
        let state = &mut *state;
        if priority == Priority::Normal && state.lanes.is_urgent() {
            return Step::Yield;
        }
        let wanted = u32::try_from(N).unwrap_or(u32::MAX);
        if N > 1 && u64::from(wanted) > state.window.rate(now) {
            return Step::GiveUp;
        }
        let next = state.window.next(now, wanted.into());
        state.close_unusable(now, wall, next, wanted);
        if let Some(booked) = state.booked.back_mut().filter(|booked| !booked.closed) {
            return match next {
                Next::Now => {
                    booked.started += wanted;
                    booked.under_way += wanted;
                    let number = booked.number;
                    state.calls_made += u64::from(wanted);
                    state.grace = GRACE;
                    Step::Start(std::array::from_fn(|_| {
                        state.window.start(now);
                        Permit {
                            pacer: Arc::clone(&self.0),
                            booked: number,
                            busy: self.0.clock.busy(),
                        }
                    }))
                }
                Next::At(at) => Step::Sleep(at - now),
                Next::AfterAnEnd => Step::AwaitEnd,
            };
        }
        match state.window.next_alone(now, wanted.into()) {
            Next::AfterAnEnd => Step::AwaitEnd,
            Next::At(at) if at > now + AHEAD => Step::Sleep(at - now - AHEAD),
            Next::At(_) | Next::Now => Step::Reserve {
                calls: state.reservation_size(now).max(wanted),
                first: if let Next::At(at) = next { at } else { now },
                in_turn: wanted,
            },
        }
    }

    /// Reserves `calls` of which the first is to start at `first`, for up to `in_turn` that are made one behind the other;
    /// 0 only settles.
    async fn reserve(&self, calls: u32, first: Duration, in_turn: u32) -> Result<(), LedgerError> {
        // The ledger works in real time: a stepped clock must not run on meanwhile.
        let _busy: Busy = self.0.clock.busy();
        let (now, wall) = (self.0.clock.monotonic(), self.0.clock.now());
        let (reservation, last_start_by) = {
            let mut state = self.0.state();
            state.collect_settled(wall);
            let planned = state.window.step(now) * calls + state.grace;
            let last_start_by = first.max(now) + planned;
            let last_start_wall = later(wall, last_start_by - now);
            let longest = self.0.pace.longest_call * in_turn;
            let reservation = Reservation {
                account: self.0.pace.account.clone(),
                owner: self.0.pace.owner.clone(),
                now: wall,
                calls,
                last_start_by: last_start_wall,
                occupied_until: later(last_start_wall, longest + MINUTE_AND_DRIFT),
                settled: state.settled.clone(),
            };
            (reservation, (last_start_by, last_start_wall))
        };
        let told = reservation.settled.clone();
        let grant = self.0.pace.ledger.reserve(reservation).await?;
        let mut state = self.0.state();
        state.settled.retain(|settled| !told.contains(settled));
        state.window.set_foreign(self.foreign(&grant, now, wall));
        if calls > 0 {
            let number = state.next_number;
            state.next_number += 1;
            state.booked.push_back(Booked {
                number,
                id: grant.id,
                calls,
                in_turn,
                started: 0,
                under_way: 0,
                last_start_by,
                last_end: wall,
                closed: false,
            });
        }
        Ok(())
    }

    /// The others' calls by this process's monotonic clock.
    fn foreign(&self, grant: &Grant, now: Duration, wall: Timestamp) -> Vec<Foreign> {
        // Rows from before the wall clock was set back would else block the account for as long as it went back. No
        // honest row counts longer than this: the longest wait for slots, the longest call and a minute.
        let longest = self.0.pace.longest_call + 10 * MINUTE;
        grant
            .others
            .iter()
            .filter_map(|other| {
                let left = Duration::try_from(other.until.duration_since(wall)).ok()?;
                Some(Foreign {
                    until: now + left.min(longest),
                    calls: u64::from(other.calls),
                })
            })
            .collect()
    }
}

/// The right to make one attempt now. Dropping it records the attempt's end.
#[derive(Debug)]
pub struct Permit {
    pacer: Arc<Shared>,
    booked: u64,
    #[expect(
        dead_code,
        reason = "held while the call is under way, so that a stepped clock stands still"
    )]
    busy: Busy,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let (now, wall) = (self.pacer.clock.monotonic(), self.pacer.clock.now());
        let mut state = self.pacer.state();
        state.window.end(now);
        let number = self.booked;
        if let Some(booked) = state.booked.iter_mut().rev().find(|booked| booked.number == number) {
            booked.under_way -= 1;
            booked.last_end = booked.last_end.max(wall);
            if booked.closed && booked.under_way == 0 {
                state.collect_settled(wall);
            }
        }
        drop(state);
        self.pacer.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
