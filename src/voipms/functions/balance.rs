//! getResellerBalance: a client's balance; getBalance: the reseller's own. Both answer in the same shape.

use crate::domain::{ClientId, Money};
use crate::voipms::answer::{Payload, Reader, malformed, object};
use crate::voipms::call::Call;
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::json::{fields, scalar};
use crate::voipms::question::Question;

/// A balance and what is told beside it, in the account's currency. getResellerBalance always tells all of it (documented);
/// getBalance only the balance unless it is asked for more (documented). "Today" ends at midnight in Toronto (inferred
/// from the server's zone; never measured). Columns come as text, sums as numbers (inferred from other clients' readers).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResellerBalance {
    /// The balance (documented); negative for a client that is not suspended at zero (wiki, observed).
    pub current_balance: Money,
    /// Spent today (documented); `None` when the answer has none.
    pub spent_today: Option<Money>,
    /// Spent in the last 30 days, not ever (documented in newer texts); `None` when the answer has none.
    pub spent_total: Option<Money>,
    /// Calls today (documented); `None` when the answer has none, or no count. It decides nothing.
    pub calls_today: Option<u64>,
}

pub fn get_reseller_balance(client: &ClientId) -> Question<ResellerBalance> {
    Question::new(Call::of_client(Function::GetResellerBalance, client), read_balance)
}

/// The reseller's own balance.
pub fn get_balance() -> Question<ResellerBalance> {
    Question::new(Call::plain(Function::GetBalance), read_balance)
}

pub fn read_balance(_: &Call, payload: Payload<'_>, reader: &Reader<'_>) -> Result<ResellerBalance, Problem> {
    let missing = |key| Problem::MissingPayload { key };
    let Payload::Value(payload) = payload else {
        return Err(missing("balance"));
    };
    let balance = object(payload)?.ok_or_else(|| missing("balance"))?;
    let [current_balance, spent_today, spent_total, calls_today] = fields(
        balance.get(),
        &["current_balance", "spent_today", "spent_total", "calls_today"],
    )
    .map_err(|_| malformed("a balance that is no object"))?;
    let current_balance = current_balance.ok_or_else(|| missing("current_balance"))?;
    let optional = |field, raw: Option<_>| raw.map_or(Ok(None), |raw| reader.amount(field, raw));
    Ok(ResellerBalance {
        current_balance: reader
            .amount("current_balance", current_balance)?
            .ok_or_else(|| Problem::BadAmount {
                field: "current_balance",
                text: reader.secrets.excerpt(current_balance.get()),
            })?,
        spent_today: optional("spent_today", spent_today)?,
        spent_total: optional("spent_total", spent_total)?,
        calls_today: calls_today
            .and_then(scalar)
            .flatten()
            .and_then(|text| text.trim().parse().ok()),
    })
}
