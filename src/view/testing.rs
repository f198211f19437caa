//! Short ways to write what the tests of the view are about.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::page::{Block, Page};
use super::snapshot::Snapshot;
use super::words::Now;
use crate::domain::alert::{Alert, EpisodeId, Firing, Pending, Phase};
use crate::domain::enforcement::{Enforcement, EnforcementState, Mode};
use crate::domain::judge::rules::Rules;
use crate::domain::kept::{AccountView, Warnings};
use crate::domain::plan::Guards;
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::testing::{self, money};
use crate::domain::watch::{AccountState, Watched};
use crate::domain::{AccountName, Client, ClientId, PolicyName};

/// So many seconds from now.
pub fn at(secs: i64) -> Timestamp {
    crate::domain::testing::at(secs)
}

/// The time of all tests.
pub fn now() -> Now {
    Now {
        at: at(0),
        zone: TimeZone::UTC,
    }
}

/// An account of which nothing is known: a sweep every 5 minutes, 60 calls a minute, mode observe.
pub fn snapshot() -> Snapshot {
    Snapshot {
        now: now(),
        rules: Rules {
            account: AccountName::new("main").unwrap(),
            currency: "USD".to_owned(),
            policies: Vec::new(),
            channels: BTreeMap::new(),
            default_threshold: None,
            mode: Mode::Observe,
            triggers: testing::triggers(),
            zone: TimeZone::UTC,
            mutes: Vec::new(),
        },
        guards: Guards {
            canary_wait: SignedDuration::ZERO,
            ..testing::guards(Mode::Observe, 3, 20)
        },
        warnings: Warnings::new(),
        rate_per_minute: 60,
        schedule_interval: SignedDuration::from_mins(5),
        kept: AccountView {
            state: AccountState::default(),
            clients: Vec::new(),
            alerts: Vec::new(),
            decisions: Vec::new(),
            enforcements: Vec::new(),
        },
        told: BTreeMap::new(),
        cannot_be_told: BTreeMap::new(),
    }
}

/// A client that nothing is known of but who it is.
pub fn watched(id: &str) -> Watched {
    let client = Client {
        email: "john@example.com".to_owned(),
        company: "Acme".to_owned(),
        ..Client::unknown(ClientId::new(id).unwrap())
    };
    Watched::new(client, at(-86_400))
}

/// A page as text, a line for each line, fact and row.
pub fn text(page: &Page) -> String {
    let mut text = String::new();
    for block in &page.0 {
        match block {
            Block::Line(line) => text += &format!("{line}\n"),
            Block::Gap => text += "\n",
            Block::Card(card) => {
                for (label, cells) in &card.facts {
                    let cells: Vec<&str> = cells.iter().map(|cell| &*cell.text).collect();
                    text += &format!("{label}: {}\n", cells.join(" | "));
                }
            }
            Block::Table(table) => {
                for row in &table.rows {
                    let cells: Vec<&str> = row.iter().map(|cell| &*cell.text).collect();
                    text += &format!("{}\n", cells.join(" | "));
                }
            }
        }
    }
    text
}

/// An alert of `low` for this client that has fired for two hours, and was told an hour ago.
pub fn firing(client: &str) -> Alert {
    let (client, policy, since) = (ClientId::new(client).unwrap(), low(), at(-7_200));
    let episode = EpisodeId::new(&AccountName::new("main").unwrap(), &client, &policy, since);
    let firing = Firing {
        last_told_at: at(-3_600),
        last_reading_at: Some(at(-60)),
        ..Firing::new(episode, since, Mode::Observe)
    };
    alert(client, Phase::Firing(firing))
}

/// An alert of `low` for this client that has been in breach for five minutes.
pub fn pending(client: &str) -> Alert {
    let pending = Pending {
        since: at(-300),
        last_breach_at: at(-60),
        baseline: false,
        resolved_at: None,
        relapses: 0,
    };
    alert(ClientId::new(client).unwrap(), Phase::Pending(pending))
}

fn alert(client: ClientId, phase: Phase) -> Alert {
    let finding = Finding {
        measure: Measure::Balance,
        value: money("8.0588"),
        relation: Relation::Below,
        limit: money("10"),
        limit_text: Some("threshold".to_owned()),
    };
    Alert {
        client,
        policy: low(),
        condition: String::new(),
        phase,
        reason: Reason::Limits {
            findings: vec![finding],
        },
    }
}

fn low() -> PolicyName {
    PolicyName::new("low").unwrap()
}

/// A change to HARD that `low` asked for.
pub fn enforcement(state: EnforcementState) -> Enforcement {
    let client = ClientId::new("561115").unwrap();
    let account = AccountName::new("main").unwrap();
    let episode = EpisodeId::new(&account, &client, &low(), at(-7_200));
    Enforcement {
        account,
        client,
        policy: low(),
        balance: money("-0.5"),
        planned_at: at(-600),
        state,
        changed_at: at(-500),
        ..testing::enforcement(episode)
    }
}
