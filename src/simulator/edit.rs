//! Edits as a person makes them in the portal, or a script of the demo: any field, no questions asked about sense.
//! An edit is applied whole or not at all.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::noted;
use super::options::did_you_mean;
use super::settings::{Key, Settings};
use super::world::amount::Amount;
use super::world::calendar::seconds;
use super::world::client::{Around, Client, Management, Rules, Script};
use super::world::packages;
use super::world::people::{FIELDS, LONGEST_TEXT_BYTES};
use super::world::{RESELLER, World};

/// Why an edit or a deposit was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No client of that id.
    #[error("there is no client `{0}`")]
    UnknownClient(String),
    /// The id is taken, or not the next one.
    #[error("no client can be added as `{0}`")]
    NotFree(String),
    /// No field of that name.
    #[error("a client has no field `{0}`")]
    UnknownField(String),
    /// The field does not take the value.
    #[error("field `{field}` does not take `{value}`")]
    BadValue {
        /// The field.
        field: String,
        /// What was given, as JSON.
        value: String,
        /// What it takes.
        accepted: &'static str,
    },
    /// Several fields are wrong.
    #[error("{} fields are not accepted", .0.len())]
    Several(Vec<EditError>),
    /// The edit is no object.
    #[error("an edit is a JSON object of fields and values")]
    NotAnObject,
}

impl EditError {
    /// Everything that is wrong, one by one.
    #[must_use]
    pub fn problems(&self) -> &[Self] {
        match self {
            Self::Several(problems) => problems,
            one => std::slice::from_ref(one),
        }
    }

    /// What would be accepted.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFree(_) => Some("the id of a removed client, or none for the next".to_owned()),
            Self::UnknownField(name) => Some(unknown_field(name)),
            Self::BadValue { accepted, .. } => Some(format!("accepted: {accepted}")),
            Self::UnknownClient(_) | Self::NotAnObject | Self::Several(_) => None,
        }
    }
}

const ACTIVE: &str = "ACTIVE";
const WAIT: &str = "WAIT";

/// Fields that an edit takes beside the text columns.
const MORE_FIELDS: [&str; 9] = [
    "account_state",
    "balance",
    "balance_management",
    "package",
    "threshold",
    "threshold_email",
    "spend_per_hour",
    "spend_from",
    "spend_until",
];

const AMOUNT: &str = "a decimal amount such as \"6.00\"";
const RATE: &str = "a decimal amount from 0 to 100000, or null";
const TEXT: &str = "a text of up to 1000 bytes";
const PACKAGE: &str = "an id of getPackages, or empty for none";
const TIME: &str = "a time such as \"2026-11-24T02:00:00Z\", or null";

fn unknown_field(name: &str) -> String {
    let names: Vec<_> = FIELDS.iter().map(|field| field.name).chain(MORE_FIELDS).collect();
    did_you_mean(name, names.iter().copied(), &format!("known: {}", names.join(", ")))
}

/// Edits a client as of `now`.
///
/// # Errors
/// [`EditError`] when the client, a field or a value is not known; then nothing is changed.
pub(super) fn apply(
    id: &str,
    fields: &Map<String, Value>,
    world: &mut World,
    settings: &Settings,
    rules: Rules,
    now: i64,
) -> Result<(), EditError> {
    let unknown = || EditError::UnknownClient(id.to_owned());
    let (client, _) = world.settled(id, now, rules).ok_or_else(unknown)?;
    client.note_suspension(now, rules);
    let edited = edited(client.clone(), fields, settings, now)?;
    world.replace(edited);
    Ok(())
}

/// A settled client as it is after an edit.
///
/// `balance_management` takes `hard`, `soft`, a listed code or any other text; `threshold` any text, or null for a
/// client that never set one; `package` an id of getPackages, for the price of setting it up, or empty;
/// `account_state` what signupClient leaves, `ACTIVE` or `WAIT`; `spend_per_hour` an amount, from then on the only
/// spending, or null for the client's own
/// habits; `spend_from` and `spend_until` bound that spending.
///
/// # Errors
/// [`EditError`] when a field or a value is not known.
pub(super) fn edited(
    mut client: Client,
    fields: &Map<String, Value>,
    settings: &Settings,
    now: i64,
) -> Result<Client, EditError> {
    let mut drain = Drain::default();
    // The balance last: it is to be what was asked for, whatever a new package costs.
    let (balance, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| *name == "balance");
    let mut problems = Vec::new();
    for (name, value) in others.into_iter().chain(balance) {
        noted(set(&mut client, &mut drain, name, value, settings), &mut problems);
    }
    match problems.len() {
        0 => {}
        1 => return Err(problems.remove(0)),
        _ => return Err(EditError::Several(problems)),
    }
    if let Some(script) = drain.script(client.script.as_deref().copied(), now) {
        client.follow(script);
    }
    Ok(client)
}

/// Applies `ID:FIELD=VALUE`. An order that cannot be carried out does nothing.
pub(super) fn by_order(order: &str, world: &mut World, settings: &Settings, rules: Rules, now: i64) {
    if let Some((id, (field, value))) = order
        .split_once(':')
        .and_then(|(id, edit)| Some((id, edit.split_once('=')?)))
    {
        let fields = Map::from_iter([(field.to_owned(), Value::from(value))]);
        // The order was checked when it was given; only the client may be gone by now.
        apply(id, &fields, world, settings, rules, now).ok();
    }
}

/// Whether an order could be carried out: tried on a copy of its client.
pub(super) fn check_order(order: &str, world: &World, settings: &Settings) -> Result<(), EditError> {
    let Some((id, edit)) = order.split_once(':') else {
        return Err(EditError::NotAnObject);
    };
    let Some((field, value)) = edit.split_once('=') else {
        return Err(EditError::NotAnObject);
    };
    let client = world.find(id).ok_or_else(|| EditError::UnknownClient(id.to_owned()))?;
    let fields = Map::from_iter([(field.to_owned(), Value::from(value))]);
    edited(client.clone(), &fields, settings, 0).map(drop)
}

/// What an edit says about scripted spending.
#[derive(Debug, Default)]
struct Drain {
    per_hour: Option<Option<Amount>>,
    from: Option<Option<i64>>,
    until: Option<Option<i64>>,
}

impl Drain {
    /// The script after the edit; `None`: untouched.
    fn script(self, present: Option<Script>, now: i64) -> Option<Option<Script>> {
        if self.per_hour.is_none() && self.from.is_none() && self.until.is_none() {
            return None;
        }
        let per_hour = match self.per_hour {
            Some(per_hour) => per_hour,
            None => Some(present.map_or(Amount::ZERO, |script| script.per_hour)),
        };
        // What was charged stays charged: a changed price counts from now.
        let from = self.from.flatten().unwrap_or(now);
        let until = self
            .until
            .unwrap_or(present.map(|script| script.until))
            .unwrap_or(i64::MAX);
        Some(per_hour.map(|per_hour| Script { per_hour, from, until }))
    }
}

fn set(
    client: &mut Client,
    drain: &mut Drain,
    name: &str,
    value: &Value,
    settings: &Settings,
) -> Result<(), EditError> {
    let bad = |accepted| EditError::BadValue {
        field: name.to_owned(),
        value: value.to_string(),
        accepted,
    };
    if let Some(index) = FIELDS.iter().position(|field| field.name == name) {
        client.texts[index] = text(value).ok_or_else(|| bad(TEXT))?.into();
        return Ok(());
    }
    let optional_time = || match value {
        Value::Null => Ok(None),
        _ => text(value)
            .and_then(|text| text.parse::<Timestamp>().ok())
            .map(|at| Some(seconds(at)))
            .ok_or_else(|| bad(TIME)),
    };
    match name {
        // Not `state`, which is the one of the address.
        "account_state" => match value.as_str() {
            Some(ACTIVE) => client.activate(true),
            Some(WAIT) => client.activate(false),
            _ => return Err(bad("\"ACTIVE\" or \"WAIT\"")),
        },
        "balance" => {
            let balance = text(value)
                .and_then(|text| Amount::parse(&text))
                .ok_or_else(|| bad(AMOUNT))?;
            client.adjust_to(balance);
        }
        "balance_management" => client.manage(management(&text(value).ok_or_else(|| bad(TEXT))?, settings)),
        "package" => {
            let id = text(value).ok_or_else(|| bad(PACKAGE))?;
            let package = packages::by_id(&id);
            if package.is_none() && !id.is_empty() {
                return Err(bad(PACKAGE));
            }
            client.subscribe(package, settings.on(Key::Spending));
        }
        "threshold" => {
            client.threshold_is_native = false;
            client.threshold = match value {
                Value::Null => None,
                _ => Some(
                    text(value)
                        .ok_or_else(|| bad("a text of up to 1000 bytes, or null"))?
                        .into(),
                ),
            };
        }
        "threshold_email" => client.threshold_email = text(value).ok_or_else(|| bad(TEXT))?.into(),
        "spend_per_hour" => {
            drain.per_hour = Some(match value {
                Value::Null => None,
                _ => Some(
                    text(value)
                        .and_then(|text| Amount::parse(&text))
                        .filter(|rate| (Amount::ZERO..=Script::FASTEST).contains(rate))
                        .ok_or_else(|| bad(RATE))?,
                ),
            });
        }
        "spend_from" => drain.from = Some(optional_time()?),
        "spend_until" => drain.until = Some(optional_time()?),
        _ => return Err(EditError::UnknownField(name.to_owned())),
    }
    Ok(())
}

fn management(code: &str, settings: &Settings) -> Management {
    match code {
        "hard" => Management::Hard,
        "soft" => Management::Soft,
        _ if code == settings.text(Key::HardCode) => Management::Hard,
        _ if code == settings.text(Key::SoftCode) => Management::Soft,
        other => Management::Other(other.into()),
    }
}

/// A text that is not too long, or a number as it was written.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (text.len() <= LONGEST_TEXT_BYTES).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A client as `/sim/` shows it: the record as stored, and what no function tells. The password is shown, since
/// tests ask whether it was kept and it opens nothing.
///
/// `opening_balance + paid - charged - spent + adjusted` is the balance, and `before` tells in the same way how the
/// opening balance came about; `carried` is what has no listed history. What getDeposits lists is `before.paid` and
/// `paid`, and charges alike.
pub(super) fn shown(client: &Client, settings: &Settings, around: &mut Around<'_>) -> Value {
    let mut all = Map::new();
    let id = if client.id == 0 {
        RESELLER.to_owned()
    } else {
        client.id.to_string()
    };
    all.insert("client".to_owned(), id.into());
    for (field, text) in FIELDS.iter().zip(&client.texts) {
        all.insert(field.name.to_owned(), Value::from(&**text));
    }
    let (ledger, past) = (client.ledger(), client.past(around));
    let before_paid: Amount = past.deposits.iter().map(|entry| entry.amount).sum();
    let before_charged: Amount = past.charges.iter().map(|entry| entry.amount).sum();
    let carried = ledger.opening() - (before_paid - before_charged - past.spent);
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
        "balance": ledger.balance().to_string(),
        "package": client.package().map_or_else(String::new, |package| package.id.to_string()),
        "threshold": client.threshold,
        "threshold_email": client.threshold_email,
        "account_state": if client.is_waiting() { WAIT } else { ACTIVE },
        "suspended": client.is_suspended(around.rules),
        "opening_balance": ledger.opening().to_string(),
        "paid": ledger.paid().to_string(),
        "payments": ledger.payments(),
        "charged": ledger.charged().to_string(),
        "charges": ledger.charges(),
        "spent": ledger.spent().to_string(),
        "adjusted": ledger.adjusted().to_string(),
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
