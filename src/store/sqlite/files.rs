//! The files that a daemon has open are still the ones that others find under their names. One that was removed or replaced
//! takes with it all that is written, and lets a second daemon in.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::store::Error;

/// Device and inode.
type Identity = (u64, u64);

/// Of these the database itself opens and closes one, or both.
const LOGS: [&str; 2] = ["-wal", "-shm"];

/// Files as they were when they were opened.
#[derive(Debug)]
pub struct Files {
    opened: Vec<(PathBuf, Identity)>,
    logs: [PathBuf; 2],
    /// What the system shows of a log that this process has open and nobody finds any more.
    removed_logs: [PathBuf; 2],
    /// The logs as they were when none of them was removed: as long as they are the same, none is.
    seen_logs: Mutex<[Option<Identity>; 2]>,
}

impl Files {
    /// The store and its lock.
    pub fn new(store: (&Path, &File), lock: (&Path, &File)) -> Result<Self, Error> {
        let failed = |operation: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io {
                operation,
                path,
                source,
            }
        };
        let mut opened = Vec::new();
        for (path, file) in [store, lock] {
            let data = file.metadata().map_err(failed("look at", path))?;
            opened.push((path.to_owned(), identity(&data)));
        }
        let place = fs::canonicalize(store.0).map_err(failed("look at", store.0))?;
        let log = |ending: &str| PathBuf::from(format!("{}{ending}", place.display()));
        Ok(Self {
            opened,
            logs: LOGS.map(log),
            removed_logs: LOGS.map(|name| log(&format!("{name} (deleted)"))),
            seen_logs: Mutex::default(),
        })
    }

    /// The first that is not there any more; `None`: all are.
    pub fn gone(&self) -> Option<PathBuf> {
        let is_there = |(path, opened): &&(PathBuf, _)| fs::metadata(path).is_ok_and(|data| identity(&data) == *opened);
        let gone = self.opened.iter().find(|file| !is_there(file));
        gone.map(|(path, _)| path.clone()).or_else(|| self.removed_log())
    }

    /// A log that was removed. Where the system does not show what a process has open, none was.
    fn removed_log(&self) -> Option<PathBuf> {
        let found = self.logs.each_ref().map(|log| Some(identity(&fs::metadata(log).ok()?)));
        let mut seen = self.seen_logs.lock().unwrap_or_else(PoisonError::into_inner);
        if found == *seen && found.iter().all(Option::is_some) {
            return None;
        }
        let removed = self.open_though_removed();
        if removed.is_none() {
            *seen = found;
        }
        removed
    }

    /// What the system shows of all that this process has open is looked through, which takes as long as a small commit.
    fn open_though_removed(&self) -> Option<PathBuf> {
        let open = fs::read_dir("/proc/self/fd").ok()?;
        let mut targets = open.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        let removed = targets.find(|target| self.removed_logs.contains(target))?;
        let text = removed.display().to_string();
        Some(PathBuf::from(text.trim_end_matches(" (deleted)")))
    }
}

fn identity(data: &Metadata) -> Identity {
    (data.dev(), data.ino())
}
