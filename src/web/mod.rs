//! The web listener: pages, the JSON API, Alertmanager's API, metrics and health, over [`Desk`]. It decides nothing by itself and
//! sends nothing.
//!
//! In reading order: [`Site`] (what everything is made from), [`server`] and `connections` (who is listened to), `picture` (what is known of all clients, kept for as
//! long as somebody looks), `access` (who may what), `answer` (what went wrong), `login`, `limits`, `health`, `metrics`, `reload`; then one room for
//! each kind of visitor.
//!
//! Rules that every route keeps: whatever comes from outside is bounded and escaped; reading never changes anything; what
//! changes something is a POST or a DELETE that shows a token.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use tokio::sync::{Semaphore, mpsc, oneshot, watch as signal};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::clock::Clock;
use crate::config::Settings;
use crate::desk::Desk;
use crate::store::Store;
use crate::view::Now;
use crate::vitals::Vitals;

mod access;
mod alertmanager;
mod answer;
mod api;
mod connections;
mod health;
mod limits;
mod login;
mod metrics;
mod pages;
mod picture;
mod reload;
pub mod server;

use access::Access;
use access::guard::{guard, known_host};
pub use access::token::{beside, token_of};
use limits::Limit;
use picture::Pictures;

/// What everything that is served is made from.
pub struct Site {
    settings: signal::Receiver<Arc<Settings>>,
    store: Store,
    clock: Clock,
    vitals: Arc<Vitals>,
    access: Access,
    wrong_tokens: Limit,
    requests: Limit,
    /// What is worked on at once.
    turns: Semaphore,
    pictures: Pictures,
    /// Held by who walks through a long history: the store has few readers, and the sweep needs one.
    walking: tokio::sync::Mutex<()>,
    figures: Mutex<Option<metrics::Kept>>,
    /// Where caught mails are, if there is a catcher beside the daemon.
    mails: Option<PathBuf>,
    /// What is kept gets old by real time, also where the time of the watching is stepped.
    real: Clock,
    reload: mpsc::Sender<ReloadRequest>,
}

/// Somebody wants the configuration read anew.
#[derive(Debug)]
pub struct ReloadRequest {
    /// What needs a restart to count, or why the new configuration was refused.
    pub answer: oneshot::Sender<Result<Vec<String>, String>>,
}

impl ReloadRequest {
    /// One whose outcome only the log tells.
    #[must_use]
    pub fn unheard() -> Self {
        Self {
            answer: oneshot::channel().0,
        }
    }
}

impl Site {
    #[must_use]
    pub fn new(
        settings: signal::Receiver<Arc<Settings>>,
        store: Store,
        clock: Clock,
        vitals: Arc<Vitals>,
        reload: mpsc::Sender<ReloadRequest>,
    ) -> Self {
        let real = Clock::real();
        Self {
            access: Access::new(settings.clone(), real.clone()),
            wrong_tokens: Limit::new(login::WRONG_EVERY, login::WRONG_BURST),
            requests: Limit::new(limits::REQUEST_EVERY, limits::REQUEST_BURST),
            turns: Semaphore::new(limits::MOST_AT_ONCE),
            settings,
            store,
            clock,
            vitals,
            pictures: Pictures::default(),
            walking: tokio::sync::Mutex::default(),
            figures: Mutex::default(),
            mails: None,
            real,
            reload,
        }
    }

    /// The same, which also shows the mails that were caught in a folder.
    #[must_use]
    pub fn showing_mails(mut self, folder: PathBuf) -> Self {
        self.mails = Some(folder);
        self
    }

    /// The store as it is looked at now.
    fn desk(&self) -> Desk {
        let settings = Arc::clone(&self.settings.borrow());
        Desk {
            now: Now {
                at: self.clock.now(),
                zone: settings.schedule.timezone.clone(),
            },
            settings,
            store: self.store.clone(),
        }
    }
}

/// Every route. What is merged into `guarded` is for who may read, and what changes something there for who may write; `open` decides
/// by itself whom it lets in.
fn router(site: Arc<Site>) -> axum::Router {
    let guarded = axum::Router::new()
        .merge(login::routes())
        .merge(metrics::routes())
        .merge(reload::routes())
        .merge(api::routes())
        .merge(alertmanager::routes())
        .merge(pages::routes())
        .route_layer(from_fn_with_state(Arc::clone(&site), guard));
    let open = axum::Router::new()
        .merge(login::open_routes())
        .merge(pages::open_routes());
    guarded
        .merge(open)
        .route_layer(from_fn_with_state(Arc::clone(&site), known_host))
        .layer(from_fn_with_state(Arc::clone(&site), limits::in_turn))
        // Probes name the host as they like, and are told nothing.
        .merge(health::routes())
        .fallback(pages::errors::nothing)
        .method_not_allowed_fallback(pages::errors::wrong_method)
        .layer(RequestBodyLimitLayer::new(limits::MOST_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            limits::ANSWER_WITHIN,
        ))
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(from_fn_with_state(Arc::clone(&site), limits::not_too_often))
        .layer(from_fn_with_state(Arc::clone(&site), pages::errors::as_page))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(map_response(answer::to_browsers))
        .with_state(site)
}
