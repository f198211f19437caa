//! The help of `simulate`: functions, faults, settings and the `/sim/` calls, each printed from its table, so that none
//! is forgotten. Every line fits 80 columns.

use std::fmt::Write;

use super::settings::Certainty;
use super::{control, faults, functions, settings};

/// Columns of a line.
const WIDTH: usize = 79;

/// Columns before the texts.
const INDENT: usize = 26;

/// What the certainties say, for the reader of the help.
const LEGEND: [(Certainty, &str); 5] = [
    (Certainty::Documented, "VoIP.ms says so"),
    (Certainty::Observed, "somebody recorded it from the live API"),
    (Certainty::Inferred, "it follows from what is documented or observed"),
    (
        Certainty::Unknown,
        "nobody recorded how it is: a client has to survive every value",
    ),
    (Certainty::Tool, "it imitates nothing: made for tests"),
];

/// Everything that a simulator can be told, and what it answers.
#[must_use]
pub fn manual() -> String {
    let mut text = String::new();
    heading(
        &mut text,
        "How sure it is that the real API does so, in brackets behind each entry",
    );
    for (certainty, what) in LEGEND {
        row(&mut text, &certainty.to_string(), what);
    }
    heading(
        &mut text,
        "Functions of /api/v1/rest.php; any other answers `invalid_method`",
    );
    let mut rows: Vec<_> = functions::FUNCTIONS.iter().collect();
    rows.sort_by_key(|function| function.name);
    for function in rows {
        row(
            &mut text,
            function.name,
            &format!("{} [{}]", function.what, function.certainty),
        );
    }
    heading(
        &mut text,
        "Faults: --fault NAME=SHARE of all calls, NAME@clients=SHARE of the clients, \
         NAME@ID=SHARE of the calls about a client, NAME@FUNCTION=SHARE of its calls",
    );
    for fault in faults::TABLE {
        row(&mut text, fault.name, &format!("{} [{}]", fault.what, fault.certainty));
    }
    heading(
        &mut text,
        "Settings: --set NAME=VALUE; first the values that each takes, the default marked *",
    );
    let mut group = "";
    for setting in settings::TABLE {
        if setting.group != group {
            group = setting.group;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\n  {group}:");
        }
        row(&mut text, setting.name, &values(setting));
        row(&mut text, "", &format!("{} [{}]", setting.imitates, setting.certainty));
    }
    heading(
        &mut text,
        "For tests, to programs on the same machine only, JSON in and out",
    );
    for (method, path, what) in control::ROUTES {
        row(&mut text, &format!("{method} {path}"), what);
    }
    text
}

/// What a setting takes, with its default marked.
fn values(setting: &settings::Setting) -> String {
    match setting.choices() {
        Some(choices) => choices
            .iter()
            .map(|choice| format!("{}{choice}", if *choice == setting.default { "*" } else { "" }))
            .collect::<Vec<_>>()
            .join(", "),
        None if setting.default.is_empty() => format!("{}; *empty", setting.accepted()),
        None => format!("{}; *{}", setting.accepted(), setting.default),
    }
}

fn heading(text: &mut String, words: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    for line in wrapped(words, WIDTH) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    }
}

/// A name and what is to be said about it, beside it or below if it is long.
fn row(text: &mut String, name: &str, words: &str) {
    let mut margin = format!("  {name}");
    if margin.len() >= INDENT {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{margin}");
        margin.clear();
    }
    for line in wrapped(words, WIDTH - INDENT) {
        let _ = writeln!(text, "{margin:INDENT$}{line}");
        margin.clear();
    }
}

/// Lines of at most `width` columns, but for longer words.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let fits = lines
            .last()
            .is_some_and(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width);
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests;
