//! Fuzzes the client's reader of API answers (`voipms`): every function's reading of any body under any HTTP status. What is
//! taken must be in the answer, digit by digit; what is refused must say so briefly and without anybody's password.
//!
//! An input is a letter for the function (`a` is the first of `QUESTIONS`), one for the HTTP status (`a` is 200), and the
//! body; for a redirect the body's first line is where it points. The control characters 1 to 8 and 11 stand for passwords
//! (see `canary`).

use std::sync::OnceLock;

use balancewatch::net::HttpAnswer;
use balancewatch::net::header::{HeaderMap, HeaderValue, LOCATION};
use balancewatch::voipms::fuzzing::{Answer, QUESTIONS, Question, Reading};
use balancewatch::voipms::{CallError, Class, Function};

use crate::canary;
use crate::wire;

mod taken;

/// Whom questions about one client are about.
const CLIENT: &str = "561115";

const STATUSES: [u16; 16] = [
    200, 201, 204, 301, 302, 400, 401, 403, 404, 408, 414, 429, 500, 502, 503, 100,
];

/// Most characters of a failure's whole text: two excerpts with every character escaped, and words.
const LONGEST_TEXT: usize = 3_000;

/// Tries one input.
///
/// # Panics
/// When what must hold does not.
pub fn try_input(data: &[u8]) {
    let [question, status, input @ ..] = data else { return };
    if canary::is_spoilt(input) {
        return;
    }
    let question = QUESTIONS[letter(*question) % QUESTIONS.len()];
    let answer = answer(question, STATUSES[letter(*status) % STATUSES.len()], input);
    match reading().read(question, &answer) {
        Ok(read) => check(question, &answer, &read),
        Err(error) => check_error(question, &answer, &error),
    }
}

fn letter(byte: u8) -> usize {
    usize::from(byte.wrapping_sub(b'a'))
}

fn reading() -> &'static Reading {
    static READING: OnceLock<Reading> = OnceLock::new();
    READING.get_or_init(|| Reading::new(CLIENT, canary::API, canary::PORTAL).expect("the id is one"))
}

/// The answer with passwords where they may stand: the API's own anywhere, a client's where a record has it.
fn answer(question: Question, status: u16, input: &[u8]) -> HttpAnswer {
    let has_records = has_records(question);
    let mut headers = HeaderMap::new();
    if (300..400).contains(&status) {
        let line = input.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // The host is not the server's to choose from what it was sent; path and query are.
        let line = canary::planted(line, |before| before.contains(&b'?').then_some(canary::API));
        if let Ok(location) = HeaderValue::from_bytes(&line) {
            headers.insert(LOCATION, location);
        }
    }
    let fits = |before: &[u8]| match question {
        // In a record where it stands, in a page anything that was sent.
        _ if has_records && before.ends_with(b"\"password\":\"") => Some(canary::PORTAL),
        _ if has_records => before.trim_ascii_start().starts_with(b"<").then_some(canary::API),
        Question::Of(Function::SetClient | Function::SignupClient) => Some(canary::PORTAL),
        _ => Some(canary::API),
    };
    let body = canary::planted(input, fits);
    HttpAnswer { status, headers, body }
}

/// Whether the answer is of records, in which clients' passwords stand.
fn has_records(question: Question) -> bool {
    matches!(
        question,
        Question::Of(Function::GetClients) | Question::Record | Question::RawClients
    )
}

/// What holds for every failure.
fn check_error(question: Question, answer: &HttpAnswer, failure: &CallError) {
    let error = failure.error();
    let shown = failure.to_string();
    for text in [
        &*shown,
        &format!("{failure:?}"),
        &error.kind().as_str(),
        error.code().unwrap_or_default(),
    ] {
        assert!(!canary::is_seen(text), "a password is shown: {text}");
    }
    assert!(
        !shown.contains(char::is_control),
        "control characters are shown: {shown:?}"
    );
    assert!(shown.chars().count() <= LONGEST_TEXT, "a long text: {shown}");
    assert!(
        !error.kind().as_str().is_empty() && !error.kind().as_str().contains(char::is_control),
        "no word for {error:?}"
    );
    assert!(
        answer.status != 429 || error.is_limit(),
        "too many requests, and no limit: {error:?}"
    );
    if error.may_have_taken_effect() {
        assert!(
            !error.is_auth(),
            "an unknown outcome of a call that was not let in: {error:?}"
        );
    }
    assert_eq!(failure.find_out().is_some(), error.may_have_taken_effect());
    if is_write(question) && said(answer).is_some_and(|status| status.eq_ignore_ascii_case("success")) {
        assert!(
            failure.find_out().is_some(),
            "success was said, and yet it surely was not done: {failure:?}"
        );
    }
    if error.is_limit() || error.is_auth() || error.is_absent_client() {
        assert!(error.hint().is_some(), "nothing to advise: {error:?}");
    }
    assert!(
        !error.is_limit() || error.is_transient(),
        "a limit that never ends: {error:?}"
    );
}

fn is_write(question: Question) -> bool {
    match question {
        Question::Of(function) => function.class() != Class::Read,
        Question::DryRun => true,
        Question::Record | Question::RawClients => false,
    }
}

/// The status of an answer; `None` when it has none.
fn said(answer: &HttpAnswer) -> Option<String> {
    let body = String::from_utf8_lossy(&answer.body);
    let text = body.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
    wire::scalar(&wire::object(text)?, "status")
}

/// What holds for every answer that is taken.
fn check(question: Question, answer: &HttpAnswer, read: &Answer) {
    assert!(
        (200..300).contains(&answer.status),
        "HTTP {} was taken for success",
        answer.status
    );
    let body = String::from_utf8_lossy(&answer.body);
    let text = body.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
    let object = wire::object(text).expect("what is no JSON object cannot be a success");
    let status = wire::scalar(&object, "status").expect("without a status nothing is a success");
    let success = match question {
        Question::DryRun => "success_test",
        _ => "success",
    };
    let is_success = status.eq_ignore_ascii_case(success);
    let is_nothing = status.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("no_"));
    assert!(
        is_success || (is_nothing && is_list(question)),
        "{question:?} was taken from `{status}`"
    );
    // An answer that repeats the API password is read with `***` in its place, and is not what was sent.
    let is_plain = has_records(question) || !canary::is_seen(text);
    if is_plain && !wire::repeats_a_key(text) {
        taken::check(question, &object, read);
    }
    if let Answer::Raw(raw) = read {
        assert_eq!(raw.status(), status);
    }
    if matches!(question, Question::Of(Function::GetClients) | Question::Record) {
        assert!(
            !canary::is_seen(&format!("{read:?}")),
            "a client's password is printable"
        );
    }
}

/// Whether a status may say that there is nothing.
fn is_list(question: Question) -> bool {
    use Function::{
        GetBalanceManagement, GetCharges, GetClientPackages, GetClients, GetCountries, GetDeposits, GetPackages,
        GetStates,
    };
    match question {
        Question::Of(function) => matches!(
            function,
            GetBalanceManagement
                | GetCharges
                | GetClientPackages
                | GetClients
                | GetCountries
                | GetDeposits
                | GetPackages
                | GetStates
        ),
        Question::RawClients => true,
        Question::Record | Question::DryRun => false,
    }
}
