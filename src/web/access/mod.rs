//! Who may read, and who may change something. Decided once for each request, before any route sees it; what a route is given
//! (`Reader`, `Writer`, `DecisionForm`) is read from that decision.
//!
//! In reading order: `guard` (the decision), `origin` (where a request comes from), `session` (what a cookie proves), `token` (the
//! secret that all of it hangs on).
//!
//! - A request that shows the token may do everything, and one that shows a wrong one nothing.
//! - Who logged in may read, and change what a page of this very site asks to change.
//! - Without a configured token, who sits at this machine may read.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::http::uri::Scheme;
use axum::response::{IntoResponse, Response};
use axum::{Form, body::Body, body::Bytes};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch as signal;

use super::Site;
use super::answer::Refused;
use crate::clock::Clock;
use crate::config::Settings;

pub mod guard;
mod origin;
mod session;
pub mod token;

pub use guard::Peer;
pub use session::{Keys, Session};

/// Whoever shows the token and does not say who it is.
const NAMELESS: &str = "token";

/// What decides who may what. Its time is real, in the demo too: nobody is to log in once a second.
pub struct Access {
    settings: signal::Receiver<Arc<Settings>>,
    clock: Clock,
    /// The token beside the store, once it was needed.
    own: OnceLock<Option<SecretString>>,
}

impl Access {
    pub fn new(settings: signal::Receiver<Arc<Settings>>, clock: Clock) -> Self {
        let own = OnceLock::new();
        Self { settings, clock, own }
    }

    /// Makes the token beside the store if it will be needed, so that it is there before anybody looks for it.
    pub fn prepare(&self) {
        self.token();
    }

    /// The token that counts; `None`: there is none, and nobody can change anything.
    pub fn token(&self) -> Option<SecretString> {
        let settings = Arc::clone(&self.settings.borrow());
        token::configured(&settings).or_else(|| {
            let own = self.own.get_or_init(|| token::beside(&settings.store.path));
            own.clone()
        })
    }

    /// The file beside the store that holds it; `None`: the configuration says which token counts.
    pub fn token_file(&self) -> Option<PathBuf> {
        let settings = self.settings.borrow();
        settings.web.token.is_none().then(|| token::path(&settings.store.path))
    }

    /// The cookie of a new session; `None`: this is not the token.
    pub fn begin(&self, token: &str, by: &str) -> Option<String> {
        let keys = self.keys().filter(|keys| keys.is_token(token.as_bytes()))?;
        let (value, _) = keys.begin(by, self.clock.now());
        Some(self.cookie(&value, session::LASTS.as_secs()))
    }

    /// What ends the session in the browser.
    pub fn no_cookie(&self) -> String {
        self.cookie("", 0)
    }

    fn cookie(&self, value: &str, lasts_secs: i64) -> String {
        let is_https = self
            .external()
            .is_some_and(|ours| ours.scheme() == Some(&Scheme::HTTPS));
        let secure = if is_https { "; Secure" } else { "" };
        let name = self.cookie_name();
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={lasts_secs}{secure}")
    }

    fn keys(&self) -> Option<Keys> {
        self.token().map(|token| Keys::of(&token))
    }

    /// What a form of this session shows, so that no other site can have made it.
    pub fn csrf(&self, session: &Session) -> String {
        self.keys().map(|keys| keys.csrf(session)).unwrap_or_default()
    }
}

/// Who asks, as far as it was shown.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Somebody who showed the token.
    Token,
    /// Somebody who logged in.
    Session(Session),
    /// Somebody at this machine, where that is enough for reading.
    Here,
}

/// Somebody who may read.
#[derive(Clone, Debug)]
pub struct Reader {
    /// `None`: it did not log in, so that it is offered no decisions.
    pub session: Option<Session>,
}

impl FromRequestParts<Arc<Site>> for Reader {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Refused> {
        let session = match caller(parts)? {
            Caller::Session(session) => Some(session.clone()),
            Caller::Token | Caller::Here => None,
        };
        Ok(Self { session })
    }
}

/// Somebody who may change something.
#[derive(Clone, Debug)]
pub struct Writer {
    /// Who that is: the name that was given at the login.
    pub by: String,
}

impl FromRequestParts<Arc<Site>> for Writer {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Refused> {
        // A session got here only with proof that a page of this site asked.
        match caller(parts)? {
            Caller::Token => Ok(Self {
                by: NAMELESS.to_owned(),
            }),
            Caller::Session(session) if !parts.method.is_safe() => Ok(Self { by: session.by.clone() }),
            Caller::Session(_) | Caller::Here => Err(guard::not_allowed()),
        }
    }
}

/// What the guard found. A route that it does not stand before lets nobody in.
fn caller(parts: &Parts) -> Result<&Caller, Refused> {
    parts.extensions.get().ok_or_else(guard::not_allowed)
}

/// What somebody filled in and sent from a page of this site. Its fields must take a further one, `csrf`.
#[derive(Debug)]
pub struct DecisionForm<T> {
    pub writer: Writer,
    pub form: T,
}

#[derive(Deserialize)]
struct Csrf {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for DecisionForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let writer = Writer::from_request_parts(&mut parts, site).await;
        let writer = writer.map_err(IntoResponse::into_response)?;
        let body = Bytes::from_request(Request::from_parts(parts.clone(), body), site).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let again = || Request::from_parts(parts.clone(), Body::from(body.clone()));
        if let Some(Caller::Session(session)) = parts.extensions.get() {
            let Form(Csrf { csrf }) = Form::from_request(again(), site).await.map_err(unreadable)?;
            if !site.access.keys().is_some_and(|keys| keys.has_csrf(session, &csrf)) {
                let refused = Refused::new(StatusCode::FORBIDDEN, "the form does not belong to your login");
                return Err(refused
                    .hint("open the page again, and send it from there")
                    .into_response());
            }
        }
        let Form(form) = Form::from_request(again(), site).await.map_err(unreadable)?;
        Ok(Self { writer, form })
    }
}

fn unreadable(rejection: axum::extract::rejection::FormRejection) -> Response {
    Refused::new(rejection.status(), rejection.body_text()).into_response()
}
