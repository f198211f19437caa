//! `POST /-/reload`: the configuration is read anew.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use tokio::sync::oneshot;

use super::access::Writer;
use super::answer::Refused;
use super::{ReloadRequest, Site};

pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/-/reload", post(reload))
}

/// Reads the configuration anew; what needs a restart to count.
async fn reload(_: Writer, State(site): State<Arc<Site>>) -> Result<Json<Vec<String>>, Refused> {
    let (answer, answered) = oneshot::channel();
    let ended = || Refused::new(StatusCode::SERVICE_UNAVAILABLE, "the daemon is ending");
    site.reload.send(ReloadRequest { answer }).await.map_err(|_| ended())?;
    let done = answered.await.map_err(|_| ended())?;
    done.map(Json)
        .map_err(|why| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, why))
}
