//! The fields that an edit takes: what each accepts, and what it does to a client. A new field is a row of the table and
//! its function.

use jiff::Timestamp;
use serde_json::Value;

use super::super::amount::Amount;
use super::super::options::did_you_mean;
use super::super::settings::{Key, Settings};
use super::super::world::calendar::seconds;
use super::super::world::client::{Client, Management, Script};
use super::super::world::packages;
use super::super::world::people::{FIELDS, LONGEST_TEXT_BYTES};
use super::EditError;

/// The states of an account, as they are called here.
pub const ACTIVE: &str = "ACTIVE";
pub const WAIT: &str = "WAIT";

/// A field that an edit takes beside the text columns.
#[derive(Debug)]
pub struct Extra {
    pub name: &'static str,
    accepted: &'static str,
    /// Sets it; `None` when it does not take the value.
    set: fn(&mut Draft<'_>, &Value) -> Option<()>,
}

const AMOUNT: &str = "a decimal amount such as \"6.00\"";
const RATE: &str = "a decimal amount from 0 to 100000, or null";
const TEXT: &str = "a text of up to 1000 bytes";
const TEXT_OR_NULL: &str = "a text of up to 1000 bytes, or null";
const PACKAGE: &str = "an id of getPackages, or empty for none";
const TIME: &str = "a time such as \"2026-11-24T02:00:00Z\", or null";

/// Every field beside the text columns.
#[rustfmt::skip]
pub const EXTRAS: &[Extra] = &[
    // Not `state`, which is the one of the address.
    Extra { name: "account_state", accepted: "\"ACTIVE\" or \"WAIT\"", set: account_state },
    Extra { name: BALANCE, accepted: AMOUNT, set: balance },
    Extra { name: "balance_management", accepted: TEXT, set: balance_management },
    Extra { name: "package", accepted: PACKAGE, set: package },
    Extra { name: "threshold", accepted: TEXT_OR_NULL, set: threshold },
    Extra { name: "threshold_email", accepted: TEXT, set: threshold_email },
    Extra { name: "spend_per_hour", accepted: RATE, set: spend_per_hour },
    Extra { name: "spend_from", accepted: TIME, set: spend_from },
    Extra { name: "spend_until", accepted: TIME, set: spend_until },
];

/// What is set behind all others: it is to be what was asked for, whatever a new package costs.
pub(super) const BALANCE: &str = "balance";

/// What is said to a field that is none.
pub(super) fn unknown_field(name: &str) -> String {
    let names: Vec<_> = FIELDS
        .iter()
        .map(|field| field.name)
        .chain(EXTRAS.iter().map(|extra| extra.name))
        .collect();
    did_you_mean(name, names.iter().copied(), &format!("known: {}", names.join(", ")))
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

/// A client while it is edited.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    client: Client,
    drain: Drain,
    settings: &'a Settings,
}

impl<'a> Draft<'a> {
    pub(super) fn of(client: Client, settings: &'a Settings) -> Self {
        Self {
            client,
            drain: Drain::default(),
            settings,
        }
    }

    /// The client as it is after all that was set.
    pub(super) fn into_client(self, now: i64) -> Client {
        let Self { mut client, drain, .. } = self;
        if let Some(script) = drain.script(client.script.as_deref().copied(), now) {
            client.follow(script);
        }
        client
    }

    /// Sets one field.
    ///
    /// # Errors
    /// [`EditError`] when there is no such field, or it does not take the value.
    pub(super) fn set(&mut self, name: &str, value: &Value) -> Result<(), EditError> {
        let (set, accepted) = if let Some(index) = FIELDS.iter().position(|field| field.name == name) {
            (column(self, index, value), TEXT)
        } else if let Some(extra) = EXTRAS.iter().find(|extra| extra.name == name) {
            ((extra.set)(self, value), extra.accepted)
        } else {
            return Err(EditError::UnknownField(name.to_owned()));
        };
        set.ok_or_else(|| EditError::BadValue {
            field: name.to_owned(),
            value: value.to_string(),
            accepted,
        })
    }
}

fn column(draft: &mut Draft<'_>, index: usize, value: &Value) -> Option<()> {
    draft.client.texts[index] = text(value)?.into();
    Some(())
}

fn account_state(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    match value.as_str()? {
        ACTIVE => draft.client.activate(true),
        WAIT => draft.client.activate(false),
        _ => return None,
    }
    Some(())
}

fn balance(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    draft.client.adjust_to(amount(value)?);
    Some(())
}

fn balance_management(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    draft.client.manage(management(&text(value)?, draft.settings));
    Some(())
}

fn package(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    let id = text(value)?;
    let package = if id.is_empty() {
        None
    } else {
        Some(packages::by_id(&id)?)
    };
    draft.client.subscribe(package, draft.settings.on(Key::Spending));
    Some(())
}

fn threshold(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    draft.client.threshold = or_null(value, text)?.map(Into::into);
    draft.client.threshold_is_native = false;
    Some(())
}

fn threshold_email(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    draft.client.threshold_email = text(value)?.into();
    Some(())
}

fn spend_per_hour(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    let rate = |value: &Value| amount(value).filter(|rate| (Amount::ZERO..=Script::FASTEST).contains(rate));
    draft.drain.per_hour = Some(or_null(value, rate)?);
    Some(())
}

fn spend_from(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    draft.drain.from = Some(or_null(value, time)?);
    Some(())
}

fn spend_until(draft: &mut Draft<'_>, value: &Value) -> Option<()> {
    draft.drain.until = Some(or_null(value, time)?);
    Some(())
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

fn amount(value: &Value) -> Option<Amount> {
    Amount::parse(&text(value)?)
}

fn time(value: &Value) -> Option<i64> {
    text(value)?.parse::<Timestamp>().ok().map(seconds)
}

/// What is read from a value, or `Some(None)` from null.
fn or_null<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Option<T>> {
    match value {
        Value::Null => Some(None),
        value => read(value).map(Some),
    }
}
