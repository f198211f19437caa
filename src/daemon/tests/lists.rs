//! Lists of clients that lie: empty, short, or of other clients. Whoever can be read is watched all the same.

use serde_json::json;

use super::{Stage, calls, id};
use crate::domain::ClientId;

const FAST: &str = "rate_per_minute = 1000000";

/// How many clients were found to have vanished.
async fn vanished(stage: &Stage) -> usize {
    let clients = stage.view().await.clients;
    clients.iter().filter(|watched| watched.vanished_at.is_some()).count()
}

#[tokio::test]
async fn whom_a_short_list_lacks_is_asked_and_judged_as_before() {
    for (setting, short) in [("no-client", "status"), ("no-client", "list"), ("list-share", "0.5")] {
        let stage = Stage::new(20, FAST, "").await;
        stage.pass().await;
        stage.simulator.set_setting(setting, short).unwrap();
        for _ in 0..3 {
            stage.wait(300);
            assert_eq!(stage.pass().await.report.readings, 20, "{setting}={short}");
        }
        stage.edit(&id(19), "-5");
        stage.wait(300);
        stage.pass().await;
        let own = |policy| format!("{}/{policy}", id(19));
        let expected = [own("low-balance"), own("overdrawn"), "account/inventory".to_owned()];
        assert_eq!(stage.firing().await, expected, "{setting}={short}");
        assert_eq!(vanished(&stage).await, 0);
    }
}

#[tokio::test]
async fn who_is_blind_is_held_back_while_the_list_is_short_and_told_when_it_is_back() {
    let stage = Stage::new(20, FAST, "").await;
    stage.pass().await;
    stage.simulator.set_setting("no-client", "status").unwrap();
    let unread: Vec<String> = (3..8).map(id).collect();
    for client in &unread {
        stage.simulator.set_fault(&format!("html-503@{client}"), "1").unwrap();
    }
    for _ in 0..12 {
        stage.wait(300);
        stage.pass().await;
        stage.daemon.watches[0].judge_silence().await.unwrap();
    }
    assert_eq!(stage.firing().await, ["account/inventory"], "one alert, not one each");
    stage.simulator.set_setting("no-client", "off").unwrap();
    for _ in 0..3 {
        stage.wait(300);
        stage.pass().await;
    }
    let blind: Vec<String> = unread.iter().map(|id| format!("{id}/blind")).collect();
    assert_eq!(stage.firing().await, blind);
}

/// `invalid_client` is the word about one client that lists lack: the others are not doubted for it.
#[tokio::test]
async fn a_fleet_that_is_replaced_is_told_and_who_is_gone_is_no_failure_of_the_api() {
    let stage = Stage::new(20, FAST, "").await;
    stage.pass().await;
    for index in 0..20 {
        stage.simulator.remove_client(&id(index)).unwrap();
        let fields = json!({ "balance": "100", "threshold": "10" });
        stage.simulator.add_client(&fields).unwrap();
    }
    let own_before = calls(&stage.simulator, "getBalance");
    for pass in 1..=4 {
        stage.wait(300);
        let report = stage.pass().await.report;
        assert_eq!(report.readings, 20, "the new ones: {report:?}");
        assert_eq!(stage.firing().await, ["account/inventory"], "pass {pass}");
    }
    assert_eq!(vanished(&stage).await, 20, "asked for by their ids, some in each sweep");
    assert_eq!(calls(&stage.simulator, "getBalance") - own_before, 4, "no doubt");
    let view = stage.view().await;
    let reason = view.alerts[0].reason.to_string();
    assert!(reason.contains("lacks 20 of 40"), "{reason}");
    // A day later the list is the measure.
    for _ in 0..24 {
        stage.wait(3600);
        stage.pass().await;
    }
    assert_eq!(stage.firing().await, [""; 0]);
}

/// One by one and two by two, each too few to be told: a day's sum counts.
#[tokio::test]
async fn a_list_that_shrinks_slowly_is_told() {
    let stage = Stage::new(20, FAST, "").await;
    stage.pass().await;
    for gone in 0..4 {
        assert_eq!(stage.firing().await, [""; 0], "{gone} gone");
        stage.simulator.remove_client(&id(gone)).unwrap();
        for _ in 0..6 {
            stage.wait(300);
            stage.pass().await;
        }
        if gone == 2 {
            break;
        }
    }
    assert_eq!(vanished(&stage).await, 3);
    assert_eq!(stage.firing().await, ["account/inventory"]);
}

/// The client that is asked for by its id in vain must not keep all others from being asked.
#[tokio::test]
async fn who_cannot_be_asked_for_by_its_id_keeps_nobody_waiting() {
    let stage = Stage::new(40, FAST, "").await;
    stage.pass().await;
    for index in 0..40 {
        stage.simulator.remove_client(&id(index)).unwrap();
    }
    for index in 0..12 {
        stage
            .simulator
            .set_fault(&format!("html-503@{}", id(index)), "1")
            .unwrap();
    }
    for _ in 0..8 {
        stage.wait(300);
        stage.pass().await;
    }
    assert_eq!(vanished(&stage).await, 28);
    let clients = stage.view().await.clients;
    let kept = clients
        .iter()
        .find(|watched| watched.client.id == ClientId::new(&id(0)).unwrap());
    assert!(kept.unwrap().vanished_at.is_none());
}
