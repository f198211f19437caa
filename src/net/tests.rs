//! The client against a server of bytes.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::raw_server::{Act, RawServer, answer, gzip, gzip_bomb, ok};
use super::{Bounds, Departure, HttpClient, HttpError, HttpRequest, Method, Network, Step, Url, header};

/// Short deadlines, so that a test of a slow server is quick.
const BOUNDS: Bounds = Bounds {
    connect: Duration::from_millis(2_000),
    read: Duration::from_millis(150),
    total: Duration::from_millis(400),
    body_bytes: 1 << 20,
};

fn request(server: &RawServer) -> HttpRequest {
    HttpRequest::new(Method::GET, Url::parse(&format!("{}?key=SECRET", server.url)).unwrap())
}

fn reads(server: &RawServer) -> HttpClient {
    let url = Url::parse(&server.url).unwrap();
    HttpClient::reads(&url, &Network::load(), BOUNDS, 4).unwrap()
}

#[tokio::test]
async fn what_servers_do_and_what_it_is_called() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: ";
    let cases: Vec<(&str, Act, &str)> = vec![
        ("an answer", Act::Send(ok("fine")), "200 fine"),
        ("closed after it", Act::SendAndClose(ok("fine")), "200 fine"),
        (
            "without a length",
            Act::SendAndClose(b"HTTP/1.1 200 OK\r\n\r\nfine".to_vec()),
            "200 fine",
        ),
        (
            "in chunks",
            Act::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n".to_vec()),
            "200 fine",
        ),
        (
            "gzip",
            Act::Send(answer("200 OK", "content-encoding: gzip\r\n", &gzip(b"fine"))),
            "200 fine",
        ),
        (
            "an error status",
            Act::Send(answer("503 Busy", "", b"later")),
            "503 later",
        ),
        (
            "a redirect",
            Act::Send(answer("302 Found", "location: /elsewhere\r\n", b"there")),
            "302 there",
        ),
        ("no bytes", Act::SendAndClose(Vec::new()), "Lost"),
        ("a reset", Act::Reset, "Lost"),
        (
            "no HTTP",
            Act::SendAndClose(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
            "Lost",
        ),
        (
            "half a body",
            Act::SendAndClose(format!("{head}10\r\n\r\nhalf").into()),
            "Cut",
        ),
        (
            "broken gzip",
            Act::Send(answer("200 OK", "content-encoding: gzip\r\n", b"\x1f\x8bnonsense")),
            "Cut",
        ),
        (
            "half of a gzip file",
            Act::Send(answer("200 OK", "content-encoding: gzip\r\n", &gzip(b"fine")[..14])),
            "Cut",
        ),
        (
            "a gzip bomb",
            Act::Send(answer("200 OK", "content-encoding: gzip\r\n", &gzip_bomb(2))),
            "TooLarge",
        ),
        ("the bound", Act::Send(ok(&"x".repeat(1 << 20))), "200 x"),
        ("one byte more", Act::Send(ok(&"x".repeat((1 << 20) + 1))), "TooLarge"),
        (
            "one byte more, length unknown",
            Act::SendAndClose(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat((1 << 20) + 1)).into()),
            "TooLarge",
        ),
        (
            "a huge declared length",
            Act::Send(format!("{head}99999999999\r\n\r\n").into()),
            "TooLarge",
        ),
        ("silence", Act::Silence, "Timeout 150ms"),
        (
            "silence after the head",
            Act::Send(format!("{head}10\r\n\r\n").into()),
            "Timeout 150ms",
        ),
        (
            "a drip that never pauses long",
            Act::Drip(
                format!("{head}1000\r\n\r\n").into(),
                b"x".repeat(1_000),
                Duration::from_millis(20),
            ),
            "Timeout 400ms",
        ),
    ];
    for (name, act, expected) in cases {
        let server = RawServer::start(move |_, _| act.clone()).await;
        let outcome = reads(&server).send(request(&server)).await;
        let got = match &outcome {
            Ok(answer) => {
                let body = String::from_utf8_lossy(&answer.body);
                format!("{} {}", answer.status, if body.starts_with("xx") { "x" } else { &body })
            }
            Err(HttpError::Timeout { after, .. }) => format!("Timeout {after:?}"),
            Err(error) => format!("{error:?}")
                .split(['(', ' '])
                .next()
                .unwrap_or_default()
                .to_owned(),
        };
        assert_eq!(got, expected, "{name}");
        if let Err(error) = outcome {
            assert!(!format!("{error:?} {error}").contains("SECRET"), "{name}");
            let address = server.url.strip_prefix("http://").unwrap().split('/').next().unwrap();
            assert!(error.to_string().contains(&format!("`{address}`")), "{name}: {error}");
        }
        assert_eq!(server.seen().len(), 1, "{name}: sent once");
    }
}

/// Why no connection was made, with its causes.
async fn refused(url: &str) -> (HttpError, String) {
    let url = Url::parse(url).unwrap();
    let bounds = Bounds {
        connect: Duration::from_millis(100),
        ..BOUNDS
    };
    let client = HttpClient::reads(&url, &Network::load(), bounds, 4).unwrap();
    let error = client.send(HttpRequest::new(Method::GET, url)).await.err().unwrap();
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let told = format!("{error}: {}", cause.unwrap_or_default());
    assert!(!format!("{told} {error:?}").contains("SECRET"), "{error:?}");
    (error, told)
}

#[tokio::test]
async fn what_no_connection_was_made_for_is_told_with_host_and_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let (error, told) = refused(&format!("http://{closed}/?key=SECRET")).await;
    assert!(
        matches!(
            error,
            HttpError::Connect {
                step: Step::Connection,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        told.starts_with(&format!("no connection was made to `{closed}`: ")),
        "{told}"
    );
    assert!(told.contains("refused"), "{told}");

    // No resolver asks the network for a name that no network can have.
    let name = "x".repeat(64);
    let (error, told) = refused(&format!("http://{name}/?key=SECRET")).await;
    assert!(
        matches!(
            error,
            HttpError::Connect {
                step: Step::Address,
                ..
            }
        ),
        "{error:?} {told}"
    );
    assert!(
        told.starts_with(&format!("no address was found for `{name}:80`: ")),
        "{told}"
    );

    let plain = RawServer::answering("").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let (error, told) = refused(&format!("https://{address}/?key=SECRET")).await;
    assert!(
        matches!(error, HttpError::Connect { step: Step::Tls, .. }),
        "{error:?} {told}"
    );
    assert!(
        told.starts_with(&format!("no secure connection (TLS) was made to `{address}`: ")),
        "{told}"
    );

    // What speaks no TLS and waits for more.
    let silent = plain.url.replace("http:", "https:");
    let (error, _) = refused(&silent).await;
    assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn a_departure_is_told_when_the_body_leaves_and_not_before() {
    let server = RawServer::start(|_, _| Act::Silence).await;
    let departure = Departure::default();
    let mut request = request(&server);
    request.method = Method::POST;
    request.body = Some(b"hello".to_vec());
    request.departure = Some(departure.clone());
    assert!(reads(&server).send(request).await.is_err());
    assert!(departure.is_past());
    let seen = server.seen().remove(0);
    assert_eq!(seen.body, "hello", "whole, with its length: {}", seen.head);
    assert!(
        !seen.head.to_ascii_lowercase().contains("transfer-encoding"),
        "{}",
        seen.head
    );

    // Connected, and no secure connection: nothing was sent.
    let url = Url::parse(&server.url.replace("http:", "https:")).unwrap();
    let departure = Departure::default();
    let mut request = HttpRequest::new(Method::POST, url.clone());
    request.body = Some(b"hello".to_vec());
    request.departure = Some(departure.clone());
    let client = HttpClient::writes(&url, &Network::load(), BOUNDS).unwrap();
    let error = client.send(request).await.err().unwrap();
    assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
    assert!(!departure.is_past());
}

#[tokio::test]
async fn what_may_not_leave_any_more_does_not() {
    let server = RawServer::start(|_, _| Act::Silence).await;
    let departure = Departure::if_still(|| false);
    let mut request = request(&server);
    request.method = Method::POST;
    request.body = Some(b"hello".to_vec());
    request.departure = Some(departure.clone());
    let error = reads(&server).send(request).await.err().unwrap();
    assert!(matches!(error, HttpError::TooLate { .. }), "{error:?}");
    assert!(!departure.is_past());
    assert!(server.seen().iter().all(|seen| seen.body.is_empty()), "nothing arrived");
}

#[tokio::test]
async fn requests_say_who_asks_and_take_gzip() {
    let server = RawServer::answering("fine").await;
    let mut request = request(&server).header(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    request.method = Method::POST;
    request.body = Some(b"hello".to_vec());
    reads(&server).send(request).await.unwrap();
    let seen = server.seen().remove(0);
    let head = seen.head.to_ascii_lowercase();
    assert!(
        head.starts_with("post /api/v1/rest.php?key=secret http/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains(concat!("user-agent: balancewatch/", env!("CARGO_PKG_VERSION"))),
        "{head}"
    );
    assert!(
        head.contains("accept-encoding: gzip") && head.contains("content-type: text/plain"),
        "{head}"
    );
    assert!(head.contains("content-length: 5"), "{head}");
    assert_eq!(seen.body, "hello");
}

#[tokio::test]
async fn reads_keep_their_connection_and_writes_never_do() {
    for (is_read, connections) in [(true, [0, 0, 0]), (false, [0, 1, 2])] {
        let server = RawServer::answering("fine").await;
        let url = Url::parse(&server.url).unwrap();
        let client = if is_read {
            reads(&server)
        } else {
            HttpClient::writes(&url, &Network::load(), BOUNDS).unwrap()
        };
        for _ in 0..3 {
            client.send(request(&server)).await.unwrap();
        }
        let seen = server.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>();
        assert_eq!(seen, connections);
    }
}

#[test]
fn there_are_always_trust_roots() {
    assert!(Network::load().der().count() > 10);
    assert!(super::network::usable(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()).len() > 100);
    assert!(super::network::usable(vec![b"no certificate".to_vec().into()]).is_empty());
}
