//! Answers of the API that are odd in one way each, over real HTTP: which guard stops the change, and that the client's record is
//! what it was. A proxy between the program and the simulator garbles what goes by.
//!
//! What no guard can tell, and no row is about: a balance that is wrong by less than a tenth or a dollar, or whose spending is
//! wrong in the same way, in every reading; one that is lower by just what the client was charged earlier that day; an edit in the
//! portal between the last read and the write; a record whose read-back is a lie that repeats what was sent; a password that is
//! shown wrong, but looks like one and is nobody else's; HARD that the API has written down and the switch does not follow (told
//! later, by `enforcement-without-effect`).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Stage, but_management};

/// A call on its way.
struct Call {
    /// The function.
    name: String,
    /// Whether it is about one client.
    is_of_one: bool,
    /// Which call of its kind it is, from 1 on.
    nth: u32,
    /// Whether a change went by before.
    is_after_write: bool,
}

/// An answer on its way back.
struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    fn edit(&mut self, edit: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_str(&self.body).unwrap();
        edit(&mut value);
        self.body = value.to_string();
    }

    fn says(&mut self, status: &str) {
        self.body = json!({ "status": status }).to_string();
    }

    fn is_html(&mut self, status: u16) {
        self.status = status;
        self.body = "<html><body>Sorry</body></html>".to_owned();
    }

    /// Sets a field of the only record.
    fn record(&mut self, field: &str, value: Value) {
        self.edit(|answer| answer["clients"][0][field] = value);
    }
}

type Garble = fn(&Call, &mut Answer);

/// Who garbles what goes by.
pub(super) struct Garbler {
    garble: Garble,
    /// Changes do not arrive.
    swallows: bool,
}

struct Way {
    to: String,
    garbler: Garbler,
    web: reqwest::Client,
    counts: Mutex<BTreeMap<(String, bool), u32>>,
}

impl Garbler {
    /// Stands between the program and the API.
    #[expect(clippy::disallowed_methods, reason = "whoever stands between needs no deadlines")]
    pub(super) async fn before(self, to: String, serving: &mut JoinSet<()>) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/api/v1/rest.php", listener.local_addr().unwrap());
        // Another test of the same process may have done so.
        rustls::crypto::ring::default_provider().install_default().ok();
        let way = Way {
            to,
            garbler: self,
            web: reqwest::Client::new(),
            counts: Mutex::default(),
        };
        let router = Router::new().fallback(pass).with_state(Arc::new(way));
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }
}

/// The value of a field of a form.
fn field<'b>(body: &'b str, name: &str) -> Option<&'b str> {
    let (_, rest) = body.split_once(&format!("name=\"{name}\""))?;
    let (_, rest) = rest.split_once("\r\n\r\n")?;
    rest.split("\r\n").next()
}

async fn pass(State(way): State<Arc<Way>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let name = field(&text, "method").unwrap_or_default().to_owned();
    let is_of_one = field(&text, "client").is_some();
    let (nth, is_after_write) = {
        let mut counts = way.counts.lock().unwrap();
        let is_after_write = counts.contains_key(&("setClient".to_owned(), true));
        let count = counts.entry((name.clone(), is_of_one)).or_default();
        *count += 1;
        (*count, is_after_write)
    };
    let mut answer = Answer {
        status: 200,
        body: json!({ "status": "success" }).to_string(),
    };
    if !(way.garbler.swallows && name == "setClient") {
        let forwarded = way
            .web
            .post(&way.to)
            .header(CONTENT_TYPE, &headers[CONTENT_TYPE])
            .body(body);
        let got = forwarded.send().await.unwrap();
        answer.status = got.status().as_u16();
        answer.body = got.text().await.unwrap();
    }
    let call = Call {
        name,
        is_of_one,
        nth,
        is_after_write,
    };
    (way.garbler.garble)(&call, &mut answer);
    (
        StatusCode::from_u16(answer.status).unwrap(),
        [(CONTENT_TYPE, "application/json")],
        answer.body,
    )
        .into_response()
}

/// A row: what is odd, who garbles how, which guard stops it (the word of the enforcement's state, or `verified`), and whether
/// the brake is on then.
type Row = (&'static str, Garble, &'static str, bool);

/// Garbles every answer of one function.
macro_rules! every {
    ($name:literal, $answer:ident => if_last($call:ident, $same:ident, $edit:expr)) => {
        |$call: &Call, $answer: &mut Answer| {
            if $call.name == $name {
                if_last($call, $answer, $edit);
            }
        }
    };
    ($name:literal, $answer:ident => $edit:expr) => {
        |call: &Call, $answer: &mut Answer| {
            if call.name == $name {
                $edit;
            }
        }
    };
}

/// Garbles the record that is read for the last time before a change.
macro_rules! last_read {
    ($answer:ident => $edit:expr) => {
        |call: &Call, $answer: &mut Answer| {
            if call.name == "getClients" && call.is_of_one && !call.is_after_write {
                $edit;
            }
        }
    };
}

/// Garbles the record that is read after a change.
macro_rules! read_back {
    ($answer:ident => $edit:expr) => {
        |call: &Call, $answer: &mut Answer| {
            if call.name == "getClients" && call.is_of_one && call.is_after_write {
                $edit;
            }
        }
    };
}

/// Garbles the list of all clients that is read for their passwords, and not the one of the inventory.
macro_rules! list {
    ($answer:ident => $edit:expr) => {
        |call: &Call, $answer: &mut Answer| {
            if call.name == "getClients" && !call.is_of_one && call.nth > 2 {
                $edit;
            }
        }
    };
}

fn halve(answer: &mut Answer) {
    let half = answer.body.len() / 2;
    answer.body.truncate(half);
}

/// What the program reads before it changes anything.
const BEFORE: &[Row] = &[
    (
        "balance: not available",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.says("unavailable"))),
        "unreadable",
        false,
    ),
    (
        "balance: no such client",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.says("invalid_client"))),
        "unreadable",
        false,
    ),
    (
        "balance: a status that nobody knows",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.says("so_so"))),
        "unreadable",
        false,
    ),
    (
        "balance: a page",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.is_html(200))),
        "unreadable",
        false,
    ),
    (
        "balance: a page of an error",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.is_html(503))),
        "unreadable",
        false,
    ),
    (
        "balance: a good answer of a broken server",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.status = 500)),
        "unreadable",
        false,
    ),
    (
        "balance: half an answer",
        every!("getResellerBalance", answer => if_last(call, answer, halve)),
        "unreadable",
        false,
    ),
    (
        "balance: no answer",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.body.clear())),
        "unreadable",
        false,
    ),
    (
        "balance: a success without one",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.says("success"))),
        "unreadable",
        false,
    ),
    (
        "balance: words",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| balance(answer, json!("much")))),
        "unreadable",
        false,
    ),
    (
        "balance: null",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| balance(answer, json!(null)))),
        "unreadable",
        false,
    ),
    (
        "balance: a list",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| balance(answer, json!([0])))),
        "unreadable",
        false,
    ),
    (
        "balance: without end",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| balance(answer, json!("-1e999")))),
        "unreadable",
        false,
    ),
    (
        "balance: twice",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| answer.body = answer.body.replacen("\"current_balance\"", "\"current_balance\":\"5\",\"current_balance\"", 1))),
        "unreadable",
        false,
    ),
    (
        "balance: good again",
        every!("getResellerBalance", answer => if_last(call, answer, |answer| balance(answer, json!("5.00")))),
        "not-in-breach",
        false,
    ),
    (
        "threshold: a page",
        every!("getClientThreshold", answer => answer.is_html(200)),
        "unreadable",
        false,
    ),
    (
        "threshold: words",
        every!("getClientThreshold", answer => answer.edit(|answer| answer["threshold_information"]["threshold"] = json!("low"))),
        "unreadable",
        false,
    ),
    (
        "threshold: none",
        every!("getClientThreshold", answer => answer.says("success")),
        "unreadable",
        false,
    ),
    (
        "codes: a page",
        every!("getBalanceManagement", answer => answer.is_html(200)),
        "unreadable",
        false,
    ),
    (
        "codes: not available",
        every!("getBalanceManagement", answer => answer.says("unavailable")),
        "unreadable",
        false,
    ),
    (
        "codes: none",
        every!("getBalanceManagement", answer => codes(answer, json!([]))),
        "not-listed",
        false,
    ),
    (
        "codes: without HARD",
        every!("getBalanceManagement", answer => codes(answer, json!([{"value": "2", "description": "Soft"}]))),
        "not-listed",
        false,
    ),
    (
        "codes: HARD twice",
        every!("getBalanceManagement", answer => codes(answer, json!([{"value": "1", "description": "Hard"}, {"value": "3", "description": "Hard"}]))),
        "not-listed",
        false,
    ),
    (
        "codes: one code for both",
        every!("getBalanceManagement", answer => codes(answer, json!([{"value": "1", "description": "Hard"}, {"value": "1", "description": "Soft"}]))),
        "not-listed",
        false,
    ),
    (
        "codes: in another language",
        every!("getBalanceManagement", answer => codes(answer, json!([{"value": "1", "description": "Duro"}, {"value": "2", "description": "Suave"}]))),
        "not-listed",
        false,
    ),
    (
        "codes: an empty one",
        every!("getBalanceManagement", answer => codes(answer, json!([{"value": "", "description": "Hard"}]))),
        "unreadable",
        false,
    ),
    (
        "countries: a page",
        every!("getCountries", answer => answer.is_html(200)),
        "unreadable",
        false,
    ),
    (
        "countries: none",
        every!("getCountries", answer => countries(answer, json!([]))),
        "unknown-country",
        false,
    ),
    (
        "countries: without ours",
        every!("getCountries", answer => countries(answer, json!([{"value": "FR", "description": "FRANCE"}]))),
        "unknown-country",
        false,
    ),
    (
        "countries: ours under two codes",
        every!("getCountries", answer => answer.edit(twice)),
        "unknown-country",
        false,
    ),
    (
        "list: without the client",
        list!(answer => answer.edit(|answer| { answer["clients"].as_array_mut().unwrap().remove(0); })),
        "unreadable",
        false,
    ),
    (
        "list: nobody",
        list!(answer => answer.says("no_client")),
        "unreadable",
        false,
    ),
    (
        "list: a page",
        list!(answer => answer.is_html(502)),
        "unreadable",
        false,
    ),
    ("list: half", list!(answer => halve(answer)), "unreadable", false),
    (
        "list: one password for all",
        |call, answer| {
            if call.name == "getClients" && !call.is_after_write {
                answer.edit(|answer| {
                    answer["clients"]
                        .as_array_mut()
                        .unwrap()
                        .iter_mut()
                        .for_each(|client| client["password"] = json!("Ask support"))
                });
            }
        },
        "password-shared",
        false,
    ),
    (
        "record: a page",
        last_read!(answer => answer.is_html(200)),
        "unreadable",
        false,
    ),
    ("record: half", last_read!(answer => halve(answer)), "unreadable", false),
    (
        "record: no such client",
        last_read!(answer => answer.says("invalid_client")),
        "unreadable",
        false,
    ),
    (
        "record: nobody",
        last_read!(answer => answer.edit(|answer| answer["clients"] = json!([]))),
        "unreadable",
        false,
    ),
    (
        "record: another client's",
        last_read!(answer => answer.record("client", json!("999999"))),
        "wrong-record",
        false,
    ),
    (
        "record: two",
        last_read!(answer => answer.edit(|answer| { let one = answer["clients"][0].clone(); answer["clients"].as_array_mut().unwrap().push(one); })),
        "bad-record",
        false,
    ),
    (
        "record: a field is missing",
        last_read!(answer => answer.edit(|answer| { answer["clients"][0].as_object_mut().unwrap().remove("zip"); })),
        "bad-record",
        false,
    ),
    (
        "record: a field is a list",
        last_read!(answer => answer.record("city", json!(["a"]))),
        "bad-record",
        false,
    ),
    (
        "record: garbled letters",
        last_read!(answer => answer.record("city", json!("MONTR\u{fffd}AL"))),
        "bad-record",
        false,
    ),
    (
        "record: no password",
        last_read!(answer => answer.record("password", json!(""))),
        "password-empty",
        false,
    ),
    (
        "record: a password that is null",
        last_read!(answer => answer.record("password", json!(null))),
        "password-empty",
        false,
    ),
    (
        "record: a mask",
        last_read!(answer => answer.record("password", json!("********"))),
        "password-masked",
        false,
    ),
    (
        "record: a word for a mask",
        last_read!(answer => answer.record("password", json!("[hidden]"))),
        "password-masked",
        false,
    ),
    (
        "record: dots for a mask",
        last_read!(answer => answer.record("password", json!("jo•••••"))),
        "password-masked",
        false,
    ),
    (
        "record: MD5",
        last_read!(answer => answer.record("password", json!("5f4dcc3b5aa765d61d8327deb882cf99"))),
        "password-hashed",
        false,
    ),
    (
        "record: bcrypt",
        last_read!(answer => answer.record("password", json!("$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"))),
        "password-hashed",
        false,
    ),
    (
        "record: the zip as a number",
        last_read!(answer => answer.record("zip", json!(2134))),
        "edited-recently",
        false,
    ),
    (
        "record: a field that nobody knows",
        last_read!(answer => answer.record("credit_limit", json!("5"))),
        "unknown-field",
        false,
    ),
    (
        "record: no e-mail",
        last_read!(answer => answer.record("email", json!(""))),
        "edited-recently",
        false,
    ),
    (
        "record: a country that nobody knows",
        last_read!(answer => answer.record("country", json!("ATLANTIS"))),
        "edited-recently",
        false,
    ),
    (
        "record: HARD already",
        last_read!(answer => answer.record("balance_management", json!("1"))),
        "already",
        false,
    ),
    (
        "record: another phone number",
        last_read!(answer => answer.record("phone_number", json!("5550000000"))),
        "edited-recently",
        false,
    ),
    (
        "record: other blanks",
        last_read!(answer => answer.record("company", json!(" Ü & Söhne \"Ltd\" <x>"))),
        "edited-recently",
        false,
    ),
];

/// What comes of the write, and what is read afterwards. The change arrived, or may have.
const AFTER: &[Row] = &[
    ("nothing is odd", |_, _| {}, "verified", false),
    (
        "write: a page of an error",
        every!("setClient", answer => answer.is_html(502)),
        "sent",
        false,
    ),
    (
        "write: no answer",
        every!("setClient", answer => answer.body.clear()),
        "sent",
        false,
    ),
    (
        "write: half an answer",
        every!("setClient", answer => halve(answer)),
        "sent",
        false,
    ),
    (
        "write: a no that was a yes",
        every!("setClient", answer => answer.says("used_password")),
        "read-back",
        true,
    ),
    (
        "write: a word that nobody knows, and it was done",
        every!("setClient", answer => answer.says("so_so")),
        "read-back",
        true,
    ),
    (
        "read back: a page",
        read_back!(answer => answer.is_html(200)),
        "sent",
        false,
    ),
    ("read back: half", read_back!(answer => halve(answer)), "sent", false),
    (
        "read back: another client's",
        read_back!(answer => answer.record("client", json!("999999"))),
        "sent",
        false,
    ),
    (
        "read back: no such client",
        read_back!(answer => answer.says("invalid_client")),
        "sent",
        false,
    ),
    (
        "read back: the old value",
        read_back!(answer => answer.record("balance_management", json!("2"))),
        "read-back",
        true,
    ),
    (
        "read back: a field is gone",
        read_back!(answer => answer.record("company", json!(""))),
        "read-back",
        true,
    ),
    (
        "read back: other letters",
        read_back!(answer => answer.record("city", json!("MONTREAL"))),
        "read-back",
        true,
    ),
    (
        "read back: a zero is gone",
        read_back!(answer => answer.record("zip", json!("2134"))),
        "read-back",
        true,
    ),
    (
        "read back: another password",
        read_back!(answer => answer.record("password", json!("other"))),
        "read-back",
        true,
    ),
    (
        "read back: another country",
        read_back!(answer => answer.record("country", json!("FRANCE"))),
        "read-back",
        true,
    ),
];

/// What is answered to a change that never arrives.
const SWALLOWED: &[Row] = &[
    ("write: a yes, and nothing was done", |_, _| {}, "read-back", true),
    (
        "write: no answer, and nothing was done",
        every!("setClient", answer => answer.body.clear()),
        "sent",
        false,
    ),
    (
        "write: not now",
        every!("setClient", answer => answer.says("method_maintenance")),
        "not-done",
        false,
    ),
    (
        "write: too many calls",
        every!("setClient", answer => answer.says("api_limit_exceeded")),
        "not-done",
        false,
    ),
    (
        "write: a no",
        every!("setClient", answer => answer.says("invalid_email")),
        "declined",
        false,
    ),
    (
        "write: a word that nobody knows",
        every!("setClient", answer => answer.says("so_so")),
        "declined",
        false,
    ),
];

/// Garbles the balance that is read right before a change: three were read for the sweep.
fn if_last(call: &Call, answer: &mut Answer, garble: fn(&mut Answer)) {
    if call.nth > 3 {
        garble(answer);
    }
}

fn balance(answer: &mut Answer, balance: Value) {
    answer.edit(|answer| answer["balance"]["current_balance"] = balance);
}

fn codes(answer: &mut Answer, codes: Value) {
    answer.edit(|answer| answer["balance_management"] = codes);
}

fn countries(answer: &mut Answer, countries: Value) {
    answer.edit(|answer| answer["countries"] = countries);
}

/// Gives each country a second code.
fn twice(answer: &mut Value) {
    let rows = answer["countries"].as_array_mut().unwrap();
    let more: Vec<Value> = rows
        .iter()
        .map(|row| json!({ "value": "ZZ", "description": row["description"] }))
        .collect();
    rows.extend(more);
}

#[tokio::test]
async fn whatever_is_odd_before_a_change_is_stopped_by_its_guard_and_nothing_is_sent() {
    let wrong = try_all(BEFORE, false, |stage| stage.calls("setClient") == 0).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn whatever_is_odd_after_a_change_is_never_taken_for_done() {
    let is = |code: &'static str| move |stage: &Stage| stage.record()["balance_management"] == code;
    let mut wrong = try_all(AFTER, false, is("1")).await;
    wrong.extend(try_all(SWALLOWED, true, is("2")).await);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(BEFORE.len() + AFTER.len() + SWALLOWED.len() > 60);
}

/// What is wrong with each row that is not as expected, a few at a time: most of the time they wait for answers.
async fn try_all(rows: &[Row], swallows: bool, is_well: impl Fn(&Stage) -> bool) -> Vec<String> {
    let tried = stream::iter(rows)
        .map(|row| try_out(row, swallows, &is_well))
        .buffered(8);
    tried.filter_map(std::future::ready).collect().await
}

/// A sweep over a garbled way: whether another guard spoke, or anything else of the record was touched.
async fn try_out(row: &Row, swallows: bool, is_well: &impl Fn(&Stage) -> bool) -> Option<String> {
    let (name, garble, expected, is_braked) = *row;
    let stage = Stage::behind(&[], Some(Garbler { garble, swallows })).await;
    let before = but_management(&stage.record());
    stage.sweep().await;
    let kept = stage.enforcements().await;
    let state = kept.last().map(|kept| kept.state.clone());
    let word = state
        .as_ref()
        .map(|state| state.stopped_by().unwrap_or_else(|| state.label()));
    if (word, stage.is_braked().await) != (Some(expected), is_braked) {
        return Some(format!("{name}: {state:?}, and not {expected}"));
    }
    if but_management(&stage.record()) != before || !is_well(&stage) {
        return Some(format!("{name}: the record is {}", stage.record()));
    }
    None
}
