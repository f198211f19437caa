//! Whether the answer to a call as it was given holds what the daemon would take. It is read by the daemon's own readers,
//! so that what is shown to a person and what the daemon decides by cannot differ.

use super::answer::{Payload, Reader};
use super::call::Call;
use super::error::Problem;
use super::function::{Class, Function};
use super::functions::{read_balance, read_clients, read_entries, read_ip, read_packages, read_pairs, read_threshold};
use super::outcome::Answer;
use super::record::OddRow;
use crate::redact::Redactor;

/// What of an answer cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untaken {
    /// What is wrong with it, behind *but*.
    pub what: String,
    pub hint: &'static str,
}

const ALL: &str = "that says nothing: neither that there is none nor that it is zero; the daemon takes none of it";
const ROWS: &str = "the daemon takes the other rows";

impl Answer {
    /// What is wrong with a successful answer to a read, so that nothing, or not all of it, can be taken; `None` when
    /// nothing is. One that says success and nothing else says nothing: not that there are none, not zero.
    #[must_use]
    pub fn untaken(&self, call: &Call, secrets: &Redactor) -> Option<Untaken> {
        let function = call.function();
        if function.class() != Class::Read {
            return None;
        }
        let reader = Reader {
            secrets,
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

/// Reads a payload as the daemon does; the rows that it leaves out.
fn odd_rows(call: &Call, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Vec<OddRow>, Problem> {
    let none = Vec::new();
    match call.function() {
        Function::GetBalance | Function::GetResellerBalance => read_balance(call, payload, reader).map(|_| none),
        Function::GetClientThreshold => read_threshold(call, payload, reader).map(|_| none),
        Function::GetIp => read_ip(call, payload, reader).map(|_| none),
        // What is not listed is refused later, never guessed: an odd row of these harms nobody.
        Function::GetBalanceManagement | Function::GetCountries => {
            read_pairs(call.function(), payload, reader).map(|_| none)
        }
        Function::GetClientPackages | Function::GetStates => {
            read_pairs(call.function(), payload, reader).map(|list| list.odd)
        }
        Function::GetCharges | Function::GetDeposits => read_entries(call, payload, reader).map(|list| list.odd),
        Function::GetPackages => read_packages(payload, reader).map(|list| list.odd),
        Function::GetClients => read_clients(call, payload, reader).map(|list| list.odd),
        Function::AddCharge
        | Function::AddPayment
        | Function::SetClient
        | Function::SetClientThreshold
        | Function::SignupClient => Ok(none),
    }
}

#[cfg(test)]
mod tests {
    use crate::redact::Redactor;
    use crate::voipms::{Answer, Call, Function};

    #[test]
    fn a_success_that_the_daemon_would_not_take_is_told() {
        let no = |key| Some(format!("no `{key}`"));
        let amount = |text| Some(format!("`current_balance` is not an amount: `{text}`"));
        let unread = |key| Some(format!("the answer cannot be read, `{key}` is no list"));
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
            let call = Call::new(function, arguments).unwrap();
            let answer = Answer::new(format!(r#"{{"status":"success"{rest}}}"#));
            let got = answer.untaken(&call, &Redactor::default());
            let takes_rows = got.as_ref().is_some_and(|got| got.hint == super::ROWS);
            let what = got.map(|got| got.what);
            assert_eq!(takes_rows, what.as_ref().is_some_and(|what| what.contains("of it cannot")), "{function} {rest}");
            assert_eq!(what, untaken, "{function} {rest}");
        }
    }
}
