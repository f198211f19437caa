//! Alerts about clients and the account as a whole, sweep after sweep.

use jiff::SignedDuration;

use super::{Stage, id};

const FAST: &str = "rate_per_minute = 1000000";

#[tokio::test]
async fn a_jump_that_was_seen_between_two_sweeps_restarts_holds_in_the_next() {
    let low = "[[policy]]\nname = 'low-balance'\nfor = '4m'\n";
    let stage = Stage::new(3, FAST, low).await;
    stage.pass().await;
    stage.edit(&id(0), "4");
    stage.wait(300);
    stage.pass().await;
    let monitor = &stage.daemon.watches[0].monitor;
    let two_hours_ago = stage.clock.now() - SignedDuration::from_hours(2);
    *monitor.compared.lock().unwrap() = Some((two_hours_ago, stage.clock.monotonic()));
    stage.wait(60);
    monitor.judge_silence().await.unwrap();
    assert_eq!(stage.state().await.clock_jumped_at, Some(stage.clock.now()));
    stage.wait(240);
    stage.pass().await;
    assert_eq!(stage.firing().await, [""; 0], "held anew");
    stage.wait(300);
    stage.pass().await;
    assert_eq!(stage.firing().await, [format!("{}/low-balance", id(0))]);
}
