//! Who may open what: one daemon, readers of the same version, and nobody else's database.

use std::os::unix::fs::PermissionsExt;

use sqlx::{ConnectOptions, Connection, Executor};

use super::{Fresh, account, at, watched};
use crate::domain::AccountName;
use crate::domain::decision::{BRAKE, BY_PERSON, BY_READ_BACK, Decision};
use crate::store::{Access, Commit, Error, Store};

/// Runs SQL on the file, as somebody with a tool would.
async fn with_a_tool(path: &std::path::Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn one_daemon_and_any_number_of_readers() {
    let fresh = Fresh::new().await;
    let second = Store::open(&fresh.path(), Access::Daemon).await.unwrap_err();
    let Error::Locked { lock } = &second else {
        panic!("{second:?}");
    };
    assert_eq!(*lock, fresh.folder.path().join("state.db.lock"));
    assert!(second.to_string().contains("state.db.lock") && second.hint().is_some());

    let mut commit = Commit::new(account(), at(0));
    commit.clients = vec![watched("561115")];
    fresh.store.commit(&commit).await.unwrap();
    let reader = Store::open(&fresh.path(), Access::Read).await.unwrap();
    assert_eq!(reader.load(&account()).await.unwrap().clients, [watched("561115")]);
    let brake = Decision::brake(account(), BY_PERSON, "wait".to_owned(), at(1));
    assert!(reader.decide(&brake).await.unwrap());
    assert_eq!(
        fresh.store.decisions(&account()).await.unwrap(),
        [brake],
        "seen at once"
    );

    let path = fresh.path();
    for file in ["state.db", "state.db.lock", "state.db-wal", "state.db-shm"] {
        let mode = std::fs::metadata(fresh.folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let folder = fresh.folder;
    drop(fresh.store);
    let next = Store::open(&path, Access::Daemon).await.unwrap();
    assert_eq!(next.load(&account()).await.unwrap().clients.len(), 1);
    next.close().await;
    drop(folder);
}

#[tokio::test]
async fn readers_never_make_or_migrate_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let missing = Store::open(&path, Access::Read).await.unwrap_err();
    assert!(
        matches!(&missing, Error::Missing { path: told } if *told == path),
        "{missing:?}"
    );
    assert!(missing.hint().is_some());
    assert!(!path.exists() && std::fs::read_dir(folder.path()).unwrap().next().is_none());

    std::fs::write(&path, "").unwrap();
    let empty = Store::open(&path, Access::Read).await.unwrap_err();
    assert!(matches!(empty, Error::Version { found: 0, .. }), "{empty:?}");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

/// A store as the version made it that knew `known` migrations at most, with what `sql` puts into it.
async fn older_store(path: &std::path::Path, known: i64, sql: &'static str) {
    let mut migrations = sqlx::migrate!("src/store/migrations/sqlite");
    migrations
        .migrations
        .to_mut()
        .retain(|migration| migration.version <= known);
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    migrations.run(&mut connection).await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_brake_that_an_older_version_set_stays_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    older_store(
        &path,
        7,
        "INSERT INTO flag (account, kind, at, by, note)
         VALUES ('main', 'brake', 1795428000123456789, 'balancewatch: read-back', 'client 561115'),
             ('other', 'brake', 1795428000123456789, 'a person', 'Friday')",
    )
    .await;
    let reader = Store::open(&path, Access::Read).await.unwrap_err();
    assert!(matches!(reader, Error::Version { found: 7, .. }), "{reader:?}");

    let store = Store::open(&path, Access::Daemon).await.unwrap();
    let kept = Decision::brake(account(), BY_READ_BACK, "client 561115".to_owned(), at(0));
    let listed = store.decisions(&account()).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&kept));
    assert_eq!(store.load(&account()).await.unwrap().decisions, listed);
    let other = Decision {
        by: BY_PERSON.to_owned(),
        ..kept
    };
    assert!(!store.decide(&other).await.unwrap(), "it is on");
    assert!(store.revoke(&account(), BRAKE).await.unwrap());
    assert_eq!(store.decisions(&account()).await.unwrap(), []);
    let left = store.decisions(&AccountName::new("other").unwrap()).await.unwrap();
    assert_eq!(
        (left.len(), left[0].note.as_str()),
        (1, "Friday"),
        "each account has its own"
    );
    store.close().await;
}

#[tokio::test]
async fn a_newer_store_is_refused_by_both() {
    let fresh = Fresh::new().await;
    fresh.store.close().await;
    let (path, folder) = (fresh.path(), fresh.folder);
    drop(fresh.store);
    with_a_tool(
        &path,
        "INSERT INTO _sqlx_migrations SELECT 9999, 'from the future', installed_on, success, checksum, execution_time
         FROM _sqlx_migrations LIMIT 1",
    )
    .await;
    for access in [Access::Daemon, Access::Read] {
        let error = Store::open(&path, access).await.unwrap_err();
        assert!(
            matches!(error, Error::Version { found: 9999, .. }),
            "{access:?}: {error:?}"
        );
        assert!(error.hint().unwrap().contains("newer"), "{access:?}");
    }
    drop(folder);
}

#[tokio::test]
async fn other_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("other.db");
    with_a_tool(&foreign, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").await;
    let bytes = std::fs::read(&foreign).unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but long enough to have a header. ".repeat(30)).unwrap();
    for access in [Access::Daemon, Access::Read] {
        let error = Store::open(&foreign, access).await.unwrap_err();
        assert!(matches!(error, Error::Foreign { .. }), "{access:?}: {error:?}");
        let error = Store::open(&text, access).await.unwrap_err();
        assert!(matches!(error, Error::Database { .. }), "{access:?}: {error:?}");
        assert!(
            error.to_string().contains("notes.txt") && error.hint().is_some(),
            "{access:?}"
        );
    }
    assert_eq!(std::fs::read(&foreign).unwrap(), bytes);

    let nowhere = folder.path().join("missing").join("state.db");
    let error = Store::open(&nowhere, Access::Daemon).await.unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("missing` must exist"), "{error}");
}

#[tokio::test]
async fn what_was_edited_by_hand_is_told_by_column() {
    let fresh = Fresh::new().await;
    let mut commit = Commit::new(account(), at(0));
    commit.clients = vec![watched("561115")];
    fresh.store.commit(&commit).await.unwrap();
    with_a_tool(&fresh.path(), "UPDATE last_reading SET balance = '8,05'").await;
    let error = fresh.store.load(&account()).await.unwrap_err();
    let Error::Corrupt { column, value, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!((*column, value.as_str()), ("balance", "8,05"));
    assert!(error.to_string().contains("state.db") && error.hint().is_some());
}
