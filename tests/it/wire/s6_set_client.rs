//! WIRE.md section 6, what setClient does to a record: fields that are not sent, edits in between, one field at a time.

use super::raw::{By, Server, status_of};

/// Everything that setClient takes, with letters that transports get wrong.
pub const RECORD: &[(&str, &str)] = &[
    ("client", "561115"),
    ("email", "new@example.com"),
    ("password", "New&Pass=1"),
    ("company", "Söhne & Co/Ltd \"q\" 50% +1"),
    ("firstname", "F"),
    ("lastname", "O'Neal"),
    ("address", "1/2 A\r\nB"),
    ("city", "T"),
    ("state", "S"),
    ("country", "CA"),
    ("zip", "02134"),
    ("phone_number", "5550001111"),
    ("balance_management", "1"),
];

/// §6 [D] setClient replaces the record; getClients shows every field as it was sent, the country by its name.
#[test]
fn the_whole_record_is_replaced() {
    let server = Server::new(&[]);
    let params = [&[("method", "setClient")], RECORD].concat();
    assert_eq!(server.by(By::Curl, &params).unwrap().text(), r#"{"status":"success"}"#);
    assert_eq!(
        server.call("method=getClients&client=561115"),
        r#"{"status":"success","clients":[{"client":"561115","email":"new@example.com","password":"New&Pass=1","company":"S\u00f6hne & Co\/Ltd \"q\" 50% +1","firstname":"F","lastname":"O'Neal","address":"1\/2 A\r\nB","city":"T","state":"S","country":"CANADA","zip":"02134","phone_number":"5550001111","balance_management":"1"}]}"#
    );
}

/// §6 [U] What happens to fields that are not sent: blanked, as the family of setters has it, or kept. A field that
/// is sent empty is empty with both.
#[test]
fn omitted_fields_are_blanked_or_kept() {
    let required =
        "method=setClient&client=561115&email=a%40example.com&password=p&firstname=F&lastname=L&phone_number=1";
    for (setting, row) in [
        (
            "omitted-fields=blanked",
            r#""company":"","firstname":"F","lastname":"L","address":"","city":"","state":"","country":"","zip":"","phone_number":"1","balance_management":"2"}]}"#,
        ),
        (
            "omitted-fields=kept",
            r#""company":"Consulting","firstname":"F","lastname":"L","address":"5491 190TH","city":"OPA LOCKA","state":"FLORIDA","country":"UNITED STATES","zip":"33055","phone_number":"1","balance_management":"1"}]}"#,
        ),
    ] {
        let server = Server::new(&[setting]);
        server.edit("561115", r#"{"balance_management":"hard"}"#);
        server.calls(&[required]);
        let answer = server.call("method=getClients&client=561115");
        assert!(answer.ends_with(row), "{setting}: {answer}");
        server.calls(&[&format!("{required}&company=")]);
        assert!(
            server
                .call("method=getClients&client=561115")
                .contains(r#""company":"","#),
            "{setting}"
        );
    }
}

/// §6 [L] Required fields that are missing or empty are refused by name, phone_number without its underscore; nothing
/// is changed.
#[test]
fn required_fields_are_missed_by_name() {
    let server = Server::new(&[]);
    let before = server.order("GET", "clients/561115", "");
    for (field, status) in [
        ("client", "invalid_client"),
        ("email", "missing_email"),
        ("password", "missing_password"),
        ("firstname", "missing_firstname"),
        ("lastname", "missing_lastname"),
        ("phone_number", "missing_phonenumber"),
    ] {
        let without = RECORD.iter().copied().filter(|(name, _)| *name != field);
        let emptied = RECORD
            .iter()
            .map(|(name, value)| (*name, if *name == field { "" } else { value }));
        for params in [without.collect::<Vec<_>>(), emptied.collect()] {
            let answer = server
                .by(By::Curl, &[&[("method", "setClient")], &params[..]].concat())
                .unwrap();
            assert_eq!(status_of(&answer.text()), status, "{field}");
        }
    }
    assert_eq!(server.order("GET", "clients/561115", ""), before);
}

/// §6 [D] Values that no record takes are refused by name; nothing is changed.
#[test]
fn wrong_values_are_refused_by_name() {
    let server = Server::new(&[]);
    let before = server.order("GET", "clients/561115", "");
    for (field, value, status) in [
        ("client", "1", "invalid_client"),
        ("client", "0561115", "invalid_client"),
        ("email", "nobody", "invalid_email"),
        ("email", "office.561116@example.com", "invalid_email"),
        ("country", "CANADA", "invalid_country"),
        ("country", "ca", "invalid_country"),
        ("balance_management", "7", "invalid_balancemanagement"),
    ] {
        let params: Vec<_> = RECORD
            .iter()
            .map(|(name, old)| (*name, if *name == field { value } else { *old }))
            .collect();
        let answer = server
            .by(By::Curl, &[&[("method", "setClient")], &params[..]].concat())
            .unwrap();
        assert_eq!(status_of(&answer.text()), status, "{field}={value}");
    }
    assert_eq!(server.order("GET", "clients/561115", ""), before);
}

/// §6 [I] There is no version of a record: an edit in the portal between read and write is lost without a word, and
/// one after the write undoes it.
#[test]
fn a_portal_edit_in_between_is_lost() {
    for (setting, company) in [
        (
            "edit-before-set-client=561115:company=Portal",
            r#""company":"Söhne & Co/Ltd \"q\" 50% +1""#,
        ),
        ("edit-after-set-client=561115:company=Portal", r#""company":"Portal""#),
    ] {
        let server = Server::new(&[setting]);
        let params = [&[("method", "setClient")], RECORD].concat();
        assert_eq!(server.by(By::Curl, &params).unwrap().text(), r#"{"status":"success"}"#);
        let record = server.order("GET", "clients/561115", "");
        assert!(record.contains(company), "{setting}: {record}");
        let name = setting.split('=').next().unwrap();
        assert!(
            server.order("GET", "state", "").contains(&format!("\"{name}\":\"\"")),
            "once only"
        );
    }
}

/// §6 [I] What a person edits in the portal between two reads is seen by the second.
#[test]
fn a_portal_edit_is_seen_at_once() {
    let server = Server::new(&[]);
    assert!(
        server
            .call("method=getClients&client=561115")
            .contains(r#""company":"Consulting""#)
    );
    server.edit("561115", r#"{"company":"Portal","balance_management":"hard"}"#);
    let row = server.call("method=getClients&client=561115");
    assert!(
        row.contains(r#""company":"Portal""#) && row.contains(r#""balance_management":"1""#),
        "{row}"
    );
}
