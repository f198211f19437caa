//! setClient: overwrites a client's record. Whether a field that is left out is blanked or kept is not known, so all
//! thirteen are always sent.

use secrecy::ExposeSecret;

use super::Call;
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::record::ClientRecord;

/// Overwrites the record of the client that it names.
pub(in crate::voipms) struct SetClient<'c>(pub(in crate::voipms) &'c ClientRecord);

impl Call for SetClient<'_> {
    type Answer = ();

    fn function(&self) -> Function {
        Function::SetClient
    }

    fn parameters<'a>(&'a self, add: &mut dyn FnMut(&'static str, &'a str)) {
        add("client", self.0.client.as_str());
        for (name, text) in self.0.fields() {
            add(name, text);
            if name == "email" {
                add("password", self.0.password.expose_secret());
            }
        }
    }

    fn secret(&self) -> Option<&str> {
        Some(self.0.password.expose_secret())
    }

    fn read(&self, _: Payload<'_>, _: &Reader<'_>) -> Result<(), Problem> {
        Ok(())
    }
}
