//! Where each client's alerts stand at the end is what its readings say, computed here from the history alone, by a model of its own:
//! an alert fires if the last reading that was not between the limits was in breach; it does not fire if it was clear for longer than
//! anything that keeps an episode running. And each balance of a history is one that the API told.
//!
//! Not covered: what the numbers alone do not decide, which is a client that has been clear for a short time; policies of the
//! plan's own; `blind`, but that it ends with a reading.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::circumstances::before;
use super::{Evidence, Invariant, Violation};
use crate::domain::Money;
use crate::domain::alert::{Alert, Phase};
use crate::domain::kept::{self, Seen};
use crate::worlds::log::Fact;
use crate::worlds::world::{Kept, Played};

/// An episode that came back again and again ends after it was clear for as long as a cool-down.
const LONGEST_CLEAR: SignedDuration = SignedDuration::from_hours(7);

/// Clear readings in a row that end any episode.
const CLEAR_READINGS: u64 = 3;

/// The policies that the model knows.
const KNOWN: [&str; 2] = ["low-balance", "overdrawn"];

/// What a history says of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Fires,
    IsOver,
    /// The numbers alone do not decide it.
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Breach,
    Between,
    Clear,
    Unknown,
    /// There is no threshold to go by.
    NotApplicable,
}

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let played = evidence.played;
    let Some(end) = &played.end else { return };
    // What must be clear for a time starts again then.
    let last_day = before(played.ended, SignedDuration::from_hours(24));
    let clock_was_set = evidence.circumstances.clock_sets(last_day, played.ended) > 0;
    let told = told(played);
    for watched in &end.view.clients {
        let client = watched.client.id.as_str();
        if watched.vanished_at.is_some() || client == "reseller" || client == "account" {
            continue;
        }
        let history = end.histories.get(client).map(Vec::as_slice).unwrap_or_default();
        let mut add = |what: String| {
            found.push(Violation {
                invariant: Invariant::States,
                at: played.ended,
                what,
            });
        };
        if let Some((balance, at)) = made_up(history, told.get(client)) {
            add(format!(
                "client {client} has {balance} in a reading of {at}, which the API never told"
            ));
        }
        for policy in KNOWN {
            let alert = alert(end, client, policy);
            let is_firing = alert.is_some_and(|alert| !matches!(alert.phase, Phase::CoolingDown { .. }));
            match says(history, policy) {
                Says::Fires if !is_firing => {
                    add(format!(
                        "by its readings `{policy}` fires for client {client}, and in the store it does not"
                    ));
                }
                Says::IsOver if is_firing && !clock_was_set => {
                    add(format!(
                        "by its readings `{policy}` is over for client {client}, and in the store it fires"
                    ));
                }
                _ => {}
            }
        }
        let is_read = watched.last_error.is_none() && watched.reading.is_some();
        if is_read && alert(end, client, "blind").is_some_and(|alert| alert.firing().is_some()) {
            add(format!(
                "client {client} was read at its last try, and `blind` fires for it"
            ));
        }
    }
}

/// The balances that the API told of each client, good answers and lies.
fn told(played: &Played) -> HashMap<&str, HashSet<Decimal>> {
    let mut told: HashMap<&str, HashSet<Decimal>> = HashMap::new();
    for entry in &played.log {
        if let Fact::Read {
            client, told: balance, ..
        } = &entry.fact
        {
            told.entry(client).or_default().insert(balance.normalize());
        }
    }
    told
}

/// A balance of a history that nobody told, and when it is said to have been read.
fn made_up(history: &[kept::Kept], told: Option<&HashSet<Decimal>>) -> Option<(Money, Timestamp)> {
    history.iter().find_map(|entry| {
        let Seen::Reading { balance, .. } = entry.seen else {
            return None;
        };
        let is_told = told.is_some_and(|told| told.contains(&balance.amount().normalize()));
        (!is_told).then_some((balance, entry.first_seen_at))
    })
}

fn alert<'k>(end: &'k Kept, client: &str, policy: &str) -> Option<&'k Alert> {
    let mut alerts = end.view.alerts.iter();
    alerts.find(|alert| alert.client.as_str() == client && alert.policy.as_str() == policy)
}

/// What a history says, newest entry first.
fn says(history: &[kept::Kept], policy: &str) -> Says {
    let mut clear_readings = 0;
    let mut clear_until = None;
    for entry in history {
        match verdict(&entry.seen, policy) {
            Verdict::Breach if clear_readings == 0 => return Says::Fires,
            Verdict::Clear => {
                let last = *clear_until.get_or_insert(entry.last_seen_at);
                clear_readings += entry.count;
                let lasted = last.duration_since(entry.first_seen_at);
                if clear_readings >= CLEAR_READINGS && lasted >= LONGEST_CLEAR {
                    return Says::IsOver;
                }
            }
            // Neither begins nor ends anything.
            Verdict::Between | Verdict::Unknown if clear_readings == 0 => {}
            _ => return Says::Nothing,
        }
    }
    Says::Nothing
}

fn verdict(seen: &Seen, policy: &str) -> Verdict {
    let Seen::Reading { balance, threshold, .. } = seen else {
        return Verdict::Unknown;
    };
    if policy == "overdrawn" {
        return if *balance > Money::ZERO {
            Verdict::Clear
        } else {
            Verdict::Breach
        };
    }
    let Some(threshold) = threshold.filter(|threshold| threshold.is_positive()) else {
        return Verdict::NotApplicable;
    };
    if *balance < threshold {
        Verdict::Breach
    } else if *balance >= threshold.percent(110.into()) {
        Verdict::Clear
    } else {
        Verdict::Between
    }
}
