//! What the outbox needs of the store, in its own words: the tests of delivery run on a queue in memory.

mod stored;

use jiff::Timestamp;

pub use crate::domain::kept::Sibling;
use crate::domain::notice::{Attempt, Message, NoticeState, Notification};
use crate::domain::{AccountName, ChannelName};

/// A message with the notifications it carries, in their order.
pub type Due = (Message, Vec<Notification>);

pub trait Queue: Send + Sync {
    /// Why the store could not do it.
    type Error: std::error::Error + Send + Sync + 'static;

    /// At most `limit` messages of each channel that may leave at `now`: pending, or left "sending" by a crash; none
    /// whose thread has an earlier unfinished one for the same recipient through the same channel. Paced ones last,
    /// lowest first.
    fn due(&self, now: Timestamp, limit: usize) -> impl Future<Output = Result<Vec<Due>, Self::Error>> + Send;

    /// When the next unfinished message may leave, which may be past; `None`: there is none.
    fn next_at(&self) -> impl Future<Output = Result<Option<Timestamp>, Self::Error>> + Send;

    /// How many paced messages to clients of this account left, or may have left, since `since`.
    fn paced_since(
        &self,
        account: &AccountName,
        since: Timestamp,
    ) -> impl Future<Output = Result<u32, Self::Error>> + Send;

    /// How many messages of this channel were tried after `since`.
    fn left_since(
        &self,
        channel: &ChannelName,
        since: Timestamp,
    ) -> impl Future<Output = Result<Left, Self::Error>> + Send;

    /// What else the same recipient was or will be told of the same episode through the same channel.
    fn siblings(&self, about: &Notification) -> impl Future<Output = Result<Vec<Sibling>, Self::Error>> + Send;

    /// Whether the same recipient was told through the same channel that the same alert fires, in a later episode.
    fn fired_again(&self, about: &Notification) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// The first message that told the same recipient of the same episode and that its receiver has a name for.
    fn root(&self, about: &Notification) -> impl Future<Output = Result<Option<Due>, Self::Error>> + Send;

    /// How many tries of this message ended without an answer to the whole mail.
    fn uncertain_tries(&self, message: &str) -> impl Future<Output = Result<u32, Self::Error>> + Send;

    /// Makes due what waits for a later try, in one channel or in all. Not what is paced, nor what was last seen going
    /// out without an answer: its next try may be a copy.
    fn make_due(
        &self,
        channel: Option<&ChannelName>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Writes it down, all or nothing.
    fn record(&self, record: Record) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What was tried through a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    pub number: u32,
    /// When the first of them was; `None`: there is none.
    pub first_at: Option<Timestamp>,
}

/// What is written down together, for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub account: AccountName,
    pub at: Timestamp,
    /// Whole messages; their notifications get the same state.
    pub messages: Vec<Message>,
    /// Notifications that their message does not carry any more.
    pub left_out: Vec<Notification>,
    pub attempts: Vec<Attempt>,
}

impl Record {
    /// A record of one message.
    #[must_use]
    pub fn of(message: &Message, attempt: Option<Attempt>, at: Timestamp) -> Self {
        Self {
            account: message.account.clone(),
            at,
            messages: vec![message.clone()],
            left_out: Vec::new(),
            attempts: attempt.into_iter().collect(),
        }
    }

    /// The state of the notifications of each message.
    pub fn notices(&self) -> impl Iterator<Item = (&str, &NoticeState)> {
        self.messages
            .iter()
            .map(|message| (message.id.as_str(), &message.state))
    }
}
