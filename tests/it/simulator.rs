//! The simulator over real HTTP: hand-written requests and the bytes that come back, so that a mistake shared by
//! client and simulator cannot hide. What each setting and fault does is tested beside the simulator itself.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use balancewatch::clock::{Clock, Stepper};
use balancewatch::simulator::{Options, Simulator, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const AUTH: &str = "api_username=demo%40example.com&api_password=demo";

const RECORD: [(&str, &str); 13] = [
    ("client", "561115"),
    ("email", "new@example.com"),
    ("password", "New-Pass-1"),
    ("company", "Söhne & Co"),
    ("firstname", "F"),
    ("lastname", "O'Neal"),
    ("address", "1/2 A"),
    ("city", "T"),
    ("state", "S"),
    ("country", "CA"),
    ("zip", "02134"),
    ("phone_number", "5550001111"),
    ("balance_management", "1"),
];

/// A simulator on a free port, with a clock that stands still on a Monday noon in Toronto.
struct Served {
    address: SocketAddr,
    simulator: Arc<Simulator>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
    _stepper: Stepper,
}

async fn served(settings: &[&str]) -> Served {
    let (clock, stepper) = Clock::stepped("2026-11-23T17:00:00Z".parse().unwrap());
    let options = Options {
        settings: settings.iter().map(|text| (*text).to_owned()).collect(),
        ..Options::default()
    };
    let simulator = Simulator::new(options, clock).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(serve(listener, Arc::clone(&simulator), async {
        stopped.await.ok();
    }));
    Served {
        address,
        simulator,
        stop,
        ended,
        _stepper: stepper,
    }
}

impl Served {
    /// Sends bytes and reads until the server closes.
    async fn exchange(&self, request: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8(answer).unwrap())
    }

    /// A GET of the API; the whole answer.
    async fn get(&self, query: &str) -> String {
        let line = format!("GET /api/v1/rest.php?{query} HTTP/1.1");
        self.exchange(&format!("{line}\r\nHost: voip.ms\r\nConnection: close\r\n\r\n"))
            .await
            .unwrap()
    }

    /// A POST of the API; the whole answer.
    async fn post(&self, content_type: &str, body: &str) -> std::io::Result<String> {
        let head = "POST /api/v1/rest.php HTTP/1.1\r\nHost: voip.ms\r\nConnection: close";
        let length = body.len();
        self.exchange(&format!(
            "{head}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// A multipart POST with credentials.
    async fn multipart(&self, params: &[(&str, &str)]) -> std::io::Result<String> {
        let mut body = String::new();
        for (name, value) in [("api_username", "demo@example.com"), ("api_password", "demo")]
            .iter()
            .chain(params)
        {
            body += &format!("--xYz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        body += "--xYz--\r\n";
        self.post("multipart/form-data; boundary=xYz", &body).await
    }

    async fn set_client(&self) -> std::io::Result<String> {
        let params = [&[("method", "setClient")], &RECORD[..]].concat();
        self.multipart(&params).await
    }

    /// A `/sim/` call; HTTP status and body.
    async fn sim(&self, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
        let length = body.len();
        let answer = self
            .exchange(&format!(
                "{method} /sim/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            ))
            .await
            .unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body_of(&answer)).unwrap())
    }
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn wire_2_functions_answer_as_documented() {
    let served = served(&["spending=off"]).await;
    served
        .simulator
        .edit(
            "561115",
            &serde_json::json!({"balance": "8.0588", "balance_management": "hard"}),
        )
        .unwrap();
    let john = r#"{"client":"561115","email":"john.doe@my-domain.com","password":"johnspassword","company":"Consulting","firstname":"John","lastname":"Doe","address":"5491 190TH","city":"OPA LOCKA","state":"FLORIDA","country":"UNITED STATES","zip":"33055","phone_number":"5551112222","balance_management":"1"}"#;
    let clients = format!(r#"{{"status":"success","clients":[{john}]}}"#);
    for (query, expected) in [
        ("method=getClients&client=561115", clients.as_str()),
        ("method=getClients&client=John.Doe%40my-domain.com", &clients),
        (
            "method=getClients&client=1",
            r#"{"status":"invalid_client","message":"This is not a valid Client"}"#,
        ),
        (
            "method=getResellerBalance&client=561115",
            r#"{"status":"success","balance":{"current_balance":"8.0588","spent_total":0,"calls_total":0,"time_total":0,"spent_today":0,"calls_today":0,"time_today":0}}"#,
        ),
        (
            "method=getResellerBalance",
            r#"{"status":"invalid_client","message":"This is not a valid Client"}"#,
        ),
        (
            "method=getClientThreshold&client=561115",
            r#"{"status":"success","threshold_information":{"threshold":"130","email":"john.doe@my-domain.com"}}"#,
        ),
        (
            "method=getBalanceManagement&balance_management=1",
            r#"{"status":"success","balance_management":[{"value":"1","description":"Hard - suspend the client"}]}"#,
        ),
        (
            "method=getBalanceManagement&balance_management=0",
            r#"{"status":"invalid_balancemanagement","message":"This is not a valid BalanceManagement"}"#,
        ),
        (
            "method=getCountries&country=CA",
            r#"{"status":"success","countries":[{"value":"CA","description":"Canada"}]}"#,
        ),
        (
            "method=getBalance",
            r#"{"status":"success","balance":{"current_balance":"1121.870200"}}"#,
        ),
        (
            "method=getIP&content_type=json",
            r#"{"status":"success","ip":"127.0.0.1"}"#,
        ),
        (
            "",
            r#"{"status":"missing_method","message":"Method must be provided when using the REST\/JSON API"}"#,
        ),
        (
            "method=noSuch",
            r#"{"status":"invalid_method","message":"This is not a valid Method"}"#,
        ),
    ] {
        let answer = served.get(&format!("{AUTH}&{query}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{query}: {answer}");
        assert_eq!(body_of(&answer), expected, "{query}");
    }
    let all = served.get(&format!("{AUTH}&method=getClients")).await;
    assert!(
        all.contains(r#""company":"<script>alert('paid')<\/script> & Co""#),
        "slashes are escaped, markup is not"
    );
    assert!(
        all.is_ascii() && all.contains(r"\u00"),
        "everything outside ASCII is escaped"
    );
    assert_eq!(all.matches("{\"client\":\"").count(), 100);
    let countries = served.get(&format!("{AUTH}&method=getCountries")).await;
    assert_eq!(countries.matches("\"value\":\"").count(), 249);
}

#[tokio::test]
async fn wire_1_transports() {
    let served = served(&[]).await;
    let query = format!("{AUTH}&method=getIP");
    let by_get = served.get(&query).await;
    let by_multipart = served.multipart(&[("method", "getIP")]).await.unwrap();
    assert_eq!(body_of(&by_get), body_of(&by_multipart));
    for content_type in ["application/x-www-form-urlencoded", "text/xml", "application/json"] {
        let fault = served.post(content_type, &query).await.unwrap();
        assert!(fault.starts_with("HTTP/1.1 500 "), "{content_type}: {fault}");
        assert!(
            fault.contains("content-type: text/xml") && fault.contains("<SOAP-ENV:Fault>"),
            "{content_type}"
        );
    }
    // The request line is `GET /api/v1/rest.php?… HTTP/1.1`.
    let line_length = |query: &str| "GET /api/v1/rest.php? HTTP/1.1".len() + query.len();
    for (length, start) in [(8_190, "HTTP/1.1 200 "), (8_191, "HTTP/1.1 414 ")] {
        let padding = "x".repeat(length - line_length(&format!("{query}&p=")));
        let padded = format!("{query}&p={padding}");
        assert_eq!(line_length(&padded), length);
        assert!(served.get(&padded).await.starts_with(start), "{length}");
    }
    for (request, start) in [
        ("GET /api/v1/server.php HTTP/1.1", "HTTP/1.1 404 "),
        ("GET /simulator HTTP/1.1", "HTTP/1.1 404 "),
        (
            "PUT /api/v1/rest.php HTTP/1.1",
            "HTTP/1.1 405 Method Not Allowed\r\ncontent-type: text/html; charset=UTF-8\r\nallow: GET, HEAD, POST\r\n",
        ),
        ("DELETE /api/v1/rest.php HTTP/1.1", "HTTP/1.1 405 "),
    ] {
        let answer = served
            .exchange(&format!("{request}\r\nHost: x\r\nConnection: close\r\n\r\n"))
            .await
            .unwrap();
        assert!(answer.starts_with(start), "{request}: {answer}");
    }
}

#[tokio::test]
async fn wire_1_the_request_line_is_measured_as_it_was_sent() {
    let served = served(&[]).await;
    let line = |target_start: &str, target_end: &str, length: usize| {
        let target =
            |padding: &str| format!("{target_start}/api/v1/rest.php?{AUTH}&method=getIP&p={padding}{target_end}");
        let bare = format!("GET {} HTTP/1.1", target("")).len();
        let line = format!("GET {} HTTP/1.1", target(&"x".repeat(length - bare)));
        assert_eq!(line.len(), length);
        line
    };
    for (name, start, end) in [
        ("ordinary", "", ""),
        ("with scheme and host", "http://voip.ms", ""),
        ("with a fragment", "", "#fragment"),
    ] {
        for (length, status) in [
            (8_190, 200),
            (8_191, 414),
            (60_000, 414),
            (70_000, 414),
            (1_000_000, 414),
        ] {
            let request = format!(
                "{}\r\nHost: voip.ms\r\nConnection: close\r\n\r\n",
                line(start, end, length)
            );
            let answer = served.exchange(&request).await.unwrap();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{name}, {length}: {answer}"
            );
            assert_eq!(
                answer.contains("<h1>Request-URI Too Long</h1>"),
                status == 414,
                "{name}, {length}"
            );
        }
    }
    // The second request of a connection is measured like the first.
    for (length, status) in [(8_190, 200), (8_191, 414), (70_000, 414)] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        for (length, status) in [(8_000, 200), (length, status)] {
            let request = format!("{}\r\nHost: voip.ms\r\n\r\n", line("", "#f", length));
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = vec![0; 4_096];
            let count = stream.read(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{length}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_the_refusal_arrives() {
    let served = served(&[]).await;
    let largest = 8 * 1024 * 1024 + 64 * 1024;
    let head = "POST /api/v1/rest.php HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=B";
    let announced = |length: usize| format!("{head}\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
    let chunked = |length: usize| {
        let chunk = "x".repeat(length);
        format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{chunk}\r\n0\r\n\r\n")
    };
    for (name, request, start) in [
        ("as large as may be", announced(largest), "HTTP/1.1 200 "),
        ("too large", announced(largest + 1), "HTTP/1.1 413 "),
        ("far too large", announced(3 * largest), "HTTP/1.1 413 "),
        ("in a chunk", chunked(largest), "HTTP/1.1 200 "),
        ("too large a chunk", chunked(largest + 1), "HTTP/1.1 413 "),
    ] {
        let answer = served.exchange(&request).await.unwrap();
        assert!(answer.starts_with(start), "{name}: {answer}");
    }
}

#[tokio::test]
async fn wire_1_head_is_a_get_without_its_body_and_headers_are_ignored() {
    let served = served(&[]).await;
    let target = format!("/api/v1/rest.php?{AUTH}&method=getIP");
    let answer = served
        .exchange(&format!(
            "HEAD {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ))
        .await
        .unwrap();
    let length = r#"{"status":"success","ip":"127.0.0.1"}"#.len();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(&format!("content-length: {length}\r\n")));
    assert_eq!(body_of(&answer), "");
    for header in [
        "Authorization: Bearer wrong",
        "Authorization: Basic eDp5",
        "Accept: text/html",
        "Cookie: method=getClients",
    ] {
        let answer = served
            .exchange(&format!(
                "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n"
            ))
            .await
            .unwrap();
        assert_eq!(body_of(&answer), r#"{"status":"success","ip":"127.0.0.1"}"#, "{header}");
    }
    let bearer_only = served
        .exchange("GET /api/v1/rest.php?method=getIP HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer demo\r\n\r\n")
        .await
        .unwrap();
    assert!(body_of(&bearer_only).starts_with("{\"status\":\"missing_credentials\""));
}

#[tokio::test]
async fn wire_1_query_and_body_are_read_together() {
    let served = served(&[]).await;
    let body = "--B\r\nContent-Disposition: form-data; name=\"client\"\r\n\r\n561116\r\n--B--\r\n";
    let length = body.len();
    let answer = served
        .exchange(&format!(
            "POST /api/v1/rest.php?{AUTH}&method=getClients&client=561115 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
        .unwrap();
    assert!(
        body_of(&answer).starts_with(r#"{"status":"success","clients":[{"client":"561116","#),
        "{answer}"
    );
}

#[tokio::test]
async fn it_ends_while_somebody_has_sent_half_a_head() {
    let served = served(&[]).await;
    let mut half = Vec::new();
    for start in [
        "",
        "GET ",
        "GET /api/v1/rest.php HTTP/1.1\r\nHost:",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
    ] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        half.push(stream);
    }
    assert!(
        served
            .get(&format!("{AUTH}&method=getIP"))
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    served.stop.send(()).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(10), served.ended)
        .await
        .expect("it ends within two seconds")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_connection_is_kept() {
    let served = served(&[]).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request = format!("GET /api/v1/rest.php?{AUTH}&method=getIP HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut previous = Vec::new();
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut buffer = [0; 1_024];
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the server closed");
            answer.extend_from_slice(&buffer[..count]);
        }
        let body = answer.split(|byte| *byte == b'{').next_back().unwrap().to_vec();
        assert!(previous.is_empty() || previous == body);
        previous = body;
    }
}

#[tokio::test]
async fn wire_6_set_client_by_multipart() {
    let served = served(&[]).await;
    assert_eq!(body_of(&served.set_client().await.unwrap()), "{\"status\":\"success\"}");
    let answer = served.get(&format!("{AUTH}&method=getClients&client=561115")).await;
    assert_eq!(
        body_of(&answer),
        r#"{"status":"success","clients":[{"client":"561115","email":"new@example.com","password":"New-Pass-1","company":"S\u00f6hne & Co","firstname":"F","lastname":"O'Neal","address":"1\/2 A","city":"T","state":"S","country":"CANADA","zip":"02134","phone_number":"5550001111","balance_management":"1"}]}"#
    );
}

#[tokio::test]
async fn a_reset_is_a_reset_before_or_after_the_effect() {
    for (fault, company) in [("reset-before", "Consulting"), ("reset-after", "Söhne & Co")] {
        let served = served(&[]).await;
        served.simulator.set_fault(&format!("{fault}@setClient"), "1").unwrap();
        let error = served.set_client().await.expect_err("the reply is lost");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{fault}");
        assert_eq!(
            served.simulator.client("561115").unwrap()["company"],
            company,
            "{fault}"
        );
        let other = served.get(&format!("{AUTH}&method=getIP")).await;
        assert!(other.starts_with("HTTP/1.1 200 "), "{fault} strikes no other function");
    }
}

#[tokio::test]
async fn broken_answers_are_broken_on_the_wire() {
    let served = served(&[]).await;
    let query = format!("{AUTH}&method=getResellerBalance&client=561115");
    let whole = served.get(&query).await;
    for (fault, start, end) in [
        ("html-503", "HTTP/1.1 503 Service Unavailable\r\n", "</html>\n"),
        ("html-403", "HTTP/1.1 403 Forbidden\r\n", "</html>\n"),
        ("http-429", "HTTP/1.1 429 Too Many Requests\r\n", "</html>\n"),
        ("http-500", "HTTP/1.1 500 Internal Server Error\r\n", "</html>\n"),
        ("empty", "HTTP/1.1 200 OK\r\n", "\r\n\r\n"),
        ("null-status", "HTTP/1.1 200 OK\r\n", "\r\n\r\n{\"status\":null}"),
        (
            "truncated",
            "HTTP/1.1 200 OK\r\n",
            &body_of(&whole)[..body_of(&whole).len() / 2],
        ),
    ] {
        served.sim("PUT", "faults", &format!("{{\"{fault}\":1}}")).await;
        let answer = served.get(&query).await;
        assert!(answer.starts_with(start) && answer.ends_with(end), "{fault}: {answer}");
    }
    served.sim("PUT", "faults", "{}").await;
    assert_eq!(body_of(&served.get(&query).await), body_of(&whole));
}

#[tokio::test]
async fn the_surface_for_tests() {
    let served = served(&["spending=off"]).await;
    let balance = |client: &serde_json::Value| client["balance"].clone();
    let (status, client) = served
        .sim("PATCH", "clients/561115", r#"{"balance":"6.00","spend_per_hour":"4"}"#)
        .await;
    assert_eq!((status, balance(&client)), (200, "6.0000".into()));
    let (status, time) = served.sim("POST", "clock", r#"{"advance":"1h"}"#).await;
    assert_eq!((status, &time["time"]), (200, &"2026-11-23T18:00:00Z".into()));
    let (_, client) = served.sim("GET", "clients/561115", "").await;
    assert_eq!(balance(&client), "2.0000");
    let (_, client) = served
        .sim("POST", "clients/561115/deposit", r#"{"amount":"5.00"}"#)
        .await;
    assert_eq!(balance(&client), "7.0000");
    let (_, settings) = served
        .sim("PUT", "settings", r#"{"slow-secs":5,"api-enabled":false}"#)
        .await;
    assert_eq!(
        (&settings["slow-secs"], &settings["api-enabled"]),
        (&"5".into(), &"off".into())
    );
    let (_, faults) = served.sim("PUT", "faults", r#"{"limit":0.05,"empty@clients":1}"#).await;
    assert_eq!(faults, serde_json::json!({"limit": "0.05", "empty@clients": "1"}));
    served.get("api_username=x&api_password=T0pS3cret&method=getIP").await;
    let (_, requests) = served.sim("GET", "requests", "").await;
    assert_eq!(
        (&requests[0]["params"]["api_password"], &requests[0]["status"]),
        (&"***".into(), &"invalid_credentials".into())
    );
    let (_, stats) = served.sim("GET", "stats", "").await;
    assert_eq!(
        stats,
        serde_json::json!({"calls": 1, "calls_by_function": {"getIP": 1}, "max_calls_in_60s": 1})
    );
    let (_, removed) = served.sim("DELETE", "clients/561116", "").await;
    assert_eq!(removed["removed"], "561116");
    let (_, added) = served.sim("POST", "clients", r#"{"company":"New"}"#).await;
    assert_eq!((&added["client"], &added["company"]), (&"561215".into(), &"New".into()));
    let (_, state) = served.sim("GET", "state", "").await;
    assert_eq!(state["clients"], 100);
    let (_, ids) = served.sim("GET", "clients", "").await;
    assert_eq!(ids["clients"].as_array().unwrap().len(), 100);
    let (_, index) = served.sim("GET", "", "").await;
    assert!(
        index["calls"]
            .as_array()
            .unwrap()
            .iter()
            .any(|call| call["path"] == "/sim/clients/ID")
    );
    let (_, client) = served
        .sim("PATCH", "clients/561115", r#"{"account_state":"WAIT"}"#)
        .await;
    assert_eq!(client["account_state"], "WAIT");
    for (method, path, body, expected) in [
        ("GET", "clients/1", "", 404),
        ("PATCH", "clients/1", "{}", 404),
        ("PATCH", "clients/561115", r#"{"balance":"much"}"#, 400),
        ("PATCH", "clients/561115", "balance=1", 400),
        ("POST", "clients/561115/deposit", "{}", 400),
        ("POST", "clients", r#"{"client":"561115"}"#, 409),
        ("POST", "clock", r#"{"advance":"soon"}"#, 400),
        ("PUT", "faults", r#"{"html-504":1}"#, 400),
        ("PUT", "settings", r#"{"types":"mixed","colour":"blue"}"#, 400),
        ("GET", "nothing", "", 404),
        ("DELETE", "state", "", 405),
        ("PUT", "settings", r#"{"allowed-addresses":"10.0.0.0/33"}"#, 400),
    ] {
        let (status, answer) = served.sim(method, path, body).await;
        assert_eq!(status, expected, "{method} {path} {body}");
        assert!(answer["error"].is_string(), "{method} {path}");
    }
}

#[tokio::test]
async fn the_world_can_be_made_anew() {
    let served = served(&[]).await;
    let (_, before) = served.sim("GET", "state", "").await;
    served.sim("PUT", "settings", r#"{"allowed-addresses":""}"#).await;
    served.sim("POST", "clock", r#"{"advance":"1h"}"#).await;
    let stranger = served.get(&format!("{AUTH}&method=getClients")).await;
    assert!(body_of(&stranger).starts_with("{\"status\":\"ip_not_enabled\""));
    let (status, after) = served.sim("POST", "reset", "").await;
    assert_eq!((status, after), (200, before));
    assert!(body_of(&served.get(&format!("{AUTH}&method=getClients")).await).starts_with("{\"status\":\"success\""));
}

#[tokio::test]
async fn it_ends_while_an_answer_is_slow() {
    let served = served(&["slow-secs=3600"]).await;
    served.simulator.set_fault("slow", "1").unwrap();
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request = format!("GET /api/v1/rest.php?{AUTH}&method=getIP HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    while served.simulator.stats()["calls"] == 0 {
        tokio::task::yield_now().await;
    }
    served.stop.send(()).unwrap();
    served.ended.await.unwrap().unwrap();
}
