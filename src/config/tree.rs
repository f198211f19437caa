//! The values of a layer and where each came from, and how layers are laid over each other.
//!
//! Knows no keys but `name`, `when` and `clear`. Has no `Debug`: secrets are among the values.

use std::fmt;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Value, ValueKind};
use indexmap::IndexMap;

use super::problem::{Problem, Report};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    BuiltIn,
    File(Arc<Path>),
    /// A text without a file.
    Text,
    Variable(Arc<str>),
    /// A file in the credentials directory.
    Credential(Arc<Path>),
}

impl Origin {
    /// The folder that relative paths count from, when the value came from a file.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => path.parent().map(Path::to_owned),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::File(path) | Self::Credential(path) => path.display().fmt(f),
            Self::Text => f.write_str("configuration"),
            Self::Variable(name) => write!(f, "environment {name}"),
        }
    }
}

/// What is written behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// A text that is never shown.
    Secret,
    /// The path of a file that holds a secret.
    SecretFile,
    Integer,
    Flag,
    /// A list of texts.
    List,
    Table,
    /// A table with keys of the writer's own, and texts that are never shown.
    Map,
    /// A list of tables that have a name.
    Entries,
}

/// A value and where it came from.
#[derive(Clone)]
pub struct Node {
    pub origin: Origin,
    pub kind: Kind,
}

/// Keys, or the names of entries, and what is behind them.
pub type Table = IndexMap<String, Node>;

/// What a value is.
#[derive(Clone)]
pub enum Kind {
    Flag(bool),
    Integer(i64),
    /// Only to be refused by name: no float touches an amount, and nothing else is one.
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
    /// A list of tables that have a name: accounts, channels, policies.
    Entries(Table),
}

impl Kind {
    /// A value as the file reader gives it.
    fn from_value(value: Value, origin: &Origin) -> Self {
        match value.kind {
            ValueKind::Nil => Self::Text(String::new()),
            ValueKind::Boolean(flag) => Self::Flag(flag),
            ValueKind::I64(integer) => Self::Integer(integer),
            ValueKind::I128(integer) => Self::Text(integer.to_string()),
            ValueKind::U64(integer) => Self::Text(integer.to_string()),
            ValueKind::U128(integer) => Self::Text(integer.to_string()),
            ValueKind::Float(float) => Self::Float(float),
            ValueKind::String(text) => Self::Text(text),
            ValueKind::Array(values) => {
                let node = |value| Self::from_value(value, origin).from(origin);
                Self::List(values.into_iter().map(node).collect())
            }
            ValueKind::Table(values) => Self::Table(table(values, origin)),
        }
    }

    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A value as the environment writes it, in the shape that its key wants. A text that has not that shape stays one
    /// and is refused later.
    pub fn written(text: &str, shape: Shape, origin: &Origin) -> Self {
        let kind = match shape {
            Shape::Integer => text.trim().parse().ok().map(Self::Integer),
            Shape::Flag => text.trim().parse().ok().map(Self::Flag),
            Shape::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Self::List(items.map(|item| Self::text(item).from(origin)).collect()))
            }
            Shape::Table if text.is_empty() => Some(Self::Table(Table::new())),
            _ => None,
        };
        kind.unwrap_or_else(|| Self::text(text))
    }

    pub fn from(self, origin: &Origin) -> Node {
        let origin = origin.clone();
        Node { origin, kind: self }
    }

    /// What it is, for a person who wrote something else than was expected.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Flag(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Entries(_) => "a list of tables",
        }
    }

    /// The value as it would be written; `None` when it has parts.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Integer(integer) => Some(integer.to_string()),
            Self::Float(float) => Some(float.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::List(_) | Self::Table(_) | Self::Entries(_) => None,
        }
    }
}

impl Node {
    pub fn below(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) | Kind::Entries(table) => Some(table),
            _ => None,
        }
    }

    pub fn below_mut(&mut self) -> Option<&mut Table> {
        match &mut self.kind {
            Kind::Table(table) | Kind::Entries(table) => Some(table),
            _ => None,
        }
    }
}

/// The values of a file.
pub fn table(values: impl IntoIterator<Item = (String, Value)>, origin: &Origin) -> Table {
    let node = |(key, value)| (key, Kind::from_value(value, origin).from(origin));
    let mut table: Table = values.into_iter().map(node).collect();
    // The file reader keeps no order.
    table.sort_keys();
    table
}

/// Turns the lists in these sections of a layer into [`Kind::Entries`]. What has no name, or a name twice, is a problem and
/// left out.
pub fn name_entries<'a>(layer: &mut Table, sections: impl Iterator<Item = &'a str>, report: &Report) {
    for section in sections {
        let Some(Node { origin, kind }) = layer.shift_remove(section) else {
            continue;
        };
        let Kind::List(items) = kind else {
            let problem = Problem::new(&origin, section, format!("is {}", kind.type_name()));
            report.problem(problem.accepted(format!("a list of tables, each headed [[{section}]]")));
            report.set_incomplete();
            continue;
        };
        let mut entries = Table::new();
        for (index, entry) in items.into_iter().enumerate() {
            let place = format!("{section}[{}]", index + 1);
            let problem = |key: &str, what: String| Problem::new(&origin, format!("{place}{key}"), what);
            let Kind::Table(keys) = &entry.kind else {
                let problem = problem("", format!("is {}", entry.kind.type_name()));
                report.problem(problem.accepted(format!("a table headed [[{section}]]")));
                continue;
            };
            match keys.get("name").map(|node| &node.kind) {
                Some(Kind::Text(name)) if entries.contains_key(name) => {
                    report.problem(problem(".name", "is given twice in this file".to_owned()).value(name));
                }
                Some(Kind::Text(name)) => {
                    entries.insert(name.clone(), entry);
                }
                other => {
                    let what = other.map_or("missing", Kind::type_name);
                    report.problem(problem(".name", format!("is {what}")).accepted("a name in quotes"));
                    report.set_incomplete();
                }
            }
        }
        layer.insert(section.to_owned(), Kind::Entries(entries).from(&origin));
    }
}

/// Lays one table over another, key by key. Three keys have their own way:
///
/// - `when` and `clear` are one condition each and are replaced as a whole;
/// - a new `when` without a `clear` drops the `clear` that was written for the old one;
/// - a secret replaces its `_file` twin from an earlier layer, and the other way round.
pub fn lay_over(base: &mut Table, over: Table) {
    if over.contains_key("when") && !over.contains_key("clear") {
        base.shift_remove("clear");
    }
    for key in over.keys() {
        let file = format!("{key}_file");
        let twin = key.strip_suffix("_file").unwrap_or(&file);
        if !over.contains_key(twin) {
            base.shift_remove(twin);
        }
    }
    for (key, node) in over {
        let is_whole = key == "when" || key == "clear";
        match (base.get_mut(&key).map(|node| &mut node.kind), node.kind) {
            (Some(Kind::Table(base)), Kind::Table(over)) if !is_whole => lay_over(base, over),
            (Some(Kind::Entries(base)), Kind::Entries(over)) => lay_entries_over(base, over),
            (_, kind) => {
                base.insert(key, kind.from(&node.origin));
            }
        }
    }
}

fn lay_entries_over(base: &mut Table, over: Table) {
    for (name, mut entry) in over {
        match (base.get_mut(&name), &mut entry.kind) {
            (Some(base), Kind::Table(over)) => {
                if base.origin == Origin::BuiltIn {
                    base.origin = entry.origin;
                }
                // It is the name that brought them together; who said it first keeps it.
                over.shift_remove("name");
                if let Kind::Table(base) = &mut base.kind {
                    lay_over(base, mem::take(over));
                }
            }
            _ => {
                base.insert(name, entry);
            }
        }
    }
}

/// Fills in the value at a path, where `*` stands for all entries, wherever its table is there and does not say it.
pub fn fill(table: &mut Table, path: &str, value: &Node) {
    match path.split_once('.') {
        None => {
            table.entry(path.to_owned()).or_insert_with(|| value.clone());
        }
        Some((step, rest)) => {
            let all = step == "*";
            let nodes = table.iter_mut().filter(|(key, _)| all || *key == step);
            let tables = nodes.filter_map(|(_, node)| node.below_mut());
            tables.for_each(|table| fill(table, rest, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Node, Origin, Report, Table, lay_over, name_entries};
    use crate::config::problem::Secrets;
    use config::Source;

    fn layer(text: &str, report: &Report) -> Table {
        let values = config::File::from_str(text, config::FileFormat::Toml)
            .collect()
            .unwrap();
        let mut table = super::table(values, &Origin::Text);
        name_entries(&mut table, ["account", "channel", "policy"].into_iter(), report);
        table
    }

    fn write(node: &Node) -> String {
        match &node.kind {
            Kind::List(nodes) => format!("[{}]", nodes.iter().map(write).collect::<Vec<_>>().join(",")),
            Kind::Table(table) => write_table(table),
            Kind::Entries(entries) => entries
                .iter()
                .map(|(name, node)| format!("{name}:{}", write(node)))
                .collect::<Vec<_>>()
                .join(" "),
            kind => kind.shown().unwrap(),
        }
    }

    fn write_table(table: &Table) -> String {
        let mut keys: Vec<String> = table
            .iter()
            .filter(|(key, _)| *key != "name")
            .map(|(key, node)| format!("{key}={}", write(node)))
            .collect();
        keys.sort();
        format!("{{{}}}", keys.join(","))
    }

    #[test]
    fn layers_merge_by_name_and_key_by_key() {
        let cases = [
            (
                "a later value wins",
                "[store]\na=1\nb=1",
                "[store]\nb=2",
                "{store={a=1,b=2}}",
            ),
            ("lists are replaced", "[e]\np=['1']", "[e]\np=['2']", "{e={p=[2]}}"),
            (
                "entries by name, new ones behind",
                "[[account]]\nname='b'\nx=1\ny=1\n[[account]]\nname='a'\nx=1",
                "[[account]]\nname='c'\n[[account]]\nname='b'\ny=2",
                "{account=b:{x=1,y=2} a:{x=1} c:{}}",
            ),
            (
                "a condition is one thing, and takes the old end with it",
                "[[policy]]\nname='p'\nwhen={a=1,b=1}\nclear={c=1}",
                "[[policy]]\nname='p'\nwhen={b=2}",
                "{policy=p:{when={b=2}}}",
            ),
            (
                "an end of its own stays",
                "[[policy]]\nname='p'\nwhen={a=1}\nclear={c=1}",
                "[[policy]]\nname='p'\nclear={d=2}",
                "{policy=p:{clear={d=2},when={a=1}}}",
            ),
            (
                "other tables in an entry key by key",
                "[[policy]]\nname='p'\nclients={include=['1']}",
                "[[policy]]\nname='p'\nclients={exclude=['2']}",
                "{policy=p:{clients={exclude=[2],include=[1]}}}",
            ),
            (
                "a secret replaces its file",
                "[smtp]\npassword_file='f'",
                "[smtp]\npassword='p'",
                "{smtp={password=p}}",
            ),
            (
                "a file replaces its secret",
                "[smtp]\npassword='p'",
                "[smtp]\npassword_file='f'",
                "{smtp={password_file=f}}",
            ),
            (
                "another kind of value wins too",
                "[smtp]\nurl='u'",
                "smtp=1",
                "{smtp=1}",
            ),
        ];
        for (name, base, over, expected) in cases {
            let report = Report::new(Secrets::Required);
            let mut merged = layer(base, &report);
            lay_over(&mut merged, layer(over, &report));
            assert_eq!(write_table(&merged), expected, "{name}");
            assert_eq!(report.into_parts().0, [], "{name}");
        }
    }

    #[test]
    fn entries_without_a_usable_name_are_problems() {
        let cases = [
            (
                "no name",
                "[[account]]\nx=1",
                "account[1].name: is missing (a name in quotes)",
            ),
            (
                "a number for a name",
                "[[account]]\nname=1",
                "account[1].name: is a whole number (a name in quotes)",
            ),
            (
                "twice",
                "[[channel]]\nname='a'\n[[channel]]\nname='a'",
                "channel[2].name: is given twice in this file (`a`)",
            ),
            (
                "one table",
                "[policy]\nname='a'",
                "policy: is a table (a list of tables, each headed [[policy]])",
            ),
            (
                "no table",
                "policy=['a']",
                "policy[1]: is a text (a table headed [[policy]])",
            ),
        ];
        for (name, text, expected) in cases {
            let report = Report::new(Secrets::Required);
            drop(layer(text, &report));
            let (problems, _) = report.into_parts();
            assert_eq!(problems.len(), 1, "{name}");
            assert_eq!(problems[0].to_string(), format!("configuration: {expected}"), "{name}");
        }
    }
}
