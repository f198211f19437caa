//! Whether people know that a store fails, from one start of the daemon to the next. It is kept where a full disk still takes
//! it: in the time of the lock file, set back by a fixed number of years.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};

use super::lock::lock_path;

/// Thirty years: no file of this program is that old.
const BACK: SignedDuration = SignedDuration::from_hours(30 * 365 * 24);

/// Where times begin that are not set back.
const FIRST: Timestamp = Timestamp::constant(1_500_000_000, 0);

/// Since when the store at `store` fails, as people were told; `None`: they were told nothing, or that it works again.
#[must_use]
pub fn failing_since(store: &Path) -> Option<Timestamp> {
    let modified = std::fs::metadata(lock_path(store)).ok()?.modified().ok()?;
    let marked = Timestamp::try_from(modified).ok().filter(|at| *at < FIRST)?;
    marked.checked_add(BACK).ok()
}

/// Remembers that people were told that it fails since then.
///
/// # Errors
/// When there is no lock file, or the disk can only be read.
pub fn set_failing(store: &Path, since: Timestamp) -> io::Result<()> {
    set(store, since.saturating_sub(BACK).unwrap_or(Timestamp::MIN))
}

/// Remembers that there is nothing that people believe to fail.
///
/// # Errors
/// As [`set_failing`].
pub fn set_working(store: &Path, now: Timestamp) -> io::Result<()> {
    set(store, now.max(FIRST))
}

fn set(store: &Path, time: Timestamp) -> io::Result<()> {
    let lock = OpenOptions::new().write(true).open(lock_path(store))?;
    lock.set_modified(SystemTime::from(time))
}

#[cfg(test)]
mod tests {
    use super::{failing_since, set_failing, set_working};
    use crate::domain::testing::at;

    #[test]
    fn what_people_were_told_is_remembered_without_a_byte() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("state.db");
        assert_eq!(failing_since(&store), None, "no lock file");
        assert!(set_failing(&store, at(0)).is_err(), "none is made");
        std::fs::write(folder.path().join("state.db.lock"), "").unwrap();
        assert_eq!(failing_since(&store), None);
        let since = "2026-11-29T10:00:00.25Z".parse().unwrap();
        set_failing(&store, since).unwrap();
        assert_eq!(failing_since(&store), Some(since));
        set_working(&store, since).unwrap();
        assert_eq!(failing_since(&store), None);
    }
}
