//! The index: the points of "What a faithful simulator must reproduce" with the cases that show each; and checks that
//! the index is true and that no setting, fault, function or `/sim/` call is without a case.

use std::fs;
use std::path::Path;

use balancewatch::simulator::manual;

/// Number, point in short, cases.
const POINTS: [(u8, &str, &[&str]); 15] = [
    (
        1,
        "one path, GET and multipart for all, SOAP fault, 414",
        &[
            "s1_transport::the_endpoint_is_one_path",
            "s1_transport::get_and_multipart_are_taken_by_every_function",
            "s1_transport::multipart_bodies_of_eight_megabytes_are_taken",
            "s1_transport::an_urlencoded_post_gets_a_soap_fault",
            "s1_transport::the_request_line_ends_at_8190_bytes",
            "s1_edges::the_request_line_is_measured_as_it_was_sent",
            "s1_edges::an_end_of_sending_is_no_end_of_listening",
            "s1_edges::bodies_behind_other_requests_are_read_whole",
        ],
    ),
    (
        2,
        "every outcome at HTTP 200 with status and message; the order of the checks",
        &[
            "s1_access::who_is_let_in",
            "s1_answers::refusals_carry_the_text_of_the_error_table",
            "s1_answers::a_success_may_carry_a_message",
            "faults::faults_keep_the_order_of_the_checks",
        ],
    ),
    (
        3,
        "addresses, credentials, methods",
        &[
            "s1_access::who_is_let_in",
            "s1_access::get_ip_tells_the_address",
            "s1_addresses::only_listed_addresses_may_call",
            "s1_addresses::get_ip_is_exempt",
            "s1_addresses::the_order_of_the_checks_is_a_switch",
        ],
    ),
    (
        4,
        "strings for columns, numbers for sums, four profiles, escaped slashes",
        &[
            "s2_functions::types::types_drift",
            "s2_functions::types::leading_zeros_stay_text",
            "s2_functions::balances::get_reseller_balance_as_in_the_document",
            "s2_functions::balances::no_calls_are_the_number_zero",
            "s1_answers::json_is_written_as_php_does",
        ],
    ),
    (
        5,
        "empties, and one row as a bare object",
        &[
            "s2_functions::clients::nobody_is_a_status",
            "s2_functions::history::get_reseller_cdr_checks_and_finds_nothing",
            "s2_functions::history::get_transaction_history_finds_nothing",
            "s2_functions::packages::nobody_and_nothing_is_a_status",
            "s2_functions::ledgers::empty_ledgers_have_many_faces",
            "s1_answers::a_list_of_one_row_may_be_a_bare_object",
            "s1_answers::a_list_may_come_as_an_object_with_gaps",
        ],
    ),
    (
        6,
        "Invalid_threshold, 1 to 250, the omitted e-mail; the absent id",
        &[
            "s2_functions::thresholds::thresholds_have_bounds",
            "s2_functions::thresholds::an_omitted_threshold_email_stays",
            "s2_functions::thresholds::fractions_of_thresholds_are_a_switch",
            "s2_functions::balances::a_client_is_needed",
        ],
    ),
    (
        7,
        "test=1 saves nothing, any other test moves money",
        &["s2_functions::money::only_test_1_is_a_test"],
    ),
    (
        8,
        "charges and payments: no id, listed, dated in Toronto, repeated when sent twice",
        &[
            "s2_functions::money::charges_and_payments_move_the_balance",
            "s2_functions::money::odd_amounts_are_refused_or_taken",
            "s2_functions::ledgers::ledgers_list_what_was_moved",
            "s2_functions::ledgers::nothing_is_idempotent",
            "s2_functions::ledgers::ledgers_add_up",
            "s8_ledger_days::ledger_dates_are_torontos",
        ],
    ),
    (
        9,
        "setClient: omitted fields, countries, passwords",
        &[
            "s6_set_client::the_whole_record_is_replaced",
            "s6_set_client::omitted_fields_are_blanked_or_kept",
            "s4_countries_passwords::countries_come_out_as_names_or_codes",
            "s4_countries_passwords::countries_go_in_as_codes",
            "s4_countries_passwords::passwords_come_out_in_clear_or_not",
            "s4_countries_passwords::a_used_password_may_be_refused",
            "s4_countries_passwords::weak_passwords_may_be_refused",
        ],
    ),
    (
        10,
        "the codes of balance management; HARD stops at zero, SOFT goes on",
        &[
            "s3_balance_management::the_codes_are_listed",
            "s3_balance_management::clients_carry_the_codes",
            "s3_balance_management::hard_stops_at_zero_and_soft_goes_on",
            "s3_balance_management::a_payment_may_lift_the_suspension",
            "s3_suspension::a_suspension_may_come_late",
            "s3_suspension::calls_in_progress_may_go_on",
            "s3_suspension::incoming_calls_may_go_on",
            "s2_functions::money::charges_suspend_and_payments_resume",
        ],
    ),
    (
        11,
        "signupClient, with and without the new id, and WAIT",
        &[
            "s2_functions::signup::signup_answers_the_id_or_not",
            "s2_functions::signup::new_clients_are_soft",
            "s2_functions::signup::signup_misses_and_refuses_by_name",
            "s2_functions::signup::without_activate_a_client_waits",
        ],
    ),
    (
        12,
        "totals of 30 days, today ends at midnight in Toronto, m:ss and h:mm:ss",
        &[
            "s2_functions::balances::totals_cover_thirty_days",
            "s8_time_zone::today_ends_at_midnight_in_toronto",
            "s8_time_zone::midnight_elsewhere_changes_nothing",
            "s8_ledger_days::the_day_may_be_another_zones",
            "s5_money_time::lengths_of_calls_are_minutes_or_hours",
        ],
    ),
    (
        13,
        "the cap, maintenance, unavailable_info",
        &[
            "s7_limits::above_the_cap_calls_are_refused",
            "s7_limits::a_minute_slides_or_begins_anew",
            "s7_limits::the_cap_is_per_account_or_address",
            "s7_limits::functions_may_be_under_maintenance",
            "faults::broken_answers_are_broken_in_these_bytes",
        ],
    ),
    (
        14,
        "faults",
        &[
            "faults::broken_answers_are_broken_in_these_bytes",
            "faults::a_reset_comes_before_or_after_the_effect",
            "faults::slow_answers_have_had_their_effect",
            "faults::wrong_types_are_wrong_everywhere",
            "s1_access::a_user_agent_may_be_needed",
        ],
    ),
    (
        15,
        "edits in the portal between read and write; the log without secrets",
        &[
            "s6_set_client::a_portal_edit_in_between_is_lost",
            "s6_set_client::a_portal_edit_is_seen_at_once",
            "sim::requests_are_logged_without_secrets",
        ],
    ),
];

/// Module path and text of each file of this suite, but for this one.
fn sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wire");
    let mut found = Vec::new();
    let mut open = vec![folder.clone()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("points.rs") {
                let module = path.strip_prefix(&folder).unwrap().with_extension("");
                found.push((
                    module.to_str().unwrap().replace('/', "::"),
                    fs::read_to_string(path).unwrap(),
                ));
            }
        }
    }
    found
}

/// Full name of each case, and what stands above its `#[test]`.
fn cases() -> Vec<(String, String)> {
    let mut cases = Vec::new();
    for (module, text) in sources() {
        let mut above = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line == "#[test]" {
                let name = lines
                    .next()
                    .unwrap()
                    .strip_prefix("fn ")
                    .unwrap()
                    .split('(')
                    .next()
                    .unwrap();
                cases.push((format!("{module}::{name}"), std::mem::take(&mut above)));
            } else if let Some(text) = line.strip_prefix("///") {
                above += text;
            } else {
                above.clear();
            }
        }
    }
    cases
}

#[test]
fn every_point_has_its_cases() {
    let known = cases();
    for (place, (number, point, names)) in POINTS.iter().enumerate() {
        assert_eq!(usize::from(*number), place + 1);
        assert!(!names.is_empty(), "point {number} ({point}) has no case");
        for name in *names {
            assert!(
                known.iter().any(|(case, _)| case == name),
                "point {number}: there is no case `{name}`"
            );
        }
    }
}

#[test]
fn every_case_says_what_it_shows_and_how_sure_that_is() {
    let cases = cases();
    assert!(
        cases.len() > 50,
        "only {} cases were found: the walk is broken",
        cases.len()
    );
    for (name, above) in cases.iter().filter(|(name, _)| !name.starts_with("raw::")) {
        let is_marked = ["[D]", "[L]", "[I]", "[U]", "[C]"]
            .iter()
            .any(|mark| above.contains(mark));
        assert!(is_marked, "`{name}` does not say how sure its fact is");
        if let Some(section) = name
            .strip_prefix('s')
            .and_then(|rest| rest.split('_').next()?.parse::<u8>().ok())
        {
            assert!(
                above.starts_with(&format!(" §{section} ")),
                "`{name}` does not open with its section"
            );
        }
    }
}

#[test]
fn every_setting_is_tried_and_every_unknown_with_all_its_values() {
    let text: String = sources().into_iter().map(|(_, text)| text).collect();
    let tried = |name: &str, value: &str| {
        text.contains(&format!("\"{name}={value}\""))
            || text.contains(&format!(r#""{name}":"{value}""#))
            || text.contains(&format!("\"{name}={value}:"))
    };
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simulator/README.md")).unwrap();
    let rows = help_rows("Settings: ", "For tests, ");
    assert!(
        rows.len() > 40,
        "{} settings were found: the help is read wrongly",
        rows.len()
    );
    for (name, words) in &rows {
        assert!(
            text.contains(&format!("{name}=")) || text.contains(&format!("\"{name}\":")),
            "no case tries `{name}`"
        );
        if words.last().unwrap() != "[unknown]" {
            continue;
        }
        assert!(
            readme.contains(&format!("`{name}=")),
            "src/simulator/README.md does not list the unknown `{name}`"
        );
        // The values stand first, a comma behind each but the last, a star before the default.
        let more = words.iter().take_while(|word| word.ends_with(',')).count();
        let values: Vec<&str> = words[..=more].iter().map(|word| word.trim_end_matches(',')).collect();
        if values.iter().any(|value| value.starts_with('*')) {
            for value in values.iter().map(|value| value.trim_start_matches('*')) {
                assert!(
                    tried(name, value),
                    "`{name}={value}` is unknown on the wire and no case tries it"
                );
            }
        }
    }
}

/// The rows of a part of the help, each a name and the words behind it.
fn help_rows(from: &str, to: &str) -> Vec<(String, Vec<String>)> {
    let help = manual();
    let (_, part) = help.split_once(&format!("\n{from}")).unwrap();
    let (part, _) = part.split_once(&format!("\n{to}")).unwrap();
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for line in part.lines().skip_while(|line| !line.starts_with("  ")) {
        let mut words = line.split_whitespace().map(str::to_owned);
        let is_name = line.starts_with("  ") && !line.starts_with("   ") && !line.ends_with(':');
        match rows.last_mut() {
            _ if is_name => rows.push((words.next().unwrap(), words.collect())),
            Some((_, known)) if line.starts_with("   ") => known.extend(words),
            _ => {}
        }
    }
    rows
}

#[test]
fn every_fault_function_and_order_is_tried() {
    let text: String = sources().into_iter().map(|(_, text)| text).collect();
    let (faults, functions) = (help_rows("Faults: ", "Settings: "), help_rows("Functions ", "Faults: "));
    assert!(faults.len() > 10 && functions.len() > 12, "the help is read wrongly");
    for (fault, _) in faults {
        assert!(
            text.contains(&format!("\"{fault}\"")),
            "no case tries the fault `{fault}`"
        );
    }
    let elsewhere: String = sources()
        .into_iter()
        .filter(|(module, _)| module != "s1_transport")
        .map(|(_, text)| text)
        .collect();
    for (function, _) in functions {
        assert!(
            super::s1_transport::FUNCTIONS
                .iter()
                .any(|(name, ..)| *name == function),
            "`{function}` is not tried by each transport"
        );
        assert!(elsewhere.contains(&function), "no case of its own calls `{function}`");
    }
    for order in [
        r#""GET", "clients/561115""#,
        r#""PATCH", "clients/561115""#,
        r#""POST", "clients""#,
        r#""DELETE", "clients/"#,
        r#""POST", "clients/561115/deposit""#,
        r#""POST", "clock""#,
        r#""PUT", "faults""#,
        r#""PUT", "settings""#,
        r#""GET", "state""#,
        r#""GET", "requests""#,
        r#""GET", "stats""#,
    ] {
        assert!(text.contains(order), "no case gives the order {order}");
    }
}
