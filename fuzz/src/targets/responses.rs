//! Fuzzes the client's reader of API answers (`voipms`): every function's reading of any body under any HTTP status. What is
//! taken must be in the answer, digit by digit; what is refused must say so briefly and without anybody's password.
//!
//! An input is a letter for the function (`a` is the first of `QUESTIONS`), one for the HTTP status (`a` is 200), and the
//! body; for a redirect the body's first line is where it points. The control characters 1 to 8 and 11 stand for passwords
//! (see `canary`).

use std::sync::OnceLock;

use balancewatch::domain::{Client, Money};
use balancewatch::net::HttpAnswer;
use balancewatch::net::header::{HeaderMap, HeaderValue, LOCATION};
use balancewatch::voipms::fuzzing::{Answer, QUESTIONS, Question, Reading};
use balancewatch::voipms::{ClientRecord, Entry, OddRow, Package, ResellerBalance, Rows, WriteError};

use crate::canary;
use crate::decimal::{hundred_millionths, plain};
use crate::wire::{self, Object};

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
    let has_records = matches!(question, Question::Clients | Question::Record | Question::RawClients);
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
        Question::SetClient | Question::SignupClient => Some(canary::PORTAL),
        _ => Some(canary::API),
    };
    let body = canary::planted(input, fits);
    HttpAnswer { status, headers, body }
}

/// What holds for every failure.
fn check_error(question: Question, answer: &HttpAnswer, failure: &WriteError) {
    let error = failure.error();
    let shown = failure.to_string();
    for text in [
        &*shown,
        &format!("{failure:?}"),
        error.kind(),
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
        !error.kind().is_empty() && !error.kind().contains(char::is_control),
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
    use Question::{AddCharge, AddPayment, DryRun, SetClient, SetClientThreshold, SignupClient};
    matches!(
        question,
        AddCharge | AddPayment | DryRun | SetClient | SetClientThreshold | SignupClient
    )
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
    let wanted = if question == Question::DryRun {
        "success_test"
    } else {
        "success"
    };
    let is_success = status.eq_ignore_ascii_case(wanted);
    let is_nothing = status.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("no_"));
    match read {
        Answer::Balance(balance) => {
            assert!(is_success, "a balance from `{status}`");
            check_balance(&object, balance);
        }
        Answer::Threshold(threshold) => {
            assert!(is_success, "a threshold from `{status}`");
            let information = one(&object, "threshold_information");
            let amount = information.and_then(|information| amount(&information, "threshold"));
            assert_eq!(
                amount.filter(|amount| *amount > 0).map(plain),
                printed(threshold.threshold)
            );
        }
        Answer::Clients(rows) => {
            assert!(is_success || is_nothing, "clients from `{status}`");
            let all = rows.rows.len() + rows.odd.len();
            assert!(all == 0 || is_success, "{all} clients from `{status}`");
            check_clients(&object, rows);
        }
        Answer::Record(record) => {
            assert!(is_success, "a record from `{status}`");
            check_record(&object, record);
        }
        Answer::BalanceManagement(list) => {
            let pairs = list.iter().map(|row| (row.value.as_str(), row.description.as_str()));
            check_pairs(
                &object,
                ["balance_management", "value"],
                is_success || is_nothing,
                pairs.collect(),
            );
        }
        Answer::Countries(list) => {
            let pairs = list.iter().map(|row| (row.code.as_str(), row.name.as_str()));
            check_pairs(
                &object,
                ["countries", "value"],
                is_success || is_nothing,
                pairs.collect(),
            );
        }
        Answer::States(list) => {
            let pairs = list.rows.iter().map(|row| (row.code.as_str(), row.name.as_str()));
            check_pairs(&object, ["states", "state"], is_success || is_nothing, pairs.collect());
        }
        Answer::ClientPackages(list) => {
            let pairs = list.rows.iter().map(|row| (row.package.as_str(), row.name.as_str()));
            check_pairs(
                &object,
                ["packages", "value"],
                is_success || is_nothing,
                pairs.collect(),
            );
        }
        Answer::Packages(list) => {
            assert!(is_success || is_nothing, "packages from `{status}`");
            check_packages(&object, list);
        }
        Answer::Entries(list) => {
            assert!(is_success || is_nothing, "entries from `{status}`");
            check_entries(
                &object,
                if question == Question::Charges {
                    "charges"
                } else {
                    "deposits"
                },
                list,
            );
        }
        Answer::SignedUp(id) => {
            assert!(is_success, "signed up by `{status}`");
            let told = wire::scalar(&object, "client");
            assert!(
                id.as_ref().is_none_or(|id| told.as_deref() == Some(id.as_str())),
                "{id:?} is not {told:?}"
            );
        }
        Answer::Raw(raw) => {
            assert!(
                is_success || (is_nothing && question == Question::RawClients),
                "`{status}` as a success"
            );
            assert_eq!(raw.status(), status);
        }
        Answer::Done => assert!(is_success, "done by `{status}`"),
    }
    if matches!(question, Question::Clients | Question::Record) {
        assert!(
            !canary::is_seen(&format!("{read:?}")),
            "a client's password is printable"
        );
    }
}

/// The object under a key, or the one in a list of one; `None` when there is nothing.
fn one(object: &Object, key: &str) -> Option<Object> {
    let payload = object.get(key).expect("a success without its payload was taken").get();
    if payload.starts_with('[') {
        let mut rows = wire::list(payload)?;
        assert!(rows.len() <= 1, "one object was taken from a list of {}", rows.len());
        return wire::object(rows.pop()?.get());
    }
    wire::object(payload)
}

/// The rows under a key, when they came as a list; other forms of a list are not looked into.
fn rows(object: &Object, key: &str) -> Option<Vec<Object>> {
    let list = wire::list(object.get(key)?.get())?;
    Some(
        list.iter()
            .map(|row| wire::object(row.get()).unwrap_or_default())
            .collect(),
    )
}

/// What a field's digits are worth; `None` when it holds nothing.
fn amount(object: &Object, key: &str) -> Option<i128> {
    object.get(key)?;
    let text = wire::scalar(object, key).expect("an amount that is no text was taken");
    let text = Some(text).filter(|text| !text.trim().is_empty())?;
    Some(hundred_millionths(&text).expect("a text that is no amount was taken"))
}

fn printed(money: Option<Money>) -> Option<String> {
    money.map(|money| money.to_string())
}

fn check_balance(object: &Object, balance: &ResellerBalance) {
    let fields = one(object, "balance").expect("a balance from no object");
    let expected = |key| amount(&fields, key).map(plain);
    assert_eq!(expected("current_balance"), printed(Some(balance.current_balance)));
    assert_eq!(expected("spent_today"), printed(balance.spent_today));
    assert_eq!(expected("spent_total"), printed(balance.spent_total));
}

fn check_clients(object: &Object, read: &Rows<Client>) {
    for (position, client) in read.rows.iter().enumerate() {
        assert!(
            read.rows[..position].iter().all(|other| other.id != client.id),
            "twice {client:?}"
        );
    }
    for (client, row) in taken(object, ["clients", "client"], &read.rows, &read.odd, |row| {
        row.id.as_str()
    }) {
        let text = |key| wire::scalar(&row, key).unwrap_or_default();
        let told = [
            (&client.email, "email"),
            (&client.company, "company"),
            (&client.firstname, "firstname"),
            (&client.lastname, "lastname"),
            (&client.balance_management, "balance_management"),
        ];
        for (read, key) in told {
            assert_eq!(*read, text(key), "`{key}` of {}", client.id);
        }
    }
}

fn check_record(object: &Object, record: &ClientRecord) {
    assert_eq!(record.client.as_str(), CLIENT, "another client's record");
    let Some(rows) = rows(object, "clients") else { return };
    let mut mine = rows
        .iter()
        .filter(|row| wire::scalar(row, "client").is_some_and(|id| id == CLIENT));
    let (Some(row), None) = (mine.next(), mine.next()) else {
        panic!("not exactly one row is about the client");
    };
    for (key, read) in record.fields() {
        let told = wire::scalar(row, key).expect("a record that is not complete was taken");
        assert_eq!(told, read, "`{key}`");
    }
    assert_eq!(record.to_client().fingerprint, record.fingerprint());
}

/// Pairs of a code and its description under a key; a row without either is left out.
fn check_pairs(object: &Object, [key, code]: [&str; 2], is_good: bool, read: Vec<(&str, &str)>) {
    assert!(is_good, "{read:?} from no success");
    assert!(
        has_rows(object) || read.is_empty(),
        "{read:?} beside a status that says there is nothing"
    );
    let Some(rows) = rows(object, key).filter(|_| has_rows(object)) else {
        return;
    };
    let pair = |row: &Object| {
        let given = |key| {
            let is_null = row.get(key)?.get() == "null";
            wire::scalar(row, key).filter(|_| !is_null)
        };
        Some((
            given(code).filter(|code| !code.trim().is_empty())?,
            given("description")?,
        ))
    };
    let told: Vec<(String, String)> = rows.iter().filter_map(pair).collect();
    let told: Vec<(&str, &str)> = told
        .iter()
        .map(|(code, description)| (&**code, &**description))
        .collect();
    assert_eq!(told, read);
}

/// Whether the status is one with which rows come.
fn has_rows(object: &Object) -> bool {
    wire::scalar(object, "status").is_some_and(|status| status.eq_ignore_ascii_case("success"))
}

/// The rows of a list that were taken, each beside itself in the answer: the only one with its id.
fn taken<'r, T>(
    object: &Object,
    [key, id]: [&str; 2],
    read: &'r [T],
    odd: &[OddRow],
    id_of: impl Fn(&T) -> &str,
) -> Vec<(&'r T, Object)> {
    assert!(
        has_rows(object) || read.is_empty(),
        "rows beside a status that says there are none"
    );
    let Some(mut rows) = rows(object, key).filter(|_| has_rows(object)) else {
        return Vec::new();
    };
    assert_eq!(rows.len(), read.len() + odd.len(), "a row was lost");
    assert!(
        rows.is_empty() || !read.is_empty(),
        "no row can be used, and yet it is a list"
    );
    let mut beside = Vec::new();
    for item in read {
        let is_it = |row: &Object| wire::scalar(row, id).is_some_and(|told| told == id_of(item));
        let mut found = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| is_it(row))
            .map(|(position, _)| position);
        let first = found.next().expect("a row that nobody told of");
        if found.next().is_none() {
            beside.push((item, rows.swap_remove(first)));
        }
    }
    beside
}

fn check_packages(object: &Object, list: &Rows<Package>) {
    for (package, row) in taken(object, ["packages", "package"], &list.rows, &list.odd, |row| {
        &row.package
    }) {
        let amounts = [
            ("markup_fixed", package.markup_fixed),
            ("monthly_fee", package.monthly_fee),
            ("setup_fee", package.setup_fee),
        ];
        for (key, read) in amounts {
            assert_eq!(amount(&row, key).map(plain), printed(read), "`{key}` of {package:?}");
        }
        let markup = package.markup_percentage.map(|markup| markup.to_string());
        assert_eq!(amount(&row, "markup_percentage").map(plain), markup, "{package:?}");
        for (key, read) in [("pulse", package.pulse), ("free_minutes", package.free_minutes)] {
            let whole = read.map(|whole| i128::from(whole) * 100_000_000);
            assert_eq!(amount(&row, key), whole, "`{key}` of {package:?}");
        }
    }
}

fn check_entries(object: &Object, key: &str, list: &Rows<Entry>) {
    let is_sorted = list.rows.is_sorted_by(|one, next| one.date >= next.date);
    assert!(is_sorted, "not the newest first: {:?}", list.rows);
    for (entry, row) in taken(object, [key, "id"], &list.rows, &list.odd, |row| &row.id) {
        assert_eq!(
            amount(&row, "amount").map(plain),
            printed(Some(entry.amount)),
            "{entry:?}"
        );
        assert_eq!(wire::scalar(&row, "description").unwrap_or_default(), entry.description);
        let date = wire::scalar(&row, "date").unwrap_or_default();
        assert!(
            date.trim().starts_with(&entry.date.to_string()),
            "{date:?} read as {}",
            entry.date
        );
    }
}
