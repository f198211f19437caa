//! `/metrics`: what Prometheus scrapes. What was counted comes from [`metrics`](crate::metrics); what is true at the
//! moment is computed here, from what is known of all clients.
//!
//! A scrape must cost the same however many clients there are, so it shows [`Figures`] that were summed up for the scrape
//! before it, and has new ones made meanwhile. A store that cannot be read takes only those away: what was counted is told.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;

use super::Site;
use super::picture::Picture;
use crate::config::Settings;
use crate::domain::ChannelName;
use crate::domain::kept::Waiting;
use crate::metrics::{self, Scrape};
use crate::store;
use crate::view::clients::{ClientRow, Query};

mod figures;

use figures::Figures;

/// Figures that are older are not shown, and whoever scrapes waits for new ones. Longer than the usual time between two
/// scrapes, which is at most a minute or two.
const STALE: Duration = Duration::from_secs(300);

pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/metrics", get(scrape))
}

/// The figures for the next scrape.
#[derive(Clone)]
pub(super) struct Kept {
    /// What they were made from, if that is still there.
    of: Weak<Picture>,
    /// By real time.
    made_at: Duration,
    figures: Arc<Vec<Figures>>,
    /// Who runs dry next, first: those with metrics of their own.
    driest: Arc<Vec<ClientRow>>,
}

async fn scrape(State(site): State<Arc<Site>>) -> Response {
    let mut scrape = Scrape::counted();
    let settings = Arc::clone(&site.settings.borrow());
    daemon(&site, &settings, &mut scrape);
    match site.figures().await {
        Ok(Kept { figures, driest, .. }) => {
            let now = site.clock.now();
            figures::write(&figures, now, &mut scrape);
            figures::write_clients(&driest, now, &mut scrape);
        }
        Err(error) => tracing::debug!(%error, "a scrape goes without what is in the store"),
    }
    let now = site.clock.now();
    match site.store.waiting_messages(now).await {
        Ok(waiting) => outbox(&waiting, &settings, now, &mut scrape),
        Err(error) => tracing::debug!(%error, "a scrape goes without the outbox"),
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], scrape.into_text()).into_response()
}

/// What the daemon says of itself.
fn daemon(site: &Site, settings: &Settings, scrape: &mut Scrape) {
    let version = env!("CARGO_PKG_VERSION");
    scrape.gauge(metrics::BUILD_INFO, ["version"], [([version], 1)]);
    let interval = settings.schedule.interval(site.clock.now());
    let missing = site
        .vitals
        .missing(Duration::try_from(interval).unwrap_or(Duration::MAX));
    scrape.gauge(metrics::READY, [], [([], u8::from(missing.is_empty()))]);
    let known = site.vitals.listen().borrow().clone();
    let is_in_force = u8::from(known.reloaded.refused.is_none());
    scrape.gauge(metrics::RELOAD_SUCCESSFUL, [], [([], is_in_force)]);
    let succeeded_at = known.reloaded.succeeded_at.as_second();
    scrape.gauge(metrics::RELOAD_SUCCESS_TIMESTAMP, [], [([], succeeded_at)]);
    let rates = settings.accounts.iter();
    let rates = rates.map(|account| ([account.name.as_str()], account.rate_per_minute));
    scrape.gauge(metrics::API_RATE_LIMIT, ["account"], rates);
}

/// What waits, also as nothing for the channels in which nothing does.
fn outbox(waiting: &[Waiting], settings: &Settings, now: Timestamp, scrape: &mut Scrape) {
    let client = ChannelName::client();
    let channels = settings.channels.iter().map(|channel| &channel.name).chain([&client]);
    let channels: Vec<&str> = channels.map(ChannelName::as_str).collect();
    let accounts = settings.accounts.iter().map(|account| account.name.as_str());
    let idle = accounts.flat_map(|account| channels.iter().map(move |channel| ([account, *channel], 0)));
    let waits = waiting
        .iter()
        .map(|row| ([row.account.as_str(), row.channel.as_str()], row.messages));
    let rows: BTreeMap<[&str; 2], u64> = idle.chain(waits).collect();
    scrape.gauge(metrics::OUTBOX_MESSAGES, ["account", "channel"], rows);
    let oldest = waiting.iter().filter_map(|row| row.since).min();
    let secs = oldest.map_or(0, |since| now.duration_since(since).as_secs().max(0));
    scrape.gauge(metrics::OUTBOX_OLDEST, [], [([], secs)]);
}

impl Site {
    /// What is known of all clients, summed up; from the scrape before, unless that was long ago.
    async fn figures(self: &Arc<Self>) -> Result<Kept, store::Error> {
        let kept = self.kept_figures().clone();
        match kept {
            Some(kept) if self.real.monotonic().saturating_sub(kept.made_at) <= STALE => {
                let site = Arc::clone(self);
                tokio::spawn(async move {
                    if let Err(error) = site.make_figures().await {
                        tracing::debug!(%error, "the clients could not be summed up for the next scrape");
                    }
                });
                Ok(kept)
            }
            _ => self.make_figures().await,
        }
    }

    async fn make_figures(self: &Arc<Self>) -> Result<Kept, store::Error> {
        let picture = self.fresh_picture().await;
        let mut kept = self.kept_figures();
        let picture = picture.inspect_err(|_| {
            // What the store does not say any more is not told for long.
            kept.take();
        })?;
        let of = Arc::downgrade(&picture);
        if let Some(kept) = kept.as_mut().filter(|kept| kept.of.ptr_eq(&of)) {
            kept.made_at = self.real.monotonic();
            return Ok(kept.clone());
        }
        let most = self.settings.borrow().web.per_client_metrics;
        let accounts = picture.accounts.iter().zip(picture.index.tallies());
        let driest = picture.index.page(&picture.accounts, &Query::first(most));
        let made = Kept {
            of,
            made_at: self.real.monotonic(),
            figures: Arc::new(
                accounts
                    .map(|(snapshot, tally)| Figures::new(snapshot, tally))
                    .collect(),
            ),
            driest: Arc::new(driest.map(|page| page.clients).unwrap_or_default()),
        };
        *kept = Some(made.clone());
        Ok(made)
    }

    fn kept_figures(&self) -> MutexGuard<'_, Option<Kept>> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
