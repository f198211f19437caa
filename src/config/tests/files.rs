//! The shipped files: valid, complete, and safe as they stand.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::known::{find, join, rows};
use super::super::tree::Shape;
use super::super::{Loaded, Request, Secrets, Variables, load};
use super::now;
use crate::domain::enforcement::Mode;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

fn load_text(text: &str) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("config.toml");
    fs::write(path, text).unwrap();
    let request = Request {
        path,
        is_named: true,
        variables: &Variables::new(),
        secrets: Secrets::MayBeMissing,
        now: now(),
    };
    load(request).unwrap_or_else(|found| panic!("{:#?}", found.problems))
}

/// The full file with the settings that stand commented out: `#` and no blank.
fn with_commented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => setting.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The keys that a file sets, with `*` for names.
fn keys_of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut section = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let trimmed = line.trim_start_matches('[');
        match line.len() - trimmed.len() {
            0 => {
                let Some((key, value)) = line.split_once(" = ") else {
                    continue;
                };
                let key = join(&section, key);
                let inner = value
                    .strip_prefix("{ ")
                    .map(|inner| inner.trim_end_matches('}').split(", "));
                for pair in inner.into_iter().flatten() {
                    found.insert(join(&key, pair.split(" = ").next().unwrap().trim()));
                }
                found.insert(key);
            }
            1 => section = trimmed.trim_end_matches(']').to_owned(),
            _ => section = format!("{}.*", trimmed.trim_end_matches(']')),
        }
    }
    found
}

#[test]
fn every_shipped_file_is_good_and_changes_nothing() {
    let mut seen = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".toml") {
            continue;
        }
        let settings = load_text(&read(&name)).settings;
        assert_eq!(settings.enforcement.mode, Mode::Observe, "{name}");
        assert!(
            settings.policies.iter().all(|policy| policy.enforce.is_none()),
            "{name}"
        );
        assert!(
            settings.enforcement.protect.is_empty() && !settings.mails_clients(),
            "{name}"
        );
        let leaves_out = settings
            .policies
            .iter()
            .any(|policy| policy.clients != Default::default());
        assert!(!leaves_out, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn the_full_file_says_the_defaults() {
    let shown = |text: &str| load_text(text).effective.to_json()["config"].clone();
    assert_eq!(shown(&read("balancewatch.toml")), shown(&read("minimal.toml")));
}

#[test]
fn the_full_file_names_every_key_and_stays_good_when_all_are_set() {
    let text = with_commented(&read("balancewatch.toml"));
    let loaded = load_text(&text);
    assert!(loaded.settings.mails_clients() && loaded.settings.enforcement.protect.len() == 1);
    let given = keys_of(&text);
    for row in rows().filter(|row| !row.is_table()) {
        // A secret and its file exclude each other: the one is set, the other explained beside it.
        let explained = row.shape == Shape::Secret && text.contains(&format!("`{} = ", row.name()));
        assert!(
            given.contains(row.path) || explained,
            "{} is not in the full file",
            row.path
        );
    }
}

#[test]
fn the_containers_header_names_a_variable_for_every_line() {
    let text = read("container.toml");
    for row in keys_of(&text).iter().filter_map(|path| find(path)) {
        if row.name() != "name" {
            let entry = if row.path.starts_with("account") { "MAIN" } else { "OPS" };
            let variable = row.variable(entry);
            assert!(text.contains(&format!("#   {variable} ")), "{variable}");
        }
    }
}
