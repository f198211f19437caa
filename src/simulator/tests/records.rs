//! What signupClient, setClient, setClientThreshold and the lists say.

use std::time::Duration;

use serde_json::{Value, json};

use super::{AUTH, Options, RECORD, Simulator, body, json_of, simulator, status, with};

/// Everything that signupClient takes but the company and the codes.
const SIGNUP: &str = "method=signupClient&firstname=Ana&lastname=Lee&address=1/2 A St&city=MIAMI&state=FLORIDA\
&country=US&zip=02134&phone_number=5550001111&email=ana@example.com&confirm_email=ana@example.com&password=New-Pass-1\
&confirm_password=New-Pass-1";

fn signup(simulator: &Simulator, query: &str) -> Value {
    json_of(simulator, query)
}

#[test]
fn who_signs_up_is_a_client_at_once() {
    let simulator = simulator(&[]);
    assert_eq!(
        body(
            &simulator,
            &format!("{SIGNUP}&company=Lee %26 Co&activate=1&balance_management=1")
        ),
        r#"{"status":"success","client":561215}"#
    );
    assert_eq!(
        body(&simulator, "method=getClients&client=ana@example.com"),
        r#"{"status":"success","clients":[{"client":"561215","email":"ana@example.com","password":"New-Pass-1","company":"Lee & Co","firstname":"Ana","lastname":"Lee","address":"1\/2 A St","city":"MIAMI","state":"FLORIDA","country":"UNITED STATES","zip":"02134","phone_number":"5550001111","balance_management":"1"}]}"#
    );
    assert_eq!(
        json_of(&simulator, "method=getClients")["clients"]
            .as_array()
            .unwrap()
            .len(),
        101
    );
    assert_eq!(
        body(&simulator, "method=getResellerBalance&client=561215"),
        r#"{"status":"success","balance":{"current_balance":"0.0000","spent_total":0,"calls_total":0,"time_total":0,"spent_today":0,"calls_today":0,"time_today":0}}"#
    );
    assert_eq!(
        body(&simulator, "method=getClientThreshold&client=561215"),
        r#"{"status":"success","threshold_information":{"threshold":"0","email":""}}"#
    );
    for (query, expected) in [
        (
            "method=getClientPackages&client=561215",
            r#"{"status":"no_package","message":"there are no Packages"}"#,
        ),
        (
            "method=getCharges&client=561215",
            r#"{"status":"success","charges":[]}"#,
        ),
        (
            "method=getDeposits&client=561215",
            r#"{"status":"success","deposits":[]}"#,
        ),
    ] {
        assert_eq!(body(&simulator, query), expected);
    }
    let client = simulator.client("561215").unwrap();
    assert_eq!(
        (&client["account_state"], &client["balance"], &client["threshold"]),
        (&json!("ACTIVE"), &json!("0.0000"), &json!(null))
    );
    assert_eq!(
        signup(&simulator, SIGNUP)["status"],
        "invalid_email",
        "the address is taken by the first"
    );
    assert_eq!(simulator.state()["clients"], 101);
}

#[test]
fn each_part_of_a_signup_is_checked() {
    let without = |field: &str| {
        SIGNUP
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{field}=")))
            .collect::<Vec<_>>()
            .join("&")
    };
    for (field, missing, invalid) in [
        ("firstname", "missing_firstname", "invalid_firstname"),
        ("lastname", "missing_lastname", "invalid_lastname"),
        ("address", "missing_address", "invalid_address"),
        ("city", "missing_city", "invalid_city"),
        ("state", "missing_state", "invalid_state"),
        ("country", "missing_country", "invalid_country"),
        ("zip", "missing_zip", "invalid_zip"),
        ("phone_number", "missing_phonenumber", "invalid_phonenumber"),
        ("email", "missing_email", "invalid_email"),
        ("confirm_email", "missing_email_confirm", "missing_email_confirm"),
        ("password", "missing_password", "invalid_password"),
        (
            "confirm_password",
            "missing_password_confirm",
            "missing_password_confirm",
        ),
    ] {
        let (gone, empty) = (without(field), format!("{}&{field}=", without(field)));
        for query in [gone, empty] {
            assert_eq!(signup(&simulator(&[]), &query)["status"], missing, "{query}");
            assert_eq!(
                signup(&simulator(&["absent-fields=invalid"]), &query)["status"],
                invalid,
                "{query}"
            );
        }
    }
    let weak = |password: &str| SIGNUP.replace("New-Pass-1", password);
    for (settings, query, expected) in [
        (&[][..], SIGNUP.to_owned(), "success"),
        (&[], format!("{SIGNUP}&test=1"), "success"),
        (
            &[],
            SIGNUP.replace("confirm_email=ana", "confirm_email=anna"),
            "mismatch_email_confirm",
        ),
        (
            &[],
            SIGNUP.replace("confirm_password=New", "confirm_password=new"),
            "mismatch_password_confirm",
        ),
        (&[], SIGNUP.replace("ana@example.com", "ana"), "invalid_email"),
        (
            &[],
            SIGNUP.replace("ana@example.com", "JOHN.doe@my-domain.com"),
            "invalid_email",
        ),
        (
            &["email-taken=used_email"],
            SIGNUP.replace("ana@example.com", "john.doe@my-domain.com"),
            "used_email",
        ),
        (
            &[],
            SIGNUP.replace("country=US", "country=UNITED STATES"),
            "invalid_country",
        ),
        (
            &["country-in=any"],
            SIGNUP.replace("country=US", "country=UNITED STATES"),
            "success",
        ),
        (
            &[],
            format!("{SIGNUP}&balance_management=3"),
            "invalid_balancemanagement",
        ),
        (
            &["management-needed=on"],
            SIGNUP.to_owned(),
            "missing_balancemanagement",
        ),
        (
            &["management-needed=on"],
            format!("{SIGNUP}&balance_management=2"),
            "success",
        ),
        (&[], weak("x"), "success"),
        (
            &["password-rules=changed"],
            weak("Abcde-1"),
            "invalid_password_lessthan_8characters_long",
        ),
        (
            &["password-rules=changed"],
            weak("abcdefg-1"),
            "invalid_password_missing_uppercase",
        ),
        (
            &["password-rules=changed"],
            weak("ABCDEFG-1"),
            "invalid_password_missing_lowercase",
        ),
        (
            &["password-rules=changed"],
            weak("Abcdefg-h"),
            "invalid_password_missing_number",
        ),
        (
            &["password-rules=changed"],
            weak("Abc defg-1"),
            "invalid_password_ilegal_characters",
        ),
        (
            &["password-rules=changed"],
            weak("Abc\"defg-1"),
            "invalid_password_ilegal_characters",
        ),
        (&["password-rules=changed"], weak("MyPassword-1"), "weak_password"),
        (
            &["password-rules=changed", "used-password=on"],
            weak("Abcdefg-1"),
            "success",
        ),
        (&["state-in=name"], SIGNUP.to_owned(), "success"),
        (&["state-in=name"], SIGNUP.replace("FLORIDA", "Florida"), "success"),
        (&["state-in=name"], SIGNUP.replace("FLORIDA", "FL"), "invalid_state"),
        (&["state-in=code"], SIGNUP.replace("FLORIDA", "FL"), "success"),
        (&["state-in=code"], SIGNUP.to_owned(), "invalid_state"),
        (&["state-in=code"], SIGNUP.replace("FLORIDA", "ON"), "invalid_state"),
        (
            &["state-in=code"],
            SIGNUP.replace("FLORIDA", "ON").replace("=US", "=CA"),
            "success",
        ),
        (
            &["state-in=code"],
            SIGNUP.replace("FLORIDA", "Jalisco").replace("=US", "=MX"),
            "success",
        ),
        (&["field-rules=on"], SIGNUP.to_owned(), "success"),
        (
            &["field-rules=on"],
            SIGNUP.replace("Ana", "<b>Ana"),
            "invalid_firstname",
        ),
        (&[], SIGNUP.replace("Ana", "<b>Ana"), "success"),
        (&["field-rules=on"], SIGNUP.replace("Lee", &"L".repeat(100)), "success"),
        (
            &["field-rules=on"],
            SIGNUP.replace("Lee", &"L".repeat(101)),
            "invalid_lastname",
        ),
        (&["field-rules=on"], SIGNUP.replace("MIAMI", "MIAMI%0A"), "invalid_city"),
        (
            &["field-rules=on"],
            SIGNUP.replace("02134", "02134-12345"),
            "invalid_zip",
        ),
        (
            &["field-rules=on"],
            SIGNUP.replace("5550001111", "%2B1 (555) 000-1111"),
            "success",
        ),
        (
            &["field-rules=on"],
            SIGNUP.replace("5550001111", "555000"),
            "invalid_phonenumber",
        ),
        (
            &["field-rules=on"],
            SIGNUP.replace("5550001111", "555-000-CALL-1111"),
            "invalid_phonenumber",
        ),
    ] {
        let simulator = simulator(settings);
        assert_eq!(signup(&simulator, &query)["status"], expected, "{settings:?} {query}");
        let clients = if expected == "success" { 101 } else { 100 };
        assert_eq!(simulator.state()["clients"], clients, "{settings:?} {query}");
    }
}

#[test]
fn a_signup_can_answer_the_status_only_or_nothing() {
    for (setting, expected) in [
        ("signup-answer=status", r#"{"status":"success"}"#),
        ("types=all-strings", r#"{"status":"success","client":"561215"}"#),
        (
            "message-on-success=on",
            r#"{"status":"success","client":561215,"message":"success"}"#,
        ),
        ("empty-success=on", ""),
    ] {
        let simulator = simulator(&[setting]);
        assert_eq!(body(&simulator, SIGNUP), expected, "{setting}");
        assert_eq!(simulator.state()["clients"], 101, "{setting}");
    }
}

#[test]
fn nobody_calls_before_being_activated() {
    for (activate, state) in [
        ("", "WAIT"),
        ("&activate=0", "WAIT"),
        ("&activate=true", "WAIT"),
        ("&activate=1", "ACTIVE"),
    ] {
        let (simulator, _) = with(Options::default());
        let id = signup(&simulator, &format!("{SIGNUP}{activate}"))["client"].to_string();
        simulator
            .edit(&id, &json!({"balance": "50", "spend_per_hour": "1"}))
            .unwrap();
        simulator.advance(Duration::from_secs(3_600));
        let client = simulator.client(&id).unwrap();
        assert_eq!(client["account_state"], state, "{activate}");
        let balance = if state == "WAIT" { "50.0000" } else { "49.0000" };
        assert_eq!(client["balance"], balance, "{activate}");
        assert_eq!(simulator.state()["waiting"], u8::from(state == "WAIT"));
    }
    let (simulator, _) = with(Options::default());
    let id = signup(&simulator, SIGNUP)["client"].to_string();
    simulator.edit(&id, &json!({"balance": "50"})).unwrap();
    simulator.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(simulator.client(&id).unwrap()["balance"], "50.0000");
    simulator.edit(&id, &json!({"account_state": "ACTIVE"})).unwrap();
    assert_eq!(
        simulator.client(&id).unwrap()["balance"],
        "50.0000",
        "what was not called is not charged"
    );
    simulator.advance(Duration::from_secs(30 * 86_400));
    assert_ne!(
        simulator.client(&id).unwrap()["balance"],
        "50.0000",
        "it lives by the habits of its id"
    );
    let used = json_of(&simulator, &format!("method=getResellerBalance&client={id}"));
    assert!(used["balance"]["calls_total"].as_u64().unwrap() > 0);
    simulator.edit(&id, &json!({"account_state": "WAIT"})).unwrap();
    let before = simulator.client(&id).unwrap()["balance"].clone();
    simulator.advance(Duration::from_secs(86_400));
    assert_eq!(simulator.client(&id).unwrap()["balance"], before);
    for bad in [json!("wait"), json!(""), json!(null), json!(1)] {
        assert!(simulator.edit(&id, &json!({"account_state": bad})).is_err(), "{bad}");
    }
}

#[test]
fn clients_that_wait_can_be_hidden() {
    let by_id = "method=getClients&client=561215";
    let by_address = "method=getClients&client=ana@example.com";
    let simulator = simulator(&["waiting-listed=off"]);
    signup(&simulator, SIGNUP);
    let listed = |simulator: &Simulator| {
        json_of(simulator, "method=getClients")["clients"]
            .as_array()
            .unwrap()
            .len()
    };
    for (state, expected, count) in [("WAIT", "invalid_client", 100), ("ACTIVE", "success", 101)] {
        simulator.edit("561215", &json!({"account_state": state})).unwrap();
        for query in [by_id, by_address] {
            assert_eq!(status(&simulator, &format!("{AUTH}&{query}")), expected, "{state}");
        }
        assert_eq!(listed(&simulator), count, "{state}");
    }
    simulator.set_setting("waiting-listed", "on").unwrap();
    simulator.edit("561215", &json!({"account_state": "WAIT"})).unwrap();
    assert_eq!(listed(&simulator), 101);
}

#[test]
fn set_client_has_the_settings_of_records_too() {
    let record = |state: &str, country: &str| {
        RECORD
            .replace("state=S", &format!("state={state}"))
            .replace("=CA&", &format!("={country}&"))
    };
    for (settings, query, expected) in [
        (&["state-in=name"][..], record("ONTARIO", "CA"), "success"),
        (&["state-in=name"], record("ON", "CA"), "invalid_state"),
        (&["state-in=code"], record("", "CA"), "success"),
        (
            &["email-taken=used_email"],
            RECORD.replace("new@", "office.561116@"),
            "used_email",
        ),
        (
            &["email-taken=used_email"],
            RECORD.replace("new@example.com", "john.doe@my-domain.com"),
            "success",
        ),
        (
            &["field-rules=on"],
            RECORD.replace("phone_number=5550001111", "phone_number=x"),
            "invalid_phonenumber",
        ),
        (
            &["absent-fields=invalid"],
            RECORD.replace("firstname=F&", ""),
            "invalid_firstname",
        ),
        (&[], format!("{RECORD}&test=1"), "success"),
    ] {
        let simulator = simulator(settings);
        assert_eq!(
            status(&simulator, &format!("{AUTH}&{query}")),
            expected,
            "{settings:?} {query}"
        );
        let company = if expected == "success" { "C" } else { "Consulting" };
        assert_eq!(
            simulator.client("561115").unwrap()["company"],
            company,
            "{settings:?} {query}"
        );
    }
}

#[test]
fn fractions_of_thresholds_are_refused_kept_or_cut() {
    for (how, threshold, expected) in [
        ("refused", "2.5", None),
        ("refused", "2.0", None),
        ("refused", "250", Some("250")),
        ("kept", "2.5", Some("2.5")),
        ("kept", "02.50", Some("2.50")),
        ("kept", "7", Some("7")),
        ("kept", "250.01", None),
        ("kept", "0.99", None),
        ("kept", "1.00", Some("1.00")),
        ("kept", ".5", None),
        ("cut", "2.5", Some("2")),
        ("cut", "250.99", Some("250")),
        ("cut", "251", None),
        ("cut", "0.99", None),
        ("cut", "1.x", None),
        ("cut", "-2.5", None),
        ("cut", "", None),
    ] {
        let simulator = simulator(&[&format!("threshold-fractions={how}")]);
        let query = format!("{AUTH}&method=setClientThreshold&client=561115&threshold={threshold}");
        let answer = if expected.is_some() {
            "success"
        } else {
            "Invalid_threshold"
        };
        assert_eq!(status(&simulator, &query), answer, "{how} {threshold}");
        let stored = expected.unwrap_or("130");
        assert_eq!(
            simulator.client("561115").unwrap()["threshold"],
            stored,
            "{how} {threshold}"
        );
    }
}

#[test]
fn states_and_provinces_are_listed() {
    let simulator = simulator(&[]);
    let states = body(&simulator, "method=getStates");
    assert!(
        states.starts_with(r#"{"status":"success","states":[{"state":"AL","description":"ALABAMA"},{"state":"AK","#)
    );
    assert_eq!(states.matches("\"state\":").count(), 51);
    let provinces = body(&simulator, "method=getProvinces");
    assert!(provinces.starts_with(r#"{"status":"success","provinces":[{"province":"AB","description":"ALBERTA"},"#));
    assert!(provinces.contains(r#"{"province":"ON","description":"ONTARIO"}"#));
    assert_eq!(provinces.matches("\"province\":").count(), 13);
}

#[test]
fn lists_can_come_as_objects_with_a_gap() {
    let simulator = simulator(&["list-as-object=on"]);
    let codes = body(&simulator, "method=getBalanceManagement");
    assert_eq!(
        codes,
        r#"{"status":"success","balance_management":{"0":{"value":"1","description":"Hard - suspend the client"},"1":{"value":"2","description":"Soft - do not suspend the client"}}}"#
    );
    let provinces = json_of(&simulator, "method=getProvinces");
    let keys: Vec<&String> = provinces["provinces"].as_object().unwrap().keys().collect();
    assert_eq!((keys.len(), provinces["provinces"].get("2")), (13, None));
    assert_eq!(provinces["provinces"]["3"]["province"], "MB");
    simulator.set_setting("no-client", "list").unwrap();
    assert_eq!(
        body(&simulator, "method=getClients"),
        r#"{"status":"success","clients":[]}"#
    );
    simulator.set_setting("one-row-object", "on").unwrap();
    assert!(json_of(&simulator, "method=getCountries&country=CA")["countries"]["value"].is_string());
}

#[test]
fn no_time_is_a_number_or_a_text() {
    for (setting, time) in [("time-today-none=number", "0"), ("time-today-none=text", "\"0:00\"")] {
        let simulator = simulator(&["spending=off", setting]);
        let balance = body(&simulator, "method=getResellerBalance&client=561115");
        assert!(
            balance.contains(&format!("\"time_total\":{time},")),
            "{setting}: {balance}"
        );
        assert!(
            balance.ends_with(&format!("\"time_today\":{time}}}}}")),
            "{setting}: {balance}"
        );
    }
}

#[test]
fn histories_check_their_parameters_and_are_empty() {
    let simulator = simulator(&[]);
    let range = "date_from=2026-08-23&date_to=2026-11-23";
    let cdr = |query: &str| status(&simulator, &format!("{AUTH}&method=getResellerCDR&{query}"));
    let history = |query: &str| status(&simulator, &format!("{AUTH}&method=getTransactionHistory&{query}"));
    for (query, expected) in [
        (format!("client=561115&{range}&answered=1&timezone=-5"), "no_cdr"),
        (format!("client=561115&{range}&failed=1&timezone=0"), "no_cdr"),
        (format!("{range}&answered=1&timezone=-5"), "invalid_client"),
        (format!("client=1&{range}&answered=1&timezone=-5"), "invalid_client"),
        (
            format!("client=reseller&{range}&answered=1&timezone=-5"),
            "invalid_client",
        ),
        ("client=561115&answered=1&timezone=-5".to_owned(), "invalid_date"),
        (format!("client=561115&{range}&timezone=-5"), "no_callstatus"),
        (
            format!("client=561115&{range}&answered=true&busy=0&timezone=-5"),
            "no_callstatus",
        ),
        (format!("client=561115&{range}&answered=1"), "invalid_timezone"),
        (
            format!("client=561115&{range}&answered=1&timezone=EST"),
            "invalid_timezone",
        ),
    ] {
        assert_eq!(cdr(&query), expected, "{query}");
    }
    for (query, expected) in [
        ("date_from=2026-08-23&date_to=2026-11-23", "no_transactions"),
        ("date_from=2025-11-22&date_to=2026-11-23", "no_transactions"),
        ("date_from=2025-11-21&date_to=2026-11-23", "invalid_daterange"),
        ("date_from=2026-11-23&date_to=2026-11-23", "no_transactions"),
        ("date_from=2026-11-24&date_to=2026-11-23", "invalid_date_from"),
        ("date_from=2026-11-23", "invalid_date"),
        ("date_to=2026-11-23", "invalid_date"),
        ("date_from=11/23/2026&date_to=2026-11-23", "invalid_date"),
        ("date_from=2026-11-31&date_to=2026-11-23", "invalid_date"),
    ] {
        assert_eq!(history(query), expected, "{query}");
    }
    assert_eq!(
        body(&simulator, &format!("method=getTransactionHistory&{range}")),
        r#"{"status":"no_transactions","message":"no_transactions"}"#
    );
}
