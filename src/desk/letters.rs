//! What people do about notifications: try them again, or give up those that died.

use jiff::{SignedDuration, Timestamp};

use super::{Desk, Refusal, find};
use crate::domain::kept::NoticeRecord;

/// What died longer ago than this is old news to whoever would get it.
const NEWS: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Desk {
    /// A notification with each try to deliver it.
    ///
    /// # Errors
    /// When there is none of this id, and when the store cannot be read.
    pub async fn notification(&self, id: &str) -> Result<NoticeRecord, Refusal> {
        let found = self.store.notification(id).await?;
        found.ok_or_else(|| {
            Refusal::unknown(format!("there is no notification `{id}`"))
                .hint("`balancewatch notifications list` prints the ids")
        })
    }

    /// Makes a notification due that waits, or that died.
    ///
    /// # Errors
    /// When there is none of this id, when it is in no such state, and when the store fails.
    pub async fn retry(&self, id: &str) -> Result<(), Refusal> {
        let record = self.notification(id).await?;
        if self.store.retry(id, self.now.at).await? {
            return Ok(());
        }
        let state = record.notification.state.label();
        Err(
            Refusal::conflict(format!("the notification is {state} and cannot be tried again"))
                .hint("only one that is dead or pending can"),
        )
    }

    /// Makes all due that wait, and all that died lately, of one channel or of all; how many messages.
    ///
    /// # Errors
    /// When there is no such channel, and when the store fails.
    pub async fn retry_all(&self, channel: Option<&str>) -> Result<u64, Refusal> {
        let channel = channel.map(|name| find::channel(&self.settings, name)).transpose()?;
        let now = self.now.at;
        let since = now.saturating_sub(NEWS).unwrap_or(Timestamp::MIN);
        Ok(self.store.retry_all(channel.as_ref(), since, now).await?)
    }

    /// Gives up a notification that died: its alert ends, and nobody is reminded of it.
    ///
    /// # Errors
    /// When there is none of this id, when it did not die, and when the store fails.
    pub async fn give_up(&self, id: &str, comment: &str, by: &str) -> Result<(), Refusal> {
        let record = self.notification(id).await?;
        let at = self.now.minute(self.now.at);
        let why = format!("given up by {by} at {at}: {comment}");
        if self.store.drop_dead(id, &why).await? {
            return Ok(());
        }
        let state = record.notification.state.label();
        Err(
            Refusal::conflict(format!("the notification is {state} and is not dropped"))
                .hint("only one that is dead can be given up"),
        )
    }
}
