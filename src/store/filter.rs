//! Which of the records that are listed are wanted.

use crate::domain::{AccountName, ClientId};

/// Which notifications to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeFilter {
    pub account: AccountName,
    /// Of this client only.
    pub client: Option<ClientId>,
    /// In this state only, by its label.
    pub state: Option<String>,
    /// How many at most.
    pub limit: usize,
}

/// Which enforcements to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcementFilter {
    pub account: AccountName,
    /// Of this client only.
    pub client: Option<ClientId>,
    /// In this state only, by its label.
    pub state: Option<String>,
    /// How many at most.
    pub limit: usize,
}
