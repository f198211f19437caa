//! Why an enforcement is put off, in a word and in a sentence.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::ChannelName;

/// Why an enforcement is put off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deferral {
    /// As many as one sweep may do were done.
    SweepCap { cap: u32 },
    /// As many as 24 hours may see were done.
    DayCap { cap: u32 },
    /// As many as an hour may see were done, or wait for an approval.
    HourCap { cap: u32 },
    /// As many as 24 hours may see of so many clients were done.
    ShareCap { cap: u32, clients: u32 },
    /// The brake is on.
    Brake,
    /// Somebody holds the client.
    Held {
        by: String,
        /// Why.
        reason: String,
    },
    /// People were asked to approve it, and too few did so far.
    Approval {
        /// How many people have to.
        needed: u32,
        /// Who did.
        given: Vec<String>,
        asked_at: Timestamp,
        /// Until when it can be approved.
        until: Timestamp,
        /// Why it needs that although the mode is `apply`.
        why: Option<String>,
    },
    /// People were asked to approve it, and did not in time.
    Expired {
        /// When they are asked again.
        ask_again_at: Timestamp,
    },
    /// Whoever was warned has until then.
    Grace { until: Timestamp },
    /// Who must be warned before it was not told yet.
    NotWarned { channel: ChannelName },
    /// It goes back only after a deposit, and none is newer than the change.
    NoDeposit,
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
    /// Whether those who are told of what waits know of it: they were asked, or told of the grace.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Approval { .. } | Self::Expired { .. } | Self::Grace { .. })
    }

    /// The word for it, without its details.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::SweepCap { .. } => "sweep-cap",
            Self::DayCap { .. } => "day-cap",
            Self::HourCap { .. } => "hour-cap",
            Self::ShareCap { .. } => "share-cap",
            Self::Brake => "brake",
            Self::Held { .. } => "held",
            Self::Approval { .. } => "approval",
            Self::Expired { .. } => "expired",
            Self::Grace { .. } => "grace",
            Self::NotWarned { .. } => "not-warned",
            Self::NoDeposit => "no-deposit",
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
            Self::HourCap { cap } => write!(f, "`max_per_hour` = {cap} is reached"),
            Self::ShareCap { cap, clients } => {
                write!(f, "`max_share_per_day` allows {cap} changes in 24 hours among {clients} clients")
            }
            Self::Brake => f.write_str("the brake is on"),
            Self::Held { by, reason } => write!(f, "{by} holds the client: {reason}"),
            Self::Approval { needed, given, why, .. } => {
                match needed {
                    1 => f.write_str("it waits for an approval")?,
                    _ => write!(f, "it waits for {needed} approvals")?,
                }
                if !given.is_empty() {
                    write!(f, ", and has that of {}", given.join(", "))?;
                }
                why.as_ref().map_or(Ok(()), |why| write!(f, " ({why})"))
            }
            Self::Expired { .. } => f.write_str("nobody approved it in time; it is asked for again while it is wanted"),
            Self::Grace { .. } => f.write_str("whoever was warned still has time (`enforce.grace`)"),
            Self::NotWarned { channel } => {
                write!(f, "the warning through `{channel}` has not arrived yet (`enforce.requires_notified`)")
            }
            Self::NoDeposit => {
                f.write_str("no deposit is newer than the change (`enforce.revert_needs_deposit`)")
            }
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
