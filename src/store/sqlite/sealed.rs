//! Whatever is changed in the tables that the journal is about is found: tried on the tables themselves, behind the program's back.

use sqlx::AssertSqlSafe;

use crate::domain::alert::EpisodeId;
use crate::domain::enforcement::{Enforcement, EnforcementState, EnforcementStep, Outcome};
use crate::domain::testing::{at, enforcement};
use crate::domain::{AccountName, ClientId};
use crate::store::{Access, Commit, Store};

fn account() -> AccountName {
    AccountName::new("main").unwrap()
}

/// A store with an enforcement that went through two steps.
async fn stored(folder: &tempfile::TempDir) -> Store {
    let store = Store::open(&folder.path().join("state.db"), Access::Daemon)
        .await
        .unwrap();
    let mut written = Enforcement {
        code_before: Some("2".to_owned()),
        code_sent: Some("1".to_owned()),
        fingerprint_before: Some("f00d".to_owned()),
        fingerprint_after: Some("beef".to_owned()),
        before_image: Some("{\"zip\":\"02134\"}".to_owned()),
        window_ms: Some(12),
        ..enforcement(EpisodeId::from_stored("main.561115.overdrawn.x".to_owned()))
    };
    let verified = EnforcementState::Ended {
        outcome: Outcome::Verified,
    };
    for (number, state) in [(1, EnforcementState::Sent), (2, verified)] {
        written.state = state;
        let mut commit = Commit::new(account(), at(i64::from(number)));
        commit.steps = vec![EnforcementStep {
            enforcement: written.id.clone(),
            number,
            at: at(i64::from(number)),
            step: "sending".to_owned(),
            detail: "balance_management 2 to 1".to_owned(),
        }];
        commit.enforcements = vec![written.clone()];
        store.commit(&commit).await.unwrap();
    }
    store
}

async fn change(store: &Store, sql: &str) -> u64 {
    let mut writer = store.engine.writer.take().await.unwrap();
    for pragma in ["PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"] {
        sqlx::query(pragma).execute(&mut *writer).await.unwrap();
    }
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    query.execute(&mut *writer).await.unwrap().rows_affected()
}

#[tokio::test]
async fn whatever_is_changed_taken_away_or_added_is_found() {
    for sql in [
        "UPDATE journal SET number = 7 WHERE number = 4",
        "UPDATE journal SET at = at + 1 WHERE number = 2",
        "UPDATE journal SET enforcement = enforcement || '0' WHERE number = 3",
        "UPDATE journal SET part = 9 WHERE number = 2",
        "UPDATE journal SET kind = 'erased' WHERE number = 1",
        "UPDATE journal SET kind = 'other' WHERE number = 1",
        "UPDATE journal SET body = replace(body, substr(body, 1, 1), 'x') WHERE number = 1",
        "UPDATE journal SET digest = 'x' WHERE number = 4",
        "DELETE FROM journal WHERE number = 1",
        "DELETE FROM journal WHERE number = 4",
        "DELETE FROM journal",
        "INSERT INTO journal SELECT account, 5, at, enforcement, part, kind, body, digest FROM journal WHERE number = 4",
        "UPDATE enforcement SET client = '1'",
        "UPDATE enforcement SET policy = 'low'",
        "UPDATE enforcement SET episode = 'e'",
        "UPDATE enforcement SET id = 'e' ",
        "UPDATE enforcement SET direction = 'revert'",
        "UPDATE enforcement SET wanted = 'soft'",
        "UPDATE enforcement SET balance = '0'",
        "UPDATE enforcement SET detail = replace(detail, 'verified', 'already')",
        "UPDATE enforcement SET code_before = '1'",
        "UPDATE enforcement SET code_sent = NULL",
        "UPDATE enforcement SET fingerprint_before = 'x'",
        "UPDATE enforcement SET fingerprint_after = 'x'",
        "UPDATE enforcement SET before_image = NULL",
        "UPDATE enforcement SET window_ms = 13",
        "DELETE FROM enforcement",
        "UPDATE enforcement_step SET at = at + 1 WHERE number = 1",
        "UPDATE enforcement_step SET step = 'x' WHERE number = 1",
        "UPDATE enforcement_step SET detail = detail || ' ' WHERE number = 2",
        "UPDATE enforcement_step SET number = 3 WHERE number = 2",
        "DELETE FROM enforcement_step WHERE number = 1",
        "INSERT INTO enforcement_step SELECT enforcement, 3, at, step, detail FROM enforcement_step WHERE number = 1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = stored(&folder).await;
        let whole = store.verify(&account()).await.unwrap().unwrap();
        assert_eq!((whole.lines, whole.erased, whole.adopted), (4, 0, 0));
        assert!(change(&store, sql).await > 0, "{sql}");
        assert!(store.verify(&account()).await.unwrap().is_err(), "{sql}");
    }
}

#[tokio::test]
async fn who_is_forgotten_leaves_a_whole_journal_and_covers_up_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = stored(&folder).await;
    let client = ClientId::new("561115").unwrap();
    store.forget_client(&account(), &client, false, at(9)).await.unwrap();
    let checked = store.verify(&account()).await.unwrap().unwrap();
    assert!(checked.erased > 0 && checked.lines > 4, "{checked:?}");

    let folder = tempfile::tempdir().unwrap();
    let store = stored(&folder).await;
    change(
        &store,
        "UPDATE enforcement_step SET detail = 'nothing' WHERE number = 1",
    )
    .await;
    store.forget_client(&account(), &client, false, at(9)).await.unwrap();
    assert!(store.verify(&account()).await.unwrap().is_err());
}

#[tokio::test]
async fn what_was_there_before_the_journal_is_taken_into_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    {
        let store = stored(&folder).await;
        change(&store, "DELETE FROM journal").await;
        change(&store, "PRAGMA user_version = 0").await;
        store.close().await;
    }
    for _ in 0..2 {
        let store = Store::open(&path, Access::Daemon).await.unwrap();
        let checked = store.verify(&account()).await.unwrap().unwrap();
        assert_eq!((checked.lines, checked.adopted), (3, 3));
        store.close().await;
    }
    {
        let store = Store::open(&path, Access::Daemon).await.unwrap();
        change(&store, "DELETE FROM journal").await;
        store.close().await;
    }
    let store = Store::open(&path, Access::Daemon).await.unwrap();
    assert!(
        store.verify(&account()).await.unwrap().is_err(),
        "a journal that is gone is not made anew"
    );
}
