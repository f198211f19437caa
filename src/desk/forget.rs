//! Forgetting who a client is, for a person who asks for it.

use super::{Desk, Refusal, find};
use crate::config::Account;
use crate::domain::{AccountName, ClientId};
use crate::store::Forgotten;

/// Whom to forget.
#[derive(Clone, Copy, Debug)]
pub struct Forget<'a> {
    pub client: &'a str,
    /// What its balances were as well.
    pub history: bool,
    /// Even one that is on the list, and will be read from there again.
    pub anyway: bool,
}

impl Desk {
    /// Whom that would forget, by its id. Nothing is changed.
    ///
    /// # Errors
    /// When there is no such client, and when it would come back with the next sweep.
    pub async fn may_forget(&self, account: &Account, wanted: &Forget<'_>) -> Result<ClientId, Refusal> {
        let snapshot = self.snapshot(account).await?;
        let watched = find::client(&snapshot, wanted.client)?;
        let id = watched.client.id.clone();
        if id.is_pseudo() {
            return Err(Refusal::wrong(format!(
                "`{id}` is no client, and nothing personal is known of it"
            )));
        }
        if watched.vanished_at.is_none() && !wanted.anyway {
            return Err(Refusal::conflict(format!(
                "client {id} is still one of yours at the provider: the next sweep would read its name and address again"
            ))
            .hint("delete it in the portal first and wait until `balancewatch client` says that it vanished, or give --anyway"));
        }
        Ok(id)
    }

    /// Forgets names and addresses of a client.
    ///
    /// # Errors
    /// When a message to it or about it is being sent at this moment, and when the store fails.
    pub async fn forget(&self, account: &AccountName, client: &ClientId, history: bool) -> Result<Forgotten, Refusal> {
        let forgotten = self.store.forget_client(account, client, history, self.now.at).await?;
        forgotten.ok_or_else(|| {
            Refusal::conflict(format!("a message about client {client} is being sent at this moment"))
                .hint("try again in a minute; one that a crash left behind is finished when the daemon runs")
        })
    }
}
