//! Alerts that end because their ground went away: the policy, or the client. Needs no reading.

use jiff::{SignedDuration, Timestamp};

use super::{Decided, Except, Rules, Seen};
use crate::domain::PolicyName;
use crate::domain::alert::Alert;
use crate::domain::judge::lifecycle;
use crate::domain::notice::Withdrawal;
use crate::domain::policy::{Policy, Scope};

impl Rules {
    /// Ends all alerts of a client.
    #[must_use]
    pub fn withdraw_all(&self, seen: &Seen<'_>, why: Withdrawal, now: Timestamp) -> Decided {
        let mut decided = Decided::default();
        for alert in seen.alerts.iter().cloned() {
            self.withdraw(&mut decided, seen, alert, why, now);
        }
        decided
    }

    /// Ends the alerts about the account whose policy is gone.
    #[must_use]
    pub fn decide_gone(&self, seen: &Seen<'_>, now: Timestamp) -> Decided {
        let mut decided = Decided::default();
        self.withdraw_orphans(&mut decided, seen, now);
        decided
    }

    /// Ends the alerts whose ground went away without any reading: the policy is gone, or no longer for this client.
    pub(super) fn withdraw_groundless(&self, decided: &mut Decided, seen: &Seen<'_>, now: Timestamp) {
        self.withdraw_orphans(decided, seen, now);
        let client = &seen.watched.client;
        for alert in seen.alerts {
            let policy = self.policies.iter().find(|policy| policy.name == alert.policy);
            let is_excluded = policy.is_some_and(|policy| {
                !policy
                    .clients
                    .selects(client.id.as_str(), &client.email, &client.company)
            });
            if is_excluded {
                self.withdraw(decided, seen, alert.clone(), Withdrawal::ClientExcluded, now);
            }
        }
    }

    /// Ends the alerts whose policy is gone: that needs no reading.
    pub(super) fn withdraw_orphans(&self, decided: &mut Decided, seen: &Seen<'_>, now: Timestamp) {
        let is_orphan = |alert: &&Alert| !self.policies.iter().any(|policy| policy.name == alert.policy);
        for alert in seen.alerts.iter().filter(is_orphan).cloned() {
            self.withdraw(decided, seen, alert, Withdrawal::PolicyRemoved, now);
        }
    }

    pub(super) fn withdraw(
        &self,
        decided: &mut Decided,
        seen: &Seen<'_>,
        alert: Alert,
        why: Withdrawal,
        now: Timestamp,
    ) {
        let policy = self.policies.iter().find(|policy| policy.name == alert.policy).cloned();
        let policy = policy.unwrap_or_else(|| self.removed_policy(&alert.policy));
        let step = lifecycle::withdraw(alert.clone(), why);
        self.settle(decided, seen, &policy, Some(&alert), step, &Except::new(), now);
    }

    /// Stands for a policy that is gone from the configuration: its close goes to every channel.
    fn removed_policy(&self, name: &PolicyName) -> Policy {
        Policy {
            name: name.clone(),
            severity: crate::domain::Severity::Info,
            when: crate::domain::policy::When::default(),
            clear: None,
            hold: SignedDuration::ZERO,
            clear_readings: 1,
            clear_for: SignedDuration::ZERO,
            repeat_every: SignedDuration::MAX,
            max_repeats: 0,
            cool_down: SignedDuration::ZERO,
            notify: self.channels.keys().cloned().collect(),
            clients: crate::domain::policy::Selector::default(),
            enforce: None,
            scope: Scope::Clients,
        }
    }
}
