//! Every answer that is known, feared or invented, read without a network.

use super::stage::{JOHN, id};
use crate::domain::plan::{Field, Oddity, Read, Record};
use crate::net::HttpAnswer;
use crate::net::header::{HeaderMap, HeaderValue, LOCATION};
use crate::redact::Redactor;
use crate::voipms::functions::{
    get_balance, get_balance_management, get_client, get_client_threshold, get_clients, get_countries,
    get_reseller_balance,
};
use crate::voipms::question::Question;
use crate::voipms::reply::read_reply;
use crate::voipms::{Call, Error};

pub(super) fn read<A>(question: &Question<A>, status: u16, body: &str) -> Result<A, Error> {
    let answer = HttpAnswer {
        status,
        headers: HeaderMap::new(),
        body: body.into(),
    };
    let read = read_reply(question, &answer, &Redactor::new(&["api-secret"]));
    read.map_err(|problem| Error::new(question.call.function(), problem))
}

pub(super) fn set_client(record: &Record) -> Question<()> {
    Question::of_success(Call::set_client(record).unwrap())
}

fn kind<T>(outcome: Result<T, Error>) -> String {
    outcome.map_or_else(|error| error.kind().to_string(), |_| "good".to_owned())
}

/// `current_balance`, `spent_today`, `spent_total` and `calls_today` in a row, or the kind of the failure.
fn balance(body: &str) -> String {
    let shown = |outcome: Result<crate::voipms::ResellerBalance, Error>| match outcome {
        Ok(balance) => {
            let optional =
                |amount: Option<_>| amount.map_or("-".to_owned(), |amount: crate::domain::Money| amount.to_string());
            format!(
                "{} {} {} {}",
                balance.current_balance,
                optional(balance.spent_today),
                optional(balance.spent_total),
                balance.calls_today.map_or("-".to_owned(), |calls| calls.to_string()),
            )
        }
        Err(error) => error.kind().to_string(),
    };
    let client = id();
    let outcome = shown(read(&get_reseller_balance(&client), 200, body));
    assert_eq!(
        outcome,
        shown(read(&get_balance(), 200, body)),
        "getBalance answers in the same shape"
    );
    outcome
}

#[test]
fn balances() {
    let documented = r#"{"status":"success","balance":{"current_balance":"8.0588","spent_total":1.9012,
        "calls_total":56,"time_total":"51:35","spent_today":0.045,"calls_today":2,"time_today":"2:50"}}"#;
    let of = |value: &str| format!(r#"{{"status":"success","balance":{value}}}"#);
    let cases = [
        ("as documented", documented.to_owned(), "8.0588 0.045 1.9012 2"),
        (
            "no calls today",
            of(r#"{"current_balance":"0.00000000","spent_today":0,"calls_today":0,"time_today":0}"#),
            "0 0 - 0",
        ),
        (
            "all strings",
            of(r#"{"current_balance":"-0.2160","spent_today":"0.10","calls_today":"5"}"#),
            "-0.216 0.1 - 5",
        ),
        (
            "all numbers",
            of(r#"{"current_balance":-0.216,"spent_total":21.05321}"#),
            "-0.216 - 21.05321 -",
        ),
        (
            "more digits than a float has",
            of(r#"{"current_balance":123456789.12345678}"#),
            "123456789.12345678 - - -",
        ),
        (
            "exponents of PHP",
            of(r#"{"current_balance":1.0e-5,"spent_today":0.045000000000000005}"#),
            "0.00001 0.045 - -",
        ),
        ("minus nothing", of(r#"{"current_balance":"-0"}"#), "bad_amount"),
        (
            "minus nothing, a number",
            of(r#"{"current_balance":-0.0}"#),
            "bad_amount",
        ),
        (
            "minus next to nothing",
            of(r#"{"current_balance":"-0.0000000001"}"#),
            "bad_amount",
        ),
        (
            "nearer to nothing than any sum",
            of(r#"{"current_balance":1e-400}"#),
            "bad_amount",
        ),
        ("the same as text", of(r#"{"current_balance":"1e-400"}"#), "bad_amount"),
        (
            "nothing with an exponent",
            of(r#"{"current_balance":0e-400}"#),
            "bad_amount",
        ),
        (
            "digit by digit",
            of(&format!(r#"{{"current_balance":"0.{}1"}}"#, "0".repeat(400))),
            "bad_amount",
        ),
        (
            "spent minus nothing",
            of(r#"{"current_balance":"1","spent_today":"-0"}"#),
            "bad_amount",
        ),
        (
            "noise of a float",
            of(r#"{"current_balance":5.5511151231257827e-17}"#),
            "0 - - -",
        ),
        (
            "two balances in one",
            of(r#"{"current_balance":"100","current_balance":"0"}"#),
            "malformed",
        ),
        (
            "two names of one field",
            of(r#"{"current_balance":"100","current_b\u0061lance":"0"}"#),
            "malformed",
        ),
        (
            "two balances",
            r#"{"status":"success","balance":{"current_balance":"1"},"balance":{"current_balance":"0"}}"#.to_owned(),
            "malformed",
        ),
        (
            "two statuses",
            r#"{"status":"failed","status":"success","balance":{"current_balance":"0"}}"#.to_owned(),
            "malformed",
        ),
        (
            "plain getBalance",
            of(r#"{"current_balance":"112.192790"}"#),
            "112.19279 - - -",
        ),
        (
            "null beside it",
            of(r#"{"current_balance":"1","spent_today":null,"spent_total":""}"#),
            "1 - - -",
        ),
        ("a list of one", of(r#"[{"current_balance":"1"}]"#), "1 - - -"),
        (
            "unknown fields",
            of(r#"{"x":[1,{"y":null}],"current_balance":"1","z":"\/"}"#),
            "1 - - -",
        ),
        ("escaped digits", of(r#"{"current_balance":"\u0031.5"}"#), "1.5 - - -"),
        (
            "an odd count decides nothing",
            of(r#"{"current_balance":"1","calls_today":"1,234"}"#),
            "1 - - -",
        ),
        (
            "blanks and a BOM",
            format!("\u{feff}\n {} \n", of(r#"{ "current_balance" : "1" }"#)),
            "1 - - -",
        ),
        (
            "status not first",
            r#"{"balance":{"current_balance":"1"},"status":"success"}"#.to_owned(),
            "1 - - -",
        ),
        // Nothing of the following is a balance of zero.
        ("success alone", r#"{"status":"success"}"#.to_owned(), "missing_payload"),
        ("empty", String::new(), "empty"),
        ("blank", " \r\n\u{feff}".to_owned(), "empty"),
        ("null", of("null"), "missing_payload"),
        ("empty text", of("\"\""), "missing_payload"),
        ("empty list", of("[]"), "missing_payload"),
        ("empty object", of("{ }"), "missing_payload"),
        ("no current_balance", of(r#"{"spent_today":1}"#), "missing_payload"),
        ("current_balance null", of(r#"{"current_balance":null}"#), "bad_amount"),
        ("current_balance empty", of(r#"{"current_balance":""}"#), "bad_amount"),
        (
            "current_balance false",
            of(r#"{"current_balance":false}"#),
            "bad_amount",
        ),
        (
            "current_balance a list",
            of(r#"{"current_balance":["1"]}"#),
            "bad_amount",
        ),
        (
            "current_balance an object",
            of(r#"{"current_balance":{"USD":"1"}}"#),
            "bad_amount",
        ),
        ("a currency sign", of(r#"{"current_balance":"$1.00"}"#), "bad_amount"),
        (
            "a thousands separator",
            of(r#"{"current_balance":"1,234.00"}"#),
            "bad_amount",
        ),
        ("words", of(r#"{"current_balance":"n\/a"}"#), "bad_amount"),
        (
            "unbelievable",
            of(r#"{"current_balance":"99999999999999"}"#),
            "bad_amount",
        ),
        (
            "unreadable beside it",
            of(r#"{"current_balance":"1","spent_today":"?"}"#),
            "bad_amount",
        ),
        ("a balance that is a number", of("8.05"), "malformed"),
        ("a balance that is text", of("\"8.05\""), "malformed"),
        (
            "two balances",
            of(r#"[{"current_balance":"1"},{"current_balance":"2"}]"#),
            "malformed",
        ),
        ("a list of numbers", of("[1]"), "malformed"),
        (
            "no_client is no balance",
            r#"{"status":"no_client"}"#.to_owned(),
            "no_client",
        ),
    ];
    for (name, body, expected) in cases {
        assert_eq!(balance(&body), expected, "{name}");
    }
}

#[test]
fn envelopes() {
    let client = id();
    let long = format!(r#"{{"status":"{}"}}"#, "x".repeat(500));
    // Beside the traps for every function.
    let cases = [
        ("status empty", 200, r#"{"status":" ","message":"x"}"#, "no_status"),
        (
            "status of signs that nobody sees",
            200,
            "{\"status\":\"\u{feff}\",\"message\":\"x\"}",
            "no_status",
        ),
        ("null", 200, "null", "malformed"),
        ("a text", 200, r#""success""#, "malformed"),
        ("a number", 200, "0", "malformed"),
        ("cut after a value", 200, r#"{"status":"success""#, "truncated"),
        ("outage page without a byte", 503, "", "http_503"),
        (
            "too many, in the API's words",
            429,
            r#"{"status":"api_limit_exceeded"}"#,
            "http_429",
        ),
        ("not modified", 304, "", "redirect"),
        ("a code with a line break", 200, r#"{"status":"a\nb"}"#, "a b"),
        ("an endless code", 200, &long, &format!("{}…", "x".repeat(63))),
    ];
    for (name, status, body, expected) in cases {
        assert_eq!(
            kind(read(&get_reseller_balance(&client), status, body)),
            expected,
            "{name}"
        );
    }
}

#[test]
fn bytes_that_are_no_text_cost_no_more_than_their_row() {
    let mut body = br#"{"status":"success","clients":[{"client":"1","company":"caf"#.to_vec();
    body.extend_from_slice(b"\xe9\"},{\"client\":\"2\"}]}");
    let answer = |body: Vec<u8>| HttpAnswer {
        status: 200,
        headers: HeaderMap::new(),
        body,
    };
    let list = read_reply(&get_clients(), &answer(body.clone()), &Redactor::new(&[])).unwrap();
    assert_eq!(list.rows.len(), 2);
    assert_eq!(list.rows[0].company, "caf\u{fffd}");
}

#[test]
fn redirects_name_the_host_and_nothing_else() {
    let mut answer = HttpAnswer {
        status: 302,
        headers: HeaderMap::new(),
        body: Vec::new(),
    };
    let location = HeaderValue::from_static("https://www.voip.ms/login?api_password=api-secret");
    answer.headers.insert(LOCATION, location);
    let problem = read_reply(&get_balance(), &answer, &Redactor::new(&[])).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "the API redirects (HTTP 302) to https://www.voip.ms"
    );
}

#[test]
fn thresholds() {
    let client = id();
    let of = |value: &str| format!(r#"{{"status":"success","threshold_information":{value}}}"#);
    let cases = [
        (
            "as documented",
            of(r#"{"threshold":"130","email":"john.doe@my-domain.com"}"#),
            "130 john.doe@my-domain.com",
        ),
        ("a number", of(r#"{"threshold":5,"email":" a@b.c "}"#), "5 a@b.c"),
        ("with places", of(r#"{"threshold":"130.00","email":""}"#), "130 -"),
        ("a fraction", of(r#"{"threshold":"2.5","email":null}"#), "2.5 -"),
        ("zero", of(r#"{"threshold":"0","email":"a@b.c"}"#), "- a@b.c"),
        ("zero, a number", of(r#"{"threshold":0}"#), "- -"),
        ("zero with places", of(r#"{"threshold":"0.00"}"#), "- -"),
        ("below zero", of(r#"{"threshold":"-1"}"#), "- -"),
        ("empty", of(r#"{"threshold":""}"#), "- -"),
        ("null", of(r#"{"threshold":null,"email":"a@b.c"}"#), "- a@b.c"),
        ("absent", of(r#"{"email":"a@b.c"}"#), "- a@b.c"),
        ("an odd address", of(r#"{"threshold":"1","email":["a@b.c"]}"#), "1 -"),
        ("null information", of("null"), "- -"),
        ("empty information", of("\"\""), "- -"),
        ("an empty list", of("[]"), "- -"),
        ("an empty object", of("{}"), "- -"),
        ("a list of one", of(r#"[{"threshold":"7"}]"#), "7 -"),
        ("unreadable", of(r#"{"threshold":"$10"}"#), "bad_amount"),
        ("of another shape", of("130"), "malformed"),
        ("success alone", r#"{"status":"success"}"#.to_owned(), "missing_payload"),
    ];
    for (name, body, expected) in cases {
        let got = match read(&get_client_threshold(&client), 200, &body) {
            Ok(got) => format!(
                "{} {}",
                got.threshold.map_or("-".to_owned(), |threshold| threshold.to_string()),
                got.email.unwrap_or("-".to_owned()),
            ),
            Err(error) => error.kind().to_string(),
        };
        assert_eq!(got, expected, "{name}");
    }
}

fn clients(rows: &str) -> String {
    format!(r#"{{"status":"success","clients":{rows}}}"#)
}

#[test]
fn lists_of_clients() {
    let other = JOHN.replace("561115", "561116");
    let cases = [
        ("one", clients(&format!("[{JOHN}]")), "561115"),
        ("two", clients(&format!("[{JOHN},{other}]")), "561115 561116"),
        (
            "keyed with a gap",
            clients(&format!(r#"{{"0":{JOHN},"2":{other}}}"#)),
            "561115 561116",
        ),
        ("a bare row", clients(JOHN), "561115"),
        ("a number as id", clients(r#"[{"client":561115}]"#), "561115"),
        (
            "twice",
            clients(&format!("[{JOHN},{JOHN},{other}]")),
            "561115 561116 odd:561115",
        ),
        ("a row of null", clients(&format!("[null,{JOHN}]")), "561115 odd:?"),
        (
            "a row of text",
            clients(&format!("[\"x\",{JOHN},7,[]]")),
            "561115 odd:? odd:? odd:?",
        ),
        (
            "without an id",
            clients(&format!(r#"[{{"email":"a@b.c"}},{JOHN}]"#)),
            "561115 odd:?",
        ),
        (
            "an odd id",
            clients(&format!(r#"[{{"client":"5 6"}},{{"client":""}},{JOHN}]"#)),
            "561115 odd:? odd:?",
        ),
        (
            "a name of ours",
            clients(&format!(r#"[{{"client":"reseller"}},{JOHN}]"#)),
            "561115 odd:?",
        ),
        (
            "an odd field",
            clients(&format!(r#"[{{"client":"7","email":{{}}}},{JOHN}]"#)),
            "561115 odd:7",
        ),
        (
            "a broken escape",
            clients(&format!(r#"[{{"client":"7","email":"\ud800"}},{JOHN}]"#)),
            "561115 odd:7",
        ),
        (
            "no_client",
            r#"{"status":"no_client","message":"There are no Clients"}"#.to_owned(),
            "",
        ),
        ("an empty list", clients("[]"), ""),
        ("null", clients("null"), ""),
        ("empty text", clients("\"\""), ""),
        ("an empty object", clients("{}"), ""),
        ("success alone", r#"{"status":"success"}"#.to_owned(), "missing_payload"),
        ("empty", String::new(), "empty"),
        ("no list", clients("7"), "malformed"),
        (
            "only odd rows",
            clients(r#"[{"client":null},{"client":{}}]"#),
            "malformed",
        ),
        (
            "unknown address",
            r#"{"status":"invalid_client"}"#.to_owned(),
            "invalid_client",
        ),
    ];
    for (name, body, expected) in cases {
        let got = match read(&get_clients(), 200, &body) {
            Ok(list) => {
                let rows = list.rows.iter().map(|client| client.id.to_string());
                let odd = list
                    .odd
                    .iter()
                    .map(|odd| format!("odd:{}", odd.id.as_deref().unwrap_or("?")));
                rows.chain(odd).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.kind().to_string(),
        };
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn the_inventory_is_lean_and_the_record_complete() {
    let body = clients(&format!("[{}]", JOHN.replace("Consulting", r"Caf\u00e9 \/ Söhne")));
    let client = read(&get_clients(), 200, &body).unwrap().rows.remove(0);
    assert_eq!(client.email, "john.doe@my-domain.com");
    assert_eq!(
        (client.company.as_str(), client.firstname.as_str()),
        ("Café / Söhne", "John")
    );
    assert_eq!(
        (client.lastname.as_str(), client.balance_management.as_str()),
        ("Doe", "1")
    );
    assert!(!format!("{client:?}").contains("johnspassword"));

    let read = record(&body).unwrap();
    assert_eq!(read.client, client, "the same record, and so the same fingerprint");
    let record = &read.record;
    assert_eq!(
        (record.get(Field::Zip), record.get(Field::PhoneNumber)),
        ("02134", "5551112222")
    );
    assert_eq!(record.expose_password(), Some("johnspassword"));
    assert!(!format!("{read:?}").contains("johnspassword"));
    assert_eq!(
        format!("{record:?}"),
        r#"Record { client: "561115", balance_management: "1", .. }"#
    );
}

fn record(body: &str) -> Result<Read, Error> {
    let client = id();
    read(&get_client(&client), 200, body)
}

#[test]
fn a_fingerprint_changes_with_every_field_but_the_password() {
    let of = |row: &str| record(&clients(row)).unwrap();
    let fingerprint = |row: &str| of(row).client.fingerprint;
    let base = of(JOHN).record;
    let unchanged = "65bfcecf3d91a322";
    assert_eq!(fingerprint(JOHN), unchanged, "stored, so it must never change");
    let changeable = |field: &Field| !matches!(field, Field::Client | Field::Password);
    for field in Field::ALL.into_iter().filter(changeable) {
        let (name, text) = (field.name(), base.get(field));
        for changed in ["", "else"] {
            let row = JOHN.replace(&format!(r#""{name}":"{text}""#), &format!(r#""{name}":"{changed}""#));
            assert_ne!(fingerprint(&row), unchanged, "{name}");
        }
    }
    let moved = JOHN.replace(
        r#""5491 190TH","city":"OPA LOCKA""#,
        r#""5491 190THOPA LOCKA","city":"""#,
    );
    assert_eq!(of(&moved).record.get(Field::City), "");
    assert_ne!(fingerprint(&moved), unchanged, "a text that moves between fields");
    let other_password = JOHN.replace("johnspassword", "another");
    assert_eq!(of(&other_password).record.expose_password(), Some("another"));
    assert_eq!(fingerprint(&other_password), unchanged);
}

#[test]
fn records() {
    let without = |field: &str| {
        let start = JOHN.find(&format!("\"{field}\":")).unwrap();
        let end = start + JOHN[start..].find([',', '}']).unwrap();
        let mut row = JOHN.to_owned();
        row.replace_range(start..end, r#""x":"""#);
        format!("[{row}]")
    };
    let cases = [
        ("as documented", format!("[{JOHN}]"), "good"),
        ("a bare object", JOHN.to_owned(), "good"),
        (
            "among all clients",
            format!("[{},{JOHN}]", JOHN.replace("561115", "1")),
            "good",
        ),
        (
            "numbers",
            format!(
                "[{}]",
                JOHN.replace("\"561115\"", "561115")
                    .replace("\"5551112222\"", "5551112222")
            ),
            "good",
        ),
        (
            "null in a field",
            format!("[{}]", JOHN.replace("\"Consulting\"", "null")),
            "good",
        ),
        (
            "another client",
            format!("[{}]", JOHN.replace("561115", "1")),
            "wrong_client",
        ),
        ("twice", format!("[{JOHN},{JOHN}]"), "bad_record"),
        ("a field is missing", without("company"), "bad_record"),
        ("the password is missing", without("password"), "bad_record"),
        (
            "a field is a list",
            format!("[{}]", JOHN.replace("\"Consulting\"", "[]")),
            "bad_record",
        ),
        (
            "a field is true",
            format!("[{}]", JOHN.replace("\"Consulting\"", "true")),
            "bad_record",
        ),
        (
            "garbled text",
            format!("[{}]", JOHN.replace("Consulting", "Caf\u{fffd}")),
            "bad_record",
        ),
        ("nobody", "[]".to_owned(), "no_client"),
    ];
    for (name, rows, expected) in cases {
        assert_eq!(kind(record(&clients(&rows))), expected, "{name}");
    }
    let absent = record(r#"{"status":"no_client"}"#).unwrap_err();
    assert!(absent.is_absent_client());
    let odd = JOHN
        .replace("\"561115\"", "561115")
        .replace("\"02134\"", "2134")
        .replace('}', ",\"created\":\"2020\",\"a<b\":1}");
    assert_eq!(
        record(&clients(&format!("[{odd}]"))).unwrap().oddities,
        [
            Oddity::Number(Field::Client),
            Oddity::Number(Field::Zip),
            Oddity::Unknown("a?b".to_owned()),
            Oddity::Unknown("created".to_owned()),
        ]
    );
    assert_eq!(record(&clients(&format!("[{JOHN}]"))).unwrap().oddities, []);
    let nulls = record(&clients(&format!("[{}]", JOHN.replace("\"Consulting\"", "null")))).unwrap();
    assert_eq!(nulls.record.get(Field::Company), "");
}

/// Fingerprints are stored, and enforcement compares those of lists with those of records: none may ever change.
#[test]
fn fingerprints_of_the_list_stay_what_they_are() {
    let replaced = |from: &str, to: &str| {
        assert!(JOHN.contains(from), "{from}");
        JOHN.replace(from, to)
    };
    let mut reversed: Vec<&str> = JOHN.trim_matches(['{', '}']).split(',').collect();
    reversed.reverse();
    let cases = [
        ("as documented", JOHN.to_owned(), "65bfcecf3d91a322"),
        (
            "the last first",
            format!("{{{}}}", reversed.join(",")),
            "65bfcecf3d91a322",
        ),
        (
            "another password",
            replaced("johnspassword", "another"),
            "65bfcecf3d91a322",
        ),
        ("no password", replaced("\"password\"", "\"x\""), "65bfcecf3d91a322"),
        (
            "a password that is no text",
            replaced("\"johnspassword\"", "[1]"),
            "65bfcecf3d91a322",
        ),
        ("an empty company", replaced("Consulting", ""), "ac1b5e283906bac0"),
        ("a null company", replaced("\"Consulting\"", "null"), "ac1b5e283906bac0"),
        ("no company", replaced("\"company\"", "\"x\""), "de167b75b2caead9"),
        (
            "company and first name swapped",
            replaced("\"company\"", "\"x\"")
                .replace("\"firstname\"", "\"company\"")
                .replace("\"x\"", "\"firstname\""),
            "7be17078cfcb5e4c",
        ),
        ("an id alone", r#"{"client":"561115"}"#.to_owned(), "8f11b88681b9e563"),
    ];
    for (name, row, expected) in cases {
        let client = read(&get_clients(), 200, &clients(&format!("[{row}]"))).unwrap();
        assert_eq!(client.rows[0].fingerprint, expected, "{name}");
    }
}

#[test]
fn codes_of_balance_management_and_countries() {
    let of = |rows: &str| format!(r#"{{"status":"success","balance_management":{rows}}}"#);
    let cases = [
        (
            "as documented",
            of(r#"[{"value":"1","description":"Hard - suspend the client"}]"#),
            "1=Hard - suspend the client",
        ),
        (
            "both",
            of(r#"[{"value":1,"description":"hard"},{"value":"0","description":" SOFT (x)"}]"#),
            "1=hard, 0= SOFT (x)",
        ),
        ("a bare row", of(r#"{"value":"2","description":"Soft"}"#), "2=Soft"),
        (
            "other words",
            of(r#"[{"value":"3","description":"Hardly ever"},{"value":"4","description":""}]"#),
            "3=Hardly ever, 4=",
        ),
        (
            "odd rows",
            of(r#"[null,{"value":"1"},{"value":"2","description":"Soft"}]"#),
            "2=Soft",
        ),
        ("none", r#"{"status":"no_balancemanagement"}"#.to_owned(), ""),
        ("success alone", r#"{"status":"success"}"#.to_owned(), "missing_payload"),
    ];
    for (name, body, expected) in cases {
        let got = match read(&get_balance_management(), 200, &body) {
            Ok(codes) => {
                let shown = codes.iter().map(|code| format!("{}={}", code.value, code.description));
                shown.collect::<Vec<_>>().join(", ")
            }
            Err(error) => error.kind().to_string(),
        };
        assert_eq!(got, expected, "{name}");
    }
    let body = r#"{"status":"success","countries":[{"value":"CA","description":"Canada"}]}"#;
    let countries = read(&get_countries(), 200, body).unwrap();
    assert_eq!(
        (countries[0].code.as_str(), countries[0].name.as_str()),
        ("CA", "Canada")
    );
}

#[test]
fn what_a_failure_means() {
    let record = record(&clients(&format!("[{JOHN}]"))).unwrap().record;
    // Name, HTTP status, body, then for a write: may have taken effect, is transient.
    let cases = [
        ("refused", 200, r#"{"status":"invalid_email"}"#, false, false),
        (
            "refused with capitals",
            200,
            r#"{"status":"Invalid_threshold"}"#,
            false,
            false,
        ),
        (
            "confirmed otherwise",
            200,
            r#"{"status":"mismatch_email_confirm"}"#,
            false,
            false,
        ),
        ("missing", 200, r#"{"status":"missing_charge"}"#, false, false),
        ("used password", 200, r#"{"status":"used_password"}"#, false, false),
        ("weak password", 200, r#"{"status":"weak_password"}"#, false, false),
        ("limit", 200, r#"{"status":"api_limit_exceeded"}"#, false, true),
        ("credentials", 200, r#"{"status":"invalid_credentials"}"#, false, false),
        ("maintenance", 200, r#"{"status":"method_maintenance"}"#, false, true),
        ("unavailable", 200, r#"{"status":"unavailable_info"}"#, true, true),
        ("an unknown code", 200, r#"{"status":"we_are_moving"}"#, true, false),
        ("null", 200, r#"{"status":null}"#, true, true),
        ("empty", 200, "", true, true),
        ("a page", 200, "<html>", true, true),
        ("cut", 200, r#"{"status":"succ"#, true, true),
        ("outage", 503, "<html>", true, true),
        ("gateway timeout", 504, "", true, true),
        ("request timeout", 408, "", true, true),
        ("firewall", 403, "<html>", false, true),
        ("forbidden", 403, "no", false, false),
        ("not found", 404, "<html>", false, false),
        ("too many", 429, "", false, true),
        ("redirect", 302, "", true, false),
    ];
    for (name, status, body, effect, transient) in cases {
        let write = read(&set_client(&record), status, body).unwrap_err();
        assert_eq!(write.may_have_taken_effect(), effect, "{name}");
        assert_eq!(write.is_transient(), transient, "{name}");
        let list = read(&get_clients(), status, body).unwrap_err();
        assert!(!list.may_have_taken_effect(), "{name}: a read changes nothing");
    }
    assert!(read(&set_client(&record), 200, r#"{"status":"success"}"#).is_ok());
}

#[test]
fn who_is_told_what_to_do() {
    let client = id();
    // Status code, then: auth, limit, maintenance, absent client, a hint.
    let cases = [
        ("ip_not_enabled", [true, false, false, false, true]),
        ("invalid_credentials", [true, false, false, false, true]),
        ("missing_credentials", [true, false, false, false, true]),
        ("api_not_enabled", [true, false, false, false, true]),
        ("api_limit_exceeded", [false, true, false, false, true]),
        ("method_maintenance", [false, false, true, false, true]),
        ("invalid_client", [false, false, false, true, true]),
        ("Invalid_Client", [false, false, false, true, true]),
        ("missing_client", [false, false, false, true, true]),
        ("limit_reached", [false, false, false, false, false]),
    ];
    for (code, expected) in cases {
        let body = format!(r#"{{"status":"{code}","message":"{code}"}}"#);
        let error = read(&get_reseller_balance(&client), 200, &body).unwrap_err();
        let hint = error.hint().is_some();
        let got = [
            error.is_auth(),
            error.is_limit(),
            error.is_maintenance(),
            error.is_absent_client(),
            hint,
        ];
        assert_eq!(got, expected, "{code}");
        assert_eq!(
            error.to_string(),
            format!("getResellerBalance: the API answered `{code}`")
        );
    }
    assert!(read(&get_balance(), 429, "").unwrap_err().is_limit());
}

#[test]
fn no_failure_shows_a_secret() {
    let record = record(&clients(&format!("[{JOHN}]"))).unwrap().record;
    let bodies = [
        "<html>no method for /?api_password=api-secret</html>".to_owned(),
        r#"{"status":"api-secret"}"#.to_owned(),
        r#"{"status":"weak_password","message":"api-secret is weak, johnspassword too"}"#.to_owned(),
        r#"{"status":"success","balance":{"current_balance":"api-secret"}}"#.to_owned(),
        r#"{"status":"success","balance":"api-secret"}"#.to_owned(),
        r#"{"status":"api-secret","#.to_owned(),
        "api-secret".to_owned(),
    ];
    let lists = [
        clients(&format!("[{JOHN}")),
        clients(&format!("[{}]", JOHN.replace("\"Consulting\"", "[]"))),
        clients(r#"["561115","johnspassword"]"#),
        format!("[{JOHN}]"),
        format!("PHP notice {JOHN}"),
    ];
    let client = id();
    let mut failures = Vec::new();
    failures.extend(read(&set_client(&record), 200, "<html>johnspassword</html>").err());
    for status in [200, 302, 500] {
        for body in bodies.iter().chain(&lists) {
            failures.extend(read(&set_client(&record), status, body).err());
        }
        for body in &bodies {
            failures.extend(read(&get_balance(), status, body).err());
        }
        for body in &lists {
            failures.extend(read(&get_clients(), status, body).err());
            failures.extend(read(&get_client(&client), status, body).err());
        }
    }
    assert!(failures.len() > 60);
    for error in failures {
        let shown = format!("{error} {error:?} {}", error.kind());
        assert!(
            !shown.contains("api-secret") && !shown.contains("johnspassword"),
            "{shown}"
        );
    }
}
