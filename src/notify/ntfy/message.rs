//! A letter as ntfy takes one: <https://docs.ntfy.sh/publish/#publish-as-json>. PURE.

use serde_json::{Value, json};

use crate::domain::Severity;
use crate::domain::notice::Notification;
use crate::notify::delivery::Parcel;
use crate::notify::letter::{Letter, Tone};
use crate::notify::stable::stable_hash;
use crate::redact::one_line;

/// Longest message, in bytes: ntfy makes a longer one a file.
const LONGEST_MESSAGE: usize = 4_096;

/// Longest title, in characters. Phones show less.
const LONGEST_TITLE: usize = 200;

/// What is published.
pub(super) fn message(parcel: &Parcel, topic: &str, pay_url: Option<&str>) -> Value {
    let letter = &parcel.letter;
    let is_over = parcel.notifications.iter().all(|told| told.transition.is_end());
    let severity = parcel.notifications.iter().map(|told| told.severity).max();
    let severity = severity.unwrap_or(Severity::Info);
    let mut message = json!({
        "topic": topic,
        "title": one_line(&letter.subject, LONGEST_TITLE),
        "message": shortened(&text(letter), LONGEST_MESSAGE),
        "priority": priority(severity, is_over),
        "tags": [sign(letter.tone), severity.as_str(), parcel.message.account.as_str()],
        // A repeat with the same id takes the place of the first, where server and app know it (2.16).
        "sequence_id": format!("{:032x}", stable_hash(&parcel.message.id)),
    });
    if let Some(click) = click(parcel, is_over, pay_url) {
        message["click"] = click.into();
    }
    message
}

/// From 5, which rings through silence, to 1.
const fn priority(severity: Severity, is_over: bool) -> u8 {
    match severity {
        _ if is_over => 2,
        Severity::Critical => 5,
        Severity::Warning => 4,
        Severity::Info => 3,
    }
}

/// A tag that is shown as a picture.
const fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "rotating_light",
        Tone::Warn => "warning",
        Tone::Good => "white_check_mark",
        Tone::Neutral => "information_source",
    }
}

/// Where a tap leads: to what is to be done, else to where money is added.
fn click<'a>(parcel: &'a Parcel, is_over: bool, pay_url: Option<&'a str>) -> Option<&'a str> {
    let runbook = |told: &'a Notification| told.facts.runbook_url.as_deref();
    let runbook = parcel.notifications.iter().find_map(runbook);
    let pays = parcel.notifications.iter().any(|told| !told.client.is_pseudo());
    runbook.or(pay_url.filter(|_| pays && !is_over))
}

fn text(letter: &Letter) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Most subjects say it already.
    if !letter.subject.to_lowercase().ends_with(&letter.headline.to_lowercase()) {
        lines.push(letter.headline.clone());
    }
    let facts = letter.facts.iter();
    lines.extend(facts.map(|fact| format!("{}: {}", fact.label, fact.value)));
    for (heading, table) in letter.tables() {
        lines.push(heading.to_owned());
        lines.extend(table.rows.iter().map(|row| row.join(", ")));
        lines.push(table.more.clone());
    }
    lines.extend(letter.paragraphs.iter().cloned());
    let steps = letter.steps.iter().enumerate();
    lines.extend(steps.map(|(index, step)| format!("{}. {step}", index + 1)));
    lines.extend(letter.notes.iter().cloned());
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// The text in at most so many bytes.
fn shortened(text: &str, longest: usize) -> String {
    const MORE: &str = "\n…";
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest - MORE.len());
    format!("{}{MORE}", text[..end].trim_end())
}
