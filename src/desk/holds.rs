//! Holds: a person's "hands off" for one client. The daemon reads them immediately before each write, and never ends one.

use super::{Desk, Refusal, find};
use crate::config::Account;
use crate::domain::ClientId;
use crate::domain::decision::{Decision, Kind, Scope};
use crate::view::decided::Held;

impl Desk {
    /// Lets nothing change a client until somebody releases it.
    ///
    /// # Errors
    /// When there is no such client, and when the store fails.
    pub async fn hold(&self, account: &Account, client: &str, reason: &str, by: &str) -> Result<Held, Refusal> {
        let client = self.real(account, client).await?;
        let hold = Decision {
            id: Decision::hold_id(&client),
            account: account.name.clone(),
            kind: Kind::Hold,
            scope: Scope {
                client: Some(client.clone()),
                ..Scope::default()
            },
            by: by.to_owned(),
            at: self.now.at,
            until: None,
            note: reason.to_owned(),
        };
        let changed = self.store.decide(&hold).await?;
        let decisions = self.store.decisions(&account.name).await?;
        let kept = decisions.into_iter().find(|kept| kept.id == hold.id);
        Ok(Held::new(&account.name, &client, kept.as_ref(), changed))
    }

    /// Lets policies change a client again.
    ///
    /// # Errors
    /// When there is no such client, when nobody holds it, and when the store fails.
    pub async fn release(&self, account: &Account, client: &str) -> Result<Held, Refusal> {
        let client = self.real(account, client).await?;
        if !self.store.revoke(&account.name, &Decision::hold_id(&client)).await? {
            return Err(Refusal::conflict(format!("nobody holds client `{client}`")));
        }
        Ok(Held::new(&account.name, &client, None, true))
    }

    /// The id of a client that could be changed.
    async fn real(&self, account: &Account, client: &str) -> Result<ClientId, Refusal> {
        let snapshot = self.snapshot(account).await?;
        let id = find::client(&snapshot, client)?.client.id.clone();
        if id.is_pseudo() {
            return Err(Refusal::wrong(format!("`{id}` is no client, and is never changed")));
        }
        Ok(id)
    }
}
