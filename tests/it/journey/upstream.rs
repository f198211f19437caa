//! The API misbehaves: broken answers for some, no access, nothing at all.

use futures_util::future::join_all;
use serde_json::json;

use super::world::{API_PASSWORD, World, nothing_new, numbers};

#[tokio::test(flavor = "multi_thread")]
async fn broken_answers_for_some_keep_nobody_else_from_being_judged_and_are_no_alert_about_money() {
    // The kind that each is counted by. `limit` and `http-429` are no failure of a client, but of the pace.
    let kinds = [
        ("html-503", "http_503"),
        ("html-403", "http_403"),
        ("http-500", "http_500"),
        ("truncated", "truncated"),
        ("empty", "empty"),
        ("null-status", "null_status"),
        ("wrong-types", "bad_amount"),
        ("reset-before", "reset"),
        ("reset-after", "reset"),
        ("maintenance", "method_maintenance"),
        ("unavailable", "unavailable_info"),
    ];
    join_all(kinds.map(|(fault, kind)| one_kind(fault, kind))).await;
}

async fn one_kind(fault: &str, kind: &str) {
    // The first look at all of them: later, so many at once would be taken for wrong data.
    let world = World::new(12).await;
    world.fault(&format!("{fault}@clients"), "0.3");
    for id in &world.ids {
        world.balance(id, "5.00");
    }
    let report = world.sweep(0).await;
    let unread = report["errors"][kind].as_u64().unwrap_or_default();
    assert!(unread > 0 && unread < 12, "{fault}: {report}");
    assert_eq!(report["errors"], json!({ kind: unread }), "{fault}");
    assert_eq!(report["readings"], 12 - unread, "{fault}");
    assert_eq!(numbers(&report, "alerts"), [12 - unread, 0, 0], "{fault}: {report}");
    let alerts = world.json(&["alerts", "--all"]).await;
    assert_eq!(
        alerts.as_array().unwrap().len() as u64,
        12 - unread,
        "{fault}: {alerts}"
    );

    world.fault(&format!("{fault}@clients"), "0");
    let report = world.sweep(0).await;
    assert_eq!(numbers(&report, "alerts"), [unread, 0, 0], "{fault}: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_are_waited_for_and_count_like_any_others() {
    let world = World::new(12).await;
    world.simulator.set_setting("slow-secs", "1").unwrap();
    world.fault("slow@clients", "0.3");
    for id in &world.ids {
        world.balance(id, "5.00");
    }
    let report = world.sweep(0).await;
    assert_eq!((&report["readings"], &report["errors"]), (&json!(12), &json!({})));
    assert_eq!(numbers(&report, "alerts"), [12, 0, 0], "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_account_is_one_mail_with_the_fix_and_recovers() {
    for (refuse, allow, says) in [
        (("api-enabled", "off"), ("api-enabled", "on"), "portal's API page"),
        (
            ("allowed-addresses", ""),
            ("allowed-addresses", "0.0.0.0"),
            "list 127.0.0.1 on the",
        ),
    ] {
        let world = World::new(12).await;
        nothing_new(&world.sweep(0).await);
        world.simulator.set_setting(refuse.0, refuse.1).unwrap();
        for id in &world.ids {
            world.balance(id, "5.00");
        }
        let before = world.simulator.stats()["calls"].as_u64().unwrap();
        let said = world.run(&["sweep", "--once", "--output", "json"]).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            said.err.contains("could not be asked") && said.err.contains(says),
            "{said:?}"
        );
        let checked = world.run(&["check", "--online"]).await;
        assert!(checked.code == Some(1) && checked.out.contains(says), "{checked:?}");
        let calls = world.simulator.stats()["calls"].as_u64().unwrap() - before;
        assert!(calls < 12, "{calls} calls to an account that is refused");
        let mails = world.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails[0].says(&["account-access", says]);
        nothing_new(&world.sweep(1).await);

        world.simulator.set_setting(allow.0, allow.1).unwrap();
        world.sweep(0).await;
        let report = world.sweep(0).await;
        assert_eq!(firing(&world, "account-access").await, 0, "{report}");
        assert_eq!(firing(&world, "low-balance").await, 12, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_that_no_changes_can_be_made_while_the_api_reads_no_forms() {
    let world = World::new(1).await;
    let says = "changes are declined meanwhile";
    for (setting, is_said) in [("off", false), ("on", true)] {
        world.simulator.set_setting("multipart-missing", setting).unwrap();
        let checked = world.run(&["check", "--online"]).await;
        assert_eq!(checked.code, Some(0), "{checked:?}");
        assert!(checked.out.contains("logged in"), "{checked:?}");
        assert_eq!(checked.out.contains(says), is_said, "{setting}: {checked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_one_mail_with_the_fix_and_recovers() {
    let world = World::new(3).await;
    world.reconfigure(API_PASSWORD, "not-the-password");
    let report = world.sweep(1).await;
    assert_eq!(
        (&report["readings"], &report["alerts"]["fired"]),
        (&json!(0), &json!(1))
    );
    let mails = world.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails[0].says(&["account-access", "password"]);
    world.reconfigure("not-the-password", API_PASSWORD);
    world.sweep(0).await;
    world.sweep(0).await;
    assert_eq!(firing(&world, "account-access").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_fails_for_all_is_one_alert_and_no_alert_of_any_client() {
    // The first look at all of them: later, so many at once would be taken for wrong data.
    let world = World::new(12).await;
    world.fault("html-503@clients", "1");
    for _ in 0..3 {
        world.sweep(0).await;
    }
    let alerts = world.json(&["alerts", "--all"]).await;
    let policies: Vec<&str> = alerts
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["policy"].as_str().unwrap())
        .collect();
    assert_eq!(policies, ["upstream"], "{alerts}");
    assert_eq!(world.mails().len(), 1);
    world.mails()[0].says(&["upstream"]);
    world.fault("html-503@clients", "0");
    for _ in 0..3 {
        world.sweep(0).await;
    }
    assert_eq!(world.json(&["alerts", "--all"]).await, json!([]));
    let mails = world.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert_eq!(mails[1].references, mails[0].references);
}

/// How many alerts of a policy fire.
async fn firing(world: &World, policy: &str) -> usize {
    let alerts = world.json(&["alerts"]).await;
    alerts
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["policy"] == policy)
        .count()
}
