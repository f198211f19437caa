//! What the disk below a store does not let it do, in words.

use std::fmt;
use std::path::Path;

use rustix::fs::{StatVfs, StatVfsMountFlags, statvfs};

/// With less than this, SQLite cannot do its work: its log of shared memory alone takes 32 KiB.
const LEAST_BYTES: u64 = 64 * 1024;

/// Why a disk does not take what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskTrouble {
    Full {
        /// Bytes that are free for the daemon now; `None` when it cannot be told.
        free_bytes: Option<u64>,
    },
    /// It can only be read.
    ReadOnly,
    /// It reports an error.
    Broken,
}

impl DiskTrouble {
    /// What is the matter with the disk of the file at `path` by what can be seen of it; `None`: nothing.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let disk = disk_of(path)?;
        if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
            return Some(Self::ReadOnly);
        }
        let free = free_bytes(&disk)?;
        (free < LEAST_BYTES).then_some(Self::Full { free_bytes: Some(free) })
    }

    /// What SQLite's primary result code `code` says of the disk of the file at `path`; `None`: nothing.
    pub(super) fn from_code(code: i64, path: &Path) -> Option<Self> {
        match code {
            13 => Some(Self::Full {
                free_bytes: disk_of(path).as_ref().and_then(free_bytes),
            }),
            10 => Some(Self::of(path).unwrap_or(Self::Broken)),
            // Files that belong to somebody else are no matter of the disk.
            8 | 14 => Self::of(path),
            _ => None,
        }
    }

    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Full { .. } => {
                "free some space there, or give the store a larger disk; nothing that was written is lost"
            }
            Self::ReadOnly => {
                "mount it writable; a disk that became read-only by itself is usually failing: see `dmesg`"
            }
            Self::Broken => "see what `dmesg` says of the disk, and keep a copy of the store elsewhere",
        }
    }
}

impl fmt::Display for DiskTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { free_bytes: None } => f.write_str("the disk is full"),
            Self::Full { free_bytes: Some(free) } => write!(f, "the disk is full ({free} bytes free)"),
            Self::ReadOnly => f.write_str("the disk can only be read"),
            Self::Broken => f.write_str("the disk reports an error"),
        }
    }
}

/// The file itself may be gone; its folder tells the same.
fn disk_of(path: &Path) -> Option<StatVfs> {
    statvfs(path).ok().or_else(|| statvfs(path.parent()?).ok())
}

/// `None`: its size is not told, as by some disks that are reached over a network.
fn free_bytes(disk: &StatVfs) -> Option<u64> {
    (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::DiskTrouble;

    #[test]
    fn the_disk_is_told_from_what_is_the_matter_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let full = |found: Option<DiskTrouble>| matches!(found, Some(DiskTrouble::Full { free_bytes: Some(free) }) if free > 0);
        assert!(
            full(DiskTrouble::from_code(13, &path)),
            "its folder tells of a file that is gone"
        );
        for (code, expected) in [
            (10, Some(DiskTrouble::Broken)),
            (8, None),
            (14, None),
            (5, None),
            (11, None),
        ] {
            assert_eq!(DiskTrouble::from_code(code, &path), expected, "{code}");
        }
        assert_eq!(DiskTrouble::of(&path), None);
        assert_eq!(
            DiskTrouble::of(Path::new("/proc/state.db")),
            None,
            "a disk without a size is not full"
        );
    }
}
