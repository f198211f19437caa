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

#[tokio::test]
async fn what_lost_its_ground_ends_also_when_nobody_can_be_read() {
    let limits = "[schedule]\nrevisit_within = '1m'\n";
    let stage = Stage::new(4, "rate_per_minute = 5", limits).await;
    stage.edit(&id(0), "4");
    stage.edit(&id(1), "4");
    stage.pass_within(600).await;
    let low = |index| format!("{}/low-balance", id(index));
    let slow = "account/overcommitted".to_owned();
    assert_eq!(stage.firing().await, [low(0), low(1), slow]);

    let exclude = format!("clients = {{ exclude = ['{}'] }}", id(0));
    let disable = "[[policy]]\nname = 'overcommitted'\nenabled = false\n";
    let stage = stage
        .restart(&format!(
            "{limits}[[policy]]\nname = 'low-balance'\n{exclude}\n{disable}"
        ))
        .await;
    stage.simulator.set_fault("html-503@clients", "1").unwrap();
    stage.wait(300);
    let report = stage.pass_within(600).await.report;
    assert_eq!((report.readings, report.alerts.withdrawn), (0, 2), "{report:?}");
    assert!(!stage.firing().await.contains(&low(0)));
    assert!(stage.firing().await.contains(&low(1)));
    let told = stage.notices().await;
    assert!(
        told.iter()
            .any(|notice| notice.policy.as_str() == "overcommitted" && notice.transition.is_end())
    );
}
