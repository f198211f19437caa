//! WIRE.md section 3: when HARD takes hold, and what becomes of the call in progress.

use super::raw::{Server, ten_thousandths};

/// §3 [U] How long after the balance reached 0 the calls stop.
#[test]
fn a_suspension_may_come_late() {
    for (setting, balance) in [
        ("suspension-delay-secs=0", "\"0.0000\""),
        ("suspension-delay-secs=600", "\"-0.2000\""),
    ] {
        let server = Server::quiet(&[setting, "cut-calls=off"]);
        server.edit(
            "561115",
            r#"{"balance":"1","balance_management":"hard","spend_per_hour":"1.20"}"#,
        );
        server.advance("3h");
        assert_eq!(server.client("561115", "balance"), balance, "{setting}");
    }
}

/// §3 [U] Whether a call in progress is cut when the balance reaches 0, or goes on and is charged in full.
#[test]
fn calls_in_progress_may_go_on() {
    for (setting, balance) in [("cut-calls=on", "\"0.0000\""), ("cut-calls=off", "\"-0.0300\"")] {
        let server = Server::quiet(&[setting]);
        server.edit(
            "561115",
            r#"{"balance":"0.05","balance_management":"hard","spend_per_hour":"2.40"}"#,
        );
        server.advance("1h");
        assert_eq!(server.client("561115", "balance"), balance, "{setting}");
        assert_eq!(server.client("561115", "suspended"), "true", "{setting}");
    }
}

/// §3 [U] Whether a suspended client can still be called, and is charged for it.
#[test]
fn incoming_calls_may_go_on() {
    let after_two_days = |setting: &str, management: &str| -> i64 {
        let server = Server::new(&["top-ups=off", setting]);
        let ids = 561_115..561_135;
        let edit = format!(r#"{{"package":"","balance":"0","balance_management":"{management}"}}"#);
        ids.clone().for_each(|id| server.edit(&id.to_string(), &edit));
        server.advance("2d");
        ids.map(|id| ten_thousandths(&server.client(&id.to_string(), "balance")))
            .sum()
    };
    let soft = after_two_days("incoming-stops=on", "soft");
    assert_eq!(after_two_days("incoming-stops=on", "hard"), 0);
    let incoming = after_two_days("incoming-stops=off", "hard");
    assert!(soft < incoming && incoming < 0, "{incoming} of {soft}");
}
