//! Edits and deposits as a person makes them in the portal, or a script of the demo: any field, no questions asked
//! about sense. An edit is applied whole or not at all. How a client is shown is `shown.rs`.

mod fields;

use serde_json::{Map, Value};

use super::amount::Amount;
use super::noted;
use super::settings::Settings;
use super::world::World;
use super::world::around::Rules;
use super::world::client::Client;
use super::world::ledger::{PAYMENT, Reason};

use fields::{BALANCE, Draft, unknown_field};

#[cfg(test)]
pub(super) use fields::EXTRAS;
pub(super) use fields::{ACTIVE, WAIT};

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
        field: String,
        /// What was given, as JSON.
        value: String,
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
            Self::UnknownClient(_) => Some("GET /sim/clients lists them".to_owned()),
            Self::NotAnObject | Self::Several(_) => None,
        }
    }
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

/// Lets a client pay a positive decimal as of `now`.
///
/// # Errors
/// [`EditError`] when the client is not known or the amount is none.
pub(super) fn pay(id: &str, amount: &str, world: &mut World, rules: Rules, now: i64) -> Result<(), EditError> {
    let bad = |accepted| EditError::BadValue {
        field: "amount".to_owned(),
        value: amount.to_owned(),
        accepted,
    };
    let paid = Amount::parse(amount)
        .filter(|amount| amount.is_positive())
        .ok_or_else(|| bad("a positive decimal amount such as \"5.00\""))?;
    let unknown = || EditError::UnknownClient(id.to_owned());
    let (client, _) = world.settled(id, now, rules).ok_or_else(unknown)?;
    if !client.ledger().has_room_for(paid) {
        return Err(bad("an amount that keeps the client's sums below 10,000,000,000"));
    }
    client.pay(paid, PAYMENT, rules);
    Ok(())
}

/// Charges a client, or lets it pay, what brings it to this balance as of `now`.
///
/// # Errors
/// [`EditError`] when the client is not known or the balance is no amount.
pub(super) fn bring_to(id: &str, balance: &str, world: &mut World, rules: Rules, now: i64) -> Result<(), EditError> {
    let wanted = Amount::parse(balance).ok_or_else(|| EditError::BadValue {
        field: "balance".to_owned(),
        value: balance.to_owned(),
        accepted: "a decimal amount such as \"6.00\"",
    })?;
    let unknown = || EditError::UnknownClient(id.to_owned());
    let (client, _) = world.settled(id, now, rules).ok_or_else(unknown)?;
    let missing = wanted - client.balance();
    if missing.is_positive() {
        client.pay(missing, PAYMENT, rules);
    } else if missing.is_negative() {
        client.charge(-missing, Reason::Written("charged by hand".into()), rules);
    }
    Ok(())
}

/// A settled client as it is after an edit.
///
/// `balance_management` takes `hard`, `soft`, a listed code or any other text; `threshold` any text, or null for a
/// client that never set one; `package` an id of getPackages, for the price of setting it up, or empty;
/// `account_state` what signupClient leaves, `ACTIVE` or `WAIT`; `spend_per_hour` an amount, from then on the only
/// spending, or null for the client's own habits; `spend_from` and `spend_until` bound that spending.
///
/// # Errors
/// [`EditError`] when a field or a value is not known.
pub(super) fn edited(
    client: Client,
    fields: &Map<String, Value>,
    settings: &Settings,
    now: i64,
) -> Result<Client, EditError> {
    let mut draft = Draft::of(client, settings);
    let (balance, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| *name == BALANCE);
    let mut problems = Vec::new();
    for (name, value) in others.into_iter().chain(balance) {
        noted(draft.set(name, value), &mut problems);
    }
    match problems.len() {
        0 => {}
        1 => return Err(problems.remove(0)),
        _ => return Err(EditError::Several(problems)),
    }
    Ok(draft.into_client(now))
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
