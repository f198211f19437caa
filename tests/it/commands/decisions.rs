//! `silence` and `ack`: what they take, what they refuse and what they print.

use serde_json::{Value, json};

use super::fleet::Fleet;
use super::{holds, rows, text_of};

#[tokio::test]
async fn a_silence_is_added_shown_everywhere_listed_and_expired() {
    let fleet = Fleet::new().await;
    assert_eq!(fleet.json(&["silence", "list"]), json!([]));
    holds(fleet.run(&["silence", "list"]).text(), &["nothing is silenced"]);
    let said = fleet.run(&[
        "silence",
        "add",
        "--client",
        "561115",
        "--policy",
        "low-balance",
        "--for",
        "2h",
        "--comment",
        "has promised to pay",
        "--by",
        "alice",
    ]);
    holds(
        said.text(),
        &[
            "low-balance of client 561115 is silenced by alice until",
            "Enforcement and the alerts about the brake go on",
        ],
    );
    let list = fleet.json(&["silence", "list"]);
    let silence = &list[0];
    assert_eq!(
        (
            text_of(silence, "by"),
            text_of(silence, "comment"),
            text_of(silence, "account")
        ),
        ("alice", "has promised to pay", "main")
    );
    let id = text_of(silence, "id");
    assert!(id.len() <= 6, "{id}");
    holds(
        fleet.run(&["silence", "list"]).text(),
        &[id, "561115", "low-balance", "in 1h 59m", "has promised"],
    );

    let alerts = fleet.json(&["alerts"]);
    let low = rows(&alerts, "policy", "low-balance")[0];
    assert_eq!(low["silenced_by"], json!({"by": "alice", "until": silence["until"]}));
    assert_eq!(rows(&alerts, "policy", "account-access")[0]["silenced_by"], Value::Null);
    holds(fleet.run(&["alerts"]).text(), &["silenced by alice"]);
    holds(fleet.run(&["status"]).text(), &["1 silenced"]);
    holds(fleet.run(&["client", "561115"]).text(), &["silenced by alice, ends in"]);
    holds(
        fleet.run(&["explain", "561115"]).text(),
        &["not told now", "silenced by alice", "enforcement goes on"],
    );
    let expired = fleet.json(&["silence", "expire", id]);
    assert_eq!(expired, json!({"id": id, "account": "main", "expired": true}));
    fleet
        .run(&["silence", "expire", id])
        .failed(1, &[&format!("no silence `{id}` holds"), "silence list"]);
    assert_eq!(fleet.json(&["silence", "list"]), json!([]));
    assert_eq!(
        rows(&fleet.json(&["alerts"]), "policy", "low-balance")[0]["silenced_by"],
        Value::Null
    );
}

#[tokio::test]
async fn a_silence_that_cannot_be_says_why() {
    let fleet = Fleet::new().await;
    let long = "x".repeat(501);
    let cases: [(&[&str], i32, &[&str]); 10] = [
        (&["--for", "2h", "--comment", "why"], 64, &["--client"]),
        (&["--client", "561115", "--comment", "why"], 64, &["--for"]),
        (&["--client", "561115", "--for", "2h"], 64, &["--comment"]),
        (
            &["--client", "561115", "--for", "2h", "--comment", " "],
            64,
            &["a reason is needed"],
        ),
        (
            &["--client", "561115", "--for", "2h", "--comment", &long],
            64,
            &["at most 500"],
        ),
        (
            &["--client", "561115", "--for", "31d", "--comment", "why"],
            64,
            &["at most 30d"],
        ),
        (
            &["--client", "561115", "--for", "0s", "--comment", "why"],
            64,
            &["over at once"],
        ),
        (
            &["--client", "nobody", "--for", "2h", "--comment", "why"],
            1,
            &["there is no client `nobody`"],
        ),
        (
            &["--policy", "nothing", "--for", "2h", "--comment", "why"],
            1,
            &["there is no policy `nothing`", "low-balance"],
        ),
        (
            &["--policy", "brake", "--for", "2h", "--comment", "why"],
            1,
            &["nothing silences `brake`"],
        ),
    ];
    for (arguments, code, parts) in cases {
        fleet
            .run(&[&["silence", "add"], arguments].concat())
            .failed(code, parts);
    }
    assert_eq!(fleet.json(&["silence", "list"]), json!([]));
    for help in [&["silence", "add", "--help"][..], &["ack", "--help"]] {
        holds(fleet.run(help).text(), &["Examples:", "never stops enforcement"]);
    }
}

#[tokio::test]
async fn what_fires_is_acknowledged_by_whoever_says_it_last() {
    let fleet = Fleet::new().await;
    fleet
        .run(&["ack", "nobody"])
        .failed(1, &["there is no client `nobody`"]);
    fleet.run(&["ack", "reseller"]).failed(1, &["`reseller`"]);
    fleet
        .run(&["ack", "561115", "--policy", "overdrawn"])
        .failed(1, &["`overdrawn` does not fire for client `561115`", "explain 561115"]);
    fleet
        .run(&["ack", "561115", "--for", "31d"])
        .failed(64, &["at most 30d"]);
    let acked = fleet.json(&[
        "ack",
        "561115",
        "--by",
        "alice",
        "--for",
        "4h",
        "--comment",
        "calls them",
    ]);
    assert_eq!(acked.as_array().unwrap().len(), 1);
    assert_eq!(
        (text_of(&acked[0], "policy"), text_of(&acked[0], "by")),
        ("low-balance", "alice")
    );
    let by = |fleet: &Fleet| {
        let alerts = fleet.json(&["alerts"]);
        rows(&alerts, "policy", "low-balance")[0]["acked_by"].clone()
    };
    assert_eq!(by(&fleet), json!({"by": "alice", "until": acked[0]["until"]}));
    let said = fleet.run(&["ack", "561115", "--by", "bob"]);
    holds(
        said.text(),
        &[
            "low-balance of client 561115 is acknowledged by bob until it ends",
            "its end is told",
        ],
    );
    assert_eq!(by(&fleet), json!({"by": "bob", "until": null}));
    holds(fleet.run(&["status"]).text(), &["1 acknowledged"]);
    let account = fleet.json(&["ack", "account"]);
    assert_eq!(text_of(&account[0], "policy"), "account-access");
    assert!(!text_of(&account[0], "by").is_empty(), "the user who runs it");
}
