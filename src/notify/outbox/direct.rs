//! Delivery past the queue: for what can be written down nowhere. Keeps nothing and decides nothing.

use std::sync::Arc;

use jiff::Timestamp;

use super::Settings;
use crate::domain::notice::{Message, Notification};
use crate::notify::delivery::{Attempted, Parcel, never, send_alone};
use crate::notify::letter;

impl Settings {
    /// Delivers one message that carries one notification. One that no channel takes is done with.
    ///
    /// # Errors
    /// When it did not arrive, or may not have.
    pub async fn send_past_the_queue(
        &self,
        message: &Message,
        notification: &Notification,
        now: Timestamp,
    ) -> Attempted {
        let notifications = vec![notification.clone()];
        let letter = letter::write(message, &notifications, &self.letterhead, now);
        let (Some(channel), Ok(letter)) = (self.channels.get(&message.channel), letter) else {
            return Ok(None);
        };
        let parcel = Parcel {
            message: message.clone(),
            notifications,
            letter,
            at: now,
            root: None,
        };
        send_alone(Arc::clone(channel), &parcel, never()).await
    }
}
