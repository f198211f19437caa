//! The token that is made beside the store when none is configured. Its value is never told, only where it is.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use secrecy::{ExposeSecret, SecretString};

use crate::config::{Settings, secret_in};

/// Where it is.
#[must_use]
pub fn path(store: &Path) -> PathBuf {
    store.with_file_name("web.token")
}

/// The token of the configuration. One that is empty was allowed to be missing.
pub(super) fn configured(settings: &Settings) -> Option<SecretString> {
    let configured = settings.web.token.clone();
    configured.filter(|token| !token.expose_secret().is_empty())
}

/// The token that counts by these settings, if it is there already; nothing is made.
#[must_use]
pub fn token_of(settings: &Settings) -> Option<SecretString> {
    configured(settings).or_else(|| secret_in(&path(&settings.store.path)).ok().map(SecretString::from))
}

/// The token beside the store, made if it is not there; `None`: that failed, which was logged.
pub fn beside(store: &Path) -> Option<SecretString> {
    let path = path(store);
    let said = path.display();
    match make(&path) {
        Ok(()) => {
            tracing::info!(path = %said, "a token was made: who shows it or logs in with it may change something")
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            tracing::info!(path = %said, "who shows the token in this file or logs in with it may change something");
        }
        Err(error) => {
            tracing::error!(path = %said, %error, "no token could be made, so that nobody can change anything over the web: set web.token_file, or mend it and restart");
            return None;
        }
    }
    match secret_in(&path) {
        Ok(token) => Some(SecretString::from(token)),
        Err(error) => {
            tracing::error!(path = %said, %error, "the token cannot be used, so that nobody can change anything over the web: remove the file and restart for a new one");
            None
        }
    }
}

/// Makes it, for its owner alone.
fn make(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let token = BASE64.encode(rand::random::<[u8; 32]>());
    let written = file.write_all(format!("{token}\n").as_bytes());
    written.and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half a token would be taken for one at the next start.
        fs::remove_file(path).ok();
    })
}

#[cfg(test)]
mod tests {
    use super::{beside, path};
    use secrecy::ExposeSecret;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("state.db");
        let made = beside(&store).unwrap();
        assert_eq!(made.expose_secret().len(), 43);
        let file = fs::metadata(path(&store)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        assert_eq!(beside(&store).unwrap().expose_secret(), made.expose_secret());
    }

    #[test]
    fn what_is_no_token_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("state.db");
        fs::write(path(&store), "").unwrap();
        assert!(beside(&store).is_none(), "an empty file");
        fs::remove_file(path(&store)).unwrap();
        fs::create_dir(path(&store)).unwrap();
        assert!(beside(&store).is_none(), "a folder");
        assert!(beside(&folder.path().join("none/state.db")).is_none(), "no folder");
    }
}
