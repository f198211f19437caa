//! What is known of a key, and how keys are found by their path. The keys themselves are in `keys`.

use serde_json::Value;

use super::form::Form;
use super::keys::{ALL, CHANNEL_TYPE, LATER};
use super::layers::PREFIX;
use super::problem::{Problem, Report, Wrong, nearest};
use super::tree::{Kind, Node, Shape, Table};

/// A key whose value has the form `F`: the handle by which it is read.
pub struct Key<F> {
    pub row: Row,
    pub form: F,
}

/// What is known of a key whatever its form.
pub struct Row {
    /// Where it stands; `*` is the name of an entry.
    pub path: &'static str,
    pub shape: Shape,
    pub need: Need,
    /// What is accepted, in words; empty where the form says enough.
    pub accepted: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// What holds when nobody gives a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// That is a problem, if the table is there.
    Must,
    /// That is fine.
    May,
    /// This value, written as in the environment.
    Else(&'static str),
}

impl<F: Form> Key<F> {
    pub const fn new(path: &'static str, form: F, need: Need, accepted: &'static str, meaning: &'static str) -> Self {
        let row = Row {
            path,
            shape: F::SHAPE,
            need,
            accepted,
            meaning,
        };
        Self { row, form }
    }
}

/// A key of any form.
pub trait AnyKey: Sync {
    fn row(&self) -> &Row;
    fn accepted(&self) -> String;
    fn wrongs(&self, node: &Node) -> Vec<Wrong>;
    fn schema(&self) -> Value;
}

impl<F: Form> AnyKey for Key<F> {
    fn row(&self) -> &Row {
        &self.row
    }
    fn accepted(&self) -> String {
        match self.row.accepted {
            "" => self.form.accepted(),
            words => words.to_owned(),
        }
    }
    fn wrongs(&self, node: &Node) -> Vec<Wrong> {
        self.form.read(node).err().unwrap_or_default()
    }
    fn schema(&self) -> Value {
        self.form.schema()
    }
}

impl Row {
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// The path of the table that it stands in; empty for the whole configuration.
    pub fn parent(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }

    /// The variable that sets it, of the entry with this name.
    pub fn variable(&self, entry: &str) -> String {
        let path = self.path.replace('*', entry).replace('.', "__");
        format!("{PREFIX}{}", path.to_uppercase())
    }

    pub fn is_table(&self) -> bool {
        matches!(self.shape, Shape::Table | Shape::Entries)
    }

    /// Whether a value that is not good is kept out of what is said of it.
    pub fn hides(&self, value: &str) -> bool {
        matches!(self.shape, Shape::Secret | Shape::SecretFile) || (value.contains("://") && value.contains('@'))
    }
}

/// The key at a path that has `*` for the names of entries.
pub fn find(path: &str) -> Option<&'static Row> {
    ALL.iter().map(|key| key.row()).find(|row| row.path == path)
}

/// Where the key at a path stands in the manual; unknown ones stand last.
pub fn rank(path: &str) -> usize {
    let found = ALL.iter().position(|key| key.row().path == path);
    found.unwrap_or(usize::MAX)
}

/// Reports every key of a layer that is not known. Shows no value: the misspelt key may be a secret's.
pub fn refuse_unknown(layer: &Table, report: &Report) {
    walk(layer, "", "", report);
}

fn walk(table: &Table, pattern: &str, place: &str, report: &Report) {
    for (key, node) in table {
        let (pattern, at) = (join(pattern, key), join(place, key));
        match (find(&pattern), &node.kind) {
            (None, _) if LATER.contains(&pattern.as_str()) => {
                report.problem(Problem::new(&node.origin, at, "is not in this version"));
            }
            (None, _) => report.problem(unknown(&pattern, at, node)),
            (Some(row), Kind::Table(table)) if row.shape == Shape::Table => walk(table, &pattern, &at, report),
            (Some(row), Kind::Named(entries)) if row.shape == Shape::Entries => {
                for (name, entry) in entries {
                    if let Kind::Table(table) = &entry.kind
                        && !is_later_channel(&pattern, table)
                    {
                        walk(table, &join(&pattern, "*"), &join(&at, name), report);
                    }
                }
            }
            (Some(_), _) => {}
        }
    }
}

/// Whether an entry is a channel of a kind that later versions have. The kind is refused, and its keys are not judged.
pub fn is_later_channel(section: &str, entry: &Table) -> bool {
    let row = &CHANNEL_TYPE.row;
    let kind = entry.get(row.name()).map(|node| &node.kind);
    row.path.strip_prefix(section) == Some(".*.type")
        && matches!(kind, Some(Kind::Text(kind)) if CHANNEL_TYPE.form.later.contains(&kind.as_str()))
}

fn unknown(pattern: &str, at: String, node: &Node) -> Problem {
    let (parent, name) = pattern.rsplit_once('.').unwrap_or(("", pattern));
    let rows = || ALL.iter().map(|key| key.row());
    let known: Vec<&str> = rows().filter(|row| row.parent() == parent).map(Row::name).collect();
    let elsewhere = || {
        rows()
            .find(|row| row.name() == name)
            .map(|row| row.path.replace('*', "NAME"))
    };
    let meant = nearest(name, known.iter().copied()).or_else(elsewhere);
    Problem::new(&node.origin, at, "is not a known key")
        .accepted(format!("known here: {}", known.join(", ")))
        .did_you_mean(meant)
}

/// A path and one more key.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
