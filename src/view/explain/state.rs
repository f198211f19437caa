//! Where a policy's alert stands, in words: since when, who was told, when it moves by itself.

use jiff::Timestamp;

use super::scene::Scene;
use crate::domain::alert::{Alert, ClientWaits, Firing, Phase};
use crate::domain::judge::lifecycle::{clear_for, confirms_from};
use crate::domain::kept::Told;
use crate::domain::policy::Policy;

impl Scene<'_> {
    pub(super) fn state_text(&self, policy: &Policy, alert: Option<&Alert>) -> String {
        let now = &self.snapshot.now;
        match alert.map(|alert| &alert.phase) {
            None => "inactive".to_owned(),
            Some(Phase::CoolingDown { resolved_at, .. }) => {
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
            let lasts = clear_for(firing, policy);
            if lasts > policy.clear_for
                && let Some(since) = firing.clear_since
            {
                let ends = since.saturating_add(lasts).unwrap_or(Timestamp::MAX);
                let ends = self.snapshot.now.until(ends);
                text.push_str(&format!(", and as a relapse it ends {ends} at the earliest"));
            }
        }
        text
    }

    fn operators_text(&self, policy: &Policy, firing: &Firing, told: &Told) -> String {
        let now = &self.snapshot.now;
        if firing.is_unheard() {
            return "; operators are told when nothing keeps it back any more".to_owned();
        }
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::domain::alert::{Alert, ClientWaits, Firing, Phase};
    use crate::domain::kept::Told;
    use crate::domain::policy::When;
    use crate::domain::testing::policy;
    use crate::view::explain::scene::Scene;
    use crate::view::testing::{at, firing, pending, snapshot, watched};

    /// What is said of an alert, when so much was delivered.
    fn said(alert: Option<&Alert>, told: Told) -> String {
        let mut snapshot = snapshot();
        if let Some(firing) = alert.and_then(Alert::firing) {
            snapshot.told = [(firing.episode.clone(), told)].into();
        }
        let watched = watched("561115");
        let mut low = policy("low", When::default());
        low.hold = SignedDuration::from_mins(10);
        Scene::new(&snapshot, &watched, &[]).state_text(&low, alert)
    }

    #[test]
    fn an_alert_that_fires_says_who_was_told_and_who_will_be() {
        let delivered = |operators, client| Told {
            operators,
            client,
            ..Told::default()
        };
        let waits = || Told {
            operators_wait_since: Some(at(-60)),
            client_waits_since: Some(at(-120)),
            ..Told::default()
        };
        let again = "and are told again in 23h";
        type Case = (&'static str, fn(&mut Firing), Told, String);
        let cases: [Case; 10] = [
            (
                "it was silenced when it began",
                |firing| firing.held_back = true,
                Told::default(),
                "; operators are told when nothing keeps it back any more".to_owned(),
            ),
            (
                "nobody yet",
                |_| {},
                Told::default(),
                format!("; operators were not told, {again}"),
            ),
            (
                "what is owed waits",
                |firing| firing.client_told = true,
                waits(),
                format!(
                    "; what is owed to operators waits since 1m ago, {again}; the client's mail waits since 2m ago"
                ),
            ),
            (
                "a baseline found it",
                |firing| firing.baseline = true,
                Told::default(),
                format!("; operators learn of it in the summary of this sweep, {again}"),
            ),
            (
                "the last repeat was sent",
                |firing| firing.repeats = 5,
                delivered(6, false),
                "; operators were told 6x, last owed 1h ago, and are not told again before it ends".to_owned(),
            ),
            (
                "a repeat is late",
                |firing| firing.last_told_at = at(-90_000),
                delivered(1, true),
                "; operators were told 1x, last owed 1d 1h ago, and are told again now; the client was told".to_owned(),
            ),
            (
                "the client's mail died",
                |firing| firing.client_told = true,
                delivered(1, false),
                format!("; operators were told 1x, last owed 1h ago, {again}; the client could not be told"),
            ),
            (
                "a second reading is awaited",
                |firing| (firing.confirmed, firing.client_waits) = (true, Some(ClientWaits::Confirmation)),
                delivered(1, false),
                format!(
                    "; operators were told 1x, last owed 1h ago, {again}; the client is told when a second reading \
                     confirms it"
                ),
            ),
            (
                "the cool-down is awaited",
                |firing| firing.client_waits = Some(ClientWaits::CoolDownEnds(at(60))),
                delivered(1, false),
                format!(
                    "; operators were told 1x, last owed 1h ago, {again}; the client is told when the cool-down ends, in 1m"
                ),
            ),
            (
                "it recovers",
                |firing| (firing.is_recovering, firing.clear_readings) = (true, 1),
                delivered(1, false),
                format!(
                    ", recovering: nobody is reminded meanwhile; operators were told 1x, last owed 1h ago, {again}; 1 of 2 \
                     clear readings seen"
                ),
            ),
        ];
        for (name, change, told, expected) in cases {
            let mut alert = firing("561115");
            let Phase::Firing(state) = &mut alert.phase else {
                unreachable!("it fires")
            };
            change(state);
            assert_eq!(said(Some(&alert), told), format!("firing for 2h{expected}"), "{name}");
        }
    }

    #[test]
    fn an_alert_that_does_not_fire_says_when_it_may() {
        let none = Told::default;
        assert_eq!(said(None, none()), "inactive");
        assert_eq!(
            said(Some(&pending("561115")), none()),
            "pending for 5m; it fires in 5m if nothing changes"
        );
        let mut over = pending("561115");
        over.phase = Phase::CoolingDown {
            resolved_at: at(-3_600),
            relapses: 0,
        };
        assert_eq!(
            said(Some(&over), none()),
            "inactive; resolved 1h ago, and until in 5h a relapse is not told to the client"
        );
    }
}
