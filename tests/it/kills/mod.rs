//! The real binary, killed more than two hundred times at any moment, with everybody it meets a process of its own. Whatever
//! happened, in the end everybody was told of everything once, and nothing was changed but what was to be.

mod account;
mod lives;
pub mod receiver;
mod stage;

use futures_util::future::join_all;

use lives::{Course, Lived, live};

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
