//! What came to receivers, by what they know it as; and what a stored message is known as there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::circumstances::MAIL;
use crate::domain::notice::{Notification, Transition};
use crate::notify::stable::stable_hash;
use crate::notify::webhook::header_id;
use crate::worlds::log::{Entry, Received};
use crate::worlds::receivers::OVER_HTTP;
use crate::worlds::told::{self, Said};

/// The receiver that a channel leads to, as the log has it: itself, or the mail server.
pub(super) fn receiver(channel: &str) -> &'static str {
    let known = OVER_HTTP.iter().find(|name| **name == channel);
    known.copied().unwrap_or(MAIL)
}

/// What came, by receiver and by what it is known as there; each with its times.
pub(super) struct Arrivals<'a> {
    all: BTreeMap<(&'static str, String), Vec<(Timestamp, &'a Received)>>,
    /// What was told past the store, because that could not be written.
    from_memory: BTreeSet<(String, String)>,
}

impl<'a> Arrivals<'a> {
    pub(super) fn of(log: &'a [Entry], said: &[Said]) -> Self {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (at, received) in told::received(log) {
            let known_as = told::known_as(received);
            if received.channel != "mirror" {
                let place = (receiver(&received.channel), known_as);
                all.entry(place).or_default().push((at, received));
            }
        }
        let past_the_store = said.iter().filter(|said| said.policy == "store");
        let from_memory = past_the_store.map(|said| (receiver(&said.channel).to_owned(), said.id.clone()));
        Self {
            all,
            from_memory: from_memory.collect(),
        }
    }

    /// All but what was told past the store.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str, &[(Timestamp, &'a Received)])> {
        let stored =
            |(receiver, id): &(&'static str, String)| !self.from_memory.contains(&((*receiver).to_owned(), id.clone()));
        let all = self.all.iter().filter(move |(place, _)| stored(place));
        all.map(|((receiver, id), times)| (*receiver, id.as_str(), times.as_slice()))
    }

    /// When the message came that carries a notification; empty: never.
    pub(super) fn of_notification(&self, notification: &Notification) -> Vec<Timestamp> {
        let receiver = receiver(notification.channel.as_str());
        let known = names(notification).into_iter();
        let times = known.filter_map(|name| self.all.get(&(receiver, name)));
        let address = address(&notification.recipient);
        let mine = |received: &Received| received.recipient.is_empty() || received.recipient == address;
        times
            .flatten()
            .filter(|(_, received)| mine(received))
            .map(|(at, _)| *at)
            .collect()
    }
}

/// The address of `NOC <a@example.com>`.
fn address(recipient: &str) -> &str {
    let inner = recipient.rsplit_once('<').map(|(_, rest)| rest.trim_end_matches('>'));
    inner.unwrap_or(recipient).trim()
}

/// What a notification's message may be known as at its receiver; nothing while none carries it.
pub(super) fn names(notification: &Notification) -> Vec<String> {
    let Some(message) = &notification.message else {
        return Vec::new();
    };
    match notification.channel.as_str() {
        "hook" => vec![header_id(message)],
        "chat" => vec![message.clone()],
        "push" => vec![format!("{:032x}", stable_hash(message))],
        "phone" => {
            let episode = notification.episode.as_str();
            let own = match &notification.transition {
                Transition::Enforced { .. } => format!("{episode}.enforcement"),
                _ => episode.to_owned(),
            };
            // A summary of several is known by its own name.
            let thread = message.split('/').next().unwrap_or_default().to_owned();
            vec![own, thread]
        }
        _ => vec![format!("<{:032x}@example.com>", stable_hash(message))],
    }
}
