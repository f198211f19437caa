//! How a call that was no success is told: what the API said and what that means, or that nobody knows whether it was
//! done, and the command that finds out.

use crate::cli::context::{DEFAULT_CONFIG, Global};
use crate::cli::failure::{FAILED, Failure};
use crate::cli::shell;
use crate::voipms::{Call, CallError, Class, Client, Error, FindOut, Function, meaning};

use super::words::Deed;

/// The options that a command needs to look at the same account: those that were given, for a POSIX shell.
pub fn options(global: &Global) -> String {
    let mut options = String::new();
    if global.config.as_os_str() != DEFAULT_CONFIG {
        options += &format!(" --config {}", shell::word(&global.config.to_string_lossy()));
    }
    if let Some(account) = &global.account {
        options += &format!(" --account {}", shell::word(account));
    }
    options
}

/// The command that shows what there is of a client now. `options`: see [`options`].
pub fn command(function: Function, client: &str, options: &str) -> String {
    format!(
        "`balancewatch api {function} --client {}{options}`",
        shell::word(client)
    )
}

/// A call that surely was not done.
pub fn declined(error: &Error) -> Failure {
    let failure = cause(error);
    match error.function().class() {
        Class::Read => failure,
        _ => failure.while_doing(format!("{} was not done", error.function())),
    }
}

/// The same, with the best hint that there is: where the API does not allow this machine's address it is asked for it.
pub async fn advised(api: &Client, error: &Error) -> Failure {
    let failure = declined(error);
    if error.is_absent_client() {
        return failure;
    }
    failure.hint_if(api.advice(error).await)
}

/// What was asked for before anything is changed, or why it could not be had.
pub async fn answered<T>(api: &Client, answer: Result<T, Error>) -> Result<T, Failure> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(error) => Err(advised(api, &error).await),
    }
}

/// A success that could not be printed, or lacks what was asked for. Of a write it must be said that it was done.
pub fn unprinted(call: &Call, failure: Failure) -> Failure {
    let function = call.function();
    match function.class() {
        Class::Read => failure,
        _ if call.is_dry_run() => failure,
        _ => failure.while_doing(format!("{function} was done, but what came of it could not be printed")),
    }
}

/// What went wrong, what that means, and what can be done about it.
fn cause(error: &Error) -> Failure {
    let mut failure = Failure::from_error(error, FAILED);
    if let Some(meaning) = error.code().and_then(meaning) {
        failure = failure.cause(meaning);
    }
    if error.is_absent_client() {
        return failure.hint("`balancewatch api getClients` lists the clients");
    }
    failure.hint_if(error.hint())
}

/// A write of which it is not known whether it was done; `None` for every other call. `options`: see [`options`].
pub fn unknown(call: &Call, currency: &str, error: &CallError, options: &str) -> Option<Failure> {
    let find_out = error.find_out()?;
    let is_dry = call.is_dry_run() && !error.may_not_have_been_dry();
    let (what, hint) = doubt(call, currency, find_out, options, is_dry);
    Some(cause(error.error()).while_doing(what).hint(hint))
}

/// What is true of a write that was sent as long as no answer came; `None` for a read.
pub fn unheard(call: &Call, currency: &str, options: &str) -> Option<Failure> {
    let find_out = FindOut::of(call)?;
    let (what, hint) = doubt(call, currency, &find_out, options, call.is_dry_run());
    Some(Failure::failed(what).hint(hint))
}

/// What is not known, and what to do. `is_dry`: nothing speaks against its having been a dry run, as it was meant.
fn doubt(call: &Call, currency: &str, find_out: &FindOut, options: &str, is_dry: bool) -> (String, String) {
    let Deed { whether, .. } = Deed::of(call, currency);
    let command = command(find_out.function, &find_out.client, options);
    if is_dry {
        return (
            "the dry run came to no result; `test=1` should move nothing".to_owned(),
            format!("see that {command} lists nothing of it, then repeat it"),
        );
    }
    let in_spite = if call.is_dry_run() {
        ", although a dry run was asked for"
    } else {
        ""
    };
    let shows = format!("{command} shows {}", find_out.shows);
    let hint = match call.function().class() {
        Class::MoneyMovingWrite => format!("do not repeat it before you know: {shows}"),
        _ => shows,
    };
    (format!("it is NOT known whether {whether}{in_spite}"), hint)
}

#[cfg(test)]
mod tests {
    use super::command;
    use crate::voipms::Function;

    #[test]
    fn commands_can_be_copied_into_a_shell() {
        assert_eq!(
            command(Function::GetClients, "o'neill@example.com", " --account main"),
            r"`balancewatch api getClients --client 'o'\''neill@example.com' --account main`"
        );
    }
}
