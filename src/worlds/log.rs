//! What a world saw: the only thing that its checks may believe.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::plan::Planned;

#[derive(Clone, Debug)]
pub struct Entry {
    /// By the time that really passed, whatever the wall clock showed.
    pub at: Timestamp,
    pub fact: Fact,
}

#[derive(Clone, Debug)]
pub enum Fact {
    /// The program was started, for the nth time.
    Started {
        life: u32,
    },
    /// It could not be: what it said.
    NotStarted {
        life: u32,
        why: String,
    },
    /// It was killed there.
    Killed {
        life: u32,
        at: String,
    },
    /// It ended by itself, or was told to.
    Ended {
        life: u32,
        why: Option<String>,
    },
    Began(Planned),
    Over(Planned),
    /// What could not be done, for instance because nobody fires who could be acknowledged.
    Skipped {
        number: usize,
        why: String,
    },
    /// An operator silenced or acknowledged something: of this client, of this policy, or of both. `until` is `None` when it holds
    /// until the alert is over.
    Hushed {
        client: Option<String>,
        policy: Option<String>,
        until: Option<Timestamp>,
    },
    /// An operator decided something about the changes of this client.
    Decided {
        client: String,
        what: Decided,
    },
    /// A client's balance was answered, and the answer was a good one; perhaps a lie.
    Read {
        client: String,
        told: Decimal,
        truth: Decimal,
    },
    /// A call arrived at the API.
    Asked {
        function: String,
        client: Option<String>,
    },
    /// The program changed a client's record: each field that was another one before.
    Changed {
        client: String,
        fields: Vec<(String, String, String)>,
    },
    /// The API gave out one client's record.
    Shown {
        client: String,
    },
    /// A change arrived at the API. What it did to the record follows as [`Fact::Changed`].
    Wrote(Box<Write>),
    /// A person changed a client's record in the portal, likewise.
    Edited {
        client: String,
        fields: Vec<(String, String, String)>,
    },
    /// A receiver took something.
    Received(Received),
    /// The dead-man's switch was pinged, at this address of it.
    Beat {
        path: String,
    },
}

/// What an operator decides about the changes of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    Approved,
    Rejected,
    Held,
    Released,
    Undone,
}

/// A change that arrived at the API.
#[derive(Clone, Debug)]
pub struct Write {
    pub client: String,
    /// By the clock that the program believes.
    pub wall: Timestamp,
    /// `hard`, `soft` or `other`, before and after it.
    pub before: String,
    pub after: String,
    /// The last that was told of the client's money; `None` when nothing was.
    pub basis: Option<Basis>,
    /// How many clients are told to be below their thresholds who are not.
    pub misled: usize,
    /// How many clients there are.
    pub clients: usize,
}

/// What was told of a client's money, and how it was.
#[derive(Clone, Debug)]
pub struct Basis {
    pub at: Timestamp,
    pub told: Money,
    pub truth: Money,
    /// Since when what was told was wrong.
    pub wrong_since: Option<Timestamp>,
    /// The last balance before that.
    pub before: Option<Decimal>,
    /// As told last, and as it was then.
    pub threshold: Option<(Decimal, Decimal)>,
}

/// A client's money, as an answer has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    pub balance: Decimal,
    pub spent_today: Decimal,
}

/// What a receiver took.
#[derive(Clone, Debug)]
pub struct Received {
    /// The channel, as configured.
    pub channel: String,
    /// An address for mails; empty otherwise.
    pub recipient: String,
    /// What tells a repeat from another message, as the channel has it; empty where there is nothing.
    pub id: String,
    /// The client that a mail's address belongs to, by its record or its threshold; empty where it is nobody's.
    pub client: String,
    /// As it came.
    pub body: String,
    /// Whether the answer was lost on purpose.
    pub reply_lost: bool,
    /// Which life of the program sent it.
    pub life: u32,
}

/// How a client stood at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub at: Timestamp,
    pub balance_tenthousandths: i64,
    pub threshold: Box<str>,
    pub is_hard: bool,
}

#[derive(Debug, Default)]
pub struct Log(Mutex<Vec<Entry>>);

impl Log {
    pub fn add(&self, at: Timestamp, fact: Fact) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Entry { at, fact });
    }

    #[must_use]
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
