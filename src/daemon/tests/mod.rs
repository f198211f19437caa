//! The real daemon over a real store and the simulator's own listener, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::net::TcpListener;

use super::{Daemon, Environment, Pass};
use crate::clock::{Clock, Stepper};
use crate::domain::alert::Alert;
use crate::domain::notice::Notification;
use crate::domain::watch::AccountState;
use crate::domain::{AccountName, ClientId};
use crate::monitor::Silent;
use crate::net::Bounds;
use crate::simulator::{Options, Simulator, serve};
use crate::store::{AccountView, Filter};

mod alerts;
mod changes;
mod clock;
mod digests;
mod letters;
mod lists;
mod notices;
mod store;
mod surprises;
mod sweeps;
mod terms;
mod together;

/// A provider, a daemon, and a clock that this stage moves.
struct Stage {
    simulator: Arc<Simulator>,
    daemon: Daemon,
    clock: Clock,
    stepper: Stepper,
    config: String,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Some clients that are well and spend nothing; `extra` is added to the configuration, `account` to its account.
    async fn new(clients: u32, account: &str, extra: &str) -> Self {
        let (clock, stepper) = Clock::stepped("2026-11-23T12:00:00Z".parse().unwrap());
        let options = Options {
            clients,
            settings: vec![
                "spending=off".to_owned(),
                "top-ups=off".to_owned(),
                "slow-secs=5".to_owned(),
            ],
            ..Options::default()
        };
        let simulator = Simulator::new(options, clock.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1/rest.php", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, Arc::clone(&simulator), std::future::pending()));
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[[account]]\nname = 'main'\nurl = '{url}'\nusername = 'demo@example.com'\npassword = 'demo'\n{account}\n\
             [smtp]\nurl = 'smtp://127.0.0.1:1'\nfrom = 'a@example.com'\n\
             [[channel]]\nname = 'ops'\ntype = 'email'\nto = ['noc@example.com']\n\
             [store]\nurl = 'sqlite://{}/state.db'\n",
            folder.path().display()
        );
        let daemon = build(&format!("{config}{extra}"), &clock).await;
        let stage = Self {
            simulator,
            daemon,
            clock,
            stepper,
            config,
            folder,
        };
        for index in 0..clients {
            stage.set(&id(index), "100");
        }
        stage.set("reseller", "1000");
        stage
    }

    /// The same store after a restart with another configuration.
    async fn restart(self, extra: &str) -> Self {
        let Self {
            daemon, clock, config, ..
        } = &self;
        daemon.store.close().await;
        let (text, clock) = (format!("{config}{extra}"), clock.clone());
        let Self {
            simulator,
            daemon,
            stepper,
            config,
            folder,
            ..
        } = self;
        drop(daemon);
        let daemon = build(&text, &clock).await;
        Self {
            simulator,
            daemon,
            clock,
            stepper,
            config,
            folder,
        }
    }

    /// The reseller charges or credits a client so that it has this balance.
    fn edit(&self, id: &str, balance: &str) {
        if id == "reseller" {
            self.set(id, balance);
        } else {
            self.simulator.bring_to(id, balance).unwrap();
        }
    }

    /// A client has this balance, and nothing explains it.
    fn set(&self, id: &str, balance: &str) {
        let fields = if id == "reseller" {
            json!({ "balance": balance })
        } else {
            json!({ "balance": balance, "threshold": "10" })
        };
        self.simulator.edit(id, &fields).unwrap();
    }

    /// One pass that may take `secs` of virtual time.
    async fn pass_within(&self, secs: i64) -> Pass {
        let deadline = self.clock.now() + SignedDuration::from_secs(secs);
        self.stepping(self.daemon.watches[0].pass(deadline, &Silent))
            .await
            .unwrap()
    }

    async fn pass(&self) -> Pass {
        self.pass_within(300).await
    }

    /// Virtual time passes.
    fn wait(&self, secs: i64) {
        self.stepper
            .advance_to(self.clock.now() + SignedDuration::from_secs(secs));
    }

    /// Does `work`, and moves the time on whenever all it does is wait for it.
    async fn stepping<T>(&self, work: impl Future<Output = T>) -> T {
        stepping(&self.stepper, 500, work).await
    }

    /// The daemon itself for so many minutes. Nothing marks the store's work, so the time moves in small steps: what is
    /// taken for waiting and is none costs little.
    async fn run_for(self, minutes: u64) -> Arc<Simulator> {
        let stop = async {
            for _ in 0..minutes * 4 {
                self.clock.sleep(Duration::from_secs(15)).await;
            }
        };
        stepping(&self.stepper, 5_000, self.daemon.run(stop)).await.unwrap();
        self.simulator
    }

    async fn view(&self) -> AccountView {
        self.daemon
            .store
            .load(&AccountName::new("main").unwrap())
            .await
            .unwrap()
    }

    async fn state(&self) -> AccountState {
        self.view().await.state
    }

    /// Which alerts fire, as `client/policy`.
    async fn firing(&self) -> Vec<String> {
        let name = |alert: &Alert| format!("{}/{}", alert.client, alert.policy);
        let alerts = self.view().await.alerts;
        alerts
            .iter()
            .filter(|alert| alert.firing().is_some())
            .map(name)
            .collect()
    }

    /// Everything owed so far, oldest first.
    async fn notices(&self) -> Vec<Notification> {
        let filter = Filter::newest(AccountName::new("main").unwrap(), 1000);
        let mut notices = self.daemon.store.notifications(&filter).await.unwrap();
        notices.reverse();
        notices
    }

    /// When a client was last asked.
    async fn asked_at(&self, id: &str) -> Option<Timestamp> {
        let id = ClientId::new(id).unwrap();
        let clients = self.view().await.clients;
        clients
            .iter()
            .find(|watched| watched.client.id == id)
            .unwrap()
            .last_attempt_at
    }
}

/// Does `work`, and moves the time on whenever all it did for so many `turns` is wait for it.
async fn stepping<T>(stepper: &Stepper, turns: u32, work: impl Future<Output = T>) -> T {
    let drive = async {
        loop {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            if stepper.is_idle()
                && let Some(next) = stepper.next_wake()
            {
                stepper.advance_to(next);
            }
        }
    };
    tokio::select! {
        done = work => done,
        never = drive => never,
    }
}

/// How often a function was called.
fn calls(simulator: &Simulator, function: &str) -> usize {
    let name = format!("\"{function}\"");
    simulator.requests().to_string().matches(&name).count()
}

/// The id of the client at this place.
fn id(index: u32) -> String {
    (561_115 + index).to_string()
}

async fn build(config: &str, clock: &Clock) -> Daemon {
    let loaded = crate::config::parse(config, clock.now());
    let settings = loaded.unwrap_or_else(|found| panic!("{:?}", found.problems)).settings;
    let environment = Environment {
        clock: clock.clone(),
        bounds: Bounds {
            total: Duration::from_millis(500),
            ..Bounds::default()
        },
        delivery_timeout: Some(Duration::from_secs(1)),
        seed: 1,
        ..Environment::real()
    };
    Daemon::build(&settings, &environment).await.unwrap()
}
