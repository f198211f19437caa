//! WIRE.md section 4: country, state, password, phone and zip, out and in.

use super::raw::{By, Server, status_of};
use super::s6_set_client::RECORD;

/// The answer to setClient of the record with one field changed.
fn set(server: &Server, field: &str, value: &str) -> String {
    let params: Vec<_> = RECORD
        .iter()
        .map(|(name, old)| (*name, if *name == field { value } else { *old }))
        .collect();
    let answer = server.by(By::Curl, &[&[("method", "setClient")], &params[..]].concat());
    status_of(&answer.unwrap().text()).to_owned()
}

/// Each setting's answer to setClient of the record with a field of this value.
fn answers(field: &str, cases: &[(&str, &str, &str)]) {
    for (setting, value, status) in cases {
        assert_eq!(
            set(&Server::new(&[setting]), field, value),
            *status,
            "{setting} {field}={value}"
        );
    }
}

/// Each setting's text in the row of getClients.
fn rows(cases: &[(&str, &str)]) {
    for (setting, text) in cases {
        let row = Server::new(&[setting]).call("method=getClients&client=561115");
        assert!(row.contains(text), "{setting}: {row}");
    }
}

/// §4 [D] Out comes the country's name in capitals; [U] today perhaps the code.
#[test]
fn countries_come_out_as_names_or_codes() {
    rows(&[
        ("country-out=name", r#""country":"UNITED STATES","#),
        ("country-out=code", r#""country":"US","#),
    ]);
}

/// §4 [D] In goes the code of getCountries, or the API says so.
#[test]
fn countries_go_in_as_codes() {
    answers(
        "country",
        &[
            ("country-in=code", "CA", "success"),
            ("country-in=code", "", "success"),
            ("country-in=code", "UNITED STATES", "invalid_country"),
            ("country-in=code", "ca", "invalid_country"),
            ("country-in=any", "UNITED STATES", "success"),
        ],
    );
}

/// §4 [D] The password comes in clear text; [U] perhaps masked, hashed or not at all.
#[test]
fn passwords_come_out_in_clear_or_not() {
    rows(&[
        ("password-shown=clear", r#""password":"johnspassword","#),
        ("password-shown=masked", r#""password":"********","#),
        ("password-shown=hashed", r#""password":"$2y$10$"#),
        ("password-shown=empty", r#""password":"","#),
    ]);
}

/// §4 [U] Whether the present password may be sent again.
#[test]
fn a_used_password_may_be_refused() {
    for (setting, again) in [("used-password=off", "success"), ("used-password=on", "used_password")] {
        let server = Server::new(&[setting]);
        assert_eq!(set(&server, "password", "johnspassword"), again, "{setting}");
        assert_eq!(set(&server, "password", "another"), "success", "{setting}");
    }
}

/// §4 [I] The rules of the error table, applied never, to new passwords, or to old ones too.
#[test]
fn weak_passwords_may_be_refused() {
    answers(
        "password",
        &[
            ("password-rules=off", "x", "success"),
            ("password-rules=changed", "johnspassword", "success"),
            (
                "password-rules=always",
                "johnspassword",
                "invalid_password_missing_uppercase",
            ),
            (
                "password-rules=changed",
                "Short-1",
                "invalid_password_lessthan_8characters_long",
            ),
            ("password-rules=changed", "Longer-1", "success"),
            (
                "password-rules=changed",
                "longer-1",
                "invalid_password_missing_uppercase",
            ),
            (
                "password-rules=changed",
                "LONGER-1",
                "invalid_password_missing_lowercase",
            ),
            ("password-rules=changed", "Longer-x", "invalid_password_missing_number"),
            ("password-rules=changed", "Password1", "weak_password"),
            (
                "password-rules=changed",
                "Longer'1A",
                "invalid_password_ilegal_characters",
            ),
            (
                "password-rules=changed",
                "Longer 1",
                "invalid_password_ilegal_characters",
            ),
        ],
    );
}

/// §4 [D] Phone and zip are texts: leading zeros and letters come back as they were sent.
#[test]
fn phone_and_zip_are_texts() {
    let server = Server::new(&[]);
    for (field, value) in [
        ("zip", "02134"),
        ("zip", "M5V 3K1"),
        ("phone_number", "0015550001"),
        ("phone_number", "+1 (555) 000"),
    ] {
        assert_eq!(set(&server, field, value), "success");
        let row = server.call("method=getClients&client=561115");
        assert!(row.contains(&format!(r#""{field}":"{value}""#)), "{row}");
    }
}

/// §4 [U] Whether a state goes in as anything, as a name of the lists, or as a code.
#[test]
fn states_go_in_as_names_or_codes() {
    for (setting, name, code, other) in [
        ("state-in=any", "success", "success", "success"),
        ("state-in=name", "success", "invalid_state", "invalid_state"),
        ("state-in=code", "invalid_state", "success", "invalid_state"),
    ] {
        answers(
            "state",
            &[
                (setting, "ALBERTA", name),
                (setting, "AB", code),
                (setting, "Atlantis", other),
                (setting, "", "success"),
            ],
        );
    }
}

/// §4 [D] A state comes out as it was sent.
#[test]
fn states_come_out_as_they_were_sent() {
    let server = Server::new(&[]);
    for state in ["AB", "Baden-Württemberg", "florida"] {
        assert_eq!(set(&server, "state", state), "success");
        assert_eq!(server.client("561115", "state"), format!("\"{state}\""));
    }
}

/// §4 [U] Whether texts are judged at all: markup, line breaks, lengths, signs in a phone number.
#[test]
fn texts_may_be_judged() {
    let long = "x".repeat(101);
    for (field, value, judged) in [
        ("firstname", "<b>", "invalid_firstname"),
        ("lastname", "a\nb", "invalid_lastname"),
        ("address", long.as_str(), "invalid_address"),
        ("city", "<i>", "invalid_city"),
        ("zip", "12345678901", "invalid_zip"),
        ("phone_number", "123456", "invalid_phonenumber"),
        ("phone_number", "5551112222", "success"),
        ("firstname", "Zoë O'Neal-Smith", "success"),
    ] {
        for (setting, status) in [("field-rules=off", "success"), ("field-rules=on", judged)] {
            let server = Server::new(&[setting]);
            let plain = [("company", "C"), ("address", "A")];
            let params: Vec<_> = RECORD
                .iter()
                .map(|(name, old)| match plain.iter().find(|(known, _)| known == name) {
                    _ if *name == field => (*name, value),
                    Some((_, simple)) => (*name, *simple),
                    None => (*name, *old),
                })
                .collect();
            let answer = server
                .by(By::Curl, &[&[("method", "setClient")], &params[..]].concat())
                .unwrap();
            assert_eq!(status_of(&answer.text()), status, "{setting} {field}={value}");
        }
    }
}

/// §4 [D] An address that another client has is refused, by one of two codes.
#[test]
fn an_email_that_is_taken_is_refused() {
    let taken = "office.561116@example.com";
    answers(
        "email",
        &[
            ("email-taken=invalid_email", taken, "invalid_email"),
            ("email-taken=used_email", taken, "used_email"),
        ],
    );
}

/// §4 [I] A required field that is not sent answers that it is missing, or invalid with a text that says so.
#[test]
fn absent_fields_are_missing_or_invalid() {
    answers(
        "firstname",
        &[
            ("absent-fields=missing", "", "missing_firstname"),
            ("absent-fields=invalid", "", "invalid_firstname"),
        ],
    );
}
