//! The seam under every call: what carries a request to the API and brings the answer back. In the program that is HTTP;
//! tests and simulated worlds answer within the process.

use futures_util::future::BoxFuture;

use super::function::Class;
use crate::net::{Bounds, HttpAnswer, HttpClient, HttpError, HttpRequest, Network, Url};

/// Carries requests. Repeats nothing by itself.
pub trait Wire: Send + Sync {
    /// Sends a request once. One that has a departure asks it first, and is not sent when it is too late.
    fn send(&self, class: Class, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, HttpError>>;
}

/// HTTP: reads keep their connections, every write has one of its own.
pub(super) struct Http {
    reads: HttpClient,
    writes: HttpClient,
}

impl Http {
    /// `concurrency`: how many connections are kept.
    pub(super) fn new(url: &Url, network: &Network, bounds: Bounds, concurrency: usize) -> Result<Self, HttpError> {
        Ok(Self {
            reads: HttpClient::reads(url, network, bounds, concurrency)?,
            writes: HttpClient::writes(url, network, bounds)?,
        })
    }
}

impl Wire for Http {
    fn send(&self, class: Class, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, HttpError>> {
        let http = match class {
            Class::Read => &self.reads,
            Class::IdempotentWrite | Class::MoneyMovingWrite => &self.writes,
        };
        Box::pin(http.send(request))
    }
}
