//! `/silences`: what is silent, until when and why; and the form for a further one, which links can fill in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::decide::{Draft, Filled};
use super::layout::{Html, Shell, Visitor};
use super::links;
use crate::domain::hush::is_told_in_any_case;
use crate::view::Now;
use crate::view::hushed::SilenceRow;
use crate::view::page::Thing;
use crate::view::words::clean;
use crate::web::Site;
use crate::web::answer::Refused;

/// What the form is filled in with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    account: String,
    client: String,
    policy: String,
}

/// As long as a change at a client's usually takes; whoever needs more says so.
const USUAL: &str = "2h";

#[derive(Template)]
#[template(path = "silences.html")]
struct Page {
    shell: Shell,
    accounts: Vec<String>,
    policies: Vec<String>,
    rows: Vec<Row>,
    draft: Draft,
}

/// A silence as the page says it.
struct Row {
    id: String,
    about: String,
    account: String,
    client_href: Option<String>,
    ends: String,
    by: String,
    comment: String,
}

impl Row {
    fn new(row: &SilenceRow, now: &Now) -> Self {
        let client = row.client.as_ref();
        Self {
            id: row.id.clone(),
            about: row.about(),
            account: row.account.to_string(),
            client_href: client.map(|client| links::to(&Thing::Client(row.account.clone(), client.clone()))),
            ends: row.ends(now),
            by: clean(&row.by).into_owned(),
            comment: clean(&row.comment).into_owned(),
        }
    }
}

pub async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let Asked {
        account,
        client,
        policy,
    } = asked;
    let filled = Filled {
        account,
        client,
        policy,
        lasts: USUAL.to_owned(),
        ..Filled::default()
    };
    page(&site, visitor, Draft { filled, wrong: None }).await
}

/// The page, with the form as far as it is filled in.
pub async fn page(site: &Arc<Site>, visitor: Visitor, draft: Draft) -> Result<Response, Refused> {
    let desk = site.desk();
    let mut silences = Vec::new();
    for account in &desk.settings.accounts {
        silences.extend(desk.silences(&account.name).await?.iter().map(SilenceRow::from));
    }
    silences.sort_by_key(|row| row.until);
    let policies = desk.settings.policies.iter().map(|policy| &policy.name);
    let page = Page {
        shell: site.shell(visitor, "/silences", "Silences").notice(draft.notice()),
        accounts: super::accounts(&desk),
        policies: policies
            .filter(|name| !is_told_in_any_case(name))
            .map(ToString::to_string)
            .collect(),
        rows: silences.iter().map(|row| Row::new(row, &desk.now)).collect(),
        draft,
    };
    Ok((page.draft.status(), Html(page)).into_response())
}
