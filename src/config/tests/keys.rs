//! What holds for every row of the table of keys.

use std::collections::BTreeSet;

use super::super::key::Need;
use super::super::keys::{ALL, LATER};
use super::super::known::{find, rows};
use super::super::tree::{Kind, Origin, Shape};
use super::problems;

#[test]
fn rows_stand_once_below_their_tables_and_each_says_what_it_means() {
    let paths: BTreeSet<&str> = rows().map(|row| row.path).collect();
    assert_eq!(paths.len(), ALL.len(), "a key stands twice");
    for row in rows() {
        let table = row.parent().trim_end_matches(".*");
        let shape = if row.parent() == table {
            Shape::Table
        } else {
            Shape::Entries
        };
        assert!(
            table.is_empty() || find(table).is_some_and(|table| table.shape == shape),
            "{} stands in no table",
            row.path
        );
        assert!(row.meaning.ends_with('.') && row.meaning.len() > 8, "{}", row.path);
        assert!(!LATER.contains(&row.path), "{} is in this version", row.path);
    }
}

#[test]
fn defaults_are_values_that_their_keys_take() {
    for key in ALL {
        if let Need::Else(text) = key.row().need {
            let node = Kind::written(text, key.row().shape, &Origin::BuiltIn).from(&Origin::BuiltIn);
            assert!(key.wrongs(&node).is_empty(), "{}", key.row().path);
        }
    }
}

#[test]
fn each_secret_has_a_twin_that_is_its_file() {
    let secrets = rows().filter(|row| row.shape == Shape::Secret);
    let files: Vec<String> = secrets.map(|row| format!("{}_file", row.path)).collect();
    let twins: Vec<&str> = rows()
        .filter(|row| row.shape == Shape::SecretFile)
        .map(|row| row.path)
        .collect();
    assert_eq!(files, twins);
    assert!(twins.len() > 1);
}

#[test]
fn keys_of_later_versions_are_known_and_refused() {
    for path in LATER {
        let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
        let text = match section.split_once(".*") {
            None if section.is_empty() => format!("{key} = {{ x = 1 }}"),
            None => format!("[{section}]\n{key} = 1"),
            Some((list, below)) => {
                let below = below.trim_start_matches('.');
                let dot = if below.is_empty() { "" } else { "." };
                format!("[[{list}]]\nname = 'NAME'\n{below}{dot}{key} = 1")
            }
        };
        let wanted = format!("{}: is not in this version", path.replace('*', "NAME"));
        let found = problems(&text);
        assert_eq!(
            found.iter().filter(|line| **line == wanted).count(),
            1,
            "{text}: {found:?}"
        );
        assert!(find(path).is_none());
    }
}
