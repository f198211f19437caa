//! What only HTTP can do: bodies that break off, encodings, deadlines, redirects, connections that are kept or not; against
//! a server of bytes.

use super::stage::{BALANCE, BINARY, Caller, WRITES, call, id, utf16, write};
use super::writes::told;
use crate::net::raw_server::{Act, RawServer, answer, gzip, ok};
use crate::voipms::{CallError, ErrorKind, Function, Transport};

/// All but the last bytes.
fn cut(mut answer: Vec<u8>) -> Vec<u8> {
    answer.truncate(answer.len() - 5);
    answer
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// An answer in chunks whose last one is missing.
fn chunks_that_break_off(body: &str) -> Vec<u8> {
    format!("{CHUNKED}{:x}\r\n{body}\r\n", body.len()).into_bytes()
}

/// An answer behind an interim one.
fn behind(status: &str, answer: Vec<u8>) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n\r\n").into_bytes(), answer].concat()
}

/// An answer whose body has this encoding.
fn encoded(encoding: &str, body: &[u8]) -> Act {
    Act::Send(answer("200 OK", &format!("content-encoding: {encoding}\r\n"), body))
}

#[tokio::test]
async fn what_http_makes_of_an_answer_for_reads_and_for_writes() {
    let chunked = format!("{CHUNKED}{:x}\r\n{BALANCE}\r\n0\r\n\r\n", BALANCE.len());
    let of_type = |name: &str| {
        Act::Send(answer(
            "200 OK",
            &format!("content-type: {name}\r\n"),
            BALANCE.as_bytes(),
        ))
    };
    // Name, answer, what a read comes to, how often it is tried, what a write comes to, which is sent once. The balance is
    // a success for both.
    let cases = [
        ("plain", Act::Send(ok(BALANCE)), "8.0588", 1, "done"),
        ("chunked", Act::Send(chunked.into_bytes()), "8.0588", 1, "done"),
        (
            "until closed",
            Act::SendAndClose(format!("HTTP/1.1 200 OK\r\n\r\n{BALANCE}").into_bytes()),
            "8.0588",
            1,
            "done",
        ),
        ("gzip", encoded("gzip", &gzip(BALANCE.as_bytes())), "8.0588", 1, "done"),
        ("another type", of_type("image/png"), "8.0588", 1, "done"),
        (
            "another charset",
            of_type("text/html; charset=utf-16"),
            "8.0588",
            1,
            "done",
        ),
        (
            "behind 100 Continue",
            Act::Send(behind("100 Continue", ok(BALANCE))),
            "8.0588",
            1,
            "done",
        ),
        (
            "behind 103 Early Hints",
            Act::Send(behind("103 Early Hints", ok(BALANCE))),
            "8.0588",
            1,
            "done",
        ),
        (
            "another protocol",
            Act::SendAndClose(behind("101 Switching Protocols", Vec::new())),
            "http_101",
            1,
            "unknown: http_101",
        ),
        (
            "half a body",
            Act::SendAndClose(cut(ok(BALANCE))),
            "truncated",
            3,
            "unknown: truncated",
        ),
        (
            "half of gzip",
            encoded("gzip", &gzip(BALANCE.as_bytes())[..14]),
            "truncated",
            3,
            "unknown: truncated",
        ),
        (
            "chunks that break off",
            Act::SendAndClose(chunks_that_break_off(BALANCE)),
            "truncated",
            3,
            "unknown: truncated",
        ),
        ("brotli", encoded("br", BINARY), "malformed", 3, "unknown: malformed"),
        ("reset", Act::Reset, "reset", 3, "unknown: reset"),
        (
            "closed without a word",
            Act::SendAndClose(Vec::new()),
            "reset",
            3,
            "unknown: reset",
        ),
        (
            "half a head",
            Act::SendAndClose(b"HTTP/1.1 200".to_vec()),
            "reset",
            3,
            "unknown: reset",
        ),
        ("silence", Act::Silence, "timeout", 1, "unknown: timeout"),
        (
            "huge",
            Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 67108865\r\n\r\n".to_vec()),
            "too_large",
            1,
            "unknown: too_large",
        ),
    ];
    for (name, act, read, tries, written) in cases {
        let server = RawServer::start(move |_, _| act.clone()).await;
        let caller = Caller::over_http(&server, Transport::Multipart);
        assert_eq!(caller.balance().await, read, "{name}");
        assert_eq!(server.seen().len(), tries, "{name}");
        let outcome = caller
            .run(caller.client.call(&write(Function::SetClientThreshold)))
            .await;
        assert_eq!(told(&outcome), written, "{name}");
        let seen = server.seen();
        assert_eq!(seen.len(), tries + 1, "{name}: sent once");
        for seen in seen {
            assert!(
                seen.head.starts_with("POST /api/v1/rest.php HTTP/1.1\r\n"),
                "{name}: {}",
                seen.head
            );
            assert!(
                seen.head.to_lowercase().contains("user-agent: balancewatch/"),
                "{name}: {}",
                seen.head
            );
        }
    }
}

#[tokio::test]
async fn a_dry_run_whose_answer_breaks_off_may_have_been_none() {
    let success = r#"{"status":"success"}"#;
    for (name, bytes) in [
        ("half a body", cut(ok(success))),
        ("chunks that break off", chunks_that_break_off(success)),
    ] {
        let server = RawServer::start(move |_, _| Act::SendAndClose(bytes.clone())).await;
        let caller = Caller::over_http(&server, Transport::Multipart);
        let dry = call(
            Function::AddCharge,
            &[("client", "561115"), ("charge", "4.99"), ("test", "1")],
        );
        let outcome = caller.run(caller.client.call(&dry)).await;
        assert_eq!(told(&outcome), "unknown: truncated", "{name}");
        assert!(outcome.as_ref().is_err_and(CallError::may_not_have_been_dry), "{name}");
        assert_eq!(server.seen().len(), 1, "{name}: sent once");
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_sent_and_the_network_is_to_be_looked_at() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut server = RawServer::answering("").await;
    server.url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let caller = Caller::over_http(&server, Transport::Multipart);
    let error = caller.run(caller.client.get_balance()).await.unwrap_err();
    let hint = "check `url`, and this machine's network and firewall; no proxy is used";
    assert_eq!((error.kind(), error.hint()), (ErrorKind::Connect, Some(hint)));
    assert_eq!(caller.client.calls_made(), 3);
    for function in WRITES {
        let outcome = caller.run(caller.client.call(&write(function))).await;
        assert_eq!(told(&outcome), "not done: connect", "{function}");
        assert!(outcome.unwrap_err().error().is_transient(), "{function}");
    }
    assert_eq!(caller.client.calls_made(), 8, "three reads and each write once");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_is_followed_nowhere() {
    let other = RawServer::answering(BALANCE).await;
    let authority = other
        .url
        .strip_prefix("http://")
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        for (location, told) in [
            (
                format!("{}?api_password=SECRET", other.url),
                format!("http://{authority}"),
            ),
            (
                format!("https://user:SECRET@{authority}/SECRET"),
                format!("https://{authority}"),
            ),
            ("/SECRET".to_owned(), "another path".to_owned()),
            ("http://voip.ms/api/v1/rest.php".to_owned(), "http://voip.ms".to_owned()),
        ] {
            let headers = format!("location: {location}\r\n");
            let bytes = answer(status, &headers, b"");
            let server = RawServer::start(move |_, _| Act::Send(bytes.clone())).await;
            let caller = Caller::over_http(&server, Transport::Get);
            let read = caller.run(caller.client.get_reseller_balance(&id())).await.unwrap_err();
            let write = caller
                .run(caller.client.call(&write(Function::SetClientThreshold)))
                .await;
            for error in [&read, write.unwrap_err().error()] {
                let number = &status[..3];
                let shown = error.problem().to_string();
                assert_eq!(
                    shown,
                    format!("the API redirects (HTTP {number}) to {told}"),
                    "{location}"
                );
                let hint = error.hint().unwrap();
                assert!(
                    hint.contains("redirects are not followed") || hint.contains("find out"),
                    "{hint}"
                );
            }
            assert_eq!(server.seen().len(), 2, "{status} {location}");
        }
    }
    assert!(other.seen().is_empty(), "nothing follows, and no password");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_in_words_that_help() {
    for (name, act, parts) in [
        (
            "a warning of PHP",
            Act::Send(ok(&format!(
                "<br />\n<b>Warning</b>: mysql_connect() failed<br />\n{BALANCE}"
            ))),
            &["the answer is a page, no JSON"][..],
        ),
        (
            "a warning behind it",
            Act::Send(ok(&format!("{BALANCE}<br />"))),
            &["no JSON at line 1 column 60"],
        ),
        ("a list", Act::Send(ok("[]")), &["JSON of another shape"]),
        (
            "brotli",
            Act::Send(answer("200 OK", "content-encoding: br\r\n", BINARY)),
            &["it is encoded as `br`"],
        ),
        (
            "UTF-16",
            Act::Send(answer("200 OK", "", &utf16(BALANCE))),
            &["no JSON at line 1 column 1"],
        ),
        (
            "chunks that break off",
            Act::SendAndClose(chunks_that_break_off(BALANCE)),
            &["the answer of `127.0.0.1:", "` broke off"],
        ),
        (
            "a reset",
            Act::Reset,
            &["the connection to `127.0.0.1:", "` broke before an answer came"],
        ),
        (
            "silence",
            Act::Silence,
            &["no complete answer from `127.0.0.1:", "` within 150ms"],
        ),
        (
            "a huge answer",
            Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 67108865\r\n\r\n".to_vec()),
            &["` is larger than 67108864 bytes"],
        ),
    ] {
        let server = RawServer::start(move |_, _| act.clone()).await;
        let caller = Caller::over_http(&server, Transport::Multipart);
        let error = caller.run(caller.client.get_reseller_balance(&id())).await.unwrap_err();
        let shown = error.to_string();
        for part in parts {
            assert!(shown.contains(part), "{name}: {shown}");
        }
        assert!(!shown.contains(char::is_control), "{name}: {shown}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closes_costs_a_read_nothing_but_a_try() {
    let server = RawServer::start(|number, _| match number {
        1 => Act::SendAndClose(Vec::new()),
        _ => Act::Send(ok(BALANCE)),
    })
    .await;
    let caller = Caller::over_http(&server, Transport::Multipart);
    for _ in 0..2 {
        assert_eq!(caller.balance().await, "8.0588");
    }
    let connections: Vec<usize> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn a_write_after_others_never_uses_their_connection() {
    // The server closes each connection after its first request, also when it announced to keep it.
    let server = RawServer::start(|_, seen| {
        let body = if seen.body.contains("setClient") {
            r#"{"status":"success"}"#
        } else {
            BALANCE
        };
        Act::Send(ok(body))
    })
    .await;
    let caller = Caller::over_http(&server, Transport::Multipart);
    assert_eq!(caller.balance().await, "8.0588");
    for _ in 0..2 {
        caller
            .run(caller.client.call(&write(Function::SetClient)))
            .await
            .unwrap();
    }
    assert_eq!(caller.balance().await, "8.0588");
    let connections = server.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>();
    assert_eq!(connections, [0, 1, 2, 0]);
}
