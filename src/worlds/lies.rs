//! What the API of a world tells that is not so. It changes answers on their way, and nothing of the truth behind them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

use super::plan::Lie;

/// How old the figures of yesterday are at least.
const A_DAY_SECS: i64 = 86_400;

/// What liars know: what was answered before.
#[derive(Debug, Default)]
pub struct Known {
    /// The last balance that anybody was asked for.
    last: Option<Value>,
    /// Each client's answer of the day before, and the one that will be it.
    days: BTreeMap<String, [(i64, Value); 2]>,
}

impl Known {
    /// Takes note of a true balance.
    pub fn learn(&mut self, client: &str, balance: &Value, now: Timestamp) {
        self.last = Some(balance["current_balance"].clone());
        let day = now.as_second() / A_DAY_SECS;
        let new = || [(day, balance.clone()), (day, balance.clone())];
        let days = self.days.entry(client.to_owned()).or_insert_with(new);
        if days[1].0 != day {
            days.swap(0, 1);
            days[1] = (day, balance.clone());
        }
    }
}

/// What a lie makes of an answer about a client; `place`: which one among all.
pub fn told(lie: Lie, known: &Known, (function, client, place): (&str, Option<&str>, usize), body: Vec<u8>) -> Vec<u8> {
    let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else {
        return body;
    };
    if answer["status"] != "success" {
        return body;
    }
    let is_told = match function {
        "getResellerBalance" => {
            if lie == Lie::Twice {
                return twice(&body);
            }
            balance(lie, known, client.unwrap_or_default(), place, &mut answer["balance"])
        }
        "getClientThreshold" if lie == Lie::Thresholds => {
            let threshold = &mut answer["threshold_information"]["threshold"];
            let is_there = !threshold.is_null();
            *threshold = "100000".into();
            is_there
        }
        "getBalanceManagement" if lie == Lie::Codes => swapped(&mut answer["balance_management"]),
        "getClients" => clients(lie, client.is_none(), &mut answer["clients"]),
        _ => false,
    };
    if is_told { answer.to_string().into_bytes() } else { body }
}

/// A lie about a client's money; whether it is one.
fn balance(lie: Lie, known: &Known, client: &str, place: usize, balance: &mut Value) -> bool {
    let Some(current) = decimal(&balance["current_balance"]) else {
        return false;
    };
    let mut set = |name: &str, value: Value| {
        balance[name] = value;
        true
    };
    match lie {
        Lie::Zeros => set("current_balance", "0.0000".into()),
        Lie::Same => set("current_balance", "1.0000".into()),
        Lie::Hundredth => {
            let hundredth = (current / Decimal::ONE_HUNDRED).round_dp(4);
            set("current_balance", hundredth.to_string().into())
        }
        Lie::Another => known
            .last
            .clone()
            .is_some_and(|another| set("current_balance", another)),
        Lie::Yesterday => known.days.get(client).is_some_and(|[(_, then), _]| {
            *balance = then.clone();
            true
        }),
        Lie::Wild(which) if usize::from(which) == place => set("current_balance", "-987.6500".into()),
        Lie::Spent => set("spent_today", 1_234.5_f64.into()),
        Lie::SpentNothing => {
            set("spent_total", 0.into());
            set("spent_today", 0.into())
        }
        _ => false,
    }
}

/// A lie about records; whether it is one.
fn clients(lie: Lie, is_list: bool, clients: &mut Value) -> bool {
    let mut place = 0;
    let mut is_second = || {
        place += 1;
        place % 2 == 0
    };
    if lie == Lie::HalfTheList && is_list {
        match clients {
            Value::Array(clients) => clients.retain(|_| is_second()),
            Value::Object(clients) => clients.retain(|_, _| is_second()),
            _ => return false,
        }
        return true;
    }
    let records: Vec<&mut Value> = match clients {
        Value::Array(clients) => clients.iter_mut().collect(),
        Value::Object(clients) => clients.values_mut().collect(),
        _ => return false,
    };
    for record in records.into_iter().filter_map(Value::as_object_mut) {
        match lie {
            Lie::FieldMissing => {
                record.remove("phone_number");
            }
            Lie::FieldUnknown => {
                record.insert("fax_number".to_owned(), "5550100".into());
            }
            Lie::OnePassword => {
                record.insert("password".to_owned(), "MigratedAccount1".into());
            }
            _ => return false,
        }
    }
    true
}

/// Gives two codes each other's meaning; whether there are two.
fn swapped(codes: &mut Value) -> bool {
    let Some(codes) = codes.as_array_mut() else {
        return false;
    };
    let [one, other] = codes.as_mut_slice() else {
        return false;
    };
    let description = one["description"].take();
    one["description"] = std::mem::replace(&mut other["description"], description);
    true
}

/// An answer with each of its keys twice: first as it is, then without a cent.
fn twice(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    text.replacen(
        "\"current_balance\"",
        "\"current_balance\":\"0.0000\",\"current_balance\"",
        1,
    )
    .into_bytes()
}

/// An amount of an answer, however it is written.
pub fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
