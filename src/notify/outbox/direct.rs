//! Delivery past the queue: for what can be written down nowhere. Keeps nothing and decides nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Channel, Outbox, Settings};
use crate::domain::ChannelName;
use crate::domain::notice::{Message, Notification};
use crate::notify::email::DeliveryError;
use crate::notify::letter::{self, Letterhead};
use crate::notify::queue::Queue;

/// The channels, without a queue before them.
#[derive(Clone)]
pub struct Direct {
    channels: BTreeMap<ChannelName, Channel>,
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
    /// [`DeliveryError`], which says whether it may have arrived all the same.
    pub async fn send(
        &self,
        message: &Message,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<(), DeliveryError> {
        let notifications = std::slice::from_ref(notification);
        let letter = letter::write(message, notifications, &self.letterhead, now);
        match (self.channels.get(&message.channel), letter) {
            (Some(Channel::Email(email)), Ok(letter)) => {
                email
                    .send(message, "", &letter.to_mail(), now, std::future::pending())
                    .await
            }
            _ => Ok(()),
        }
    }
}
