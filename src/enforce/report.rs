//! What a run came to.

use std::fmt;

use jiff::Timestamp;

use crate::domain::ClientId;
use crate::domain::enforcement::{Deferral, FieldDifference};
use crate::domain::plan::Decision;

/// What became of the enforcements in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub applied: u64,
    /// Refused, or declined by the API.
    pub refused: u64,
    /// Put off, or not settled yet.
    pub waiting: u64,
    /// Would be done if the mode allowed it.
    pub would: u64,
    /// What somebody must look at.
    pub events: Vec<Event>,
    /// When [`super::Enforcer::settle`] can next find something out; `None` when nothing waits for a time.
    pub next_at: Option<Timestamp>,
}

impl Report {
    /// Adds what another run came to.
    pub fn add(&mut self, other: Self) {
        self.applied += other.applied;
        self.refused += other.refused;
        self.waiting += other.waiting;
        self.would += other.would;
        self.events.extend(other.events);
        self.wake_at(other.next_at);
    }

    pub fn wake_at(&mut self, at: Option<Timestamp>) {
        self.next_at = [self.next_at, at].into_iter().flatten().min();
    }
}

/// A surprise. The brake was set with it, in the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A record that was read back is not what was meant.
    ReadBack {
        client: ClientId,
        enforcement: String,
        fields: Vec<FieldDifference>,
    },
    /// It could not be found out what a write did.
    Unknown {
        client: ClientId,
        enforcement: String,
        /// The kind of the failure.
        error: String,
    },
    /// The account's codes contradict those that were used before.
    Codes { what: String },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadBack {
                client,
                enforcement,
                fields,
            } => {
                write!(
                    f,
                    "the record of client {client} is not what was meant after {enforcement}: "
                )?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", field.field)?;
                }
                Ok(())
            }
            Self::Unknown {
                client,
                enforcement,
                error,
            } => write!(f, "nobody knows what {enforcement} did to client {client} ({error})"),
            Self::Codes { what } => write!(
                f,
                "the codes of balance management contradict those used before: {what}"
            ),
        }
    }
}

/// How an intent ended in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Applied,
    Refused,
    Waiting,
    /// Waiting because the client could not be read, or the API did not do it.
    InVain,
    Would,
    /// Not sent, because too much time had passed since the last read: it begins anew.
    TooLate,
    /// As wanted already, or ended with an event.
    Uncounted,
}

impl End {
    pub const fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Refused(_) => Self::Refused,
            Decision::Deferred(Deferral::Unreadable { .. } | Deferral::NotDone { .. } | Deferral::TooLate) => {
                Self::InVain
            }
            Decision::Deferred(_) | Decision::Go => Self::Waiting,
            Decision::Would => Self::Would,
            Decision::Already => Self::Uncounted,
        }
    }
}

impl Report {
    pub const fn count(&mut self, end: End) {
        match end {
            End::Applied => self.applied += 1,
            End::Refused => self.refused += 1,
            End::Waiting | End::InVain | End::TooLate => self.waiting += 1,
            End::Would => self.would += 1,
            End::Uncounted => {}
        }
    }
}
