//! What keeps a server alive whatever it is told: times, rates, texts and lists that are far too large.

use std::time::Duration;

use serde_json::{Value, json};

use super::{body, simulator, with};
use crate::simulator::control;
use crate::simulator::{Options, Simulator};

/// The answer of a `/sim/` call.
fn sim(simulator: &Simulator, method: &str, path: &str, given: &Value) -> (u16, Value) {
    let reply = control::answer(simulator, method, path, given.to_string().as_bytes());
    (reply.http_status, serde_json::from_slice(&reply.body).unwrap())
}

#[test]
fn a_world_lives_for_ten_years() {
    let (simulator, _) = with(Options {
        settings: vec!["spending=off".to_owned(), "top-ups=off".to_owned()],
        ..Options::default()
    });
    for (by, http_status) in [
        ("87601h", 400),
        ("99999999h", 400),
        ("87599h", 200),
        ("1h", 200),
        ("1h", 200),
        ("87600h", 200),
    ] {
        let answer = sim(&simulator, "POST", "clock", &json!({"advance": by}));
        assert_eq!(answer.0, http_status, "{by}: {}", answer.1);
    }
    let end = "2036-11-20T17:00:00Z";
    assert_eq!(simulator.now().to_string(), end);
    simulator.advance(Duration::MAX);
    assert_eq!(simulator.now().to_string(), end, "then its time stands still");
    assert!(body(&simulator, "method=getResellerBalance&client=561116").contains("success"));
}

#[test]
fn a_drain_is_bounded_and_may_have_begun_at_any_time() {
    for (rate, good) in [("100000", true), ("100000.01", false), ("1000000000", false)] {
        let simulator = simulator(&[]);
        let drain = json!({"balance": "0", "spend_per_hour": rate, "spend_from": "-009999-01-03T00:00:00Z"});
        assert_eq!(simulator.edit("561116", &drain).is_ok(), good, "{rate}");
        simulator.advance(Duration::from_secs(3_600));
        if good {
            assert_eq!(simulator.client("561116").unwrap()["balance"], "-100000.0000");
        }
    }
    let simulator = simulator(&[]);
    simulator
        .edit("561116", &json!({"balance": "0", "spend_per_hour": "0.00005"}))
        .unwrap();
    simulator.advance(Duration::from_secs(7_200 * 20_000));
    assert_eq!(
        simulator.client("561116").unwrap()["balance"],
        "-2.0000",
        "a rate that is finer than a price adds up"
    );
}
