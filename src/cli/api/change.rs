//! A change of a client's record in words: what would become of it, why it cannot be sent, and what became of it. Asks and
//! sends nothing.

use std::collections::BTreeMap;

use super::notes::note;
use super::outcome;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::ClientId;
use crate::domain::enforcement::{FieldDifference, Refusal};
use crate::domain::plan::{Country, Field, Record, compare, shows_password};
use crate::view::{Table, Tone};
use crate::voipms::{CallError, Error, Function};

/// A change that is meant.
pub struct Change<'a> {
    /// Whose record it is.
    pub client: &'a ClientId,
    /// The record as it was read.
    pub before: &'a Record,
    /// What differs from it, with the new values. One may be a password.
    pub fields: Vec<(Field, &'a str)>,
    /// What the account's codes of balance management mean; nothing where none was given.
    pub codes: BTreeMap<String, String>,
    pub find_out_options: &'a str,
}

impl Change<'_> {
    /// Shows the difference. Part of what the command prints, unless that is JSON.
    ///
    /// # Errors
    /// When it cannot be printed.
    pub fn show(&self, context: &mut Context) -> Result<(), Failure> {
        let client = self.client;
        let mut table = Table::new(&[&format!("client {client}"), "is", "becomes"]);
        for &(field, value) in &self.fields {
            let (is, becomes) = match field {
                Field::Password => ("***".to_owned(), "changed".to_owned()),
                Field::BalanceManagement => {
                    let named = |code: &str| named(code, self.codes.get(code));
                    (named(self.before.get(field)), named(value))
                }
                _ => (quoted(self.before.get(field)), quoted(value)),
            };
            if context.wants_json() {
                note(&format!("{} of client {client}: {is} -> {becomes}", field.name()));
            }
            table.row([
                (field.name().to_owned(), Tone::Plain),
                (is, Tone::Plain),
                (becomes, Tone::Warning),
            ]);
        }
        if context.wants_json() {
            return Ok(());
        }
        context.out.table(&table)
    }

    /// The record cannot be sent back.
    pub fn refused(&self, refusal: &Refusal) -> Failure {
        let failure = Failure::failed(format!(
            "setClient was not sent: the record of client {} cannot be sent back",
            self.client
        ));
        let failure = failure.cause(refusal.to_string());
        match refusal {
            Refusal::PasswordEmpty | Refusal::PasswordMasked | Refusal::PasswordHashed | Refusal::PasswordShared => {
                failure.hint("give the client a new password with `--password-file`, or change the field in the portal")
            }
            Refusal::UnknownCountry { .. } => {
                failure.hint("give the country's code with `--country` (`balancewatch api getCountries` lists them)")
            }
            Refusal::MissingField { field } | Refusal::Number { field } => {
                failure.hint(format!("give it with `--{field}`"))
            }
            _ => failure,
        }
    }

    /// The API said no, which `failure` tells. The password that it may complain of is then the one that went back as it was.
    pub fn declined(&self, error: &Error, failure: Failure) -> Failure {
        let is_new = self.fields.iter().any(|(field, _)| *field == Field::Password);
        if error.code() == Some("used_password") && !is_new {
            return failure.hint(
                "setClient always sends a password, and the API refuses the present one: change the field in the portal, \
                 or give the client a new password with `--password-file`",
            );
        }
        failure
    }

    /// What is true from when it is sent until the record was read again. `is_success`: whether the API said so.
    pub fn uncompared(&self, is_success: bool) -> Failure {
        let client = self.client;
        let what = if is_success {
            format!("setClient answered success, but the record of client {client} was not read again to compare it")
        } else {
            format!("it is NOT known whether the record of client {client} was changed")
        };
        let command = outcome::command(Function::GetClients, client.as_str(), self.find_out_options);
        Failure::failed(what).hint(format!("{command} shows it"))
    }

    /// The record could not be read again. `lost`: why no answer to the change came.
    pub fn unread(&self, failure: Failure, lost: Option<&CallError>) -> Failure {
        let mut told = self.uncompared(lost.is_none());
        told.causes.extend(lost.map(|lost| lost.error().to_string()));
        told.causes.push(failure.message);
        told.causes.extend(failure.causes);
        told
    }

    /// What is true now that the record was read again. `lost`: why no answer to the change came.
    ///
    /// # Errors
    /// When it is not as it was meant.
    pub fn compared(
        &self,
        sent: &Record,
        after: &Record,
        countries: &[Country],
        lost: Option<&CallError>,
    ) -> Result<String, Failure> {
        let (client, before) = (self.client, self.before);
        let differences = compare(sent, before, after, countries);
        if differences.is_empty() {
            if let Some(lost) = lost {
                note(&format!(
                    "it was done, although no answer came that says so ({})",
                    lost.error()
                ));
            }
            let mut text = format!("client {client} is changed: read back, every field is as it was meant");
            if !shows_password(before) {
                text += "; the API does not show its password, which could not be compared";
            }
            return Ok(text);
        }
        let is_unchanged = compare(before, before, after, countries).is_empty();
        Err(match lost {
            Some(lost) if is_unchanged => {
                Failure::failed(format!("client {client} is not changed: the record is as it was"))
                    .cause(lost.error().to_string())
                    .hint("a request that was lost may still arrive: look again in a minute, then repeat the command")
            }
            _ => {
                let mut failure = Failure::failed(format!("the record of client {client} is not as it was meant"));
                failure.causes = differences.iter().map(in_words).collect();
                failure.causes.extend(lost.map(|lost| lost.error().to_string()));
                failure.hint(
                    "somebody may have changed it at the same time, or the API keeps or alters what it is sent; look at \
                     the record in the portal",
                )
            }
        })
    }
}

/// A code and what it means.
pub fn named(code: &str, meaning: Option<&String>) -> String {
    match meaning.filter(|meaning| !meaning.is_empty()) {
        Some(meaning) => format!("{code} ({meaning})"),
        None => code.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() {
        "(empty)".to_owned()
    } else {
        text.to_owned()
    }
}

fn in_words(difference: &FieldDifference) -> String {
    let FieldDifference { field, expected, found } = difference;
    if field == Field::Password.name() {
        return "`password` is another than was sent".to_owned();
    }
    format!("`{field}` is `{found}`, and was meant to be `{expected}`")
}
