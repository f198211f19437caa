//! One call at a time, in process: the order of the checks, what each setting and fault does, edits, time, counts.
//! The bytes on the wire are checked over real HTTP in `tests/it/wire/`.

mod access;
mod accounts;
mod bounds;
mod fields;
mod fleet;
mod ledger;
mod past;
mod records;
mod surface;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::wire::exchange::Arrival;
use super::wire::reply::Reply;
use super::wire::request::{Params, Transport};
use super::{Options, Simulator, faults};
use crate::clock::{Clock, Stepper};

const AUTH: &str = "api_username=demo@example.com&api_password=demo";

/// Everything that setClient takes, for the first client.
const RECORD: &str = "method=setClient&client=561115&email=new@example.com&password=New-Pass-1&company=C&firstname=F\
&lastname=L&address=A&city=T&state=S&country=CA&zip=02134&phone_number=5550001111&balance_management=1";

const NOON: &str = "2026-11-23T17:00:00Z";

fn simulator(settings: &[&str]) -> Arc<Simulator> {
    with(Options {
        settings: settings.iter().map(|text| (*text).to_owned()).collect(),
        ..Options::default()
    })
    .0
}

fn with(options: Options) -> (Arc<Simulator>, Stepper) {
    let (clock, stepper) = Clock::stepped(NOON.parse().unwrap());
    (Simulator::new(options, clock).unwrap(), stepper)
}

fn reply(simulator: &Simulator, transport: Transport, query: &str) -> Reply {
    let mut params = Params::default();
    params.read_query(query);
    simulator.answer(Arrival {
        transport,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        has_user_agent: false,
        params: &params,
    })
}

/// The body that an authorized GET gets.
fn body(simulator: &Simulator, query: &str) -> String {
    String::from_utf8(reply(simulator, Transport::Get, &format!("{AUTH}&{query}")).body).unwrap()
}

fn json_of(simulator: &Simulator, query: &str) -> Value {
    serde_json::from_str(&body(simulator, query)).unwrap()
}

/// The status of the answer to a whole query.
fn status(simulator: &Simulator, query: &str) -> String {
    let body = reply(simulator, Transport::Get, query).body;
    let answer: Value = serde_json::from_slice(&body).unwrap();
    answer["status"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn checks_come_in_the_order_of_the_wire() {
    let locked = ["api-enabled=off", "allowed-addresses="];
    for (name, settings, query, expected) in [
        ("nothing", &locked[..], "", "missing_credentials"),
        (
            "empty password",
            &locked,
            "api_username=demo@example.com&api_password=",
            "missing_credentials",
        ),
        (
            "wrong password",
            &locked,
            "api_username=demo@example.com&api_password=x",
            "invalid_credentials",
        ),
        (
            "wrong user",
            &locked,
            "api_username=Demo@example.com&api_password=demo",
            "invalid_credentials",
        ),
        ("API off", &locked, AUTH, "api_not_enabled"),
        ("address", &locked[1..], AUTH, "ip_not_enabled"),
        ("no method", &[], AUTH, "missing_method"),
        (
            "unknown method",
            &[],
            &format!("{AUTH}&method=getclients"),
            "invalid_method",
        ),
        (
            "a function that is not the reseller's",
            &[],
            &format!("{AUTH}&method=sendSMS&client=561115&charge=1"),
            "invalid_method",
        ),
        (
            "maintenance",
            &["maintenance-methods=getIP, getClients"],
            &format!("{AUTH}&method=getClients&client=0"),
            "method_maintenance",
        ),
        (
            "params",
            &[],
            &format!("{AUTH}&method=getResellerBalance&client=0"),
            "invalid_client",
        ),
        (
            "getIP wants credentials",
            &locked,
            "method=getIP",
            "missing_credentials",
        ),
        (
            "getIP from anywhere",
            &locked[1..],
            &format!("{AUTH}&method=getIP"),
            "success",
        ),
        (
            "the reseller is no client",
            &[],
            &format!("{AUTH}&method=getResellerBalance&client=reseller"),
            "invalid_client",
        ),
    ] {
        assert_eq!(status(&simulator(settings), query), expected, "{name}");
    }
}

#[test]
fn each_setting_changes_what_it_says() {
    let one = "method=getClients&client=561115";
    let all = "method=getClients";
    let threshold = "method=getClientThreshold&client=561115";
    let codes = "method=getBalanceManagement";
    let hidden = |how: &str| vec!["threshold-absent=1".to_owned(), format!("threshold-absent-as={how}")];
    let own = |settings: &[&str]| settings.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let hard_and_soft = r#"{"status":"success","balance_management":[{"value":"1","description":"Hard - suspend the client"},{"value":"2","description":"Soft - do not suspend the client"}]}"#;
    for (settings, query, expected) in [
        (own(&[]), codes, hard_and_soft.to_owned()),
        (own(&["soft-code=0"]), codes, hard_and_soft.replace(r#"{"value":"1","description":"Hard - suspend the client"},{"value":"2","description":"Soft - do not suspend the client"}"#, r#"{"value":"0","description":"Soft - do not suspend the client"},{"value":"1","description":"Hard - suspend the client"}"#)),
        (own(&["soft-listed=off", "hard-code=9"]), codes, r#"{"status":"success","balance_management":[{"value":"9","description":"Hard - suspend the client"}]}"#.to_owned()),
        (own(&["soft-listed=off", "one-row-object=on"]), codes, r#"{"status":"success","balance_management":{"value":"1","description":"Hard - suspend the client"}}"#.to_owned()),
        (own(&["types=all-numbers"]), "method=getBalanceManagement&balance_management=1", r#"{"status":"success","balance_management":[{"value":1,"description":"Hard - suspend the client"}]}"#.to_owned()),
        (own(&["message-on-success=on"]), "method=getIP", r#"{"status":"success","ip":"127.0.0.1","message":"success"}"#.to_owned()),
        (own(&["absent-id=missing_client"]), "method=getResellerBalance", r#"{"status":"missing_client","message":"Client was not provided"}"#.to_owned()),
        (own(&["no-client=status"]), all, r#"{"status":"no_client","message":"There are no Clients"}"#.to_owned()),
        (own(&["no-client=list"]), all, r#"{"status":"success","clients":[]}"#.to_owned()),
        (own(&["no-client=absent"]), all, r#"{"status":"success"}"#.to_owned()),
        (own(&["list-share=0"]), all, r#"{"status":"no_client","message":"There are no Clients"}"#.to_owned()),
        (own(&[]), threshold, r#"{"status":"success","threshold_information":{"threshold":"130","email":"john.doe@my-domain.com"}}"#.to_owned()),
        (hidden("zero"), threshold, r#"{"status":"success","threshold_information":{"threshold":"0","email":""}}"#.to_owned()),
        (hidden("empty"), threshold, r#"{"status":"success","threshold_information":{"threshold":"","email":""}}"#.to_owned()),
        (hidden("null"), threshold, r#"{"status":"success","threshold_information":{"threshold":null,"email":""}}"#.to_owned()),
        (hidden("absent"), threshold, r#"{"status":"success"}"#.to_owned()),
        (hidden("list"), threshold, r#"{"status":"success","threshold_information":[]}"#.to_owned()),
        (hidden("unavailable_info"), threshold, r#"{"status":"unavailable_info","message":"The information you requested is unavailable at this moment"}"#.to_owned()),
    ] {
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        assert_eq!(body(&simulator(&settings), query), expected, "{settings:?} {query}");
    }
    for (setting, field, expected) in [
        ("country-out=name", "country", json!("UNITED STATES")),
        ("country-out=code", "country", json!("US")),
        ("password-shown=clear", "password", json!("johnspassword")),
        ("password-shown=masked", "password", json!("********")),
        ("password-shown=empty", "password", json!("")),
        ("types=all-numbers", "client", json!(561_115)),
        ("types=mixed", "zip", json!("33055")),
    ] {
        assert_eq!(
            json_of(&simulator(&[setting]), one)["clients"][0][field],
            expected,
            "{setting}"
        );
    }
    let hashed = json_of(&simulator(&["password-shown=hashed"]), one);
    assert!(
        hashed["clients"][0]["password"]
            .as_str()
            .unwrap()
            .starts_with("$2y$10$")
    );
    assert!(json_of(&simulator(&["one-row-object=on"]), one)["clients"]["client"].is_string());
    assert!(
        json_of(&simulator(&["empty-columns=null"]), "method=getClients")["clients"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["company"].is_null())
    );
}

#[test]
fn settings_before_the_functions_change_the_reply() {
    let ip = format!("{AUTH}&method=getIP");
    for (name, settings, transport, http_status, content_type, start) in [
        (
            "ordinary",
            &[][..],
            Transport::Get,
            200,
            "application/json",
            "{\"status\":\"success\"",
        ),
        (
            "as PHP's default",
            &["content-type=html"],
            Transport::Get,
            200,
            "text/html; charset=UTF-8",
            "{\"status\":\"success\"",
        ),
        (
            "no User-Agent",
            &["user-agent-needed=on"],
            Transport::Get,
            403,
            "text/html; charset=UTF-8",
            "<!DOCTYPE html>",
        ),
        (
            "multipart",
            &[],
            Transport::Multipart,
            200,
            "application/json",
            "{\"status\":\"success\"",
        ),
        (
            "multipart broken",
            &["multipart-missing=on"],
            Transport::Multipart,
            200,
            "application/json",
            "{\"status\":\"missing_method\"",
        ),
        (
            "GET meanwhile",
            &["multipart-missing=on"],
            Transport::Get,
            200,
            "application/json",
            "{\"status\":\"success\"",
        ),
        (
            "urlencoded",
            &[],
            Transport::Other,
            500,
            "text/xml; charset=utf-8",
            "<?xml",
        ),
        (
            "urlencoded",
            &["soap-fault-status=200"],
            Transport::Other,
            200,
            "text/xml; charset=utf-8",
            "<?xml",
        ),
    ] {
        let reply = reply(&simulator(settings), transport, &ip);
        assert_eq!(
            (reply.http_status, reply.content_type),
            (http_status, content_type),
            "{name}"
        );
        assert!(reply.body.starts_with(start.as_bytes()), "{name}");
    }
}

#[test]
fn each_fault_strikes_as_it_says() {
    let balance = format!("{AUTH}&method=getResellerBalance&client=561115");
    let whole = reply(&simulator(&[]), Transport::Get, &balance).body;
    for row in faults::TABLE {
        let simulator = simulator(&[]);
        simulator.set_fault(row.name, "1").unwrap();
        let reply = reply(&simulator, Transport::Get, &balance);
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let (http_status, reset, delay, good) = match row.name {
            "html-503" => (503, false, 0, text.contains("Varnish cache server")),
            "html-403" => (403, false, 0, text.contains("Cloudflare")),
            "http-429" => (429, false, 0, true),
            "http-500" => (500, false, 0, true),
            "truncated" => (
                200,
                false,
                0,
                whole.starts_with(&reply.body) && reply.body.len() == whole.len() / 2,
            ),
            "empty" => (200, false, 0, text.is_empty()),
            "null-status" => (200, false, 0, text == "{\"status\":null}"),
            "wrong-types" => (
                200,
                false,
                0,
                text.starts_with("{\"status\":\"success\",\"balance\":{\"current_balance\":[],\"spent_total\":true,"),
            ),
            "slow" => (200, false, 30, reply.body == whole),
            "reset-before" | "reset-after" => (200, true, 0, true),
            "limit" => (200, false, 0, text.starts_with("{\"status\":\"api_limit_exceeded\",")),
            "maintenance" => (200, false, 0, text.starts_with("{\"status\":\"method_maintenance\",")),
            "status" => (200, false, 0, text.starts_with("{\"status\":\"tls_error\",")),
            "unavailable" => (200, false, 0, text.starts_with("{\"status\":\"unavailable_info\",")),
            other => panic!("`{other}` has no expectation here"),
        };
        assert!(good, "{}: {text}", row.name);
        assert_eq!(
            (reply.http_status, reply.reset, reply.delay.as_secs()),
            (http_status, reset, delay),
            "{}",
            row.name
        );
        let log = simulator.requests();
        assert_eq!(log[0]["fault"], row.name);
        simulator.set_fault(row.name, "0").unwrap();
        assert_eq!(
            self::reply(&simulator, Transport::Get, &balance).body,
            whole,
            "{} ended",
            row.name
        );
    }
}

#[test]
fn a_fault_takes_effect_or_not_as_it_says() {
    let write = format!("{AUTH}&{RECORD}");
    for row in faults::TABLE {
        let simulator = simulator(&[]);
        simulator.set_fault(&format!("{}@setClient", row.name), "1").unwrap();
        let reply = reply(&simulator, Transport::Multipart, &write);
        let written = simulator.client("561115").unwrap()["company"] == "C";
        assert_eq!(written, row.stage == faults::Stage::Answer, "{}", row.name);
        if row.name == "wrong-types" {
            assert_eq!(reply.body, b"{\"status\":[\"success\"]}");
        }
    }
}

#[test]
fn set_client_replaces_the_record() {
    let omitting =
        "method=setClient&client=561115&email=a@example.com&password=p&firstname=F&lastname=L&phone_number=1";
    for (name, settings, query, expected, company, management) in [
        ("everything", &[][..], RECORD, "success", "C", "1"),
        ("omitted fields", &[], omitting, "success", "", "2"),
        (
            "omitted fields kept",
            &["omitted-fields=kept"],
            omitting,
            "success",
            "Consulting",
            "1",
        ),
        (
            "empty is not omitted",
            &["omitted-fields=kept"],
            &format!("{omitting}&company="),
            "success",
            "",
            "1",
        ),
        (
            "no such client",
            &[],
            &RECORD.replace("561115", "1"),
            "invalid_client",
            "Consulting",
            "1",
        ),
        (
            "no first name",
            &[],
            &RECORD.replace("firstname=F&", ""),
            "missing_firstname",
            "Consulting",
            "1",
        ),
        (
            "no phone",
            &[],
            &RECORD.replace("5550001111", ""),
            "missing_phonenumber",
            "Consulting",
            "1",
        ),
        (
            "country by name",
            &[],
            &RECORD.replace("=CA&", "=CANADA&"),
            "invalid_country",
            "Consulting",
            "1",
        ),
        (
            "any country",
            &["country-in=any"],
            &RECORD.replace("=CA&", "=CANADA&"),
            "success",
            "C",
            "1",
        ),
        (
            "address",
            &[],
            &RECORD.replace("new@", "new"),
            "invalid_email",
            "Consulting",
            "1",
        ),
        (
            "somebody else's address",
            &[],
            &RECORD.replace("new@", "office.561116@"),
            "invalid_email",
            "Consulting",
            "1",
        ),
        (
            "unlisted management",
            &[],
            &RECORD.replace("management=1", "management=3"),
            "invalid_balancemanagement",
            "Consulting",
            "1",
        ),
        (
            "to SOFT",
            &[],
            &RECORD.replace("management=1", "management=2"),
            "success",
            "C",
            "2",
        ),
        (
            "other codes",
            &["soft-code=0"],
            &RECORD.replace("management=1", "management=0"),
            "success",
            "C",
            "0",
        ),
        (
            "same password",
            &["used-password=on"],
            &RECORD.replace("New-Pass-1", "johnspassword"),
            "used_password",
            "Consulting",
            "1",
        ),
        ("another password", &["used-password=on"], RECORD, "success", "C", "1"),
        (
            "old weak password",
            &["password-rules=changed"],
            &RECORD.replace("New-Pass-1", "johnspassword"),
            "success",
            "C",
            "1",
        ),
        (
            "judged again",
            &["password-rules=always"],
            &RECORD.replace("New-Pass-1", "johnspassword"),
            "invalid_password_missing_uppercase",
            "Consulting",
            "1",
        ),
        (
            "short password",
            &["password-rules=changed"],
            &RECORD.replace("New-Pass-1", "Abcde-1"),
            "invalid_password_lessthan_8characters_long",
            "Consulting",
            "1",
        ),
    ] {
        let simulator = simulator(settings);
        simulator
            .edit("561115", &json!({"balance_management": "hard"}))
            .unwrap();
        assert_eq!(status(&simulator, &format!("{AUTH}&{query}")), expected, "{name}");
        let client = simulator.client("561115").unwrap();
        assert_eq!(
            (&client["company"], &client["balance_management"]),
            (&json!(company), &json!(management)),
            "{name}"
        );
    }
}

#[test]
fn a_success_of_a_write_can_be_an_empty_body() {
    assert_eq!(body(&simulator(&[]), RECORD), "{\"status\":\"success\"}");
    assert_eq!(body(&simulator(&["empty-success=on"]), RECORD), "");
}

#[test]
fn a_portal_edit_can_come_between() {
    for (when, city) in [("edit-before-set-client", "T"), ("edit-after-set-client", "Elsewhere")] {
        let simulator = simulator(&[&format!("{when}=561115:city=Elsewhere")]);
        assert_eq!(
            status(&simulator, &format!("{AUTH}&{}", RECORD.replace("561115", "561116"))),
            "success"
        );
        assert_eq!(
            status(&simulator, &format!("{AUTH}&{}", RECORD.replace("new@", "b@"))),
            "success"
        );
        assert_eq!(simulator.client("561115").unwrap()["city"], city, "{when}");
        assert_eq!(simulator.state()["settings"][when], "", "only once");
        assert_eq!(
            status(&simulator, &format!("{AUTH}&{}", RECORD.replace("new@", "c@"))),
            "success"
        );
        assert_eq!(simulator.client("561115").unwrap()["city"], "T");
        for bad in ["561115", "561115:city", "561115:town=x", "1:city=x", "561115:balance=x"] {
            assert!(simulator.set_setting(when, bad).is_err(), "{bad}");
            assert_eq!(simulator.state()["settings"][when], "", "{bad}");
        }
    }
}

#[test]
fn thresholds_are_whole_numbers_from_1_to_250() {
    let simulator = simulator(&[]);
    for (threshold, expected) in [
        ("1", "success"),
        ("250", "success"),
        ("0", "Invalid_threshold"),
        ("251", "Invalid_threshold"),
        ("2.5", "Invalid_threshold"),
        ("-5", "Invalid_threshold"),
        ("", "Invalid_threshold"),
    ] {
        let query = format!("{AUTH}&method=setClientThreshold&client=561115&threshold={threshold}");
        assert_eq!(status(&simulator, &query), expected, "{threshold}");
    }
    let after = |query: &str| {
        assert_eq!(
            status(
                &simulator,
                &format!("{AUTH}&method=setClientThreshold&client=561115&{query}")
            ),
            "success"
        );
        let client = simulator.client("561115").unwrap();
        (client["threshold"].clone(), client["threshold_email"].clone())
    };
    assert_eq!(
        after("threshold=20"),
        (json!("20"), json!("john.doe@my-domain.com")),
        "an address that is not sent stays"
    );
    assert_eq!(
        after("threshold=30&email=b@example.com"),
        (json!("30"), json!("b@example.com"))
    );
}

#[test]
fn a_balance_is_told_as_documented() {
    let simulator = simulator(&["spending=off"]);
    simulator.edit("561115", &json!({"balance": "8.0588"})).unwrap();
    let query = "method=getResellerBalance&client=561115";
    let unused = r#"{"status":"success","balance":{"current_balance":"8.0588","spent_total":0,"calls_total":0,"time_total":0,"spent_today":0,"calls_today":0,"time_today":0}}"#;
    assert_eq!(body(&simulator, query), unused);
    simulator.edit("561115", &json!({"spend_per_hour": "2.70"})).unwrap();
    simulator.advance(Duration::from_secs(170));
    let used = r#"{"status":"success","balance":{"current_balance":"7.9688","spent_total":0.09,"calls_total":2,"time_total":"2:00","spent_today":0.09,"calls_today":2,"time_today":"2:00"}}"#;
    assert_eq!(body(&simulator, query), used);
    simulator.set_setting("types", "all-strings").unwrap();
    let strings = r#"{"status":"success","balance":{"current_balance":"7.9688","spent_total":"0.09","calls_total":"2","time_total":"2:00","spent_today":"0.09","calls_today":"2","time_today":"2:00"}}"#;
    assert_eq!(body(&simulator, query), strings);
    simulator.edit("reseller", &json!({"balance": "112.19279"})).unwrap();
    simulator.set_setting("types", "mixed").unwrap();
    assert_eq!(
        body(&simulator, "method=getBalance"),
        r#"{"status":"success","balance":{"current_balance":"112.192790"}}"#
    );
    assert!(body(&simulator, "method=getBalance&advanced=True").contains("\"spent_total\":"));
}

#[test]
fn edits_are_whole_or_not_at_all() {
    let simulator = simulator(&[]);
    let before = simulator.client("561115").unwrap();
    for (edit, good) in [
        (json!({"company": "X", "balance": "six"}), false),
        (json!({"company": "X", "no_such_field": "x"}), false),
        (json!({"company": "X", "city": null}), false),
        (json!({"company": "X", "spend_per_hour": "-1"}), false),
        (json!({"company": "X", "spend_until": "soon"}), false),
        (json!(["company"]), false),
        (
            json!({"threshold": null, "balance_management": "7", "balance": -3.5, "country": "ATLANTIS"}),
            true,
        ),
    ] {
        assert_eq!(simulator.edit("561115", &edit).is_ok(), good, "{edit}");
        assert_eq!(simulator.client("561115").unwrap() == before, !good, "{edit}");
    }
    let client = simulator.client("561115").unwrap();
    assert_eq!(
        (&client["balance"], &client["threshold"], &client["balance_management"]),
        (&json!("-3.5000"), &json!(null), &json!("7"))
    );
    assert_eq!(
        json_of(&simulator, "method=getClients&client=561115")["clients"][0]["country"],
        "ATLANTIS"
    );
    assert!(simulator.edit("1", &json!({})).is_err());
    for amount in ["0", "-1", "x", ""] {
        assert!(simulator.deposit("561115", amount).is_err(), "{amount}");
    }
    simulator.deposit("561115", "5.00").unwrap();
    assert_eq!(simulator.client("561115").unwrap()["balance"], "1.5000");
}

#[test]
fn clients_vanish_and_come() {
    let simulator = simulator(&[]);
    simulator.remove_client("561116").unwrap();
    assert!(simulator.remove_client("561116").is_err());
    assert_eq!(
        status(&simulator, &format!("{AUTH}&method=getClients&client=561116")),
        "invalid_client"
    );
    assert_eq!(
        json_of(&simulator, "method=getClients")["clients"]
            .as_array()
            .unwrap()
            .len(),
        99
    );
    assert!(simulator.add_client(&json!({"client": "561117"})).is_err());
    assert!(simulator.add_client(&json!({"client": true})).is_err());
    assert!(simulator.add_client(&json!({"balance": "x"})).is_err());
    assert_eq!(
        simulator
            .add_client(&json!({"client": "561116", "balance": "4"}))
            .unwrap(),
        "561116"
    );
    assert_eq!(simulator.add_client(&json!({})).unwrap(), "561215");
    assert_eq!(simulator.state()["clients"], 101);
    assert_eq!(simulator.client("561116").unwrap()["balance"], "4.0000");
}

#[test]
fn rules_that_change_count_from_then_on() {
    let simulator = simulator(&["hard-stops=on", "spending=off"]);
    let drain = json!({"balance": "1", "balance_management": "hard", "spend_per_hour": "1"});
    simulator.edit("561115", &drain).unwrap();
    simulator.advance(Duration::from_secs(2 * 3_600));
    assert_eq!(simulator.client("561115").unwrap()["suspended"], true);
    simulator.set_setting("hard-stops", "off").unwrap();
    assert_eq!(simulator.client("561115").unwrap()["balance"], "0.0000");
    simulator.advance(Duration::from_secs(3_600));
    assert_eq!(simulator.client("561115").unwrap()["balance"], "-1.0000");
}

#[test]
fn who_stays_suspended_does_so_whatever_the_balance_is_edited_to() {
    for (resume, suspended) in [("on", false), ("off", true)] {
        let simulator = simulator(&[&format!("resume-on-payment={resume}"), "spending=off"]);
        let edit = |fields: Value| {
            simulator.edit("561115", &fields).unwrap();
            simulator.client("561115").unwrap()["suspended"].clone()
        };
        assert_eq!(
            edit(json!({"balance": "0", "balance_management": "hard"})),
            true,
            "{resume}"
        );
        assert_eq!(edit(json!({"balance": "5"})), suspended, "{resume}");
        assert_eq!(edit(json!({"balance_management": "soft"})), false, "{resume}");
        assert_eq!(edit(json!({"balance_management": "hard"})), false, "{resume}");
    }
}

#[test]
fn virtual_time_follows_the_clock_the_speed_and_advances() {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let (simulator, stepper) = with(Options {
        speed: "60".parse().unwrap(),
        start: Some(start),
        ..Options::default()
    });
    stepper.advance_to(NOON.parse::<Timestamp>().unwrap() + Duration::from_secs(10));
    simulator.advance(Duration::from_secs(5));
    assert_eq!(simulator.now(), start + Duration::from_secs(605));
    assert_eq!(simulator.state()["time"], "2026-01-01T00:10:05Z");
}

#[test]
fn the_cap_and_the_counts_go_by_the_clock() {
    let (simulator, stepper) = with(Options {
        rate_cap_per_minute: Some(2),
        ..Options::default()
    });
    let ip = format!("{AUTH}&method=getIP");
    let start: Timestamp = NOON.parse().unwrap();
    for (name, secs, expected) in [
        ("first", 0, "success"),
        ("second", 59, "success"),
        ("third", 59, "api_limit_exceeded"),
        ("a minute after the first", 60, "success"),
        ("too early", 118, "api_limit_exceeded"),
        ("a minute after the second", 119, "success"),
    ] {
        stepper.advance_to(start + Duration::from_secs(secs));
        assert_eq!(status(&simulator, &ip), expected, "{name}");
    }
    assert_eq!(
        status(&simulator, "method=getIP"),
        "missing_credentials",
        "strangers use up nothing"
    );
    assert_eq!(
        simulator.stats(),
        json!({"calls": 7, "calls_by_function": {"getIP": 7}, "max_calls_in_60s": 4})
    );
}

#[test]
fn latency_delays_and_nothing_else() {
    let (simulator, _) = with(Options {
        latency: Duration::from_millis(50),
        faults: vec!["slow@561116=1".to_owned()],
        settings: vec!["slow-secs=2".to_owned()],
        ..Options::default()
    });
    for (client, millis) in [("561115", 50), ("561116", 2_050)] {
        let reply = reply(
            &simulator,
            Transport::Get,
            &format!("{AUTH}&method=getResellerBalance&client={client}"),
        );
        assert_eq!(reply.delay.as_millis(), millis);
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let world = |seed| {
        let (simulator, _) = with(Options {
            seed,
            ..Options::default()
        });
        simulator.advance(Duration::from_secs(86_400));
        (
            body(&simulator, "method=getClients"),
            simulator.state()["balances"].clone(),
        )
    };
    assert_eq!(world(5), world(5));
    assert_ne!(world(5), world(6));
}

#[test]
fn options_that_make_no_world_are_refused() {
    let faulty = |fault: &str| Options {
        faults: vec![fault.to_owned()],
        ..Options::default()
    };
    let set = |setting: &str| Options {
        settings: vec![setting.to_owned()],
        ..Options::default()
    };
    for (name, options) in [
        (
            "too many clients",
            Options {
                clients: 250_001,
                ..Options::default()
            },
        ),
        (
            "a cap of nothing",
            Options {
                rate_cap_per_minute: Some(0),
                ..Options::default()
            },
        ),
        ("unknown fault", faulty("html-504=0.1")),
        ("no share", faulty("html-503")),
        ("unknown setting", set("colour=blue")),
        ("unknown value", set("types=blue")),
        ("no value", set("types")),
    ] {
        let (clock, _stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        assert!(Simulator::new(options, clock).is_err(), "{name}");
    }
    let none = Options {
        clients: 0,
        ..Options::default()
    };
    assert_eq!(status(&with(none).0, &format!("{AUTH}&method=getClients")), "no_client");
}

#[test]
fn no_secret_is_printed() {
    let simulator = simulator(&[]);
    status(
        &simulator,
        &format!("api_username=demo@example.com&api_password=T0pS3cret&{RECORD}"),
    );
    assert!(!simulator.requests().to_string().contains("T0pS3cret"));
    assert!(!simulator.requests().to_string().contains("New-Pass-1"));
    let (clock, _stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
    let options = Options {
        password: "T0pS3cret".to_owned().into(),
        ..Options::default()
    };
    assert!(!format!("{:?}", Simulator::new(options, clock).unwrap()).contains("T0pS3cret"));
}
