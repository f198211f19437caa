//! What each recipient got in all.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Message, Setting, date, is_night};
use crate::domain::{ChannelName, Severity};

/// A recipient and what it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecipientRow {
    pub channel: ChannelName,
    /// The kind of the channel; `client` for mails to clients, which are counted together.
    pub kind: &'static str,
    /// An address; empty where the channel leads to one place, and for clients.
    pub recipient: String,
    pub messages: u64,
    /// The most on one day, and that day.
    pub most_on_a_day: u64,
    pub busiest_day: Option<Date>,
    /// How many beginnings of what is not critical came between 22:00 and 07:00.
    pub not_critical_at_night: u64,
    /// By the policy that leads: how many.
    pub policies: BTreeMap<String, u64>,
    /// By what is told, such as `fired` or `resolved`: how many.
    pub kinds: BTreeMap<String, u64>,
}

/// Every recipient, clients first, then by channel; those of channels that got nothing, too.
pub(super) fn rows(messages: &[Message], setting: &Setting) -> Vec<RecipientRow> {
    let mut rows: BTreeMap<(bool, &ChannelName, &str), RecipientRow> = BTreeMap::new();
    let mut days: BTreeMap<(bool, &ChannelName, &str), BTreeMap<Date, u64>> = BTreeMap::new();
    let row = |channel: &ChannelName, recipient: &str| RecipientRow {
        channel: channel.clone(),
        kind: setting.channels.get(channel).map_or("client", |facts| facts.kind),
        recipient: recipient.to_owned(),
        messages: 0,
        most_on_a_day: 0,
        busiest_day: None,
        not_critical_at_night: 0,
        policies: BTreeMap::new(),
        kinds: BTreeMap::new(),
    };
    for message in messages {
        let is_client = message.channel.is_client();
        let recipient = if is_client { "" } else { message.recipient.as_str() };
        let key = (!is_client, &message.channel, recipient);
        let of = rows.entry(key).or_insert_with(|| row(&message.channel, recipient));
        of.messages += 1;
        *days
            .entry(key)
            .or_default()
            .entry(date(message.at, &setting.zone))
            .or_default() += 1;
        let Some(lead) = message.tells.first() else { continue };
        if lead.begins && lead.severity < Severity::Critical && is_night(message.at, &setting.zone) {
            of.not_critical_at_night += 1;
        }
        *of.policies.entry(lead.policy.to_string()).or_default() += 1;
        *of.kinds.entry(kind(&lead.what)).or_default() += 1;
    }
    for (key, by_day) in days {
        // The first of several that are equal.
        let busiest = by_day.into_iter().rev().max_by_key(|(_, number)| *number);
        if let (Some(row), Some((day, number))) = (rows.get_mut(&key), busiest) {
            row.busiest_day = Some(day);
            row.most_on_a_day = number;
        }
    }
    for (channel, facts) in &setting.channels {
        let is_told = rows.keys().any(|(_, of, _)| *of == channel);
        if !is_told && !facts.mirrors {
            rows.insert((true, channel, ""), row(channel, ""));
        }
    }
    rows.into_values().collect()
}

/// The transition without its number or reason: `repeated`, `enforced`.
fn kind(what: &str) -> String {
    let known = ["repeated", "enforced", "reverted"];
    let kind = known.into_iter().find(|kind| what.starts_with(kind));
    kind.unwrap_or(what).to_owned()
}
