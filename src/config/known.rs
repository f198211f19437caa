//! Finds keys by their path, and refuses those that are not known.

use super::key::Row;
use super::keys::{ALL, LATER};
use super::problem::{Problem, Report, nearest};
use super::tree::{Kind, Node, Shape, Table};

/// What is known of each key, in the order of the manual.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    ALL.iter().map(|key| key.row())
}

/// The key at a path that has `*` for the names of entries.
pub fn find(path: &str) -> Option<&'static Row> {
    rows().find(|row| row.path == path)
}

/// Where the key at a path stands in the manual; unknown ones stand last.
pub fn rank(path: &str) -> usize {
    rows().position(|row| row.path == path).unwrap_or(usize::MAX)
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
            (Some(row), Kind::Entries(entries)) if row.shape == Shape::Entries => {
                let tables = entries.iter().filter_map(|(name, entry)| Some((name, entry.below()?)));
                for (name, table) in tables {
                    walk(table, &join(&pattern, "*"), &join(&at, name), report);
                }
            }
            (Some(_), _) => {}
        }
    }
}

fn unknown(pattern: &str, at: String, node: &Node) -> Problem {
    let (parent, name) = pattern.rsplit_once('.').unwrap_or(("", pattern));
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
