//! What PagerDuty is told of a message: events of its Events API v2. PURE.
//!
//! Shape and limits: <https://developer.pagerduty.com/docs/send-alert-event> and
//! <https://developer.pagerduty.com/docs/events-api-v2-overview>. An episode is one alert there: its key is the episode's
//! id, which is stored before anything is sent, so that a repeat, also after a crash, opens no second one.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::judge::audience;
use crate::domain::notice::{MessageKind, Notification, Transition};
use crate::domain::reason::{Measure, Reason};
use crate::domain::{ClientId, Severity};
use crate::notify::delivery::Parcel;
use crate::notify::letter::{self, Letterhead};
use crate::redact::one_line;

/// Longest `payload.summary`, in characters.
const LONGEST_SUMMARY: usize = 1_024;

/// Longest `dedup_key`, in characters.
const LONGEST_KEY: usize = 255;

/// Largest event, in bytes, below the 512 kB that PagerDuty takes: what they count is not said.
const LARGEST: usize = 500_000;

/// Most bytes of the list of clients in an event about many.
const LARGEST_LIST: usize = 300_000;

/// Longest name of a client.
const LONGEST_NAME: usize = 200;

/// Longest reason in words.
const LONGEST_REASON: usize = 500;

/// The events of a parcel, in the order in which they are sent: one for each episode that it tells of, or one for all of a
/// summary.
pub(super) fn events(parcel: &Parcel, letterhead: &Letterhead, routing_key: &str) -> Vec<Value> {
    let mut notifications: Vec<&Notification> = parcel.notifications.iter().collect();
    notifications.sort_by_key(|notification| audience::rank(notification));
    if parcel.message.kind == MessageKind::Summary && notifications.len() > 1 {
        return vec![about_many(parcel, &notifications, routing_key)];
    }
    let events = notifications.into_iter();
    events
        .map(|notification| about_one(notification, letterhead, parcel.at, routing_key))
        .collect()
}

fn about_one(notification: &Notification, letterhead: &Letterhead, at: Timestamp, routing_key: &str) -> Value {
    let key = key(notification);
    let other = match &notification.transition {
        Transition::Acknowledged { .. } => Some("acknowledge"),
        transition => transition.is_end().then_some("resolve"),
    };
    if let Some(action) = other {
        return json!({"routing_key": routing_key, "event_action": action, "dedup_key": key});
    }
    let letter = letter::about(notification, letterhead, at);
    let mut details = details(notification);
    for (name, lines) in [
        ("meaning", &letter.paragraphs),
        ("next_steps", &letter.steps),
        ("notes", &letter.notes),
    ] {
        if !lines.is_empty() {
            details.insert(name.to_owned(), json!(lines));
        }
    }
    let payload = json!({
        "summary": one_line(&letter.headline, LONGEST_SUMMARY),
        "source": who(notification),
        "severity": severity(notification.severity),
        "timestamp": notification.created_at.to_string(),
        "component": notification.client.as_str(),
        "group": notification.account.as_str(),
        "class": notification.policy.as_str(),
        "custom_details": details,
    });
    let mut event = trigger(routing_key, &key, payload);
    let runbook = notification.facts.runbook_url.clone();
    let links = [
        ("What to do", runbook),
        ("In balancewatch", letterhead.page_of(notification)),
    ];
    let links: Vec<Value> = links
        .into_iter()
        .filter_map(|(text, href)| Some(json!({"href": href?, "text": text})))
        .collect();
    if !links.is_empty() {
        event["links"] = Value::Array(links);
    }
    event
}

/// Many at once. It is not closed by itself, because it has no end of its own.
fn about_many(parcel: &Parcel, notifications: &[&Notification], routing_key: &str) -> Value {
    let (mut clients, mut bytes) = (Vec::new(), 0);
    for notification in notifications {
        let row = Value::Object(details(notification));
        bytes += row.to_string().len();
        if bytes > LARGEST_LIST {
            break;
        }
        clients.push(row);
    }
    let left_out = notifications.len() - clients.len();
    let most_severe = notifications.iter().map(|notification| notification.severity).max();
    let policy = notifications.first().map(|first| &first.policy);
    let shared = policy.filter(|policy| notifications.iter().all(|other| other.policy == **policy));
    let mut payload = json!({
        "summary": one_line(&parcel.letter.headline, LONGEST_SUMMARY),
        "source": format!("account {}", parcel.message.account),
        "severity": severity(most_severe.unwrap_or(Severity::Info)),
        "timestamp": parcel.message.created_at.to_string(),
        "group": parcel.message.account.as_str(),
        "custom_details": {
            "clients": clients,
            "left_out": left_out,
            "meaning": parcel.letter.paragraphs,
            "next_steps": parcel.letter.steps,
            "end": "This is about many alerts at once, and does not resolve by itself.",
        },
    });
    if let Some(policy) = shared {
        payload["class"] = policy.as_str().into();
    }
    trigger(routing_key, &cut(&parcel.message.thread, LONGEST_KEY), payload)
}

fn trigger(routing_key: &str, key: &str, mut payload: Value) -> Value {
    if payload.to_string().len() > LARGEST {
        // Every text in it is bounded, so this takes a letter of its own kind.
        payload["custom_details"] = json!({"left_out": "the details are too long for PagerDuty"});
    }
    json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": "balancewatch",
        "payload": payload,
    })
}

/// What PagerDuty knows the alert by. What became of an enforcement is an alert of its own: it may come when the episode
/// is over, and would open that again.
fn key(notification: &Notification) -> String {
    let episode = notification.episode.as_str();
    match &notification.transition {
        Transition::Enforced { .. } => cut(&format!("{episode}.enforcement"), LONGEST_KEY),
        _ => cut(episode, LONGEST_KEY),
    }
}

/// Names are so short that no key is; one that was stored longer keeps its beginning.
fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

/// The words of PagerDuty, which has `error` besides.
const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

fn who(notification: &Notification) -> String {
    let Notification {
        account, client, facts, ..
    } = notification;
    let name = one_line(&facts.label, LONGEST_NAME);
    if *client == ClientId::account() {
        format!("account {account}")
    } else if *client == ClientId::reseller() {
        format!("your own account {account}")
    } else if name.is_empty() || name == client.as_str() {
        format!("client {client}")
    } else {
        format!("{name} ({client})")
    }
}

/// The numbers, for people and machines.
fn details(notification: &Notification) -> Map<String, Value> {
    let facts = &notification.facts;
    let mut details = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            details.insert(name.to_owned(), value);
        }
    };
    put("account", Some(notification.account.as_str().into()));
    put("client", Some(notification.client.as_str().into()));
    put("name", Some(one_line(&facts.label, LONGEST_NAME).into()));
    put("policy", Some(notification.policy.as_str().into()));
    let reading = facts.reading.as_ref();
    put("balance", reading.map(|reading| json!(reading.balance)));
    put("currency", Some(one_line(&facts.currency, LONGEST_NAME).into()));
    put("read_at", reading.map(|reading| reading.at.to_string().into()));
    let spent = reading.and_then(|reading| reading.spent_today);
    put("spent_today", spent.map(|spent| json!(spent)));
    let threshold = facts.threshold.as_ref().and_then(|threshold| threshold.amount);
    put("threshold", threshold.map(|threshold| json!(threshold)));
    put("limit", limit(&facts.reason));
    put(
        "reason",
        Some(one_line(&facts.reason.to_string(), LONGEST_REASON).into()),
    );
    put("since", Some(facts.since.to_string().into()));
    details
}

/// What the balance was compared with.
fn limit(reason: &Reason) -> Option<Value> {
    let Reason::Limits { findings } = reason else {
        return None;
    };
    let balance = findings.iter().find(|finding| finding.measure == Measure::Balance);
    balance.map(|finding| json!(finding.limit))
}
