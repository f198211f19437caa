//! getIP: the address that calls come from. Its answer holds nothing else.

use std::net::IpAddr;

use crate::voipms::answer::{Payload, Reader, malformed};
use crate::voipms::call::Call;
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::json::scalar;
use crate::voipms::question::Question;

/// The address that calls come from. Answered from any address (documented).
pub fn get_ip() -> Question<IpAddr> {
    Question::new(Call::plain(Function::GetIp), read_ip)
}

pub fn read_ip(_: &Call, payload: Payload<'_>, _: &Reader<'_>) -> Result<IpAddr, Problem> {
    let missing = || Problem::MissingPayload { key: "ip" };
    let Payload::Value(payload) = payload else {
        return Err(missing());
    };
    let text = scalar(payload).ok_or_else(|| malformed("an address that is no text"))?;
    let text = text.filter(|text| !text.trim().is_empty()).ok_or_else(missing)?;
    let address = text.trim().parse();
    address.map_err(|_| malformed("an address that is none"))
}
