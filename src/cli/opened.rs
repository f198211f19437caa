//! What the commands that look at the store have in common: the settings, the store opened for reading, the accounts
//! meant, the client meant.
//!
//! Reads no secret, asks no API, and never makes or migrates a store.

use std::borrow::Cow;

use super::context::Context;
use super::failure::Failure;
use crate::clock::Clock;
use crate::config::{Account, Secrets, Settings};
use crate::daemon::parts;
use crate::domain::enforcement::Enforcement;
use crate::domain::judge::Rules;
use crate::domain::watch::Watched;
use crate::domain::{Client, ClientId};
use crate::store::{Access, Filter, Store};
use crate::view::snapshot::THE_ACCOUNT;
use crate::view::{Now, Snapshot};

/// Clients suggested to somebody who gave a name where an id belongs.
const MOST_SUGGESTIONS: usize = 3;

/// Everything a command needs that looks at the store.
pub struct Opened {
    pub settings: Settings,
    pub store: Store,
    /// When the command began: one time for all that it prints.
    pub now: Now,
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
        Ok(Self {
            settings,
            store,
            now,
            wanted,
        })
    }

    /// The account of the command line, or all of them.
    pub fn accounts(&self) -> Vec<&Account> {
        accounts(&self.settings, self.wanted.as_deref()).unwrap_or_default()
    }

    /// The one account that is meant.
    ///
    /// # Errors
    /// When there are several and the command line names none (64).
    pub fn account(&self) -> Result<&Account, Failure> {
        account(&self.settings, self.wanted.as_deref())
    }

    /// All that is known of an account.
    pub async fn snapshot(&self, account: &Account) -> Result<Snapshot, Failure> {
        let letters = self.store.dead_letters(&account.name).await?.into_iter();
        let open = letters.filter(|letter| letter.channel.is_client() && !letter.is_settled);
        Ok(Snapshot {
            now: self.now.clone(),
            rules: Rules {
                mutes: parts::open(&self.settings.mutes, self.now.at),
                ..parts::rules(&self.settings, account)
            },
            guards: parts::guards(&self.settings.enforcement),
            rate_per_minute: account.rate_per_minute,
            schedule_interval: self.settings.schedule.interval(self.now.at),
            kept: self.store.load(&account.name).await?,
            told: self.store.told_of(&account.name).await?,
            cannot_be_told: open.map(|letter| (letter.client, letter.why)).collect(),
        })
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

    /// What was done about a client, newest first, at most `limit` of it.
    pub async fn enforcements(
        &self,
        account: &Account,
        client: &ClientId,
        limit: usize,
    ) -> Result<Vec<Enforcement>, Failure> {
        let filter = Filter {
            client: Some(client.clone()),
            ..Filter::newest(account.name.clone(), limit)
        };
        Ok(self.store.enforcements(&filter).await?)
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

/// The client of this id. The pseudo-client `account`, on which the alerts about the account hang, is always there.
///
/// # Errors
/// When nobody of this id is known (1); the hint names clients whose company or address holds the text.
pub fn client<'a>(snapshot: &'a Snapshot, id: &str) -> Result<Cow<'a, Watched>, Failure> {
    if let Some(watched) = snapshot.client(id) {
        return Ok(Cow::Borrowed(watched));
    }
    if id == ClientId::account().as_str() {
        return Ok(Cow::Owned(Watched::new(account_itself(), snapshot.now.at)));
    }
    let failure = Failure::failed(format!("there is no client `{id}`"));
    let suggestions = suggestions(&snapshot.kept.clients, id);
    Err(if suggestions.is_empty() {
        failure.hint("ids are those of the VoIP.ms portal; a new client is known after the next sweep")
    } else {
        failure.hint(format!("did you mean {}", suggestions.join(", ")))
    })
}

/// An id as the command line gave it.
fn client_id(text: &str) -> Result<ClientId, Failure> {
    ClientId::new(text)
        .map_err(|error| Failure::failed(format!("there is no client `{text}`")).cause(error.to_string()))
}

fn suggestions(clients: &[Watched], text: &str) -> Vec<String> {
    let wanted = text.trim().to_lowercase();
    if wanted.chars().count() < 3 {
        return Vec::new();
    }
    let holds = |client: &Client| {
        client.label().to_lowercase().contains(&wanted)
            || client.email.to_lowercase().contains(&wanted)
            || client.id.as_str().contains(&wanted)
    };
    clients
        .iter()
        .filter(|watched| holds(&watched.client))
        .take(MOST_SUGGESTIONS)
        .map(|watched| format!("{} ({})", watched.client.id, watched.client.label()))
        .collect()
}

/// The account as a client without anything of a client's.
fn account_itself() -> Client {
    Client {
        id: ClientId::account(),
        email: String::new(),
        company: THE_ACCOUNT.to_owned(),
        firstname: String::new(),
        lastname: String::new(),
        country: String::new(),
        balance_management: String::new(),
        fingerprint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{account_itself, client};
    use crate::domain::ClientId;
    use crate::domain::watch::Watched;
    use crate::view::testing::{at, snapshot};

    #[test]
    fn a_client_is_found_by_its_id_and_suggested_by_its_name() {
        let watched = |id: &str, company: &str| {
            let mut client = account_itself();
            client.id = ClientId::new(id).unwrap();
            company.clone_into(&mut client.company);
            Watched::new(client, at(0))
        };
        let mut snapshot = snapshot();
        snapshot.kept.clients = vec![
            watched("1000", "Ten"),
            watched("561115", "Über GmbH"),
            watched("9", "Nine"),
        ];
        let find = |id: &str| client(&snapshot, id).map(|watched| watched.client.id.to_string());
        for id in ["1000", "561115", "9", "account"] {
            assert_eq!(find(id).unwrap(), id);
        }
        let cases = [
            ("a company", "über", "did you mean 561115 (Über GmbH)"),
            ("part of an id", "5611", "did you mean 561115 (Über GmbH)"),
            ("too short to mean anybody", "56", "ids are those"),
            ("nobody", "'; DROP TABLE client", "ids are those"),
        ];
        for (name, id, hint) in cases {
            let failure = find(id).unwrap_err();
            assert_eq!(failure.code, 1, "{name}");
            assert!(failure.hint.as_deref().unwrap().starts_with(hint), "{name}: {failure}");
        }
    }
}
