//! An enforcement as it is kept: a `balance_management` change that policies ask for, its state and its journal.
//!
//! What may be done about it is decided in `plan`; it is carried out in `enforce`.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alert::EpisodeId;
use super::{AccountName, ClientId, Management, Money, PolicyName};

mod deferral;
pub mod mode;

pub use deferral::Deferral;
pub use mode::Mode;

/// Which way a change goes. Reversals have caps of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What a firing alert asks for.
    Enforce,
    /// Back to what was there before.
    Revert,
}

/// At the end of how many sweeps a change may be open without a word. Fewer, and every canary and every cap would be a
/// mail; more, and a client would burn money for longer before somebody knows that nothing stops it.
pub const SWEEPS_UNTOLD: u32 = 2;

/// A change of one client's `balance_management`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforcement {
    /// `EPISODE/DIRECTION/N`, where N counts the plans made for the same intent.
    pub id: String,
    pub account: AccountName,
    pub client: ClientId,
    /// The policy that asks for it. When several do: one that never reverts before one that does, then the first by
    /// name, so that a change that a spending alert asked for too is not taken back.
    pub policy: PolicyName,
    pub episode: EpisodeId,
    pub direction: Direction,
    pub wanted: Management,
    /// The balance when it was planned: what is at risk decides the order.
    pub balance: Money,
    /// When it was planned.
    pub planned_at: Timestamp,
    pub state: EnforcementState,
    /// When the state last changed.
    pub changed_at: Timestamp,
    /// The code that was there before (`setClient`'s `balance_management`), once the record was read.
    pub code_before: Option<String>,
    /// The code that was sent.
    pub code_sent: Option<String>,
    /// Fingerprint (all fields but the password) of the record as it was read before the write.
    pub fingerprint_before: Option<String>,
    /// Fingerprint of the record as it was left.
    pub fingerprint_after: Option<String>,
    /// The record as it was read before the write, as JSON, without the password: for the person who repairs.
    pub before_image: Option<String>,
    /// Milliseconds from the beginning of the last read to the answer of the write: the longest that the window can
    /// have been in which a person's edit would be lost.
    pub window_ms: Option<i64>,
    /// When an uncertain write can be settled by reading: its request's total deadline.
    pub settle_at: Option<Timestamp>,
    /// When people were last asked to approve it.
    pub asked_at: Option<Timestamp>,
    /// At the end of how many sweeps it was open, over all plans made for the same intent; not counted beyond what
    /// decides whether that is told.
    pub waited: u32,
    /// What operators were told of it, by [`Outcome::told_as`]: each once.
    pub told: BTreeSet<String>,
}

/// Where an enforcement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EnforcementState {
    /// Written down, not begun.
    Planned,
    /// Put off, and why; it is looked at again in every sweep.
    Deferred {
        why: Deferral,
    },
    /// The request was, or may have been, sent; nothing was read back yet.
    Sent,
    Ended {
        outcome: Outcome,
    },
}

impl Enforcement {
    /// Whether the record may have been changed by it.
    #[must_use]
    pub fn may_have_changed(&self) -> bool {
        match &self.state {
            EnforcementState::Sent => true,
            EnforcementState::Ended { outcome } => matches!(
                outcome,
                Outcome::Verified | Outcome::Differs { .. } | Outcome::Unknown { .. }
            ),
            EnforcementState::Planned | EnforcementState::Deferred { .. } => false,
        }
    }

    /// Which plan for the same intent it is: the last part of its id.
    #[must_use]
    pub fn number(&self) -> u32 {
        let digits = self.id.rsplit('/').next().unwrap_or_default();
        digits.parse().unwrap_or(0)
    }

    /// How often people were asked to approve it.
    #[must_use]
    pub fn times_asked(&self) -> u32 {
        let asked = self.told.iter().filter(|told| told.starts_with("asked-"));
        u32::try_from(asked.count()).unwrap_or(u32::MAX)
    }

    /// Whether it changed what a policy asked for and read that back, so that it may be taken back.
    #[must_use]
    pub fn can_be_undone(&self) -> bool {
        self.is_verified() && self.direction == Direction::Enforce
    }

    /// Whether it set the client to HARD and read that back.
    #[must_use]
    pub fn is_verified_hard(&self) -> bool {
        self.is_verified() && self.wanted == Management::Hard
    }

    fn is_verified(&self) -> bool {
        let verified = EnforcementState::Ended {
            outcome: Outcome::Verified,
        };
        self.state == verified
    }
}

impl EnforcementState {
    /// The word for it: `planned`, `deferred`, `sent` or the outcome's own.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Deferred { .. } => "deferred",
            Self::Sent => "sent",
            Self::Ended { outcome } => outcome.label(),
        }
    }

    /// What it waits for; `None` when it ended.
    #[must_use]
    pub fn waits_for(&self) -> Option<Deferral> {
        match self {
            Self::Deferred { why } => Some(why.clone()),
            Self::Sent => Some(Deferral::Unanswered),
            Self::Planned | Self::Ended { .. } => None,
        }
    }

    /// The guard that stopped it, in a word: why it waits, or how it was refused; `None` when nothing did.
    #[must_use]
    pub fn stopped_by(&self) -> Option<&'static str> {
        match self {
            Self::Deferred { why } => Some(why.label()),
            Self::Ended { outcome } => match outcome {
                Outcome::Refused { why } => Some(why.label()),
                Outcome::Declined { .. } => Some("declined"),
                Outcome::Differs { .. } => Some("read-back"),
                Outcome::Unknown { .. } => Some("unknown"),
                _ => None,
            },
            Self::Planned | Self::Sent => None,
        }
    }

    /// The API's word when its answer to the last try was that it did not do it.
    #[must_use]
    pub fn not_done(&self) -> Option<&str> {
        match self {
            Self::Deferred {
                why: Deferral::NotDone { error },
            } => Some(error),
            Self::Ended {
                outcome: Outcome::Declined { code },
            } => Some(code),
            _ => None,
        }
    }
}

/// How an enforcement ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Set, and read back: the wanted value is there and nothing else changed.
    Verified,
    /// The record already had the wanted value; nothing was sent, and it is never ours to revert.
    Already,
    /// Not done, and why; nothing was changed.
    Refused { why: Refusal },
    /// The API declined the change by its own code; nothing was changed.
    Declined { code: String },
    /// The record that was read back differs from what was meant.
    Differs {
        /// The fields that do.
        fields: Vec<FieldDifference>,
    },
    /// The write did not happen: read after its deadline, the record is unchanged.
    DidNotHappen,
    /// It cannot be told whether the write happened: the record could not be read.
    Unknown {
        /// The kind of the failure.
        error: String,
    },
    /// Not wanted any more before anything was sent.
    Cancelled,
    /// No end: people are asked to approve it. Never kept as a state.
    Asked {
        /// What they approve, by its id.
        id: String,
        /// How often they were asked before.
        before: u32,
        /// Until when it can be approved.
        until: Timestamp,
        /// How many people have to approve it.
        needed: u32,
        /// Why it is asked for although the mode is `apply`.
        why: Option<String>,
    },
    /// No end: it is still open after so many sweeps that somebody is told. Never kept as a state.
    Waiting {
        why: Deferral,
        /// How many other clients the policy's changes wait for the same, and are told of with this one.
        others: u64,
    },
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Already => "already",
            Self::Refused { .. } => "refused",
            Self::Declined { .. } => "declined",
            Self::Differs { .. } => "differs",
            Self::DidNotHappen => "did-not-happen",
            Self::Unknown { .. } => "unknown",
            Self::Cancelled => "cancelled",
            Self::Asked { .. } => "asked",
            Self::Waiting { .. } => "waiting",
        }
    }

    /// Whether nobody needs to look.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        matches!(self, Self::Verified | Self::Already | Self::Cancelled)
    }

    /// What is told but once of an enforcement, in a word: with its reason, because another reason is news.
    #[must_use]
    pub fn told_as(&self) -> String {
        match self {
            Self::Refused { why } => format!("refused-{}", why.label()),
            Self::Declined { code } => format!("declined-{code}"),
            Self::Waiting { why, .. } => format!("waiting-{}", why.label()),
            // Each time anew.
            Self::Asked { before, .. } => format!("asked-{}", before + 1),
            _ => self.label().to_owned(),
        }
    }
}

/// One field that is not what was meant. Never the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldDifference {
    /// The field, as the API names it.
    pub field: String,
    /// What it should have been.
    pub expected: String,
    pub found: String,
}

/// Why an enforcement was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Refusal {
    /// The client stands in `protect`.
    Protected {
        /// The entry that names it; empty in what versions before patterns wrote.
        #[serde(default)]
        entry: String,
    },
    /// Somebody rejected it: for as long as the episode lasts.
    Rejected {
        by: String,
        /// Why.
        reason: String,
    },
    /// `getBalanceManagement` does not list the wanted value, or not exactly one code for it.
    NotListed { wanted: Management },
    /// The value to go back to is not listed any more.
    UndoNotListed {
        /// The code that was there before.
        code: String,
    },
    /// A required field of the record is empty.
    MissingField {
        /// The field, as the API names it.
        field: String,
    },
    /// The password is empty.
    PasswordEmpty,
    /// The password looks masked.
    PasswordMasked,
    /// The password looks hashed.
    PasswordHashed,
    /// Another client of the list shows the same password.
    PasswordShared,
    /// A text of the record came as a number.
    Number {
        /// The field, as the API names it.
        field: String,
    },
    /// The record has a field that the program does not know.
    UnknownField {
        /// The field, as the API names it.
        field: String,
    },
    /// The country maps to no code of `getCountries`.
    UnknownCountry {
        /// The country, as the record has it.
        country: String,
    },
    /// The record that came is another client's.
    WrongRecord,
    /// The record came with a field missing or garbled.
    BadRecord,
    /// The record is not as it was left, so going back would overwrite what a person set.
    EditedSince,
    /// The episode began in another mode. Only versions that knew no approvals wrote it.
    OtherMode,
}

impl Refusal {
    /// The word for it, without its details.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Protected { .. } => "protected",
            Self::Rejected { .. } => "rejected",
            Self::NotListed { .. } => "not-listed",
            Self::UndoNotListed { .. } => "undo-not-listed",
            Self::MissingField { .. } => "missing-field",
            Self::PasswordEmpty => "password-empty",
            Self::PasswordMasked => "password-masked",
            Self::PasswordHashed => "password-hashed",
            Self::PasswordShared => "password-shared",
            Self::Number { .. } => "number",
            Self::UnknownField { .. } => "unknown-field",
            Self::UnknownCountry { .. } => "unknown-country",
            Self::WrongRecord => "wrong-record",
            Self::BadRecord => "bad-record",
            Self::EditedSince => "edited-since",
            Self::OtherMode => "other-mode",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protected { entry } if entry.is_empty() => {
                f.write_str("the client is protected (`enforcement.protect`)")
            }
            Self::Protected { entry } => write!(f, "the client is protected (`enforcement.protect`: `{entry}`)"),
            Self::Rejected { by, reason } => write!(f, "{by} rejected it: {reason}"),
            Self::NotListed { wanted } => {
                write!(
                    f,
                    "the account's list of balance management values has no single entry for {wanted}"
                )
            }
            Self::UndoNotListed { code } => write!(f, "the earlier value `{code}` is not on the account's list"),
            Self::MissingField { field } => {
                write!(f, "the client's record has no `{field}`, and setClient would need it")
            }
            Self::PasswordEmpty => f.write_str("the record came without a password, and setClient would set one"),
            Self::PasswordMasked => {
                f.write_str("the record's password looks masked, and setClient would set the mask as password")
            }
            Self::PasswordHashed => {
                f.write_str("the record's password looks hashed, and setClient would set the hash as password")
            }
            Self::PasswordShared => f.write_str(
                "another client shows the same password, so it may stand for one that is not shown, and setClient would \
                 set it",
            ),
            Self::Number { field } => write!(
                f,
                "the record's `{field}` came as a number, which may have lost digits, and setClient would set what is left"
            ),
            Self::UnknownField { field } => write!(
                f,
                "the record has a field `{field}` that is not known, and setClient may lose it (name it in \
                 `enforcement.extra_fields` once you know that it does not)"
            ),
            Self::UnknownCountry { country } => {
                write!(
                    f,
                    "the country `{country}` maps to no country code, and setClient needs one"
                )
            }
            Self::WrongRecord => f.write_str("the API answered with another client's record"),
            Self::BadRecord => f.write_str("the client's record came with a field missing or garbled"),
            Self::EditedSince => f.write_str("a person changed the record since"),
            Self::OtherMode => f.write_str("the episode began in another mode"),
        }
    }
}

/// One line of an enforcement's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnforcementStep {
    pub enforcement: String,
    /// Which line; 1 is the first.
    pub number: u32,
    pub at: Timestamp,
    /// What was done: `planned`, `read`, `sent`, `read-back`, …
    pub step: String,
    /// Details for people, without secrets.
    pub detail: String,
}
