//! A store that goes on failing ends the daemon, so that it is started anew.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::{Stage, calls, stepping};
use crate::daemon::Error;

/// Makes every sweep fail as a full disk does: SQLite itself rolls back.
const BROKEN: &str = "
CREATE TRIGGER broken BEFORE UPDATE ON account BEGIN SELECT RAISE(ROLLBACK, 'broken by a test'); END;
CREATE TRIGGER broken_too BEFORE INSERT ON account BEGIN SELECT RAISE(ROLLBACK, 'broken by a test'); END";

async fn edit(folder: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.join("state.db"));
    let mut connection: SqliteConnection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_store_that_fails_for_ten_minutes_ends_the_daemon_with_an_error() {
    let stage = Stage::new(2, "rate_per_minute = 1000000", "").await;
    edit(stage.folder.path(), BROKEN).await;
    let began = stage.clock.now();
    let ended = stepping(&stage.stepper, 5_000, stage.daemon.run(std::future::pending())).await;
    assert!(matches!(ended, Err(Error::GivenUp { .. })), "{ended:?}");
    let minutes = stage.clock.now().duration_since(began).as_mins();
    assert!((10..12).contains(&minutes), "{minutes}");
}

#[tokio::test]
async fn a_store_that_works_again_in_time_does_not_end_the_daemon() {
    let stage = Stage::new(2, "rate_per_minute = 1000000", "").await;
    edit(stage.folder.path(), BROKEN).await;
    let Stage {
        simulator,
        daemon,
        clock,
        stepper,
        folder,
        ..
    } = stage;
    let stop = async {
        clock.sleep(Duration::from_secs(120)).await;
        edit(folder.path(), "DROP TRIGGER broken; DROP TRIGGER broken_too").await;
        clock.sleep(Duration::from_secs(500)).await;
    };
    stepping(&stepper, 5_000, daemon.run(stop)).await.unwrap();
    assert!(calls(&simulator, "getResellerBalance") >= 2 * 2);
}
