//! What was said to receivers, read from what came to them and from nothing else.

use jiff::Timestamp;
use serde_json::Value;

use super::log::{Entry, Fact, Received};

/// One word about an alert, as a receiver has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub at: Timestamp,
    /// The channel, as configured.
    pub channel: String,
    /// An address for mails; empty otherwise.
    pub recipient: String,
    /// What tells a repeat from another message.
    pub id: String,
    pub client: String,
    pub policy: String,
    pub is_end: bool,
    /// Which life of the program said it.
    pub life: u32,
    /// Whether its answer was lost on purpose.
    pub reply_lost: bool,
}

/// Everything that was said of alerts, in the order of time.
#[must_use]
pub fn said(log: &[Entry]) -> Vec<Said> {
    let received = log.iter().filter_map(|entry| match &entry.fact {
        Fact::Received(received) => Some((entry.at, received)),
        _ => None,
    });
    received.flat_map(|(at, received)| words(at, received)).collect()
}

fn words(at: Timestamp, received: &Received) -> Vec<Said> {
    match received.channel.as_str() {
        "hook" => hook(at, received),
        _ => Vec::new(),
    }
}

/// Alertmanager's webhook, version 4.
fn hook(at: Timestamp, received: &Received) -> Vec<Said> {
    let body: Value = serde_json::from_str(&received.body).unwrap_or_default();
    let alerts = body["alerts"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    alerts
        .iter()
        .map(|alert| Said {
            at,
            channel: received.channel.clone(),
            recipient: received.recipient.clone(),
            id: received.id.clone(),
            client: text(&alert["labels"]["client"]),
            policy: text(&alert["labels"]["alertname"]),
            is_end: alert["status"] == "resolved",
            life: received.life,
            reply_lost: received.reply_lost,
        })
        .collect()
}
