//! What went wrong, as a client of the JSON API reads it: `{"error","hint"}`. And what every answer tells browsers.

use std::sync::Arc;

use axum::Json;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::desk::Refusal;
use crate::store;

/// A request that was not done.
#[derive(Debug)]
pub struct Refused {
    pub status: StatusCode,
    pub error: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// The same as it is sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Refused")]
pub struct Body<'a> {
    error: &'a str,
    hint: &'a str,
}

impl Refused {
    pub fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            hint: String::new(),
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (status, error, hint) = match refusal {
            Refusal::Unknown { what, hint } => (StatusCode::NOT_FOUND, what, hint),
            Refusal::Conflict { what, hint } => (StatusCode::CONFLICT, what, hint),
            Refusal::Wrong { what, hint } => (StatusCode::UNPROCESSABLE_ENTITY, what, hint),
            Refusal::Store(error) => return Self::from(error),
        };
        Self { status, error, hint }
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        tracing::error!(error = %crate::telemetry::chain(&error), "a request could not be answered from the store");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).hint(error.hint().unwrap_or_default())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Body {
            error: &self.error,
            hint: &self.hint,
        };
        let mut answer = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let how = HeaderValue::from_static("Bearer realm=\"balancewatch\"");
            answer.headers_mut().insert(WWW_AUTHENTICATE, how);
        }
        // Whoever has a browser reads it as a page.
        answer.extensions_mut().insert(Arc::new(self));
        answer
    }
}

/// Nothing is loaded from elsewhere, nothing runs that is written into a page, and no page of ours stands in another.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const FOR_BROWSERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Stricter, browsers would not tell us either that a form comes from a page of ours: they write `Origin: null`.
    (REFERRER_POLICY, "same-origin"),
    // Names and amounts stay in no cache. What is the same for everybody says so itself.
    (CACHE_CONTROL, "no-store"),
];

/// Tells browsers what they may do with an answer, where it says nothing of its own.
pub async fn to_browsers(mut response: Response) -> Response {
    for (name, value) in FOR_BROWSERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
