//! WIRE.md section 2, general rules: which values are JSON strings and which are numbers, and that it drifts.

use super::balances::document_example;

/// §2 [L] Columns are strings, computed values numbers; four profiles, since types drift per object and over the years.
#[test]
fn types_drift() {
    let server = document_example();
    for (profile, balance, threshold, codes) in [
        (
            "mixed",
            r#"{"current_balance":"8.0588","spent_total":1.9012,"calls_total":56,"time_total":"56:00","spent_today":0.045,"calls_today":2,"time_today":"2:00"}"#,
            r#"{"threshold":"130","email":"john.doe@my-domain.com"}"#,
            r#"[{"value":"1","description":"Hard - suspend the client"}]"#,
        ),
        (
            "doc-strings",
            r#"{"current_balance":"8.0588","spent_total":"1.9012","calls_total":56,"time_total":"56:00","spent_today":"0.045","calls_today":2,"time_today":"2:00"}"#,
            r#"{"threshold":"130","email":"john.doe@my-domain.com"}"#,
            r#"[{"value":"1","description":"Hard - suspend the client"}]"#,
        ),
        (
            "all-numbers",
            r#"{"current_balance":8.0588,"spent_total":1.9012,"calls_total":56,"time_total":"56:00","spent_today":0.045,"calls_today":2,"time_today":"2:00"}"#,
            r#"{"threshold":130,"email":"john.doe@my-domain.com"}"#,
            r#"[{"value":1,"description":"Hard - suspend the client"}]"#,
        ),
        (
            "all-strings",
            r#"{"current_balance":"8.0588","spent_total":"1.9012","calls_total":"56","time_total":"56:00","spent_today":"0.045","calls_today":"2","time_today":"2:00"}"#,
            r#"{"threshold":"130","email":"john.doe@my-domain.com"}"#,
            r#"[{"value":"1","description":"Hard - suspend the client"}]"#,
        ),
    ] {
        server.order("PUT", "settings", &format!(r#"{{"types":"{profile}"}}"#));
        for (query, key, value) in [
            ("getResellerBalance&client=561115", "balance", balance),
            ("getClientThreshold&client=561115", "threshold_information", threshold),
            ("getBalanceManagement&balance_management=1", "balance_management", codes),
        ] {
            let expected = format!(r#"{{"status":"success","{key}":{value}}}"#);
            assert_eq!(server.call(&format!("method={query}")), expected, "{profile}");
        }
    }
}

/// §2 [L] What looks like a number but is a text stays a text with every profile: zips with a leading zero.
#[test]
fn leading_zeros_stay_text() {
    let server = document_example();
    server.edit("561115", r#"{"zip":"02134","phone_number":"5551112222"}"#);
    server.order("PUT", "settings", r#"{"types":"all-numbers"}"#);
    let row = server.call("method=getClients&client=561115");
    assert!(
        row.contains(r#""client":561115,"#) && row.contains(r#""zip":"02134","#),
        "{row}"
    );
}
