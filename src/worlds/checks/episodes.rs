//! Firing and its end alternate at every receiver, and its last word agrees with the world.
//!
//! An episode is one client and policy: it begins, goes on (reminders, news) and ends, in this order, at each receiver for itself.
//! What a receiver heard twice under one name counts once. Mails to clients name no policy: there an end must follow something.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::arrivals::receiver;
use super::circumstances::{after, before};
use super::{Evidence, Invariant, Violation};
use crate::domain::notice::{NoticeState, Notification, Transition};
use crate::worlds::log::{Fact, Sample};
use crate::worlds::plan::{Act, Happening, Planned};
use crate::worlds::told::{Said, Word};
use crate::worlds::world::{Kept, Played};

/// Since when something must hold to be known for sure at the end: a threshold is read anew every 6 hours, and a relapse ends only
/// when it was clear for a cool-down of 6 hours.
const SETTLED: SignedDuration = SignedDuration::from_hours(8);

/// A silence holds for 12 hours at most in a world, and what a reload changes for 7.
const HUSHED: SignedDuration = SignedDuration::from_hours(24);

/// Everybody is looked at every five minutes.
const LOOKED_AT: SignedDuration = SignedDuration::from_mins(15);

/// The policy about the store: told from memory, and again by each life.
const STORE: &str = "store";

/// A receiver, and one alert there.
type Place<'a> = (&'a str, &'a str, &'a str, &'a str);

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence { played, said } = evidence;
    let Some(end) = &played.end else { return };
    let unheard = unheard(end);
    let open = alternate(said, &unheard, found);
    last_words(played, end, &open, &unheard, found);
    agrees_with_the_truth(played, &open, found);
}

fn violation(at: Timestamp, what: String) -> Violation {
    Violation {
        invariant: Invariant::Episodes,
        at,
        what,
    }
}

/// The receivers that were not told of an end, though they heard the beginning: receiver, recipient, client, policy.
fn unheard(end: &Kept) -> BTreeSet<(String, String, String, String)> {
    let missed = end.notifications.iter().filter(|owed| {
        let is_end = owed.transition.is_end();
        let is_missed = !owed.state.has_arrived() && owed.state.why() != Some("its alert never arrived");
        is_end && is_missed
    });
    missed.map(place_of).collect()
}

fn place_of(owed: &Notification) -> (String, String, String, String) {
    let receiver = receiver(owed.channel.as_str());
    let channel = if owed.channel.is_client() { "client" } else { receiver };
    let policy = if owed.channel.is_client() {
        ""
    } else {
        owed.policy.as_str()
    };
    let text = |text: &str| text.to_owned();
    (
        text(channel),
        owed.recipient.clone(),
        text(owed.client.as_str()),
        text(policy),
    )
}

/// Walks through what each receiver heard of each alert; what it believes to fire at the end, and since when.
fn alternate<'a>(
    told: &'a [Said],
    unheard: &BTreeSet<(String, String, String, String)>,
    found: &mut Vec<Violation>,
) -> BTreeMap<Place<'a>, (bool, Timestamp)> {
    let mut states: BTreeMap<Place<'a>, (bool, Timestamp)> = BTreeMap::new();
    let mut heard: BTreeSet<(Place<'a>, &str, bool)> = BTreeSet::new();
    for said in told
        .iter()
        .filter(|said| said.word != Word::Else && said.policy != STORE)
    {
        let place = (&*said.channel, &*said.recipient, &*said.client, &*said.policy);
        if !heard.insert((place, &said.id, said.is_end)) {
            continue;
        }
        let state = states.entry(place).or_insert((false, said.at));
        let (channel, recipient, client, policy) = place;
        let owned = [channel, recipient, client, policy].map(str::to_owned);
        let [a, b, c, d] = owned;
        let is_excused = unheard.contains(&(a, b, c, d));
        let who = format!("{channel} {recipient}: {policy} of {client}");
        match (said.word, state.0) {
            (Word::Ends, false) => found.push(violation(
                said.at,
                format!("{who} ends, and did not fire ({})", said.id),
            )),
            (Word::Begins, true) if channel != "client" && !is_excused => {
                let since = state.1;
                let what = format!("{who} begins to fire, as it does since {since} ({})", said.id);
                found.push(violation(said.at, what));
            }
            _ => {}
        }
        if state.0 == said.is_end {
            *state = (!said.is_end, said.at);
        }
    }
    states
}

/// What each receiver believes at the end is what fires, as far as it was told.
fn last_words(
    played: &Played,
    end: &Kept,
    open: &BTreeMap<Place<'_>, (bool, Timestamp)>,
    unheard: &BTreeSet<(String, String, String, String)>,
    found: &mut Vec<Violation>,
) {
    let firing: BTreeMap<(&str, &str), &str> = end
        .view
        .alerts
        .iter()
        .filter_map(|alert| {
            let episode = alert.firing()?.episode.as_str();
            Some(((alert.client.as_str(), alert.policy.as_str()), episode))
        })
        .collect();
    for ((channel, recipient, client, policy), (is_open, since)) in open {
        let mut of_client = firing.keys().filter(|(of, _)| of == client);
        let fires = if *channel == "client" {
            of_client.next().is_some()
        } else {
            firing.contains_key(&(*client, *policy))
        };
        let place = [channel, recipient, client, policy].map(|text| (*text).to_owned());
        let [a, b, c, d] = place;
        if *is_open && !fires && !unheard.contains(&(a, b, c, d)) {
            let what =
                format!("{channel} {recipient} believes to the end that {policy} of {client} fires, since {since}");
            found.push(violation(played.ended, what));
        }
    }
    // Who was told that it fires, and heard nothing since, believes it.
    let begins = end.notifications.iter().filter(|owed| {
        let tells = matches!(owed.transition, Transition::Fired { .. } | Transition::StillFires);
        tells && owed.state == NoticeState::Delivered
    });
    for owed in begins {
        let key = (owed.client.as_str(), owed.policy.as_str());
        if firing.get(&key) != Some(&owed.episode.as_str()) || owed.policy.as_str() == STORE {
            continue;
        }
        let (channel, recipient, client, policy) = place_of(owed);
        let believes = open
            .get(&(&*channel, &*recipient, &*client, &*policy))
            .is_some_and(|(is_open, _)| *is_open);
        // A table of a hundred rows leaves the others out, and a text to a client names no policy.
        if !believes && channel != "client" {
            let what = format!("{channel} {recipient} does not believe that {policy} of {client} fires, which it does");
            found.push(violation(played.ended, what));
        }
    }
}

/// What the webhook, which never fails, believes at the end of balances is true.
fn agrees_with_the_truth(played: &Played, open: &BTreeMap<Place<'_>, (bool, Timestamp)>, found: &mut Vec<Violation>) {
    let since = before(played.ended, SETTLED);
    if has_hushed(played, before(played.ended, HUSHED)) {
        return;
    }
    let mut lately: BTreeMap<u32, Vec<&Sample>> = BTreeMap::new();
    for (client, sample) in played.samples.iter().filter(|(_, sample)| sample.at >= since) {
        lately.entry(*client).or_default().push(sample);
    }
    for (client, samples) in lately {
        // Who came or went meanwhile is not known for so long.
        let looks = (
            samples.first().map(|sample| sample.at),
            samples.last().map(|sample| sample.at),
        );
        let (Some(first), Some(last)) = looks else { continue };
        if first > after(since, LOOKED_AT) || last < before(played.ended, LOOKED_AT) {
            continue;
        }
        let client = client.to_string();
        let believes = |policy: &str| {
            open.get(&("hook", "", &*client, policy))
                .is_some_and(|(is_open, _)| *is_open)
        };
        let mut judge = |policy: &str, truth: &dyn Fn(&Sample) -> Option<bool>| {
            let mut verdicts = samples.iter().map(|sample| truth(sample));
            let Some(Some(first)) = verdicts.next() else { return };
            if verdicts.all(|verdict| verdict == Some(first)) && believes(policy) != first {
                let [is, believed] = [first, !first].map(|fires| if fires { "fires" } else { "is over" });
                let what =
                    format!("the webhook believes that {policy} of {client} {believed}, and it {is} since {since}");
                found.push(violation(played.ended, what));
            }
        };
        judge("overdrawn", &|sample| Some(sample.balance_tenthousandths <= 0));
        judge("low-balance", &|sample| is_low(sample));
    }
}

/// Whether an operator kept people from being told of something since then.
fn has_hushed(played: &Played, since: Timestamp) -> bool {
    let is_it = |planned: &Planned| {
        let Happening::Operator(act) = &planned.what else {
            return false;
        };
        matches!(act, Act::Ack | Act::Silence { .. } | Act::Reload(_))
    };
    let lately = played.log.iter().filter(|entry| entry.at >= since);
    lately
        .filter_map(|entry| match &entry.fact {
            Fact::Began(planned) | Fact::Over(planned) => Some(planned),
            _ => None,
        })
        .any(is_it)
}

/// Whether a balance is below its threshold; `None` between that and the limit at which it clears, and without one.
fn is_low(sample: &Sample) -> Option<bool> {
    let threshold: i64 = sample.threshold.parse().ok().filter(|threshold| *threshold > 0)?;
    let threshold = threshold.saturating_mul(10_000);
    let clear = threshold.saturating_mul(11) / 10;
    match sample.balance_tenthousandths {
        balance if balance < threshold => Some(true),
        balance if balance >= clear => Some(false),
        _ => None,
    }
}
