//! WIRE.md section 2: signupClient.

use crate::wire::raw::{By, Server, status_of, value_of};

/// A form that is taken.
pub const FORM: &[(&str, &str)] = &[
    ("firstname", "Ann"),
    ("lastname", "O'Neal"),
    ("company", "Söhne/Co"),
    ("address", "1 Main St"),
    ("city", "Toronto"),
    ("state", "ONTARIO"),
    ("country", "CA"),
    ("zip", "M5V 3K1"),
    ("phone_number", "4165550001"),
    ("email", "ann@example.com"),
    ("confirm_email", "ann@example.com"),
    ("password", "Otter-1234"),
    ("confirm_password", "Otter-1234"),
    ("activate", "1"),
    ("balance_management", "1"),
];

fn sign_up(server: &Server, params: &[(&str, &str)]) -> String {
    server
        .by(By::Curl, &[&[("method", "signupClient")], params].concat())
        .unwrap()
        .text()
}

/// The form with one field replaced, or left out.
fn form_with<'a>(field: &str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    FORM.iter()
        .filter_map(|(name, old)| match value {
            _ if *name != field => Some((*name, *old)),
            Some(value) => Some((*name, value)),
            None => None,
        })
        .collect()
}

/// §2 [D] The newer document answers the new client's id, a number; the older one the status alone. Then getClients
/// finds the client by its e-mail.
#[test]
fn signup_answers_the_id_or_not() {
    for (setting, body) in [
        ("signup-answer=client", r#"{"status":"success","client":561215}"#),
        ("signup-answer=status", r#"{"status":"success"}"#),
    ] {
        let server = Server::new(&[setting]);
        assert_eq!(sign_up(&server, FORM), body);
        assert_eq!(
            server.call("method=getClients&client=ann%40example.com"),
            r#"{"status":"success","clients":[{"client":"561215","email":"ann@example.com","password":"Otter-1234","company":"S\u00f6hne\/Co","firstname":"Ann","lastname":"O'Neal","address":"1 Main St","city":"Toronto","state":"ONTARIO","country":"CANADA","zip":"M5V 3K1","phone_number":"4165550001","balance_management":"1"}]}"#
        );
        assert_eq!(server.call("method=getClients").matches(r#"{"client":""#).count(), 101);
        assert_eq!(
            value_of(&server.call("method=getResellerBalance&client=561215"), "calls_total"),
            "0"
        );
    }
}

/// §2 [D] Without `balance_management` a new client is SOFT; the company may be left out.
#[test]
fn new_clients_are_soft() {
    let server = Server::new(&[]);
    let few: Vec<_> = FORM
        .iter()
        .copied()
        .filter(|(name, _)| !matches!(*name, "balance_management" | "company"))
        .collect();
    assert_eq!(status_of(&sign_up(&server, &few)), "success");
    let row = server.call("method=getClients&client=561215");
    assert!(
        row.contains(r#""company":"","#) && row.contains(r#""balance_management":"2""#),
        "{row}"
    );
}

/// §2 [D] Everything that is required is missed by its name, and confirmations must match; then nobody is added.
#[test]
fn signup_misses_and_refuses_by_name() {
    let server = Server::new(&[]);
    for (field, missing) in [
        ("firstname", "missing_firstname"),
        ("lastname", "missing_lastname"),
        ("address", "missing_address"),
        ("city", "missing_city"),
        ("state", "missing_state"),
        ("country", "missing_country"),
        ("zip", "missing_zip"),
        ("phone_number", "missing_phonenumber"),
        ("email", "missing_email"),
        ("confirm_email", "missing_email_confirm"),
        ("password", "missing_password"),
        ("confirm_password", "missing_password_confirm"),
    ] {
        for value in [None, Some("")] {
            assert_eq!(
                status_of(&sign_up(&server, &form_with(field, value))),
                missing,
                "{field} {value:?}"
            );
        }
    }
    for (field, value, status) in [
        ("email", "ann", "invalid_email"),
        ("confirm_email", "other@example.com", "mismatch_email_confirm"),
        ("confirm_password", "Otter-1235", "mismatch_password_confirm"),
        ("country", "CANADA", "invalid_country"),
        ("balance_management", "7", "invalid_balancemanagement"),
    ] {
        let mut form = form_with(field, Some(value));
        if field == "email" {
            form.iter_mut()
                .filter(|(name, _)| *name == "confirm_email")
                .for_each(|pair| pair.1 = value);
        }
        assert_eq!(status_of(&sign_up(&server, &form)), status, "{field}={value}");
    }
    assert_eq!(server.status("method=getClients&client=561215"), "invalid_client");
}

/// §2 [D] An e-mail that is taken is refused.
#[test]
fn an_email_can_sign_up_once() {
    let server = Server::new(&[]);
    assert_eq!(status_of(&sign_up(&server, FORM)), "success");
    let again = sign_up(&server, FORM);
    assert!(["invalid_email", "used_email"].contains(&status_of(&again)), "{again}");
    assert_eq!(server.status("method=getClients&client=561216"), "invalid_client");
}

/// §2 [D] Without `activate=1` a new client waits; [U] whether getClients lists it meanwhile.
#[test]
fn without_activate_a_client_waits() {
    for (setting, listed) in [("waiting-listed=on", 101), ("waiting-listed=off", 100)] {
        let server = Server::new(&[setting]);
        assert_eq!(status_of(&sign_up(&server, &form_with("activate", None))), "success");
        let everybody = server.call("method=getClients");
        assert_eq!(everybody.matches(r#"{"client":""#).count(), listed, "{setting}");
        assert!(!everybody.contains("WAIT"), "no answer tells the state");
    }
    for activate in ["0", "true", ""] {
        let server = Server::new(&["waiting-listed=off"]);
        sign_up(&server, &form_with("activate", Some(activate)));
        assert_eq!(
            server.call("method=getClients").matches(r#"{"client":""#).count(),
            100,
            "activate={activate}"
        );
    }
}

/// §2 [I] Whether signupClient needs `balance_management`: the table has the code, the document does not require it.
#[test]
fn balance_management_may_be_needed() {
    for (setting, status) in [
        ("management-needed=off", "success"),
        ("management-needed=on", "missing_balancemanagement"),
    ] {
        let answer = sign_up(&Server::new(&[setting]), &form_with("balance_management", None));
        assert_eq!(status_of(&answer), status, "{setting}");
    }
}
