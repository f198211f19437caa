//! What is owed to whom, and what leaves for them: notifications and messages as they are kept.
//!
//! Who is told what is decided in [`super::judge::audience`].

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alert::EpisodeId;
use super::digest::Digest;
use super::enforcement::{Direction, Outcome};
use super::reason::{Finding, Reason};
use super::{AccountName, ChannelName, ClientId, Management, Money, PolicyName, Reading, Severity, Threshold};

/// How an alert moved, or what became of an enforcement it asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Transition {
    /// It began to fire.
    Fired {
        /// Whether it had been resolved so recently that the cool-down still ran.
        relapse: bool,
    },
    /// It still fires, and the client, who had to wait, is told now.
    ClientDue,
    /// It still fires, and is told again.
    Repeated {
        /// Which repeat; 1 is the first.
        repeat: u32,
    },
    /// It still fires, and there is more to tell of it.
    News,
    /// It still fires; the client was told that it is low, and learns now that its money is gone.
    UsedUp,
    /// It still fires, and what kept people from being told of it is over.
    StillFires,
    /// Nobody acknowledged it: another channel is told as well.
    Escalated {
        /// The channel that was told before.
        from: ChannelName,
    },
    /// Somebody has it in hand.
    Acknowledged {
        by: String,
    },
    Resolved,
    /// Its ground went away.
    Withdrawn {
        why: Withdrawal,
    },
    /// An enforcement it asked for ended.
    Enforced {
        outcome: Outcome,
        /// What `balance_management` was to become.
        wanted: Management,
        /// Which way the change went.
        direction: Direction,
    },
    /// No alert moved: what happened is summed up.
    Digest(Box<Digest>),
}

impl Transition {
    /// A short stable word, used in ids and as a label: `fired`, `client-due`, `repeated-2`, `resolved`,
    /// `enforced-verified`, `reverted-verified`, `enforced-refused-protected`, … What is refused or waits is told once
    /// per reason, and what is asked each time anew, so its word says more.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Fired { .. } => "fired".to_owned(),
            Self::ClientDue => "client-due".to_owned(),
            Self::Repeated { repeat } => format!("repeated-{repeat}"),
            Self::News => "news".to_owned(),
            Self::UsedUp => "used-up".to_owned(),
            Self::StillFires => "still-fires".to_owned(),
            Self::Escalated { .. } => "escalated".to_owned(),
            Self::Acknowledged { .. } => "acknowledged".to_owned(),
            Self::Resolved => "resolved".to_owned(),
            Self::Withdrawn { .. } => "withdrawn".to_owned(),
            Self::Digest(_) => "digest".to_owned(),
            Self::Enforced { outcome, direction, .. } => {
                let verb = match direction {
                    Direction::Enforce => "enforced",
                    Direction::Revert => "reverted",
                };
                match outcome {
                    Outcome::Refused { .. } | Outcome::Asked { .. } | Outcome::Waiting { .. } => {
                        format!("{verb}-{}", outcome.told_as())
                    }
                    _ => format!("{verb}-{}", outcome.label()),
                }
            }
        }
    }

    /// Whether it may be the first that a channel hears of the episode, and asks for the same attention.
    #[must_use]
    pub const fn begins(&self) -> bool {
        matches!(self, Self::Fired { .. } | Self::StillFires | Self::Escalated { .. })
    }

    /// Whether it ends the episode.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Resolved | Self::Withdrawn { .. })
    }
}

/// Why an episode's ground went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    /// The policy is gone from the configuration, or disabled.
    PolicyRemoved,
    /// The policy's condition changed, and by the new one there is no breach.
    PolicyChanged,
    /// The policy no longer selects the client.
    ClientExcluded,
    /// The client is no longer one of the reseller's.
    ClientVanished,
    /// The client has no threshold any more.
    ThresholdRemoved,
}

impl fmt::Display for Withdrawal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PolicyRemoved => "the policy was removed or disabled",
            Self::PolicyChanged => "the policy's condition was changed",
            Self::ClientExcluded => "the policy no longer covers the client",
            Self::ClientVanished => "the client is no longer on the reseller's list",
            Self::ThresholdRemoved => "the client no longer has a threshold",
        })
    }
}

/// Why an episode about a balance ended, as far as the numbers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// The balance rose: it was paid, or corrected.
    Rose {
        /// What it was when it was last in breach.
        from: Money,
    },
    /// The limit was changed: by the one before, it would still be in breach.
    LimitChanged { from: Money },
}

impl Ending {
    /// How the episode ended whose last breach was `breach`, by the comparison that ended it.
    #[must_use]
    pub fn of(breach: &Finding, now: &Finding) -> Self {
        if breach.relation.holds(now.value, breach.limit) {
            Self::LimitChanged { from: breach.limit }
        } else {
            Self::Rose { from: breach.value }
        }
    }
}

/// Everything a text about a transition may say. A snapshot: it is told as it was when it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What people call the client: company, person or id.
    pub label: String,
    /// The label of the account's money, such as `USD`.
    pub currency: String,
    /// The reading that decided; `None` for alerts about the account.
    pub reading: Option<Reading>,
    /// The threshold that was used.
    pub threshold: Option<Threshold>,
    pub reason: Reason,
    /// When the episode began.
    pub since: Timestamp,
    /// Whether the policy asks for an enforcement, and what becomes of it, in one sentence for operators.
    pub enforcement: Option<String>,
    /// What the client is set to, where the account's list says so.
    #[serde(default)]
    pub management: Option<Management>,
    /// Why the episode ended, when it did and the balance tells.
    #[serde(default)]
    pub ending: Option<Ending>,
    /// The country of the client's record, for the language it is written to in; empty when unknown.
    #[serde(default)]
    pub country: String,
    /// Where it is written what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook_url: Option<String>,
    /// How the account was watched; `None` for alerts about clients, and when nothing is known of it.
    #[serde(default)]
    pub account: Option<AccountFacts>,
}

/// How an account was watched when something about it was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// How many clients are to be watched.
    pub clients: u64,
    /// When a sweep last ended with its readings judged; `None`: none ever did.
    pub last_sweep_at: Option<Timestamp>,
    /// When an account that could not be asked is asked again; `None`: in the next sweep.
    pub next_try_at: Option<Timestamp>,
}

/// What is owed to one recipient about one transition. Committed with the transition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// `EPISODE/TRANSITION/CHANNEL/RECIPIENT`: the same after a crash.
    pub id: String,
    pub account: AccountName,
    /// The client, or a pseudo-client.
    pub client: ClientId,
    pub policy: PolicyName,
    pub episode: EpisodeId,
    pub transition: Transition,
    pub severity: Severity,
    pub channel: ChannelName,
    /// To which address; empty when there is none.
    pub recipient: String,
    /// What can be said of it.
    pub facts: Facts,
    /// When it was decided.
    pub created_at: Timestamp,
    /// The message that carries it; `None` until it is gathered with others at the end of the sweep, and when dropped.
    pub message: Option<String>,
    /// What became of it.
    pub state: NoticeState,
}

/// What became of a notification or of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "why", rename_all = "snake_case")]
pub enum NoticeState {
    Pending,
    /// Is on its way; after a crash it counts as pending, and is sent again with the same id.
    Sending,
    /// The receiver took it.
    Delivered,
    /// It was sent as often as it may be, and never was there an answer: it counts as told, and not as lost.
    ProbablyDelivered,
    /// It will never arrive, and why.
    Dead(String),
    /// It was decided not to send it, and why.
    Dropped(String),
    /// Another one carries it.
    Merged(String),
}

impl NoticeState {
    /// The word for it.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::ProbablyDelivered => "probably-delivered",
            Self::Dead(_) => "dead",
            Self::Dropped(_) => "dropped",
            Self::Merged(_) => "merged",
        }
    }

    /// Why, for the states that have a reason.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Dead(why) | Self::Dropped(why) | Self::Merged(why) => Some(why),
            Self::Pending | Self::Sending | Self::Delivered | Self::ProbablyDelivered => None,
        }
    }

    /// Whether its recipient counts as told.
    #[must_use]
    pub const fn has_arrived(&self) -> bool {
        matches!(self, Self::Delivered | Self::ProbablyDelivered)
    }

    /// Whether it will not change any more.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Pending | Self::Sending)
    }
}

/// What leaves through a channel: one notification, or several in a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Stable, and the base of the mail's Message-ID: a repeat after a crash is recognised.
    pub id: String,
    pub account: AccountName,
    pub channel: ChannelName,
    pub recipient: String,
    /// Messages of one thread leave in order: the episode, or the summary's own id.
    pub thread: String,
    pub kind: MessageKind,
    /// When it was written down.
    pub created_at: Timestamp,
    /// It leaves no earlier.
    pub not_before: Timestamp,
    /// A failed one is tried again until then. Runs from when it may first leave.
    pub deadline: Timestamp,
    /// For messages to clients that a baseline found: their place in the queue, lowest balance first. They leave
    /// at `client_mails_per_hour`, and their deadline runs from when that lets them.
    pub paced: Option<Money>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// What became of it.
    pub state: NoticeState,
    /// What the receiver calls it, where later messages refer to that; `None` until it was delivered.
    #[serde(default)]
    pub receipt: Option<String>,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// One notification, or several about one client of which the most severe leads.
    Single,
    /// Several that a baseline found.
    Summary,
    /// Several clients of which the same is told at one time: a few in a table, many as a storm.
    Group,
}

/// One try to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    pub message: String,
    /// Which try; 1 is the first.
    pub number: u32,
    pub at: Timestamp,
    pub outcome: AttemptOutcome,
    /// What the receiver or the network said, without secrets.
    pub detail: String,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Delivered,
    /// Tried again later.
    Retry,
    /// Refused for good.
    Refused,
    /// No answer to the whole message: it may have arrived.
    Uncertain,
    /// The channel failed, whatever the message.
    Unreachable,
}

impl AttemptOutcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry => "retry",
            Self::Refused => "refused",
            Self::Uncertain => "uncertain",
            Self::Unreachable => "unreachable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, Management, Outcome, Transition};
    use crate::domain::enforcement::Refusal;

    #[test]
    fn labels_keep_apart_what_one_episode_may_tell() {
        let enforced = |outcome: Outcome, direction: Direction| {
            let wanted = Management::Hard;
            Transition::Enforced {
                outcome,
                wanted,
                direction,
            }
            .label()
        };
        let refused = |why: Refusal| Outcome::Refused { why };
        let protected = || Refusal::Protected { entry: "7".to_owned() };
        let labels = [
            enforced(Outcome::Verified, Direction::Enforce),
            enforced(Outcome::Verified, Direction::Revert),
            enforced(refused(protected()), Direction::Enforce),
            enforced(refused(Refusal::PasswordMasked), Direction::Enforce),
        ];
        let expected = [
            "enforced-verified",
            "reverted-verified",
            "enforced-refused-protected",
            "enforced-refused-password-masked",
        ];
        assert_eq!(labels, expected);
    }
}
