//! A mail with its headers. Pure: lettre encodes, and what came from outside is one clean line before it gets there.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};

use super::error::MailError;
use crate::domain::notice::Message;
use crate::notify::letter::Mail;
use crate::notify::stable::stable_hash;
use crate::redact::one_line;

/// Longest name of a recipient, as it stands in To.
const LONGEST_NAME: usize = 60;

/// Longest address that SMTP can carry.
const LONGEST_ADDRESS: usize = 254;

/// A mail ready to leave.
#[derive(Clone, Debug)]
pub(super) struct Composed {
    /// From whom, to whom.
    pub envelope: Envelope,
    pub data: Vec<u8>,
}

/// Puts a mail together.
pub(super) fn compose(
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
    name: &str,
    message: &Message,
    mail: &Mail,
    now: Timestamp,
) -> Result<Composed, MailError> {
    let to = recipient(&message.recipient, name)?;
    let domain = id_domain(from);
    let thread = format!("<thread.{:032x}@{domain}>", stable_hash(&message.thread));
    let mut builder = lettre::Message::builder().from(from.clone());
    if let Some(reply_to) = reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    let composed = builder
        .to(to)
        .subject(mail.subject.clone())
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{:032x}@{domain}>", stable_hash(&message.id))))
        .in_reply_to(thread.clone())
        .references(thread)
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .multipart(both(mail, &message.id))
        .map_err(|error| MailError::Compose { why: error.to_string() })?;
    Ok(Composed {
        envelope: composed.envelope().clone(),
        data: composed.formatted(),
    })
}

/// Text and HTML. A mail that is sent again is the same, byte for byte; and no encoded body holds the boundary, for `=_` encodes nothing.
fn both(mail: &Mail, id: &str) -> MultiPart {
    MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("=_{:032x}", stable_hash(id)))
        .build()
        .singlepart(SinglePart::plain(mail.text.clone()))
        .singlepart(SinglePart::html(mail.html.clone()))
}

/// From whom and to whom a mail to this recipient would go.
pub(super) fn envelope(from: &Mailbox, to: &str) -> Result<Envelope, MailError> {
    let to = recipient(to, "")?.email;
    Envelope::new(Some(from.email.clone()), vec![to]).map_err(|error| MailError::Compose { why: error.to_string() })
}

/// Reads `a@example.com` or `NOC <a@example.com>`; `name` is used when it names nobody itself.
fn recipient(text: &str, name: &str) -> Result<Mailbox, MailError> {
    let bad = |why: &str| MailError::BadAddress {
        address: one_line(text, LONGEST_ADDRESS),
        why: why.to_owned(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(bad("it is empty"));
    }
    if text.contains(char::is_control) {
        return Err(bad("it has a control character or a line break"));
    }
    if text.len() > 2 * LONGEST_ADDRESS {
        return Err(bad("it is too long"));
    }
    let mut mailbox: Mailbox = text
        .parse()
        .map_err(|error: lettre::address::AddressError| bad(&error.to_string()))?;
    let address: &str = mailbox.email.as_ref();
    if address.len() > LONGEST_ADDRESS {
        return Err(bad("it is too long"));
    }
    if address.contains(char::is_whitespace) {
        return Err(bad("it has a blank"));
    }
    let own = mailbox.name.as_deref().unwrap_or(name);
    let own = one_line(own, LONGEST_NAME);
    mailbox.name = Some(own).filter(|name| !name.is_empty());
    Ok(mailbox)
}

/// The right side of message ids: the sender's domain, which its owner keeps unique.
fn id_domain(from: &Mailbox) -> &str {
    let domain = from.email.domain();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    if domain.bytes().all(plain) {
        domain
    } else {
        "balancewatch.invalid"
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
