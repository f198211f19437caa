//! The simulator on a listener: HTTP in, [`Arrival`]s and `/sim/` calls to the simulator, replies out, and real
//! connection resets. Decides nothing about answers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::exchange::{Arrival, Reply};
use super::request::{Params, Transport, is_multipart};
use crate::simulator::{Simulator, control};

/// Where the API is, on the real host and here.
const API_PATH: &str = "/api/v1/rest.php";

/// Longest request line that the real server takes (measured there).
const LONGEST_REQUEST_LINE_BYTES: usize = 8_190;

/// Largest body that is read: eight megabytes are known to be taken by the real server.
const LARGEST_BODY_BYTES: usize = 8 * 1024 * 1024 + 64 * 1024;

/// How long answers in hand may take once the end was asked for.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves the API and `/sim/` until `shutdown` is done; `/sim/` to the same machine only.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    simulator: Arc<Simulator>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (ending, ended) = watch::channel(false);
    let farewell = {
        let mut ended = ended.clone();
        async move {
            // An error means that the sender is gone, which is the end too.
            ended.wait_for(|ended| *ended).await.ok();
            tokio::time::sleep(FAREWELL).await;
        }
    };
    let app = Router::new()
        .fallback(handle)
        .with_state(App { simulator, ended })
        .into_make_service_with_connect_info::<Peer>();
    let served = axum::serve(Resettable(listener), app).with_graceful_shutdown(async move {
        shutdown.await;
        ending.send_replace(true);
    });
    tokio::select! {
        result = served.into_future() => result,
        () = farewell => Ok(()),
    }
}

#[derive(Clone)]
struct App {
    simulator: Arc<Simulator>,
    /// Turns true when the end was asked for, so that slow answers do not hold it up.
    ended: watch::Receiver<bool>,
}

async fn handle(State(mut app): State<App>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let line_bytes = request.method().as_str().len()
        + request.uri().path_and_query().map_or(1, |target| target.as_str().len())
        + " HTTP/1.1 ".len();
    if line_bytes > LONGEST_REQUEST_LINE_BYTES {
        return respond(Reply::html(
            414,
            "Request-URI Too Long",
            "The requested URL's length exceeds the capacity limit.",
        ));
    }
    let (parts, body) = request.into_parts();
    let body = match read(&parts.headers, body).await {
        Ok(body) => body,
        Err(reply) => return respond(reply),
    };
    let path = parts.uri.path();
    let reply = if path == API_PATH {
        call(
            &app.simulator,
            &parts.method,
            parts.uri.query(),
            &parts.headers,
            &body,
            peer.address,
        )
    } else if let Some(rest) = path.strip_prefix("/sim/").filter(|_| peer.address.is_loopback()) {
        control::answer(&app.simulator, parts.method.as_str(), rest, &body)
    } else {
        Reply::html(404, "Not Found", "The requested URL was not found on this server.")
    };
    if !reply.delay.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(reply.delay) => {}
            _ = app.ended.wait_for(|ended| *ended) => {}
        }
    }
    if reply.reset {
        peer.reset.store(true, Ordering::Release);
    }
    respond(reply)
}

/// The body, if there is one and it is not too large.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Reply> {
    if !headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(Bytes::new());
    }
    to_bytes(body, LARGEST_BODY_BYTES).await.map_err(|_| {
        Reply::html(
            413,
            "Request Entity Too Large",
            "The request is larger than the server takes.",
        )
    })
}

/// One API call.
fn call(
    simulator: &Simulator,
    method: &Method,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
    peer: IpAddr,
) -> Reply {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let transport = match *method {
        Method::GET | Method::HEAD => Transport::Get,
        Method::POST if is_multipart(content_type) => Transport::Multipart,
        Method::POST => Transport::Other,
        _ => {
            return Reply::html(
                405,
                "Method Not Allowed",
                "The requested method is not allowed for this URL.",
            );
        }
    };
    let mut params = Params::default();
    params.read_query(query.unwrap_or_default());
    if transport == Transport::Multipart {
        params.read_multipart(content_type, body);
    }
    let has_user_agent = headers.get(header::USER_AGENT).is_some_and(|agent| !agent.is_empty());
    simulator.answer(Arrival {
        transport,
        peer,
        has_user_agent,
        params: &params,
    })
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    response
}

/// A listener whose connections can be reset by whoever answers on them.
struct Resettable(TcpListener);

impl Listener for Resettable {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The inner listener waits out errors such as too many open files.
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Without it answers would still come, only later.
        stream.set_nodelay(true).ok();
        (
            Connection {
                stream,
                reset: Arc::default(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Who is at the other end, and the switch that resets the connection.
#[derive(Clone)]
struct Peer {
    address: IpAddr,
    reset: Arc<AtomicBool>,
}

impl Connected<IncomingStream<'_, Resettable>> for Peer {
    fn connect_info(incoming: IncomingStream<'_, Resettable>) -> Self {
        Self {
            address: incoming.remote_addr().ip().to_canonical(),
            reset: Arc::clone(&incoming.io().reset),
        }
    }
}

/// A connection that, once its switch is set, sends nothing more and ends with a reset.
struct Connection {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Connection {
    /// The error that ends the connection, if it is to be reset. With no lingering, dropping the stream makes the
    /// kernel send RST instead of FIN.
    fn check(&self) -> io::Result<()> {
        if !self.reset.load(Ordering::Acquire) {
            return Ok(());
        }
        self.stream.set_zero_linger().ok();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown would send the FIN that a reset must not be preceded by.
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
