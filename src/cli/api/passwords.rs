//! Clients' passwords: from the command line, a file, or standard input, where a person may type them. None is shown.

use std::io::{BufRead, Read, Write};

use super::grammar::Given;
use super::notes::note;
use crate::config::secret_in;
use crate::voipms::Function;

/// The longest line that is read as a password: beyond every password that the API takes.
const LONGEST_LINE_BYTES: u64 = 4096;

/// Where typed passwords come from.
pub struct Lines<'i> {
    /// One line for each.
    pub input: &'i mut dyn BufRead,
    /// Whether a person types them, unseen.
    pub is_terminal: bool,
}

/// Whether one is to be read from standard input.
pub fn are_typed(given: &Given) -> bool {
    let mut values = given.values.iter();
    values.any(|(name, value)| is_typed(given.function, name, value))
}

fn is_typed(function: Function, name: &str, value: &str) -> bool {
    function.is_password(name) && value == "-"
}

/// Fetches passwords from where they are; what is wrong with that, one text each. None holds a password.
pub fn fetch(given: &mut Given, lines: &mut Lines<'_>) -> Vec<String> {
    let function = given.function;
    let mut problems = Vec::new();
    let mut fetched = None;
    let mut is_in_sight = false;
    let is_confirmed = given.values.iter().any(|(name, _)| *name == "confirm_password");
    for (name, value) in &mut given.values {
        if !function.is_password(name) {
            continue;
        }
        if !is_typed(function, name, value) {
            is_in_sight = true;
            continue;
        }
        let mut line = lines.next(name, name);
        if lines.is_terminal && !is_confirmed && line.is_ok() {
            // Nobody saw what was typed.
            let again = lines.next(name, "the same again");
            if again != line {
                line = Err(format!(
                    "`--{name} -`: what was typed differs between the first and the second time"
                ));
            }
        }
        match line {
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
            Err(bad) if path.components().count() < 2 => problems.push(format!(
                "`--password-file` {bad} (it takes a file's path; this one is not shown, in case it is the password)"
            )),
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

impl Lines<'_> {
    /// The next line, for the parameter `name`; at a terminal `question` is asked for it.
    fn next(&mut self, name: &str, question: &str) -> Result<String, String> {
        if self.is_terminal {
            write!(std::io::stderr(), "{question}: ").ok();
        }
        let bad = |what: &str| format!("`--{name} -`: standard input {what}");
        let mut bytes = Vec::new();
        let read = (&mut *self.input)
            .take(LONGEST_LINE_BYTES)
            .read_until(b'\n', &mut bytes);
        if self.is_terminal && !bytes.ends_with(b"\n") {
            // What is said next does not belong behind the question.
            writeln!(std::io::stderr()).ok();
        }
        read.map_err(|error| bad(&format!("cannot be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| bad("is no UTF-8"))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return Err(bad("has no password: its line is empty"));
        }
        Ok(line.to_owned())
    }
}
