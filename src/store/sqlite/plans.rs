//! What runs for each message or each look at the queue searches by an index: its cost does not grow with what waits, nor
//! with what is done.

use sqlx::{AssertSqlSafe, Row as _};

use super::letters::{ANNOUNCED, DEAD, FIRED_AGAIN, MESSAGE_READDRESSED, NOTIFICATION_READDRESSED, SETTLED, SIBLINGS};
use super::place::{IS_ANY_TO_RISE, PLACE, RISE};
use super::queue::{CARRIED, CLIENT_MAILS, DUE, MAKE_DUE, NEXT, RETRY, UNCERTAIN};
use super::read::NOTIFICATIONS_UNCARRIED;
use super::statements::{MESSAGE_MOVED, NOTIFICATION_CARRIED, NOTIFICATION_FATE};
use crate::store::{Access, Store};

#[tokio::test]
async fn nothing_walks_through_all_messages() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db"), Access::Daemon)
        .await
        .unwrap();
    for (name, sql) in [
        ("due", DUE),
        ("next", NEXT),
        ("carried", CARRIED),
        ("is any to rise", IS_ANY_TO_RISE),
        ("rise", RISE),
        ("place", PLACE),
        ("make due", MAKE_DUE),
        ("retry", RETRY),
        ("mails to clients", CLIENT_MAILS),
        ("uncertain tries", UNCERTAIN),
        ("siblings", SIBLINGS),
        ("fired again", FIRED_AGAIN),
        ("uncarried", NOTIFICATIONS_UNCARRIED),
        ("dead letters", DEAD),
        ("announced", ANNOUNCED),
        ("settled", SETTLED),
        ("readdressed", MESSAGE_READDRESSED),
        ("notification readdressed", NOTIFICATION_READDRESSED),
        ("carried into", NOTIFICATION_CARRIED),
        ("fate", NOTIFICATION_FATE),
        ("moved", MESSAGE_MOVED),
    ] {
        let explained = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let rows = explained
            .fetch_all(&mut *store.engine.reader.take().await.unwrap())
            .await
            .unwrap();
        assert!(!rows.is_empty(), "{name}");
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("detail").unwrap()).collect();
        let walks = plan.iter().filter(|line| line.starts_with("SCAN"));
        let walks: Vec<_> = walks.filter(|line| !is_small(line) && !is_meant(name, line)).collect();
        assert!(walks.is_empty(), "{name}: {plan:#?}");
    }
}

/// Walks that are meant: `next` ends where it begins, at the first that waits for no other, and `make due` changes what it
/// walks through, once for each repair.
fn is_meant(name: &str, line: &str) -> bool {
    let clock = "SCAN message USING INDEX message_clock";
    match name {
        "next" => [clock, "SCAN message USING INDEX message_line"].contains(&line),
        "make due" => line == clock,
        _ => false,
    }
}

/// What a walk goes through that is no table: arguments, and what the statement itself has found.
fn is_small(line: &str) -> bool {
    let what = line.trim_start_matches("SCAN ").split(' ').next();
    [
        "json_each",
        "jsonb_each",
        "value",
        "carried",
        "fate",
        "line",
        "candidate",
        "CONSTANT",
        "(subquery-",
    ]
    .iter()
    .any(|small| what.is_some_and(|what| what.starts_with(small)))
}
