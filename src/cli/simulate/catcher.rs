//! `simulate --with-mail-catcher`: a mail server beside the simulator, and the whole configuration with which a daemon
//! watches the one and writes to the other.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::demo::fresh_folder;
use crate::mail_catcher::{MailCatcher, Options};

/// A running mail server and where its things are. It ends when dropped.
pub(super) struct Catching {
    catcher: MailCatcher,
    mails: PathBuf,
    config: PathBuf,
}

/// Who the simulator is to a daemon.
pub(super) struct Reseller<'a> {
    pub address: SocketAddr,
    pub username: &'a str,
    pub password: &'a str,
}

impl Catching {
    /// Starts to catch mails, and writes the configuration. An empty `folder`: a new one.
    pub(super) async fn start(folder: &Path, reseller: &Reseller<'_>) -> Result<Self, Failure> {
        let told = |doing: String| move |error: io::Error| Failure::from(error).while_doing(doing);
        let folder = if folder.as_os_str().is_empty() {
            fresh_folder("simulation").map_err(told("cannot make a folder for mails and configuration".to_owned()))?
        } else {
            make_folder(folder).map_err(told(format!("cannot use the folder `{}`", folder.display())))?
        };
        let mails = folder.join("mails");
        let numbered_after = mails_in(&mails).map_err(told(format!("cannot use the folder `{}`", mails.display())))?;
        let options = Options {
            folder: Some(mails.clone()),
            numbered_after,
            ..Options::default()
        };
        let catcher = MailCatcher::start(options).await;
        let catcher = catcher.map_err(told("cannot listen on 127.0.0.1 for mails".to_owned()))?;
        let config = folder.join("config.toml");
        let text = configuration(reseller, catcher.address(), &folder);
        write_private(&config, &text).map_err(told(format!("cannot write `{}`", config.display())))?;
        Ok(Self { catcher, mails, config })
    }

    /// Says where everything is, and what to type next.
    pub(super) fn tell(&self, mut to: impl Write) -> io::Result<()> {
        let (mails, config) = (self.mails.display(), self.config.display());
        writeln!(
            to,
            "mails are caught on {} and kept as {mails}/*.eml",
            self.catcher.address()
        )?;
        writeln!(to, "the daemon for it, in another terminal:")?;
        writeln!(to, "  balancewatch run --config {config}")
    }
}

/// A folder for its owner only, as a whole path.
fn make_folder(folder: &Path) -> io::Result<PathBuf> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    folder.canonicalize()
}

/// Makes the folder of the mails; the highest number that an earlier start left in it.
fn mails_in(folder: &Path) -> io::Result<u32> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut highest = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name
            .to_string_lossy()
            .split('-')
            .next()
            .and_then(|number| number.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    Ok(highest)
}

/// What the daemon is told. Quick and loud, as it is for trying things out; nothing is changed unless somebody asks for it.
fn configuration(reseller: &Reseller<'_>, mail: SocketAddr, folder: &Path) -> String {
    let mut api = reseller.address;
    if api.ip().is_unspecified() {
        // HTTP goes to loopback only, wherever else the simulator listens, too.
        api.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!(
        r#"# Written by `balancewatch simulate --with-mail-catcher`, anew at each start: the ports change.
# What you want otherwise belongs into conf.d/*.toml beside this file, such as
#   [enforcement]
#   mode = "apply"

[[account]]
name = "simulated"
url = {url}
username = {username}
password = {password}
rate_per_minute = 600

[schedule]
sweep = "1m"

[smtp]
url = "smtp://{mail}"
from = "Phone service <alerts@example.com>"

[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]

[alerts]
notify_clients = true

[store]
url = {store}

[enforcement]
mode = "observe"
"#,
        url = quoted(&format!("http://{api}/api/v1/rest.php")),
        username = quoted(reseller.username),
        password = quoted(reseller.password),
        store = quoted(&format!("sqlite://{}/state.db", folder.display())),
    )
}

/// A text as TOML writes it: its basic strings are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Writes a file that only its owner may read: it holds a password, even if it opens nothing real.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::path::Path;

    use jiff::Timestamp;

    use super::{Reseller, configuration};

    #[test]
    fn what_is_written_is_a_whole_configuration_whatever_the_names_are() {
        let mail: SocketAddr = "127.0.0.1:2525".parse().unwrap();
        for (address, url) in [
            ("127.0.0.1:8099", "http://127.0.0.1:8099/api/v1/rest.php"),
            ("0.0.0.0:8099", "http://127.0.0.1:8099/api/v1/rest.php"),
            ("[::1]:8099", "http://[::1]:8099/api/v1/rest.php"),
        ] {
            let reseller = Reseller {
                address: address.parse().unwrap(),
                username: "a\"b\\SMTP@example.com",
                password: "= STORE é \"",
            };
            let text = configuration(&reseller, mail, Path::new("/tmp/a b"));
            let loaded = crate::config::parse(&text, Timestamp::UNIX_EPOCH);
            let settings = loaded
                .unwrap_or_else(|found| panic!("{:?}\n{text}", found.problems))
                .settings;
            assert_eq!(settings.accounts[0].url, url);
            assert_eq!(settings.accounts[0].username, reseller.username);
            assert_eq!(settings.store.path, Path::new("/tmp/a b/state.db"));
        }
    }
}
