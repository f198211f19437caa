//! Why something could not be done with the store, told with the path and the operation. Carries no stored values
//! but the one that could not be read back.

use std::io;
use std::path::PathBuf;

use super::{DiskTrouble, Step};

/// Why something could not be done with the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no store yet, and this access does not make one.
    #[error("there is no store at `{path}`")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another daemon holds the store.
    #[error("the store is in use by another daemon (lock `{lock}`)")]
    Locked {
        /// The file whose kernel lock is held.
        lock: PathBuf,
    },
    /// The store was written by another version of this program.
    #[error("the store `{path}` has schema version {found}, and this program needs {known}")]
    Version {
        path: PathBuf,
        /// The newest migration in it; 0 for a file that holds nothing yet.
        found: i64,
        /// The newest migration that this program knows.
        known: i64,
    },
    /// It is a database, but another program's.
    #[error("the database `{path}` is not a store of balancewatch")]
    Foreign { path: PathBuf },
    /// What is to be made is there already.
    #[error("there is something at `{path}` already")]
    Exists { path: PathBuf },
    #[error("there is no backup at `{path}`")]
    NoBackup { path: PathBuf },
    /// The database says so of itself.
    #[error("`{path}` is damaged: {said}")]
    Damaged {
        path: PathBuf,
        /// The first thing that is wrong.
        said: String,
    },
    /// The file system refused.
    #[error("could not {operation} `{path}`")]
    Io {
        operation: &'static str,
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    #[error("could not {operation} in the store `{path}`")]
    Database {
        /// What was tried. A write that failed left nothing behind.
        operation: &'static str,
        path: PathBuf,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The disk does not do what the database wants.
    #[error("could not {operation} in the store `{path}`: {trouble}")]
    Disk {
        /// What was tried. A write that failed left nothing behind.
        operation: &'static str,
        path: PathBuf,
        /// What is the matter with it.
        trouble: DiskTrouble,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("could not bring the store `{path}` up to date")]
    Migration {
        path: PathBuf,
        /// What the database said.
        source: sqlx::migrate::MigrateError,
    },
    /// Something is stored that this program never writes.
    #[error("could not {operation}: column `{column}` in the store `{path}` holds `{value}`, which is no {expected}")]
    Corrupt {
        operation: &'static str,
        path: PathBuf,
        column: &'static str,
        /// The beginning of what is there.
        value: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A file was removed or replaced while it was open: what is written would be lost, and another daemon could start.
    #[error("`{path}` was removed or replaced while the daemon had it open")]
    Gone { path: PathBuf },
    /// A crash test stopped a commit here.
    #[error("stopped by a test {step}")]
    Stopped { step: Step },
}

impl Error {
    /// What a simulated disk has said to whoever wanted to open the store.
    #[must_use]
    pub fn simulated(path: PathBuf, trouble: DiskTrouble) -> Self {
        Self::Disk {
            operation: "open",
            path,
            trouble,
            source: sqlx::Error::Io(io::Error::other("a simulated disk")),
        }
    }

    /// What the database said while `operation` was tried in the store at `path`.
    pub(super) fn from_database(operation: &'static str, path: PathBuf, source: sqlx::Error) -> Self {
        match primary_code(&source).and_then(|code| DiskTrouble::from_code(code, &path)) {
            Some(trouble) => Self::Disk {
                operation,
                path,
                trouble,
                source,
            },
            None => Self::Database {
                operation,
                path,
                source,
            },
        }
    }

    /// What the person who reads the error can do, if that can be said.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                "`balancewatch run` or `sweep --once` makes the store; check `store.url` if one is running".to_owned()
            }
            Self::Locked { .. } => "only one `run` or `sweep --once` may work on a store; stop the other one, or give \
                                    this one its own `store.url`"
                .to_owned(),
            Self::Version { found, known, .. } if found > known => {
                "a newer balancewatch wrote this store; use that version, older ones do not touch it".to_owned()
            }
            Self::Version { .. } => {
                "the daemon brings it up to date when it starts; start this version's `run`".to_owned()
            }
            Self::Exists { .. } => "nothing is overwritten: name another file, or move that one away".to_owned(),
            Self::Damaged { .. } => "use another backup".to_owned(),
            Self::NoBackup { .. } => "`balancewatch backup FILE` makes one".to_owned(),
            Self::Foreign { .. } => "`store.url` must name a file of its own".to_owned(),
            Self::Io { source, path, .. } => match source.kind() {
                io::ErrorKind::NotFound => format!(
                    "the folder `{}` must exist",
                    path.parent().unwrap_or(path.as_path()).display()
                ),
                io::ErrorKind::PermissionDenied => {
                    "the store belongs to the user that the daemon runs as; use the same user".to_owned()
                }
                io::ErrorKind::StorageFull | io::ErrorKind::ReadOnlyFilesystem => {
                    DiskTrouble::of(path).map(|trouble| trouble.hint().to_owned())?
                }
                _ => return None,
            },
            Self::Disk { trouble, .. } => trouble.hint().to_owned(),
            Self::Database { source, .. } => return database_hint(source),
            Self::Corrupt { .. } => "somebody edited the store, or the disk lost data; restore a backup".to_owned(),
            Self::Gone { .. } => {
                "the program must be started anew: with the store that was put there, with a backup, or with an empty \
                                  one that remembers nothing"
                    .to_owned()
            }
            Self::Migration { .. } | Self::Stopped { .. } => return None,
        })
    }

    /// Whether the same operation may succeed a moment later: the database was busy with another writer.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database { source, .. } => is_busy(source) || matches!(source, sqlx::Error::PoolTimedOut),
            _ => false,
        }
    }
}

/// SQLite's primary result codes, from the low byte of the extended ones that sqlx reports.
fn primary_code(error: &sqlx::Error) -> Option<i64> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i64>().ok().map(|code| code & 0xff)
}

fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(5 | 6))
}

fn database_hint(source: &sqlx::Error) -> Option<String> {
    let hint = match primary_code(source)? {
        5 | 6 => "another process writes to the store; try again",
        8 | 14 => "the store belongs to the user that the daemon runs as; use the same user",
        11 | 26 => "the file is damaged or no SQLite database; restore a backup, or move it away",
        _ => return None,
    };
    Some(hint.to_owned())
}
