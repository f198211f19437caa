//! Collects the layers: built-in, main file, `conf.d`, environment, credentials. Later ones win.
//!
//! Judges no values. The environment is given to it; it reads files only.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{ConfigError, File, FileFormat, Source};

use super::key::{self, Need, join};
use super::keys::{ALL, CHANNEL, POLICY_NOTIFY};
use super::problem::{Problem, Report};
use super::secret;
use super::tree::{Kind, Node, Origin, Shape, Table, fill, lay_over, name_entries};
use super::{Secrets, Variables};
use crate::regular;

/// Largest file read. The largest sensible configuration has some thousand lines.
const LARGEST_FILE_BYTES: u64 = 4 << 20;

const BUILT_IN: &str = include_str!("builtin.toml");

/// What variables of the program start with.
pub const PREFIX: &str = "BALANCEWATCH__";

/// The layers laid over each other, without the defaults.
#[cfg_attr(fuzzing, derive(Clone))]
pub struct Layers(Table);

impl Layers {
    /// The shipped policies.
    pub fn built_in(report: &Report) -> Self {
        let mut layers = Self(Table::new());
        layers.add_text(BUILT_IN, &Origin::BuiltIn, report);
        layers
    }

    /// Lays one more layer over the others.
    fn add(&mut self, layer: Table, report: &Report) {
        key::refuse_unknown(&layer, report);
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
            let words: Vec<String> = path.to_lowercase().split("__").map(str::to_owned).collect();
            if words.iter().any(String::is_empty) || words.len() < 2 {
                report.problem(problem("names no key").accepted(format!("such as {PREFIX}SMTP__URL")));
                continue;
            }
            if !insert(&mut layer, &words, value, &origin) {
                report.problem(problem("names no key, or clashes with another variable"));
            }
        }
        self.add(layer, report);
    }

    /// Lays the credentials over the others: files named as the secrets are, such as `account.NAME.password`.
    pub fn add_credentials(&mut self, variables: &Variables, secrets: Secrets, report: &Report) {
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
                secret::unreadable(problem, secrets, report);
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
            if let Some(text) = secret::read_file(&path, Problem::new(path.display(), name, ""), secrets, report) {
                let secret = Node::text(&text, &Origin::Credential(Arc::from(path.as_path())));
                lay_over(table, Table::from([(key.to_owned(), secret)]));
            }
        }
    }

    /// The table at a path, such as `account.main`.
    fn table(&mut self, path: &str) -> Option<&mut Table> {
        let mut table = &mut self.0;
        let mut steps = path.split('.');
        while let Some(step) = steps.next() {
            let node = match &mut table.get_mut(step)?.kind {
                Kind::Named(entries) => {
                    let name = steps.next()?;
                    &mut entries.iter_mut().find(|(other, _)| other == name)?.1.kind
                }
                kind => kind,
            };
            let Kind::Table(below) = node else { return None };
            table = below;
        }
        Some(table)
    }

    /// Everything, with the defaults filled in.
    pub fn finish(mut self) -> Table {
        for row in ALL.iter().map(|key| key.row()) {
            let value = match row.need {
                Need::Else(_) if row.shape == Shape::Table => Node::table(Table::new(), &Origin::BuiltIn),
                Need::Else(text) => Node::written(text, Some(row.shape), &Origin::BuiltIn),
                Need::Must | Need::May => continue,
            };
            fill(&mut self.0, row.path, &value);
        }
        self.tell_every_channel();
        self.0
    }

    /// A policy that names nobody tells every channel but `client`.
    fn tell_every_channel(&mut self) {
        let channels = match self.0.get(CHANNEL.row.path).map(|node| &node.kind) {
            Some(Kind::Named(entries)) => entries.iter().map(|(name, _)| name.as_str()).collect(),
            _ => Vec::new(),
        };
        let channels = channels.into_iter().filter(|name| *name != "client");
        let everybody = Node {
            origin: Origin::BuiltIn,
            kind: Kind::List(channels.map(|name| Node::text(name, &Origin::BuiltIn)).collect()),
        };
        fill(&mut self.0, POLICY_NOTIFY.row.path, &everybody);
    }
}

/// The sections that are lists of tables with a name.
fn sections_of_entries() -> impl Iterator<Item = &'static str> {
    let rows = ALL.iter().map(|key| key.row());
    rows.filter(|row| row.shape == Shape::Entries).map(|row| row.path)
}

/// Whether a path with the name of an entry in it is that of a secret.
fn is_secret(path: &str) -> bool {
    let mut secrets = ALL.iter().map(|key| key.row()).filter(|row| row.shape == Shape::Secret);
    secrets.any(|row| {
        let (mut known, mut given) = (row.path.split('.'), path.split('.'));
        known
            .by_ref()
            .zip(given.by_ref())
            .all(|(known, given)| known == "*" || known == given)
            && row.path.split('.').count() == path.split('.').count()
    })
}

/// The values of a TOML text; `None` when it is none, which is reported.
fn parse(text: &str, origin: &Origin, report: &Report) -> Option<Table> {
    match File::from_str(text, FileFormat::Toml).collect() {
        Ok(values) => Some(
            values
                .into_iter()
                .map(|(key, value)| (key, Node::from_value(value, origin)))
                .collect(),
        ),
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

/// Puts a variable's value where its words say; whether that was possible.
fn insert(layer: &mut Table, words: &[String], value: &str, origin: &Origin) -> bool {
    let section = words[0].as_str();
    if !sections_of_entries().any(|entries| entries == section) {
        return insert_below(layer, "", words, value, origin);
    }
    let [_, name, rest @ ..] = words else { return false };
    if rest.is_empty() {
        return false;
    }
    let name = name.replace('_', "-");
    let entries = layer.entry(section.to_owned()).or_insert_with(|| Node {
        origin: origin.clone(),
        kind: Kind::Named(Vec::new()),
    });
    let Kind::Named(entries) = &mut entries.kind else {
        return false;
    };
    let at = entries.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
        let table = Table::from([("name".to_owned(), Node::text(&name, origin))]);
        entries.push((name, Node::table(table, origin)));
        entries.len() - 1
    });
    let Kind::Table(table) = &mut entries[at].1.kind else {
        return false;
    };
    insert_below(table, &format!("{section}.*"), rest, value, origin)
}

fn insert_below(table: &mut Table, section: &str, words: &[String], value: &str, origin: &Origin) -> bool {
    let [key, rest @ ..] = words else { return false };
    let path = join(section, key);
    if rest.is_empty() {
        let node = Node::written(value, key::find(&path).map(|row| row.shape), origin);
        return table
            .insert(key.clone(), node)
            .is_none_or(|before| !matches!(before.kind, Kind::Table(_)));
    }
    let below = table
        .entry(key.clone())
        .or_insert_with(|| Node::table(Table::new(), origin));
    let Kind::Table(below) = &mut below.kind else {
        return false;
    };
    insert_below(below, &path, rest, value, origin)
}
