//! `/login` and `/logout`. Whoever knows the token and says who it is gets a cookie in place of both.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Site;
use super::access::guard::another_site;
use super::access::{DecisionForm, Peer};
use super::answer::Refused;
use super::limits::too_many;
use super::pages::layout::{Html, Shell, Visitor};
use crate::desk::spoken;

/// Wrong tokens of one address: several at once for somebody who looks for the right one, and then six in a minute.
pub const WRONG_EVERY: Duration = Duration::from_secs(10);
pub const WRONG_BURST: u32 = 5;

/// Who can log in needs no login yet.
pub fn open_routes() -> Router<Arc<Site>> {
    Router::new().route("/login", get(page).post(login))
}

pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/logout", post(logout))
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    shell: Shell,
    /// Where to go on afterwards: a path of this site.
    to: &'a str,
    name: &'a str,
    problem: &'a str,
    /// Where the token is; empty: where the configuration says.
    file: String,
}

#[derive(Template)]
#[template(path = "logged-in.html")]
struct LoggedIn {
    shell: Shell,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    to: String,
}

#[derive(Deserialize)]
struct Filled {
    token: SecretString,
    name: String,
    #[serde(default)]
    to: String,
}

async fn page(State(site): State<Arc<Site>>, headers: HeaderMap, Query(Asked { to }): Query<Asked>) -> Response {
    match site.access.session(&headers) {
        Some(session) => Html(LoggedIn {
            shell: site.shell(Visitor::of(&site, &session), "/login", "You are logged in"),
        })
        .into_response(),
        None => shown(&site, StatusCode::OK, &to, "", ""),
    }
}

fn shown(site: &Site, status: StatusCode, to: &str, name: &str, problem: &str) -> Response {
    let file = site.access.token_file();
    let file = file.map(|file| file.display().to_string()).unwrap_or_default();
    let (to, name) = (local(to), name.get(..name.floor_char_boundary(200)).unwrap_or_default());
    let page = Page {
        shell: site.shell(Visitor::default(), "/login", "Log in"),
        to,
        name,
        problem,
        file,
    };
    (status, Html(page)).into_response()
}

/// A path of this site: whoever logs in is sent nowhere else.
pub fn local(to: &str) -> &str {
    let is_path = to.starts_with('/') && !to.starts_with("//") && to.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path && !to.contains('\\') && !to.starts_with("/login") {
        to
    } else {
        "/"
    }
}

async fn login(State(site): State<Arc<Site>>, Extension(Peer(peer)): Extension<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !site.access.is_from_our_page(&parts) {
        return another_site().into_response();
    }
    let now = site.real.monotonic();
    if let Err(wait) = site.wrong_tokens.look(peer, now) {
        return too_many(wait);
    }
    let form = Form::<Filled>::from_request(Request::from_parts(parts, body), &()).await;
    let Form(Filled { token, name, to }) = match form {
        Ok(form) => form,
        Err(rejection) => return Refused::new(rejection.status(), rejection.body_text()).into_response(),
    };
    let by = match spoken::by(&name) {
        Ok(by) => by,
        Err(problem) => return shown(&site, StatusCode::UNPROCESSABLE_ENTITY, &to, &name, &problem),
    };
    if let Some(cookie) = site.access.begin(token.expose_secret(), &by) {
        tracing::info!(by, "somebody logged in to the dashboard");
        return with_cookie(Redirect::to(local(&to)), &cookie);
    }
    tracing::warn!("a login to the dashboard showed a wrong token");
    match site.wrong_tokens.take(peer, now) {
        Ok(()) => shown(&site, StatusCode::UNAUTHORIZED, &to, &name, "the token is wrong"),
        Err(wait) => too_many(wait),
    }
}

/// A form that says nothing but that it was sent.
#[derive(Deserialize)]
struct Nothing {}

async fn logout(State(site): State<Arc<Site>>, decision: DecisionForm<Nothing>) -> Response {
    let DecisionForm {
        writer,
        form: Nothing {},
    } = decision;
    tracing::info!(by = writer.by, "somebody logged out of the dashboard");
    with_cookie(Redirect::to("/login"), &site.access.no_cookie())
}

fn with_cookie(to: Redirect, cookie: &str) -> Response {
    match HeaderValue::from_str(cookie) {
        Ok(cookie) => ([(SET_COOKIE, cookie)], to).into_response(),
        Err(error) => Refused::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn whoever_logs_in_is_sent_to_no_other_site() {
        for (to, expected) in [
            ("/clients?q=a%20b&state=low", "/clients?q=a%20b&state=low"),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nset-cookie: x=y", "/"),
            ("/\t/evil.example", "/"),
            ("/login?to=/", "/"),
        ] {
            assert_eq!(local(to), expected, "{to:?}");
        }
    }
}
