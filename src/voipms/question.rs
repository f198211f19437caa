//! A call with the way in which its answer is read. Nothing is sent here.

use super::answer::{Payload, Reader};
use super::call::Call;
use super::error::Problem;
use super::function::Expected;

/// How the payload of a successful answer to a call is read.
pub(super) type ReadAnswer<A> = fn(&Call, Payload<'_>, &Reader<'_>) -> Result<A, Problem>;

/// A call whose answer is read into `A`.
pub(super) struct Question<A> {
    pub call: Call,
    pub expected: Expected,
    pub read: ReadAnswer<A>,
}

impl<A> Question<A> {
    pub(super) fn new(call: Call, read: ReadAnswer<A>) -> Self {
        let expected = call.function().expected();
        Self { call, expected, read }
    }
}

impl Question<()> {
    /// Asks whether it was a success. What a success holds is for whoever reads the body to see: only the statuses of
    /// empty lists matter here.
    pub(super) fn of_success(call: Call) -> Self {
        let expected = match call.function().expected() {
            Expected::Rows(key) | Expected::Ledger(key) => Expected::Ledger(key),
            Expected::One(key) | Expected::Perhaps(key) => Expected::Perhaps(key),
            Expected::Nothing => Expected::Nothing,
        };
        let read = |_: &Call, _: Payload<'_>, _: &Reader<'_>| Ok(());
        Self { call, expected, read }
    }
}
