//! Alerts about clients and the account as a whole, sweep after sweep.

use jiff::SignedDuration;

use super::{Stage, id};
use crate::domain::ClientId;

const FAST: &str = "rate_per_minute = 1000000";

#[tokio::test]
async fn a_jump_that_was_seen_between_two_sweeps_restarts_holds_in_the_next() {
    let low = "[[policy]]\nname = 'low-balance'\nfor = '4m'\n";
    let stage = Stage::new(3, FAST, low).await;
    stage.pass().await;
    stage.edit(&id(0), "4");
    stage.wait(300);
    stage.pass().await;
    stage.wait(60);
    stage.stepper.set_wall(SignedDuration::from_hours(2));
    stage.daemon.watches[0].judge_silence().await.unwrap();
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

#[tokio::test]
async fn what_the_first_look_and_the_first_after_a_long_gap_find_goes_into_one_summary() {
    let stage = Stage::new(8, FAST, "").await;
    let summaries = async || {
        let notices = stage.notices().await;
        let carriers = notices.iter().filter_map(|notice| notice.message.clone());
        let summaries: std::collections::BTreeSet<String> = carriers.filter(|id| id.starts_with("summary.")).collect();
        let alone = notices
            .iter()
            .filter(|notice| notice.message.as_deref() == Some(notice.id.as_str()));
        (summaries.len(), alone.count(), notices.len())
    };
    stage.edit(&id(0), "4");
    stage.edit(&id(1), "4");
    stage.pass().await;
    assert_eq!(summaries().await, (1, 0, 2), "the first look");
    let alerts = stage.view().await.alerts;
    assert!(alerts.iter().all(|alert| alert.firing().unwrap().summary.is_some()));

    stage.edit(&id(2), "4");
    stage.wait(300);
    stage.pass().await;
    assert_eq!(summaries().await, (1, 1, 3), "judged before: told at once");

    stage.edit(&id(3), "4");
    stage.wait(3540);
    stage.pass().await;
    assert_eq!(summaries().await, (1, 2, 4), "a gap of less than an hour");

    stage.edit(&id(4), "4");
    stage.wait(3660);
    stage.pass().await;
    assert_eq!(summaries().await, (2, 2, 5), "a gap of more than an hour");

    stage.edit(&id(0), "100");
    for _ in 0..2 {
        stage.wait(300);
        stage.pass().await;
    }
    assert_eq!(summaries().await, (2, 3, 6), "its end follows the summary");
}

#[tokio::test]
async fn a_new_policy_finds_what_it_finds_in_a_summary_that_waits_for_its_hour() {
    let stage = Stage::new(4, FAST, "").await;
    stage.edit(&id(0), "4");
    stage.pass().await;
    stage.edit(&id(1), "40");
    let stage = stage
        .restart("[[policy]]\nname = 'below-fifty'\nwhen = { balance_below = '50' }\n")
        .await;
    stage.wait(300);
    stage.pass().await;
    let waiting = async || {
        let notices = stage.notices().await;
        notices
            .iter()
            .filter(|notice| notice.message.is_none())
            .map(|notice| notice.state.label().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, ["pending", "pending"], "one summary an hour");
    stage.edit(&id(1), "100");
    for _ in 0..12 {
        stage.wait(300);
        stage.pass().await;
    }
    assert_eq!(waiting().await, ["dropped"], "over before the summary");
    assert_eq!(
        stage.firing().await,
        [format!("{}/below-fifty", id(0)), format!("{}/low-balance", id(0))]
    );
}

#[tokio::test]
async fn who_cannot_be_read_is_blind_after_half_an_hour_unless_nobody_can() {
    let stage = Stage::new(6, FAST, "").await;
    stage.pass().await;
    stage.simulator.set_fault(&format!("html-503@{}", id(2)), "1").unwrap();
    for _ in 0..5 {
        stage.wait(300);
        stage.pass().await;
    }
    assert_eq!(stage.firing().await, [""; 0], "25 minutes");
    for _ in 0..2 {
        stage.wait(300);
        stage.pass().await;
    }
    assert_eq!(stage.firing().await, [format!("{}/blind", id(2))]);
    stage.simulator.set_fault("html-503@clients", "1").unwrap();
    for _ in 0..8 {
        stage.wait(300);
        stage.pass().await;
    }
    let all = stage.firing().await;
    assert_eq!(
        all,
        [format!("{}/blind", id(2)), "account/upstream".to_owned()],
        "one alert, not one each"
    );
    stage.simulator.set_fault("html-503@clients", "0").unwrap();
    stage.simulator.set_fault(&format!("html-503@{}", id(2)), "0").unwrap();
    for _ in 0..3 {
        stage.wait(300);
        stage.pass().await;
    }
    assert_eq!(stage.firing().await, [""; 0]);
}

#[tokio::test]
async fn the_own_balance_is_judged_first_and_its_failure_is_kept() {
    let stage = Stage::new(3, FAST, "").await;
    stage.pass().await;
    stage.edit("reseller", "49.99");
    stage.wait(300);
    stage.pass().await;
    assert_eq!(stage.firing().await, ["reseller/own-balance"]);
    stage.simulator.set_fault("html-503@getBalance", "1").unwrap();
    stage.wait(300);
    let pass = stage.pass().await;
    assert_eq!((pass.not_asked, pass.report.readings), (None, 3), "the clients answer");
    assert_eq!(
        stage.firing().await,
        ["reseller/own-balance"],
        "no decision without a reading"
    );
    let main = crate::domain::AccountName::new("main").unwrap();
    let kept = stage
        .daemon
        .store
        .history(&main, &ClientId::reseller(), 10)
        .await
        .unwrap();
    assert_eq!(kept.len(), 3, "two balances and a gap: {kept:?}");
    let own = stage.view().await.clients;
    let own = own
        .iter()
        .find(|watched| watched.client.id == ClientId::reseller())
        .unwrap();
    assert!(own.last_error.is_some());
}

#[tokio::test]
async fn the_limit_of_the_api_is_no_failure_of_a_client() {
    let stage = Stage::new(3, FAST, "").await;
    stage.simulator.set_fault(&format!("limit@{}", id(1)), "1").unwrap();
    let report = stage.pass_within(3600).await.report;
    assert_eq!(
        (report.readings, report.deferred, report.errors.len()),
        (2, 1, 0),
        "{report:?}"
    );
    let asked = super::calls(&stage.simulator, "getResellerBalance");
    assert_eq!(asked, 2 + 4, "once, and three times again");
}

#[tokio::test]
async fn a_list_that_stays_unreadable_is_told_after_half_an_hour_and_the_known_are_watched_meanwhile() {
    let stage = Stage::new(3, FAST, "").await;
    stage.pass().await;
    stage.simulator.set_fault("html-503@getClients", "1").unwrap();
    for _ in 0..5 {
        stage.wait(300);
        assert_eq!(stage.pass().await.report.readings, 3);
    }
    assert_eq!(stage.firing().await, [""; 0], "25 minutes");
    stage.wait(300);
    stage.pass().await;
    assert_eq!(stage.firing().await, ["account/inventory"]);
    stage.simulator.set_fault("html-503@getClients", "0").unwrap();
    stage.wait(300);
    stage.pass().await;
    assert_eq!(stage.firing().await, [""; 0], "the list is back");
}
