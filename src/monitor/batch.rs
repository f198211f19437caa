//! What is committed together: the rows of some clients, judged at one `now`. One transaction, written while the next
//! batch is read.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::moved;
use crate::domain::judge::rows::Moved;
use crate::domain::judge::{Decided, Rules, audience};
use crate::domain::receiver::Receiver;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ChannelName, ClientId};
use crate::store::{Commit, Store};

/// A batch closes at this many readings: large enough that a transaction's cost is spread, small enough that a crash
/// loses little and memory stays flat.
pub const MOST_READINGS: usize = 256;

/// A batch closes this long after its first reading, so that nobody waits long for their mail.
pub const LONGEST: std::time::Duration = std::time::Duration::from_secs(1);

/// Writes commits one after the other, each while the sweep goes on.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    account: AccountName,
    channels: BTreeMap<ChannelName, Receiver>,
    in_flight: JoinSet<Result<(), crate::store::Error>>,
    interned: HashSet<Arc<str>>,
    /// What moved and is not written yet.
    moving: Vec<Moved>,
    /// How many were told in the log so far.
    told: usize,
}

impl Writer {
    /// A writer for the account of these rules.
    #[must_use]
    pub fn new(store: Store, rules: &Rules) -> Self {
        Self {
            store,
            account: rules.account.clone(),
            channels: rules.channels.clone(),
            in_flight: JoinSet::new(),
            interned: HashSet::new(),
            moving: Vec::new(),
            told: 0,
        }
    }

    /// An empty commit at this time.
    #[must_use]
    pub fn commit_at(&self, now: Timestamp) -> Commit {
        Commit::new(self.account.clone(), now)
    }

    /// Has the log tell what moved, once the next commit is written.
    pub fn note(&mut self, moved: Vec<Moved>) {
        self.moving.extend(moved);
    }

    /// Starts to write; waits for the commit before it.
    ///
    /// # Errors
    /// What the commit before it failed with: nothing is written after a failure.
    pub async fn write(&mut self, mut commit: Commit) -> Result<(), crate::store::Error> {
        audience::together(&mut commit.messages, &mut commit.notifications, &self.channels);
        self.finish().await?;
        if !commit.is_empty() {
            let store = self.store.clone();
            let (moved, told) = (std::mem::take(&mut self.moving), self.told);
            self.told += moved.len();
            self.in_flight.spawn(async move {
                store.commit(&commit).await?;
                moved::tell(&commit.account, &moved, told);
                Ok(())
            });
        }
        Ok(())
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// What the last commit failed with.
    pub async fn finish(&mut self) -> Result<(), crate::store::Error> {
        match self.in_flight.join_next().await {
            // A writer that panicked has written nothing: the transaction is rolled back with it.
            Some(written) => written.unwrap_or_else(|join| std::panic::resume_unwind(join.into_panic())),
            None => Ok(()),
        }
    }

    /// The one shared copy of a text that nearly all clients have.
    pub fn intern(&mut self, text: Arc<str>) -> Arc<str> {
        if let Some(known) = self.interned.get(&text) {
            return Arc::clone(known);
        }
        self.interned.insert(Arc::clone(&text));
        text
    }
}

/// Adds what was decided about one client to a commit. What began or ended by it is for the log, once it is written.
pub fn add(commit: &mut Commit, client: &ClientId, decided: Decided) -> Vec<Moved> {
    commit.alerts.extend(decided.alerts);
    commit
        .alerts_gone
        .extend(decided.gone.into_iter().map(|policy| (client.clone(), policy)));
    commit.messages.extend(decided.owed.messages);
    commit.notifications.extend(decided.owed.notifications);
    decided.moved
}

/// Adds what was read of a client. Who it is was written with the list; nobody lists the reseller itself.
pub fn add_reading(commit: &mut Commit, watched: Watched) {
    if watched.client.id.is_pseudo() {
        commit.clients.push(watched);
    } else {
        commit.readings.push(watched);
    }
}
