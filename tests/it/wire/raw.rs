//! A simulator on a port of its own, and a client that knows nothing but bytes: it writes requests as curl and Python
//! requests write them, and takes answers apart at their blank line. It must not use an HTTP or JSON library.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use balancewatch::clock::{Clock, Stepper};
use balancewatch::simulator::{Options, Simulator, serve};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime;
use tokio::sync::oneshot;

/// The credentials, as a query.
pub const AUTH: &str = "api_username=demo%40example.com&api_password=demo";

/// A Monday noon in Toronto; virtual time stands still there until somebody moves it.
pub const NOON: &str = "2026-11-23T17:00:00Z";

/// Longest that an answer may take; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A served simulator.
pub struct Server {
    pub address: SocketAddr,
    /// To step the real clock, by which caps count.
    pub stepper: Stepper,
    end: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<()>,
}

/// An answer, cut at its blank line.
#[derive(Debug)]
pub struct Answer {
    /// Status line and headers, as they came.
    pub head: String,
    pub body: Vec<u8>,
}

/// How a call travels.
#[derive(Clone, Copy, Debug)]
pub enum By {
    Get,
    /// `curl -F name=value`
    Curl,
    /// `requests.post(url, files={name: (None, value)})`
    Requests,
}

impl Server {
    /// The default world, with these settings.
    pub fn new(settings: &[&str]) -> Self {
        Self::with(Options {
            settings: settings.iter().map(|text| (*text).to_owned()).collect(),
            ..Options::default()
        })
    }

    /// A world in which nothing happens by itself, with these settings.
    pub fn quiet(settings: &[&str]) -> Self {
        Self::new(&[&["spending=off", "top-ups=off"], settings].concat())
    }

    /// A world of 100 clients that begins at this time.
    pub fn starting(at: &str, settings: &[&str]) -> Self {
        Self::with(Options {
            settings: settings.iter().map(|text| (*text).to_owned()).collect(),
            start: Some(at.parse().unwrap()),
            ..Options::default()
        })
    }

    pub fn with(options: Options) -> Self {
        let (clock, stepper) = Clock::stepped(NOON.parse().unwrap());
        let simulator = Simulator::new(options, clock).unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let (bound, address) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, simulator, async { ended.await.unwrap_or_default() })
                    .await
                    .unwrap();
            });
            // The test may be over.
            done.send(()).ok();
        });
        Self {
            address: address.recv().unwrap(),
            stepper,
            end: Some(end),
            ended: is_done,
        }
    }

    /// A new connection.
    pub fn connect(&self) -> Connection {
        Connection::new(TcpStream::connect(self.address).unwrap())
    }

    /// A new connection from another address of this machine.
    pub fn connect_from(&self, address: &str) -> Connection {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((address.parse::<IpAddr>().unwrap(), 0).into()).unwrap();
            socket.connect(self.address).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        Connection::new(stream)
    }

    /// Sends a whole request on a connection of its own.
    pub fn exchange(&self, request: impl AsRef<[u8]>) -> io::Result<Answer> {
        self.connect().exchange(request)
    }

    /// A GET of the API with this query and nothing added.
    pub fn get(&self, query: &str) -> Answer {
        self.exchange(get(query)).unwrap()
    }

    /// An authorized GET; its body. Whatever it says, it comes as JSON at HTTP 200.
    pub fn call(&self, query: &str) -> String {
        let answer = self.get(&format!("{AUTH}&{query}"));
        assert_eq!(answer.status(), 200, "{query}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{query}");
        answer.text()
    }

    /// The status of an authorized GET.
    pub fn status(&self, query: &str) -> String {
        status_of(&self.call(query)).to_owned()
    }

    /// The status of a GET without credentials.
    pub fn anonymous_status(&self, query: &str) -> String {
        status_of(&self.get(query).text()).to_owned()
    }

    /// Authorized calls that must succeed with nothing to say.
    pub fn calls(&self, queries: &[&str]) {
        for query in queries {
            assert_eq!(self.call(query), r#"{"status":"success"}"#, "{query}");
        }
    }

    /// An authorized call with these parameters by one of the transports.
    pub fn by(&self, by: By, params: &[(&str, &str)]) -> io::Result<Answer> {
        let auth = [("api_username", "demo@example.com"), ("api_password", "demo")];
        self.exchange(request(by, &[&auth, params].concat()))
    }

    /// A POST with this content type and body.
    pub fn post(&self, content_type: &str, body: &str) -> Answer {
        self.exchange(format!(
            "POST /api/v1/rest.php HTTP/1.1\r\nHost: voip.ms\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .unwrap()
    }

    /// A `/sim/` call; its answer without the line break that ends it.
    pub fn sim(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = format!(
            "{method} /sim/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = self.exchange(request).unwrap();
        assert_eq!(answer.body.pop(), Some(b'\n'), "{method} {path}: {answer:?}");
        answer
    }

    /// A `/sim/` call that must be accepted; its body.
    pub fn order(&self, method: &str, path: &str, body: &str) -> String {
        let answer = self.sim(method, path, body);
        assert_eq!(answer.status(), 200, "{method} {path} {body}: {answer:?}");
        answer.text()
    }

    /// Edits a client as a person does in the portal.
    pub fn edit(&self, id: &str, fields: &str) {
        self.order("PATCH", &format!("clients/{id}"), fields);
    }

    /// Moves virtual time on.
    pub fn advance(&self, by: &str) {
        self.order("POST", "clock", &format!(r#"{{"advance":"{by}"}}"#));
    }

    /// One value of a client, as `/sim/` shows it.
    pub fn client(&self, id: &str, key: &str) -> String {
        value_of(&self.order("GET", &format!("clients/{id}"), ""), key).to_owned()
    }

    /// Asks the server to end, and waits until it did.
    pub fn end(&mut self) {
        if let Some(end) = self.end.take() {
            end.send(()).ok();
        }
        self.ended.recv_timeout(PATIENCE).expect("it ends when asked to");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.send(()).ok();
        }
    }
}

/// A connection that is kept until it is dropped.
pub struct Connection {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub fn exchange(&mut self, request: impl AsRef<[u8]>) -> io::Result<Answer> {
        self.stream.write_all(request.as_ref())?;
        self.answer()
    }

    /// The next answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let head = self.until(b"\r\n\r\n")?;
        let mut answer = Answer {
            head: String::from_utf8(head).unwrap(),
            body: Vec::new(),
        };
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = String::from_utf8(self.until(b"\r\n")?).unwrap();
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                answer.body.extend(self.exactly(size)?);
                self.until(b"\r\n")?;
                if size == 0 {
                    return Ok(answer);
                }
            }
        }
        let length = answer.header("content-length").map_or(0, |text| text.parse().unwrap());
        answer.body = self.exactly(length)?;
        Ok(answer)
    }

    fn until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|bytes| bytes == end) {
                return Ok(self.read.drain(..at + end.len()).collect());
            }
            self.more()?;
        }
    }

    fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.read.len() < count {
            self.more()?;
        }
        Ok(self.read.drain(..count).collect())
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        match self.stream.read(&mut buffer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => {
                self.read.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}

impl Answer {
    /// The number in the status line.
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// The status line without its end.
    pub fn line(&self) -> &str {
        self.head.split("\r\n").next().unwrap()
    }

    /// A header's value, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// A GET of the API.
pub fn get(query: &str) -> String {
    format!("GET /api/v1/rest.php?{query} HTTP/1.1\r\nHost: voip.ms\r\n\r\n")
}

/// A request with these parameters, and no other, by one of the transports.
pub fn request(by: By, params: &[(&str, &str)]) -> String {
    let (headers, boundary) = match by {
        By::Get => {
            let query: Vec<String> = params
                .iter()
                .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
                .collect();
            return get(&query.join("&"));
        }
        By::Curl => (
            "Host: 127.0.0.1:1\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n",
            "------------------------c3905c94fa95be7f",
        ),
        By::Requests => (
            "Host: 127.0.0.1:1\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n",
            "9f1c0a6d0e4f4b6c8d2f5a7b3c1e0d9f",
        ),
    };
    let mut body = String::new();
    for (name, value) in params {
        body += &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += &format!("--{boundary}--\r\n");
    let length = body.len();
    format!(
        "POST /api/v1/rest.php HTTP/1.1\r\n{headers}Content-Length: {length}\r\nContent-Type: multipart/form-data; boundary={boundary}\r\n\r\n{body}"
    )
}

pub fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The text behind `{"status":"` at the beginning of a body.
pub fn status_of(body: &str) -> &str {
    body.strip_prefix(r#"{"status":""#)
        .and_then(|rest| rest.split_once('"'))
        .unwrap_or_else(|| panic!("no status in {body}"))
        .0
}

/// The bytes of a scalar behind the first `"key":`, quotes included.
pub fn value_of<'a>(body: &'a str, key: &str) -> &'a str {
    let (_, rest) = body
        .split_once(&format!("\"{key}\":"))
        .unwrap_or_else(|| panic!("no {key} in {body}"));
    let end = match rest.strip_prefix('"') {
        Some(text) => text.find('"').map(|end| end + 2),
        None => rest.find([',', '}', ']']),
    };
    &rest[..end.unwrap()]
}

/// An amount such as `"8.0588"` or `0.045` in ten-thousandths, to add up.
pub fn ten_thousandths(value: &str) -> i64 {
    let text = value.trim_matches('"');
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let places = places.trim_end_matches('0');
    assert!(places.len() <= 4, "{value} is finer than a ten-thousandth");
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let fraction: i64 = format!("{places:0<4}").parse().unwrap();
    whole.parse::<i64>().unwrap() * 10_000 + sign * fraction
}

#[test]
fn answers_are_read_whole_whether_counted_or_chunked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sent = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\nHTTP/1.1 500 x\r\n";
    let other = std::thread::spawn(move || listener.accept().unwrap().0.write_all(sent.as_bytes()).unwrap());
    let mut connection = Connection::new(TcpStream::connect(address).unwrap());
    assert_eq!(connection.answer().unwrap().body, b"abc");
    assert_eq!(connection.answer().unwrap().body, b"def");
    assert_eq!(
        connection.answer().unwrap_err().kind(),
        ErrorKind::UnexpectedEof,
        "half an answer is none"
    );
    other.join().unwrap();
}
