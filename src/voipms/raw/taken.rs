//! Whether the answer to a call as it was given holds what the typed call takes. It is read by the typed call's own
//! reader, so that what is shown to a person and what the daemon decides by cannot differ.

use super::{RawAnswer, RawCall};
use crate::domain::ClientId;
use crate::redact::Redactor;
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::error::Problem;
use crate::voipms::function::{Class, Function};
use crate::voipms::functions::{
    Call, get_balance, get_balance_management, get_charges, get_client_packages, get_client_threshold, get_clients,
    get_countries, get_deposits, get_ip, get_packages, get_reseller_balance, get_states,
};
use crate::voipms::record::OddRow;

/// What of an answer cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untaken {
    /// What is wrong with it, behind *but*.
    pub what: String,
    /// What that means.
    pub hint: &'static str,
}

const ALL: &str = "that says nothing: neither that there is none nor that it is zero; the daemon takes none of it";
const ROWS: &str = "the daemon takes the other rows";

impl RawAnswer {
    /// What is wrong with a successful answer to a read, so that nothing, or not all of it, can be taken; `None` when
    /// nothing is. One that says success and nothing else says nothing: not that there are none, not zero.
    #[must_use]
    pub fn untaken(&self, call: &RawCall, secrets: &Redactor) -> Option<Untaken> {
        let function = call.function();
        if function.class() != Class::Read {
            return None;
        }
        let reader = Reader {
            secrets,
            carries_passwords: function.carries_passwords(),
            is_dry_run: false,
        };
        let payload = reader.open(self.body(), function.expected());
        let (what, hint) = match payload.and_then(|payload| odd_rows(call, payload, &reader)) {
            Ok(odd) => {
                let first = odd.first()?;
                let of = first.id.as_ref().map(|id| format!(", of `{id}`")).unwrap_or_default();
                let what = match odd.len() {
                    1 => format!("a row of it cannot be used: {}{of}", first.why),
                    count => format!(
                        "{count} rows of it cannot be used, the first because of {}{of}",
                        first.why
                    ),
                };
                (what, ROWS)
            }
            Err(Problem::MissingPayload { key }) => (format!("no `{key}`"), ALL),
            Err(problem) => (problem.to_string(), ALL),
        };
        Some(Untaken { what, hint })
    }
}

/// Reads a payload as the typed call does; the rows that it leaves out.
fn odd_rows(call: &RawCall, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Vec<OddRow>, Problem> {
    let text = call.argument("client").unwrap_or_default();
    // A client's id was checked before it was sent; only getClients takes addresses, too.
    let client = || ClientId::new(text).map_err(|_| Problem::WrongClient);
    match call.function() {
        Function::GetBalance => get_balance().read(payload, reader).map(|_| Vec::new()),
        Function::GetResellerBalance => get_reseller_balance(&client()?)
            .read(payload, reader)
            .map(|_| Vec::new()),
        Function::GetClientThreshold => get_client_threshold(&client()?)
            .read(payload, reader)
            .map(|_| Vec::new()),
        Function::GetBalanceManagement => get_balance_management().read(payload, reader).map(|_| Vec::new()),
        Function::GetCountries => get_countries().read(payload, reader).map(|_| Vec::new()),
        Function::GetIp => get_ip().read(payload, reader).map(|_| Vec::new()),
        Function::GetCharges => get_charges(&client()?).read(payload, reader).map(|list| list.odd),
        Function::GetDeposits => get_deposits(&client()?).read(payload, reader).map(|list| list.odd),
        Function::GetClientPackages => get_client_packages(&client()?)
            .read(payload, reader)
            .map(|list| list.odd),
        Function::GetPackages => get_packages(None).read(payload, reader).map(|list| list.odd),
        Function::GetStates => get_states().read(payload, reader).map(|list| list.odd),
        Function::GetClients => get_clients(None).read(payload, reader).map(|list| list.odd),
        Function::AddCharge
        | Function::AddPayment
        | Function::SetClient
        | Function::SetClientThreshold
        | Function::SignupClient => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use crate::redact::Redactor;
    use crate::voipms::{Function, RawAnswer, RawCall};

    #[test]
    fn a_success_that_the_daemon_would_not_take_is_told() {
        let no = |key| Some(format!("no `{key}`"));
        let amount = |text| Some(format!("`current_balance` is not an amount: `{text}`"));
        let unread = |key| {
            Some(format!(
                "the answer cannot be read, `{key}` is no list: (not shown: it may hold a password)"
            ))
        };
        let balance = r#","balance":{"current_balance":"#;
        for (function, rest, untaken) in [
            (Function::GetResellerBalance, format!("{balance}\"8.05\"}}"), None),
            (Function::GetResellerBalance, format!("{balance}0}}"), None),
            (Function::GetResellerBalance, format!("{balance}\"NaN\"}}"), amount("NaN")),
            (Function::GetResellerBalance, format!("{balance}\"8,05\"}}"), amount("8,05")),
            (Function::GetResellerBalance, format!("{balance}\"$8.05\"}}"), amount("$8.05")),
            (Function::GetBalance, format!("{balance}\"\"}}"), amount("\"\"")),
            (Function::GetBalance, String::new(), no("balance")),
            (Function::GetBalance, r#","balance":null"#.to_owned(), no("balance")),
            (Function::GetResellerBalance, r#","balance":{"spent_today":0}"#.to_owned(), no("current_balance")),
            (
                Function::GetResellerBalance,
                r#","balance":{"current_balance":1,"spent_today":"Infinity"}"#.to_owned(),
                Some("`spent_today` is not an amount: `Infinity`".to_owned()),
            ),
            (
                Function::GetClientThreshold,
                r#","threshold_information":{"threshold":"ten"}"#.to_owned(),
                Some("`threshold` is not an amount: `ten`".to_owned()),
            ),
            (Function::GetClientThreshold, r#","threshold_information":null"#.to_owned(), None),
            (
                Function::GetCharges,
                r#","charges":[{"id":"1","date":"2026-01-01","amount":"NaN","description":""},{"id":"2","date":"2026-01-01","amount":"1","description":""}]"#.to_owned(),
                Some("a row of it cannot be used: an amount that is none, of `1`".to_owned()),
            ),
            (Function::GetCharges, String::new(), None),
            (Function::GetClients, String::new(), no("clients")),
            (Function::GetClients, r#","clients":[]"#.to_owned(), None),
            (Function::GetClients, r#","clients":7"#.to_owned(), unread("clients")),
            (
                Function::GetClients,
                r#","clients":[{"client":"7"},8]"#.to_owned(),
                Some("a row of it cannot be used: no object".to_owned()),
            ),
            (Function::GetIp, r#","ip":" ""#.to_owned(), no("ip")),
            (Function::GetIp, r#","ip":"203.0.113.7""#.to_owned(), None),
            (Function::GetPackages, r#","packages":[{"package":"1","monthly_fee":"free"},{"package":"2"},{"package":"3","pulse":"x"}]"#.to_owned(),
                Some("2 rows of it cannot be used, the first because of an amount that is none, of `1`".to_owned())),
        ] {
            let arguments = match function.parameters() {
                [parameter] if parameter.required => vec![("client", "561115".to_owned())],
                _ => Vec::new(),
            };
            let call = RawCall::new(function, arguments).unwrap();
            let answer = RawAnswer::new(format!(r#"{{"status":"success"{rest}}}"#).into_bytes());
            let got = answer.untaken(&call, &Redactor::default());
            let takes_rows = got.as_ref().is_some_and(|got| got.hint == super::ROWS);
            let what = got.map(|got| got.what);
            assert_eq!(takes_rows, what.as_ref().is_some_and(|what| what.contains("of it cannot")), "{function} {rest}");
            assert_eq!(what, untaken, "{function} {rest}");
        }
    }
}
