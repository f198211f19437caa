//! What `/sim/` offers in process: a fresh start, and what is remembered.

use std::time::Duration;

use serde_json::json;

use super::{AUTH, Clock, Options, Simulator, body, status, with};

#[test]
fn a_reset_makes_everything_as_it_was() {
    let (simulator, stepper) = with(Options {
        settings: vec!["soft-code=0".to_owned()],
        faults: vec!["empty@setClient=1".to_owned()],
        ..Options::default()
    });
    let everything = || {
        (
            simulator.state(),
            simulator.stats(),
            simulator.requests(),
            simulator.client("561115").unwrap(),
        )
    };
    let before = everything();
    simulator.set_setting("allowed-addresses", "").unwrap();
    simulator.set_setting("soft-code", "9").unwrap();
    simulator.set_fault("limit", "0.5").unwrap();
    simulator
        .edit("561115", &json!({"company": "X", "balance": "1"}))
        .unwrap();
    simulator.remove_client("561117").unwrap();
    simulator.add_client(&json!({})).unwrap();
    stepper.advance_to(simulator.now() + Duration::from_secs(7_200));
    simulator.advance(Duration::from_secs(3_600));
    status(&simulator, &format!("{AUTH}&method=getIP"));
    assert_ne!(everything(), before);
    simulator.reset().unwrap();
    assert_eq!(everything(), before);
    assert_eq!(status(&simulator, &format!("{AUTH}&method=getClients")), "success");
}

/// Making a large world takes its time, which is none in that world.
#[test]
fn time_begins_when_the_world_is_there() {
    let clock = Clock::real();
    let start = "2026-11-23T17:00:00Z".parse().unwrap();
    let options = Options {
        clients: 2_000,
        speed: "1000".parse().unwrap(),
        start: Some(start),
        ..Options::default()
    };
    let simulator = Simulator::new(options, clock.clone()).unwrap();
    // More than once, should this thread be kept waiting between the two.
    let is_young = (0..10).any(|_| {
        let begun = clock.monotonic();
        simulator.reset().unwrap();
        let age = Duration::try_from(simulator.now().duration_since(start)).unwrap();
        age / 1_000 < clock.monotonic().saturating_sub(begun) / 4
    });
    assert!(is_young);
}

#[test]
fn no_secret_of_a_signup_is_remembered() {
    let (simulator, _) = with(Options::default());
    body(
        &simulator,
        "method=signupClient&password=T0pS3cret&confirm_password=T0pS3cret&Password=T0pS3cret&pass[]=T0pS3cret&email=a@b.example",
    );
    let remembered = simulator.requests();
    assert!(!remembered.to_string().contains("T0pS3cret"));
    let params = &remembered[0]["params"];
    assert_eq!(
        (&params["confirm_password"], &params["Password"], &params["email"]),
        (&json!("***"), &json!("***"), &json!("a@b.example"))
    );
}
