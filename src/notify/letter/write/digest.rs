//! What operators read now and then: numbers first, for a phone, then the lists. Names no address. Pure.

use jiff::Timestamp;

use super::super::words::{LONGEST_NAME, capitalised, counted, isolated, one_line, span};
use super::super::{Column, Fact, Letter, Section, Table, Tone};
use super::scene::Scene;
use crate::domain::decision::Kind;
use crate::domain::digest::{Basis, Digest, Listed, Named};
use crate::domain::enforcement::Direction;
use crate::domain::reason::failure_in_words;
use crate::domain::{PolicyName, Severity};

/// Longest name in a table, so that a row fits a line of text.
const LONGEST_ROW_NAME: usize = 22;

/// Longest reason in a table: the commands show the whole.
const LONGEST_WHY: usize = 60;

pub(super) fn letter(scene: &Scene<'_>, digest: &Digest) -> Letter {
    let account = &scene.notification.account;
    let signature = scene.letterhead.operator_signature();
    if digest.clients == 0 {
        let headline = format!("account {account} has no clients");
        return Letter {
            subject: format!("Digest: {headline}"),
            badge: "DIGEST".to_owned(),
            headline: format!("{}, so there is nothing to sum up.", capitalised(&headline)),
            signature,
            ..Letter::default()
        };
    }
    let headline = format!("account {account}: {}", headline(digest));
    let is_critical = digest.low.rows.iter().any(|low| low.severity == Severity::Critical);
    let mut notes = vec![format!(
        "This was summed up {}.",
        scene.age(scene.notification.created_at)
    )];
    if !digest.running_dry.rows.is_empty() {
        notes.push(
            "A rate is the higher of two: what was spent today so far, scaled to the whole day (after six hours of it), and \
             a thirtieth of what was spent in 30 days."
                .to_owned(),
        );
    }
    Letter {
        subject: format!("Digest, {headline}"),
        tone: match digest.is_quiet() {
            true => Tone::Good,
            false if is_critical || !digest.dead.rows.is_empty() => Tone::Warn,
            false => Tone::Neutral,
        },
        badge: "DIGEST".to_owned(),
        headline: capitalised(&headline),
        facts: facts(scene, digest),
        sections: sections(scene, digest),
        notes,
        signature,
        ..Letter::default()
    }
}

/// `3 clients are low, 2 run dry within a week`, without the full stop.
fn headline(digest: &Digest) -> String {
    let parts = [
        (digest.low.count(), "is low", "are low"),
        (
            digest.running_dry.count(),
            "runs dry within a week",
            "run dry within a week",
        ),
        (digest.unread.count(), "could not be read", "could not be read"),
    ];
    let mut said: Vec<String> = Vec::new();
    for (count, one, several) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        let who = if said.is_empty() {
            clients(count)
        } else {
            count.to_string()
        };
        said.push(format!("{who} {}", if count == 1 { one } else { several }));
    }
    if digest.dead.count() > 0 {
        said.push(format!("{} will never arrive", number(digest.dead.count(), "message")));
    }
    if said.is_empty() {
        return format!("{}, and none is low or runs dry within a week", clients(digest.clients));
    }
    said.join(", ")
}

fn clients(count: u64) -> String {
    number(count, "client")
}

fn number(count: u64, word: &str) -> String {
    counted(i64::try_from(count).unwrap_or(i64::MAX), word)
}

fn facts(scene: &Scene<'_>, digest: &Digest) -> Vec<Fact> {
    let activity = &digest.activity;
    let mut rows = Vec::with_capacity(5);
    let mut row = |label, value: String| rows.push(Fact { label, value });
    let length = span(scene.notification.created_at.duration_since(digest.since));
    row("Since", format!("{} ({length})", scene.at(digest.since)));
    row("Clients", format!("{} watched", digest.clients));
    row("Alerts", format!("{} began, {} ended", activity.began, activity.ended));
    if digest.others > 0 {
        row("Also firing", number(digest.others, "alert") + " about other things");
    }
    row(
        "Notifications",
        format!(
            "{} arrived, {} never will, {} not sent on purpose",
            activity.delivered, activity.dead, activity.dropped
        ),
    );
    rows
}

fn sections(scene: &Scene<'_>, digest: &Digest) -> Vec<Section> {
    let mut sections = vec![low(scene, digest), running_dry(scene, digest)];
    sections.push(changed(scene, digest));
    sections.push(section(
        "Clients that could not be read",
        &[
            ("Client", false, false),
            ("Last read", false, false),
            ("Last failure", false, true),
        ],
        &digest.unread,
        |unread| {
            let read = unread.read_at.map_or("never".to_owned(), |at| scene.at(at));
            vec![name(&unread.who), read, failure_in_words(&unread.error)]
        },
    ));
    sections.push(section(
        "Messages that will never arrive",
        &[("About", false, false), ("Channel", false, true), ("Why", false, false)],
        &digest.dead,
        |dead| {
            vec![
                name(&dead.who),
                dead.channel.to_string(),
                one_line(&dead.why, LONGEST_WHY),
            ]
        },
    ));
    sections.push(silenced(scene, digest));
    sections.retain(|section| !section.table.rows.is_empty());
    sections
}

fn low(scene: &Scene<'_>, digest: &Digest) -> Section {
    section(
        "Low now",
        &[
            ("Client", false, false),
            ("Balance", true, false),
            ("Limit", true, true),
            ("Policy", false, true),
        ],
        &digest.low,
        |low| {
            vec![
                name(&low.who),
                scene.amount(low.balance),
                low.limit.for_people(),
                low.policy.to_string(),
            ]
        },
    )
}

fn running_dry(scene: &Scene<'_>, digest: &Digest) -> Section {
    section(
        "Dry within a week at the present rate",
        &[
            ("Client", false, false),
            ("Balance", true, false),
            ("A day", true, true),
            ("Spending", false, true),
            ("Lasts", true, false),
        ],
        &digest.running_dry,
        |dry| {
            let basis = match dry.rate.basis {
                Basis::Today => "as today",
                Basis::Month => "as in 30 days",
            };
            let left = span(jiff::SignedDuration::from_hours(dry.hours_left.into()));
            let left = if dry.hours_left == 0 {
                "less than an hour".to_owned()
            } else {
                left
            };
            vec![
                name(&dry.who),
                scene.amount(dry.balance),
                dry.rate.per_day.for_people(),
                basis.to_owned(),
                left,
            ]
        },
    )
}

fn changed(scene: &Scene<'_>, digest: &Digest) -> Section {
    section(
        "Changes of balance management",
        &[
            ("Client", false, false),
            ("Change", false, false),
            ("State", false, true),
            ("When", false, true),
        ],
        &digest.changed,
        |changed| {
            let change = match changed.direction {
                Direction::Enforce => format!("to {}", changed.wanted),
                Direction::Revert => format!("back to {}", changed.wanted),
            };
            vec![name(&changed.who), change, changed.state.clone(), scene.at(changed.at)]
        },
    )
}

fn silenced(scene: &Scene<'_>, digest: &Digest) -> Section {
    section(
        "Silenced",
        &[
            ("What", false, false),
            ("Until", false, false),
            ("By", false, true),
            ("Why", false, true),
        ],
        &digest.silenced,
        |silenced| {
            let who = silenced.who.as_ref().map_or("all clients".to_owned(), name);
            let policies: Vec<&str> = silenced.policies.iter().map(PolicyName::as_str).collect();
            let what = match policies[..] {
                [] => who,
                _ => one_line(&format!("{who}: {}", policies.join(", ")), LONGEST_WHY),
            };
            let until = |at: Option<Timestamp>, end: &str| at.map_or(end.to_owned(), |at| scene.at(at));
            let until = match silenced.kind {
                Kind::Ack => until(silenced.until, "it is over"),
                _ => until(silenced.until, "somebody ends it"),
            };
            let note = one_line(&silenced.note, LONGEST_WHY);
            vec![what, until, one_line(&silenced.by, LONGEST_NAME), note]
        },
    )
}

/// A list with its heading, and how many rows it does not have room for.
fn section<T>(
    heading: &str,
    head: &[(&'static str, bool, bool)],
    listed: &Listed<T>,
    row: impl Fn(&T) -> Vec<String>,
) -> Section {
    let head = head.iter().map(|(name, numbers, below)| Column {
        name,
        numbers: *numbers,
        below: *below,
    });
    Section {
        heading: heading.to_owned(),
        table: Table {
            head: head.collect(),
            rows: listed.rows.iter().map(row).collect(),
            more: match listed.more {
                0 => String::new(),
                more => format!("and {more} more"),
            },
        },
    }
}

/// `Consulting (561115)`; an account's own matters by their label alone.
fn name(who: &Named) -> String {
    let label = one_line(&who.label, LONGEST_ROW_NAME);
    if who.client.is_pseudo() || label == who.client.as_str() || label.is_empty() {
        return if label.is_empty() {
            who.client.to_string()
        } else {
            label
        };
    }
    format!("{} ({})", isolated(label), who.client)
}
