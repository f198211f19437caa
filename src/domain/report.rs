//! What a sweep came to, in the shape that `sweep --once` prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a sweep came to. Printed as JSON; the names are part of the contract.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Clients on the list.
    pub clients: u64,
    /// Good readings of clients.
    pub readings: u64,
    /// Clients that were due and not asked, or not asked again after the API's limit: they stay due.
    pub deferred: u64,
    /// Clients left unread, once each, by the kind of their last failure.
    pub errors: BTreeMap<String, u64>,
    /// Calls made, retries included.
    pub api_calls: u64,
    pub alerts: Alerts,
    /// What became of messages in this run.
    pub notifications: Notifications,
    /// What became of enforcements in this run.
    pub enforcements: Enforcements,
    /// How long it took.
    pub seconds: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SweepAlerts")]
pub struct Alerts {
    pub fired: u64,
    pub resolved: u64,
    /// Lost their ground.
    pub withdrawn: u64,
}

/// What became of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SweepNotifications")]
pub struct Notifications {
    /// Taken by the receiver.
    pub sent: u64,
    /// Still to be sent.
    pub deferred: u64,
    /// Given up.
    pub dead: u64,
}

/// What became of enforcements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SweepEnforcements")]
pub struct Enforcements {
    /// Set and verified.
    pub applied: u64,
    /// Refused, with a reason.
    pub refused: u64,
    /// Put off.
    pub waiting: u64,
    /// Would be done if the mode allowed it.
    pub would: u64,
}

impl Report {
    /// Adds what another account's sweep came to.
    pub fn add(&mut self, other: &Self) {
        self.clients += other.clients;
        self.readings += other.readings;
        self.deferred += other.deferred;
        for (kind, count) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += count;
        }
        self.api_calls += other.api_calls;
        self.alerts.fired += other.alerts.fired;
        self.alerts.resolved += other.alerts.resolved;
        self.alerts.withdrawn += other.alerts.withdrawn;
        self.notifications.sent += other.notifications.sent;
        self.notifications.deferred += other.notifications.deferred;
        self.notifications.dead += other.notifications.dead;
        self.enforcements.applied += other.enforcements.applied;
        self.enforcements.refused += other.enforcements.refused;
        self.enforcements.waiting += other.enforcements.waiting;
        self.enforcements.would += other.enforcements.would;
        self.seconds += other.seconds;
    }
}
