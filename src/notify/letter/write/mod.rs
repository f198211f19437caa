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
mod values;

use jiff::Timestamp;

use self::scene::Scene;
use super::templates::{Place, Told, word};
use super::{Letter, Letterhead};
use crate::domain::Language;
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
    let dressed = |letter: Letter| dressed(letter, lead, message, notifications.len());
    Ok(match (message.kind, message.channel.is_client()) {
        (MessageKind::Single, true) => client::together(dressed(client::letter(lead)?), lead, &others)?,
        (MessageKind::Single, false) => operator::together(dressed(operator::letter(lead)), &others),
        (MessageKind::Summary | MessageKind::Group, true) => return Err(Unwritten::NotForClients),
        (MessageKind::Summary | MessageKind::Group, false) if others.is_empty() => dressed(operator::letter(lead)),
        (MessageKind::Group, false) => dressed(group::letter(&scenes)),
        (MessageKind::Summary, false) => dressed(summary::letter(&scenes)),
    })
}

/// The letter in the reseller's own words, where there are any for it. What fails leaves it as it is.
fn dressed(mut letter: Letter, lead: &Scene<'_>, message: &Message, count: usize) -> Letter {
    let Some(templates) = &lead.letterhead.templates else {
        return letter;
    };
    let told = if message.channel.is_client() {
        Told::Clients
    } else {
        Told::Operators
    };
    let code = letter.words.code;
    let language = Language::ALL.into_iter().find(|language| language.code() == code);
    let place = Place {
        language: language.unwrap_or_default(),
        policy: Some(lead.notification.policy.clone()),
        what: word(message, count, &lead.notification.transition),
        told,
    };
    if let Some(file) = templates.file_for(&place) {
        let values = values::of(lead, &letter, told, count);
        match templates.dress(&mut letter, &place, values) {
            Ok(()) => letter.own_text = Some(file.to_owned()),
            Err(fault) => letter.trouble = Some(fault),
        }
    }
    letter
}

/// The letter of a message that only shows that its channel works.
#[must_use]
pub fn test(message: &Message, notification: &Notification, letterhead: &Letterhead, now: Timestamp) -> Letter {
    let scene = Scene {
        notification,
        letterhead,
        now,
    };
    if message.channel.is_client() {
        client::test(&scene)
    } else {
        operator::test(&scene)
    }
}
