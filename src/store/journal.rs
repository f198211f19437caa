//! The journal of an account, as it is read: whole, or not.

use std::collections::BTreeMap;

use super::chain::{self, Broken, Checked, Line, Part};
use super::{Error, Store};
use crate::domain::AccountName;

impl Store {
    /// Checks the account's journal and everything that it is about.
    ///
    /// # Errors
    /// When the store cannot be read. What is wrong with the journal is an answer.
    pub async fn verify(&self, account: &AccountName) -> Result<Result<Checked, Broken>, Error> {
        let (lines, texts) = self.journal(account).await?;
        Ok(chain::check(&lines, &texts))
    }

    /// The lines of the account's journal, in their order, and what they are about as it stands now.
    pub async fn journal(&self, account: &AccountName) -> Result<(Vec<Line>, BTreeMap<Part, String>), Error> {
        self.during("read the journal", self.engine.journal(account)).await
    }
}
