//! getClientThreshold: the client's own limit, and where it wants to be told.

use crate::domain::{ClientId, Money};
use crate::voipms::answer::{Payload, Reader, malformed, object};
use crate::voipms::call::Call;
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::json::{fields, scalar};
use crate::voipms::question::Question;

/// A client's own limit: where its warning mail is due, not where it is suspended (documented). What is answered for a
/// client that never had one is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientThreshold {
    /// The limit in the account's currency, a whole number from 1 to 250 where the API set it (documented); `None` when
    /// there is none: absent, null, empty or not above 0.
    pub threshold: Option<Money>,
    /// The address (documented); `None` when there is none, which was observed.
    pub email: Option<String>,
}

/// A client's own limit.
pub fn get_client_threshold(client: &ClientId) -> Question<ClientThreshold> {
    Question::new(Call::of_client(Function::GetClientThreshold, client), read_threshold)
}

pub fn read_threshold(_: &Call, payload: Payload<'_>, reader: &Reader<'_>) -> Result<ClientThreshold, Problem> {
    let Payload::Value(payload) = payload else {
        return Err(Problem::MissingPayload {
            key: "threshold_information",
        });
    };
    // Nobody recorded what a client answers that never had a threshold; an empty object says "none" just as well.
    let Some(information) = object(payload)? else {
        return Ok(ClientThreshold {
            threshold: None,
            email: None,
        });
    };
    let [threshold, email] =
        fields(information.get(), &["threshold", "email"]).map_err(|_| malformed("a threshold that is no object"))?;
    let threshold = threshold.map_or(Ok(None), |raw| reader.amount("threshold", raw))?;
    let email = email.and_then(scalar).flatten();
    Ok(ClientThreshold {
        threshold: threshold.filter(|threshold| threshold.is_positive()),
        email: email
            .map(|email| reader.data(email.trim().into()))
            .filter(|email| !email.is_empty()),
    })
}
