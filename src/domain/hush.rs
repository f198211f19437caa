//! What was decided about alerts, as it holds now: what keeps notifications from being told, and where an alert was
//! escalated to. Pure; silences, acknowledgements and maintenance windows come in as plain values.
//!
//! Never stops a judgement, an enforcement, the end of an episode, or a word about the brake: those are told in any case.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::account_alert::AccountAlert;
use super::alert::EpisodeId;
use super::decision::{Decision, Kind};
use super::notice::Transition;
use super::policy::Selector;
use super::{ChannelName, Client, ClientId, PolicyName};

/// Something that keeps people from being told of alerts while it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hush {
    pub by: HushedBy,
    /// When it was decided, or when the window opened.
    pub since: Timestamp,
    /// It does not hold at this time any more; `None`: it ends with the episode.
    pub until: Option<Timestamp>,
    pub covers: Covers,
}

/// What keeps people from being told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HushedBy {
    /// A person, with the id of the silence.
    Silence { by: String, id: String },
    /// A person who has it in hand.
    Ack { by: String },
    /// A maintenance window.
    Mute { name: PolicyName },
}

impl HushedBy {
    /// The person, or the window.
    #[must_use]
    pub fn who(&self) -> &str {
        match self {
            Self::Silence { by, .. } | Self::Ack { by } => by,
            Self::Mute { name } => name.as_str(),
        }
    }
}

/// Which alerts are meant. What is empty or `None` narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covers {
    pub client: Option<ClientId>,
    pub clients: Selector,
    pub policies: Vec<PolicyName>,
    pub episode: Option<EpisodeId>,
}

impl Covers {
    fn matches(&self, client: &Client, policy: &PolicyName, episode: Option<&EpisodeId>) -> bool {
        self.client.as_ref().is_none_or(|only| *only == client.id)
            && self.episode.as_ref().is_none_or(|only| Some(only) == episode)
            && (self.policies.is_empty() || self.policies.contains(policy))
            && self.clients.selects(client)
    }
}

impl Hush {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it keeps this from being told. An acknowledgement stops what would only say the same again.
    #[must_use]
    pub const fn stops(&self, transition: &Transition) -> bool {
        match transition {
            Transition::Repeated { .. } | Transition::StillFires => true,
            Transition::Fired { .. }
            | Transition::ClientDue
            | Transition::UsedUp
            | Transition::News
            | Transition::Escalated { .. } => !matches!(self.by, HushedBy::Ack { .. }),
            Transition::Resolved
            | Transition::Withdrawn { .. }
            | Transition::Acknowledged { .. }
            | Transition::Digest(_)
            | Transition::Enforced { .. } => false,
        }
    }
}

impl fmt::Display for Hush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            HushedBy::Silence { by, id } => write!(f, "silenced by {by} ({id})")?,
            HushedBy::Ack { by } => write!(f, "acknowledged by {by}")?,
            HushedBy::Mute { name } => write!(f, "muted by {name}")?,
        }
        match self.until {
            Some(until) => write!(f, " until {until:.0}"),
            None => Ok(()),
        }
    }
}

/// No decision holds.
pub static NOTHING: Hushes = Hushes {
    wide: Vec::new(),
    acks: BTreeMap::new(),
    escalated: BTreeMap::new(),
};

/// All that was decided about the alerts of an account and holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hushes {
    /// Silences and maintenance windows.
    wide: Vec<Hush>,
    acks: BTreeMap<EpisodeId, Hush>,
    escalated: BTreeMap<EpisodeId, BTreeMap<ChannelName, Timestamp>>,
}

impl Hushes {
    /// What `decisions` and the windows that are open come to at `now`. Of several acknowledgements of an episode the one
    /// counts that holds longest.
    #[must_use]
    pub fn new(decisions: &[Decision], mutes: &[Hush], now: Timestamp) -> Self {
        let mut hushes = Self::default();
        for decision in decisions.iter().filter(|decision| decision.in_force(now)) {
            match (decision.kind, &decision.scope.episode) {
                (Kind::Silence, _) => hushes.wide.push(hush(decision)),
                (Kind::Ack, Some(episode)) => {
                    let ack = hush(decision);
                    let known = hushes.acks.entry(episode.clone()).or_insert_with(|| ack.clone());
                    if end(known) < end(&ack) {
                        *known = ack;
                    }
                }
                (Kind::Escalation, Some(episode)) => {
                    if let Some(channel) = &decision.scope.channel {
                        let to = hushes.escalated.entry(episode.clone()).or_default();
                        to.insert(channel.clone(), decision.at);
                    }
                }
                _ => {}
            }
        }
        hushes
            .wide
            .extend(mutes.iter().filter(|mute| mute.in_force(now)).cloned());
        hushes
    }

    /// Everything that hushes an alert at `now`. `episode`: the one that runs or begins.
    pub fn on<'a>(
        &'a self,
        client: &Client,
        policy: &PolicyName,
        episode: Option<&EpisodeId>,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Hush> {
        let ack = episode.and_then(|episode| self.acks.get(episode));
        self.wide.iter().chain(ack).filter(move |hush| {
            hush.covers.matches(client, policy, episode) && !is_told_in_any_case(policy) && hush.in_force(now)
        })
    }

    /// What keeps a transition from being told at `now`: of several the one that holds longest; `None`: it is told.
    #[must_use]
    pub fn over(
        &self,
        client: &Client,
        policy: &PolicyName,
        episode: &EpisodeId,
        transition: &Transition,
        now: Timestamp,
    ) -> Option<&Hush> {
        self.on(client, policy, Some(episode), now)
            .filter(|hush| hush.stops(transition))
            .max_by_key(|hush| end(hush))
    }

    /// The channels to which an episode was escalated, and when.
    pub fn escalated(&self, episode: &EpisodeId) -> impl Iterator<Item = (&ChannelName, Timestamp)> {
        let channels = self.escalated.get(episode).into_iter().flatten();
        channels.map(|(channel, at)| (channel, *at))
    }

    /// The acknowledgement of an episode that holds.
    #[must_use]
    pub fn ack(&self, episode: &EpisodeId) -> Option<&Hush> {
        self.acks.get(episode)
    }
}

/// Alerts that nobody can hush: somebody must know that nothing is enforced, and why.
#[must_use]
pub fn is_told_in_any_case(policy: &PolicyName) -> bool {
    matches!(
        AccountAlert::of(policy.as_str()),
        Some(AccountAlert::Brake | AccountAlert::ReadBack)
    )
}

/// What ends with the episode holds longest.
fn end(hush: &Hush) -> Timestamp {
    hush.until.unwrap_or(Timestamp::MAX)
}

fn hush(decision: &Decision) -> Hush {
    let by = decision.by.clone();
    let id = decision.id.clone();
    Hush {
        by: match decision.kind {
            Kind::Ack => HushedBy::Ack { by },
            _ => HushedBy::Silence { by, id },
        },
        since: decision.at,
        until: decision.until,
        covers: Covers {
            client: decision.scope.client.clone(),
            clients: Selector::default(),
            policies: Vec::from_iter(decision.scope.policy.clone()),
            episode: decision.scope.episode.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Covers, Hush, HushedBy, Hushes};
    use crate::domain::alert::EpisodeId;
    use crate::domain::decision::{BY_PERSON, Decision, Kind, Scope};
    use crate::domain::notice::{Transition, Withdrawal};
    use crate::domain::policy::{Pattern, Selector};
    use crate::domain::testing::{at, record};
    use crate::domain::{AccountName, ChannelName, ClientId, PolicyName};

    fn policy(name: &str) -> PolicyName {
        PolicyName::new(name).unwrap()
    }

    fn episode(client: &str) -> EpisodeId {
        let account = AccountName::new("main").unwrap();
        EpisodeId::new(&account, &ClientId::new(client).unwrap(), &policy("low"), at(0))
    }

    fn decision(kind: Kind, by: &str, until: Option<i64>, scope: Scope) -> Decision {
        let account = AccountName::new("main").unwrap();
        Decision {
            id: format!("{by}-1"),
            kind,
            by: by.to_owned(),
            until: until.map(at),
            scope,
            ..Decision::brake(account, BY_PERSON, "why".to_owned(), at(0))
        }
    }

    fn of_client(id: &str) -> Scope {
        Scope {
            client: Some(ClientId::new(id).unwrap()),
            ..Scope::default()
        }
    }

    fn of_policy(name: &str) -> Scope {
        Scope {
            policy: Some(policy(name)),
            ..Scope::default()
        }
    }

    fn of_episode(client: &str) -> Scope {
        Scope {
            episode: Some(episode(client)),
            ..of_client(client)
        }
    }

    fn mute(until: i64, clients: Selector) -> Hush {
        Hush {
            by: HushedBy::Mute { name: policy("window") },
            since: at(0),
            until: Some(at(until)),
            covers: Covers {
                clients,
                ..Covers::default()
            },
        }
    }

    /// What keeps the alert `low` of client 1 from being told of a transition, in words.
    fn over(hushes: &Hushes, transition: &Transition, now: Timestamp) -> Option<String> {
        let over = hushes.over(&record("1"), &policy("low"), &episode("1"), transition, now);
        over.map(ToString::to_string)
    }

    #[test]
    fn it_covers_what_it_names_for_as_long_as_it_holds() {
        let fired = Transition::Fired { relapse: false };
        let silence = |scope, until| vec![decision(Kind::Silence, "alice", Some(until), scope)];
        let told = |words: &str| Some(words.to_owned());
        let alice = || told("silenced by alice (alice-1) until 2023-11-14T22:15:00Z");
        let both = Scope {
            policy: Some(policy("low")),
            ..of_client("1")
        };
        for (name, decisions, now, expected) in [
            ("nothing was decided", vec![], 0, None),
            ("the client", silence(of_client("1"), 100), 99, alice()),
            ("at its end", silence(of_client("1"), 100), 100, None),
            ("another client", silence(of_client("2"), 100), 0, None),
            ("the policy", silence(of_policy("low"), 100), 0, alice()),
            ("another policy", silence(of_policy("gone"), 100), 0, None),
            ("both", silence(both.clone(), 100), 0, alice()),
            (
                "an acknowledgement stops no first word",
                vec![decision(Kind::Ack, "bob", None, of_episode("1"))],
                0,
                None,
            ),
        ] {
            let hushes = Hushes::new(&decisions, &[], at(0));
            assert_eq!(over(&hushes, &fired, at(now)), expected, "{name}");
        }
        let acme = Selector {
            include: vec![Pattern::parse("1@*")],
            exclude: vec![],
        };
        let others = Selector {
            include: vec![],
            exclude: vec![Pattern::parse("1@*")],
        };
        for (name, clients, expected) in [
            (
                "all clients",
                Selector::default(),
                told("muted by window until 2023-11-14T22:14:10Z"),
            ),
            (
                "those like it",
                acme,
                told("muted by window until 2023-11-14T22:14:10Z"),
            ),
            ("others", others, None),
        ] {
            let hushes = Hushes::new(&[], &[mute(50, clients)], at(0));
            assert_eq!(over(&hushes, &fired, at(10)), expected, "{name}");
        }
    }

    #[test]
    fn each_stops_what_it_is_for_and_never_an_end() {
        let transitions = [
            Transition::Fired { relapse: false },
            Transition::ClientDue,
            Transition::Repeated { repeat: 1 },
            Transition::News,
            Transition::UsedUp,
            Transition::StillFires,
            Transition::Resolved,
            Transition::Withdrawn {
                why: Withdrawal::PolicyRemoved,
            },
            Transition::Acknowledged { by: "bob".to_owned() },
        ];
        let stopped = |decision: Decision| {
            let hushes = Hushes::new(&[decision], &[], at(0));
            transitions
                .iter()
                .filter(|transition| over(&hushes, transition, at(1)).is_some())
                .map(Transition::label)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            stopped(decision(Kind::Silence, "alice", Some(100), of_client("1"))),
            ["fired", "client-due", "repeated-1", "news", "used-up", "still-fires"]
        );
        assert_eq!(
            stopped(decision(Kind::Ack, "bob", None, of_episode("1"))),
            ["repeated-1", "still-fires"]
        );
    }

    #[test]
    fn the_one_that_holds_longest_is_named_and_nothing_hushes_the_brake() {
        let ack = |by, until| decision(Kind::Ack, by, until, of_episode("1"));
        let silence = |until| decision(Kind::Silence, "alice", Some(until), Scope::default());
        let repeated = Transition::Repeated { repeat: 1 };
        for (name, decisions, expected) in [
            (
                "two acknowledgements",
                vec![ack("bob", None), ack("eve", Some(50))],
                "acknowledged by bob",
            ),
            (
                "in another order",
                vec![ack("eve", Some(50)), ack("bob", None)],
                "acknowledged by bob",
            ),
            (
                "and a silence",
                vec![ack("eve", Some(50)), silence(60)],
                "silenced by alice (alice-1) until 2023-11-14T22:14:20Z",
            ),
        ] {
            let hushes = Hushes::new(&decisions, &[mute(20, Selector::default())], at(0));
            assert_eq!(over(&hushes, &repeated, at(1)).as_deref(), Some(expected), "{name}");
        }
        let hushes = Hushes::new(&[silence(60)], &[mute(60, Selector::default())], at(0));
        for (name, expected) in [("brake", 0), ("read-back", 0), ("upstream", 2), ("low", 2)] {
            let (client, policy) = (record("account"), policy(name));
            assert_eq!(hushes.on(&client, &policy, None, at(1)).count(), expected, "{name}");
        }
    }

    #[test]
    fn where_an_episode_was_escalated_to_is_remembered() {
        let phone = ChannelName::new("phone").unwrap();
        let scope = Scope {
            channel: Some(phone.clone()),
            ..of_episode("1")
        };
        let hushes = Hushes::new(&[decision(Kind::Escalation, "balancewatch", None, scope)], &[], at(0));
        assert_eq!(hushes.escalated(&episode("1")).collect::<Vec<_>>(), [(&phone, at(0))]);
        assert_eq!(hushes.escalated(&episode("2")).count(), 0);
        assert_eq!(over(&hushes, &Transition::Fired { relapse: false }, at(0)), None);
    }
}
