//! A client's record on the wire: all thirteen fields, verbatim, as setClient wants them back; of the list no more than the
//! inventory keeps. What may be changed of a record is not known here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::answer::{Reader, malformed};
use super::error::Problem;
use super::json::{fields, scalar};
use crate::domain::plan::{Field, Oddity, Passwords, Read, Record};
use crate::domain::{Client, ClientId};

/// The fields of a record in the order of the API's documents. They are sent in it, and fingerprints are stored that were
/// made in it: it must not change.
pub(super) const FIELDS: [Field; 13] = [
    Field::Client,
    Field::Email,
    Field::Password,
    Field::Company,
    Field::Firstname,
    Field::Lastname,
    Field::Address,
    Field::City,
    Field::State,
    Field::Country,
    Field::Zip,
    Field::PhoneNumber,
    Field::BalanceManagement,
];

/// Where the id stands among them.
const CLIENT: usize = 0;

/// Their names on the wire.
const NAMES: [&str; 13] = {
    let mut names = [""; 13];
    let mut position = 0;
    while position < names.len() {
        names[position] = FIELDS[position].name();
        position += 1;
    }
    names
};

/// Reads a client's whole record. All fields must be there: one that is absent would be blanked by sending the record
/// back. Texts are verbatim; a null is an empty text.
pub(super) fn whole_record(row: &RawValue, reader: &Reader<'_>) -> Result<Read, Problem> {
    let values = fields(row.get(), &NAMES).map_err(|_| malformed("a client that is no object"))?;
    let mut record = Record::default();
    for (field, value) in FIELDS.into_iter().zip(&values) {
        let bad = |what| Problem::BadRecord {
            field: field.name(),
            what,
        };
        let value = value.ok_or_else(|| bad("is missing"))?;
        let text = scalar(value).ok_or_else(|| bad("is no text"))?.unwrap_or_default();
        // What PHP could not encode, or what was garbled on the way, must not be sent back.
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(bad("is not valid UTF-8"));
        }
        record.set(field, text);
    }
    // Read as a row of the list, so that its fingerprint is the one that the list gives it.
    let client = inventory_row(row, reader).map_err(|odd| Problem::BadRecord {
        field: Field::Client.name(),
        what: odd.why,
    })?;
    let oddities = oddities(row, &values);
    Ok(Read {
        record,
        client,
        oddities,
    })
}

/// Most fields that are not known, and letters of the name of one. More would tell nobody more.
const MOST_UNKNOWN: usize = 10;
const LONGEST_NAME: usize = 40;

/// What makes it doubtful that sending the record back would leave it as it is.
fn oddities(row: &RawValue, values: &[Option<&RawValue>; 13]) -> Vec<Oddity> {
    let is_number = |value: &&RawValue| {
        value
            .get()
            .starts_with(|first: char| first == '-' || first.is_ascii_digit())
    };
    let numbers = FIELDS.into_iter().zip(values);
    let numbers = numbers.filter(|(_, value)| value.as_ref().is_some_and(is_number));
    let numbers = numbers.map(|(field, _)| Oddity::Number(field));
    // It was read as an object a moment ago.
    let names: BTreeMap<Cow<'_, str>, IgnoredAny> = serde_json::from_str(row.get()).unwrap_or_default();
    let unknown = names.keys().filter(|name| !NAMES.contains(&name.as_ref()));
    let unknown = unknown.take(MOST_UNKNOWN).map(|name| {
        let plain = |letter: char| {
            if letter.is_alphanumeric() || "_-.".contains(letter) {
                letter
            } else {
                '?'
            }
        };
        Oddity::Unknown(name.chars().take(LONGEST_NAME).map(plain).collect())
    });
    numbers.chain(unknown).collect()
}

/// Takes the password of a row of the list in; a row without an id or a password has none.
pub(super) fn password_row(row: &RawValue, passwords: &mut Passwords) {
    let Ok([Some(id), password]) = fields(row.get(), &["client", "password"]) else {
        return;
    };
    let Some(id) = scalar(id).flatten().and_then(|id| ClientId::new(&id).ok()) else {
        return;
    };
    let password = password.and_then(scalar).flatten().unwrap_or_default();
    passwords.add(&id, &password);
}

/// Reads a row of the list as far as the inventory keeps it; the error says why the row is odd.
pub(super) fn inventory_row(row: &RawValue, reader: &Reader<'_>) -> Result<Client, OddRow> {
    let odd = |id: Option<&str>, why| OddRow {
        id: id.map(|id| reader.data(id.into()).chars().take(64).collect()),
        why,
    };
    let values = fields(row.get(), &NAMES).map_err(|_| odd(None, "no object"))?;
    let mut texts: [Option<Cow<'_, str>>; 13] = Default::default();
    for (position, (field, value)) in FIELDS.into_iter().zip(values).enumerate() {
        if field == Field::Password {
            continue;
        }
        if let Some(value) = value {
            let text = scalar(value).ok_or_else(|| odd(texts[CLIENT].as_deref(), "a field that is no text"))?;
            texts[position] = Some(text.unwrap_or_default());
        }
    }
    let id = texts[CLIENT].as_deref().ok_or_else(|| odd(None, "no client id"))?;
    let id = ClientId::new(id)
        .ok()
        .filter(|id| !id.is_pseudo() && reader.data(id.as_str().into()) == id.as_str())
        .ok_or_else(|| odd(None, "an id that is none"))?;
    let mut hash = Fingerprint::new();
    for (field, text) in FIELDS.into_iter().zip(&texts) {
        if field != Field::Password {
            hash.field(text.as_deref());
        }
    }
    let mut text = |field: Field| {
        let position = FIELDS.iter().position(|listed| *listed == field);
        let text = position.and_then(|position| texts[position].take());
        reader.data(text.unwrap_or_default())
    };
    Ok(Client {
        id,
        email: text(Field::Email),
        company: text(Field::Company),
        firstname: text(Field::Firstname),
        lastname: text(Field::Lastname),
        country: text(Field::Country),
        balance_management: text(Field::BalanceManagement),
        fingerprint: hash.finish(),
    })
}

/// A row of a list that could not be used. It costs nobody but itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddRow {
    /// Whose row it seems to be; `None` when that cannot be told.
    pub id: Option<String>,
    /// What is wrong with it.
    pub why: &'static str,
}

/// FNV-1a over the lengths and bytes of the fields: the same on every machine and in every version, because it is
/// stored. It need not resist an attacker: whoever can edit the record needs no collision.
struct Fingerprint(u64);

impl Fingerprint {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a field; an absent one differs from an empty one.
    fn field(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            self.bytes(&[0]);
            return;
        };
        self.bytes(&[1]);
        self.bytes(&(text.len() as u64).to_le_bytes());
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> String {
        format!("{:016x}", self.0)
    }
}
