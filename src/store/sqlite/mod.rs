//! The store on SQLite: one file in WAL mode, one connection that writes, a few that read meanwhile.
//!
//! - `synchronous = FULL`: with less, a commit that was reported done can be gone after a power failure, and a mail
//!   that was sent, or a `setClient` that was made, would not have been written down. It costs one sync for each batch.
//! - Transactions that write begin IMMEDIATE: one that reads first and writes then would fail with "database is
//!   locked", whatever the busy time-out, when another process wrote in between.
//! - A limit that is given is written as a sum, `LIMIT ?1 + 0`: SQLite looks at the value of a bare parameter while it plans,
//!   and compiles the statement anew each time one is bound, which for the queue's largest costs more than to run it.
//! - Caches are small: the working set of a sweep is written once and read once.

pub mod backup;
mod connections;
mod decode;
mod files;
pub mod forget;
mod journal;
mod letters;
mod lock;
pub mod mark;
mod open;
mod pace;
mod place;
#[cfg(test)]
mod plans;
mod queue;
mod read;
mod roots;
#[cfg(test)]
mod sealed;
mod set_back;
mod statements;
mod tidy;
mod transaction;
mod write;

use std::path::{Path, PathBuf};

use self::connections::Connections;
use self::files::Files;
use self::lock::DaemonLock;
use self::transaction::Transaction;
use super::{DiskTrouble, Error, Step};

#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    /// One connection, so that writers in this process queue here instead of at the file's lock.
    writer: Connections,
    reader: Connections,
    /// What must still be there when something is committed; `None` for those who only leave decisions.
    files: Option<Files>,
    /// Last: let go of after the connections.
    _lock: Option<DaemonLock>,
}

/// What went wrong, before it is told with the operation and the path.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(sqlx::Error),
    Corrupt {
        column: &'static str,
        value: String,
        expected: &'static str,
    },
    Stopped(Step),
    /// The process is gone.
    Died,
    /// What a simulated world has the disk say.
    Disk(DiskTrouble),
    Gone(PathBuf),
}

impl From<sqlx::Error> for Fault {
    fn from(source: sqlx::Error) -> Self {
        Self::Sql(source)
    }
}

impl Fault {
    /// The error, told with what was tried.
    pub(super) fn during(self, operation: &'static str, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Self::Sql(source) => Error::from_database(operation, path, source),
            Self::Corrupt {
                column,
                value,
                expected,
            } => Error::Corrupt {
                operation,
                path,
                column,
                value,
                expected,
            },
            Self::Stopped(step) => Error::Stopped { step },
            Self::Died => Error::Stopped {
                step: Step::Operation(operation),
            },
            Self::Disk(trouble) => Error::Disk {
                operation,
                path,
                trouble,
                source: sqlx::Error::Io(std::io::Error::other("a simulated disk")),
            },
            Self::Gone(path) => Error::Gone { path },
        }
    }
}

impl Sqlite {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a transaction that nobody else's write comes between.
    async fn begin_write(&self) -> Result<Transaction<'_>, Fault> {
        Transaction::begin(&self.writer, "BEGIN IMMEDIATE").await
    }

    /// Begins a transaction that sees the store as it is at its first read.
    async fn begin_read(&self) -> Result<Transaction<'_>, Fault> {
        Transaction::begin(&self.reader, "BEGIN").await
    }

    /// Closes all connections; the last one moves the write-ahead log into the file.
    pub(super) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
