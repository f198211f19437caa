//! WIRE.md section 3, SOFT and HARD: their codes, and what they do to a client whose money is gone.

use super::raw::{Server, ten_thousandths, value_of};

const HARD_AND_SOFT: &str = r#"{"status":"success","balance_management":[{"value":"1","description":"Hard - suspend the client"},{"value":"2","description":"Soft - do not suspend the client"}]}"#;

/// §3 [D] 1 is `Hard - suspend the client`; [U] the code of SOFT: 2 or 0, or it is not listed at all.
#[test]
fn the_codes_are_listed() {
    for (settings, query, body) in [
        (&["soft-code=2"][..], "", HARD_AND_SOFT),
        (
            &["soft-code=0"],
            "",
            r#"{"status":"success","balance_management":[{"value":"0","description":"Soft - do not suspend the client"},{"value":"1","description":"Hard - suspend the client"}]}"#,
        ),
        (
            &["soft-listed=off"],
            "",
            r#"{"status":"success","balance_management":[{"value":"1","description":"Hard - suspend the client"}]}"#,
        ),
        (&["soft-listed=on"], "", HARD_AND_SOFT),
        (
            &["hard-code=9"],
            "&balance_management=9",
            r#"{"status":"success","balance_management":[{"value":"9","description":"Hard - suspend the client"}]}"#,
        ),
        (
            &[],
            "&balance_management=1",
            r#"{"status":"success","balance_management":[{"value":"1","description":"Hard - suspend the client"}]}"#,
        ),
        (&[], "&balance_management=", HARD_AND_SOFT),
    ] {
        let answer = Server::new(settings).call(&format!("method=getBalanceManagement{query}"));
        assert_eq!(answer, body, "{settings:?}");
    }
    let refused = Server::new(&[]).status("method=getBalanceManagement&balance_management=0");
    assert_eq!(refused, "invalid_balancemanagement");
}

/// §3 [D] New clients are SOFT; the records carry the codes that are listed.
#[test]
fn clients_carry_the_codes() {
    for (settings, soft, hard) in [
        (&["soft-code=2"][..], "\"2\"", "\"1\""),
        (&["soft-code=0", "hard-code=5"], "\"0\"", "\"5\""),
    ] {
        let server = Server::new(settings);
        let added = server.order("POST", "clients", "{}");
        assert_eq!(value_of(&added, "management"), "\"soft\"");
        let id = value_of(&added, "client").trim_matches('"').to_owned();
        let code = || {
            value_of(
                &server.call(&format!("method=getClients&client={id}")),
                "balance_management",
            )
            .to_owned()
        };
        assert_eq!(code(), soft);
        server.edit(&id, r#"{"balance_management":"hard"}"#);
        assert_eq!(code(), hard);
    }
}

/// §3 [I] HARD stops the use at a balance of 0, whatever the threshold; [D] SOFT may go negative; an answer never says
/// that somebody is suspended.
#[test]
fn hard_stops_at_zero_and_soft_goes_on() {
    for (settings, management, balance, suspended) in [
        (&["hard-stops=on"][..], "hard", "\"0.0000\"", "true"),
        (&["hard-stops=on"], "soft", "\"-3.0000\"", "false"),
        (&["hard-stops=off"], "hard", "\"-3.0000\"", "false"),
    ] {
        let server = Server::quiet(settings);
        server.edit(
            "561115",
            &format!(
                r#"{{"balance":"1.00","threshold":"130","balance_management":"{management}","spend_per_hour":"2"}}"#
            ),
        );
        server.advance("15m");
        let read = || server.call("method=getResellerBalance&client=561115");
        assert_eq!(
            value_of(&read(), "current_balance"),
            "\"0.5000\"",
            "far below the threshold, and nothing happens"
        );
        server.advance("105m");
        assert_eq!(value_of(&read(), "current_balance"), balance, "{management}");
        assert_eq!(server.client("561115", "suspended"), suspended, "{management}");
        for query in [
            "getResellerBalance&client=561115",
            "getClients&client=561115",
            "getClientThreshold&client=561115",
        ] {
            assert!(
                !server.call(&format!("method={query}")).contains("suspended"),
                "{query}"
            );
        }
    }
}

/// §3 [U] Whether a payment lifts the suspension at once, or only a change to SOFT does.
#[test]
fn a_payment_may_lift_the_suspension() {
    for (setting, after_payment) in [
        ("resume-on-payment=on", "\"9.0000\""),
        ("resume-on-payment=off", "\"10.0000\""),
    ] {
        let server = Server::quiet(&[setting]);
        server.edit(
            "561115",
            r#"{"balance":"1","balance_management":"hard","spend_per_hour":"1"}"#,
        );
        server.advance("2h");
        assert_eq!(server.client("561115", "suspended"), "true");
        server.order("POST", "clients/561115/deposit", r#"{"amount":"10.00"}"#);
        server.advance("1h");
        assert_eq!(server.client("561115", "balance"), after_payment, "{setting}");
        server.edit("561115", r#"{"balance_management":"soft","balance":"10"}"#);
        server.advance("1h");
        assert_eq!(
            server.client("561115", "balance"),
            "\"9.0000\"",
            "{setting}: SOFT spends again"
        );
    }
}

/// §3 [I] The reseller's own balance is another account, told by getBalance.
#[test]
fn the_reseller_has_a_balance_of_its_own() {
    let server = Server::quiet(&[]);
    server.edit("reseller", r#"{"balance":"112.19279"}"#);
    server.edit("561115", r#"{"balance":"1"}"#);
    assert_eq!(
        server.call("method=getBalance"),
        r#"{"status":"success","balance":{"current_balance":"112.192790"}}"#
    );
    assert_eq!(
        server.status("method=getResellerBalance&client=reseller"),
        "invalid_client"
    );
}

/// §3 [D] Every client's calls are charged to the reseller's own account too; how, [U] nobody recorded, so that it may
/// not be.
#[test]
fn the_resellers_own_account_pays_for_the_calls() {
    let own = |server: &Server| ten_thousandths(value_of(&server.call("method=getBalance"), "current_balance"));
    for (setting, pays) in [("reseller-pays=on", true), ("reseller-pays=off", false)] {
        let server = Server::new(&[setting, "top-ups=off"]);
        let before = own(&server);
        server.advance("4h");
        let used: i64 = (561_115..561_215)
            .map(|id| {
                let answer = server.call(&format!("method=getResellerBalance&client={id}"));
                ten_thousandths(value_of(&answer, "spent_today"))
            })
            .sum();
        let paid = before - own(&server);
        assert_eq!(paid > 0 && paid < used, pays, "{setting}: {paid} of {used}");
        assert!(pays || paid == 0, "{setting}: {paid}");
    }
}
