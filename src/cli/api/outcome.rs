//! How a call that was no success is told: what the API said and what that means, or that nobody knows whether it was
//! done, and the command that finds out.

use crate::cli::failure::FAILED;
use crate::cli::{Failure, Global};
use crate::voipms::{CallError, Class, Error, RawCall, meaning};

use super::words::Deed;

/// The options that a command needs to look at the same account: those that were given, for a POSIX shell.
pub fn options(global: &Global) -> String {
    let mut options = String::new();
    if global.config.as_os_str() != crate::cli::DEFAULT_CONFIG {
        options += &format!(" --config {}", quoted(&global.config.to_string_lossy()));
    }
    if let Some(account) = &global.account {
        options += &format!(" --account {}", quoted(account));
    }
    options
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/._-".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The failure that a call ended with. `options`: see [`options`].
pub fn failure(call: &RawCall, currency: &str, error: &CallError, options: &str) -> Failure {
    match unknown(call, currency, error, options) {
        Some(failure) => failure,
        None => declined(error.error()),
    }
}

/// A call that surely was not done.
pub fn declined(error: &Error) -> Failure {
    let mut failure = Failure::from_error(error, FAILED);
    if let Some(meaning) = error.code().and_then(meaning) {
        failure = failure.cause(meaning);
    }
    match error.hint() {
        Some(_) if error.is_absent_client() => failure.hint("`balancewatch api getClients` lists the clients"),
        // The daemon asks again; here a person does.
        Some(hint) => failure.hint(hint.replace("it is asked again later", "try again later")),
        None => failure,
    }
}

/// A write of which it is not known whether it was done; `None` for every other call.
fn unknown(call: &RawCall, currency: &str, error: &CallError, options: &str) -> Option<Failure> {
    let find_out = error.find_out()?;
    let Deed { whether, .. } = Deed::of(call, currency);
    let mut failure = Failure::failed(format!("it is NOT known whether {whether}"));
    failure.causes = declined(error.error()).causes;
    failure.causes.insert(0, error.error().to_string());
    let command = format!("`{}{options}`", find_out.command());
    let shows = find_out.what_it_shows();
    Some(failure.hint(if call.function().class() == Class::MoneyMovingWrite {
        format!("do not repeat it before you know: {command} shows {shows}")
    } else {
        format!("{command} shows {shows}")
    }))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, expected) in [
            ("/etc/balancewatch/config.toml", "/etc/balancewatch/config.toml"),
            ("main", "main"),
            ("my config.toml", "'my config.toml'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(word), expected, "{word}");
        }
    }
}
