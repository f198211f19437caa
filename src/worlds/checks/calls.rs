//! The cap of calls is never exceeded, and nothing grows without end.

use super::{Invariant, Violation};
use crate::worlds::world::Played;

pub(super) fn check(played: &Played, found: &mut Vec<Violation>) {
    let cap = u64::from(played.plan.rate_per_minute);
    if played.max_calls_in_60s > cap {
        let calls = played.max_calls_in_60s;
        found.push(Violation {
            invariant: Invariant::Calls,
            at: played.ended,
            what: format!("{calls} calls in 60 s, where {cap} are allowed"),
        });
    }
}
