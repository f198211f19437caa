//! getBalanceManagement and getCountries: short lists of codes and what they mean.

use std::collections::BTreeMap;

use super::Call;
use crate::domain::client::Management;
use crate::voipms::answer::{Payload, Reader, fields, for_each_row, scalar};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;

/// A code of `balance_management`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceManagement {
    /// The code; differs from account to account.
    pub value: String,
    /// What the API says it means, such as `Hard - suspend the client`.
    pub description: String,
}

impl BalanceManagement {
    /// The list as descriptions by code. A code that stands for two things stands for nothing that could be asked for,
    /// so its description is empty.
    #[must_use]
    pub fn by_code(list: Vec<Self>) -> BTreeMap<String, String> {
        let mut codes = BTreeMap::new();
        for code in list {
            let description: &mut String = codes.entry(code.value).or_insert_with(|| code.description.clone());
            if *description != code.description {
                description.clear();
            }
        }
        codes
    }

    /// Which of the two kinds the description names by its first word; `None` for any other.
    #[must_use]
    pub fn meaning(&self) -> Option<Management> {
        let word = self
            .description
            .split(|char: char| !char.is_alphabetic())
            .find(|word| !word.is_empty())?;
        if word.eq_ignore_ascii_case("hard") {
            Some(Management::Hard)
        } else if word.eq_ignore_ascii_case("soft") {
            Some(Management::Soft)
        } else {
            None
        }
    }
}

/// A country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// Its code, two letters.
    pub code: String,
    /// Its name; spelled differently in getClients (`CANADA`).
    pub name: String,
}

/// The account's codes of `balance_management`.
pub(in crate::voipms) struct GetBalanceManagement;

impl Call for GetBalanceManagement {
    type Answer = Vec<BalanceManagement>;

    fn function(&self) -> Function {
        Function::GetBalanceManagement
    }

    fn parameters<'a>(&'a self, _: &mut dyn FnMut(&'static str, &'a str)) {}

    fn read(&self, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Self::Answer, Problem> {
        read(payload, reader, |value, description| BalanceManagement {
            value,
            description,
        })
    }
}

/// The codes of countries.
pub(in crate::voipms) struct GetCountries;

impl Call for GetCountries {
    type Answer = Vec<Country>;

    fn function(&self) -> Function {
        Function::GetCountries
    }

    fn parameters<'a>(&'a self, _: &mut dyn FnMut(&'static str, &'a str)) {}

    fn read(&self, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Self::Answer, Problem> {
        read(payload, reader, |code, name| Country { code, name })
    }
}

/// Rows of `value` and `description`. An odd row is left out: what is not listed is refused later, never guessed.
fn read<T>(payload: Payload<'_>, reader: &Reader<'_>, row: impl Fn(String, String) -> T) -> Result<Vec<T>, Problem> {
    let mut list = Vec::new();
    let Payload::Value(payload) = payload else {
        return Ok(list);
    };
    for_each_row(payload, |raw| {
        let text = |raw| scalar(raw).flatten().map(std::borrow::Cow::into_owned);
        if let Ok([Some(value), Some(description)]) = fields(raw.get(), &["value", "description"])
            && let (Some(value), Some(description)) = (text(value), text(description))
        {
            list.push(row(value, description));
        }
    })
    .ok_or_else(|| reader.malformed("no list", payload.get()))?;
    Ok(list)
}
