//! The JSON API: the same objects as `--output json`, and what the deciding commands decide.
//!
//! [`table`] is what routes and their description are made of; [`request`] reads what is asked; [`look`] and [`decide`] answer.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::Site;
use table::Table;

mod decide;
mod look;
mod request;
mod table;

pub fn routes() -> Router<Arc<Site>> {
    table().router().route("/api/v1/openapi.json", get(description))
}

/// Made anew each time: it is rarely asked for, and takes a few milliseconds.
async fn description() -> Json<Value> {
    Json(table().description())
}

/// Every route but that of the description.
fn table() -> Table {
    Table::new()
        .get("/api/v1/status", "How the watching goes", look::status)
        .list("/api/v1/clients", "Clients, side by side", look::clients)
        .get("/api/v1/clients/{id}", "All that is known of a client", look::client)
        .get(
            "/api/v1/clients/{id}/history",
            "The balances that a client had, newest first",
            look::history,
        )
        .list("/api/v1/alerts", "What fires", look::alerts)
        .post("/api/v1/acks", "Say that you have what fires for a client", decide::ack)
        .list("/api/v1/silences", "The silences that hold", look::silences)
        .post(
            "/api/v1/silences",
            "Tell nobody of a client or a policy for a while",
            decide::silence,
        )
        .delete("/api/v1/silences/{id}", "End a silence now", decide::expire)
        .list(
            "/api/v1/enforcements",
            "What was changed or refused, newest first",
            look::enforcements,
        )
        .get(
            "/api/v1/enforcements/{id}",
            "An enforcement with its journal",
            look::enforcement,
        )
        .post(
            "/api/v1/enforcements/{id}/approve",
            "Approve a change that waits for it",
            decide::approve,
        )
        .post(
            "/api/v1/enforcements/{id}/reject",
            "Reject a change that waits, while its alert lasts",
            decide::reject,
        )
        .post(
            "/api/v1/enforcements/{id}/undo",
            "Take back what was changed",
            decide::undo,
        )
        .post(
            "/api/v1/clients/{id}/hold",
            "Let no policy change a client until it is released",
            decide::hold,
        )
        .delete(
            "/api/v1/clients/{id}/hold",
            "Let policies change a client again",
            decide::release,
        )
        .post("/api/v1/brake", "Refuse all enforcement from now on", decide::brake_on)
        .delete("/api/v1/brake", "Let enforcement go on", decide::brake_off)
        .list(
            "/api/v1/notifications",
            "What was owed to whom, newest first",
            look::notifications,
        )
        .get(
            "/api/v1/notifications/{id}",
            "A notification with each try to deliver it",
            look::notification,
        )
        .post(
            "/api/v1/notifications/retry",
            "Make all due that waits or died lately",
            decide::retry_all,
        )
        .post(
            "/api/v1/notifications/{id}/retry",
            "Make one due that waits or died",
            decide::retry,
        )
        .post(
            "/api/v1/notifications/{id}/give-up",
            "Give up one that died",
            decide::give_up,
        )
}
