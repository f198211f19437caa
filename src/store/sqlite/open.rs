//! Opening a store: make, lock and migrate it for the daemon; look whether it fits for everybody else.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row};

use super::connections::Connections;
use super::{DaemonLock, Fault, Files, Sqlite};
use crate::regular;
use crate::store::{Access, Error};

// A file that is added there is seen when this one changes.
static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// How long a writer waits for another process's write. The longest of those is a batch on a busy disk.
const BUSY: Duration = Duration::from_secs(10);

/// Connections that read at once: a sweep's load beside the outbox. More would only cost memory.
const READERS: u32 = 2;

/// A reading connection that was not needed for so many reads by others is closed: a few minutes of an idle daemon.
const READER_IDLE_READS: u64 = 100;

/// Page cache of a connection, in KiB (SQLite's default is 2000).
const CACHE_KIB: u32 = 512;

/// Bytes that the write-ahead log keeps on disk between checkpoints.
const LOG_BYTES: u32 = 8_000_000;

impl Sqlite {
    /// Opens the store at `path`.
    pub async fn open(path: &Path, access: Access) -> Result<Self, Error> {
        refuse_what_is_no_file(path)?;
        let (files, lock) = match access {
            Access::Daemon => {
                let file = create(path)?;
                let lock = DaemonLock::take(path)?;
                (Some(Files::new((path, &file), lock.file())?), Some(lock))
            }
            Access::Read if !path.exists() => return Err(Error::Missing { path: path.to_owned() }),
            Access::Read => (None, None),
        };
        let found = look(path)
            .await
            .map_err(|fault| fault.during("look for the schema version", path))?;
        check(path, access, &found)?;
        let options = options(path, access);
        let store = Self {
            path: path.to_owned(),
            writer: Connections::new(options.clone(), 1, u64::MAX),
            reader: Connections::new(options, READERS, READER_IDLE_READS),
            files,
            _lock: lock,
        };
        if access == Access::Daemon {
            store.migrate().await?;
            let placed = store.place_all_anew().await;
            placed.map_err(|fault| fault.during("place the messages", path))?;
            let adopted = store.adopt().await;
            adopted.map_err(|fault| fault.during("seal the journal", path))?;
        }
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), Error> {
        let path = self.path.clone();
        let mut writer = self.writer.take().await.map_err(|source| {
            let path = path.clone();
            Error::from_database("bring the schema up to date", path, source)
        })?;
        MIGRATIONS.run(&mut *writer).await.map_err(|source| match source {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                Error::from_database("bring the schema up to date", path, source)
            }
            source => Error::Migration { path, source },
        })
    }
}

/// SQLite would wait for a FIFO without end, and so would the lock.
pub fn refuse_what_is_no_file(store: &Path) -> Result<(), Error> {
    for ending in ["", "-wal", "-shm", ".lock"] {
        let mut path = store.as_os_str().to_owned();
        path.push(ending);
        let path = PathBuf::from(path);
        regular::check(&path).map_err(|source| Error::Io {
            operation: "open the store's file",
            path,
            source,
        })?;
    }
    Ok(())
}

/// Makes the file if it is missing, for its owner only: it holds addresses and balances.
fn create(path: &Path) -> Result<File, Error> {
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path);
    made.map_err(|source| Error::Io {
        operation: "make or open the store",
        path: path.to_owned(),
        source,
    })
}

pub fn options(path: &Path, access: Access) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .statement_cache_capacity(40)
        .pragma("cache_size", format!("-{CACHE_KIB}"))
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", LOG_BYTES.to_string())
        .disable_statement_logging();
    match access {
        Access::Daemon => options.journal_mode(SqliteJournalMode::Wal),
        Access::Read => options,
    }
}

/// What a file holds.
pub enum Found {
    Empty,
    /// Tables of some other program.
    Foreign,
    /// A store with migrations up to this one.
    Version(i64),
}

/// Looks what the file holds, and changes nothing in it.
pub async fn look(path: &Path) -> Result<Found, Fault> {
    let mut connection = SqliteConnection::connect_with(&options(path, Access::Read)).await?;
    let tables = sqlx::query("SELECT count(*), count(*) FILTER (WHERE name = '_sqlx_migrations') FROM sqlite_schema")
        .fetch_one(&mut connection)
        .await?;
    let (all, migrations): (i64, i64) = (tables.try_get(0)?, tables.try_get(1)?);
    let found = match (all, migrations) {
        (0, _) => Found::Empty,
        (_, 0) => Found::Foreign,
        _ => {
            let newest = sqlx::query("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
                .fetch_one(&mut connection)
                .await?;
            Found::Version(newest.try_get(0)?)
        }
    };
    connection.close().await?;
    Ok(found)
}

/// Refuses what does not fit. The daemon brings older ones up to date; others need exactly the known version.
pub fn check(path: &Path, access: Access, found: &Found) -> Result<(), Error> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let found = match found {
        Found::Foreign => return Err(Error::Foreign { path: path.to_owned() }),
        Found::Empty => 0,
        Found::Version(found) => *found,
    };
    if found > known || (found < known && access == Access::Read) {
        let path = path.to_owned();
        return Err(Error::Version { path, found, known });
    }
    Ok(())
}
