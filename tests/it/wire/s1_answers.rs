//! WIRE.md section 1, what answers look like: the envelope, PHP's JSON, booleans, what is no JSON at all.

use super::raw::{Server, status_of};

/// §1 [L] Beside a status that is not `success` stands a message: the text of the error table.
#[test]
fn refusals_carry_the_text_of_the_error_table() {
    for (settings, query, body) in [
        (
            &[][..],
            "",
            r#"{"status":"missing_method","message":"Method must be provided when using the REST\/JSON API"}"#,
        ),
        (
            &["no-client=status"],
            "method=getClients",
            r#"{"status":"no_client","message":"There are no Clients"}"#,
        ),
        (
            &["maintenance-methods=getIP"],
            "method=getIP",
            r#"{"status":"method_maintenance","message":"This API method is under maintenance"}"#,
        ),
    ] {
        assert_eq!(Server::new(settings).call(query), body);
    }
    let invalid_country = Server::new(&[]).call("method=getCountries&country=CAN");
    assert!(
        invalid_country.contains("must be in format ISO 3166-1 alpha-2, example: US, CA, etc."),
        "{invalid_country}"
    );
}

/// §1 [L] A code without a text repeats itself as its message.
#[test]
fn codes_without_a_text_repeat_themselves() {
    for (status, body) in [
        ("no_such_code", r#"{"status":"no_such_code","message":"no_such_code"}"#),
        (
            "provider_outofservice",
            r#"{"status":"provider_outofservice","message":"#,
        ),
        ("missing_params", r#"{"status":"missing_params","message":"#),
        ("non_sufficient_funds", r#"{"status":"non_sufficient_funds","message":"#),
        (
            "tls_error",
            r#"{"status":"tls_error","message":"Theres was a TLS error, please try later."}"#,
        ),
    ] {
        let server = Server::new(&[&format!("fault-status={status}")]);
        server.order("PUT", "faults", r#"{"status":1}"#);
        let answer = server.call("method=getIP");
        assert!(answer.starts_with(body), "{answer}");
    }
}

/// §1 [U] Whether a success carries a message too.
#[test]
fn a_success_may_carry_a_message() {
    for (setting, body) in [
        ("message-on-success=off", r#"{"status":"success","ip":"127.0.0.1"}"#),
        (
            "message-on-success=on",
            r#"{"status":"success","ip":"127.0.0.1","message":"success"}"#,
        ),
    ] {
        assert_eq!(Server::new(&[setting]).call("method=getIP"), body);
    }
}

/// §1 [L] Some successful writes answer HTTP 200 with an empty body, and the effect is there.
#[test]
fn a_write_may_answer_an_empty_body() {
    for (setting, body) in [
        ("empty-success=off", r#"{"status":"success"}"#),
        ("empty-success=on", ""),
    ] {
        let server = Server::new(&[setting]);
        assert_eq!(
            server.call("method=setClientThreshold&client=561115&threshold=20"),
            body
        );
        assert_eq!(server.client("561115", "threshold"), "\"20\"", "{setting}");
        assert_eq!(
            status_of(&server.call("method=getIP")),
            "success",
            "reads are not empty"
        );
        let refused = server.call("method=setClientThreshold&client=561115&threshold=0");
        assert_eq!(status_of(&refused), "Invalid_threshold", "refusals are not empty");
    }
}

/// §1 [L] PHP's `json_encode`: `/` is escaped, what is outside ASCII comes as `\u` and four small hex digits, in pairs
/// beyond the basic plane; markup and apostrophes stay; no blanks between.
#[test]
fn json_is_written_as_php_does() {
    let server = Server::new(&[]);
    server.edit(
        "561115",
        r#"{"company":"é/Ł😀\"\\","lastname":"<b>O'Neal</b> & Co","city":"a\r\nb\tc\u0001\u007f"}"#,
    );
    let row = server.call("method=getClients&client=561115");
    for expected in [
        r#""company":"\u00e9\/\u0141\ud83d\ude00\"\\","#,
        r#""lastname":"<b>O'Neal<\/b> & Co","#,
        "\"city\":\"a\\r\\nb\\tc\\u0001\u{7f}\",",
    ] {
        assert!(row.contains(expected), "{expected} in {row}");
    }
    let all = server.call("method=getClients");
    assert!(all.is_ascii() && !all.contains("\": ") && !all.contains(", \""));
}

/// §1 [L] A list of one row sometimes came as a bare object, for other functions; a list of two never did.
#[test]
fn a_list_of_one_row_may_be_a_bare_object() {
    for (setting, one) in [
        (
            "one-row-object=off",
            r#"{"status":"success","countries":[{"value":"CA","description":"Canada"}]}"#,
        ),
        (
            "one-row-object=on",
            r#"{"status":"success","countries":{"value":"CA","description":"Canada"}}"#,
        ),
    ] {
        let server = Server::new(&[setting]);
        assert_eq!(server.call("method=getCountries&country=CA"), one);
        assert!(
            server
                .call("method=getCountries")
                .starts_with(r#"{"status":"success","countries":[{"#)
        );
    }
}

/// §1 [I] getBalance takes any truthy text as `advanced`: clients were seen to send True, true and 1.
#[test]
fn advanced_takes_any_truthy_text() {
    let server = Server::new(&[]);
    for (text, more) in [
        ("", false),
        ("0", false),
        ("1", true),
        ("true", true),
        ("True", true),
        ("yes", true),
    ] {
        let answer = server.call(&format!("method=getBalance&advanced={text}"));
        assert_eq!(answer.contains("spent_total"), more, "{text}: {answer}");
    }
}

/// §1 [I] A PHP list with gaps in its keys comes as an object; the document's own sample of getCharges has such a gap.
#[test]
fn a_list_may_come_as_an_object_with_gaps() {
    for (setting, start) in [
        (
            "list-as-object=off",
            r#"{"status":"success","countries":[{"value":"AF""#,
        ),
        (
            "list-as-object=on",
            r#"{"status":"success","countries":{"0":{"value":"AF""#,
        ),
    ] {
        let answer = Server::new(&[setting]).call("method=getCountries");
        assert!(answer.starts_with(start), "{setting}: {answer}");
        assert_eq!(
            answer.matches(r#""description":""#).count(),
            249,
            "{setting}: no row is lost"
        );
        if setting.ends_with("on") {
            let missing = (0..300).find(|place| !answer.contains(&format!("\"{place}\":{{")));
            assert!(
                missing.is_some_and(|place| place < 249),
                "a key is skipped among the others"
            );
        }
    }
}
