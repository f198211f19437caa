//! Why an enforcement is put off, in a word and in a sentence.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why an enforcement is put off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deferral {
    /// As many as one sweep may do were done.
    SweepCap { cap: u32 },
    /// As many as 24 hours may see were done.
    DayCap { cap: u32 },
    /// The brake is on.
    Brake,
    /// The first enforcement ever of this account is still being watched.
    Canary,
    /// It is not known yet what became of another change of this account.
    Unsettled,
    /// The balance and threshold that were read just before no longer call for it.
    NotInBreach,
    /// A person changed the record within the last 15 minutes.
    EditedRecently,
    /// The client could not be read; nothing was sent.
    Unreadable {
        /// The kind of the failure.
        error: String,
    },
    /// Several clients before it could not be read; it was not tried.
    NotReached,
    /// The clock jumped; one whole sweep is awaited.
    ClockJumped,
    /// A baseline found it, and a second reading is awaited.
    Unconfirmed,
    /// One change each way per client in 24 hours.
    OncePerDay,
    /// The API said that it did not do it, or could not be reached for it; nothing was changed. It is tried again after
    /// a while.
    NotDone {
        /// Its code, or the kind of the failure.
        error: String,
    },
    /// As many tries as 24 hours may see got no answer, and did nothing.
    GaveUp,
    /// It was sent, no answer came, and the record could not be read since.
    Unanswered,
    /// Each time it could be sent, the record that was read for it was too old already.
    TooLate,
}

impl Deferral {
    /// The word for it, without its details.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::SweepCap { .. } => "sweep-cap",
            Self::DayCap { .. } => "day-cap",
            Self::Brake => "brake",
            Self::Canary => "canary",
            Self::Unsettled => "unsettled",
            Self::NotInBreach => "not-in-breach",
            Self::EditedRecently => "edited-recently",
            Self::Unreadable { .. } => "unreadable",
            Self::NotReached => "not-reached",
            Self::ClockJumped => "clock-jumped",
            Self::Unconfirmed => "unconfirmed",
            Self::OncePerDay => "once-per-day",
            Self::NotDone { .. } => "not-done",
            Self::GaveUp => "gave-up",
            Self::Unanswered => "unanswered",
            Self::TooLate => "too-late",
        }
    }
}

impl fmt::Display for Deferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SweepCap { cap } => write!(f, "`max_per_sweep` = {cap} is reached"),
            Self::DayCap { cap } => write!(f, "`max_per_day` = {cap} is reached"),
            Self::Brake => f.write_str("the brake is on"),
            Self::Canary => f.write_str("the account's first enforcement is still being watched"),
            Self::Unsettled => f.write_str("it is not known yet what became of another change of this account"),
            Self::NotInBreach => f.write_str("what was read just before no longer calls for it"),
            Self::EditedRecently => f.write_str("a person changed the record within the last 15 minutes"),
            Self::Unreadable { error } => write!(f, "the client could not be read ({error})"),
            Self::NotReached => f.write_str("several clients before it could not be read or changed"),
            Self::ClockJumped => f.write_str("the clock jumped; one whole sweep comes first"),
            Self::Unconfirmed => f.write_str("a second reading must confirm it first"),
            Self::OncePerDay => f.write_str("it was changed within the last 24 hours"),
            Self::NotDone { error } => write!(
                f,
                "the API did not do it (`{error}`), and nothing was changed; it is tried again after 15 minutes"
            ),
            Self::GaveUp => f.write_str("three tries within 24 hours got no answer, and changed nothing"),
            Self::TooLate => f.write_str(
                "more than 5 seconds passed each time between the last read and the write (`rate_per_minute` = 1, a busy \
                 machine or a slow connection), and a person's edit could have been lost",
            ),
            Self::Unanswered => f.write_str("it was sent and no answer came; the record will tell what it did"),
        }
    }
}
