//! The files of a new configuration: all of them, or none, and never in place of others.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::answers::{ACCOUNT_SECRET, Answers, SMTP_SECRET, Secrets};
use crate::cli::context::DEFAULT_CONFIG;
use crate::cli::failure::{FAILED, Failure};

/// Where units of the administrator are.
pub const UNITS: &str = "/etc/systemd/system";

const UNIT: &str = include_str!("../../../systemd/balancewatch.service");
const UNIT_NAME: &str = "balancewatch.service";

/// The example that a package brings: whoever has that has no configuration yet.
const EXAMPLE: &str = include_str!("../../../config/minimal.toml");

/// Where packages have units.
const PACKAGED_UNITS: [&str; 2] = ["/usr/lib/systemd/system", "/lib/systemd/system"];

/// The program and the configuration as the unit names them.
const UNIT_PROGRAM: &str = "/usr/local/bin/balancewatch";

/// Where a service may not look, and where nothing stays.
const NO_PLACES: [&str; 4] = ["/home/", "/root/", "/tmp/", "/run/user/"];

/// Where everything is written.
pub struct Files<'a> {
    config: &'a Path,
    folder: &'a Path,
    /// The unit, and the program that it starts.
    unit: Option<(PathBuf, PathBuf)>,
}

impl<'a> Files<'a> {
    /// # Errors
    /// When a unit is wanted that could not start the program.
    pub fn new(config: &'a Path, units: Option<&Path>) -> Result<Self, Failure> {
        let folder = config.parent().unwrap_or(Path::new("/"));
        let unit = units.map(|units| Ok::<_, Failure>((units.join(UNIT_NAME), startable(units)?)));
        let unit = unit.transpose()?;
        Ok(Self { config, folder, unit })
    }

    /// # Errors
    /// When anything that would be written is there already.
    pub fn refuse_to_overwrite(&self) -> Result<(), Failure> {
        let secrets = [ACCOUNT_SECRET, SMTP_SECRET].map(|name| self.folder.join(name));
        let unit = self.unit.iter().map(|(unit, _)| unit.as_path());
        let mut all = [self.config]
            .into_iter()
            .chain(secrets.iter().map(PathBuf::as_path))
            .chain(unit);
        let is_example = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text == EXAMPLE);
        match all.find(|path| path.symlink_metadata().is_ok() && !is_example(path)) {
            Some(path) => Err(Failure::failed(format!("`{}` is there already", path.display()))
                .hint("nothing is overwritten: move it away, or name another place with --config")),
            None => Ok(()),
        }
    }

    /// Whether systemd knows how to start it once this is written.
    pub fn has_unit(&self) -> bool {
        let is_usual = self.config == Path::new(DEFAULT_CONFIG);
        let mut units = PACKAGED_UNITS
            .iter()
            .chain([&UNITS])
            .map(|units| Path::new(units).join(UNIT_NAME));
        self.unit.is_some() || (is_usual && units.any(|unit| unit.exists()))
    }

    /// Writes everything: secrets first, the configuration, which makes the rest count, last.
    ///
    /// # Errors
    /// When something cannot be written; then what was written before is removed.
    pub fn write(&self, answers: &Answers, store: &str) -> Result<(), Failure> {
        let mut written = Vec::new();
        let done = self.write_all(answers, store, &mut written);
        if done.is_err() {
            for path in written {
                fs::remove_file(path).ok();
            }
        }
        done
    }

    fn write_all(&self, answers: &Answers, store: &str, written: &mut Vec<PathBuf>) -> Result<(), Failure> {
        made(self.folder, fs::create_dir_all(self.folder))?;
        let mut write = |path: PathBuf, text: &str, mode: u32| {
            let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
            let file = file.and_then(|mut file| {
                written.push(path.clone());
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all())
            });
            made(&path, file)
        };
        let secret = format!("{}\n", answers.password.expose_secret());
        write(self.folder.join(ACCOUNT_SECRET), &secret, 0o600)?;
        let mail = answers.mail.as_ref().and_then(|mail| mail.password.as_ref());
        if let Some(password) = mail {
            write(
                self.folder.join(SMTP_SECRET),
                &format!("{}\n", password.expose_secret()),
                0o600,
            )?;
        }
        if let Some((unit, program)) = &self.unit {
            write(unit.clone(), &unit_text(program, self.config, mail.is_some()), 0o644)?;
        }
        let text = answers.text(&Secrets::Files(self.folder), store);
        // It holds no secret, and is whole or not there.
        let fresh = self.config.with_extension("toml.new");
        fs::remove_file(&fresh).ok();
        write(fresh.clone(), &text, 0o644)?;
        made(self.config, fs::rename(&fresh, self.config))
    }
}

/// The program as a service can start it.
fn startable(units: &Path) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?;
    let is_lost = NO_PLACES
        .iter()
        .any(|place| program.starts_with(place.trim_end_matches('/')));
    if is_lost && units == Path::new(UNITS) {
        let program = program.display();
        return Err(Failure::failed(format!("a service cannot start `{program}`"))
            .hint(format!("install it first: install -m 0755 {program} {UNIT_PROGRAM}")));
    }
    Ok(program)
}

/// The shipped unit with this program, this configuration, and the secrets that there are.
fn unit_text(program: &Path, config: &Path, has_mail_password: bool) -> String {
    let folder = config.parent().unwrap_or(Path::new("/")).display();
    let lines = UNIT
        .lines()
        .filter(|line| has_mail_password || !line.starts_with("LoadCredential=smtp.password"));
    let lines = lines.map(|line| match line.starts_with('#') {
        true => line.to_owned(),
        false => line
            .replace(UNIT_PROGRAM, &program.display().to_string())
            .replace(DEFAULT_CONFIG, &config.display().to_string())
            .replace(":/etc/balancewatch/", &format!(":{folder}/")),
    });
    lines.map(|line| line + "\n").collect()
}

fn made(path: &Path, done: std::io::Result<()>) -> Result<(), Failure> {
    done.map_err(|error| {
        Failure::from_error(&error, FAILED)
            .while_doing(format!("`{}` cannot be written, and nothing is", path.display()))
            .hint("root may write to /etc: run it with sudo, or name another place with --config")
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{UNIT, unit_text};

    #[test]
    fn the_unit_is_the_shipped_one_with_what_there_is() {
        let usual = unit_text(
            Path::new("/usr/local/bin/balancewatch"),
            Path::new("/etc/balancewatch/config.toml"),
            true,
        );
        assert_eq!(usual, UNIT);
        let other = unit_text(Path::new("/opt/bw"), Path::new("/srv/b/c.toml"), false);
        assert!(
            other.contains("\nExecStart=/opt/bw run --config /srv/b/c.toml\n"),
            "{other}"
        );
        assert!(
            other.contains("\nLoadCredential=account.main.password:/srv/b/account.main.password\n"),
            "{other}"
        );
        assert!(!other.contains("\nLoadCredential=smtp.password"), "{other}");
    }
}
