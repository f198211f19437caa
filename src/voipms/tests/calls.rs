//! Whole calls within the process: what is sent, how often, and when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::stage::{Act, Api, BALANCE, BINARY, Caller, PASSWORD, answer, form, id, ok, record, utf16};
use crate::domain::plan::{Field, Record};
use crate::voipms::{Call, Class, Client, ErrorKind, Function, Transport};

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_read_is_a_multipart_form_with_nothing_in_the_url() {
    let server = Api::answering(BALANCE);
    let caller = Caller::new(&server, Transport::Multipart);
    assert_eq!(caller.balance().await, "8.0588");
    let seen = server.seen().remove(0);
    assert_eq!(
        (seen.class, seen.is_post, &*seen.target),
        (Class::Read, true, "/api/v1/rest.php")
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
    let server = Api::answering(BALANCE);
    let caller = Caller::new(&server, Transport::Get);
    assert_eq!(caller.balance().await, "8.0588");
    let seen = server.seen().remove(0);
    let query =
        "api_username=reseller%40example.com&api_password=p%26ss+w%2F%22rd&method=getResellerBalance&client=561115";
    assert_eq!(
        (seen.is_post, seen.target),
        (false, format!("/api/v1/rest.php?{query}"))
    );
    assert_eq!(seen.body, "");
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
    ];
    for (name, act, expected, tries) in cases {
        let is_limit = name.ends_with("limit");
        let server = Api::doing(act);
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
async fn a_read_that_succeeds_in_the_end_is_a_good_read() {
    let server = Api::start(|number, _| match number {
        0 => Act::Reset,
        1 => Act::Send(answer("503 Busy", "", b"<html>")),
        _ => Act::Send(ok(BALANCE)),
    });
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
        let server = Api::start(move |number, seen| match number {
            0 if fails => Act::Reset,
            _ if seen.body.contains("setClient") => Act::Send(ok(r#"{"status":"success"}"#)),
            _ => Act::Send(ok(&clients)),
        });
        let caller = Caller::at_rate(&server, Transport::Multipart, rate);
        let id = id();
        let (read, turn) = caller.run(caller.client.get_client_before_write(&id)).await.unwrap();
        assert_eq!(read.record.get(Field::Zip), "");
        let departure = turn.departure();
        assert!(!departure.is_past());
        // A minute of waiting for the pair is no part of the window.
        let window = turn.since().age();
        assert_eq!(window.as_secs(), between, "{rate} {fails}");
        let sent = caller.run(caller.client.set_client(turn, &read.record)).await;
        if rate == 1 {
            let error = sent.unwrap_err();
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

async fn set(client: &Client) -> Result<(), crate::voipms::Error> {
    let turn = client.write_turn(Function::SetClient).await.unwrap();
    client.set_client(turn, &record()).await
}

#[tokio::test]
async fn a_write_sends_all_thirteen_fields_also_where_reads_go_by_get() {
    let server = Api::answering(r#"{"status":"success"}"#);
    let caller = Caller::new(&server, Transport::Get);
    caller.run(set(&caller.client.urgent())).await.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(
        (seen.class, seen.is_post, &*seen.target),
        (Class::IdempotentWrite, true, "/api/v1/rest.php")
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
    let server = Api::answering(r#"{"status":"success"}"#);
    let caller = Caller::new(&server, Transport::Multipart);
    let mut nobodys = record();
    nobodys.set(Field::Client, "");
    let kept = Record::from_image(&record().image()).unwrap();
    for (name, record) in [("kept without password", kept), ("nobody's", nobodys)] {
        let turn = caller.run(caller.client.write_turn(Function::SetClient)).await.unwrap();
        let error = caller.run(caller.client.set_client(turn, &record)).await.unwrap_err();
        assert!(!error.may_have_taken_effect(), "{name}");
        assert_eq!(
            (error.kind(), error.is_transient()),
            (ErrorKind::Unsendable, false),
            "{name}"
        );
        assert_eq!(Call::set_client(&record).unwrap_err(), error, "{name}");
    }
    assert!(server.seen().is_empty());
}

/// Answers `missing_method` to multipart as long as `broken`, and the balance otherwise.
fn without_multipart(broken: Arc<Mutex<bool>>) -> Arc<Api> {
    Api::start(move |_, seen| {
        let is_refused = *broken.lock().unwrap() && seen.is_post;
        let refusal = r#"{"status":"missing_method","message":"missing_method"}"#;
        Act::Send(ok(if is_refused { refusal } else { BALANCE }))
    })
}

#[tokio::test]
async fn reads_fall_back_to_get_while_multipart_is_broken_and_come_back() {
    let broken = Arc::new(Mutex::new(true));
    let server = without_multipart(Arc::clone(&broken));
    let caller = Caller::new(&server, Transport::Multipart);
    let methods = || {
        let seen = server.seen();
        seen.iter()
            .map(|seen| if seen.is_post { "POST" } else { "GET" })
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(caller.balance().await, "8.0588");
    assert!(caller.client.has_fallen_back_to_get());
    assert_eq!(caller.balance().await, "8.0588");
    assert_eq!(methods(), "POST GET GET");
    let write = caller.run(set(&caller.client)).await.unwrap_err();
    assert_eq!(write.kind().as_str(), "missing_method", "a write never goes by GET");
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
    let server = Api::start(|_, seen| {
        let is_form = seen.is_post;
        Act::Send(if is_form {
            ok(r#"{"status":"missing_method"}"#)
        } else {
            answer("503 Busy", "", b"<html>")
        })
    });
    let caller = Caller::new(&server, Transport::Multipart);
    // Each time: the balance, how many forms and how many queries it took.
    let mut seen_before = 0;
    let mut ask = async || {
        let outcome = caller.balance().await;
        let seen = server.seen().split_off(seen_before);
        seen_before += seen.len();
        let forms = seen.iter().filter(|seen| seen.is_post).count();
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
    let server = Api::answering(r#"{"status":"missing_method"}"#);
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
    let server = without_multipart(Arc::new(Mutex::new(true)));
    let caller = Caller::new(&server, Transport::Multipart);
    for _ in 0..2 {
        assert_eq!(caller.balance().await, "8.0588");
    }
    caller.run(set(&caller.client)).await.unwrap_err();
    let unreachable = Api::doing(Act::Reset);
    let lost = Caller::new(&unreachable, Transport::Get);
    assert_eq!(lost.balance().await, "reset");
    let id = id();
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
        let server = Api::answering(&body);
        let caller = Caller::new(&server, Transport::Multipart);
        let id = id();
        let got = match caller.run(caller.client.has_client(&id)).await {
            Ok(has) => has.to_string(),
            Err(error) => error.kind().to_string(),
        };
        assert_eq!(got, expected, "{name}");
    }
}

#[tokio::test]
async fn a_turn_that_is_not_used_sends_nothing() {
    let server = Api::answering("");
    let caller = Caller::new(&server, Transport::Multipart);
    drop(caller.run(caller.client.write_turn(Function::SetClient)).await.unwrap());
    assert_eq!((server.seen().len(), caller.client.calls_made()), (0, 1));
}
