//! The dashboard: pages made on the server from `view`'s values, which work without a script.
//!
//! In reading order: [`layout`] (what stands around each page), [`blocks`] (lines, cards and tables), `errors`, `assets`, then one
//! file for each page. Templates are in `templates/`: whatever stands in one of them is escaped.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::Site;

mod assets;
pub mod blocks;
mod client;
mod clients;
pub mod errors;
pub mod layout;
mod mails;
mod overview;
pub mod rows;

/// For who may read.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/clients", get(clients::list))
        .merge(mails::routes())
        .route("/clients/{account}/{client}", get(client::show))
}

/// For everybody.
pub fn open_routes() -> Router<Arc<Site>> {
    Router::new().route("/assets/{name}", get(assets::serve))
}
