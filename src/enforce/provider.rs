//! What enforcement asks of the provider: five reads and one write. Nothing else of the API can be reached from here.

use std::collections::BTreeMap;
use std::future::Future;

use crate::domain::plan::{Country, Record};
use crate::domain::{Client, ClientId, Reading, Threshold};

/// A client's record as it was read, and what is remembered of it.
#[derive(Clone, Debug)]
pub struct Read {
    /// All thirteen fields.
    pub record: Record,
    /// The same without password and address, with the fingerprint that the list of clients gives it too.
    pub client: Client,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind, as `errors` in the report of a sweep names it.
    pub kind: String,
    /// The API's own status code, if the API answered with one.
    pub code: Option<String>,
    /// Whether the request may have had an effect.
    pub may_have_taken_effect: bool,
    /// Whether the same call may succeed later, unchanged.
    pub is_transient: bool,
}

impl Failure {
    /// Whether the API says that there is no such client.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.code.as_deref(), Some("invalid_client" | "no_client"))
    }
}

/// The reseller API, as far as enforcement needs it. Reads are repeated by whoever implements it; the write is sent once.
pub trait Provider: Send + Sync {
    /// `getResellerBalance`.
    fn balance(&self, client: &ClientId) -> impl Future<Output = Result<Reading, Failure>> + Send;

    /// `getClientThreshold`.
    fn threshold(&self, client: &ClientId) -> impl Future<Output = Result<Threshold, Failure>> + Send;

    /// `getClients` for this client alone.
    fn record(&self, client: &ClientId) -> impl Future<Output = Result<Read, Failure>> + Send;

    /// `getBalanceManagement`: descriptions by code.
    fn management_codes(&self) -> impl Future<Output = Result<BTreeMap<String, String>, Failure>> + Send;

    /// `getCountries`.
    fn countries(&self) -> impl Future<Output = Result<Vec<Country>, Failure>> + Send;

    /// `setClient` with all thirteen fields. Sent once, over a connection that does not repeat by itself.
    fn set(&self, record: &Record) -> impl Future<Output = Result<(), Failure>> + Send;
}
