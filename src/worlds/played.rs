//! What a world leaves when it is over: for checks, stories and tables.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::growth::Growth;
use super::log::{Entry, Sample};
use super::plan::Plan;
use super::world::ACCOUNT;
use crate::domain::AccountName;
use crate::domain::enforcement::Enforcement;
use crate::domain::kept::{self, AccountView};
use crate::domain::notice::{Message, Notification};
use crate::store::{Access, Error, Filter, Store};

/// Entries of a client's history that are read at the end: more than a day of it.
const HISTORY: usize = 200;

/// For how long a message may be due before it is called overdue.
const OVERDUE: SignedDuration = SignedDuration::from_mins(30);

/// Most notifications that are read at the end.
const MOST_NOTIFICATIONS: usize = 1_000_000;

/// What happened in a world, and what the program kept of it.
#[derive(Clone, Debug)]
pub struct Played {
    pub plan: Plan,
    pub log: Vec<Entry>,
    /// How everybody stood, at each look; in the order of time.
    pub samples: Vec<(u32, Sample)>,
    pub calls: u64,
    /// How often the store did what.
    pub operations: BTreeMap<&'static str, u64>,
    pub end: Option<Kept>,
    /// How much there was, once a day.
    pub growth: Vec<Growth>,
    /// The last lines of the program's log.
    pub lines: Vec<String>,
    /// When all faults had ended.
    pub faults_ended: Timestamp,
    pub ended: Timestamp,
}

/// What the store holds at the end.
#[derive(Clone, Debug)]
pub struct Kept {
    pub view: AccountView,
    pub notifications: Vec<Notification>,
    pub enforcements: Vec<Enforcement>,
    pub bytes: u64,
    /// By the wall clock of the program.
    pub at: Timestamp,
    /// What was read of each client lately, newest first.
    pub histories: BTreeMap<String, Vec<kept::Kept>>,
    /// Messages that have been due for half an hour.
    pub overdue: Vec<Message>,
}

/// Reads what a store holds.
pub(super) async fn kept(path: &Path, account: AccountName, now: Timestamp) -> Result<Kept, Error> {
    let store = Store::open(path, Access::Read).await?;
    let view = store.load(&account).await?;
    let mut histories = BTreeMap::new();
    for watched in &view.clients {
        let id = &watched.client.id;
        let history = store.history(&account, id, HISTORY).await?;
        histories.insert(id.to_string(), history);
    }
    let due = store
        .due_messages(
            now.saturating_sub(OVERDUE).unwrap_or(Timestamp::MIN),
            MOST_NOTIFICATIONS,
        )
        .await?;
    let kept = Kept {
        view,
        notifications: store
            .notifications(&Filter::newest(account.clone(), MOST_NOTIFICATIONS))
            .await?,
        enforcements: store.enforcements(&Filter::newest(account, MOST_NOTIFICATIONS)).await?,
        bytes: std::fs::metadata(path).map_or(0, |data| data.len()),
        at: now,
        histories,
        overdue: due.into_iter().map(|(message, _)| message).collect(),
    };
    store.close().await;
    Ok(kept)
}

/// The account of a world whose configuration is its plan's.
pub(super) fn account_name() -> AccountName {
    let Ok(account) = AccountName::new(ACCOUNT) else {
        unreachable!("the name of the account is one")
    };
    account
}
