//! getCharges and getDeposits: what a client was debited and credited with by the reseller. Both answer in the same
//! shape.

use std::cmp::Reverse;

use jiff::civil::{Date, DateTime, Time};

use super::rows::{Columns, Rows, read_rows};
use crate::domain::{ClientId, Money};
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::call::Call;
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::question::Question;

/// A charge or a deposit. The lists are documented without order and without pages; here they are newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id (documented: digits). Higher ones are not always newer (documented sample of getDeposits).
    pub id: String,
    /// The day (documented: `2010-10-29`; one client in use read a time behind it). Inferred: a day in Toronto.
    pub date: Date,
    /// The amount in the account's currency, above zero in charges and deposits alike (documented samples, two decimals).
    pub amount: Money,
    /// What stands beside it: the system's words (`DID5551234567`, `SETUPPACKAGE:8378`) or a person's (documented samples);
    /// with this program a [`Marker`](crate::voipms::Marker). Empty when there is none.
    pub description: String,
}

/// What a client was debited with.
pub fn get_charges(client: &ClientId) -> Question<Rows<Entry>> {
    Question::new(Call::of_client(Function::GetCharges, client), read_entries)
}

/// What a client was credited with.
pub fn get_deposits(client: &ClientId) -> Question<Rows<Entry>> {
    Question::new(Call::of_client(Function::GetDeposits, client), read_entries)
}

/// Reads charges or deposits, newest first.
pub fn read_entries(call: &Call, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Rows<Entry>, Problem> {
    let mut list = read_rows(call.function(), payload, |row| {
        let mut columns = Columns::read(row, &["id", "date", "amount", "description"], reader)?;
        let amount = columns.parsed(2, "an amount that is none")?;
        let amount = amount.ok_or_else(|| columns.odd("no amount"))?;
        let at = columns.text(1);
        let at = moment(at.trim()).ok_or_else(|| columns.odd("a date that is none"))?;
        let entry = Entry {
            id: columns.needed(0, "no id")?,
            date: at.date(),
            amount,
            description: columns.text(3),
        };
        Ok((at, entry))
    })?;
    // Of numbers without leading zeros the longer one is the higher.
    list.rows.sort_by(|(at, entry), (other_at, other)| {
        let newest_first = Reverse(at).cmp(&Reverse(other_at));
        newest_first.then_with(|| (other.id.len(), &other.id).cmp(&(entry.id.len(), &entry.id)))
    });
    Ok(Rows {
        rows: list.rows.into_iter().map(|(_, entry)| entry).collect(),
        odd: list.odd,
    })
}

/// A day, with or without a time behind it.
fn moment(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let is_day = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: Date = is_day.then(|| date.parse().ok())??;
    let time = if time.is_empty() {
        Time::midnight()
    } else {
        time.parse().ok()?
    };
    Some(date.to_datetime(time))
}
