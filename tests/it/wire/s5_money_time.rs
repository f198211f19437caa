//! WIRE.md section 5: how amounts and lengths of calls are written.

use super::raw::{Server, value_of};

/// §5 [D] A balance has four places, and up to eight where it is that exact; [L] the sign stands before the digits;
/// [I] no separators and no currency.
#[test]
fn balances_have_four_to_eight_places() {
    let server = Server::quiet(&[]);
    for (balance, shown) in [
        ("8.0588", "\"8.0588\""),
        ("8", "\"8.0000\""),
        ("0", "\"0.0000\""),
        ("-0.2160", "\"-0.2160\""),
        ("-3", "\"-3.0000\""),
        ("21.05321", "\"21.05321\""),
        ("112.192790", "\"112.19279\""),
        ("0.00000001", "\"0.00000001\""),
        ("1234567.5", "\"1234567.5000\""),
    ] {
        server.edit("561115", &format!(r#"{{"balance":"{balance}"}}"#));
        let answer = server.call("method=getResellerBalance&client=561115");
        assert_eq!(value_of(&answer, "current_balance"), shown, "{balance}");
    }
}

/// §5 [I] A PHP number prints without zeros at its end, with an exponent when it is small, and with the noise of
/// binary fractions.
#[test]
fn sums_print_as_php_numbers() {
    for (setting, per_hour, advance, spent) in [
        ("float-noise=off", "0.045", "1h", "0.045"),
        ("float-noise=on", "0.045", "1h", "0.0450000000000005"),
        ("float-noise=off", "6", "2h", "12"),
        ("float-noise=off", "0.006", "1m", "0.0001"),
    ] {
        let server = Server::quiet(&[setting]);
        server.edit("561115", &format!(r#"{{"spend_per_hour":"{per_hour}"}}"#));
        server.advance(advance);
        let answer = server.call("method=getResellerBalance&client=561115");
        assert_eq!(value_of(&answer, "spent_total"), spent, "{setting} {per_hour}");
    }
    let server = Server::quiet(&["types=all-numbers"]);
    server.edit("561115", r#"{"balance":"0.00001"}"#);
    assert!(
        server
            .call("method=getResellerBalance&client=561115")
            .contains(r#""current_balance":1.0e-5,"#)
    );
}

/// §5 [D] Under an hour m:ss, from an hour on h:mm:ss; [L] the number 0 for nothing.
#[test]
fn lengths_of_calls_are_minutes_or_hours() {
    let server = Server::quiet(&[]);
    server.edit("561115", r#"{"balance":"100","spend_per_hour":"0.60"}"#);
    for (advance, time) in [
        ("59s", "0"),
        ("1s", "\"1:00\""),
        ("9m", "\"10:00\""),
        ("49m", "\"59:00\""),
        ("1m", "\"1:00:00\""),
        ("9h", "\"10:00:00\""),
    ] {
        server.advance(advance);
        let answer = server.call("method=getResellerBalance&client=561115");
        assert_eq!(value_of(&answer, "time_total"), time, "{advance}");
    }
}

/// §5 [D] SOFT clients may be below zero, and a payment counts from there.
#[test]
fn balances_may_be_negative() {
    let server = Server::quiet(&[]);
    server.edit(
        "561115",
        r#"{"balance":"0.25","balance_management":"soft","spend_per_hour":"1"}"#,
    );
    server.advance("1h");
    let balance = || {
        value_of(
            &server.call("method=getResellerBalance&client=561115"),
            "current_balance",
        )
        .to_owned()
    };
    assert_eq!(balance(), "\"-0.7500\"");
    server.order("POST", "clients/561115/deposit", r#"{"amount":"5.00"}"#);
    assert_eq!(balance(), "\"4.2500\"");
}
