//! `/acknowledge/LINK`: a link of a message acknowledges one episode, once, after a click. Opening it changes nothing: scanners of
//! mail open every link.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::layout::{Html, Shell, Visitor};
use crate::desk::Refusal;
use crate::desk::acks::Taken;
use crate::links::{Grant, Signer, Unfit};
use crate::web::Site;
use crate::web::answer::Refused;

pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/acknowledge/{link}", get(ask).post(acknowledge))
}

/// What is asked, or what came of it.
#[derive(Template)]
#[template(path = "acknowledge.html")]
struct Asked {
    shell: Shell,
    policy: String,
    client: String,
    /// Whom the message was for.
    to: String,
    /// What there is to say in place of the button; empty: it is there to be clicked.
    said: String,
}

async fn ask(State(site): State<Arc<Site>>, Path(link): Path<String>) -> Result<Response, Refused> {
    let (grant, tag) = site.ack(&link)?;
    let is_used = site.desk().store.is_link_used(&tag).await?;
    Ok(page(&site, grant, if is_used { USED } else { "" }))
}

async fn acknowledge(State(site): State<Arc<Site>>, Path(link): Path<String>) -> Result<Response, Refused> {
    let (grant, tag) = site.ack(&link)?;
    let desk = site.desk();
    let until = Timestamp::from_second(grant.until).unwrap_or(Timestamp::MAX);
    // First, so that two clicks at one time are one: what fails afterwards can be done on the pages.
    if !desk.store.use_link(&tag, until, desk.now.at).await? {
        return Ok(page(&site, grant, USED));
    }
    let by = format!("{} (by a link)", grant.to);
    let taken = Taken {
        client: &grant.client,
        policy: Some(&grant.policy),
        episode: Some(&grant.episode),
        lasts: None,
        comment: "by the link of a message",
        by: &by,
    };
    let done = desk.acknowledge(desk.account(&grant.account)?, &taken).await;
    site.pictures.outdate();
    match done {
        Ok(_) => Ok(page(&site, grant, DONE)),
        Err(Refusal::Conflict { .. } | Refusal::Unknown { .. }) => Ok(page(&site, grant, OVER)),
        Err(refusal) => Err(refusal.into()),
    }
}

const DONE: &str = "acknowledged. Nobody is reminded of it any more, and everybody who was told hears of its end.";
const USED: &str = "this link was used already. What became of it is on the page of the alerts.";
const OVER: &str = "it is over, so there is nothing to acknowledge.";

fn page(site: &Site, grant: Grant, said: &str) -> Response {
    Html(Asked {
        shell: site.shell(Visitor::default(), "", "Acknowledge"),
        policy: grant.policy,
        client: grant.client,
        to: grant.to,
        said: said.to_owned(),
    })
    .into_response()
}

impl Site {
    /// The right that a link carries, and what the store knows it by.
    pub(super) fn grant(&self, link: &str) -> Result<(Grant, String), Refused> {
        let now = self.clock.now().as_second();
        let token = self.access.token();
        let signer = token.map(|token| Signer::new(token.expose_secret()));
        let read = signer.map_or(Err(Unfit::Forged), |signer| signer.read(link, now));
        read.map_err(unfit)
    }

    /// The right to acknowledge an episode.
    fn ack(&self, link: &str) -> Result<(Grant, String), Refused> {
        let (grant, tag) = self.grant(link)?;
        match grant.enforcement {
            None => Ok((grant, tag)),
            Some(_) => Err(unfit(Unfit::Forged)),
        }
    }
}

pub(super) fn unfit(unfit: Unfit) -> Refused {
    let status = match unfit {
        Unfit::Forged => StatusCode::FORBIDDEN,
        Unfit::Expired => StatusCode::GONE,
    };
    Refused::new(status, unfit.to_string()).hint("log in, or use the command line on the machine")
}
