//! The shared memory of the pace: which calls the processes of an account reserved. It only stores and tells; when a
//! call may start is reckoned by the pacer. What makes the cap hold is the order of the transactions: whoever reserves
//! later sees all earlier reservations.

use jiff::Timestamp;

/// What a process asks for in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReserveCalls {
    pub now: Timestamp,
    /// How many calls to reserve; 0 only settles.
    pub calls: u32,
    /// The owner starts none of these calls after this time.
    pub last_start_by: Timestamp,
    /// Until when they count unless they are settled: this is what counts when the owner is killed.
    pub occupied_until: Timestamp,
    /// Earlier reservations of this owner of which nothing is under way any more and nothing will start.
    pub settled: Vec<SettledCalls>,
}

/// The end of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledCalls {
    /// Which, as [`ReservedCalls::id`] named it.
    pub id: i64,
    /// How many of its calls were made; with 0 it is forgotten.
    pub calls: u32,
    /// When the last of them ended.
    pub ended_at: Timestamp,
    /// Until when they count.
    pub occupied_until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedCalls {
    /// Names the reservation; 0 when no calls were asked for.
    pub id: i64,
    /// What the account's other owners have reserved and what still counts, first to end first.
    pub foreign: Vec<ForeignCalls>,
}

/// Calls of another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignCalls {
    pub calls: u32,
    /// Until when they count.
    pub occupied_until: Timestamp,
}
