//! WIRE.md section 2: addCharge and addPayment, which move money.

use crate::wire::raw::{By, Server, status_of, value_of};

fn balance(server: &Server) -> String {
    let answer = server.call("method=getResellerBalance&client=561115");
    value_of(&answer, "current_balance").to_owned()
}

/// A client at 10.00 to whom nothing happens by itself.
fn server(settings: &[&str]) -> Server {
    let server = Server::quiet(settings);
    server.edit("561115", r#"{"balance":"10"}"#);
    server
}

/// §2 [D] A charge is debited and a payment credited, at once; no id is told.
#[test]
fn charges_and_payments_move_the_balance() {
    let server = server(&[]);
    for (query, after) in [
        ("addCharge&client=561115&charge=4.99", "\"5.0100\""),
        ("addPayment&client=561115&payment=4.99", "\"10.0000\""),
        (
            "addCharge&client=561115&charge=20&description=beyond+zero",
            "\"-10.0000\"",
        ),
        ("addPayment&client=561115&payment=0.5&description=%C3%A9", "\"-9.5000\""),
    ] {
        server.calls(&[&format!("method={query}")]);
        assert_eq!(balance(&server), after, "{query}");
    }
}

/// §2 [L] `test=1` saves nothing and says `success_test`, twice; any other test, `true` too, moves the money.
#[test]
fn only_test_1_is_a_test() {
    let server = server(&[]);
    for function in ["addCharge&charge=1.00", "addPayment&payment=1.00"] {
        let call = |test: &str| server.call(&format!("method={function}&client=561115{test}"));
        let before = balance(&server);
        assert_eq!(
            call("&test=1"),
            r#"{"status":"success_test","message":"success_test"}"#,
            "{function}"
        );
        assert_eq!(balance(&server), before, "{function}");
        for test in [
            "",
            "&test=",
            "&test=0",
            "&test=true",
            "&test=True",
            "&test=yes",
            "&test=on",
            "&test=2",
        ] {
            let before = balance(&server);
            assert_eq!(call(test), r#"{"status":"success"}"#, "{function}{test}");
            assert_ne!(balance(&server), before, "{function}{test} moves the money");
        }
    }
    assert_eq!(
        balance(&server),
        "\"10.0000\"",
        "eight charges and eight payments of the same amount"
    );
}

/// §2 [D] What is missing or no amount is refused by name, and nothing moves.
#[test]
fn amounts_are_missed_and_refused_by_name() {
    let server = server(&[]);
    for (query, status) in [
        ("addCharge&client=561115", "missing_charge"),
        ("addCharge&client=561115&charge=", "missing_charge"),
        ("addCharge&client=561115&payment=1", "missing_charge"),
        ("addCharge&client=561115&charge=much", "invalid_charge"),
        ("addCharge&client=561115&charge=1,50", "invalid_charge"),
        ("addCharge&client=561115&charge=1e2", "invalid_charge"),
        ("addCharge&client=561115&charge=much&test=1", "invalid_charge"),
        ("addCharge&client=1&charge=1", "invalid_client"),
        ("addCharge&charge=1", "invalid_client"),
        ("addPayment&client=561115", "missing_payment"),
        ("addPayment&client=561115&payment=", "missing_payment"),
        ("addPayment&client=561115&payment=much", "invalid_payment"),
        ("addPayment&client=561115&payment=$5", "invalid_payment"),
        ("addPayment&client=1&payment=1", "invalid_client"),
    ] {
        assert_eq!(server.status(&format!("method={query}")), status, "{query}");
    }
    assert_eq!(
        server.call("method=addCharge&client=561115"),
        r#"{"status":"missing_charge","message":"Charge was not provided."}"#
    );
    assert_eq!(balance(&server), "\"10.0000\"");
}

/// §2 [U] Amounts that make no sense: zero, negative, finer than a cent.
#[test]
fn odd_amounts_are_refused_or_taken() {
    for (setting, statuses) in [
        ("odd-amounts=refused", ["invalid_charge", "invalid_payment"]),
        ("odd-amounts=taken", ["success", "success"]),
    ] {
        let server = server(&[setting]);
        for amount in ["0", "0.00", "-5", "0.001", "0.009"] {
            for (function, status) in ["addCharge&charge", "addPayment&payment"].into_iter().zip(statuses) {
                let query = format!("method={function}={amount}&client=561115");
                assert_eq!(server.status(&query), status, "{setting} {query}");
            }
        }
        assert_eq!(
            balance(&server),
            "\"10.0000\"",
            "{setting}: the same was charged and paid"
        );
        let after = if statuses[0] == "success" {
            "\"15.0000\""
        } else {
            "\"10.0000\""
        };
        server.call("method=addCharge&client=561115&charge=-5");
        assert_eq!(balance(&server), after, "{setting}");
    }
}

/// §2 [U] Or parts of a cent are rounded to the nearest, and what is nothing then is refused.
#[test]
fn parts_of_a_cent_may_be_rounded() {
    let server = server(&["odd-amounts=rounded"]);
    for (amount, status, after) in [
        ("0.004999", "invalid_payment", "\"10.0000\""),
        ("0.005", "success", "\"10.0100\""),
        ("1.0049", "success", "\"11.0100\""),
        ("-1.00", "invalid_payment", "\"11.0100\""),
    ] {
        let query = format!("method=addPayment&payment={amount}&client=561115");
        assert_eq!(server.status(&query), status, "{amount}");
        assert_eq!(balance(&server), after, "{amount}");
    }
    let deposits = server.call("method=getDeposits&client=561115");
    assert_eq!(value_of(&deposits, "amount"), "\"1.00\"", "as booked: {deposits}");
}

/// §2 [U] Whether a description is needed, and how long it may be (in characters).
#[test]
fn descriptions_may_be_needed_and_bounded() {
    let call = |server: &Server, description: &str| {
        let params = [
            ("method", "addCharge"),
            ("client", "561115"),
            ("charge", "1"),
            ("description", description),
        ];
        status_of(&server.by(By::Curl, &params).unwrap().text()).to_owned()
    };
    for (setting, status) in [
        ("description-needed=off", "success"),
        ("description-needed=on", "missing_description"),
    ] {
        let server = server(&[setting]);
        assert_eq!(
            server.status("method=addCharge&client=561115&charge=1"),
            status,
            "{setting}"
        );
        assert_eq!(
            server.status("method=addPayment&client=561115&payment=1"),
            status,
            "{setting}"
        );
        assert_eq!(call(&server, ""), status, "{setting}");
        assert_eq!(call(&server, "x"), "success", "{setting}");
    }
    for (setting, length, status) in [
        ("longest-description=255", 255, "success"),
        ("longest-description=255", 256, "invalid_description"),
        ("longest-description=20", 20, "success"),
        ("longest-description=20", 21, "invalid_description"),
    ] {
        assert_eq!(
            call(&server(&[setting]), &"é".repeat(length)),
            status,
            "{setting} {length}"
        );
    }
}

/// §2 [D] A charge may suspend a HARD client, and a payment lets it go on.
#[test]
fn charges_suspend_and_payments_resume() {
    let server = server(&[]);
    server.edit("561115", r#"{"balance_management":"hard","spend_per_hour":"1"}"#);
    server.calls(&["method=addCharge&client=561115&charge=10"]);
    server.advance("1h");
    assert_eq!(
        (balance(&server), server.client("561115", "suspended")),
        ("\"0.0000\"".into(), "true".into())
    );
    server.calls(&["method=addPayment&client=561115&payment=5"]);
    server.advance("1h");
    assert_eq!(
        (balance(&server), server.client("561115", "suspended")),
        ("\"4.0000\"".into(), "false".into())
    );
}
