//! What the story happens in: a world, and the daemon's real parts in it, with one stepped clock for all. Decides nothing
//! about what happens.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Error, Options, fresh_folder};
use crate::clock::{Clock, Stepper};
use crate::config;
use crate::daemon::{Daemon, Environment, Pass};
use crate::domain::AccountName;
use crate::enforce;
use crate::mail_catcher;
use crate::monitor::Silent;
use crate::net::Bounds;
use crate::simulator::{self, Simulator};
use crate::web::{Site, server};
use crate::world::{World, drive};

/// Real time that an exchange over loopback may take.
const DEADLINE: Duration = Duration::from_secs(1);

/// Real time for one pass over the outbox; each mail has a deadline of its own.
const DELIVER_FOR: Duration = Duration::from_secs(30);

/// Time between two sweeps.
pub(super) const INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// Where operators read their mail.
pub(super) const OPERATORS: &str = "noc@example.com";

/// What the daemon of the demo is told.
const CONFIG: &str = r#"
[[account]]
name = "demo"
url = "{url}"
username = "demo@example.com"
password = "demo"
rate_per_minute = 60000

[schedule]
sweep = "*/5 * * * *"

[smtp]
url = "smtp://{mail}"
from = "Phone service <alerts@example.com>"

[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]

[alerts]
notify_clients = true

[[policy]]
name = "fraud"
severity = "critical"
when = { spent_today_above = "25.00" }
enforce = { balance_management = "hard" }

[enforcement]
mode = "apply"

[store]
url = "{store}"

[web]
per_client_metrics = 5
"#;

/// Where the dashboard listens by default; another port where somebody has that one.
const PORT: u16 = 9877;

pub(super) struct Scene {
    pub(super) clock: Clock,
    stepper: Stepper,
    pub(super) world: World,
    pub(super) daemon: Daemon,
    pub(super) account: AccountName,
    /// Where the mails are.
    pub(super) mails: PathBuf,
    /// Where the dashboard is.
    pub(super) dashboard: SocketAddr,
    web: JoinSet<()>,
    folder: PathBuf,
}

impl Scene {
    /// Builds it; `prepare` sets the scene before the daemon looks for the first time.
    pub(super) async fn build(
        options: &Options,
        start: Timestamp,
        prepare: impl FnOnce(&Simulator) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let (clock, stepper) = Clock::stepped(start);
        let simulator = Simulator::new(
            simulator::Options {
                clients: options.clients,
                seed: options.seed,
                settings: vec!["spending=off".to_owned(), "top-ups=off".to_owned()],
                start: Some(start),
                ..simulator::Options::default()
            },
            clock.clone(),
        )?;
        prepare(&simulator)?;
        let folder = fresh_folder("demo").map_err(|source| machine("make a temporary folder", source))?;
        let mails = folder.join("mails");
        std::fs::create_dir(&mails).map_err(|source| machine("make a folder for the mails", source))?;
        let catcher = mail_catcher::Options {
            folder: Some(mails.clone()),
            ..mail_catcher::Options::default()
        };
        let world = World::start(simulator, catcher).await;
        let world = world.map_err(|source| machine("listen on loopback", source))?;
        let text = world.configuration(CONFIG, &folder);
        let loaded = config::parse(&text, start).map_err(|problems| {
            let problems: Vec<String> = problems.problems.iter().map(ToString::to_string).collect();
            Error::Config(problems.join("; "))
        })?;
        let environment = Environment {
            clock: clock.clone(),
            bounds: Bounds {
                connect: DEADLINE,
                read: DEADLINE,
                total: DEADLINE,
                ..Bounds::default()
            },
            delivery_timeout: Some(DEADLINE),
            seed: options.seed,
            ..Environment::real()
        };
        let daemon = Daemon::build(&loaded.settings, &environment).await?;
        let account = daemon.watches[0].account.clone();
        let (dashboard, web) = serve(daemon.site().showing_mails(mails.clone())).await?;
        Ok(Self {
            dashboard,
            web,
            clock,
            stepper,
            world,
            daemon,
            account,
            mails,
            folder,
        })
    }

    /// Where the token is that lets somebody decide in the dashboard.
    pub(super) fn token(&self) -> PathBuf {
        self.folder.join("web.token")
    }

    /// Moves the time on, when nothing is in hand.
    pub(super) fn advance_to(&self, at: Timestamp) {
        self.stepper.advance_to(at);
    }

    /// One pass of the daemon and one over its outbox.
    pub(super) async fn sweep(&mut self) -> Result<Pass, Error> {
        let now = self.clock.now();
        let deadline = now.saturating_add(INTERVAL).unwrap_or(now);
        let pass = drive(&self.stepper, self.daemon.watches[0].pass(deadline, &Silent)).await?;
        match &pass.not_asked {
            None => self.daemon.vitals.judged(&self.account),
            Some((what, _)) => self.daemon.vitals.failed(&self.account, what),
        }
        self.deliver().await?;
        Ok(pass)
    }

    /// Settles what waits between two sweeps.
    pub(super) async fn settle(&mut self) -> Result<enforce::Report, Error> {
        let done = drive(&self.stepper, self.daemon.watches[0].settle()).await?;
        self.deliver().await?;
        Ok(done)
    }

    /// Tries each due message once.
    pub(super) async fn deliver(&mut self) -> Result<(), Error> {
        let until = tokio::time::sleep(DELIVER_FOR);
        drive(&self.stepper, self.daemon.deliver(until)).await?;
        Ok(())
    }

    /// Closes the store and removes it. What cannot be removed is small, and in the machine's temporary folder.
    pub(super) async fn close(mut self, keeps_mails: bool) {
        self.web.shutdown().await;
        self.daemon.store.close().await;
        drop(self.daemon);
        if !keeps_mails {
            std::fs::remove_dir_all(&self.folder).ok();
            return;
        }
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.path().is_file()) {
            std::fs::remove_file(entry.path()).ok();
        }
    }
}

/// Puts the dashboard on a port of loopback, and serves it until what is returned is dropped.
async fn serve(site: Site) -> Result<(SocketAddr, JoinSet<()>), Error> {
    let listening = async {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        Ok((listener.local_addr()?, listener))
    };
    let listening = listening.await;
    let (address, listener) = listening.map_err(|source| machine("listen on loopback", source))?;
    let mut web = JoinSet::new();
    web.spawn(server::serve(Arc::new(site), listener, std::future::pending()));
    Ok((address, web))
}

fn machine(what: &'static str, source: std::io::Error) -> Error {
    Error::Machine { what, source }
}
