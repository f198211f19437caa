//! What the fuzz targets call: requests as they come off the wire and `/sim/` calls, in process. Built for fuzzing alone,
//! and adds nothing to what it calls.

use std::net::{IpAddr, Ipv4Addr};

use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderValue};

use super::php::params::Params;
use super::wire::http;
use super::wire::reply::Reply;
use super::{Simulator, control};

/// Who calls: the same machine, as in tests.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A request to the API.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` or anything else.
    pub method: &'a str,
    /// What stands behind the question mark.
    pub query: &'a str,
    /// The header of that name, when it is sent.
    pub content_type: Option<&'a [u8]>,
    /// Whether a User-Agent is sent.
    pub has_user_agent: bool,
    /// The body; empty when there is none.
    pub body: &'a [u8],
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub http_status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// Whether the connection is reset instead.
    pub reset: bool,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self {
            http_status: reply.http_status,
            content_type: reply.content_type,
            body: reply.body,
            reset: reply.reset,
        }
    }
}

/// Answers a request to the API; `None` when HTTP itself does not let it through.
#[must_use]
pub fn call(simulator: &Simulator, request: Request<'_>) -> Option<Answer> {
    let method = Method::from_bytes(request.method.as_bytes()).ok()?;
    let mut headers = HeaderMap::new();
    if let Some(content_type) = request.content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_bytes(content_type).ok()?);
    }
    if request.has_user_agent {
        headers.insert(header::USER_AGENT, HeaderValue::from_static("fuzz"));
    }
    let reply = http::call(simulator, &method, Some(request.query), &headers, request.body, PEER);
    Some(reply.into())
}

/// Answers a `/sim/` request; `path` is what stands behind that.
#[must_use]
pub fn control(simulator: &Simulator, method: &str, path: &str, body: &[u8]) -> Answer {
    control::answer(simulator, method, path, body).into()
}

/// The parameters of a query, and behind them those of a multipart body, names and values.
#[must_use]
pub fn params(query: &str, content_type: &str, body: &[u8]) -> Vec<(String, String)> {
    let mut params = Params::default();
    params.read_query(query);
    params.read_multipart(content_type, body);
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    params.iter().map(pair).collect()
}
