//! The client against a server of bytes.

use std::time::Duration;

use super::raw_server::{Act, RawServer, answer, gzip, gzip_bomb, ok};
use super::{Bounds, HttpClient, HttpError, HttpRequest, Method, Trust, Url, header};

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

fn reads() -> HttpClient {
    HttpClient::reads(&Trust::load(), BOUNDS, 4).unwrap()
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
        let outcome = reads().send(request(&server)).await;
        let got = match &outcome {
            Ok(answer) => {
                let body = String::from_utf8_lossy(&answer.body);
                format!("{} {}", answer.status, if body.starts_with("xx") { "x" } else { &body })
            }
            Err(HttpError::Timeout { after }) => format!("Timeout {after:?}"),
            Err(error) => format!("{error:?}")
                .split(['(', ' '])
                .next()
                .unwrap_or_default()
                .to_owned(),
        };
        assert_eq!(got, expected, "{name}");
        if let Err(error) = outcome {
            assert!(!format!("{error:?} {error}").contains("SECRET"), "{name}");
        }
        assert_eq!(server.seen().len(), 1, "{name}: sent once");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let url = Url::parse(&format!("http://{closed}/?key=SECRET")).unwrap();
    let error = reads().send(HttpRequest::new(Method::GET, url)).await.err().unwrap();
    assert!(matches!(error, HttpError::Connect(_)), "{error:?}");
    let chain = format!(
        "{error} {error:?} {:?}",
        std::error::Error::source(&error).map(ToString::to_string)
    );
    assert!(chain.contains("refused") && !chain.contains("SECRET"), "{chain}");
}

#[tokio::test]
async fn requests_say_who_asks_and_take_gzip() {
    let server = RawServer::answering("fine").await;
    let mut request = request(&server).header(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    request.method = Method::POST;
    request.body = Some(b"hello".to_vec());
    reads().send(request).await.unwrap();
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
    for (client, connections) in [
        (reads(), [0, 0, 0]),
        (HttpClient::writes(&Trust::load(), BOUNDS).unwrap(), [0, 1, 2]),
    ] {
        let server = RawServer::answering("fine").await;
        for _ in 0..3 {
            client.send(request(&server)).await.unwrap();
        }
        let seen = server.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>();
        assert_eq!(seen, connections);
    }
}

#[test]
fn there_are_always_trust_roots() {
    assert!(Trust::load().der().count() > 10);
    assert!(super::usable(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()).len() > 100);
    assert!(super::usable(vec![b"no certificate".to_vec().into()]).is_empty());
}
