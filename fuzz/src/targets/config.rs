//! Fuzzes the configuration's reader (`config`): texts and variables, up to settings or problems. Touches no file and no
//! network. Problems are lines, and nobody's password is in them; settings hang together. The input is laid out as
//! `src/texts.rs` says.

use std::collections::BTreeSet;

use balancewatch::config::fuzzing::load;
use balancewatch::config::{Loaded, Problem};

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
        Ok(loaded) => check(&loaded),
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

/// A problem is one line without a password.
fn check_line(problem: &Problem) {
    let line = problem.to_string();
    assert!(!line.contains(char::is_control), "more than a line: {line:?}");
    assert!(!canary::is_seen(&line), "a password is shown: {line}");
}
