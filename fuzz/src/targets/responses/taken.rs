//! Each answer beside what was taken from it: every amount, text and row is there, digit by digit, and none is lost.

use balancewatch::domain::plan::{Field, Read};
use balancewatch::domain::{Client, Money};
use balancewatch::voipms::fuzzing::{Answer, Question};
use balancewatch::voipms::{ClientThreshold, Entry, Function, OddRow, ResellerBalance, Rows};

use super::CLIENT;
use crate::decimal::{hundred_millionths, plain};
use crate::wire::{self, Object};

/// Compares them. The status was looked at already.
pub fn check(question: Question, object: &Object, read: &Answer) {
    match read {
        Answer::Balance(balance) => check_balance(object, balance),
        Answer::Threshold(threshold) => check_threshold(object, threshold),
        Answer::Clients(list) => check_clients(object, list),
        Answer::Record(record) => check_record(object, record),
        Answer::Pairs(list) => {
            let keys = match question {
                Question::Of(Function::GetBalanceManagement) => ["balance_management", "value"],
                Question::Of(Function::GetCountries) => ["countries", "value"],
                Question::Of(Function::GetStates) => ["states", "state"],
                _ => ["packages", "value"],
            };
            let pairs = list.iter().map(|(code, text)| (code.as_str(), text.as_str()));
            check_pairs(object, keys, pairs.collect());
        }
        Answer::Packages(good, odd) => check_packages(object, *good, *odd),
        Answer::Entries(list) if question == Question::Of(Function::GetCharges) => {
            check_entries(object, "charges", list);
        }
        Answer::Entries(list) => check_entries(object, "deposits", list),
        Answer::Address(address) => {
            let told = wire::scalar(object, "ip").expect("an address that is no text was taken");
            assert_eq!(told.trim().parse(), Ok(*address));
        }
        Answer::Raw(_) => {}
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

fn check_threshold(object: &Object, threshold: &ClientThreshold) {
    let information = one(object, "threshold_information");
    let amount = information.and_then(|information| amount(&information, "threshold"));
    let limit = amount.filter(|amount| *amount > 0).map(plain);
    assert_eq!(limit, printed(threshold.threshold));
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

fn check_record(object: &Object, read: &Read) {
    assert_eq!(read.client.id.as_str(), CLIENT, "another client's record");
    let Some(rows) = rows(object, "clients") else { return };
    let mut mine = rows
        .iter()
        .filter(|row| wire::scalar(row, "client").is_some_and(|id| id == CLIENT));
    let (Some(row), None) = (mine.next(), mine.next()) else {
        panic!("not exactly one row is about the client");
    };
    for field in Field::ALL {
        let told = wire::scalar(row, field.name()).expect("a record that is not complete was taken");
        let taken = match field {
            Field::Password => read.record.expose_password(),
            open => Some(read.record.get(open)),
        };
        assert_eq!(Some(&*told), taken, "`{}`", field.name());
    }
}

/// Pairs of a code and its description under a key; a row without either is left out.
fn check_pairs(object: &Object, [key, code]: [&str; 2], read: Vec<(&str, &str)>) {
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
        has_rows(object) || (read.is_empty() && odd.is_empty()),
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

/// No row of a list of packages is lost, and those that can be used have a code and fees that are amounts.
fn check_packages(object: &Object, good: usize, odd: usize) {
    assert!(
        has_rows(object) || good + odd == 0,
        "rows beside a status that says there are none"
    );
    let Some(rows) = rows(object, "packages").filter(|_| has_rows(object)) else {
        return;
    };
    assert_eq!(rows.len(), good + odd, "a row was lost");
    let is_code = |row: &&Object| wire::scalar(row, "package").is_some_and(|code| !code.trim().is_empty());
    let is_amount = |row: &&Object| {
        ["markup_fixed", "markup_percentage", "monthly_fee", "setup_fee"]
            .iter()
            .all(|key| {
                let text = wire::scalar(row, key).filter(|text| !text.trim().is_empty());
                text.is_none_or(|text| hundred_millionths(&text).is_some())
            })
    };
    let fit = rows.iter().filter(is_code).filter(is_amount).count();
    assert!(good <= fit, "{good} of {fit} rows with a code and amounts were taken");
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
