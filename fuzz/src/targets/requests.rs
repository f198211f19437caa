//! Fuzzes the simulator: the reading of requests, and whatever a request then does to its world, with settings, faults and
//! `/sim/` calls in between. It always answers, in the form that its own journal says; sums agree to the last place; the API
//! password is in nothing that it shows.
//!
//! An input is `c` for a cap of three calls a minute or anything else for none, then records with a byte 0xFF between them.
//! A record's first byte says what it is:
//!
//! - `g` a query by GET; `G` the same behind good credentials
//! - `m` a content type, a line break and the body of a POST; `M` the same with good credentials in the query
//! - `e` a query whose parameters are sent as multipart behind good credentials, and must arrive as they were
//! - `o` a method, a line break and a query
//! - `s` NAME=VALUE of a setting; `f` NAME=SHARE of a fault
//! - `x` METHOD PATH, a line break and a body: a call to `/sim/`

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use balancewatch::clock::Clock;
use balancewatch::simulator::fuzzing::{Answer, Request, call, control, params};
use balancewatch::simulator::{Options, Simulator};
use form_urlencoded::{Serializer, parse};
use serde_json::Value;

use super::now;
use crate::canary;
use crate::decimal::hundred_millionths;

/// Most records of one input that are looked at: a bound on the time of a run.
const MOST_RECORDS: usize = 24;

/// Most parameters that a call takes.
const MOST_PARAMS: usize = 1_000;

/// Parameters that are passwords.
const PASSWORDS: [&str; 3] = ["api_password", "password", "confirm_password"];

const USERNAME: &str = "demo@example.com";
const BOUNDARY: &str = "a-boundary-that-nobody-sends";

/// Tries one input.
///
/// # Panics
/// When what must hold does not.
pub fn try_input(data: &[u8]) {
    let [cap, data @ ..] = data else { return };
    if canary::is_spoilt(data) {
        return;
    }
    let mut run = Run::new((*cap == b'c').then_some(3));
    for record in data.split(|byte| *byte == 0xff).take(MOST_RECORDS) {
        if let [kind, rest @ ..] = record {
            run.act(*kind, rest);
        }
    }
    run.check();
}

/// A world, and what it answered.
struct Run {
    simulator: Arc<Simulator>,
    answers: Vec<Answer>,
    /// Whether somebody sent the password under a name that is not one of a password.
    is_given_away: bool,
    /// Whether somebody sent it as a client's password, which getClients answers.
    is_a_clients: bool,
}

impl Run {
    fn new(rate_cap_per_minute: Option<u32>) -> Self {
        let start = now();
        let options = Options {
            clients: 3,
            username: USERNAME.to_owned(),
            password: canary::API.into(),
            rate_cap_per_minute,
            start: Some(start),
            ..Options::default()
        };
        let (clock, _) = Clock::stepped(start);
        Self {
            simulator: Simulator::new(options, clock).expect("the options are good"),
            answers: Vec::new(),
            is_given_away: false,
            is_a_clients: false,
        }
    }

    fn act(&mut self, kind: u8, rest: &[u8]) {
        let text = String::from_utf8_lossy(rest);
        let (line, below) = text.split_once('\n').unwrap_or((&text, ""));
        if asks_the_network(&text) {
            return;
        }
        match kind {
            b'g' => self.get("GET", &text),
            b'G' => self.get("GET", &format!("{}&{text}", credentials())),
            b'o' => self.get(line, &format!("{}&{below}", credentials())),
            b'm' => self.post("", rest),
            b'M' => self.post(credentials(), rest),
            b'e' => self.encoded(&text),
            b's' | b'f' => {
                let (name, value) = text.split_once('=').unwrap_or((&text, ""));
                let done = match kind {
                    b's' => self.simulator.set_setting(name, value),
                    _ => self.simulator.set_fault(name, value),
                };
                if let Err(refused) = done {
                    assert!(!refused.to_string().is_empty(), "refused without a word");
                }
            }
            b'x' => {
                let (method, path) = line.split_once(' ').unwrap_or((line, ""));
                let answer = control(&self.simulator, method, path, below.as_bytes());
                if (method, path, answer.http_status) == ("POST", "reset", 200) {
                    // Nothing was called in the world as it is now.
                    self.answers.clear();
                }
                let body: Result<Value, _> = serde_json::from_slice(&answer.body);
                assert!(body.is_ok(), "/sim/ answered no JSON to {line:?}");
                assert!((200..500).contains(&answer.http_status), "{answer:?} to {line:?}");
            }
            _ => {}
        }
    }

    fn get(&mut self, method: &str, query: &str) {
        let query = planted(query);
        let meant: Vec<(String, String)> = parse(query.as_bytes()).take(MOST_PARAMS).map(owned).collect();
        // What PHP makes of other names is for the tests to say.
        if meant.iter().all(|(name, _)| is_plain(name)) {
            assert_eq!(params(&query, "", b""), meant, "the parameters of {query:?}");
        }
        self.send(Request {
            method,
            query: &query,
            content_type: None,
            has_user_agent: query.len().is_multiple_of(2),
            body: b"",
        });
    }

    fn post(&mut self, query: &str, rest: &[u8]) {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (content_type, body) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
        self.send(Request {
            method: "POST",
            query,
            content_type: Some(content_type),
            has_user_agent: true,
            body,
        });
    }

    /// Sends the parameters of a query as multipart.
    fn encoded(&mut self, query: &str) {
        let is_sendable = |name: &str| is_plain(name) && !name.contains(['"', '\\', ';', '\u{fffd}']);
        let all: Vec<(String, String)> = parse(planted(query).as_bytes())
            .filter(|(name, value)| is_sendable(name) && !value.contains(BOUNDARY))
            .take(MOST_PARAMS / 2)
            .map(owned)
            .collect();
        let mut body = String::new();
        for (name, value) in &all {
            body.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!("--{BOUNDARY}--\r\n"));
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        assert_eq!(
            params("", &content_type, body.as_bytes()),
            all,
            "sent as multipart:\n{body}"
        );
        self.post(credentials(), format!("{content_type}\n{body}").as_bytes());
    }

    fn send(&mut self, request: Request<'_>) {
        let content_type = String::from_utf8_lossy(request.content_type.unwrap_or_default()).into_owned();
        let Some(answer) = call(&self.simulator, request) else {
            return;
        };
        for (name, value) in params(request.query, &content_type, request.body) {
            let is_password = PASSWORDS.contains(&&*name);
            self.is_given_away |= canary::is_seen(&name) || (canary::is_seen(&value) && !is_password);
            self.is_a_clients |= canary::is_seen(&value) && is_password && name != PASSWORDS[0];
        }
        // PATCH and PUT are calls, which a setting takes; whatever else is no GET and no POST is none.
        if answer.http_status != 405 || matches!(request.method, "PATCH" | "PUT") {
            self.answers.push(answer);
        }
    }

    /// What holds in the end.
    fn check(&self) {
        let stats = self.simulator.stats();
        assert_eq!(
            stats["calls"],
            self.answers.len(),
            "calls that were not counted, or not answered"
        );
        let journal = self.simulator.requests();
        let entries = journal.as_array().expect("the journal is a list");
        assert_eq!(entries.len(), self.answers.len(), "calls that were not remembered");
        for (entry, answer) in entries.iter().zip(&self.answers) {
            check_answer(entry, answer);
            let body = String::from_utf8_lossy(&answer.body);
            let may_be_seen = self.is_given_away || self.is_a_clients;
            assert!(
                may_be_seen || !canary::is_seen(&body),
                "the API password is answered: {body}"
            );
        }
        if !self.is_given_away {
            assert!(
                !canary::is_seen(&journal.to_string()),
                "the journal shows a password: {journal}"
            );
        }
        for id in self.simulator.client_ids() {
            let client = self.simulator.client(&id).expect("a client that is listed");
            let term = |name: &str| amount(client[name].as_str().expect("an amount is a text"));
            let moved = term("paid") + term("adjusted") - term("charged") - term("spent");
            assert_eq!(term("opening_balance") + moved, term("balance"), "{client}");
        }
    }
}

/// Beside an answer its own line of the journal.
fn check_answer(entry: &Value, answer: &Answer) {
    assert_eq!(entry["http_status"], answer.http_status);
    let status = entry["status"].as_str().expect("a status, or nothing");
    let is_cut = matches!(entry["fault"].as_str(), Some("truncated" | "empty"));
    let is_page = answer.body.starts_with(b"<") || answer.http_status == 405;
    assert_eq!(is_page && status.is_empty(), is_page, "a page with a status: {entry}");
    // A write may succeed with an empty body, which is a setting; a reset has none that matters.
    if is_page || is_cut || answer.reset || (answer.body.is_empty() && status == "success") {
        return;
    }
    assert_eq!(answer.http_status, 200, "{entry}");
    assert!(answer.body.is_ascii(), "PHP escapes what is not ASCII");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|error| {
        panic!("no JSON ({error}): {}", String::from_utf8_lossy(&answer.body));
    });
    let said = match &body["status"] {
        Value::String(said) => said,
        Value::Null => "null",
        Value::Array(one) => one[0].as_str().expect("a status in a list"),
        other => panic!("a status that is {other}"),
    };
    // Multipart switched off answers at the door, where no status is noted.
    assert!(
        said == status || (status.is_empty() && said == "missing_method"),
        "{said} beside {entry}"
    );
}

fn amount(text: &str) -> i128 {
    hundred_millionths(text).expect("a text that is an amount")
}

/// The parameters that every good call has.
fn credentials() -> &'static str {
    static QUERY: OnceLock<String> = OnceLock::new();
    QUERY.get_or_init(encoded_credentials)
}

fn encoded_credentials() -> String {
    Serializer::new(String::new())
        .append_pair("api_username", USERNAME)
        .append_pair("api_password", canary::API)
        .finish()
}

/// Whether a record would have names of hosts looked up: that setting takes them beside addresses.
fn asks_the_network(text: &str) -> bool {
    let is_name = |text: &str| text.contains(|char: char| char.is_alphabetic() || char == '\\');
    text.split("allowed-addresses").skip(1).any(is_name)
}

/// Whether a name is registered as it stands.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(|char: char| char.is_whitespace() || char.is_control() || "[.".contains(char))
}

fn owned((name, value): (Cow<'_, str>, Cow<'_, str>)) -> (String, String) {
    (name.into_owned(), value.into_owned())
}

/// The query with the password where one is sent.
fn planted(query: &str) -> String {
    if !query.contains('\u{1}') {
        return query.to_owned();
    }
    let form = &canary::forms(canary::API)[1];
    query.replace("password=\u{1}", &format!("password={form}"))
}
