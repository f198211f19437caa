//! Addresses: of the API, the mail server, people and the store. Each knows which machine is this one, and which part
//! may be a secret and is not shown.
//!
//! Resolves no name and connects to nothing.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use lettre::message::Mailbox;
use reqwest::Url;

use super::problem::{Wrong, wrong};
use super::settings::SmtpTls;

/// Whether a host is this machine for certain: no name but `localhost` is.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || IpAddr::from_str(bare).is_ok_and(|address| address.is_loopback())
}

/// Where the API answers: https, or http to this machine.
pub fn api_url(text: &str) -> Result<String, Wrong> {
    let Ok(url) = Url::parse(text) else {
        // What cannot be read cannot be searched for a password either.
        let wrong = wrong("is not a URL");
        return Err(if text.contains('@') {
            wrong.hiding_value()
        } else {
            wrong
        });
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user or password in it").hiding_value());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or fragment in it").hiding_value());
    }
    let loopback = url.host_str().is_some_and(is_loopback);
    match url.scheme() {
        "https" | "http" if url.host_str().is_none() => Err(wrong("has no host")),
        "http" if !loopback => Err(wrong("is not encrypted")),
        "https" | "http" => Ok(text.to_owned()),
        _ => Err(wrong("is no web address")),
    }
}

/// Where a program is that shows no secret in its address: http or https, without user, query and fragment.
pub fn base_url(text: &str) -> Result<String, Wrong> {
    let url = Url::parse(text).map_err(|_| wrong("is not a URL").hiding_value())?;
    if !url.username().is_empty() || url.password().is_some() {
        let wrong = wrong("has a user or password in it").hiding_value();
        return Err(wrong.accepted("username and password_file"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or fragment in it").hiding_value());
    }
    match url.scheme() {
        "https" | "http" if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(text.to_owned()),
        _ => Err(wrong("is no web address")),
    }
}

/// Where messages are posted. Says what is wrong without the URL: its path is often a secret. `is_internal`: whether it may
/// be unencrypted and lead into a network of one's own.
pub fn post_url(text: &str, is_internal: bool) -> Result<Url, Wrong> {
    let url = Url::parse(text).map_err(|_| wrong("is not a URL").hiding_value())?;
    if url.fragment().is_some() {
        return Err(wrong("has a fragment in it").hiding_value());
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(wrong("has no host").hiding_value());
    };
    match url.scheme() {
        "http" if !is_internal && !is_loopback(host) => Err(wrong("is not encrypted").hiding_value()),
        "https" | "http" => Ok(url),
        _ => Err(wrong("is no web address").hiding_value()),
    }
}

/// A mail server as its URL names it.
pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub username: Option<String>,
}

pub fn smtp_url(text: &str) -> Result<Server, Wrong> {
    let Ok(url) = Url::parse(text) else {
        return Err(wrong("is not a URL").hiding_value());
    };
    if url.password().is_some() {
        let wrong = wrong("has a password in it").hiding_value();
        return Err(wrong.accepted("the password in password_file or password"));
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(wrong("has no host"));
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has more than user, host and port"));
    }
    let loopback = is_loopback(host);
    // The ports of submission; a server on the same machine takes mail on the one for servers.
    let (tls, port) = match url.scheme() {
        "smtps" => (SmtpTls::Tls, 465),
        "smtp" if loopback => (SmtpTls::OpportunisticLoopback, 25),
        "smtp" => (SmtpTls::Starttls, 587),
        _ => return Err(wrong("is not a mail server")),
    };
    let port = url.port().unwrap_or(port);
    if port == 0 {
        return Err(wrong("has port 0").accepted("a port from 1 to 65535"));
    }
    let username = percent_decoded(url.username()).ok_or_else(|| wrong("has a user that is not UTF-8"))?;
    Ok(Server {
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port,
        tls,
        username: Some(username).filter(|user| !user.is_empty()),
    })
}

/// A name that a mail server can be told, or an address in brackets.
pub fn host_name(text: &str) -> Result<String, Wrong> {
    let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let is_good = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        !text.is_empty() && text.len() <= 255 && text.chars().all(fits)
    };
    if literal.map_or_else(|| is_good(text, ".-"), |address| is_good(address, ".:")) {
        return Ok(text.to_owned());
    }
    Err(wrong("is not a host name"))
}

/// An address of a person, as written.
pub fn mailbox(text: &str) -> Result<String, Wrong> {
    match Mailbox::from_str(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(wrong("is not an e-mail address")),
    }
}

/// Where a reader of a mail is sent: a page or an address to write to, as written.
pub fn page_url(text: &str) -> Result<String, Wrong> {
    let url = Url::parse(text).map_err(|_| wrong("is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user or password in it").hiding_value());
    }
    let leads_somewhere = match url.scheme() {
        "https" | "http" => url.host_str().is_some_and(|host| !host.is_empty()),
        // What stands before the question mark is an address.
        "mailto" => Mailbox::from_str(url.path()).is_ok(),
        _ => return Err(wrong("is neither a web address nor mailto")),
    };
    if !leads_somewhere {
        return Err(wrong("leads nowhere"));
    }
    // One word and no more: it stands on a line of its own, and inside an attribute.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`".contains(c)) || text.len() > 500 {
        return Err(wrong("has blanks, quotes or brackets in it, or is too long"));
    }
    Ok(text.to_owned())
}

/// The SQLite file of the store, perhaps relative.
pub fn sqlite_file(text: &str) -> Result<PathBuf, Wrong> {
    if text.starts_with("postgres:") || text.starts_with("postgresql:") {
        // Such a URL may hold a password.
        return Err(wrong("is PostgreSQL, which is not in this version").hiding_value());
    }
    let Some(path) = text.strip_prefix("sqlite:") else {
        return Err(wrong("is not a store").hiding_value());
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path == ":memory:" || path.is_empty() {
        return Err(wrong("would be forgotten at the end of each command"));
    }
    if path.contains(['?', '#']) {
        return Err(wrong("has options in it"));
    }
    if path.ends_with('/') {
        return Err(wrong("is a folder"));
    }
    percent_decoded(path)
        .map(PathBuf::from)
        .ok_or_else(|| wrong("is not UTF-8"))
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
