//! The outbox in the store.

use jiff::Timestamp;

use super::{Due, Queue, Record, Sibling};
use crate::domain::notice::{AttemptOutcome, NoticeState, Notification};
use crate::domain::{AccountName, ChannelName};
use crate::store::{Commit, Error, Filter, Store};

/// Notifications of one client that are looked through for those of one episode and recipient: newest first, so that
/// more would only add older episodes. An episode has a firing, a few repeats and an end for each recipient.
const MOST_SIBLINGS: usize = 1000;

impl Queue for Store {
    type Error = Error;

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, Error> {
        self.due_messages(now, limit).await
    }

    async fn next_at(&self) -> Result<Option<Timestamp>, Error> {
        self.next_message_at().await
    }

    async fn paced_since(&self, account: &AccountName, since: Timestamp) -> Result<u32, Error> {
        self.client_mails_since(account, since).await
    }

    async fn siblings(&self, about: &Notification) -> Result<Vec<Sibling>, Error> {
        let filter = Filter {
            account: about.account.clone(),
            client: Some(about.client.clone()),
            state: None,
            limit: MOST_SIBLINGS,
        };
        let mut siblings = Vec::new();
        for other in self.notifications(&filter).await? {
            let same = other.episode == about.episode && other.channel == about.channel;
            if !same || other.recipient != about.recipient || other.id == about.id {
                continue;
            }
            let maybe_arrived = matches!(other.state, NoticeState::Dead(_)) && was_uncertain(self, &other.id).await?;
            siblings.push(Sibling {
                transition: other.transition,
                created_at: other.created_at,
                state: other.state,
                maybe_arrived,
            });
        }
        Ok(siblings)
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
            messages: record.messages,
            notifications: record.left_out,
            notices_of_messages,
            attempts: record.attempts,
            ..Commit::new(record.account, record.at)
        };
        self.commit(&commit).await
    }
}

/// Whether any try to deliver this notification got no answer after the data was sent.
async fn was_uncertain(store: &Store, id: &str) -> Result<bool, Error> {
    let record = store.notification(id).await?;
    let mut attempts = record.into_iter().flat_map(|record| record.attempts);
    Ok(attempts.any(|attempt| attempt.outcome == AttemptOutcome::Uncertain))
}
