//! What the commands that look at the store have in common: the settings, the store opened for reading, the accounts
//! meant, the client meant.
//!
//! Reads no secret, asks no API, and never makes or migrates a store.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::telling::{ago, clock_time};
use super::{Context, Failure};
use crate::clock::Clock;
use crate::config::{Account, Secrets, Settings};
use crate::domain::alert::EpisodeId;
use crate::domain::enforcement::Enforcement;
use crate::domain::watch::Watched;
use crate::domain::{Client, ClientId};
use crate::store::{Access, AccountView, Filter, Store, Told};

/// Clients suggested to somebody who gave a name where an id belongs.
const MOST_SUGGESTIONS: usize = 3;

/// Everything a command needs that looks at the store.
pub struct Opened {
    /// The configuration.
    pub settings: Settings,
    /// The store.
    pub store: Store,
    /// When the command began: one time for all that it prints.
    pub now: Timestamp,
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
        let store = Store::open(&settings.store.path, Access::Read)
            .await
            .map_err(|error| from_store(&error))?;
        Ok(Self {
            settings,
            store,
            now: Clock::real().now(),
            wanted,
        })
    }

    /// The account of the command line, or all of them.
    #[must_use]
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

    /// All that is remembered of an account.
    ///
    /// # Errors
    /// Why the store cannot be read (1).
    pub async fn view(&self, account: &Account) -> Result<AccountView, Failure> {
        self.store.load(&account.name).await.map_err(|error| from_store(&error))
    }

    /// What was done about a client, newest first, at most `limit` of it.
    ///
    /// # Errors
    /// Why the store cannot be read (1).
    pub async fn enforcements(
        &self,
        account: &Account,
        client: &ClientId,
        limit: usize,
    ) -> Result<Vec<Enforcement>, Failure> {
        let filter = Filter {
            account: account.name.clone(),
            client: Some(client.clone()),
            state: None,
            limit,
        };
        let found = self.store.enforcements(&filter).await;
        found.map_err(|error| from_store(&error))
    }

    /// Why clients of an account cannot be told, by client: their mails died, and they took none since.
    ///
    /// # Errors
    /// Why the store cannot be read (1).
    pub async fn untold(&self, account: &Account) -> Result<BTreeMap<ClientId, String>, Failure> {
        let letters = self.store.dead_letters(&account.name).await;
        let letters = letters.map_err(|error| from_store(&error))?;
        let open = letters
            .into_iter()
            .filter(|letter| letter.channel.is_client() && !letter.is_settled);
        Ok(open.map(|letter| (letter.client, letter.why)).collect())
    }

    /// Who was told of the episodes that run.
    ///
    /// # Errors
    /// Why the store cannot be read (1).
    pub async fn told_of(&self, account: &Account) -> Result<BTreeMap<EpisodeId, Told>, Failure> {
        let told = self.store.told_of(&account.name).await;
        told.map_err(|error| from_store(&error))
    }

    /// A time on the clock of the configured zone, and how long ago that is.
    #[must_use]
    pub fn time_and_age(&self, at: Timestamp) -> String {
        let clock = clock_time(at, &self.settings.schedule.timezone);
        format!("{clock} ({})", ago(self.now, at))
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

/// A store that refused, with what to do about it.
#[must_use]
pub fn from_store(error: &crate::store::Error) -> Failure {
    let failure = Failure::from_error(error, super::failure::FAILED);
    match error {
        crate::store::Error::Missing { .. } => failure.hint(
            "has `balancewatch run` or `balancewatch sweep --once` run yet? They make it; `store.url` says where it is",
        ),
        _ => failure.hint_if(error.hint()),
    }
}

/// The client of this id. The pseudo-client `account`, on which the alerts about the account hang, is always there.
///
/// # Errors
/// When nobody of this id is known (1); the hint names clients whose company or address holds the text.
pub fn client<'a>(view: &'a AccountView, id: &str, now: Timestamp) -> Result<std::borrow::Cow<'a, Watched>, Failure> {
    if let Some(watched) = find(view, id) {
        return Ok(std::borrow::Cow::Borrowed(watched));
    }
    if id == ClientId::account().as_str() {
        return Ok(std::borrow::Cow::Owned(Watched::new(account_itself(), now)));
    }
    let failure = Failure::failed(format!("there is no client `{id}`"));
    let suggestions = suggestions(view, id);
    Err(if suggestions.is_empty() {
        failure.hint("ids are those of the VoIP.ms portal; a new client is known after the next sweep")
    } else {
        failure.hint(format!("did you mean {}", suggestions.join(", ")))
    })
}

/// An id as the command line gave it.
///
/// # Errors
/// When nobody can have this id (1).
pub fn client_id(text: &str) -> Result<ClientId, Failure> {
    ClientId::new(text)
        .map_err(|error| Failure::failed(format!("there is no client `{text}`")).cause(error.to_string()))
}

/// The watched client of this id, if there is one.
#[must_use]
pub fn find<'a>(view: &'a AccountView, id: &str) -> Option<&'a Watched> {
    let by_id = view
        .clients
        .binary_search_by(|watched| watched.client.id.as_str().cmp(id));
    by_id.ok().and_then(|index| view.clients.get(index))
}

fn suggestions(view: &AccountView, text: &str) -> Vec<String> {
    let wanted = text.trim().to_lowercase();
    if wanted.chars().count() < 3 {
        return Vec::new();
    }
    let holds = |client: &Client| {
        client.label().to_lowercase().contains(&wanted)
            || client.email.to_lowercase().contains(&wanted)
            || client.id.as_str().contains(&wanted)
    };
    view.clients
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
        company: "the account itself".to_owned(),
        firstname: String::new(),
        lastname: String::new(),
        country: String::new(),
        balance_management: String::new(),
        fingerprint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{account_itself, client};
    use crate::domain::ClientId;
    use crate::domain::watch::{AccountState, Watched};
    use crate::store::AccountView;

    fn view() -> AccountView {
        let watched = |id: &str, company: &str| {
            let mut client = account_itself();
            client.id = ClientId::new(id).unwrap();
            company.clone_into(&mut client.company);
            Watched::new(client, Timestamp::UNIX_EPOCH)
        };
        AccountView {
            state: AccountState::default(),
            clients: vec![
                watched("1000", "Ten"),
                watched("561115", "Über GmbH"),
                watched("9", "Nine"),
            ],
            alerts: Vec::new(),
            decisions: Vec::new(),
            enforcements: Vec::new(),
        }
    }

    #[test]
    fn a_client_is_found_by_its_id_and_suggested_by_its_name() {
        let view = view();
        let find = |id: &str| client(&view, id, Timestamp::UNIX_EPOCH).map(|watched| watched.client.id.to_string());
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
