//! The API misbehaves: broken answers for some, no access, nothing at all.

use serde_json::{Value, json};

use super::world::{World, nothing_new, numbers};

#[tokio::test(flavor = "multi_thread")]
async fn broken_answers_for_some_keep_nobody_else_from_being_judged_and_are_no_alert_about_money() {
    // The kind that each is counted by.
    for (fault, kind) in [
        ("html-503", "http_503"),
        ("html-403", "http_403"),
        ("http-429", "http_429"),
        ("http-500", "http_500"),
        ("truncated", "truncated"),
        ("empty", "empty"),
        ("null-status", "null_status"),
        ("wrong-types", "bad_amount"),
        ("reset-before", "reset"),
        ("reset-after", "reset"),
        ("maintenance", "method_maintenance"),
        ("unavailable", "unavailable_info"),
    ] {
        let world = World::new(12).await;
        nothing_new(&world.sweep(0).await);
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
        assert_eq!(alerts.as_array().unwrap().len() as u64, 12 - unread, "{fault}: {alerts}");

        world.fault(&format!("{fault}@clients"), "0");
        let report = world.sweep(0).await;
        assert_eq!(numbers(&report, "alerts"), [unread, 0, 0], "{fault}: {report}");
    }
}
