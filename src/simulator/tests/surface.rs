//! What `/sim/` offers in process: a fresh start, and what is remembered.

use std::time::Duration;

use super::{Clock, Options, Simulator};

/// Making a large world takes its time, which is none in that world.
#[test]
fn time_begins_when_the_world_is_there() {
    let clock = Clock::real();
    let start = "2026-11-23T17:00:00Z".parse().unwrap();
    let options = Options {
        clients: 2_000,
        speed: "1000".parse().unwrap(),
        start: Some(start),
        ..Options::default()
    };
    let simulator = Simulator::new(options, clock.clone()).unwrap();
    // More than once, should this thread be kept waiting between the two.
    let is_young = (0..10).any(|_| {
        let begun = clock.monotonic();
        simulator.reset().unwrap();
        let age = Duration::try_from(simulator.now().duration_since(start)).unwrap();
        age / 1_000 < clock.monotonic().saturating_sub(begun) / 4
    });
    assert!(is_young);
}
