//! What a client's reading leads to: verdicts, alerts that move, notifications owed. Sees one client, and returns rows.

use std::sync::Arc;

use jiff::Timestamp;

use super::belief::{Begun, Trust};
use super::lifecycle::{self, Moment};
use super::rows::Decided;
use super::rules::{Circumstances, Rules, Seen};
use super::surprise;
use super::verdict::{self, Judgement, Known, Verdict};
use crate::domain::PolicyName;
use crate::domain::alert::{Alert, Phase};
use crate::domain::notice::{Transition, Withdrawal};
use crate::domain::policy::{Policy, Scope};
use crate::domain::watch::Watched;

impl Rules {
    /// Judges a client by every policy that is for it.
    #[must_use]
    pub fn judge_client(&self, seen: &Seen<'_>, circumstances: &Circumstances) -> Decided {
        let mut decided = Decided::default();
        let known = self.known(seen, circumstances);
        let scope = seen.scope();
        for policy in self.policies.iter().filter(|policy| policy.scope == scope) {
            let alert = seen.alert(&policy.name);
            if !policy.is_for(&seen.watched.client) {
                if let Some(alert) = alert {
                    self.withdraw(&mut decided, seen, alert, Withdrawal::ClientExcluded, circumstances.now);
                }
                continue;
            }
            let mut judgement = verdict::judge(policy, &self.for_silence(policy, &known, seen, circumstances));
            judgement.note_fall(circumstances.fall);
            self.move_alert(&mut decided, seen, policy, &judgement, circumstances);
        }
        self.withdraw_orphans(&mut decided, seen, circumstances.now);
        if decided.begun.iter().any(Begun::will_tell_that_all_is_gone) {
            // The mail of what begins waits for the end of the sweep, and says the same.
            decided
                .owed
                .retain(|notification| notification.transition != Transition::UsedUp);
        }
        decided
    }

    /// Judges only how long a client has been unread, and what needs no reading to end; for clients without a reading
    /// in this sweep.
    #[must_use]
    pub fn judge_silence(&self, seen: &Seen<'_>, circumstances: &Circumstances, held_back: bool) -> Decided {
        let mut decided = Decided::default();
        self.withdraw_groundless(&mut decided, seen, circumstances.now);
        let known = self.known(seen, circumstances);
        let scope = seen.scope();
        let silences = self.policies.iter().filter(|policy| {
            policy.when.no_reading_for.is_some() && policy.scope == scope && policy.is_for(&seen.watched.client)
        });
        for policy in silences {
            let judgement = verdict::judge(policy, &self.for_silence(policy, &known, seen, circumstances));
            let fires = seen.alert(&policy.name).and_then(Alert::firing).is_some();
            if held_back && judgement.verdict == Verdict::Breach && !fires {
                continue;
            }
            self.move_alert(&mut decided, seen, policy, &judgement, circumstances);
        }
        decided
    }

    /// What a policy says of a client, without anything that follows from it.
    #[must_use]
    pub fn verdict(&self, policy: &Policy, seen: &Seen<'_>, circumstances: &Circumstances) -> Judgement {
        let known = self.known(seen, circumstances);
        verdict::judge(policy, &self.for_silence(policy, &known, seen, circumstances))
    }

    /// What a policy about silence sees. A reading that cannot be judged for want of a threshold is none to it, from
    /// the moment the last threshold became too old.
    fn for_silence<'a>(&self, policy: &Policy, known: &Known<'a>, seen: &Seen<'_>, now: &Circumstances) -> Known<'a> {
        let is_judgeable = policy.when.no_reading_for.is_none()
            || verdict::usable_threshold(known.threshold, known.now).is_some()
            || !self
                .policies
                .iter()
                .any(|policy| policy.scope == Scope::Clients && verdict::needs_threshold(policy));
        if is_judgeable || seen.scope() != Scope::Clients {
            return *known;
        }
        let usable_until = known
            .threshold
            .and_then(|threshold| threshold.at.checked_add(verdict::THRESHOLD_USABLE_FOR).ok());
        let since = usable_until
            .or(seen.watched.first_attempt_at)
            .map(|since| since.max(now.started_at));
        Known {
            reading: None,
            unread_since: since,
            ..*known
        }
    }

    /// Moves the client's alert of one policy by what that policy says of it.
    fn move_alert(
        &self,
        decided: &mut Decided,
        seen: &Seen<'_>,
        policy: &Policy,
        judgement: &Judgement,
        circumstances: &Circumstances,
    ) {
        let alert = seen.alert(&policy.name);
        let was_judged = was_judged(seen.watched, &policy.name, circumstances.baseline_since);
        let is_client = policy.scope == Scope::Clients;
        let is_baseline = !was_judged && is_client;
        // A doubtful beginning goes the way of a baseline: operators learn of it in a summary.
        let counts = surprise::counts(policy);
        let is_doubtful = circumstances.trust == Trust::InDoubt && counts;
        let waits = circumstances.trust != Trust::Full && counts;
        let unconfirmed = waits || (is_client && circumstances.fall.is_some());
        let moment = Moment {
            is_hushed: seen.is_hushed(alert, circumstances.now),
            ..self.moment(circumstances, is_baseline || is_doubtful, unconfirmed)
        };
        let reading_at = seen.reading.map(|reading| reading.at);
        let id = &seen.watched.client.id;
        let mut step = lifecycle::step(alert.cloned(), id, policy, judgement, reading_at, &moment);
        step.note_told(seen, policy, circumstances.now);
        let moves = !step.transitions.is_empty() || state(alert) != state(step.next.as_ref());
        if let Some(next) = &step.next
            && state(alert) == 0
            && state(Some(next)) > 0
            && counts
            && !is_baseline
        {
            decided.begun.push(Begun {
                alert: next.clone(),
                relapse: step.transitions.contains(&Transition::Fired { relapse: true }),
            });
        }
        decided.wants_threshold |= moves && !seen.threshold_is_fresh && verdict::needs_threshold(policy);
        if judgement.verdict != Verdict::Unknown && !was_judged {
            let before = decided
                .judged
                .as_deref()
                .unwrap_or_else(|| judged(seen.watched, circumstances.baseline_since));
            decided.judged = Some(Arc::from(format!("{before}{},", policy.name)));
        }
        decided.add(self, seen, policy, alert, step, circumstances.now);
    }
}

fn state(alert: Option<&Alert>) -> u8 {
    match alert.map(|alert| &alert.phase) {
        None | Some(Phase::CoolingDown { .. }) => 0,
        Some(Phase::Pending(_)) => 1,
        Some(Phase::Firing(_)) => 2,
    }
}

/// The policies that have judged a client, each followed by a comma.
fn judged(watched: &Watched, baseline_since: Option<Timestamp>) -> &str {
    let last = watched.reading.as_ref().map(|reading| reading.at);
    let counts = baseline_since.is_none_or(|since| last.is_some_and(|last| last >= since));
    if counts { &watched.judged } else { "" }
}

fn was_judged(watched: &Watched, policy: &PolicyName, baseline_since: Option<Timestamp>) -> bool {
    judged(watched, baseline_since)
        .split(',')
        .any(|name| name == policy.as_str())
}
