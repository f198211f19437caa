//! From the command line to what is sent: the marker is added, and everything that is wrong is said at once. Nothing is sent
//! here.

use std::io::{IsTerminal, stdin};

use secrecy::{ExposeSecret, SecretString};

use super::grammar::{Given, is_option};
use super::passwords::{self, Lines};
use super::words;
use crate::cli::failure::{FAILED, Failure};
use crate::cli::hidden::Hidden;
use crate::clock::Clock;
use crate::voipms::{Call, Class, Function, Kind, Marker, Parameter, Unacceptable};

/// What is to be done, its arguments good.
pub enum Request {
    /// A call that is sent as it is, and the description that was made for it.
    Call(Call, Option<Marker>),
    /// setClient over the record as it is: the client, and the values that were given.
    Overlay {
        client: String,
        /// Names and values. One may be a password.
        values: Vec<(&'static str, SecretString)>,
    },
}

impl Request {
    /// The client's password that is sent.
    pub fn password(&self) -> Option<SecretString> {
        match self {
            Self::Call(call, _) => call.argument("password").map(SecretString::from),
            Self::Overlay { values, .. } => {
                let password = values.iter().find(|(name, _)| *name == "password");
                password.map(|(_, password)| password.clone())
            }
        }
    }
}

/// Checks what was given, asks for passwords that are to be typed, and makes the request of it. Giving up, also in the middle
/// of a question, leaves the terminal as it was.
///
/// # Errors
/// Everything that is wrong with it (64), or a terminal that would show what is typed (1).
pub async fn asked(given: Given) -> Result<Request, Failure> {
    let is_typed = passwords::are_typed(&given);
    if is_typed && stdin().is_terminal() && !given.yes && !is_overlay(&given) {
        // Nobody types a password for what is not done anyhow.
        return Err(no_yes(given.function, None));
    }
    let hidden = if is_typed { Hidden::typing() } else { Ok(None) };
    let hidden = hidden.map_err(|error| {
        let failure = Failure::from(error).while_doing("the terminal would show the password while it is typed");
        failure.hint("nothing was sent; `--password-file PATH` reads it from a file")
    })?;
    let is_terminal = hidden.is_some();
    // On a thread of its own: nobody waits for what is never typed.
    let request = tokio::task::spawn_blocking(move || {
        let mut lines = Lines {
            input: &mut stdin().lock(),
            is_terminal,
        };
        request(given, &mut lines)
    });
    let request = request.await.map_err(|error| Failure::from_error(&error, FAILED))?;
    if let Some(hidden) = hidden {
        hidden.answered();
    }
    request
}

/// Whether what is given is laid over the record as it is.
fn is_overlay(given: &Given) -> bool {
    given.function == Function::SetClient && !given.raw
}

fn request(mut given: Given, lines: &mut Lines<'_>) -> Result<Request, Failure> {
    let function = given.function;
    let swallowed = swallowed(&given);
    let mut problems: Vec<String> = swallowed.iter().map(|(_, problem)| problem.clone()).collect();
    let bad_passwords = passwords::fetch(&mut given, lines);
    let is_bad_password =
        |problem: &Unacceptable| !bad_passwords.is_empty() && function.is_password(problem.parameter());
    let is_overlay = is_overlay(&given);
    if is_overlay && given.values.iter().all(|(name, _)| *name == "client") && bad_passwords.is_empty() {
        problems.push("no field is given that is to be changed".to_owned());
    }
    let mut values = given.values;
    if given.vain_test {
        problems.push(format!(
            "{function} has no dry run: the API would ignore `test` and do it; leave out `--test`"
        ));
    }
    let marker = marker(function, &mut values);
    let checked = Call::new(function, values.clone());
    for problem in checked.as_ref().err().into_iter().flatten() {
        let is_told = swallowed.iter().any(|(name, _)| *name == problem.parameter()) || is_bad_password(problem);
        let is_read =
            is_overlay && matches!(problem, Unacceptable::Missing { parameter, .. } if *parameter != "client");
        if !is_read && !is_told {
            problems.push(in_words(function, problem));
        }
    }
    problems.extend(bad_passwords);
    if !problems.is_empty() {
        return Err(refused(function, problems));
    }
    match checked {
        Ok(call) if !is_overlay => {
            if function.class() != Class::Read && !given.yes && !call.is_dry_run() {
                return Err(no_yes(function, Some(&call)));
            }
            Ok(Request::Call(call, marker))
        }
        _ => {
            let client = values.iter().find(|(name, _)| *name == "client");
            let client = client.map(|(_, id)| id.clone()).unwrap_or_default();
            let given = values.into_iter().filter(|(name, _)| *name != "client");
            let values = given.map(|(name, value)| (name, SecretString::from(value))).collect();
            Ok(Request::Overlay { client, values })
        }
    }
}

/// A problem, in words that help to mend it.
fn in_words(function: Function, problem: &Unacceptable) -> String {
    match (problem, function.parameter(problem.parameter())) {
        (
            Unacceptable::Missing { .. },
            Some(Parameter {
                name,
                meaning,
                example,
                kind,
                ..
            }),
        ) => match (kind, *name) {
            (Kind::Password, "confirm_password") => format!(
                "`{name}` is missing: {meaning}; not needed when the password comes from a file or standard input"
            ),
            (Kind::Password, _) => {
                format!("`{name}` is missing: {meaning}; give it with `--password-file PATH` or `--password -`")
            }
            _ => format!("`{name}` is missing: {meaning}, such as {example}"),
        },
        _ => problem.to_string(),
    }
}

/// Adds a description where nobody gave one and it is all that such a call can be found again by.
fn marker(function: Function, values: &mut Vec<(&'static str, String)>) -> Option<Marker> {
    let is_markable = matches!(function, Function::AddCharge | Function::AddPayment);
    if !is_markable || values.iter().any(|(name, _)| *name == "description") {
        return None;
    }
    let marker = Marker::new(Clock::real().now(), rand::random());
    let place = values.iter().position(|(name, _)| *name == "test");
    values.insert(place.unwrap_or(values.len()), ("description", marker.to_string()));
    Some(marker)
}

fn refused(function: Function, problems: Vec<String>) -> Failure {
    let count = match problems.len() {
        1 => "its arguments have a problem".to_owned(),
        count => format!("its arguments have {count} problems"),
    };
    let mut failure = Failure::usage(format!("{function} was not sent: {count}"));
    failure.causes = problems;
    failure.hint(format!("`balancewatch api {function} --help` explains each parameter"))
}

/// The failure of a write that nobody confirmed; with the call it says what would have been done.
pub fn no_yes(function: Function, call: Option<&Call>) -> Failure {
    let what = words::unconfirmed(function, call);
    let failure = Failure::usage(format!("{function} was not sent: it {what}, and `--yes` is not given"));
    failure.hint(if function.has_dry_run() {
        "add `--yes` to do it, or `--test` to try it without an effect"
    } else {
        "add `--yes` to do it"
    })
}

/// Values that are options of this program: their own value was forgotten.
fn swallowed(given: &Given) -> Vec<(&'static str, String)> {
    let forgotten = given.values.iter().filter(|(_, value)| is_option(value));
    forgotten
        .map(|(name, value)| {
            (
                *name,
                format!("`--{name}` has no value: the option `{value}` comes next"),
            )
        })
        .collect()
}

/// The values of an overlay, to look at.
pub fn exposed<'v>(values: &'v [(&'static str, SecretString)]) -> impl Iterator<Item = (&'static str, &'v str)> {
    values.iter().map(|(name, value)| (*name, value.expose_secret()))
}
