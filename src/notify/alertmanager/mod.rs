//! Alertmanager is a mirror, not a mailbox: what fires is posted to all peers of a cluster again and again, and what is not
//! posted any more ends there by itself. So nothing is queued, and a crash on either side heals.
//!
//! - `shown`: what it is to show. Pure.
//! - `payload`: that as requests, by the clock of the peer that gets them. Pure.
//! - `peer`: one Alertmanager, told on its own.
//!
//! It decides nothing: what fires, and which of it is shown, it is given.

mod payload;
mod peer;
mod shown;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use self::peer::Peer;
use self::shown::{Ended, Shown};
use super::delivery::{Check, Failed, SetupError};
use super::labels::Labelled;
use crate::clock::Clock;
use crate::domain::ChannelName;
use crate::net::Network;

/// How many times `resend` an alert holds at Alertmanager without being posted again: two posts may be lost.
const HOLDS: i32 = 3;

/// What the configuration says of one mirror.
#[derive(Clone, Debug)]
pub struct Settings {
    pub channel: ChannelName,
    /// Of every peer, without the path of the API.
    pub urls: Vec<String>,
    /// Who logs in, as the header says it.
    pub authorization: Option<SecretString>,
    /// How often everything is posted again.
    pub resend: SignedDuration,
}

impl Settings {
    fn is(&self, other: &Self) -> bool {
        let said = |settings: &Self| {
            let said = settings.authorization.as_ref();
            said.map(|said| said.expose_secret().to_owned())
        };
        (&self.channel, &self.urls, self.resend) == (&other.channel, &other.urls, other.resend)
            && said(self) == said(other)
    }
}

/// When any peer was told last, and why not since.
#[derive(Clone, Debug, Default)]
struct Reached {
    /// Monotonic.
    at: Option<Duration>,
    /// What the last peer said that was not reached; `None`: the last one was.
    why: Option<String>,
}

/// A cluster of Alertmanagers that shows what fires.
pub struct Mirror {
    pub channel: ChannelName,
    pub resend: SignedDuration,
    settings: Settings,
    peers: Vec<Peer>,
    looks: watch::Sender<Arc<Shown>>,
    reached: watch::Sender<Reached>,
    clock: Clock,
    /// Monotonic.
    began: Duration,
}

impl Mirror {
    /// A mirror that shows nothing yet.
    ///
    /// # Errors
    /// [`SetupError`] when the address of a peer, or who logs in, cannot be used.
    pub fn new(settings: &Settings, network: &Network, clock: &Clock) -> Result<Self, SetupError> {
        let urls = settings.urls.iter();
        let peers = urls.map(|url| Peer::new(settings, url, network, clock));
        Ok(Self {
            channel: settings.channel.clone(),
            resend: settings.resend,
            settings: settings.clone(),
            peers: peers.collect::<Result<_, _>>()?,
            looks: watch::Sender::default(),
            reached: watch::Sender::default(),
            clock: clock.clone(),
            began: clock.monotonic(),
        })
    }

    /// Whether it was made from these settings.
    #[must_use]
    pub fn is_of(&self, settings: &Settings) -> bool {
        self.settings.is(settings)
    }

    /// Shows what fires now, each with when it began. `is_all`: everything is posted again, not only what is new.
    pub fn show(&self, firing: Vec<(Labelled, Timestamp)>, is_all: bool) {
        let now = Ended {
            at: self.clock.now(),
            monotonic: self.clock.monotonic(),
        };
        self.looks
            .send_modify(|shown| *shown = Arc::new(shown.next(firing, now, is_all)));
    }

    /// Posts once more what it showed: for when nobody can look what fires.
    pub fn show_again(&self) {
        self.looks.send_modify(|shown| *shown = Arc::new(shown.again()));
    }

    /// Keeps all peers up to date, each on its own; never ends.
    pub async fn run(&self) {
        let peers = self.peers.iter();
        join_all(peers.map(|peer| peer.follow(self.looks.subscribe(), &self.reached))).await;
    }

    /// Tells all peers once of all that it shows, which ends there after `holds`; each as `host:port` with what came of it
    /// `within` that real time. `None`: nothing did.
    pub async fn tell_once(
        &self,
        holds: SignedDuration,
        within: Duration,
    ) -> Vec<(String, Result<(), Option<Failed>>)> {
        let shown = Arc::clone(&self.looks.borrow());
        let tell = self.peers.iter().map(async |peer| {
            let told = tokio::time::timeout(within, peer.tell(&shown, 0, holds)).await;
            let told = told.map_or(Err(None), |told| told.map(drop).map_err(Some));
            (peer.server(), told)
        });
        join_all(tell).await
    }

    /// Whether any peer knows what fires; else for how long none did, and why. `None`: that is not known yet.
    #[must_use]
    pub fn verdict(&self) -> Option<Result<(), (SignedDuration, String)>> {
        let Reached { at, why } = self.reached.borrow().clone();
        let since = at.unwrap_or(self.began);
        let silent =
            SignedDuration::try_from(self.clock.monotonic().saturating_sub(since)).unwrap_or(SignedDuration::MAX);
        if silent >= self.resend * HOLDS {
            let why = why.unwrap_or_else(|| "it is slow to answer".to_owned());
            return Some(Err((SignedDuration::from_secs(silent.as_secs()), why)));
        }
        at.map(|_| Ok(()))
    }

    /// Finds out whether each peer would take alerts; none is posted.
    pub async fn check(&self) -> Vec<Check> {
        let check = async |peer: &Peer| {
            let asked = peer.ask().await;
            Check {
                what: format!("channel {}", self.channel),
                found: asked.map(|clock| {
                    let server = peer.server();
                    match clock.ahead.as_secs() {
                        0 => format!("`{server}` takes alerts"),
                        secs => format!("`{server}` takes alerts; its clock is {secs} s ahead of this machine's"),
                    }
                }),
            }
        };
        join_all(self.peers.iter().map(check)).await
    }
}
