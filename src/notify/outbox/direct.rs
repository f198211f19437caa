//! Delivery past the queue: for what can be written down nowhere. Keeps nothing and decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Outbox, Settings};
use crate::domain::ChannelName;
use crate::domain::notice::{Message, Notification};
use crate::notify::delivery::{Attempted, Channel, Parcel, never, send_alone};
use crate::notify::letter::{self, Letterhead};
use crate::notify::queue::Queue;

/// The channels, without a queue before them.
#[derive(Clone)]
pub struct Direct {
    channels: BTreeMap<ChannelName, Arc<dyn Channel>>,
    letterhead: Letterhead,
}

impl<Q: Queue> Outbox<Q> {
    /// Its channels, for what cannot be written down.
    #[must_use]
    pub fn direct(&self) -> Direct {
        Direct::new(&self.settings)
    }
}

impl Direct {
    /// The channels of an outbox.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            channels: settings.channels.clone(),
            letterhead: settings.letterhead.clone(),
        }
    }

    /// Delivers one message that carries one notification. One that no channel takes is done with.
    ///
    /// # Errors
    /// When it did not arrive, or may not have.
    pub async fn send(&self, message: &Message, notification: &Notification, now: Timestamp) -> Attempted {
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
