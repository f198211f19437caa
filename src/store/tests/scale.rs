//! Ten thousand clients: one statement for each table, and readers that see whole commits only.

use std::sync::{Arc, Mutex};

use super::{Fresh, account, at, client_id, firing, money, reading, watched};
use crate::store::{Commit, Course, HistoryEntry, Hook, Seen, Step};

fn fleet(clients: usize, secs: i64) -> Commit {
    let mut commit = Commit::new(account(), at(secs));
    for number in 0..clients {
        let id = format!("{}", 100_000 + number);
        let mut client = watched(&id);
        client.reading = Some(reading(&secs.to_string(), secs));
        commit.history.push(HistoryEntry {
            client: client_id(&id),
            at: at(secs),
            seen: Seen::Reading {
                balance: money(&secs.to_string()),
                spent_today: None,
                threshold: None,
            },
        });
        commit.clients.push(client);
        commit.alerts.push(firing(&id));
    }
    commit
}

#[tokio::test]
async fn ten_thousand_clients_are_one_statement_for_each_table() {
    let fresh = Fresh::new().await;
    let steps = Arc::new(Mutex::new(Vec::new()));
    let hook: Hook = {
        let steps = Arc::clone(&steps);
        Arc::new(move |step| {
            if !matches!(step, Step::Operation(_)) {
                steps.lock().unwrap().push(step);
            }
            Course::GoOn
        })
    };
    let commit = fleet(10_000, 1);
    fresh.store.clone().with_hook(hook).commit(&commit).await.unwrap();
    let tables = [
        "client",
        "last_reading",
        "reading_history",
        "last_reading (kept)",
        "alert",
    ];
    let expected: Vec<_> = tables
        .map(Step::Statement)
        .into_iter()
        .chain([Step::BeforeCommit, Step::AfterCommit])
        .collect();
    assert_eq!(*steps.lock().unwrap(), expected);
    let view = fresh.store.load(&account()).await.unwrap();
    assert!(view.clients == commit.clients && view.alerts == commit.alerts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_commits_while_one_writes() {
    let fresh = Fresh::new().await;
    fresh.store.commit(&fleet(50, 0)).await.unwrap();
    let reader = tokio::spawn({
        let store = fresh.store.clone();
        async move {
            let mut newest = 0;
            let mut loads = 0_u32;
            while newest < 20 {
                let view = store.load(&account()).await.unwrap();
                let seen: Vec<_> = view
                    .clients
                    .iter()
                    .map(|client| client.reading.clone().unwrap().at)
                    .collect();
                assert_eq!(seen.len(), 50);
                assert!(seen.iter().all(|at| *at == seen[0]), "half a commit was seen");
                let now = seen[0].duration_since(at(0)).as_secs();
                assert!(now >= newest, "time went back");
                newest = now;
                loads += 1;
            }
            loads
        }
    });
    for secs in 1..=20 {
        fresh.store.commit(&fleet(50, secs)).await.unwrap();
    }
    assert!(reader.await.unwrap() > 0);
}
