//! What enforcement asks of the provider: six reads and one write. Nothing else of the API can be reached from here.

use std::collections::BTreeMap;
use std::future::Future;

use crate::clock::Mark;
use crate::domain::enforcement::Refusal;
use crate::domain::plan::{Country, Passwords, Read, Record};
use crate::domain::{ClientId, Reading, Threshold};
use crate::voipms::ErrorKind;

/// A record that is to be changed now.
#[derive(Debug)]
pub struct LastLook<T> {
    /// The record.
    pub read: Read,
    /// The right to send the change at once.
    pub turn: T,
    /// When the read began, or a little before.
    pub since: Mark,
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
    /// Whether the API says that there is no such client. An answer without clients does not say so: it may be broken.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.code.as_deref(), Some("invalid_client" | "missing_client"))
    }
}

impl Failure {
    /// An answer that came, and is not to be relied on.
    pub(super) fn of_list(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            code: None,
            may_have_taken_effect: false,
            is_transient: true,
        }
    }

    /// Whether the write did not leave because the record that it is made of was too old by then.
    #[must_use]
    pub(super) fn is_too_late(&self) -> bool {
        self.kind == ErrorKind::TooLate.as_str()
    }

    /// What an answer that is no usable record means: it is refused, because asking at once again would bring the same.
    #[must_use]
    pub(super) fn refuses(&self) -> Option<Refusal> {
        match self.kind.as_str() {
            "wrong_client" => Some(Refusal::WrongRecord),
            "bad_record" => Some(Refusal::BadRecord),
            _ => None,
        }
    }
}

/// The reseller API, as far as enforcement needs it. Reads are repeated by whoever implements it; the write is sent once.
pub trait Provider: Send + Sync {
    /// The right to send one write now. It is held for a moment only: dropping it gives the turn away.
    type Turn: Send;

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

    /// `getClients` for all: their passwords, hashed.
    fn passwords(&self) -> impl Future<Output = Result<Passwords, Failure>> + Send;

    /// One record, and the right to send at once what is made of it: waiting for that here, and not behind the read or in
    /// [`set`](Self::set), keeps the last look, the brake's last look and the write together.
    fn record_before_write(
        &self,
        client: &ClientId,
    ) -> impl Future<Output = Result<LastLook<Self::Turn>, Failure>> + Send;

    /// `setClient` with all thirteen fields, at once, or not at all once the last look is too old. Sent once, over a connection that does not repeat by itself.
    fn set(&self, turn: Self::Turn, record: &Record) -> impl Future<Output = Result<(), Failure>> + Send;
}
