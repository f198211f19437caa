//! Channels that are quiet at some hours: what is not critical and would leave within them waits for their end. What is decided then
//! is written down for later; here it is what was due before and is late: its channel failed, or has taken enough for an hour.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Drained, Outbox, state};
use crate::domain::Severity;
use crate::domain::notice::{Message, Notification};
use crate::notify::queue::{Due, Queue};

impl<Q: Queue> Outbox<Q> {
    /// What may leave now; the rest is put off. What could not be told before its deadline is rather told at night than never.
    pub(super) async fn keep_quiet(
        &self,
        due: Vec<Due>,
        now: Timestamp,
        drained: &mut Drained,
    ) -> Result<Vec<Due>, Q::Error> {
        let mut leaving = Vec::with_capacity(due.len());
        let mut late = BTreeMap::new();
        for (message, notifications) in due {
            if let Some(until) = self.quiet_until(&message, &notifications, now) {
                let account = message.account.clone();
                let of_account: &mut Vec<Message> = late.entry(account).or_default();
                of_account.push(state::paced(message, until));
            } else {
                leaving.push((message, notifications));
            }
        }
        self.put_off(late, now, drained).await?;
        Ok(leaving)
    }

    /// Until when a message waits that carries this; `None`: it may leave.
    pub(super) fn quiet_until(
        &self,
        message: &Message,
        notifications: &[Notification],
        now: Timestamp,
    ) -> Option<Timestamp> {
        let receiver = self.settings.receivers.get(&message.channel)?;
        let at = receiver.leaves_at(severity(notifications), now);
        (at > now && at < message.deadline).then_some(at)
    }
}

/// The highest of what a message carries.
pub(super) fn severity(notifications: &[Notification]) -> Severity {
    let severities = notifications.iter().map(|notification| notification.severity);
    severities.max().unwrap_or(Severity::Info)
}
