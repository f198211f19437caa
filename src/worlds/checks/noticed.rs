//! A crossing that lasts is noticed within its bound; who cannot be read is reported, or the account is; so is a store that takes
//! nothing; and a clock that is set keeps nobody from being read.
//!
//! A *crossing* is a stretch of looks at the truth, five minutes apart, at all of which a client breaches a policy: `low-balance` below
//! its threshold, and below each threshold that it had within the hours for which a threshold may be remembered; `overdrawn` at or
//! below 0. *Noticed* means that the last word of the webhook about client and policy is that it fires, or that it was told of so many
//! at once since it last ended that the message says what it leaves out. The bound counts in one piece of
//! good time: without a fault, lie or set clock, and the time it takes to get over it; within one life of the program. Every crossing
//! is so held against each piece of good time that it has.
//!
//! Not looked at: spending of today (`fraud`), which the truth does not tell, and the reseller's own balance.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Evidence, Invariant, Violation};
use crate::domain::time::later;
use crate::worlds::log::{Entry, Fact, Sample};
use crate::worlds::plan::{Act, Happening};
use crate::worlds::told::{self, Said};
use crate::worlds::world::Played;

/// How long a threshold may be remembered before it is read again: six hours, and then it is read when there is a call to spare.
const THRESHOLD_REMEMBERED: SignedDuration = SignedDuration::from_hours(8);

/// Between two looks at the truth. A longer gap means that the client was not there.
pub(super) const LOOKS: SignedDuration = SignedDuration::from_mins(6);

/// A baseline's summary leaves once an hour at most.
const SUMMARY: SignedDuration = SignedDuration::from_hours(1);

/// Reading, judging, writing and posting, and the look that is a look apart.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// How long it takes to find a way back to an API that failed: a probe every 15 minutes, and a pace that grows by a tenth a minute.
const WAY_BACK: SignedDuration = SignedDuration::from_mins(30);

/// How long `blind` waits at least.
const BLIND: SignedDuration = SignedDuration::from_mins(30);

/// What explains why a client cannot be read, besides its own `blind`.
pub(super) const EXPLAINS: [&str; 3] = ["account-access", "upstream", "inventory"];

type Words<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Said>>;
type Stretch = (Timestamp, Timestamp);

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence { played, said, .. } = evidence;
    let mut words = Words::new();
    for word in said.iter().filter(|word| word.channel == "hook") {
        words.entry((&word.client, &word.policy)).or_default().push(word);
    }
    let good = good_times(played, troubles(played));
    crossings_are_noticed(played, &words, &good, found);
    silence_is_told(played, &words, found);
    bad_disks_are_told(played, said, found);
    a_set_clock_stops_no_sweep(played, found);
}

/// One round of readings, at the longest.
pub(super) fn interval(played: &Played) -> SignedDuration {
    let clients = i64::from(played.plan.clients) + 20;
    let rate = i64::from(played.plan.rate_per_minute.max(1));
    played
        .plan
        .interval
        .max(SignedDuration::from_secs(clients * 120 / rate))
}

/// Everything that keeps the program from reading, judging or telling, each with the time that it takes to get over it.
fn troubles(played: &Played) -> Vec<Stretch> {
    let settle = WAY_BACK + interval(played);
    let mut troubles = Vec::new();
    let mut open: BTreeMap<usize, Timestamp> = BTreeMap::new();
    let mut down = Some(played.plan.start);
    for Entry { at, fact } in &played.log {
        match fact {
            Fact::Began(planned) if is_trouble(&planned.what) => {
                open.insert(planned.number, *at);
                if planned.lasting.is_zero() {
                    troubles.push((*at, later(*at, settle)));
                }
            }
            Fact::Over(planned) => {
                if let Some(began) = open.remove(&planned.number) {
                    troubles.push((began, later(*at, settle)));
                }
            }
            Fact::Killed { .. } | Fact::Ended { .. } | Fact::NotStarted { .. } => down = down.or(Some(*at)),
            Fact::Started { .. } => troubles.extend(down.take().map(|since| (since, *at))),
            _ => {}
        }
    }
    troubles.extend(down.map(|since| (since, played.ended)));
    troubles
}

fn is_trouble(what: &Happening) -> bool {
    match what {
        Happening::Fault { .. } | Happening::Lie(_) | Happening::Disk(_) | Happening::Wall(_) => true,
        Happening::Operator(Act::Reload(lines)) => lines.contains("enabled") || lines.contains("mute"),
        _ => false,
    }
}

/// The time between the troubles.
fn good_times(played: &Played, mut troubles: Vec<Stretch>) -> Vec<Stretch> {
    troubles.sort();
    let mut good = Vec::new();
    let mut from = played.plan.start;
    for (begins, ends) in troubles {
        if begins > from {
            good.push((from, begins));
        }
        from = from.max(ends);
    }
    if played.ended > from {
        good.push((from, played.ended));
    }
    good
}

fn crossings_are_noticed(played: &Played, words: &Words<'_>, good: &[Stretch], found: &mut Vec<Violation>) {
    let bound = interval(played) * 3 + SUMMARY + MARGIN;
    let hushes = hushes(played);
    let cut: Vec<Timestamp> = told::received(&played.log)
        .filter(|(_, received)| received.channel == "hook" && told::leaves_out(received))
        .map(|(at, _)| at)
        .collect();
    for (client, samples) in by_client(played) {
        for policy in ["low-balance", "overdrawn"] {
            for (begins, ends) in crossings(&samples, policy) {
                let late = good.iter().find_map(|(from, to)| {
                    let due = later(begins.max(*from), bound);
                    let is_cut = || {
                        let since = words.get(&(client.as_str(), policy)).and_then(|words| {
                            let mut ends = words.iter().filter(|word| word.is_end && word.at <= due);
                            ends.next_back().map(|end| end.at)
                        });
                        cut.iter().any(|at| *at <= due && Some(*at) > since)
                    };
                    let is_late = due < ends.min(*to) && !fires(words, (&client, policy), due) && !is_cut();
                    is_late.then_some(due)
                });
                let is_hushed = |due: Timestamp| {
                    let mut hushes = hushes.iter();
                    hushes.any(|hush| hush.holds(&client, policy, (begins, later(due, -SUMMARY))))
                };
                if let Some(due) = late.filter(|due| !is_hushed(*due)) {
                    found.push(Violation {
                        invariant: Invariant::Noticed,
                        at: due,
                        what: format!(
                            "client {client} has been in breach of `{policy}` since {begins:.0}, and the webhook was not told in {bound:#} of good time"
                        ),
                    });
                }
            }
        }
    }
}

fn by_client(played: &Played) -> BTreeMap<String, Vec<&Sample>> {
    let mut all: BTreeMap<String, Vec<&Sample>> = BTreeMap::new();
    for (client, sample) in &played.samples {
        all.entry(client.to_string()).or_default().push(sample);
    }
    all
}

/// The stretches of looks at which a client breaches a policy.
fn crossings(samples: &[&Sample], policy: &str) -> Vec<Stretch> {
    let mut crossings: Vec<Stretch> = Vec::new();
    let mut last_look: Option<Timestamp> = None;
    let mut is_open = false;
    for (place, sample) in samples.iter().enumerate() {
        let is_breach = match policy {
            "overdrawn" => sample.balance_tenthousandths <= 0,
            _ => lowest_threshold(&samples[..=place]).is_some_and(|lowest| sample.balance_tenthousandths < lowest),
        };
        let was_there = last_look.is_some_and(|look| sample.at.duration_since(look) <= LOOKS);
        last_look = Some(sample.at);
        match crossings.last_mut() {
            Some(crossing) if is_breach && is_open && was_there => crossing.1 = sample.at,
            _ if is_breach => crossings.push((sample.at, sample.at)),
            _ => {}
        }
        is_open = is_breach;
    }
    crossings
}

/// The lowest threshold that the program may go by at the last of these looks; `None`: it may think that there is none.
fn lowest_threshold(samples: &[&Sample]) -> Option<i64> {
    let last = samples.last()?;
    let since = later(last.at, -THRESHOLD_REMEMBERED);
    let remembered = samples.iter().rev().take_while(|sample| sample.at >= since);
    let mut lowest = i64::MAX;
    let mut seen = "";
    for sample in remembered {
        if *sample.threshold == *seen {
            continue;
        }
        seen = &sample.threshold;
        let amount: rust_decimal::Decimal = seen.parse().ok()?;
        let amount = i64::try_from(amount * rust_decimal::Decimal::from(10_000)).ok()?;
        lowest = lowest.min(amount);
    }
    (lowest > 0).then_some(lowest)
}

/// What an operator did not want to hear.
pub(super) struct Hush<'a> {
    client: Option<&'a str>,
    policy: Option<&'a str>,
    pub(super) from: Timestamp,
    /// `None`: for as long as the alert fires.
    pub(super) until: Option<Timestamp>,
}

impl Hush<'_> {
    pub(super) fn is_about(&self, client: &str, policy: &str) -> bool {
        self.client.is_none_or(|of| of == client) && self.policy.is_none_or(|of| of == policy)
    }

    /// Whether it kept something of a crossing from being told in time.
    fn holds(&self, client: &str, policy: &str, (begins, due): Stretch) -> bool {
        self.is_about(client, policy)
            && match self.until {
                Some(until) => self.from < due && until > begins && later(until, SUMMARY) > due,
                None => self.from >= begins && self.from < due,
            }
    }
}

pub(super) fn hushes(played: &Played) -> Vec<Hush<'_>> {
    let all = played.log.iter().filter_map(|entry| match &entry.fact {
        Fact::Hushed { client, policy, until } => Some(Hush {
            client: client.as_deref(),
            policy: policy.as_deref(),
            from: entry.at,
            until: *until,
        }),
        _ => None,
    });
    all.collect()
}

/// Who was not read for longer than a client may be unread is reported, or the account is; as far as the program could judge it: in
/// one life, with a store, and a clock that was not set.
fn silence_is_told(played: &Played, words: &Words<'_>, found: &mut Vec<Violation>) {
    let rounds = interval(played) * 2;
    let bound = BLIND.max(rounds) + interval(played) + WAY_BACK + MARGIN;
    let mut lives = Vec::new();
    let mut began = None;
    for Entry { at, fact } in &played.log {
        let is_break = match fact {
            Fact::Started { .. } => {
                began = Some(*at);
                continue;
            }
            Fact::Killed { .. } | Fact::Ended { .. } => true,
            Fact::Began(planned) | Fact::Over(planned) => matches!(
                planned.what,
                Happening::Disk(_) | Happening::Wall(_) | Happening::Operator(Act::Reload(_))
            ),
            _ => false,
        };
        if let (true, Some(from)) = (is_break, began) {
            lives.push((from, *at));
            let is_alive = matches!(fact, Fact::Began(_) | Fact::Over(_));
            began = is_alive.then_some(*at);
        }
    }
    lives.extend(began.map(|from| (from, played.ended)));
    let mut reads: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for entry in &played.log {
        if let Fact::Read { client, .. } = &entry.fact {
            reads.entry(client).or_default().push(entry.at);
        }
    }
    for (client, samples) in by_client(played) {
        let there = samples
            .first()
            .map(|first| first.at)
            .zip(samples.last().map(|last| last.at));
        let Some((first, last)) = there else { continue };
        let reads = reads.get(client.as_str()).map(Vec::as_slice).unwrap_or_default();
        for (from, to) in &lives {
            let (from, to) = ((*from).max(first), (*to).min(last));
            let within = reads.iter().filter(|read| **read >= from && **read < to);
            let mut since = from;
            for next in within.copied().chain([to]) {
                let due = later(since, bound);
                since = next;
                let is_told = || {
                    let mut explained = EXPLAINS.iter();
                    fires(words, (&client, "blind"), due)
                        || explained.any(|policy| fires(words, ("account", policy), due))
                };
                if due < next && !is_told() {
                    found.push(Violation {
                        invariant: Invariant::Noticed,
                        at: due,
                        what: format!("client {client} was not read for {bound:#}, and nobody was told"),
                    });
                }
            }
        }
    }
}

/// Whatever a clock shows, clients are read on, where all else is well and the program runs.
fn a_set_clock_stops_no_sweep(played: &Played, found: &mut Vec<Violation>) {
    let bound = interval(played) * 2 + MARGIN;
    let mut due = None;
    let mut troubles = 0_u32;
    for Entry { at, fact } in &played.log {
        if let Some((set_at, time)) = due
            && *at > time
        {
            due = None;
            found.push(Violation {
                invariant: Invariant::Noticed,
                at: time,
                what: format!("the clock was set at {set_at:.0}, and nobody was read in {bound:#}"),
            });
        }
        match fact {
            Fact::Read { .. } | Fact::Killed { .. } | Fact::Ended { .. } | Fact::NotStarted { .. } => due = None,
            Fact::Began(planned) if matches!(planned.what, Happening::Wall(_)) && troubles == 0 => {
                due = Some((*at, later(*at, bound)));
            }
            Fact::Began(planned) if is_trouble(&planned.what) => {
                due = None;
                troubles += u32::from(!planned.lasting.is_zero());
            }
            Fact::Over(planned) if is_trouble(&planned.what) => troubles = troubles.saturating_sub(1),
            _ => {}
        }
    }
}

/// A disk that takes nothing for longer than a sweep is told, where all else is well; a program that gives up and starts anew tells
/// it as well.
fn bad_disks_are_told(played: &Played, said: &[Said], found: &mut Vec<Violation>) {
    let bound = interval(played) + MARGIN;
    let mut bad: Option<(Timestamp, Timestamp)> = None;
    let mut troubles = 0_u32;
    let told: Vec<&Said> = said
        .iter()
        .filter(|said| said.channel == "hook" && said.policy == "store")
        .collect();
    for Entry { at, fact } in &played.log {
        if let Some((began, due)) = bad
            && *at > due
        {
            bad = None;
            let last = told.iter().rfind(|said| said.at <= due);
            if last.is_none_or(|said| said.is_end) {
                found.push(Violation {
                    invariant: Invariant::Noticed,
                    at: due,
                    what: format!("nothing can be written since {began:.0}, and the webhook was not told in {bound:#}"),
                });
            }
        }
        match fact {
            Fact::Began(planned) if matches!(planned.what, Happening::Disk(_)) => {
                bad = bad.or(Some((*at, later(*at, bound)))).filter(|_| troubles == 0);
            }
            Fact::Over(planned) if matches!(planned.what, Happening::Disk(_)) => bad = None,
            Fact::Began(planned) if is_trouble(&planned.what) => {
                bad = None;
                troubles += u32::from(!planned.lasting.is_zero());
            }
            Fact::Over(planned) if is_trouble(&planned.what) => troubles = troubles.saturating_sub(1),
            _ => {}
        }
    }
}

/// Whether the last word at a time is that it fires.
fn fires(words: &Words<'_>, about: (&str, &str), at: Timestamp) -> bool {
    let words = words.get(&about).map(Vec::as_slice).unwrap_or_default();
    let until = words.partition_point(|word| word.at <= at);
    until.checked_sub(1).is_some_and(|last| !words[last].is_end)
}
