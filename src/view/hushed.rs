//! What keeps people from being told of an alert now: who silenced or acknowledged it, which window mutes it, until when.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::page::{Page, Shown, Table};
use super::words::Now;
use crate::domain::alert::EpisodeId;
use crate::domain::decision::Decision;
use crate::domain::hush::{Hush, HushedBy, Hushes};
use crate::domain::{AccountName, Client, ClientId, PolicyName};

/// By whom, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "HushedBy")]
pub struct By {
    /// A person, or the name of a window.
    pub by: String,
    /// `None`: until the alert ends.
    pub until: Option<Timestamp>,
}

/// Of each kind the one that holds longest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Hushed {
    pub silenced_by: Option<By>,
    pub acked_by: Option<By>,
    pub muted_by: Option<By>,
}

impl Hushed {
    /// What hushes an alert of this client and policy. `episode`: the one that runs.
    pub fn of(
        hushes: &Hushes,
        client: &Client,
        policy: &PolicyName,
        episode: Option<&EpisodeId>,
        now: Timestamp,
    ) -> Self {
        let mut hushed = Self::default();
        for Hush { by, until, .. } in hushes.on(client, policy, episode, now) {
            let place = match by {
                HushedBy::Silence { .. } => &mut hushed.silenced_by,
                HushedBy::Ack { .. } => &mut hushed.acked_by,
                HushedBy::Mute { .. } => &mut hushed.muted_by,
            };
            let end = |until: Option<Timestamp>| until.unwrap_or(Timestamp::MAX);
            if place.as_ref().is_none_or(|known| end(known.until) < end(*until)) {
                *place = Some(By {
                    by: by.who().to_owned(),
                    until: *until,
                });
            }
        }
        hushed
    }

    /// Each in a few words.
    pub fn words(&self, now: &Now) -> Vec<String> {
        [
            ("silenced", &self.silenced_by),
            ("acknowledged", &self.acked_by),
            ("muted", &self.muted_by),
        ]
        .into_iter()
        .filter_map(|(word, by)| by.as_ref().map(|by| (word, by)))
        .map(|(word, By { by, until })| match until {
            Some(until) => format!("{word} by {by}, ends {}", now.until(*until)),
            None => format!("{word} by {by}"),
        })
        .collect()
    }

    /// What is not told meanwhile, in a sentence; `None`: everything is told.
    pub fn sentence(&self, now: &Now) -> Option<String> {
        let words = self.words(now);
        if words.is_empty() {
            return None;
        }
        let what = if self.silenced_by.is_some() || self.muted_by.is_some() {
            "nobody is told that it fires or still fires; what fires on is told when this ends"
        } else {
            "nobody is reminded, and it goes to no further channel"
        };
        Some(format!(
            "{}: {what}. Its end is told, and enforcement goes on",
            words.join("; ")
        ))
    }
}

/// A silence, as people and scripts see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SilenceRow {
    pub id: String,
    pub account: AccountName,
    /// `None`: all.
    pub client: Option<ClientId>,
    /// `None`: all.
    pub policy: Option<PolicyName>,
    pub by: String,
    pub comment: String,
    since: Timestamp,
    pub until: Option<Timestamp>,
}

impl From<&Decision> for SilenceRow {
    fn from(decision: &Decision) -> Self {
        Self {
            id: decision.id.clone(),
            account: decision.account.clone(),
            client: decision.scope.client.clone(),
            policy: decision.scope.policy.clone(),
            by: decision.by.clone(),
            comment: decision.note.clone(),
            since: decision.at,
            until: decision.until,
        }
    }
}

impl SilenceRow {
    /// When it ends, on the clock and from now.
    pub fn ends(&self, now: &Now) -> String {
        self.until
            .map(|until| format!("{} ({})", now.minute(until), now.until(until)))
            .unwrap_or_default()
    }

    /// Which alerts it is about.
    pub fn about(&self) -> String {
        match (&self.client, &self.policy) {
            (Some(client), Some(policy)) => format!("{policy} of client {client}"),
            (Some(client), None) => format!("client {client}"),
            (None, Some(policy)) => format!("{policy} of all clients"),
            (None, None) => "everything".to_owned(),
        }
    }
}

/// The silences that hold, those that end first at the top.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Silences {
    rows: Vec<SilenceRow>,
    #[serde(skip)]
    with_account: bool,
}

impl Silences {
    /// `with_account`: whether a row says whose it is.
    pub fn new(mut rows: Vec<SilenceRow>, with_account: bool) -> Self {
        rows.sort_by_key(|row| row.until);
        Self { rows, with_account }
    }
}

impl Shown for Silences {
    fn page(&self, now: &Now) -> Page {
        let mut titles = vec!["id", "client", "policy", "by", "ends", "comment"];
        if self.with_account {
            titles.insert(1, "account");
        }
        let mut table = Table::new(&titles);
        for row in &self.rows {
            let mut cells = vec![
                row.id.clone(),
                row.client
                    .as_ref()
                    .map_or_else(|| "all".to_owned(), ToString::to_string),
                row.policy
                    .as_ref()
                    .map_or_else(|| "all".to_owned(), ToString::to_string),
                row.by.clone(),
                row.ends(now),
                row.comment.clone(),
            ];
            if self.with_account {
                cells.insert(1, row.account.to_string());
            }
            table.row(cells);
        }
        let mut page = Page::default();
        page.table_or(table, "nothing is silenced");
        page
    }
}

/// An alert that somebody acknowledged.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AckRow {
    account: AccountName,
    client: Option<ClientId>,
    policy: Option<PolicyName>,
    episode: Option<EpisodeId>,
    by: String,
    comment: String,
    since: Timestamp,
    /// `None`: until the alert ends.
    until: Option<Timestamp>,
}

impl From<&Decision> for AckRow {
    fn from(decision: &Decision) -> Self {
        Self {
            account: decision.account.clone(),
            client: decision.scope.client.clone(),
            policy: decision.scope.policy.clone(),
            episode: decision.scope.episode.clone(),
            by: decision.by.clone(),
            comment: decision.note.clone(),
            since: decision.at,
            until: decision.until,
        }
    }
}

/// What was acknowledged together.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Acked(pub Vec<AckRow>);

impl Shown for Acked {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        for row in &self.0 {
            let policy = row.policy.as_ref().map(PolicyName::as_str).unwrap_or_default();
            let client = row.client.as_ref().map(ClientId::as_str).unwrap_or_default();
            let until = row.until.map_or_else(
                || "until it ends".to_owned(),
                |until| format!("until it ends, or {} ({})", now.clock(until), now.until(until)),
            );
            page.line(format!(
                "{policy} of client {client} is acknowledged by {} {until}",
                row.by
            ));
        }
        page.line(
            "nobody is reminded meanwhile, and it goes to no further channel; its end is told. Enforcement and the alerts about \
             the brake go on",
        );
        page
    }
}

#[cfg(test)]
mod tests {
    use super::{Hushed, SilenceRow, Silences};
    use crate::domain::decision::{BY_PERSON, Decision, Kind, Scope};
    use crate::domain::hush::Hushes;
    use crate::domain::testing::record;
    use crate::domain::{AccountName, ClientId, PolicyName};
    use crate::view::page::Shown;
    use crate::view::testing::{at, firing, now, text};

    fn silence(by: &str, until: i64, client: Option<&str>, policy: Option<&str>) -> Decision {
        let account = AccountName::new("main").unwrap();
        Decision {
            id: format!("s-{by}"),
            kind: Kind::Silence,
            by: by.to_owned(),
            until: Some(at(until)),
            scope: Scope {
                client: client.map(|id| ClientId::new(id).unwrap()),
                policy: policy.map(|name| PolicyName::new(name).unwrap()),
                ..Scope::default()
            },
            ..Decision::brake(account, BY_PERSON, "moving house".to_owned(), at(-60))
        }
    }

    #[test]
    fn of_each_kind_the_longest_is_named_with_its_end() {
        let alert = firing("1");
        let episode = alert.firing().unwrap().episode.clone();
        let mut ack = silence("bob", 0, Some("1"), Some("low"));
        (ack.kind, ack.until, ack.scope.episode) = (Kind::Ack, None, Some(episode.clone()));
        let silences = || {
            vec![
                silence("eve", 3_600, Some("1"), None),
                silence("alice", 7_200, None, Some("low")),
            ]
        };
        let told = "Its end is told, and enforcement goes on";
        for (name, decisions, expected) in [
            ("nothing", vec![], None),
            (
                "acknowledged",
                vec![ack.clone()],
                Some(format!(
                    "acknowledged by bob: nobody is reminded, and it goes to no further channel. {told}"
                )),
            ),
            (
                "silenced twice, and acknowledged",
                [silences(), vec![ack]].concat(),
                Some(format!(
                    "silenced by alice, ends in 2h; acknowledged by bob: nobody is told that it fires or still fires; what \
                     fires on is told when this ends. {told}"
                )),
            ),
        ] {
            let hushes = Hushes::new(&decisions, &[], at(0));
            let hushed = Hushed::of(&hushes, &record("1"), &alert.policy, Some(&episode), at(0));
            assert_eq!(hushed.sentence(&now()), expected, "{name}");
        }
    }

    #[test]
    fn silences_are_listed_by_their_end() {
        let rows = vec![
            SilenceRow::from(&silence("alice", 7_200, None, Some("low"))),
            SilenceRow::from(&silence("bob", 3_600, Some("1"), None)),
        ];
        assert_eq!(
            text(&Silences::new(rows, false).page(&now())),
            "s-bob | 1 | all | bob | 2023-11-14 23:13 (in 1h) | moving house\n\
             s-alice | all | low | alice | 2023-11-15 00:13 (in 2h) | moving house\n"
        );
        assert_eq!(
            text(&Silences::new(vec![], false).page(&now())),
            "nothing is silenced\n"
        );
    }
}
