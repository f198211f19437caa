//! The effective configuration for people and programs: every value and where it came from. Secrets are gone before
//! anything here can print them.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::keys::{is_secret, join, rank};
use super::tree::{Kind, Node, Table};

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

/// The sections in the order of the manual.
const ORDER: [&str; 9] = [
    "account",
    "schedule",
    "smtp",
    "mail",
    "channel",
    "alerts",
    "policy",
    "store",
    "enforcement",
];

impl Effective {
    pub(super) fn of(values: &Table) -> Self {
        let mut lines = Vec::new();
        for (section, node) in ORDER
            .iter()
            .filter_map(|section| Some((*section, values.get(*section)?)))
        {
            match &node.kind {
                Kind::Table(table) => {
                    lines.push(Line::Heading(format!("[{section}]")));
                    push(
                        &mut lines,
                        table,
                        &Place {
                            section,
                            prefix: "",
                            path: section,
                        },
                    );
                }
                Kind::Named(entries) => {
                    for (name, entry) in entries {
                        if let Kind::Table(table) = &entry.kind {
                            lines.push(Line::Heading(format!("[[{section}]]")));
                            let (within, path) = (join(section, "*"), join(section, name));
                            push(
                                &mut lines,
                                table,
                                &Place {
                                    section: &within,
                                    prefix: "",
                                    path: &path,
                                },
                            );
                        }
                    }
                }
                _ => {}
            }
        }
        Self {
            lines,
            values: table_json(values),
        }
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

/// Where a table stands: its section among the known keys, what its keys start with here, and its full path.
struct Place<'a> {
    section: &'a str,
    prefix: &'a str,
    path: &'a str,
}

fn push(lines: &mut Vec<Line>, table: &Table, place: &Place<'_>) {
    let mut values: Vec<(&String, &Node)> = table.iter().collect();
    values.sort_by_key(|(key, _)| rank(place.section, key));
    for (key, node) in values {
        let (section, path) = (join(place.section, key), join(place.path, key));
        let key = join(place.prefix, key);
        match &node.kind {
            Kind::Table(inner) => push(
                lines,
                inner,
                &Place {
                    section: &section,
                    prefix: &key,
                    path: &path,
                },
            ),
            _ => {
                let text = written(&key, node);
                lines.push(Line::Value {
                    key,
                    path,
                    text,
                    origin: node.origin.to_string(),
                });
            }
        }
    }
}

/// A value as TOML writes it.
fn written(key: &str, node: &Node) -> String {
    if is_secret(key) {
        return format!("\"{HIDDEN}\"");
    }
    match &node.kind {
        Kind::Text(text) => quoted(text),
        Kind::List(items) => format!(
            "[{}]",
            items
                .iter()
                .map(|item| written(key, item))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        _ => node.shown().unwrap_or_default(),
    }
}

/// A TOML basic string. Its escapes are those of JSON, which leaves DEL as it is.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn table_json(table: &Table) -> Value {
    let value = |(key, node): (&String, &Node)| {
        let value = if is_secret(key) {
            Value::from(HIDDEN)
        } else {
            node_json(node)
        };
        (key.clone(), value)
    };
    Value::Object(table.iter().map(value).collect())
}

fn node_json(node: &Node) -> Value {
    match &node.kind {
        Kind::Flag(flag) => Value::from(*flag),
        Kind::Integer(integer) => Value::from(*integer),
        Kind::Float(float) => Value::from(float.to_string()),
        Kind::Text(text) => Value::from(text.as_str()),
        Kind::List(items) => items.iter().map(node_json).collect(),
        Kind::Table(table) => table_json(table),
        Kind::Named(entries) => entries.iter().map(|(_, entry)| node_json(entry)).collect(),
    }
}
