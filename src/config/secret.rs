//! Secrets: given as a value, or as the path of a file that holds it. Never printed, never part of a problem.

use std::fs::metadata;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use secrecy::SecretString;

use super::form::{Secret, SecretFile};
use super::key::Key;
use super::problem::{Problem, Report, Secrets, wrong};
use super::reader::Reader;
use super::tree::Origin;
use crate::regular;

/// Longest secret, in bytes: far above any password, far below a file named by mistake.
const LONGEST_BYTES: u64 = 4096;

/// Why a file holds no secret that can be used. Never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It is not there, may not be read, or is no UTF-8.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It can be read, but is no secret.
    #[error("{0}")]
    Unfit(&'static str),
}

/// The secret in a file, without its last line break.
///
/// # Errors
/// [`BadFile`].
pub fn secret_in(path: &Path) -> Result<String, BadFile> {
    let mut text = String::new();
    let read = regular::open(path).and_then(|file| file.take(LONGEST_BYTES + 1).read_to_string(&mut text));
    read.map_err(BadFile::Unreadable)?;
    let secret = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if secret.is_empty() {
        Err(BadFile::Unfit("is an empty file"))
    } else if text.len() as u64 > LONGEST_BYTES {
        Err(BadFile::Unfit("is a file of more than 4096 bytes"))
    } else if secret.contains(char::is_control) {
        Err(BadFile::Unfit("is a file of several lines, or with control characters"))
    } else {
        Ok(secret.to_owned())
    }
}

/// The secret in a file; `None` when there is none, which is reported as `told` with what is wrong in it.
pub fn read_file(path: &Path, told: Problem, report: &Report) -> Option<String> {
    let bad = match secret_in(path) {
        Ok(secret) => return Some(secret),
        Err(bad) => bad,
    };
    let problem = Problem {
        problem: bad.to_string(),
        ..told
    };
    match bad {
        BadFile::Unreadable(_) => report.unreadable(problem),
        BadFile::Unfit(_) => report.problem(problem),
    }
    None
}

/// Whoever is no owner may read or write, and the group may write. The group may read: a service's own group often must.
const OPEN: u32 = 0o026;

/// Warns of a file that holds a secret and is open to others on this machine.
fn warn_if_open(path: &Path, report: &Report) {
    let is_open = |path| metadata(path).is_ok_and(|file| file.permissions().mode() & OPEN != 0);
    if is_handed_out(path) || !is_open(path) {
        return;
    }
    let warning = Problem::new(
        path.display(),
        "",
        "holds a secret, and is open to others on this machine",
    );
    let quoted = path.display().to_string().replace('\'', r"'\''");
    report.warning(warning.accepted(format!("close it with `chmod g-w,o= '{quoted}'`")));
}

/// Whether a file was put there by systemd, Docker or Kubernetes: nobody else is in the unit or the container, and its mode
/// is theirs. Kubernetes links each to a folder that begins with `..`.
fn is_handed_out(path: &Path) -> bool {
    let real = path.canonicalize().unwrap_or_default();
    let is_versioned = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b"..");
    ["/run/secrets", "/run/credentials"]
        .iter()
        .any(|folder| real.starts_with(folder))
        || real.components().any(is_versioned)
}

/// A secret, given as itself or as the file that holds it. `needed`: whether it has to be there.
///
/// An empty one stands for a secret that may be missing. One that is not given at all may be missing too: the
/// credentials of a systemd unit are there for the unit alone, not for a person who runs `check` or `status`.
pub fn password(
    reader: &Reader<'_>,
    key: &Key<Secret>,
    file_key: &Key<SecretFile>,
    needed: bool,
) -> Option<SecretString> {
    let nothing = || (reader.report.secrets == Secrets::MayBeMissing).then(|| SecretString::from(String::new()));
    match (reader.has(key), reader.has(file_key)) {
        (true, true) => {
            let what = format!("is given beside {}", file_key.row.name());
            reader.refuse(key, wrong(what).accepted("one of the two"));
            None
        }
        (true, false) => {
            if let Origin::File(path) = reader.origin_of(key) {
                warn_if_open(path, reader.report);
            }
            reader.get(key)
        }
        (false, true) => {
            // A relative path counts from the file that names it.
            let (file, origin) = (reader.get(file_key)?, reader.origin_of(file_key));
            let path = origin.folder().unwrap_or_default().join(&file);
            let mut told = Problem::new(origin, reader.place_of(file_key), "");
            if file.contains('/') {
                // Without a folder it may be the secret itself, given as the file by mistake.
                told = told.value(path.display());
            }
            let secret = read_file(&path, told, reader.report);
            warn_if_open(&path, reader.report);
            secret.map(SecretString::from).or_else(nothing)
        }
        (false, false) if needed => {
            reader.report.absent_secret(reader.missing(key));
            nothing()
        }
        (false, false) => None,
    }
}
