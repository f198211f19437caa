//! The real binary, killed more than two hundred times at any moment, with everybody it meets a process of its own. Whatever
//! happened, in the end everybody was told of everything once, and nothing was changed but what was to be.

mod account;
mod lives;
pub mod receiver;
mod stage;

use std::time::Duration;

use balancewatch::clock::Clock;
use futures_util::future::join_all;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use lives::{Course, Lived, live};
use stage::Stage;

/// Some that are let do what they want, and one that the provider allows a call a second.
const COURSES: [Course; 4] = [
    Course {
        seed: 1,
        kills: 56,
        rate_per_minute: 60_000,
    },
    Course {
        seed: 2,
        kills: 56,
        rate_per_minute: 60_000,
    },
    Course {
        seed: 3,
        kills: 56,
        rate_per_minute: 60_000,
    },
    Course {
        seed: 4,
        kills: 40,
        rate_per_minute: 6_000,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_lose_nothing_and_tell_nothing_twice() {
    // On the heap: a test's thread has little stack.
    let lived = join_all(COURSES.map(|course| Box::pin(live(course)))).await;
    for lived in &lived {
        account::settle(lived).await;
    }
    let sum = |of: fn(&Lived) -> usize| lived.iter().map(of).sum::<usize>();
    let kills = [0, 1, 2, 3].map(|kind| lived.iter().map(|lived| lived.kills[kind]).sum::<u32>());
    let (robbed, fell) = (
        sum(|lived| lived.robbed.len()),
        sum(|lived| lived.fell.iter().map(|(_, times)| times).sum()),
    );
    let (terms, receivers) = (sum(|lived| lived.terms), sum(|lived| lived.receivers_killed));
    let much = format!("kills {kills:?}, ended {terms}, receivers killed {receivers}, fell {fell}, robbed {robbed}");
    assert!(
        kills.iter().sum::<u32>() >= 200 && kills.iter().all(|kills| *kills >= 10),
        "{much}"
    );
    assert!(
        terms >= 5 && receivers >= 5 && fell >= 20 && robbed >= 8,
        "too little happened: {much}"
    );
}

/// Calls that may be made in any 60 seconds: so few that a program that forgot at each start what was called would exceed it.
const FEW_CALLS: u32 = 60;

/// How long it is killed for: what is counted is full by then.
const LONGER_THAN_THE_WINDOW: Duration = Duration::from_secs(70);

#[tokio::test(flavor = "multi_thread")]
async fn the_cap_of_calls_holds_over_kills() {
    let stage = Stage::set(3, FEW_CALLS).await;
    let mut dice = ChaCha8Rng::seed_from_u64(5);
    let (clock, mut kills) = (Clock::real(), 0);
    while clock.monotonic() < LONGER_THAN_THE_WINDOW {
        let mut daemon = stage.daemon();
        let lives_for = Duration::from_millis(dice.random_range(300..800));
        let ended = tokio::time::timeout(lives_for, daemon.end()).await;
        assert!(ended.is_err(), "it ended by itself: {}", stage.log());
        daemon.signal("KILL");
        daemon.end().await;
        kills += 1;
    }
    let stats = stage.stats().await;
    let most = stats["max_calls_in_60s"].as_u64().unwrap();
    assert!(
        (1..=u64::from(FEW_CALLS)).contains(&most),
        "{most} calls in 60 s over {kills} kills: {stats}"
    );
}
