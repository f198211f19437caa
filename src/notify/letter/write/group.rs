//! Several clients of which the same is told at one time, in one message to operators; of many, what they have in common.
//! Pure.

use std::collections::BTreeMap;

use super::super::words::{LONGEST_NAME, counted, one_line, span};
use super::super::{Fact, Letter};
use super::scene::{Scene, Topic};
use super::summary::{CALLS, LISTS, are_repeats, clients, headline, notes, seen, severity, sorted, table, tone};
use crate::domain::judge::gather::MOST_IN_A_LIST;
use crate::domain::reason::{Measure, Reason, failure_in_words};

/// Most different values that a thing in common is told by.
const MOST_VALUES: usize = 3;

/// The letter about all of `scenes`, at least one.
pub(super) fn letter(scenes: &[Scene<'_>]) -> Letter {
    let scenes = sorted(scenes);
    let Some(first) = scenes.first() else {
        return Letter::default();
    };
    let severity = severity(&scenes);
    let word = severity.map_or(String::new(), |severity| severity.as_str().to_uppercase());
    let is_storm = clients(&scenes) > MOST_IN_A_LIST;
    let storm = if is_storm { ", storm" } else { "" };
    let headline = headline(&scenes);
    let mut paragraphs = vec![how_many(&scenes)];
    if is_storm {
        paragraphs.push(UNKNOWN.to_owned());
    }
    if scenes.iter().any(|scene| scene.topic() == Topic::Balance) {
        paragraphs.push(CALLS.to_owned());
    }
    let mut steps = Vec::new();
    if is_storm {
        steps.push(FIRST_STEP.to_owned());
    }
    steps.push(LISTS.to_owned());
    Letter {
        subject: format!("{word}{storm}: {headline}"),
        tone: tone(severity),
        badge: format!("{word}{}", storm.to_uppercase()),
        headline,
        paragraphs,
        facts: if is_storm { in_common(&scenes) } else { Vec::new() },
        table: Some(table(&scenes)),
        steps,
        notes: notes(first, &scenes),
        links: seen(first),
        signature: first.letterhead.operator_signature(),
        ..Letter::default()
    }
}

/// What balancewatch does not see.
const UNKNOWN: &str = "So many at once seldom run low by themselves: think of one cause first, such as wrong data, limits \
                       that were changed, or fraud. balancewatch sees no calls and no packages: whether these clients \
                       share a package, an hour of day or a destination, only the VoIP.ms portal can tell.";

const FIRST_STEP: &str = "See in the VoIP.ms portal whether two or three of these balances are true, and what their last \
                          calls have in common.";

/// `They began within 4 minutes: 40 of 1000 clients (4 %).`
fn how_many(scenes: &[&Scene<'_>]) -> String {
    let since = || scenes.iter().map(|scene| scene.notification.facts.since);
    let how = match (since().min(), since().max()) {
        _ if are_repeats(scenes) => "They came due together".to_owned(),
        (Some(first), Some(last)) if first < last => {
            format!("They began within {}", span(last.duration_since(first)))
        }
        _ => "They began at one time".to_owned(),
    };
    let known = scenes.first().and_then(|scene| scene.notification.facts.account);
    let total = known.map_or(0, |account| account.clients);
    let number = u64::try_from(clients(scenes)).unwrap_or(u64::MAX);
    match number.saturating_mul(100).checked_div(total) {
        None => format!("{how}."),
        Some(100..) => format!("{how}: all clients of the account."),
        Some(0) => format!("{how}: {number} of {total} clients (less than 1 %)."),
        Some(percent) => format!("{how}: {number} of {total} clients ({percent} %)."),
    }
}

/// What is known of a common cause.
fn in_common(scenes: &[&Scene<'_>]) -> Vec<Fact> {
    let fact = |label, value: fn(&Scene<'_>) -> String| Fact {
        label,
        value: shares(scenes, value),
    };
    let mut facts = vec![
        fact("Policy", |scene| scene.notification.policy.to_string()),
        fact("What", what),
        fact("Limit", limit),
        fact("Set to", |scene| {
            let management = scene.notification.facts.management;
            management.map_or(String::new(), |management| management.to_string().to_uppercase())
        }),
        fact("Country", |scene| {
            one_line(&scene.notification.facts.country, LONGEST_NAME)
        }),
    ];
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

fn what(scene: &Scene<'_>) -> String {
    match &scene.notification.facts.reason {
        Reason::Unread { error: Some(error), .. } => format!("not read: {}", failure_in_words(error)),
        Reason::Unread { .. } | Reason::NoFreshReading { .. } => "not read".to_owned(),
        _ if scene.topic() == Topic::Spending => "today's spending".to_owned(),
        _ => "balance".to_owned(),
    }
}

fn limit(scene: &Scene<'_>) -> String {
    let measure = if scene.topic() == Topic::Spending {
        Measure::SpentToday
    } else {
        Measure::Balance
    };
    let finding = scene.finding(measure);
    finding.map_or(String::new(), |finding| scene.amount(finding.limit))
}

/// `all: overdrawn`, `310 low-balance, 30 overdrawn`, `212 of 100.00 USD, 20 others`; empty when nothing is known.
fn shares(scenes: &[&Scene<'_>], value: fn(&Scene<'_>) -> String) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for scene in scenes {
        *counts.entry(value(scene)).or_default() += 1;
    }
    let unknown = counts.remove("").unwrap_or(0);
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if let [(value, count)] = counts.as_slice()
        && *count == scenes.len()
    {
        return format!("all: {value}");
    }
    // So many different values are nothing in common.
    let most = counts.iter().take(MOST_VALUES).map(|(_, count)| count).sum::<usize>();
    if counts.is_empty() || most * 2 < scenes.len() {
        return String::new();
    }
    let mut parts: Vec<String> = counts
        .iter()
        .take(MOST_VALUES)
        .map(|(value, count)| format!("{count}: {value}"))
        .collect();
    let others = scenes.len() - most - unknown;
    if others > 0 {
        parts.push(counted(i64::try_from(others).unwrap_or(i64::MAX), "other"));
    }
    if unknown > 0 {
        parts.push(format!("{unknown} unknown"));
    }
    parts.join(", ")
}
