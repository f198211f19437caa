//! Reads that ask with one parameter at most, which all of them do. What the answer means, each function's file says.

use super::Call;
use crate::domain::ClientId;
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;

/// How an answer is read.
type ReadAnswer<A> = fn(Payload<'_>, &Reader<'_>) -> Result<A, Problem>;

/// A read.
pub(in crate::voipms) struct Read<'c, A> {
    function: Function,
    parameter: Option<(&'static str, &'c str)>,
    answer: ReadAnswer<A>,
}

impl<'c, A> Read<'c, A> {
    /// One that takes no parameter, or none this time.
    pub(super) const fn new(function: Function, answer: ReadAnswer<A>) -> Self {
        Self {
            function,
            parameter: None,
            answer,
        }
    }

    /// One about this client.
    pub(super) fn of_client(function: Function, client: &'c ClientId, answer: ReadAnswer<A>) -> Self {
        Self::new(function, answer).with("client", Some(client.as_str()))
    }

    /// The same with a parameter, if there is one.
    pub(super) fn with(mut self, name: &'static str, value: Option<&'c str>) -> Self {
        self.parameter = value.map(|value| (name, value));
        self
    }
}

impl<A> Call for Read<'_, A> {
    type Answer = A;

    fn function(&self) -> Function {
        self.function
    }

    fn parameters<'a>(&'a self, add: &mut dyn FnMut(&'static str, &'a str)) {
        if let Some((name, value)) = self.parameter {
            add(name, value);
        }
    }

    fn read(&self, payload: Payload<'_>, reader: &Reader<'_>) -> Result<A, Problem> {
        (self.answer)(payload, reader)
    }
}
