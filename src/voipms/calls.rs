//! The functions as methods, one for each. How they are sent stands in `client`.

use super::client::{Client, WriteTurn};
use super::error::{Error, Problem};
use super::functions::{
    BalanceManagement, ClientThreshold, Country, GetBalance, GetBalanceManagement, GetClient, GetClientThreshold,
    GetClients, GetCountries, GetResellerBalance, ResellerBalance, Rows, SetClient,
};
use super::outcome::WriteError;
use super::record::ClientRecord;
use crate::domain::{self, ClientId};

impl Client {
    /// All clients of the account, without passwords.
    ///
    /// # Errors
    /// [`Error`]; an answer in which no row can be used is one.
    pub async fn get_clients(&self) -> Result<Rows<domain::Client>, Error> {
        self.read(&GetClients { email: None }).await
    }

    /// The clients with this e-mail address.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_clients_by_email(&self, email: &str) -> Result<Rows<domain::Client>, Error> {
        self.read(&GetClients { email: Some(email) }).await
    }

    /// One client's whole record.
    ///
    /// # Errors
    /// [`Error`]: [`Error::is_absent_client`] when there is no such client; [`Problem::WrongClient`] when the answer is
    /// about others; [`Problem::BadRecord`] when it is not complete.
    pub async fn get_client(&self, client: &ClientId) -> Result<ClientRecord, Error> {
        self.read(&GetClient(client)).await
    }

    /// Whether the account has this client. Only the API's own word that the id is not valid is a no: a list without it
    /// proves nothing.
    ///
    /// # Errors
    /// [`Error`] when it cannot be told.
    pub async fn has_client(&self, client: &ClientId) -> Result<bool, Error> {
        match self.get_client(client).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.problem(), Problem::BadRecord { .. }) => Ok(true),
            Err(error) if error.is_absent_client() && error.code() != Some("no_client") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A client's balance.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_reseller_balance(&self, client: &ClientId) -> Result<ResellerBalance, Error> {
        self.read(&GetResellerBalance(client)).await
    }

    /// A client's own limit.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_client_threshold(&self, client: &ClientId) -> Result<ClientThreshold, Error> {
        self.read(&GetClientThreshold(client)).await
    }

    /// The account's codes of `balance_management`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_balance_management(&self) -> Result<Vec<BalanceManagement>, Error> {
        self.read(&GetBalanceManagement).await
    }

    /// The codes of countries.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_countries(&self) -> Result<Vec<Country>, Error> {
        self.read(&GetCountries).await
    }

    /// The reseller's own balance.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_balance(&self) -> Result<ResellerBalance, Error> {
        self.read(&GetBalance).await
    }

    /// Overwrites a client's whole record. Sent once, whatever comes of it.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn set_client(&self, turn: WriteTurn, record: &ClientRecord) -> Result<(), WriteError> {
        self.write(&SetClient(record), Some(turn)).await
    }
}
