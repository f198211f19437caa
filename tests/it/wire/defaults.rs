//! What CONTRACT.md promises of a simulator that was told nothing, seen from outside.

use super::raw::{AUTH, By, Server, get, status_of, ten_thousandths, value_of};

/// [C] No cap, no latency, no faults: a thousand calls at one stroke of the clock, all answered.
#[test]
fn no_cap_and_no_faults() {
    let server = Server::new(&[]);
    let mut connection = server.connect();
    for call in 0..1_000 {
        let answer = connection.exchange(get(&format!("{AUTH}&method=getIP"))).unwrap();
        assert_eq!(answer.text(), r#"{"status":"success","ip":"127.0.0.1"}"#, "call {call}");
    }
    assert!(server.order("GET", "state", "").contains(r#""faults":{}"#));
}

/// [C] Everybody's address is allowed, and no User-Agent needed.
#[test]
fn everybody_is_let_in() {
    let server = Server::new(&[]);
    let call = get(&format!("{AUTH}&method=getBalance"));
    assert!(!call.contains("User-Agent"));
    for address in ["127.0.0.1", "127.0.0.2", "127.9.9.9"] {
        let answer = server.connect_from(address).exchange(&call).unwrap();
        assert_eq!(status_of(&answer.text()), "success", "{address}");
    }
}

/// [C] Other empties are `no_*`; an absent id is `invalid_client`; lists are never bare objects; no message on
/// success; passwords in clear; countries by name out and code in; omitted fields blanked; soft 2 and hard 1.
#[test]
fn answers_are_the_likeliest() {
    let server = Server::new(&["list-share=0"]);
    assert_eq!(server.status("method=getClients"), "no_client");
    let server = Server::new(&[]);
    assert_eq!(server.status("method=getResellerBalance"), "invalid_client");
    assert!(
        server
            .call("method=getClients&client=561115")
            .starts_with(r#"{"status":"success","clients":[{"#)
    );
    server.calls(&["method=setClientThreshold&client=561115&threshold=7"]);
    let row = server.call("method=getClients&client=561115");
    assert!(
        row.contains(r#""password":"johnspassword""#) && row.contains(r#""country":"UNITED STATES""#),
        "{row}"
    );
    let few = [
        ("method", "setClient"),
        ("client", "561115"),
        ("email", "a@example.com"),
        ("password", "p"),
        ("firstname", "F"),
        ("lastname", "L"),
        ("country", "CA"),
        ("phone_number", "1"),
    ];
    assert_eq!(server.by(By::Get, &few).unwrap().text(), r#"{"status":"success"}"#);
    let row = server.call("method=getClients&client=561115");
    assert!(
        row.contains(r#""company":"""#)
            && row.contains(r#""country":"CANADA""#)
            && row.contains(r#""balance_management":"2""#),
        "{row}"
    );
    let by_name = few.map(|(name, value)| (name, if name == "country" { "CANADA" } else { value }));
    assert_eq!(
        status_of(&server.by(By::Get, &by_name).unwrap().text()),
        "invalid_country"
    );
    let codes = server.call("method=getBalanceManagement");
    assert!(
        codes.contains(r#"{"value":"1","description":"Hard "#)
            && codes.contains(r#"{"value":"2","description":"Soft "#),
        "{codes}"
    );
}

/// [C] A hundred clients from 561115 on, each with an address and a threshold of 1 to 250; three in a hundred start
/// below their threshold.
#[test]
fn the_world_is_populated() {
    let server = Server::new(&[]);
    let mut below = 0;
    for id in 561_115..561_215 {
        let threshold = server.call(&format!("method=getClientThreshold&client={id}"));
        let limit = ten_thousandths(value_of(&threshold, "threshold"));
        assert!((10_000..=2_500_000).contains(&limit), "{threshold}");
        assert!(value_of(&threshold, "email").contains('@'), "{threshold}");
        let balance = server.call(&format!("method=getResellerBalance&client={id}"));
        if ten_thousandths(value_of(&balance, "current_balance")) < limit {
            below += 1;
        }
    }
    assert_eq!(below, 3);
    assert_eq!(
        server.status("method=getResellerBalance&client=561215"),
        "invalid_client"
    );
}

/// [C] Of a thousand, three in a hundred start below their threshold and half of one in a hundred below zero.
#[test]
fn some_start_low() {
    let server = Server::with(balancewatch::simulator::Options {
        clients: 1_000,
        ..Default::default()
    });
    let state = server.order("GET", "state", "");
    assert_eq!(
        (value_of(&state, "below_threshold"), value_of(&state, "below_zero")),
        ("30", "5"),
        "{state}"
    );
}

/// [C] The same seed is the same world, byte by byte, also after a week; another is another.
#[test]
fn a_seed_is_a_world() {
    let world = |seed: u64| {
        let server = Server::with(balancewatch::simulator::Options {
            seed,
            ..Default::default()
        });
        server.advance("7d");
        let balances = (561_115..561_125).map(|id| server.call(&format!("method=getResellerBalance&client={id}")));
        balances.chain([server.call("method=getClients")]).collect::<Vec<_>>()
    };
    assert_eq!(world(3), world(3));
    assert_ne!(world(3), world(4));
}
