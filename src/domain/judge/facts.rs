//! What can be said of an episode to whoever is told of it, as it was known when that was decided.

use super::{Rules, Seen, verdict};
use crate::domain::alert::{Alert, Firing};
use crate::domain::enforcement::Mode;
use crate::domain::notice::Facts;
use crate::domain::policy::{Enforce, Policy, Scope};
use crate::domain::{ChannelName, Reading};

impl Rules {
    /// What can be said of an episode.
    #[must_use]
    pub fn facts(&self, seen: &Seen<'_>, policy: &Policy, alert: &Alert, firing: &Firing) -> Facts {
        let reading = seen.reading.or(seen.watched.reading.as_ref());
        let is_account = policy.scope == Scope::Account;
        Facts {
            label: seen.watched.client.label(),
            currency: self.currency.clone(),
            reading: reading.filter(|_| !is_account).cloned(),
            threshold: seen.threshold.filter(|_| verdict::needs_threshold(policy)).cloned(),
            reason: alert.reason.clone(),
            since: firing.since,
            enforcement: policy
                .enforce
                .as_ref()
                .map(|enforce| self.enforcement_sentence(enforce, reading)),
            management: None,
            ending: None,
            country: seen.watched.client.country.clone(),
            runbook_url: policy.runbook_url.clone(),
            account: None,
        }
    }

    /// What becomes of the enforcement a policy asks for, for operators.
    fn enforcement_sentence(&self, enforce: &Enforce, reading: Option<&Reading>) -> String {
        let wanted = enforce.balance_management;
        let left = reading.map_or(String::new(), |reading| {
            format!(", {} {} left", reading.balance.for_people(), self.currency)
        });
        let first = before(enforce);
        match self.mode {
            Mode::Observe => format!(
                "The policy asks to set the client to {wanted}. Mode is observe: nothing is changed, \
                 `balancewatch plan` shows what would be{left}."
            ),
            Mode::Approve => format!(
                "The policy asks to set the client to {wanted}{left}. Mode is approve: a second mail asks for it, and \
                 nothing is changed without an answer{first}."
            ),
            Mode::Apply => format!(
                "The policy asks to set the client to {wanted}{left}{first}; a second mail tells how that ended, unless \
                 it is so already."
            ),
        }
    }
}

/// What must have happened before a change.
fn before(enforce: &Enforce) -> String {
    let names: Vec<&str> = enforce.requires_notified.iter().map(ChannelName::as_str).collect();
    match (names.is_empty(), enforce.grace.is_zero()) {
        (true, true) => String::new(),
        (true, false) => format!(", not before {:#} have passed", enforce.grace),
        (false, true) => format!(", not before {} was told", names.join(" and ")),
        (false, false) => format!(
            ", not before {} was told and had {:#}",
            names.join(" and "),
            enforce.grace
        ),
    }
}
