//! Whole calls over HTTP against a server of bytes: what is sent, how often, and when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::clock::{Clock, Stepper};
use crate::domain::plan::{Field, Record};
use crate::domain::{AccountName, ClientId};
use crate::net::raw_server::{Act, RawServer, Seen, answer, gzip, ok};
use crate::net::{Bounds, Trust};
use crate::voipms::pace::{MemoryLedger, Pace, Pacer};
use crate::voipms::{Client, ErrorKind, Function, RawCall, Settings, Transport, WriteError};

const BALANCE: &str = r#"{"status":"success","balance":{"current_balance":"8.0588"}}"#;
const PASSWORD: &str = "p&ss w/\"rd";

/// A client of `server` on a stepped clock.
pub(super) struct Caller {
    pub(super) client: Client,
    stepper: Stepper,
}

impl Caller {
    pub(super) fn new(server: &RawServer, transport: Transport) -> Self {
        Self::at_rate(server, transport, 1_000_000)
    }

    fn at_rate(server: &RawServer, transport: Transport, rate_per_minute: u32) -> Self {
        let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        let settings = Settings {
            account: AccountName::new("main").unwrap(),
            url: server.url.clone(),
            username: "reseller@example.com".to_owned(),
            password: SecretString::from(PASSWORD.to_owned()),
            transport,
            bounds: Bounds {
                connect: Duration::from_secs(2),
                read: Duration::from_millis(150),
                total: Duration::from_secs(2),
                body_bytes: 64 << 20,
            },
            concurrency: 4,
        };
        let pacer = Pacer::new(Pace {
            account: settings.account.clone(),
            rate_per_minute,
            longest_call: settings.bounds.total,
            owner: "test".to_owned(),
            ledger: Arc::new(MemoryLedger::default()),
            clock,
        });
        Self {
            client: Client::new(&settings, pacer, &Trust::load(), 1).unwrap(),
            stepper,
        }
    }

    /// Runs a call; time passes when nothing is under way.
    pub(super) async fn run<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = std::pin::pin!(call);
        loop {
            tokio::select! {
                biased;
                outcome = &mut call => return outcome,
                () = tokio::task::yield_now() => if self.stepper.is_idle() && let Some(wake) = self.stepper.next_wake() {
                    self.stepper.advance_to(wake);
                },
            }
        }
    }

    async fn balance(&self) -> String {
        let id = ClientId::new("561115").unwrap();
        match self.run(self.client.get_reseller_balance(&id)).await {
            Ok(balance) => balance.current_balance.to_string(),
            Err(error) => error.kind().to_string(),
        }
    }

    fn elapsed(&self) -> Duration {
        self.client.pacer().clock().monotonic()
    }
}

pub(super) fn form(seen: &Seen) -> Vec<(String, String)> {
    let head = seen.head.replace("Content-Type", "content-type");
    let boundary = head
        .split("boundary=")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let mut parts = seen.body.split(&format!("--{boundary}")).collect::<Vec<_>>();
    assert_eq!((parts.remove(0), parts.pop()), ("", Some("--\r\n")));
    parts
        .into_iter()
        .map(|part| {
            let part = part
                .strip_prefix("\r\nContent-Disposition: form-data; name=\"")
                .unwrap();
            let (name, value) = part.split_once("\"\r\n\r\n").unwrap();
            (name.to_owned(), value.strip_suffix("\r\n").unwrap().to_owned())
        })
        .collect()
}

/// All but the last bytes.
pub(super) fn cut(mut answer: Vec<u8>) -> Vec<u8> {
    answer.truncate(answer.len() - 5);
    answer
}

/// What decompresses to nothing that is known here.
pub(super) const BINARY: &[u8] = b"\x0b\x0a\x80\xff\x00\x1b[31m\x03";

/// UTF-16 with its mark.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// An answer in chunks whose last one is missing.
pub(super) fn chunks_that_break_off(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    format!("{head}{:x}\r\n{body}\r\n", body.len()).into_bytes()
}

/// An answer behind an interim one.
pub(super) fn behind(status: &str, answer: Vec<u8>) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n\r\n").into_bytes(), answer].concat()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_read_is_a_multipart_form_with_nothing_in_the_url() {
    let server = RawServer::answering(BALANCE).await;
    let caller = Caller::new(&server, Transport::Multipart);
    assert_eq!(caller.balance().await, "8.0588");
    let seen = server.seen().remove(0);
    assert!(
        seen.head.starts_with("POST /api/v1/rest.php HTTP/1.1\r\n"),
        "{}",
        seen.head
    );
    assert!(
        seen.head.to_lowercase().contains("user-agent: balancewatch/"),
        "{}",
        seen.head
    );
    let expected = [
        ("api_username", "reseller@example.com"),
        ("api_password", PASSWORD),
        ("method", "getResellerBalance"),
        ("client", "561115"),
    ];
    assert_eq!(form(&seen), pairs(&expected));
}

#[tokio::test]
async fn a_read_by_get_is_a_query() {
    let server = RawServer::answering(BALANCE).await;
    let caller = Caller::new(&server, Transport::Get);
    assert_eq!(caller.balance().await, "8.0588");
    let head = server.seen().remove(0).head;
    let query =
        "api_username=reseller%40example.com&api_password=p%26ss+w%2F%22rd&method=getResellerBalance&client=561115";
    assert!(
        head.starts_with(&format!("GET /api/v1/rest.php?{query} HTTP/1.1\r\n")),
        "{head}"
    );
    let error = caller
        .run(caller.client.get_clients_by_email(&"x".repeat(8_000)))
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "unsendable");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn good_answers_come_in_many_wrappings() {
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{BALANCE}\r\n0\r\n\r\n",
        BALANCE.len()
    );
    for (name, bytes) in [
        ("plain", ok(BALANCE)),
        ("chunked", chunked.into_bytes()),
        ("until closed", format!("HTTP/1.1 200 OK\r\n\r\n{BALANCE}").into_bytes()),
        (
            "gzip",
            answer("200 OK", "content-encoding: gzip\r\n", &gzip(BALANCE.as_bytes())),
        ),
        (
            "another type",
            answer("200 OK", "content-type: image/png\r\n", BALANCE.as_bytes()),
        ),
        (
            "another charset",
            answer(
                "200 OK",
                "content-type: text/html; charset=utf-16\r\n",
                BALANCE.as_bytes(),
            ),
        ),
    ] {
        let server = RawServer::start(move |_, _| Act::SendAndClose(bytes.clone())).await;
        assert_eq!(
            Caller::new(&server, Transport::Multipart).balance().await,
            "8.0588",
            "{name}"
        );
    }
}

#[tokio::test]
async fn how_often_a_read_is_tried() {
    let cases = [
        ("good", Act::Send(ok(BALANCE)), "8.0588", 1),
        (
            "outage page",
            Act::Send(answer("503 Busy", "", b"<html>")),
            "http_503",
            3,
        ),
        ("internal error", Act::Send(answer("500 Error", "", b"")), "http_500", 3),
        (
            "firewall page",
            Act::Send(answer("403 Forbidden", "", b"<html>")),
            "http_403",
            3,
        ),
        ("page", Act::Send(ok("<html>")), "html", 3),
        ("empty", Act::Send(ok("")), "empty", 3),
        ("status null", Act::Send(ok(r#"{"status":null}"#)), "null_status", 3),
        ("cut JSON", Act::Send(ok(&BALANCE[..30])), "truncated", 3),
        ("cut body", Act::SendAndClose(cut(ok(BALANCE))), "truncated", 3),
        (
            "success alone",
            Act::Send(ok(r#"{"status":"success"}"#)),
            "missing_payload",
            3,
        ),
        (
            "wrong types",
            Act::Send(ok(&BALANCE.replace("\"8.0588\"", "[]"))),
            "bad_amount",
            3,
        ),
        ("reset", Act::Reset, "reset", 3),
        (
            "a warning of PHP before it",
            Act::Send(ok(&format!("<br />\n<b>Warning</b>: x<br />\n{BALANCE}"))),
            "html",
            3,
        ),
        (
            "a warning of PHP behind it",
            Act::Send(ok(&format!("{BALANCE}<br />\n<b>Warning</b>: x<br />\n"))),
            "malformed",
            3,
        ),
        (
            "a byte order mark",
            Act::Send(ok(&format!("\u{feff}{BALANCE}"))),
            "8.0588",
            1,
        ),
        (
            "UTF-16",
            Act::Send(answer("200 OK", "", &utf16(BALANCE))),
            "malformed",
            3,
        ),
        ("a list", Act::Send(ok(&format!("[{BALANCE}]"))), "malformed", 3),
        (
            "brotli",
            Act::Send(answer("200 OK", "content-encoding: br\r\n", BINARY)),
            "malformed",
            3,
        ),
        (
            "deflate",
            Act::Send(answer("200 OK", "content-encoding: deflate\r\n", BINARY)),
            "malformed",
            3,
        ),
        (
            "an encoding that is none",
            Act::Send(answer("200 OK", "content-encoding: utf-8\r\n", BALANCE.as_bytes())),
            "8.0588",
            1,
        ),
        (
            "half of gzip",
            Act::Send(answer(
                "200 OK",
                "content-encoding: gzip\r\n",
                &gzip(BALANCE.as_bytes())[..14],
            )),
            "truncated",
            3,
        ),
        (
            "chunks that break off",
            Act::SendAndClose(chunks_that_break_off(BALANCE)),
            "truncated",
            3,
        ),
        (
            "behind 100 Continue",
            Act::Send(behind("100 Continue", ok(BALANCE))),
            "8.0588",
            1,
        ),
        (
            "behind 103 Early Hints",
            Act::Send(behind("103 Early Hints", ok(BALANCE))),
            "8.0588",
            1,
        ),
        (
            "another protocol",
            Act::SendAndClose(behind("101 Switching Protocols", Vec::new())),
            "http_101",
            1,
        ),
        (
            "unavailable",
            Act::Send(ok(r#"{"status":"unavailable_info"}"#)),
            "unavailable_info",
            3,
        ),
        ("silence", Act::Silence, "timeout", 1),
        (
            "limit",
            Act::Send(ok(r#"{"status":"api_limit_exceeded"}"#)),
            "api_limit_exceeded",
            1,
        ),
        ("HTTP limit", Act::Send(answer("429 Slow", "", b"")), "http_429", 1),
        (
            "maintenance",
            Act::Send(ok(r#"{"status":"method_maintenance"}"#)),
            "method_maintenance",
            1,
        ),
        (
            "redirect",
            Act::Send(answer("302 Found", "location: https://example.com/\r\n", b"")),
            "redirect",
            1,
        ),
        (
            "refused",
            Act::Send(ok(r#"{"status":"invalid_client"}"#)),
            "invalid_client",
            1,
        ),
        (
            "not allowed",
            Act::Send(ok(r#"{"status":"ip_not_enabled"}"#)),
            "ip_not_enabled",
            1,
        ),
        (
            "huge",
            Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 67108865\r\n\r\n".to_vec()),
            "too_large",
            1,
        ),
    ];
    for (name, act, expected, tries) in cases {
        let is_limit = name.ends_with("limit");
        let server = RawServer::start(move |_, _| act.clone()).await;
        let caller = Caller::new(&server, Transport::Multipart);
        assert_eq!(caller.balance().await, expected, "{name}");
        assert_eq!(server.seen().len(), tries, "{name}");
        assert_eq!(
            caller.client.pacer().calls_made(),
            tries as u64,
            "{name}: every try passes the pace"
        );
        let waited = caller.elapsed();
        if tries == 3 {
            let (least, most) = (Duration::from_millis(375), Duration::from_millis(1_125));
            assert!((least..=most).contains(&waited), "{name}: {waited:?}");
        }
        let rate = if is_limit { 500_000 } else { 1_000_000 };
        assert_eq!(caller.client.pacer().effective_rate(), rate, "{name}");
    }
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
            let caller = Caller::new(&server, Transport::Get);
            let id = ClientId::new("561115").unwrap();
            let read = caller.run(caller.client.get_reseller_balance(&id)).await.unwrap_err();
            let write = caller
                .run(caller.client.set_client_threshold(&super::traps::threshold()))
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
            &["the answer is a page, no JSON: <br /> <b>Warning</b>: mysql_connect() failed<br />"][..],
        ),
        (
            "a warning behind it",
            Act::Send(ok(&format!("{BALANCE}<br />"))),
            &["no JSON at line 1 column 60: {\"status\""],
        ),
        ("a list", Act::Send(ok("[]")), &["JSON of another shape: []"]),
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
        let caller = Caller::new(&server, Transport::Multipart);
        let id = ClientId::new("561115").unwrap();
        let error = caller.run(caller.client.get_reseller_balance(&id)).await.unwrap_err();
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
    let caller = Caller::new(&server, Transport::Multipart);
    for _ in 0..2 {
        assert_eq!(caller.balance().await, "8.0588");
    }
    let connections: Vec<usize> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn a_read_that_succeeds_in_the_end_is_a_good_read() {
    let server = RawServer::start(|number, _| match number {
        0 => Act::Reset,
        1 => Act::Send(answer("503 Busy", "", b"<html>")),
        _ => Act::Send(ok(BALANCE)),
    })
    .await;
    assert_eq!(Caller::new(&server, Transport::Multipart).balance().await, "8.0588");
}

#[tokio::test]
async fn a_record_that_is_to_be_written_is_read_right_before() {
    let row = r#"{"client":"561115","email":"a@example.com","password":"johnspassword","company":"","firstname":"A","lastname":"B","address":"","city":"","state":"","country":"CA","zip":"","phone_number":"5551112222","balance_management":"1"}"#;
    let clients = format!(r#"{{"status":"success","clients":[{row}]}}"#);
    // Calls a minute, whether a read before it fails, and the seconds between the last read and the write.
    for (rate, fails, between) in [
        (60, false, 0),
        (60, true, 0),
        (2, false, 0),
        (2, true, 0),
        (1, false, 60),
    ] {
        let clients = clients.clone();
        let server = RawServer::start(move |number, seen| match number {
            0 if fails => Act::Reset,
            _ if seen.body.contains("setClient") => Act::Send(ok(r#"{"status":"success"}"#)),
            _ => Act::Send(ok(&clients)),
        })
        .await;
        let caller = Caller::at_rate(&server, Transport::Multipart, rate);
        let id = ClientId::new("561115").unwrap();
        let (read, turn) = caller.run(caller.client.get_client_before_write(&id)).await.unwrap();
        assert_eq!(read.record.get(Field::Zip), "");
        let departure = turn.departure();
        assert!(!departure.is_past());
        // A minute of waiting for the pair is no part of the window.
        let window = turn.since().age();
        assert_eq!(window.as_secs(), between, "{rate} {fails}");
        let sent = caller.run(caller.client.set_client(turn, &read.record)).await;
        if rate == 1 {
            let error = sent.unwrap_err().into_error();
            assert_eq!(
                (error.kind(), error.may_have_taken_effect()),
                (ErrorKind::TooLate, false)
            );
            assert!(!departure.is_past());
            assert!(
                server.seen().iter().all(|seen| !seen.body.contains("setClient")),
                "nothing was sent"
            );
            continue;
        }
        sent.unwrap();
        assert!(departure.is_past());
        let calls = 2 + usize::from(fails);
        let seen = server.seen();
        assert_eq!(seen.len(), calls, "{rate} {fails}");
        assert!(seen[calls - 1].body.contains("setClient"), "{rate} {fails}");
        // What a failed read cost comes before the read that counts; nothing comes between that one and the write.
        let elapsed = caller.elapsed().as_secs();
        let expected = match (rate, fails) {
            (60, true) => 1..5,
            (2, true) => 60..65,
            _ => between..between + 1,
        };
        assert!(expected.contains(&elapsed), "{rate} {fails}: {elapsed} s");
        caller.run(caller.client.pacer().settle()).await.unwrap();
    }
}

pub(super) fn record() -> Record {
    Record::from_fields([
        (Field::Client, "561115"),
        (Field::Email, "josé@example.com"),
        (Field::Password, "johns \"pass\"\r\nword"),
        (Field::Company, "O'Neill & Søn"),
        (Field::Firstname, "José"),
        (Field::Lastname, "Ó"),
        (Field::City, "OPA LOCKA"),
        (Field::State, "FLORIDA"),
        (Field::Country, "US"),
        (Field::Zip, "02134"),
        (Field::PhoneNumber, "5551112222"),
        (Field::BalanceManagement, "1"),
    ])
}

async fn set(client: &Client) -> Result<(), WriteError> {
    let turn = client.write_turn(Function::SetClient).await.unwrap();
    client.set_client(turn, &record()).await
}

#[tokio::test]
async fn a_write_sends_all_thirteen_fields_also_where_reads_go_by_get() {
    let server = RawServer::answering(r#"{"status":"success"}"#).await;
    let caller = Caller::new(&server, Transport::Get);
    caller.run(set(&caller.client.urgent())).await.unwrap();
    let seen = server.seen().remove(0);
    assert!(
        seen.head.starts_with("POST /api/v1/rest.php HTTP/1.1\r\n"),
        "{}",
        seen.head
    );
    let expected = [
        ("api_username", "reseller@example.com"),
        ("api_password", PASSWORD),
        ("method", "setClient"),
        ("client", "561115"),
        ("email", "josé@example.com"),
        ("password", "johns \"pass\"\r\nword"),
        ("company", "O'Neill & Søn"),
        ("firstname", "José"),
        ("lastname", "Ó"),
        ("address", ""),
        ("city", "OPA LOCKA"),
        ("state", "FLORIDA"),
        ("country", "US"),
        ("zip", "02134"),
        ("phone_number", "5551112222"),
        ("balance_management", "1"),
    ];
    assert_eq!(form(&seen), pairs(&expected));
}

#[tokio::test]
async fn a_record_without_a_password_or_an_id_is_never_sent() {
    let server = RawServer::answering(r#"{"status":"success"}"#).await;
    let caller = Caller::new(&server, Transport::Multipart);
    let mut nobodys = record();
    nobodys.set(Field::Client, "");
    let kept = Record::from_image(&record().image()).unwrap();
    for (name, record) in [("kept without password", kept), ("nobody's", nobodys)] {
        let turn = caller.run(caller.client.write_turn(Function::SetClient)).await.unwrap();
        let failure = caller.run(caller.client.set_client(turn, &record)).await.unwrap_err();
        assert!(matches!(failure, WriteError::NotDone(_)), "{name}");
        let error = failure.into_error();
        assert_eq!(
            (error.kind(), error.is_transient()),
            (ErrorKind::Unsendable, false),
            "{name}"
        );
        assert_eq!(RawCall::set_client(&record).unwrap_err(), error, "{name}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_write_is_sent_once_whatever_comes() {
    let cases = [
        (
            "outage page",
            Act::Send(answer("503 Busy", "", b"<html>")),
            "http_503",
            true,
        ),
        ("empty", Act::Send(ok("")), "empty", true),
        ("reset", Act::Reset, "reset", true),
        ("closed without a word", Act::SendAndClose(Vec::new()), "reset", true),
        ("silence", Act::Silence, "timeout", true),
        (
            "cut",
            Act::SendAndClose(cut(ok(r#"{"status":"success"}"#))),
            "truncated",
            true,
        ),
        (
            "no multipart",
            Act::Send(ok(r#"{"status":"missing_method"}"#)),
            "missing_method",
            false,
        ),
        (
            "limit",
            Act::Send(ok(r#"{"status":"api_limit_exceeded"}"#)),
            "api_limit_exceeded",
            false,
        ),
    ];
    for (name, act, expected, may_have_taken_effect) in cases {
        let server = RawServer::start(move |_, _| act.clone()).await;
        let caller = Caller::new(&server, Transport::Multipart);
        let failure = caller.run(set(&caller.client)).await.unwrap_err();
        assert_eq!(failure.error().kind().as_str(), expected, "{name}");
        let is_unknown = matches!(failure, WriteError::Unknown(_));
        assert_eq!(is_unknown, may_have_taken_effect, "{name}");
        assert_eq!(server.seen().len(), 1, "{name}");
        assert!(!caller.client.has_fallen_back_to_get(), "{name}");
    }
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
    let caller = Caller::new(&server, Transport::Multipart);
    assert_eq!(caller.balance().await, "8.0588");
    for _ in 0..2 {
        caller.run(set(&caller.client)).await.unwrap();
    }
    assert_eq!(caller.balance().await, "8.0588");
    let connections = server.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>();
    assert_eq!(connections, [0, 1, 2, 0]);
}

#[tokio::test]
async fn nothing_is_sent_when_nobody_listens() {
    let address = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let mut server = RawServer::answering("").await;
    server.url = format!("http://{address}/");
    let caller = Caller::new(&server, Transport::Multipart);
    assert_eq!(caller.balance().await, "connect");
    let error = caller.run(set(&caller.client)).await.unwrap_err().into_error();
    assert!(!error.may_have_taken_effect() && error.is_transient());
    assert_eq!(caller.client.pacer().calls_made(), 4, "three reads and one write");
}

/// Answers `missing_method` to multipart as long as `broken`, and the balance otherwise.
async fn without_multipart(broken: Arc<Mutex<bool>>) -> RawServer {
    RawServer::start(move |_, seen| {
        let is_refused = *broken.lock().unwrap() && seen.head.starts_with("POST");
        let refusal = r#"{"status":"missing_method","message":"missing_method"}"#;
        Act::Send(ok(if is_refused { refusal } else { BALANCE }))
    })
    .await
}

#[tokio::test]
async fn reads_fall_back_to_get_while_multipart_is_broken_and_come_back() {
    let broken = Arc::new(Mutex::new(true));
    let server = without_multipart(Arc::clone(&broken)).await;
    let caller = Caller::new(&server, Transport::Multipart);
    let methods = || {
        let seen = server.seen();
        seen.iter()
            .map(|seen| seen.head.split(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(caller.balance().await, "8.0588");
    assert!(caller.client.has_fallen_back_to_get());
    assert_eq!(caller.balance().await, "8.0588");
    assert_eq!(methods(), "POST GET GET");
    let write = caller.run(set(&caller.client)).await.unwrap_err();
    assert_eq!(
        write.error().kind().as_str(),
        "missing_method",
        "a write never goes by GET"
    );
    assert_eq!(methods(), "POST GET GET POST");

    caller.stepper.advance_to(Timestamp::from_second(3_700).unwrap());
    assert_eq!(caller.balance().await, "8.0588");
    assert_eq!(methods(), "POST GET GET POST POST GET", "asked again after an hour");
    *broken.lock().unwrap() = false;
    caller.stepper.advance_to(Timestamp::from_second(7_400).unwrap());
    assert_eq!(caller.balance().await, "8.0588");
    assert!(!caller.client.has_fallen_back_to_get());
    assert_eq!(methods(), "POST GET GET POST POST GET POST");
}

#[tokio::test]
async fn a_form_that_is_not_read_is_no_try_and_is_left_alone_for_an_hour() {
    let server = RawServer::start(|_, seen| {
        let is_form = seen.head.starts_with("POST");
        Act::Send(if is_form {
            ok(r#"{"status":"missing_method"}"#)
        } else {
            answer("503 Busy", "", b"<html>")
        })
    })
    .await;
    let caller = Caller::new(&server, Transport::Multipart);
    // Each time: the balance, how many forms and how many queries it took.
    let mut seen_before = 0;
    let mut ask = async || {
        let outcome = caller.balance().await;
        let seen = server.seen().split_off(seen_before);
        seen_before += seen.len();
        let forms = seen.iter().filter(|seen| seen.head.starts_with("POST")).count();
        (outcome, forms, seen.len() - forms)
    };
    let fell_back = caller.elapsed();
    assert_eq!(
        ask().await,
        ("http_503".to_owned(), 1, 3),
        "three tries by GET all the same"
    );
    let since = |duration: Duration| Timestamp::UNIX_EPOCH + fell_back + duration;
    let hour = Duration::from_secs(3_600);
    caller.stepper.advance_to(since(hour - Duration::from_secs(10)));
    assert_eq!(ask().await, ("http_503".to_owned(), 0, 3), "within the hour");
    caller.stepper.advance_to(since(hour));
    assert_eq!(ask().await, ("http_503".to_owned(), 1, 3), "after an hour");
}

#[tokio::test]
async fn by_get_a_missing_method_is_a_failure() {
    let server = RawServer::answering(r#"{"status":"missing_method"}"#).await;
    let caller = Caller::new(&server, Transport::Multipart);
    assert_eq!(caller.balance().await, "missing_method");
    assert_eq!(server.seen().len(), 2);
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_logged_or_printed() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = without_multipart(Arc::new(Mutex::new(true))).await;
    let caller = Caller::new(&server, Transport::Multipart);
    for _ in 0..2 {
        assert_eq!(caller.balance().await, "8.0588");
    }
    caller.run(set(&caller.client)).await.unwrap_err();
    let unreachable = RawServer::start(|_, _| Act::Reset).await;
    let lost = Caller::new(&unreachable, Transport::Get);
    assert_eq!(lost.balance().await, "reset");
    let id = ClientId::new("561115").unwrap();
    let error = lost.run(lost.client.get_client(&id)).await.unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        log.matches("reads go by GET meanwhile").count(),
        1,
        "announced once: {log}"
    );
    let shown = format!("{log} {error} {error:?} {source:?} {:?} {:?}", lost.client, record());
    for secret in ["p&ss", "p%26ss", "johns", "reseller@example.com", "reseller%40"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn only_the_apis_word_says_that_a_client_is_gone() {
    let row = |id: &str| format!(r#"{{"status":"success","clients":[{{"client":"{id}"}}]}}"#);
    for (name, body, expected) in [
        ("an odd record is a client", row("561115"), "true"),
        ("not valid", r#"{"status":"invalid_client"}"#.to_owned(), "false"),
        ("nobody at all", r#"{"status":"no_client"}"#.to_owned(), "no_client"),
        (
            "an empty list",
            r#"{"status":"success","clients":[]}"#.to_owned(),
            "no_client",
        ),
        ("another client", row("7"), "wrong_client"),
        ("empty", String::new(), "empty"),
    ] {
        let server = RawServer::answering(&body).await;
        let caller = Caller::new(&server, Transport::Multipart);
        let id = ClientId::new("561115").unwrap();
        let got = match caller.run(caller.client.has_client(&id)).await {
            Ok(has) => has.to_string(),
            Err(error) => error.kind().to_string(),
        };
        assert_eq!(got, expected, "{name}");
    }
}

#[tokio::test]
async fn a_turn_that_is_not_used_sends_nothing() {
    let server = RawServer::answering("").await;
    let caller = Caller::new(&server, Transport::Multipart);
    drop(caller.run(caller.client.write_turn(Function::SetClient)).await.unwrap());
    assert_eq!((server.seen().len(), caller.client.calls_made()), (0, 1));
}
