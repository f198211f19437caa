//! WIRE.md section 2: getResellerCDR and getTransactionHistory, which know of nothing and check what they are asked.

use crate::wire::raw::Server;

/// What getResellerCDR needs.
pub const ASKED: &[(&str, &str)] = &[
    ("date_from", "2026-11-01"),
    ("date_to", "2026-11-23"),
    ("client", "561115"),
    ("answered", "1"),
    ("timezone", "-5"),
];

/// §2 [L] getResellerCDR: dates, at least one kind of calls and a zone are needed, in [I] this order; then `no_cdr`.
#[test]
fn get_reseller_cdr_checks_and_finds_nothing() {
    let server = Server::new(&[]);
    let good: Vec<String> = ASKED.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let good = good.join("&");
    for (name, query, status) in [
        ("good", good.clone(), "no_cdr"),
        ("92 days", good.replace("2026-11-01", "2026-08-23"), "no_cdr"),
        ("93 days", good.replace("2026-11-01", "2026-08-22"), "invalid_daterange"),
        ("no such day", good.replace("2026-11-01", "2026-02-30"), "invalid_date"),
        ("other order", good.replace("2026-11-01", "01-11-2026"), "invalid_date"),
        ("no kind of calls", good.replace("&answered=1", ""), "no_callstatus"),
        (
            "a flag is 1",
            good.replace("answered=1", "answered=true"),
            "no_callstatus",
        ),
        ("another kind", good.replace("answered=1", "busy=1"), "no_cdr"),
        ("no zone", good.replace("&timezone=-5", ""), "invalid_timezone"),
        ("no such client", good.replace("561115", "1"), "invalid_client"),
    ] {
        assert_eq!(
            server.status(&format!("method=getResellerCDR&{query}")),
            status,
            "{name}"
        );
    }
}

/// §2 [L] getTransactionHistory: `no_transactions`, which no document lists.
#[test]
fn get_transaction_history_finds_nothing() {
    let server = Server::new(&[]);
    let answer = server.status("method=getTransactionHistory&date_from=2026-11-01&date_to=2026-11-23");
    assert_eq!(answer, "no_transactions");
    let refused = server.status("method=getTransactionHistory&date_from=yesterday&date_to=2026-11-23");
    assert_ne!(refused, "no_transactions");
}

/// §2 [L] getTransactionHistory took times of day and a year in 2016; the error table says 92 days.
#[test]
fn get_transaction_history_takes_moments_and_a_year() {
    let server = Server::new(&[]);
    let year = "method=getTransactionHistory&date_from=2025-11-23%2000:00:00&date_to=2026-11-23%2023:59:59";
    assert_eq!(server.status(year), "no_transactions");
    let longer = year.replace("2025-11-23", "2025-11-21");
    assert_eq!(server.status(&longer), "invalid_daterange");
    assert_eq!(
        Server::new(&["longest-history-days=92"]).status(year),
        "invalid_daterange"
    );
}
