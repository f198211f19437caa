//! `api setClient`: reads the record, puts what was given over it, shows the difference, sends the whole record, reads it
//! again and compares. setClient replaces the whole record, so this is the one way to change a field of it.
//!
//! What makes a record fit to be sent back, and what makes it differ, is decided in `domain::plan`, as for enforcement;
//! `change` has the words.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::arguments::{exposed, no_yes};
use super::change::{Change, named};
use super::notes::note;
use super::outcome;
use super::run::Run;
use crate::cli::context::Exit;
use crate::cli::failure::{Failure, USAGE};
use crate::domain::ClientId;
use crate::domain::plan::{Field, Passwords, Read, Record, differing, fit, overlay};
use crate::voipms::{BalanceManagement, Call, CallError, Client, ErrorKind, Function, WriteTurn};

/// Runs it. `values`: what was given beside the client; `yes`: whether it may be sent.
///
/// # Errors
/// Why nothing was sent, or what is not as it was meant.
pub async fn run(
    run: &mut Run<'_>,
    client: &str,
    values: &[(&'static str, SecretString)],
    yes: bool,
) -> Result<Exit, Failure> {
    let client = ClientId::new(client).map_err(|error| Failure::from_error(&error, USAGE))?;
    let countries = outcome::answered(run.api, run.api.get_countries().await).await;
    let countries = countries.map_err(nothing_sent)?;
    let given: Vec<(Field, &str)> = exposed(values)
        .filter_map(|(name, value)| Some((field(name)?, value)))
        .collect();
    let codes = codes(run.api, &given).await?;
    let passwords = passwords(run.api, &given).await?;
    for _ in 0..MOST_STARTS {
        // The record last: no more than a round trip lies between it and the write.
        let (read, turn) = last_look(run.api, &client, yes).await.map_err(nothing_sent)?;
        let before = &read.record;
        let change = Change {
            client: &client,
            before,
            fields: differing(before, &given, &countries),
            codes: codes.clone(),
            find_out_options: &run.printer.find_out_options,
        };
        if change.fields.is_empty() {
            return run.say(&format!("client {client} is so already; nothing was sent"));
        }
        let sent = overlay(&client, before, &change.fields, &countries).and_then(|sent| {
            fit(&read, &change.fields, run.extra_fields, passwords.as_ref())?;
            Ok(sent)
        });
        let sent = sent.map_err(|refusal| change.refused(&refusal))?;
        change.show(run.context)?;
        let Some(turn) = turn else {
            return Err(no_yes(Function::SetClient, None));
        };
        let call = Call::set_client(&sent).map_err(|error| outcome::declined(&error))?;
        let lost = match send(run, &change, turn, &call).await? {
            Sent::Answered => None,
            Sent::Lost(lost) => Some(lost),
            Sent::TooLate => {
                note("more than 5 seconds passed since the record was read, so nothing was sent; it is read again");
                continue;
            }
        };
        run.progress.comparing(change.uncompared(lost.is_none()));
        let after = record(run.api, &client)
            .await
            .map_err(|failure| change.unread(failure, lost.as_ref()))?;
        return run.say(&change.compared(&sent, &after, &countries, lost.as_ref())?);
    }
    Err(
        Failure::failed("setClient was not sent: more than 5 seconds passed each time since the record was read")
            .hint("`rate_per_minute` = 1 leaves no time, nor does a machine or a connection that is so slow"),
    )
}

/// How often it begins anew when too much time passed between the last read and the write, in which a person may have
/// changed the record.
const MOST_STARTS: u32 = 3;

/// How far the record got.
enum Sent {
    /// The API says that it was done.
    Answered,
    /// No answer says whether it was done, and why none came.
    Lost(CallError),
    /// It was not sent.
    TooLate,
}

/// What the account's codes of balance management mean, when one is given: a code that stops phones is not sent unseen,
/// and none is that the account does not list.
async fn codes(api: &Client, given: &[(Field, &str)]) -> Result<BTreeMap<String, String>, Failure> {
    let wanted = given.iter().find(|(field, _)| *field == Field::BalanceManagement);
    let Some((_, wanted)) = wanted else {
        return Ok(BTreeMap::new());
    };
    let answer = outcome::answered(api, api.get_balance_management().await).await;
    let codes = BalanceManagement::by_code(answer.map_err(nothing_sent)?);
    if codes.contains_key(*wanted) {
        return Ok(codes);
    }
    let known: Vec<String> = codes.iter().map(|(code, meaning)| named(code, Some(meaning))).collect();
    Err(Failure::failed(format!(
        "setClient was not sent: the account has no balance management `{wanted}`"
    ))
    .hint(format!("it has {}", known.join(", "))))
}

/// What passwords the clients show, unless a new one is given: what another client shows too may be none.
async fn passwords(api: &Client, given: &[(Field, &str)]) -> Result<Option<Passwords>, Failure> {
    if given.iter().any(|(field, _)| *field == Field::Password) {
        return Ok(None);
    }
    let passwords = outcome::answered(api, api.get_passwords().await).await;
    passwords.map(Some).map_err(nothing_sent)
}

/// The record, with the turn to change it if that is wanted.
async fn last_look(api: &Client, client: &ClientId, yes: bool) -> Result<(Read, Option<WriteTurn>), Failure> {
    if !yes {
        return Ok((outcome::answered(api, api.get_client(client).await).await?, None));
    }
    let answer = api.get_client_before_write(client).await;
    let (read, turn) = outcome::answered(api, answer).await?;
    Ok((read, Some(turn)))
}

async fn record(api: &Client, client: &ClientId) -> Result<Record, Failure> {
    let read = outcome::answered(api, api.get_client(client).await).await?;
    Ok(read.record)
}

/// Sends the record.
///
/// # Errors
/// Why it was not done.
async fn send(run: &mut Run<'_>, change: &Change<'_>, turn: WriteTurn, call: &Call) -> Result<Sent, Failure> {
    run.progress.sending(turn.departure(), change.uncompared(false));
    match run.api.write_in(turn, call).await {
        Ok(answer) => {
            if run.context.wants_json() {
                let printed = run.printer.print_body(run.context, answer.body());
                printed.map_err(|failure| outcome::unprinted(call, failure))?;
            }
            Ok(Sent::Answered)
        }
        Err(error) if error.error().kind() == ErrorKind::TooLate => Ok(Sent::TooLate),
        Err(error) => {
            run.printer.print_declined(run.context, &error);
            match error.find_out() {
                Some(_) => Ok(Sent::Lost(error)),
                None => Err(change.declined(error.error(), run.declined(error.error()).await)),
            }
        }
    }
}

fn nothing_sent(failure: Failure) -> Failure {
    failure.while_doing("setClient was not sent: what it needs could not be read")
}

fn field(name: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| field.name() == name)
}
