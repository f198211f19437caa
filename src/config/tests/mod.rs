//! Tests of the whole way from text to settings: what each key takes and refuses, what must fit together, what the
//! shipped files say.

use jiff::Timestamp;

use super::{Loaded, Problems, Settings, parse};

mod channels;
mod defaults;
mod files;
mod keys;
mod layers;
mod policies;
mod properties;
mod schema;
mod values;

/// A small good configuration that rows of tables add to.
const BASE: &str = r#"
[[account]]
name = "main"
username = "reseller@example.com"
password = "hunter2-secret"
[smtp]
url = "smtp://alerts@mail.example.com:587"
password = "hunter2-secret"
from = "Phone service <alerts@example.com>"
[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]
[[channel]]
name = "boss"
type = "email"
to = ["boss@example.com"]
"#;

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn load(text: &str) -> Result<Loaded, Problems> {
    parse(text, now())
}

fn settings(text: &str) -> Settings {
    match load(text) {
        Ok(loaded) => loaded.settings,
        Err(found) => panic!("{:#?} in {text}", found.problems),
    }
}

/// The problems without the file name in front.
fn problems(text: &str) -> Vec<String> {
    let Err(found) = load(text) else { return Vec::new() };
    let lines = found.problems.iter().map(ToString::to_string);
    lines
        .map(|line| line.strip_prefix("configuration: ").unwrap().to_owned())
        .collect()
}

/// The base with a key set in a section; what the base says for that key gives way.
fn with(section: &str, key: &str, value: &str) -> String {
    let heading = match section {
        "account" | "channel" => format!("[[{section}]]"),
        _ => format!("[{section}]"),
    };
    let mut lines: Vec<String> = BASE.lines().map(str::to_owned).collect();
    if !lines.contains(&heading) {
        lines.push(heading.clone());
    }
    let at = lines.iter().position(|line| *line == heading).unwrap() + 1;
    let end = lines[at..]
        .iter()
        .position(|line| line.starts_with('['))
        .map_or(lines.len(), |length| at + length);
    let same = (at..end).find(|index| lines[*index].split(" = ").next() == Some(key));
    if let Some(same) = same {
        lines.remove(same);
    }
    lines.insert(at, format!("{key} = {value}"));
    lines.join("\n")
}
