//! Writes: each is sent once, and ends in done, not done or unknown; and calls as given, whose answers come back verbatim.

use super::stage::{Act, Api, BINARY, Caller, WRITES, answer, call, form, ok, record, utf16, write};
use crate::voipms::{Answer, Call, CallError, FindOut, Function, Transport, meaning};

pub(super) fn told(outcome: &Result<Answer, CallError>) -> String {
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(error) if error.find_out().is_some() => format!("unknown: {}", error.error().kind()),
        Err(error) => format!("not done: {}", error.error().kind()),
    }
}

#[tokio::test]
async fn every_write_is_sent_once_and_ends_in_one_of_three_ways() {
    let status = |code: &str| Act::Send(ok(&format!(r#"{{"status":"{code}","message":"{code}"}}"#)));
    let success = r#"{"status":"success"}"#;
    // What else can come is among the traps for every function.
    let cases = [
        ("success", Act::Send(ok(success)), "done"),
        ("a page", Act::Send(ok("<html>")), "unknown: html"),
        ("empty", Act::Send(ok("")), "unknown: empty"),
        ("half an answer", Act::Send(ok(&success[..12])), "unknown: truncated"),
        (
            "UTF-16",
            Act::Send(answer("200 OK", "", &utf16(success))),
            "unknown: malformed",
        ),
        (
            "brotli",
            Act::Send(answer("200 OK", "content-encoding: br\r\n", BINARY)),
            "unknown: malformed",
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
        ("a new code", status("we_are_moving"), "unknown: we_are_moving"),
        (
            "a dry run nobody asked for",
            status("success_test"),
            "not done: success_test",
        ),
        ("refused", status("invalid_client"), "not done: invalid_client"),
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
        let server = Api::doing(act);
        // Writes are forms also where reads go by GET.
        let caller = Caller::new(&server, Transport::Get);
        for (sent, function) in WRITES.into_iter().enumerate() {
            let outcome = caller.run(caller.client.call(&write(function))).await;
            assert_eq!(told(&outcome), expected, "{function}: {name}");
            let seen = server.seen();
            assert_eq!(seen.len(), sent + 1, "{function}: {name}: sent once");
            let last = &seen[sent];
            assert_eq!(
                (last.class, last.is_post, &*last.target),
                (function.class(), true, "/api/v1/rest.php")
            );
            assert_eq!(form(last)[2], ("method".to_owned(), function.name().to_owned()));
            assert_eq!(caller.client.calls_made(), sent as u64 + 1, "{function}: {name}");
            assert!(!caller.client.has_fallen_back_to_get(), "{function}: {name}");
        }
    }
}

#[tokio::test]
async fn an_unknown_outcome_says_how_to_find_out() {
    let older = "an older one like it says nothing; how soon is not known, so look more than once before repeating it";
    let server = Api::doing(Act::Reset);
    let caller = Caller::new(&server, Transport::Multipart);
    for (function, expected) in [
        (
            Function::AddCharge,
            format!(
                "getCharges of 561115: an entry of 4.99 described as `b 1` and dated today, in Toronto, if it was done; {older}"
            ),
        ),
        (
            Function::AddPayment,
            format!("getDeposits of 561115: an entry of 10 dated today, in Toronto, if it was done; {older}"),
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
            "getClients of john.doe@my-domain.com: the client if it was done, else `invalid_client`".to_owned(),
        ),
    ] {
        let failure = caller.run(caller.client.call(&write(function))).await.unwrap_err();
        let FindOut {
            function,
            client,
            shows,
        } = failure.find_out().unwrap();
        assert_eq!(format!("{function} of {client}: {shows}"), expected);
        let shown = failure.to_string();
        assert!(shown.ends_with("; it is not known whether it was done"), "{shown}");
        assert!(std::error::Error::source(&failure).is_some(), "the cause is kept");
        let hint = failure.error().hint();
        assert_eq!(
            hint,
            Some("find out whether it was done before doing it again"),
            "never: try again"
        );
        assert!(!format!("{failure:?}").contains("johnspassword"));
        assert_eq!(failure.body(), None);
    }
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
            let server = Api::answering(&format!(r#"{{"status":"{status}","message":"{status}"}}"#));
            let caller = Caller::new(&server, Transport::Multipart);
            let call = call(function, &[("client", "561115"), (amount, "4.99"), ("test", "1")]);
            let outcome = caller.run(caller.client.call(&call)).await;
            if let Ok(answer) = &outcome {
                assert_eq!(answer.status(), status);
            }
            assert_eq!(told(&outcome), expected, "{status}");
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
        let server = Api::doing(act);
        let caller = Caller::new(&server, Transport::Multipart);
        let call = call(
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
        assert_eq!(told(&outcome), expected, "{name}");
        assert_eq!(server.seen().len(), 1, "{name}: sent once");
    }
}

#[tokio::test]
async fn a_call_as_given_sends_it_verbatim_and_answers_verbatim() {
    let body = "\u{feff}{\"clients\" : [{\"client\":\"561115\",\"password\":\"johnspassword\",\"zip\":\"02134\"}],\n\"status\" : \"success\"}\n";
    let server = Api::answering(body);
    let caller = Caller::new(&server, Transport::Multipart);
    let by_address = call(Function::GetClients, &[("client", "john.doe@my-domain.com")]);
    let got = caller.run(caller.client.call(&by_address)).await.unwrap();
    assert_eq!((got.status(), got.body()), ("success", body));
    assert!(!format!("{got:?}").contains("johns"), "{got:?}");
    let fields = form(&server.seen()[0]);
    assert_eq!(
        fields[3..],
        [("client".to_owned(), "john.doe@my-domain.com".to_owned())]
    );

    let all = [
        ("nothing", call(Function::GetClients, &[]), 3),
        ("an empty value", call(Function::GetClients, &[("client", "")]), 4),
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
        let server = Api::doing(Act::Send(bytes));
        let caller = Caller::new(&server, Transport::Multipart);
        let arguments: &[_] = if function == Function::GetClients {
            &[]
        } else {
            &[("client", "561115")]
        };
        let outcome = caller.run(caller.client.call(&call(function, arguments))).await;
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
    let server = Api::answering(invalid);
    let caller = Caller::new(&server, Transport::Multipart);
    let call = call(Function::GetResellerBalance, &[("client", "561115")]);
    let error = caller.run(caller.client.call(&call)).await.unwrap_err();
    assert_eq!(error.body(), Some(invalid));
    assert_eq!(error.error().code(), Some("invalid_client"));
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
        let server = Api::answering(body);
        let caller = Caller::new(&server, Transport::Multipart);
        for function in [Function::SetClient, Function::SignupClient] {
            let error = caller.run(caller.client.call(&write(function))).await.unwrap_err();
            let shown = format!("{error} {error:?} {} {:?}", error.error().kind(), write(function));
            assert!(!shown.contains("johnspassword"), "{shown}");
        }
    }
    assert!(!format!("{:?}", record()).contains("johns"));
}

#[test]
fn set_client_sends_every_field_in_the_order_of_the_document() {
    let call = Call::set_client(&record()).unwrap();
    let sent: Vec<_> = call.arguments().collect();
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
