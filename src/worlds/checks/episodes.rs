//! Firing and its end alternate at every receiver, and its last word agrees with the world.
//!
//! An episode is one client and policy: it begins, goes on (reminders, news) and ends, in this order, at each receiver for itself.
//! What a receiver heard twice under one name counts once. Mails to clients name no policy: there an end must follow something.
//! What a message carries and leaves out, because it is too long, is unknown until the next word.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::arrivals::{names, receiver};
use super::circumstances::{after, before};
use super::{Evidence, Invariant, Violation};
use crate::domain::notice::{NoticeState, Notification, Transition};
use crate::worlds::log::{Fact, Sample};
use crate::worlds::plan::{Act, Happening, Lie};
use crate::worlds::told::{self, Said, Word};
use crate::worlds::world::{Kept, Played};

/// Since when something must hold to be known for sure at the end: a threshold is read anew every 6 hours, and a relapse ends only
/// when it was clear for a cool-down of 6 hours.
const SETTLED: SignedDuration = SignedDuration::from_hours(8);

/// So much later a threshold that was told wrong is forgotten. The first balance above the right one is only then a clear one.
const THRESHOLD_KNOWN: SignedDuration = SignedDuration::from_hours(6);

/// A silence holds for 12 hours at most in a world, and what a reload changes for 7.
const HUSHED: SignedDuration = SignedDuration::from_hours(24);

/// Everybody is looked at every five minutes.
const LOOKED_AT: SignedDuration = SignedDuration::from_mins(15);

/// The policy about the store: told from memory, and again by each life.
const STORE: &str = "store";

const CLIENT: &str = "client";

/// Where each episode is an incident or a thread of its own, whatever came of an earlier one.
const APART: [&str; 2] = ["phone", "chat"];

/// A receiver with the address there, and one alert: the client, and the policy, which clients are not told and of which some know
/// each episode apart.
type Place<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What a receiver heard of an alert.
struct Heard<'a> {
    at: Timestamp,
    place: Place<'a>,
    id: &'a str,
    /// `None`: a message carried it, and left it out.
    word: Option<Word>,
    is_end: bool,
}

/// What a receiver believes of an alert.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Belief {
    Fires,
    Over,
    Unknown,
}

/// What each receiver believes at the end, and since when.
type Beliefs<'a> = BTreeMap<Place<'a>, (Belief, Timestamp)>;

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence { played, said, .. } = evidence;
    let Some(end) = &played.end else { return };
    let heard = heard(played, end, said);
    let beliefs = alternate(&heard, end, found);
    last_words(played, end, (&heard, &beliefs), found);
    agrees_with_the_truth(played, &beliefs, found);
}

fn violation(at: Timestamp, what: String) -> Violation {
    Violation {
        invariant: Invariant::Episodes,
        at,
        what,
    }
}

/// The places that were not told of an end, though they heard the beginning.
fn unheard(end: &Kept) -> BTreeSet<Place<'_>> {
    let missed = end.notifications.iter().filter(|owed| {
        let is_end = owed.transition.is_end();
        let is_missed = !owed.state.has_arrived() && owed.state.why() != Some("its alert never arrived");
        is_end && is_missed
    });
    missed.map(place_of).collect()
}

fn place_of(owed: &Notification) -> Place<'_> {
    let (client, recipient) = (owed.client.as_str(), owed.recipient.as_str());
    if owed.channel.is_client() {
        return (CLIENT, recipient, client, "");
    }
    let receiver = receiver(owed.channel.as_str());
    let alert = if APART.contains(&receiver) {
        owed.episode.as_str()
    } else {
        owed.policy.as_str()
    };
    (receiver, recipient, client, alert)
}

/// Where something was said. Which episode it was of, and whose an address was that is nobody's any more, the store knows.
fn place_where<'a>(said: &'a Said, end: &'a Kept) -> Place<'a> {
    let known: Place<'a> = (&said.channel, &said.recipient, &said.client, &said.policy);
    let is_nobodys = said.client.is_empty();
    if !is_nobodys && !APART.contains(&&*said.channel) {
        return known;
    }
    let is_alert = |owed: &Notification| owed.client.as_str() == said.client && owed.policy.as_str() == said.policy;
    let is_it = |owed: &&Notification| {
        let is_here = place_of(owed).0 == said.channel && owed.recipient == said.recipient;
        is_here && (is_nobodys || is_alert(owed)) && names(owed).contains(&said.id)
    };
    let kept = end.notifications.iter().find(is_it);
    // What was left out of a message that is tried again may have arrived with it before.
    let kept = kept.or_else(|| {
        let all = end.notifications.iter();
        let here = || all.clone().filter(|owed| place_of(owed).0 == said.channel);
        let lead = here().find(|owed| names(owed).contains(&said.id))?;
        here().find(|owed| {
            let is_same = owed.created_at == lead.created_at && owed.transition.is_end() == said.is_end;
            is_same && is_alert(owed)
        })
    });
    kept.map_or(known, place_of)
}

/// Everything that receivers heard of alerts, in the order of time.
fn heard<'a>(played: &Played, end: &'a Kept, told: &'a [Said]) -> Vec<Heard<'a>> {
    let is_word = |said: &&Said| said.word != Word::Else && said.policy != STORE;
    let words = told.iter().filter(is_word).map(|said| Heard {
        at: said.at,
        place: place_where(said, end),
        id: &said.id,
        word: Some(said.word),
        is_end: said.is_end,
    });
    let mut heard: Vec<Heard<'_>> = words.collect();
    for (at, received) in told::received(&played.log).filter(|(_, received)| told::leaves_out(received)) {
        let id = told::known_as(received);
        let of_it = told.iter().filter(|said| said.at == at && said.id == id);
        let named: BTreeSet<(&str, &str)> = of_it.map(|said| (&*said.client, &*said.policy)).collect();
        let is_left_out = |owed: &&Notification| {
            let is_here = receiver(owed.channel.as_str()) == receiver(&received.channel);
            let is_mine = owed.recipient == received.recipient;
            let is_named = named.contains(&(owed.client.as_str(), owed.policy.as_str()));
            is_here && is_mine && !is_named && names(owed).contains(&id)
        };
        heard.extend(end.notifications.iter().filter(is_left_out).map(|owed| Heard {
            at,
            place: place_of(owed),
            id: owed.message.as_deref().unwrap_or_default(),
            word: None,
            is_end: owed.transition.is_end(),
        }));
    }
    heard.sort_by_key(|heard| heard.at);
    heard
}

/// Walks through what each receiver heard of each alert.
fn alternate<'a>(all: &[Heard<'a>], end: &'a Kept, found: &mut Vec<Violation>) -> Beliefs<'a> {
    let unheard = unheard(end);
    let mut beliefs = Beliefs::new();
    let mut once: BTreeSet<(Place<'_>, &str, bool)> = BTreeSet::new();
    for heard in all {
        let Heard { at, place, id, .. } = *heard;
        if !once.insert((place, id, heard.is_end)) {
            continue;
        }
        let (channel, recipient, client, policy) = place;
        let who = format!("{channel} {recipient}: {policy} of {client}");
        let (belief, since) = beliefs.entry(place).or_insert((Belief::Over, at));
        match (heard.word, *belief) {
            (Some(Word::Ends), Belief::Over) if !has_begun(all, end, heard) => {
                found.push(violation(at, format!("{who} ends, and did not fire ({id})")));
            }
            (Some(Word::Begins), Belief::Fires) if channel != CLIENT && !unheard.contains(&place) => {
                let what = format!("{who} begins to fire, as it does since {since} ({id})");
                found.push(violation(at, what));
            }
            _ => {}
        }
        let next = match heard.word {
            None => Belief::Unknown,
            Some(Word::Ends) => Belief::Over,
            Some(_) => Belief::Fires,
        };
        if next != *belief {
            (*belief, *since) = (next, at);
        }
    }
    beliefs
}

/// Whether the beginning of what ends was heard: several may have begun before the first of them ended, where answers were lost.
fn has_begun(all: &[Heard<'_>], end: &Kept, ends: &Heard<'_>) -> bool {
    let here = || end.notifications.iter().filter(|owed| place_of(owed) == ends.place);
    let Some(this) = here().find(|owed| owed.transition.is_end() && names(owed).iter().any(|name| name == ends.id))
    else {
        return false;
    };
    let begun: BTreeSet<String> = here()
        .filter(|owed| owed.episode == this.episode && !owed.transition.is_end())
        .flat_map(names)
        .collect();
    let mut before = all.iter().take_while(|heard| heard.at <= ends.at);
    before.any(|heard| heard.place == ends.place && !heard.is_end && begun.contains(heard.id))
}

/// What each receiver believes at the end is what fires, as far as it was told.
fn last_words(played: &Played, end: &Kept, (heard, beliefs): (&[Heard<'_>], &Beliefs<'_>), found: &mut Vec<Violation>) {
    let firing: BTreeMap<(&str, &str), &str> = end
        .view
        .alerts
        .iter()
        .filter_map(|alert| {
            let episode = alert.firing()?.episode.as_str();
            Some(((alert.client.as_str(), alert.policy.as_str()), episode))
        })
        .collect();
    for (place, (belief, since)) in beliefs {
        let (channel, recipient, client, policy) = *place;
        let fires = match channel {
            CLIENT => firing.keys().any(|(of, _)| *of == client),
            channel if APART.contains(&channel) => firing.values().any(|episode| *episode == policy),
            _ => firing.contains_key(&(client, policy)),
        };
        if *belief == Belief::Fires && !fires && !has_missed_the_end(end, heard, *place) {
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
        let place = place_of(owed);
        let (channel, recipient, client, _) = place;
        let policy = owed.policy.as_str();
        if channel == CLIENT || policy == STORE || firing.get(&(client, policy)) != Some(&owed.episode.as_str()) {
            continue;
        }
        let belief = beliefs.get(&place).map_or(Belief::Over, |(belief, _)| *belief);
        if belief == Belief::Over {
            let what = format!("{channel} {recipient} does not believe that {policy} of {client} fires, which it does");
            found.push(violation(played.ended, what));
        }
    }
}

/// Whether the end of the episode that a receiver was told of last was owed to it and never arrived; or was a withdrawal, of which
/// clients hear nothing.
fn has_missed_the_end(end: &Kept, heard: &[Heard<'_>], place: Place<'_>) -> bool {
    // What arrived and lost its answer may have died after that.
    let has_come = |owed: &Notification| {
        let is_it = |heard: &Heard<'_>| heard.place == place && names(owed).iter().any(|name| name == heard.id);
        owed.state.has_arrived() || heard.iter().any(is_it)
    };
    let says_that_it_fires = |owed: &&Notification| {
        let is_no_word = matches!(
            owed.transition,
            Transition::Enforced { .. } | Transition::Acknowledged { .. }
        );
        place_of(owed) == place && !is_no_word && has_come(owed)
    };
    // The newest come first.
    let Some(last) = end.notifications.iter().find(says_that_it_fires) else {
        return false;
    };
    end.notifications.iter().any(|owed| {
        let is_withdrawn = matches!(owed.transition, Transition::Withdrawn { .. });
        let is_missed = place_of(owed) == place && owed.transition.is_end() && !owed.state.has_arrived();
        owed.episode == last.episode && (is_missed || place.0 == CLIENT && is_withdrawn)
    })
}

/// What the webhook, which never fails, believes at the end of balances is true.
fn agrees_with_the_truth(played: &Played, beliefs: &Beliefs<'_>, found: &mut Vec<Violation>) {
    let since = before(played.ended, SETTLED);
    let was_lied_to = happened(played, since, |what| matches!(what, Happening::Lie(_)));
    let by_thresholds = happened(played, before(since, THRESHOLD_KNOWN), |what| {
        matches!(what, Happening::Lie(Lie::Thresholds))
    });
    if was_lied_to || by_thresholds || happened(played, before(played.ended, HUSHED), hushes) {
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
            let belief = beliefs.get(&("hook", "", &*client, policy));
            belief.map_or(Belief::Over, |(belief, _)| *belief)
        };
        let mut judge = |policy: &str, truth: &dyn Fn(&Sample) -> Option<bool>| {
            let mut verdicts = samples.iter().map(|sample| truth(sample));
            let Some(Some(first)) = verdicts.next() else { return };
            let belief = believes(policy);
            let is_wrong = belief != Belief::Unknown && (belief == Belief::Fires) != first;
            if is_wrong && verdicts.all(|verdict| verdict == Some(first)) {
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

/// Whether something of the kind began or ended since then.
fn happened(played: &Played, since: Timestamp, is_it: impl Fn(&Happening) -> bool) -> bool {
    let lately = played.log.iter().filter(|entry| entry.at >= since);
    lately
        .filter_map(|entry| match &entry.fact {
            Fact::Began(planned) | Fact::Over(planned) => Some(planned),
            _ => None,
        })
        .any(|planned| is_it(&planned.what))
}

/// Whether an operator keeps people from being told of something.
fn hushes(what: &Happening) -> bool {
    let Happening::Operator(act) = what else { return false };
    matches!(act, Act::Ack | Act::Silence { .. } | Act::Reload(_))
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
