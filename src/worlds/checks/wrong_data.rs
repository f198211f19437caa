//! What is wrong for everybody, or once for one client, is not believed at once.
//!
//! Promised are three: when more than five clients, and more than a tenth, begin to breach a balance limit in one sweep, operators are
//! told that the data look wrong; so they are when a list lacks many clients; and a fall that nothing explains is told to a client after a second reading only, one interval
//! later. What changes may rest on is looked at with the changes. Left out is whatever happens together with another trouble, and
//! whoever's threshold was another one before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::noticed::interval;
use super::{Evidence, Invariant, Violation};
use crate::domain::time::later;
use crate::worlds::log::Fact;
use crate::worlds::plan::{Act, Happening, Lie};
use crate::worlds::told::{Said, Word};
use crate::worlds::world::Played;

/// To judge, to write and to post.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// A sweep begins a little earlier or later than the one before.
const JITTER: SignedDuration = SignedDuration::from_secs(60);

/// For so long before a wrong balance, a client had enough: whatever is told of earlier has arrived.
const WELL_BEFORE: SignedDuration = SignedDuration::from_hours(30);

/// What was told of a client's balance, and what it was.
struct Reading {
    at: Timestamp,
    told: Decimal,
    truth: Decimal,
}

struct Case<'a> {
    played: &'a Played,
    said: &'a [Said],
    readings: BTreeMap<&'a str, Vec<Reading>>,
    /// Of those who always had the same.
    thresholds: BTreeMap<String, Decimal>,
    /// What lasted from when to when, by number; what ended at once, too.
    troubles: Vec<(usize, &'a Happening, Timestamp, Timestamp)>,
    /// When the program began or was over.
    breaks: Vec<Timestamp>,
}

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let case = Case::of(evidence);
    case.wrong_for_all_is_told(found);
    case.wrong_once_is_told_to_no_client(found);
    case.a_short_list_is_told(found);
}

const fn is_about_balances(lie: Lie) -> bool {
    matches!(
        lie,
        Lie::Zeros | Lie::Hundredth | Lie::Same | Lie::Another | Lie::Yesterday | Lie::Wild(_)
    )
}

impl<'a> Case<'a> {
    fn of(evidence: &Evidence<'a>) -> Self {
        let played = evidence.played;
        let mut case = Self {
            played,
            said: evidence.said,
            readings: BTreeMap::new(),
            thresholds: thresholds(played),
            troubles: Vec::new(),
            breaks: Vec::new(),
        };
        for entry in &played.log {
            match &entry.fact {
                Fact::Read { client, told, truth } => case.readings.entry(client).or_default().push(Reading {
                    at: entry.at,
                    told: *told,
                    truth: *truth,
                }),
                Fact::Began(planned) if is_trouble(&planned.what) => {
                    let until = if planned.lasting.is_zero() {
                        entry.at
                    } else {
                        played.ended
                    };
                    case.troubles.push((planned.number, &planned.what, entry.at, until));
                }
                Fact::Over(planned) => {
                    let open = case.troubles.iter_mut().find(|(number, ..)| *number == planned.number);
                    if let Some((_, _, _, until)) = open {
                        *until = entry.at;
                    }
                }
                Fact::Started { .. } | Fact::NotStarted { .. } | Fact::Killed { .. } | Fact::Ended { .. } => {
                    case.breaks.push(entry.at);
                }
                _ => {}
            }
        }
        case
    }

    /// Whether nothing but a lie was wrong.
    fn is_all_else_well(&self, lie: usize, from: Timestamp, to: Timestamp) -> bool {
        let is_other = |(number, _, began, over): &(usize, _, Timestamp, Timestamp)| {
            *number != lie && *began <= to && *over >= from
        };
        !self.troubles.iter().any(is_other) && !self.breaks.iter().any(|at| (from..=to).contains(at))
    }

    fn lies(&self) -> impl Iterator<Item = (usize, Lie, Timestamp, Timestamp)> {
        self.troubles.iter().filter_map(|(number, what, from, to)| match what {
            Happening::Lie(lie) if is_about_balances(*lie) => Some((*number, *lie, *from, *to)),
            _ => None,
        })
    }

    fn wrong_for_all_is_told(&self, found: &mut Vec<Violation>) {
        let interval = interval(self.played);
        let many = usize::try_from(self.played.plan.clients / 10)
            .unwrap_or(usize::MAX)
            .max(5);
        for (number, lie, from, to) in self.lies() {
            let due = later(from, interval * 2 + MARGIN);
            let since = later(from, -(interval * 2 + MARGIN));
            if due > self.played.ended || !self.is_all_else_well(number, since, due) {
                continue;
            }
            let until = to.min(later(from, interval));
            let misled = self.thresholds.iter().filter(|(client, threshold)| {
                let readings = self.readings.get(client.as_str()).map_or(&[][..], Vec::as_slice);
                begins_by(readings, **threshold, (since, from, until))
            });
            let misled = misled.count();
            // One of the two sweeps that may share them has more than half.
            if misled > 2 * many && !self.was_told(&["upstream", "brake"], from, due) {
                found.push(Violation {
                    invariant: Invariant::Noticed,
                    at: due,
                    what: format!(
                        "{misled} clients were told wrong at once, by {lie:?} since {from:.0}, and the webhook does not know"
                    ),
                });
            }
        }
    }

    /// A list that lacks every second client for longer than two sweeps is told.
    fn a_short_list_is_told(&self, found: &mut Vec<Violation>) {
        let bound = interval(self.played) * 2 + MARGIN;
        for (number, what, from, to) in &self.troubles {
            let due = later(*from, bound);
            let since = later(*from, -MARGIN);
            let is_it = matches!(what, Happening::Lie(Lie::HalfTheList)) && self.played.plan.clients >= 20;
            if !is_it || due > *to || !self.is_all_else_well(*number, since, due) {
                continue;
            }
            if !self.was_told(&["inventory"], *from, due) {
                found.push(Violation {
                    invariant: Invariant::Noticed,
                    at: due,
                    what: format!(
                        "the list of the account lacks every second client since {from:.0}, and the webhook was not told in {bound:#}"
                    ),
                });
            }
        }
    }

    /// Whether the webhook knew in that time of one of these alerts of the account.
    fn was_told(&self, policies: &[&str], from: Timestamp, due: Timestamp) -> bool {
        let of_account = |said: &&Said| said.channel == "hook" && policies.contains(&&*said.policy);
        let mut before = self.said.iter().filter(of_account).filter(|said| said.at < from);
        let mut within = self.said.iter().filter(of_account);
        before.next_back().is_some_and(|said| !said.is_end)
            || within.any(|said| !said.is_end && (from..=due).contains(&said.at))
    }

    fn wrong_once_is_told_to_no_client(&self, found: &mut Vec<Violation>) {
        let second = interval(self.played) - JITTER;
        let begins = |said: &&Said| said.channel == "client" && said.word == Word::Begins;
        for said in self.said.iter().filter(begins) {
            let Some(threshold) = self.thresholds.get(&said.client) else {
                continue;
            };
            let all = self.readings.get(said.client.as_str()).map_or(&[][..], Vec::as_slice);
            let until_then = &all[..all.partition_point(|reading| reading.at <= said.at)];
            let right = until_then.iter().rposition(|reading| reading.told == reading.truth);
            let Some(((before, first), last)) = right
                .and_then(|right| until_then.get(right).zip(until_then.get(right + 1)))
                .zip(until_then.last())
            else {
                continue;
            };
            let since = later(first.at, -WELL_BEFORE);
            let had_enough = until_then
                .iter()
                .filter(|reading| reading.at >= since)
                .all(|reading| is_enough(reading.truth, *threshold));
            let lie = self
                .lies()
                .find(|(_, _, from, to)| *from <= first.at && *to >= first.at);
            let is_alone =
                lie.is_some_and(|(number, ..)| self.is_all_else_well(number, later(before.at, -WELL_BEFORE), said.at));
            let is_first_word = said.at.duration_since(first.at) < second;
            if had_enough && is_alone && is_first_word && is_unexplained(before, first) {
                found.push(Violation {
                    invariant: Invariant::Enforced,
                    at: said.at,
                    what: format!(
                        "client {} was told by one wrong balance, {}, where it has {}",
                        said.client, last.told, last.truth
                    ),
                });
            }
        }
    }
}

/// Whether a client was well until a lie began, and then was told to be below its threshold.
fn begins_by(
    readings: &[Reading],
    threshold: Decimal,
    (since, from, until): (Timestamp, Timestamp, Timestamp),
) -> bool {
    let place = readings.partition_point(|reading| reading.at < from);
    let before = readings[..place]
        .last()
        .is_some_and(|before| before.at >= since && before.told == before.truth && is_enough(before.told, threshold));
    let now = readings
        .get(place)
        .is_some_and(|now| now.at < until && now.told < threshold && is_enough(now.truth, threshold));
    before && now
}

/// Whether nobody would warn of a balance, by whatever policy.
fn is_enough(balance: Decimal, threshold: Decimal) -> bool {
    balance > threshold * Decimal::TWO + Decimal::TEN
}

/// Whether a balance fell by more than was spent, as sums may differ.
fn is_unexplained(before: &Reading, first: &Reading) -> bool {
    let fell = before.truth - first.told;
    let spent = (before.truth - first.truth).max(Decimal::ZERO);
    fell - spent > (fell / Decimal::TEN).max(Decimal::ONE)
}

fn is_trouble(what: &Happening) -> bool {
    match what {
        Happening::Fault { .. } | Happening::Lie(_) | Happening::Disk(_) | Happening::Wall(_) => true,
        Happening::Operator(act) => matches!(act, Act::Reload(_) | Act::Guards(_)),
        _ => false,
    }
}

/// The thresholds above 0 of those who always had the same.
pub(super) fn thresholds(played: &Played) -> BTreeMap<String, Decimal> {
    let mut all: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for (client, sample) in &played.samples {
        all.entry(*client).or_default().insert(&sample.threshold);
    }
    let only = all.into_iter().filter_map(|(client, thresholds)| {
        let mut thresholds = thresholds.into_iter();
        let threshold = thresholds.next().filter(|_| thresholds.next().is_none())?;
        let threshold = threshold.parse().ok().filter(Decimal::is_sign_positive)?;
        Some((client.to_string(), threshold))
    });
    only.filter(|(_, threshold)| !threshold.is_zero()).collect()
}
