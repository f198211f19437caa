//! What is refused before it is sent, and what is not: both sides of every bound.

use std::collections::HashSet;

use proptest::prelude::{Just, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::traps::money;
use crate::domain::Money;
use crate::voipms::{Call, Class, Function, Kind, Parameter};

fn parameter(function: Function, name: &str) -> &'static Parameter {
    function.parameter(name).unwrap()
}

#[test]
fn the_functions_are_those_of_the_document() {
    #[rustfmt::skip]
    let documented = [
        ("addCharge", "client! charge! description test", None, Class::MoneyMovingWrite),
        ("addPayment", "client! payment! description test", None, Class::MoneyMovingWrite),
        ("getBalance", "advanced", Some("balance"), Class::Read),
        ("getBalanceManagement", "balance_management", Some("balance_management"), Class::Read),
        ("getCharges", "client!", Some("charges"), Class::Read),
        ("getClientPackages", "client!", Some("packages"), Class::Read),
        ("getClientThreshold", "client!", Some("threshold_information"), Class::Read),
        ("getClients", "client", Some("clients"), Class::Read),
        ("getCountries", "country", Some("countries"), Class::Read),
        ("getDeposits", "client!", Some("deposits"), Class::Read),
        ("getIP", "", Some("ip"), Class::Read),
        ("getPackages", "package", Some("packages"), Class::Read),
        ("getResellerBalance", "client!", Some("balance"), Class::Read),
        ("getStates", "", Some("states"), Class::Read),
        ("setClient", "client! email! password! company firstname! lastname! address city state country zip phone_number! balance_management", None, Class::IdempotentWrite),
        ("setClientThreshold", "client! threshold! email", None, Class::IdempotentWrite),
        ("signupClient", "firstname! lastname! company address! city! state! country! zip! phone_number! email! confirm_email! password! confirm_password! activate balance_management", Some("client"), Class::MoneyMovingWrite),
    ];
    assert_eq!(documented.len(), Function::ALL.len());
    for (position, (name, parameters, key, class)) in documented.into_iter().enumerate() {
        let function = Function::from_name(name).unwrap();
        assert_eq!(function, Function::ALL[position], "{name}");
        assert_eq!(function.name(), name);
        let got = function.parameters().iter();
        let got = got.map(|parameter| format!("{}{}", parameter.name, if parameter.required { "!" } else { "" }));
        assert_eq!(got.collect::<Vec<_>>().join(" "), parameters, "{name}");
        assert_eq!((function.result_key(), function.class()), (key, class), "{name}");
        assert_eq!(function.has_dry_run(), name.starts_with("add"), "{name}");
        let summary = function.summary();
        assert!(
            !summary.is_empty() && !summary.ends_with('.') && summary.len() < 80,
            "{name}"
        );
    }
    assert_eq!(Function::from_name("getclients"), None, "names are exact");
    assert_eq!(Function::from_name(""), None);
}

#[test]
fn the_examples_of_the_document_pass_and_every_meaning_is_told() {
    let mut seen = HashSet::new();
    for function in Function::ALL {
        for parameter in function.parameters() {
            assert_eq!(
                parameter.check(parameter.example),
                Ok(()),
                "{function} {}",
                parameter.name
            );
            assert!(!parameter.meaning.is_empty() && !parameter.meaning.ends_with('.'));
            seen.insert(parameter.kind);
        }
    }
    assert_eq!(seen.len(), 13, "every kind is in use");
}

#[test]
fn which_statuses_mean_an_empty_list() {
    for (function, status, expected) in [
        (Function::GetClients, "no_client", true),
        (Function::GetPackages, "No_Package", true),
        (Function::GetCharges, "no_charges", true),
        (Function::GetDeposits, "no_deposits", true),
        // That there is no client says nothing of what it was charged.
        (Function::GetCharges, "no_client", false),
        (Function::GetDeposits, "No_Client", false),
        (Function::GetClientPackages, "no_client", false),
        (Function::GetCharges, "non_sufficient_funds", false),
        (Function::GetCharges, "success", false),
        (Function::GetCharges, "no", false),
        (Function::GetCharges, "né_", false),
        (Function::GetResellerBalance, "no_client", false),
        (Function::AddCharge, "no_client", false),
    ] {
        assert_eq!(
            function.expected().is_empty_list(status),
            expected,
            "{function} {status}"
        );
    }
}

#[test]
fn both_sides_of_what_each_kind_takes() {
    let (local, long_local) = (format!("{}@a.bc", "x".repeat(64)), format!("{}@a.bc", "x".repeat(65)));
    let (line, long_line) = ("é".repeat(255), "é".repeat(256));
    let (secret, long_secret) = ("x".repeat(512), "x".repeat(513));
    let label = "x".repeat(63);
    let (address, long_address) = (
        format!("xx@{label}.{label}.{label}.{}", "y".repeat(59)),
        format!("xxx@{label}.{label}.{label}.{}", "y".repeat(59)),
    );
    assert_eq!((address.len(), long_address.len()), (254, 255));
    let (code, long_code) = ("7".repeat(32), "7".repeat(33));
    #[rustfmt::skip]
    let cases: [(Function, &str, &[&str], &[&str]); 14] = [
        (Function::AddCharge, "client", &["1", "561115", "9999999999999999999"],
            &["", "0", "0561115", "-1", "+1", "1.0", "1 ", " 1", "1e3", "12345678901234567890", "john@example.com", "٣", "5\n6", "account"]),
        (Function::GetClients, "client", &["", "561115", "john.doe@mydomain.com"], &["0", "john", "john@", " ", "1,2", "5\0"]),
        (Function::AddCharge, "charge", &["0.01", "0.1", "1", "4.99", "4.9", "10", "999999.99", "100.00"],
            &["", "0", "0.00", "0.0", "-1", "+1", "1e2", "1E2", "4.999", "1000000", "1000000.00", "04.99", "00.5", ".5", "5.", ".", "1,5", "1,000", "$1", "1 ", " 1", "1.2.3", "NaN", "inf", "0x1", "١", "1_0", "1\n"]),
        (Function::AddPayment, "payment", &["0.01", "999999.99"], &["0", "0.001", "1000000"]),
        (Function::SetClientThreshold, "threshold", &["1", "9", "10", "249", "250"],
            &["", "0", "251", "1000", "-1", "+1", "01", "2.5", "10.0", "1e1", " 10", "10 ", "ten", "٣", "65537"]),
        (Function::SetClientThreshold, "email", &["john.doe@my-domain.com", "o'neill+x@a.b.co", "josé@exämple.com", &local, &address],
            &["", "john", "@", "@a.bc", "a@", "a@b", "a@b.", "a@.b", "a@b..c", ".a@b.c", "a.@b.c", "a..b@c.d", "a b@c.d", "a@b c.d", "a@b@c.d", "a@-b.c", "a@b-.c", "a@b_c.d",
              "a,b@c.d", "<a@b.c>", "\"a\"@b.c", "a@[127.0.0.1]", "a@b.c,d@e.f", "a@b.c\n",
              "john\u{200b}.doe@b.cd", "jo\u{ad}hn@b.cd", "\u{feff}john@b.cd", "a\u{202e}b@c.de", "a@b\u{200d}.cd", &long_local, &long_address]),
        (Function::SetClient, "country", &["US", "CA", "ZZ"], &["", "us", "Us", "USA", "U", "1A", "UNITED STATES", "É", "U "]),
        (Function::SignupClient, "activate", &["1", "0"], &["", "true", "false", "yes", "2", "01", " 1"]),
        (Function::AddCharge, "test", &["1"], &["", "0", "true", "True", "yes", "2", "01", "1 "]),
        (Function::GetBalance, "advanced", &["1", "True", "true"], &["", "0", "false", "yes", "TRUE"]),
        (Function::GetPackages, "package", &["8378", "a-B_9", &code], &["", "a b", "a/b", "é", "8378\r", &long_code]),
        (Function::SetClient, "company", &["", "Consulting", " O'Neill & Søn ", "می\u{200c}خواهم", &line],
            &[" ", "a\nb", "a\tb", "\u{7f}", "\u{85}", "\u{200b}", " \u{feff}", "a\u{2028}b", "a\u{2029}b", &long_line]),
        (Function::SignupClient, "address", &["1", "5491 190TH", &line], &["", " ", "\u{a0}", "a\0b", &long_line]),
        (Function::AddCharge, "description", &["x", "balancewatch 01M849RW800000000000000001", &line], &["", "  ", "a\nb", &long_line]),
    ];
    for (function, name, good, bad) in cases {
        let parameter = parameter(function, name);
        for value in good {
            assert_eq!(parameter.check(value), Ok(()), "{name} `{value}`");
        }
        for value in bad {
            let refused = parameter.check(value).unwrap_err();
            assert_eq!(refused.parameter(), name, "{value}");
            let shown = refused.to_string();
            assert!(shown.contains(parameter.kind.expected()), "{shown}");
            assert!(shown.len() < 400 && !shown.contains(char::is_control), "{shown:?}");
            if value.chars().count() < 60 && !value.contains(char::is_control) {
                let unseen = [
                    '\u{ad}', '\u{200b}', '\u{200d}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{feff}',
                ];
                let is_plain = !value.contains(unseen);
                assert_eq!(shown.contains(&format!("`{value}`")), is_plain, "{shown}");
            }
        }
    }
    for (name, value, is_good) in [
        ("weak", "x", true),
        ("blanks and signs", " p&ss \"w\" ", true),
        ("longest", secret.as_str(), true),
        ("too long", long_secret.as_str(), false),
        ("empty", "", false),
        ("of several lines", "secret\nword", false),
    ] {
        for (function, parameter_name) in [
            (Function::SetClient, "password"),
            (Function::SignupClient, "confirm_password"),
        ] {
            let checked = parameter(function, parameter_name).check(value);
            assert_eq!(checked.is_ok(), is_good, "{name}");
            let shown = format!("{checked:?}");
            assert!(
                value.len() < 2 || !shown.contains(value) && !shown.contains("secret"),
                "{name}: {shown}"
            );
        }
    }
}

fn arguments(of: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    of.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn all_problems_of_a_call_are_told_at_once() {
    let refused = |function, of: &[(&'static str, &str)]| {
        let problems = Call::new(function, arguments(of)).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let expected = [
        "addCharge takes no `payment`",
        "`charge` cannot be `-5`: an amount is above 0 and below a million, with at most two decimals, such as 4.99",
        "`charge` is given more than once",
        "`test` cannot be `true`: a dry run is asked for by 1 alone: the API ignores anything else, also true, and moves money",
        "`client` is missing: a client's id is a number such as 561115",
    ];
    let got = refused(
        Function::AddCharge,
        &[("payment", "5"), ("charge", "-5"), ("charge", "5"), ("test", "true")],
    );
    assert_eq!(got, expected);

    let mut signup = vec![
        ("firstname", "John"),
        ("lastname", "Doe"),
        ("address", "5491 190TH"),
        ("city", "OPA LOCKA"),
        ("state", "FLORIDA"),
        ("country", "US"),
        ("zip", "33055"),
        ("phone_number", "5551112222"),
        ("email", "john.doe@my-domain.com"),
        ("confirm_email", "john.doe@my-domain.com"),
        ("password", "johnspassword"),
        ("confirm_password", "johnspassword"),
    ];
    let good = Call::new(Function::SignupClient, arguments(&signup)).unwrap();
    assert!(!format!("{good:?}").contains("johnspassword"), "{good:?}");
    assert!(format!("{good:?}").contains("FLORIDA"), "{good:?}");
    (signup[9].1, signup[11].1) = ("John.doe@my-domain.com", "Johnspassword");
    let got = refused(Function::SignupClient, &signup);
    let expected = [
        "`confirm_email` is not the same as `email`",
        "`confirm_password` is not the same as `password`",
    ];
    assert_eq!(got, expected, "also in capitals, and without showing them");
    signup.truncate(9);
    assert_eq!(
        refused(Function::SignupClient, &signup).len(),
        3,
        "what is missing is not also different"
    );

    assert!(Call::new(Function::GetClients, Vec::new()).is_ok());
    assert!(Call::new(Function::GetStates, Vec::new()).is_ok());
    assert_eq!(
        refused(Function::GetStates, &[("country", "US")]),
        ["getStates takes no `country`"]
    );
}

proptest! {
    #[test]
    fn amounts_that_are_made_right_pass(whole in 0u32..1_000_000, cents in 0u32..100, places in 0usize..3) {
        let text = match places {
            0 => whole.to_string(),
            1 => format!("{whole}.{}", cents / 10),
            _ => format!("{whole}.{cents:02}"),
        };
        let charge = parameter(Function::AddCharge, "charge");
        prop_assert_eq!(charge.check(&text).is_ok(), text.parse::<Money>().unwrap().is_positive(), "{}", text);
    }

    #[test]
    fn what_passes_as_an_amount_is_one(text in prop_oneof!["[0-9.+eE, -]{0,9}", any::<String>()]) {
        if parameter(Function::AddCharge, "charge").check(&text).is_ok() {
            let amount = text.parse::<Money>().unwrap();
            prop_assert!(amount.is_positive() && amount <= money("999999.99"), "{}", text);
            prop_assert!(amount.amount().scale() <= 2 && text.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()));
        }
    }

    #[test]
    fn thresholds_are_the_whole_numbers_from_1_to_250(number in -300i32..70_000, text in "[0-9. +-]{0,5}") {
        let threshold = parameter(Function::SetClientThreshold, "threshold");
        prop_assert_eq!(threshold.check(&number.to_string()).is_ok(), (1..=250).contains(&number));
        let canonical = (1..=250).any(|number: u16| number.to_string() == text);
        prop_assert_eq!(threshold.check(&text).is_ok(), canonical);
    }

    #[test]
    fn nothing_with_a_control_character_is_ever_sent(
        before in "[a-z0-9@.]{0,8}",
        control in prop_oneof![Just('\0'), Just('\n'), Just('\r'), Just('\t'), Just('\u{1b}'), Just('\u{7f}'), Just('\u{9f}')],
        after in "[a-z0-9@.]{0,8}",
    ) {
        for function in Function::ALL {
            for parameter in function.parameters() {
                let value = format!("{before}{control}{after}");
                let refused = parameter.check(&value).unwrap_err().to_string();
                prop_assert!(!refused.contains(char::is_control));
                prop_assert!(parameter.kind != Kind::Password || value.len() < 4 || !refused.contains(&value));
            }
        }
    }

    #[test]
    fn no_text_makes_a_check_panic_and_addresses_hold_one_at(text in any::<String>()) {
        for function in Function::ALL {
            for parameter in function.parameters() {
                let passes = parameter.check(&text).is_ok();
                if passes && parameter.kind == Kind::Email {
                    prop_assert_eq!(text.matches('@').count(), 1);
                }
            }
        }
    }
}
