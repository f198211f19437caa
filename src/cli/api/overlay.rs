//! `api setClient`: reads the record, puts what was given over it, shows the difference, sends the whole record, reads it
//! again and compares. setClient replaces the whole record, so this is the one way to change a field of it.
//!
//! What makes a record fit to be sent back, and what makes it differ, is decided in `domain::plan`, as for enforcement.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::answer::Printer;
use super::arguments::{exposed, no_yes, note};
use super::course::Course;
use super::outcome;
use crate::cli::{Context, Exit, Failure, Table, Tone};
use crate::domain::ClientId;
use crate::domain::enforcement::{FieldDifference, Refusal};
use crate::domain::plan::{Country, Field, Record, compare, differing, overlay, shows_password};
use crate::voipms::{BalanceManagement, CallError, Client, Error, Function, RawCall, WriteTurn};

/// Runs it. `values`: what was given beside the client; `yes`: whether it may be sent.
///
/// # Errors
/// Why nothing was sent, or what is not as it was meant.
pub async fn run(
    context: &mut Context,
    api: &Client,
    printer: &Printer,
    client: &str,
    values: &[(&'static str, SecretString)],
    yes: bool,
    course: &Course,
) -> Result<Exit, Failure> {
    let client = ClientId::new(client).map_err(|error| Failure::from_error(&error, crate::cli::failure::USAGE))?;
    let countries = countries(api).await?;
    let given: Vec<(Field, &str)> = exposed(values)
        .filter_map(|(name, value)| Some((field(name)?, value)))
        .collect();
    let codes = codes(api, &given).await?;
    // The record last: no more than a round trip lies between it and the write.
    let (before, turn) = last_look(api, &client, yes).await.map_err(nothing_sent)?;
    let changes = differing(&before, &given, &countries);
    if changes.is_empty() {
        tell(context, &format!("client {client} is so already; nothing was sent"))?;
        return Ok(Exit::Fine);
    }
    let sent = overlay(&client, &before, &changes, &countries).map_err(|refusal| refused(&client, &refusal))?;
    show(context, &client, &before, &changes, &codes)?;
    let Some(turn) = turn else {
        return Err(no_yes(Function::SetClient, None));
    };
    let call = RawCall::set_client(&sent).map_err(|error| outcome::declined(&error))?;
    course.sending(turn.departure(), uncompared(printer, &client, false));
    let lost = match api.write_in(turn, &call).await {
        Ok(answer) => {
            if context.wants_json() {
                let printed = printer.print_body(context, answer.body());
                printed.map_err(|failure| outcome::unprinted(&call, failure))?;
            }
            None
        }
        Err(error) => {
            printer.print_declined(context, &error);
            if error.find_out().is_none() {
                return Err(declined(error.error(), &changes));
            }
            Some(error)
        }
    };
    course.comparing(uncompared(printer, &client, lost.is_none()));
    let after = record(api, &client)
        .await
        .map_err(|failure| unread(failure, printer, &client, lost.as_ref()))?;
    let done = Done {
        client: &client,
        before: &before,
        sent: &sent,
        after: &after,
        countries: &countries,
    };
    done.tell(context, lost.as_ref())
}

async fn countries(api: &Client) -> Result<Vec<Country>, Failure> {
    let answer = api.get_countries().await;
    answer.map_err(|error| nothing_sent(outcome::declined(&error)))
}

/// What the account's codes of balance management mean, when one is given: a code that stops phones is not sent unseen,
/// and none is that the account does not list.
async fn codes(api: &Client, given: &[(Field, &str)]) -> Result<BTreeMap<String, String>, Failure> {
    let wanted = given.iter().find(|(field, _)| *field == Field::BalanceManagement);
    let Some((_, wanted)) = wanted else {
        return Ok(BTreeMap::new());
    };
    let answer = api.get_balance_management().await;
    let answer = answer.map_err(|error| nothing_sent(outcome::declined(&error)))?;
    let codes = BalanceManagement::by_code(answer);
    if codes.contains_key(*wanted) {
        return Ok(codes);
    }
    let known: Vec<String> = codes.iter().map(|(code, meaning)| named(code, Some(meaning))).collect();
    Err(Failure::failed(format!(
        "setClient was not sent: the account has no balance management `{wanted}`"
    ))
    .hint(format!("it has {}", known.join(", "))))
}

/// A code and what it means.
fn named(code: &str, meaning: Option<&String>) -> String {
    match meaning.filter(|meaning| !meaning.is_empty()) {
        Some(meaning) => format!("{code} ({meaning})"),
        None => code.to_owned(),
    }
}

/// The record, with the turn to change it if that is wanted.
async fn last_look(api: &Client, client: &ClientId, yes: bool) -> Result<(Record, Option<WriteTurn>), Failure> {
    if !yes {
        return Ok((record(api, client).await?, None));
    }
    let answer = api.get_client_before_write(client).await;
    let (read, turn) = answer.map_err(|error| outcome::declined(&error))?;
    Ok((read.record, Some(turn)))
}

async fn record(api: &Client, client: &ClientId) -> Result<Record, Failure> {
    let answer = api.get_client(client).await;
    let read = answer.map_err(|error| outcome::declined(&error))?;
    Ok(read.record)
}

fn nothing_sent(failure: Failure) -> Failure {
    failure.while_doing("setClient was not sent: what it needs could not be read")
}

fn field(name: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| field.name() == name)
}

/// The API said no. The password that it may complain of is then the one that went back as it was.
fn declined(error: &Error, changes: &[(Field, &str)]) -> Failure {
    let failure = outcome::declined(error);
    let is_new = changes.iter().any(|(field, _)| *field == Field::Password);
    if error.code() == Some("used_password") && !is_new {
        return failure.hint(
            "setClient always sends a password, and the API refuses the present one: change the field in the portal, or give \
             the client a new password with `--password-file`",
        );
    }
    failure
}

fn refused(client: &ClientId, refusal: &Refusal) -> Failure {
    let failure = Failure::failed(format!(
        "setClient was not sent: the record of client {client} cannot be sent back"
    ));
    let failure = failure.cause(refusal.to_string());
    match refusal {
        Refusal::PasswordEmpty | Refusal::PasswordMasked | Refusal::PasswordHashed => {
            failure.hint("give the client a new password with `--password-file`, or change the field in the portal")
        }
        Refusal::UnknownCountry { .. } => {
            failure.hint("give the country's code with `--country` (`balancewatch api getCountries` lists them)")
        }
        Refusal::MissingField { field } => failure.hint(format!("give it with `--{field}`")),
        _ => failure,
    }
}

/// The difference between the record and what is wanted. Part of what the command prints, unless that is JSON.
fn show(
    context: &mut Context,
    client: &ClientId,
    before: &Record,
    changes: &[(Field, &str)],
    codes: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let quoted = |text: &str| {
        if text.is_empty() {
            "(empty)".to_owned()
        } else {
            text.to_owned()
        }
    };
    let mut table = Table::new(&[&format!("client {client}"), "is", "becomes"]);
    for &(field, value) in changes {
        let (is, becomes) = match field {
            Field::Password => ("***".to_owned(), "changed".to_owned()),
            Field::BalanceManagement => {
                let named = |code: &str| named(code, codes.get(code));
                (named(before.get(field)), named(value))
            }
            _ => (quoted(before.get(field)), quoted(value)),
        };
        if context.wants_json() {
            note(&format!("{} of client {client}: {is} -> {becomes}", field.name()));
        }
        table.toned_row([
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

/// A sentence of the result: on standard error where standard output is for the API's own answer.
fn tell(context: &mut Context, text: &str) -> Result<(), Failure> {
    if context.wants_json() {
        note(text);
        return Ok(());
    }
    context.out.line(text)
}

/// The record could not be read again.
fn unread(failure: Failure, printer: &Printer, client: &ClientId, lost: Option<&CallError>) -> Failure {
    let mut told = uncompared(printer, client, lost.is_none());
    told.causes.extend(lost.map(|lost| lost.error().to_string()));
    told.causes.push(failure.message);
    told.causes.extend(failure.causes);
    told
}

/// What is true of a change as long as the record was not read again.
fn uncompared(printer: &Printer, client: &ClientId, is_success: bool) -> Failure {
    let what = if is_success {
        format!("setClient answered success, but the record of client {client} was not read again to compare it")
    } else {
        format!("it is NOT known whether the record of client {client} was changed")
    };
    Failure::failed(what).hint(format!(
        "`balancewatch api getClients --client {client}{}` shows it",
        printer.find_out_options
    ))
}

/// The records around a change.
struct Done<'a> {
    client: &'a ClientId,
    before: &'a Record,
    sent: &'a Record,
    after: &'a Record,
    countries: &'a [Country],
}

impl Done<'_> {
    /// Tells what is true now. `lost`: why no answer to the change came.
    fn tell(&self, context: &mut Context, lost: Option<&CallError>) -> Result<Exit, Failure> {
        let client = self.client;
        let differences = compare(self.sent, self.before, self.after, self.countries);
        if differences.is_empty() {
            if let Some(lost) = lost {
                note(&format!(
                    "it was done, although no answer came that says so ({})",
                    lost.error()
                ));
            }
            let mut text = format!("client {client} is changed: read back, every field is as it was meant");
            if !shows_password(self.before) {
                text += "; the API does not show its password, which could not be compared";
            }
            tell(context, &text)?;
            return Ok(Exit::Fine);
        }
        let is_unchanged = compare(self.before, self.before, self.after, self.countries).is_empty();
        let failure = match lost {
            Some(lost) if is_unchanged => {
                Failure::failed(format!("client {client} is not changed: the record is as it was"))
                    .cause(lost.error().to_string())
                    .hint("a request that was lost may still arrive: look again in a minute, then repeat the command")
            }
            _ => {
                let mut failure = Failure::failed(format!("the record of client {client} is not as it was meant"));
                failure.causes = differences.iter().map(told).collect();
                failure.causes.extend(lost.map(|lost| lost.error().to_string()));
                failure.hint(
                    "somebody may have changed it at the same time, or the API keeps or alters what it is sent; look at \
                     the record in the portal",
                )
            }
        };
        Err(failure)
    }
}

fn told(difference: &FieldDifference) -> String {
    let FieldDifference { field, expected, found } = difference;
    if field == Field::Password.name() {
        return "`password` is another than was sent".to_owned();
    }
    format!("`{field}` is `{found}`, and was meant to be `{expected}`")
}
