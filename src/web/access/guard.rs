//! The decision about each request, before a route sees it. It changes nothing and looks nothing up but the token.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{Access, Caller, Session, origin};
use crate::web::Site;
use crate::web::answer::Refused;

/// The other end of a connection, on every request of it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Lets nobody in who came here by a name that is not ours: behind it may stand a page of somebody else, in the browser of
/// somebody who may read. Who shows the token is no such page.
pub async fn known_host(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Some(authority) = origin::authority(&parts.uri, &parts.headers) else {
        return Refused::new(StatusCode::BAD_REQUEST, "the request names no host, or more than one").into_response();
    };
    let external = site.access.external();
    if !origin::is_ours(&authority, external.as_ref()) && site.access.shown(&parts.headers) != Shown::Token {
        let refused = Refused::new(StatusCode::MISDIRECTED_REQUEST, "this is not reached under that name");
        let hint = "use its address or `localhost`, or set web.external_url to the name that people use";
        return refused.hint(hint).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Decides who asks, and whether that is enough for what is asked.
pub async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match site.access.admit(&parts) {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED && is_looked_at(&parts) => {
            if origin::is_from_another_page(&parts.headers) {
                // Browsers keep our cookie back from whoever follows a link in a mail, and show it when our own page leads on.
                return Html("<!doctype html><meta http-equiv=\"refresh\" content=\"0\"><title>balancewatch</title>")
                    .into_response();
            }
            let to = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("to", to)
                .finish();
            Redirect::to(&format!("/login?{query}")).into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

/// Whether a person waits for a page, and is better shown where to log in.
fn is_looked_at(parts: &Parts) -> bool {
    let accepts = parts.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    parts.method == Method::GET && accepts.is_some_and(|accept| accept.contains("text/html"))
}

/// What a request shows of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    Token,
    Wrong,
}

impl Access {
    /// Where people reach it, if that was configured.
    pub fn external(&self) -> Option<Uri> {
        self.settings.borrow().web.external_url.as_ref()?.parse().ok()
    }

    fn shown(&self, headers: &HeaderMap) -> Shown {
        let shown = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        // Other ways to log in are a proxy's.
        let Some(shown) = shown.and_then(|value| value.strip_prefix(b"Bearer ")) else {
            return Shown::Nothing;
        };
        match self.keys() {
            Some(keys) if keys.is_token(shown) => Shown::Token,
            _ => Shown::Wrong,
        }
    }

    /// The session that a request's cookie proves.
    pub fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let (keys, name) = (self.keys()?, self.cookie_name());
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(|line| line.split("; "));
        cookies.find_map(|cookie| {
            let value = cookie.strip_prefix(&name)?.strip_prefix('=')?;
            keys.session(value, self.clock.now())
        })
    }

    /// Cookies of one machine are shown to all its ports, and there may be several of us.
    pub fn cookie_name(&self) -> String {
        let listen = self.settings.borrow().web.listen;
        format!("balancewatch_{}", listen.map_or(0, |address| address.port()))
    }

    fn admit(&self, parts: &Parts) -> Result<Caller, Refused> {
        let caller = match self.shown(&parts.headers) {
            Shown::Token => return Ok(Caller::Token),
            Shown::Wrong => return Err(Refused::new(StatusCode::UNAUTHORIZED, "the token is wrong")),
            Shown::Nothing => self.session(&parts.headers).map(Caller::Session),
        };
        match caller.or_else(|| self.is_free_for(parts).then_some(Caller::Here)) {
            Some(caller) if parts.method.is_safe() => Ok(caller),
            Some(Caller::Session(_)) if !self.is_from_our_page(parts) => Err(another_site()),
            Some(Caller::Session(session)) => Ok(Caller::Session(session)),
            _ => Err(not_allowed()),
        }
    }

    /// Whether whoever asks may read without showing anything.
    fn is_free_for(&self, parts: &Parts) -> bool {
        let authority = origin::authority(&parts.uri, &parts.headers);
        let (Some(authority), Some(Peer(peer))) = (authority, parts.extensions.get()) else {
            return false;
        };
        origin::is_here(*peer, &authority, &parts.headers) && self.settings.borrow().web.token.is_none()
    }

    /// Whether a page of this site sent the request.
    pub fn is_from_our_page(&self, parts: &Parts) -> bool {
        let authority = origin::authority(&parts.uri, &parts.headers);
        let external = self.external();
        authority.is_some_and(|authority| origin::is_from_our_page(&parts.headers, &authority, external.as_ref()))
    }
}

/// Nothing was shown, and something is needed.
pub fn not_allowed() -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, "this needs the token or a login")
        .hint("send the token as `Authorization: Bearer TOKEN`, or log in at /login")
}

/// A browser was made to ask by a page that is not ours.
pub fn another_site() -> Refused {
    Refused::new(
        StatusCode::FORBIDDEN,
        "the request does not come from a page of this site",
    )
    .hint("send it from the page itself, or with the token")
}
