//! What mails say. PURE: a message, its notifications and the time of sending go in, a subject with text and HTML
//! comes out. Reads no clock, no store and no configuration.
//!
//! There are two audiences: operators (`operator`, `account`, `enforced`, `summary`) and the clients themselves (`client`, in the
//! words of `catalogue`). Both write a letter (`letter`), which is laid out as text there and as HTML in `page`.

mod account;
mod catalogue;
mod client;
mod enforced;
mod letter;
mod operator;
mod page;
mod scene;
mod summary;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lettre::message::Mailbox;

use self::scene::Scene;
pub(crate) use self::words::one_line;
use self::words::subject_line;
use crate::domain::Languages;
use crate::domain::judge::audience;
use crate::domain::notice::{Message, MessageKind, Notification};

/// Longest subject, in characters: what mail programs show of one, twice over.
const LONGEST_SUBJECT: usize = 150;

/// What all mails share.
#[derive(Clone, Debug)]
pub struct Texts {
    /// Whose phone service it is, as clients know it.
    service: String,
    /// The zone that times of day are told in.
    zone: TimeZone,
    /// What the reseller adds to its clients' mails.
    letterhead: Letterhead,
}

/// What the reseller adds to the mails of its clients, as configured.
#[derive(Clone, Debug, Default)]
pub struct Letterhead {
    /// Where money is added.
    pub pay_url: Option<String>,
    /// How the reseller is reached: clean lines.
    pub contact: Vec<String>,
    /// Whether somebody reads the answers to a mail.
    pub takes_replies: bool,
    /// Who is written to in which language.
    pub languages: Languages,
}

impl Texts {
    /// `from` is the sender as configured: its name, or else its domain, is what clients are told the phone service
    /// is called. `zone` is the one of the schedule.
    #[must_use]
    pub fn new(from: &Mailbox, zone: TimeZone, letterhead: Letterhead) -> Self {
        let name = from.name.as_deref().map(|name| one_line(name, words::LONGEST_NAME));
        let service = name
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| from.email.domain().to_owned());
        Self {
            service,
            zone,
            letterhead,
        }
    }

    fn operator_signature(&self) -> String {
        format!("balancewatch, for {}", self.service)
    }
}

/// A mail without its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line, without control characters and angle brackets: no name and no page from elsewhere looks like a tag.
    pub subject: String,
    /// Plain text, lines ended by `\n`.
    pub text: String,
    /// A whole HTML page.
    pub html: String,
}

/// Why there is nothing to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The message carries no notification.
    #[error("the message carries nothing")]
    Empty,
    /// Clients are never told of this: withdrawals, enforcements, the reseller's own matters, summaries.
    #[error("this is not told to clients")]
    NotForClients,
}

/// The mail for a message. `now` is the time of sending: the ages in it are measured against it.
///
/// # Errors
/// [`RenderError`] when it must not be sent, or holds nothing.
pub fn mail(
    message: &Message,
    notifications: &[Notification],
    texts: &Texts,
    now: Timestamp,
) -> Result<Mail, RenderError> {
    let scenes: Vec<Scene<'_>> = notifications
        .iter()
        .map(|notification| Scene {
            notification,
            texts,
            now,
        })
        .collect();
    let Some(lead) = scenes.iter().min_by_key(|scene| audience::rank(scene.notification)) else {
        return Err(RenderError::Empty);
    };
    let others: Vec<&Scene<'_>> = scenes.iter().filter(|scene| !std::ptr::eq(*scene, lead)).collect();
    let letter = match (message.kind, message.channel.is_client()) {
        (MessageKind::Single, true) => client::together(lead, &others)?,
        (MessageKind::Single, false) => operator::together(lead, &others),
        (MessageKind::Summary, true) => return Err(RenderError::NotForClients),
        (MessageKind::Summary, false) if others.is_empty() => operator::letter(lead),
        (MessageKind::Summary, false) => summary::letter(&scenes),
    };
    Ok(Mail {
        subject: subject_line(&letter.subject, LONGEST_SUBJECT),
        text: letter.to_text(),
        html: letter.to_html(),
    })
}
