//! WIRE.md section 8: the days of charges and deposits, and whose midnight it is if not Toronto's.

use super::raw::{Server, value_of};

/// §8 [U] Whose midnight it is after all.
#[test]
fn the_day_may_be_another_zones() {
    for (setting, before, after) in [("day-zone=toronto", "30", "60"), ("day-zone=utc", "30", "30")] {
        let server = Server::starting("2026-11-23T23:29:30Z", &["spending=off", "top-ups=off", setting]);
        server.edit("561115", r#"{"balance":"10","spend_per_hour":"0.60"}"#);
        let calls = || value_of(&server.call("method=getResellerBalance&client=561115"), "calls_today").to_owned();
        server.advance("30m");
        assert_eq!(calls(), before, "{setting}");
        server.advance("30m");
        assert_eq!(calls(), after, "{setting}: an hour, and 0:00 UTC in its middle");
    }
}

/// §8 [I] The dates of charges and deposits are Toronto's.
#[test]
fn ledger_dates_are_torontos() {
    let server = Server::starting("2026-11-24T04:59:59Z", &["spending=off", "top-ups=off"]);
    for (description, date) in [("before", "2026-11-23"), ("after", "2026-11-24")] {
        server.calls(&[
            &format!("method=addCharge&client=561115&charge=1&description={description}"),
            &format!("method=addPayment&client=561115&payment=1&description={description}"),
        ]);
        for function in ["getCharges", "getDeposits"] {
            let answer = server.call(&format!("method={function}&client=561115"));
            let row = format!(r#""date":"{date}","amount":"1.00","description":"{description}"}}"#);
            assert!(answer.contains(&row), "{answer}");
        }
        server.advance("1s");
    }
}
