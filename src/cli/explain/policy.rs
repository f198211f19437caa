//! One policy's view of a client.

use jiff::Timestamp;
use serde::Serialize;

use super::Scene;
use super::condition::{Against, Distance, clears_when, distance, fires_when};
use crate::cli::Tone;
use crate::cli::enforcements::state_text;
use crate::cli::planned::decision_word;
use crate::cli::telling::{ago, span};
use crate::domain::alert::{Alert, ClientWaits, Firing, Phase};
use crate::domain::judge::Seen;
use crate::domain::judge::lifecycle::confirms_from;
use crate::domain::judge::rules::{addresses, scope_of};
use crate::domain::judge::verdict::{Judgement, Verdict, usable_threshold};
use crate::domain::policy::{Enforce, Pattern, Policy, Scope, Selector};
use crate::domain::reason::Reason;
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, Management, Money, PolicyName, Severity};

/// A policy's view of a client, as scripts see it.
#[derive(Debug, Serialize)]
pub(super) struct PolicyRow {
    pub policy: PolicyName,
    pub severity: Severity,
    /// Whether it is for this client.
    applies: bool,
    /// Why it is not.
    why_not: Option<String>,
    /// By the last reading; `None` where only the daemon can judge, or where it does not apply.
    verdict: Option<Verdict>,
    reason: Option<String>,
    fires_when: String,
    clears_when: String,
    /// `firing`, `pending` or `inactive`.
    state: &'static str,
    state_text: String,
    since: Option<Timestamp>,
    episode: Option<String>,
    tells: Vec<Tells>,
    enforcement: Option<EnforcementRow>,
    #[serde(skip)]
    distance: Option<Distance>,
    #[serde(skip)]
    is_builtin: bool,
}

/// Whom a policy tells through a channel.
#[derive(Debug, Serialize)]
struct Tells {
    channel: ChannelName,
    /// Empty: there is no address, and nobody is told.
    recipients: Vec<String>,
}

/// The change that a policy asks for.
#[derive(Debug, Serialize)]
struct EnforcementRow {
    wanted: Management,
    revert_on_recovery: bool,
    /// What would become of it now; `None` when nothing is asked for now.
    decision: Option<&'static str>,
    reason: String,
}

impl Scene<'_> {
    /// All policies that are about such a client, those that are not for this one too.
    pub(super) fn policies(&self) -> Vec<PolicyRow> {
        let scope = scope_of(self.watched);
        let policies = self.rules.policies.iter().filter(|policy| policy.scope == scope);
        policies.map(|policy| self.explain(policy)).collect()
    }

    fn explain(&self, policy: &Policy) -> PolicyRow {
        let client = &self.watched.client;
        let why_not = why_not(&policy.clients, self.watched);
        let alert = self
            .view
            .alerts
            .iter()
            .find(|alert| alert.client == client.id && alert.policy == policy.name);
        let judgement = (why_not.is_none() && policy.scope != Scope::Account).then(|| self.judge(policy));
        let against = Against {
            threshold: self.threshold(),
            revisit: self.circumstances.revisit,
        };
        let balance = self.watched.reading.as_ref().map(|reading| reading.balance);
        let distance = balance.and_then(|balance| distance(policy, against, balance));
        let firing = alert.and_then(Alert::firing);
        PolicyRow {
            policy: policy.name.clone(),
            severity: policy.severity,
            applies: why_not.is_none(),
            distance: distance.filter(|_| why_not.is_none()),
            is_builtin: policy.scope == Scope::Account,
            verdict: judgement.as_ref().map(|judgement| judgement.verdict),
            reason: self.reason(judgement.as_ref(), alert),
            why_not,
            fires_when: fires_when(policy, against),
            clears_when: clears_when(policy, against),
            state: alert.map_or("inactive", Alert::state),
            state_text: self.state_text(policy, alert),
            since: alert.and_then(since),
            episode: firing.map(|firing| firing.episode.to_string()),
            tells: self.tells(policy),
            enforcement: policy.enforce.map(|enforce| self.enforcement(policy, enforce, firing)),
        }
    }

    /// Judges by the last reading. Silence is judged by whether the last sweep had one.
    fn judge(&self, policy: &Policy) -> Judgement {
        let reading = self.watched.reading.as_ref();
        let is_silence = policy.when.no_reading_for.is_some();
        let seen = Seen {
            watched: self.watched,
            reading: reading.filter(|reading| !is_silence || self.is_fresh(reading.at)),
            threshold: self.watched.threshold.as_ref(),
            threshold_is_fresh: false,
            alerts: &self.view.alerts,
        };
        self.rules.verdict(policy, &seen, &self.circumstances)
    }

    /// The threshold by which the client is judged now.
    fn threshold(&self) -> Option<Money> {
        let usable = usable_threshold(self.watched.threshold.as_ref(), self.opened.now)?;
        let own = usable.amount.filter(|amount| amount.is_positive());
        own.or(self.rules.default_threshold)
    }

    fn reason(&self, judgement: Option<&Judgement>, alert: Option<&Alert>) -> Option<String> {
        match (judgement.map(|judgement| &judgement.reason), alert) {
            (Some(Reason::Unread { .. }), _)
                if judgement.is_some_and(|judgement| judgement.verdict == Verdict::Clear) =>
            {
                let read_at = self.watched.reading.as_ref().map(|reading| reading.at);
                read_at.map(|at| format!("a balance was read {}", ago(self.opened.now, at)))
            }
            // Whether it was asked is about a sweep; here there simply is no reading at all.
            (Some(Reason::NoFreshReading { error: None }), _) => Some("no balance was read yet".to_owned()),
            (Some(reason), _) => Some(reason.to_string()),
            (None, Some(alert)) => Some(match &alert.reason {
                Reason::Account { what, fix } if !fix.is_empty() => format!("{what}; {fix}"),
                reason => reason.to_string(),
            }),
            (None, None) => None,
        }
    }

    fn state_text(&self, policy: &Policy, alert: Option<&Alert>) -> String {
        let now = self.opened.now;
        match alert.map(|alert| &alert.phase) {
            None => "inactive".to_owned(),
            Some(Phase::CoolingDown { resolved_at }) => {
                let until = resolved_at.saturating_add(policy.cool_down).unwrap_or(Timestamp::MAX);
                format!(
                    "inactive; resolved {}, and until {} a relapse is not told to the client",
                    ago(now, *resolved_at),
                    ago(now, until)
                )
            }
            Some(Phase::Pending(pending)) => {
                let fires_at = pending.since.saturating_add(policy.hold).unwrap_or(Timestamp::MAX);
                format!(
                    "pending for {}; it fires {} if nothing changes",
                    span(now.duration_since(pending.since)),
                    ago(now, fires_at.max(now))
                )
            }
            Some(Phase::Firing(firing)) => self.firing_text(policy, firing),
        }
    }

    fn firing_text(&self, policy: &Policy, firing: &Firing) -> String {
        let now = self.opened.now;
        let mut text = format!("firing for {}", span(now.duration_since(firing.since)));
        if firing.is_recovering {
            text.push_str(", recovering: nobody is reminded meanwhile");
        }
        let told = self.told.get(&firing.episode).cloned().unwrap_or_default();
        match (told.operators, told.operators_wait_since) {
            (0, Some(since)) => text.push_str(&format!("; what is owed to operators waits since {}", ago(now, since))),
            (0, None) if firing.baseline && firing.summary.is_none() => {
                text.push_str("; operators learn of it in the summary of this sweep");
            }
            (0, None) => text.push_str("; operators were not told"),
            (times, _) => text.push_str(&format!(
                "; operators were told {times}x, last owed {}",
                ago(now, firing.last_told_at)
            )),
        }
        if firing.repeats >= policy.max_repeats {
            text.push_str(", and are not told again before it ends");
        } else {
            let again = firing.last_told_at.saturating_add(policy.repeat_every);
            let again = again.unwrap_or(Timestamp::MAX).max(now);
            text.push_str(&format!(", and are told again {}", ago(now, again)));
        }
        match firing.client_waits {
            Some(ClientWaits::Confirmation) => {
                text.push_str("; the client is told when a second reading");
                if let Some(due) = confirms_from(firing, self.circumstances.interval) {
                    text.push_str(&format!(", at {} or later,", self.opened.time_and_age(due)));
                }
                text.push_str(" confirms it");
            }
            Some(ClientWaits::CoolDownEnds(end)) => text.push_str(&format!(
                "; the client is told when the cool-down ends, {}",
                ago(now, end.max(now))
            )),
            None if told.client => text.push_str("; the client was told"),
            None if firing.client_told => match told.client_waits_since {
                Some(since) => text.push_str(&format!("; the client's mail waits since {}", ago(now, since))),
                None => text.push_str("; the client could not be told"),
            },
            None => {}
        }
        if firing.clear_readings > 0 {
            text.push_str(&format!(
                "; {} of {} clear readings seen",
                firing.clear_readings, policy.clear_readings
            ));
        }
        text
    }

    fn tells(&self, policy: &Policy) -> Vec<Tells> {
        let recipients = |channel: &ChannelName| -> Vec<String> {
            if channel.is_client() {
                let addresses = addresses(self.watched, self.watched.threshold.as_ref());
                return addresses.into_iter().map(str::to_owned).collect();
            }
            self.rules.channels.get(channel).cloned().unwrap_or_default()
        };
        let tells = policy.notify.iter().map(|channel| Tells {
            channel: channel.clone(),
            recipients: recipients(channel),
        });
        tells.collect()
    }

    /// What becomes of the change that a policy asks for.
    fn enforcement(&self, policy: &Policy, enforce: Enforce, firing: Option<&Firing>) -> EnforcementRow {
        let wanted = enforce.balance_management;
        let row = |decision: Option<&'static str>, reason: String| EnforcementRow {
            wanted,
            revert_on_recovery: enforce.revert_on_recovery,
            decision,
            reason,
        };
        let Some(firing) = firing else {
            return row(None, "asked for while the policy fires".to_owned());
        };
        let planned = self
            .planned
            .decisions
            .iter()
            .find(|(intent, _)| intent.client == self.watched.client.id && intent.wanted == wanted);
        if let Some((intent, decision)) = planned {
            let mut reason = self.planned.reason(self.opened, self.view, intent, decision);
            if intent.policy != policy.name {
                reason.push_str(&format!(" (`{}`, which asks for the same, leads)", intent.policy));
            }
            return row(Some(decision_word(decision)), reason);
        }
        let done = self
            .enforcements
            .iter()
            .find(|done| done.wanted == wanted && (done.episode == firing.episode || done.changed_at >= firing.since));
        match done {
            Some(done) => row(
                None,
                format!("{}, {}", state_text(&done.state), ago(self.opened.now, done.changed_at)),
            ),
            None => row(None, "it waits for the client's next good reading".to_owned()),
        }
    }
}

impl PolicyRow {
    /// The lines of its card: what each is about, the text, how it looks.
    pub(super) fn lines(&self) -> Vec<(&'static str, String, Tone)> {
        let mut lines = Vec::new();
        if let Some(why_not) = &self.why_not {
            lines.push(("not for it", why_not.clone(), Tone::Plain));
        }
        match (self.verdict, &self.reason) {
            (Some(verdict), reason) => {
                let word = verdict.as_str().replace('_', " ");
                let reason = reason.as_deref().unwrap_or_default();
                lines.push(("verdict", format!("{word}: {reason}"), tone(verdict)));
            }
            (None, Some(reason)) => lines.push(("found", reason.clone(), Tone::Plain)),
            (None, None) => {}
        }
        if self.applies || self.state != "inactive" {
            let tone = if self.state == "firing" {
                Tone::Warning
            } else {
                Tone::Plain
            };
            lines.push(("state", self.state_text.clone(), tone));
        }
        if !self.applies {
            return lines;
        }
        if !self.is_builtin {
            let (to_fire, to_clear) = match &self.distance {
                Some(Distance::ToFire(left)) => (format!(" ({} away)", left.for_people()), String::new()),
                Some(Distance::ToClear(left)) => (String::new(), format!(" ({} away)", left.for_people())),
                None => Default::default(),
            };
            lines.push(("fires", format!("when {}{to_fire}", self.fires_when), Tone::Plain));
            lines.push(("clears", format!("when {}{to_clear}", self.clears_when), Tone::Plain));
        }
        lines.push(("tells", self.tells_text(), Tone::Plain));
        if let Some(asked) = &self.enforcement {
            let back = if asked.revert_on_recovery {
                ", and back on recovery"
            } else {
                ""
            };
            let text = format!("asks for {}{back}: {}", asked.wanted, asked.reason);
            lines.push(("enforces", text, Tone::Plain));
        }
        lines
    }

    fn tells_text(&self) -> String {
        let parts: Vec<String> = self
            .tells
            .iter()
            .map(|tells| {
                let recipients = if tells.recipients.is_empty() {
                    "no address, so nobody".to_owned()
                } else {
                    tells.recipients.join(", ")
                };
                format!("{} ({recipients})", tells.channel)
            })
            .collect();
        if parts.is_empty() {
            "nobody: no channel is configured".to_owned()
        } else {
            parts.join("; ")
        }
    }
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Breach => Tone::Bad,
        Verdict::Between | Verdict::Unknown => Tone::Warning,
        Verdict::Clear => Tone::Good,
        Verdict::NotApplicable => Tone::Faint,
    }
}

fn since(alert: &Alert) -> Option<Timestamp> {
    match &alert.phase {
        Phase::Firing(firing) => Some(firing.since),
        Phase::Pending(pending) => Some(pending.since),
        Phase::CoolingDown { .. } => None,
    }
}

/// Why a policy is not for a client; `None` when it is.
fn why_not(selector: &Selector, watched: &Watched) -> Option<String> {
    let client = &watched.client;
    let names = |pattern: &&Pattern| pattern.matches(client.id.as_str(), &client.email, &client.company);
    if let Some(pattern) = selector.exclude.iter().find(names) {
        return Some(format!("`clients.exclude` names it with `{}`", pattern_text(pattern)));
    }
    if !selector.include.is_empty() && !selector.include.iter().any(|pattern| names(&pattern)) {
        return Some("`clients.include` does not name it".to_owned());
    }
    None
}

fn pattern_text(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Id(id) => id.clone(),
        Pattern::Email(pattern) => pattern.clone(),
        Pattern::Company(pattern) => format!("company:{pattern}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Pattern, Selector, Watched, why_not};
    use crate::domain::{Client, ClientId};

    #[test]
    fn a_policy_that_is_not_for_a_client_says_why() {
        let client = Client {
            id: ClientId::new("561115").unwrap(),
            email: "john@internal.example.com".to_owned(),
            company: "Über GmbH".to_owned(),
            firstname: String::new(),
            lastname: String::new(),
            country: String::new(),
            balance_management: String::new(),
            fingerprint: String::new(),
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
                selector.selects("561115", &watched.client.email, &watched.client.company),
                "{name}: as the policy itself selects"
            );
        }
    }
}
