//! Copies of a store: made while others write to it, looked through before anybody relies on them, and put in its place.
//!
//! `VACUUM INTO` reads one state of the database, whoever writes meanwhile, and writes a file without anything that was
//! deleted. A copy of the file alone would lack what is still in the log beside it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection, Row};

use super::lock::DaemonLock;
use super::open::{Found, check, look, options, refuse_what_is_no_file};
use crate::store::{Access, Error};

/// Where a copy is while it is not whole.
pub fn partial(copy: &Path) -> PathBuf {
    with_ending(copy, ".partial")
}

/// Copies the store as it is now into a new file for its owner only, and looks through the copy.
///
/// # Errors
/// [`Error::Exists`] when there is something at `copy`; nothing of a copy stays that was not whole.
pub async fn backup(store: &Path, copy: &Path) -> Result<(), Error> {
    let partial = partial(copy);
    // Nobody else's file is written over: both names are taken before anything is written.
    new_file(copy)?;
    let copied = match new_file(&partial) {
        Ok(()) => copied(store, &partial, copy).await,
        Err(error) => {
            fs::remove_file(copy).ok();
            return Err(error);
        }
    };
    if copied.is_err() {
        fs::remove_file(copy).ok();
        fs::remove_file(&partial).ok();
    }
    copied
}

async fn copied(store: &Path, partial: &Path, copy: &Path) -> Result<(), Error> {
    vacuum_into(store, partial).await?;
    look_through(partial).await?;
    moved(partial, copy)?;
    synced_folder(copy)
}

/// Puts a copy of `backup` in the place of the store, and what was there aside. Returns where that is.
///
/// # Errors
/// [`Error::Locked`] while a daemon works on the store; [`Error::NoBackup`], [`Error::Foreign`], [`Error::Version`] and
/// [`Error::Damaged`] when the backup is none that this program can use. Then the store is as it was.
pub async fn restore(store: &Path, backup: &Path, at: Timestamp) -> Result<Option<PathBuf>, Error> {
    refuse_what_is_no_file(store)?;
    refuse_what_is_no_file(backup)?;
    if !backup.exists() {
        return Err(Error::NoBackup {
            path: backup.to_owned(),
        });
    }
    let found = look(backup)
        .await
        .map_err(|fault| fault.during("look for the schema version", backup))?;
    if matches!(found, Found::Empty) {
        return Err(Error::Foreign {
            path: backup.to_owned(),
        });
    }
    // The daemon brings an older one up to date.
    check(backup, Access::Daemon, &found)?;
    look_through(backup).await?;
    let lock = DaemonLock::take(store)?;
    let owner = owner(store)?;
    let fresh = with_ending(store, ".restoring");
    fs::remove_file(&fresh).ok();
    new_file(&fresh)?;
    vacuum_into(backup, &fresh).await?;
    for path in [fresh.as_path(), lock.file().0] {
        hand_over(path, &owner)?;
    }
    let aside = store
        .exists()
        .then(|| with_ending(store, &at.strftime(".replaced-%Y%m%dT%H%M%SZ").to_string()));
    if let Some(aside) = &aside {
        // The log first: beside another database it would be taken for that one's.
        for ending in ["-wal", "-shm", ""] {
            let path = with_ending(store, ending);
            if path.exists() {
                moved(&path, &with_ending(aside, ending))?;
            }
        }
    }
    moved(&fresh, store)?;
    synced_folder(store)?;
    Ok(aside)
}

/// Copies one state of a database into an empty file, down to the disk.
async fn vacuum_into(from: &Path, to: &Path) -> Result<(), Error> {
    let place = std::path::absolute(to).map_err(io_error("find", to))?;
    let copying = async {
        let mut connection = SqliteConnection::connect_with(&options(from, Access::Read)).await?;
        let copy = sqlx::query("VACUUM INTO ?1").bind(place.to_string_lossy().into_owned());
        copy.execute(&mut connection).await?;
        connection.close().await
    };
    let copied: Result<(), sqlx::Error> = copying.await;
    copied.map_err(|source| Error::from_database("copy what is", from.to_owned(), source))?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(io_error("write", to))
}

/// Looks whether a database is whole.
async fn look_through(path: &Path) -> Result<(), Error> {
    let looking = async {
        let mut connection = options(path, Access::Read).connect().await?;
        let said = sqlx::query("PRAGMA integrity_check(1)")
            .fetch_one(&mut connection)
            .await?;
        let said: String = said.try_get(0)?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(said)
    };
    let said = looking.await;
    match said.map_err(|source| Error::from_database("look through what is", path.to_owned(), source))? {
        said if said == "ok" => Ok(()),
        said => Err(Error::Damaged {
            path: path.to_owned(),
            said,
        }),
    }
}

fn new_file(path: &Path) -> Result<(), Error> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists { path: path.to_owned() }),
        Err(error) => Err(io_error("make", path)(error)),
    }
}

/// Whose the store is: that of the file, else of its folder.
fn owner(store: &Path) -> Result<Metadata, Error> {
    let folder = folder(store);
    fs::metadata(store)
        .or_else(|_| fs::metadata(&folder))
        .map_err(io_error("look at", &folder))
}

/// Gives a file to the user that the daemon runs as: whoever restores is often root, and the daemon is not.
fn hand_over(path: &Path, owner: &Metadata) -> Result<(), Error> {
    let is_theirs = fs::metadata(path).is_ok_and(|data| data.uid() == owner.uid());
    if is_theirs {
        return Ok(());
    }
    chown(path, Some(owner.uid()), Some(owner.gid())).map_err(io_error("hand over", path))
}

fn moved(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(io_error("move to its place", to))
}

fn synced_folder(path: &Path) -> Result<(), Error> {
    let folder = folder(path);
    File::open(&folder)
        .and_then(|file| file.sync_all())
        .map_err(io_error("write", &folder))
}

fn folder(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

fn io_error(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io {
        operation,
        path,
        source,
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
