//! Writes over HTTP against a server of bytes, typed and as given: each is sent once, and ends in done, not done or
//! unknown; and calls as given, whose answers come back verbatim.

use secrecy::SecretString;

use super::calls::{BINARY, Caller, behind, chunks_that_break_off, cut, form, record, utf16};
use super::traps::{charge, payment, signup, threshold};
use crate::net::raw_server::{Act, RawServer, answer, gzip, ok};
use crate::voipms::functions::Call;
use crate::voipms::{CallError, Client, FindOut, Function, RawCall, Transport, WriteError, meaning};

fn raw(function: Function, of: &[(&'static str, &str)]) -> RawCall {
    let arguments = of.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    RawCall::new(function, arguments).unwrap()
}

/// The same writes as given.
fn given(function: Function) -> RawCall {
    let person = [
        ("email", "john.doe@my-domain.com"),
        ("password", "johnspassword"),
        ("firstname", "John"),
        ("lastname", "Doe"),
        ("phone_number", "5551112222"),
    ];
    match function {
        Function::AddCharge => raw(
            function,
            &[("client", "561115"), ("charge", "4.99"), ("description", "b 1")],
        ),
        Function::AddPayment => raw(function, &[("client", "561115"), ("payment", "10")]),
        Function::SetClientThreshold => raw(function, &[("client", "561115"), ("threshold", "10")]),
        Function::SetClient => raw(function, &[&[("client", "561115")], &person[..]].concat()),
        Function::SignupClient => {
            let more = [
                ("address", "1 Main St"),
                ("city", "x"),
                ("state", "x"),
                ("country", "US"),
                ("zip", "0"),
                ("confirm_email", "john.doe@my-domain.com"),
                ("confirm_password", "johnspassword"),
            ];
            raw(function, &[&person[..], &more].concat())
        }
        _ => panic!("{function} is no write"),
    }
}

async fn typed(client: &Client, function: Function) -> Result<(), WriteError> {
    match function {
        Function::AddCharge => client.add_charge(&charge()).await,
        Function::AddPayment => client.add_payment(&payment()).await,
        Function::SetClientThreshold => client.set_client_threshold(&threshold()).await,
        Function::SignupClient => client.signup_client(&signup()).await.map(drop),
        Function::SetClient => {
            let turn = client.write_turn(Function::SetClient).await.unwrap();
            client.set_client(turn, &record()).await
        }
        _ => panic!("{function} is no write"),
    }
}

const WRITES: [Function; 5] = [
    Function::AddCharge,
    Function::AddPayment,
    Function::SetClient,
    Function::SetClientThreshold,
    Function::SignupClient,
];

fn told(outcome: Result<(), WriteError>) -> String {
    match outcome {
        Ok(()) => "done".to_owned(),
        Err(WriteError::NotDone(error)) => format!("not done: {}", error.kind()),
        Err(WriteError::Unknown(unknown)) => format!("unknown: {}", unknown.error.kind()),
    }
}

#[tokio::test]
async fn every_write_is_sent_once_and_ends_in_one_of_three_ways() {
    let status = |code: &str| Act::Send(ok(&format!(r#"{{"status":"{code}","message":"{code}"}}"#)));
    let success = r#"{"status":"success"}"#;
    let cases = [
        ("success", Act::Send(ok(success)), "done"),
        ("a page", Act::Send(ok("<html>")), "unknown: html"),
        ("empty", Act::Send(ok("")), "unknown: empty"),
        ("words", Act::Send(ok("OK")), "unknown: malformed"),
        ("half an answer", Act::Send(ok(&success[..12])), "unknown: truncated"),
        ("half a body", Act::SendAndClose(cut(ok(success))), "unknown: truncated"),
        (
            "a warning of PHP before success",
            Act::Send(ok(&format!(
                "<br />\n<b>Warning</b>: x in <b>y</b> on line <b>1</b><br />\n{success}"
            ))),
            "unknown: html",
        ),
        (
            "a warning of PHP behind success",
            Act::Send(ok(&format!("{success}<br />\n<b>Notice</b>: x<br />\n"))),
            "unknown: malformed",
        ),
        (
            "a byte order mark",
            Act::Send(ok(&format!("\u{feff}{success}"))),
            "done",
        ),
        (
            "UTF-16",
            Act::Send(answer("200 OK", "", &utf16(success))),
            "unknown: malformed",
        ),
        ("a list", Act::Send(ok(&format!("[{success}]"))), "unknown: malformed"),
        (
            "brotli",
            Act::Send(answer("200 OK", "content-encoding: br\r\n", BINARY)),
            "unknown: malformed",
        ),
        (
            "deflate",
            Act::Send(answer("200 OK", "content-encoding: deflate\r\n", BINARY)),
            "unknown: malformed",
        ),
        (
            "half of gzip",
            Act::Send(answer(
                "200 OK",
                "content-encoding: gzip\r\n",
                &gzip(success.as_bytes())[..14],
            )),
            "unknown: truncated",
        ),
        (
            "chunks that break off",
            Act::SendAndClose(chunks_that_break_off(success)),
            "unknown: truncated",
        ),
        (
            "success behind 100 Continue",
            Act::Send(behind("100 Continue", ok(success))),
            "done",
        ),
        (
            "success behind 103 Early Hints",
            Act::Send(behind("103 Early Hints", ok(success))),
            "done",
        ),
        (
            "another protocol",
            Act::SendAndClose(behind("101 Switching Protocols", Vec::new())),
            "unknown: http_101",
        ),
        (
            "redirected with success",
            Act::Send(answer(
                "301 Moved",
                "location: http://127.0.0.1:1/\r\n",
                success.as_bytes(),
            )),
            "unknown: redirect",
        ),
        ("reset before an answer", Act::Reset, "unknown: reset"),
        (
            "closed before an answer",
            Act::SendAndClose(Vec::new()),
            "unknown: reset",
        ),
        (
            "half a head",
            Act::SendAndClose(b"HTTP/1.1 200".to_vec()),
            "unknown: reset",
        ),
        ("a lost answer", Act::Silence, "unknown: timeout"),
        (
            "internal error",
            Act::Send(answer("500 Error", "", b"")),
            "unknown: http_500",
        ),
        (
            "success with HTTP 500",
            Act::Send(answer("500 Error", "", success.as_bytes())),
            "unknown: http_500",
        ),
        (
            "outage",
            Act::Send(answer("503 Busy", "", b"<html>")),
            "unknown: http_503",
        ),
        (
            "a huge answer",
            Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 67108865\r\n\r\n".to_vec()),
            "unknown: too_large",
        ),
        ("a new code", status("we_are_moving"), "unknown: we_are_moving"),
        (
            "status null",
            Act::Send(ok(r#"{"status":null}"#)),
            "unknown: null_status",
        ),
        (
            "a dry run nobody asked for",
            status("success_test"),
            "not done: success_test",
        ),
        ("refused", status("invalid_client"), "not done: invalid_client"),
        (
            "refused with a capital",
            status("Invalid_threshold"),
            "not done: Invalid_threshold",
        ),
        ("missing", status("missing_charge"), "not done: missing_charge"),
        (
            "mismatch",
            status("mismatch_email_confirm"),
            "not done: mismatch_email_confirm",
        ),
        ("used", status("used_email"), "not done: used_email"),
        ("weak", status("weak_password"), "not done: weak_password"),
        (
            "no funds",
            status("non_sufficient_funds"),
            "not done: non_sufficient_funds",
        ),
        ("limit", status("api_limit_exceeded"), "not done: api_limit_exceeded"),
        (
            "maintenance",
            status("method_maintenance"),
            "not done: method_maintenance",
        ),
        ("no multipart", status("missing_method"), "not done: missing_method"),
        (
            "address not allowed",
            status("ip_not_enabled"),
            "not done: ip_not_enabled",
        ),
        (
            "firewall",
            Act::Send(answer("403 Forbidden", "", b"<html>")),
            "not done: http_403",
        ),
    ];
    for (name, act, expected) in cases {
        let server = RawServer::start(move |_, _| act.clone()).await;
        // Writes are forms also where reads go by GET.
        let caller = Caller::new(&server, Transport::Get);
        let mut calls = 0;
        for function in WRITES {
            for is_typed in [true, false] {
                let outcome = if is_typed {
                    caller.run(typed(&caller.client, function)).await
                } else {
                    let outcome = caller.run(caller.client.call(&given(function))).await;
                    outcome.map(drop).map_err(|error| error.failure().clone())
                };
                assert_eq!(told(outcome), expected, "{function}: {name}");
                calls += 1;
                let seen = server.seen();
                assert_eq!(seen.len(), calls, "{function}: {name}: sent once");
                let last = &seen[calls - 1];
                assert!(
                    last.head.starts_with("POST /api/v1/rest.php HTTP/1.1\r\n"),
                    "{}",
                    last.head
                );
                assert_eq!(form(last)[2], ("method".to_owned(), function.name().to_owned()));
                assert_eq!(caller.client.calls_made(), calls as u64, "{function}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_done_where_nobody_listens() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut server = RawServer::answering("").await;
    server.url = format!("http://{address}/");
    let caller = Caller::new(&server, Transport::Multipart);
    for function in WRITES {
        assert_eq!(
            told(caller.run(typed(&caller.client, function)).await),
            "not done: connect",
            "{function}"
        );
    }
}

#[tokio::test]
async fn an_unknown_outcome_says_how_to_find_out() {
    let marker = "balancewatch 00000000000000000000000001";
    let more = "so look more than once before repeating it";
    let typed_ones = [
        (
            Function::AddCharge,
            format!(
                "getCharges of 561115: an entry of 4.99 described as `{marker}` if it was done; how soon is not known, {more}"
            ),
        ),
        (
            Function::AddPayment,
            format!(
                "getDeposits of 561115: an entry of 10.00 described as `thanks {marker}` if it was done; how soon is not known, {more}"
            ),
        ),
        (
            Function::SetClient,
            "getClients of 561115: the new values if it was done".to_owned(),
        ),
        (
            Function::SetClientThreshold,
            "getClientThreshold of 561115: the threshold 10 if it was done".to_owned(),
        ),
        (
            Function::SignupClient,
            "getClients of sean@example.com: the client if it was done, else `invalid_client`".to_owned(),
        ),
    ];
    let server = RawServer::start(|_, _| Act::Reset).await;
    let caller = Caller::new(&server, Transport::Multipart);
    for (function, expected) in typed_ones {
        let failure = caller.run(typed(&caller.client, function)).await.unwrap_err();
        let find_out = failure.find_out().unwrap();
        let FindOut { function, client, .. } = find_out;
        assert_eq!(
            format!("{function} of {client}: {}", find_out.what_it_shows()),
            expected
        );
        let shown = failure.to_string();
        assert!(shown.ends_with("; it is not known whether it was done"), "{shown}");
        assert!(std::error::Error::source(&failure).is_some(), "the cause is kept");
        let hint = failure.error().hint();
        assert_eq!(
            hint,
            Some("find out whether it was done before doing it again"),
            "never: try again"
        );
        assert!(!format!("{failure:?}").contains("S3cret"));
    }
    let error = caller
        .run(caller.client.call(&given(Function::AddPayment)))
        .await
        .unwrap_err();
    let find_out = error.find_out().unwrap().what_it_shows();
    assert!(
        find_out.contains("an entry of 10 dated today, in Toronto, if it was done; an older one"),
        "without a marker: {find_out}"
    );
    assert_eq!(error.body(), None);
}

#[tokio::test]
async fn a_dry_run_is_one_only_if_the_api_says_so() {
    for (function, amount) in [(Function::AddCharge, "charge"), (Function::AddPayment, "payment")] {
        for (status, expected) in [
            ("success_test", "done"),
            ("Success_Test", "done"),
            // What asked for a dry run was not understood: the money may have moved.
            ("success", "unknown: not_dry"),
            ("invalid_client", "not done: invalid_client"),
        ] {
            let server = RawServer::answering(&format!(r#"{{"status":"{status}","message":"{status}"}}"#)).await;
            let caller = Caller::new(&server, Transport::Multipart);
            let call = raw(function, &[("client", "561115"), (amount, "4.99"), ("test", "1")]);
            let outcome = caller.run(caller.client.call(&call)).await;
            if let Ok(answer) = &outcome {
                assert_eq!(answer.status(), status);
            }
            assert_eq!(
                told(outcome.map(drop).map_err(|error| error.failure().clone())),
                expected,
                "{status}"
            );
            assert_eq!(
                form(&server.seen()[0]).last().unwrap(),
                &("test".to_owned(), "1".to_owned())
            );
        }
    }
}

#[tokio::test]
async fn a_dry_run_that_may_have_been_none_is_told_from_one_that_came_to_nothing() {
    let success = r#"{"status":"success"}"#;
    let dry = r#"{"status":"success_test","message":"success_test"}"#;
    let error = |status: &str, body: &str| Act::Send(answer(status, "", body.as_bytes()));
    let warning = |body: &str| Act::Send(ok(&format!("<br />\n<b>Warning</b>: x<br />\n{body}")));
    let chunked = |body: &str| {
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        Act::SendAndClose(format!("{head}{length:x}\r\n{body}\r\n").into())
    };
    // Name, answer, what it comes to, whether it may have been done.
    let cases = [
        ("success", Act::Send(ok(success)), "unknown: not_dry", true),
        (
            "HTTP 500 and success",
            error("500 Error", success),
            "unknown: http_500",
            true,
        ),
        (
            "HTTP 503 and success",
            error("503 Busy", r#"{"message":"x", "status" : "Success"}"#),
            "unknown: http_503",
            true,
        ),
        (
            "HTTP 403 and success",
            error("403 Forbidden", success),
            "unknown: http_403",
            true,
        ),
        (
            "HTTP 429 and success",
            error("429 Slow", success),
            "unknown: http_429",
            true,
        ),
        (
            "HTTP 302 and success",
            error("302 Found", success),
            "unknown: redirect",
            true,
        ),
        (
            "HTTP 500 and a success of another kind",
            error("500 Error", r#"{"status":"success_ok"}"#),
            "unknown: success_ok",
            true,
        ),
        ("a warning before success", warning(success), "unknown: html", true),
        (
            "a warning after success",
            Act::Send(ok(&format!("{success}<br /><b>Notice</b>"))),
            "unknown: malformed",
            true,
        ),
        (
            "HTTP 403 and a warning before success",
            error("403 Forbidden", &format!("<br />{success}")),
            "unknown: http_403",
            true,
        ),
        (
            "a success of another kind",
            Act::Send(ok(r#"{"status":"success_partly"}"#)),
            "unknown: success_partly",
            true,
        ),
        (
            "a code that nobody knows",
            Act::Send(ok(r#"{"status":"done"}"#)),
            "unknown: done",
            true,
        ),
        ("status 1", Act::Send(ok(r#"{"status":1}"#)), "unknown: 1", true),
        (
            "status true",
            Act::Send(ok(r#"{"status":true}"#)),
            "unknown: malformed",
            true,
        ),
        (
            "status null",
            Act::Send(ok(r#"{"status":null}"#)),
            "unknown: null_status",
            true,
        ),
        ("no status", Act::Send(ok("{}")), "unknown: no_status", true),
        (
            "nothing, as some writes answer",
            Act::Send(ok("")),
            "unknown: empty",
            true,
        ),
        (
            "cut after success",
            Act::Send(ok(&success[..19])),
            "unknown: truncated",
            true,
        ),
        (
            "cut within it",
            Act::Send(ok(&success[..15])),
            "unknown: truncated",
            true,
        ),
        (
            "a body that breaks off",
            Act::SendAndClose(cut(ok(success))),
            "unknown: truncated",
            true,
        ),
        ("chunks that break off", chunked(success), "unknown: truncated", true),
        ("a dry run", Act::Send(ok(dry)), "done", false),
        (
            "HTTP 500 and a dry run",
            error("500 Error", dry),
            "unknown: http_500",
            false,
        ),
        ("a warning before a dry run", warning(dry), "unknown: html", false),
        (
            "a warning after a dry run",
            Act::Send(ok(&format!("{dry}<br />"))),
            "unknown: malformed",
            false,
        ),
        (
            "cut after a dry run",
            Act::Send(ok(&dry[..30])),
            "unknown: truncated",
            false,
        ),
        ("no answer", Act::Silence, "unknown: timeout", false),
        ("a reset", Act::Reset, "unknown: reset", false),
        (
            "an outage",
            error("503 Busy", "<html>Backend fetch failed"),
            "unknown: http_503",
            false,
        ),
        ("an error of PHP", error("500 Error", ""), "unknown: http_500", false),
        (
            "a page",
            Act::Send(ok("<html>Just a moment...")),
            "unknown: html",
            false,
        ),
    ];
    for (name, act, expected, may_be_done) in cases {
        let server = RawServer::start(move |_, _| act.clone()).await;
        let caller = Caller::new(&server, Transport::Multipart);
        let call = raw(
            Function::AddCharge,
            &[("client", "561115"), ("charge", "4.99"), ("test", "1")],
        );
        let outcome = caller.run(caller.client.call(&call)).await;
        let unknown = outcome.as_ref().err().filter(|error| error.find_out().is_some());
        assert_eq!(
            unknown.is_some_and(CallError::may_not_have_been_dry),
            may_be_done,
            "{name}"
        );
        let outcome = outcome.map(drop).map_err(|error| error.failure().clone());
        assert_eq!(told(outcome), expected, "{name}");
        assert_eq!(server.seen().len(), 1, "{name}: sent once");
    }
}

#[tokio::test]
async fn a_call_as_given_sends_it_verbatim_and_answers_verbatim() {
    let body = "\u{feff}{\"clients\" : [{\"client\":\"561115\",\"password\":\"johnspassword\",\"zip\":\"02134\"}],\n\"status\" : \"success\"}\n";
    let server = RawServer::answering(body).await;
    let caller = Caller::new(&server, Transport::Multipart);
    let call = raw(Function::GetClients, &[("client", "john.doe@my-domain.com")]);
    let got = caller.run(caller.client.call(&call)).await.unwrap();
    assert_eq!((got.status(), got.body()), ("success", body));
    assert!(!format!("{got:?}").contains("johns"), "{got:?}");
    let fields = form(&server.seen()[0]);
    assert_eq!(
        fields[3..],
        [("client".to_owned(), "john.doe@my-domain.com".to_owned())]
    );

    let all = [
        ("nothing", raw(Function::GetClients, &[]), 3),
        ("an empty value", raw(Function::GetClients, &[("client", "")]), 4),
    ];
    for (name, call, parts) in all {
        caller.run(caller.client.call(&call)).await.unwrap();
        assert_eq!(form(server.seen().last().unwrap()).len(), parts, "{name}");
    }
}

#[tokio::test]
async fn what_a_read_as_given_comes_to() {
    let invalid = r#"{"status":"invalid_client","message":"This is not a valid Client"}"#;
    let page = "<html>Backend fetch failed";
    // Name, function, what comes, the status or the failure's kind, the number of tries.
    let cases = [
        (
            "no clients",
            Function::GetClients,
            ok(r#"{"status":"no_client"}"#),
            "no_client",
            1,
        ),
        (
            "no charges",
            Function::GetCharges,
            ok(r#"{"status":"no_charges"}"#),
            "no_charges",
            1,
        ),
        (
            "no package",
            Function::GetClientPackages,
            ok(r#"{"status":"no_package"}"#),
            "no_package",
            1,
        ),
        (
            "odd rows are for the reader",
            Function::GetCharges,
            ok(r#"{"status":"success","charges":[7]}"#),
            "success",
            1,
        ),
        (
            "success alone",
            Function::GetResellerBalance,
            ok(r#"{"status":"success"}"#),
            "success",
            1,
        ),
        (
            "no list in a balance",
            Function::GetResellerBalance,
            ok(r#"{"status":"no_client"}"#),
            "! no_client",
            1,
        ),
        (
            "declined",
            Function::GetResellerBalance,
            ok(invalid),
            "! invalid_client",
            1,
        ),
        (
            "limit",
            Function::GetCharges,
            ok(r#"{"status":"api_limit_exceeded"}"#),
            "! api_limit_exceeded",
            1,
        ),
        (
            "a momentary failure",
            Function::GetCharges,
            ok(r#"{"status":"unavailable_info"}"#),
            "! unavailable_info",
            3,
        ),
        ("empty", Function::GetCharges, ok(""), "! empty", 3),
        (
            "outage",
            Function::GetCharges,
            answer("503 Busy", "", page.as_bytes()),
            "! http_503",
            3,
        ),
    ];
    for (name, function, bytes, expected, tries) in cases {
        let server = RawServer::start(move |_, _| Act::Send(bytes.clone())).await;
        let caller = Caller::new(&server, Transport::Multipart);
        let arguments: &[_] = if function == Function::GetClients {
            &[]
        } else {
            &[("client", "561115")]
        };
        let outcome = caller.run(caller.client.call(&raw(function, arguments))).await;
        let got = match &outcome {
            Ok(answer) => answer.status().to_owned(),
            Err(error) => format!("! {}", error.error().kind()),
        };
        assert_eq!(got, expected, "{name}");
        assert_eq!(server.seen().len(), tries, "{name}");
        if let Err(error) = outcome {
            assert!(error.find_out().is_none(), "{name}: a read changes nothing");
            assert!(error.body().is_some(), "{name}");
        }
    }
    let server = RawServer::answering(invalid).await;
    let caller = Caller::new(&server, Transport::Multipart);
    let call = raw(Function::GetResellerBalance, &[("client", "561115")]);
    let error = caller.run(caller.client.call(&call)).await.unwrap_err();
    assert_eq!(error.body(), Some(invalid));
    assert_eq!(error.code(), Some("invalid_client"));
    assert_eq!(error.message(), Some("This is not a valid Client"));
    let shown = error.to_string();
    assert_eq!(
        shown,
        "getResellerBalance: the API answered `invalid_client` (This is not a valid Client)"
    );
    assert!(error.error().hint().is_some());
}

#[tokio::test]
async fn no_password_of_a_call_as_given_is_shown() {
    for body in [
        r#"{"status":"weak_password","message":"johnspassword is weak"}"#,
        "<html>no method for password=johnspassword</html>",
        r#"{"status":"johnspassword"}"#,
        "johnspassword",
    ] {
        let server = RawServer::answering(body).await;
        let caller = Caller::new(&server, Transport::Multipart);
        for function in [Function::SetClient, Function::SignupClient] {
            let error = caller.run(caller.client.call(&given(function))).await.unwrap_err();
            let shown = format!(
                "{error} {error:?} {} {:?} {:?}",
                error.error().kind(),
                error.message(),
                given(function)
            );
            assert!(!shown.contains("johnspassword"), "{shown}");
        }
    }
    let record = record();
    let secret = SecretString::from("x");
    assert!(!format!("{record:?} {secret:?}").contains("johns"));
}

#[test]
fn set_client_sends_every_field_in_the_order_of_the_document() {
    let call = RawCall::set_client(&record()).unwrap();
    let mut sent = Vec::new();
    call.parameters(&mut |name, value| sent.push((name, value)));
    let values = [
        "561115",
        "josé@example.com",
        "johns \"pass\"\r\nword",
        "O'Neill & Søn",
        "José",
        "Ó",
        "",
        "OPA LOCKA",
        "FLORIDA",
        "US",
        "02134",
        "5551112222",
        "1",
    ];
    let names = Function::SetClient.parameters().iter().map(|parameter| parameter.name);
    assert_eq!(sent, names.zip(values).collect::<Vec<_>>());
    assert_eq!(sent.len(), 13);
}

#[test]
fn every_documented_code_has_a_meaning_and_refusals_are_told_from_doubt() {
    for code in [
        "invalid_client",
        "Invalid_threshold",
        "INVALID_THRESHOLD",
        "missing_charge",
        "used_email",
        "weak_password",
        "no_package",
        "success_test",
    ] {
        let meaning = meaning(code).unwrap();
        assert!(!meaning.is_empty() && !meaning.ends_with('.'), "{code}");
    }
    for code in ["", "invalid", "we_are_moving", "no_cdr"] {
        assert_eq!(meaning(code), None, "{code}");
    }
    // What the document says of a parameter's refusal is known for every parameter that can be refused.
    for function in WRITES {
        for parameter in function.parameters().iter().filter(|parameter| parameter.required) {
            let stem = match parameter.name {
                "phone_number" => "phonenumber",
                "confirm_email" => "email_confirm",
                "confirm_password" => "password_confirm",
                name => name,
            };
            let refusals = [
                format!("missing_{stem}"),
                format!("invalid_{stem}"),
                format!("mismatch_{stem}"),
            ];
            assert!(
                refusals.iter().any(|code| meaning(code).is_some()),
                "{function} {}",
                parameter.name
            );
        }
    }
}
