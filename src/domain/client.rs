//! What is known of a client: who it is, its last good reading, its threshold.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClientId, Money};

/// The two kinds of balance management. Their numbers differ from account to account and are resolved through
/// `getBalanceManagement`; only the meaning is ever configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Management {
    /// Calls stop when the balance reaches 0.
    Hard,
    /// The client may go negative, at the reseller's cost.
    Soft,
}

impl Management {
    /// The word used in the configuration and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
        }
    }
}

impl std::fmt::Display for Management {
    /// As the portal and the API's own descriptions spell it: `HARD`, `SOFT`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Hard => "HARD",
            Self::Soft => "SOFT",
        })
    }
}

/// A client as the inventory shows it. Holds no password, and of its postal address only
/// the country, for the language of its letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: ClientId,
    /// The client's own e-mail address; empty when it has none.
    pub email: String,
    /// Company; may be empty.
    pub company: String,
    /// First name; may be empty.
    pub firstname: String,
    /// Last name; may be empty.
    pub lastname: String,
    /// The country of its address, a name or a code, as the list shows it; may be empty.
    #[serde(default)]
    pub country: String,
    /// The raw `balance_management` code, as the list showed it; empty when absent.
    pub balance_management: String,
    /// Identifies the whole record but its password: equal fingerprints mean that nobody edited the record.
    pub fingerprint: String,
}

impl Client {
    /// A client of whom nothing is known but the id.
    #[must_use]
    pub const fn unknown(id: ClientId) -> Self {
        Self {
            id,
            email: String::new(),
            company: String::new(),
            firstname: String::new(),
            lastname: String::new(),
            country: String::new(),
            balance_management: String::new(),
            fingerprint: String::new(),
        }
    }

    /// What people call the client: the company, else the person, else the id.
    #[must_use]
    pub fn label(&self) -> String {
        if !self.company.trim().is_empty() {
            return self.company.trim().to_owned();
        }
        let person = format!("{} {}", self.firstname.trim(), self.lastname.trim());
        if person.trim().is_empty() {
            self.id.to_string()
        } else {
            person.trim().to_owned()
        }
    }
}

/// One good `getResellerBalance` (or, for the reseller itself, `getBalance`) answer and the time it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub balance: Money,
    /// Spent since midnight in Toronto; `None` when the answer had none.
    pub spent_today: Option<Money>,
    /// Spent in the last 30 days; `None` when the answer had none.
    pub spent_total: Option<Money>,
    /// When the answer came.
    pub at: Timestamp,
}

/// A good `getClientThreshold` answer and the time it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// The client's own limit; `None` when it has none (absent, empty or 0).
    pub amount: Option<Money>,
    /// Where the client wants to be told; `None` when it gave no address.
    pub email: Option<String>,
    /// When the answer came.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientId};

    #[test]
    fn a_client_is_called_by_the_first_name_it_has() {
        let client = |company: &str, firstname: &str, lastname: &str| Client {
            company: company.to_owned(),
            firstname: firstname.to_owned(),
            lastname: lastname.to_owned(),
            ..Client::unknown(ClientId::new("561115").unwrap())
        };
        assert_eq!(client(" Consulting ", "John", "Doe").label(), "Consulting");
        assert_eq!(client(" ", "John", "Doe").label(), "John Doe");
        assert_eq!(client("", "", "Doe").label(), "Doe");
        assert_eq!(client("", "", "").label(), "561115");
    }
}
