//! Webhooks: what Alertmanager posts to them, or what a template makes, signed if a secret is configured.
//!
//! In reading order: [`payload`] (Alertmanager's format), `context` and [`template`] (a body of the operator's own), `sign`.
//! All of it is pure but for the reading of templates; how it is posted is [`post`](super::post)'s.

mod context;
pub mod payload;
mod sign;
pub mod template;
#[cfg(test)]
mod tests;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use self::payload::Payload;
use self::sign::Signer;
pub use self::sign::header_id;
use self::template::{Body, Template, TemplateError};
use super::delivery::{Attempted, End, Failed, Parcel, Scope, Step, Until};
use super::letter::Letterhead;
use super::post::{Post, Poster, Vendor, Verdict};
use crate::net::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

/// What a webhook is made of.
pub struct Webhook {
    /// `None`: Alertmanager's format.
    template: Option<Template>,
    headers: HeaderMap,
    signer: Option<Signer>,
    letterhead: Letterhead,
}

/// What of a webhook cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The key that says it: `body`, `headers` or `secret`.
    pub key: &'static str,
    /// Without the value of a header or a secret.
    pub why: String,
}

impl From<TemplateError> for Unfit {
    fn from(error: TemplateError) -> Self {
        let why = error.to_string();
        Self { key: "body", why }
    }
}

/// Headers that say how a request travels, or that the signature gives: not the operator's.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "transfer-encoding",
    "upgrade",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

impl Webhook {
    /// `headers` go with each request; `secrets` sign it.
    ///
    /// # Errors
    /// What is wrong with a header or a secret.
    pub fn new(
        template: Option<Template>,
        headers: &[(String, SecretString)],
        secrets: Option<&SecretString>,
        letterhead: Letterhead,
    ) -> Result<Self, Unfit> {
        let unfit = |key| move |why| Unfit { key, why };
        let signer = secrets.map(|secrets| Signer::new(secrets.expose_secret())).transpose();
        Ok(Self {
            template,
            headers: headers
                .iter()
                .map(header)
                .collect::<Result<_, _>>()
                .map_err(unfit("headers"))?,
            signer: signer.map_err(|why| unfit("secret")(why.to_owned()))?,
            letterhead,
        })
    }

    /// Fills its template in with made-up alerts.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn try_out(&self) -> Result<(), TemplateError> {
        let template = self.template.as_ref();
        template.map_or(Ok(()), |template| template.try_out(&self.letterhead))
    }

    fn body(&self, parcel: &Parcel) -> Result<Body, Failed> {
        let payload = Payload::of(parcel, &self.letterhead);
        match &self.template {
            Some(template) => template.render(parcel, &payload).map_err(|why| unsent(why.to_string())),
            None => serde_json::to_vec(&payload)
                .map(Body::Json)
                .map_err(|error| unsent(error.to_string())),
        }
    }
}

fn header((name, value): &(String, SecretString)) -> Result<(HeaderName, HeaderValue), String> {
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is no name of a header"))?;
    if RESERVED.contains(&known.as_str()) {
        return Err(format!("the header `{name}` is set by the program"));
    }
    let mut value = HeaderValue::from_str(value.expose_secret())
        .map_err(|_| format!("the header `{name}` has a character that no header may have"))?;
    value.set_sensitive(true);
    Ok((known, value))
}

/// A template that fails on this message may fail on no other; it may be mended, so that the message waits.
fn unsent(why: String) -> Failed {
    Failed {
        end: End::Refused,
        scope: Scope::Shared,
        step: Step::Unsent,
        retry_after: None,
        word: "the template failed".to_owned(),
        text: why,
        hint: Some("`balancewatch check` tries every template"),
    }
}

impl Webhook {
    /// What is posted for a parcel; it fails when the template does.
    fn post(&self, parcel: &Parcel) -> Result<Post, Failed> {
        let (content_type, body) = match self.body(parcel)? {
            Body::Json(body) => ("application/json", body),
            Body::Text(body) => ("text/plain; charset=utf-8", body),
        };
        let id = header_id(&parcel.message.id);
        let mut headers = self.headers.clone();
        let signature = self.signer.as_ref().map(|signer| signer.sign(&id, parcel.at, &body));
        let given = [
            ("webhook-id", Some(id)),
            ("webhook-timestamp", Some(parcel.at.as_second().to_string())),
            ("webhook-signature", signature),
        ];
        for (name, value) in given {
            // They are of letters, digits and a few signs.
            if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(content_type));
        Ok(Post { headers, body })
    }
}

impl Vendor for Webhook {
    fn deliver<'a, 'c: 'a>(
        &'a self,
        poster: &'a Poster,
        parcel: &'a Parcel,
        cut: Until<'c>,
    ) -> BoxFuture<'a, Attempted> {
        async move {
            let post = self.post(parcel)?;
            poster.deliver(post, Verdict::of, parcel.at, cut).await
        }
        .boxed()
    }
}
