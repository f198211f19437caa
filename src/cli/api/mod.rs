//! `api FUNCTION`: one call of the reseller API with the arguments that are given, and its answer.
//!
//! Thin: `grammar` is the command line, `arguments` what is sent, `run` sends one call, `answer` is how an answer is printed
//! and `outcome` how a failure is told; `passwords` come unseen through [`super::hidden`], and `progress` is what a signal finds. One
//! function is more than a call: `overlay` is setClient over the record as it is, in the words of `change`. What a call means
//! and whether it may be sent again is `voipms`' business.

use std::time::Duration;

use super::context::{Context, Exit};
use super::failure::{FAILED, Failure};
use super::runtime::block_on;
use super::signals::Signals;
use super::{opened, portal};
use crate::config::problem::nearest;
use crate::config::{Account, Secrets};
use crate::net::Network;
use crate::store::{Access, Error as StoreError, Store};
use crate::voipms::{Class, Function};

mod answer;
mod arguments;
mod change;
mod grammar;
mod notes;
mod outcome;
mod overlay;
mod passwords;
mod progress;
mod run;
mod view;
mod words;

use answer::Printer;
use arguments::{Request, asked};
pub use grammar::ApiArgs;
use grammar::Given;
use notes::note;
use progress::Progress;
use run::Run;

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
        let progress = Progress::default();
        if function.class() == Class::Read {
            // Signals end it as they end any process: there is nothing to tell.
            return called(context, given, &progress).await;
        }
        let mut signals = Signals::listen()?;
        tokio::select! {
            biased;
            ended = called(context, given, &progress) => ended,
            signal = signals.next() => progress.ended_by(signal, function),
        }
    })
}

/// All of it, from the passwords that are typed to the end.
async fn called(context: &mut Context, given: Given, progress: &Progress) -> Result<Exit, Failure> {
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
    let api = portal::api("api-", account, store.as_ref(), &Network::load());
    let ended = match api {
        Ok(api) => {
            let work = async {
                let mut run = Run {
                    context,
                    account,
                    extra_fields: &settings.enforcement.extra_fields,
                    api: &api,
                    printer: &printer,
                    progress,
                };
                match request {
                    Request::Call(call, marker) => {
                        marker.map_or(Ok(()), notes::show)?;
                        run.send(&call).await
                    }
                    Request::Overlay { client, values } => overlay::run(&mut run, &client, &values, yes).await,
                }
            };
            let told = patiently(account, work).await.or_else(tell);
            progress.over(&told);
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
