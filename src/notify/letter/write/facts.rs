//! The numbers below a letter to operators.

use super::super::Fact;
use super::super::words::{LONGEST_TEXT, one_line};
use super::account;
use super::scene::{Scene, Topic};
use crate::domain::notice::Transition;
use crate::domain::reason::{Measure, Reason, failure_in_words};

/// The numbers an operator wants, the decisive one first.
pub(super) fn facts(scene: &Scene<'_>) -> Vec<Fact> {
    let facts = &scene.notification.facts;
    let mut rows = Vec::with_capacity(10);
    if scene.topic() == Topic::Account {
        rows.extend(account::facts(scene));
    }
    let mut row = |label, value: String| rows.push(Fact { label, value });
    let silent = scene.topic() == Topic::Silence && scene.notification.transition != Transition::Resolved;
    if let Some(reading) = &facts.reading {
        row(
            if silent { "Last balance" } else { "Balance" },
            scene.amount(reading.balance),
        );
        if let Some(spent) = reading.spent_today {
            row("Spent today", scene.amount(spent));
        }
        if let Some(spent) = reading.spent_total {
            row("Spent in 30 days", scene.amount(spent));
        }
        row("Read", scene.age(reading.at));
    }
    for measure in [Measure::Balance, Measure::SpentToday] {
        if let Some(finding) = scene.finding(measure) {
            row(
                "Compared",
                format!("{} is {}", finding.measure, scene.comparison(finding)),
            );
        }
    }
    if let Reason::Unread { error: Some(error), .. } | Reason::NoFreshReading { error: Some(error) } = &facts.reason
        && silent
    {
        row("Last failure", failure_in_words(error));
    }
    if let Some(value) = threshold(scene) {
        row("Threshold", value);
    }
    // What is planned is news only while it is ahead.
    let is_ahead = !scene.notification.transition.is_end()
        && !matches!(scene.notification.transition, Transition::Enforced { .. });
    if let Some(enforcement) = facts.enforcement.as_ref().filter(|_| is_ahead) {
        row("Enforcement", one_line(enforcement, LONGEST_TEXT));
    }
    if let Some(runbook) = &facts.runbook_url {
        row("Runbook", one_line(runbook, LONGEST_TEXT));
    }
    let severity = scene.notification.severity.as_str();
    row("Policy", format!("{} ({severity})", scene.notification.policy));
    row("Account", scene.notification.account.to_string());
    rows
}

/// The threshold with its age where it matters; `None` when it played no part.
fn threshold(scene: &Scene<'_>) -> Option<String> {
    let limit = scene.finding(Measure::Balance)?.limit_text.as_deref()?;
    if !limit.contains("threshold") {
        return None;
    }
    let threshold = scene.notification.facts.threshold.as_ref()?;
    let amount = scene.amount(threshold.amount?);
    Some(if scene.threshold_is_older() {
        format!("{amount}, read {}: not in this sweep", scene.age(threshold.at))
    } else {
        amount
    })
}
