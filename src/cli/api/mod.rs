//! `api FUNCTION`: one call of the reseller API with the arguments that are given, and its answer.
//!
//! Thin: `grammar` is the command line, `arguments` what is sent, `answer` how an answer is printed and `outcome` how a
//! failure is told; `passwords` come unseen through `hidden`, and `course` is what a signal finds. One function is more than
//! a call: `overlay` is setClient over the record as it is, in the words of `change`. What a call means and whether it may
//! be sent again is `voipms`' business.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use super::context::{Context, Exit};
use super::failure::{FAILED, Failure};
use super::runtime::block_on;
use super::signals::Signals;
use super::{opened, portal};
use crate::config::problem::nearest;
use crate::config::{Account, Secrets};
use crate::net::Trust;
use crate::store::{Access, Error as StoreError, Store};
use crate::voipms::{Call, Class, Client, Error, Function, Marker};

mod answer;
mod arguments;
mod change;
mod course;
mod grammar;
mod hidden;
mod outcome;
mod overlay;
mod passwords;
mod view;
mod words;

use answer::Printer;
use arguments::{Request, asked, note};
use course::Course;
pub use grammar::ApiArgs;
use grammar::Given;

/// Runs `api`.
///
/// # Errors
/// Arguments that cannot be sent (64), a configuration that is not good (78), or a call that was no success, or of which
/// nobody knows whether it was (1).
pub fn run(context: &mut Context, args: ApiArgs) -> Result<Exit, Failure> {
    let given = match args {
        ApiArgs::Known(given) => *given,
        ApiArgs::Unknown(name) => return Err(unknown(&name)),
    };
    let function = given.function;
    block_on(async {
        let course = Course::default();
        if function.class() == Class::Read {
            // Signals end it as they end any process: there is nothing to tell.
            return called(context, given, &course).await;
        }
        let mut signals = Signals::listen()?;
        tokio::select! {
            biased;
            ended = called(context, given, &course) => ended,
            signal = signals.next() => course.ended_by(signal, function),
        }
    })
}

/// All of it, from the passwords that are typed to the end.
async fn called(context: &mut Context, given: Given, course: &Course) -> Result<Exit, Failure> {
    let Given { yes, show_secrets, .. } = given;
    let request = asked(given).await?;
    let mut printer = Printer {
        show_secrets,
        known_secrets: request.password().into_iter().collect(),
        find_out_options: outcome::options(&context.global),
    };
    let settings = context.load(Secrets::Required)?.settings;
    let account = opened::account(&settings, context.global.account.as_deref())?;
    printer.known_secrets.push(account.password.clone());
    let store = store(&settings.store.path).await;
    let api = portal::api("api-", account, store.as_ref(), &Trust::load());
    let ended = match api {
        Ok(api) => {
            let work = async {
                let mut run = Run {
                    context,
                    account,
                    extra_fields: &settings.enforcement.extra_fields,
                    api: &api,
                    printer: &printer,
                    course,
                };
                match request {
                    Request::Call(call, marker) => {
                        marker.map_or(Ok(()), shown)?;
                        run.send(&call).await
                    }
                    Request::Overlay { client, values } => overlay::run(&mut run, &client, &values, yes).await,
                }
            };
            let told = patiently(account, work).await.or_else(tell);
            course.over(&told);
            portal::settle(&api).await;
            told
        }
        Err(error) => Err(Failure::from_error(&error, FAILED)),
    };
    if let Some(store) = store {
        store.close().await;
    }
    ended
}

/// What a call is made with, and what is told of it while it is made.
struct Run<'a> {
    context: &'a mut Context,
    account: &'a Account,
    /// Fields of a record that may be there beside the known ones.
    extra_fields: &'a BTreeSet<String>,
    api: &'a Client,
    printer: &'a Printer,
    course: &'a Course,
}

impl Run<'_> {
    /// Sends a call and prints what came of it.
    async fn send(&mut self, call: &Call) -> Result<Exit, Failure> {
        let (currency, options) = (&self.account.currency, &self.printer.find_out_options);
        let answer = match outcome::unheard(call, currency, options) {
            None => self.api.call(call).await,
            Some(unheard) => {
                let turn = self.api.write_turn(call.function()).await;
                let turn = outcome::answered(self.api, turn).await?;
                self.course.sending(turn.departure(), unheard);
                self.api.write_in(turn, call).await
            }
        };
        match answer {
            Ok(answer) => {
                let printed = self.printer.print(self.context, self.account, call, &answer);
                printed.map_err(|failure| outcome::unprinted(call, failure))
            }
            Err(error) => {
                self.printer.print_declined(self.context, &error);
                match outcome::unknown(call, currency, &error, options) {
                    Some(unknown) => Err(unknown),
                    None => Err(self.declined(error.error()).await),
                }
            }
        }
    }

    /// The API said no. Its hint may have to be asked for: that it was not done is told also when a signal ends that.
    async fn declined(&self, error: &Error) -> Failure {
        self.course.over(&Err(outcome::declined(error)));
        outcome::advised(self.api, error).await
    }

    /// Says what came of it: on standard error where standard output is for the API's own answer.
    fn say(&mut self, text: &str) -> Result<Exit, Failure> {
        if self.context.wants_json() {
            note(text);
        } else {
            self.context.out.line(text)?;
        }
        Ok(Exit::Fine)
    }
}

/// After so long somebody wonders whether it hangs. setClient takes about as long at 60 calls a minute, with nothing wrong.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does `work`, and says what is waited for when it takes long.
async fn patiently<T>(account: &Account, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    match tokio::time::timeout(PATIENCE, &mut work).await {
        Ok(done) => done,
        Err(_) => {
            note(&format!(
                "it takes a while: account `{}` makes at most {} calls a minute, those of a daemon included, or the API is slow; Ctrl-C ends it",
                account.name, account.rate_per_minute
            ));
            work.await
        }
    }
}

/// Tells of a call that failed at once: settling with a busy store may take long, and whoever gives up on that must know.
fn tell(failure: Failure) -> Result<Exit, Failure> {
    if failure.code != FAILED {
        return Err(failure);
    }
    failure.complain();
    Ok(Exit::MustLook)
}

/// Shows a marker before it is sent: whatever ends this process then, somebody can look for it.
///
/// # Errors
/// When it cannot be written. A reader that went away is one here: money would move that nobody could find again.
fn shown(marker: Marker) -> Result<(), Failure> {
    let line = format!("note: described as `{marker}`\n");
    let written = std::io::stderr().write_all(line.as_bytes());
    written.map_err(|error| {
        let failure = Failure::from(error).while_doing("nothing was sent: its description could not be shown");
        failure.hint("`--description` gives it one of your own")
    })
}

/// The store, when there is one that can be used. The call is made without it too: then a daemon beside it does not know
/// of it, and could be above its rate by this one call.
async fn store(path: &std::path::Path) -> Option<Store> {
    match Store::open(path, Access::Read).await {
        Ok(store) => Some(store),
        Err(StoreError::Missing { .. }) => None,
        Err(error) => {
            let Failure { message, causes, .. } = Failure::from_error(&error, FAILED);
            let why = [vec![message], causes].concat().join(": ");
            note(&format!(
                "the store cannot be used, so the daemon's pace does not count this call: {why}"
            ));
            None
        }
    }
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no function `{name}` here"));
    let names = Function::ALL.map(Function::name);
    // Whoever has never seen the list tries `charge`.
    let part = Some(name.to_ascii_lowercase()).filter(|part| part.len() > 3);
    let ends = |known: &&str| {
        part.as_ref()
            .is_some_and(|part| known.to_ascii_lowercase().ends_with(part))
    };
    let close = || names.into_iter().find(ends).map(str::to_owned);
    failure.hint(match nearest(name, names).or_else(close) {
        Some(meant) => format!("did you mean `{meant}`? The names are exact"),
        None => {
            "`balancewatch api --help` lists them; other functions of VoIP.ms have nothing to do with clients' money"
                .to_owned()
        }
    })
}
