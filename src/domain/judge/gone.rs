//! Alerts that end because their ground went away: the policy, or the client. Needs no reading.

use jiff::{SignedDuration, Timestamp};

use super::{Decided, Rules, Seen, lifecycle};
use crate::domain::alert::Alert;
use crate::domain::hush::Hushes;
use crate::domain::notice::Withdrawal;
use crate::domain::policy::{Policy, Scope, Selector, When};
use crate::domain::{PolicyName, Severity};

impl Rules {
    /// Ends all alerts of a client.
    #[must_use]
    pub fn withdraw_all(&self, seen: &Seen<'_>, why: Withdrawal, now: Timestamp) -> Decided {
        let mut decided = Decided::default();
        for alert in seen.alerts {
            self.withdraw(&mut decided, seen, alert, why, now);
        }
        decided
    }

    /// Ends the alerts about the account whose policy is gone.
    #[must_use]
    pub fn judge_account_gone(&self, alerts: &[Alert], hushes: &Hushes, now: Timestamp) -> Decided {
        let mut decided = Decided::default();
        let watched = self.account_as_client(now);
        self.withdraw_orphans(&mut decided, &Seen::unread(&watched, alerts).hushed(hushes), now);
        decided
    }

    /// Ends the alerts whose ground went away without any reading: the policy is gone, or no longer for this client.
    pub(super) fn withdraw_groundless(&self, decided: &mut Decided, seen: &Seen<'_>, now: Timestamp) {
        self.withdraw_orphans(decided, seen, now);
        let client = &seen.watched.client;
        for alert in seen.alerts {
            let policy = self.policy(&alert.policy);
            if policy.is_some_and(|policy| !policy.is_for(client)) {
                self.withdraw(decided, seen, alert, Withdrawal::ClientExcluded, now);
            }
        }
    }

    /// Ends the alerts whose policy is gone: that needs no reading.
    pub(super) fn withdraw_orphans(&self, decided: &mut Decided, seen: &Seen<'_>, now: Timestamp) {
        let is_orphan = |alert: &&Alert| self.policy(&alert.policy).is_none();
        for alert in seen.alerts.iter().filter(is_orphan) {
            self.withdraw(decided, seen, alert, Withdrawal::PolicyRemoved, now);
        }
    }

    pub(super) fn withdraw(
        &self,
        decided: &mut Decided,
        seen: &Seen<'_>,
        alert: &Alert,
        why: Withdrawal,
        now: Timestamp,
    ) {
        let policy = self.policy(&alert.policy).cloned();
        let policy = policy.unwrap_or_else(|| self.removed_policy(&alert.policy));
        let step = lifecycle::withdraw(alert.clone(), why);
        decided.add(self, seen, &policy, Some(alert), step, now);
    }

    /// Stands for a policy that is gone from the configuration: its close goes to every channel.
    fn removed_policy(&self, name: &PolicyName) -> Policy {
        Policy {
            runbook_url: None,
            name: name.clone(),
            severity: Severity::Info,
            when: When::default(),
            clear: None,
            hold: SignedDuration::ZERO,
            clear_readings: 1,
            clear_for: SignedDuration::ZERO,
            repeat_every: SignedDuration::MAX,
            max_repeats: 0,
            cool_down: SignedDuration::ZERO,
            notify: self.channels.keys().cloned().collect(),
            clients: Selector::default(),
            enforce: None,
            scope: Scope::Clients,
        }
    }
}
