//! Who may change something: whoever shows the token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use secrecy::ExposeSecret;

use super::Site;
use super::answer::Refused;

/// Somebody who may change something.
pub struct Writer;

impl FromRequestParts<Arc<Site>> for Writer {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refused> {
        let shown = parts.headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        let shown = shown.and_then(|value| value.strip_prefix(b"Bearer "));
        let settings = site.settings.borrow();
        let token = settings
            .web
            .token
            .as_ref()
            .map(|token| token.expose_secret().as_bytes());
        match (shown, token) {
            (Some(shown), Some(token)) if shown == token => Ok(Self),
            _ => Err(
                Refused::new(StatusCode::UNAUTHORIZED, "who changes something shows the token")
                    .hint("send it as `Authorization: Bearer TOKEN`"),
            ),
        }
    }
}
