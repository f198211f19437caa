//! The seam between the outbox and the channels: what a channel is given, what it can do, and what it reports of one
//! attempt. The outbox knows these types and no channel.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, Shared};
use jiff::{SignedDuration, Timestamp};

use super::letter::Letter;
use crate::domain::ChannelName;
use crate::domain::notice::{AttemptOutcome, Message, Notification};

/// A message on its way out.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub message: Message,
    /// What it tells of, at least one.
    pub notifications: Vec<Notification>,
    /// The same for people. Each channel lays it out as it needs.
    pub letter: Letter,
    /// The time of sending.
    pub at: Timestamp,
    /// What its episode began with, if the channel [hangs](Channel::has_threads) later messages below that.
    pub root: Option<Root>,
}

/// The message that an episode began with, as the receiver has it.
#[derive(Clone, Debug)]
pub struct Root {
    /// What the receiver calls it.
    pub receipt: String,
    /// What it said.
    pub letter: Letter,
    /// Whether all that it told of is over, this message included.
    pub is_over: bool,
}

/// A way for messages to leave. Cheap to share; holds no connection.
pub trait Channel: Send + Sync {
    /// Makes a connection of its own, which opens nothing before its first parcel.
    fn connection(self: Arc<Self>) -> Box<dyn Connection>;

    /// Whether it hangs later messages about an episode below the first one: then parcels come with their root.
    fn has_threads(&self) -> bool {
        false
    }

    /// Whether whoever reads it knows a repeat of a message by its id. Then one that may have arrived is tried again soon.
    fn knows_repeats(&self) -> bool {
        false
    }

    /// How many connections it allows side by side, at least one.
    fn most_connections(&self) -> usize;

    /// Finds out whether it could deliver to these recipients, and sends nothing.
    fn check<'a>(&'a self, recipients: &'a [String], now: Timestamp) -> BoxFuture<'a, Vec<Check>>;
}

/// Carries one parcel at a time, and may stay open from one to the next.
pub trait Connection: Send + Sync {
    /// Delivers a parcel. When `cut` ends first, it gives up.
    fn send<'a, 'c: 'a>(&'a mut self, parcel: &'a Parcel, cut: Until<'c>) -> BoxFuture<'a, Sent<'c>>;

    /// Whether it is open, so that the next parcel costs less.
    fn is_open(&self) -> bool;

    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Ends when something is to end.
pub type Until<'c> = Shared<BoxFuture<'c, ()>>;

/// Never ends by itself.
pub fn never() -> Until<'static> {
    use futures_util::FutureExt;
    std::future::pending().boxed().shared()
}

/// What came of giving a parcel to a connection.
pub enum Sent<'c> {
    /// The attempt has ended.
    Ended(Attempted),
    /// The receiver has everything and takes its time to answer. The connection is free meanwhile.
    Awaited(BoxFuture<'c, Attempted>),
}

/// What a channel reports of one attempt: what the receiver calls the message, where that is wanted later, or why it
/// did not arrive.
pub type Attempted = Result<Option<String>, Failed>;

/// Why a message did not arrive, or may not have. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub end: End,
    pub scope: Scope,
    pub step: Step,
    /// How long the receiver asked to be left alone.
    pub retry_after: Option<SignedDuration>,
    /// For logs: holds no word and no address from outside.
    pub word: String,
    /// For people: what the receiver or the network said.
    pub text: String,
    /// What a person can do about it.
    pub hint: Option<&'static str>,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Refused: the same again would fail again.
    Refused,
    PutOff,
    /// No answer, or a connection that broke. Nothing was delivered.
    Silent,
    /// No answer to the whole message: it may have arrived.
    Uncertain,
    /// The program was told to stop meanwhile. Nothing was delivered.
    CutOff,
}

/// Whose a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This message's and its recipient's. Others of the channel may arrive.
    Message,
    /// The channel's: others would fail in the same way.
    Channel,
    /// The channel's by what the receiver says, but it says it of one recipient. So the others are tried, too.
    Shared,
    /// A refusal without a reason: the message's own if another one comes further, else as [`Scope::Shared`].
    Unclear,
}

/// How far an attempt came, in this order. A channel that has fewer steps leaves some out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The message is not fit to be sent, so nobody was asked.
    Unsent,
    /// Connecting, encrypting, logging in.
    Connection,
    Sender,
    Recipient,
    /// The message, while it is handed over.
    Message,
    /// The answer to the whole message.
    Answer,
}

impl Failed {
    /// What is kept of the attempt.
    #[must_use]
    pub const fn outcome(&self) -> AttemptOutcome {
        match (self.end, self.scope) {
            (End::Uncertain, _) => AttemptOutcome::Uncertain,
            (_, Scope::Channel) => AttemptOutcome::Unreachable,
            (End::Refused, Scope::Message) => AttemptOutcome::Refused,
            _ => AttemptOutcome::Retry,
        }
    }

    /// Whether nothing was heard: several of these in a row look like a receiver that is down.
    #[must_use]
    pub const fn is_silence(&self) -> bool {
        matches!(self.end, End::Silent | End::Uncertain)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failed {}

/// Why a channel cannot be used as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The sender of mails, or who reads the answers, is no mailbox.
    #[error("`[smtp]` cannot be used: `{from}` is no address such as \"Phone service <alerts@example.com>\" ({why})")]
    Sender { from: String, why: String },
    /// TLS could not be set up.
    #[error("`[smtp]` cannot be used: TLS could not be set up for `{host}` ({why})")]
    Tls { host: String, why: String },
    /// Its address, or what is to be sent there, is not fit for it.
    #[error("channel `{channel}` cannot be used: {why}")]
    Channel { channel: ChannelName, why: String },
    /// The address of the dead-man's switch is not fit for it.
    #[error("`[heartbeat]` cannot be used: {why}")]
    Heartbeat { why: String },
}

/// One thing that a check found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub what: String,
    /// What works, in words.
    pub found: Result<String, Failed>,
}

/// Sends one parcel over a connection of its own, and waits for the answer.
pub async fn send_alone(channel: Arc<dyn Channel>, parcel: &Parcel, cut: Until<'_>) -> Attempted {
    let mut connection = channel.connection();
    let attempted = match connection.send(parcel, cut).await {
        Sent::Ended(attempted) => attempted,
        Sent::Awaited(answer) => answer.await,
    };
    // It is known what became of it; a receiver that is slow to say goodbye changes nothing about that.
    connection.close().await;
    attempted
}
