//! The provider over the wire: the account's API client, in the words of enforcement. Translates, and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::provider::{Cause, Failure, LastLook, Provider};
use crate::clock::Clock;
use crate::domain::plan::{Country, Passwords, Read, Record};
use crate::domain::{ClientId, Reading, Threshold};
use crate::voipms::{BalanceManagement, Client, Error, ErrorKind, WriteTurn};

/// The account's API client, its calls before those of the sweep.
#[derive(Clone, Debug)]
pub struct Portal {
    client: Client,
    clock: Clock,
}

impl Portal {
    /// The same account's API, for enforcement.
    #[must_use]
    pub fn new(client: &Client, clock: Clock) -> Self {
        Self {
            client: client.urgent(),
            clock,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            word: error.kind().to_string(),
            cause: match error.kind() {
                ErrorKind::Declined(_) => Cause::Declined,
                ErrorKind::TooLate => Cause::TooLate,
                ErrorKind::WrongClient => Cause::WrongRecord,
                ErrorKind::BadRecord => Cause::BadRecord,
                _ => Cause::Other,
            },
            may_have_taken_effect: error.may_have_taken_effect(),
            is_transient: error.is_transient(),
        }
    }
}

impl Provider for Portal {
    type Turn = WriteTurn;

    async fn balance(&self, client: &ClientId) -> Result<Reading, Failure> {
        let answer = self.client.get_reseller_balance(client).await?;
        Ok(Reading {
            balance: answer.current_balance,
            spent_today: answer.spent_today,
            spent_total: answer.spent_total,
            at: self.clock.now(),
        })
    }

    async fn threshold(&self, client: &ClientId) -> Result<Threshold, Failure> {
        let answer = self.client.get_client_threshold(client).await?;
        Ok(Threshold {
            amount: answer.threshold,
            email: answer.email,
            at: self.clock.now(),
        })
    }

    async fn record(&self, client: &ClientId) -> Result<Read, Failure> {
        Ok(self.client.get_client(client).await?)
    }

    async fn management_codes(&self) -> Result<BTreeMap<String, String>, Failure> {
        Ok(BalanceManagement::by_code(self.client.get_balance_management().await?))
    }

    async fn countries(&self) -> Result<Vec<Country>, Failure> {
        Ok(self.client.get_countries().await?)
    }

    async fn passwords(&self) -> Result<Passwords, Failure> {
        Ok(self.client.get_passwords().await?)
    }

    async fn packages(&self, client: &ClientId) -> Result<BTreeSet<String>, Failure> {
        Ok(self.client.get_client_packages(client).await?)
    }

    async fn newest_deposit(&self, client: &ClientId) -> Result<Option<Date>, Failure> {
        let deposits = self.client.get_deposits(client).await?;
        Ok(deposits.rows.iter().map(|deposit| deposit.date).max())
    }

    async fn record_before_write(&self, client: &ClientId) -> Result<LastLook<WriteTurn>, Failure> {
        let (read, turn) = self.client.get_client_before_write(client).await?;
        let since = turn.since();
        Ok(LastLook { read, turn, since })
    }

    async fn set(&self, turn: WriteTurn, record: &Record) -> Result<(), Failure> {
        Ok(self.client.set_client(turn, record).await?)
    }
}
