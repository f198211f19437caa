//! What is known of a key. The keys themselves are in `keys`.

use serde_json::Value;

use super::form::Form;
use super::problem::Wrong;
use super::tree::{Node, Shape};

/// What variables of the program start with.
pub const PREFIX: &str = "BALANCEWATCH__";

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
        matches!(self.shape, Shape::Secret | Shape::SecretFile | Shape::Map)
            || (value.contains("://") && value.contains('@'))
    }
}
