//! What Alertmanager posts to webhooks, version 4 of its format, so that every existing receiver understands it:
//! <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>. PURE.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::domain::enforcement::Direction;
use crate::domain::judge::audience;
use crate::domain::notice::{MessageKind, Notification, Transition};
use crate::links::Links;
use crate::notify::delivery::Parcel;
use crate::notify::labels::Labelled;
use crate::notify::letter::Letterhead;

/// Alerts of one request, at most, the most severe first. A storm of more is read elsewhere; what is left out is counted.
const MOST_ALERTS: usize = 100;

/// Bytes of all alerts of one request, at most: proxies commonly take a megabyte, some only a part of it.
const MOST_BYTES: usize = 256 << 10;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    version: &'static str,
    /// Tells one episode, or one summary, from the others.
    pub group_key: String,
    /// How many alerts are left out.
    pub truncated_alerts: usize,
    /// Firing as soon as one of the alerts is.
    pub status: Status,
    /// The channel.
    pub receiver: String,
    group_labels: Names,
    common_labels: Names,
    common_annotations: Names,
    #[serde(rename = "externalURL")]
    external_url: String,
    pub alerts: Vec<Alert>,
}

type Names = BTreeMap<&'static str, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Firing,
    Resolved,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    pub status: Status,
    #[serde(flatten)]
    pub labelled: Labelled,
    #[serde(serialize_with = "whole_seconds")]
    starts_at: Timestamp,
    /// `None`, as Alertmanager says it: in the year 1.
    #[serde(serialize_with = "or_never")]
    ends_at: Option<Timestamp>,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

fn whole_seconds<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{at:.0}"))
}

#[expect(clippy::ref_option, reason = "serde asks for a reference")]
fn or_never<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => whole_seconds(at, to),
        None => to.serialize_str("0001-01-01T00:00:00Z"),
    }
}

impl Payload {
    /// What a parcel tells of.
    #[must_use]
    pub fn of(parcel: &Parcel, letterhead: &Letterhead) -> Self {
        // Of a storm, what is left out is the least severe.
        let mut notifications: Vec<&Notification> = parcel.notifications.iter().collect();
        notifications.sort_by_key(|notification| audience::rank(notification));
        let mut alerts = Vec::new();
        let mut bytes = 0;
        for &notification in notifications.iter().take(MOST_ALERTS) {
            let alert = Alert::of(notification, letterhead, parcel.at);
            bytes += serde_json::to_vec(&alert).map_or(0, |json| json.len());
            if bytes > MOST_BYTES && !alerts.is_empty() {
                break;
            }
            alerts.push(alert);
        }
        let fires = |notification: &Notification| ended_at(notification).is_none();
        let common_labels = common(alerts.iter().map(|alert| &alert.labelled.labels));
        let grouped: &[&str] = match parcel.message.kind {
            MessageKind::Single => &["account", "client"],
            _ => &["account"],
        };
        Self {
            version: "4",
            group_key: parcel.message.thread.clone(),
            truncated_alerts: notifications.len() - alerts.len(),
            status: status(notifications.iter().copied().any(fires)),
            receiver: parcel.message.channel.to_string(),
            group_labels: common_labels
                .clone()
                .into_iter()
                .filter(|(name, _)| grouped.contains(name))
                .collect(),
            common_labels,
            common_annotations: common(alerts.iter().map(|alert| &alert.labelled.annotations)),
            external_url: letterhead.links.as_ref().map_or("", Links::base).to_owned(),
            alerts,
        }
    }
}

impl Alert {
    fn of(notification: &Notification, letterhead: &Letterhead, now: Timestamp) -> Self {
        let labelled = Labelled::of(notification, letterhead, now);
        let ends_at = ended_at(notification);
        Self {
            status: status(ends_at.is_none()),
            fingerprint: labelled.fingerprint(),
            generator_url: labelled.page.clone(),
            labelled,
            starts_at: notification.facts.since,
            ends_at,
        }
    }
}

const fn status(fires: bool) -> Status {
    if fires { Status::Firing } else { Status::Resolved }
}

/// When an episode was over; `None`: it fires. A change is taken back after it is over, and a receiver must not open it
/// again.
fn ended_at(notification: &Notification) -> Option<Timestamp> {
    let is_over = match &notification.transition {
        Transition::Enforced { direction, .. } => *direction == Direction::Revert,
        // It sums up, and nothing would ever end it.
        Transition::Digest(_) => true,
        transition => transition.is_end(),
    };
    is_over.then_some(notification.created_at)
}

/// What all of them have in common.
fn common<'a>(mut all: impl Iterator<Item = &'a Names>) -> Names {
    let mut common = all.next().cloned().unwrap_or_default();
    for names in all {
        common.retain(|name, value| names.get(name) == Some(value));
    }
    common
}
