//! How the processes of an account share its rate: calls are reserved in a ledger before they start.
//!
//! The ledger stores and tells; all reckoning is the pacer's. One reservation is one transaction, and what makes the
//! cap hold is their order: whoever reserves later sees all earlier reservations and keeps clear of them.

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::domain::AccountName;

/// What a process asks of the ledger in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose rate it is.
    pub account: AccountName,
    /// The asking process: one id for each run of the program, never used twice.
    pub owner: String,
    pub now: Timestamp,
    /// How many calls to reserve; 0 only settles.
    pub calls: u32,
    /// The owner starts none of these calls after this time.
    pub last_start_by: Timestamp,
    /// Until when the calls count, unless the reservation is settled: `last_start_by`, the longest that a call can take,
    /// and a minute. This is what counts when the owner is killed.
    pub occupied_until: Timestamp,
    /// Earlier reservations of this owner of which nothing is under way any more and nothing will start.
    pub settled: Vec<Settled>,
}

/// The end of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    pub id: i64,
    /// How many of its calls were made; with 0 the reservation can be deleted.
    pub calls: u32,
    /// When the last of them ended.
    pub ended_at: Timestamp,
    /// Until when they count: a minute after `ended_at`.
    pub occupied_until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The new reservation; any number when no calls were asked for.
    pub id: i64,
    /// What all other owners of the account have reserved and what still counts now, in any order.
    pub others: Vec<Occupied>,
}

/// Calls of another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupied {
    pub calls: u32,
    /// Until when they count.
    pub until: Timestamp,
}

/// The ledger could not be read or written, so no call may start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call could not be reserved in the store: {0}")]
pub struct LedgerError(pub String);

/// Where calls are reserved. In one transaction that excludes all others: apply `settled` (set calls, end and
/// `occupied_until`; delete those with 0 calls), forget the account's rows with `occupied_until` up to `now`, read the
/// other owners' rows, and add the new one if it has calls.
pub trait CallLedger: Send + Sync {
    /// Records `reservation` and tells what the others have.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing, or the whole reservation, was recorded then.
    fn reserve(&self, reservation: Reservation) -> BoxFuture<'_, Result<Grant, LedgerError>>;
}

/// A ledger for processes that have no store: it is shared by the pacers that hold it and by nobody else.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    last_id: i64,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    id: i64,
    account: AccountName,
    owner: String,
    calls: u32,
    occupied_until: Timestamp,
}

impl CallLedger for MemoryLedger {
    fn reserve(&self, reservation: Reservation) -> BoxFuture<'_, Result<Grant, LedgerError>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for settled in &reservation.settled {
            for row in table.rows.iter_mut().filter(|row| row.id == settled.id) {
                row.calls = settled.calls;
                row.occupied_until = settled.occupied_until;
            }
        }
        table
            .rows
            .retain(|row| row.calls > 0 && row.occupied_until > reservation.now);
        let others = table
            .rows
            .iter()
            .filter(|row| row.account == reservation.account && row.owner != reservation.owner)
            .map(|row| Occupied {
                calls: row.calls,
                until: row.occupied_until,
            })
            .collect();
        table.last_id += 1;
        let id = table.last_id;
        if reservation.calls > 0 {
            table.rows.push(Row {
                id,
                account: reservation.account,
                owner: reservation.owner,
                calls: reservation.calls,
                occupied_until: reservation.occupied_until,
            });
        }
        Box::pin(std::future::ready(Ok(Grant { id, others })))
    }
}
