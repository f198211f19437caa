//! From the command line to what is sent: passwords are fetched, the marker is added, and everything that is wrong is
//! said at once. Nothing is sent here.

use std::io::{BufRead, IsTerminal, Read, Write};

use secrecy::{ExposeSecret, SecretString};

use super::grammar::Given;
use crate::cli::Failure;
use crate::cli::output::clean;
use crate::clock::Clock;
use crate::config::secret_in;
use crate::voipms::{Class, Function, Kind, Marker, Parameter, RawCall, Unacceptable};

/// The longest line that is read as a password: beyond every password that the API takes.
const LONGEST_LINE_BYTES: u64 = 4096;

/// What is to be done, its arguments good.
pub enum Request {
    /// A call that is sent as it is, and the description that was made for it.
    Call(RawCall, Option<Marker>),
    /// setClient over the record as it is: the client, and the values that were given.
    Overlay {
        /// The client's id.
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

/// A line on standard error that is no error. Nobody has to read it.
pub fn note(text: &str) {
    writeln!(std::io::stderr(), "note: {}", clean(text)).ok();
}

/// Checks what was given, and makes the request of it.
///
/// # Errors
/// Everything that is wrong with it (64).
pub fn request(mut given: Given, input: &mut dyn BufRead) -> Result<Request, Failure> {
    let function = given.function;
    let swallowed = swallowed(&given);
    let mut problems: Vec<String> = swallowed.iter().map(|(_, problem)| problem.clone()).collect();
    let bad_passwords = passwords(&mut given, input);
    let is_bad_password = |problem: &Unacceptable| {
        !bad_passwords.is_empty() && ["password", "confirm_password"].contains(&problem.parameter())
    };
    let is_overlay = function == Function::SetClient && !given.raw;
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
    let checked = RawCall::new(function, values.clone());
    for problem in checked.as_ref().err().into_iter().flatten() {
        let is_told = swallowed.iter().any(|(name, _)| *name == problem.parameter()) || is_bad_password(problem);
        let is_read =
            is_overlay && matches!(problem, Unacceptable::Missing { parameter, .. } if *parameter != "client");
        if !is_read && !is_told {
            problems.push(told(function, problem));
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
fn told(function: Function, problem: &Unacceptable) -> String {
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
pub fn no_yes(function: Function, call: Option<&RawCall>) -> Failure {
    let argument = |name| call.and_then(|call| call.argument(name)).unwrap_or_default();
    let what = match function {
        Function::AddCharge => format!(
            "moves money: it would charge {} to client {}",
            argument("charge"),
            argument("client")
        ),
        Function::AddPayment => format!(
            "moves money: it would credit {} to client {}",
            argument("payment"),
            argument("client")
        ),
        Function::SignupClient => "makes a new client".to_owned(),
        _ => "overwrites what is there".to_owned(),
    };
    let failure = Failure::usage(format!("{function} was not sent: it {what}, and `--yes` is not given"));
    failure.hint(if function.has_dry_run() {
        "add `--yes` to do it, or `--test` to try it without an effect"
    } else {
        "add `--yes` to do it"
    })
}

/// Values that are options of this program: their own value was forgotten.
fn swallowed(given: &Given) -> Vec<(&'static str, String)> {
    let options = [
        "--yes",
        "--test",
        "--raw",
        "--show-secrets",
        "--password-file",
        "--config",
        "--account",
        "--output",
        "--log-format",
        "--verbose",
        "--help",
        "-v",
        "-h",
    ];
    let is_option = |value: &str| {
        let name = value.strip_prefix("--").unwrap_or_default();
        options.contains(&value) || given.function.parameter(name).is_some()
    };
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

/// Fetches passwords from where they are; what is wrong with that, one text each. None holds a password.
fn passwords(given: &mut Given, input: &mut dyn BufRead) -> Vec<String> {
    let function = given.function;
    let is_password = |name: &str| {
        let parameter = function.parameter(name);
        parameter.is_some_and(|parameter| parameter.kind == Kind::Password)
    };
    let mut problems = Vec::new();
    let mut fetched = None;
    let mut is_in_sight = false;
    for (name, value) in given.values.iter_mut().filter(|(name, _)| is_password(name)) {
        if value != "-" {
            is_in_sight = true;
            continue;
        }
        match line(name, input) {
            Ok(password) => {
                value.clone_from(&password);
                fetched = (*name == "password").then_some(password).or(fetched);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if is_in_sight {
        note(
            "a password on the command line can be seen by others on this machine, and stays in the shell's history; \
             `--password-file PATH` or `--password -` keep it from them",
        );
    }
    if let Some(path) = &given.password_file {
        match secret_in(path) {
            Ok(password) => {
                given.values.push(("password", password.clone()));
                fetched = Some(password);
            }
            // Without a folder it may be the password itself, given as the file by mistake.
            Err(bad) if path.components().count() < 2 => problems.push(format!("`--password-file` {bad}")),
            Err(bad) => problems.push(format!("`--password-file {}` {bad}", path.display())),
        }
    }
    if let Some(password) = fetched
        && function.parameter("confirm_password").is_some()
        && given.values.iter().all(|(name, _)| *name != "confirm_password")
    {
        // Nobody mistypes what a file holds: confirming it would compare it with itself.
        given.values.push(("confirm_password", password));
    }
    in_order(given);
    problems
}

/// Puts the values back into the order of the document.
fn in_order(given: &mut Given) {
    let parameters = given.function.parameters();
    given
        .values
        .sort_by_key(|(name, _)| parameters.iter().position(|parameter| parameter.name == *name));
}

/// One line of standard input.
fn line(name: &str, input: &mut dyn BufRead) -> Result<String, String> {
    if std::io::stdin().is_terminal() {
        write!(std::io::stderr(), "{name} (shown while you type): ").ok();
    }
    let bad = |what: &str| format!("`--{name} -`: standard input {what}");
    let mut bytes = Vec::new();
    let read = input.take(LONGEST_LINE_BYTES).read_until(b'\n', &mut bytes);
    read.map_err(|error| bad(&format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| bad("is no UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(bad("has no password: its line is empty"));
    }
    Ok(line.to_owned())
}

/// The values of an overlay, to look at.
pub fn exposed<'v>(values: &'v [(&'static str, SecretString)]) -> impl Iterator<Item = (&'static str, &'v str)> {
    values.iter().map(|(name, value)| (*name, value.expose_secret()))
}
