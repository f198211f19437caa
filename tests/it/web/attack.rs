//! What is sent to harm it: too many connections, too much, too often, or nothing that makes sense. Each is refused or bounded, and the
//! sweep goes on meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use balancewatch::clock::Clock;
use futures_util::future::join_all;
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Listener, answer};

/// A connection that is not taken in this time waits outside.
const PATIENCE: Duration = Duration::from_secs(5);

impl Listener {
    fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Sends these bytes, piece by piece, on one connection; the first line of each answer until it is closed.
    async fn raw(&self, pieces: &[&[u8]]) -> Vec<String> {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        let mut text = Vec::new();
        for piece in pieces {
            // It may be closed already, which is an answer too.
            if stream.write_all(piece).await.is_err() {
                break;
            }
        }
        stream.shutdown().await.ok();
        timeout(PATIENCE, stream.read_to_end(&mut text))
            .await
            .expect("it never ends")
            .ok();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines = text.lines().filter(|line| line.starts_with("HTTP/1.1 "));
        lines.map(|line| line["HTTP/1.1 ".len()..].to_owned()).collect()
    }

    /// Seconds that each of the next sweeps took.
    async fn sweeps(&self, count: usize) -> Vec<f64> {
        let took = || -> Vec<f64> {
            let log = self.daemon_log();
            let done = log.lines().filter(|line| line.contains("sweep done"));
            let seconds =
                done.filter_map(|line| line.split_once(" seconds=")?.1.split_whitespace().next()?.parse().ok());
            seconds.collect()
        };
        let before = took().len();
        let mut found = Vec::new();
        self.until("sweeps", |_| {
            found = took().split_off(before);
            found.len() >= count
        })
        .await;
        found
    }
}

/// A daemon that sweeps once a second.
async fn busy(clients: u32) -> Listener {
    let world = crate::journey::world::World::new(clients).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    Listener::of(world, |_| {}).await.ready().await
}

/// A connection that sends the first half of a request, and nothing more.
async fn slow(address: SocketAddr) -> Option<TcpStream> {
    let mut stream = timeout(PATIENCE, TcpStream::connect(address)).await.ok()?.ok()?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        .await
        .ok()?;
    Some(stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_slow_connections_keep_nobody_out_and_no_sweep() {
    let mut listener = busy(20).await;
    let before = listener.sweeps(3).await;
    let files = getrlimit(Resource::Nofile).current.unwrap_or(20_000);
    let count = files.saturating_sub(1_000).clamp(500, 10_000);
    let clock = Clock::real();
    let address = listener.address();
    let flood = tokio::spawn(join_all((0..count).map(move |_| slow(address))));
    let mut waited = Vec::new();
    // Far below what one address may ask.
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    while !flood.is_finished() {
        ticks.tick().await;
        let asked = clock.monotonic();
        listener.get("/-/ready").await.is(200);
        listener.get("/api/v1/status").await.is(200);
        waited.push(clock.monotonic() - asked);
    }
    let held = flood.await.unwrap();
    let held = held.iter().flatten().count();
    let during = listener.sweeps(3).await;
    let worst = waited.iter().max().copied().unwrap_or_default();
    let figures = format!(
        "{held} of {count} slow connections in {:?}: {} times asked, the longest took {worst:?}; sweeps took {before:?} before, {during:?} during",
        clock.monotonic(),
        waited.len()
    );
    assert!(held > 400, "{figures}");
    assert!(worst < Duration::from_secs(20), "{figures}");
    assert!(during.iter().all(|seconds| *seconds < 2.0), "{figures}");
    listener.daemon.signal("TERM");
    let (code, took) = listener.daemon.end().await;
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(9), "{took:?}");
    assert!(!listener.daemon_log().contains("cut off"), "{}", listener.daemon_log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_before_it_is_sent() {
    let listener = Listener::new(2, "").await;
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        "http://localhost"
    );
    let said = listener
        .raw(&[head.as_bytes(), b"Content-Length: 1073741824\r\n\r\n"])
        .await;
    assert_eq!(said, ["413 Payload Too Large"]);
    // One that does not say how long it is is cut.
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    let mut pieces: Vec<&[u8]> = vec![head.as_bytes(), b"Transfer-Encoding: chunked\r\n\r\n"];
    pieces.extend(std::iter::repeat_n(chunk.as_slice(), 64));
    let said = listener.raw(&pieces).await;
    assert!(said.is_empty() || said == ["413 Payload Too Large"], "{said:?}");
    listener.get("/-/healthy").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_the_sweep_does_not() {
    let listener = busy(20).await;
    let before = listener.sweeps(3).await;
    let asked = join_all((0..400).map(|_| listener.get("/api/v1/status"))).await;
    let during = listener.sweeps(2).await;
    let (fine, refused): (Vec<_>, Vec<_>) = asked.iter().partition(|answer| answer.status == 200);
    assert!(fine.len() >= 200 && refused.len() > 50, "{} were answered", fine.len());
    for answer in refused {
        assert_eq!(answer.is(429).header("retry-after"), "1");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
    }
    assert!(during.iter().all(|seconds| *seconds < 2.0), "{before:?}, {during:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_harms_nobody() {
    let listener = Listener::new(2, "").await.ready().await;
    let many = (0..200).map(|number| format!("X-{number}: y\r\n")).collect::<String>();
    let long = "x".repeat(100_000);
    for (name, sent, expected) in [
        ("no request", "\0\u{1}\u{2}garbage\r\n\r\n".to_owned(), &["400"][..]),
        ("no host", "GET /login HTTP/1.1\r\n\r\n".to_owned(), &["400"]),
        ("many headers", format!("GET / HTTP/1.1\r\n{many}\r\n"), &["431"]),
        (
            "a long header",
            format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n"),
            &["431"],
        ),
        (
            "a long address",
            format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            &["414", "431"],
        ),
        (
            "garbage behind a request",
            "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n\0garbage\r\n\r\n".to_owned(),
            &["200"],
        ),
        (
            "two lengths",
            "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd".to_owned(),
            &["400"],
        ),
        (
            "another protocol",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
            &["400", "505"],
        ),
    ] {
        let said = listener.raw(&[sent.as_bytes()]).await;
        let first = said.first().map_or("closed", |line| line.split(' ').next().unwrap());
        assert!(first == "closed" || expected.contains(&first), "{name}: {said:?}");
        listener.get("/-/healthy").await.is(200);
    }
    let zipped = listener.ask("GET", "/login").header("accept-encoding", "gzip");
    assert_eq!(answer(zipped).await.is(200).header("vary"), "accept-encoding");
    assert!(!listener.daemon_log().contains("panicked"), "{}", listener.daemon_log());
}
