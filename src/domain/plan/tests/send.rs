//! What is sent, what is refused, what is compared.

use std::collections::BTreeMap;

use super::{Management, id};
use crate::domain::enforcement::Refusal;
use crate::domain::plan::{Country, Field, Record, compare, differing, overlay, prepare, resolve, shows_password};

fn countries() -> Vec<Country> {
    [
        ("CA", "Canada"),
        ("US", "United States"),
        ("CI", "Côte d'Ivoire"),
        ("G1", "Georgia"),
        ("GE", "Georgia"),
    ]
    .map(|(code, name)| Country {
        code: code.to_owned(),
        name: name.to_owned(),
    })
    .into()
}

fn record() -> Record {
    Record::from_fields([
        (Field::Client, "561115"),
        (Field::Email, "seán.o'brien@example.com"),
        (Field::Password, "p&s+ wörd=1"),
        (Field::Company, "Ü & Söhne \"Ltd\""),
        (Field::Firstname, "Seán"),
        (Field::Lastname, "O'Brien"),
        (Field::Address, "5491 190TH\\"),
        (Field::City, " MONTRÉAL "),
        (Field::State, "QUÉBEC"),
        (Field::Country, "CANADA"),
        (Field::Zip, "02134"),
        (Field::PhoneNumber, "0551112222"),
        (Field::BalanceManagement, "2"),
    ])
}

fn with(field: Field, value: &str) -> Record {
    let mut record = record();
    record.set(field, value);
    record
}

#[test]
fn everything_but_the_value_and_the_countrys_spelling_goes_back_as_it_was_read() {
    let sent = prepare(&id("561115"), &record(), "1", &countries()).unwrap();
    for field in Field::ALL {
        let expected = match field {
            Field::BalanceManagement => "1",
            Field::Country => "CA",
            _ => record().get(field).to_owned().leak(),
        };
        assert_eq!(sent.get(field), expected, "{}", field.name());
    }
    assert_eq!(sent.expose_password(), Some("p&s+ wörd=1"));
}

#[test]
fn values_are_found_by_their_descriptions() {
    type Codes = &'static [(&'static str, &'static str)];
    let cases: [(&str, Codes, Option<&str>, Option<&str>); 10] = [
        (
            "documented",
            &[("1", "Hard - suspend the client"), ("2", "Soft")],
            Some("1"),
            Some("2"),
        ),
        (
            "soft is 0",
            &[("0", "SOFT - may go negative"), ("1", "HARD")],
            Some("1"),
            Some("0"),
        ),
        (
            "the other way round",
            &[("2", "hard"), ("1", "soft")],
            Some("2"),
            Some("1"),
        ),
        ("blanks before", &[("1", "  Hard: stop")], Some("1"), None),
        ("not listed", &[("1", "Suspend"), ("2", "Allow")], None, None),
        ("only inside", &[("1", "Not so hard")], None, None),
        ("another word", &[("1", "Hardly ever"), ("2", "Software")], None, None),
        (
            "two of a kind",
            &[("1", "Hard"), ("3", "Hard, at once"), ("2", "Soft")],
            None,
            Some("2"),
        ),
        ("no code", &[("", "Hard")], None, None),
        ("nothing listed", &[], None, None),
    ];
    for (name, codes, hard, soft) in cases {
        let codes: BTreeMap<String, String> = codes.iter().map(|(c, d)| ((*c).to_owned(), (*d).to_owned())).collect();
        assert_eq!(resolve(&codes, Management::Hard), hard, "{name}");
        assert_eq!(resolve(&codes, Management::Soft), soft, "{name}");
    }
}

#[test]
fn a_country_is_sent_by_its_code_or_not_at_all() {
    let unknown = |country: &str| {
        Err(Refusal::UnknownCountry {
            country: country.to_owned(),
        })
    };
    let cases = [
        ("code", "CA", Ok("CA")),
        ("code in small letters", "ca", Ok("ca")),
        ("name in capitals", "UNITED STATES", Ok("US")),
        ("name as listed", "Canada", Ok("CA")),
        ("blanks around", " canada ", Ok("CA")),
        ("non-ASCII capitals", "CÔTE D'IVOIRE", Ok("CI")),
        ("nothing", "", Ok("")),
        ("a blank", " ", Ok(" ")),
        ("two letters that are no code", "XX", unknown("XX")),
        ("no country", "ATLANTIS", unknown("ATLANTIS")),
        ("two codes for one name", "GEORGIA", unknown("GEORGIA")),
    ];
    for (name, country, expected) in cases {
        let got = prepare(&id("561115"), &with(Field::Country, country), "1", &countries());
        let got = got.map(|sent| sent.get(Field::Country).to_owned());
        assert_eq!(got, expected.map(str::to_owned), "{name}");
    }
    let nothing_listed = prepare(&id("561115"), &with(Field::Country, "CA"), "1", &[]);
    assert!(nothing_listed.is_err(), "a code that is not listed");
}

#[test]
fn an_incomplete_record_and_another_clients_are_refused() {
    for field in Field::ALL {
        for empty in ["", "  "] {
            let got = prepare(&id("561115"), &with(field, empty), "1", &countries()).err();
            let expected = match field {
                Field::Client => Some(Refusal::WrongRecord),
                Field::Password => Some(Refusal::PasswordEmpty),
                Field::Email | Field::Firstname | Field::Lastname | Field::PhoneNumber => Some(Refusal::MissingField {
                    field: field.name().to_owned(),
                }),
                _ => None,
            };
            assert_eq!(got, expected, "{} `{empty}`", field.name());
        }
    }
    let other = prepare(&id("561116"), &record(), "1", &countries());
    assert_eq!(other.err(), Some(Refusal::WrongRecord));
    let mut without = Record::from_image(&record().image()).unwrap();
    assert_eq!(
        prepare(&id("561115"), &without, "1", &countries()).err(),
        Some(Refusal::PasswordEmpty),
        "a kept image has no password, and is never sent"
    );
    without.set(Field::Password, "Secret123");
    assert!(prepare(&id("561115"), &without, "1", &countries()).is_ok());
}

#[test]
fn passwords_that_are_none_are_told_from_those_that_are() {
    let masked = Some(Refusal::PasswordMasked);
    let hashed = Some(Refusal::PasswordHashed);
    let cases = [
        ("documented", "johnspassword", None),
        ("strong", "aB3$xY9!", None),
        ("signs", "p*s*w*rd", None),
        ("two stars", "Ab1**x", None),
        ("dollar signs", "$Cash4$All", None),
        ("braces", "{ab}C1", None),
        ("with a colon", "abc:DEF1", None),
        ("a word in it", "notHidden1", None),
        ("stars", "********", masked.clone()),
        ("three stars", "***", masked.clone()),
        ("stars in the middle", "jo***rd", masked.clone()),
        ("bullets", "••••••", masked.clone()),
        ("bullets of two kinds", "•●•●", masked.clone()),
        ("crosses", "xxxxxxxx", masked.clone()),
        ("one sign", "-", masked.clone()),
        ("word", "Hidden", masked.clone()),
        ("not there", "N/A", masked.clone()),
        ("not there, in words", "not available", masked.clone()),
        ("a filter's", "[FILTERED]", masked.clone()),
        ("a flag", "false", masked.clone()),
        ("word in brackets", "[REDACTED]", masked.clone()),
        ("null", "null", masked),
        ("MD5", "5f4dcc3b5aa765d61d8327deb882cf99", hashed.clone()),
        ("31 digits", "5f4dcc3b5aa765d61d8327deb882cf9", None),
        ("33 digits", "5f4dcc3b5aa765d61d8327deb882cf999", None),
        ("32 with one that is none", "5f4dcc3b5aa765d61d8327deb882cf9g", None),
        ("SHA-1", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", hashed.clone()),
        ("SHA-256", &"0a".repeat(32), hashed.clone()),
        ("SHA-512", &"0a".repeat(64), hashed.clone()),
        ("MySQL", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", hashed.clone()),
        (
            "bcrypt",
            "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi",
            hashed.clone(),
        ),
        (
            "argon2",
            "$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ$RdescudvJCsgt3",
            hashed.clone(),
        ),
        ("crypt", "$6$rounds=5000$usesomesalt$abc", hashed.clone()),
        ("Django", "pbkdf2_sha256$260000$salt$aGFzaGhhc2hoYXNo", hashed.clone()),
        ("LDAP", "{SSHA}c2FsdGVkaGFzaA==", hashed.clone()),
        ("base64 of 16 bytes", "X03MO1qnZdYdgyfeuILPmQ==", hashed.clone()),
        (
            "base64 of 20 bytes with a prefix",
            "sha1:W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
            hashed.clone(),
        ),
        (
            "hex with a prefix",
            "md5:5f4dcc3b5aa765d61d8327deb882cf99",
            hashed.clone(),
        ),
        (
            "hex with a prefix, cut off",
            "md5:5f4dcc3b5aa765d61d8327deb882cf9",
            None,
        ),
        ("crypt, the shortest", "$1$abcdefgh", hashed.clone()),
        ("too short for crypt", "$1$abcdefg", None),
        ("crypt with a dash", "$argon2-id$v19$m6553", hashed.clone()),
        ("an amount for a start", "$$Cash4all$$", None),
        ("a blank for a name", "$my cat$is called Tom", None),
        ("LDAP, the shortest", "{MD5}XohImNoo", hashed.clone()),
        ("too short for LDAP", "{MD5}XohImNo", None),
        ("LDAP with a dash", "{PBKDF2-SHA256}AAAnEGU1NzZkNzE", hashed.clone()),
        ("the longest name", "{PBKDF2_SHA512_V1}AAAnEGU1", hashed.clone()),
        ("a name that is too long", "{PBKDF2_SHA512_V12}AAAnEGU1", None),
        ("nothing in braces", "{}AAAnEGU1NzZkNzE", None),
        ("Django, the shortest", "md5$x$5f4dcc3b5aa765d6", hashed.clone()),
        ("too short for Django", "md5$x$5f4dcc3b5aa765d", None),
        ("a short name for Django", "md$x$5f4dcc3b5aa765d61", None),
        ("no name for Django", "m 5$x$5f4dcc3b5aa765d61", None),
        ("long, without padding", "Correct1horse2battery3st", None),
        ("an equals sign at the end", "2plus2is4=", None),
        ("padded, with a sign that is none", "Correct1horse2battery!==", None),
    ];
    for (name, password, expected) in cases {
        let got = prepare(&id("561115"), &with(Field::Password, password), "1", &countries());
        assert_eq!(got.err(), expected, "{name}");
    }
}

#[test]
fn a_record_that_came_back_is_compared_field_by_field() {
    let before = record();
    let sent = prepare(&id("561115"), &before, "1", &countries()).unwrap();
    let mut meant = before.clone();
    meant.set(Field::BalanceManagement, "1");
    assert_eq!(compare(&sent, &before, &meant, &countries()), []);

    for field in Field::ALL {
        for found in ["", "something else"] {
            let mut after = meant.clone();
            after.set(field, found);
            let differences = compare(&sent, &before, &after, &countries());
            assert_eq!(differences.len(), 1, "{} `{found}`", field.name());
            assert_eq!(differences[0].field, field.name());
            let shown = format!("{differences:?}");
            assert!(!shown.contains("wörd"), "a password is never shown");
            if field == Field::Password {
                assert_eq!((&*differences[0].expected, &*differences[0].found), ("***", "***"));
            }
        }
    }
    for country in ["CANADA", "Canada", "CA", "ca"] {
        let mut after = meant.clone();
        after.set(Field::Country, country);
        assert_eq!(compare(&sent, &before, &after, &countries()), [], "{country}");
    }
    for country in ["US", "UNITED STATES", "GEORGIA"] {
        let mut after = meant.clone();
        after.set(Field::Country, country);
        let differences = compare(&sent, &before, &after, &countries());
        assert_eq!(differences.len(), 1, "{country}");
        let told = (&*differences[0].expected, &*differences[0].found);
        assert_eq!(
            told,
            ("CANADA", country),
            "as it stood there before, not as it was sent"
        );
    }
    let unchanged = compare(&sent, &before, &before, &countries());
    assert_eq!(
        (&*unchanged[0].expected, &*unchanged[0].found),
        ("1", "2"),
        "nothing happened"
    );
}

#[test]
fn an_overlay_sets_what_was_given_and_keeps_the_rest() {
    let given = [
        (Field::Company, ""),
        (Field::City, "LAVAL"),
        (Field::Country, "US"),
        (Field::Password, "********"),
        (Field::BalanceManagement, "1"),
    ];
    let sent = overlay(&id("561115"), &record(), &given, &countries()).unwrap();
    let mut meant = record();
    for (field, value) in given {
        meant.set(field, value);
    }
    for field in Field::ALL {
        assert_eq!(sent.get(field), meant.get(field), "{}", field.name());
    }
    assert_eq!(
        sent.expose_password(),
        Some("********"),
        "a person may choose what they like"
    );
    assert_eq!(compare(&sent, &record(), &meant, &countries()), []);
    meant.set(Field::Country, "UNITED STATES");
    assert_eq!(compare(&sent, &record(), &meant, &countries()), [], "by its name");
    for field in [Field::Company, Field::City, Field::Country, Field::Password, Field::Zip] {
        let mut after = meant.clone();
        after.set(field, "something else");
        let differences = compare(&sent, &record(), &after, &countries());
        assert_eq!(differences.len(), 1, "{}", field.name());
    }
    let unchanged = compare(&sent, &record(), &record(), &countries());
    let names: Vec<&str> = unchanged.iter().map(|difference| difference.field.as_str()).collect();
    assert_eq!(names, ["company", "city", "country", "balance_management", "password"]);
    assert_eq!(unchanged[2].expected, "US", "what was meant, not what was there");
}

#[test]
fn an_overlay_is_refused_where_the_result_is_not_fit_to_be_sent() {
    let refused = |record: &Record, given: &[(Field, &str)]| overlay(&id("561115"), record, given, &countries()).err();
    let missing = |field: &str| {
        Some(Refusal::MissingField {
            field: field.to_owned(),
        })
    };
    let unknown = |country: &str| {
        Some(Refusal::UnknownCountry {
            country: country.to_owned(),
        })
    };
    let masked = with(Field::Password, "***");
    let new = (Field::Password, "N3w-pass");
    for (name, record, given, expected) in [
        ("nothing given", record(), &[][..], None),
        ("a masked password", masked.clone(), &[], Some(Refusal::PasswordMasked)),
        ("a masked password, and a new one", masked, &[new], None),
        ("no first name", with(Field::Firstname, " "), &[], missing("firstname")),
        (
            "no first name, and a new one",
            with(Field::Firstname, ""),
            &[(Field::Firstname, "Ann")],
            None,
        ),
        (
            "the phone number taken away",
            record(),
            &[(Field::PhoneNumber, "")],
            missing("phone_number"),
        ),
        (
            "an odd country",
            with(Field::Country, "ATLANTIS"),
            &[],
            unknown("ATLANTIS"),
        ),
        (
            "an odd country, and a good one",
            with(Field::Country, "ATLANTIS"),
            &[(Field::Country, "CA")],
            None,
        ),
        (
            "a good country, and an odd one",
            record(),
            &[(Field::Country, "XX")],
            unknown("XX"),
        ),
        (
            "another client's",
            with(Field::Client, "7"),
            &[new],
            Some(Refusal::WrongRecord),
        ),
    ] {
        assert_eq!(refused(&record, given), expected, "{name}");
    }
}

#[test]
fn what_is_there_already_is_no_change() {
    let given = [
        (Field::Country, "CA"),
        (Field::City, " MONTRÉAL "),
        (Field::Password, "p&s+ wörd=1"),
        (Field::BalanceManagement, "2"),
    ];
    assert_eq!(differing(&record(), &given, &countries()), []);
    for (field, value) in [
        (Field::Country, "US"),
        (Field::City, "MONTRÉAL"),
        (Field::Password, "p&s+ wörd=2"),
        (Field::BalanceManagement, "1"),
        (Field::Zip, "2134"),
    ] {
        let differing = differing(&record(), &[(field, value)], &countries());
        assert_eq!(differing, [(field, value)], "{}", field.name());
    }
}

#[test]
fn a_password_that_is_not_shown_cannot_be_compared() {
    let new = [(Field::Password, "N3w-pass")];
    for (name, shown, differences) in [("clear", "p&s+ wörd=1", 1), ("masked", "***", 0), ("empty", "", 0)] {
        let before = with(Field::Password, shown);
        assert_eq!(shows_password(&before), differences == 1, "{name}");
        let sent = overlay(&id("561115"), &before, &new, &countries()).unwrap();
        assert_eq!(
            compare(&sent, &before, &before, &countries()).len(),
            differences,
            "{name}"
        );
    }
}

#[test]
fn a_kept_image_compares_without_the_password_that_it_does_not_have() {
    let before = Record::from_image(&record().image()).unwrap();
    assert!(!record().image().contains("wörd"));
    let mut sent = before.clone();
    sent.set(Field::BalanceManagement, "1");
    let mut after = record();
    after.set(Field::BalanceManagement, "1");
    assert_eq!(compare(&sent, &before, &after, &countries()), []);
    assert!(Record::from_image("{}").is_none());
    assert!(Record::from_image("").is_none());
}

/// It is stored, and read by other versions of the program and by people.
#[test]
fn an_image_stays_what_it_is() {
    let expected = concat!(
        r#"{"address":"5491 190TH\\","balance_management":"2","city":" MONTRÉAL ","client":"561115","#,
        r#""company":"Ü & Söhne \"Ltd\"","country":"CANADA","email":"seán.o'brien@example.com","firstname":"Seán","#,
        r#""lastname":"O'Brien","phone_number":"0551112222","state":"QUÉBEC","zip":"02134"}"#,
    );
    assert_eq!(record().image(), expected);
    assert_eq!(Record::from_image(expected).unwrap().image(), expected);
}

#[test]
fn a_record_is_not_printed_with_its_secrets() {
    let shown = format!("{:?}", record());
    assert!(shown.contains("561115"));
    for secret in ["wörd", "5491", "Seán"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
