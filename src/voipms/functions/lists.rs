//! getBalanceManagement, getCountries, getStates and getClientPackages: short lists of codes and what they mean; and
//! getPackages, of which nothing is used but whether its rows can be read.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{Columns, Rows, read_rows};
use crate::domain::plan::Country;
use crate::domain::{ClientId, Money};
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::call::Call;
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::question::Question;

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

/// The account's codes of `balance_management`. An odd row is left out: what is not listed is refused later, never guessed.
pub fn get_balance_management() -> Question<Vec<BalanceManagement>> {
    Question::new(Call::plain(Function::GetBalanceManagement), |call, payload, reader| {
        let rows = read_pairs(call.function(), payload, reader)?.rows.into_iter();
        let codes = rows.map(|(value, description)| BalanceManagement { value, description });
        Ok(codes.collect())
    })
}

/// The codes of countries. An odd row is left out: what is not listed is refused later, never guessed.
pub fn get_countries() -> Question<Vec<Country>> {
    Question::new(Call::plain(Function::GetCountries), |call, payload, reader| {
        let rows = read_pairs(call.function(), payload, reader)?.rows.into_iter();
        Ok(rows.map(|(code, name)| Country { code, name }).collect())
    })
}

/// The codes of a client's packages.
pub fn get_client_packages(client: &ClientId) -> Question<BTreeSet<String>> {
    Question::new(
        Call::of_client(Function::GetClientPackages, client),
        |call, payload, reader| {
            let list = read_pairs(call.function(), payload, reader)?;
            Ok(list.rows.into_iter().map(|(code, _)| code).collect())
        },
    )
}

/// Rows of a code and its `description`. A code without a description is none, and the other way round; an empty
/// description is one.
pub fn read_pairs(
    function: Function,
    payload: Payload<'_>,
    reader: &Reader<'_>,
) -> Result<Rows<(String, String)>, Problem> {
    let code = match function {
        Function::GetStates => "state",
        _ => "value",
    };
    read_rows(function, payload, |row| {
        let mut columns = Columns::read(row, &[code, "description"], reader)?;
        let description = columns.given(1, "no description")?;
        Ok((columns.needed(0, "no code")?, description))
    })
}

/// The columns of a package that hold amounts, and those that hold whole numbers (documented by name and one sample).
const PACKAGE: [&str; 7] = [
    "package",
    "markup_fixed",
    "markup_percentage",
    "monthly_fee",
    "setup_fee",
    "pulse",
    "free_minutes",
];

/// Checks the rows of packages: each has a code, and what should be a number is one or empty.
pub fn read_packages(payload: Payload<'_>, reader: &Reader<'_>) -> Result<Rows<()>, Problem> {
    read_rows(Function::GetPackages, payload, |row| {
        let mut columns = Columns::read(row, &PACKAGE, reader)?;
        for position in 1..=4 {
            columns.parsed::<Money>(position, "an amount that is none")?;
        }
        for position in 5..=6 {
            let why = "a number that is none";
            let number = columns.parsed::<Money>(position, why)?.map(Money::amount);
            // Whole numbers may be written with decimals (`60.00`).
            if number.is_some_and(|number| !number.is_integer() || u32::try_from(number).is_err()) {
                return Err(columns.odd(why));
            }
        }
        columns.needed(0, "no code").map(drop)
    })
}
