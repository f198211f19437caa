//! getResellerCDR and getTransactionHistory. The calls and bookings behind them are not kept here, so that a question
//! that is well put always finds nothing; what is checked is whether it is.

use jiff::civil::{Date, Time};

use super::super::amount::Amount;
use super::super::settings::Key;
use super::{Call, Status, known};

/// Longest range of dates of calls, as the error table has it.
const LONGEST_RANGE_DAYS: u64 = 92;

/// Calls of a client: none.
pub(super) fn reseller_cdr(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    known(call.world, id)?;
    check_range(call, date, LONGEST_RANGE_DAYS)?;
    let asked_for = |flag| call.params.get(flag) == Some("1");
    if !["answered", "noanswer", "busy", "failed"].into_iter().any(asked_for) {
        return Err("no_callstatus");
    }
    if call.params.get("timezone").and_then(Amount::parse_loosely).is_none() {
        return Err("invalid_timezone");
    }
    Err("no_cdr")
}

/// Bookings of the reseller's own account: none. Times of day are taken, and a year, which a client of 2016 lived on.
pub(super) fn transaction_history(call: &mut Call<'_>) -> Result<(), Status> {
    check_range(call, date_or_moment, call.settings.number(Key::LongestHistoryDays))?;
    Err("no_transactions")
}

/// `date_from` and `date_to`, both required.
fn check_range(call: &Call<'_>, read: fn(&str) -> Option<Date>, longest_days: u64) -> Result<(), Status> {
    let date = |name| call.params.get(name).and_then(read).ok_or("invalid_date");
    let (from, to) = (date("date_from")?, date("date_to")?);
    if from > to {
        return Err("invalid_date_from");
    }
    let days = to.since(from).map_or(i32::MAX, |span| span.get_days());
    if u64::try_from(days).is_ok_and(|days| days > longest_days) {
        return Err("invalid_daterange");
    }
    Ok(())
}

/// A date that exists, written `yyyy-mm-dd`.
fn date(text: &str) -> Option<Date> {
    let shape = |(position, byte): (usize, u8)| match position {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let well_formed = text.len() == 10 && text.bytes().enumerate().all(shape);
    well_formed.then(|| text.parse().ok()).flatten()
}

/// The same, or a moment written `yyyy-mm-dd hh:mm:ss`.
fn date_or_moment(text: &str) -> Option<Date> {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let is_time = time.len() == 8 && time.parse::<Time>().is_ok();
    date(day).filter(|_| is_time)
}

#[cfg(test)]
mod tests {
    use super::{date, date_or_moment};

    #[test]
    fn dates_are_what_they_look_like() {
        for (text, good) in [
            ("2026-11-23", true),
            ("2024-02-29", true),
            ("2026-02-29", false),
            ("2026-11-31", false),
            ("2026-1-1", false),
            ("20261123", false),
            ("2026/11/23", false),
            ("2026-11-23 10:00", false),
            ("", false),
        ] {
            assert_eq!(date(text).is_some(), good, "{text}");
        }
        for (text, good) in [
            ("2026-11-23", true),
            ("2026-11-23 10:00:59", true),
            ("2026-11-23 24:00:00", false),
            ("2026-11-23 10:00", false),
            ("2026-11-31 10:00:00", false),
            ("2026-11-23T10:00:00", false),
        ] {
            assert_eq!(date_or_moment(text).is_some(), good, "{text}");
        }
    }
}
