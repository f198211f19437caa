//! The guards that a configuration and operators set: mode, protection, the brake and the caps.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Case, Change, Found};
use crate::worlds::guards::Guards;
use crate::worlds::log::{Decided, Fact};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A write that was on its way when the brake was set: the brake is read immediately before it.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(5);

/// What is critical waits for others for a minute before it is told, and no change waits for that.
const GATHERED: SignedDuration = SignedDuration::from_mins(2);

/// How late the program may write down when a change was answered: what it counts from.
const ANSWER: SignedDuration = SignedDuration::from_mins(2);

/// In mode observe nothing is ever changed.
pub fn nothing_in_mode_observe(case: &Case<'_>, found: &mut Found) {
    for change in case.automatic() {
        if !case.guards_at(change.at).any(|guards| guards.applies) {
            let client = change.client();
            found.add(
                change.at,
                format!("a change of client {client} was sent in mode observe"),
            );
        }
    }
}

/// An episode that fired before the mode became apply is not enforced, if its client was looked at before.
pub fn no_episode_of_another_mode(case: &Case<'_>, found: &mut Found) {
    for change in case.changes.iter().filter(|change| change.sets_hard() == Some(true)) {
        let before = case.guards.iter().take_while(|(from, _)| *from <= change.at);
        let (mut observes_from, mut since) = (None, None);
        for (from, guards) in before {
            if !guards.applies {
                observes_from = observes_from.or(Some(*from));
            } else if let Some(observed_from) = observes_from.take() {
                since = Some((observed_from, *from))
                    .filter(|times| was_read(case, change.client(), *times))
                    .or(since);
            }
        }
        let Some((_, since)) = since else { continue };
        let began = episodes(case, change);
        let was_approved = case.was_decided(
            change,
            Decided::Approved,
            super::OLD_GUARDS + SignedDuration::from_hours(4),
        );
        if !was_approved && !began.is_empty() && began.iter().all(|began| *began < since) {
            let client = change.client();
            found.add(
                change.at,
                format!("client {client} was changed in an episode that began in mode observe"),
            );
        }
    }
}

/// Whether a client was read between two times.
fn was_read(case: &Case<'_>, client: &str, (from, until): (Timestamp, Timestamp)) -> bool {
    let is_read = |fact: &Fact| matches!(fact, Fact::Read { client: of, .. } if of == client);
    let mut log = case.played.log.iter();
    log.any(|entry| entry.at > from && entry.at < until && is_read(&entry.fact))
}

/// When the running episodes of a client that ask for a change began, as the webhook was told, be it a moment after the change.
fn episodes(case: &Case<'_>, change: &Change<'_>) -> Vec<Timestamp> {
    let mut open: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for said in &case.said {
        if said.at.duration_since(change.at) > GATHERED {
            break;
        }
        let asks = |(_, guards): &(Timestamp, &crate::worlds::guards::Guards)| {
            guards.policies.iter().any(|asking| asking.name == said.policy)
        };
        if said.client == *change.client() && case.guards.iter().any(asks) {
            if said.is_end {
                open.remove(said.policy.as_str());
            } else {
                open.entry(&said.policy).or_insert(said.at);
            }
        }
    }
    open.into_values().collect()
}

/// A protected client is never changed.
pub fn nobody_protected(case: &Case<'_>, found: &mut Found) {
    for change in case.automatic() {
        let client = change.client();
        if case.guards_at(change.at).all(|guards| guards.protect.contains(client)) {
            found.add(
                change.at,
                format!("client {client} is protected, and a change was sent"),
            );
        }
    }
}

/// While the brake is on nothing is sent: set by a person, or by the program, which tells of it.
pub fn nothing_while_the_brake_is_on(case: &Case<'_>, found: &mut Found) {
    for change in case.automatic() {
        let client = change.client();
        let last = case.brakes.iter().rev().find(|(place, ..)| *place < change.place);
        if let Some((place, set_at, true)) = last
            && (change.at.duration_since(*set_at) > ON_ITS_WAY || case.last_look(change) > Some(*place))
        {
            found.add(
                change.at,
                format!("a change of client {client} was sent while a person had set the brake"),
            );
            continue;
        }
        let told = case
            .said
            .iter()
            .rev()
            .find(|said| said.policy == "brake" && said.at <= change.at);
        let Some(told) = told.filter(|told| !told.is_end) else {
            continue;
        };
        // What was told late may be over when it comes.
        let released = case.released_before(change.at);
        let grace = case.interval() * 2 + super::OLD_GUARDS;
        let is_over = released.is_some_and(|released| told.at.duration_since(released) < grace);
        if !is_over && change.at.duration_since(told.at) > ON_ITS_WAY {
            found.add(
                change.at,
                format!(
                    "a change of client {client} was sent while the brake was on, as was told at {}",
                    told.at
                ),
            );
        }
    }
}

/// The first change ever goes alone, and is looked at again before any other.
pub fn the_first_goes_alone(case: &Case<'_>, found: &mut Found) {
    let mut all = case.automatic();
    let Some(first) = all.find(|change| change.sets_hard().is_some()) else {
        return;
    };
    let Some(next) = all.find(|change| change.client() != first.client()) else {
        return;
    };
    let waits = case.guards_at(next.at).map(|guards| guards.canary_wait_secs).min();
    let wait = SignedDuration::from_secs(waits.map_or(0, i64::from));
    if next.at.duration_since(first.at) < wait && !case.clock_was_set(next.at, wait) {
        found.add(
            next.at,
            format!(
                "client {} was changed right after the first change ever, of {}",
                next.client(),
                first.client()
            ),
        );
    }
}

/// One client is changed at most once each way in 24 hours.
pub fn once_each_way_in_a_day(case: &Case<'_>, found: &mut Found) {
    let mut last: BTreeMap<(&str, bool), &Change<'_>> = BTreeMap::new();
    for change in case.automatic() {
        let Some(hard) = change.sets_hard() else { continue };
        let before = last.insert((change.client(), hard), change);
        if let Some(before) = before.filter(|before| is_within(case, before, change, DAY)) {
            let what = if hard { "HARD" } else { "SOFT" };
            let client = change.client();
            found.add(
                change.at,
                format!(
                    "client {client} was set to {what} twice in 24 hours: before at {}",
                    before.at
                ),
            );
        }
    }
}

/// Whether less than so much time passed between them, also to a program whose clock was set ahead meanwhile.
fn is_within(case: &Case<'_>, before: &Change<'_>, change: &Change<'_>, within: SignedDuration) -> bool {
    let ahead = case.circumstances.set_ahead(before.at, change.at);
    change.at.duration_since(before.at) + ahead < within - ANSWER
}

/// The cap of a day holds in any 24 hours, each way.
pub fn no_more_than_the_cap_of_a_day(case: &Case<'_>, found: &mut Found) {
    no_more_than(case, found, (DAY, "24 hours"), |guards| guards.per_day);
}

/// The cap of an hour, and the share of all clients in a day, hold each way.
pub fn no_more_than_an_hour_and_a_share_allow(case: &Case<'_>, found: &mut Found) {
    no_more_than(case, found, (SignedDuration::from_hours(1), "an hour"), |guards| {
        guards.per_hour
    });
    // Nobody who left counts; a client more may have been there.
    let clients = usize::try_from(case.played.plan.clients).unwrap_or(usize::MAX) + 5;
    no_more_than(case, found, (DAY, "24 hours, by share"), |guards| {
        (clients * guards.share_percent as usize / 100).max(3)
    });
}

/// A cap holds within any such time, each way.
fn no_more_than(
    case: &Case<'_>,
    found: &mut Found,
    (within, what): (SignedDuration, &str),
    cap: impl Fn(&Guards) -> usize,
) {
    for hard in [true, false] {
        let ours: Vec<&Change<'_>> = case
            .automatic()
            .filter(|change| change.sets_hard() == Some(hard))
            .collect();
        for (place, change) in ours.iter().enumerate() {
            let cap = case.guards_at(change.at).map(&cap).max().unwrap_or_default();
            let is_in = |before: &&&Change<'_>| is_within(case, before, change, within);
            let count = ours[..place].iter().filter(is_in).count() + 1;
            if count > cap {
                found.add(
                    change.at,
                    format!("{count} changes one way in {what}, where {cap} are allowed"),
                );
            }
        }
    }
}

/// The cap of a sweep holds, each way. A sweep begins where the reseller's own balance is asked for.
pub fn no_more_than_the_cap_of_a_sweep(case: &Case<'_>, found: &mut Found) {
    let mut changes = case.automatic().peekable();
    let mut counts = [0_usize; 2];
    for (place, entry) in case.played.log.iter().enumerate() {
        match &entry.fact {
            Fact::Asked { function, .. } if function == "getBalance" => counts = [0; 2],
            Fact::Wrote(_) => {
                let Some(change) = changes.next_if(|change| change.place == place) else {
                    continue;
                };
                let Some(hard) = change.sets_hard() else { continue };
                let count = &mut counts[usize::from(hard)];
                *count += 1;
                let cap = case
                    .guards_at(change.at)
                    .map(|guards| guards.per_sweep)
                    .max()
                    .unwrap_or_default();
                if *count > cap {
                    found.add(
                        change.at,
                        format!("{count} changes one way in a sweep, where {cap} are allowed"),
                    );
                }
            }
            _ => {}
        }
    }
}
