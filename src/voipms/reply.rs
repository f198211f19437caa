//! From an HTTP answer to what a call wants to know. HTTP success proves nothing, and an HTTP error may still hold the
//! API's own words.

use super::answer::{Reader, claims_success};
use super::error::Problem;
use super::question::Question;
use crate::net::{HttpAnswer, Url, header};
use crate::redact::Redactor;

/// Reads the answer to `question`. `secrets` is what must not be shown besides the call's own password.
pub(super) fn read_reply<A>(question: &Question<A>, answer: &HttpAnswer, secrets: &Redactor) -> Result<A, Problem> {
    let (call, expected) = (&question.call, question.expected);
    let with_own = call.password().map(|password| secrets.and(password));
    let reader = Reader {
        secrets: with_own.as_ref().unwrap_or(secrets),
        is_dry_run: call.is_dry_run(),
    };
    // The content type is not looked at: it was never recorded, and other clients ignore it.
    let body = String::from_utf8_lossy(&answer.body);
    match answer.status {
        200 => {
            let opened = reader.open(&body, expected);
            let opened = opened.map_err(|problem| encoded(problem, answer, &reader))?;
            (question.read)(call, opened, &reader)
        }
        // The API succeeds with 200 alone. An answer that is accepted, partial or out of somebody's cache is about something
        // else than what was asked for now.
        201..=299 => Err(match reader.open(&body, expected) {
            Ok(_) => Problem::HttpStatus {
                status: answer.status,
                is_page: false,
                says_success: claims_success(&body),
            },
            Err(problem) => encoded(problem, answer, &reader),
        }),
        300..=399 => Err(Problem::Redirect {
            status: answer.status,
            to: secrets.excerpt(&redirect_host(answer)),
        }),
        status => match reader.open(&body, expected) {
            Err(declined @ Problem::Status { .. }) if status != 429 => Err(declined),
            opened => Err(Problem::HttpStatus {
                status,
                is_page: matches!(opened, Err(Problem::Empty | Problem::Html)),
                says_success: claims_success(&body),
            }),
        },
    }
}

/// An answer that cannot be read because of an encoding that nobody asked for. What was decoded has none any more, and one
/// that is none does no harm.
fn encoded(problem: Problem, answer: &HttpAnswer, reader: &Reader<'_>) -> Problem {
    match (problem, answer.headers.get(header::CONTENT_ENCODING)) {
        (Problem::Malformed { .. }, Some(encoding)) => {
            let name = String::from_utf8_lossy(encoding.as_bytes());
            let what = format!("it is encoded as `{}`", reader.secrets.excerpt(&name)).into();
            Problem::Malformed { what }
        }
        (problem, _) => problem,
    }
}

/// Where a redirect points, without path and query: they may repeat the request's.
fn redirect_host(answer: &HttpAnswer) -> String {
    let location = answer
        .headers
        .get(header::LOCATION)
        .and_then(|location| location.to_str().ok());
    let host = location.and_then(|location| Url::parse(location).ok());
    let host = host.and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
    });
    host.unwrap_or_else(|| "another path".to_owned())
}
