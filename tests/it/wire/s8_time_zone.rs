//! WIRE.md section 8: whose midnight it is.

use super::raw::{Server, value_of};

/// §8 [I] `spent_today` and its like begin anew at midnight in Toronto, also on the days of 23 and 25 hours.
#[test]
fn today_ends_at_midnight_in_toronto() {
    for (name, start, last, midnight) in [
        ("winter", "2026-11-24T02:59:30Z", "2h", "2026-11-24T05:00:00Z"),
        ("summer", "2026-07-01T01:59:30Z", "2h", "2026-07-01T04:00:00Z"),
        (
            "spring forward, 23 hours",
            "2026-03-08T05:59:30Z",
            "22h",
            "2026-03-09T04:00:00Z",
        ),
        (
            "fall back, 25 hours",
            "2026-11-01T04:59:30Z",
            "24h",
            "2026-11-02T05:00:00Z",
        ),
    ] {
        let server = Server::starting(start, &["spending=off", "top-ups=off"]);
        // One call a minute, at half past each: the first 60 s after the start.
        server.edit(
            "561115",
            r#"{"balance":"10","balance_management":"soft","spend_per_hour":"0.60"}"#,
        );
        let read = |key: &str| value_of(&server.call("method=getResellerBalance&client=561115"), key).to_owned();
        server.advance(last);
        let minutes: u64 = last.trim_end_matches('h').parse::<u64>().unwrap() * 60;
        assert_eq!(read("calls_today"), minutes.to_string(), "{name}: 30 s before midnight");
        server.advance("29s");
        assert_eq!(
            read("calls_today"),
            minutes.to_string(),
            "{name}: one second before midnight"
        );
        assert_eq!(
            server.order("POST", "clock", r#"{"advance":"1s"}"#),
            format!(r#"{{"time":"{midnight}"}}"#)
        );
        assert_eq!(
            (read("spent_today"), read("calls_today"), read("time_today")),
            ("0".into(), "0".into(), "0".into()),
            "{name}"
        );
        assert_eq!(read("calls_total"), minutes.to_string(), "{name}: the totals stay");
        server.advance("30s");
        assert_eq!(read("calls_today"), "1", "{name}: the new day has begun");
    }
}

/// §8 [L] Midnight elsewhere is no midnight: nothing begins anew at 0:00 UTC or Pacific.
#[test]
fn midnight_elsewhere_changes_nothing() {
    for start in ["2026-11-23T23:00:00Z", "2026-11-23T07:00:00Z"] {
        let server = Server::starting(start, &["spending=off", "top-ups=off"]);
        server.edit("561115", r#"{"balance":"10","spend_per_hour":"0.60"}"#);
        server.advance("2h");
        let answer = server.call("method=getResellerBalance&client=561115");
        assert_eq!(value_of(&answer, "calls_today"), "120", "{start}");
    }
}
