//! The JSON API: the same objects as `--output json`.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::Site;
use super::answer::Refused;
use crate::view::status::Statuses;

pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/api/v1/status", get(status))
}

async fn status(State(site): State<Arc<Site>>) -> Result<Json<Statuses>, Refused> {
    let (desk, picture) = (site.desk(), site.picture().await?);
    let mut accounts = Vec::new();
    for snapshot in &picture.accounts {
        let account = desk.account(snapshot.rules.account.as_str())?;
        accounts.push(desk.status(account, snapshot).await?);
    }
    let store = desk.settings.store.path.display().to_string();
    Ok(Json(Statuses { store, accounts }))
}
