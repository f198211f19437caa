//! What people look up and decide, over the store: the one place behind the commands, the pages and the JSON API.
//!
//! In reading order: [`Desk`] (one look at a store), [`find`] (the client, the policy or the channel that somebody
//! named), `status` (how the watching goes), [`silences`], [`acks`], [`brake`], `holds`, [`approvals`], [`letters`] and
//! [`forget`] (what people decide), [`journal`] (what was done, as a file), [`spoken`] (what they may say).
//!
//! A decision is a row that the daemon reads before each of its own. Nothing here asks the API, sends anything, or needs
//! a running daemon.

use std::sync::Arc;

use crate::config::{Account, Settings, terms};
use crate::domain::enforcement::Enforcement;
use crate::domain::judge::Rules;
use crate::domain::kept::{EnforcementRecord, Warnings};
use crate::domain::{AccountName, ClientId};
use crate::store::{self, Filter, Store};
use crate::view::client::ClientCard;
use crate::view::{Now, Snapshot};

pub mod acks;
pub mod approvals;
pub mod brake;
pub mod find;
pub mod forget;
mod holds;
pub mod journal;
pub mod letters;
mod refusal;
pub mod silences;
pub mod spoken;
mod status;

pub use refusal::Refusal;

/// Enforcements shown of a client: the last few tell what was tried; the list has them all.
const ENFORCEMENTS_SHOWN: usize = 5;

/// One look at a store: by these settings, at this time.
#[derive(Clone, Debug)]
pub struct Desk {
    pub settings: Arc<Settings>,
    pub store: Store,
    /// One time for all that is shown and decided.
    pub now: Now,
}

impl Desk {
    /// The account of this name.
    ///
    /// # Errors
    /// When it is not configured.
    pub fn account(&self, name: &str) -> Result<&Account, Refusal> {
        find::account(&self.settings, name)
    }

    /// All that is known of an account.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn snapshot(&self, account: &Account) -> Result<Snapshot, store::Error> {
        let letters = self.store.dead_letters(&account.name).await?.into_iter();
        let open = letters.filter(|letter| letter.channel.is_client() && !letter.is_settled);
        let rules = Rules {
            mutes: terms::open(&self.settings.mutes, self.now.at),
            ..terms::rules(&self.settings, account)
        };
        let warnings = if rules.asks_for_warnings() {
            self.store.warnings(&account.name).await?
        } else {
            Warnings::new()
        };
        Ok(Snapshot {
            now: self.now.clone(),
            rules,
            guards: terms::guards(&self.settings.enforcement),
            rate_per_minute: account.rate_per_minute,
            schedule_interval: self.settings.schedule.interval(self.now.at),
            kept: self.store.load(&account.name).await?,
            told: self.store.told_of(&account.name).await?,
            warnings,
            cannot_be_told: open.map(|letter| (letter.client, letter.why)).collect(),
        })
    }

    /// All that is known of a client of which this is the account's snapshot.
    ///
    /// # Errors
    /// When nobody of this id is known, and when the store cannot be read.
    pub async fn client(&self, snapshot: &Snapshot, id: &str) -> Result<ClientCard, Refusal> {
        let watched = find::client(snapshot, id)?;
        let (account, id) = (&snapshot.rules.account, &watched.client.id);
        let enforcements = self.enforcements(account, id, ENFORCEMENTS_SHOWN).await?;
        Ok(ClientCard::new(snapshot, &watched, &enforcements))
    }

    /// An enforcement with its journal.
    ///
    /// # Errors
    /// When there is none of this id, and when the store cannot be read.
    pub async fn enforcement(&self, id: &str) -> Result<EnforcementRecord, Refusal> {
        self.store.enforcement(id).await?.ok_or_else(|| {
            Refusal::unknown(format!("there is no enforcement `{id}`"))
                .hint("`balancewatch enforcements list` prints the ids")
        })
    }

    /// What was done about a client, newest first, at most `limit` of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn enforcements(
        &self,
        account: &AccountName,
        client: &ClientId,
        limit: usize,
    ) -> Result<Vec<Enforcement>, store::Error> {
        let filter = Filter {
            client: Some(client.clone()),
            ..Filter::newest(account.clone(), limit)
        };
        self.store.enforcements(&filter).await
    }
}
