//! What each text and each edit may be, on both sides of its bounds, and what comes of it.

use std::time::Duration;

use serde_json::json;

use super::{AUTH, RECORD, json_of, simulator, status};

#[test]
fn an_address_has_a_name_one_at_sign_and_a_host_with_a_dot() {
    let simulator = simulator(&[]);
    let (longest, too_long) = (
        format!("{}@example.com", "x".repeat(254 - 12)),
        format!("{}@example.com", "x".repeat(255 - 12)),
    );
    for (email, is_good) in [
        ("ann@example.com", true),
        ("ann.b%2Bc@mail.example.com", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("ann", false),
        ("@example.com", false),
        ("ann@example", false),
        ("ann@b@example.com", false),
        ("ann b@example.com", false),
        ("ann@exam ple.com", false),
        ("ann@example.com%09", false),
    ] {
        let query = format!("{AUTH}&method=setClientThreshold&client=561115&threshold=5&email={email}");
        let expected = if is_good { "success" } else { "invalid_email" };
        assert_eq!(status(&simulator, &query), expected, "{email}");
    }
    let stored = simulator.client("561115").unwrap()["threshold_email"].clone();
    assert_eq!(stored, longest, "the last good one");
}

#[test]
fn field_rules_bound_what_is_sent_and_judge_nothing_else() {
    let zip = |zip: &str| RECORD.replace("zip=02134", &format!("zip={zip}"));
    let without_zip = RECORD.replace("&zip=02134", "");
    for (name, query, expected) in [
        ("ten characters", zip("02134-1234"), "success"),
        ("eleven", zip("02134-12345"), "invalid_zip"),
        ("a letter too many", zip("02134_1234"), "invalid_zip"),
        ("none", zip(""), "success"),
        ("not sent", without_zip.clone(), "success"),
    ] {
        let simulator = simulator(&["field-rules=on", "omitted-fields=kept"]);
        // What somebody wrote in the portal long ago.
        simulator
            .edit("561115", &json!({"zip": "<unknown, ask again>"}))
            .unwrap();
        assert_eq!(status(&simulator, &format!("{AUTH}&{query}")), expected, "{name}");
    }
}

#[test]
fn a_point_without_a_fraction_is_a_whole_threshold() {
    for (setting, expected, stored) in [
        ("threshold-fractions=kept", "success", "7"),
        ("threshold-fractions=cut", "success", "7"),
        ("threshold-fractions=refused", "Invalid_threshold", "130"),
    ] {
        let simulator = simulator(&[setting]);
        let query = format!("{AUTH}&method=setClientThreshold&client=561115&threshold=7.");
        assert_eq!(status(&simulator, &query), expected, "{setting}");
        assert_eq!(simulator.client("561115").unwrap()["threshold"], stored, "{setting}");
    }
}

#[test]
fn a_ledger_that_is_not_empty_is_listed_whatever_an_empty_one_answers() {
    for setting in ["empty-ledger=list", "empty-ledger=absent", "empty-ledger=status"] {
        let simulator = simulator(&[setting, "spending=off", "top-ups=off"]);
        for (function, key) in [("getCharges", "charges"), ("getDeposits", "deposits")] {
            let answer = json_of(&simulator, &format!("method={function}&client=561115"));
            assert_eq!(answer["status"], "success", "{setting}");
            assert!(!answer[key].as_array().unwrap().is_empty(), "{setting}: {answer}");
        }
    }
}

#[test]
fn an_edit_by_code_is_an_edit_by_name() {
    for (by_name, by_code) in [("hard", "1"), ("soft", "2")] {
        let simulator = simulator(&[]);
        simulator
            .edit("561115", &json!({"balance_management": by_name}))
            .unwrap();
        simulator
            .edit("561116", &json!({"balance_management": by_code}))
            .unwrap();
        // The codes differ from account to account; who was switched by one of them was switched to what it meant.
        simulator.set_setting("hard-code", "8").unwrap();
        simulator.set_setting("soft-code", "9").unwrap();
        let code = |id: &str| {
            let answer = json_of(&simulator, &format!("method=getClients&client={id}"));
            answer["clients"][0]["balance_management"].clone()
        };
        let expected = if by_name == "hard" { "8" } else { "9" };
        assert_eq!(
            (code("561115"), code("561116")),
            (json!(expected), json!(expected)),
            "{by_name}"
        );
    }
}

#[test]
fn ordered_spending_keeps_to_its_time() {
    let simulator = simulator(&["spending=off", "top-ups=off"]);
    let spends = |order: serde_json::Value| {
        simulator.edit("561115", &json!({"balance": "1000"})).unwrap();
        simulator.edit("561115", &order).unwrap();
        simulator.advance(Duration::from_secs(4 * 3_600));
        simulator.edit("561115", &json!({"spend_per_hour": null})).unwrap();
        simulator.client("561115").unwrap()["balance"].clone()
    };
    // It is noon in Toronto, 17:00 UTC; each order is looked at four hours later.
    for (name, order, balance) in [
        ("from now on", json!({"spend_per_hour": "60"}), "760.0000"),
        (
            "for an hour",
            json!({"spend_per_hour": "60", "spend_until": "2026-11-23T22:00:00Z"}),
            "940.0000",
        ),
        (
            "for its last two hours",
            json!({"spend_per_hour": "60", "spend_from": "2026-11-24T03:00:00Z"}),
            "880.0000",
        ),
        (
            "for one between",
            json!({"spend_per_hour": "60", "spend_from": "2026-11-24T06:00:00Z", "spend_until": "2026-11-24T07:00:00Z"}),
            "940.0000",
        ),
        (
            "without bounds again",
            json!({"spend_per_hour": "60", "spend_from": null, "spend_until": null}),
            "760.0000",
        ),
    ] {
        assert_eq!(spends(order), balance, "{name}");
    }
}
