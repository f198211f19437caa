//! A client in a list, and a page of such a list.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{State, Wanted};
use crate::domain::due::time_to_zero;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ClientId, Money, PolicyName};
use crate::view::page::Tone;
use crate::view::snapshot::Snapshot;
use crate::view::words::label;

#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientRow {
    pub account: AccountName,
    pub client: ClientId,
    /// What people call the client.
    pub company: String,
    pub email: String,
    /// `firing`, `unread`, `low`, `fine` or `vanished`.
    pub state: &'static str,
    /// The policies that fire for it.
    pub firing: Vec<PolicyName>,
    pub balance: Option<Money>,
    pub currency: String,
    /// The threshold that counts: its own, or the default.
    pub threshold: Option<Money>,
    /// Since midnight in Toronto, when it was read.
    pub spent_today: Option<Money>,
    /// When nothing is left at the pace of its last spending; a time that passed: nothing should be left by now. `None`: it
    /// spends nothing, nothing is left, or that is not known.
    pub used_up_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
    pub age_seconds: Option<i64>,
    /// Why the last attempt to read it failed.
    pub last_error: Option<String>,
}

impl ClientRow {
    pub(super) fn new(snapshot: &Snapshot, watched: &Watched, wanted: Wanted) -> Self {
        let reading = watched.reading.as_ref();
        Self {
            account: snapshot.rules.account.clone(),
            client: watched.client.id.clone(),
            company: label(&watched.client),
            email: watched.client.email.clone(),
            state: wanted.as_str(),
            firing: firing(snapshot, &watched.client.id),
            balance: reading.map(|reading| reading.balance),
            currency: snapshot.rules.currency.clone(),
            threshold: snapshot.threshold(watched),
            spent_today: reading.and_then(|reading| reading.spent_today),
            used_up_at: used_up_at(watched, snapshot.now.at),
            read_at: reading.map(|reading| reading.at),
            age_seconds: reading.map(|reading| snapshot.now.age_seconds(reading.at)),
            last_error: watched.last_error.clone(),
        }
    }

    /// What its state says to whoever looks.
    #[must_use]
    pub fn tone(&self) -> Tone {
        match self.state.parse() {
            Ok(State::Firing) => Tone::Bad,
            Ok(State::Unread | State::Low) => Tone::Warning,
            Ok(State::Fine) => Tone::Good,
            Err(()) => Tone::Faint,
        }
    }
}

/// When a client's balance is used up at the pace of its last spending.
pub(super) fn used_up_at(watched: &Watched, now: Timestamp) -> Option<Timestamp> {
    let left = time_to_zero(watched, now)?;
    now.checked_add(left).ok()
}

/// The policies that fire for a client. Alerts stand in the order of clients.
fn firing(snapshot: &Snapshot, client: &ClientId) -> Vec<PolicyName> {
    let alerts = &snapshot.kept.alerts;
    let first = alerts.partition_point(|alert| alert.client < *client);
    let its_own = alerts.iter().skip(first).take_while(|alert| alert.client == *client);
    let firing = its_own.filter(|alert| alert.firing().is_some());
    firing.map(|alert| alert.policy.clone()).collect()
}

/// A part of a list of clients.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientPage {
    pub clients: Vec<ClientRow>,
    /// How many there are in all of what was asked for.
    pub total: usize,
    /// How many of them stand before the first of these.
    #[serde(skip)]
    pub before: usize,
    /// Where the next page goes on; `None`: this is the last.
    pub next_cursor: Option<String>,
}
