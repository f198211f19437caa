//! getIP: the address that calls come from. Its answer holds nothing else.

use std::net::IpAddr;

use super::Call;
use crate::voipms::answer::{Payload, Reader, scalar};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;

/// The address that calls come from.
pub(in crate::voipms) struct GetIp;

impl Call for GetIp {
    type Answer = IpAddr;

    fn function(&self) -> Function {
        Function::GetIp
    }

    fn parameters<'a>(&'a self, _: &mut dyn FnMut(&'static str, &'a str)) {}

    fn read(&self, payload: Payload<'_>, reader: &Reader<'_>) -> Result<IpAddr, Problem> {
        let missing = || Problem::MissingPayload { key: "ip" };
        let Payload::Value(payload) = payload else {
            return Err(missing());
        };
        let text = scalar(payload).ok_or_else(|| reader.malformed("an address that is no text", payload.get()))?;
        let text = text.filter(|text| !text.trim().is_empty()).ok_or_else(missing)?;
        let address = text.trim().parse();
        address.map_err(|_| reader.malformed("an address that is none", payload.get()))
    }
}
