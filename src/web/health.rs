//! Whether it lives and whether it watches, for probes. Free for everybody: nothing is told but that.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use super::Site;

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/-/healthy", get(healthy))
        .route("/healthz", get(healthy))
        .route("/-/ready", get(ready))
        .route("/readyz", get(ready))
}

/// It answers, so it lives.
async fn healthy() -> &'static str {
    "balancewatch is alive.\n"
}

/// Whether every account was judged lately; what is missing.
async fn ready(State(site): State<Arc<Site>>) -> (StatusCode, String) {
    let interval = site.settings.borrow().schedule.interval(site.clock.now());
    let interval = Duration::try_from(interval).unwrap_or(Duration::MAX);
    let missing = site.vitals.missing(interval);
    if missing.is_empty() {
        return (StatusCode::OK, "balancewatch is ready.\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, missing.join("\n") + "\n")
}
