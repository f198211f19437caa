//! What runs for each message or each look at the queue searches by an index: its cost does not grow with what waits, nor
//! with what is done.

use sqlx::{AssertSqlSafe, Row as _};

use super::letters::{
    ANNOUNCED, DEAD, FIRED_AGAIN, MESSAGE_READDRESSED, NOTIFICATION_READDRESSED, SETTLED, SIBLINGS, WAITING_FOR_CLIENTS,
};
use super::place::{IS_ANY_TO_RISE, PLACE, RISE};
use super::queue::{CARRIED, CLIENT_MAILS, DUE, MAKE_DUE, MESSAGES_OF_CHANNEL, NEXT, RETRY, UNCERTAIN};
use super::read::{ENFORCEMENTS_LATELY, NOTIFICATIONS_UNCARRIED};
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
        ("messages of a channel", MESSAGES_OF_CHANNEL),
        ("mails that wait for clients", WAITING_FOR_CLIENTS),
        ("uncertain tries", UNCERTAIN),
        ("siblings", SIBLINGS),
        ("fired again", FIRED_AGAIN),
        ("uncarried", NOTIFICATIONS_UNCARRIED),
        ("enforcements lately", ENFORCEMENTS_LATELY),
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
        assert!(!binds_its_limit(sql), "{name} is compiled anew each time");
    }
}

/// Whether a limit is a parameter and no sum; see the module above.
fn binds_its_limit(sql: &str) -> bool {
    let mut limits = sql.split("LIMIT ").skip(1);
    limits.any(|limit| limit.starts_with('?') && !limit[2..].starts_with(" + 0"))
}

/// Walks that are meant: `next` ends where it begins, at the first that waits for no other, `make due` changes what it walks
/// through, once for each repair, and a sweep looks through what waits for those whose address is another now.
fn is_meant(name: &str, line: &str) -> bool {
    let clock = "SCAN message USING INDEX message_clock";
    match name {
        "next" => [clock, "SCAN message USING INDEX message_line"].contains(&line),
        "make due" => line == clock,
        "mails that wait for clients" => line == "SCAN message USING INDEX message_waiting",
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
