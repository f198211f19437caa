//! Collects the layers: built-in, main file, `conf.d`, environment, credentials. Later ones win.
//!
//! Judges no values. The environment is given to it; it reads files only.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{ConfigError, File, FileFormat, Source};

use super::key::{Need, PREFIX, Row};
use super::keys::{CHANNEL, POLICY_NOTIFY};
use super::known::{find, join, refuse_unknown, rows};
use super::problem::{Problem, Report};
use super::secret;
use super::tree::{Kind, Node, Origin, Shape, Table, fill, lay_over, name_entries, table};
use crate::regular;

/// Largest file read. The largest sensible configuration has some thousand lines.
const LARGEST_FILE_BYTES: u64 = 4 << 20;

const BUILT_IN: &str = include_str!("builtin.toml");

/// The variables of an environment.
pub type Variables = BTreeMap<OsString, OsString>;

/// The layers laid over each other, without the defaults.
#[cfg_attr(fuzzing, derive(Clone))]
pub struct Layers(Table);

impl Layers {
    pub fn built_in(report: &Report) -> Self {
        let mut layers = Self(Table::new());
        layers.add_text(BUILT_IN, &Origin::BuiltIn, report);
        layers
    }

    /// Lays one more layer over the others.
    fn add(&mut self, layer: Table, report: &Report) {
        refuse_unknown(&layer, report);
        lay_over(&mut self.0, layer);
    }

    /// Lays a text over the others.
    pub fn add_text(&mut self, text: &str, origin: &Origin, report: &Report) {
        if let Some(mut layer) = parse(text, origin, report) {
            name_entries(&mut layer, sections_of_entries(), report);
            self.add(layer, report);
        }
    }

    /// Lays the main file and `conf.d/*.toml` beside it over the others. A main file that is not needed may be missing.
    pub fn add_files(&mut self, main: &Path, needs_main: bool, report: &Report) {
        let is_there =
            |path: &Path| !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == ErrorKind::NotFound);
        let mut paths = Vec::new();
        if needs_main || is_there(main) {
            paths.push(main.to_owned());
        }
        let folder = main.parent().unwrap_or(Path::new("")).join("conf.d");
        match fs::read_dir(&folder) {
            Ok(entries) => {
                let mut found: Vec<PathBuf> = entries
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .filter(|path| path.extension() == Some(OsStr::new("toml")))
                    .filter(|path| {
                        path.file_name()
                            .is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
                    })
                    .collect();
                found.sort();
                paths.extend(found);
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => {
                report.problem(Problem::new(folder.display(), "", format!("cannot be read: {error}")));
                report.set_incomplete();
            }
        }
        for path in paths {
            let origin = Origin::File(Arc::from(path.as_path()));
            match read_bounded(&path) {
                Ok(text) => self.add_text(&text, &origin, report),
                Err(error) => {
                    let mut problem = Problem::new(path.display(), "", format!("cannot be read: {error}"));
                    if path == main {
                        problem = problem.accepted("`--config PATH` names another; README.md shows how to write one");
                    }
                    report.problem(problem);
                    report.set_incomplete();
                }
            }
        }
    }

    /// Lays the environment over the others: `BALANCEWATCH__ACCOUNT__MAIN__URL` and the like.
    pub fn add_environment(&mut self, variables: &Variables, report: &Report) {
        let mut layer = Table::new();
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some(path) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let problem = |what: &str| Problem::new(format!("environment {name}"), "", what);
            let Some(value) = value.to_str() else {
                report.problem(problem("is not UTF-8"));
                continue;
            };
            let origin = Origin::Variable(Arc::from(name));
            let path = path.to_lowercase();
            let words: Vec<&str> = path.split("__").collect();
            if words.iter().any(|word| word.is_empty()) || words.len() < 2 {
                report.problem(problem("names no key").accepted(format!("such as {PREFIX}SMTP__URL")));
                continue;
            }
            if !insert(&mut layer, "", &words, value, &origin) {
                report.problem(problem("names no key, or clashes with another variable"));
            }
        }
        self.add(layer, report);
    }

    /// Lays the credentials over the others: files named as the secrets are, such as `account.NAME.password`.
    pub fn add_credentials(&mut self, variables: &Variables, report: &Report) {
        let Some(folder) = variables
            .get(OsStr::new("CREDENTIALS_DIRECTORY"))
            .filter(|folder| !folder.is_empty())
        else {
            return;
        };
        let folder = Path::new(folder);
        let mut names: Vec<OsString> = match fs::read_dir(folder) {
            Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect(),
            Err(error) => {
                let problem = Problem::new(folder.display(), "", format!("cannot be read: {error}"));
                report.unreadable(problem);
                return;
            }
        };
        names.sort();
        for name in names.iter().filter_map(|name| name.to_str()) {
            let path = folder.join(name);
            // Other programs of the unit may have credentials too.
            let Some((table, key)) = name.rsplit_once('.').filter(|_| is_secret(name)) else {
                continue;
            };
            let Some(table) = self.table(table) else {
                report.warning(Problem::new(
                    path.display(),
                    name,
                    "is not used: the configuration has no such section",
                ));
                continue;
            };
            if let Some(text) = secret::read_file(&path, Problem::new(path.display(), name, ""), report) {
                let secret = Kind::text(&text).from(&Origin::Credential(Arc::from(path.as_path())));
                lay_over(table, Table::from([(key.to_owned(), secret)]));
            }
        }
    }

    /// The table at a path, such as `account.main`.
    fn table(&mut self, path: &str) -> Option<&mut Table> {
        let mut steps = path.split('.');
        steps.try_fold(&mut self.0, |table, step| table.get_mut(step)?.below_mut())
    }

    /// Everything, with the defaults filled in.
    pub fn finish(mut self) -> Table {
        let built_in = Origin::BuiltIn;
        for row in rows() {
            if let Need::Else(text) = row.need {
                fill(
                    &mut self.0,
                    row.path,
                    &Kind::written(text, row.shape, &built_in).from(&built_in),
                );
            }
        }
        // A policy that names nobody tells every channel but `client`.
        let channels = self.0.get(CHANNEL.row.path).and_then(Node::below);
        let names = channels
            .into_iter()
            .flat_map(Table::keys)
            .filter(|name| *name != "client");
        let names = names.map(|name| Kind::text(name).from(&built_in)).collect();
        fill(&mut self.0, POLICY_NOTIFY.row.path, &Kind::List(names).from(&built_in));
        self.0
    }
}

/// The sections that are lists of tables with a name.
fn sections_of_entries() -> impl Iterator<Item = &'static str> {
    rows().filter(|row| row.shape == Shape::Entries).map(|row| row.path)
}

/// Whether a path with the name of an entry in it is that of a secret.
fn is_secret(path: &str) -> bool {
    let is_at = |row: &Row| {
        let steps: Vec<_> = path.split('.').collect();
        let known: Vec<_> = row.path.split('.').collect();
        known.len() == steps.len()
            && known
                .iter()
                .zip(steps)
                .all(|(known, step)| *known == "*" || *known == step)
    };
    rows().any(|row| row.shape == Shape::Secret && is_at(row))
}

/// The values of a TOML text; `None` when it is none, which is reported.
fn parse(text: &str, origin: &Origin, report: &Report) -> Option<Table> {
    match File::from_str(text, FileFormat::Toml).collect() {
        Ok(values) => Some(table(values, origin)),
        Err(error) => {
            report.problem(Problem::new(origin, "", format!("is not TOML: {}", syntax(&error))));
            report.set_incomplete();
            None
        }
    }
}

/// What the TOML reader says without the line it quotes: that line may hold a password.
fn syntax(error: &ConfigError) -> String {
    let said = match error {
        ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    };
    let quoted = |line: &str| {
        line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
            .starts_with('|')
    };
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !quoted(line))
        .collect();
    lines.join(": ").replace("TOML parse error at ", "")
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    regular::open(path)?
        .take(LARGEST_FILE_BYTES + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE_BYTES {
        return Err(std::io::Error::other("it is larger than 4 MiB"));
    }
    Ok(text)
}

/// Whether a variable says something of an account: alone, the environment can be a whole configuration.
pub fn names_account(variables: &Variables) -> bool {
    let mut names = variables.keys().filter_map(|name| name.to_str()?.strip_prefix(PREFIX));
    names.any(|path| path.to_lowercase().starts_with("account__"))
}

/// Puts a variable's value where its words say, below a table whose path is `at`, with `*` for the names of entries.
/// Says whether that was possible.
fn insert(table: &mut Table, at: &str, words: &[&str], value: &str, origin: &Origin) -> bool {
    let [word, rest @ ..] = words else { return false };
    let is_entry = sections_of_entries().any(|section| section == at);
    let (key, path) = if is_entry {
        (word.replace('_', "-"), join(at, "*"))
    } else {
        ((*word).to_owned(), join(at, word))
    };
    if rest.is_empty() && is_entry {
        return false;
    }
    if rest.is_empty() {
        let shape = find(&path).map_or(Shape::Text, |row| row.shape);
        let before = table.insert(key, Kind::written(value, shape, origin).from(origin));
        return before.is_none_or(|before| before.below().is_none());
    }
    let below = table.entry(key.clone()).or_insert_with(|| {
        let name = is_entry.then(|| ("name".to_owned(), Kind::Text(key).from(origin)));
        let keys = name.into_iter().collect();
        let is_list = sections_of_entries().any(|section| section == path);
        if is_list {
            Kind::Entries(keys)
        } else {
            Kind::Table(keys)
        }
        .from(origin)
    });
    below
        .below_mut()
        .is_some_and(|below| insert(below, &path, rest, value, origin))
}
