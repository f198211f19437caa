//! Messages that will never arrive are themselves announced. What is to be announced stands in the store; here it is
//! only said in the log when nobody can be told.

use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Watch};
use crate::domain::AccountName;

/// Looks at the dead letters of accounts.
#[derive(Debug, Default)]
pub struct DeadLetters {
    /// Those that were said in the log, so that each is an error there once.
    logged: BTreeMap<AccountName, BTreeSet<String>>,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Whether somebody is owed a message about it.
    pub is_owed: bool,
    /// Whether everybody who must know is told or can be.
    pub all_told: bool,
}

impl DeadLetters {
    /// Judges the alert of one account by what the store holds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge(&mut self, watch: &Watch) -> Result<Looked, Error> {
        let account = &watch.account;
        let looked = watch.judge_dead_letters().await?;
        let all_told = looked.untold.is_empty();
        let logged = self.logged.entry(account.clone()).or_default();
        if !looked.untold.is_subset(logged) {
            let letters = looked.untold.len();
            tracing::error!(
                %account, letters,
                "messages will never arrive, and nobody can be told: see `balancewatch notifications list --state dead`"
            );
        }
        *logged = looked.untold;
        Ok(Looked {
            is_owed: looked.is_owed,
            all_told,
        })
    }
}
