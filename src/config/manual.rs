//! The table of keys as the manual tells it. Only the table: what is written around it is the manual's.

use super::key::Need;
use super::keys::ALL;
use super::tree::Shape;

/// What the manual says of a key.
#[derive(Debug)]
pub struct ManualEntry {
    /// Where it stands, `NAME` for the name of an entry: `account.NAME.username`.
    pub path: String,
    /// How it begins in a file: `username`, `[schedule]`, `[[account]]`.
    pub heading: String,
    /// Whether it is a table of its own, at whose keys the manual begins anew.
    pub is_table: bool,
    pub meaning: &'static str,
    /// What it takes, in words.
    pub takes: String,
    /// `None`: nothing holds in place of a value.
    pub default: Option<&'static str>,
    pub is_required: bool,
    /// The variable of the environment that sets it.
    pub variable: String,
}

/// Every key, in the order of the manual.
#[must_use]
pub fn manual() -> Vec<ManualEntry> {
    let entries = ALL.iter().map(|key| {
        let row = key.row();
        let is_table = row.is_table() && row.parent().is_empty();
        let heading = match row.shape {
            Shape::Table if is_table => format!("[{}]", row.path),
            Shape::Entries if is_table => format!("[[{}]]", row.path),
            _ => below_its_table(row.path).to_owned(),
        };
        ManualEntry {
            path: row.path.replace('*', "NAME"),
            heading,
            is_table,
            meaning: row.meaning,
            takes: key.accepted(),
            default: match row.need {
                Need::Else(text) if !row.is_table() => Some(text),
                _ => None,
            },
            is_required: row.need == Need::Must,
            variable: row.variable("NAME"),
        }
    });
    entries.collect()
}

/// A path without the top-level table that it stands in: `escalate.to` of `channel.*.escalate.to`.
fn below_its_table(path: &'static str) -> &'static str {
    let below = path.split_once('.').map_or(path, |(_, below)| below);
    below.strip_prefix("*.").unwrap_or(below)
}
