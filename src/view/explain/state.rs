//! Where a policy's alert stands, in words: since when, who was told, when it moves by itself.

use jiff::Timestamp;

use super::Scene;
use crate::domain::alert::{Alert, ClientWaits, Firing, Phase};
use crate::domain::judge::lifecycle::confirms_from;
use crate::domain::kept::Told;
use crate::domain::policy::Policy;

impl Scene<'_> {
    pub(super) fn state_text(&self, policy: &Policy, alert: Option<&Alert>) -> String {
        let now = &self.snapshot.now;
        match alert.map(|alert| &alert.phase) {
            None => "inactive".to_owned(),
            Some(Phase::CoolingDown { resolved_at }) => {
                let until = resolved_at.saturating_add(policy.cool_down).unwrap_or(Timestamp::MAX);
                let (resolved, until) = (now.ago(*resolved_at), now.ago(until));
                format!("inactive; resolved {resolved}, and until {until} a relapse is not told to the client")
            }
            Some(Phase::Pending(pending)) => {
                let fires_at = pending.since.saturating_add(policy.hold).unwrap_or(Timestamp::MAX);
                let (since, fires) = (now.since(pending.since), now.until(fires_at));
                format!("pending for {since}; it fires {fires} if nothing changes")
            }
            Some(Phase::Firing(firing)) => self.firing_text(policy, firing),
        }
    }

    fn firing_text(&self, policy: &Policy, firing: &Firing) -> String {
        let told = self.snapshot.told.get(&firing.episode).cloned().unwrap_or_default();
        let mut text = format!("firing for {}", self.snapshot.now.since(firing.since));
        if firing.is_recovering {
            text.push_str(", recovering: nobody is reminded meanwhile");
        }
        text.push_str(&self.operators_text(policy, firing, &told));
        text.push_str(&self.client_text(firing, &told));
        if firing.clear_readings > 0 {
            let (seen, needed) = (firing.clear_readings, policy.clear_readings);
            text.push_str(&format!("; {seen} of {needed} clear readings seen"));
        }
        text
    }

    fn operators_text(&self, policy: &Policy, firing: &Firing, told: &Told) -> String {
        let now = &self.snapshot.now;
        let mut text = match (told.operators, told.operators_wait_since) {
            (0, Some(since)) => format!("; what is owed to operators waits since {}", now.ago(since)),
            (0, None) if firing.baseline && firing.summary.is_none() => {
                "; operators learn of it in the summary of this sweep".to_owned()
            }
            (0, None) => "; operators were not told".to_owned(),
            (times, _) => format!(
                "; operators were told {times}x, last owed {}",
                now.ago(firing.last_told_at)
            ),
        };
        if firing.repeats >= policy.max_repeats {
            text.push_str(", and are not told again before it ends");
        } else {
            let again = firing.last_told_at.saturating_add(policy.repeat_every);
            let again = now.until(again.unwrap_or(Timestamp::MAX));
            text.push_str(&format!(", and are told again {again}"));
        }
        text
    }

    fn client_text(&self, firing: &Firing, told: &Told) -> String {
        let now = &self.snapshot.now;
        match firing.client_waits {
            Some(ClientWaits::Confirmation) => {
                let due = confirms_from(firing, self.circumstances.interval);
                let due = due.map(|due| format!(", at {} or later,", now.clock_and_age(due)));
                let due = due.unwrap_or_default();
                format!("; the client is told when a second reading{due} confirms it")
            }
            Some(ClientWaits::CoolDownEnds(end)) => {
                format!("; the client is told when the cool-down ends, {}", now.until(end))
            }
            None if told.client => "; the client was told".to_owned(),
            None if firing.client_told => match told.client_waits_since {
                Some(since) => format!("; the client's mail waits since {}", now.ago(since)),
                None => "; the client could not be told".to_owned(),
            },
            None => String::new(),
        }
    }
}
