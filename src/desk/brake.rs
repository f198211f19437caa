//! The brake of an account, as people set and release it. The daemon reads it immediately before each write.

use super::{Desk, Refusal};
use crate::domain::AccountName;
use crate::domain::decision::{BRAKE, Decision};

impl Desk {
    /// Refuses all enforcement from now on, as `by` wants it; whether it was off.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn brake_on(&self, account: &AccountName, by: &str, reason: &str) -> Result<bool, Refusal> {
        let brake = Decision::brake(account.clone(), by, reason.to_owned(), self.now.at);
        Ok(self.store.decide(&brake).await?)
    }

    /// Lets enforcement go on; whether it was on.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn brake_off(&self, account: &AccountName) -> Result<bool, Refusal> {
        Ok(self.store.revoke(account, BRAKE).await?)
    }
}
