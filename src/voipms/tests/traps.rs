//! Every function against every shape and trap of the wire that is known, feared or invented.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::answers::read;
use super::stage::{JOHN, id, write};
use crate::domain::Money;
use crate::voipms::call::Call;
use crate::voipms::functions::{
    get_balance, get_balance_management, get_charges, get_client, get_client_threshold, get_clients, get_countries,
    get_ip, get_reseller_balance, read_entries, read_packages, read_pairs,
};
use crate::voipms::outcome::CallError;
use crate::voipms::question::{Question, ReadAnswer};
use crate::voipms::{Class, Entry, Error, Function, Rows};

pub(super) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Lists that nothing decides by, but whose rows are looked at before they are shown.
fn question<A>(function: Function, read: ReadAnswer<A>) -> Question<A> {
    Question::new(Call::plain(function), read)
}

fn pairs(function: Function) -> Question<Rows<(String, String)>> {
    question(function, |call, payload, reader| {
        read_pairs(call.function(), payload, reader)
    })
}

/// What becomes of an answer: `value`, `done`, or the rows by number, with the odd ones; or the failure's kind, and for a
/// write whether it was surely not done.
fn told(function: Function, status: u16, body: &str) -> String {
    fn rows<T>(outcome: Result<Rows<T>, Error>) -> Result<String, Error> {
        outcome.map(|list| match list.odd.len() {
            0 => format!("{} rows", list.rows.len()),
            odd => format!("{} rows, {odd} odd", list.rows.len()),
        })
    }
    fn good<T>(outcome: Result<T, Error>, word: &str) -> Result<String, Error> {
        outcome.map(|_| word.to_owned())
    }
    fn written(call: Call, status: u16, body: &str) -> String {
        let question = Question::of_success(call);
        let Err(error) = read(&question, status, body) else {
            return "done".to_owned();
        };
        let failed = CallError::new(&question.call, error.problem().clone(), None);
        let is_unknown = if failed.find_out().is_some() {
            "unknown"
        } else {
            "not done"
        };
        format!("{is_unknown}: {}", error.kind())
    }
    let id = id();
    let outcome = match function {
        function if function.class() != Class::Read => return written(write(function), status, body),
        Function::GetBalance => good(read(&get_balance(), status, body), "value"),
        Function::GetResellerBalance => good(read(&get_reseller_balance(&id), status, body), "value"),
        Function::GetClientThreshold => good(read(&get_client_threshold(&id), status, body), "value"),
        Function::GetBalanceManagement => {
            read(&get_balance_management(), status, body).map(|list| format!("{} rows", list.len()))
        }
        Function::GetCountries => read(&get_countries(), status, body).map(|list| format!("{} rows", list.len())),
        Function::GetCharges => rows(read(&get_charges(&id), status, body)),
        Function::GetDeposits => rows(read(&question(function, read_entries), status, body)),
        Function::GetClients => rows(read(&get_clients(), status, body)),
        Function::GetPackages => rows(read(
            &question(function, |_, payload, reader| read_packages(payload, reader)),
            status,
            body,
        )),
        Function::GetIp => good(read(&get_ip(), status, body), "value"),
        _ => rows(read(&pairs(function), status, body)),
    };
    outcome.unwrap_or_else(|error| error.kind().to_string())
}

/// Functions whose answers are alike.
#[derive(Clone, Copy, Debug)]
enum Group {
    Balance,
    Threshold,
    Rows,
    Ledger,
    Write,
}

fn group(function: Function) -> Group {
    match function {
        Function::GetBalance | Function::GetResellerBalance | Function::GetIp => Group::Balance,
        Function::GetClientThreshold => Group::Threshold,
        Function::GetCharges | Function::GetDeposits => Group::Ledger,
        _ if function.class() == Class::Read => Group::Rows,
        _ => Group::Write,
    }
}

#[test]
fn traps_for_every_function() {
    let long = format!(r#"{{"status":"success","KEY":{}"#, "[".repeat(100_000));
    // Name, HTTP status, body, then what comes of it for a balance, a threshold, a list, a ledger and a write.
    #[rustfmt::skip]
    let cases: [(&str, u16, &str, [&str; 5]); 62] = [
        ("empty", 200, "", ["empty", "empty", "empty", "empty", "unknown: empty"]),
        ("blank", 200, " \r\n\u{feff}\n", ["empty", "empty", "empty", "empty", "unknown: empty"]),
        ("no content", 204, "", ["empty", "empty", "empty", "empty", "unknown: empty"]),
        ("created", 201, "{\"status\":\"success\",\"KEY\":[]}", ["http_201", "http_201", "http_201", "http_201", "unknown: http_201"]),
        ("accepted", 202, "{\"status\":\"success\",\"KEY\":[]}", ["http_202", "http_202", "http_202", "http_202", "unknown: http_202"]),
        ("from a cache", 203, "{\"status\":\"success\",\"KEY\":[]}", ["http_203", "http_203", "http_203", "http_203", "unknown: http_203"]),
        ("a part of it", 206, "{\"status\":\"success\",\"KEY\":[]}", ["http_206", "http_206", "http_206", "http_206", "unknown: http_206"]),
        ("accepted without rows", 202, "{\"status\":\"no_rows\"}", ["no_rows", "no_rows", "http_202", "http_202", "not done: no_rows"]),
        ("accepted, and declined", 202, "{\"status\":\"invalid_client\"}", ["invalid_client", "invalid_client", "invalid_client", "invalid_client", "not done: invalid_client"]),
        ("two statuses", 200, "{\"status\":\"failed\",\"status\":\"success\",\"KEY\":[]}", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("a page", 200, "<html>Just a moment...", ["html", "html", "html", "html", "unknown: html"]),
        ("a SOAP fault", 200, "<?xml version=\"1.0\"?><SOAP-ENV:Envelope/>", ["html", "html", "html", "html", "unknown: html"]),
        ("a PHP warning before it", 200, "<br /><b>Warning</b>{\"status\":\"success\"}", ["html", "html", "html", "html", "unknown: html"]),
        ("a PHP notice behind it", 200, "{\"status\":\"success\",\"KEY\":[]}<br /><b>Notice</b>", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("a list around it", 200, "[{\"status\":\"success\",\"KEY\":[]}]", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("a byte order mark before it", 200, "\u{feff}{\"status\":\"success\",\"KEY\":null}", ["missing_payload", "value", "0 rows", "0 rows", "done"]),
        ("words", 200, "Service unavailable", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("PHP's false", 200, "false", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("a list", 200, "[]", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("two answers", 200, "{\"status\":\"success\"}{\"status\":\"success\"}", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("cut at once", 200, "{", ["truncated", "truncated", "truncated", "truncated", "unknown: truncated"]),
        ("cut in the status", 200, "{\"status\":\"succ", ["truncated", "truncated", "truncated", "truncated", "unknown: truncated"]),
        ("cut after success", 200, "{\"status\":\"success\"", ["truncated", "truncated", "truncated", "truncated", "unknown: truncated"]),
        ("cut in the payload", 200, "{\"status\":\"success\",\"KEY\":[{\"a\":\"", ["truncated", "truncated", "truncated", "truncated", "unknown: truncated"]),
        ("nested without end", 200, &long, ["truncated", "truncated", "truncated", "truncated", "unknown: truncated"]),
        ("status null", 200, "{\"status\":null}", ["null_status", "null_status", "null_status", "null_status", "unknown: null_status"]),
        ("no status", 200, "{\"KEY\":[]}", ["no_status", "no_status", "no_status", "no_status", "unknown: no_status"]),
        ("status a list", 200, "{\"status\":[\"success\"]}", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("status a number", 200, "{\"status\":1}", ["1", "1", "1", "1", "unknown: 1"]),
        ("status true", 200, "{\"status\":true}", ["malformed", "malformed", "malformed", "malformed", "unknown: malformed"]),
        ("success alone", 200, "{\"status\":\"success\"}", ["missing_payload", "missing_payload", "missing_payload", "0 rows", "done"]),
        ("success with a message", 200, "{\"status\":\"success\",\"message\":\"OK\"}", ["missing_payload", "missing_payload", "missing_payload", "0 rows", "done"]),
        ("success with a capital", 200, "{\"status\":\"Success\",\"KEY\":null}", ["missing_payload", "value", "0 rows", "0 rows", "done"]),
        ("null", 200, "{\"status\":\"success\",\"KEY\":null}", ["missing_payload", "value", "0 rows", "0 rows", "done"]),
        ("empty text", 200, "{\"status\":\"success\",\"KEY\":\"\"}", ["missing_payload", "value", "0 rows", "0 rows", "done"]),
        ("empty list", 200, "{\"status\":\"success\",\"KEY\":[]}", ["missing_payload", "value", "0 rows", "0 rows", "done"]),
        ("empty object", 200, "{\"status\":\"success\",\"KEY\":{ }}", ["missing_payload", "value", "0 rows", "0 rows", "done"]),
        ("false for a payload", 200, "{\"status\":\"success\",\"KEY\":false}", ["malformed", "malformed", "malformed", "malformed", "done"]),
        ("a number for a payload", 200, "{\"status\":\"success\",\"KEY\":0}", ["malformed", "malformed", "malformed", "malformed", "done"]),
        ("text for a payload", 200, "{\"status\":\"success\",\"KEY\":\"none\"}", ["malformed", "malformed", "malformed", "malformed", "done"]),
        ("only odd rows", 200, "{\"status\":\"success\",\"KEY\":[null,7]}", ["malformed", "malformed", "malformed", "malformed", "done"]),
        ("nothing there", 200, "{\"status\":\"no_thing\",\"message\":\"There is no thing\"}", ["no_thing", "no_thing", "0 rows", "0 rows", "not done: no_thing"]),
        ("nothing there, with a capital", 200, "{\"status\":\"No_thing\"}", ["No_thing", "No_thing", "0 rows", "0 rows", "not done: No_thing"]),
        ("a dry run nobody asked for", 200, "{\"status\":\"success_test\"}", ["success_test", "success_test", "success_test", "success_test", "not done: success_test"]),
        ("absent client", 200, "{\"status\":\"invalid_client\"}", ["invalid_client", "invalid_client", "invalid_client", "invalid_client", "not done: invalid_client"]),
        ("capital code", 200, "{\"status\":\"Invalid_threshold\"}", ["Invalid_threshold", "Invalid_threshold", "Invalid_threshold", "Invalid_threshold", "not done: Invalid_threshold"]),
        ("limit", 200, "{\"status\":\"api_limit_exceeded\"}", ["api_limit_exceeded", "api_limit_exceeded", "api_limit_exceeded", "api_limit_exceeded", "not done: api_limit_exceeded"]),
        ("maintenance", 200, "{\"status\":\"method_maintenance\"}", ["method_maintenance", "method_maintenance", "method_maintenance", "method_maintenance", "not done: method_maintenance"]),
        ("no funds", 200, "{\"status\":\"non_sufficient_funds\"}", ["non_sufficient_funds", "non_sufficient_funds", "non_sufficient_funds", "non_sufficient_funds", "not done: non_sufficient_funds"]),
        ("unavailable", 200, "{\"status\":\"unavailable_info\"}", ["unavailable_info", "unavailable_info", "unavailable_info", "unavailable_info", "unknown: unavailable_info"]),
        ("a code that nobody knows", 200, "{\"status\":\"we_are_moving\"}", ["we_are_moving", "we_are_moving", "we_are_moving", "we_are_moving", "unknown: we_are_moving"]),
        ("outage page", 503, "<html>Backend fetch failed", ["http_503", "http_503", "http_503", "http_503", "unknown: http_503"]),
        ("internal error", 500, "", ["http_500", "http_500", "http_500", "http_500", "unknown: http_500"]),
        ("success with HTTP 500", 500, "{\"status\":\"success\",\"KEY\":[]}", ["http_500", "http_500", "http_500", "http_500", "unknown: http_500"]),
        ("success with HTTP 403", 403, "{\"status\":\"success\",\"KEY\":[]}", ["http_403", "http_403", "http_403", "http_403", "unknown: http_403"]),
        ("success with HTTP 429", 429, "{\"status\":\"success\",\"KEY\":[]}", ["http_429", "http_429", "http_429", "http_429", "unknown: http_429"]),
        ("firewall page", 403, "<html>Attention Required!", ["http_403", "http_403", "http_403", "http_403", "not done: http_403"]),
        ("a code with HTTP 403", 403, "{\"status\":\"ip_not_enabled\"}", ["ip_not_enabled", "ip_not_enabled", "ip_not_enabled", "ip_not_enabled", "not done: ip_not_enabled"]),
        ("too long", 414, "<html>414", ["http_414", "http_414", "http_414", "http_414", "not done: http_414"]),
        ("too many", 429, "error code: 1015", ["http_429", "http_429", "http_429", "http_429", "not done: http_429"]),
        ("gateway timeout", 504, "<html>", ["http_504", "http_504", "http_504", "http_504", "unknown: http_504"]),
        ("redirect", 302, "", ["redirect", "redirect", "redirect", "redirect", "unknown: redirect"]),
    ];
    for (name, status, body, expected) in cases {
        for function in Function::ALL {
            let body = body.replace("KEY", function.result_key().unwrap_or("result"));
            // The one payload that is a text: a list or object is no way to say nothing then.
            let expected = match name {
                "empty list" | "empty object" if function == Function::GetIp => "malformed",
                _ => expected[group(function) as usize],
            };
            assert_eq!(told(function, status, &body), expected, "{function}: {name}");
        }
    }
}

/// A documented row of a list, and another one.
fn documented_rows(function: Function) -> Option<(String, String)> {
    let (row, mine, other) = match function {
        Function::GetClients => (JOHN, "561115", "561116"),
        Function::GetBalanceManagement => (r#"{"value":"1","description":"Hard - suspend the client"}"#, "1", "2"),
        Function::GetCountries => (r#"{"value":"CA","description":"Canada"}"#, "CA", "US"),
        Function::GetStates => (r#"{"state":"AL","description":"ALABAMA"}"#, "AL", "FL"),
        Function::GetClientPackages => (r#"{"value":"8378","description":"VoIP"}"#, "8378", "8379"),
        Function::GetPackages => (
            r#"{"package":"8378","name":"VoIP","markup_fixed":"0.01","markup_percentage":"50","pulse":"60",
                "international_route":"1","canada_route":"1","monthly_fee":"2.00","setup_fee":"1.00","free_minutes":"0"}"#,
            "8378",
            "8379",
        ),
        Function::GetCharges => (
            r#"{"id":"475568","date":"2010-10-29","amount":"2.00","description":"DID5551234567"}"#,
            "475568",
            "475567",
        ),
        Function::GetDeposits => (
            r#"{"id":"808639","date":"2010-10-15","amount":"4.00","description":"Credit : 2 Setup Charges"}"#,
            "808639",
            "808384",
        ),
        _ => return None,
    };
    Some((row.to_owned(), row.replacen(mine, other, 1)))
}

#[test]
fn every_shape_of_every_list() {
    // The two that decide what is written to a record tell only their good rows.
    let shows_odd = |function| !matches!(function, Function::GetBalanceManagement | Function::GetCountries);
    let cases = [
        ("as documented", "[ROW]", 1, 0),
        ("two", "[ROW,OTHER]", 2, 0),
        ("a bare row", "ROW", 1, 0),
        ("keyed by position", r#"{"0":ROW,"1":OTHER}"#, 2, 0),
        ("keyed with a gap", r#"{"0":ROW,"2":OTHER}"#, 2, 0),
        ("keyed, one row", r#"{"3":ROW}"#, 1, 0),
        ("keyed by ids", r#"{"a561115":ROW,"a561116":OTHER}"#, 2, 0),
        ("keyed, with an odd row", r#"{"0":null,"1":ROW}"#, 1, 1),
        ("a row of null", "[ROW,null]", 1, 1),
        ("a row of false", "[false,ROW]", 1, 1),
        ("rows of all sorts", r#"["x",ROW,7,[],{},[ROW],OTHER]"#, 2, 5),
        (
            "a row without an id",
            r#"[ROW,{"description":"x","date":"2010-01-01","amount":"1"}]"#,
            1,
            1,
        ),
        (
            "a row of lists",
            r#"[ROW,{"value":[],"state":[],"package":[],"id":[],"client":[]}]"#,
            1,
            1,
        ),
        (
            "a broken escape",
            r#"[ROW,{"value":"\ud800","state":"\ud800","package":"\ud800","id":"\ud800","client":"\ud800"}]"#,
            1,
            1,
        ),
    ];
    let mut lists = 0;
    for function in Function::ALL {
        let (Some((row, other)), Some(key)) = (documented_rows(function), function.result_key()) else {
            continue;
        };
        lists += 1;
        for (name, payload, rows, odd) in &cases {
            let payload = payload.replace("ROW", &row).replace("OTHER", &other);
            let body = format!("\u{feff}\n{{ \"{key}\" : {payload} , \"status\" : \"success\" }}\n");
            let expected = match odd {
                odd if *odd > 0 && shows_odd(function) => format!("{rows} rows, {odd} odd"),
                _ => format!("{rows} rows"),
            };
            assert_eq!(told(function, 200, &body), expected, "{function}: {name}");
        }
    }
    assert_eq!(lists, 8, "every list was tried");
}

#[test]
fn odd_columns_cost_their_row() {
    // A row in which one column is another.
    let row = |columns: &[&str], column: &str| {
        let name = &column[..column.find(':').unwrap()];
        let others = columns.iter().filter(|other| !other.starts_with(name));
        format!("{{{}}}", others.copied().chain([column]).collect::<Vec<_>>().join(","))
    };
    let charge = |column: &str| {
        let columns = [
            r#""id":"1""#,
            r#""date":"2010-10-29""#,
            r#""amount":"2.00""#,
            r#""description":"x""#,
        ];
        row(&columns, column)
    };
    let package = |column: &str| row(&[r#""package":"1""#, r#""name":"x""#], column);
    let cases = [
        (Function::GetCharges, "no amount", charge(r#""amount":null"#), false),
        (
            Function::GetCharges,
            "two amounts",
            r#"{"id":"1","date":"2010-10-29","amount":"2.00","amount":"3.00","description":"x"}"#.to_owned(),
            false,
        ),
        (Function::GetCharges, "an empty amount", charge(r#""amount":"""#), false),
        (
            Function::GetCharges,
            "a currency sign",
            charge(r#""amount":"$2.00""#),
            false,
        ),
        (
            Function::GetCharges,
            "a thousands separator",
            charge(r#""amount":"1,234.00""#),
            false,
        ),
        (
            Function::GetCharges,
            "an amount that is a list",
            charge(r#""amount":["2.00"]"#),
            false,
        ),
        (
            Function::GetCharges,
            "an amount that is a number",
            charge(r#""amount":2"#),
            true,
        ),
        (
            Function::GetCharges,
            "an exponent of PHP",
            charge(r#""amount":1.0e-5"#),
            true,
        ),
        (
            Function::GetCharges,
            "noise of PHP",
            charge(r#""amount":0.045000000000000005"#),
            true,
        ),
        (Function::GetCharges, "below zero", charge(r#""amount":"-2.00""#), true),
        (
            Function::GetCharges,
            "a time behind the date",
            charge(r#""date":"2010-10-29 10:40:16""#),
            true,
        ),
        (
            Function::GetCharges,
            "a T before the time",
            charge(r#""date":"2010-10-29T10:40:16""#),
            true,
        ),
        (
            Function::GetCharges,
            "the date zero",
            charge(r#""date":"0000-00-00""#),
            false,
        ),
        (
            Function::GetCharges,
            "a day that is none",
            charge(r#""date":"2010-02-29""#),
            false,
        ),
        (
            Function::GetCharges,
            "a time that is none",
            charge(r#""date":"2010-10-29 25:00:00""#),
            false,
        ),
        (
            Function::GetCharges,
            "a date of another form",
            charge(r#""date":"29/10/2010""#),
            false,
        ),
        (
            Function::GetCharges,
            "a date without dashes",
            charge(r#""date":"20101029""#),
            false,
        ),
        (Function::GetCharges, "no date", charge(r#""date":null"#), false),
        (Function::GetCharges, "an empty id", charge(r#""id":" ""#), false),
        (
            Function::GetCharges,
            "an id that is a number",
            charge(r#""id":475568"#),
            true,
        ),
        (
            Function::GetCharges,
            "no description",
            charge(r#""description":null"#),
            true,
        ),
        (
            Function::GetCharges,
            "a column nobody knows",
            charge(r#""balance":{"x":[1]}"#),
            true,
        ),
        (
            Function::GetPackages,
            "nothing but a code",
            r#"{"package":"1"}"#.to_owned(),
            true,
        ),
        (Function::GetPackages, "no code", r#"{"name":"VoIP"}"#.to_owned(), false),
        (
            Function::GetPackages,
            "empty columns",
            package(r#""pulse":"","monthly_fee":null"#),
            true,
        ),
        (
            Function::GetPackages,
            "numbers",
            package(r#""pulse":60,"monthly_fee":2,"free_minutes":0"#),
            true,
        ),
        (
            Function::GetPackages,
            "a number with places",
            package(r#""pulse":"60.00""#),
            true,
        ),
        (
            Function::GetPackages,
            "half a second",
            package(r#""pulse":"0.5""#),
            false,
        ),
        (
            Function::GetPackages,
            "minutes below zero",
            package(r#""free_minutes":"-1""#),
            false,
        ),
        (
            Function::GetPackages,
            "minutes beyond counting",
            package(r#""free_minutes":"99999999999""#),
            false,
        ),
        (
            Function::GetPackages,
            "a fee with a sign",
            package(r#""monthly_fee":"$2.00""#),
            false,
        ),
        (
            Function::GetPackages,
            "a mark-up in words",
            package(r#""markup_percentage":"half""#),
            false,
        ),
        (Function::GetStates, "no name", r#"{"state":"AL"}"#.to_owned(), false),
        (
            Function::GetStates,
            "an empty name",
            r#"{"state":"AL","description":""}"#.to_owned(),
            true,
        ),
        (
            Function::GetStates,
            "an empty code",
            r#"{"state":"","description":"ALABAMA"}"#.to_owned(),
            false,
        ),
        (
            Function::GetClientPackages,
            "a number",
            r#"{"value":8378,"description":"VoIP"}"#.to_owned(),
            true,
        ),
    ];
    for (function, name, row, is_good) in cases {
        let (documented, _) = documented_rows(function).unwrap();
        let body = format!(
            r#"{{"status":"success","{}":[{row},{documented}]}}"#,
            function.result_key().unwrap()
        );
        let expected = if is_good { "2 rows" } else { "1 rows, 1 odd" };
        assert_eq!(told(function, 200, &body), expected, "{function}: {name}");
    }
}

#[test]
fn charges_and_deposits_are_newest_first_and_exact() {
    let body = |key: &str| {
        format!(
            r#"{{"status":"success","{key}":[
            {{"id":"99","date":"2010-10-29","amount":"2.00","description":"DID5551234567"}},
            {{"id":"808384","date":"2010-11-30","amount":10.10,"description":"Caf\u00e9 \/ 2"}},
            {{"id":"100","date":"2010-10-29 00:00:01","amount":"1.00"}},
            {{"id":"100000","date":"2010-10-29","amount":"123456789.12345678","description":""}},
            {{"id":"x","date":"yesterday","amount":"1"}}]}}"#
        )
    };
    let shown = |list: Rows<Entry>| {
        let rows = list.rows.iter().map(|entry| {
            let (id, date, amount) = (&entry.id, entry.date, entry.amount);
            format!("{id} {date} {amount} {}", entry.description)
        });
        let odd = list.odd.iter().map(|odd| format!("odd {:?}: {}", odd.id, odd.why));
        rows.chain(odd).collect::<Vec<_>>()
    };
    let expected = [
        "808384 2010-11-30 10.1 Café / 2",
        "100 2010-10-29 1 ",
        "100000 2010-10-29 123456789.12345678 ",
        "99 2010-10-29 2 DID5551234567",
        "odd Some(\"x\"): a date that is none",
    ];
    let id = id();
    assert_eq!(shown(read(&get_charges(&id), 200, &body("charges")).unwrap()), expected);
    assert_eq!(
        shown(read(&question(Function::GetDeposits, read_entries), 200, &body("deposits")).unwrap()),
        expected
    );
    let other_key = read(&get_charges(&id), 200, &body("deposits")).unwrap();
    assert!(other_key.rows.is_empty(), "a success without the key has no charges");
}

#[test]
fn packages_and_states_as_documented() {
    let one = |function: Function| {
        let (row, _) = documented_rows(function).unwrap();
        format!(r#"{{"status":"success","{}":[{row}]}}"#, function.result_key().unwrap())
    };
    for (function, code, name) in [
        (Function::GetStates, "AL", "ALABAMA"),
        (Function::GetClientPackages, "8378", "VoIP"),
    ] {
        let list = read(&pairs(function), 200, &one(function)).unwrap();
        assert_eq!(list.rows, [(code.to_owned(), name.to_owned())], "{function}");
    }
}

#[test]
fn an_address_is_one_or_the_answer_is_of_no_use() {
    for (name, payload, expected) in [
        ("as documented", r#""174.132.203.114""#, "174.132.203.114"),
        ("of version 6", r#""2001:DB8::7""#, "2001:db8::7"),
        ("with a blank", r#"" 10.0.0.1\n""#, "10.0.0.1"),
        ("a name", r#""example.com""#, "malformed"),
        ("two", r#""10.0.0.1, 10.0.0.2""#, "malformed"),
        ("out of range", r#""10.0.0.256""#, "malformed"),
        ("an empty text", r#""""#, "missing_payload"),
    ] {
        let body = format!(r#"{{"status":"success","ip":{payload}}}"#);
        let got =
            read(&get_ip(), 200, &body).map_or_else(|error| error.kind().to_string(), |address| address.to_string());
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn one_client_among_odd_ones_is_found_or_not_and_never_another() {
    let id = id();
    for (name, rows, expected) in [
        ("keyed, with an odd row", format!(r#"{{"0":null,"1":{JOHN}}}"#), "good"),
        ("only odd rows", "[null]".to_owned(), "wrong_client"),
        ("nobody", "{}".to_owned(), "no_client"),
    ] {
        let body = format!(r#"{{"status":"success","clients":{rows}}}"#);
        let got = read(&get_client(&id), 200, &body);
        let got = got.map_or_else(|error| error.kind().to_string(), |_| "good".to_owned());
        assert_eq!(got, expected, "{name}");
    }
}

/// Bodies that are nearly answers.
fn bodies() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(r#"{"status":"success","#.to_owned()),
        Just(r#""KEY":"#.to_owned()),
        Just(r#""id":"1","date":"2010-10-29","amount":"#.to_owned()),
        Just("[{".to_owned()),
        Just("}]}".to_owned()),
        Just(r#""\ud83d\ude00""#.to_owned()),
        Just("null,".to_owned()),
        Just("1e309".to_owned()),
        Just("-0.0000000001".to_owned()),
        Just(r#"{"status":"no_"#.to_owned()),
        ".{0,12}",
        r#"[\[\]{}",:0-9eE.\\-]{0,12}"#,
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_body_makes_any_function_panic_or_believe_what_is_not_said(body in bodies(), status in prop_oneof![Just(200u16), any::<u16>()]) {
        for function in Function::ALL {
            let body = body.replace("KEY", function.result_key().unwrap_or("result"));
            let outcome = told(function, status, &body);
            let lower = body.to_lowercase();
            let is_said = lower.contains("success") || lower.contains("no_");
            assert!(is_said || !(outcome == "done" || outcome.ends_with(" rows")), "{function}: {outcome} of {body}");
        }
    }

    #[test]
    fn a_documented_answer_cut_anywhere_is_no_answer(function in 0usize..16, share in 0.0f64..1.0) {
        let function = Function::ALL[function];
        let Some((row, other)) = documented_rows(function) else { return Ok(()) };
        let body = format!(r#"{{"status":"success","{}":[{row},{other}]}}"#, function.result_key().unwrap());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of some hundred bytes"
        )]
        let end = body.floor_char_boundary((body.len() as f64 * share) as usize);
        let outcome = told(function, 200, &body[..end]);
        assert!(matches!(outcome.as_str(), "empty" | "truncated"), "{function}: {outcome}");
    }
}
