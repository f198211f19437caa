//! What went wrong, as somebody with a browser reads it. The same words as in the JSON.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::ACCEPT;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::blocks::Blocks;
use super::layout::{Html, Notice, Plain, Visitor};
use crate::view::{Page, Tone};
use crate::web::Site;
use crate::web::answer::Refused;

/// Makes a page of each refusal for those who want one.
pub async fn as_page(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let wants_page = accepted.is_some_and(|kinds| kinds.contains("text/html"));
    let answer = next.run(request).await;
    match answer.extensions().get::<Arc<Refused>>() {
        Some(refused) if wants_page => {
            let mut page = page(&site, refused).into_response();
            *page.status_mut() = answer.status();
            // What else the refusal said, such as when to try again.
            for (name, value) in answer.headers() {
                page.headers_mut().entry(name).or_insert_with(|| value.clone());
            }
            page.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
            page
        }
        _ => answer,
    }
}

fn page(site: &Site, refused: &Refused) -> Html<Plain> {
    let status = refused.status;
    let title = status.canonical_reason().unwrap_or("It was not done");
    let mut page = Page::default();
    if !refused.hint.is_empty() {
        page.line(&refused.hint);
    }
    let notice = Notice {
        text: refused.error.clone(),
        tone: Tone::Bad,
    };
    Html(Plain {
        shell: site.shell(Visitor::default(), "", title).notice(Some(notice)),
        blocks: Blocks::new(page, ""),
    })
}

/// Where nothing is.
pub async fn nothing() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "there is nothing at this address").hint("the overview is at /")
}

/// What cannot be done there.
pub async fn wrong_method() -> Refused {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take that method")
}
