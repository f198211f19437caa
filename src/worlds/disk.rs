//! The disk below the store: what it does not do, and the crashes between two statements.

use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Handle, Runtime};

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

/// Where the tasks of databases run, and their deadlines: in real time.
pub(super) fn database() -> &'static Handle {
    static DATABASE: OnceLock<Runtime> = OnceLock::new();
    let runtime = DATABASE.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        built.unwrap_or_else(|error| unreachable!("the machine gives no thread: {error}"))
    });
    runtime.handle()
}
