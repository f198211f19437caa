//! Who is asked, what is counted, and what is left for the next sweep.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Stage, calls, id, stepping};
use crate::monitor::{Progress, Silent};

const FAST: &str = "rate_per_minute = 1000000";

#[tokio::test]
async fn a_sweep_asks_everybody_and_fires_for_who_is_low() {
    let stage = Stage::new(20, FAST, "").await;
    assert_eq!(stage.pass().await.report.readings, 20);
    let low = id(3);
    stage.edit(&low, "4");
    stage.wait(300);
    let report = stage.pass().await.report;
    assert_eq!((report.clients, report.readings, report.deferred), (20, 20, 0));
    assert_eq!(stage.firing().await, [format!("{low}/low-balance")]);
}

#[tokio::test]
async fn who_never_answers_in_time_has_its_turn_also_when_the_calls_do_not_reach_everybody() {
    let stage = Stage::new(40, "rate_per_minute = 4\nconcurrency = 2", "").await;
    let silent = id(7);
    let fault = format!("slow@{silent}");
    stage.simulator.set_fault(&fault, "1").unwrap();
    let mut asked = Vec::new();
    for _ in 0..9 {
        let report = stage.pass().await.report;
        let done = report.readings + report.errors.values().sum::<u64>();
        assert_eq!((report.clients, report.deferred), (40, 40 - done), "{report:?}");
        asked.push(stage.asked_at(&silent).await);
        stage.wait(10);
    }
    asked.dedup();
    assert!(
        asked.iter().flatten().count() >= 2,
        "asked again although others wait, too: {asked:?}"
    );
}

/// A sweep that stands still is a daemon that is blind without saying so: whoever holds the turn at the pace must get on
/// while the sweep itself asks whether the account answers at all.
#[tokio::test]
async fn many_failures_at_once_do_not_bring_a_paced_sweep_to_a_standstill() {
    let stage = Stage::new(20, "rate_per_minute = 1200\nconcurrency = 8", "").await;
    stage.pass().await;
    stage.wait(300);
    let fault = "unavailable@getResellerBalance";
    stage.simulator.set_fault(fault, "1").unwrap();
    let pass = tokio::time::timeout(std::time::Duration::from_secs(60), stage.pass()).await;
    let report = pass.expect("the sweep ends").report;
    assert_eq!(report.readings, 0, "{report:?}");
    assert!(report.errors["unavailable_info"] >= 10, "{report:?}");
    assert!(
        super::calls(&stage.simulator, "getBalance") > 2,
        "the account was doubted"
    );
}

/// Whom the API's own limit keeps from an answer was asked all the same: else it would come first in every sweep, and each
/// of its tries costs everybody a minute.
#[tokio::test]
async fn who_meets_the_limit_each_time_does_not_come_first_each_time() {
    let stage = Stage::new(30, "rate_per_minute = 1000000\nconcurrency = 2", "").await;
    let limited: Vec<String> = (0..12).map(id).collect();
    for client in &limited {
        stage.simulator.set_fault(&format!("http-429@{client}"), "1").unwrap();
    }
    let mut readings = 0;
    for _ in 0..3 {
        let report = stage.pass().await.report;
        assert!(report.errors.is_empty(), "it is no failure of theirs: {report:?}");
        readings = readings.max(report.readings);
        stage.wait(1);
    }
    assert_eq!(readings, 18, "one sweep reads all others");
    let view = stage.view().await;
    let unread = view.clients.iter().filter(|watched| watched.reading.is_none());
    assert!(
        unread
            .clone()
            .all(|watched| limited.contains(&watched.client.id.to_string()))
    );
    assert!(unread.clone().any(|watched| watched.last_attempt_at.is_some()));
    assert!(unread.clone().all(|watched| watched.last_error.is_none()));
}

/// Counts what is begun and what is done.
#[derive(Default)]
struct Counted(AtomicU64, AtomicU64);

impl Progress for Counted {
    fn begin(&self, clients: u64) {
        self.0.fetch_add(clients, Ordering::Relaxed);
    }

    fn step(&self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn progress_comes_to_its_end_also_where_the_limit_is_met() {
    let stage = Stage::new(5, FAST, "").await;
    stage.simulator.set_fault(&format!("http-429@{}", id(0)), "1").unwrap();
    stage
        .simulator
        .set_fault(&format!("unavailable@{}", id(1)), "1")
        .unwrap();
    let progress = Counted::default();
    let deadline = stage.clock.now() + jiff::SignedDuration::from_secs(3600);
    let pass = stage.stepping(stage.daemon.watches[0].pass(deadline, &progress));
    let report = pass.await.unwrap().report;
    assert_eq!((report.clients, report.readings), (5, 3), "{report:?}");
    let Counted(begun, done) = progress;
    assert_eq!((begun.into_inner(), done.into_inner()), (5, 5));
}

#[tokio::test]
async fn who_was_to_be_asked_again_and_was_not_counts_as_asked() {
    let stage = Stage::new(1, "rate_per_minute = 3", "").await;
    stage.simulator.set_fault(&format!("slow@{}", id(0)), "1").unwrap();
    let report = stage.pass_within(41).await.report;
    assert_eq!(
        (report.errors.get("timeout"), report.deferred),
        (Some(&1), 0),
        "{report:?}"
    );
    assert!(stage.asked_at(&id(0)).await.is_some());
}

#[tokio::test]
async fn a_sweep_that_the_end_cuts_off_is_no_whole_sweep_and_no_trouble() {
    let stage = Stage::new(10, FAST, "").await;
    stage.pass().await;
    let before = stage.state().await;
    stage.wait(300);
    stage.daemon.stop.send_replace(true);
    let pass = stage.pass().await;
    let after = stage.state().await;
    assert_eq!((pass.not_asked, pass.report.deferred), (None, 10));
    assert_eq!(
        (after.sweep_ended_at, after.last_sweep),
        (before.sweep_ended_at, before.last_sweep)
    );
    assert_eq!(stage.firing().await, [""; 0]);
}

#[tokio::test]
async fn the_end_does_not_wait_for_a_silent_server_and_what_was_read_is_kept() {
    let stage = Stage::new(10, FAST, "").await;
    stage.pass().await;
    stage.wait(300);
    stage.simulator.set_fault(&format!("slow@{}", id(2)), "1").unwrap();
    let calls = || {
        stage
            .simulator
            .requests()
            .to_string()
            .matches("getResellerBalance")
            .count()
    };
    let before = calls();
    let end = async {
        while calls() < before + 10 {
            tokio::task::yield_now().await;
        }
        stage.daemon.stop.send_replace(true);
    };
    let (pass, ()) = tokio::join!(stage.pass(), end);
    let unread = pass.report.deferred + pass.report.errors.values().sum::<u64>();
    assert!(unread >= 1, "{:?}", pass.report);
    let clients = stage.view().await.clients;
    let now = stage.clock.now();
    let fresh = |at: jiff::Timestamp| now.duration_since(at).as_secs() < 60;
    let read = clients.iter().filter(|watched| !watched.client.id.is_pseudo());
    let read = read.filter(|watched| watched.reading.as_ref().is_some_and(|reading| fresh(reading.at)));
    assert_eq!(u64::try_from(read.count()).unwrap(), pass.report.readings);
}

#[tokio::test]
async fn an_account_that_cannot_be_asked_is_probed_ever_more_seldom() {
    let stage = Stage::new(3, FAST, "").await;
    stage.simulator.set_setting("api-enabled", "off").unwrap();
    let simulator = stage.run_for(62).await;
    assert_eq!(calls(&simulator, "getResellerBalance"), 0);
    let probes = calls(&simulator, "getBalance");
    assert!(
        (7..=8).contains(&probes),
        "{probes}: after 0, 1, 3, 7, 15, 30, 45 and 60 minutes"
    );
}

#[tokio::test]
async fn a_mail_that_could_not_leave_is_deferred_in_every_run_until_it_leaves() {
    let mut stage = Stage::new(2, FAST, "").await;
    stage.pass().await;
    stage.edit(&id(0), "4");
    stage.wait(300);
    for run in 1..=2 {
        // The second run comes while the mail server that refused is left alone: its mail is not due.
        let Stage { daemon, stepper, .. } = &mut stage;
        let once = stepping(stepper, 500, daemon.once(Duration::from_secs(10), &Silent))
            .await
            .unwrap();
        let told = once.report.notifications;
        assert_eq!((told.sent, told.deferred, told.dead), (0, 1, 0), "run {run}");
        assert!(!once.must_look());
        stage = stage.restart("").await;
        stage.wait(1);
    }
}
