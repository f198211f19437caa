//! WIRE.md section 1, at the edges of HTTP: request lines and bodies that are too long, HEAD, halves of requests.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use balancewatch::clock::Clock;
use balancewatch::simulator::{Options, Simulator, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::oneshot;

use super::raw::{AUTH, Server, get, status_of};

const IP: &str = r#"{"status":"success","ip":"127.0.0.1"}"#;

/// A request for the caller's address with a line of exactly this length.
fn request(start: &str, end: &str, length: usize) -> String {
    let line = |padding: usize| {
        format!(
            "GET {start}/api/v1/rest.php?{AUTH}&method=getIP&p={}{end} HTTP/1.1",
            "x".repeat(padding)
        )
    };
    let line = line(length - line(0).len());
    assert_eq!(line.len(), length);
    format!("{line}\r\nHost: voip.ms\r\n\r\n")
}

/// §1 [L] The request line is measured as it was sent, with scheme, host and fragment, and the answer arrives however
/// much longer it is.
#[test]
fn the_request_line_is_measured_as_it_was_sent() {
    let server = Server::new(&[]);
    for (start, end) in [("", ""), ("http://voip.ms", ""), ("", "#fragment")] {
        for (length, line) in [
            (8_190, "HTTP/1.1 200 OK"),
            (8_191, "HTTP/1.1 414 URI Too Long"),
            (60_000, "HTTP/1.1 414 URI Too Long"),
            (70_000, "HTTP/1.1 414 URI Too Long"),
            (1_000_000, "HTTP/1.1 414 URI Too Long"),
        ] {
            let answer = server.exchange(request(start, end, length)).unwrap();
            assert_eq!(answer.line(), line, "{start} {end} {length}");
            let is_page = answer.text().contains("<h1>Request-URI Too Long</h1>");
            assert_eq!(is_page, answer.status() == 414, "{start} {end} {length}");
        }
    }
}

/// §1 [L] A later request of a connection is measured like the first.
#[test]
fn each_request_line_of_a_connection_is_measured() {
    let server = Server::new(&[]);
    for (length, status) in [(8_190, 200), (8_191, 414), (70_000, 414)] {
        let mut connection = server.connect();
        assert_eq!(connection.exchange(request("", "#f", 8_000)).unwrap().status(), 200);
        assert_eq!(
            connection.exchange(request("", "#f", length)).unwrap().status(),
            status,
            "{length}"
        );
    }
}

/// §1 [I] A body beyond what is taken is refused by the web server, counted or in chunks, and the refusal arrives.
#[test]
fn bodies_that_are_too_large_are_refused() {
    let server = Server::new(&[]);
    let largest = 8 * 1024 * 1024 + 64 * 1024;
    let head = "POST /api/v1/rest.php HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B";
    let counted = |length: usize| format!("{head}\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
    let chunked = |length: usize| {
        format!(
            "{head}\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{}\r\n0\r\n\r\n",
            "x".repeat(length)
        )
    };
    for (name, request, line) in [
        ("as large as may be", counted(largest), "HTTP/1.1 200 OK"),
        ("too large", counted(largest + 1), "HTTP/1.1 413 Payload Too Large"),
        ("far too large", counted(3 * largest), "HTTP/1.1 413 Payload Too Large"),
        ("in a chunk", chunked(largest), "HTTP/1.1 200 OK"),
        (
            "too large a chunk",
            chunked(largest + 1),
            "HTTP/1.1 413 Payload Too Large",
        ),
    ] {
        assert_eq!(server.exchange(request).unwrap().line(), line, "{name}");
    }
}

/// §1 [I] HEAD is a GET whose answer stops before its body.
#[test]
fn head_is_a_get_without_a_body() {
    let server = Server::new(&[]);
    let mut stream = server.connect().stream;
    let request = get(&format!("{AUTH}&method=getIP")).replace("GET ", "HEAD ");
    stream
        .write_all(request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains(&format!("content-length: {}\r\n", IP.len())),
        "{answer}"
    );
}

/// §1 [I] Headers that clients send beside change nothing.
#[test]
fn other_headers_are_ignored() {
    let server = Server::new(&[]);
    for header in [
        "Authorization: Bearer wrong",
        "Authorization: Basic eDp5",
        "Accept: text/html",
        "Accept-Encoding: gzip, br",
        "Cookie: method=getClients",
    ] {
        let request = get(&format!("{AUTH}&method=getIP")).replace("Host: voip.ms", &format!("Host: x\r\n{header}"));
        assert_eq!(server.exchange(request).unwrap().text(), IP, "{header}");
    }
}

/// §1 [I] Query and multipart body are read together, and the body wins, as in PHP's `$_REQUEST`.
#[test]
fn query_and_body_are_read_together() {
    let server = Server::new(&[]);
    let body = "--B\r\nContent-Disposition: form-data; name=\"client\"\r\n\r\n561116\r\n--B--\r\n";
    let answer = server
        .exchange(format!(
            "POST /api/v1/rest.php?{AUTH}&method=getClients&client=561115 HTTP/1.1\r\nHost: x\r\n\
             Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .unwrap();
    let start = r#"{"status":"success","clients":[{"client":"561116","#;
    assert!(answer.text().starts_with(start), "{answer:?}");
}

/// §1 [C] Halves of requests hold nobody up: not the others, and not the end.
#[test]
fn halves_of_requests_hold_nobody_up() {
    let mut server = Server::new(&[]);
    let halves = [
        "",
        "GET ",
        "GET /api/v1/rest.php HTTP/1.1\r\nHost:",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
    ];
    let _held = halves.map(|half| {
        let mut connection = server.connect();
        connection.stream.write_all(half.as_bytes()).unwrap();
        connection
    });
    assert_eq!(status_of(&server.call("method=getIP")), "success");
    server.end();
}

/// §1 [I] Who sends no more after the request, as `nc -N` does, is answered all the same, with one request or several.
#[test]
fn an_end_of_sending_is_no_end_of_listening() {
    let server = Server::with(Options {
        // The end is seen before the answer is there.
        latency: Duration::from_millis(20),
        ..Options::default()
    });
    let mut connection = server.connect();
    let both = get(&format!("{AUTH}&method=getIP")) + &get(&format!("{AUTH}&method=getClients"));
    connection.stream.write_all(both.as_bytes()).unwrap();
    connection.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(connection.answer().unwrap().text(), IP);
    assert_eq!(status_of(&connection.answer().unwrap().text()), "success");
    assert_eq!(connection.answer().unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

/// §1 [C] Who ends sending without having asked for anything, or for half of it, is let go: nobody holds a connection up.
#[test]
fn who_asks_for_nothing_is_let_go() {
    let server = Server::new(&[]);
    for (name, sent, answers) in [
        ("nothing", String::new(), 0),
        ("half a line", "GET /api".to_owned(), 0),
        ("half a head", "GET / HTTP/1.1\r\nHost: x\r\n".to_owned(), 0),
        ("a request before", get(&format!("{AUTH}&method=getIP")), 1),
        ("and half of one", get(&format!("{AUTH}&method=getIP")) + "GET /", 1),
    ] {
        let mut connection = server.connect();
        connection.stream.write_all(sent.as_bytes()).unwrap();
        for _ in 0..answers {
            assert_eq!(connection.answer().unwrap().text(), IP, "{name}");
        }
        connection.stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        connection.stream.read_to_end(&mut rest).unwrap();
    }
}

/// §1 [C] When it has ended, it holds on to nothing: to no connection, whoever keeps it waiting, and not to the simulator.
#[test]
fn its_end_is_the_end_of_every_connection() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let simulator = Simulator::new(Options::default(), Clock::real()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, simulator.clone(), async {
            ended.await.unwrap_or_default();
        }));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "POST /api/v1/rest.php HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        // By this it says that it waits for the body, which never comes.
        let mut said = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut said).await.unwrap();
        end.send(()).unwrap();
        serving.await.unwrap().unwrap();
        assert_eq!(Arc::strong_count(&simulator), 1);
        assert_eq!(stream.read(&mut said).await.unwrap_or_default(), 0);
    });
}

/// §1 [L] Of requests that are sent at once each is read whole: what belongs to a body is no request line, however long
/// it is.
#[test]
fn bodies_behind_other_requests_are_read_whole() {
    let server = Server::new(&[]);
    for length in [9_000, 100_000, 1_000_000] {
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"company\"\r\n\r\n{}\r\n--B\r\n\
             Content-Disposition: form-data; name=\"method\"\r\n\r\ngetIP\r\n--B--\r\n",
            "x".repeat(length)
        );
        let first = get(&format!("{AUTH}&method=getIP"));
        let head = format!(
            "POST /api/v1/rest.php?{AUTH} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let mut connection = server.connect();
        let (now, later) = body.split_at(100);
        connection
            .stream
            .write_all(format!("{first}{head}{now}").as_bytes())
            .unwrap();
        assert_eq!(connection.answer().unwrap().text(), IP, "{length}");
        connection.stream.write_all(later.as_bytes()).unwrap();
        connection.stream.write_all(first.as_bytes()).unwrap();
        assert_eq!(connection.answer().unwrap().text(), IP, "{length}");
        assert_eq!(connection.answer().unwrap().text(), IP, "{length}");
    }
}

/// §1 [I] A body that ends before its announced end, or whose chunks are none, is refused by the web server; nothing is
/// done.
#[test]
fn bodies_that_break_off_are_refused() {
    let server = Server::quiet(&[]);
    let before = server.client("561115", "balance");
    let body = "--B\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\naddCharge\r\n--B\r\n\
         Content-Disposition: form-data; name=\"charge\"\r\n\r\n5.00\r\n--B--";
    let head = format!(
        "POST /api/v1/rest.php?{AUTH}&client=561115 HTTP/1.1\r\nHost: x\r\n\
         Content-Type: multipart/form-data; boundary=B\r\n"
    );
    for (name, rest) in [
        ("counted", format!("Content-Length: {}\r\n\r\n{body}", body.len() + 1)),
        (
            "chunked",
            format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len()),
        ),
        (
            "no chunks",
            format!("Transfer-Encoding: chunked\r\n\r\nnone\r\n{body}\r\n0\r\n\r\n"),
        ),
    ] {
        let mut connection = server.connect();
        connection.stream.write_all(format!("{head}{rest}").as_bytes()).unwrap();
        connection.stream.shutdown(Shutdown::Write).unwrap();
        let answer = connection.answer().unwrap();
        assert_eq!(answer.line(), "HTTP/1.1 400 Bad Request", "{name}");
        assert_eq!(server.client("561115", "balance"), before, "{name}");
    }
}

/// §1 [C] Where a body ends is never in doubt: chunks go before a length, and what cannot be is refused. Where
/// somebody else might see another end, nothing behind it is read as a request.
#[test]
fn nothing_in_a_body_is_a_request() {
    let server = Server::new(&[]);
    let hidden = get(&format!("{AUTH}&method=addPayment&client=561115&payment=5"));
    let before = server.client("561115", "balance");
    let length = format!("Content-Length: {}\r\n", hidden.len());
    let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    for (name, headers, body, http_status, goes_on) in [
        ("a length", length.clone(), hidden.clone(), 404, true),
        ("it twice", length.clone() + &length, hidden.clone(), 404, true),
        (
            "chunks",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            chunk.clone(),
            404,
            true,
        ),
        (
            "chunks and a length",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n".to_owned(),
            chunk.clone(),
            404,
            false,
        ),
        (
            "a length and chunks",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            chunk.clone(),
            404,
            false,
        ),
        (
            "two lengths",
            format!("Content-Length: 0\r\n{length}"),
            hidden.clone(),
            400,
            false,
        ),
        (
            "a signed length",
            "Content-Length: +0\r\n".to_owned(),
            hidden.clone(),
            400,
            false,
        ),
        (
            "other coding",
            "Transfer-Encoding: gzip\r\n".to_owned(),
            hidden.clone(),
            400,
            false,
        ),
        (
            "chunks inside",
            "Transfer-Encoding: chunked, gzip\r\n".to_owned(),
            hidden.clone(),
            400,
            false,
        ),
    ] {
        let mut connection = server.connect();
        let post = format!("POST /nowhere HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}");
        let next = get(&format!("{AUTH}&method=getIP"));
        connection.stream.write_all((post + &next).as_bytes()).unwrap();
        let answer = connection.answer().unwrap();
        assert_eq!(answer.status(), http_status, "{name}");
        if goes_on {
            assert_eq!(connection.answer().expect(name).text(), IP, "{name}");
        } else {
            assert!(connection.answer().is_err(), "{name}");
        }
        assert_eq!(server.client("561115", "balance"), before, "{name}");
    }
}
