//! Mirrors of what fires are kept up to date: looked for in the store soon after an alert moved and every `resend`, and shown.
//! When no peer of one knows it, that is an alert of its own. Waits for nobody who sweeps or delivers, and nobody for it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch as signal;

use super::{Error, Watch, parts};
use crate::clock::Clock;
use crate::config::{ChannelKind, Settings};
use crate::domain::ChannelName;
use crate::domain::judge::account::{Health, Trouble, unmirrored};
use crate::domain::notice::Notification;
use crate::net::Network;
use crate::notify::alertmanager::{self, Mirror};
use crate::notify::delivery::{Check, Failed, SetupError};
use crate::notify::labels::Labelled;
use crate::notify::letter::Letterhead;
use crate::store::{self, Store};

/// What moves together is looked at together: a sweep commits once a second.
const GATHER: Duration = Duration::from_millis(500);

/// How much longer than a look took the next one waits: with thousands of alerts, looks take a twentieth of a processor.
const REST: u32 = 20;

/// So often within a `resend` it is looked whether peers are reached, but not oftener than every second.
const LOOKS_PER_RESEND: i32 = 60;

/// How often it is judged again that none is.
const JUDGED_EVERY: Duration = Duration::from_secs(3600);

/// The configured mirrors, and what their texts share.
pub struct Mirrors {
    mirrors: Vec<Arc<Mirror>>,
    letterhead: Letterhead,
    clock: Clock,
}

impl Mirrors {
    /// Those that are configured. Where nothing changed they are those of `before`, which know what they showed.
    ///
    /// # Errors
    /// When the settings of one cannot be used.
    pub fn new(
        settings: &Settings,
        network: &Network,
        clock: &Clock,
        before: Option<&Self>,
    ) -> Result<Self, SetupError> {
        let mirrors = settings.channels.iter().filter_map(|channel| match &channel.kind {
            ChannelKind::Alertmanager { urls, resend, login } => {
                let settings = alertmanager::Settings {
                    channel: channel.name.clone(),
                    urls: urls.clone(),
                    authorization: login.as_ref().map(parts::authorization),
                    resend: *resend,
                };
                let mut kept = before.into_iter().flat_map(|before| &before.mirrors);
                Some(match kept.find(|mirror| mirror.is_of(&settings)) {
                    Some(mirror) => Ok(Arc::clone(mirror)),
                    None => Mirror::new(&settings, network, clock).map(Arc::new),
                })
            }
            _ => None,
        });
        Ok(Self {
            mirrors: mirrors.collect::<Result<_, _>>()?,
            letterhead: parts::letterhead(settings, String::new()),
            clock: clock.clone(),
        })
    }

    /// Keeps those that are in force up to date; never ends.
    pub(super) async fn run_all(mut mirrors: signal::Receiver<Arc<Self>>, watches: &[Watch], store: &Store) {
        loop {
            let now = Arc::clone(&mirrors.borrow_and_update());
            tokio::select! {
                biased;
                () = async { now.run(watches, store).await; std::future::pending().await } => {}
                changed = mirrors.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Keeps all of them up to date; ends only where there are none.
    async fn run(&self, watches: &[Watch], store: &Store) {
        let followed = self.mirrors.iter().map(|mirror| async {
            tokio::join!(mirror.run(), self.follow(mirror, watches, store));
        });
        tokio::join!(join_all(followed), self.watch_over(watches));
    }

    /// Shows a mirror what fires, whenever that may have changed.
    async fn follow(&self, mirror: &Mirror, watches: &[Watch], store: &Store) {
        let resend = Duration::try_from(mirror.resend).unwrap_or_default();
        let mut moves = store.alerts_moved();
        let mut all_at = self.clock.monotonic();
        loop {
            let began = self.clock.monotonic();
            let is_all = began >= all_at;
            match self.look(mirror, watches, store).await {
                Ok(firing) => mirror.show(firing, is_all),
                Err(error) => {
                    tracing::debug!(%error, "what fires could not be read; what fired is posted again");
                    mirror.show_again();
                }
            }
            if is_all {
                all_at = began + resend;
            }
            let took = self.clock.monotonic().saturating_sub(began);
            let rest = GATHER.max(took * REST).min(resend);
            self.clock.sleep(rest).await;
            tokio::select! {
                biased;
                // The sender is the store's, which lives as long as this.
                _ = moves.changed() => {}
                () = self.clock.sleep(all_at.saturating_sub(self.clock.monotonic())) => {}
            }
        }
    }

    /// All that a mirror shows, of every account, and when each began.
    async fn look(
        &self,
        mirror: &Mirror,
        watches: &[Watch],
        store: &Store,
    ) -> Result<Vec<(Labelled, Timestamp)>, store::Error> {
        let mut firing = Vec::new();
        for watch in watches {
            let fires = store.fires(&watch.account).await?;
            let rules = watch.terms().rules;
            let now = self.clock.now();
            let shown = rules.mirrored(&mirror.channel, &fires, now);
            firing.extend(shown.iter().map(|notification| {
                let since = notification.facts.since;
                (Labelled::of(notification, &self.letterhead, now), since)
            }));
        }
        Ok(firing)
    }

    /// Judges whether any peer of each is reached; an alert of the first account, for the mirrors are everybody's. Without
    /// mirrors what an earlier configuration left is over, and that is all.
    async fn watch_over(&self, watches: &[Watch]) {
        let Some(first) = watches.first() else { return };
        let mut judged: Option<(bool, Duration)> = None;
        loop {
            let now = self.clock.monotonic();
            let is_due = |is_well: bool| {
                judged.is_none_or(|(was_well, at)| was_well != is_well || (!was_well && now - at >= JUDGED_EVERY))
            };
            if let Some(verdict) = self.verdict().filter(|verdict| is_due(verdict.is_ok())) {
                let was_well = judged.is_none_or(|(was_well, _)| was_well);
                if let (Err(Trouble { what, fix }), true) = (&verdict, was_well) {
                    tracing::error!(what, fix, "Alertmanager does not know what fires");
                }
                let is_well = verdict.is_ok();
                match first.judge_mirrors(verdict).await {
                    Ok(()) if self.mirrors.is_empty() => return,
                    Ok(()) => judged = Some((is_well, now)),
                    Err(error) => {
                        tracing::debug!(%error, "it could not be written down whether any Alertmanager is reached")
                    }
                }
            }
            self.clock.sleep(self.watched_every()).await;
        }
    }

    fn watched_every(&self) -> Duration {
        let shortest = self
            .mirrors
            .iter()
            .map(|mirror| mirror.resend)
            .min()
            .unwrap_or_default();
        let every = (shortest / LOOKS_PER_RESEND).max(SignedDuration::from_secs(1));
        every.try_into().unwrap_or_default()
    }

    /// Whether peers of every mirror know what fires; without mirrors all is well. `None`: that is not known yet.
    fn verdict(&self) -> Option<Result<(), Trouble>> {
        let mut verdict = Some(Ok(()));
        for mirror in &self.mirrors {
            match mirror.verdict() {
                Some(Ok(())) => {}
                Some(Err((silent_for, why))) => return Some(Err(unmirrored(&mirror.channel, silent_for, &why))),
                None => verdict = None,
            }
        }
        verdict
    }

    /// Whether it is known that no peer of some mirror knows what fires.
    pub fn are_silent(&self) -> bool {
        matches!(self.verdict(), Some(Err(_)))
    }

    /// Looks what fires, and tells nobody yet: what of it has ended by the next look is then known to have.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn show(&self, watches: &[Watch], store: &Store) -> Result<(), Error> {
        for mirror in &self.mirrors {
            mirror.show(self.look(mirror, watches, store).await?, true);
        }
        Ok(())
    }

    /// Tells every peer once of what was shown, for a program that ends and comes again after `interval`; `within` real time.
    /// Whether some peer of every mirror knows it.
    pub async fn tell_once(&self, interval: SignedDuration, within: Duration) -> bool {
        let all = self.mirrors.iter().map(async |mirror| {
            let told = mirror.tell_once(mirror.resend.max(interval) * 3, within).await;
            let is_known = told.iter().any(|(_, told)| told.is_ok());
            for (peer, failed) in told.into_iter().filter_map(|(peer, told)| Some((peer, told.err()?))) {
                let (channel, error) = (
                    &mirror.channel,
                    failed.map_or("no answer in time".to_owned(), |failed| failed.word),
                );
                tracing::warn!(%channel, peer, error, "an Alertmanager was not told what fires");
            }
            is_known
        });
        join_all(all).await.into_iter().all(|is_known| is_known)
    }

    /// Finds out whether every peer would take alerts.
    pub async fn check(&self) -> Vec<Check> {
        let checks = join_all(self.mirrors.iter().map(|mirror| mirror.check())).await;
        checks.into_iter().flatten().collect()
    }
}

impl Mirrors {
    /// Shows one alert, which nobody has, at every peer of a mirror; it ends there by itself after `holds`. As
    /// [`Mirror::tell_once`]. Only for a process that shows nothing else.
    pub async fn show_one(
        &self,
        channel: &ChannelName,
        notification: &Notification,
        holds: SignedDuration,
        within: Duration,
    ) -> Vec<(String, Result<(), Option<Failed>>)> {
        let Some(mirror) = self.mirrors.iter().find(|mirror| mirror.channel == *channel) else {
            return Vec::new();
        };
        let now = self.clock.now();
        mirror.show(vec![(Labelled::of(notification, &self.letterhead, now), now)], true);
        mirror.tell_once(holds, within).await
    }
}

impl Watch {
    /// Judges whether what fires is known to the Alertmanagers that mirror it.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn judge_mirrors(&self, mirrors: Result<(), Trouble>) -> Result<(), Error> {
        let health = Health {
            mirrors: Some(mirrors),
            ..Health::default()
        };
        let rules = self.terms().rules;
        Ok(self.monitor().judge_account(&rules, &health).await?)
    }
}
