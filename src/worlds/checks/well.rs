//! After the faults all is well again: within two intervals, and the time that finding a way back may take. Longer bounds than the
//! two intervals are promised for: a probe of an account that did not answer (up to 15 minutes); the pace (a tenth a minute); a channel's next
//! try (up to 18 minutes, and hours where a message may have arrived); a list that got shorter (24 hours); an end that asks for two clear sweeps. `dead-letter`, `brake` and what clients owe end by people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::noticed::interval;
use super::{Evidence, Invariant, Violation};
use crate::domain::time::later;
use crate::worlds::log::{Entry, Fact};
use crate::worlds::told::Said;
use crate::worlds::world::{Kept, Played};

/// A probe, the pace and a retry.
const WAY_BACK: SignedDuration = SignedDuration::from_mins(45);

/// Alerts about the account that end by themselves.
const ENDS: [&str; 3] = ["account-access", "upstream", "alertmanager"];

/// How long ago at most the mirror was told of what fires, when it is told every hour.
const MIRRORED_WITHIN: SignedDuration = SignedDuration::from_mins(75);

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence { played, said, .. } = evidence;
    let due = later(played.faults_ended, interval(played) * 2 + WAY_BACK);
    if due >= played.ended {
        return;
    }
    let mut add = |what: String| {
        found.push(Violation {
            invariant: Invariant::Well,
            at: due,
            what,
        });
    };
    let Some(end) = &played.end else {
        add("the store cannot be read".to_owned());
        return;
    };
    for client in unread(played, due) {
        add(format!("client {client} was not read again"));
    }
    for what in untold(played, said, end) {
        add(what);
    }
    for message in &end.overdue {
        add(format!(
            "the message {} to {} is due and waits",
            message.id, message.recipient
        ));
    }
    let mut beats = played.log.iter().filter_map(|entry| match &entry.fact {
        Fact::Beat { path } if entry.at > played.faults_ended => Some(path.as_str()),
        _ => None,
    });
    match beats.rfind(|path| !path.ends_with("/start")) {
        None => add("the heartbeat is silent".to_owned()),
        Some(path) if path.ends_with("/fail") => add("the heartbeat still fails".to_owned()),
        Some(_) => {}
    }
    let fires = end.view.alerts.iter().filter_map(|alert| alert.firing());
    let long_ago = fires
        .filter(|firing| later(firing.since, MIRRORED_WITHIN * 2) < end.at)
        .count();
    let since = later(played.ended, -MIRRORED_WITHIN);
    let is_mirrored = |entry: &Entry| match &entry.fact {
        Fact::Received(received) => received.channel == "mirror" && entry.at > since,
        _ => false,
    };
    if long_ago > 0 && !played.log.iter().any(is_mirrored) {
        add("Alertmanager was not told of what fires".to_owned());
    }
}

/// Who is on the list at the end and before, and was not read since the faults ended.
fn unread(played: &Played, due: Timestamp) -> BTreeSet<String> {
    let ids = |at: Timestamp| {
        let looks = played.samples.iter().filter(move |(_, sample)| {
            let apart = sample.at.duration_since(at);
            (SignedDuration::ZERO..SignedDuration::from_mins(5)).contains(&apart)
        });
        looks
            .map(|(client, _)| client.to_string())
            .collect::<BTreeSet<String>>()
    };
    let read: BTreeSet<&str> = played
        .log
        .iter()
        .filter(|entry| entry.at >= played.faults_ended && entry.at <= due)
        .filter_map(|entry| match &entry.fact {
            Fact::Read { client, .. } => Some(client.as_str()),
            _ => None,
        })
        .collect();
    let (before, after) = (ids(played.faults_ended), ids(due));
    let listed = before.intersection(&after).cloned();
    listed.filter(|client| !read.contains(client.as_str())).collect()
}

/// Whether the program lived on for hours after it told something. One that starts looks at its store twice in the same moment of a
/// world, where a sweep takes no time at all, and two looks of one moment count as one.
fn lived_on(played: &Played, told_at: Timestamp) -> bool {
    let until = later(told_at, interval(played) * 2 + WAY_BACK);
    !played.log.iter().any(|entry| {
        let is_end = matches!(
            entry.fact,
            Fact::Killed { .. } | Fact::NotStarted { .. } | Fact::Ended { .. }
        );
        is_end && entry.at >= told_at && entry.at <= until
    })
}

/// What was told of the account or of unread clients and is not over by what was told.
fn untold(played: &Played, said: &[Said], end: &Kept) -> Vec<String> {
    let mut last = BTreeMap::new();
    for word in said.iter().filter(|word| word.channel == "hook") {
        last.insert((word.client.as_str(), word.policy.as_str()), word);
    }
    let is_vanished = |client: &str| {
        let mut gone = end.view.clients.iter();
        !gone.any(|watched| watched.client.id.as_str() == client && watched.vanished_at.is_none())
    };
    let open = last.into_iter().filter(|(_, word)| !word.is_end);
    let open = open.filter(|((client, policy), word)| match *policy {
        "store" => *client == "account" && lived_on(played, word.at),
        // Many clients that really ran dry in one sweep are told so, until a second reading.
        "upstream" => end.view.state.surprise.is_none(),
        "blind" => !is_vanished(client),
        policy => *client == "account" && ENDS.contains(&policy),
    });
    open.map(|((client, policy), word)| {
        format!(
            "`{policy}` of {client} fires, as told at {:.0}, and is not over",
            word.at
        )
    })
    .collect()
}
