//! The brake of an account, as people set and release it. The daemon reads it immediately before each write.

use super::{Desk, Refusal};
use crate::domain::AccountName;
use crate::domain::decision::{BRAKES, Decision};

impl Desk {
    /// Refuses all enforcement from now on, as `by` wants it; whether it was off.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn brake_on(&self, account: &AccountName, by: &str, reason: &str) -> Result<bool, Refusal> {
        let brake = Decision::brake(account.clone(), by, reason.to_owned(), self.now.at);
        Ok(self.store.decide(&brake).await?)
    }

    /// Lets enforcement go on; whether it was on. What sets it by itself may set it again with the next sweep.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn brake_off(&self, account: &AccountName) -> Result<bool, Refusal> {
        let mut was_on = false;
        for brake in BRAKES {
            was_on |= self.store.revoke(account, brake).await?;
        }
        Ok(was_on)
    }
}
