//! The functions that the daemon decides by, a method for each. How they are sent stands in `client`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use super::call::Call;
use super::client::{Client, WriteTurn};
use super::codes;
use super::error::{Error, Problem};
use super::functions::{self, BalanceManagement, ClientThreshold, Entry, ResellerBalance, Rows};
use crate::domain::plan::{Country, Passwords, Read, Record};
use crate::domain::{self, ClientId};

impl Client {
    /// All clients of the account, without passwords.
    ///
    /// # Errors
    /// [`Error`]; an answer in which no row can be used is one.
    pub async fn get_clients(&self) -> Result<Rows<domain::Client>, Error> {
        self.read(&functions::get_clients()).await
    }

    /// One client's whole record.
    ///
    /// # Errors
    /// [`Error`]: [`Error::is_absent_client`] when there is no such client; [`Problem::WrongClient`] when the answer is
    /// about others; [`Problem::BadRecord`] when it is not complete.
    pub async fn get_client(&self, client: &ClientId) -> Result<Read, Error> {
        self.read(&functions::get_client(client)).await
    }

    /// The passwords that the list of clients shows, hashed: to find those that several show.
    pub async fn get_passwords(&self) -> Result<Passwords, Error> {
        self.read(&functions::get_passwords()).await
    }

    /// One client's whole record, and the turn for a write that is made of it: sent at once, no more than a round trip lies
    /// between the two. At a rate of one call a minute it is a minute.
    ///
    /// # Errors
    /// [`Error`], as [`Client::get_client`]; nothing was written then.
    pub async fn get_client_before_write(&self, client: &ClientId) -> Result<(Read, WriteTurn), Error> {
        self.read_before_write(&functions::get_client(client)).await
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

    pub async fn get_reseller_balance(&self, client: &ClientId) -> Result<ResellerBalance, Error> {
        self.read(&functions::get_reseller_balance(client)).await
    }

    /// A client's own limit.
    pub async fn get_client_threshold(&self, client: &ClientId) -> Result<ClientThreshold, Error> {
        self.read(&functions::get_client_threshold(client)).await
    }

    /// The account's codes of `balance_management`.
    pub async fn get_balance_management(&self) -> Result<Vec<BalanceManagement>, Error> {
        self.read(&functions::get_balance_management()).await
    }

    /// The codes of countries.
    pub async fn get_countries(&self) -> Result<Vec<Country>, Error> {
        self.read(&functions::get_countries()).await
    }

    /// The reseller's own balance.
    pub async fn get_balance(&self) -> Result<ResellerBalance, Error> {
        self.read(&functions::get_balance()).await
    }

    /// What a client was debited with, newest first. However the API says that there is nothing, the list is empty.
    pub async fn get_charges(&self, client: &ClientId) -> Result<Rows<Entry>, Error> {
        self.read(&functions::get_charges(client)).await
    }

    /// What a client was credited with, newest first; as [`Client::get_charges`].
    pub async fn get_deposits(&self, client: &ClientId) -> Result<Rows<Entry>, Error> {
        self.read(&functions::get_deposits(client)).await
    }

    /// The codes of a client's packages.
    pub async fn get_client_packages(&self, client: &ClientId) -> Result<BTreeSet<String>, Error> {
        self.read(&functions::get_client_packages(client)).await
    }

    /// The address that the API sees this machine at. Answered also while that address is not allowed (documented).
    pub async fn get_ip(&self) -> Result<IpAddr, Error> {
        self.read(&functions::get_ip()).await
    }

    /// What a person can do about a failed call: [`Error::hint`]; about an address that is not allowed, which one it is.
    /// That costs one more call, and nobody else can tell: between this machine and the API may be a router.
    pub async fn advice(&self, error: &Error) -> Option<Cow<'static, str>> {
        if error.is_address_refused()
            && let Ok(address) = self.get_ip().await
        {
            return Some(codes::allow(&address.to_string()).into());
        }
        error.hint().map(Cow::Borrowed)
    }

    /// Overwrites a client's whole record. Sent once, whatever comes of it.
    ///
    /// # Errors
    /// [`Error`], which says whether it [may have been done](Error::may_have_taken_effect); [`Problem::Unsendable`] when
    /// the record names no client or has no password.
    pub async fn set_client(&self, turn: WriteTurn, record: &Record) -> Result<(), Error> {
        let call = Call::set_client(record)?;
        self.write_in(turn, &call).await?;
        Ok(())
    }
}
