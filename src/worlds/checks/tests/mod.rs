//! That each promise can be shown to be broken: a small world in which nothing goes wrong is played once, what it saw is tampered
//! with, and the check must name just that.

mod delivered;
mod enforced;
mod mirrored;
mod others;

use std::sync::LazyLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::circumstances::Circumstances;
use super::{Evidence, Violation};
use crate::worlds::guards::{Asking, Guards, Limit};
use crate::worlds::log::{Entry, Fact, Received};
use crate::worlds::plan::{Deed, Happening, Plan, Planned};
use crate::worlds::world::{Played, play};
use crate::worlds::{seed, told};

/// A seed whose channels hear everything at once, and who has few sweeps.
const PLAIN: u64 = 22;

/// Three clients go dry, the first one alone and the others together; the first one pays in the evening.
static CLEAN: LazyLock<Played> = LazyLock::new(|| {
    let soft = || Deed::Management("soft");
    let deeds = [
        (10, 1, soft()),
        (10, 4, soft()),
        (90, 0, Deed::Balance("-20.00")),
        (150, 1, Deed::Balance("-5.00")),
        (150, 4, Deed::Balance("-5.00")),
        (630, 0, Deed::Balance("400.00")),
    ];
    let happenings = deeds
        .into_iter()
        .enumerate()
        .map(|(number, (minutes, index, deed))| happening(number, minutes, Happening::Client { index, deed }));
    let plan = Plan {
        clients: 6,
        // So long that everybody is reminded.
        length: Duration::from_secs(28 * 3_600),
        settings: Vec::new(),
        guards: Some(Guards {
            applies: true,
            asks: false,
            per_hour: 50,
            share_percent: 100,
            per_sweep: 3,
            per_day: 20,
            protect: Vec::new(),
            canary_wait_secs: 0,
            policies: vec![Asking {
                name: "stop-empty",
                limit: Limit::AtMost("0.00"),
                reverts: true,
            }],
        }),
        happenings: happenings.collect(),
        ..seed::plan(PLAIN, 1)
    };
    let folder = tempfile::tempdir().unwrap();
    play(plan, folder.path())
});

/// What is tampered with, and what must be said of it.
type Case = (&'static str, fn(&mut Played), &'static str);

fn happening(number: usize, minutes: u64, what: Happening) -> Planned {
    Planned {
        number,
        after: Duration::from_secs(minutes * 60),
        lasting: Duration::ZERO,
        what,
    }
}

type Check = fn(&Evidence<'_>, &mut Vec<Violation>);

/// What a check says of a world.
fn found(check: Check, played: &Played) -> Vec<String> {
    let mut found = Vec::new();
    let said = told::said(&played.log);
    let evidence = Evidence {
        played,
        said: &said,
        circumstances: &Circumstances::of(&played.log),
    };
    check(&evidence, &mut found);
    found.into_iter().map(|violation| violation.what).collect()
}

/// Each case breaks the promise, and nothing else is said than what it expects.
fn each_is_named(check: Check, cases: &[Case]) {
    assert_eq!(found(check, &CLEAN), [""; 0], "nothing is wrong in it");
    for (name, tamper, expected) in cases {
        let mut played = CLEAN.clone();
        tamper(&mut played);
        let found = found(check, &played);
        assert!(!found.is_empty(), "{name}: nothing was found");
        assert!(found.iter().all(|what| what.contains(expected)), "{name}: {found:#?}");
    }
}

/// Adds something that was seen, behind all that was seen until then.
fn add(played: &mut Played, at: Timestamp, fact: Fact) {
    let place = played.log.partition_point(|entry| entry.at <= at);
    played.log.insert(place, Entry { at, fact });
}

/// The webhook is told that something fires, at a time.
fn tell(played: &mut Played, at: Timestamp, (policy, client): (&str, &str)) {
    let alert = serde_json::json!({
        "status": "firing", "labels": { "alertname": policy, "client": client }, "annotations": {},
    });
    let received = Fact::Received(Received {
        channel: "hook".to_owned(),
        recipient: String::new(),
        id: "added".to_owned(),
        client: String::new(),
        body: serde_json::json!({ "alerts": [alert] }).to_string(),
        reply_lost: false,
        life: 1,
    });
    add(played, at, received);
}

fn minutes(at: Timestamp, minutes: i64) -> Timestamp {
    at + SignedDuration::from_mins(minutes)
}
