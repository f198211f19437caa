//! `/approve/LINK`: a link of a message answers whether one change is made, once, after a click. Opening it changes nothing:
//! scanners of mail open every link.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use jiff::Timestamp;
use serde::Deserialize;

use super::layout::{Html, Shell, Visitor};
use crate::desk::Refusal;
use crate::desk::approvals::Answer;
use crate::domain::enforcement::{Deferral, EnforcementState};
use crate::links::{Grant, Unfit};
use crate::view::words::change;
use crate::web::Site;
use crate::web::answer::Refused;

pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/approve/{link}", get(ask).post(answer))
}

/// What is asked, or what came of it.
#[derive(Template)]
#[template(path = "approve.html")]
struct Asked {
    shell: Shell,
    client: String,
    policy: String,
    /// What is to be changed.
    change: String,
    /// Whom the message was for.
    to: String,
    /// What there is to say in place of the buttons; empty: they are there to be clicked.
    said: String,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    set: String,
}

async fn ask(State(site): State<Arc<Site>>, Path(link): Path<String>) -> Result<Response, Refused> {
    let (grant, id, tag) = site.request(&link)?;
    let said = if site.desk().store.is_link_used(&tag).await? {
        USED
    } else {
        ""
    };
    page(&site, &grant, &id, said).await
}

async fn answer(
    State(site): State<Arc<Site>>,
    Path(link): Path<String>,
    Form(form): Form<Answered>,
) -> Result<Response, Refused> {
    let (grant, id, tag) = site.request(&link)?;
    let is_yes = match form.set.as_str() {
        "approve" => true,
        "reject" => false,
        _ => return page(&site, &grant, &id, "").await,
    };
    let desk = site.desk();
    let until = Timestamp::from_second(grant.until).unwrap_or(Timestamp::MAX);
    // First, so that two clicks at one time are one: what fails afterwards can be done on the pages.
    if !desk.store.use_link(&tag, until, desk.now.at).await? {
        return page(&site, &grant, &id, USED).await;
    }
    let by = format!("{} (by a link)", grant.to);
    let answer = Answer {
        id: &id,
        comment: "by the link of a message",
        by: &by,
    };
    let done = if is_yes {
        desk.approve(&answer).await
    } else {
        desk.reject(&answer).await
    };
    site.pictures.outdate();
    match done {
        Ok(answered) => page(&site, &grant, &id, &answered.in_words(&desk.now)).await,
        Err(refusal @ (Refusal::Conflict { .. } | Refusal::Unknown { .. })) => {
            page(&site, &grant, &id, &format!("nothing was done: {refusal}")).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

const USED: &str = "this link was used already. What became of it is on the page of the enforcements.";

async fn page(site: &Site, grant: &Grant, id: &str, said: &str) -> Result<Response, Refused> {
    let record = site.desk().enforcement(id).await.map_err(Refused::from)?.enforcement;
    let waits = matches!(
        record.state,
        EnforcementState::Deferred {
            why: Deferral::Approval { .. }
        }
    );
    let said = match (said, waits) {
        ("", false) => "it does not wait for an answer any more.",
        (said, _) => said,
    };
    Ok(Html(Asked {
        shell: site.shell(Visitor::default(), "", "Approve or reject"),
        client: grant.client.clone(),
        policy: grant.policy.clone(),
        change: change(record.direction, record.wanted),
        to: grant.to.clone(),
        said: said.to_owned(),
    })
    .into_response())
}

impl Site {
    /// The right that a link carries, the change it is about, and what the store knows it by. A link stands for one person, and
    /// cannot be one of two.
    fn request(&self, link: &str) -> Result<(Grant, String, String), Refused> {
        let (grant, tag) = self.grant(link)?;
        let needed = self.desk().settings.enforcement.approvals.needed;
        match grant.enforcement.clone() {
            Some(id) if needed == 1 => Ok((grant, id, tag)),
            _ => Err(super::acknowledge::unfit(Unfit::Forged)),
        }
    }
}
