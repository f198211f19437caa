//! An episode ends when its readings say so: after two clear readings in a row, and one of spending not before a whole day was under
//! the limit. By what the webhook heard and what the API told.
//!
//! Left out is who is gone, whoever's threshold was another one before, and what ends because the configuration is another one.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::circumstances::Circumstances;
use super::noticed::{LOOKS, interval};
use super::wrong_data::thresholds;
use super::{Evidence, Invariant, Violation};
use crate::domain::time::later;
use crate::worlds::log::Fact;
use crate::worlds::plan::{Act, Happening, Lie};
use crate::worlds::told::{Said, Word};
use crate::worlds::world::Played;

/// Whoever may be changed is read once more, which counts for nothing else; and a reading more may come before the end is told.
const LAST_READINGS: usize = 4;

/// So many of them are clear at least.
const CLEAR_READINGS: usize = 2;

/// For how long what ended something is looked for.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Where days of spending begin.
const ZONE: &str = "America/Toronto";

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence {
        played,
        said,
        circumstances,
    } = *evidence;
    let balances = balances(played);
    let thresholds = thresholds(played);
    let mut begun: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    for said in said.iter().filter(|said| said.channel == "hook") {
        let place = (&*said.client, &*said.policy);
        if !said.is_end {
            // What else is told of it does not say when it began.
            if said.word == Word::Begins {
                begun.entry(place).or_insert(said.at);
            }
            continue;
        }
        let Some(began) = begun.remove(&place) else { continue };
        if is_explained(played, said, began) {
            continue;
        }
        let readings = balances.get(&*said.client).map_or(&[][..], Vec::as_slice);
        let readings = &readings[..readings.partition_point(|(at, _)| *at <= said.at)];
        let what = match &*said.policy {
            "fraud" => too_soon(played, circumstances, began, said),
            "overdrawn" => unclear(readings, said, |balance| balance > Decimal::ZERO),
            "low-balance" => thresholds
                .get(&said.client)
                .and_then(|threshold| unclear(readings, said, |balance| balance >= *threshold)),
            _ => None,
        };
        found.extend(what.map(|what| Violation {
            invariant: Invariant::States,
            at: said.at,
            what,
        }));
    }
}

/// What the API told of each client's balance.
fn balances(played: &Played) -> BTreeMap<&str, Vec<(Timestamp, Decimal)>> {
    let mut all: BTreeMap<&str, Vec<(Timestamp, Decimal)>> = BTreeMap::new();
    for entry in &played.log {
        if let Fact::Read { client, told, .. } = &entry.fact {
            all.entry(client).or_default().push((entry.at, *told));
        }
    }
    all
}

/// Whether something else may have ended it, or the readings that did cannot be told from others.
fn is_explained(played: &Played, end: &Said, began: Timestamp) -> bool {
    let is_there = played.samples.iter().any(|(client, sample)| {
        let age = end.at.duration_since(sample.at);
        !age.is_negative() && age <= LOOKS && client.to_string() == end.client
    });
    let since = began.min(later(end.at, -A_DAY));
    let explains = |what: &Happening| match what {
        Happening::Operator(act) => matches!(act, Act::Reload(_) | Act::Guards(_)),
        Happening::Lie(lie) => *lie == Lie::Twice,
        Happening::Wall(_) => true,
        _ => false,
    };
    !is_there
        || played.log.iter().any(|entry| {
            let is_cause = matches!(&entry.fact, Fact::Began(planned) | Fact::Over(planned) if explains(&planned.what));
            is_cause && entry.at >= since && entry.at <= end.at
        })
}

/// What is wrong where it ended without two clear readings in a row.
fn unclear(readings: &[(Timestamp, Decimal)], end: &Said, is_clear: impl Fn(Decimal) -> bool) -> Option<String> {
    let last = &readings[readings.len().saturating_sub(LAST_READINGS)..];
    let clear = last.iter().filter(|(_, balance)| is_clear(*balance)).count();
    (clear < CLEAR_READINGS).then(|| {
        let told: Vec<String> = last.iter().map(|(_, balance)| balance.to_string()).collect();
        let Said { policy, client, .. } = end;
        format!(
            "`{policy}` of {client} ended without two clear readings: {}",
            told.join(", ")
        )
    })
}

/// What is wrong where an alert of spending ended on the day on which the sums began anew, or before.
fn too_soon(played: &Played, circumstances: &Circumstances, began: Timestamp, end: &Said) -> Option<String> {
    let was_lied = played.log.iter().any(|entry| {
        let is_lie =
            matches!(&entry.fact, Fact::Began(planned) | Fact::Over(planned) if matches!(planned.what, Happening::Lie(_)));
        is_lie && entry.at >= later(began, -A_DAY) && entry.at <= end.at
    });
    let days = if was_lied { 1 } else { 2 };
    let zone = TimeZone::get(ZONE).ok()?;
    // Days begin by the clock that the program sees.
    let date = |at: Timestamp| -> Date { circumstances.wall(at).to_zoned(zone.clone()).date() };
    // What is told after midnight may be of the day before.
    let over_on = date(later(began, -interval(played) * 2));
    let passed = date(end.at).since(over_on).ok()?.get_days();
    (passed < days).then(|| {
        let client = &end.client;
        format!("`fraud` of {client} began at {began:.0} and ended {passed} midnights later")
    })
}
