//! The mails that the demo's own mail server caught. Reads files and changes none; where nothing is caught there is no such page.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::layout::{Html, Shell, Visitor};
use crate::mail_catcher::unquoted;
use crate::view::words::clean;
use crate::web::Site;
use crate::web::answer::Refused;

/// The newest are listed. A demo that runs for days catches more than anybody reads.
const MOST: usize = 200;

/// So much of a mail is read for the list, and as much again of one that is opened as any of this program's is long.
const HEAD_BYTES: u64 = 8 << 10;
const MAIL_BYTES: u64 = 1 << 20;

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/mails", get(list))
        .route("/mails/{number}", get(open))
}

#[derive(Template)]
#[template(path = "mails.html")]
struct Mails {
    shell: Shell,
    mails: Vec<Mail>,
}

struct Mail {
    number: String,
    to: String,
    subject: String,
}

async fn list(visitor: Visitor, State(site): State<Arc<Site>>) -> Result<Html<Mails>, Refused> {
    let folder = site.mails.as_deref().ok_or_else(nothing)?;
    let mails = names(folder)?.into_iter().rev().take(MOST);
    let mails = mails.filter_map(|file| {
        let head = text(&folder.join(&file), HEAD_BYTES).ok()?;
        let header = |name| clean(&words(&header(&head, name))).into_owned();
        Some(Mail {
            to: header("To"),
            subject: header("Subject"),
            number: number(&file).to_owned(),
        })
    });
    Ok(Html(Mails {
        mails: mails.collect(),
        shell: site.shell(visitor, "", "Mails"),
    }))
}

/// A mail as people read it, as plain text.
async fn open(
    extract::Path(wanted): extract::Path<String>,
    State(site): State<Arc<Site>>,
) -> Result<Response, Refused> {
    let folder = site.mails.as_deref().ok_or_else(nothing)?;
    // A name that is in the folder leads nowhere else.
    let name = names(folder)?.into_iter().find(|name| number(name) == wanted);
    let text = text(&folder.join(name.ok_or_else(nothing)?), MAIL_BYTES).map_err(unreadable)?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], readable(&text)).into_response())
}

/// The names of the mails, in the order in which they were caught.
fn names(folder: &Path) -> Result<Vec<String>, Refused> {
    let files = std::fs::read_dir(folder).map_err(unreadable)?;
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".eml")).collect();
    names.sort_unstable();
    Ok(names)
}

/// The beginning of a file's name, `NNNN-recipient.eml`: the number of the mail.
fn number(name: &str) -> &str {
    name.split('-').next().unwrap_or_default()
}

fn text(file: &Path, most: u64) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first header of this name, its lines joined; empty when there is none.
fn header(head: &str, name: &str) -> String {
    let head = head.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let found = head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    found.unwrap_or_default()
}

/// Head and text of a mail of this program: what stands before its other form for mail programs, decoded.
fn readable(mail: &str) -> String {
    let end = mail
        .find("\r\nContent-Type: text/html")
        .and_then(|html| mail[..html].rfind("\r\n--"));
    let mail = &mail[..end.unwrap_or(mail.len())];
    let (head, body) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    format!("{}\n\n{}", words(head), unquoted(body)).replace("\r\n", "\n")
}

/// Resolves encoded words (RFC 2047) in the one form that this program's mails have.
fn words(text: &str) -> String {
    let mut parts = text.split("=?utf-8?b?");
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let word = part.split_once("?=");
        let bytes = word.and_then(|(word, rest)| Some((BASE64_STANDARD.decode(word).ok()?, rest)));
        match bytes {
            Some((bytes, rest)) => decoded.extend([&*String::from_utf8_lossy(&bytes), rest]),
            None => decoded.extend(["=?utf-8?b?", part]),
        }
    }
    decoded
}

fn nothing() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "there is no such mail")
        .hint("`balancewatch demo` shows what it sent at /mails")
}

fn unreadable(error: std::io::Error) -> Refused {
    Refused::new(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("the mails cannot be read: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::{readable, unquoted, words};

    #[test]
    fn a_mail_is_read_as_people_read_it() {
        let mail = "To: =?utf-8?b?V2Vpw58=?= <a@example.com>\r\nSubject: low\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
                    Wei=C3=9F has 8=\r\n.20 USD\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>8.20</b>\r\n--b--";
        let expected = "To: Weiß <a@example.com>\nSubject: low\n\n--b\nContent-Type: text/plain\n\nWeiß has 8.20 USD";
        assert_eq!(readable(mail), expected);
        for (text, expected) in [("a=b", "a=b"), ("=", "="), ("=ß", "=ß"), ("=3", "=3"), ("=3D=", "==")] {
            assert_eq!(unquoted(text), expected);
        }
        for text in ["=?utf-8?b?", "=?utf-8?b?%%?=", "=?utf-8?q?x?="] {
            assert_eq!(words(text), text);
        }
    }
}
