//! Rows of `client`, `last_reading`, the history and `alert`.

use serde::Serialize;

use super::{Text, detail, id, name, nanos, nanos_of, structure};
use crate::domain::alert::Alert;
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Money, PolicyName, Reading};
use crate::store::{HistoryEntry, Seen};

/// A row of `client`.
#[derive(Serialize)]
pub(in crate::store) struct ClientRow<'a> {
    client: &'a str,
    email: Text<'a>,
    company: Text<'a>,
    firstname: Text<'a>,
    lastname: Text<'a>,
    country: Text<'a>,
    balance_management: Text<'a>,
    fingerprint: Text<'a>,
    first_seen_at: i64,
    missing_inventories: u32,
    missing_since: Option<i64>,
    vanished_at: Option<i64>,
    edited_at: Option<i64>,
}

impl<'a> From<&'a Watched> for ClientRow<'a> {
    fn from(watched: &'a Watched) -> Self {
        let client = &watched.client;
        Self {
            client: client.id.as_str(),
            email: name(&client.email),
            company: name(&client.company),
            firstname: name(&client.firstname),
            lastname: name(&client.lastname),
            country: name(&client.country),
            balance_management: name(&client.balance_management),
            fingerprint: name(&client.fingerprint),
            first_seen_at: nanos(watched.first_seen_at),
            missing_inventories: watched.missing_inventories,
            missing_since: nanos_of(watched.missing_since),
            vanished_at: nanos_of(watched.vanished_at),
            edited_at: nanos_of(watched.edited_at),
        }
    }
}

/// A row of `last_reading`, without the open entry of the history.
#[derive(Serialize)]
pub(in crate::store) struct ReadingRow<'a> {
    client: &'a str,
    balance: Option<Money>,
    spent_today: Option<Money>,
    spent_total: Option<Money>,
    read_at: Option<i64>,
    previous_balance: Option<Money>,
    previous_spent_today: Option<Money>,
    previous_spent_total: Option<Money>,
    previous_read_at: Option<i64>,
    threshold: Option<Money>,
    threshold_email: Option<Text<'a>>,
    threshold_read_at: Option<i64>,
    first_attempt_at: Option<i64>,
    last_attempt_at: Option<i64>,
    last_error: Option<Text<'a>>,
    judged: Text<'a>,
}

impl<'a> From<&'a Watched> for ReadingRow<'a> {
    fn from(watched: &'a Watched) -> Self {
        let last = watched.reading.as_ref();
        let previous = watched.previous.as_ref();
        let threshold = watched.threshold.as_ref();
        let read_at = |reading: &Reading| nanos(reading.at);
        Self {
            client: watched.client.id.as_str(),
            balance: last.map(|reading| reading.balance),
            spent_today: last.and_then(|reading| reading.spent_today),
            spent_total: last.and_then(|reading| reading.spent_total),
            read_at: last.map(read_at),
            previous_balance: previous.map(|reading| reading.balance),
            previous_spent_today: previous.and_then(|reading| reading.spent_today),
            previous_spent_total: previous.and_then(|reading| reading.spent_total),
            previous_read_at: previous.map(read_at),
            threshold: threshold.and_then(|threshold| threshold.amount),
            threshold_email: threshold.and_then(|threshold| threshold.email.as_deref()).map(name),
            threshold_read_at: threshold.map(|threshold| nanos(threshold.at)),
            first_attempt_at: nanos_of(watched.first_attempt_at),
            last_attempt_at: nanos_of(watched.last_attempt_at),
            last_error: watched.last_error.as_deref().map(detail),
            judged: id(&watched.judged),
        }
    }
}

/// An entry of the history.
#[derive(Serialize)]
pub(in crate::store) struct HistoryRow<'a> {
    client: &'a str,
    at: i64,
    balance: Option<Money>,
    spent_today: Option<Money>,
    threshold: Option<Money>,
    error: Option<Text<'a>>,
}

impl<'a> From<&'a HistoryEntry> for HistoryRow<'a> {
    fn from(entry: &'a HistoryEntry) -> Self {
        let (balance, spent_today, threshold, error) = match &entry.seen {
            Seen::Reading {
                balance,
                spent_today,
                threshold,
            } => (Some(*balance), *spent_today, *threshold, None),
            Seen::Gap { error } => (None, None, None, Some(name(error))),
        };
        Self {
            client: entry.client.as_str(),
            at: nanos(entry.at),
            balance,
            spent_today,
            threshold,
            error,
        }
    }
}

/// A row of `alert`.
#[derive(Serialize)]
pub(in crate::store) struct AlertRow<'a> {
    client: &'a str,
    policy: &'a str,
    state: &'static str,
    episode: Option<&'a str>,
    condition: Text<'a>,
    phase: String,
    reason: String,
}

impl<'a> From<&'a Alert> for AlertRow<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            client: alert.client.as_str(),
            policy: alert.policy.as_str(),
            state: alert.state(),
            episode: alert.firing().map(|firing| firing.episode.as_str()),
            condition: id(&alert.condition),
            phase: structure(&alert.phase),
            reason: structure(&alert.reason),
        }
    }
}

/// The name of an alert.
#[derive(Serialize)]
pub(in crate::store) struct AlertKey<'a> {
    client: &'a str,
    policy: &'a str,
}

impl<'a> From<&'a (ClientId, PolicyName)> for AlertKey<'a> {
    fn from((client, policy): &'a (ClientId, PolicyName)) -> Self {
        Self {
            client: client.as_str(),
            policy: policy.as_str(),
        }
    }
}
