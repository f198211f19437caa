//! What keeps a server alive whatever it is told: times, rates, texts and lists that are far too large.

use std::time::Duration;

use serde_json::{Value, json};

use super::{AUTH, body, json_of, simulator, status, with};
use crate::clock::Clock;
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

const SIGNUP: &str = "method=signupClient&firstname=F&lastname=L&address=A&city=T&state=S&country=CA&zip=1\
&phone_number=5550001111&company=";

#[test]
fn what_is_kept_of_a_client_is_bounded() {
    let simulator = simulator(&[]);
    let (long, cut) = ("é".repeat(600), "é".repeat(500));
    let sent = format!(
        "{SIGNUP}{long}&email=a@example.com&confirm_email=a@example.com&password={long}&confirm_password={long}"
    );
    let id = json_of(&simulator, &sent)["client"].to_string();
    let client = simulator.client(&id).unwrap();
    assert_eq!((&client["company"], &client["password"]), (&json!(cut), &json!(cut)));
    let other = sent.replace("confirm_password=é", "confirm_password=e");
    assert_eq!(json_of(&simulator, &other)["status"], "mismatch_password_confirm");

    for (length, status) in [(254, "success"), (255, "invalid_email")] {
        let email = format!("{}@example.com", "x".repeat(length - "@example.com".len()));
        let query = format!("method=setClientThreshold&client={id}&threshold=5&email={email}");
        assert_eq!(json_of(&simulator, &query)["status"], status, "{length}");
    }
    for field in ["company", "threshold", "threshold_email", "balance_management"] {
        for (length, good) in [(1_000, true), (1_001, false)] {
            let edit = json!({field: "x".repeat(length)});
            assert_eq!(simulator.edit(&id, &edit).is_ok(), good, "{field} {length}");
        }
    }
}

/// Calls that come while everybody is brought up to date over years are answered meanwhile.
#[test]
fn nobody_waits_until_everybody_is_settled() {
    for (name, work) in [
        ("state", (|simulator| drop(simulator.state())) as fn(&Simulator)),
        ("rules", |simulator| simulator.set_setting("cut-calls", "off").unwrap()),
    ] {
        let (simulator, _) = with(Options {
            clients: 60,
            ..Options::default()
        });
        simulator.advance(Duration::from_secs(60 * 86_400));
        let clock = Clock::real();
        let begun = clock.monotonic();
        let mut longest = Duration::ZERO;
        std::thread::scope(|scope| {
            let working = scope.spawn(|| work(&simulator));
            while !working.is_finished() {
                let asked = clock.monotonic();
                assert_eq!(status(&simulator, &format!("{AUTH}&method=getIP")), "success");
                longest = longest.max(clock.monotonic().saturating_sub(asked));
            }
        });
        let whole = clock.monotonic().saturating_sub(begun);
        assert!(longest < whole / 4, "{name}: a call took {longest:?} of {whole:?}");
    }
}

#[test]
fn settling_in_slices_is_settling() {
    let state = |slices: &[u64]| {
        let (simulator, _) = with(Options::default());
        for hours in slices {
            simulator.advance(Duration::from_secs(hours * 3_600));
            drop(simulator.state());
        }
        simulator.state()
    };
    assert_eq!(state(&[24 * 60]), state(&vec![24; 60]), "whatever is left of a slice");
}
