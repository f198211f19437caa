//! Which of the notifications or enforcements are listed, newest first.

use crate::domain::{AccountName, ClientId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub account: AccountName,
    /// Of this client only.
    pub client: Option<ClientId>,
    /// In this state only, by its label.
    pub state: Option<String>,
    /// Written down before the one of this id only; none is before one that is not known.
    pub before: Option<String>,
    /// How many at most.
    pub limit: usize,
}

impl Filter {
    /// Any of the account.
    #[must_use]
    pub const fn newest(account: AccountName, limit: usize) -> Self {
        Self {
            account,
            client: None,
            state: None,
            before: None,
            limit,
        }
    }
}
