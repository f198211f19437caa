//! The simulator on a listener: HTTP in, [`Arrival`]s and `/sim/` calls to the simulator, replies out, and real
//! connection resets. Decides nothing about answers.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Transport;
use super::connection::{Connection, LONGEST_REQUEST_LINE_BYTES, Peer, accept};
use super::exchange::Arrival;
use super::reply::Reply;
use crate::simulator::php::multipart::is_multipart;
use crate::simulator::php::params::Params;
use crate::simulator::{Simulator, control};

/// Where the API is, on the real host and here; some clients leave the file's name out.
const API_PATHS: [&str; 2] = ["/api/v1/rest.php", "/api/v1/"];

/// Largest body that is read: eight megabytes are known to be taken by the real server.
const LARGEST_BODY_BYTES: usize = 8 * 1024 * 1024 + 64 * 1024;

/// The one function that needs every client up to date. That work is done beforehand, off the threads that answer.
const GET_BALANCE: &str = "getBalance";

/// How long answers in hand may take once the end was asked for.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves the API and `/sim/` until `shutdown` is done; `/sim/` to the same machine only. Then answers in hand have two
/// seconds to go out, and no connection is left behind. Dropping the future instead cuts all connections off at once.
///
/// In a test it has a port of its own, so that tests do not meet:
///
/// ```
/// use std::time::Duration;
///
/// use balancewatch::clock::Clock;
/// use balancewatch::simulator::{Options, Simulator, serve};
/// use serde_json::json;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::{TcpListener, TcpStream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = Options {
///     clients: 5,
///     // Nothing happens by itself; types drift as they do on the wire.
///     settings: ["spending=off", "top-ups=off", "types=all-strings"].map(str::to_owned).to_vec(),
///     start: Some("2026-11-23T17:00:00Z".parse()?),
///     ..Options::default()
/// };
/// let simulator = Simulator::new(options, Clock::real())?;
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// tokio::spawn(serve(listener, simulator.clone(), std::future::pending()));
///
/// // What happens to a client is said in its own words, and time passes when you say so.
/// simulator.edit("561115", &json!({"balance": "6.00", "spend_per_hour": "4"}))?;
/// simulator.advance(Duration::from_secs(3_600));
///
/// // Your program's turn: its base URL is `http://{address}/api/v1/rest.php`. Here a request by hand.
/// let mut stream = TcpStream::connect(address).await?;
/// let query = "api_username=demo@example.com&api_password=demo&method=getResellerBalance&client=561115";
/// let request = format!("GET /api/v1/rest.php?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
/// stream.write_all(request.as_bytes()).await?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer).await?;
/// assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
/// assert!(answer.contains(r#"{"status":"success","balance":{"current_balance":"2.0000","spent_total":"4","#));
///
/// // What it sent, and how a lost answer looks: from here on payments arrive, and their answers do not.
/// assert_eq!(simulator.requests()[0]["params"]["method"], "getResellerBalance");
/// simulator.set_fault("reset-after@addPayment", "1")?;
/// # Ok(())
/// # }
/// ```
///
/// With [`Clock::stepped`](crate::clock::Clock::stepped) real time stands still too, by which rate caps count.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    simulator: Arc<Simulator>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (ending, ended) = watch::channel(false);
    let mut connections = JoinSet::new();
    let app = App { simulator, ended };
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (connection, peer) = accept(&listener) => {
                connections.spawn(serve_connection(app.clone(), connection, peer));
            }
            // Connections that are over are forgotten.
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, app));
    ending.send_replace(true);
    let all_over = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, all_over).await.is_err() {
        // The rest had its time to read its answer or send its request.
        connections.shutdown().await;
    }
    Ok(())
}

/// Answers the requests of one connection until it is over, or until the end was asked for and the one in hand is
/// answered.
async fn serve_connection(app: App, connection: Connection, peer: Peer) {
    let mut ended = app.ended.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        // Here, and not where the answer is made: by then some of the body may have been received.
        let line_bytes = request_line_bytes(request.method(), request.uri()).max(peer.begin_request());
        handle(app.clone(), peer.clone(), line_bytes, request)
    });
    let serving = http1::Builder::new()
        // A client that half-closes after its request still wants the answer, here as with Apache.
        .half_close(true)
        .serve_connection(TokioIo::new(connection), service);
    let mut serving = pin!(serving);
    let is_over = tokio::select! {
        // The other side notices by itself what went wrong on the way.
        _ = serving.as_mut() => true,
        // An error means that the sender is gone, which is the end too.
        _ = ended.wait_for(|ended| *ended) => false,
    };
    if !is_over {
        serving.as_mut().graceful_shutdown();
        serving.await.ok();
    }
}

#[derive(Clone)]
struct App {
    simulator: Arc<Simulator>,
    /// Turns true when the end was asked for, so that slow answers do not hold it up.
    ended: watch::Receiver<bool>,
}

async fn handle(
    mut app: App,
    peer: Peer,
    line_bytes: usize,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if line_bytes > LONGEST_REQUEST_LINE_BYTES {
        let text = "The requested URL's length exceeds the capacity limit.";
        return Ok(respond_last(&peer, Reply::html(414, "Request-URI Too Long", text)));
    }
    let (parts, body) = request.into_parts();
    let body = match read(&parts.headers, body).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => {
            let text = "The request is larger than the server takes.";
            return Ok(respond_last(&peer, Reply::html(413, "Request Entity Too Large", text)));
        }
        Err(Unread::Broken) => {
            let text = "Your browser sent a request that this server could not understand.";
            return Ok(respond_last(&peer, Reply::html(400, "Bad Request", text)));
        }
    };
    peer.end_request();
    let path = parts.uri.path();
    let reply = if API_PATHS.contains(&path) {
        match read_call(&parts.method, parts.uri.query(), &parts.headers, &body) {
            Ok(call) => {
                if call.params.get("method") == Some(GET_BALANCE) {
                    let simulator = Arc::clone(&app.simulator);
                    // If this fails, the call itself does all of the work.
                    tokio::task::spawn_blocking(move || simulator.catch_up()).await.ok();
                }
                call.answered(&app.simulator, peer.address)
            }
            Err(refusal) => refusal,
        }
    } else if let Some(rest) = control_path(path).filter(|_| peer.address.is_loopback()) {
        control(&app.simulator, parts.method.clone(), rest.to_owned(), body).await
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
        peer.reset();
    }
    Ok(respond(reply))
}

/// The least length of the request line, without its line end, as far as it can be told afterwards.
fn request_line_bytes(method: &Method, target: &Uri) -> usize {
    let path = target.path_and_query().map_or(0, |path| path.as_str().len());
    method.as_str().len() + 1 + path + " HTTP/1.1".len()
}

/// What stands behind `/sim/`.
fn control_path(path: &str) -> Option<&str> {
    if path == "/sim" {
        Some("")
    } else {
        path.strip_prefix("/sim/")
    }
}

/// A `/sim/` call, off the threads that answer calls: settling a large world or looking a name up takes its time.
async fn control(simulator: &Arc<Simulator>, method: Method, path: String, body: Bytes) -> Reply {
    let simulator = Arc::clone(simulator);
    let answer = move || control::answer(&simulator, method.as_str(), &path, &body);
    tokio::task::spawn_blocking(answer).await.unwrap_or_else(|_| {
        Reply::html(
            500,
            "Internal Server Error",
            "The simulator made a mistake; see its standard error.",
        )
    })
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unread {
    TooLarge,
    /// It ended before its end, or its chunks are none.
    Broken,
}

/// The body, if there is one.
async fn read(headers: &HeaderMap, body: Incoming) -> Result<Bytes, Unread> {
    let announced = headers.get(header::CONTENT_LENGTH);
    if announced.is_none() && !headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(Bytes::new());
    }
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > LARGEST_BODY_BYTES as u64) {
        return Err(Unread::TooLarge);
    }
    match Limited::new(body, LARGEST_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Broken),
    }
}

/// A call as it came.
struct Received<'a> {
    transport: Transport,
    has_user_agent: bool,
    params: Params<'a>,
}

impl Received<'_> {
    fn answered(&self, simulator: &Simulator, peer: IpAddr) -> Reply {
        simulator.answer(Arrival {
            transport: self.transport,
            peer,
            has_user_agent: self.has_user_agent,
            params: &self.params,
        })
    }
}

/// Reads one API call, or refuses its HTTP method.
fn read_call<'a>(
    method: &Method,
    query: Option<&'a str>,
    headers: &HeaderMap,
    body: &'a [u8],
) -> Result<Received<'a>, Reply> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let transport = match *method {
        Method::GET | Method::HEAD => Transport::Get,
        Method::POST if is_multipart(content_type) => Transport::Multipart,
        Method::POST if is_urlencoded(content_type) => Transport::Urlencoded,
        Method::POST if body.is_empty() => Transport::QueryPost,
        Method::POST => Transport::Other,
        Method::PATCH | Method::PUT => Transport::OtherMethod,
        _ => return Err(Reply::not_allowed()),
    };
    let mut params = Params::default();
    params.read_query(query.unwrap_or_default());
    if transport == Transport::Multipart {
        params.read_multipart(content_type, body);
    }
    if transport == Transport::Urlencoded
        && let Ok(form) = std::str::from_utf8(body)
    {
        params.read_query(form);
    }
    let has_user_agent = headers.get(header::USER_AGENT).is_some_and(|agent| !agent.is_empty());
    Ok(Received {
        transport,
        has_user_agent,
        params,
    })
}

fn is_urlencoded(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// One API call, in process.
pub fn call(
    simulator: &Simulator,
    method: &Method,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
    peer: IpAddr,
) -> Reply {
    match read_call(method, query, headers, body) {
        Ok(call) => call.answered(simulator, peer),
        Err(refusal) => refusal,
    }
}

fn respond(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if !reply.allow.is_empty()
        && let Ok(allow) = HeaderValue::from_str(&reply.allow)
    {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// A reply to a request of which some is left unread: it ends the connection.
fn respond_last(peer: &Peer, reply: Reply) -> Response<Full<Bytes>> {
    peer.linger();
    let mut response = respond(reply);
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
