//! Writes letters. There are two audiences: operators (`operator`, `account`, `enforced`, `group`, `summary`) and the clients
//! themselves (`client`).

mod account;
mod client;
mod digest;
mod enforced;
mod facts;
mod group;
mod operator;
mod scene;
mod steps;
mod summary;

use jiff::Timestamp;

use self::scene::Scene;
use super::{Letter, Letterhead};
use crate::domain::judge::audience;
use crate::domain::notice::{Message, MessageKind, Notification};

/// Why there is nothing to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// The message carries no notification.
    #[error("the message carries nothing")]
    Empty,
    /// Clients are never told of this: withdrawals, enforcements, the reseller's own matters, summaries.
    #[error("this is not told to clients")]
    NotForClients,
}

/// The letter to operators about one thing, whatever message carries it.
#[must_use]
pub fn about(notification: &Notification, letterhead: &Letterhead, now: Timestamp) -> Letter {
    operator::letter(&Scene {
        notification,
        letterhead,
        now,
    })
}

/// The letter of a message. `now` is the time of sending: the ages in it are measured against it.
///
/// # Errors
/// When it must not be sent, or holds nothing.
pub fn write(
    message: &Message,
    notifications: &[Notification],
    letterhead: &Letterhead,
    now: Timestamp,
) -> Result<Letter, Unwritten> {
    let scenes: Vec<Scene<'_>> = notifications
        .iter()
        .map(|notification| Scene {
            notification,
            letterhead,
            now,
        })
        .collect();
    let Some(lead) = scenes.iter().min_by_key(|scene| audience::rank(scene.notification)) else {
        return Err(Unwritten::Empty);
    };
    let others: Vec<&Scene<'_>> = scenes.iter().filter(|scene| !std::ptr::eq(*scene, lead)).collect();
    Ok(match (message.kind, message.channel.is_client()) {
        (MessageKind::Single, true) => client::together(lead, &others)?,
        (MessageKind::Single, false) => operator::together(lead, &others),
        (MessageKind::Summary | MessageKind::Group, true) => return Err(Unwritten::NotForClients),
        (MessageKind::Summary | MessageKind::Group, false) if others.is_empty() => operator::letter(lead),
        (MessageKind::Group, false) => group::letter(&scenes),
        (MessageKind::Summary, false) => summary::letter(&scenes),
    })
}
