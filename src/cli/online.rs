//! `check --online`: logs in everywhere, changes nothing, sends no mail. Every trouble at once.

use std::borrow::Cow;
use std::path::Path;

use jiff::SignedDuration;
use serde::Serialize;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::portal;
use super::runtime::block_on;
use crate::clock::Clock;
use crate::config::{Account, Settings};
use crate::daemon::mirrors::Mirrors;
use crate::daemon::{heart, parts};
use crate::net::Network;
use crate::notify::delivery::Check;
use crate::store::{Access, Error as StoreError, Store};
use crate::telemetry;
use crate::view::{Table, Tone};
use crate::voipms::{Client, Error};

/// What an outage of the API's reader of forms means. The account is let in, so it is no failure.
const NO_FORMS: &str = "the API reads no multipart forms at present: what is read goes by GET, with the API password in the URL, \
                        and changes are declined meanwhile";

/// One thing that was tried.
#[derive(Debug, Serialize)]
pub struct Tried {
    what: String,
    ok: bool,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Tried {
    fn good(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ok: true,
            detail: detail.into(),
            hint: None,
        }
    }

    fn found(check: Check) -> Self {
        match check.found {
            Ok(works) => Self::good(check.what, works),
            Err(failed) => Self::bad(check.what, &failed, failed.hint.map(str::to_owned)),
        }
    }

    fn bad(what: impl Into<String>, error: &dyn std::error::Error, hint: Option<String>) -> Self {
        Self {
            what: what.into(),
            ok: false,
            detail: telemetry::chain(error),
            hint,
        }
    }
}

/// Tries everything and prints what came of it.
pub fn run(context: &mut Context, settings: &Settings) -> Result<Exit, Failure> {
    let tried = block_on(async { Ok(try_all(settings).await) })?;
    Ok(if print(context, &tried)? {
        Exit::Fine
    } else {
        Exit::MustLook
    })
}

/// Prints what came of it. Whether all is well.
pub fn print(context: &mut Context, tried: &[Tried]) -> Result<bool, Failure> {
    if context.wants_json() {
        context.out.json(&tried)?;
    } else {
        let mut table = Table::new(&["tried", "", "answer"]);
        for tried in tried {
            let (word, tone) = if tried.ok {
                ("ok", Tone::Good)
            } else {
                ("FAILED", Tone::Bad)
            };
            let detail = match &tried.hint {
                Some(hint) => format!("{} ({hint})", tried.detail),
                None => tried.detail.clone(),
            };
            table.row([
                (tried.what.clone(), Tone::Plain),
                (word.to_owned(), tone),
                (detail, Tone::Plain),
            ]);
        }
        context.out.table(&table)?;
    }
    Ok(tried.iter().all(|tried| tried.ok))
}

/// Tries all that is elsewhere: the accounts and the channels. For whom has no store yet.
pub async fn try_outside(settings: &Settings) -> Vec<Tried> {
    try_with(settings, None, &Network::load()).await
}

async fn try_all(settings: &Settings) -> Vec<Tried> {
    let (store, tried_store) = try_store(&settings.store.path).await;
    let mut tried = vec![tried_store];
    tried.extend(try_with(settings, store.as_ref(), &Network::load()).await);
    if let Some(store) = store {
        store.close().await;
    }
    tried
}

async fn try_with(settings: &Settings, store: Option<&Store>, network: &Network) -> Vec<Tried> {
    let mut tried = Vec::new();
    for account in &settings.accounts {
        tried.extend(try_account(settings, account, store, network).await);
    }
    tried.extend(try_channels(settings, network).await);
    tried
}

/// The store is there and readable, or can be made.
async fn try_store(path: &Path) -> (Option<Store>, Tried) {
    let what = "store";
    match Store::open(path, Access::Read).await {
        Ok(store) => (Some(store), Tried::good(what, path.display().to_string())),
        Err(StoreError::Missing { .. }) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            let tried = match std::fs::metadata(folder) {
                Ok(metadata) if metadata.is_dir() => {
                    Tried::good(what, format!("{} will be made by the first sweep", path.display()))
                }
                Ok(_) => {
                    let error = std::io::Error::new(std::io::ErrorKind::NotADirectory, "is no folder");
                    Tried::bad(what, &error, Some(format!("`{}` must be a folder", folder.display())))
                }
                Err(error) => Tried::bad(what, &error, Some(format!("make the folder `{}`", folder.display()))),
            };
            (None, tried)
        }
        Err(error) => (
            None,
            Tried::bad(what, &error, error.hint().map(|hint| hint.to_string())),
        ),
    }
}

/// The API lets the account in; how many clients it has, and how long asking them takes.
async fn try_account(settings: &Settings, account: &Account, store: Option<&Store>, network: &Network) -> Vec<Tried> {
    let what = format!("account {}", account.name);
    let api = match portal::api("check-", account, store, network) {
        Ok(api) => api,
        Err(error) => return vec![Tried::bad(what, &error, None)],
    };
    let mut tried = Vec::new();
    match api.get_balance().await {
        Ok(own) => {
            let balance = own.current_balance.for_people();
            let detail = format!("logged in; your own balance is {balance} {}", account.currency);
            let mut login = Tried::good(&*what, detail);
            login.hint = api.has_fallen_back_to_get().then(|| NO_FORMS.to_owned());
            tried.push(login);
            tried.push(match api.get_clients().await {
                Ok(listed) => pace(settings, account, listed.rows.len()),
                Err(error) => refused(&what, &api, &error).await,
            });
        }
        Err(error) => tried.push(refused(&what, &api, &error).await),
    }
    portal::settle(&api).await;
    tried
}

async fn refused(what: &str, api: &Client, error: &Error) -> Tried {
    Tried::bad(what, error, api.advice(error).await.map(Cow::into_owned))
}

/// How long asking everybody takes at the configured rate. A warning, not a failure: the daemon works, and says so.
fn pace(settings: &Settings, account: &Account, clients: usize) -> Tried {
    let revisit = crate::domain::due::revisit(u64::try_from(clients).unwrap_or(u64::MAX), account.rate_per_minute);
    let minutes = SignedDuration::from_secs(revisit.as_secs().max(1));
    let mut tried = Tried::good(
        format!("clients of {}", account.name),
        format!(
            "{clients}; asking each takes {minutes:#} at {} calls a minute",
            account.rate_per_minute
        ),
    );
    if revisit > settings.schedule.revisit_within {
        tried.hint = Some(format!(
            "longer than `schedule.revisit_within` ({:#}): the alert `overcommitted` will fire; raise `rate_per_minute` \
             if the API allows it",
            settings.schedule.revisit_within
        ));
    }
    tried
}

/// Every channel lets us in, and would take a message to each of its recipients: it is asked, and nothing is sent.
async fn try_channels(settings: &Settings, network: &Network) -> Vec<Tried> {
    let delivery = match parts::delivery(settings, network, None) {
        Ok(delivery) => delivery,
        Err(error) => return vec![Tried::bad("mail server", &error, None)],
    };
    let mut tried = Vec::new();
    for route in delivery.routes {
        let checks = route.channel.check(&route.recipients, Clock::real().now()).await;
        tried.extend(checks.into_iter().map(Tried::found));
    }
    match Mirrors::new(settings, network, &Clock::real(), None) {
        Ok(mirrors) => tried.extend(mirrors.check().await.into_iter().map(Tried::found)),
        Err(error) => tried.push(Tried::bad("alertmanager", &error, None)),
    }
    match heart::configured(settings, network, &Clock::real()) {
        Ok(Some(heartbeat)) => tried.push(Tried::found(heartbeat.check().await)),
        Ok(None) => {}
        Err(error) => tried.push(Tried::bad("heartbeat", &error, None)),
    }
    tried
}
