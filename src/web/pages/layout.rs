//! What stands around every page: where one can go, who looks, how old the page is.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::decide::Done;
use super::{assets, blocks};
use crate::view::{Now, Tone};
use crate::web::Site;
use crate::web::access::{Reader, Session};
use crate::web::answer::Refused;

/// The pages that every page leads to.
const SECTIONS: [(&str, &str); 6] = [
    ("/", "Overview"),
    ("/clients", "Clients"),
    ("/alerts", "Alerts"),
    ("/enforcements", "Enforcements"),
    ("/silences", "Silences"),
    ("/notifications", "Notifications"),
];

/// Who looks at a page.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// Who decides; `None`: nobody who is logged in.
    pub by: Option<String>,
    /// What each form of the page must send back; empty for nobody.
    pub csrf: String,
    /// What was just done here, by the address that led on from there.
    pub done: Option<Notice>,
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refused> {
        let Reader { session } = Reader::from_request_parts(parts, site).await?;
        let visitor = session.map_or_else(Self::default, |session| Self::of(site, &session));
        Ok(Self {
            done: Done::said_by(parts.uri.query().unwrap_or_default()),
            ..visitor
        })
    }
}

impl Visitor {
    /// Somebody who logged in.
    pub fn of(site: &Site, session: &Session) -> Self {
        Self {
            csrf: site.access.csrf(session),
            by: Some(session.by.clone()),
            done: None,
        }
    }
}

/// One sentence at the top of a page: what was done, or why not.
#[derive(Clone, Debug)]
pub struct Notice {
    pub text: String,
    pub tone: Tone,
}

impl Notice {
    pub fn class(&self) -> &'static str {
        blocks::class(self.tone)
    }
}

/// The frame of a page. A template that extends `layout.html` has it as `shell`.
pub struct Shell {
    pub title: String,
    /// The section that it belongs to, by its path.
    pub here: &'static str,
    pub visitor: Visitor,
    pub notice: Option<Notice>,
    /// When what it shows was read.
    pub as_of: jiff::Timestamp,
    now: Now,
}

impl Shell {
    /// A page of the section at `here`, which shows what is known `now`.
    pub fn new(now: &Now, visitor: Visitor, here: &'static str, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            here,
            notice: visitor.done.clone(),
            visitor,
            as_of: now.at,
            now: now.clone(),
        }
    }

    /// The same page under what is to be said first, if there is anything.
    #[must_use]
    pub fn notice(mut self, notice: Option<Notice>) -> Self {
        self.notice = notice.or(self.notice);
        self
    }

    /// Whether somebody looks who may decide.
    pub fn may_decide(&self) -> bool {
        self.visitor.by.is_some()
    }

    /// When it is shown, for ages.
    pub fn now(&self) -> &Now {
        &self.now
    }

    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    pub fn sections(&self) -> [(&'static str, &'static str); 6] {
        SECTIONS
    }

    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    pub fn asset(&self, ending: &str) -> &'static str {
        assets::path(ending)
    }

    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// With the name of its zone: whoever reads it may sit in another.
    pub fn clock(&self) -> String {
        let at = self.as_of.to_zoned(self.now.zone.clone());
        at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

/// A page that is made from a template.
pub struct Html<T>(pub T);

impl<T: Template> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(text) => axum::response::Html(text).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be made");
                Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made").into_response()
            }
        }
    }
}

/// A page of blocks under its title.
#[derive(Template)]
#[template(path = "plain.html")]
pub struct Plain {
    pub shell: Shell,
    pub blocks: blocks::Blocks,
}

impl Site {
    /// The frame of a page for somebody.
    pub(in crate::web) fn shell(&self, visitor: Visitor, here: &'static str, title: impl Into<String>) -> Shell {
        Shell::new(&self.desk().now, visitor, here, title)
    }
}
