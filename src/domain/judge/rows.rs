//! What a judgement leads to, as rows to write: alerts that moved, notifications owed.

use std::sync::Arc;

use jiff::Timestamp;

use super::audience::{self, Addresses, Episode, Owed};
use super::belief::Begun;
use super::lifecycle::Step;
use super::rules::{Rules, Seen, addresses};
use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
use crate::domain::notice::{Ending, Transition};
use crate::domain::reason::Measure;
use crate::domain::{ClientId, Policy, PolicyName, Severity};

/// What one client's judgement leads to.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    pub alerts: Vec<Alert>,
    /// Alerts that are inactive now.
    pub gone: Vec<PolicyName>,
    pub owed: Owed,
    /// What began or ended, one by one.
    pub moved: Vec<Moved>,
    /// The policies that have judged it from now on; `None`: as before.
    pub judged: Option<Arc<str>>,
    /// Whether a threshold that is not of this sweep decided something.
    pub wants_threshold: bool,
    /// What the reading began of that which [counts](super::surprise::counts). A baseline begins nothing.
    pub begun: Vec<Begun>,
}

/// An alert that began to fire, or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The client, or a pseudo-client.
    pub client: ClientId,
    pub policy: PolicyName,
    pub severity: Severity,
    pub episode: EpisodeId,
    pub how: How,
    pub reason: String,
}

/// Which way an alert moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Fired,
    Resolved,
    /// Its ground went away.
    Withdrawn,
}

impl How {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Resolved => "resolved",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Decided {
    /// Whether the alert of this policy fires from now on, given the client's alerts before.
    #[must_use]
    pub fn fires(&self, policy: &PolicyName, before: &[Alert]) -> bool {
        let find = |alerts: &[Alert]| {
            alerts
                .iter()
                .find(|alert| alert.policy == *policy)
                .map(|alert| alert.firing().is_some())
        };
        !self.gone.contains(policy) && find(&self.alerts).or_else(|| find(before)).unwrap_or(false)
    }

    /// Adds what a step of one alert led to.
    pub(super) fn add(
        &mut self,
        rules: &Rules,
        seen: &Seen<'_>,
        policy: &Policy,
        before: Option<&Alert>,
        mut step: Step,
        now: Timestamp,
    ) {
        let client = &seen.watched.client.id;
        step.note_told(seen, policy, now);
        for transition in &step.transitions {
            let told_of = step.next.as_ref().or(before);
            let (Some(firing), Some(alert)) = (&step.episode, told_of) else {
                continue;
            };
            self.moved.extend(moved(client, policy, alert, firing, transition));
            let mut facts = rules.facts(seen, policy, alert, firing);
            if let Some(reason) = &step.ended_by {
                let balances = firing.breach.as_deref().zip(reason.finding(Measure::Balance));
                facts.ending = balances.map(|(breach, now)| Ending::of(breach, now));
                facts.reason = reason.clone();
            }
            let episode = Episode {
                account: &rules.account,
                client: &seen.watched.client,
                policy,
                firing,
                facts: &facts,
                hushes: seen.hushes,
            };
            let addresses = Addresses {
                channels: &rules.channels,
                client: &addresses(seen.watched, seen.threshold),
            };
            let owed = audience::owed(&episode, transition, &addresses, now);
            self.owed.add(owed);
        }
        match step.next {
            Some(next) if before != Some(&next) => self.alerts.push(next),
            None if before.is_some() => self.gone.push(policy.name.clone()),
            _ => {}
        }
    }
}

impl Step {
    /// Takes note in the episode of what is told of it, and of what is kept from being told.
    pub(super) fn note_told(&mut self, seen: &Seen<'_>, policy: &Policy, now: Timestamp) {
        let Some(firing) = &mut self.episode else { return };
        for transition in &self.transitions {
            let over = seen
                .hushes
                .over(&seen.watched.client, &policy.name, &firing.episode, transition, now);
            firing.note_told(transition, over.is_some(), now);
        }
        if let Some(Phase::Firing(next)) = self.next.as_mut().map(|next| &mut next.phase) {
            next.clone_from(firing);
        }
    }
}

/// What a transition is to the log; `None`: the alert neither began nor ended.
fn moved(client: &ClientId, policy: &Policy, alert: &Alert, firing: &Firing, transition: &Transition) -> Option<Moved> {
    let (how, reason) = match transition {
        Transition::Fired { .. } => (How::Fired, alert.reason.to_string()),
        Transition::Resolved => (How::Resolved, alert.reason.to_string()),
        Transition::Withdrawn { why } => (How::Withdrawn, why.to_string()),
        Transition::ClientDue
        | Transition::Repeated { .. }
        | Transition::News
        | Transition::UsedUp
        | Transition::Digest(_)
        | Transition::StillFires
        | Transition::Escalated { .. }
        | Transition::Acknowledged { .. }
        | Transition::Enforced { .. } => {
            return None;
        }
    };
    Some(Moved {
        client: client.clone(),
        policy: policy.name.clone(),
        severity: firing.severity(policy),
        episode: firing.episode.clone(),
        how,
        reason,
    })
}
