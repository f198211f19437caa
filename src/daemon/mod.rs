//! The composition root: builds store, API clients, monitors, enforcers and the outbox from settings, and runs them.
//!
//! In reading order: [`parts`] (settings turn into parts), [`watch`] (one account: settle, sweep, enforce), [`once`]
//! (`sweep --once`), [`run`] (the daemon), `pulse` and `alarm` (whether the store works, and who is told), [`letters`] (dead letters are
//! announced), [`digest`] (what sums up), [`mirrors`] (Alertmanager shows what fires), [`heart`] (a dead-man's switch elsewhere hears of
//! sweeps), [`trigger`] (the wall clock), [`reload`] (another configuration is put in force), [`service`] (what systemd hears).

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch as signal};

use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::{AccountName, ChannelName};
use crate::monitor::SweepError;
use crate::net::{Bounds, Network};
use crate::notify::delivery::SetupError;
use crate::notify::health::ChannelHealth;
use crate::notify::heartbeat::Heartbeat;
use crate::notify::outbox::{Drained, Outbox};
use crate::store::{Access, Store};
use crate::vitals::Vitals;
use crate::web::{ReloadRequest, Site};
use crate::{enforce, store, voipms};

pub mod alarm;
pub mod digest;
pub mod heart;
pub mod letters;
pub mod mirrors;
pub mod once;
pub mod parts;
mod posts;
mod pulse;
pub mod reload;
mod reservations;
pub mod run;
pub mod service;
#[cfg(test)]
mod tests;
pub mod trigger;
pub mod watch;
pub mod webhooks;

pub use digest::Digests;
pub use letters::DeadLetters;
use reload::{Force, Loader, Parts};
pub use reservations::StoreLedger;
pub use watch::{Pass, Watch};

/// What is around the daemon, and different in the demo.
#[derive(Clone, Debug)]
pub struct Environment {
    pub clock: Clock,
    /// Deadlines of calls to the API.
    pub bounds: Bounds,
    /// How long one delivery may take; `None`: as configured.
    pub delivery_timeout: Option<Duration>,
    /// Seeds jitter.
    pub seed: u64,
    /// What connections are made over.
    pub network: Network,
    /// How often it is looked what other processes left in the store: their decisions, and what is due by them.
    pub look_every: Duration,
    /// How often silence is judged between sweeps.
    pub silence_every: Duration,
}

/// What a person leaves in the store is seen this soon.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Clients are told to be unread this soon after they are.
const SILENCE_EVERY: Duration = Duration::from_secs(60);

impl Environment {
    #[must_use]
    pub fn real() -> Self {
        Self {
            clock: Clock::real(),
            bounds: Bounds::default(),
            delivery_timeout: None,
            seed: rand::random(),
            network: Network::load(),
            look_every: LOOK_EVERY,
            silence_every: SILENCE_EVERY,
        }
    }
}

/// Everything that works, built and not yet running. Holds the store's lock.
pub struct Daemon {
    pub store: Store,
    pub watches: Vec<Watch>,
    outbox: Outbox<Store>,
    letters: DeadLetters,
    heartbeat: Option<Heartbeat>,
    pub vitals: Arc<Vitals>,
    force: Force,
    environment: Environment,
    /// `None`: it cannot be reloaded.
    loader: Option<Loader>,
    /// `None`: it opens its own, if it listens.
    listener: Option<std::net::TcpListener>,
    reloads: (mpsc::Sender<ReloadRequest>, mpsc::Receiver<ReloadRequest>),
    stop: signal::Sender<bool>,
}

/// Why the daemon could not be built, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be opened, read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// An account's settings cannot be used.
    #[error("account `{account}` cannot be used")]
    Api {
        account: AccountName,
        source: voipms::SettingsError,
    },
    /// A channel's settings cannot be used.
    #[error(transparent)]
    Channel(#[from] SetupError),
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error(transparent)]
    Enforce(#[from] enforce::Error),
    /// The store failed for so long that a new start is the only hope.
    #[error("the store has failed since {since}: {what}")]
    GivenUp {
        since: jiff::Timestamp,
        /// What it said last.
        what: String,
    },
    /// The wall-clock trigger could not be started.
    #[error("the scheduler could not be started")]
    Trigger(#[from] tokio_cron_scheduler::JobSchedulerError),
}

impl Daemon {
    /// Opens the store, makes or migrates it if need be, and builds everything else.
    ///
    /// # Errors
    /// [`Error`]; nothing was asked or sent.
    pub async fn build(settings: &Settings, environment: &Environment) -> Result<Self, Error> {
        let parts = Self::parts(settings, environment)?;
        let store = Store::open(&settings.store.path, Access::Daemon).await?;
        Self::assemble(store, parts, environment).await
    }

    /// The same over a store that is open.
    ///
    /// # Errors
    /// [`Error`]; nothing was asked or sent.
    pub async fn over(store: Store, settings: &Settings, environment: &Environment) -> Result<Self, Error> {
        Self::assemble(store, Self::parts(settings, environment)?, environment).await
    }

    /// All that the settings alone say: what is wrong with them leaves no store behind.
    fn parts(settings: &Settings, environment: &Environment) -> Result<Parts, SetupError> {
        parts::warn_of_texts(settings);
        Parts::build(settings.clone(), environment, None)
    }

    async fn assemble(store: Store, parts: Parts, environment: &Environment) -> Result<Self, Error> {
        let Parts {
            settings,
            outbox,
            mirrors,
            heartbeat,
        } = parts;
        store.settle_dead_owners(parts::DAEMON, environment.clock.now()).await?;
        let (stop, stopped) = signal::channel(false);
        let watches = settings.accounts.iter();
        let watches = watches.map(|account| Watch::new(&settings, account, &store, environment, &stopped));
        let watches = watches.collect::<Result<Vec<_>, _>>()?;
        let outbox = signal::Sender::new(outbox);
        Ok(Self {
            outbox: Outbox::new(store.clone(), environment.clock.clone(), outbox.subscribe()),
            store,
            watches,
            letters: DeadLetters::default(),
            heartbeat,
            vitals: Arc::new(Vitals::new(
                environment.clock.clone(),
                settings.accounts.iter().map(|account| account.name.clone()),
            )),
            force: Force {
                settings: signal::Sender::new(settings),
                outbox,
                mirrors: signal::Sender::new(mirrors),
            },
            environment: environment.clone(),
            loader: None,
            listener: None,
            reloads: mpsc::channel(1),
            stop,
        })
    }

    /// Reads its configuration by `loader` when it is told to reload.
    #[must_use]
    pub fn reloading_by(mut self, loader: Loader) -> Self {
        self.loader = Some(loader);
        self
    }

    /// Serves on this socket, whatever is configured.
    #[must_use]
    pub fn listening_on(mut self, listener: Option<std::net::TcpListener>) -> Self {
        self.listener = listener;
        self
    }

    /// Takes wishes for a reload; one at a time waits.
    #[must_use]
    pub fn reloads(&self) -> mpsc::Sender<ReloadRequest> {
        self.reloads.0.clone()
    }

    /// Tries each due message once, until `until` ends (real time). What died is announced in the same pass where
    /// another channel can. The second value: whether everybody who must know of dead letters can be told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deliver(&mut self, until: impl Future<Output = ()> + Send) -> Result<(Drained, bool), Error> {
        let outbox = &mut self.outbox;
        if self.force.outbox.borrow().channels.is_empty() {
            return Ok((Drained::default(), true));
        }
        let until = futures_util::FutureExt::shared(until);
        let mut drained = outbox.drain(until.clone()).await?;
        let mut all_told = true;
        let mut is_owed = false;
        for watch in &self.watches {
            let looked = self.letters.judge(watch).await?;
            is_owed |= looked.is_owed;
            all_told &= looked.all_told;
        }
        if is_owed {
            let second = outbox.drain(until).await?;
            drained.sent += second.sent;
            drained.dead += second.dead;
            drained.deferred = drained.deferred.max(second.deferred);
        }
        Ok((drained, all_told))
    }

    /// What a web listener is made from, where nobody can have the configuration read anew.
    #[must_use]
    pub fn site(&self) -> Site {
        let (nobody, _) = mpsc::channel(1);
        let (store, clock) = (self.store.clone(), self.environment.clock.clone());
        Site::new(
            self.force.settings.subscribe(),
            store,
            clock,
            Arc::clone(&self.vitals),
            nobody,
        )
    }

    /// How the channels fare, as far as was seen since the start.
    #[must_use]
    pub fn channels(&self) -> BTreeMap<ChannelName, ChannelHealth> {
        self.outbox.health().clone()
    }
}
