//! A call: a function and its arguments. How it is sent, and how its answer is read, stand elsewhere.

use std::fmt;

use super::check::{Unacceptable, check};
use super::error::{Error, Problem};
use super::function::Function;
use super::record::FIELDS;
use crate::domain::ClientId;
use crate::domain::plan::{Field, Record};

/// A function with its arguments. Debug shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    function: Function,
    arguments: Vec<(&'static str, String)>,
}

impl Call {
    /// Checks the arguments: all that is required is there, nothing is unknown or there twice, every value is of its
    /// kind, and confirmations repeat what they confirm. Sent is exactly what is given, in this order.
    ///
    /// # Errors
    /// Every [`Unacceptable`] there is.
    pub fn new(function: Function, arguments: Vec<(&'static str, String)>) -> Result<Self, Vec<Unacceptable>> {
        check(function, &arguments)?;
        Ok(Self { function, arguments })
    }

    /// setClient with a whole record. Most of it was read and not typed, so it is not checked: it goes back verbatim.
    /// Whether a field that is left out is blanked or kept is not known, so all thirteen are always sent.
    ///
    /// # Errors
    /// [`Problem::Unsendable`] when the record names no client or has no password: one that was put together from what
    /// is kept has none, and sending it would take the client's away.
    pub fn set_client(record: &Record) -> Result<Self, Error> {
        let function = Function::SetClient;
        let unsendable = |why| Error::new(function, Problem::Unsendable(why));
        if ClientId::new(record.get(Field::Client)).is_err() {
            return Err(unsendable("the record has no client's id"));
        }
        let password = record.expose_password();
        let password = password.ok_or_else(|| unsendable("the record has no password"))?;
        let argument = |field: Field| {
            let value = match field {
                Field::Password => password,
                open => record.get(open),
            };
            (field.name(), value.to_owned())
        };
        let arguments = FIELDS.map(argument).into();
        Ok(Self { function, arguments })
    }

    /// A read without an argument.
    pub(super) const fn plain(function: Function) -> Self {
        let arguments = Vec::new();
        Self { function, arguments }
    }

    /// A read about this client.
    pub(super) fn of_client(function: Function, client: &ClientId) -> Self {
        let arguments = vec![("client", client.as_str().to_owned())];
        Self { function, arguments }
    }

    #[must_use]
    pub const fn function(&self) -> Function {
        self.function
    }

    /// Names and values, in the order in which they are sent.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.arguments.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of an argument.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value)
    }

    /// The password among the arguments, which the answer may repeat. A second one is a confirmation, and so the same.
    pub(super) fn password(&self) -> Option<&str> {
        let mut passwords = self.arguments().filter(|(name, _)| self.function.is_password(name));
        passwords.next().map(|(_, value)| value)
    }

    /// Whether the API is asked to change nothing. Only then is `success_test` a success, and `success` none.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.argument("test").is_some()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.function.name());
        for (name, value) in self.arguments() {
            shown.field(
                name,
                if self.function.is_password(name) {
                    &"***"
                } else {
                    &value
                },
            );
        }
        shown.finish()
    }
}
