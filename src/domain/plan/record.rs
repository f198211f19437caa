//! A client's record as `getClients` shows it and `setClient` takes it: thirteen texts, one of them a secret.
//!
//! It cannot be printed with its password.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::Client;

/// A field of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the field that the API calls by this name")]
pub enum Field {
    Client,
    Email,
    Company,
    Firstname,
    Lastname,
    Address,
    City,
    State,
    Country,
    Zip,
    PhoneNumber,
    BalanceManagement,
    /// The client's portal password: the last one, because it is kept apart.
    Password,
}

/// How many fields can be shown: all but the password.
const OPEN: usize = 12;

impl Field {
    /// All thirteen; `setClient` gets every one of them, because what it is not given it may blank.
    pub const ALL: [Self; OPEN + 1] = [
        Self::Client,
        Self::Email,
        Self::Company,
        Self::Firstname,
        Self::Lastname,
        Self::Address,
        Self::City,
        Self::State,
        Self::Country,
        Self::Zip,
        Self::PhoneNumber,
        Self::BalanceManagement,
        Self::Password,
    ];

    /// The API's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Email => "email",
            Self::Company => "company",
            Self::Firstname => "firstname",
            Self::Lastname => "lastname",
            Self::Address => "address",
            Self::City => "city",
            Self::State => "state",
            Self::Country => "country",
            Self::Zip => "zip",
            Self::PhoneNumber => "phone_number",
            Self::BalanceManagement => "balance_management",
            Self::Password => "password",
        }
    }

    /// Whether `setClient` documents it as required (`balance_management` is always sent as well).
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(
            self,
            Self::Client | Self::Email | Self::Password | Self::Firstname | Self::Lastname | Self::PhoneNumber
        )
    }
}

/// A client's whole record, every text exactly as it was read.
#[derive(Clone, Default)]
pub struct Record {
    open: [String; OPEN],
    /// `None` for a record that is put together from what is kept, where no password ever is.
    password: Option<SecretString>,
}

impl Record {
    /// Builds a record from its fields; absent ones are empty.
    #[must_use]
    pub fn from_fields<'a>(fields: impl IntoIterator<Item = (Field, &'a str)>) -> Self {
        let mut record = Self::default();
        for (field, value) in fields {
            record.set(field, value);
        }
        record
    }

    pub fn set(&mut self, field: Field, value: impl Into<String>) {
        match self.open.get_mut(field as usize) {
            Some(open) => *open = value.into(),
            None => self.password = Some(SecretString::from(value.into())),
        }
    }

    /// A field other than the password; the password reads as `***`.
    #[must_use]
    pub fn get(&self, field: Field) -> &str {
        self.open.get(field as usize).map_or("***", String::as_str)
    }

    /// The password in clear; `None` when the record was put together from what is kept.
    #[must_use]
    pub fn expose_password(&self) -> Option<&str> {
        self.password.as_ref().map(ExposeSecret::expose_secret)
    }

    /// The record as JSON without its password: the before-image for the person who repairs.
    #[must_use]
    pub fn image(&self) -> String {
        let fields: serde_json::Map<String, serde_json::Value> = Field::ALL
            .into_iter()
            .filter(|field| *field != Field::Password)
            .map(|field| (field.name().to_owned(), self.get(field).into()))
            .collect();
        serde_json::Value::Object(fields).to_string()
    }

    /// Reads an [`image`](Self::image) back; `None` when it is none.
    #[must_use]
    pub fn from_image(image: &str) -> Option<Self> {
        let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(image).ok()?;
        let mut record = Self::default();
        for field in Field::ALL {
            if field != Field::Password {
                record.set(field, fields.get(field.name())?.as_str()?);
            }
        }
        Some(record)
    }
}

impl fmt::Debug for Record {
    /// Never the password, and no postal address either: only who it is and what may be changed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("client", &self.get(Field::Client))
            .field("balance_management", &self.get(Field::BalanceManagement))
            .finish_non_exhaustive()
    }
}

/// A client's record as it was read, and what is remembered of it.
#[derive(Clone, Debug)]
pub struct Read {
    pub record: Record,
    /// The same without password and address, with the fingerprint that the list of clients gives it too.
    pub client: Client,
    /// What about it makes it doubtful that sending it back would leave it as it is.
    pub oddities: Vec<Oddity>,
}

/// What a record must not have that is sent back as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A field came as a number: a text may have lost digits on the way (`02134` becomes 2134).
    Number(Field),
    /// A field that `setClient` has no place for; its name is a short excerpt.
    Unknown(String),
}
