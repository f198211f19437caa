//! What a change may rest on: a reading of this moment that asks for it, and none that is known to be wrong where a guard is
//! promised.
//!
//! Promised are two: a fall that nothing explains is believed after a second reading, one interval later; and when more than five
//! clients, and more than a tenth, begin to breach a balance limit in one sweep, nothing is changed before a person releases the
//! brake. Nothing is promised of a single client that is told wrong for longer than an interval, of clients that are told
//! wrong one after the other, or of wrong sums of spending.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::{Case, Change, Found};
use crate::worlds::guards::Limit;
use crate::worlds::log::{Basis, Fact, Money};
use crate::worlds::plan::{Happening, Lie};

/// How old the reading may be on which a change rests: it is taken anew before, and calls that fail slowly lie between.
const OLDEST: SignedDuration = SignedDuration::from_mins(15);

/// A change to HARD rests on a reading, taken a moment ago, that is in breach of a policy that asks for it.
pub fn a_reading_asks_for_it(case: &Case<'_>, found: &mut Found) {
    for change in case.changes.iter().filter(|change| change.sets_hard() == Some(true)) {
        let client = change.client();
        let Some(basis) = &change.write.basis else {
            found.add(change.at, format!("client {client} was set to HARD without a reading"));
            continue;
        };
        if change.at.duration_since(basis.at) > OLDEST {
            found.add(
                change.at,
                format!("client {client} was set to HARD by a reading of {}", basis.at),
            );
        }
        if !is_asked_for(case, change, &basis.told, basis.threshold.map(|(told, _)| told), |_| {
            true
        }) {
            found.add(
                change.at,
                format!(
                    "client {client} was set to HARD with a balance of {}",
                    basis.told.balance
                ),
            );
        }
    }
}

/// Whether a policy asks for the change by these figures.
fn is_asked_for(
    case: &Case<'_>,
    change: &Change<'_>,
    money: &Money,
    threshold: Option<Decimal>,
    counts: impl Fn(&Limit) -> bool,
) -> bool {
    let amount = |text: &str| text.parse::<Decimal>().unwrap_or_default();
    let is_in_breach = |limit: &Limit| match limit {
        Limit::AtMost(most) => money.balance <= amount(most),
        Limit::Below(least) => money.balance < amount(least),
        Limit::BelowThreshold => threshold.is_none_or(|threshold| money.balance < threshold),
        Limit::SpentAbove(most) => money.spent_today > amount(most),
    };
    let mut limits = case
        .guards_at(change.at)
        .flat_map(|guards| &guards.policies)
        .map(|asking| &asking.limit);
    limits.any(|limit| counts(limit) && is_in_breach(limit))
}

/// No change to HARD rests on a balance or a threshold that is known to be wrong, where a guard is promised.
pub fn no_wrong_data(case: &Case<'_>, found: &mut Found) {
    for change in case.changes.iter().filter(|change| change.sets_hard() == Some(true)) {
        let Some(basis) = &change.write.basis else { continue };
        let threshold = basis.threshold.map(|(_, truth)| truth);
        let by_truth = is_asked_for(case, change, &basis.truth, threshold, |_| true);
        let by_spending = is_asked_for(case, change, &basis.told, None, |limit| {
            matches!(limit, Limit::SpentAbove(_))
        });
        if by_truth || by_spending {
            continue;
        }
        let client = change.client();
        let (told, truth) = (basis.told.balance, basis.truth.balance);
        if let Some(since) = basis.wrong_since
            && is_unexplained_fall(basis)
            && basis.at.duration_since(since) < case.interval() - SignedDuration::from_secs(60)
        {
            found.add(
                change.at,
                format!("client {client} was set to HARD by one wrong balance, {told}, where it has {truth}"),
            );
        }
        let many = (change.write.clients / 10).max(5);
        if change.write.misled <= many {
            continue;
        }
        // A person who releases the brake while it is told has looked, and answers for it.
        let since = lies(case, change.place)
            .map(|(since, _)| since)
            .min()
            .unwrap_or(change.at);
        let was_released = case
            .released_before(change.at)
            .is_some_and(|released| released >= since);
        if !was_released && !is_each_for_itself(case, change) {
            let misled = change.write.misled;
            found.add(
                change.at,
                format!("client {client} was set to HARD while {misled} clients are told wrong balances or thresholds"),
            );
        }
    }
}

/// Whether a lie is told by which one client after the other begins to breach a limit, not many in one sweep.
fn is_each_for_itself(case: &Case<'_>, change: &Change<'_>) -> bool {
    lies(case, change.place).any(|(_, lie)| matches!(lie, Lie::Another | Lie::Yesterday | Lie::Wild(_)))
}

/// When a person first released the brake while the codes were told with each other's meaning: that accepts them.
pub fn codes_accepted_at(case: &Case<'_>) -> Option<Timestamp> {
    let mut released = case.brakes.iter().filter(|(_, _, is_on)| !is_on);
    let accepted = released.find(|(place, ..)| lies(case, *place).any(|(_, lie)| *lie == Lie::Codes));
    accepted.map(|(_, at, _)| *at)
}

/// The lies that are told at a place in the log, and since when.
fn lies<'a>(case: &Case<'a>, place: usize) -> impl Iterator<Item = (Timestamp, &'a Lie)> {
    let mut open = BTreeMap::new();
    for entry in &case.played.log[..place] {
        match &entry.fact {
            Fact::Began(planned) => {
                if let Happening::Lie(lie) = &planned.what {
                    open.insert(planned.number, (entry.at, lie));
                }
            }
            Fact::Over(planned) => drop(open.remove(&planned.number)),
            _ => {}
        }
    }
    open.into_values()
}

/// Whether the balance that was told fell by more than calls explain and sums may differ.
fn is_unexplained_fall(basis: &Basis) -> bool {
    let Some(before) = basis.before else { return true };
    let fell = before - basis.told.balance;
    let spent = (before - basis.truth.balance).max(Decimal::ZERO);
    let tolerated = (fell / Decimal::TEN).max(Decimal::ONE);
    fell - spent > tolerated
}
