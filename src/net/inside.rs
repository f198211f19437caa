//! What stands in for the network in simulated worlds: servers within the process, on the world's own time. Every deadline and
//! bound of a client holds for them as for a real one.

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{HttpAnswer, HttpError, HttpRequest};

/// A connection that bytes go over: TCP, TLS over it, or a pipe within the process.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

/// Either end of a connection.
pub type Stream = Box<dyn Duplex>;

/// All servers that there are.
pub trait Inside: Send + Sync {
    /// Answers a request to the server that its URL names. One that has a departure asks it first, and does nothing when it is too
    /// late. It may never answer.
    fn exchange(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, HttpError>>;

    /// Connects to the mail server of that name.
    ///
    /// # Errors
    /// When nobody listens there.
    fn connect(&self, host: &str, port: u16) -> BoxFuture<'_, std::io::Result<Stream>>;
}
