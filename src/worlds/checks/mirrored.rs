//! What Alertmanager shows agrees with what fires.
//!
//! By its own rule an alert fires there from when it was posted until its `endsAt`, and is over when that has come. Held against the
//! webhook, which is told of everything and never fails, one after the other in good time: without a fault that keeps the program from
//! posting, and the time that it takes to get over it. At the end, when all is well, they agree exactly.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::circumstances::{after, before};
use super::noticed::{Hush, hushes, interval};
use super::{Evidence, Invariant, Violation};
use crate::domain::alert::Alert;
use crate::worlds::log::{Entry, Fact};
use crate::worlds::plan::{Act, Happening};
use crate::worlds::told::{Said, Word, received};
use crate::worlds::world::Played;

/// Everything is posted again every hour.
const AGREE_WITHIN: SignedDuration = SignedDuration::from_mins(75);

/// What nobody posts again is over after three times an hour.
const HOLDS: SignedDuration = SignedDuration::from_mins(180);

/// An alert moved a moment ago: it is posted within a second or two, and no post of it was answered yet.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(1);

/// Client and policy.
type Key = (String, String);

type Histories = BTreeMap<Key, Vec<Post>>;

/// What was said of an alert.
struct Post {
    at: Timestamp,
    /// When it began, as far as that is said.
    since: Timestamp,
    fires: bool,
    /// Until when that holds if nothing more is said.
    until: Timestamp,
}

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence { played, said, .. } = evidence;
    let shown = shown(played, found);
    let told = told(said);
    let (troubles, hushes) = (troubles(played), hushes(played));
    for key in told.keys().chain(shown.keys()).collect::<BTreeSet<_>>() {
        let [told, shown] = [&told, &shown].map(|all| all.get(key).map(Vec::as_slice).unwrap_or_default());
        agree(played, key, (told, shown), (&troubles, &hushes), found);
        agree_at_the_end(played, key, (told, shown), &troubles, found);
    }
}

/// How far the time of a peer, which it tells in whole seconds, may lie from the true one.
const ROUNDED: SignedDuration = SignedDuration::from_secs(2);

fn violation(at: Timestamp, what: String) -> Violation {
    Violation {
        invariant: Invariant::Episodes,
        at,
        what,
    }
}

/// What was posted to Alertmanager.
fn shown(played: &Played, found: &mut Vec<Violation>) -> Histories {
    let mut shown = Histories::new();
    for (at, received) in received(&played.log).filter(|(_, received)| received.channel == "mirror") {
        let body: Value = serde_json::from_str(&received.body).unwrap_or_default();
        for alert in body.as_array().into_iter().flatten() {
            let text = |label: &str| alert["labels"][label].as_str().unwrap_or_default().to_owned();
            let time = |name: &str| alert[name].as_str().and_then(|time| time.parse::<Timestamp>().ok());
            let key = (text("client"), text("alertname"));
            let (Some(starts_at), Some(ends_at)) = (time("startsAt"), time("endsAt")) else {
                found.push(violation(at, format!("an alert was posted without its times: {alert}")));
                continue;
            };
            if starts_at > ends_at || starts_at > at + ROUNDED {
                let what = format!("`{}` of {} was posted to begin at {starts_at}", key.1, key.0);
                found.push(violation(at, what));
            }
            shown.entry(key).or_default().push(Post {
                at,
                since: starts_at,
                fires: ends_at > at,
                until: ends_at,
            });
        }
    }
    shown
}

/// What the webhook was told.
fn told(said: &[Said]) -> Histories {
    let mut told = Histories::new();
    // What is told of the store is told from memory.
    let about = |said: &&Said| said.channel == "hook" && said.word != Word::Else && said.policy != "store";
    for said in said.iter().filter(about) {
        let key = (said.client.clone(), said.policy.clone());
        told.entry(key).or_default().push(Post {
            at: said.at,
            since: said.at,
            fires: !said.is_end,
            until: Timestamp::MAX,
        });
    }
    told
}

/// Whether an alert fires at a time, by what was said of it until then.
fn fires(history: &[Post], at: Timestamp) -> bool {
    last(history, at).is_some_and(|last| last.fires && at < last.until)
}

/// What was said last until then.
fn last(history: &[Post], at: Timestamp) -> Option<&Post> {
    history[..history.partition_point(|post| post.at <= at)].last()
}

/// Holds both histories of one alert against each other, a while after each moment at which one of them changed.
fn agree(
    played: &Played,
    (client, policy): &Key,
    (told, shown): (&[Post], &[Post]),
    (troubles, hushes): (&[(Timestamp, Timestamp)], &[Hush<'_>]),
    found: &mut Vec<Violation>,
) {
    let ends = shown.iter().map(|post| post.until);
    let changes = told.iter().chain(shown).map(|post| post.at).chain(ends);
    let mut moments: Vec<Timestamp> = changes.collect();
    moments.sort_unstable();
    for from in moments {
        let due = after(from, AGREE_WITHIN);
        let goes_on = |history: &[Post]| {
            let is_between = |post: &&Post| from < post.at && post.at <= due;
            let mut between = history.iter().filter(is_between);
            fires(history, from) == fires(history, due) && between.all(|post| post.fires == fires(history, from))
        };
        let is_steady = due < played.ended && goes_on(told) && goes_on(shown) && is_good(troubles, from, due);
        if !is_steady || was_silenced(hushes, (client, policy), from) {
            continue;
        }
        // What begins anew is shown at once, and told when a summary may leave.
        let is_told_to_be_over = || Some(last(told, due)?.at > last(shown, due)?.since);
        let what = match (fires(told, due), fires(shown, due)) {
            (true, false) => "does not show that it fires",
            (false, true) if is_told_to_be_over() == Some(true) => "shows that it fires, and it is over",
            _ => continue,
        };
        let what = format!("`{policy}` of {client}: since {from:.0} Alertmanager {what}");
        found.push(violation(due, what));
        return;
    }
}

/// At the end everything that was told to fire is shown, and what is shown does.
fn agree_at_the_end(
    played: &Played,
    key: &Key,
    (told, shown): (&[Post], &[Post]),
    troubles: &[(Timestamp, Timestamp)],
    found: &mut Vec<Violation>,
) {
    let (Some(end), at) = (&played.end, before(played.ended, ON_ITS_WAY)) else {
        return;
    };
    let is_new = |post: &Post| post.at > at;
    if told.iter().chain(shown).any(is_new) || !is_good(troubles, at, played.ended) {
        return;
    }
    let (client, policy) = key;
    let is_it = |alert: &&Alert| alert.client.as_str() == client && alert.policy.as_str() == policy;
    let really_fires = end
        .view
        .alerts
        .iter()
        .any(|alert| is_it(&alert) && alert.firing().is_some());
    let what = match (fires(told, at), fires(shown, at)) {
        (true, false) if really_fires => "does not show that it fires",
        (_, true) if !really_fires => "shows that it fires, which it does not",
        _ => return,
    };
    let what = format!("`{policy}` of {client}: at the end Alertmanager {what}");
    found.push(violation(played.ended, what));
}

/// Whether an operator silenced the alert so that it may not be shown yet, although word of it was on its way: until the end of the
/// silence, and until the program looks, in a world once an hour.
fn was_silenced(hushes: &[Hush<'_>], (client, policy): (&str, &str), at: Timestamp) -> bool {
    let holds = |until| at <= after(until, AGREE_WITHIN);
    let mut before = hushes.iter().take_while(|hush| hush.from <= at);
    before.any(|hush| hush.is_about(client, policy) && hush.until.is_some_and(holds))
}

/// Whether nothing kept the program from posting in this time.
fn is_good(troubles: &[(Timestamp, Timestamp)], from: Timestamp, until: Timestamp) -> bool {
    troubles.iter().all(|(begins, ends)| *ends < from || *begins > until)
}

/// What keeps the program from posting what fires, each with the time that it takes to get over it.
fn troubles(played: &Played) -> Vec<(Timestamp, Timestamp)> {
    let way_back = AGREE_WITHIN + interval(played) * 2;
    let mut troubles = Vec::new();
    for Entry { at, fact } in &played.log {
        let settle = match fact {
            Fact::Killed { .. } | Fact::Ended { .. } | Fact::NotStarted { .. } => HOLDS.max(way_back),
            Fact::Began(planned) | Fact::Over(planned) => match &planned.what {
                Happening::Mood { receiver: "mirror", .. } => HOLDS.max(way_back),
                Happening::Disk(_) | Happening::Wall(_) | Happening::Operator(Act::Reload(_)) => way_back,
                _ => continue,
            },
            _ => continue,
        };
        let lasting = match fact {
            Fact::Began(planned) => SignedDuration::try_from(planned.lasting).unwrap_or(SignedDuration::MAX),
            _ => SignedDuration::ZERO,
        };
        if !matches!(fact, Fact::Ended { .. }) || *at < played.ended {
            troubles.push((*at, after(*at, lasting + settle)));
        }
    }
    troubles
}
