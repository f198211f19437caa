//! What must survive a crash, in the words of the domain: what is remembered of accounts and clients, alerts,
//! the outbox, enforcements with their journals, decisions, and the calls that share a rate.
//!
//! - [`Store`] hides the engine. SQLite is the one there is; its SQL is in `sqlite/`, its tables in `migrations/sqlite/`,
//!   and the story in `tests/` is told to a [`Store`], so that another engine can be held to it.
//! - Everything that the daemon decides is written through [`Store::commit`]: one [`Commit`], one transaction.
//! - It decides nothing, reads no clock, and holds no password.

pub mod chain;
mod commit;
mod disk;
mod encode;
mod error;
mod filter;
mod hook;
mod journal;
mod links;
mod pace;
mod sqlite;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

pub use commit::{Commit, HistoryEntry};
pub use disk::DiskTrouble;
pub use error::Error;
pub use filter::Filter;
pub use hook::{Course, Hook, Step, at_once};
pub use pace::{ForeignCalls, ReserveCalls, ReservedCalls, SettledCalls};
pub use sqlite::backup::partial as partial_backup;
pub use sqlite::forget::Forgotten;
pub use sqlite::mark;

use crate::domain::alert::{Alert, EpisodeId};
use crate::domain::dead_letter::DeadLetter;
use crate::domain::decision::{self, Decision};
use crate::domain::enforcement::Enforcement;
pub use crate::domain::kept::{
    AccountView, Activity, Counts, EnforcementRecord, Fires, Kept, NoticeRecord, Seen, Sibling, Told, Waiting,
    WaitingMail,
};
use crate::domain::kept::{Past, Warnings};
use crate::domain::notice::{Message, Notification};
use crate::domain::{AccountName, ChannelName, ClientId};
use sqlite::{Fault, Sqlite};

/// What the opener of a store may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Make, migrate and write it. Only one process at a time has this.
    Daemon,
    /// Read what is there, leave decisions and reserve calls. Never makes or migrates a store.
    Read,
}

/// An open store. Clones share it.
///
/// Every method fails with [`Error::Database`] when the database refuses, and those that read with [`Error::Corrupt`]
/// when something is stored that this program never writes.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Sqlite>,
    hook: Option<Hook>,
    /// Whether each operation is done before anything else goes on.
    is_at_once: bool,
    /// Told of each commit in which an alert moved.
    alerts_moved: watch::Sender<()>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.engine.path())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store at `path`. The daemon makes the file if it is missing, readable for its owner only; its folder
    /// must exist.
    ///
    /// # Errors
    /// [`Error::Locked`] when another daemon has it; [`Error::Missing`] and [`Error::Version`] when it is not there or
    /// of another version; others when the file system or the database refuses.
    pub async fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let engine = Sqlite::open(path, access).await?;
        Ok(Self {
            engine: Arc::new(engine),
            hook: None,
            is_at_once: false,
            alerts_moved: watch::Sender::default(),
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        self.engine.path()
    }

    /// The same store, asking `hook` at each step how it goes on. For crash tests and simulated worlds.
    #[must_use]
    pub fn with_hook(mut self, hook: Hook) -> Self {
        self.hook = Some(hook);
        self
    }

    /// The same store, which does each operation to its end before anything else of the thread goes on; see [`at_once`].
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.is_at_once = true;
        self
    }

    /// Whether others use it, too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.engine) > 1
    }

    /// Closes the store for all clones. A store that is dropped instead loses nothing; its log is read at the next start.
    pub async fn close(&self) {
        if self.is_at_once {
            at_once(self.engine.close());
        } else {
            self.engine.close().await;
        }
    }

    /// All that a sweep and its decisions need of an account, as one transaction saw it. An account that is not stored
    /// yet is empty.
    pub async fn load(&self, account: &AccountName) -> Result<AccountView, Error> {
        self.load_with(account, Past::InPlay).await
    }

    /// The same, with these enforcements.
    pub async fn load_with(&self, account: &AccountName, past: Past) -> Result<AccountView, Error> {
        self.during("load the account", self.engine.load(account, past)).await
    }

    /// Writes `commit` in one transaction, all or nothing. One without rows writes nothing.
    ///
    /// # Errors
    /// [`Error::Database`]: nothing of it is stored, unless the connection broke during COMMIT, when it may be;
    /// writing the same commit again is safe but for its history.
    pub async fn commit(&self, commit: &Commit) -> Result<(), Error> {
        self.during("commit", self.engine.commit(commit, self.hook.as_ref()))
            .await?;
        if !(commit.alerts.is_empty() && commit.alerts_gone.is_empty()) {
            self.alerts_moved.send_replace(());
        }
        Ok(())
    }

    /// Changes whenever a commit of this process moved an alert.
    #[must_use]
    pub fn alerts_moved(&self) -> watch::Receiver<()> {
        self.alerts_moved.subscribe()
    }

    /// At most `limit` messages of each channel that may leave at `now`, with the notifications they carry: pending, or left "sending" by a
    /// crash; due by `next_at` and `not_before`; and with no unfinished message before them in the same thread to the
    /// same recipient through the same channel. Oldest first; after those, the paced ones, lowest amount first.
    pub async fn due_messages(&self, now: Timestamp, limit: usize) -> Result<Vec<(Message, Vec<Notification>)>, Error> {
        self.during("read the due messages", self.engine.due_messages(now, limit))
            .await
    }

    /// Readies what became due since the last call, so that [`Self::due_messages`] costs the same whatever waits.
    pub async fn fill_line(&self, now: Timestamp) -> Result<(), Error> {
        self.during("look whose time has come", self.engine.fill_line(now))
            .await
    }

    /// Makes the message that carries this notification due at once, for another day: what a person decides about one that
    /// died or waits. Whether there was such a message; one that was delivered, dropped or is being sent stays as it is.
    pub async fn retry(&self, notification: &str, now: Timestamp) -> Result<bool, Error> {
        self.during("retry the notification", self.engine.retry(notification, now))
            .await
    }

    /// Makes all messages that wait, and those that died since `since`, due at once, in one channel or in all; gives
    /// how many there are.
    pub async fn retry_all(
        &self,
        channel: Option<&ChannelName>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let retried = self.engine.retry_all(channel, since, now);
        self.during("retry the notifications", retried).await
    }

    /// Makes due what waits for a later try, in one channel or in all, but for what may have arrived.
    pub async fn make_due(&self, channel: Option<&ChannelName>, now: Timestamp) -> Result<(), Error> {
        self.during("make what waits due", self.engine.make_due(channel, now))
            .await
    }

    /// How many tries of a message ended without an answer to it.
    pub async fn uncertain_tries(&self, message: &str) -> Result<u32, Error> {
        self.during("count uncertain tries", self.engine.uncertain_tries(message))
            .await
    }

    /// The first message that told the same recipient of the same episode and that its receiver has a name for, with all
    /// that it carries.
    pub async fn root_of(&self, about: &Notification) -> Result<Option<(Message, Vec<Notification>)>, Error> {
        self.during("look for what it began with", self.engine.root_of(about))
            .await
    }

    /// When the next unfinished message may leave, which may be past; `None` when there is none.
    pub async fn next_message_at(&self) -> Result<Option<Timestamp>, Error> {
        self.during("look for the next message", self.engine.next_message_at())
            .await
    }

    /// How many messages are still to be sent, now or later.
    pub async fn owed_messages(&self) -> Result<u64, Error> {
        self.during("count the messages", self.engine.owed_messages()).await
    }

    /// What waits in the outbox, by account and channel; a channel without is not among them.
    pub async fn waiting_messages(&self, now: Timestamp) -> Result<Vec<Waiting>, Error> {
        self.during("look what waits", self.engine.waiting_messages(now)).await
    }

    /// How many paced messages to clients left, or may have left, since `since`.
    pub async fn client_mails_since(&self, account: &AccountName, since: Timestamp) -> Result<u32, Error> {
        self.during("count mails to clients", self.engine.client_mails_since(account, since))
            .await
    }

    /// How many messages of a channel were tried after `since`, and when the first of them was.
    pub async fn messages_since(
        &self,
        channel: &ChannelName,
        since: Timestamp,
    ) -> Result<(u32, Option<Timestamp>), Error> {
        self.during("count messages", self.engine.messages_since(channel, since))
            .await
    }

    /// The newest `limit` entries of a client's history, newest first.
    pub async fn history(&self, account: &AccountName, client: &ClientId, limit: usize) -> Result<Vec<Kept>, Error> {
        self.during("read the history", self.engine.history(account, client, limit))
            .await
    }

    /// Hands the entries of a client's history that end after `since` to `each`, newest first, and perhaps one before them: the
    /// newest `most` of them. None is kept, so that a year takes no more memory than a day.
    pub async fn walk_history(
        &self,
        account: &AccountName,
        client: &ClientId,
        (since, most): (Timestamp, usize),
        each: impl FnMut(Kept),
    ) -> Result<(), Error> {
        let walked = self.engine.walk_history(account, client, (since, most), each);
        self.during("read the history", walked).await
    }

    /// Alerts of an account, by client and policy: pending, firing, and those whose cool-down runs.
    pub async fn alerts(&self, account: &AccountName) -> Result<Vec<Alert>, Error> {
        self.during("read the alerts", self.engine.alerts(account)).await
    }

    /// Those of one client, or of the account as a whole; by policy. Costs nothing for the alerts of the others.
    pub async fn alerts_of(&self, account: &AccountName, client: &ClientId) -> Result<Vec<Alert>, Error> {
        self.during("read the alerts", self.engine.alerts_of(account, client))
            .await
    }

    /// What fires, for whoever mirrors it: what it costs grows with that, not with the account.
    pub async fn fires(&self, account: &AccountName) -> Result<Fires, Error> {
        self.during("read what fires", self.engine.fires(account)).await
    }

    pub async fn notifications(&self, filter: &Filter) -> Result<Vec<Notification>, Error> {
        self.during("read the notifications", self.engine.notifications(filter))
            .await
    }

    /// What was owed since `since`, and what became of it. Digests do not count.
    pub async fn activity_since(&self, account: &AccountName, since: Timestamp) -> Result<Activity, Error> {
        let counted = self.engine.activity_since(account, since);
        self.during("count what was told", counted).await
    }

    /// The newest notification that carries a digest.
    pub async fn last_digest(&self, account: &AccountName) -> Result<Option<Notification>, Error> {
        self.during("read the last digest", self.engine.last_digest(account))
            .await
    }

    /// Messages that died and that nobody has dealt with, those that nobody was told of first. Those about dead letters
    /// are not among them.
    pub async fn dead_letters(&self, account: &AccountName) -> Result<Vec<DeadLetter>, Error> {
        self.during("read the dead messages", self.engine.dead_letters(account))
            .await
    }

    /// The mails to clients that wait to leave.
    pub async fn waiting_for_clients(&self, account: &AccountName) -> Result<Vec<WaitingMail>, Error> {
        self.during(
            "read the waiting mails to clients",
            self.engine.waiting_for_clients(account),
        )
        .await
    }

    /// Gives up the dead message that carries this notification, for a reason: what a person decides. Whether there was
    /// such a message; any other stays as it is.
    pub async fn drop_dead(&self, notification: &str, why: &str) -> Result<bool, Error> {
        self.during("drop the notification", self.engine.drop_dead(notification, why))
            .await
    }

    /// Pending notifications that no message carries yet, oldest first: what a crash left behind before its summary was
    /// made.
    pub async fn uncarried_notifications(&self, account: &AccountName) -> Result<Vec<Notification>, Error> {
        let uncarried = self.engine.uncarried_notifications(account);
        self.during("read the notifications without a message", uncarried).await
    }

    /// One notification with its message and the tries to deliver it; `None` when there is none of this id.
    pub async fn notification(&self, id: &str) -> Result<Option<NoticeRecord>, Error> {
        self.during("read the notification", self.engine.notification(id)).await
    }

    /// What else the same recipient was or will be told of the same episode through the same channel.
    pub async fn siblings(&self, about: &Notification) -> Result<Vec<Sibling>, Error> {
        self.during("read what else was told", self.engine.siblings(about))
            .await
    }

    /// Whether the same recipient was told through the same channel that the same alert fires, in a later episode.
    pub async fn fired_again(&self, about: &Notification) -> Result<bool, Error> {
        self.during("read what was told later", self.engine.fired_again(about))
            .await
    }

    /// Who was told of each episode that runs. One of which nobody is owed anything is not among them.
    pub async fn told_of(&self, account: &AccountName) -> Result<BTreeMap<EpisodeId, Told>, Error> {
        self.during("read who was told", self.engine.told_of(account)).await
    }

    /// Where the warnings of the account's running episodes stand.
    pub async fn warnings(&self, account: &AccountName) -> Result<Warnings, Error> {
        self.during("read who was warned", self.engine.warnings(account)).await
    }

    pub async fn enforcements(&self, filter: &Filter) -> Result<Vec<Enforcement>, Error> {
        self.during("read the enforcements", self.engine.enforcements(filter))
            .await
    }

    /// One enforcement with its journal; `None` when there is none of this id.
    pub async fn enforcement(&self, id: &str) -> Result<Option<EnforcementRecord>, Error> {
        self.during("read the enforcement", self.engine.enforcement(id)).await
    }

    /// The account in numbers.
    pub async fn counts(&self, account: &AccountName) -> Result<Counts, Error> {
        self.during("count", self.engine.counts(account)).await
    }

    /// The account's decisions as they are this moment. Read them immediately before a write that a person may have
    /// forbidden.
    pub async fn decisions(&self, account: &AccountName) -> Result<Vec<Decision>, Error> {
        self.during("read the decisions", self.engine.decisions(account)).await
    }

    /// The account's brake, if it is on this moment; as [`Self::decisions`].
    pub async fn brake(&self, account: &AccountName, now: Timestamp) -> Result<Option<Decision>, Error> {
        let decisions = self.decisions(account).await?;
        Ok(decision::brake(&decisions, now).cloned())
    }

    /// Writes a decision down, at once and for everybody. Returns whether that changed anything: one of the same id that
    /// is in force stays as it is, with its first reason.
    pub async fn decide(&self, decision: &Decision) -> Result<bool, Error> {
        self.during("write the decision", self.engine.decide(decision)).await
    }

    /// Revokes a decision, at once and for everybody. Returns whether there was one.
    pub async fn revoke(&self, account: &AccountName, decision: &str) -> Result<bool, Error> {
        self.during("revoke the decision", self.engine.revoke(account, decision))
            .await
    }

    /// Settles, forgets and reserves calls of `owner` (one name for each run of the program, never used twice) in one
    /// transaction that excludes all others, and tells what the account's other owners have.
    ///
    /// # Errors
    /// [`Error::Database`]; then nothing was reserved.
    pub async fn reserve_calls(
        &self,
        account: &AccountName,
        owner: &str,
        request: &ReserveCalls,
    ) -> Result<ReservedCalls, Error> {
        self.during("reserve calls", self.engine.reserve_calls(account, owner, request))
            .await
    }

    /// Tells that every owner whose name starts with `role` is dead: what they had reserved starts no more, and counts
    /// for a minute from now instead of for as long as it might have been under way. Only who holds the daemon's lock can
    /// know that of earlier daemons.
    ///
    /// # Errors
    /// [`Error::Database`]; their calls then count longer than they need.
    pub async fn settle_dead_owners(&self, role: &str, now: Timestamp) -> Result<(), Error> {
        self.during(
            "settle the calls of an earlier run",
            self.engine.settle_dead_owners(role, now),
        )
        .await
    }

    /// Forgets what ended before `before`: entries of the histories (each client's newest stays), and finished
    /// notifications with their messages. In short transactions, so that it holds up nobody. Returns the number of
    /// forgotten entries.
    ///
    /// # Errors
    /// [`Error::Database`]; what was forgotten until then stays forgotten.
    pub async fn forget_history_before(&self, account: &AccountName, before: Timestamp) -> Result<u64, Error> {
        self.during("forget old history", self.engine.forget_history_before(account, before))
            .await
    }

    /// Takes names and addresses of a client out of all that is stored, and with `history` its balances. `None`: a message
    /// to it or about it is being sent at this moment, and nothing was forgotten.
    ///
    /// # Errors
    /// [`Error::Database`]; when it comes from rebuilding the file, the client is forgotten and traces may be left in pages.
    pub async fn forget_client(
        &self,
        account: &AccountName,
        client: &ClientId,
        history: bool,
        now: Timestamp,
    ) -> Result<Option<Forgotten>, Error> {
        let forgotten = self.engine.forget_client(account, client, history, now);
        self.during("forget the client", forgotten).await
    }

    /// Writes all that is stored at this moment into a new file, for its owner only, and looks through it; whoever else
    /// writes goes on. Until it is whole it lies at [`partial_backup`].
    ///
    /// # Errors
    /// [`Error::Exists`] when there is such a file; [`Error::Damaged`]; others when the file system or the database refuses.
    pub async fn backup(&self, copy: &Path) -> Result<(), Error> {
        sqlite::backup::backup(self.path(), copy).await
    }

    /// Puts a backup in the place of the store at `path`, and what was there aside; returns where that is.
    ///
    /// # Errors
    /// [`Error::Locked`] while a daemon works on it; others when the backup is none that can be used. Then nothing changes.
    pub async fn restore(path: &Path, backup: &Path, now: Timestamp) -> Result<Option<PathBuf>, Error> {
        sqlite::backup::restore(path, backup, now).await
    }

    /// Does an operation, and tells a fault with it and the path.
    async fn during<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Error> {
        let hook = self.hook.as_ref();
        let outcome = match hook::pass(hook, Step::Operation(operation)) {
            Err(fault) => Err(fault),
            Ok(()) if self.is_at_once => at_once(work),
            Ok(()) => work.await,
        };
        if let Err(Fault::Died) = outcome {
            return std::future::pending().await;
        }
        outcome.map_err(|fault| {
            crate::metrics::store_failed();
            fault.during(operation, self.engine.path())
        })
    }
}
