//! Every fault, as bytes: status line, headers, body, reset; and whether the call had its effect. What outages looked
//! like is in WIRE.md, sections 1 and 7.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use balancewatch::simulator::Options;

use super::raw::{AUTH, By, Server, get, status_of};

const WRITE: &str = "method=setClientThreshold&client=561115&threshold=20";
const READ: &str = "method=getClientThreshold&client=561115";
const WHOLE: &str =
    r#"{"status":"success","threshold_information":{"threshold":"130","email":"john.doe@my-domain.com"}}"#;

fn page(title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
    )
}

/// One fault on every call: the bytes of a read, and the threshold that a write of 20 leaves behind.
struct Case {
    fault: &'static str,
    line: &'static str,
    content_type: &'static str,
    body: String,
    threshold: &'static str,
}

const OK: &str = "HTTP/1.1 200 OK";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=UTF-8";

/// A page of somebody in front, before anything happens.
fn front(fault: &'static str, line: &'static str, title: &str, text: &str) -> Case {
    Case {
        fault,
        line,
        content_type: HTML,
        body: page(title, text),
        threshold: "\"130\"",
    }
}

/// An answer at HTTP 200 as JSON.
fn answered(fault: &'static str, body: &str, threshold: &'static str) -> Case {
    Case {
        fault,
        line: OK,
        content_type: JSON,
        body: body.to_owned(),
        threshold,
    }
}

fn cases() -> Vec<Case> {
    let (untouched, written) = ("\"130\"", "\"20\"");
    vec![
        front(
            "html-503",
            "HTTP/1.1 503 Service Unavailable",
            "503 Backend fetch failed",
            "Error 503 Backend fetch failed</p>\n<p>Guru Meditation:</p>\n<p>Varnish cache server",
        ),
        front(
            "html-403",
            "HTTP/1.1 403 Forbidden",
            "Attention Required! | Cloudflare",
            "Sorry, you have been blocked. You are unable to access voip.ms",
        ),
        front(
            "http-429",
            "HTTP/1.1 429 Too Many Requests",
            "Too Many Requests",
            "You are being rate limited.",
        ),
        front(
            "http-500",
            "HTTP/1.1 500 Internal Server Error",
            "Internal Server Error",
            "The server encountered an internal error.",
        ),
        answered("truncated", &WHOLE[..WHOLE.len() / 2], written),
        answered("empty", "", written),
        answered("null-status", r#"{"status":null}"#, untouched),
        answered(
            "wrong-types",
            r#"{"status":"success","threshold_information":{"threshold":[],"email":true}}"#,
            written,
        ),
        answered(
            "limit",
            r#"{"status":"api_limit_exceeded","message":"API requests limit per minute has been reached"}"#,
            untouched,
        ),
        answered(
            "maintenance",
            r#"{"status":"method_maintenance","message":"This API method is under maintenance"}"#,
            untouched,
        ),
        answered(
            "unavailable",
            r#"{"status":"unavailable_info","message":"The information you requested is unavailable at this moment"}"#,
            untouched,
        ),
        answered(
            "status",
            r#"{"status":"tls_error","message":"Theres was a TLS error, please try later."}"#,
            untouched,
        ),
    ]
}

/// §7 [L] Broken answers, each byte by byte, by GET and by multipart; over when the fault is.
#[test]
fn broken_answers_are_broken_in_these_bytes() {
    for case in cases() {
        let server = Server::new(&[]);
        server.order("PUT", "faults", &format!(r#"{{"{}":1}}"#, case.fault));
        let by_get = server.get(&format!("{AUTH}&{READ}"));
        let by_multipart = server
            .by(By::Curl, &[("method", "getClientThreshold"), ("client", "561115")])
            .unwrap();
        for answer in [by_get, by_multipart] {
            assert_eq!(answer.line(), case.line, "{}", case.fault);
            assert_eq!(answer.header("content-type"), Some(case.content_type), "{}", case.fault);
            assert_eq!(answer.text(), case.body, "{}", case.fault);
        }
        server.get(&format!("{AUTH}&{WRITE}"));
        assert_eq!(server.client("561115", "threshold"), case.threshold, "{}", case.fault);
        server.order("PUT", "faults", "{}");
        assert!(
            server
                .call(READ)
                .starts_with(r#"{"status":"success","threshold_information":{"threshold":"#)
        );
    }
}

/// §7 [I] A connection is reset, without a byte, before or after the effect.
#[test]
fn a_reset_comes_before_or_after_the_effect() {
    for (fault, threshold) in [("reset-before", "\"130\""), ("reset-after", "\"20\"")] {
        let server = Server::new(&[]);
        server.order("PUT", "faults", &format!(r#"{{"{fault}@setClientThreshold":1}}"#));
        for by in [By::Get, By::Curl] {
            let params = [
                ("method", "setClientThreshold"),
                ("client", "561115"),
                ("threshold", "20"),
            ];
            let error = server.by(by, &params).expect_err("no answer comes");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{fault} {by:?}");
        }
        assert_eq!(server.client("561115", "threshold"), threshold, "{fault}");
        assert_eq!(
            server.status("method=getIP"),
            "success",
            "{fault} strikes no other function"
        );
    }
}

/// §7 [I] A slow answer has had its effect long before it comes, and is whole when it does.
#[test]
fn slow_answers_have_had_their_effect() {
    let slow = || Server::new(&["slow-secs=3600"]);
    let late = || {
        Server::with(Options {
            latency: Duration::from_secs(3_600),
            ..Options::default()
        })
    };
    for (name, mut server) in [("the fault", slow()), ("--latency", late())] {
        if name == "the fault" {
            server.order("PUT", "faults", r#"{"slow":1}"#);
        }
        let mut connection = server.connect();
        connection
            .stream
            .write_all(get(&format!("{AUTH}&{WRITE}")).as_bytes())
            .unwrap();
        while server.client("561115", "threshold") != "\"20\"" {
            std::thread::yield_now();
        }
        connection.stream.set_nonblocking(true).unwrap();
        assert_eq!(
            connection.stream.peek(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock,
            "{name}"
        );
        connection.stream.set_nonblocking(false).unwrap();
        // The end of the server ends the waiting.
        server.end();
        assert_eq!(connection.answer().unwrap().text(), r#"{"status":"success"}"#, "{name}");
    }
}

/// §7 [I] wrong-types: no value has a type that it could have, and a write's status neither.
#[test]
fn wrong_types_are_wrong_everywhere() {
    let server = Server::quiet(&[]);
    server.order("PUT", "faults", r#"{"wrong-types":1}"#);
    for (query, body) in [
        (
            "getResellerBalance&client=561115",
            r#"{"status":"success","balance":{"current_balance":[],"spent_total":true,"calls_total":{},"time_total":"N\/A","spent_today":[],"calls_today":true,"time_today":{}}}"#,
        ),
        ("getIP", r#"{"status":"success","ip":[]}"#),
        (
            "setClientThreshold&client=561115&threshold=20",
            r#"{"status":["success"]}"#,
        ),
    ] {
        assert_eq!(server.call(&format!("method={query}")), body);
    }
    assert_eq!(server.client("561115", "threshold"), "\"20\"");
}

/// §7 [C] A share of calls goes wrong, of clients always the same ones; a client or a function can be named.
#[test]
fn faults_strike_shares_clients_and_functions() {
    let server = Server::new(&[]);
    let of_clients = || -> Vec<String> {
        (561_115..561_215)
            .filter(|id| {
                server
                    .call(&format!("method=getClientThreshold&client={id}"))
                    .is_empty()
            })
            .map(|id| id.to_string())
            .collect()
    };
    server.order("PUT", "faults", r#"{"empty@clients":0.2}"#);
    let hit = of_clients();
    assert!((10..=30).contains(&hit.len()), "{hit:?}");
    assert_eq!(of_clients(), hit, "the same clients each time");
    assert_eq!(
        server.status("method=getIP"),
        "success",
        "calls about nobody are spared"
    );
    server.order("PUT", "faults", r#"{"empty":0.2}"#);
    let calls = (0..200).filter(|_| server.call("method=getIP").is_empty()).count();
    assert!((20..=60).contains(&calls), "{calls} of 200");
    server.order("PUT", "faults", r#"{"empty@561116":1,"limit@getBalance":1}"#);
    assert_eq!(of_clients(), ["561116"]);
    assert_eq!(server.status("method=getBalance"), "api_limit_exceeded");
}

/// §7 [C] Front pages come before anybody looks at credentials; a status instead of an effect comes behind them.
#[test]
fn faults_keep_the_order_of_the_checks() {
    let server = Server::new(&[]);
    server.order("PUT", "faults", r#"{"html-503":1}"#);
    assert_eq!(server.get("method=getIP").status(), 503);
    for fault in ["limit", "null-status", "maintenance"] {
        server.order("PUT", "faults", &format!(r#"{{"{fault}":1}}"#));
        assert_eq!(
            status_of(&server.get("method=getIP").text()),
            "missing_credentials",
            "{fault}"
        );
    }
}
