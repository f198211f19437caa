//! What enforcement asks of the provider: eight reads and one write. Nothing else of the API can be reached from here.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use jiff::civil::Date;

use crate::clock::Mark;
use crate::domain::enforcement::{Deferral, Refusal};
use crate::domain::plan::{Country, Decision, Passwords, Read, Record};
use crate::domain::{ClientId, Reading, Threshold};

/// A record that is to be changed now.
#[derive(Debug)]
pub struct LastLook<T> {
    pub read: Read,
    /// The right to send the change at once.
    pub turn: T,
    /// When the read began, or a little before.
    pub since: Mark,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its stable word, as `errors` in the report of a sweep has it: the API's own code where it declined.
    pub word: String,
    pub cause: Cause,
    /// Whether the request may have had an effect.
    pub may_have_taken_effect: bool,
    /// Whether the same call may succeed later, unchanged.
    pub is_transient: bool,
}

/// Why a call failed, as far as enforcement goes on by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The API answered with a code that is no success.
    Declined,
    /// What the write is made of was too old when it could leave, so nothing was sent.
    TooLate,
    /// Another client's record came.
    WrongRecord,
    /// The record came with a field missing or garbled.
    BadRecord,
    Other,
}

impl Failure {
    /// A list that came, and is too short to be relied on.
    pub(super) fn short_list() -> Self {
        Self {
            word: "short_list".to_owned(),
            cause: Cause::Other,
            may_have_taken_effect: false,
            is_transient: true,
        }
    }

    /// Whether the API says that there is no such client. An answer without clients does not say so: it may be broken.
    pub(super) fn is_gone(&self) -> bool {
        self.cause == Cause::Declined && matches!(self.word.as_str(), "invalid_client" | "missing_client")
    }

    /// What a read that failed means for the change that needs it: it waits.
    pub(super) fn unreadable(&self) -> Decision {
        let error = self.word.clone();
        Decision::Deferred(Deferral::Unreadable { error })
    }

    /// What it means that the record could not be read. An answer that is no usable record is refused, because asking at
    /// once again would bring the same.
    pub(super) fn no_record(&self) -> Decision {
        match self.cause {
            Cause::WrongRecord => Decision::Refused(Refusal::WrongRecord),
            Cause::BadRecord => Decision::Refused(Refusal::BadRecord),
            Cause::Declined | Cause::TooLate | Cause::Other => self.unreadable(),
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

    /// `getClientPackages`: the codes of the client's packages.
    fn packages(&self, client: &ClientId) -> impl Future<Output = Result<BTreeSet<String>, Failure>> + Send;

    /// `getDeposits`: the day of the client's newest deposit, in Toronto; `None` when it never made one.
    fn newest_deposit(&self, client: &ClientId) -> impl Future<Output = Result<Option<Date>, Failure>> + Send;

    /// One record, and the right to send at once what is made of it: waiting for that here, and not behind the read or in
    /// [`set`](Self::set), keeps the last look, the brake's last look and the write together.
    fn record_before_write(
        &self,
        client: &ClientId,
    ) -> impl Future<Output = Result<LastLook<Self::Turn>, Failure>> + Send;

    /// `setClient` with all thirteen fields, at once, or not at all once the last look is too old. Sent once, over a connection that does not repeat by itself.
    fn set(&self, turn: Self::Turn, record: &Record) -> impl Future<Output = Result<(), Failure>> + Send;
}

#[cfg(test)]
mod tests {
    use super::{Cause, Failure};
    use crate::domain::enforcement::{Deferral, Refusal};
    use crate::domain::plan::Decision;

    #[test]
    fn only_a_bad_record_is_refused_and_only_the_api_can_say_that_a_client_is_gone() {
        let waits = |error: &str| {
            Decision::Deferred(Deferral::Unreadable {
                error: error.to_owned(),
            })
        };
        for (word, cause, no_record, is_gone) in [
            ("invalid_client", Cause::Declined, waits("invalid_client"), true),
            ("missing_client", Cause::Declined, waits("missing_client"), true),
            ("no_client", Cause::Declined, waits("no_client"), false),
            ("invalid_client", Cause::Other, waits("invalid_client"), false),
            ("timeout", Cause::Other, waits("timeout"), false),
            ("too_late", Cause::TooLate, waits("too_late"), false),
            (
                "wrong_client",
                Cause::WrongRecord,
                Decision::Refused(Refusal::WrongRecord),
                false,
            ),
            (
                "bad_record",
                Cause::BadRecord,
                Decision::Refused(Refusal::BadRecord),
                false,
            ),
        ] {
            let failure = Failure {
                word: word.to_owned(),
                cause,
                may_have_taken_effect: false,
                is_transient: true,
            };
            assert_eq!(failure.no_record(), no_record, "{word} {cause:?}");
            assert_eq!(failure.unreadable(), waits(word), "{word} {cause:?}");
            assert_eq!(failure.is_gone(), is_gone, "{word} {cause:?}");
        }
    }
}
