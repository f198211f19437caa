//! `/enforcements`: whether anything may be changed, what waits for an answer, what is asked for now, what was changed or refused; one of them with its
//! journal; and the brake.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};

use super::blocks::Blocks;
use super::decide::Draft;
use super::layout::{Html, Shell, Visitor};
pub use super::lists::Asked;
use super::{PER_PAGE, links};
use crate::desk::{Desk, Refusal};
use crate::domain::enforcement::{Deferral, Enforcement, EnforcementState};
use crate::view::enforcement::{EnforcementCard, EnforcementRow, Enforcements, STATES};
use crate::view::plan::{Plan, mode_text};
use crate::view::words::{change, clean};
use crate::view::{Shown, Snapshot};
use crate::web::Site;
use crate::web::answer::Refused;

const PATH: &str = "/enforcements";

#[derive(Template)]
#[template(path = "enforcements.html")]
struct List {
    shell: Shell,
    asked: Asked,
    accounts: Vec<String>,
    guarded: Vec<Guarded>,
    /// What waits for an answer.
    requests: Vec<Request>,
    states: &'static [&'static str],
    /// `None`: nothing is like that.
    rows: Option<Blocks>,
    older: Option<String>,
    is_cut: bool,
    draft: Draft,
    login: String,
}

/// How enforcement stands for an account.
struct Guarded {
    account: String,
    mode: &'static str,
    /// Since when the brake is on, who set it and why; `None`: it is off.
    brake: Option<[String; 3]>,
    plan: Blocks,
}

/// A change that people are asked to approve.
struct Request {
    id: String,
    client: String,
    label: String,
    page: String,
    /// What is to be changed, and why.
    what: String,
    /// Until when it can be approved, and who did.
    until: String,
}

impl Request {
    fn all(snapshot: &Snapshot, desk: &Desk) -> impl Iterator<Item = Self> {
        let now = &desk.now;
        snapshot.kept.enforcements.iter().filter_map(move |kept| {
            let EnforcementState::Deferred { why } = &kept.state else {
                return None;
            };
            let Deferral::Approval {
                until, given, needed, ..
            } = why
            else {
                return None;
            };
            let have = match given.len() {
                0 => String::new(),
                _ => format!("; {} of {needed} did: {}", given.len(), given.join(", ")),
            };
            let balance = kept.balance.for_people();
            (*until > now.at).then(|| Self {
                id: kept.id.clone(),
                client: kept.client.to_string(),
                label: clean(&snapshot.label(&kept.client)).into_owned(),
                page: links::client(&kept.account, &kept.client),
                what: format!(
                    "Set {} by policy {}, at a balance of {balance}",
                    change(kept.direction, kept.wanted),
                    kept.policy
                ),
                until: format!("until {}{}", now.clock(*until), clean(&have)),
            })
        })
    }
}

impl Guarded {
    fn new(snapshot: &Snapshot, desk: &Desk) -> Self {
        let brake = snapshot.brake().map(|brake| {
            let [by, note] = [&brake.by, &brake.note].map(|text| clean(text).into_owned());
            [desk.now.clock_and_age(brake.at), by, note]
        });
        Self {
            account: snapshot.rules.account.to_string(),
            mode: mode_text(snapshot.guards.mode),
            brake,
            plan: Blocks::new(Plan::new(snapshot).page(&desk.now), "What is asked for now"),
        }
    }
}

impl List {
    /// Whether the brake of some account could be set.
    fn is_any_released(&self) -> bool {
        self.guarded.iter().any(|account| account.brake.is_none())
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
    if !asked.id.is_empty() {
        let shell = site.shell(visitor, PATH, "An enforcement");
        return Ok(Html(one(&desk, shell, &asked.id).await?).into_response());
    }
    let picture = site.picture().await?;
    let mut found = Vec::new();
    for filter in asked.filters(&desk)? {
        found.push(desk.store.enforcements(&filter).await?);
    }
    let part = asked.part(PATH, found, |row: &Enforcement| &row.id);
    let is_empty = part.rows.iter().all(Vec::is_empty);
    let rows = part
        .rows
        .iter()
        .map(|rows| rows.iter().map(EnforcementRow::from).collect());
    let rows = Enforcements::new(rows.collect(), PER_PAGE).page(&desk.now);
    let page = List {
        shell: site.shell(visitor, PATH, "Enforcements").notice(draft.notice()),
        accounts: super::accounts(&desk),
        guarded: picture
            .accounts
            .iter()
            .map(|account| Guarded::new(account, &desk))
            .collect(),
        requests: picture
            .accounts
            .iter()
            .flat_map(|account| Request::all(account, &desk))
            .collect(),
        states: &STATES,
        rows: (!is_empty).then(|| Blocks::new(rows, "Enforcements")),
        older: part.older,
        is_cut: part.is_cut,
        login: links::with("/login", &[("to", PATH)]),
        asked,
        draft,
    };
    Ok((page.draft.status(), Html(page)).into_response())
}

/// An enforcement with its journal.
#[derive(Template)]
#[template(path = "enforcement.html")]
struct One {
    shell: Shell,
    blocks: Blocks,
    id: String,
    can_be_undone: bool,
    login: String,
}

async fn one(desk: &Desk, shell: Shell, id: &str) -> Result<One, Refused> {
    let found = desk.store.enforcement(id).await?;
    let record = found.ok_or_else(|| {
        let refusal = Refusal::unknown(format!("there is no enforcement `{id}`"));
        refusal.hint("the list of enforcements leads to each of them")
    })?;
    Ok(One {
        shell,
        id: id.to_owned(),
        can_be_undone: record.enforcement.can_be_undone(),
        login: links::with("/login", &[("to", &links::with(PATH, &[("id", id)]))]),
        blocks: Blocks::new(EnforcementCard::from(record).page(&desk.now), "Journal"),
    })
}
