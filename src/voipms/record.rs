//! A client's record: all thirteen fields, verbatim, as setClient wants them back.

use std::fmt;

use secrecy::SecretString;
use serde_json::value::RawValue;

use super::answer::{Reader, fields, scalar};
use super::error::Problem;
use crate::domain::{Client, ClientId};

/// The fields of a record, in the order of the API's documents.
pub(super) const FIELDS: [&str; 13] = [
    "client",
    "email",
    "password",
    "company",
    "firstname",
    "lastname",
    "address",
    "city",
    "state",
    "country",
    "zip",
    "phone_number",
    "balance_management",
];
const CLIENT: usize = 0;
const PASSWORD: usize = 2;

/// A client's whole record as `getClients` told it. Texts are verbatim; a null is an empty text. Debug shows no field
/// but the id.
#[derive(Clone)]
pub struct ClientRecord {
    /// Its id.
    pub client: ClientId,
    /// E-mail address.
    pub email: String,
    /// The client's portal password, in clear. Never stored or shown; only sent back.
    pub password: SecretString,
    /// Company.
    pub company: String,
    /// First name.
    pub firstname: String,
    /// Last name.
    pub lastname: String,
    /// Street.
    pub address: String,
    /// City.
    pub city: String,
    /// State or province, by name.
    pub state: String,
    /// Country: a name on the way out; setClient wants a code.
    pub country: String,
    /// Postal code; may begin with zeros or hold letters.
    pub zip: String,
    /// Phone number.
    pub phone_number: String,
    /// The code of the balance management.
    pub balance_management: String,
}

impl ClientRecord {
    /// Reads a record. All fields must be there: one that is absent would be blanked by sending the record back.
    pub(super) fn read(row: &RawValue, reader: &Reader<'_>) -> Result<Self, Problem> {
        let values =
            fields(row.get(), &FIELDS).map_err(|_| reader.malformed("a client that is no object", row.get()))?;
        let mut texts: [String; 13] = Default::default();
        for (position, (field, value)) in FIELDS.into_iter().zip(values).enumerate() {
            let bad = |what| Problem::BadRecord { field, what };
            let value = value.ok_or_else(|| bad("is missing"))?;
            let text = scalar(value).ok_or_else(|| bad("is no text"))?.unwrap_or_default();
            // What PHP could not encode, or what was garbled on the way, must not be sent back.
            if text.contains(char::REPLACEMENT_CHARACTER) {
                return Err(bad("is not valid UTF-8"));
            }
            texts[position] = text.into_owned();
        }
        let [
            client,
            email,
            password,
            company,
            firstname,
            lastname,
            address,
            city,
            state,
            country,
            zip,
            phone_number,
            balance_management,
        ] = texts;
        Ok(Self {
            client: ClientId::new(&client).map_err(|_| Problem::BadRecord {
                field: "client",
                what: "is no client id",
            })?,
            email,
            password: SecretString::from(password),
            company,
            firstname,
            lastname,
            address,
            city,
            state,
            country,
            zip,
            phone_number,
            balance_management,
        })
    }

    /// Names and texts of all fields but `client` and `password`, in the order of the API's documents.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, &str); 11] {
        [
            ("email", &self.email),
            ("company", &self.company),
            ("firstname", &self.firstname),
            ("lastname", &self.lastname),
            ("address", &self.address),
            ("city", &self.city),
            ("state", &self.state),
            ("country", &self.country),
            ("zip", &self.zip),
            ("phone_number", &self.phone_number),
            ("balance_management", &self.balance_management),
        ]
    }

    /// Identifies the record but its password; the same as the one of the client's row in the list.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Fingerprint::new();
        hash.field(Some(self.client.as_str()));
        for (_, text) in self.fields() {
            hash.field(Some(text));
        }
        hash.finish()
    }

    /// What the list would show of this client.
    #[must_use]
    pub fn to_client(&self) -> Client {
        Client {
            id: self.client.clone(),
            email: self.email.clone(),
            company: self.company.clone(),
            firstname: self.firstname.clone(),
            lastname: self.lastname.clone(),
            balance_management: self.balance_management.clone(),
            fingerprint: self.fingerprint(),
        }
    }
}

impl fmt::Debug for ClientRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRecord")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Reads a row of the list as far as the inventory keeps it; the error says why the row is odd.
pub(super) fn inventory_row(row: &RawValue) -> Result<Client, OddRow> {
    let odd = |id: Option<&str>, why| OddRow {
        id: id.map(|id| id.chars().take(64).collect()),
        why,
    };
    let values = fields(row.get(), &FIELDS).map_err(|_| odd(None, "no object"))?;
    let mut texts: [Option<std::borrow::Cow<'_, str>>; 13] = Default::default();
    for (position, value) in values.into_iter().enumerate() {
        if position == PASSWORD {
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
        .filter(|id| !id.is_pseudo())
        .ok_or_else(|| odd(None, "an id that is none"))?;
    let mut hash = Fingerprint::new();
    for (position, text) in texts.iter().enumerate() {
        if position != PASSWORD {
            hash.field(text.as_deref());
        }
    }
    let mut text = |name: &str| {
        let position = FIELDS.iter().position(|field| *field == name);
        position
            .and_then(|position| texts[position].take())
            .unwrap_or_default()
            .into_owned()
    };
    Ok(Client {
        id,
        email: text("email"),
        company: text("company"),
        firstname: text("firstname"),
        lastname: text("lastname"),
        balance_management: text("balance_management"),
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
