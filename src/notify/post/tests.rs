//! What receivers do, and whose it is then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{HttpChannel, Post, Poster, Vendor, Verdict};
use crate::domain::ChannelName;
use crate::net::Network;
use crate::net::raw_server::{Act, RawServer, answer};
use crate::notify::delivery::{Attempted, Channel, End, Failed, Parcel, Scope, SetupError, Step, Until, never};
use crate::notify::testing::{Authority, authority, authority_until, start};

/// Short, so that a test of a silent receiver is quick.
const TOTAL: Duration = Duration::from_millis(300);

fn poster(url: &str, is_internal: bool, network: &Network) -> Poster {
    let channel = ChannelName::new("hooks").unwrap();
    Poster::new(&channel, url, is_internal, network, Some(TOTAL)).unwrap()
}

async fn deliver(poster: &Poster) -> Attempted {
    let post = Post {
        body: b"{}".to_vec(),
        ..Post::default()
    };
    poster.deliver(post, Verdict::of, start(), never()).await
}

async fn delivered_to(url: &str) -> Attempted {
    deliver(&poster(url, false, &Network::nobody())).await
}

type Said = (End, Scope, Step, String);

/// What a failure says, and that no secret of the URL is in it.
fn said<T: std::fmt::Debug>(attempted: Result<T, Failed>) -> Said {
    let failed = attempted.unwrap_err();
    let all = format!("{failed:?}");
    assert!(!all.contains("SECRET") && !all.contains("from outside"), "{all}");
    assert!(failed.text.chars().count() <= 200, "{all}");
    (failed.end, failed.scope, failed.step, failed.word)
}

#[tokio::test]
async fn every_status_says_whose_it_is() {
    use Verdict::{Delivered, PutOff, Refused};
    let server = RawServer::start(|_, seen| {
        let status = seen.head.split(['?', ' ']).nth(2).unwrap();
        Act::Send(answer(
            &format!("{status} Text"),
            "location: /there\r\n",
            b"words from outside SECRET",
        ))
    })
    .await;
    for status in 200..=999 {
        let expected = match status {
            200..=299 => Delivered,
            400 | 413 | 422 => Refused(Scope::Message),
            408 | 425 | 429 => PutOff(Scope::Channel),
            300..=499 => Refused(Scope::Channel),
            502..=504 => PutOff(Scope::Channel),
            500..=599 => PutOff(Scope::Shared),
            _ => PutOff(Scope::Channel),
        };
        assert_eq!(Verdict::of(status), expected, "{status}");
    }
    // The whole way for those that mean something of their own.
    for status in [
        200, 202, 204, 301, 304, 307, 400, 401, 403, 404, 405, 408, 410, 413, 418, 422, 425, 429, 500, 501, 502, 503,
        504, 599, 777,
    ] {
        let attempted = delivered_to(&format!("{}?{status}", server.url)).await;
        let Some(expected) = (match Verdict::of(status) {
            Delivered => None,
            PutOff(scope) => Some((End::PutOff, scope)),
            Refused(scope) => Some((End::Refused, scope)),
        }) else {
            assert_eq!(attempted, Ok(None), "{status}");
            continue;
        };
        let (end, scope, step, word) = said(attempted);
        assert_eq!((end, scope, step), (expected.0, expected.1, Step::Answer), "{status}");
        assert!(
            word.starts_with(&format!("the receiver answered HTTP {status}")),
            "{word}"
        );
    }
    let moved = delivered_to(&format!("{}?301", server.url)).await.unwrap_err();
    assert!(moved.text.contains("redirect, which is not followed"), "{moved}");
    assert!(
        !server.seen().iter().any(|seen| seen.head.contains("/there")),
        "it was followed"
    );
    assert!(moved.hint.is_some());
}

#[tokio::test]
async fn what_receivers_do_and_what_it_is_called() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: ";
    let uncertain = |word: &str| Some((End::Uncertain, Scope::Message, Step::Answer, word.to_owned()));
    let broke = "the connection broke after the message was sent";
    let no_http = || {
        let word = "the answer is not HTTP".to_owned();
        Some((End::PutOff, Scope::Channel, Step::Answer, word))
    };
    let cases: Vec<(&str, Act, Option<Said>)> = vec![
        (
            "closes after the request",
            Act::SendAndClose(Vec::new()),
            uncertain(broke),
        ),
        ("a reset", Act::Reset, uncertain(broke)),
        (
            "half a head",
            Act::SendAndClose(b"HTTP/1.1 20".to_vec()),
            uncertain(broke),
        ),
        (
            "silence",
            Act::Silence,
            uncertain("no answer in time after the message was sent"),
        ),
        (
            "another protocol",
            Act::SendAndClose(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
            no_http(),
        ),
        ("garbage", Act::SendAndClose(vec![0xff; 100]), no_http()),
        (
            "half a body",
            Act::SendAndClose(format!("{head}10\r\n\r\nhalf").into()),
            None,
        ),
        (
            "a body without an end",
            Act::Send(format!("{head}99999999999\r\n\r\nx").into()),
            None,
        ),
        (
            "a large body",
            Act::Send(answer("200 OK", "", &vec![b'x'; 1 << 20])),
            None,
        ),
        (
            "broken gzip",
            Act::Send(answer("200 OK", "content-encoding: gzip\r\n", b"\x1f\x8bno")),
            None,
        ),
    ];
    for (name, act, expected) in cases {
        let server = RawServer::start(move |_, _| act.clone()).await;
        let attempted = delivered_to(&format!("{}?key=SECRET", server.url)).await;
        match expected {
            None => assert_eq!(attempted, Ok(None), "{name}"),
            Some(expected) => assert_eq!(said(attempted), expected, "{name}"),
        }
        assert_eq!(server.seen().len(), 1, "{name}: it is sent once");
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent_and_the_cause_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let has_read = Arc::new(AtomicBool::new(false));
    let (expired, unknown) = (authority_until(Some(2001)), authority());
    let late = encrypted(&expired, &has_read).await;
    let foreign = encrypted(&unknown, &has_read).await;
    let long = "x".repeat(64);
    let cases = [
        (format!("http://{closed}/SECRET"), &[][..], "connection refused"),
        (format!("http://{long}/SECRET"), &[], "unknown host"),
        (format!("https://{long}.example/SECRET"), &[], "unknown host"),
        (
            format!("https://{late}/SECRET"),
            &expired.root,
            "the certificate has expired",
        ),
        (
            format!("https://{foreign}/SECRET"),
            &[],
            "nobody here knows who signed the certificate",
        ),
    ];
    for (url, root, word) in cases {
        let network = if root.is_empty() {
            Network::nobody()
        } else {
            Network::only(root)
        };
        let poster = poster(&url, false, &network);
        let expected = (End::Silent, Scope::Channel, Step::Connection, word.to_owned());
        assert_eq!(said(deliver(&poster).await), expected);
        assert_eq!(said(poster.reach().await), expected, "checked without sending");
        assert!(poster.reach().await.unwrap_err().hint.is_some());
    }
    assert!(!has_read.load(Ordering::Acquire), "something was sent");
}

/// A server that speaks TLS; whether it ever read anything.
async fn encrypted(authority: &Authority, has_read: &Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("localhost:{}", listener.local_addr().unwrap().port());
    let (acceptor, read) = (authority.acceptor.clone(), Arc::clone(has_read));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let length = stream.read(&mut [0; 100]).await.unwrap_or(0);
                read.fetch_or(length > 0, Ordering::AcqRel);
            }
        }
    });
    server
}

/// The machine's own name leads to itself.
#[tokio::test]
async fn a_name_leads_into_a_network_of_ones_own_only_where_that_is_meant() {
    const OWN: &str = "the host is in a network of one's own";
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let url = format!("http://{}:1/SECRET", name.trim());
    let expected = (End::Silent, Scope::Channel, Step::Connection, OWN.to_owned());
    assert_eq!(said(delivered_to(&url).await), expected);
    let (.., word) = said(deliver(&poster(&url, true, &Network::nobody())).await);
    assert_ne!(word, OWN);
    let server = RawServer::answering("").await;
    for meant in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        assert_eq!(delivered_to(&meant).await, Ok(None), "{meant}");
    }
}

#[tokio::test]
async fn receivers_are_left_alone_as_long_as_they_ask() {
    let secs = |secs| Some(SignedDuration::from_secs(secs));
    let own = "date: Mon, 23 Nov 2026 10:00:00 GMT\r\nretry-after: Mon, 23 Nov 2026 10:00:30 GMT\r\n";
    for (headers, expected) in [
        ("", None),
        ("retry-after: 120\r\n", secs(120)),
        ("retry-after: 0\r\n", secs(0)),
        ("retry-after: 4000000000\r\n", secs(86_400)),
        ("retry-after: soon\r\n", None),
        ("retry-after: -1\r\n", None),
        ("retry-after: Mon, 23 Nov 2026 15:16:00 GMT\r\n", secs(60)),
        (own, secs(30)),
    ] {
        let answer = answer("429 Slow Down", headers, b"");
        let server = RawServer::start(move |_, _| Act::Send(answer.clone())).await;
        let failed = delivered_to(&server.url).await.unwrap_err();
        assert_eq!(failed.retry_after, expected, "{headers}");
    }
}

#[tokio::test]
async fn what_is_cut_off_may_have_arrived_once_it_left() {
    let server = RawServer::start(|_, _| Act::Silence).await;
    let poster = poster(&server.url, false, &Network::nobody());
    let post = || Post {
        body: b"{}".to_vec(),
        ..Post::default()
    };
    let at_once = std::future::ready(()).boxed().shared();
    let failed = poster.post(post(), at_once).await.err().unwrap();
    assert_eq!((failed.end, failed.step), (End::CutOff, Step::Connection));
    let seen = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let failed = poster.post(post(), seen.boxed().shared()).await.err().unwrap();
    assert_eq!((failed.end, failed.step), (End::Uncertain, Step::Answer));
}

struct Plain;

impl Vendor for Plain {
    fn deliver<'a, 'c: 'a>(
        &'a self,
        poster: &'a Poster,
        parcel: &'a Parcel,
        cut: Until<'c>,
    ) -> BoxFuture<'a, Attempted> {
        poster.deliver(Post::default(), Verdict::of, parcel.at, cut).boxed()
    }
}

#[tokio::test]
async fn a_check_connects_and_posts_nothing() {
    let server = RawServer::answering("").await;
    let poster = poster(&server.url, false, &Network::nobody());
    let channel = HttpChannel::new(ChannelName::new("hooks").unwrap(), poster, Plain);
    let check = channel.check(&[], start()).await.remove(0);
    assert_eq!(check.what, "channel hooks");
    assert!(check.found.unwrap().contains("nothing was posted"));
    assert!(server.seen().iter().all(|seen| seen.body.is_empty()));
}

#[test]
fn what_is_no_url_is_not_shown() {
    let channel = ChannelName::new("hooks").unwrap();
    let error = Poster::new(&channel, "SECRET", false, &Network::nobody(), None).unwrap_err();
    assert!(matches!(error, SetupError::Channel { .. }) && !error.to_string().contains("SECRET"));
}
