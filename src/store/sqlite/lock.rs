//! The kernel lock that keeps a second daemon off a store. The kernel lets go of it when its holder dies, however it
//! dies, so that it never has to be cleared by hand.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::store::Error;

/// Held as long as it lives.
#[derive(Debug)]
pub struct DaemonLock {
    file: File,
    path: PathBuf,
}

impl DaemonLock {
    /// Takes the lock that belongs to the store at `store`.
    pub fn take(store: &Path) -> Result<Self, Error> {
        let path = lock_path(store);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|source| Error::Io {
                operation: "open the lock",
                path: path.clone(),
                source,
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { lock: path }),
            Err(TryLockError::Error(source)) => Err(Error::Io {
                operation: "take the lock",
                path,
                source,
            }),
        }
    }

    /// The file that is locked, and where it was found.
    pub fn file(&self) -> (&Path, &File) {
        (&self.path, &self.file)
    }
}

/// The lock file of a store: its name with `.lock` behind. The file stays when the lock is let go: to delete it would
/// let two daemons hold a lock of that name.
pub fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
