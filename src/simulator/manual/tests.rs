//! The help names everything, and every open question of the wire has its switch.

use super::{WIDTH, control, faults, functions, manual, settings};

/// The help without its line breaks and margins.
fn text() -> String {
    manual().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn help_names_every_row() {
    let text = text();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in faults::TABLE {
        let entry = format!("{} {} [{}]", row.name, row.what, row.certainty);
        assert!(text.contains(&words(&entry)), "{entry}");
    }
    for row in settings::TABLE {
        let entry = format!("{} [{}]", row.imitates, row.certainty);
        assert!(text.contains(&words(&entry)), "{entry}");
        assert!(text.contains(&format!(" {} ", row.name)), "{}", row.name);
        let default = if row.default.is_empty() { "empty" } else { row.default };
        assert!(text.contains(&format!("*{default}")), "{}", row.name);
    }
    for row in functions::FUNCTIONS {
        let entry = format!("{} {} [{}]", row.name, row.what, row.certainty);
        assert!(text.contains(&words(&entry)), "{entry}");
    }
    for (method, path, what) in control::ROUTES {
        let entry = format!("{method} {path} {what}");
        assert!(text.contains(&words(&entry)), "{entry}");
    }
}

#[test]
fn help_fits_80_columns() {
    for line in manual().lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
        assert_eq!(line, line.trim_end(), "no blanks at the end");
    }
}

/// What WIRE.md marks as unknown and a client could meet, by section, and the setting that has every answer.
///
/// Not here: how many calls a minute are let through (an option, `--rate-cap`), whether a Bearer token would do instead
/// of credentials (it is ignored, as every client has to expect), and the hours of getResellerCDR's winter rows (it has
/// no rows).
const OPEN_QUESTIONS: &[(&str, &str, &str)] = &[
    ("1", "HTTP status of the SOAP fault", "soap-fault-status"),
    ("1", "urlencoded POST", "urlencoded"),
    ("1", "POST with everything in the query", "query-post"),
    ("1", "PATCH and PUT", "other-methods"),
    ("1", "the user's name in other letters", "username-case"),
    ("2", "ids that are no plain numbers", "loose-ids"),
    ("2", "amounts that are no plain decimals", "loose-amounts"),
    ("1", "content type of the JSON answer", "content-type"),
    ("1", "order of the checks", "check-order"),
    ("2", "one row as a bare object", "one-row-object"),
    ("2", "which status an absent id has", "absent-id"),
    ("2", "threshold of a client that never set one", "threshold-absent-as"),
    ("2", "fractions of thresholds", "threshold-fractions"),
    ("2", "whether getClients lists clients in state WAIT", "waiting-listed"),
    ("2", "which texts are invalid", "field-rules"),
    ("2", "lengths of descriptions", "longest-description"),
    ("2", "whether a description is needed", "description-needed"),
    ("2", "zero, negative and finer amounts", "odd-amounts"),
    ("2", "no charges, no deposits", "empty-ledger"),
    ("3", "code of SOFT", "soft-code"),
    ("3", "whether SOFT is listed", "soft-listed"),
    ("3", "whether HARD stops calls", "hard-stops"),
    ("3", "delay of a suspension", "suspension-delay-secs"),
    ("3", "whether incoming calls stop too", "incoming-stops"),
    ("3", "calls in progress when the money ends", "cut-calls"),
    ("3", "whether a payment lifts a suspension", "resume-on-payment"),
    ("4", "country by name or code in getClients", "country-out"),
    ("4", "state by name or code in setClient", "state-in"),
    ("4", "re-sending the present password", "used-password"),
    ("4", "re-sending a weak password", "password-rules"),
    ("4", "passwords masked, hashed or empty", "password-shown"),
    ("5", "floats with noise", "float-noise"),
    ("6", "fields that are left out", "omitted-fields"),
    ("6", "delay until a charge is listed", "ledger-delay-secs"),
    ("7", "whether the limit counts the account or the address", "cap-per"),
    ("7", "which minute the limit counts", "cap-window"),
    ("8", "whose midnight resets today's values", "day-zone"),
    ("reproduce 2", "message on success", "message-on-success"),
];

#[test]
fn every_open_question_has_a_setting_with_more_than_one_answer() {
    for (section, question, name) in OPEN_QUESTIONS {
        let row = settings::TABLE.iter().find(|row| row.name == *name);
        let row = row.unwrap_or_else(|| panic!("section {section}, {question}: no setting `{name}`"));
        assert!(row.choices().is_none_or(|choices| choices.len() > 1), "{question}");
    }
    for row in settings::TABLE {
        let is_unknown = row.certainty == settings::Certainty::Unknown;
        let is_asked = OPEN_QUESTIONS.iter().any(|(_, _, name)| *name == row.name);
        assert!(
            !is_unknown || is_asked,
            "`{}` answers no question of the table",
            row.name
        );
    }
}
