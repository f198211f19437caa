//! What people read of a call that went wrong, word by word; and what of it nobody may read.

use super::answers::{read, set_client};
use super::stage::{Act, Api, Caller, call, ok, record, write};
use crate::domain::plan::Field;
use crate::net::HttpError;
use crate::voipms::error::{Error, Problem};
use crate::voipms::functions::get_balance;
use crate::voipms::question::Question;
use crate::voipms::{Call, CallError, Function, Transport};

#[test]
fn an_answer_that_is_none_is_told_without_what_is_in_it() {
    let balance = |value: &str| format!(r#"{{"status":"success","balance":{value}}}"#);
    for (name, status, body, expected) in [
        (
            "a page",
            200,
            "\n<html>\r\n<p>Busy".to_owned(),
            "the answer is a page, no JSON",
        ),
        (
            "cut off",
            200,
            r#"{"status":"succ"#.to_owned(),
            "the answer is cut off after 15 bytes",
        ),
        (
            "words",
            200,
            "Service\u{7} unavailable".to_owned(),
            "the answer cannot be read, no JSON at line 1 column 1",
        ),
        (
            "a list",
            200,
            "[]".to_owned(),
            "the answer cannot be read, it is JSON of another shape",
        ),
        (
            "a balance that is a number",
            200,
            balance("8.05"),
            "the answer cannot be read, no object",
        ),
        (
            "two balances",
            200,
            balance("[{},{}]"),
            "the answer cannot be read, a list came for one object",
        ),
        (
            "no amount",
            200,
            balance(r#"{"current_balance":"$1.00"}"#),
            "`current_balance` is not an amount: `$1.00`",
        ),
        (
            "an outage",
            503,
            "<html>Backend fetch failed".to_owned(),
            "the API answered HTTP 503",
        ),
        (
            "declined, with more words",
            200,
            r#"{"status":"invalid_client","message":"This is not a valid Client"}"#.to_owned(),
            "the API answered `invalid_client` (This is not a valid Client)",
        ),
        (
            "declined, with the same words",
            200,
            r#"{"status":"invalid_client","message":"invalid_client"}"#.to_owned(),
            "the API answered `invalid_client`",
        ),
    ] {
        let error = read(&get_balance(), status, &body).unwrap_err();
        assert_eq!(error.to_string(), format!("getBalance: {expected}"), "{name}");
    }
}

#[test]
fn a_write_shows_no_password_that_it_sent() {
    let mut record = record();
    record.set(Field::Password, "S3cret&pass");
    let signup = write(Function::SignupClient)
        .arguments()
        .map(|(name, value)| {
            let is_password = Function::SignupClient.is_password(name);
            (name, if is_password { "S3cret&pass" } else { value }.to_owned())
        })
        .collect();
    let signup = Question::of_success(Call::new(Function::SignupClient, signup).unwrap());
    for body in [
        r#"{"status":"weak_password","message":"S3cret&pass is weak"}"#,
        r#"{"status":"S3cret&pass"}"#,
        r#"{"status":"success""S3cret&pass"#,
        "<html>S3cret&amp;pass",
        "S3cret&pass",
    ] {
        for (name, error) in [
            ("setClient", read(&set_client(&record), 200, body).unwrap_err()),
            ("signupClient", read(&signup, 200, body).unwrap_err()),
        ] {
            let shown = format!("{error} {error:?} {}", error.kind());
            assert!(!shown.contains("S3cret"), "{name}: {shown}");
            let says_a_word = error.code().is_some();
            assert_eq!(
                shown.contains("(not shown: it may hold a password)"),
                says_a_word,
                "{name}: {shown}"
            );
        }
        let other = read(&get_balance(), 200, body).unwrap_err();
        assert_eq!(
            other.to_string().contains("S3cret"),
            other.code().is_some(),
            "it is no secret of another call, but only words of the API are repeated: {other}"
        );
    }
}

#[tokio::test]
async fn a_call_as_given_is_printed_without_what_came() {
    let server = Api::start(|number, _| match number {
        0 => Act::Send(ok(
            r#"{"status":"success","clients":[{"client":"7","password":"otter"}]}"#,
        )),
        1 => Act::Send(ok(r#"{"status":"no_luck","message":"otter"}"#)),
        _ => Act::Reset,
    });
    let caller = Caller::new(&server, Transport::Multipart);
    let ask = call(Function::GetClients, &[]);
    let answer = caller.run(caller.client.call(&ask)).await.unwrap();
    assert_eq!(format!("{answer:?}"), r#"Answer { status: "success", .. }"#);

    let charge = call(Function::AddCharge, &[("client", "561115"), ("charge", "1")]);
    let declined = caller.run(caller.client.call(&charge)).await.unwrap_err();
    assert_eq!(declined.to_string(), "addCharge: the API answered `no_luck` (otter)");
    let shown = format!("{declined:?}");
    assert!(
        shown.starts_with("CallError { error: Error {") && shown.ends_with(", .. }"),
        "{shown}"
    );
    assert!(!shown.contains(r#""status""#), "no body: {shown}");
    assert!(
        std::error::Error::source(&declined).is_none(),
        "the API's word has no cause"
    );

    let lost = caller.run(caller.client.call(&charge)).await.unwrap_err();
    let said = lost.to_string();
    assert!(
        said.starts_with("addCharge: ") && said.ends_with("; it is not known whether it was done"),
        "{said}"
    );
    assert!(std::error::Error::source(&lost).is_some(), "the cause is kept");
}

#[test]
fn whoever_reads_of_a_failure_is_told_what_to_do() {
    let page = |status| Problem::HttpStatus {
        status,
        is_page: true,
        says_success: false,
    };
    let text = String::new;
    let after = std::time::Duration::from_secs(10);
    for (name, problem, hint) in [
        (
            "silence",
            Problem::Http(HttpError::Timeout { server: text(), after }),
            Some("slow or broken; try again later"),
        ),
        (
            "a redirect",
            Problem::Redirect {
                status: 301,
                to: text(),
            },
            Some("redirects are not followed"),
        ),
        (
            "too many",
            page(429),
            Some("wait a minute; if it comes again, lower `rate_per_minute`"),
        ),
        ("a firewall", page(403), Some("a firewall before the API")),
        ("nothing there", page(404), Some("https://voip.ms/api/v1/rest.php")),
        ("an internal error", page(500), Some("an outage; try again later")),
        ("an outage", page(503), Some("an outage; try again later")),
        ("the last of the outages", page(599), Some("an outage; try again later")),
        ("a teapot", page(418), None),
        (
            "half an answer",
            Problem::Truncated { length: 10 },
            Some("slow or broken; try again later"),
        ),
        ("nothing", Problem::Empty, Some("an outage; try again later")),
        ("status null", Problem::NullStatus, Some("an outage; try again later")),
        ("a page", Problem::Html, Some("a firewall answers for it")),
        (
            "a code that is known",
            Problem::Status {
                code: "ip_not_enabled".to_owned(),
                message: None,
            },
            Some("address"),
        ),
        (
            "a code that is not",
            Problem::Status {
                code: "we_are_moving".to_owned(),
                message: None,
            },
            None,
        ),
        (
            "too large",
            Problem::Http(HttpError::TooLarge {
                server: text(),
                limit_bytes: 1,
            }),
            Some("split them over several VoIP.ms accounts"),
        ),
        ("another client", Problem::WrongClient, None),
    ] {
        let got = Error::new(Function::GetBalance, problem).hint();
        assert_eq!(got.is_some(), hint.is_some(), "{name}: {got:?}");
        assert!(
            got.unwrap_or_default().contains(hint.unwrap_or_default()),
            "{name}: {got:?}"
        );
    }
}

#[test]
fn only_a_marker_tells_an_entry_from_older_ones() {
    let marker = "balancewatch 01M849RW800000000000000001";
    let older = "and dated today, in Toronto, if it was done; an older one like it says nothing";
    for (name, description, told_by) in [
        (
            "a marker",
            marker.to_owned(),
            format!("described as `{marker}` if it was done"),
        ),
        (
            "a marker behind words",
            format!("Router {marker}"),
            format!("described as `Router {marker}` if it was done"),
        ),
        (
            "a person's words",
            "Router, March".to_owned(),
            format!("described as `Router, March` {older}"),
        ),
        (
            "a marker that was cut off",
            marker[..30].to_owned(),
            format!("described as `{}` {older}", &marker[..30]),
        ),
    ] {
        let charge = [("client", "561115"), ("charge", "4.99"), ("description", &*description)];
        let charge = call(Function::AddCharge, &charge);
        let failure = CallError::new(&charge, Problem::Empty, None);
        assert_eq!(
            failure.find_out().unwrap().shows,
            format!("an entry of 4.99 {told_by}; how soon is not known, so look more than once before repeating it"),
            "{name}"
        );
    }
}
