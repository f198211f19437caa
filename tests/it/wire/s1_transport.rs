//! WIRE.md section 1, how a call travels: the endpoint, GET and POST, their limits, connections.

use std::io::{Read, Write};

use super::raw::{AUTH, By, Server, get, request, status_of};

/// Names and values.
type Params = &'static [(&'static str, &'static str)];

/// Every function with parameters that it accepts, and its status then.
pub const FUNCTIONS: &[(&str, Params, &str)] = &[
    ("getResellerBalance", &[("client", "561115")], "success"),
    ("getClientThreshold", &[("client", "561115")], "success"),
    ("getClients", &[], "success"),
    ("getBalance", &[("advanced", "True")], "success"),
    ("getBalanceManagement", &[], "success"),
    ("getCountries", &[], "success"),
    ("getStates", &[], "success"),
    ("getProvinces", &[], "success"),
    ("getLanguages", &[], "success"),
    ("getPackages", &[], "success"),
    ("getClientPackages", &[("client", "561115")], "success"),
    ("getCharges", &[("client", "561115")], "success"),
    ("getDeposits", &[("client", "561115")], "success"),
    ("getIP", &[], "success"),
    ("getResellerCDR", super::s2_functions::history::ASKED, "no_cdr"),
    (
        "getTransactionHistory",
        &[("date_from", "2026-11-01"), ("date_to", "2026-11-23")],
        "no_transactions",
    ),
    ("setClient", super::s6_set_client::RECORD, "success"),
    (
        "setClientThreshold",
        &[("client", "561115"), ("threshold", "20"), ("email", "a+b@example.com")],
        "success",
    ),
    (
        "addCharge",
        &[
            ("client", "561115"),
            ("charge", "4.99"),
            ("description", "é/\"q\" & 50% +1"),
        ],
        "success",
    ),
    (
        "addPayment",
        &[("client", "561115"), ("payment", "4.99"), ("test", "1")],
        "success_test",
    ),
    ("signupClient", super::s2_functions::signup::FORM, "success"),
    ("delClient", &[("client", "561116")], "success"),
];

/// §1 [D] The API is one path; [L] some clients leave the file's name out of it. Others are not there, and the SOAP twin
/// is not imitated.
#[test]
fn the_endpoint_is_one_path() {
    let server = Server::new(&[]);
    for (path, line) in [
        ("/api/v1/rest.php", "HTTP/1.1 200 OK"),
        ("/api/v1/REST.php", "HTTP/1.1 404 Not Found"),
        ("/api/v1/", "HTTP/1.1 200 OK"),
        ("/api/v1", "HTTP/1.1 404 Not Found"),
        ("/api/v1/server.php", "HTTP/1.1 404 Not Found"),
        ("/", "HTTP/1.1 404 Not Found"),
    ] {
        let request = format!("GET {path}?{AUTH}&method=getIP HTTP/1.1\r\nHost: voip.ms\r\n\r\n");
        let answer = server.exchange(request).unwrap();
        assert_eq!(answer.line(), line, "{path}");
        assert_eq!(
            answer.text().starts_with("<!DOCTYPE html>"),
            answer.status() == 404,
            "{path}"
        );
    }
}

/// §1 [D] Several clients send `content_type=json` to rest.php: it changes nothing, and neither does another value.
#[test]
fn the_parameter_content_type_is_ignored() {
    let server = Server::new(&[]);
    for more in ["", "&content_type=json", "&content_type=xml", "&content_type="] {
        let answer = server.get(&format!("{AUTH}&method=getIP{more}"));
        assert_eq!(answer.text(), r#"{"status":"success","ip":"127.0.0.1"}"#, "{more}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{more}");
    }
}

/// §1 [D] GET with a query is the documented transport; [L] multipart works for any method. curl and Python requests
/// write their parts in different frames, and all three get the same bytes.
#[test]
fn get_and_multipart_are_taken_by_every_function() {
    let servers = [By::Get, By::Curl, By::Requests].map(|by| (by, Server::new(&[])));
    for (name, params, status) in FUNCTIONS {
        let params = [&[("method", *name)], *params].concat();
        let answers: Vec<_> = servers
            .iter()
            .map(|(by, server)| server.by(*by, &params).unwrap())
            .collect();
        for answer in &answers {
            assert_eq!(answer.line(), "HTTP/1.1 200 OK", "{name}");
            assert_eq!(status_of(&answer.text()), *status, "{name}");
            assert_eq!(answer.text(), answers[0].text(), "{name}");
        }
    }
    let records = servers.map(|(_, server)| server.order("GET", "clients/561115", ""));
    assert_eq!(records[0], records[1], "what was written is the same too");
    assert_eq!(records[0], records[2]);
    assert!(records[0].contains("Söhne & Co/Ltd \\\"q\\\" 50% +1"), "{}", records[0]);
}

/// §1 [U] What else a call may travel by: the server may take it or not.
#[test]
fn other_ways_to_call_may_be_taken() {
    let query = format!("{AUTH}&method=getIP");
    let ways = |server: &Server| {
        let with_query = |method: &str, more: &str| {
            let request = format!("{method} /api/v1/rest.php?{query} HTTP/1.1\r\nHost: voip.ms\r\n{more}\r\n");
            server.exchange(request).unwrap().status()
        };
        [
            server.post("application/x-www-form-urlencoded", &query).status(),
            with_query("POST", "Content-Length: 0\r\n"),
            with_query("PATCH", ""),
            with_query("PUT", "Content-Length: 0\r\n"),
        ]
    };
    let refusing = Server::new(&["urlencoded=soap", "query-post=soap", "other-methods=refused"]);
    assert_eq!(ways(&refusing), [500, 500, 405, 405]);
    let taking = Server::new(&["urlencoded=taken", "query-post=taken", "other-methods=taken"]);
    assert_eq!(ways(&taking), [200; 4]);
    let form = taking.post("application/x-www-form-urlencoded; charset=UTF-8", &query);
    assert_eq!(form.text(), r#"{"status":"success","ip":"127.0.0.1"}"#);
    assert_eq!(
        taking.post("text/plain", &query).status(),
        500,
        "what is no form is none"
    );
}

/// §1 [L] The request line ends at 8190 bytes; beyond that HTTP 414, from the web server and not as JSON.
#[test]
fn the_request_line_ends_at_8190_bytes() {
    let server = Server::new(&[]);
    let line = |padding: usize| {
        format!(
            "GET /api/v1/rest.php?{AUTH}&method=getIP&p={} HTTP/1.1",
            "x".repeat(padding)
        )
    };
    for (length, status_line, start) in [
        (8_182, "HTTP/1.1 200 OK", "{\"status\":\"success\""),
        (8_190, "HTTP/1.1 200 OK", "{\"status\":\"success\""),
        (8_191, "HTTP/1.1 414 URI Too Long", "<!DOCTYPE html>"),
        (16_000, "HTTP/1.1 414 URI Too Long", "<!DOCTYPE html>"),
    ] {
        let line = line(length - line(0).len());
        assert_eq!(line.len(), length);
        let answer = server.exchange(format!("{line}\r\nHost: voip.ms\r\n\r\n")).unwrap();
        assert_eq!(answer.line(), status_line, "{length}");
        assert!(answer.text().starts_with(start), "{length}");
    }
}

/// §1 [L] Multipart bodies up to 8 MB are taken.
#[test]
fn multipart_bodies_of_eight_megabytes_are_taken() {
    let server = Server::new(&[]);
    let long = "x".repeat(8 * 1024 * 1024);
    let answer = server.by(By::Curl, &[("padding", &long), ("method", "getIP")]).unwrap();
    assert_eq!(answer.text(), r#"{"status":"success","ip":"127.0.0.1"}"#);
}

/// §1 [L] A POST that is not multipart goes to the SOAP handler: an XML fault, whatever it asks for. [U] The HTTP
/// status of that fault.
#[test]
fn an_urlencoded_post_gets_a_soap_fault() {
    for (setting, line) in [
        ("soap-fault-status=500", "HTTP/1.1 500 Internal Server Error"),
        ("soap-fault-status=200", "HTTP/1.1 200 OK"),
    ] {
        let server = Server::new(&[setting]);
        let body = format!("{AUTH}&method=setClientThreshold&client=561115&threshold=20");
        for content_type in ["application/x-www-form-urlencoded", "application/json", "text/plain"] {
            let answer = server.post(content_type, &body);
            assert_eq!(answer.line(), line, "{content_type}");
            assert_eq!(answer.header("content-type"), Some("text/xml; charset=utf-8"));
            let text = answer.text();
            assert!(
                text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope"),
                "{text}"
            );
            assert!(text.contains("<SOAP-ENV:Fault><faultcode>"), "{text}");
        }
        assert_eq!(server.client("561115", "threshold"), "\"130\"", "nothing was done");
    }
}

/// §1 [L] In January 2024 every multipart POST got `missing_method` for days, while GET worked.
#[test]
fn multipart_failed_for_days() {
    let server = Server::new(&["multipart-missing=on"]);
    let missing = r#"{"status":"missing_method","message":"Method must be provided when using the REST\/JSON API"}"#;
    for by in [By::Curl, By::Requests] {
        let answer = server.by(by, &[("method", "getIP")]).unwrap();
        assert_eq!((answer.status(), answer.text().as_str()), (200, missing), "{by:?}");
    }
    assert_eq!(server.status("method=getIP"), "success");
}

/// §1 [U] The content type of answers was never recorded; the body is the same with each.
#[test]
fn the_content_type_of_answers_is_a_switch() {
    for (setting, content_type) in [
        ("content-type=json", "application/json"),
        ("content-type=html", "text/html; charset=UTF-8"),
    ] {
        let answer = Server::new(&[setting]).get(&format!("{AUTH}&method=getIP"));
        assert_eq!(answer.header("content-type"), Some(content_type));
        assert_eq!(answer.text(), r#"{"status":"success","ip":"127.0.0.1"}"#);
    }
}

/// §1 [L] Parameters are read as PHP reads them: the last of two wins, `+` is a blank, percent signs that escape
/// nothing stay; a part with a file name is a file and no parameter, as `requests` sends `files={"method": "getIP"}`.
#[test]
fn parameters_are_read_as_php_reads_them() {
    let server = Server::new(&[]);
    for (name, query, status) in [
        ("the last wins", "method=noSuch&method=getIP", "success"),
        ("case counts", "Method=getIP", "missing_method"),
        ("escapes", "method=get%49P", "success"),
        ("a blank", "method=getIP+", "invalid_method"),
        ("percent", "method=getIP%", "invalid_method"),
        ("a flag", "method", "missing_method"),
    ] {
        assert_eq!(server.status(query), status, "{name}");
    }
    let sent = request(
        By::Requests,
        &[
            ("api_username", "demo@example.com"),
            ("api_password", "demo"),
            ("method", "getIP"),
        ],
    );
    let files = sent.replace("name=\"method\"", "name=\"method\"; filename=\"method\"");
    let longer = files.len() - sent.len();
    let length = |text: &str| text.split_once("\r\n\r\n").unwrap().1.len();
    let files = files.replace(
        &format!("Content-Length: {}", length(&sent)),
        &format!("Content-Length: {}", length(&sent) + longer),
    );
    assert!(
        server
            .exchange(files)
            .unwrap()
            .text()
            .starts_with(r#"{"status":"missing_method""#)
    );
}

/// §1 [I] Connections are kept, as HTTP/1.1 has it: several calls one after the other, sent ahead too; closed when
/// asked to.
#[test]
fn a_connection_is_kept_until_it_is_closed() {
    let server = Server::new(&[]);
    let mut connection = server.connect();
    let ip = get(&format!("{AUTH}&method=getIP"));
    for _ in 0..3 {
        let answer = connection.exchange(&ip).unwrap();
        assert_eq!(answer.text(), r#"{"status":"success","ip":"127.0.0.1"}"#);
        assert_eq!(answer.header("content-length"), Some("37"));
    }
    connection.stream.write_all(format!("{ip}{ip}").as_bytes()).unwrap();
    for _ in 0..2 {
        assert_eq!(connection.answer().unwrap().status(), 200);
    }
    let last = ip.replace("Host: voip.ms", "Host: voip.ms\r\nConnection: close");
    assert_eq!(connection.exchange(last).unwrap().header("connection"), Some("close"));
    assert_eq!(connection.stream.read(&mut [0]).unwrap(), 0, "the server closed");
}

/// §1 [I] Some HTTP libraries send multipart in chunks, and some ask with `Expect: 100-continue` first, as curl does
/// with long bodies.
#[test]
fn chunked_and_expected_bodies_are_taken() {
    let server = Server::new(&[]);
    let whole = request(
        By::Curl,
        &[
            ("api_username", "demo@example.com"),
            ("api_password", "demo"),
            ("method", "getIP"),
        ],
    );
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    let counted = format!("Content-Length: {}", body.len());
    let (first, second) = body.split_at(100);
    let chunked = format!(
        "{}\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        head.replace(&counted, "Transfer-Encoding: chunked"),
        first.len(),
        second.len()
    );
    assert_eq!(
        server.exchange(chunked).unwrap().text(),
        r#"{"status":"success","ip":"127.0.0.1"}"#
    );
    let mut connection = server.connect();
    let asking = format!("{head}\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(connection.exchange(asking).unwrap().line(), "HTTP/1.1 100 Continue");
    assert_eq!(
        connection.exchange(body).unwrap().text(),
        r#"{"status":"success","ip":"127.0.0.1"}"#
    );
}

/// §1 [C] What is neither GET nor POST is refused by the web server, which says what it takes.
#[test]
fn other_http_methods_are_refused() {
    let server = Server::new(&[]);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = format!("{method} /api/v1/rest.php?{AUTH}&method=getIP HTTP/1.1\r\nHost: voip.ms\r\n\r\n");
        let answer = server.exchange(request).unwrap();
        assert_eq!(answer.line(), "HTTP/1.1 405 Method Not Allowed", "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"), "{method}");
    }
}
