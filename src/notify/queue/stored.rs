//! The outbox in the store.

use jiff::Timestamp;

use super::{Due, Left, Queue, Record, Sibling};
use crate::domain::notice::Notification;
use crate::domain::{AccountName, ChannelName};
use crate::store::{Commit, Error, Store};

impl Queue for Store {
    type Error = Error;

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, Error> {
        self.fill_line(now).await?;
        self.due_messages(now, limit).await
    }

    async fn next_at(&self) -> Result<Option<Timestamp>, Error> {
        self.next_message_at().await
    }

    async fn paced_since(&self, account: &AccountName, since: Timestamp) -> Result<u32, Error> {
        self.client_mails_since(account, since).await
    }

    async fn left_since(&self, channel: &ChannelName, since: Timestamp) -> Result<Left, Error> {
        let (number, first_at) = self.messages_since(channel, since).await?;
        Ok(Left { number, first_at })
    }

    async fn siblings(&self, about: &Notification) -> Result<Vec<Sibling>, Error> {
        self.siblings(about).await
    }

    async fn fired_again(&self, about: &Notification) -> Result<bool, Error> {
        self.fired_again(about).await
    }

    async fn root(&self, about: &Notification) -> Result<Option<Due>, Error> {
        self.root_of(about).await
    }

    async fn uncertain_tries(&self, message: &str) -> Result<u32, Error> {
        self.uncertain_tries(message).await
    }

    async fn make_due(&self, channel: Option<&ChannelName>, now: Timestamp) -> Result<(), Error> {
        self.make_due(channel, now).await
    }

    async fn record(&self, record: Record) -> Result<(), Error> {
        let notices = record.notices();
        let notices_of_messages = notices.map(|(id, state)| (id.to_owned(), state.clone())).collect();
        let commit = Commit {
            messages_moved: record.messages,
            notifications: record.left_out,
            notices_of_messages,
            attempts: record.attempts,
            ..Commit::new(record.account, record.at)
        };
        self.commit(&commit).await
    }
}
