//! A client as one line of a Nagios check, by the plugin guidelines: `NAME STATE - text | perfdata`.
//!
//! Nothing from outside gets a `|` or a line break into it: what stands behind them is read as numbers.

use super::alert::{AlertRow, Standing};
use super::snapshot::Snapshot;
use super::words::{clean, label};
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Severity};

/// The states of the guidelines, which are exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nagios {
    Okay,
    Warning,
    Critical,
    Unknown,
}

impl Nagios {
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Okay => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Okay => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A reading that is older than so many sweeps take says nothing.
const STALE_SWEEPS: i32 = 3;

/// Longest name and longest reason: with the rest they fit the 4 KiB that Nagios reads.
const MOST_CHARS: usize = 200;

/// The line for something that could not be found out.
#[must_use]
pub fn unknown(why: &str) -> String {
    line(Nagios::Unknown, why, "")
}

/// How a client stands.
#[must_use]
pub fn check(snapshot: &Snapshot, watched: &Watched) -> (Nagios, String) {
    let client = &watched.client;
    let mut fires = AlertRow::all(snapshot);
    fires.retain(|row| row.client == client.id && row.state == Standing::Firing);
    // Those without a policy end with the next sweep.
    let worst = fires.iter().filter_map(|row| row.severity).max();
    let doubt = doubt(snapshot, watched);
    let state = match (worst, &doubt) {
        (Some(Severity::Critical), _) => Nagios::Critical,
        (Some(Severity::Warning), _) => Nagios::Warning,
        (_, Some(_)) => Nagios::Unknown,
        (Some(Severity::Info) | None, None) => Nagios::Okay,
    };
    let mut parts = vec![match label(client) {
        name if name == client.id.as_str() => name,
        name => format!("{} {name}", client.id),
    }];
    if let Some(reading) = &watched.reading {
        let (balance, currency) = (reading.balance.for_people(), &snapshot.rules.currency);
        parts.push(format!("{balance} {currency} read {}", snapshot.now.ago(reading.at)));
    }
    parts.extend(doubt);
    parts.extend(fires.iter().map(|row| format!("{}: {}", row.policy, row.reason)));
    let parts: Vec<String> = parts.iter().map(|part| bounded(part)).collect();
    (state, line(state, &parts.join(", "), &perfdata(snapshot, watched)))
}

/// Why its number cannot be relied on.
fn doubt(snapshot: &Snapshot, watched: &Watched) -> Option<String> {
    let stale = snapshot.interval().saturating_mul(STALE_SWEEPS);
    let is_stale = |at| snapshot.now.at.duration_since(at) > stale;
    if watched.client.id == ClientId::account() {
        let swept = snapshot.kept.state.sweep_ended_at;
        return match swept {
            None => Some("no sweep has ended yet".to_owned()),
            Some(at) => is_stale(at).then(|| format!("the last sweep ended {}", snapshot.now.ago(at))),
        };
    }
    if let Some(at) = watched.vanished_at {
        return Some(format!("vanished from the list {}", snapshot.now.ago(at)));
    }
    let error = watched.last_error.as_deref();
    match &watched.reading {
        None => Some(error.map_or_else(|| "never read".to_owned(), |error| format!("never read ({error})"))),
        Some(reading) if is_stale(reading.at) => Some("the reading is too old to rely on".to_owned()),
        Some(_) => None,
    }
}

/// The balance with the limits below which it warns and is used up, today's spending, and the age of both in seconds.
fn perfdata(snapshot: &Snapshot, watched: &Watched) -> String {
    let Some(reading) = &watched.reading else {
        return String::new();
    };
    let threshold = snapshot.threshold(watched).map(|threshold| format!("{threshold}:"));
    let mut data = vec![format!(
        "balance={};{};0:",
        reading.balance,
        threshold.unwrap_or_default()
    )];
    data.extend(reading.spent_today.map(|spent| format!("spent_today={spent};;;0")));
    data.push(format!("age={}s;;;0", snapshot.now.age_seconds(reading.at)));
    data.join(" ")
}

fn line(state: Nagios, text: &str, perfdata: &str) -> String {
    let (state, text) = (state.as_str(), harmless(text));
    if perfdata.is_empty() {
        return format!("BALANCEWATCH {state} - {text}");
    }
    format!("BALANCEWATCH {state} - {text} | {perfdata}")
}

fn harmless(text: &str) -> String {
    clean(text).replace('|', "/")
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Nagios, check, unknown};
    use crate::domain::alert::Alert;
    use crate::domain::policy::{Severity, When};
    use crate::domain::testing::{policy, reading, threshold};
    use crate::domain::watch::Watched;
    use crate::view::testing::{at, firing, pending, snapshot, watched};

    fn checked(change: fn(&mut Watched), severity: Severity, alerts: Vec<Alert>) -> (Nagios, String) {
        let mut snapshot = snapshot();
        let mut low = policy("low", When::default());
        low.severity = severity;
        snapshot.rules.policies = vec![low];
        let mut client = watched("1");
        client.reading = Some(reading("12.5", "1.25", -60));
        change(&mut client);
        snapshot.kept.clients = vec![client.clone()];
        snapshot.kept.alerts = alerts;
        check(&snapshot, &client)
    }

    #[test]
    fn the_state_is_that_of_the_worst_alert_or_that_nobody_knows() {
        type Case = (&'static str, fn(&mut Watched), Severity, Vec<Alert>, Nagios);
        let fires = || vec![firing("1")];
        let cases: [Case; 11] = [
            ("fine", |_| {}, Severity::Warning, vec![], Nagios::Okay),
            (
                "of another",
                |_| {},
                Severity::Critical,
                vec![firing("2")],
                Nagios::Okay,
            ),
            ("pending", |_| {}, Severity::Critical, vec![pending("1")], Nagios::Okay),
            ("info", |_| {}, Severity::Info, fires(), Nagios::Okay),
            ("warning", |_| {}, Severity::Warning, fires(), Nagios::Warning),
            ("critical", |_| {}, Severity::Critical, fires(), Nagios::Critical),
            (
                "never read",
                |client| client.reading = None,
                Severity::Info,
                fires(),
                Nagios::Unknown,
            ),
            (
                "stale",
                |client| client.reading = Some(reading("12.5", "1", -1_000_000)),
                Severity::Warning,
                vec![],
                Nagios::Unknown,
            ),
            (
                "stale, and it fires",
                |client| client.reading = Some(reading("12.5", "1", -1_000_000)),
                Severity::Critical,
                fires(),
                Nagios::Critical,
            ),
            (
                "one failure",
                |client| client.last_error = Some("timeout".to_owned()),
                Severity::Info,
                vec![],
                Nagios::Okay,
            ),
            (
                "vanished",
                |client| client.vanished_at = Some(at(-60)),
                Severity::Info,
                vec![],
                Nagios::Unknown,
            ),
        ];
        for (name, change, severity, alerts, expected) in cases {
            assert_eq!(checked(change, severity, alerts).0, expected, "{name}");
        }
    }

    #[test]
    fn the_line_holds_numbers_that_only_we_wrote() {
        let hostile: fn(&mut Watched) = |client| {
            client.client.company = format!("A|b=1\n{}", "x".repeat(500));
            client.threshold = Some(threshold(Some("10"), -60));
        };
        let (_, line) = checked(hostile, Severity::Warning, vec![]);
        let (text, data) = line.split_once('|').unwrap();
        assert!(text.starts_with("BALANCEWATCH OK - 1 A/b=1\u{fffd}xxx"), "{text}");
        assert!(text.len() < 400, "{text}");
        assert_eq!(data, " balance=12.5;10:;0: spent_today=1.25;;;0 age=60s;;;0");
        assert_eq!(
            unknown("no\nstore | here"),
            "BALANCEWATCH UNKNOWN - no\u{fffd}store / here"
        );
    }
}
