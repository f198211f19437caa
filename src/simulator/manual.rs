//! The tables of settings, faults and functions as help text.

use std::fmt::Write;

use super::{faults, functions, settings};

/// Every fault: name, what it does, how sure it is.
#[must_use]
pub fn faults_help() -> String {
    let mut text = String::new();
    for row in faults::TABLE {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<14}{} [{}]", row.name, row.what, row.certainty);
    }
    text
}

/// Every setting: name, default, accepted values, what it imitates, how sure it is.
#[must_use]
pub fn settings_help() -> String {
    let mut text = String::new();
    for row in settings::TABLE {
        let default = if row.default.is_empty() { "empty" } else { row.default };
        let _ = writeln!(
            text,
            "  {} (default {default}; {})\n      {} [{}]",
            row.name,
            row.accepted(),
            row.imitates,
            row.certainty,
        );
    }
    text
}

/// The functions that are served.
#[must_use]
pub fn functions_help() -> String {
    functions::FUNCTIONS
        .iter()
        .map(|function| function.name)
        .collect::<Vec<_>>()
        .join(", ")
}
