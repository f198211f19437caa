//! What holds for every text: no panic, no secret in what is said, and one line for each problem.

use proptest::prelude::{Strategy, any, prop_assert, prop_oneof, proptest};

use super::super::known::rows;
use super::super::schedule::SweepEvery;
use super::super::{Problem, Request, Secrets, Variables, load as load_request};
use super::{BASE, load, now, with};

/// A value as somebody might write it: nonsense, near misses, and good ones.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,30}".prop_map(|text| format!("{text:?}")),
        "\\PC{0,12}".prop_map(|text| format!("{text:?}")),
        "[0-9*/,@#LW -]{1,20}".prop_map(|text| format!("{text:?}")),
        "-?[0-9]{1,3}(\\.[0-9]{1,3})?(% of threshold|s|m|h|d)?".prop_map(|text| format!("{text:?}")),
        "(https?|smtps?|sqlite|postgres)://[a-z@:/?#.%0-9\\[\\]]{0,20}".prop_map(|text| format!("{text:?}")),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        "[a-z]{0,6}".prop_map(|text| format!("[{text:?}, {{ a = 1 }}, 2.5]")),
        "[a-z_]{1,9}".prop_map(|key| format!("{{ {key} = '1' }}")),
    ]
}

fn key() -> impl Strategy<Value = (String, String)> {
    let rows = rows();
    let keys = rows.filter_map(|row| {
        let (section, _) = row.path.split_once('.')?;
        Some((section.to_owned(), row.name().to_owned()))
    });
    proptest::sample::select(keys.collect::<Vec<_>>())
}

fn is_one_line(problem: &Problem) -> bool {
    !problem.to_string().contains(char::is_control)
}

proptest! {
    #[test]
    fn any_value_of_any_key_is_taken_or_refused((section, key) in key(), value in value()) {
        let text = with(&section, &key, &value);
        if let Err(found) = load(&text) {
            prop_assert!(!found.problems.is_empty(), "{}", text);
            prop_assert!(found.problems.iter().all(is_one_line), "{:?}", found);
            prop_assert!(!format!("{found:?}").contains("hunter2"), "{:?}", found);
        }
    }

    #[test]
    fn any_text_is_taken_or_refused(text in "([a-z_\\[\\]]{1,12}( = |\\.|\n)?['\"]?[ -~]{0,12}\n?){0,8}") {
        prop_assert!(load(&text).is_err());
    }

    #[test]
    fn a_broken_file_shows_no_secret(at in 0..BASE.len(), junk in "[\"'\\[\\]=\n#x]{0,3}") {
        let text = format!("{}{junk}{}", &BASE[..at], &BASE[at..]);
        if let Err(found) = load(&text) {
            prop_assert!(!format!("{found:?}").contains("hunter2-secret"), "{:?}", found);
        }
    }

    #[test]
    fn any_variable_is_taken_or_refused(name in "[A-Z_]{0,40}", value in "\\PC{0,20}") {
        let variables = Variables::from([(format!("BALANCEWATCH__{name}").into(), value.into())]);
        let path = std::path::Path::new("/nowhere/config.toml");
        let request = Request { path, is_named: true, variables: &variables, secrets: Secrets::Required, now: now() };
        let found = load_request(request).unwrap_err();
        prop_assert!(found.problems.iter().all(is_one_line), "{:?}", found);
    }

    #[test]
    fn a_rule_that_is_taken_ticks_after_now(rule in "([0-9*/,#LW-]{1,6} ){4,6}[0-9*]{1,3}") {
        if let Ok(sweep) = SweepEvery::cron(&rule, "America/Toronto", now()) {
            let mut schedule = super::settings(BASE).schedule;
            schedule.sweep = sweep;
            prop_assert!(schedule.next_after(now()) > now());
            prop_assert!(schedule.interval(now()).is_positive());
        }
    }
}
