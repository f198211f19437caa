//! What the commands that look at the store have in common: the settings, the store opened for reading, the accounts
//! meant, the client meant.
//!
//! Reads no secret, asks no API, and never makes or migrates a store.

use std::sync::Arc;

use super::context::Context;
use super::failure::Failure;
use crate::clock::Clock;
use crate::config::{Account, Secrets, Settings};
use crate::desk::Desk;
use crate::domain::ClientId;
use crate::store::{Access, Filter, Store};
use crate::view::{Now, Snapshot};

/// Everything a command needs that looks at the store.
pub struct Opened {
    /// Its time is when the command began: one for all that it prints.
    pub desk: Desk,
    /// The account of the command line.
    wanted: Option<String>,
}

impl Opened {
    /// Loads the configuration and opens the store for reading.
    ///
    /// # Errors
    /// Every problem of the configuration (78), an account that is not configured (64), or why the store cannot be
    /// read (1).
    pub async fn open(context: &Context) -> Result<Self, Failure> {
        let settings = context.load(Secrets::MayBeMissing)?.settings;
        let wanted = context.global.account.clone();
        accounts(&settings, wanted.as_deref())?;
        let store = Store::open(&settings.store.path, Access::Read).await?;
        let now = Now {
            at: Clock::real().now(),
            zone: settings.schedule.timezone.clone(),
        };
        let desk = Desk {
            settings: Arc::new(settings),
            store,
            now,
        };
        Ok(Self { desk, wanted })
    }

    /// The account of the command line, or all of them.
    pub fn accounts(&self) -> Vec<&Account> {
        accounts(&self.desk.settings, self.wanted.as_deref()).unwrap_or_default()
    }

    /// The one account that is meant.
    ///
    /// # Errors
    /// When there are several and the command line names none (64).
    pub fn account(&self) -> Result<&Account, Failure> {
        account(&self.desk.settings, self.wanted.as_deref())
    }

    /// All that is known of an account.
    pub async fn snapshot(&self, account: &Account) -> Result<Snapshot, Failure> {
        Ok(self.desk.snapshot(account).await?)
    }

    /// What is listed of each account that is meant.
    ///
    /// # Errors
    /// When nobody can have this id (1).
    pub fn filters(&self, client: Option<&str>, state: Option<&str>, limit: usize) -> Result<Vec<Filter>, Failure> {
        let client = client.map(client_id).transpose()?;
        let filter = |account: &Account| Filter {
            client: client.clone(),
            state: state.map(str::to_owned),
            ..Filter::newest(account.name.clone(), limit)
        };
        Ok(self.accounts().into_iter().map(filter).collect())
    }
}

/// The account of the command line, or all of them.
///
/// # Errors
/// When it is not configured (64).
pub fn accounts<'s>(settings: &'s Settings, wanted: Option<&str>) -> Result<Vec<&'s Account>, Failure> {
    let is_meant = |account: &&Account| wanted.is_none_or(|name| account.name.as_str() == name);
    let meant: Vec<&Account> = settings.accounts.iter().filter(is_meant).collect();
    match wanted {
        Some(name) if meant.is_empty() => {
            let known = names(settings);
            Err(Failure::usage(format!("there is no account `{name}`")).hint(format!("the configuration has {known}")))
        }
        _ => Ok(meant),
    }
}

/// The one account that is meant.
///
/// # Errors
/// When it is not configured, or there are several and the command line names none (64).
pub fn account<'s>(settings: &'s Settings, wanted: Option<&str>) -> Result<&'s Account, Failure> {
    match accounts(settings, wanted)?[..] {
        [account] => Ok(account),
        _ => Err(Failure::usage("there are several accounts, and `--account` names none")
            .hint(format!("the configuration has {}", names(settings)))),
    }
}

/// The accounts that are configured, for a hint.
fn names(settings: &Settings) -> String {
    let names: Vec<String> = settings
        .accounts
        .iter()
        .map(|account| format!("`{}`", account.name))
        .collect();
    names.join(", ")
}

/// An id as the command line gave it.
fn client_id(text: &str) -> Result<ClientId, Failure> {
    ClientId::new(text)
        .map_err(|error| Failure::failed(format!("there is no client `{text}`")).cause(error.to_string()))
}
