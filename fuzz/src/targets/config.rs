//! Fuzzes the configuration's reader (`config`): texts and variables, up to settings or problems. Touches no file and no
//! network. Problems are lines without a password. Settings hang together, and what `config show` prints of them holds no
//! password and means the same when it is read again. The input is laid out as `src/texts.rs` says.

use std::collections::BTreeSet;
use std::path::PathBuf;

use balancewatch::config::fuzzing::{Under, load};
use balancewatch::config::{Loaded, Problem, Secrets, Settings, Variables};

use super::now;
use crate::canary;
use crate::texts::Texts;

/// Tries one input.
///
/// # Panics
/// When what must hold does not.
pub fn try_input(data: &[u8]) {
    let Some(texts) = Texts::of(data) else { return };
    let parts = [&*texts.main, &texts.more];
    match load(texts.under, &parts, &texts.variables, texts.secrets, now()) {
        Ok(loaded) => {
            check(&loaded);
            check_shown(&loaded, &texts);
        }
        Err(found) => {
            assert!(!found.problems.is_empty(), "neither settings nor problems");
            found.problems.iter().chain(&found.warnings).for_each(check_line);
        }
    }
}

/// What holds for every configuration that is taken.
fn check(Loaded { settings, warnings, .. }: &Loaded) {
    assert!(!settings.accounts.is_empty(), "settings without an account");
    let are_unique = |names: Vec<&str>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let accounts = settings.accounts.iter().map(|it| it.name.as_str()).collect();
    let channels = settings.channels.iter().map(|it| it.name.as_str()).collect();
    let policies = settings.policies.iter().map(|it| it.name.as_str()).collect();
    assert!(
        [accounts, channels, policies].into_iter().all(are_unique),
        "{settings:?}"
    );
    assert!(settings.smtp.is_some() || (settings.channels.is_empty() && !settings.mails_clients()));
    for account in &settings.accounts {
        assert_eq!(settings.policies_of(account).len(), settings.policies.len());
    }
    assert!(
        settings.schedule.next_after(now()) > now(),
        "the next sweep is not after now"
    );
    warnings.iter().for_each(check_line);
}

/// What `config show` prints holds no password, and gives the same settings when it is read again.
fn check_shown(loaded: &Loaded, texts: &Texts) {
    let debug = format!("{:?}", loaded.settings);
    assert!(!canary::is_seen(&debug), "a password is in the settings' Debug");
    let json = loaded.effective.to_json();
    if !texts.names_a_path {
        let shown = format!("{:?}{json}", loaded.effective);
        assert!(!canary::is_seen(&shown), "a password is shown: {shown}");
    }
    let again = read_back(loaded, texts.secrets);
    assert_eq!(again.effective.to_json()["config"], json["config"]);
}

fn read_back(loaded: &Loaded, secrets: Secrets) -> Loaded {
    let printed = loaded.effective.to_toml();
    let again = match load(Under::Nothing, &[&printed], &Variables::new(), secrets, now()) {
        Ok(again) => again,
        Err(found) => panic!("{:?} in what `config show` prints:\n{printed}", found.problems),
    };
    assert_eq!(meaning(&again.settings), meaning(&loaded.settings), "{printed}");
    again
}

/// The settings but for the store's path, which counts from the folder of the file that names it.
fn meaning(settings: &Settings) -> String {
    let mut settings = settings.clone();
    settings.store.path = PathBuf::new();
    format!("{settings:?}")
}

/// A problem is one line without a password.
fn check_line(problem: &Problem) {
    let line = problem.to_string();
    assert!(!line.contains(char::is_control), "more than a line: {line:?}");
    assert!(!canary::is_seen(&line), "a password is shown: {line}");
}
