//! The values of a layer and where each came from, and how layers are laid over each other.
//!
//! Knows no keys but `name`, `when` and `clear`. Has no `Debug`: secrets are among the values.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Value, ValueKind};

use super::problem::{Problem, Report};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program itself.
    BuiltIn,
    /// A file.
    File(Arc<Path>),
    /// A text without a file.
    Text,
    /// An environment variable.
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
    /// More keys.
    Table,
    /// A list of tables that have a name.
    Entries,
}

/// A value and where it came from.
#[derive(Clone)]
pub struct Node {
    pub origin: Origin,
    pub kind: Kind,
}

/// Keys and their values, in the order of the keys.
pub type Table = BTreeMap<String, Node>;

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
    Named(Vec<(String, Node)>),
}

impl Node {
    /// A value as the file reader gives it.
    pub fn from_value(value: Value, origin: &Origin) -> Self {
        let wide = |text: String| Kind::Text(text);
        let kind = match value.kind {
            ValueKind::Nil => Kind::Text(String::new()),
            ValueKind::Boolean(flag) => Kind::Flag(flag),
            ValueKind::I64(integer) => Kind::Integer(integer),
            ValueKind::I128(integer) => wide(integer.to_string()),
            ValueKind::U64(integer) => wide(integer.to_string()),
            ValueKind::U128(integer) => wide(integer.to_string()),
            ValueKind::Float(float) => Kind::Float(float),
            ValueKind::String(text) => Kind::Text(text),
            ValueKind::Array(values) => Kind::List(
                values
                    .into_iter()
                    .map(|value| Self::from_value(value, origin))
                    .collect(),
            ),
            ValueKind::Table(values) => Kind::Table(
                values
                    .into_iter()
                    .map(|(key, value)| (key, Self::from_value(value, origin)))
                    .collect(),
            ),
        };
        Self {
            origin: origin.clone(),
            kind,
        }
    }

    pub fn text(text: &str, origin: &Origin) -> Self {
        Self {
            origin: origin.clone(),
            kind: Kind::Text(text.to_owned()),
        }
    }

    pub fn table(table: Table, origin: &Origin) -> Self {
        Self {
            origin: origin.clone(),
            kind: Kind::Table(table),
        }
    }

    /// A value as the environment writes it, in the shape that its key wants. A text that has not that shape stays one
    /// and is refused later.
    pub fn written(text: &str, shape: Option<Shape>, origin: &Origin) -> Self {
        let kind = match shape {
            Some(Shape::Integer) => text.trim().parse().ok().map(Kind::Integer),
            Some(Shape::Flag) => text.trim().parse().ok().map(Kind::Flag),
            Some(Shape::List) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Kind::List(items.map(|item| Self::text(item, origin)).collect()))
            }
            _ => None,
        };
        Self {
            origin: origin.clone(),
            kind: kind.unwrap_or_else(|| Kind::Text(text.to_owned())),
        }
    }

    /// What it is, for a person who wrote something else than was expected.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Flag(_) => "true or false",
            Kind::Integer(_) => "a whole number",
            Kind::Float(_) => "a float",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
            Kind::Named(_) => "a list of tables",
        }
    }

    /// The value as it would be written; `None` when it has parts.
    pub fn shown(&self) -> Option<String> {
        match &self.kind {
            Kind::Flag(flag) => Some(flag.to_string()),
            Kind::Integer(integer) => Some(integer.to_string()),
            Kind::Float(float) => Some(float.to_string()),
            Kind::Text(text) => Some(text.clone()),
            Kind::List(_) | Kind::Table(_) | Kind::Named(_) => None,
        }
    }
}

/// Turns the lists of named things of one layer, which are in these sections, into [`Kind::Named`]. What has no name, or
/// a name twice, is a problem and left out.
pub fn name_entries<'a>(layer: &mut Table, sections: impl Iterator<Item = &'a str>, report: &Report) {
    for section in sections {
        let Some(node) = layer.remove(section) else { continue };
        let Node {
            origin,
            kind: Kind::List(entries),
        } = node
        else {
            let problem = Problem::new(&node.origin, section, format!("is {}", node.type_name()));
            report.problem(problem.accepted(format!("a list of tables, each headed [[{section}]]")));
            report.set_incomplete();
            continue;
        };
        let mut named: Vec<(String, Node)> = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let place = format!("{section}[{}]", index + 1);
            let Kind::Table(table) = &entry.kind else {
                let problem = Problem::new(&origin, place, format!("is {}", entry.type_name()));
                report.problem(problem.accepted(format!("a table headed [[{section}]]")));
                continue;
            };
            let name = match table.get("name") {
                Some(Node {
                    kind: Kind::Text(name), ..
                }) => name.clone(),
                Some(other) => {
                    let problem = Problem::new(&origin, place + ".name", format!("is {}", other.type_name()));
                    report.problem(problem.accepted("a name in quotes"));
                    report.set_incomplete();
                    continue;
                }
                None => {
                    report.problem(Problem::new(&origin, place + ".name", "is missing"));
                    report.set_incomplete();
                    continue;
                }
            };
            if named.iter().any(|(other, _)| *other == name) {
                report.problem(Problem::new(&origin, place + ".name", "is given twice in this file").value(name));
                continue;
            }
            named.push((name, entry));
        }
        layer.insert(
            section.to_owned(),
            Node {
                origin,
                kind: Kind::Named(named),
            },
        );
    }
}

/// Lays one table over another, key by key; lists of named things by name. Three keys have their own way:
///
/// - `when` and `clear` are one condition each and are replaced as a whole;
/// - a new `when` without a `clear` drops the `clear` that was written for the old one;
/// - a secret replaces its `_file` twin from an earlier layer, and the other way round.
pub fn lay_over(base: &mut Table, over: Table) {
    if over.contains_key("when") && !over.contains_key("clear") {
        base.remove("clear");
    }
    for key in over.keys() {
        let file = format!("{key}_file");
        let twin = key.strip_suffix("_file").unwrap_or(&file);
        if !over.contains_key(twin) {
            base.remove(twin);
        }
    }
    for (key, node) in over {
        let whole = key == "when" || key == "clear";
        match (base.get_mut(&key), node) {
            (
                Some(Node {
                    kind: Kind::Table(base),
                    ..
                }),
                Node {
                    kind: Kind::Table(over),
                    ..
                },
            ) if !whole => {
                lay_over(base, over);
            }
            (
                Some(Node {
                    kind: Kind::Named(base),
                    ..
                }),
                Node {
                    kind: Kind::Named(over),
                    ..
                },
            ) => {
                lay_entries_over(base, over);
            }
            (_, node) => {
                base.insert(key, node);
            }
        }
    }
}

fn lay_entries_over(base: &mut Vec<(String, Node)>, over: Vec<(String, Node)>) {
    for (name, entry) in over {
        match base.iter_mut().find(|(other, _)| *other == name) {
            Some((
                _,
                Node {
                    origin,
                    kind: Kind::Table(base),
                },
            )) => {
                if *origin == Origin::BuiltIn {
                    *origin = entry.origin.clone();
                }
                if let Kind::Table(mut over) = entry.kind {
                    // It is the name that brought them together; who said it first keeps it.
                    over.remove("name");
                    lay_over(base, over);
                }
            }
            _ => base.push((name, entry)),
        }
    }
}

/// Fills in the value at a path that has `*` for the names of entries, wherever its table is there and does not say it.
pub fn fill(table: &mut Table, path: &str, value: &Node) {
    let Some((section, rest)) = path.split_once('.') else {
        table.entry(path.to_owned()).or_insert_with(|| value.clone());
        return;
    };
    match table.get_mut(section).map(|node| &mut node.kind) {
        Some(Kind::Table(table)) => fill(table, rest, value),
        Some(Kind::Named(entries)) => {
            let rest = rest.strip_prefix("*.").unwrap_or(rest);
            let tables = entries.iter_mut().filter_map(|(_, entry)| match &mut entry.kind {
                Kind::Table(table) => Some(table),
                _ => None,
            });
            tables.for_each(|table| fill(table, rest, value));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Node, Origin, Report, Table, lay_over, name_entries};
    use config::Source;

    fn layer(text: &str, report: &Report) -> Table {
        let values = config::File::from_str(text, config::FileFormat::Toml)
            .collect()
            .unwrap();
        let mut table = values
            .into_iter()
            .map(|(key, value)| (key, Node::from_value(value, &Origin::Text)))
            .collect();
        name_entries(&mut table, ["account", "channel", "policy"].into_iter(), report);
        table
    }

    fn write(node: &Node) -> String {
        match &node.kind {
            Kind::List(nodes) => format!("[{}]", nodes.iter().map(write).collect::<Vec<_>>().join(",")),
            Kind::Table(table) => write_table(table),
            Kind::Named(entries) => entries
                .iter()
                .map(|(name, node)| format!("{name}:{}", write(node)))
                .collect::<Vec<_>>()
                .join(" "),
            _ => node.shown().unwrap(),
        }
    }

    fn write_table(table: &Table) -> String {
        let keys: Vec<String> = table
            .iter()
            .filter(|(key, _)| *key != "name")
            .map(|(key, node)| format!("{key}={}", write(node)))
            .collect();
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
            let report = Report::default();
            let mut merged = layer(base, &report);
            lay_over(&mut merged, layer(over, &report));
            assert_eq!(write_table(&merged), expected, "{name}");
            assert_eq!(report.into_parts().0, [], "{name}");
        }
    }

    #[test]
    fn entries_without_a_usable_name_are_problems() {
        let cases = [
            ("no name", "[[account]]\nx=1", "account[1].name: is missing"),
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
            let report = Report::default();
            drop(layer(text, &report));
            let (problems, _) = report.into_parts();
            assert_eq!(problems.len(), 1, "{name}");
            assert_eq!(problems[0].to_string(), format!("configuration: {expected}"), "{name}");
        }
    }
}
