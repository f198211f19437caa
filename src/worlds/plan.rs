//! What is to happen in a world: everything that is not the program's own doing, written down before it begins.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::channels::Channel;
use super::guards::Guards;
use crate::mail_catcher::Behaviour;
use crate::store::DiskTrouble;

/// A whole world, before it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub start: Timestamp,
    /// How long things happen. After it all faults end, and the world goes on for a while to get well.
    pub length: Duration,
    pub clients: u32,
    /// Settings of the simulator, `NAME=VALUE` each.
    pub settings: Vec<String>,
    /// What the program is told, behind what it is told of the account, the store and the mail server.
    pub config: String,
    /// Who is told, as `config` says it; empty: somebody else says it.
    pub channels: Vec<Channel>,
    /// Which policies ask for changes at the start, and what bounds them; `None`: the program is told by somebody else.
    pub guards: Option<Guards>,
    /// Time between two sweeps.
    pub interval: SignedDuration,
    pub rate_per_minute: u32,
    /// In the order of time.
    pub happenings: Vec<Planned>,
}

/// One thing that is to happen.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Counts from 0, so that some can be left out and the others stay what they are.
    pub number: usize,
    /// Since the start.
    pub after: Duration,
    /// For how long; zero: it is done at once.
    pub lasting: Duration,
    pub what: Happening,
}

#[derive(Clone, Debug)]
pub enum Happening {
    /// A fault of the simulator: its name with whom it hits, and its share.
    Fault {
        name: String,
        share: &'static str,
    },
    /// The API tells everybody something that is not so.
    Lie(Lie),
    /// A receiver over HTTP behaves so.
    Mood {
        receiver: &'static str,
        mood: Mood,
    },
    /// So does the mail server.
    Mail(Behaviour),
    Disk(DiskTrouble),
    /// The process is killed at the moment of this kind that comes as the nth from then on.
    Crash {
        at: Moment,
        nth: u32,
    },
    /// The wall clock is set.
    Wall(SignedDuration),
    /// Something happens to the client at this place in the list.
    Client {
        index: usize,
        deed: Deed,
    },
    Operator(Act),
}

/// What the API tells that is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Every balance is 0.
    Zeros,
    /// Every balance is a hundredth of what it is.
    Hundredth,
    /// Everybody has the same small balance.
    Same,
    /// Every second client is missing in the list.
    HalfTheList,
    /// Each client has the balance of the one that was asked for before it.
    Another,
    /// Every balance and every sum is of the day before.
    Yesterday,
    /// One client, at this place among all, is told to be far below zero.
    Wild(u8),
    /// Everybody spent a fortune today.
    Spent,
    /// Nobody spent anything, today or ever.
    SpentNothing,
    /// Every threshold is higher than any balance.
    Thresholds,
    /// The codes of balance management have each other's meaning.
    Codes,
    /// Records lack a field.
    FieldMissing,
    /// Records have a field that nobody knows.
    FieldUnknown,
    /// Every record shows the same password.
    OnePassword,
    /// Every key of an answer is there twice, with different balances.
    Twice,
}

/// How a receiver over HTTP behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes what comes.
    Good,
    /// Nobody listens.
    Down,
    /// Answers so, and takes nothing.
    Refuses(Refusal),
    /// Takes nothing and never answers.
    Stalls,
    /// Takes what comes, and its answer is lost.
    LosesReplies,
}

/// How a receiver over HTTP says that it takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// Its words.
    pub body: &'static str,
    /// For how long it wants to be left alone.
    pub retry_after_secs: Option<u16>,
}

/// Where a crash may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before or after an operation or statement of the store.
    Statement,
    /// Before or after a call of the API has its effect.
    Call,
    /// Before or after a receiver over HTTP has what is posted.
    Post,
    /// At a line of a conversation with the mail server.
    Line,
    /// At once, whatever goes on.
    Now,
}

/// What happens to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody else calls at the client's cost: so much an hour.
    Fraud(&'static str),
    Deposit(&'static str),
    /// The reseller charges or credits it to this balance.
    Balance(&'static str),
    Threshold(&'static str),
    /// A person edits the record in the portal.
    Edit {
        field: &'static str,
        text: String,
    },
    /// `hard` or `soft`, in the portal.
    Management(&'static str),
    /// A person edits a record while the program is at it: the next one of which this is true.
    Meanwhile {
        moment: Meanwhile,
        field: &'static str,
        text: String,
    },
    Removed,
    /// A client is added, with this threshold and a little money.
    Added(&'static str),
}

impl Happening {
    /// Whether it is in force until it ends.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        matches!(
            self,
            Self::Fault { .. } | Self::Lie(_) | Self::Mood { .. } | Self::Mail(_) | Self::Disk(_)
        )
    }
}

/// What the program does with a record while a person edits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// Reads it by itself; the answer has the edit.
    Read,
    /// Changes it; the edit comes after the last read, and before the change acts.
    BeforeWrite,
    /// Has changed it, a moment ago.
    AfterWrite,
}

/// What an operator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Ack,
    Silence {
        hours: i64,
    },
    BrakeOn,
    /// Sets it while the program reads a record by itself the next time, which may be the last time before a change.
    BrakeAtRead,
    BrakeOff,
    RetryAll,
    /// Answers everything that waits for an approval.
    Answer {
        approves: bool,
    },
    /// Holds the client at a place of the list; releases it in the end.
    Hold {
        index: usize,
    },
    /// Takes back the newest change that can be.
    Undo,
    /// Asks the API so often, in a process beside the program, which shares its calls a minute.
    Asks(u32),
    /// The configuration gets these lines more, and is read anew; where it lasts, it is put back afterwards. A wrong one is
    /// refused, and would keep the program from starting.
    Reload(&'static str),
    /// So are the bounds of changes.
    Guards(Guards),
}
