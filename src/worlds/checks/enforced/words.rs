//! What is told of changes is so, and what was changed is told. By the webhook, which never misbehaves.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Case, Found};
use crate::worlds::log::Fact;
use crate::worlds::plan::{Act, Happening};
use crate::worlds::told::{Said, Word};

/// How long it may take until a change is told: a full disk, a lost reply and a crash may all come between.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(12);

/// What is open for so many sweeps is told, with one to spare.
const SWEEPS_UNTOLD: i32 = 4;

/// What may keep sweeps away meanwhile: an outage, a clock that was set, a disk.
const WAITED: SignedDuration = SignedDuration::from_hours(6);

/// How long a silence, an acknowledgement or a configuration of operators may keep something from being told.
const HUSHED_FOR: SignedDuration = SignedDuration::from_hours(30);

/// Something that the webhook was told of a change.
struct Claim<'a> {
    at: Timestamp,
    client: String,
    sets_hard: bool,
    /// The words.
    summary: &'a str,
}

/// Calls `each` with everything that the webhook was told was set.
fn claims(case: &Case<'_>, mut each: impl FnMut(&Claim<'_>)) {
    for entry in &case.played.log {
        let Fact::Received(received) = &entry.fact else {
            continue;
        };
        if received.channel != "hook" {
            continue;
        }
        let body: Value = serde_json::from_str(&received.body).unwrap_or_default();
        for alert in body["alerts"].as_array().into_iter().flatten() {
            let summary = alert["annotations"]["summary"].as_str().unwrap_or_default();
            let sets_hard = match summary {
                text if text.contains(" is set to HARD: ") => true,
                text if text.contains(" is set back to SOFT: ") => false,
                _ => continue,
            };
            each(&Claim {
                at: entry.at,
                client: alert["labels"]["client"].as_str().unwrap_or_default().to_owned(),
                sets_hard,
                summary,
            });
        }
    }
}

/// Whoever is told that a client was set, is told so because it was.
pub fn what_is_told_is_true(case: &Case<'_>, found: &mut Found) {
    claims(case, |claim| {
        let is_so = case.changes.iter().any(|change| {
            change.at <= claim.at && *change.client() == claim.client && change.sets_hard() == Some(claim.sets_hard)
        });
        if !is_so {
            let (client, summary) = (&claim.client, claim.summary);
            found.add(
                claim.at,
                format!("client {client} was not set, and this was told: {summary}"),
            );
        }
    });
}

/// Every change is told, or that the brake is on because of it.
pub fn every_change_is_told(case: &Case<'_>, found: &mut Found) {
    let mut told = Vec::new();
    claims(case, |claim| {
        told.push((claim.at, claim.client.clone(), claim.sets_hard))
    });
    for change in &case.changes {
        let Some(hard) = change.sets_hard() else { continue };
        let lasted = case.played.ended.duration_since(change.at) > TOLD_WITHIN;
        let is_told = told.iter().any(|(at, client, sets_hard)| {
            client == change.client()
                && *sets_hard == hard
                && *at >= change.at
                && at.duration_since(change.at) <= TOLD_WITHIN
        });
        let is_braked = case.was_told(&["read-back", "brake"], change.at, TOLD_WITHIN);
        if lasted && !is_told && !is_braked && !is_hushed(case, change.at) {
            let client = change.client();
            let what = if hard { "HARD" } else { "SOFT" };
            found.add(
                change.at,
                format!("client {client} was set to {what}, and nobody was told"),
            );
        }
    }
}

/// When a change is wanted for so long and does not come, something is told of changes.
pub fn what_waits_is_told(case: &Case<'_>, found: &mut Found) {
    let [(_, guards)] = &case.guards[..] else { return };
    if !guards.applies {
        return;
    }
    let wait = case.interval() * SWEEPS_UNTOLD + WAITED;
    for asking in &guards.policies {
        let of_it = || case.said.iter().filter(|said| said.policy == asking.name);
        for (place, began) in of_it().enumerate().filter(|(_, said)| said.word == Word::Begins) {
            let due = began.at + wait;
            let client = &began.client;
            let ends = of_it()
                .skip(place + 1)
                .any(|said| said.client == *client && said.is_end && said.at <= due);
            // One change may be wanted by several policies, and is told by one of them.
            let is_asking = |said: &Said| guards.policies.iter().any(|asking| asking.name == said.policy);
            let is_told = || {
                let mut others = case
                    .said
                    .iter()
                    .filter(|said| said.word == Word::Else && is_asking(said));
                others.any(|said| said.at >= began.at && said.at <= due)
            };
            let is_changed = || {
                let mut changes = case.changes.iter();
                changes.any(|change| change.client() == client && change.at >= began.at && change.at <= due)
            };
            let is_soft = || {
                let mut samples = case
                    .played
                    .samples
                    .iter()
                    .filter(|(id, sample)| (began.at..=due).contains(&sample.at) && id.to_string() == *client);
                let mut any = false;
                samples.all(|(_, sample)| {
                    any = true;
                    !sample.is_hard
                }) && any
            };
            let is_protected = guards.protect.contains(client);
            if due > case.played.ended || ends || is_protected || is_told() || is_changed() || !is_soft() {
                continue;
            }
            if !is_hushed(case, began.at) && !is_hushed(case, due) {
                found.add(
                    due,
                    format!(
                        "client {client} is to be set to HARD by {} since {:.0}, and nobody was told that it waits",
                        asking.name, began.at
                    ),
                );
            }
        }
    }
}

/// Whether operators hushed something that may have been this: by a word, or by a configuration with mutes or without the policy.
fn is_hushed(case: &Case<'_>, at: Timestamp) -> bool {
    case.played.log.iter().any(|entry| {
        let hushes = match &entry.fact {
            Fact::Hushed { .. } => true,
            Fact::Began(planned) | Fact::Over(planned) => matches!(planned.what, Happening::Operator(Act::Reload(_))),
            _ => false,
        };
        hushes && at.duration_since(entry.at).abs() < HUSHED_FOR
    })
}
