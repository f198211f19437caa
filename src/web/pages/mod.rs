//! The dashboard: pages made on the server from `view`'s values, which work without a script.
//!
//! In reading order: [`layout`] (what stands around each page), [`blocks`] (lines, cards and tables), `errors`, `assets`, then one
//! file for each page; `decide` is what forms are sent to. Templates are in `templates/`: whatever stands in one of them is escaped.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::Site;
use crate::desk::Desk;

mod acknowledge;
mod alerts;
mod approve;
mod assets;
pub mod blocks;
mod client;
mod clients;
mod decide;
mod enforcements;
pub mod errors;
pub mod layout;
pub mod links;
mod lists;
mod mails;
mod notifications;
mod overview;
pub mod rows;
mod silences;

/// Rows on a page of a list: about as many as somebody looks through.
const PER_PAGE: usize = 50;

/// For who may read.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/clients", get(clients::list))
        .merge(mails::routes())
        .route("/clients/{account}/{client}", get(client::show))
        .route("/alerts", get(alerts::show))
        .route("/silences", get(silences::show))
        .route("/enforcements", get(enforcements::show))
        .route("/notifications", get(notifications::show))
        .merge(decide::routes())
}

/// The names of the accounts, in the order of the configuration.
fn accounts(desk: &Desk) -> Vec<String> {
    let accounts = desk.settings.accounts.iter();
    accounts.map(|account| account.name.to_string()).collect()
}

/// For everybody.
pub fn open_routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/assets/{name}", get(assets::serve))
        .merge(acknowledge::routes())
        .merge(approve::routes())
}
