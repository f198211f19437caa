//! A crash between any two statements of a commit leaves nothing of it behind; one after COMMIT leaves all of it.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;

use super::{
    Fresh, account, at, client_id, enforcement, firing, message, money, notification, pending, policy, reading, watched,
};
use crate::domain::decision::{BY_DATA, Decision};
use crate::domain::enforcement::{EnforcementState, EnforcementStep};
use crate::domain::notice::{Attempt, AttemptOutcome, NoticeState};
use crate::domain::set_back::SetBack;
use crate::domain::watch::AccountState;
use crate::store::{
    AccountView, Commit, Counts, Course, Error, Filter, HistoryEntry, Hook, Kept, NoticeRecord, Seen, Step, Store,
};

/// What was there before.
fn before() -> Commit {
    let mut commit = Commit::new(account(), at(1));
    commit.clients = vec![watched("561115")];
    commit.history = vec![entry(1, "8")];
    commit.alerts = vec![pending("561115"), pending("561116")];
    commit.messages = vec![message("m1", "e1")];
    commit.notifications = vec![
        notification("n1", "561115", Some("m1")),
        notification("n2", "561115", None),
    ];
    commit.enforcements = vec![enforcement("x1", "561115", EnforcementState::Planned, 1)];
    commit
}

/// A commit that has something for every statement.
fn everything() -> Commit {
    let mut commit = Commit::new(account(), at(2));
    commit.set_back = Some(SetBack {
        now: at(0),
        by: SignedDuration::from_secs(1),
    });
    commit.state = Some(AccountState {
        inventory_size: 2,
        ..AccountState::default()
    });
    let mut changed = watched("561115");
    changed.reading = Some(reading("7", 2));
    changed.client.company = "Renamed".to_owned();
    commit.clients = vec![changed, watched("561117")];
    commit.history = vec![entry(2, "7")];
    commit.alerts = vec![firing("561115")];
    commit.alerts_gone = vec![(client_id("561116"), policy("low-balance"))];
    let mut sent = message("m1", "e1");
    sent.state = NoticeState::Delivered;
    commit.messages = vec![sent, message("m2", "e2")];
    commit.notifications = vec![notification("n3", "561117", Some("m2"))];
    commit.notices_into = vec![("n2".to_owned(), "m2".to_owned())];
    commit.letters_announced = vec!["m2".to_owned()];
    commit.notices_of_messages = vec![("m1".to_owned(), NoticeState::Delivered)];
    commit.attempts = vec![Attempt {
        message: "m1".to_owned(),
        number: 1,
        at: at(2),
        outcome: AttemptOutcome::Delivered,
        detail: "250 ok".to_owned(),
    }];
    commit.enforcements = vec![enforcement("x1", "561115", EnforcementState::Sent, 2)];
    commit.steps = vec![EnforcementStep {
        enforcement: "x1".to_owned(),
        number: 1,
        at: at(2),
        step: "sent".to_owned(),
        detail: String::new(),
    }];
    commit.decisions = vec![Decision::brake(account(), BY_DATA, String::new(), at(2))];
    commit
}

fn entry(secs: i64, balance: &str) -> HistoryEntry {
    HistoryEntry {
        client: client_id("561115"),
        at: at(secs),
        seen: Seen::Reading {
            balance: money(balance),
            spent_today: None,
            threshold: None,
        },
    }
}

/// Everything that can be seen of the store.
async fn seen(store: &Store) -> (AccountView, Vec<Kept>, Vec<Option<NoticeRecord>>, Vec<String>, Counts) {
    let filter = Filter::newest(account(), 100);
    let mut records = Vec::new();
    for notice in store.notifications(&filter).await.unwrap() {
        records.push(store.notification(&notice.id).await.unwrap());
    }
    let due = store.due_messages(at(1_000), 100).await.unwrap();
    let steps = store.enforcement("x1").await.unwrap().unwrap().steps;
    (
        store.load(&account()).await.unwrap(),
        store.history(&account(), &client_id("561115"), 100).await.unwrap(),
        records,
        due.into_iter()
            .map(|(message, _)| message.id)
            .chain(steps.into_iter().map(|step| step.step))
            .collect(),
        store.counts(&account()).await.unwrap(),
    )
}

/// A hook that writes down the steps, and stops at the one with this number.
fn stopping_at(number: usize) -> (Hook, Arc<Mutex<Vec<Step>>>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let hook: Hook = {
        let steps = Arc::clone(&steps);
        Arc::new(move |step| {
            if matches!(step, Step::Operation(_)) {
                return Course::GoOn;
            }
            let mut steps = steps.lock().unwrap();
            steps.push(step);
            if steps.len() <= number {
                Course::GoOn
            } else {
                Course::Stop
            }
        })
    };
    (hook, steps)
}

#[tokio::test]
async fn a_commit_is_all_or_nothing_wherever_it_is_stopped() {
    let fresh = Fresh::new().await;
    fresh.store.commit(&before()).await.unwrap();
    let (hook, steps) = stopping_at(usize::MAX);
    let unstopped = Fresh::new().await;
    unstopped.store.commit(&before()).await.unwrap();
    unstopped
        .store
        .clone()
        .with_hook(hook)
        .commit(&everything())
        .await
        .unwrap();
    let steps = steps.lock().unwrap().clone();
    let tables = [
        "set back",
        "account",
        "client",
        "last_reading",
        "reading_history",
        "last_reading (kept)",
        "alert",
        "alert (gone)",
        "message",
        "notification",
        "notification (carried)",
        "message (announced)",
        "message (settled)",
        "notification (fate)",
        "attempt",
        "message (placed)",
        "enforcement",
        "enforcement_step",
        "journal",
        "decision",
    ];
    let expected: Vec<_> = tables
        .into_iter()
        .map(Step::Statement)
        .chain([Step::BeforeCommit, Step::AfterCommit])
        .collect();
    assert_eq!(steps, expected, "one statement for each table, in this order");

    let untouched = seen(&fresh.store).await;
    let written = seen(&unstopped.store).await;
    assert_ne!(untouched, written);
    for (number, step) in steps.iter().enumerate() {
        let (hook, _) = stopping_at(number);
        let stopped = fresh.store.clone().with_hook(hook).commit(&everything()).await;
        assert!(
            matches!(stopped, Err(Error::Stopped { step: at }) if at == *step),
            "{step}"
        );
        let left = seen(&fresh.store).await;
        if *step == Step::AfterCommit {
            assert_eq!(left, written, "{step}");
        } else {
            assert_eq!(left, untouched, "{step}");
        }
    }
}

#[tokio::test]
async fn a_commit_without_rows_writes_nothing() {
    let fresh = Fresh::new().await;
    let (hook, steps) = stopping_at(0);
    let commit = Commit::new(account(), at(0));
    assert!(commit.is_empty());
    fresh.store.with_hook(hook).commit(&commit).await.unwrap();
    assert!(steps.lock().unwrap().is_empty());
}
