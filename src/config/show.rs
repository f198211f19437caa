//! The effective configuration for people and programs: every value and where it came from. Secrets are gone before
//! anything here can print them.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::known::{find, join, rank};
use super::tree::{Kind, Node, Shape, Table};

/// Every value of the configuration, with what stands in place of secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    lines: Vec<Line>,
    values: Value,
}

/// A line of the configuration as it would be written.
#[derive(Clone, Debug, PartialEq)]
enum Line {
    Heading(String),
    Value {
        key: String,
        path: String,
        text: String,
        origin: String,
    },
}

/// What is printed in place of a secret.
const HIDDEN: &str = "***";

impl Effective {
    pub(super) fn of(values: &Table) -> Self {
        let mut lines = Vec::new();
        for (section, node) in in_order(values, "") {
            match &node.kind {
                Kind::Entries(entries) => {
                    for (name, table) in entries.iter().filter_map(|(name, entry)| Some((name, entry.below()?))) {
                        lines.push(Line::Heading(format!("[[{section}]]")));
                        push(&mut lines, table, &join(section, "*"), "", &join(section, name));
                    }
                }
                Kind::Table(table) => {
                    lines.push(Line::Heading(format!("[{section}]")));
                    push(&mut lines, table, section, "", section);
                }
                _ => {}
            }
        }
        Self {
            lines,
            values: table_json("", values),
        }
    }

    /// Where the value of a key came from, in words.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Value { path, origin, .. } if path == key => Some(origin.as_str()),
            _ => None,
        })
    }

    /// As a configuration file with a comment behind each value: `# from FILE`.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let pairs = self.lines.iter().filter_map(|line| match line {
            Line::Value { key, text, .. } => Some(key.chars().count() + 3 + text.chars().count()),
            Line::Heading(_) => None,
        });
        // Values longer than this push their comment out; the others stand in one column.
        let width = pairs.filter(|width| *width <= 60).max().unwrap_or(0);
        let mut text = String::new();
        for line in &self.lines {
            let written = match line {
                Line::Heading(heading) => writeln!(text, "{}{heading}", if text.is_empty() { "" } else { "\n" }),
                Line::Value {
                    key,
                    text: value,
                    origin,
                    ..
                } => {
                    let pair = format!("{key} = {value}");
                    writeln!(
                        text,
                        "{pair:width$}  # from {}",
                        origin.replace(char::is_control, "\u{fffd}")
                    )
                }
            };
            written.expect("a string takes every write");
        }
        text
    }

    /// `{"config": {…}, "origins": {"account.main.url": "FILE", …}}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let origins: Map<String, Value> = self
            .lines
            .iter()
            .filter_map(|line| match line {
                Line::Value { path, origin, .. } => Some((path.clone(), Value::from(origin.as_str()))),
                Line::Heading(_) => None,
            })
            .collect();
        json!({ "config": self.values, "origins": origins })
    }
}

/// The keys of a table in the order of the manual.
fn in_order<'a>(table: &'a Table, pattern: &str) -> Vec<(&'a str, &'a Node)> {
    let mut keys: Vec<(&str, &Node)> = table.iter().map(|(key, node)| (key.as_str(), node)).collect();
    keys.sort_by_key(|(key, _)| rank(&join(pattern, key)));
    keys
}

/// Adds the lines of a table: `pattern` is its path with `*` for the name of its entry, `path` with the name, and `prefix`
/// what its keys start with below their heading.
fn push(lines: &mut Vec<Line>, table: &Table, pattern: &str, prefix: &str, path: &str) {
    for (key, node) in in_order(table, pattern) {
        let (pattern, path, key) = (join(pattern, key), join(path, key), join(prefix, key));
        if let Kind::Table(inner) = &node.kind
            && !hides(&pattern)
        {
            push(lines, inner, &pattern, &key, &path);
            continue;
        }
        lines.push(Line::Value {
            key,
            path,
            text: toml(&json(&pattern, &node.kind)),
            origin: node.origin.to_string(),
        });
    }
}

/// A value as TOML writes it: as JSON does, but for blanks in lists and DEL, which JSON leaves as it is.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        value => value.to_string().replace('\u{7f}', "\\u007f"),
    }
}

/// Whether what is at a path is never shown.
fn hides(pattern: &str) -> bool {
    find(pattern).is_some_and(|row| matches!(row.shape, Shape::Secret | Shape::Map))
}

/// The value at a path that has `*` for the names of entries, without secrets.
pub(super) fn json(pattern: &str, kind: &Kind) -> Value {
    match kind {
        _ if hides(pattern) => Value::from(HIDDEN),
        Kind::Flag(flag) => Value::from(*flag),
        Kind::Integer(integer) => Value::from(*integer),
        Kind::Float(float) => Value::from(float.to_string()),
        Kind::Text(text) => Value::from(text.as_str()),
        Kind::List(items) => items.iter().map(|item| json(pattern, &item.kind)).collect(),
        Kind::Table(table) => table_json(pattern, table),
        Kind::Entries(entries) => {
            let pattern = join(pattern, "*");
            entries.values().map(|entry| json(&pattern, &entry.kind)).collect()
        }
    }
}

fn table_json(pattern: &str, table: &Table) -> Value {
    let keys = table
        .iter()
        .map(|(key, node)| (key.clone(), json(&join(pattern, key), &node.kind)));
    Value::Object(keys.collect())
}
