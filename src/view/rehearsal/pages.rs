//! Pages: the beginnings of critical alerts, each with everybody who was told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Message, is_night};
use crate::domain::{ChannelName, ClientId, Money, PolicyName, Severity};

/// The beginning of a critical alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageRow {
    /// When the first was told.
    pub at: Timestamp,
    /// Whether people sleep then.
    pub at_night: bool,
    pub client: ClientId,
    pub company: String,
    pub policy: PolicyName,
    /// `fired`, `escalated` or `still-fires`.
    pub what: String,
    pub reason: String,
    pub balance: Option<Money>,
    /// Who was told: operators' channels, each once.
    pub channels: Vec<ChannelName>,
}

/// The pages among these messages, in the order of time.
pub(super) fn rows(messages: &[Message], zone: &TimeZone) -> Vec<PageRow> {
    let mut pages: BTreeMap<(Timestamp, &str, &str), PageRow> = BTreeMap::new();
    let mut first: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    for message in messages.iter().filter(|message| !message.channel.is_client()) {
        let tells = message.tells.iter();
        for told in tells.filter(|told| told.severity == Severity::Critical && told.begins) {
            let at = *first.entry((&told.episode, &told.what)).or_insert(message.at);
            let page = pages.entry((at, &told.episode, &told.what)).or_insert_with(|| PageRow {
                at,
                at_night: is_night(at, zone),
                client: told.client.clone(),
                company: told.company.clone(),
                policy: told.policy.clone(),
                what: told.what.clone(),
                reason: told.reason.clone(),
                balance: told.balance,
                channels: Vec::new(),
            });
            if !page.channels.contains(&message.channel) {
                page.channels.push(message.channel.clone());
            }
        }
    }
    pages.into_values().collect()
}
