//! What connections are made over: the only HTTP client builder, the trust roots of every TLS connection, and what stands in for
//! the network in simulated worlds.
//!
//! Deadlines, bounded bodies, no redirects, no proxies, a User-Agent, and errors that can name no URL: a URL may carry
//! a password. It must not know what is asked or answered, and it repeats nothing by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

mod error;
mod inside;
mod network;
mod reach;

pub use error::{Cause, HttpError, Step};
pub use inside::{Inside, Stream};
pub use network::{BadCertificates, Network, TrustSource, certificates_in};
pub use reach::Reach;
pub use reqwest::{Method, Url, header};

/// Sent with every request: requests without one were blocked at times.
pub const USER_AGENT: &str = concat!("balancewatch/", env!("CARGO_PKG_VERSION"));

/// Names the process's one TLS provider. Every builder of a TLS client calls it first; only the first call acts.
pub fn install_tls_provider() {
    // An error says that a provider is there already, which is all that is wanted.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// How long and how large an exchange may be. Real time, also where the domain's clock is stepped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From nothing to a connection, TLS included.
    pub connect: Duration,
    /// The longest silence while waiting for the answer or within it.
    pub read: Duration,
    /// The whole exchange, connecting and the last byte of the answer included.
    pub total: Duration,
    /// The largest answer, counted after decompression. A list of 50,000 clients has about 20 MB.
    pub body_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(10),
            total: Duration::from_secs(30),
            body_bytes: 64 << 20,
        }
    }
}

/// Whether a request has begun to leave. Clones tell of the same request: for whoever may have to give it up.
#[derive(Clone, Default)]
pub struct Departure(Arc<Leaving>);

#[derive(Default)]
struct Leaving {
    is_past: AtomicBool,
    is_missed: AtomicBool,
    may_leave: OnceLock<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Departure {
    /// One that asks, at the last moment, whether the request may still leave. The connection is there by then, and making
    /// one takes its time.
    #[must_use]
    pub fn if_still(may_leave: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let leaving = Leaving::default();
        // It is new, so nothing is set yet.
        leaving.may_leave.set(Box::new(may_leave)).ok();
        Self(Arc::new(leaving))
    }

    /// Whether it has; before that surely nothing was sent.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.0.is_past.load(Ordering::Acquire)
    }

    /// Lets the request leave, if it still may: whoever carries it asks at the last moment. False: it is not to be sent.
    #[must_use]
    pub fn depart(&self) -> bool {
        let may_leave = self.0.may_leave.get().is_none_or(|may_leave| may_leave());
        let told = if may_leave { &self.0.is_past } else { &self.0.is_missed };
        told.store(true, Ordering::Release);
        may_leave
    }

    fn is_missed(&self) -> bool {
        self.0.is_missed.load(Ordering::Acquire)
    }
}

impl std::fmt::Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Departure").field("is_past", &self.is_past()).finish()
    }
}

/// The request may not leave any more.
#[derive(Debug, thiserror::Error)]
#[error("it was too late to send the request")]
struct TooLate;

/// A request. It cannot be printed: URL, headers and body may hold secrets.
pub struct HttpRequest {
    /// GET or POST, mostly.
    pub method: Method,
    pub url: Url,
    /// Headers besides User-Agent, Host, Accept-Encoding and Content-Length, which are set by themselves.
    pub headers: HeaderMap,
    /// The body, sent with its length.
    pub body: Option<Vec<u8>>,
    /// Told when the body begins to leave.
    pub departure: Option<Departure>,
}

impl HttpRequest {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            departure: None,
        }
    }

    /// The same with a header more.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// A complete answer, whatever its status.
pub struct HttpAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// An HTTP client of one server that follows no redirects, uses no proxy and repeats nothing. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    carrier: Carrier,
    bounds: Bounds,
    /// What errors call it; made once, for they are rare.
    server: Arc<str>,
}

/// What carries its requests.
#[derive(Clone)]
enum Carrier {
    Network(reqwest::Client),
    Inside(Arc<dyn Inside>),
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient").field("bounds", &self.bounds).finish()
    }
}

impl HttpClient {
    /// A client of the server of `url` that keeps up to `concurrency` connections for later requests.
    pub fn reads(url: &Url, network: &Network, bounds: Bounds, concurrency: usize) -> Result<Self, HttpError> {
        Self::build(url, network, bounds, concurrency, Reach::Anywhere)
    }

    /// A client of the server of `url` that opens a connection for each request. On a kept connection that the server
    /// closes meanwhile nobody can say whether the request arrived, and HTTP libraries then like to send it again.
    pub fn writes(url: &Url, network: &Network, bounds: Bounds) -> Result<Self, HttpError> {
        Self::writes_within(url, network, bounds, Reach::Anywhere)
    }

    /// The same, which may not reach everywhere.
    pub fn writes_within(url: &Url, network: &Network, bounds: Bounds, reach: Reach) -> Result<Self, HttpError> {
        Self::build(url, network, bounds, 0, reach)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the only HTTP client builder")]
    fn build(
        url: &Url,
        network: &Network,
        bounds: Bounds,
        kept_connections: usize,
        reach: Reach,
    ) -> Result<Self, HttpError> {
        let server: Arc<str> = server(url).into();
        if let Some(servers) = &network.inside {
            let carrier = Carrier::Inside(Arc::clone(servers));
            return Ok(Self {
                carrier,
                bounds,
                server,
            });
        }
        install_tls_provider();
        let roots = network
            .der()
            .filter_map(|der| reqwest::Certificate::from_der(der).ok())
            .collect::<Vec<_>>();
        let builder = match reach {
            Reach::Anywhere => reqwest::Client::builder(),
            Reach::Outside => reqwest::Client::builder().dns_resolver(reach::Outside),
        };
        let inner = builder
            .user_agent(USER_AGENT)
            .tls_certs_only(roots)
            .connect_timeout(bounds.connect)
            .read_timeout(bounds.read)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(kept_connections)
            // Below what servers usually keep, so that a connection is rarely found closed.
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| HttpError::Build(error.into()))?;
        let carrier = Carrier::Network(inner);
        Ok(Self {
            carrier,
            bounds,
            server,
        })
    }

    /// Sends `request`, which must be for this client's server, once and reads the whole answer.
    ///
    /// # Errors
    /// [`HttpError`]; an answer with an HTTP error status is an answer.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let client = match &self.carrier {
            Carrier::Network(client) => client,
            Carrier::Inside(servers) => return self.ask_inside(servers.as_ref(), request).await,
        };
        let (outgoing, departure) = self.outgoing(request);
        let whole = async {
            let response = self.head(client, outgoing).await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = self.body(response).await?;
            Ok(HttpAnswer { status, headers, body })
        };
        self.in_time(whole, departure).await
    }

    /// The same for whom the status is the answer: of the body only the beginning is read, as far as it comes within the
    /// bounds, and it is no error when it breaks off.
    ///
    /// # Errors
    /// [`HttpError`]; an answer with an HTTP error status is an answer.
    pub async fn tell(&self, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let client = match &self.carrier {
            Carrier::Network(client) => client,
            Carrier::Inside(servers) => return self.ask_inside(servers.as_ref(), request).await,
        };
        let (outgoing, departure) = self.outgoing(request);
        let response = self.in_time(self.head(client, outgoing), departure).await?;
        Ok(HttpAnswer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: self.beginning(response).await,
        })
    }

    /// Asks a server within the process, in the same time and with the same largest answer.
    async fn ask_inside(&self, servers: &dyn Inside, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let departure = request.departure.clone();
        let answer = self.in_time(servers.exchange(request), departure).await?;
        let limit_bytes = self.bounds.body_bytes;
        if answer.body.len() > limit_bytes {
            let server = self.server();
            return Err(HttpError::TooLarge { server, limit_bytes });
        }
        Ok(answer)
    }

    fn outgoing(&self, request: HttpRequest) -> (reqwest::Request, Option<Departure>) {
        debug_assert_eq!(server(&request.url), *self.server, "errors would name another server");
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        let departure = request.departure.filter(|_| request.body.is_some());
        match (request.body, departure.clone()) {
            (Some(body), Some(departure)) => {
                outgoing.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
                *outgoing.body_mut() = Some(leaving(body, departure));
            }
            (body, _) => *outgoing.body_mut() = body.map(reqwest::Body::from),
        }
        (outgoing, departure)
    }

    /// Bounds an exchange, and says of a failed one whether anything of it was sent.
    async fn in_time<T>(
        &self,
        exchange: impl Future<Output = Result<T, HttpError>>,
        departure: Option<Departure>,
    ) -> Result<T, HttpError> {
        // The library's own deadlines are per step; this one holds whatever the server does.
        let total = self.bounds.total;
        let outcome = tokio::time::timeout(total, exchange).await;
        let outcome = outcome.unwrap_or_else(|_| Err(self.timeout(total)));
        match departure {
            Some(departure) if departure.is_missed() => Err(HttpError::TooLate { server: self.server() }),
            Some(departure) if !departure.is_past() => outcome.map_err(HttpError::before_departure),
            _ => outcome,
        }
    }

    /// Sends a request and awaits the head of the answer.
    async fn head(&self, client: &reqwest::Client, request: reqwest::Request) -> Result<reqwest::Response, HttpError> {
        client.execute(request).await.map_err(|error| {
            if error.is_connect() {
                HttpError::Connect {
                    server: self.server(),
                    step: Step::of(&error),
                    cause: error.into(),
                }
            } else {
                self.broken(error, |server, cause| HttpError::Lost { server, cause })
            }
        })
    }

    async fn beginning(&self, mut response: reqwest::Response) -> Vec<u8> {
        let mut body = Vec::new();
        let reading = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                let room = self.bounds.body_bytes - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() >= room {
                    return;
                }
            }
        };
        // What did not come by then is not needed.
        tokio::time::timeout(self.bounds.read, reading).await.ok();
        body
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, HttpError> {
        let limit_bytes = self.bounds.body_bytes;
        let too_large = || HttpError::TooLarge {
            server: self.server(),
            limit_bytes,
        };
        let declared = response.content_length().unwrap_or(0);
        if declared > limit_bytes as u64 {
            return Err(too_large());
        }
        // A declared length is only believed as far as it costs little.
        let mut body = Vec::with_capacity(usize::try_from(declared).unwrap_or(0).min(1 << 20));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.broken(error, |server, cause| HttpError::Cut { server, cause }))?
        {
            if chunk.len() > limit_bytes - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn broken(&self, error: reqwest::Error, otherwise: impl FnOnce(String, Cause) -> HttpError) -> HttpError {
        if error.is_timeout() {
            self.timeout(self.bounds.read)
        } else {
            otherwise(self.server(), error.into())
        }
    }

    fn timeout(&self, after: Duration) -> HttpError {
        let server = self.server();
        HttpError::Timeout { server, after }
    }

    fn server(&self) -> String {
        self.server.as_ref().to_owned()
    }
}

/// `host:port`, and nothing else of the URL.
pub fn server(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A body that says when it begins to leave. The connection is there by then. No library can send such a body again.
fn leaving(body: Vec<u8>, departure: Departure) -> reqwest::Body {
    let all = async move { departure.depart().then_some(body).ok_or(TooLate) };
    reqwest::Body::wrap_stream(futures_util::stream::once(all))
}

#[cfg(test)]
pub(crate) mod raw_server;
#[cfg(test)]
mod tests;
