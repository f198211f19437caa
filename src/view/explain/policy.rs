//! One policy's view of a client.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Most;
use super::condition::{Against, Distance, clears_when, distance, fires_when};
use super::scene::Scene;
use crate::domain::alert::{Alert, Firing, Phase};
use crate::domain::enforcement::Enforcement;
use crate::domain::judge::bound;
use crate::domain::judge::rules::{Seen, addresses};
use crate::domain::judge::verdict::{Judgement, Verdict};
use crate::domain::policy::{Enforce, Pattern, Policy, Scope, Selector};
use crate::domain::reason::Reason;
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, Management, PolicyName, Severity};
use crate::view::alert::Standing;
use crate::view::enforcement::state_text;
use crate::view::hushed::Hushed;
use crate::view::page::{Card, Tone};
use crate::view::plan::{decision_reason, decision_word};
use crate::view::words::span;

/// A policy's view of a client.
#[derive(Debug, Serialize)]
pub(super) struct PolicyCard {
    policy: PolicyName,
    severity: Severity,
    /// Whether it is for this client.
    applies: bool,
    /// Why it is not.
    why_not: Option<String>,
    /// By the last reading; `None` where only the daemon can judge, or where it does not apply.
    verdict: Option<Verdict>,
    reason: Option<String>,
    fires_when: String,
    clears_when: String,
    state: Standing,
    state_text: String,
    since: Option<Timestamp>,
    episode: Option<String>,
    tells: Vec<Tells>,
    #[serde(flatten)]
    hushed: Hushed,
    /// Why nobody is told now; `None`: people are.
    not_told: Option<String>,
    /// Where it goes as well when nobody acknowledges it.
    escalates: Vec<Escalates>,
    enforcement: Option<Change>,
    #[serde(skip)]
    distance: Option<Distance>,
    #[serde(skip)]
    is_builtin: bool,
}

/// Whom a policy tells through a channel.
#[derive(Debug, Serialize)]
struct Tells {
    channel: ChannelName,
    /// Empty: there is no address, and nobody is told; or the channel mirrors what fires. One that is empty: the channel
    /// has no addresses, and leads to one place.
    recipients: Vec<String>,
}

/// A further channel for a critical alert that nobody acknowledged.
#[derive(Debug, Serialize)]
struct Escalates {
    from: ChannelName,
    to: ChannelName,
    /// Counted from when `from` was told.
    after_seconds: i64,
    /// When it was.
    escalated_at: Option<Timestamp>,
}

/// The change that a policy asks for.
#[derive(Debug, Serialize)]
struct Change {
    wanted: Management,
    revert_on_recovery: bool,
    /// What would become of it now; `None` when nothing is asked for now.
    decision: Option<&'static str>,
    reason: String,
}

impl Scene<'_> {
    pub(super) fn explain(&self, policy: &Policy) -> PolicyCard {
        let (snapshot, client) = (self.snapshot, &self.watched.client);
        let why_not = why_not(&policy.clients, self.watched);
        let alert = snapshot.alert(&client.id, &policy.name);
        let judgement = (why_not.is_none() && policy.scope != Scope::Account).then(|| self.judge(policy));
        let against = Against {
            threshold: snapshot.threshold(self.watched),
            interval: self.circumstances.interval,
        };
        let reading = self.watched.reading.as_ref().filter(|_| why_not.is_none());
        let firing = alert.and_then(Alert::firing);
        let episode = firing.map(|firing| &firing.episode);
        let hushed = Hushed::of(&self.hushes, client, &policy.name, episode, snapshot.now.at);
        PolicyCard {
            policy: policy.name.clone(),
            severity: firing.map_or(policy.severity, |firing| firing.severity(policy)),
            applies: why_not.is_none(),
            distance: reading.and_then(|reading| distance(policy, against, reading.balance)),
            is_builtin: policy.scope == Scope::Account,
            verdict: judgement.as_ref().map(|judgement| judgement.verdict),
            reason: self.reason(judgement.as_ref(), alert),
            why_not,
            fires_when: fires_when(policy, against),
            clears_when: clears_when(policy, against),
            state: alert.map_or(Standing::Inactive, Standing::of),
            state_text: self.state_text(policy, alert),
            since: alert.and_then(since),
            episode: firing.map(|firing| firing.episode.to_string()),
            tells: self.tells(policy),
            escalates: self.escalates(policy, firing),
            not_told: hushed.sentence(&snapshot.now),
            hushed,
            enforcement: policy
                .enforce
                .as_ref()
                .map(|enforce| self.change(policy, enforce, firing)),
        }
    }

    /// Judges by the last reading. Silence is judged by whether the last sweep had one.
    fn judge(&self, policy: &Policy) -> Judgement {
        let is_silence = policy.when.no_reading_for.is_some();
        let reading = self.watched.reading.as_ref();
        let seen = Seen {
            reading: reading.filter(|reading| !is_silence || self.snapshot.is_fresh(reading.at)),
            ..Seen::unread(self.watched, &self.snapshot.kept.alerts)
        };
        self.snapshot.rules.verdict(policy, &seen, &self.circumstances)
    }

    fn reason(&self, judgement: Option<&Judgement>, alert: Option<&Alert>) -> Option<String> {
        let Some(judgement) = judgement else {
            return alert.map(|alert| match &alert.reason {
                Reason::Account { what, fix } if !fix.is_empty() => format!("{what}; {fix}"),
                reason => reason.to_string(),
            });
        };
        match &judgement.reason {
            Reason::Unread { .. } if judgement.verdict == Verdict::Clear => {
                let reading = self.watched.reading.as_ref()?;
                Some(format!("a balance was read {}", self.snapshot.now.ago(reading.at)))
            }
            // Whether it was asked is about a sweep; here there simply is no reading at all.
            Reason::NoFreshReading { error: None } => Some("no balance was read yet".to_owned()),
            reason => Some(reason.to_string()),
        }
    }

    /// The most that each recipient gets of these policies. Alerts about the account are matters of their own.
    pub(super) fn most_messages<'a>(&self, policies: impl Iterator<Item = &'a Policy> + Clone) -> Vec<Most> {
        let rules = &self.snapshot.rules;
        // A mirror is told nothing.
        let channels = rules
            .channels
            .iter()
            .filter(|(_, receiver)| !receiver.recipients.is_empty());
        let channels = channels.map(|(name, _)| name.clone()).chain([ChannelName::client()]);
        let most = channels.map(|channel| {
            let policies = policies.clone().filter(|policy| policy.scope != Scope::Account);
            let bound = bound::of(&channel, policies, &rules.channels, self.circumstances.interval);
            Most {
                channel,
                in_24_hours: bound.day,
                in_7_days: bound.week,
            }
        });
        most.filter(|most| most.in_7_days > 0).collect()
    }

    fn tells(&self, policy: &Policy) -> Vec<Tells> {
        let recipients = |channel: &ChannelName| -> Vec<String> {
            if channel.is_client() {
                let addresses = addresses(self.watched, self.watched.threshold.as_ref());
                return addresses.into_iter().map(str::to_owned).collect();
            }
            let receiver = self.snapshot.rules.channels.get(channel);
            receiver.map(|receiver| receiver.recipients.clone()).unwrap_or_default()
        };
        let tells = policy.notify.iter().map(|channel| Tells {
            channel: channel.clone(),
            recipients: recipients(channel),
        });
        tells.collect()
    }

    /// From channel to channel, as long as one leads on.
    fn escalates(&self, policy: &Policy, firing: Option<&Firing>) -> Vec<Escalates> {
        let mut steps: Vec<Escalates> = Vec::new();
        let severity = firing.map_or(policy.severity, |firing| firing.severity(policy));
        if severity != Severity::Critical {
            return steps;
        }
        let escalated = |to: &ChannelName| {
            let mut known = self.hushes.escalated(&firing?.episode);
            known.find(|(channel, _)| *channel == to).map(|(_, at)| at)
        };
        let mut told: Vec<ChannelName> = policy.notify.clone();
        let mut place = 0;
        while let Some(from) = told.get(place).cloned() {
            place += 1;
            let receiver = self.snapshot.rules.channels.get(&from);
            let Some(escalation) = receiver.and_then(|receiver| receiver.escalate.as_ref()) else {
                continue;
            };
            if !told.contains(&escalation.to) {
                told.push(escalation.to.clone());
                steps.push(Escalates {
                    from,
                    to: escalation.to.clone(),
                    after_seconds: escalation.after.as_secs(),
                    escalated_at: escalated(&escalation.to),
                });
            }
        }
        steps
    }

    /// What becomes of the change that a policy asks for.
    fn change(&self, policy: &Policy, enforce: &Enforce, firing: Option<&Firing>) -> Change {
        let wanted = enforce.balance_management;
        let (decision, reason) = match firing {
            Some(firing) => self.becomes(policy, wanted, firing),
            None => (None, "asked for while the policy fires".to_owned()),
        };
        Change {
            wanted,
            revert_on_recovery: enforce.revert_on_recovery,
            decision,
            reason,
        }
    }

    fn becomes(&self, policy: &Policy, wanted: Management, firing: &Firing) -> (Option<&'static str>, String) {
        let (client, mut planned) = (&self.watched.client.id, self.planned.decisions.iter());
        if let Some((intent, decision)) =
            planned.find(|(intent, _)| intent.client == *client && intent.wanted == wanted)
        {
            let mut reason = decision_reason(self.snapshot, intent, decision);
            if intent.policy != policy.name {
                reason.push_str(&format!(" (`{}`, which asks for the same, leads)", intent.policy));
            }
            return (Some(decision_word(decision)), reason);
        }
        let is_of_it = |done: &Enforcement| done.episode == firing.episode || done.changed_at >= firing.since;
        let mut done = self.enforcements.iter();
        let reason = match done.find(|done| done.wanted == wanted && is_of_it(done)) {
            Some(done) => format!(
                "{}, {}",
                state_text(&done.state),
                self.snapshot.now.ago(done.changed_at)
            ),
            None => "it waits for the client's next good reading".to_owned(),
        };
        (None, reason)
    }
}

impl PolicyCard {
    pub(super) fn card(&self) -> Card {
        let mut card = Card::new(self.policy.as_str(), self.severity.as_str());
        if let Some(why_not) = &self.why_not {
            card.fact("not for it", why_not.as_str());
        }
        let reason = self.reason.as_deref();
        match self.verdict {
            Some(verdict) => {
                let word = verdict.as_str().replace('_', " ");
                card.fact(
                    "verdict",
                    (format!("{word}: {}", reason.unwrap_or_default()), tone(verdict)),
                );
            }
            None => card.facts("found", reason),
        }
        if self.applies || self.state != Standing::Inactive {
            let tone = if self.state == Standing::Firing {
                Tone::Warning
            } else {
                Tone::Plain
            };
            card.fact("state", (self.state_text.as_str(), tone));
        }
        if !self.applies {
            return card;
        }
        if !self.is_builtin {
            let (to_fire, to_clear) = match &self.distance {
                Some(Distance::ToFire(left)) => (format!(" ({} away)", left.for_people()), String::new()),
                Some(Distance::ToClear(left)) => (String::new(), format!(" ({} away)", left.for_people())),
                None => Default::default(),
            };
            card.fact("fires", format!("when {}{to_fire}", self.fires_when));
            card.fact("clears", format!("when {}{to_clear}", self.clears_when));
        }
        card.fact("tells", self.tells_text());
        if let Some(why) = &self.not_told {
            card.fact("not told now", (why.as_str(), Tone::Warning));
        }
        card.facts("escalates", self.escalates.iter().map(Escalates::text));
        if let Some(asked) = &self.enforcement {
            let back = if asked.revert_on_recovery {
                ", and back on recovery"
            } else {
                ""
            };
            card.fact("enforces", format!("asks for {}{back}: {}", asked.wanted, asked.reason));
        }
        card
    }

    fn tells_text(&self) -> String {
        let parts = self.tells.iter().map(|tells| {
            let Tells { channel, recipients } = tells;
            match recipients.as_slice() {
                [] if channel.is_client() => format!("{channel} (no address, so nobody)"),
                [] => format!("{channel} (shows what fires)"),
                // A channel without addresses leads to one place, which has no name of its own.
                [only] if only.is_empty() => channel.to_string(),
                recipients => format!("{channel} ({})", recipients.join(", ")),
            }
        });
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() {
            "nobody: no channel is configured".to_owned()
        } else {
            parts.join("; ")
        }
    }
}

impl Escalates {
    fn text(&self) -> String {
        let (from, to) = (&self.from, &self.to);
        let after = span(SignedDuration::from_secs(self.after_seconds));
        match self.escalated_at {
            Some(_) => format!("{to} was told as well, because nobody acknowledged what {from} was told"),
            None => format!("to {to} {after} after {from} was told, if nobody acknowledges it"),
        }
    }
}

const fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Breach => Tone::Bad,
        Verdict::Between | Verdict::Unknown => Tone::Warning,
        Verdict::Clear => Tone::Good,
        Verdict::NotApplicable => Tone::Faint,
    }
}

const fn since(alert: &Alert) -> Option<Timestamp> {
    match &alert.phase {
        Phase::Firing(firing) => Some(firing.since),
        Phase::Pending(pending) => Some(pending.since),
        Phase::CoolingDown { .. } => None,
    }
}

/// Why a policy is not for a client; `None` when it is.
fn why_not(selector: &Selector, watched: &Watched) -> Option<String> {
    let client = &watched.client;
    let names = |pattern: &&Pattern| pattern.matches(client);
    if let Some(pattern) = selector.exclude.iter().find(names) {
        return Some(format!("`clients.exclude` names it with `{pattern}`"));
    }
    if !selector.include.is_empty() && !selector.include.iter().any(|pattern| names(&pattern)) {
        return Some("`clients.include` does not name it".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Pattern, Selector, Watched, why_not};
    use crate::domain::{Client, ClientId};

    #[test]
    fn a_policy_that_is_not_for_a_client_says_why() {
        let client = Client {
            email: "john@internal.example.com".to_owned(),
            company: "Über GmbH".to_owned(),
            ..Client::unknown(ClientId::new("561115").unwrap())
        };
        let watched = Watched::new(client, Timestamp::UNIX_EPOCH);
        let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::parse(text)).collect();
        type Case = (
            &'static str,
            &'static [&'static str],
            &'static [&'static str],
            Option<&'static str>,
        );
        let cases: [Case; 6] = [
            ("everybody", &[], &[], None),
            ("included", &["561115"], &[], None),
            ("not included", &["1"], &[], Some("`clients.include` does not name it")),
            (
                "excluded by id",
                &[],
                &["561115"],
                Some("`clients.exclude` names it with `561115`"),
            ),
            (
                "excluded by address",
                &["561115"],
                &["1", "*@internal.example.com"],
                Some("`clients.exclude` names it with `*@internal.example.com`"),
            ),
            (
                "excluded by company",
                &[],
                &["company:Über*"],
                Some("`clients.exclude` names it with `company:über*`"),
            ),
        ];
        for (name, include, exclude, expected) in cases {
            let selector = Selector {
                include: patterns(include),
                exclude: patterns(exclude),
            };
            let got = why_not(&selector, &watched);
            assert_eq!(got.as_deref(), expected, "{name}");
            assert_eq!(
                got.is_none(),
                selector.selects(&watched.client),
                "{name}: as the policy itself selects"
            );
        }
    }
}
