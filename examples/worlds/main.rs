//! Plays simulated worlds.

use std::collections::BTreeMap;
use std::time::Instant;

use balancewatch::worlds::log::Fact;
use balancewatch::worlds::{play, seed};

#[expect(clippy::print_stdout, reason = "this is what it is for")]
#[expect(clippy::disallowed_methods, reason = "it measures itself")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |place: usize, otherwise: u64| {
        arguments
            .get(place)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (first, count, days) = (number(1, 1), number(2, 1), number(3, 10));
    for world in first..first + count {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let began = Instant::now();
        let played = play(
            seed::plan(world, u32::try_from(days).expect("so many days")),
            folder.path(),
        );
        let took = began.elapsed();
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for entry in &played.log {
            let kind = match &entry.fact {
                Fact::Asked { function, .. } => format!("asked {function}"),
                Fact::Received(received) => format!("received {}", received.channel),
                Fact::NotStarted { why, .. } => format!("not started: {why}"),
                Fact::Ended { why, .. } => format!("ended: {why:?}"),
                other => format!("{other:?}")
                    .split([' ', '{'])
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            };
            *kinds.entry(kind).or_default() += 1;
        }
        println!(
            "seed {world}: {:?} for {days} days, {} clients, interval {}",
            took, played.plan.clients, played.plan.interval
        );
        println!("{kinds:#?}");
        println!("{:#?}", played.operations);
        println!(
            "calls {} max/60s {} (rate {}) bytes {:?}",
            played.calls,
            played.max_calls_in_60s,
            played.plan.rate_per_minute,
            played
                .end
                .as_ref()
                .map(|end| (end.bytes, end.notifications.len(), end.view.alerts.len()))
        );
    }
}
