//! What is known of all clients, read from the store when somebody looks and kept for a while.
//!
//! Loading 50,000 clients takes longer than a page may. So a picture that is a little old is shown while a new one is taken; who
//! has just decided something waits for the new one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Site;
use crate::desk::{Desk, Refusal};
use crate::domain::AccountName;
use crate::store;
use crate::view::Snapshot;
use crate::view::clients::Index;
use crate::view::status::Status;

/// A picture that is not older is as good as a new one.
const FRESH: Duration = Duration::from_secs(2);

/// One that is older is not shown, and whoever looks waits for a new one.
const STALE: Duration = Duration::from_secs(60);

/// How much longer than taking a picture took it is kept at least: with many clients, pictures take a twentieth of a processor.
const REST: u32 = 20;

/// A picture that nobody looked at for so long is forgotten: 50,000 clients take some ten megabytes of memory.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(120);

/// All accounts as they were at one moment.
pub struct Picture {
    /// In the order of the configuration.
    pub accounts: Vec<Snapshot>,
    /// How the watching of each goes.
    pub statuses: Vec<Status>,
    /// The clients of all, sorted and summed up.
    pub index: Index,
    taken_at: Duration,
    took: Duration,
    /// How many decisions were made before it was taken.
    decided: u64,
}

impl Picture {
    /// What is known of an account.
    ///
    /// # Errors
    /// When there is none of this name; one that came with a reload has no picture yet for some seconds.
    pub fn snapshot(&self, account: &AccountName) -> Result<&Snapshot, Refusal> {
        Ok(&self.accounts[self.place(account)?])
    }

    /// How the watching of an account goes.
    ///
    /// # Errors
    /// As for [`Self::snapshot`].
    pub fn status(&self, account: &AccountName) -> Result<&Status, Refusal> {
        Ok(&self.statuses[self.place(account)?])
    }

    fn place(&self, account: &AccountName) -> Result<usize, Refusal> {
        let mut accounts = self.accounts.iter();
        let place = accounts.position(|snapshot| snapshot.rules.account == *account);
        place.ok_or_else(|| Refusal::unknown(format!("nothing is known of account `{account}` yet")).hint("try again"))
    }
}

/// The picture that is kept, and who takes the next one.
#[derive(Default)]
pub struct Pictures {
    kept: Mutex<Option<Arc<Picture>>>,
    taking: tokio::sync::Mutex<()>,
    /// How many decisions were made here since the start.
    decided: AtomicU64,
    /// When somebody looked last, in seconds of real time.
    looked_at_secs: AtomicU64,
    /// Whether somebody waits to forget it.
    is_guarded: AtomicBool,
}

impl Pictures {
    /// Something was decided: whoever looks next waits for a picture that shows it.
    pub fn outdate(&self) {
        self.decided.fetch_add(1, Ordering::SeqCst);
    }

    /// The picture that is kept, if it shows all that was decided here.
    fn kept(&self) -> Option<Arc<Picture>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|picture| picture.decided == self.decided.load(Ordering::SeqCst))
    }
}

impl Site {
    /// What is known of all clients, at most a minute ago.
    ///
    /// # Errors
    /// When there is no picture yet, and the store cannot be read.
    pub(super) async fn picture(self: &Arc<Self>) -> Result<Arc<Picture>, store::Error> {
        self.looked();
        if let Some(picture) = self.pictures.kept()
            && self.age(&picture) <= STALE.max(picture.took * REST)
        {
            if !self.is_fresh(&picture) {
                let site = Arc::clone(self);
                // Whoever takes one already takes it for all.
                tokio::spawn(async move {
                    if let Ok(_taking) = site.pictures.taking.try_lock()
                        && let Err(error) = site.take().await
                    {
                        tracing::warn!(%error, "the clients could not be read for the dashboard");
                    }
                });
            }
            return Ok(picture);
        }
        self.fresh_picture().await
    }

    /// Somebody looks: what is kept is forgotten when nobody did for a while.
    fn looked(self: &Arc<Self>) {
        let now = self.real.monotonic().as_secs();
        self.pictures.looked_at_secs.store(now, Ordering::SeqCst);
        if self.pictures.is_guarded.swap(true, Ordering::SeqCst) {
            return;
        }
        let site = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(FORGOTTEN_AFTER).await;
                let Some(site) = site.upgrade() else { return };
                let pictures = &site.pictures;
                let since = site
                    .real
                    .monotonic()
                    .as_secs()
                    .saturating_sub(pictures.looked_at_secs.load(Ordering::SeqCst));
                if since >= FORGOTTEN_AFTER.as_secs() {
                    *pictures.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    pictures.is_guarded.store(false, Ordering::SeqCst);
                    return;
                }
            }
        });
    }

    /// The same, as good as a new one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn fresh_picture(self: &Arc<Self>) -> Result<Arc<Picture>, store::Error> {
        self.looked();
        let _taking = self.pictures.taking.lock().await;
        match self.pictures.kept().filter(|picture| self.is_fresh(picture)) {
            Some(picture) => Ok(picture),
            None => self.take().await,
        }
    }

    fn age(&self, picture: &Picture) -> Duration {
        self.real.monotonic().saturating_sub(picture.taken_at)
    }

    fn is_fresh(&self, picture: &Picture) -> bool {
        self.age(picture) <= FRESH.max(picture.took * REST)
    }

    async fn take(&self) -> Result<Arc<Picture>, store::Error> {
        let began = self.real.monotonic();
        let decided = self.pictures.decided.load(Ordering::SeqCst);
        let desk: Desk = self.desk();
        let (mut accounts, mut statuses) = (Vec::new(), Vec::new());
        for account in &desk.settings.accounts {
            let snapshot = desk.snapshot(account).await?;
            statuses.push(desk.status(account, &snapshot).await?);
            accounts.push(snapshot);
        }
        let picture = Arc::new(Picture {
            index: Index::new(&accounts),
            accounts,
            statuses,
            taken_at: began,
            took: self.real.monotonic().saturating_sub(began),
            decided,
        });
        *self.pictures.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&picture));
        Ok(picture)
    }
}
