//! The functions as methods, one for each. How they are sent stands in `client`.

use std::borrow::Cow;
use std::net::IpAddr;

use super::client::{Client, WriteTurn};
use super::codes;
use super::error::{Error, Problem};
use super::functions::{
    self, AddCharge, AddPayment, BalanceManagement, ClientPackage, ClientThreshold, Entry, GetClient, Package,
    ResellerBalance, Rows, SetClient, SetClientThreshold, SignupClient, State,
};
use super::outcome::WriteError;
use crate::domain::plan::{Country, Passwords, Read, Record};
use crate::domain::{self, ClientId};

impl Client {
    /// All clients of the account, without passwords.
    ///
    /// # Errors
    /// [`Error`]; an answer in which no row can be used is one.
    pub async fn get_clients(&self) -> Result<Rows<domain::Client>, Error> {
        self.read(&functions::get_clients(None)).await
    }

    /// The clients with this e-mail address.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_clients_by_email(&self, email: &str) -> Result<Rows<domain::Client>, Error> {
        self.read(&functions::get_clients(Some(email))).await
    }

    /// One client's whole record.
    ///
    /// # Errors
    /// [`Error`]: [`Error::is_absent_client`] when there is no such client; [`Problem::WrongClient`] when the answer is
    /// about others; [`Problem::BadRecord`] when it is not complete.
    pub async fn get_client(&self, client: &ClientId) -> Result<Read, Error> {
        self.read(&GetClient(client)).await
    }

    /// The passwords that the list of clients shows, hashed: to find those that several show.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_passwords(&self) -> Result<Passwords, Error> {
        self.read(&functions::passwords()).await
    }

    /// One client's whole record, and the turn for a write that is made of it: sent at once, no more than a round trip lies
    /// between the two. At a rate of one call a minute it is a minute.
    ///
    /// # Errors
    /// [`Error`], as [`Client::get_client`]; nothing was written then.
    pub async fn get_client_before_write(&self, client: &ClientId) -> Result<(Read, WriteTurn), Error> {
        self.read_before_write(&GetClient(client)).await
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
        self.read(&functions::get_reseller_balance(client)).await
    }

    /// A client's own limit.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_client_threshold(&self, client: &ClientId) -> Result<ClientThreshold, Error> {
        self.read(&functions::get_client_threshold(client)).await
    }

    /// The account's codes of `balance_management`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_balance_management(&self) -> Result<Vec<BalanceManagement>, Error> {
        self.read(&functions::get_balance_management()).await
    }

    /// The codes of countries.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_countries(&self) -> Result<Vec<Country>, Error> {
        self.read(&functions::get_countries()).await
    }

    /// The reseller's own balance.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_balance(&self) -> Result<ResellerBalance, Error> {
        self.read(&functions::get_balance()).await
    }

    /// What a client was debited with, newest first. However the API says that there is nothing, the list is empty.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_charges(&self, client: &ClientId) -> Result<Rows<Entry>, Error> {
        self.read(&functions::get_charges(client)).await
    }

    /// What a client was credited with, newest first. However the API says that there is nothing, the list is empty.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_deposits(&self, client: &ClientId) -> Result<Rows<Entry>, Error> {
        self.read(&functions::get_deposits(client)).await
    }

    /// The packages that a client has.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_client_packages(&self, client: &ClientId) -> Result<Rows<ClientPackage>, Error> {
        self.read(&functions::get_client_packages(client)).await
    }

    /// The reseller's packages: all, or the one with this code.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_packages(&self, package: Option<&str>) -> Result<Rows<Package>, Error> {
        self.read(&functions::get_packages(package)).await
    }

    /// The codes of the states of the USA.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_states(&self) -> Result<Rows<State>, Error> {
        self.read(&functions::get_states()).await
    }

    /// The address that the API sees this machine at. Answered also while that address is not allowed (documented).
    ///
    /// # Errors
    /// [`Error`].
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

    /// Debits a client. Sent once, whatever comes of it; the answer names no id.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn add_charge(&self, charge: &AddCharge) -> Result<(), WriteError> {
        self.write(&charge.0, None).await
    }

    /// Credits a client. Sent once, whatever comes of it; the answer names no id.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn add_payment(&self, payment: &AddPayment) -> Result<(), WriteError> {
        self.write(&payment.0, None).await
    }

    /// Sets a client's own limit. Sent once, whatever comes of it.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn set_client_threshold(&self, threshold: &SetClientThreshold) -> Result<(), WriteError> {
        self.write(&threshold.0, None).await
    }

    /// Makes a new client. Sent once, whatever comes of it. The new client's id, which older versions of the API do not
    /// tell: look it up by the e-mail address when it is `None`.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn signup_client(&self, client: &SignupClient) -> Result<Option<ClientId>, WriteError> {
        self.write(client, None).await
    }

    /// Overwrites a client's whole record. Sent once, whatever comes of it.
    ///
    /// # Errors
    /// [`WriteError`]; [`Problem::Unsendable`] when the record names no client or has no password.
    pub async fn set_client(&self, turn: WriteTurn, record: &Record) -> Result<(), WriteError> {
        let call = SetClient::new(record).map_err(WriteError::NotDone)?;
        self.write(&call, Some(turn)).await
    }
}
