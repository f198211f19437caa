//! WIRE.md section 2: getCharges and getDeposits, which list what was moved.

use super::signup::FORM;
use crate::wire::raw::{By, Server, ten_thousandths, value_of};

/// A client who just signed up: nothing was ever charged to it nor paid by it; its id.
fn newcomer(server: &Server) -> &'static str {
    let signed_up = server
        .by(By::Curl, &[&[("method", "signupClient")], FORM].concat())
        .unwrap();
    assert_eq!(signed_up.text(), r#"{"status":"success","client":561215}"#);
    "561215"
}

/// Each row of a list, from brace to brace.
fn rows(body: &str) -> Vec<&str> {
    body.split('{')
        .skip(2)
        .map(|row| row.split('}').next().unwrap())
        .collect()
}

/// The answer with each row's id replaced by `#`.
fn without_ids(body: &str) -> String {
    let mut out = String::new();
    for (index, part) in body.split(r#""id":""#).enumerate() {
        if index == 0 {
            out += part;
        } else {
            let (id, rest) = part.split_once('"').unwrap();
            assert!(
                !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()),
                "{id} in {body}"
            );
            out += &format!(r##""id":"#"{rest}"##);
        }
    }
    out
}

/// §2 [D] What was charged and paid is listed: id, Toronto's date, two places, the description as it was given.
#[test]
fn ledgers_list_what_was_moved() {
    let server = Server::quiet(&[]);
    let id = newcomer(&server);
    for (function, amount, value, list) in [
        ("addCharge", "charge", "4.99", "charges"),
        ("addPayment", "payment", "7", "deposits"),
    ] {
        let params = [
            ("method", function),
            ("client", id),
            (amount, value),
            ("description", "DID 1/2 é \"x\""),
        ];
        assert_eq!(server.by(By::Curl, &params).unwrap().text(), r#"{"status":"success"}"#);
        let read = if list == "charges" { "getCharges" } else { "getDeposits" };
        let shown = if value == "7" { "7.00" } else { value };
        assert_eq!(
            without_ids(&server.call(&format!("method={read}&client={id}"))),
            format!(
                r##"{{"status":"success","{list}":[{{"id":"#","date":"2026-11-23","amount":"{shown}","description":"DID 1\/2 \u00e9 \"x\""}}]}}"##
            ),
            "amounts are positive in both"
        );
    }
}

/// §2 [U] What an empty ledger answers.
#[test]
fn empty_ledgers_have_many_faces() {
    for (setting, charges, deposits) in [
        (
            "empty-ledger=list",
            r#"{"status":"success","charges":[]}"#,
            r#"{"status":"success","deposits":[]}"#,
        ),
        (
            "empty-ledger=absent",
            r#"{"status":"success"}"#,
            r#"{"status":"success"}"#,
        ),
        (
            "empty-ledger=status",
            r#"{"status":"no_charges","#,
            r#"{"status":"no_deposits","#,
        ),
        (
            "empty-ledger=null",
            r#"{"status":"success","charges":null}"#,
            r#"{"status":"success","deposits":null}"#,
        ),
        (
            "empty-ledger=text",
            r#"{"status":"success","charges":""}"#,
            r#"{"status":"success","deposits":""}"#,
        ),
    ] {
        let server = Server::quiet(&[setting]);
        let id = newcomer(&server);
        for (function, start) in [("getCharges", charges), ("getDeposits", deposits)] {
            let answer = server.call(&format!("method={function}&client={id}"));
            assert!(answer.starts_with(start), "{setting} {function}: {answer}");
        }
    }
}

/// §2 [D] Charges come newest first, deposits in no order that could be relied on.
#[test]
fn ledgers_come_in_an_order_or_not() {
    for (setting, expected) in [
        ("ledger-order=newest", Some([2, 1, 0])),
        ("ledger-order=oldest", Some([0, 1, 2])),
        ("ledger-order=mixed", None),
    ] {
        let server = Server::quiet(&[setting]);
        let id = newcomer(&server);
        for number in 0..3 {
            server.calls(&[
                &format!("method=addCharge&client={id}&charge=1&description=n{number}"),
                &format!("method=addPayment&client={id}&payment=1&description=n{number}"),
            ]);
            server.advance("1d");
        }
        for function in ["getCharges", "getDeposits"] {
            let answer = server.call(&format!("method={function}&client={id}"));
            let rows = rows(&answer);
            let place = |number: usize| {
                rows.iter()
                    .position(|row| row.ends_with(&format!("\"n{number}\"")))
                    .unwrap()
            };
            let got = [place(0), place(1), place(2)];
            match expected {
                Some(expected) => assert_eq!(got.map(|place| expected[place]), [0, 1, 2], "{setting} {answer}"),
                None => assert!(rows.len() == 3, "{answer}"),
            }
            let ids: Vec<u64> = (0..3)
                .map(|number| {
                    let row = rows[place(number)];
                    row.split('"').nth(3).unwrap().parse().unwrap()
                })
                .collect();
            assert!(
                ids.is_sorted() && ids[0] < ids[2],
                "later ones have higher ids: {ids:?}"
            );
        }
    }
}

/// §2 [D] A date is a bare date; [L] perhaps with the time of day.
#[test]
fn ledger_dates_may_have_a_time() {
    for (setting, date) in [
        ("ledger-dates=date", "2026-11-23"),
        ("ledger-dates=datetime", "2026-11-23 12:00:00"),
    ] {
        let server = Server::quiet(&[setting]);
        server.calls(&["method=addCharge&client=561115&charge=1&description=x"]);
        let answer = server.call("method=getCharges&client=561115");
        assert!(
            answer.contains(&format!(r#""date":"{date}","amount":"1.00","description":"x"}}"#)),
            "{setting}: {answer}"
        );
    }
}

/// §2 [U] How long a charge takes to be listed; the balance moves at once.
#[test]
fn ledgers_may_lag_behind() {
    for (setting, delay_secs) in [("ledger-delay-secs=0", 0), ("ledger-delay-secs=90", 90)] {
        let server = Server::quiet(&[setting]);
        let id = newcomer(&server);
        server.calls(&[&format!("method=addCharge&client={id}&charge=1")]);
        let listed = || {
            server
                .call(&format!("method=getCharges&client={id}"))
                .contains("\"amount\"")
        };
        assert_eq!(
            value_of(
                &server.call(&format!("method=getResellerBalance&client={id}")),
                "current_balance"
            ),
            "\"-1.0000\""
        );
        if delay_secs > 0 {
            server.advance(&format!("{}s", delay_secs - 1));
            assert!(!listed(), "{setting}");
            server.advance("1s");
        }
        assert!(listed(), "{setting}");
    }
}

/// §2 [I] addCharge is not idempotent: the same call twice is charged twice, and listed twice.
#[test]
fn nothing_is_idempotent() {
    let server = Server::quiet(&[]);
    let id = newcomer(&server);
    let call = format!("method=addCharge&client={id}&charge=1&description=once");
    server.calls(&[&call, &call]);
    let answer = server.call(&format!("method=getCharges&client={id}"));
    assert_eq!(answer.matches(r#""description":"once""#).count(), 2, "{answer}");
    let ids: Vec<&str> = rows(&answer).iter().map(|row| row.split('"').nth(3).unwrap()).collect();
    assert_ne!(ids[0], ids[1]);
    server.order("PUT", "faults", r#"{"reset-after@addCharge":1}"#);
    server
        .exchange(crate::wire::raw::get(&format!("{}&{call}", crate::wire::raw::AUTH)))
        .expect_err("the answer is lost");
    let answer = server.call(&format!("method=getCharges&client={id}"));
    assert_eq!(
        answer.matches(r#""description":"once""#).count(),
        3,
        "a lost answer is no lost charge"
    );
}

/// §2 [D] The seeded clients have ledgers with the descriptions that were seen; deposits less charges less spending
/// is the balance, to the last place, after forty days too.
#[test]
fn ledgers_add_up() {
    let server = Server::new(&[]);
    server.advance("40d");
    let mut seen = String::new();
    for id in 561_115..561_215 {
        let sums = ["getDeposits", "getCharges"].map(|function| {
            let answer = server.call(&format!("method={function}&client={id}"));
            seen += &answer;
            let amounts = rows(&answer).into_iter().map(|row| {
                let amount = value_of(row, "amount");
                let places = amount.trim_matches('"').split_once('.').unwrap().1;
                assert_eq!(places.len(), 2, "{row}");
                ten_thousandths(amount)
            });
            amounts.sum::<i64>()
        });
        let record = server.order("GET", &format!("clients/{id}"), "");
        let (start, rest) = record.split_once("\"before\":{").unwrap();
        let (before, end) = rest.split_once('}').unwrap();
        let amount = |text: &str, key: &str| ten_thousandths(value_of(text, key));
        let spent = amount(before, "spent") + amount(end, "spent");
        let balance = server.call(&format!("method=getResellerBalance&client={id}"));
        assert_eq!(
            sums[0] - sums[1] - spent + amount(before, "carried") + amount(start, "adjusted"),
            amount(&balance, "current_balance"),
            "{record}"
        );
    }
    for description in [
        r#""description":"DID"#,
        r#""description":"SETUP"#,
        r#""description":"SETUPPACKAGE:8378""#,
    ] {
        assert!(seen.contains(description), "{description}");
    }
}
