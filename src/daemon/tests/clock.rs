//! The wall clock is set in the middle of every kind of waiting. Going back counts as no time passed and stops nothing;
//! going forward restarts what must hold for a time.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::{Stage, calls, id, stepping};
use crate::domain::notice::Transition;

const FAST: &str = "rate_per_minute = 1000000";

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// By how many seconds the wall clock is set.
const JUMPS: [i64; 7] = [0, -14, -90, -DAY, 14, 90, DAY];

/// Something that is waited for.
struct Wait {
    name: &'static str,
    config: &'static str,
    /// Makes it begin; a sweep follows.
    begin: fn(&Stage) -> BoxFuture<'_, ()>,
    is_over: fn(&Stage) -> BoxFuture<'_, bool>,
    /// After how many minutes it is over, at the earliest and at the latest, when the clock was not set, when it was set
    /// back, and when it jumped forward a minute after the beginning.
    minutes: [(u64, u64); 3],
}

const WAITS: [Wait; 7] = [
    Wait {
        name: "a client is not read for half an hour",
        config: "",
        begin: |stage| fault(stage, "html-503"),
        is_over: |stage| fires(stage, "blind"),
        minutes: [(25, 35), (25, 37), (31, 42)],
    },
    Wait {
        name: "a breach that must hold for ten minutes",
        config: "[[policy]]\nname = 'low-balance'\nfor = '10m'\n",
        begin: |stage| balance(stage, "4"),
        is_over: |stage| fires(stage, "low-balance"),
        minutes: [(10, 10), (10, 15), (10, 20)],
    },
    Wait {
        name: "a repeat after an hour",
        config: "[[policy]]\nname = 'low-balance'\nrepeat_every = '1h'\n",
        begin: |stage| balance(stage, "4"),
        is_over: |stage| told(stage, |transition| matches!(transition, Transition::Repeated { .. })),
        minutes: [(60, 60), (60, 66), (5, 60)],
    },
    Wait {
        name: "a client's mail at the end of a cool-down of an hour",
        config: "[alerts]\nnotify_clients = true\n[[policy]]\nname = 'low-balance'\ncool_down = '1h'\n",
        begin: |stage| {
            async {
                for balance in ["4", "400", "400", "4"] {
                    stage.edit(&id(0), balance);
                    stage.pass().await;
                    stage.wait(300);
                }
            }
            .boxed()
        },
        is_over: |stage| told(stage, |transition| matches!(transition, Transition::ClientDue)),
        minutes: [(50, 60), (50, 66), (5, 60)],
    },
    Wait {
        name: "the next try of a mail that could not leave",
        config: "",
        begin: |stage| balance(stage, "4"),
        is_over: |stage| {
            async {
                let next = stage.daemon.store.next_message_at().await.unwrap().unwrap();
                next <= stage.clock.now()
            }
            .boxed()
        },
        minutes: [(0, 2), (0, 2), (0, 2)],
    },
    Wait {
        name: "the second look at the first change, before the next one",
        config: "[[policy]]\nname = 'dry'\nwhen = { balance_at_most = '0' }\nenforce = { balance_management = 'hard' }\n\
                 [enforcement]\nmode = 'apply'\ncanary_wait = '20m'\n",
        begin: |stage| {
            async {
                stage.edit(&id(0), "-1");
                stage.edit(&id(1), "-2");
            }
            .boxed()
        },
        is_over: |stage| async { calls(&stage.simulator, "setClient") >= 2 }.boxed(),
        minutes: [(20, 25), (20, 30), (5, 25)],
    },
    Wait {
        name: "the next list of clients, after five minutes",
        config: "",
        begin: |stage| async { stage.simulator.remove_client(&id(0)).unwrap() }.boxed(),
        is_over: |stage| {
            async {
                let clients = stage.view().await.clients;
                clients.iter().any(|watched| watched.vanished_at.is_some())
            }
            .boxed()
        },
        minutes: [(5, 5), (5, 10), (5, 10)],
    },
];

fn fault<'a>(stage: &'a Stage, name: &'a str) -> BoxFuture<'a, ()> {
    async move { stage.simulator.set_fault(&format!("{name}@{}", id(0)), "1").unwrap() }.boxed()
}

fn balance<'a>(stage: &'a Stage, balance: &'a str) -> BoxFuture<'a, ()> {
    async move { stage.edit(&id(0), balance) }.boxed()
}

fn fires<'a>(stage: &'a Stage, policy: &'a str) -> BoxFuture<'a, bool> {
    async move { stage.firing().await.contains(&format!("{}/{policy}", id(0))) }.boxed()
}

fn told(stage: &Stage, is_it: fn(&Transition) -> bool) -> BoxFuture<'_, bool> {
    async move { stage.notices().await.iter().any(|notice| is_it(&notice.transition)) }.boxed()
}

/// After how many minutes of monotonic time a wait is over, when the wall clock is set by `jump` a minute after it began.
async fn minutes_until(wait: &Wait, jump: i64) -> u64 {
    let mut stage = Stage::new(4, FAST, wait.config).await;
    stage.pass().await;
    stage.wait(300);
    (wait.begin)(&stage).await;
    let began = stage.clock.monotonic();
    for minute in 0..120 {
        if minute % 5 == 0 {
            stage.pass().await;
        } else {
            stage.daemon.watches[0].judge_silence().await.unwrap();
        }
        if minute == 0 {
            let Stage { daemon, stepper, .. } = &mut stage;
            stepping(stepper, 500, daemon.deliver(std::future::pending()))
                .await
                .unwrap();
        }
        if (wait.is_over)(&stage).await {
            return (stage.clock.monotonic() - began).as_secs() / 60;
        }
        stage.wait(60);
        if minute == 0 {
            stage.stepper.set_wall(SignedDuration::from_secs(jump));
        }
    }
    panic!("{}, {jump}: never", wait.name);
}

#[tokio::test]
async fn no_wait_gets_longer_when_the_clock_is_set_back_and_none_is_cut_short_that_must_not_be() {
    for wait in &WAITS {
        for jump in JUMPS {
            let kind = match jump {
                0..=60 => 0,
                ..0 => 1,
                _ => 2,
            };
            let (earliest, latest) = wait.minutes[kind];
            let minutes = minutes_until(wait, jump).await;
            assert!(
                (earliest..=latest).contains(&minutes),
                "{}, the clock was set by {jump} s: over after {minutes} min, not {earliest} to {latest}",
                wait.name
            );
        }
    }
}

/// How often the account was asked by a daemon that ran for so many minutes, its clock set after some of them.
async fn asked_in(stage: Stage, minutes: u64, jump: i64) -> usize {
    let Stage {
        simulator,
        daemon,
        clock,
        stepper,
        folder: _folder,
        ..
    } = stage;
    let stop = async {
        for quarter in 0..minutes * 4 {
            clock.sleep(std::time::Duration::from_secs(15)).await;
            if quarter == 9 {
                stepper.set_wall(SignedDuration::from_secs(jump));
            }
        }
    };
    stepping(&stepper, 5_000, daemon.run(stop)).await.unwrap();
    calls(&simulator, "getBalance")
}

#[tokio::test]
async fn sweeps_go_on_when_the_clock_is_set_back() {
    let swept = asked_in(Stage::new(2, FAST, "").await, 11, -2 * HOUR).await;
    assert!((3..=4).contains(&swept), "{swept} sweeps at 0, 5 and 10 minutes");
}

#[tokio::test]
async fn probes_go_on_when_the_clock_is_set_back() {
    let stage = Stage::new(2, FAST, "").await;
    stage.simulator.set_setting("api-enabled", "off").unwrap();
    let probed = asked_in(stage, 8, -DAY).await;
    assert!((4..=5).contains(&probed), "{probed} probes at 0, 1, 3 and 7 minutes");
}
