//! Many clients in one mail to operators: what a baseline found. Pure.

use std::collections::BTreeSet;

use super::super::words::{counted, isolated, one_line};
use super::super::{Column, Letter, Table, Tone};
use super::scene::{Scene, Topic};
use crate::domain::notice::{Notification, Transition};
use crate::domain::reason::{Measure, Reason};
use crate::domain::{Money, PolicyName, Severity};

/// Most rows of a summary: more than a person reads on a phone, and a mail of less than 60 kB with the longest names.
/// The rest is counted, with the command that lists all.
const MOST_ROWS: usize = 100;

/// Most policies that the rest is counted by.
const MOST_POLICIES: usize = 8;

/// Longest name in the table, so that a row fits a line of text.
const LONGEST_ROW_NAME: usize = 22;

/// The letter about all of `scenes`, at least one.
pub(super) fn letter(scenes: &[Scene<'_>]) -> Letter {
    let scenes = sorted(scenes);
    let Some(first) = scenes.first() else {
        return Letter::default();
    };
    let severity = severity(&scenes);
    let headline = headline(&scenes);
    let word = severity.map_or("SUMMARY".to_owned(), |severity| severity.as_str().to_uppercase());
    let mut paragraphs = vec![why_together(are_repeats(&scenes))];
    paragraphs.push(CALLS.to_owned());
    Letter {
        subject: format!("{word}, summary: {headline}"),
        tone: tone(severity),
        badge: format!("{word}, SUMMARY"),
        headline,
        paragraphs,
        table: Some(table(&scenes)),
        steps: vec![LISTS.to_owned()],
        notes: notes(first, &scenes),
        links: seen(first),
        signature: first.letterhead.operator_signature(),
        ..Letter::default()
    }
}

/// What the balances in a table mean for the calls of these clients.
pub(super) const CALLS: &str = "The calls of clients set to HARD should stop at 0, and then emergency calls may not go \
                                through either; those set to SOFT go on at your cost.";

/// Where they are all to be seen.
pub(super) fn seen(scene: &Scene<'_>) -> Vec<(&'static str, String)> {
    let links = scene.letterhead.links.iter();
    links.map(|links| ("See what fires", links.alerts())).collect()
}

/// Where more is to be seen.
pub(super) const LISTS: &str = "`balancewatch alerts` lists them all; `balancewatch explain ID` tells about one.";

/// The most severe first, then the lowest balance; what could not be read comes last, in the order it came.
pub(super) fn sorted<'s, 'n>(scenes: &'s [Scene<'n>]) -> Vec<&'s Scene<'n>> {
    let mut scenes: Vec<&Scene<'_>> = scenes.iter().collect();
    scenes.sort_by_key(|scene| {
        let balance = scene.balance().map_or((1, Money::ZERO), |balance| (0, balance));
        (std::cmp::Reverse(scene.notification.severity), balance)
    });
    scenes
}

/// How many clients they are about.
pub(super) fn clients(scenes: &[&Scene<'_>]) -> usize {
    let clients = scenes.iter().map(|scene| &scene.notification.client);
    clients.collect::<BTreeSet<_>>().len()
}

pub(super) fn severity(scenes: &[&Scene<'_>]) -> Option<Severity> {
    scenes.iter().map(|scene| scene.notification.severity).max()
}

/// Whether all of it was told before.
pub(super) fn are_repeats(scenes: &[&Scene<'_>]) -> bool {
    scenes
        .iter()
        .all(|scene| matches!(scene.notification.transition, Transition::Repeated { .. }))
}

/// `3 clients of account main need a look, the lowest has -2.31 USD`.
pub(super) fn headline(scenes: &[&Scene<'_>]) -> String {
    let Some(first) = scenes.first() else {
        return String::new();
    };
    let clients = clients(scenes);
    let need = if clients == 1 { "needs" } else { "need" };
    let still = if are_repeats(scenes) { "still " } else { "" };
    let lowest = scenes.iter().filter_map(|scene| scene.balance()).min();
    let lowest = lowest
        .map(|balance| format!(", the lowest has {}", first.amount(balance)))
        .unwrap_or_default();
    let clients = counted(i64::try_from(clients).unwrap_or(i64::MAX), "client");
    let account = &first.notification.account;
    format!("{clients} of account {account} {still}{need} a look{lowest}")
}

pub(super) const fn tone(severity: Option<Severity>) -> Tone {
    match severity {
        Some(Severity::Critical) => Tone::Bad,
        Some(Severity::Warning) => Tone::Warn,
        Some(Severity::Info) | None => Tone::Neutral,
    }
}

fn why_together(repeats: bool) -> String {
    let why = if repeats {
        "These were found together when balancewatch looked for the first time, or again after a pause, and are \
         reminded of together."
    } else {
        "balancewatch looked for the first time, or again after a pause, and tells you of all it found in one mail. \
         From now on each change is told by itself."
    };
    why.to_owned()
}

pub(super) fn notes(first: &Scene<'_>, scenes: &[&Scene<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    let reads = || {
        scenes
            .iter()
            .filter_map(|scene| scene.notification.facts.reading.as_ref())
            .map(|reading| reading.at)
    };
    if let (Some(oldest), Some(newest)) = (reads().min(), reads().max()) {
        notes.push(if first.at(oldest) == first.at(newest) {
            format!("The balances were read {}.", first.age(newest))
        } else {
            format!(
                "The balances were read between {} and {}, the newest {}.",
                first.at(oldest),
                first.at(newest),
                first.age(newest)
            )
        });
    }
    let older = scenes.iter().filter(|scene| scene.threshold_is_older()).count();
    if older > 0 {
        let number = counted(i64::try_from(older).unwrap_or(i64::MAX), "threshold");
        notes.push(format!("{number} used here had been read earlier, not in this sweep."));
    }
    if let Some(late) = scenes.iter().find(|scene| scene.is_late()) {
        notes.push(format!(
            "This was decided {}, and is delivered late: things may have changed since.",
            late.age(late.notification.created_at)
        ));
    }
    notes
}

pub(super) fn table(scenes: &[&Scene<'_>]) -> Table {
    let column = |name, numbers, below| Column { name, numbers, below };
    Table {
        head: vec![
            column("Client", false, false),
            column("Balance", true, false),
            column("Limit", true, true),
            column("Policy", false, true),
        ],
        rows: scenes.iter().take(MOST_ROWS).map(|scene| row(scene)).collect(),
        more: rest(scenes.get(MOST_ROWS..).unwrap_or_default()),
    }
}

/// What has no row: `and 4900 more: 20 overdrawn, 4880 low-balance`. The most severe come first, as in the rows.
fn rest(scenes: &[&Scene<'_>]) -> String {
    if scenes.is_empty() {
        return String::new();
    }
    let mut counts: Vec<(&PolicyName, usize)> = Vec::new();
    for scene in scenes {
        let policy = &scene.notification.policy;
        match counts.iter_mut().find(|(name, _)| *name == policy) {
            Some((_, count)) => *count += 1,
            None => counts.push((policy, 1)),
        }
    }
    let most: Vec<String> = counts
        .iter()
        .take(MOST_POLICIES)
        .map(|(policy, count)| format!("{count} {policy}"))
        .collect();
    let others = if counts.len() > MOST_POLICIES {
        ", and others"
    } else {
        ""
    };
    format!("and {} more: {}{others}", scenes.len(), most.join(", "))
}

fn row(scene: &Scene<'_>) -> Vec<String> {
    let Notification {
        client, policy, facts, ..
    } = scene.notification;
    let name = one_line(&scene.name(), LONGEST_ROW_NAME);
    let client = if client.is_pseudo() {
        scene.who()
    } else if name.is_empty() {
        client.to_string()
    } else {
        format!("{} ({client})", isolated(name))
    };
    let balance = match (&facts.reason, scene.balance()) {
        (Reason::Unread { .. } | Reason::NoFreshReading { .. }, _) | (_, None) => "not read".to_owned(),
        (_, Some(balance)) => scene.amount(balance),
    };
    let measure = if scene.topic() == Topic::Spending {
        Measure::SpentToday
    } else {
        Measure::Balance
    };
    let limit = match scene.finding(measure) {
        Some(finding) if measure == Measure::SpentToday => {
            format!("{} of {}", finding.value.for_people(), finding.limit.for_people())
        }
        Some(finding) => finding.limit.for_people(),
        None => String::new(),
    };
    vec![client, balance, limit, policy.to_string()]
}
