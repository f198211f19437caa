//! The disk below the store: what it does not do, and the crashes between two statements.

use std::sync::Arc;

use super::plan::Moment;
use super::world::World;
use crate::store::{Course, DiskTrouble, Hook, Step};

/// Operations that only read begin so.
const READS: [&str; 4] = ["load", "read", "count", "look for"];

/// What the store of one life of the program meets.
pub(super) fn hook(world: &Arc<World>, life: u32) -> Hook {
    let world = Arc::clone(world);
    Arc::new(move |step| {
        if let Step::Operation(what) = step {
            world.counts(what);
        }
        if world.is_over(life) || world.passes(life, Moment::Statement, || step.to_string()) {
            return Course::Die;
        }
        match (world.disk(), step) {
            (Some(DiskTrouble::Broken), Step::Operation(_)) => Course::Fail(DiskTrouble::Broken),
            (Some(trouble), Step::Operation(what)) if !READS.iter().any(|read| what.starts_with(read)) => {
                Course::Fail(trouble)
            }
            _ => Course::GoOn,
        }
    })
}
