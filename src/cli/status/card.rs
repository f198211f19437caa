//! The page of an account for people.

use jiff::SignedDuration;

use super::{LastSweep, Status};
use crate::cli::opened::Opened;
use crate::cli::planned::mode_text;
use crate::cli::telling::{ago, clock_time, count, span};
use crate::cli::{Failure, Output, Table, Tone};

/// Prints the page, and below it the warnings.
pub(super) fn print(out: &mut Output, opened: &Opened, status: &Status) -> Result<(), Failure> {
    let mut card = Table::new(&[&format!("account {}", status.account), ""]);
    card.fact("last sweep", last_sweep(opened, status), Tone::Plain);
    card.fact("next sweep", next_sweep(opened, status), Tone::Plain);
    card.fact("revisit time", revisit(status), Tone::Plain);
    card.fact("clients", clients(status), Tone::Plain);
    let (text, tone) = firing(status);
    card.fact("firing", text, tone);
    let (text, tone) = notifications(status);
    card.fact("notifications", text, tone);
    card.fact(
        "enforcement",
        mode_text(opened.settings.enforcement.mode).to_owned(),
        Tone::Plain,
    );
    let (text, tone) = brake(opened, status);
    card.fact("brake", text, tone);
    card.fact("first change", status.enforcement.canary.to_owned(), Tone::Plain);
    card.fact("caps", caps(status), Tone::Plain);
    out.table(&card)?;
    if !status.warnings.is_empty() {
        out.line("")?;
    }
    for warning in &status.warnings {
        out.line(&format!("warning: {warning}"))?;
    }
    Ok(())
}

fn last_sweep(opened: &Opened, status: &Status) -> String {
    let now = opened.now;
    let mut text = match &status.last_sweep {
        None => "none yet".to_owned(),
        Some(last) => {
            let took = last
                .started_at
                .map(|started| format!(", took {}", span(last.ended_at.duration_since(started))))
                .unwrap_or_default();
            format!("ended {}{took}{}", ago(now, last.ended_at), readings(last))
        }
    };
    if let Some(since) = status.sweeping_since {
        text.push_str(&format!("; one began {}", ago(now, since)));
    }
    text
}

fn readings(last: &LastSweep) -> String {
    let Some(report) = &last.report else {
        return String::new();
    };
    let mut text = format!(": {} of {} read", report.readings, count(report.clients, "client"));
    if report.deferred > 0 {
        text.push_str(&format!(", {} deferred", report.deferred));
    }
    let errors: u64 = report.errors.values().sum();
    if errors > 0 {
        let kinds: Vec<String> = report
            .errors
            .iter()
            .map(|(kind, number)| format!("{kind} {number}"))
            .collect();
        text.push_str(&format!(", {} ({})", count(errors, "error"), kinds.join(", ")));
    }
    text.push_str(&format!(", {}", count(report.api_calls, "call")));
    text
}

fn next_sweep(opened: &Opened, status: &Status) -> String {
    let schedule = &opened.settings.schedule;
    format!(
        "expected {} at {} ({}, {})",
        ago(opened.now, status.next_sweep_at),
        clock_time(status.next_sweep_at, &schedule.timezone),
        schedule.sweep.text(),
        schedule.timezone_name
    )
}

fn revisit(status: &Status) -> String {
    format!(
        "everybody is asked again within {} at {} a minute; sweeps start every {}",
        span(SignedDuration::from_secs(status.revisit_seconds)),
        count(u64::from(status.rate_per_minute), "call"),
        span(SignedDuration::from_secs(status.interval_seconds))
    )
}

fn clients(status: &Status) -> String {
    let clients = &status.clients;
    let mut parts = vec![format!("{} on the list", clients.listed)];
    for (number, what) in [
        (clients.vanished, "vanished"),
        (clients.without_address, "without address"),
        (clients.without_threshold, "without threshold"),
        (clients.never_read, "never read"),
        (clients.never_asked, "not asked yet"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    parts.join(", ")
}

fn firing(status: &Status) -> (String, Tone) {
    let alerts = &status.alerts;
    let tone = match (alerts.critical, alerts.warning) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Warning,
        _ => Tone::Bad,
    };
    let mut parts: Vec<String> = [
        (alerts.critical, "critical"),
        (alerts.warning, "warning"),
        (alerts.info, "info"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    if parts.is_empty() {
        parts.push("nothing".to_owned());
    }
    if alerts.pending > 0 {
        parts.push(format!("{} pending", alerts.pending));
    }
    (parts.join(", "), tone)
}

fn notifications(status: &Status) -> (String, Tone) {
    let of = |state: &str| status.notifications.get(state).copied().unwrap_or(0);
    let (waiting, dead) = (of("pending") + of("sending"), of("dead"));
    let text = format!(
        "{} delivered, {waiting} waiting, {dead} dead, {} dropped",
        of("delivered"),
        of("dropped")
    );
    (text, if dead > 0 { Tone::Bad } else { Tone::Plain })
}

fn brake(opened: &Opened, status: &Status) -> (String, Tone) {
    match &status.enforcement.brake {
        None => ("off".to_owned(), Tone::Plain),
        Some(brake) => (
            format!(
                "ON, set {} by {}: {}",
                ago(opened.now, brake.since),
                brake.by,
                brake.reason
            ),
            Tone::Bad,
        ),
    }
}

fn caps(status: &Status) -> String {
    let enforcement = &status.enforcement;
    format!(
        "{} of {} changes and {} of {} reversals in 24h; {} of {} paced mails to clients in the last hour",
        enforcement.applied_24h,
        enforcement.max_per_day,
        enforcement.reverted_24h,
        enforcement.max_per_day,
        enforcement.client_mails_last_hour,
        enforcement.client_mails_per_hour
    )
}
