//! Addresses: of the API, the mail server, people and the store. Each knows which machine is this one, and which part
//! may be a secret and is not shown.
//!
//! Resolves no name and connects to nothing.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use lettre::message::Mailbox;

use super::read::{Section, refuse};
use super::settings::SmtpTls;

/// What is accepted as a mail server.
pub(super) const SMTP_URL: &str = "smtp://USER@HOST:PORT or smtps://USER@HOST:PORT; user and port may be left out";
/// What is accepted as an address of a person.
pub(super) const MAILBOX: &str = "an address such as alerts@example.com or \"Phone service <alerts@example.com>\"";

/// Whether a host is this machine for certain: no name but `localhost` is.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || IpAddr::from_str(bare).is_ok_and(|address| address.is_loopback())
}

/// Where the API answers: https, or http to this machine.
pub(super) fn api_url(section: &Section<'_>, text: &str) -> Option<String> {
    let accepted = "https://…; http only to loopback";
    let secretly = |what: &str| {
        section.problem_without_value("url", what, accepted);
        None
    };
    let Ok(url) = reqwest::Url::parse(text.trim()) else {
        // What cannot be read cannot be searched for a password either.
        return if text.contains('@') {
            secretly("is not a URL")
        } else {
            refuse(section, "url", "is not a URL", accepted)
        };
    };
    if !url.username().is_empty() || url.password().is_some() {
        return secretly("has a user or password in it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return secretly("has a query or fragment in it");
    }
    let loopback = url.host_str().is_some_and(is_loopback);
    match url.scheme() {
        "https" | "http" if url.host_str().is_none() => refuse(section, "url", "has no host", accepted),
        "http" if !loopback => refuse(section, "url", "is not encrypted", accepted),
        "https" | "http" => Some(text.trim().to_owned()),
        _ => refuse(section, "url", "is no web address", accepted),
    }
}

/// A mail server as its URL names it.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub username: Option<String>,
}

/// The mail server that a URL names.
pub(super) fn smtp_url(section: &Section<'_>, text: &str) -> Option<Server> {
    let secretly = |what: &str, accepted: &str| {
        section.problem_without_value("url", what, accepted);
        None
    };
    let Ok(url) = reqwest::Url::parse(text.trim()) else {
        return secretly("is not a URL", SMTP_URL);
    };
    if url.password().is_some() {
        return secretly("has a password in it", "the password in password_file or password");
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return refuse(section, "url", "has no host", SMTP_URL);
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return refuse(section, "url", "has more than user, host and port", SMTP_URL);
    }
    let loopback = is_loopback(host);
    // The ports of submission; a server on the same machine takes mail on the one for servers.
    let (tls, port) = match url.scheme() {
        "smtps" => (SmtpTls::Tls, 465),
        "smtp" if loopback => (SmtpTls::OpportunisticLoopback, 25),
        "smtp" => (SmtpTls::Starttls, 587),
        _ => return refuse(section, "url", "is not a mail server", SMTP_URL),
    };
    let port = url.port().unwrap_or(port);
    if port == 0 {
        return refuse(section, "url", "has port 0", "a port from 1 to 65535");
    }
    let Some(username) = percent_decoded(url.username()) else {
        return refuse(section, "url", "has a user that is not UTF-8", SMTP_URL);
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(Server {
        host,
        port,
        tls,
        username: Some(username).filter(|user| !user.is_empty()),
    })
}

/// An address of a person, as written.
pub(super) fn mailbox(section: &Section<'_>, key: &str, text: &str) -> Option<String> {
    match Mailbox::from_str(text.trim()) {
        Ok(_) => Some(text.trim().to_owned()),
        Err(_) => {
            section.refuse_item(key, text, "is not an e-mail address", MAILBOX);
            None
        }
    }
}

/// Where a reader of a mail is sent: a page or an address to write to, as written.
pub(super) fn page_url(section: &Section<'_>, key: &str, text: &str) -> Option<String> {
    let accepted = "https://…, http://… or mailto:ADDRESS, at most 500 characters";
    let Ok(url) = reqwest::Url::parse(text) else {
        return refuse(section, key, "is not a URL", accepted);
    };
    if !url.username().is_empty() || url.password().is_some() {
        section.problem_without_value(key, "has a user or password in it", accepted);
        return None;
    }
    match url.scheme() {
        "https" | "http" | "mailto" => {}
        _ => return refuse(section, key, "is neither a web address nor mailto", accepted),
    }
    let has_target = match url.scheme() {
        // What stands before the question mark is an address.
        "mailto" => Mailbox::from_str(url.path()).is_ok(),
        _ => url.host_str().is_some_and(|host| !host.is_empty()),
    };
    if !has_target {
        return refuse(section, key, "leads nowhere", accepted);
    }
    // One word and no more: it stands on a line of its own, and inside an attribute.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`".contains(c)) || text.len() > 500 {
        return refuse(
            section,
            key,
            "has blanks, quotes or brackets in it, or is too long",
            accepted,
        );
    }
    Some(text.to_owned())
}

/// The file of the store that a URL names.
pub(super) fn store_path(section: &Section<'_>, url: &str) -> Option<PathBuf> {
    let accepted = "sqlite:///PATH/TO/state.db";
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        // Such a URL may hold a password.
        section.problem_without_value("url", "is PostgreSQL, which is not in this version", accepted);
        return None;
    }
    let Some(path) = url.strip_prefix("sqlite:") else {
        section.problem_without_value("url", "is not a store", accepted);
        return None;
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path == ":memory:" || path.is_empty() {
        return refuse(
            section,
            "url",
            "would be forgotten at the end of each command",
            accepted,
        );
    }
    if path.contains(['?', '#']) {
        return refuse(section, "url", "has options in it", accepted);
    }
    if path.ends_with('/') {
        return refuse(section, "url", "is a folder", accepted);
    }
    let Some(path) = percent_decoded(path) else {
        return refuse(section, "url", "is not UTF-8", accepted);
    };
    // A relative path counts from the file that names it, so that daemon and commands mean the same store.
    Some(section.origin_of("url").folder().unwrap_or_default().join(path))
}

/// The text with `%41` read as `A`; `None` when that is not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
