//! An account on a card.

use jiff::SignedDuration;

use super::{LastSweep, Status};
use crate::view::page::{Card, Cell, Tone};
use crate::view::plan::mode_text;
use crate::view::words::{Now, count, kinds, span};

impl Status {
    /// How the watching of the account goes.
    #[must_use]
    pub fn card(&self, now: &Now) -> Card {
        let mut card = Card::new(format!("account {}", self.account), "");
        card.fact("last sweep", self.last_sweep_text(now));
        let next = self.next_sweep_at;
        let text = format!("expected {} at {} ({})", now.ago(next), now.clock(next), self.schedule);
        card.fact("next sweep", text);
        card.fact("revisit time", self.revisit_text());
        card.fact("clients", self.clients_text());
        card.fact("firing", self.firing_cell());
        card.fact("notifications", self.notifications_cell());
        card.fact("enforcement", mode_text(self.enforcement.mode));
        card.fact("brake", self.brake_cell(now));
        card.fact("first change", self.enforcement.canary);
        card.fact("caps", self.caps_text());
        card
    }

    fn last_sweep_text(&self, now: &Now) -> String {
        let mut text = match &self.last_sweep {
            None => "none yet".to_owned(),
            Some(last) => {
                let took = last.started_at.map(|started| last.ended_at.duration_since(started));
                let took = took.map(|took| format!(", took {}", span(took))).unwrap_or_default();
                format!("ended {}{took}{}", now.ago(last.ended_at), last.readings_text())
            }
        };
        if let Some(since) = self.sweeping_since {
            text.push_str(&format!("; one began {}", now.ago(since)));
        }
        text
    }

    fn revisit_text(&self) -> String {
        format!(
            "everybody is asked again within {} at {} a minute; sweeps start every {}",
            span(SignedDuration::from_secs(self.revisit_seconds)),
            count(u64::from(self.rate_per_minute), "call"),
            span(SignedDuration::from_secs(self.interval_seconds))
        )
    }

    fn clients_text(&self) -> String {
        let clients = &self.clients;
        let mut text = format!("{} on the list", clients.listed);
        for (number, what) in [
            (clients.vanished, "vanished"),
            (clients.without_address, "without address"),
            (clients.without_threshold, "without threshold"),
            (clients.never_read, "never read"),
            (clients.never_asked, "not asked yet"),
        ] {
            if number > 0 {
                text.push_str(&format!(", {number} {what}"));
            }
        }
        text
    }

    fn firing_cell(&self) -> Cell {
        let alerts = &self.alerts;
        let tone = match (alerts.critical, alerts.warning) {
            (0, 0) => Tone::Good,
            (0, _) => Tone::Warning,
            _ => Tone::Bad,
        };
        let counts = [
            (alerts.critical, "critical"),
            (alerts.warning, "warning"),
            (alerts.info, "info"),
        ];
        let fires = counts.iter().filter(|(number, _)| *number > 0);
        let mut parts: Vec<String> = fires.map(|(number, word)| format!("{number} {word}")).collect();
        if parts.is_empty() {
            parts.push("nothing".to_owned());
        }
        for (number, word) in [
            (alerts.pending, "pending"),
            (alerts.silenced, "silenced"),
            (alerts.acked, "acknowledged"),
            (alerts.muted, "muted"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        }
        (parts.join(", "), tone).into()
    }

    fn notifications_cell(&self) -> Cell {
        let of = |state: &str| self.notifications.get(state).copied().unwrap_or(0);
        let (waiting, dead) = (of("pending") + of("sending"), of("dead"));
        let (delivered, dropped) = (of("delivered"), of("dropped"));
        let text = format!("{delivered} delivered, {waiting} waiting, {dead} dead, {dropped} dropped");
        (text, if dead > 0 { Tone::Bad } else { Tone::Plain }).into()
    }

    fn brake_cell(&self, now: &Now) -> Cell {
        match &self.enforcement.brake {
            None => "off".into(),
            Some(brake) => {
                let text = format!("ON, set {} by {}: {}", now.ago(brake.since), brake.by, brake.reason);
                (text, Tone::Bad).into()
            }
        }
    }

    fn caps_text(&self) -> String {
        let enforcement = &self.enforcement;
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
}

impl LastSweep {
    fn readings_text(&self) -> String {
        let Some(report) = &self.report else {
            return String::new();
        };
        let mut text = format!(": {} of {} read", report.readings, count(report.clients, "client"));
        if report.deferred > 0 {
            text.push_str(&format!(", {} deferred", report.deferred));
        }
        let errors: u64 = report.errors.values().sum();
        if errors > 0 {
            text.push_str(&format!(", {} ({})", count(errors, "error"), kinds(&report.errors)));
        }
        text.push_str(&format!(", {}", count(report.api_calls, "call")));
        text
    }
}
