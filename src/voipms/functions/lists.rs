//! getBalanceManagement, getCountries, getStates and getClientPackages: short lists of codes and what they mean.

use std::collections::BTreeMap;

use super::read::Read;
use super::rows::{Columns, Rows, read_rows};
use crate::domain::ClientId;
use crate::domain::plan::Country;
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;

/// A code of `balance_management`. Documented is only `1`, "Hard - suspend the client"; the portal's guide knows a soft
/// mode too, whose code nobody published.
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
}

/// A state of the USA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its code, two letters (documented sample: `AL`).
    pub code: String,
    /// Its name in capitals (documented sample: `ALABAMA`), as in getClients. Which of the two setClient and
    /// signupClient want is not known.
    pub name: String,
}

/// A package that a client has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPackage {
    /// The package's code, as in getPackages (documented).
    pub package: String,
    /// The package's name (documented sample: `VoIP`).
    pub name: String,
}

/// The account's codes of `balance_management`. An odd row is left out: what is not listed is refused later, never guessed.
pub(in crate::voipms) fn get_balance_management() -> Read<'static, Vec<BalanceManagement>> {
    Read::new(Function::GetBalanceManagement, |payload, reader| {
        let list = pairs("balance_management", "value", payload, reader, |value, description| {
            BalanceManagement { value, description }
        })?;
        Ok(list.rows)
    })
}

/// The codes of countries. An odd row is left out: what is not listed is refused later, never guessed.
pub(in crate::voipms) fn get_countries() -> Read<'static, Vec<Country>> {
    Read::new(Function::GetCountries, |payload, reader| {
        let list = pairs("countries", "value", payload, reader, |code, name| Country {
            code,
            name,
        })?;
        Ok(list.rows)
    })
}

/// The codes of states.
pub(in crate::voipms) fn get_states() -> Read<'static, Rows<State>> {
    Read::new(Function::GetStates, |payload, reader| {
        pairs("states", "state", payload, reader, |code, name| State { code, name })
    })
}

/// The packages that a client has.
pub(in crate::voipms) fn get_client_packages(client: &ClientId) -> Read<'_, Rows<ClientPackage>> {
    Read::of_client(Function::GetClientPackages, client, |payload, reader| {
        pairs("packages", "value", payload, reader, |package, name| ClientPackage {
            package,
            name,
        })
    })
}

/// Rows of a code, under the name `code`, and its `description`. A code without a description is none, and the other way
/// round; an empty description is one.
fn pairs<T>(
    key: &'static str,
    code: &str,
    payload: Payload<'_>,
    reader: &Reader<'_>,
    row: impl Fn(String, String) -> T,
) -> Result<Rows<T>, Problem> {
    read_rows(key, payload, reader, |raw| {
        let mut columns = Columns::read(raw, &[code, "description"], reader)?;
        let description = columns.given(1, "no description")?;
        Ok(row(columns.needed(0, "no code")?, description))
    })
}
