//! A channel as those see it who decide who is told what: where it leads, and what it wants to hear. How a message gets
//! there is the channel's own.

use jiff::SignedDuration;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::{ChannelName, Severity};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Each gets a message of its own. A channel without addresses has one, which is empty; one that is owed nothing,
    /// because it mirrors what fires, has none.
    pub recipients: Vec<String>,
    pub reads: Reads,
    /// Nothing less severe goes there.
    pub min_severity: Severity,
    /// Whether it is told of ends.
    pub tells_ends: bool,
    pub quiet_hours: Option<QuietHours>,
    /// How many messages it takes in an hour; `None`: all.
    pub max_per_hour: Option<u32>,
    pub escalate: Option<Escalation>,
}

/// What becomes of messages at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// People read them: many at once come in one.
    Messages,
    /// A machine opens and closes an incident for each episode, and learns that somebody has it.
    Incidents,
}

/// Times of day at which only what is critical is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    pub from: Time,
    /// Before `from`: on the next day.
    pub to: Time,
    pub zone: TimeZone,
}

/// Where a critical alert goes as well that nobody acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    pub to: ChannelName,
    /// Counted from when the channel itself was told.
    pub after: SignedDuration,
}

impl Receiver {
    /// People at these addresses who want to hear everything at once.
    #[must_use]
    pub const fn people(recipients: Vec<String>) -> Self {
        Self {
            recipients,
            reads: Reads::Messages,
            min_severity: Severity::Info,
            tells_ends: true,
            quiet_hours: None,
            max_per_hour: None,
            escalate: None,
        }
    }
}
