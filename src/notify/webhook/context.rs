//! What a template may say. PURE. Every text is one line, cleaned, and there: what is not known is empty. The page for
//! operators is in `config/ON-CALL.md`, "A template of your own".

use jiff::Timestamp;
use serde::Serialize;

use super::payload::{Alert, Payload, Status};
use crate::domain::notice::Notification;
use crate::notify::delivery::Parcel;
use crate::notify::letter::{Letter, Table, Tone};

#[derive(Debug, Serialize)]
pub struct Context<'p> {
    /// The same when the same is sent again.
    id: &'p str,
    /// The same for all that is told of one episode.
    group_key: &'p str,
    status: Status,
    /// Of the most severe.
    severity: &'static str,
    /// `bad`, `warn`, `good`, `neutral`.
    tone: &'static str,
    /// `#b42318`
    color: &'static str,
    color_number: u32,
    title: &'p str,
    headline: &'p str,
    paragraphs: &'p [String],
    facts: Vec<Pair<'p>>,
    /// Several clients at once; without rows where there is one.
    table: Rows<'p>,
    steps: &'p [String],
    notes: &'p [String],
    /// All of it but the title, in lines.
    text: String,
    receiver: &'p str,
    account: &'p str,
    /// Empty when there are several.
    client: &'p str,
    policy: &'p str,
    runbook_url: &'p str,
    /// When it was decided, and that in seconds since 1970.
    time: String,
    timestamp: i64,
    alerts: &'p [Alert],
    truncated: usize,
}

#[derive(Debug, Serialize)]
struct Pair<'p> {
    name: &'p str,
    value: &'p str,
}

#[derive(Debug, Default, Serialize)]
struct Rows<'p> {
    head: Vec<&'p str>,
    rows: &'p [Vec<String>],
    /// How many more there are, in words.
    more: &'p str,
}

impl<'p> Context<'p> {
    #[must_use]
    pub fn of(parcel: &'p Parcel, payload: &'p Payload) -> Self {
        let letter = &parcel.letter;
        let all = &parcel.notifications;
        let colour = letter.tone.colour();
        let worst = all.iter().map(|notification| notification.severity).max();
        let runbook = all
            .iter()
            .find_map(|notification| notification.facts.runbook_url.as_deref());
        let decided_at = parcel.message.created_at;
        Self {
            id: &parcel.message.id,
            group_key: &payload.group_key,
            status: payload.status,
            severity: worst.map_or("", |severity| severity.as_str()),
            tone: tone(letter.tone),
            color: colour,
            color_number: u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or(0),
            title: &letter.subject,
            headline: &letter.headline,
            paragraphs: &letter.paragraphs,
            facts: facts(letter),
            table: letter.table.as_ref().map(rows).unwrap_or_default(),
            steps: &letter.steps,
            notes: &letter.notes,
            text: text(letter),
            receiver: &payload.receiver,
            account: parcel.message.account.as_str(),
            client: only(all, |notification| notification.client.as_str()),
            policy: only(all, |notification| notification.policy.as_str()),
            runbook_url: runbook.unwrap_or_default(),
            time: rfc3339(decided_at),
            timestamp: decided_at.as_second(),
            alerts: &payload.alerts,
            truncated: payload.truncated_alerts,
        }
    }
}

/// What all of them have; empty when they differ.
fn only<'p>(all: &'p [Notification], of: impl Fn(&'p Notification) -> &'p str) -> &'p str {
    let first = all.first().map(&of).unwrap_or_default();
    let is_common = all.iter().all(|notification| of(notification) == first);
    if is_common { first } else { "" }
}

fn rfc3339(at: Timestamp) -> String {
    format!("{at:.0}")
}

const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Warn => "warn",
        Tone::Good => "good",
        Tone::Neutral => "neutral",
    }
}

fn facts(letter: &Letter) -> Vec<Pair<'_>> {
    let pair = |name, value| Pair { name, value };
    letter.facts.iter().map(|fact| pair(fact.label, &*fact.value)).collect()
}

fn rows(table: &Table) -> Rows<'_> {
    Rows {
        head: table.head.iter().map(|column| column.name).collect(),
        rows: &table.rows,
        more: &table.more,
    }
}

/// A letter in lines, for whoever shows nothing but text in a narrow column.
fn text(letter: &Letter) -> String {
    let mut lines = vec![letter.headline.clone()];
    lines.extend(letter.paragraphs.iter().cloned());
    lines.extend(
        letter
            .facts
            .iter()
            .map(|fact| format!("{}: {}", fact.label, fact.value)),
    );
    if let Some(table) = &letter.table {
        lines.extend(table.rows.iter().map(|row| row.join(" · ")));
        lines.push(table.more.clone());
    }
    lines.extend(letter.steps.iter().map(|step| format!("- {step}")));
    lines.extend(letter.notes.iter().cloned());
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}
