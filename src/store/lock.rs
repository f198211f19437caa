//! The kernel lock that keeps a second daemon off a store. The kernel lets go of it when its holder dies, however it
//! dies, so that it never has to be cleared by hand.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Error;

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct DaemonLock {
    _file: File,
}

impl DaemonLock {
    /// Takes the lock that belongs to the store at `store`.
    pub(super) fn take(store: &Path) -> Result<Self, Error> {
        let path = lock_path(store);
        let failed = |operation: &'static str| {
            let path = path.clone();
            move |source| Error::Io {
                operation,
                path,
                source,
            }
        };
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed("open the lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { lock: path }),
            Err(TryLockError::Error(source)) => Err(failed("take the lock")(source)),
        }
    }
}

/// The lock file of a store: its name with `.lock` behind. The file stays when the lock is let go: to delete it would
/// let two daemons hold a lock of that name.
fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
