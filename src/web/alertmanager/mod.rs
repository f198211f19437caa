//! Alertmanager's API, version 2, as far as it fits: what fires is shown and silenced here by whoever speaks it (amtool, karma,
//! Grafana). See <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>. Alerts are not taken from others,
//! and a silence is about a client, a policy, or both, as everywhere here.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};

use super::Site;
use crate::store;

mod alerts;
mod matcher;
mod silences;

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/api/v2/status", get(status))
        .route("/api/v2/receivers", get(receivers))
        .route("/api/v2/alerts", get(alerts::list).post(not_taken))
        .route("/api/v2/alerts/groups", get(alerts::groups))
        .route("/api/v2/silences", get(silences::list).post(silences::add))
        .route("/api/v2/silence/{id}", get(silences::show).delete(silences::expire))
}

/// Why something was not done, as this API says it: one text.
#[derive(Debug)]
struct Said(StatusCode, String);

impl Said {
    fn bad(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }
}

impl From<store::Error> for Said {
    fn from(error: store::Error) -> Self {
        tracing::error!(error = %crate::telemetry::chain(&error), "a request could not be answered from the store");
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// Where alerts go: a channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Receiver {
    name: String,
}

/// Whoever is told by no channel.
const NOBODY: &str = "nobody";

fn channels(site: &Site) -> Vec<Receiver> {
    let settings = site.settings.borrow();
    let channels = settings.channels.iter().map(|channel| channel.name.to_string());
    channels.map(|name| Receiver { name }).collect()
}

async fn receivers(State(site): State<Arc<Site>>) -> Json<Vec<Receiver>> {
    Json(channels(&site))
}

/// What amtool and Grafana ask first. Its configuration is what they would make of the channels.
async fn status(State(site): State<Arc<Site>>) -> Json<Value> {
    let mut names: Vec<String> = channels(&site).into_iter().map(|receiver| receiver.name).collect();
    names.push(NOBODY.to_owned());
    let receivers: String = names.iter().map(|name| format!("- name: {name}\n")).collect();
    let first = names.first().map_or(NOBODY, String::as_str);
    Json(json!({
        "cluster": { "status": "disabled", "peers": [] },
        "config": { "original": format!("route:\n  receiver: {first}\n  group_by: [alertname, account]\nreceivers:\n{receivers}") },
        "uptime": site.vitals.listen().borrow().started_at,
        "versionInfo": {
            "branch": env!("CARGO_PKG_NAME"), "buildDate": "", "buildUser": "", "goVersion": "", "revision": "",
            "version": env!("CARGO_PKG_VERSION"),
        },
    }))
}

async fn not_taken() -> Said {
    let why = "alerts are made here from the balances of clients, and taken from nobody";
    Said(StatusCode::METHOD_NOT_ALLOWED, why.to_owned())
}
