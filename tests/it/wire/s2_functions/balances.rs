//! WIRE.md section 2: getResellerBalance and getBalance.

use crate::wire::raw::{By, Server, status_of, value_of};
use crate::wire::s1_transport::FUNCTIONS;

/// Brings the document's example about: 54 calls yesterday, two today, at its prices.
pub fn document_example() -> Server {
    let server = Server::starting("2026-11-22T17:00:00Z", &["spending=off", "top-ups=off"]);
    server.edit("561115", r#"{"balance":"9.96","spend_per_hour":"2.0625"}"#);
    server.advance("54m");
    server.edit("561115", r#"{"spend_per_hour":null}"#);
    server.advance("1d");
    server.edit("561115", r#"{"spend_per_hour":"1.35"}"#);
    server.advance("2m");
    server.edit("561115", r#"{"spend_per_hour":null}"#);
    server
}

/// §2 [D] getResellerBalance: the document's client with the document's numbers, its keys in its order; a balance is a
/// string, sums and counts are numbers, times are strings. (Every call of a test lasts a minute.)
#[test]
fn get_reseller_balance_as_in_the_document() {
    assert_eq!(
        document_example().call("method=getResellerBalance&client=561115"),
        r#"{"status":"success","balance":{"current_balance":"8.0588","spent_total":1.9012,"calls_total":56,"time_total":"56:00","spent_today":0.045,"calls_today":2,"time_today":"2:00"}}"#
    );
}

/// §2 [L] Without calls a time is the number 0, not a text.
#[test]
fn no_calls_are_the_number_zero() {
    let server = Server::quiet(&[]);
    server.edit("561115", r#"{"balance":"6"}"#);
    assert_eq!(
        server.call("method=getResellerBalance&client=561115"),
        r#"{"status":"success","balance":{"current_balance":"6.0000","spent_total":0,"calls_total":0,"time_total":0,"spent_today":0,"calls_today":0,"time_today":0}}"#
    );
}

/// §2 [D] An unknown client answers `invalid_client`; [L] so does no client at all, and [U] perhaps `missing_client`.
#[test]
fn a_client_is_needed() {
    for (setting, status) in [
        ("absent-id=invalid_client", "invalid_client"),
        ("absent-id=missing_client", "missing_client"),
    ] {
        let server = Server::new(&[setting]);
        for (name, params, _) in FUNCTIONS {
            if !params.iter().any(|(key, _)| *key == "client") {
                continue;
            }
            let ask = |id: Option<&str>| {
                let others = params.iter().copied().filter(|(key, _)| *key != "client");
                let client = id.map(|id| ("client", id));
                let all: Vec<_> = [("method", *name)].into_iter().chain(client).chain(others).collect();
                status_of(&server.by(By::Get, &all).unwrap().text()).to_owned()
            };
            assert_eq!(ask(None), status, "{name}");
            assert_eq!(ask(Some("")), status, "{name}");
            for id in [
                "1",
                "561114",
                "561215",
                "x",
                "0",
                "-561115",
                "561115.0",
                "reseller",
                "99999999999999999999",
            ] {
                assert_eq!(ask(Some(id)), "invalid_client", "{name} of {id}");
            }
        }
    }
}

/// §2 [D] getBalance: the reseller's own account, six places; `advanced` adds what getResellerBalance tells, in the
/// same order.
#[test]
fn get_balance_as_in_the_document() {
    let server = Server::quiet(&[]);
    server.edit("reseller", r#"{"balance":"112.372790","spend_per_hour":"1.80"}"#);
    server.advance("6m");
    assert_eq!(
        server.call("method=getBalance"),
        r#"{"status":"success","balance":{"current_balance":"112.192790"}}"#
    );
    assert_eq!(
        server.call("method=getBalance&advanced=true"),
        r#"{"status":"success","balance":{"current_balance":"112.192790","spent_total":0.18,"calls_total":6,"time_total":"6:00","spent_today":0.18,"calls_today":6,"time_today":"6:00"}}"#
    );
}

/// §2 [D] The totals cover 30 days and today, not the lifetime: what was used 31 days ago is out of them.
#[test]
fn totals_cover_thirty_days() {
    let server = document_example();
    for (advance, spent, calls) in [("28d", "1.9012", "56"), ("1d", "0.045", "2"), ("1d", "0", "0")] {
        server.advance(advance);
        let answer = server.call("method=getResellerBalance&client=561115");
        assert_eq!(
            (value_of(&answer, "spent_total"), value_of(&answer, "calls_total")),
            (spent, calls),
            "{answer}"
        );
        assert_eq!(value_of(&answer, "current_balance"), "\"8.0588\"");
    }
}

/// §2 [L] `time_today` without calls: the number 0, or a text like the others.
#[test]
fn no_time_today_may_be_a_text() {
    for (setting, time) in [("time-today-none=number", "0"), ("time-today-none=text", "\"0:00\"")] {
        let answer = Server::quiet(&[setting]).call("method=getResellerBalance&client=561115");
        assert_eq!(value_of(&answer, "time_today"), time, "{setting}");
    }
}
