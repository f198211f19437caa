//! Connections, and how many: whoever opens thousands, or sends and reads so slowly that they last, takes nothing from others, from the
//! sweep or from the files that it needs. It knows nothing of what is asked.
//!
//! One rule holds all of it: when there are too many, the one goes whose last request began longest ago. An honest request is over
//! long before its turn comes.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch as signal;
use tokio::task::{AbortHandle, Id, JoinSet};
use tower::ServiceExt;

use super::access::Peer;
use crate::clock::Clock;

/// Connections at once: far more than people, probes and programs hold, and each takes some 20 KiB at most.
const MOST: u64 = 512;

/// Of the files that the process may have open, one in so many may be a connection. The rest is the sweep's.
const SHARE_OF_FILES: u64 = 4;

/// A request's head has to be here so soon, and the next one's after that. A slow phone needs a second.
const HEAD_WITHIN: Duration = Duration::from_secs(20);

/// A connection ends so long after its last request began: longer than an answer takes on a slow line.
const LONGEST: Duration = Duration::from_secs(60);

/// Bytes of a request's head, and of what is read or written ahead.
const BUFFER_BYTES: usize = 16 * 1024;

/// Headers of a request; browsers send some 20.
const MOST_HEADERS: usize = 64;

/// One that goes so young to make room was part of a flood.
const YOUNG: Duration = Duration::from_secs(1);

/// In a flood each further connection is taken only so long after the one before: the rest waits outside, and the processor is free.
const FLOOD_PAUSE: Duration = Duration::from_millis(2);

/// When no connection can be taken, it is tried again so much later.
const BROKEN_PAUSE: Duration = Duration::from_secs(1);

/// What is in hand at the end may take so long: less than the daemon's own grace.
const FAREWELL: Duration = Duration::from_secs(3);

/// The connections that are open.
struct Open {
    tasks: JoinSet<()>,
    begun: HashMap<Id, (AbortHandle, Arc<AtomicU64>)>,
    /// How many there may be.
    most: usize,
    clock: Clock,
    ended: signal::Receiver<bool>,
}

/// Serves who comes, until `stop` ends.
pub async fn serve(listener: TcpListener, app: Router, clock: Clock, stop: impl Future<Output = ()>) {
    let (ending, ended) = signal::channel(false);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let mut open = Open {
        tasks: JoinSet::new(),
        begun: HashMap::new(),
        most: usize::try_from((files / SHARE_OF_FILES).clamp(8, MOST)).unwrap_or_default(),
        clock,
        ended,
    };
    let mut stop = pin!(stop);
    let mut is_broken = false;
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(over) = open.tasks.join_next_with_id() => {
                let id = over.map_or_else(|error| error.id(), |(id, ())| id);
                open.begun.remove(&id);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let pause = match accepted {
            Ok((stream, peer)) => {
                is_broken = false;
                open.take(stream, peer.ip(), &app)
            }
            // Whoever came is gone already.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => None,
            Err(error) => {
                if !is_broken {
                    tracing::error!(%error, "the web listener can take no connection; it is tried again every second");
                }
                is_broken = true;
                Some(BROKEN_PAUSE)
            }
        };
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
    drop(listener);
    ending.send_replace(true);
    let all_over = async { while open.tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, all_over).await.is_err() {
        open.tasks.shutdown().await;
    }
}

impl Open {
    /// Takes one more, and lets another go if there are too many; how long to wait before the next.
    fn take(&mut self, stream: TcpStream, peer: IpAddr, app: &Router) -> Option<Duration> {
        let mut pause = None;
        if self.begun.len() >= self.most {
            let times = self
                .begun
                .iter()
                .map(|(id, (_, begun))| (begun.load(Ordering::Relaxed), *id));
            if let Some((begun, id)) = times.min_by_key(|(begun, _)| *begun) {
                let age = self.clock.monotonic().saturating_sub(Duration::from_millis(begun));
                pause = (age < YOUNG).then_some(FLOOD_PAUSE);
                if let Some((task, _)) = self.begun.remove(&id) {
                    task.abort();
                }
            }
        }
        let begun = Arc::new(AtomicU64::new(millis(self.clock.monotonic())));
        let connection = Connection {
            app: app.clone(),
            peer,
            begun: Arc::clone(&begun),
            clock: self.clock.clone(),
        };
        let task = self.tasks.spawn(connection.serve(stream, self.ended.clone()));
        self.begun.insert(task.id(), (task, begun));
        pause
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What the requests of one connection share.
#[derive(Clone)]
struct Connection {
    app: Router,
    peer: IpAddr,
    /// When the last request began, else the connection.
    begun: Arc<AtomicU64>,
    clock: Clock,
}

impl Connection {
    async fn serve(self, stream: TcpStream, mut ended: signal::Receiver<bool>) {
        let this = self.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            this.begun.store(millis(this.clock.monotonic()), Ordering::Relaxed);
            request.extensions_mut().insert(Peer(this.peer));
            this.app.clone().oneshot(request)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(BUFFER_BYTES)
            .max_headers(MOST_HEADERS);
        let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service));
        let mut is_ending = false;
        loop {
            let until = Duration::from_millis(self.begun.load(Ordering::Relaxed)) + LONGEST;
            let left = until.saturating_sub(self.clock.monotonic());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                // The other side notices by itself what went wrong on the way.
                _ = serving.as_mut() => return,
                // A sender that is gone means the end, too.
                _ = ended.wait_for(|ended| *ended), if !is_ending => {
                    is_ending = true;
                    serving.as_mut().graceful_shutdown();
                }
                () = tokio::time::sleep(left) => {}
            }
        }
    }
}
