//! What came of a decision, for scripts: the commands print it, and the JSON API answers it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::AccountName;
use crate::domain::decision::Decision;

/// A silence that was ended by hand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Expired {
    pub id: String,
    pub account: AccountName,
    /// It does not hold any more.
    pub expired: bool,
}

/// A notification that somebody dealt with.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DealtWith {
    pub id: String,
    /// `pending`: it is due now; `dropped`: it was given up.
    pub state: &'static str,
}

/// Messages that are due now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Due {
    /// How many.
    pub messages: u64,
    /// `pending`.
    pub state: &'static str,
}

/// The brake of an account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Brake {
    account: AccountName,
    on: bool,
    since: Option<Timestamp>,
    by: Option<String>,
    reason: Option<String>,
    /// Whether this decision changed it.
    changed: bool,
}

impl Brake {
    /// `brake`: the one that is on.
    #[must_use]
    pub fn new(account: AccountName, brake: Option<&Decision>, changed: bool) -> Self {
        Self {
            account,
            on: brake.is_some(),
            since: brake.map(|brake| brake.at),
            by: brake.map(|brake| brake.by.clone()),
            reason: brake.map(|brake| brake.note.clone()),
            changed,
        }
    }
}
