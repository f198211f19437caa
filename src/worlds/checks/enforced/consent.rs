//! What people decided about changes: approvals, holds and undoing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::bounded::densest;
use super::{Case, Change, Found, OLD_GUARDS};
use crate::domain::enforcement::{Direction, Outcome};
use crate::domain::notice::Transition;
use crate::worlds::log::{Decided, Fact};
use crate::worlds::plan::{Act, Happening};

/// So long an approval holds; the program's own default.
const APPROVAL: SignedDuration = SignedDuration::from_hours(4);

/// After so long the program asks again; its own default.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_hours(6);

/// More requests for one change in that time are too many.
const MOST_REQUESTS: usize = 3;

/// A write that was on its way when somebody held the client: holds are read immediately before it.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(5);

/// Where people are asked, nothing is changed without a yes that still holds.
pub fn nothing_unasked(case: &Case<'_>, found: &mut Found) {
    for change in case.automatic() {
        let asks = case.guards_at(change.at).all(|guards| guards.applies && guards.asks);
        // What is old by a clock that was set may still hold by it.
        let holds = APPROVAL + OLD_GUARDS;
        let is_approved = case.was_decided(change, Decided::Approved, holds) || was_cut_off(case, change, holds);
        if asks && !is_approved && !case.clock_was_set(change.at, holds) {
            let client = change.client();
            found.add(
                change.at,
                format!("a change of client {client} was sent, and nobody had approved it"),
            );
        }
    }
}

/// Whether an operator was cut off, so shortly before, while approving what waited: some of it may be written down.
fn was_cut_off(case: &Case<'_>, change: &Change<'_>, within: SignedDuration) -> bool {
    let approves = |number: usize| {
        let mut planned = case.played.plan.happenings.iter();
        planned.any(|planned| {
            planned.number == number && matches!(planned.what, Happening::Operator(Act::Answer { approves: true }))
        })
    };
    let before = case.played.log[..change.place].iter().rev();
    let mut recent = before.take_while(|entry| change.at.duration_since(entry.at) <= within);
    recent.any(|entry| matches!(&entry.fact, Fact::Skipped { number, .. } if approves(*number)))
}

/// Nobody is asked about the same change again and again: the program asks every six hours. Once more in that time may be when the
/// alert came and went between.
pub fn nobody_pressed(case: &Case<'_>, found: &mut Found) {
    let Some(end) = &case.played.end else { return };
    let mut asked: BTreeMap<_, Vec<Timestamp>> = BTreeMap::new();
    for owed in &end.notifications {
        if let Transition::Enforced {
            outcome: Outcome::Asked { .. },
            direction,
            ..
        } = &owed.transition
        {
            let is_back = *direction == Direction::Revert;
            let place = (&owed.episode, is_back, &owed.channel, &owed.recipient);
            asked.entry(place).or_default().push(owed.created_at);
        }
    }
    for ((episode, _, channel, _), mut times) in asked {
        times.sort_unstable();
        let (number, at) = densest(&times, ASKED_AGAIN);
        if number > MOST_REQUESTS && !case.circumstances.was_set_back() {
            found.add(
                at,
                format!("{channel} was asked {number} times in six hours about the change of {episode}"),
            );
        }
    }
}

/// Nothing is changed of a client that somebody holds.
pub fn nobody_held(case: &Case<'_>, found: &mut Found) {
    for change in &case.changes {
        let client = change.client();
        let before = case.played.log.get(..change.place).unwrap_or_default();
        let last = before.iter().rev().find_map(|entry| match &entry.fact {
            Fact::Decided { client: of, what } if of == client && matches!(what, Decided::Held | Decided::Released) => {
                Some((entry.at, *what == Decided::Held))
            }
            _ => None,
        });
        if let Some((held_at, true)) = last
            && change.at.duration_since(held_at) > ON_ITS_WAY
        {
            found.add(
                change.at,
                format!("a change of client {client} was sent while somebody held it"),
            );
        }
    }
}
