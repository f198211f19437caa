//! What people decided about changes: approvals, holds and undoing.

use jiff::SignedDuration;

use super::{Case, Found, OLD_GUARDS};
use crate::worlds::log::{Decided, Fact};

/// So long an approval holds; the program's own default.
const APPROVAL: SignedDuration = SignedDuration::from_hours(4);

/// A write that was on its way when somebody held the client: holds are read immediately before it.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(5);

/// Where people are asked, nothing is changed without a yes that still holds.
pub fn nothing_unasked(case: &Case<'_>, found: &mut Found) {
    for change in case.automatic() {
        let asks = case.guards_at(change.at).all(|guards| guards.applies && guards.asks);
        // What is old by a clock that was set may still hold by it.
        let holds = APPROVAL + OLD_GUARDS;
        if asks && !case.was_decided(change, Decided::Approved, holds) && !case.clock_was_set(change.at, holds) {
            let client = change.client();
            found.add(
                change.at,
                format!("a change of client {client} was sent, and nobody had approved it"),
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
