//! What a sweep came to.

use super::page::{Table, Tone};
use super::words::kinds;
use crate::domain::report::Report;

/// A report as a table; as JSON it is itreport.
pub fn table(report: &Report) -> Table {
    let (alerts, messages, changes) = (report.alerts, report.notifications, report.enforcements);
    let unread: u64 = report.errors.values().sum();
    let calls = format!("{} calls, {:.1} s", report.api_calls, report.seconds);
    let mut table = Table::new(&["", ">count", ""]);
    for (what, count, tone, detail) in [
        ("clients", report.clients, Tone::Plain, String::new()),
        ("read", report.readings, Tone::Plain, calls),
        ("not read", unread, Tone::Warning, kinds(&report.errors)),
        ("left for the next sweep", report.deferred, Tone::Plain, String::new()),
        ("alerts fired", alerts.fired, Tone::Warning, String::new()),
        ("alerts resolved", alerts.resolved, Tone::Good, String::new()),
        ("alerts withdrawn", alerts.withdrawn, Tone::Plain, String::new()),
        ("messages sent", messages.sent, Tone::Plain, String::new()),
        ("messages waiting", messages.deferred, Tone::Warning, String::new()),
        ("messages given up", messages.dead, Tone::Bad, String::new()),
        ("enforcements applied", changes.applied, Tone::Plain, String::new()),
        ("enforcements refused", changes.refused, Tone::Warning, String::new()),
        ("enforcements waiting", changes.waiting, Tone::Plain, String::new()),
        (
            "enforcements it would do",
            changes.would,
            Tone::Plain,
            "mode observe".to_owned(),
        ),
    ] {
        let tone = if count == 0 { Tone::Plain } else { tone };
        table.row([
            (what.to_owned(), Tone::Plain),
            (count.to_string(), tone),
            (detail, Tone::Faint),
        ]);
    }
    table
}
