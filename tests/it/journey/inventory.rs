//! Clients that leave the list: one that is gone, and a list that is suddenly short.

use serde_json::json;

use super::world::{CLIENTS_TOO, World, address_of, nothing_new};

/// Longer than an inventory holds.
const NEXT_SECS: i64 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_gone_from_two_lists_has_its_alert_withdrawn_once() {
    let world = World::new(10).await;
    world.configure(CLIENTS_TOO);
    nothing_new(&world.sweep(0).await);
    let low = world.ids[4].as_str();
    world.balance(low, "5.00");
    world.sweep(0).await;
    let first = world.to_ops();
    assert_eq!(first.len(), 1, "{first:?}");

    world.simulator.remove_client(low).unwrap();
    let once = world.sweep_later(NEXT_SECS).await;
    assert_eq!(once.report.alerts.withdrawn, 0, "one list may be wrong");
    let twice = world.sweep_later(2 * NEXT_SECS).await;
    assert_eq!(twice.report.alerts.withdrawn, 1, "{:?}", twice.report);
    assert_eq!(world.sweep_later(3 * NEXT_SECS).await.report.alerts.withdrawn, 0);
    let mails = world.to_ops();
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert_eq!(mails[1].references, first[0].references);
    assert_eq!(
        world.mails_to(&address_of(low)).len(),
        1,
        "the client hears nothing of it"
    );
    assert_eq!(world.json(&["alerts", "--all"]).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_suddenly_short_is_an_alert_and_nobody_is_dropped() {
    for (setting, short) in [("list-share", "0.5"), ("no-client", "status"), ("no-client", "list")] {
        let whole = if setting == "list-share" { "1" } else { "off" };
        let world = World::new(20).await;
        nothing_new(&world.sweep(0).await);
        world.balance(&world.ids[0], "5.00");
        world.balance(&world.ids[19], "5.00");
        world.sweep(0).await;
        world.simulator.set_setting(setting, short).unwrap();
        for round in 1..=3 {
            let report = world.sweep_later(round * NEXT_SECS).await.report;
            assert_eq!(report.alerts.withdrawn, 0, "{setting}={short}: {report:?}");
        }
        assert_eq!(
            firing(&world).await,
            ["inventory", "low-balance", "low-balance"],
            "{setting}={short}"
        );
        let told = world
            .to_ops()
            .into_iter()
            .filter(|mail| mail.text.contains("inventory"));
        assert_eq!(told.count(), 1, "{setting}={short}");
        world.simulator.set_setting(setting, whole).unwrap();
        for round in 4..=5 {
            world.sweep_later(round * NEXT_SECS).await;
        }
        assert_eq!(
            firing(&world).await,
            ["low-balance", "low-balance"],
            "{setting}={short}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_readable_list_those_who_are_known_are_judged_as_before() {
    for broken in ["absent", "html-503@getClients", "truncated@getClients"] {
        let world = World::new(5).await;
        nothing_new(&world.sweep(0).await);
        match broken {
            "absent" => world.simulator.set_setting("no-client", "absent").unwrap(),
            fault => world.fault(fault, "1"),
        }
        world.balance(&world.ids[0], "5.00");
        let report = world.sweep_later(NEXT_SECS).await.report;
        assert_eq!((report.readings, report.alerts.fired), (5, 1), "{broken}: {report:?}");
    }
}

/// The policies of the alerts that fire, in their order.
async fn firing(world: &World) -> Vec<String> {
    let alerts = world.json(&["alerts"]).await;
    alerts
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["policy"].as_str().unwrap().to_owned())
        .collect()
}
