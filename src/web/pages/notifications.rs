//! `/notifications`: what is owed to whom and what became of it, fifty at a time; one of them with each try, and what people do
//! about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use super::blocks::Blocks;
use super::decide::{Draft, Filled};
use super::layout::{Html, Shell, Visitor};
pub use super::lists::Asked;
use super::{PER_PAGE, links};
use crate::desk::Desk;
use crate::domain::ChannelName;
use crate::domain::notice::{NoticeState, Notification};
use crate::view::notice::{NoticeCard, NoticeRow, Notices, STATES};
use crate::view::{Page, Shown};
use crate::web::Site;
use crate::web::answer::Refused;

const PATH: &str = "/notifications";

#[derive(Template)]
#[template(path = "notifications.html")]
struct List {
    shell: Shell,
    asked: Asked,
    accounts: Vec<String>,
    channels: Vec<String>,
    states: &'static [&'static str],
    /// `None`: nothing is like that.
    rows: Option<Blocks>,
    older: Option<String>,
    is_cut: bool,
    login: String,
}

#[derive(Template)]
#[template(path = "notification.html")]
struct One {
    shell: Shell,
    id: String,
    blocks: Blocks,
    can_be_retried: bool,
    is_dead: bool,
    draft: Draft,
    login: String,
}

impl From<&Filled> for Asked {
    /// The page that a form was sent from.
    fn from(form: &Filled) -> Self {
        Self {
            id: form.id.clone(),
            ..Self::default()
        }
    }
}

pub async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    page(&site, visitor, asked, Draft::default()).await
}

/// The list, or the one that is asked for, and what is to be said of a form that was sent from it.
pub async fn page(site: &Arc<Site>, visitor: Visitor, asked: Asked, draft: Draft) -> Result<Response, Refused> {
    let desk = site.desk();
    let (status, notice) = (draft.status(), draft.notice());
    if asked.id.is_empty() {
        let shell = site.shell(visitor, PATH, "Notifications").notice(notice);
        return Ok((status, Html(list(&desk, shell, asked).await?)).into_response());
    }
    let shell = site.shell(visitor, PATH, "A notification").notice(notice);
    Ok((status, Html(one(&desk, shell, asked.id, draft).await?)).into_response())
}

async fn list(desk: &Desk, shell: Shell, asked: Asked) -> Result<List, Refused> {
    let mut found = Vec::new();
    for filter in asked.filters(desk)? {
        found.push(desk.store.notifications(&filter).await?);
    }
    let part = asked.part(PATH, found, |row: &Notification| &row.id);
    let is_empty = part.rows.iter().all(Vec::is_empty);
    let rows = part
        .rows
        .into_iter()
        .map(|rows| rows.into_iter().map(NoticeRow::from).collect());
    let page: Page = Notices::new(rows.collect(), PER_PAGE).page(&desk.now);
    let channels = desk.settings.channels.iter().map(|channel| channel.name.clone());
    Ok(List {
        shell,
        accounts: super::accounts(desk),
        channels: channels
            .chain([ChannelName::client()])
            .map(|name| name.to_string())
            .collect(),
        states: &STATES,
        rows: (!is_empty).then(|| Blocks::new(page, "Notifications")),
        older: part.older,
        is_cut: part.is_cut,
        login: links::with("/login", &[("to", PATH)]),
        asked,
    })
}

async fn one(desk: &Desk, shell: Shell, id: String, draft: Draft) -> Result<One, Refused> {
    let record = desk.notification(&id).await?;
    let state = &record.notification.state;
    let is_dead = matches!(state, NoticeState::Dead(_));
    Ok(One {
        shell,
        can_be_retried: is_dead || *state == NoticeState::Pending,
        is_dead,
        blocks: Blocks::new(NoticeCard::from(record).page(&desk.now), "Tries"),
        draft,
        login: links::with("/login", &[("to", &links::with(PATH, &[("id", &id)]))]),
        id,
    })
}
