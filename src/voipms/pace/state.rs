//! What a pacer knows: the window, who waits, and its reservations as their owner sees them. Plain values; it waits for
//! nothing and asks no ledger.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::queue::Lanes;
use super::reservations::Settled;
use super::window::{MINUTE, MINUTE_AND_DRIFT, Next, Window};

/// Calls in a second up to which reservations are made for a fifth of it: five short transactions a second. A higher bound
/// would lose less to a kill on fast accounts, which lose the smaller share anyhow.
const SMALL_SECOND: u32 = 100;

/// How long after its planned end a reservation may still be used; doubled while others keep pushing it back.
pub(super) const GRACE: Duration = Duration::from_secs(1);

pub(super) struct State {
    pub(super) window: Window,
    pub(super) lanes: Lanes,
    /// Reservations of which something may still start or is under way; the newest last.
    pub(super) booked: VecDeque<Booked>,
    /// What the ledger must still be told.
    pub(super) settled: Vec<Settled>,
    pub(super) next_number: u64,
    /// How many calls the next reservation may have; grows while they are used up.
    pub(super) next_size: u32,
    pub(super) grace: Duration,
    pub(super) calls_made: u64,
    /// How often it was looked whether a call may start.
    pub(super) turns: u64,
}

/// A reservation as its owner sees it.
#[derive(Debug)]
pub(super) struct Booked {
    pub(super) number: u64,
    pub(super) id: i64,
    pub(super) calls: u32,
    /// How many of them may be made one behind the other from one start: for so long the reservation lasts.
    pub(super) in_turn: u32,
    pub(super) started: u32,
    pub(super) under_way: u32,
    /// Start nothing after this, by the monotonic clock and by the wall clock that the other processes go by.
    pub(super) last_start_by: (Duration, Timestamp),
    pub(super) last_end: Timestamp,
    /// Nothing more will start.
    pub(super) closed: bool,
}

impl State {
    /// Closes the newest reservation when it has less than `wanted` calls left or cannot be used in time.
    pub(super) fn close_unusable(&mut self, now: Duration, wall: Timestamp, next: Next, wanted: u32) {
        let Some(booked) = self.booked.back_mut().filter(|booked| !booked.closed) else {
            return;
        };
        let (by, by_wall) = booked.last_start_by;
        let too_late = now > by || wall > by_wall || matches!(next, Next::At(at) if at > by);
        if booked.calls - booked.started >= wanted && booked.in_turn >= wanted && !too_late {
            return;
        }
        booked.closed = true;
        if booked.started == 0 && too_late {
            // Others were there first, for longer than was known: plan longer.
            self.grace = (self.grace * 2).min(MINUTE);
        }
        self.next_size = if booked.started == booked.calls {
            booked.calls.saturating_mul(2)
        } else {
            booked.started.max(1)
        };
        self.collect_settled(wall);
    }

    /// Moves reservations that are over to what the ledger must be told.
    pub(super) fn collect_settled(&mut self, wall: Timestamp) {
        let settled = &mut self.settled;
        self.booked.retain(|booked| {
            let over = booked.closed && booked.under_way == 0;
            if over {
                let ended_at = if booked.started == 0 { wall } else { booked.last_end };
                settled.push(Settled {
                    id: booked.id,
                    calls: booked.started,
                    ended_at,
                    occupied_until: later(ended_at, MINUTE_AND_DRIFT),
                });
            }
            !over
        });
    }

    /// At most a second's worth of calls and at least one; few for callers that need few. Where a second holds few calls,
    /// a fifth of it: what a killed process had reserved is lost for a minute, and what it had made counts by
    /// reservations. Faster accounts would pay for that with transactions.
    pub(super) fn reservation_size(&mut self, now: Duration) -> u32 {
        let second = u32::try_from(self.window.rate(now) / 60).unwrap_or(u32::MAX).max(1);
        let most = if second <= SMALL_SECOND {
            second.div_ceil(5)
        } else {
            second
        };
        let waiting = u32::try_from(self.lanes.waiting())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        self.next_size.max(waiting).min(most)
    }
}

/// A time so much later; the end of time when there is none.
pub(super) fn later(from: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| from.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}
