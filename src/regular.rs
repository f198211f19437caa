//! Files that are files. A FIFO, a device or a socket where a file is meant would be waited for, without end; it is an
//! error at once. Links to files are fine: systemd and Kubernetes hand out secrets as such.

use std::fs::{File, FileType, Metadata, OpenOptions, metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file for reading.
///
/// # Errors
/// What the system says, or that it is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // Opening a device may do something by itself, so that it is looked at first.
    refuse(&metadata(path)?)?;
    let without_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(without_waiting).open(path)?;
    // Something else may stand there by now.
    refuse(&file.metadata()?)?;
    Ok(file)
}

/// Looks whether what stands at a path, if anything, is a file: for what is opened elsewhere.
///
/// # Errors
/// As [`open`], but for what is not there.
pub fn check(path: &Path) -> io::Result<()> {
    match metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        found => refuse(&found?),
    }
}

fn refuse(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let kind = name_of(kind);
    Err(io::Error::other(format!("it is {kind}, and not a regular file")))
}

fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::{check, open};

    #[test]
    fn only_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "x").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        std::os::unix::fs::symlink("fifo", path("link-to-fifo")).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path("fifo")).status();
        assert!(made.unwrap().success());
        let _listener = UnixListener::bind(path("socket")).unwrap();
        for name in ["file", "link"] {
            let mut text = String::new();
            open(&path(name)).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "x", "{name}");
            check(&path(name)).unwrap();
        }
        for (at, what) in [
            (path("fifo"), "a FIFO"),
            (path("link-to-fifo"), "a FIFO"),
            (path("folder"), "a folder"),
            (path("socket"), "a socket"),
            (Path::new("/dev/zero").to_owned(), "a device"),
        ] {
            let said = format!("it is {what}, and not a regular file");
            assert_eq!(open(&at).unwrap_err().to_string(), said, "{at:?}");
            assert_eq!(check(&at).unwrap_err().to_string(), said, "{at:?}");
        }
        assert_eq!(open(&path("none")).unwrap_err().kind(), std::io::ErrorKind::NotFound);
        check(&path("none")).unwrap();
    }
}
