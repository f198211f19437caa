//! setClient: overwrites a client's record. Whether a field that is left out is blanked or kept is not known, so all
//! thirteen are always sent.

use super::Call;
use crate::domain::ClientId;
use crate::domain::plan::{Field, Record};
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::error::{Error, Problem};
use crate::voipms::function::Function;
use crate::voipms::record::FIELDS;

/// Overwrites the record of the client that it names.
pub(in crate::voipms) struct SetClient<'r> {
    record: &'r Record,
    password: &'r str,
}

impl<'r> SetClient<'r> {
    /// Sends this record as it is. It must name its client and have a password: one that was put together from what is
    /// kept has none, and sending it would take the client's away.
    pub(in crate::voipms) fn new(record: &'r Record) -> Result<Self, Error> {
        let unsendable = |why| Error::new(Function::SetClient, Problem::Unsendable(why));
        if ClientId::new(record.get(Field::Client)).is_err() {
            return Err(unsendable("the record has no client's id"));
        }
        let password = record.expose_password();
        let password = password.ok_or_else(|| unsendable("the record has no password"))?;
        Ok(Self { record, password })
    }
}

impl Call for SetClient<'_> {
    type Answer = ();

    fn function(&self) -> Function {
        Function::SetClient
    }

    fn parameters<'a>(&'a self, add: &mut dyn FnMut(&'static str, &'a str)) {
        for field in FIELDS {
            let value = match field {
                Field::Password => self.password,
                open => self.record.get(open),
            };
            add(field.name(), value);
        }
    }

    fn secret(&self) -> Option<&str> {
        Some(self.password)
    }

    fn read(&self, _: Payload<'_>, _: &Reader<'_>) -> Result<(), Problem> {
        Ok(())
    }
}
