//! Short ways to write what the tests of the view are about.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::page::{Block, Page};
use super::snapshot::Snapshot;
use super::words::Now;
use crate::domain::enforcement::Mode;
use crate::domain::kept::AccountView;
use crate::domain::plan::{Caps, Guards};
use crate::domain::watch::{AccountState, Watched};
use crate::domain::{AccountName, Client, ClientId};
use crate::monitor::decide::Rules;

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
            zone: TimeZone::UTC,
        },
        guards: Guards {
            mode: Mode::Observe,
            protect: [].into(),
            caps: Caps {
                per_sweep: 3,
                per_day: 20,
            },
        },
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
        id: ClientId::new(id).unwrap(),
        email: "john@example.com".to_owned(),
        company: "Acme".to_owned(),
        firstname: String::new(),
        lastname: String::new(),
        country: String::new(),
        balance_management: String::new(),
        fingerprint: String::new(),
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
