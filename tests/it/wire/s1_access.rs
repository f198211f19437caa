//! WIRE.md section 1, who is let in: credentials, the switch of the API, addresses, methods, Cloudflare.

use super::raw::{AUTH, By, Server, request};

/// §1 [D] `api_username`, `api_password` and `method` decide, in this order; §1 [I] every refusal at HTTP 200.
#[test]
fn who_is_let_in() {
    let user = "api_username=demo%40example.com";
    for (name, settings, query, expected) in [
        ("nothing", &[][..], "", "missing_credentials"),
        (
            "no password",
            &[],
            &format!("{user}&method=getIP"),
            "missing_credentials",
        ),
        (
            "an empty password",
            &[],
            &format!("{user}&api_password=&method=getIP"),
            "missing_credentials",
        ),
        ("no user", &[], "api_password=demo&method=getIP", "missing_credentials"),
        (
            "a wrong password",
            &[],
            &format!("{user}&api_password=Demo&method=getIP"),
            "invalid_credentials",
        ),
        (
            "a wrong user",
            &[],
            "api_username=x%40example.com&api_password=demo&method=getIP",
            "invalid_credentials",
        ),
        (
            "API off",
            &["api-enabled=off"],
            &format!("{AUTH}&method=getIP"),
            "api_not_enabled",
        ),
        (
            "API off, wrong password",
            &["api-enabled=off"],
            &format!("{user}&api_password=x"),
            "invalid_credentials",
        ),
        ("no method", &[], AUTH, "missing_method"),
        ("an empty method", &[], &format!("{AUTH}&method="), "missing_method"),
        (
            "an unknown method",
            &[],
            &format!("{AUTH}&method=getNothing"),
            "invalid_method",
        ),
        ("other letters", &[], &format!("{AUTH}&method=getip"), "invalid_method"),
        (
            "an unknown client comes last",
            &[],
            &format!("{AUTH}&method=getResellerBalance&client=1"),
            "invalid_client",
        ),
    ] {
        let server = Server::new(settings);
        let answer = server.get(query);
        assert_eq!(answer.line(), "HTTP/1.1 200 OK", "{name}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
        let start = format!(r#"{{"status":"{expected}","message":""#);
        assert!(answer.text().starts_with(&start), "{name}: {}", answer.text());
    }
}

/// §1 [D] getIP tells the caller's address, to whoever has credentials.
#[test]
fn get_ip_tells_the_address() {
    let server = Server::new(&[]);
    assert_eq!(server.call("method=getIP"), r#"{"status":"success","ip":"127.0.0.1"}"#);
    let other = request(
        By::Get,
        &[
            ("api_username", "demo@example.com"),
            ("api_password", "demo"),
            ("method", "getIP"),
        ],
    );
    let answer = server.connect_from("127.0.0.9").exchange(other).unwrap();
    assert_eq!(answer.text(), r#"{"status":"success","ip":"127.0.0.9"}"#);
    assert_eq!(server.anonymous_status("method=getIP"), "missing_credentials");
}

/// §1 [L] A bearer token beside the credentials is harmless; [U] whether it would be honoured alone: here it is not.
#[test]
fn a_bearer_token_is_ignored() {
    let server = Server::new(&[]);
    for (query, start) in [
        (format!("{AUTH}&method=getIP"), r#"{"status":"success","ip":"#),
        ("method=getIP".to_owned(), r#"{"status":"missing_credentials""#),
    ] {
        let request =
            format!("GET /api/v1/rest.php?{query} HTTP/1.1\r\nHost: voip.ms\r\nAuthorization: Bearer demo\r\n\r\n");
        assert!(server.exchange(request).unwrap().text().starts_with(start), "{query}");
    }
}

/// §1 [L] In 2021 a call without a User-Agent got Cloudflare's page; [I] in 2026 it gets through.
#[test]
fn a_user_agent_may_be_needed() {
    let agent =
        |header: &str| format!("GET /api/v1/rest.php?{AUTH}&method=getIP HTTP/1.1\r\nHost: voip.ms\r\n{header}\r\n");
    for (setting, header, line) in [
        ("user-agent-needed=off", "", "HTTP/1.1 200 OK"),
        ("user-agent-needed=on", "", "HTTP/1.1 403 Forbidden"),
        ("user-agent-needed=on", "User-Agent: \r\n", "HTTP/1.1 403 Forbidden"),
        ("user-agent-needed=on", "User-Agent: x\r\n", "HTTP/1.1 200 OK"),
    ] {
        let answer = Server::new(&[setting]).exchange(agent(header)).unwrap();
        assert_eq!(answer.line(), line, "{setting} {header}");
        let is_page = answer
            .text()
            .contains("<title>Attention Required! | Cloudflare</title>");
        assert_eq!(is_page, answer.status() == 403, "{setting} {header}");
    }
}
