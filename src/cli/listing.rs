//! What the lists of `notifications` and `enforcements` share: newest first over all accounts, as JSON, sentences or
//! columns. Knows no row.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::opened::Opened;
use super::{Context, Failure, Table};

/// A row that can be listed.
pub trait Listed: Serialize + Sized {
    /// What one is called, for an empty list.
    const NOUN: &'static str;

    /// When it began: the newest comes first.
    fn at(&self) -> Timestamp;

    /// For a terminal: a sentence and the id below it, whole, because `show` wants it.
    fn sentences(zone: &TimeZone, rows: &[Self]) -> Table;

    /// For a pipe: one line each.
    fn columns(zone: &TimeZone, rows: &[Self]) -> Table;
}

/// Prints what was found in each account, each part newest first, at most `limit` of all.
///
/// # Errors
/// When the answer cannot be printed.
pub fn print<R: Listed>(context: &mut Context, opened: &Opened, limit: usize, mut rows: Vec<R>) -> Result<(), Failure> {
    if opened.accounts().len() > 1 {
        rows.sort_by_key(|row| std::cmp::Reverse(row.at()));
        rows.truncate(limit);
    }
    if context.wants_json() {
        return context.out.json(&rows);
    }
    if rows.is_empty() {
        return context.out.line(&format!("no such {}", R::NOUN));
    }
    let zone = &opened.settings.schedule.timezone;
    let table = if context.out.terminal {
        R::sentences(zone, &rows)
    } else {
        R::columns(zone, &rows)
    };
    context.out.table(&table)
}
