//! Rows of `account`, `client`, `last_reading`, the history and `alert`.

use super::{detail, id, name, nanos, nanos_of, structure};
use crate::domain::alert::Alert;
use crate::domain::kept::Seen;
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Money, PolicyName, Reading};
use crate::store::{Commit, HistoryEntry};

row! {
    AccountRow of commit: Commit as "account" by ["account"] {
        state: commit.state.as_ref().map(structure),
        changed_at: nanos(commit.at),
    }
}

row! {
    ClientRow of watched: Watched as "client" by ["account", "client"] {
        client: watched.client.id,
        email: name(&watched.client.email),
        company: name(&watched.client.company),
        firstname: name(&watched.client.firstname),
        lastname: name(&watched.client.lastname),
        country: name(&watched.client.country),
        balance_management: name(&watched.client.balance_management),
        fingerprint: name(&watched.client.fingerprint),
        first_seen_at: nanos(watched.first_seen_at),
        missing_inventories: watched.missing_inventories,
        missing_since: nanos_of(watched.missing_since),
        vanished_at: nanos_of(watched.vanished_at),
        edited_at: nanos_of(watched.edited_at),
    }
}

row! {
    /// Leaves the open entry of the history as it is.
    ReadingRow of watched: Watched as "last_reading" by ["account", "client"] {
        client: watched.client.id,
        balance: watched.reading.as_ref().map(|reading| reading.balance),
        spent_today: watched.reading.as_ref().and_then(|reading| reading.spent_today),
        spent_total: watched.reading.as_ref().and_then(|reading| reading.spent_total),
        read_at: watched.reading.as_ref().map(read_at),
        previous_balance: watched.previous.as_ref().map(|reading| reading.balance),
        previous_spent_today: watched.previous.as_ref().and_then(|reading| reading.spent_today),
        previous_spent_total: watched.previous.as_ref().and_then(|reading| reading.spent_total),
        previous_read_at: watched.previous.as_ref().map(read_at),
        threshold: watched.threshold.as_ref().and_then(|threshold| threshold.amount),
        threshold_email: watched.threshold.as_ref().and_then(|threshold| threshold.email.as_deref()).map(name),
        threshold_read_at: watched.threshold.as_ref().map(|threshold| nanos(threshold.at)),
        first_attempt_at: nanos_of(watched.first_attempt_at),
        last_attempt_at: nanos_of(watched.last_attempt_at),
        last_error: watched.last_error.as_deref().map(detail),
        judged: id(&watched.judged),
    }
}

fn read_at(reading: &Reading) -> i64 {
    nanos(reading.at)
}

row! {
    HistoryRow of entry: HistoryEntry {
        client: entry.client,
        at: nanos(entry.at),
        balance: seen(entry).0,
        spent_today: seen(entry).1,
        threshold: seen(entry).2,
        error: match &entry.seen {
            Seen::Reading { .. } => None,
            Seen::Gap { error } => Some(name(error)),
        },
    }
}

/// Balance, spent today and threshold.
const fn seen(entry: &HistoryEntry) -> (Option<Money>, Option<Money>, Option<Money>) {
    match entry.seen {
        Seen::Reading {
            balance,
            spent_today,
            threshold,
        } => (Some(balance), spent_today, threshold),
        Seen::Gap { .. } => (None, None, None),
    }
}

row! {
    AlertRow of alert: Alert as "alert" by ["account", "client", "policy"] {
        client: alert.client,
        policy: alert.policy,
        state: alert.state(),
        episode: alert.firing().map(|firing| firing.episode.as_str()),
        condition: id(&alert.condition),
        phase: structure(&alert.phase),
        reason: structure(&alert.reason),
    }
}

row! {
    AlertKey of key: (ClientId, PolicyName) {
        client: key.0,
        policy: key.1,
    }
}
