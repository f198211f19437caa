//! The provider over the wire: the account's API client, in the words of enforcement. Translates, and decides nothing.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::provider::{Failure, LastLook, Provider, Read};
use crate::clock::Clock;
use crate::domain::plan::{Country, Field, Record};
use crate::domain::{ClientId, Reading, Threshold};
use crate::voipms::{BalanceManagement, Client, ClientRecord, Error, WriteError, WriteTurn};

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
            kind: error.kind().to_owned(),
            code: error.code().map(str::to_owned),
            may_have_taken_effect: error.may_have_taken_effect(),
            is_transient: error.is_transient(),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(failure: WriteError) -> Self {
        failure.into_error().into()
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
        let answer = self.client.get_client(client).await?;
        Ok(Read {
            record: read(&answer),
            client: answer.to_client(),
        })
    }

    async fn management_codes(&self) -> Result<BTreeMap<String, String>, Failure> {
        Ok(BalanceManagement::by_code(self.client.get_balance_management().await?))
    }

    async fn countries(&self) -> Result<Vec<Country>, Failure> {
        Ok(self.client.get_countries().await?)
    }

    async fn record_before_write(&self, client: &ClientId) -> Result<LastLook<WriteTurn>, Failure> {
        let (answer, turn) = self.client.get_client_before_write(client).await?;
        let read = Read {
            record: read(&answer),
            client: answer.to_client(),
        };
        let since = turn.since();
        Ok(LastLook { read, turn, since })
    }

    async fn set(&self, turn: WriteTurn, record: &Record) -> Result<(), Failure> {
        let Some(record) = written(record) else {
            return Err(Failure {
                kind: "unsendable".to_owned(),
                code: None,
                may_have_taken_effect: false,
                is_transient: false,
            });
        };
        Ok(self.client.set_client(turn, &record).await?)
    }
}

/// A record as it was read, field by field.
#[must_use]
pub fn read(answer: &ClientRecord) -> Record {
    use secrecy::ExposeSecret;
    Record::from_fields([
        (Field::Client, answer.client.as_str()),
        (Field::Email, &answer.email),
        (Field::Password, answer.password.expose_secret()),
        (Field::Company, &answer.company),
        (Field::Firstname, &answer.firstname),
        (Field::Lastname, &answer.lastname),
        (Field::Address, &answer.address),
        (Field::City, &answer.city),
        (Field::State, &answer.state),
        (Field::Country, &answer.country),
        (Field::Zip, &answer.zip),
        (Field::PhoneNumber, &answer.phone_number),
        (Field::BalanceManagement, &answer.balance_management),
    ])
}

/// A record to write; `None` when it has no password or no id, which a prepared one always has.
#[must_use]
pub fn written(record: &Record) -> Option<ClientRecord> {
    let text = |field| record.get(field).to_owned();
    Some(ClientRecord {
        client: ClientId::new(record.get(Field::Client)).ok()?,
        email: text(Field::Email),
        password: SecretString::from(record.expose_password()?),
        company: text(Field::Company),
        firstname: text(Field::Firstname),
        lastname: text(Field::Lastname),
        address: text(Field::Address),
        city: text(Field::City),
        state: text(Field::State),
        country: text(Field::Country),
        zip: text(Field::Zip),
        phone_number: text(Field::PhoneNumber),
        balance_management: text(Field::BalanceManagement),
    })
}
