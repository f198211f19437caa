//! The reseller API as commands of a person use it: at the account's pace, which they share with a daemon beside them.
//! Which calls are made is for the commands to say.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Account;
use crate::daemon::{StoreLedger, parts};
use crate::net::{Bounds, Network};
use crate::store::Store;
use crate::voipms::pace::{CallLedger, MemoryLedger};
use crate::voipms::{Client, SettingsError};

/// The API of an account. With a store the calls are reserved there, so that a daemon beside this keeps its rate.
/// `role` starts the name of this run there.
///
/// # Errors
/// When the address or the credentials cannot be used.
pub fn api(role: &str, account: &Account, store: Option<&Store>, network: &Network) -> Result<Client, SettingsError> {
    let ledger: Arc<dyn CallLedger> = match store {
        Some(store) => Arc::new(StoreLedger(store.clone())),
        None => Arc::new(MemoryLedger::default()),
    };
    let bounds = Bounds::default();
    let pacer = parts::pacer(role, account, ledger, &Clock::real(), bounds);
    parts::api(account, pacer, network, bounds, rand::random())
}

/// Gives back what was reserved and not used. Without that it counts a while longer.
pub async fn settle(api: &Client) {
    if let Err(error) = api.pacer().settle().await {
        tracing::debug!(%error, "reserved calls were not given back");
    }
}
