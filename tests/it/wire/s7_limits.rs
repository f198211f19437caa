//! WIRE.md section 7: the cap on calls, functions under maintenance, and what outages looked like.

use std::time::Duration;

use balancewatch::simulator::Options;

use super::raw::{AUTH, NOON, Server, get, status_of};

/// A server with a cap on calls per minute.
fn capped(cap: u32, settings: &[&str]) -> Server {
    Server::with(Options {
        rate_cap_per_minute: Some(cap),
        settings: settings.iter().map(|text| (*text).to_owned()).collect(),
        ..Options::default()
    })
}

fn step_to(server: &Server, secs: u64) {
    let start: jiff::Timestamp = NOON.parse().unwrap();
    server.stepper.advance_to(start + Duration::from_secs(secs));
}

/// §7 [D] Above the cap `api_limit_exceeded`, [I] at HTTP 200 and without Retry-After.
#[test]
fn above_the_cap_calls_are_refused() {
    let server = capped(60, &[]);
    let mut connection = server.connect();
    let ip = get(&format!("{AUTH}&method=getIP"));
    for call in 0..60 {
        assert_eq!(
            status_of(&connection.exchange(&ip).unwrap().text()),
            "success",
            "call {call}"
        );
    }
    let refused = connection.exchange(&ip).unwrap();
    assert_eq!(
        refused.text(),
        r#"{"status":"api_limit_exceeded","message":"API requests limit per minute has been reached"}"#
    );
    assert_eq!(
        (refused.line(), refused.header("retry-after")),
        ("HTTP/1.1 200 OK", None)
    );
    assert_eq!(Server::new(&[]).status("method=getIP"), "success", "no cap by default");
}

/// §7 [U] What a minute is: the last 60 seconds, or since the minute began. Refused calls use up nothing.
#[test]
fn a_minute_slides_or_begins_anew() {
    for (setting, expected) in [
        (
            "cap-window=sliding",
            [
                "success",
                "success",
                "api_limit_exceeded",
                "success",
                "api_limit_exceeded",
                "success",
            ],
        ),
        (
            "cap-window=minute",
            [
                "success",
                "success",
                "api_limit_exceeded",
                "success",
                "success",
                "api_limit_exceeded",
            ],
        ),
    ] {
        let server = capped(2, &[setting]);
        let got = [0, 30, 59, 60, 61, 90].map(|secs| {
            step_to(&server, secs);
            server.status("method=getIP")
        });
        assert_eq!(got, expected, "{setting}");
    }
}

/// §7 [I] Strangers use up nothing of the cap, and it is asked before the method.
#[test]
fn the_cap_stands_between_credentials_and_method() {
    let server = capped(1, &[]);
    assert_eq!(server.anonymous_status("method=getIP"), "missing_credentials");
    assert_eq!(server.status("method=getIP"), "success");
    assert_eq!(server.status("method=noSuch"), "api_limit_exceeded");
    assert_eq!(server.anonymous_status("method=getIP"), "missing_credentials");
}

/// §7 [D] A function under maintenance says so, and has no effect; the others work.
#[test]
fn functions_may_be_under_maintenance() {
    let server = Server::new(&["maintenance-methods=setClientThreshold,getBalance"]);
    let body = r#"{"status":"method_maintenance","message":"This API method is under maintenance"}"#;
    assert_eq!(
        server.call("method=setClientThreshold&client=561115&threshold=20"),
        body
    );
    assert_eq!(server.call("method=getBalance"), body);
    assert_eq!(server.client("561115", "threshold"), "\"130\"");
    assert_eq!(server.status("method=getIP"), "success");
}

/// §7 [U] Whether the cap counts the calls of an account or those of an address.
#[test]
fn the_cap_is_per_account_or_address() {
    for (setting, other) in [
        ("cap-per=account", "api_limit_exceeded"),
        ("cap-per=address", "success"),
    ] {
        let server = capped(2, &[setting]);
        let from = |address: &str| {
            let answer = server
                .connect_from(address)
                .exchange(get(&format!("{AUTH}&method=getIP")))
                .unwrap();
            status_of(&answer.text()).to_owned()
        };
        assert_eq!(
            (from("127.0.0.1"), from("127.0.0.1")),
            ("success".into(), "success".into())
        );
        assert_eq!(from("127.0.0.1"), "api_limit_exceeded", "{setting}");
        assert_eq!(from("127.0.0.2"), other, "{setting}");
    }
}
