//! The configuration is read anew while everything goes on: all parts are built first, then all are put in force at once. One
//! that cannot be used changes nothing. It interrupts nobody: who works has the old parts in hand until the work is done.

use std::sync::Arc;

use tokio::sync::{mpsc, watch as signal};

use super::heart::Heart;
use super::mirrors::Mirrors;
use super::watch::Renewed;
use super::{Environment, Error, Watch, heart, parts, service};
use crate::config::{Loaded, Problems, Settings};
use crate::domain::ChannelName;
use crate::metrics;
use crate::notify::delivery::SetupError;
use crate::notify::heartbeat::Heartbeat;
use crate::notify::outbox;
use crate::telemetry;
use crate::vitals::Vitals;
use crate::web::{self, ReloadRequest};

/// Reads the configuration from where the first one came from.
pub type Loader = Arc<dyn Fn() -> Result<Loaded, Problems> + Send + Sync>;

/// What all accounts share and a reload replaces.
pub(super) struct Parts {
    pub settings: Arc<Settings>,
    pub outbox: Arc<outbox::Settings>,
    pub mirrors: Arc<Mirrors>,
    pub heartbeat: Option<Heartbeat>,
}

impl Parts {
    /// Builds them; mirrors whose settings did not change go on from `before`.
    pub fn build(settings: Settings, environment: &Environment, before: Option<&Mirrors>) -> Result<Self, SetupError> {
        let Environment { clock, network, .. } = environment;
        if settings.web.external_url.is_some() && settings.web.token.is_none() {
            // Links in messages are signed with it.
            web::beside(&settings.store.path);
        }
        let delivery = parts::delivery(&settings, network, environment.delivery_timeout)?;
        for account in &settings.accounts {
            let client = ChannelName::client();
            let channels = settings.channels.iter().map(|channel| &channel.name).chain([&client]);
            channels.for_each(|channel| metrics::delivers(account.name.as_str(), channel.as_str()));
        }
        Ok(Self {
            outbox: Arc::new(parts::outbox(&settings, delivery, environment)),
            mirrors: Arc::new(Mirrors::new(&settings, network, clock, before)?),
            heartbeat: heart::configured(&settings, network, clock)?,
            settings: Arc::new(settings),
        })
    }
}

/// What is in force, for those who work by it.
pub(super) struct Force {
    pub settings: signal::Sender<Arc<Settings>>,
    pub outbox: signal::Sender<Arc<outbox::Settings>>,
    pub mirrors: signal::Sender<Arc<Mirrors>>,
}

/// Who reloads.
pub(super) struct Reloader<'a> {
    pub loader: Option<Loader>,
    pub force: &'a Force,
    pub watches: &'a [Watch],
    pub heart: &'a Heart,
    pub vitals: &'a Vitals,
    pub environment: &'a Environment,
    /// Tells the outbox that there is something new.
    pub wake: &'a tokio::sync::Notify,
}

impl Reloader<'_> {
    /// Reloads whenever somebody wants it, one after the other.
    pub async fn run(self, mut requests: mpsc::Receiver<ReloadRequest>) {
        while let Some(ReloadRequest { answer }) = requests.recv().await {
            service::reloading();
            let done = self.reload().await;
            self.vitals
                .reloaded(done.as_ref().err().map(|problems| problems.join("\n")));
            service::reloaded();
            // Nobody may wait for it.
            answer.send(done.map_err(|problems| problems.join("\n"))).ok();
        }
    }

    /// What needs a restart to count; else every problem, and nothing changed.
    async fn reload(&self) -> Result<Vec<String>, Vec<String>> {
        let began = self.environment.clock.monotonic();
        let done = match self.load().await {
            Ok(settings) => self
                .put_in_force(settings)
                .map_err(|error| vec![telemetry::chain(&error)]),
            Err(problems) => Err(problems),
        };
        let took = self.environment.clock.monotonic().saturating_sub(began);
        match &done {
            Ok(waits) if waits.is_empty() => {
                tracing::info!(took_ms = took.as_millis(), "the configuration was reloaded");
            }
            Ok(waits) => tracing::warn!(
                took_ms = took.as_millis(),
                needs_restart = waits.join(", "),
                "the configuration was reloaded; some of it needs a restart, and is as before until then"
            ),
            Err(problems) => {
                for problem in problems {
                    tracing::error!(
                        problem,
                        "the new configuration is refused, and the old one stays in force"
                    );
                }
            }
        }
        done
    }

    /// Reads it beside the work: a file may lie on a disk that is slow.
    async fn load(&self) -> Result<Settings, Vec<String>> {
        let Some(loader) = self.loader.clone() else {
            return Err(vec!["there is no file to read the configuration from".to_owned()]);
        };
        let loaded = if self.environment.clock.is_real() {
            tokio::task::spawn_blocking(move || loader()).await
        } else {
            // In a world nothing is beside the work, and nothing is slow.
            Ok(loader())
        };
        match loaded {
            Ok(Ok(loaded)) => {
                for warning in &loaded.warnings {
                    tracing::warn!("{warning}");
                }
                parts::warn_of_texts(&loaded.settings);
                Ok(loaded.settings)
            }
            Ok(Err(problems)) => Err(problems.problems.iter().map(ToString::to_string).collect()),
            Err(_) => Err(vec!["the configuration could not be read".to_owned()]),
        }
    }

    fn put_in_force(&self, wanted: Settings) -> Result<Vec<String>, Error> {
        let before = Arc::clone(&self.force.settings.borrow());
        let (settings, waits) = possible(&before, wanted);
        let mirrors = Arc::clone(&self.force.mirrors.borrow());
        let parts = Parts::build(settings, self.environment, Some(&mirrors))?;
        let watches = self
            .watches
            .iter()
            .map(|watch| self.renewed(watch, &before, &parts.settings));
        let watches = watches.collect::<Result<Vec<_>, _>>()?;
        // From here on nothing fails and nobody else works. The outbox first: it knows a channel before anything is owed to it.
        self.force.outbox.send_replace(parts.outbox);
        self.force.mirrors.send_replace(parts.mirrors);
        self.heart.tell(parts.heartbeat);
        for (watch, renewed) in self.watches.iter().zip(watches) {
            if let Some(renewed) = renewed {
                watch.renew(renewed);
            }
        }
        self.force.settings.send_replace(parts.settings);
        self.wake.notify_one();
        Ok(waits)
    }

    fn renewed(&self, watch: &Watch, before: &Settings, now: &Settings) -> Result<Option<Renewed>, Error> {
        let name = watch.account.as_str();
        let (Some(before), Some(account)) = (before.account(name), now.account(name)) else {
            return Ok(None);
        };
        let renewed = watch.renewed((now, account), before, self.environment);
        renewed.map(Some)
    }
}

/// What of new settings can hold without a restart, and the keys that wait for one: for those the old ones stay.
fn possible(before: &Settings, mut wanted: Settings) -> (Settings, Vec<String>) {
    let mut waits = Vec::new();
    if wanted.store.path != before.store.path {
        wanted.store.path.clone_from(&before.store.path);
        waits.push("store.url".to_owned());
    }
    if wanted.web.listen != before.web.listen {
        wanted.web.listen = before.web.listen;
        waits.push("web.listen".to_owned());
        // Where it listens still, one may be needed.
        if wanted.web.token.is_none() && before.web.token.is_some() {
            wanted.web.token.clone_from(&before.web.token);
            waits.push("web.token".to_owned());
        }
    }
    let lacks = |settings: &Settings, name: &str| settings.account(name).is_none();
    let came = wanted
        .accounts
        .iter()
        .filter(|account| lacks(before, account.name.as_str()));
    let went = before
        .accounts
        .iter()
        .filter(|account| lacks(&wanted, account.name.as_str()));
    waits.extend(came.chain(went).map(|account| format!("account.{}", account.name)));
    let accounts = before.accounts.iter();
    wanted.accounts = accounts
        .map(|account| wanted.account(account.name.as_str()).unwrap_or(account).clone())
        .collect();
    (wanted, waits)
}

#[cfg(test)]
mod tests {
    use super::possible;
    use crate::domain::testing::at;

    /// The settings of a configuration whose sections are written as `{store}{web}{accounts}`.
    fn settings(store: &str, web: &str, accounts: &[&str]) -> crate::config::Settings {
        let accounts = accounts.iter().map(|name| {
            format!(
                "[[account]]\nname = '{name}'\nurl = 'http://127.0.0.1:1'\nusername = 'a@example.com'\npassword = 'x'\n"
            )
        });
        let accounts: String = accounts.collect();
        let text = format!("{accounts}[store]\nurl = 'sqlite://{store}'\n[web]\n{web}\n");
        let loaded = crate::config::parse(&text, at(0));
        loaded.unwrap_or_else(|found| panic!("{:?}", found.problems)).settings
    }

    #[test]
    fn what_cannot_change_under_way_stays_as_it_was_and_is_named() {
        let open = "listen = '0.0.0.0:1'\ntoken = 'sixteen-letters-at-least'";
        let before = settings("/a/b.db", open, &["main", "other"]);
        for (name, wanted, expected) in [
            ("nothing", settings("/a/b.db", open, &["main", "other"]), vec![]),
            ("their order", settings("/a/b.db", open, &["other", "main"]), vec![]),
            (
                "the store",
                settings("/a/c.db", open, &["main", "other"]),
                vec!["store.url"],
            ),
            (
                "the listener, whose token is still needed",
                settings("/a/b.db", "listen = 'off'", &["main", "other"]),
                vec!["web.listen", "web.token"],
            ),
            (
                "the accounts",
                settings("/a/b.db", open, &["third", "main"]),
                vec!["account.third", "account.other"],
            ),
        ] {
            let (possible, waits) = possible(&before, wanted);
            assert_eq!(waits, expected, "{name}");
            assert_eq!(possible.store.path, before.store.path, "{name}");
            assert_eq!(possible.web.listen, before.web.listen, "{name}");
            assert!(possible.web.token.is_some(), "{name}");
            let names = |settings: &crate::config::Settings| {
                let names = settings.accounts.iter().map(|account| account.name.clone());
                names.collect::<Vec<_>>()
            };
            assert_eq!(names(&possible), names(&before), "{name}");
        }
    }
}
