//! Every call under `/sim/` that CONTRACT.md names, as bytes. These are tools and imitate nothing.

use super::raw::{AUTH, Server, value_of};

/// [C] GET and PATCH of a client: the record as stored, money, threshold, and what no function tells.
#[test]
fn clients_are_read_and_edited() {
    let server = Server::quiet(&[]);
    let edited = server.order(
        "PATCH",
        "clients/561115",
        r#"{"balance":"6.00","account_state":"WAIT","package":"","threshold":"12","threshold_email":"a@example.com","company":"Ä/b","country":"ca","balance_management":"hard"}"#,
    );
    assert_eq!(
        edited,
        server.order("GET", "clients/561115", ""),
        "an edit answers what is then read"
    );
    for (key, value) in [
        ("client", "\"561115\""),
        ("balance", "\"6.0000\""),
        ("threshold", "\"12\""),
        ("threshold_email", "\"a@example.com\""),
        ("company", "\"Ä/b\""),
        ("country", "\"ca\""),
        ("balance_management", "\"1\""),
        ("account_state", "\"WAIT\""),
        ("package", "\"\""),
        ("management", "\"hard\""),
        ("suspended", "false"),
        ("password", "\"johnspassword\""),
    ] {
        assert_eq!(value_of(&edited, key), value, "{key}");
    }
    assert_eq!(server.client("reseller", "client"), "\"reseller\"");
}

/// [C] An edit is applied whole or not at all, and refused with what would be accepted.
#[test]
fn edits_are_whole_or_refused() {
    let server = Server::quiet(&[]);
    let before = server.order("GET", "clients/561115", "");
    for (body, error) in [
        (
            r#"{"company":"X","balance":"much"}"#,
            r#"{"error":"field `balance` does not take `\"much\"`","hint":"accepted: a decimal amount such as \"6.00\""}"#,
        ),
        (
            "balance=1",
            r#"{"error":"the body is no JSON: expected value at line 1 column 1","hint":"a JSON object such as {\"balance\":\"6.00\"}; `{}` when there is nothing to say"}"#,
        ),
        (
            "[]",
            r#"{"error":"the body is no JSON object","hint":"a JSON object such as {\"balance\":\"6.00\"}; `{}` when there is nothing to say"}"#,
        ),
        (
            r#"{"city":5.5,"account_state":"active","spend_until":"soon","balance":true}"#,
            r#"{"error":"3 fields are not accepted","hint":null,"problems":[{"error":"field `account_state` does not take `\"active\"`","hint":"accepted: \"ACTIVE\" or \"WAIT\""},{"error":"field `spend_until` does not take `\"soon\"`","hint":"accepted: a time such as \"2026-11-24T02:00:00Z\", or null"},{"error":"field `balance` does not take `true`","hint":"accepted: a decimal amount such as \"6.00\""}]}"#,
        ),
    ] {
        let answer = server.sim("PATCH", "clients/561115", body);
        assert_eq!((answer.status(), answer.text().as_str()), (400, error), "{body}");
    }
    let answer = server.sim("PATCH", "clients/561115", r#"{"company":"X","colour":"blue"}"#);
    assert_eq!(answer.line(), "HTTP/1.1 400 Bad Request");
    assert!(
        answer
            .text()
            .starts_with(r#"{"error":"a client has no field `colour`","hint":"known: email, "#),
        "{answer:?}"
    );
    let answer = server.sim("PATCH", "clients/561115", r#"{"zip_code":"02134"}"#);
    let meant = r#"{"error":"a client has no field `zip_code`","hint":"did you mean `zip`? known: email, "#;
    assert!(answer.text().starts_with(meant), "{answer:?}");
    for (path, body, error) in [
        (
            "deposit",
            r#"{"payment":"5.00"}"#,
            r#"{"error":"there is no `payment` here","hint":"known: amount"}"#,
        ),
        (
            "deposit",
            r#"{"amount":"5.00","times":2}"#,
            r#"{"error":"there is no `times` here","hint":"known: amount"}"#,
        ),
    ] {
        let answer = server.sim("POST", &format!("clients/561115/{path}"), body);
        assert_eq!((answer.status(), answer.text().as_str()), (400, error), "{body}");
    }
    assert_eq!(server.order("GET", "clients/561115", ""), before);
    let answer = server.sim("PATCH", "clients/1", "{}");
    assert_eq!(
        (answer.status(), answer.text().as_str()),
        (
            404,
            r#"{"error":"there is no client `1`","hint":"GET /sim/clients lists them"}"#
        )
    );
}

/// [C] A deposit moves the balance at once.
#[test]
fn deposits_move_the_balance() {
    let server = Server::quiet(&[]);
    server.edit("561115", r#"{"balance":"1"}"#);
    let paid = server.order("POST", "clients/561115/deposit", r#"{"amount":"5.00"}"#);
    assert_eq!(value_of(&paid, "balance"), "\"6.0000\"");
    let answer = server.call("method=getResellerBalance&client=561115");
    assert_eq!(value_of(&answer, "current_balance"), "\"6.0000\"");
    for body in ["{}", r#"{"amount":"0"}"#, r#"{"amount":"-5"}"#, r#"{"amount":"five"}"#] {
        assert_eq!(
            server.sim("POST", "clients/561115/deposit", body).status(),
            400,
            "{body}"
        );
    }
    assert_eq!(
        server.sim("POST", "clients/1/deposit", r#"{"amount":"1"}"#).status(),
        404
    );
    assert_eq!(server.client("561115", "balance"), "\"6.0000\"");
}

/// [C] The clock is moved on by a duration, never back.
#[test]
fn the_clock_is_moved_on() {
    let server = Server::quiet(&[]);
    for (by, time) in [
        ("1h", "2026-11-23T18:00:00Z"),
        ("90m", "2026-11-23T19:30:00Z"),
        ("PT30S", "2026-11-23T19:30:30Z"),
        ("2d 3h", "2026-11-25T22:30:30Z"),
    ] {
        let body = server.order("POST", "clock", &format!(r#"{{"advance":"{by}"}}"#));
        assert_eq!(body, format!(r#"{{"time":"{time}"}}"#));
    }
    let answer = server.sim("POST", "clock", r#"{"advanced":"1h"}"#);
    let error = r#"{"error":"there is no `advanced` here","hint":"known: advance"}"#;
    assert_eq!((answer.status(), answer.text().as_str()), (400, error));
    for by in ["-1h", "soon", ""] {
        let answer = server.sim("POST", "clock", &format!(r#"{{"advance":"{by}"}}"#));
        assert_eq!(
            (answer.status(), answer.text().as_str()),
            (
                400,
                r#"{"error":"`advance` is not a duration such as \"1h\"","hint":"a text with units, such as \"90s\", \"5m\" or \"2d 3h\"; time does not go back"}"#
            )
        );
    }
}

/// [C] Faults are replaced as a whole, and answered as they then stand; with a mistake nothing is changed.
#[test]
fn faults_are_replaced() {
    let server = Server::new(&[]);
    for (put, body) in [
        (
            r#"{"limit":0.05,"empty@clients":"1"}"#,
            r#"{"empty@clients":"1","limit":"0.05"}"#,
        ),
        (r#"{"slow@getBalance":0.5}"#, r#"{"slow@getBalance":"0.5"}"#),
    ] {
        assert_eq!(server.order("PUT", "faults", put), body);
    }
    for bad in [
        r#"{"html-504":1}"#,
        r#"{"limit":2}"#,
        r#"{"limit":0.6,"empty":0.6}"#,
        r#"{"limit@nobody":1}"#,
    ] {
        assert_eq!(server.sim("PUT", "faults", bad).status(), 400, "{bad}");
    }
    let several = server
        .sim("PUT", "faults", r#"{"html-504":1,"limit":2,"slow":1}"#)
        .text();
    assert!(
        several.starts_with(r#"{"error":"2 things are not accepted","hint":null,"problems":[{"error":"there is no fault `html-504`","hint":"did you mean `html-503`? known: "#)
            && several.ends_with(r#"{"error":"`2` is not a share for fault `limit`","hint":"a decimal from 0 to 1 with at most six places, such as 0.05"}]}"#),
        "{several}"
    );
    assert!(
        server
            .order("GET", "state", "")
            .contains(r#""faults":{"slow@getBalance":"0.5"}"#)
    );
    assert_eq!(server.order("PUT", "faults", "{}"), "{}");
}

/// [C] Settings that are named are changed, and all are answered; with a mistake nothing is changed.
#[test]
fn settings_are_changed() {
    let server = Server::new(&[]);
    let all = server.order(
        "PUT",
        "settings",
        r#"{"slow-secs":5,"api-enabled":false,"types":"all-strings"}"#,
    );
    for (name, value) in [
        ("slow-secs", "\"5\""),
        ("api-enabled", "\"off\""),
        ("types", "\"all-strings\""),
    ] {
        assert_eq!(value_of(&all, name), value);
    }
    let answer = server.sim("PUT", "settings", r#"{"types":"mixed","colour":"blue"}"#);
    assert_eq!(answer.status(), 400);
    assert!(
        answer
            .text()
            .starts_with(r#"{"error":"there is no setting `colour`","hint":"known: api-enabled, "#),
        "{answer:?}"
    );
    let several = server.sim(
        "PUT",
        "settings",
        r#"{"types":"mixd","soft-code":"0","api_enabled":false}"#,
    );
    assert_eq!(
        several.text().matches("did you mean `mixed`? ").count()
            + several.text().matches("did you mean `api-enabled`? ").count(),
        2,
        "{several:?}"
    );
    let range = server.sim("PUT", "settings", r#"{"allowed-addresses":"10.0.0.0/33"}"#);
    assert_eq!(range.status(), 400, "{range:?}");
    assert_eq!(server.order("PUT", "settings", "{}"), all);
}

/// [C] The log of requests: what came, with secrets masked; a thousand at most.
#[test]
fn requests_are_logged_without_secrets() {
    let server = Server::new(&[]);
    server.get("api_username=x&api_password=T0pS3cret&method=setClient&password=An0ther&confirm_password=Th1rd&city=T");
    let log = server.order("GET", "requests", "");
    assert_eq!(
        log,
        r#"[{"fault":"","http_status":200,"number":0,"params":{"api_password":"***","api_username":"x","city":"T","confirm_password":"***","method":"setClient","password":"***"},"status":"invalid_credentials","time":"2026-11-23T17:00:00Z","transport":"get"}]"#
    );
    let mut connection = server.connect();
    for _ in 0..1_001 {
        connection
            .exchange(super::raw::get(&format!("{AUTH}&method=getIP")))
            .unwrap();
    }
    let log = server.order("GET", "requests", "");
    assert_eq!(log.matches("\"number\":").count(), 1_000);
    assert_eq!(value_of(&log, "number"), "2", "the oldest are forgotten");
}

/// [C] The counts: calls by function, and the most in any 60 seconds; `/sim/` itself is not counted.
#[test]
fn calls_are_counted() {
    let server = Server::new(&[]);
    for query in ["method=getIP", "method=getIP", "method=getBalance", "method=noSuch"] {
        server.call(query);
    }
    assert_eq!(
        server.order("GET", "stats", ""),
        r#"{"calls":4,"calls_by_function":{"getBalance":1,"getIP":2,"unknown":1},"max_calls_in_60s":4}"#
    );
}

/// [C] The state: time, seed, sums that add up, faults and settings in force.
#[test]
fn the_state_adds_up() {
    let server = Server::new(&[]);
    server.advance("3d");
    server.order("POST", "clients/561115/deposit", r#"{"amount":"5.00"}"#);
    server.edit("561116", r#"{"balance":"1"}"#);
    let state = server.order("GET", "state", "");
    for (key, value) in [
        ("time", "\"2026-11-26T17:00:00Z\""),
        ("seed", "1"),
        ("clients", "100"),
        ("speed", "\"1\""),
    ] {
        assert_eq!(value_of(&state, key), value, "{key}");
    }
    let amount = |key: &str| super::raw::ten_thousandths(value_of(&state, key));
    assert_eq!(
        amount("opening_balances") + amount("paid") + amount("adjusted") - amount("charged") - amount("spent"),
        amount("balances"),
        "{state}"
    );
    assert!(amount("spent") > 0 && amount("paid") > 0, "a world that lives");
    let total: i64 = (561_115..561_215)
        .map(|id| super::raw::ten_thousandths(&server.client(&id.to_string(), "balance")))
        .sum();
    assert_eq!(total, amount("balances"), "the clients add up to the sum");
}

/// [C] Clients come and go.
#[test]
fn clients_are_added_and_removed() {
    let server = Server::new(&[]);
    assert_eq!(server.order("DELETE", "clients/561116", ""), r#"{"removed":"561116"}"#);
    assert_eq!(server.status("method=getClients&client=561116"), "invalid_client");
    assert_eq!(server.sim("DELETE", "clients/561116", "").status(), 404);
    let added = server.order("POST", "clients", r#"{"client":"561116","company":"New"}"#);
    assert_eq!(
        (value_of(&added, "client"), value_of(&added, "company")),
        ("\"561116\"", "\"New\"")
    );
    assert_eq!(value_of(&server.order("POST", "clients", "{}"), "client"), "\"561215\"");
    assert_eq!(
        server.sim("POST", "clients", r#"{"client":"561115"}"#).line(),
        "HTTP/1.1 409 Conflict"
    );
}

/// [C] Everything is as it was at the start after a reset: clients, time, settings, faults and counts.
#[test]
fn a_reset_makes_the_world_anew() {
    let server = Server::new(&["soft-code=0"]);
    let before = server.order("GET", "state", "");
    let clients = server.order("GET", "clients/561115", "");
    server.edit("561115", r#"{"company":"X"}"#);
    server.advance("1d");
    server.order("PUT", "settings", r#"{"soft-code":"3"}"#);
    server.order("PUT", "faults", r#"{"empty":1}"#);
    server.call("method=getIP");
    assert_ne!(server.order("GET", "state", ""), before);
    assert_eq!(server.order("POST", "reset", ""), before);
    assert_eq!(server.order("GET", "clients/561115", ""), clients);
    assert!(server.order("GET", "stats", "").starts_with(r#"{"calls":0,"#));
    assert_eq!(server.order("GET", "requests", ""), "[]");
}

/// [C] There is an index; faults, settings and ids can be read as well.
#[test]
fn there_is_an_index() {
    let server = Server::new(&[]);
    let index = server.order("GET", "", "");
    for path in [
        "/sim/clients/ID/deposit",
        "/sim/clock",
        "/sim/faults",
        "/sim/settings",
        "/sim/state",
        "/sim/requests",
    ] {
        assert!(index.contains(&format!("\"path\":\"{path}\"")), "{path} in {index}");
    }
    assert_eq!(server.order("GET", "faults", ""), "{}");
    assert_eq!(
        server.order("GET", "settings", ""),
        server.order("PUT", "settings", "{}")
    );
    let ids = server.order("GET", "clients", "");
    assert!(
        ids.starts_with(r#"{"clients":["561115","561116","#) && ids.matches("5612").count() == 15,
        "{ids}"
    );
}

/// [C] What is not there is not there, and what is there takes its methods only.
#[test]
fn the_rest_is_not_there() {
    let server = Server::new(&[]);
    for (method, path, line, body) in [
        (
            "GET",
            "nothing",
            "HTTP/1.1 404 Not Found",
            r#"{"error":"nothing here","hint":"GET /sim/ lists what there is"}"#,
        ),
        (
            "GET",
            "state/more",
            "HTTP/1.1 404 Not Found",
            r#"{"error":"nothing here","hint":"GET /sim/ lists what there is"}"#,
        ),
        (
            "POST",
            "state",
            "HTTP/1.1 405 Method Not Allowed",
            r#"{"error":"not with this method","hint":"this path takes GET"}"#,
        ),
        (
            "PUT",
            "clock",
            "HTTP/1.1 405 Method Not Allowed",
            r#"{"error":"not with this method","hint":"this path takes POST"}"#,
        ),
    ] {
        for sent in ["{}", ""] {
            let answer = server.sim(method, path, sent);
            assert_eq!(
                (answer.line(), answer.text().as_str()),
                (line, body),
                "{method} {path} {sent}"
            );
        }
    }
    let request = "GET /sim/stats HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(
        server.connect_from("127.0.0.7").exchange(request).unwrap().status(),
        200,
        "all of 127.0.0.0/8 is this machine"
    );
}
