//! What `/sim/` shows, as JSON: a client, the world in numbers, faults, settings and what was called. Shows only: nobody
//! is brought up to date here, and nothing is changed.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::amount::Amount;
use super::edit::{ACTIVE, WAIT};
use super::faults::Faults;
use super::options::Options;
use super::settings::{Key, Settings};
use super::state::State;
use super::wire::traffic::Traffic;
use super::world::RESELLER;
use super::world::around::Around;
use super::world::client::{Client, Management};
use super::world::people::FIELDS;

/// A client as `/sim/` shows it: the record as stored, and what no function tells. The password is shown, since
/// tests ask whether it was kept and it opens nothing.
///
/// `opening_balance + paid - charged - spent + adjusted` is the balance, and `before` tells in the same way how the
/// opening balance came about; `carried` is what has no listed history. What getDeposits lists is `before.paid` and
/// `paid`, and charges alike.
pub(super) fn client(client: &Client, settings: &Settings, around: &mut Around<'_>) -> Value {
    let mut all = Map::new();
    let id = if client.is_reseller() {
        RESELLER.to_owned()
    } else {
        client.id.to_string()
    };
    all.insert("client".to_owned(), id.into());
    for (field, text) in FIELDS.iter().zip(&client.texts) {
        all.insert(field.name.to_owned(), Value::from(&**text));
    }
    let (sums, past) = (client.ledger().sums(), client.past(around));
    let before_paid: Amount = past.deposits.iter().map(|entry| entry.amount).sum();
    let before_charged: Amount = past.charges.iter().map(|entry| entry.amount).sum();
    let carried = sums.opening - (before_paid - before_charged - past.spent);
    let script = client.script.as_deref();
    let time = |secs: i64| Timestamp::from_second(secs).ok().map(|at| at.to_string());
    let more = json!({
        "balance_management": match &client.management {
            Management::Hard => settings.text(Key::HardCode),
            Management::Soft => settings.text(Key::SoftCode),
            Management::Other(code) => code,
        },
        "management": match &client.management {
            Management::Hard => "hard",
            Management::Soft => "soft",
            Management::Other(_) => "other",
        },
        "balance": sums.balance.to_string(),
        "package": client.package().map_or_else(String::new, |package| package.id.to_string()),
        "threshold": client.threshold,
        "threshold_email": client.threshold_email,
        "account_state": if client.is_waiting() { WAIT } else { ACTIVE },
        "suspended": client.is_suspended(around.rules),
        "opening_balance": sums.opening.to_string(),
        "paid": sums.paid.to_string(),
        "payments": sums.payments,
        "charged": sums.charged.to_string(),
        "charges": sums.charges,
        "spent": sums.spent.to_string(),
        "adjusted": sums.adjusted.to_string(),
        "before": {
            "paid": before_paid.to_string(),
            "charged": before_charged.to_string(),
            "spent": past.spent.to_string(),
            "carried": carried.to_string(),
        },
        "spend_per_hour": script.map(|script| script.per_hour.to_string()),
        "spend_from": script.and_then(|script| time(script.from)),
        "spend_until": script.filter(|script| script.until != i64::MAX).and_then(|script| time(script.until)),
    });
    if let Value::Object(more) = more {
        all.extend(more);
    }
    Value::Object(all)
}

/// The world in numbers, as settled, and the faults and settings in force.
pub(super) fn state(state: &State, time: Timestamp, options: &Options) -> Value {
    let totals = state.world.totals(state.rules());
    json!({
        "time": time.to_string(),
        "seed": options.seed,
        "speed": options.speed.to_string(),
        "clients": totals.clients,
        "below_threshold": totals.below_threshold,
        "below_zero": totals.below_zero,
        "hard": totals.hard,
        "suspended": totals.suspended,
        "waiting": totals.waiting,
        "opening_balances": totals.sums.opening.to_string(),
        "paid": totals.sums.paid.to_string(),
        "payments": totals.sums.payments,
        "charged": totals.sums.charged.to_string(),
        "charges": totals.sums.charges,
        "spent": totals.sums.spent.to_string(),
        "adjusted": totals.sums.adjusted.to_string(),
        "reseller_balance": totals.reseller_balance.to_string(),
        "reseller_spent": totals.reseller_spent.to_string(),
        "balances": totals.sums.balance.to_string(),
        "faults": faults(&state.faults),
        "settings": settings(&state.settings),
    })
}

/// The faults in force.
pub(super) fn faults(faults: &Faults) -> Value {
    let all = faults.all().map(|(name, share)| (name, share.into()));
    Value::Object(all.collect())
}

pub(super) fn settings(settings: &Settings) -> Value {
    let all = settings.all().map(|(name, value)| (name.to_owned(), value.into()));
    Value::Object(all.collect())
}

pub(super) fn traffic(traffic: &Traffic) -> Value {
    let (calls, most, by_function) = traffic.counts();
    let by_function: Map<String, Value> = by_function
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect();
    json!({"calls": calls, "calls_by_function": by_function, "max_calls_in_60s": most})
}
