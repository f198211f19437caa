//! Reads the values of keys, and reports what is wrong with them.

use jiff::Timestamp;

use super::form::{Entries, Form};
use super::key::{AnyKey, Key, Need};
use super::keys::ALL;
use super::problem::{Problem, Report, Wrong};
use super::tree::{Kind, Node, Origin, Table};

/// The values of the whole configuration, or of it as one entry sees it: for that, `*` in a path is its name.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub values: &'a Table,
    pub entry: &'a str,
    /// What is named when something is missing.
    pub main: &'a Origin,
    pub report: &'a Report,
    pub now: Timestamp,
}

impl<'a> Reader<'a> {
    /// The value of a key; `None` when there is none, or none that is good.
    pub fn get<F: Form>(&self, key: &Key<F>) -> Option<F::Value> {
        key.form.read(self.node(key.row.path)?).ok()
    }

    /// The value of a key that may be absent: `Some(None)` when it is, `None` when it is wrong.
    pub fn optional<F: Form>(&self, key: &Key<F>) -> Option<Option<F::Value>> {
        if self.has(key) {
            self.get(key).map(Some)
        } else {
            Some(None)
        }
    }

    pub fn entries(&self, key: &Key<Entries>) -> Vec<Self> {
        self.entries_at(key.row.path)
    }

    fn entries_at(&self, section: &str) -> Vec<Self> {
        let entries = self.values.get(section).and_then(Node::below);
        let names = entries.into_iter().flat_map(Table::keys);
        names.map(|entry| Self { entry, ..*self }).collect()
    }

    pub fn has(&self, key: &dyn AnyKey) -> bool {
        self.node(key.row().path).is_some()
    }

    fn node(&self, path: &str) -> Option<&'a Node> {
        self.nodes(path).nth(path.matches('.').count())
    }

    /// The nodes on the way to a path, as far as there are any.
    fn nodes(&self, path: &str) -> impl Iterator<Item = &'a Node> {
        let Self { values, entry, .. } = *self;
        path.split('.').scan(Some(values), move |table, step| {
            let node: &Node = (*table)?.get(if step == "*" { entry } else { step })?;
            *table = node.below();
            Some(node)
        })
    }

    /// Where the value of a key came from; without one, the table where it would stand.
    pub fn origin_of(&self, key: &dyn AnyKey) -> &'a Origin {
        self.nodes(key.row().path).last().map_or(self.main, |node| &node.origin)
    }

    pub fn place_of(&self, key: &dyn AnyKey) -> String {
        key.row().path.replace('*', self.entry)
    }

    /// Reports what is wrong with the value of a key.
    pub fn refuse(&self, key: &dyn AnyKey, wrong: Wrong) {
        self.report.problem(self.problem(key, wrong));
    }

    /// What is wrong with the value of a key, with the value unless it may hold a secret.
    pub fn problem(&self, key: &dyn AnyKey, wrong: Wrong) -> Problem {
        let value = self.node(key.row().path).and_then(|node| node.kind.shown());
        let value = value.filter(|value| !key.row().hides(value));
        wrong.at(self.origin_of(key), self.place_of(key), value, key.accepted())
    }

    /// Reports something odd that is in nobody's way.
    pub fn warn(&self, key: &dyn AnyKey, what: &str, accepted: &str) {
        let problem = Problem::new(self.origin_of(key), self.place_of(key), what);
        self.report.warning(problem.accepted(accepted));
    }

    /// What to report when a key that is needed is not there.
    pub fn missing(&self, key: &dyn AnyKey) -> Problem {
        Problem::new(self.origin_of(key), self.place_of(key), "is missing").accepted(key.accepted())
    }

    /// Reports every value that its key does not take, and every key that must be there and is not.
    pub fn check(&self) {
        for key in ALL {
            match key.row().path.split_once(".*") {
                Some((section, _)) => {
                    for entry in self.entries_at(section) {
                        entry.check_key(*key);
                    }
                }
                None => self.check_key(*key),
            }
        }
    }

    fn check_key(&self, key: &dyn AnyKey) {
        let row = key.row();
        match self.node(row.path) {
            Some(node) => key.wrongs(node).into_iter().for_each(|wrong| self.refuse(key, wrong)),
            None if row.need == Need::Must && self.is_table(row.parent()) => self.report.absence(self.missing(key)),
            None => {}
        }
    }

    fn is_table(&self, path: &str) -> bool {
        path.is_empty()
            || matches!(
                self.node(path),
                Some(Node {
                    kind: Kind::Table(_),
                    ..
                })
            )
    }
}
