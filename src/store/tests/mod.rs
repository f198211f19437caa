//! The story that every engine must tell alike, and what is SQLite's own. `Fresh` is where another engine joins:
//! everything in `story`, `queue`, `history`, `pace` and `texts` is told to a [`Store`] and names no engine.

mod crash;
mod history;
mod open;
mod pace;
mod place;
mod queue;
mod scale;
mod set_back;
mod story;
mod texts;

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::{Access, Store};
use crate::domain::alert::{Alert, ClientWaits, EpisodeId, Firing, Pending, Phase};
use crate::domain::enforcement::{Direction, Enforcement, EnforcementState, Mode};
use crate::domain::notice::{Facts, Message, MessageKind, NoticeState, Notification, Transition};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::watch::Watched;
use crate::domain::{
    AccountName, ChannelName, Client, ClientId, Management, Money, PolicyName, Reading, Severity, Threshold,
};

/// An empty store of its own, and the folder it lives in.
struct Fresh {
    store: Store,
    folder: tempfile::TempDir,
}

impl Fresh {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db"), Access::Daemon)
            .await
            .unwrap();
        Self { store, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }
}

fn account() -> AccountName {
    AccountName::new("main").unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn client_id(text: &str) -> ClientId {
    ClientId::new(text).unwrap()
}

fn policy(text: &str) -> PolicyName {
    PolicyName::new(text).unwrap()
}

/// `secs` after a moment with nanoseconds, which must come back.
fn at(secs: i64) -> Timestamp {
    let start: Timestamp = "2026-11-23T10:00:00.123456789Z".parse().unwrap();
    start + SignedDuration::from_secs(secs)
}

fn reading(balance: &str, secs: i64) -> Reading {
    Reading {
        balance: money(balance),
        spent_today: Some(money("0.0588")),
        spent_total: None,
        at: at(secs),
    }
}

fn watched(id: &str) -> Watched {
    let client = Client {
        id: client_id(id),
        email: format!("{id}@example.com"),
        company: "Über \"GmbH\" & O'Neil".to_owned(),
        firstname: "Zoë".to_owned(),
        lastname: "李".to_owned(),
        country: "CANADA".to_owned(),
        balance_management: "2".to_owned(),
        fingerprint: "f00d".to_owned(),
    };
    Watched {
        reading: Some(reading("8.0588", 10)),
        previous: Some(reading("-0.00000001", 5)),
        threshold: Some(Threshold {
            amount: Some(money("10")),
            email: None,
            at: at(1),
        }),
        first_attempt_at: Some(at(0)),
        last_attempt_at: Some(at(10)),
        judged: "low-balance,overdrawn,".into(),
        edited_at: Some(at(3)),
        ..Watched::new(client, at(0))
    }
}

fn episode(id: &str, secs: i64) -> EpisodeId {
    EpisodeId::new(&account(), &client_id(id), &policy("low-balance"), at(secs))
}

fn reason() -> Reason {
    Reason::Limits {
        findings: vec![Finding {
            measure: Measure::Balance,
            value: money("8.0588"),
            relation: Relation::Below,
            limit: money("10"),
            limit_text: Some("threshold".to_owned()),
        }],
    }
}

fn firing(id: &str) -> Alert {
    Alert {
        client: client_id(id),
        policy: policy("low-balance"),
        condition: "balance_below = \"threshold\"".to_owned(),
        phase: Phase::Firing(Firing {
            baseline: true,
            confirmed: false,
            repeats: 2,
            client_waits: Some(ClientWaits::CoolDownEnds(at(99))),
            clear_readings: 1,
            clear_since: Some(at(12)),
            last_reading_at: Some(at(10)),
            over_on: Some(jiff::civil::date(2026, 11, 22)),
            ..Firing::new(episode(id, 10), at(10), Mode::Apply)
        }),
        reason: reason(),
    }
}

fn pending(id: &str) -> Alert {
    Alert {
        phase: Phase::Pending(Pending {
            since: at(1),
            last_breach_at: at(2),
            baseline: false,
            resolved_at: None,
            relapses: 0,
        }),
        ..firing(id)
    }
}

fn facts() -> Facts {
    Facts {
        label: "Über \"GmbH\"".to_owned(),
        currency: "USD".to_owned(),
        reading: Some(reading("8.0588", 10)),
        threshold: None,
        reason: reason(),
        since: at(10),
        management: None,
        ending: None,
        enforcement: None,
        country: "CANADA".to_owned(),
        runbook_url: None,
        account: None,
    }
}

/// A notification of the client's episode to `recipient`, carried by `message`.
fn notification(id: &str, client: &str, message: Option<&str>) -> Notification {
    Notification {
        id: id.to_owned(),
        account: account(),
        client: client_id(client),
        policy: policy("low-balance"),
        episode: episode(client, 10),
        transition: Transition::Fired { relapse: false },
        severity: Severity::Warning,
        channel: ChannelName::new("ops").unwrap(),
        recipient: "noc@example.com".to_owned(),
        facts: facts(),
        created_at: at(10),
        message: message.map(str::to_owned),
        state: NoticeState::Pending,
    }
}

/// A message of `thread`, due at once.
fn message(id: &str, thread: &str) -> Message {
    Message {
        id: id.to_owned(),
        account: account(),
        channel: ChannelName::new("ops").unwrap(),
        recipient: "noc@example.com".to_owned(),
        thread: thread.to_owned(),
        kind: MessageKind::Single,
        created_at: at(10),
        not_before: at(10),
        deadline: at(86_410),
        paced: None,
        attempts: 0,
        next_at: at(10),
        state: NoticeState::Pending,
        receipt: None,
    }
}

fn enforcement(id: &str, client: &str, state: EnforcementState, changed_secs: i64) -> Enforcement {
    Enforcement {
        id: id.to_owned(),
        account: account(),
        client: client_id(client),
        policy: policy("low-balance"),
        episode: episode(client, 10),
        direction: Direction::Enforce,
        wanted: Management::Hard,
        balance: money("-3.5"),
        planned_at: at(20),
        state,
        changed_at: at(changed_secs),
        code_before: Some("2".to_owned()),
        code_sent: None,
        fingerprint_before: Some("f00d".to_owned()),
        fingerprint_after: None,
        before_image: Some("{\"company\":\"Zoë \\u0000\"}".to_owned()),
        window_ms: Some(12),
        settle_at: Some(at(50)),
        asked_at: Some(at(40)),
        waited: 3,
        told: ["waiting-brake".to_owned()].into(),
    }
}
