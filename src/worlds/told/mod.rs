//! What was said to receivers, read from what came to them and from nothing else: the texts of mails, chat and push messages, the
//! events of pagers, the alerts of webhooks. Believes nothing that the program keeps.
//!
//! `letter` reads a text for people, `mail` finds it in a mail, `posts` in what was posted.

mod letter;
mod mail;
mod posts;

use jiff::Timestamp;

use super::log::{Entry, Fact, Received};

/// One word about an alert, as a receiver has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub at: Timestamp,
    /// The channel, as configured; `mail` for mails to operators, whatever channel they came by, and `client` for those to clients.
    pub channel: String,
    /// An address for mails; empty otherwise.
    pub recipient: String,
    /// What tells a repeat from another message, as the channel has it.
    pub id: String,
    /// The client, `account` or `reseller`.
    pub client: String,
    /// Empty in mails to clients, which name none.
    pub policy: String,
    pub word: Word,
    pub is_end: bool,
    /// The subject, or what stands for one: all that somebody sees who opens nothing. Empty where there is nothing.
    pub title: String,
    /// Which life of the program said it.
    pub life: u32,
    /// Whether its answer was lost on purpose.
    pub reply_lost: bool,
}

/// What was said of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It begins to fire.
    Begins,
    /// It fires: it goes on, or the text does not tell whether it only begins.
    Fires,
    /// It is over, or was withdrawn.
    Ends,
    /// Something else about it: an enforcement, that somebody has it, a digest.
    Else,
}

/// What was said of one alert, without how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spoken {
    client: String,
    policy: String,
    word: Word,
}

/// Everything that was said of alerts, in the order of time. What a mirror shows is none of it.
#[must_use]
pub fn said(log: &[Entry]) -> Vec<Said> {
    received(log)
        .flat_map(|(at, received)| heard(received).into_iter().map(move |said| Said { at, ..said }))
        .collect()
}

/// Everything that receivers took, in the order of time.
pub fn received(log: &[Entry]) -> impl Iterator<Item = (Timestamp, &Received)> {
    log.iter().filter_map(|entry| match &entry.fact {
        Fact::Received(received) => Some((entry.at, received)),
        _ => None,
    })
}

/// What a receiver knows a message by: equal for a repeat.
#[must_use]
pub fn known_as(received: &Received) -> String {
    match received.channel.as_str() {
        "phone" => posts::pagerduty(&received.body).1,
        "chat" => posts::slack(&received.body).1,
        "push" => posts::ntfy(&received.body).1,
        _ => received.id.clone(),
    }
}

/// All that somebody reads of a message.
#[must_use]
pub fn words(received: &Received) -> String {
    if received.channel != "mail" {
        return received.body.clone();
    }
    let (subject, text) = mail::subject_and_text(&received.body);
    format!("{subject}\n{text}")
}

/// Whether a message says of itself that it leaves something out: then of what it carries and does not name nothing is known.
#[must_use]
pub fn leaves_out(received: &Received) -> bool {
    match received.channel.as_str() {
        "mail" => letter::leaves_out(&mail::subject_and_text(&received.body).1),
        channel => posts::leaves_out(channel, &received.body),
    }
}

/// What one message said, its time left open.
fn heard(received: &Received) -> Vec<Said> {
    let mut channel = received.channel.as_str();
    let (title, id, spoken) = match channel {
        "hook" => (String::new(), received.id.clone(), posts::webhook(&received.body)),
        "phone" => posts::pagerduty(&received.body),
        "chat" => posts::slack(&received.body),
        "push" => posts::ntfy(&received.body),
        "mail" => {
            let (subject, text) = mail::subject_and_text(&received.body);
            let spoken = if letter::is_to_operators(&text) {
                letter::to_operators(&subject, &text)
            } else {
                channel = "client";
                vec![letter::to_client(&received.client, &subject)]
            };
            (subject, received.id.clone(), spoken)
        }
        _ => return Vec::new(),
    };
    let said = spoken.into_iter().map(|spoken| Said {
        at: Timestamp::UNIX_EPOCH,
        channel: channel.to_owned(),
        recipient: received.recipient.clone(),
        id: id.clone(),
        is_end: spoken.word == Word::Ends,
        client: spoken.client,
        policy: spoken.policy,
        word: spoken.word,
        title: title.clone(),
        life: received.life,
        reply_lost: received.reply_lost,
    });
    said.collect()
}
