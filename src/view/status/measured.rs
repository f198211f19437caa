//! What is shown of an account and is not in a snapshot of it.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::account_alert::AccountAlert;
use crate::domain::kept::Counts;
use crate::domain::reason::Reason;
use crate::view::snapshot::Snapshot;

#[derive(Clone, Debug)]
pub struct Measured {
    pub counts: Counts,
    /// Paced mails to clients.
    pub client_mails_last_hour: u32,
    pub client_mails_per_hour: u32,
    pub channels: Vec<ChannelTrouble>,
    /// Why nothing can be written down, and what to do about it.
    pub store_trouble: Option<String>,
    pub next_sweep_at: Timestamp,
    /// The schedule as it was written, with its zone.
    pub schedule: String,
    /// Above this time to ask everybody the account is overcommitted.
    pub revisit_within: SignedDuration,
}

/// A channel with messages that were tried in vain.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChannelTrouble {
    pub channel: String,
    pub waiting: u64,
    pub next_try_at: Timestamp,
    /// What was said to the newest try.
    pub last_error: Option<String>,
}

/// An account that cannot be asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NotAsked {
    pub since: Timestamp,
    pub reason: String,
    pub fix: String,
    pub next_try_at: Timestamp,
}

impl NotAsked {
    /// Why an account is left alone until a probe: by the alert that told so, or in general words where its policy is
    /// off.
    pub fn new(snapshot: &Snapshot) -> Option<Self> {
        let state = &snapshot.kept.state;
        let next_try_at = state.probe_at?;
        let mut alerts = snapshot.kept.alerts.iter();
        let told = alerts.find_map(|alert| match (alert.firing(), &alert.reason) {
            (Some(firing), Reason::Account { what, fix })
                if AccountAlert::of(alert.policy.as_str()).is_some_and(AccountAlert::is_about_asking) =>
            {
                Some((firing.since, what.clone(), fix.clone()))
            }
            _ => None,
        });
        let (since, reason, fix) = told.unwrap_or_else(|| {
            let since = state.sweep_ended_at.or(state.sweep_started_at);
            let reason = "it did not answer as it should".to_owned();
            (since.unwrap_or(next_try_at), reason, String::new())
        });
        Some(Self {
            since,
            reason,
            fix,
            next_try_at,
        })
    }
}
