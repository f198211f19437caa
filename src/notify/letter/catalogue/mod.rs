//! What clients read, in one table of texts for each language: a language that lacks a sentence does not compile. Pure.
//!
//! Whoever adds a sentence to a client's mail adds it in every language. Sentences that take values are functions, so
//! that no placeholder can stay in a mail; a headline begins with a small letter, because a reminder puts a word before
//! it. Plain and polite: `vous`, `usted`. No jargon, no names of policies, nothing of the reseller's own.

mod en;
mod es;
mod fr;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::words::{Units, amount, span_in};
use crate::domain::{Language, Money};

/// The texts of one language.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// Its code, for HTML.
    pub code: &'static str,
    /// What stands between whole and fraction. The digits are not grouped, and the label of the currency is the
    /// configured one, behind the number: right in all three languages, and the same label as in every other mail.
    pub decimal_mark: char,
    pub units: Units,
    /// `just now`.
    pub just_now: &'static str,
    /// `2 minutes ago`, from `2 minutes`.
    pub ago: fn(&str) -> String,
    /// A time of day: `10:15 EST`.
    pub time: fn(&Zoned) -> String,
    /// A date: `22 November 2026`.
    pub date: fn(&Zoned) -> String,

    /// To somebody whose name is empty when it is not known.
    pub greeting: fn(&str) -> String,
    /// Above what to do.
    pub steps: &'static str,
    /// Above the address where money is added.
    pub pay_here: &'static str,
    /// Above the configured contact.
    pub contact: &'static str,
    /// Behind the signature: by whom it is sent.
    pub signature: fn(&str) -> String,
    /// In front of a headline that was told before.
    pub reminder: fn(&str) -> String,

    pub balance: &'static str,
    /// When the balance was read.
    pub looked_up: &'static str,
    /// The same when that is long ago.
    pub last_looked_up: &'static str,
    /// What was spent since midnight.
    pub used_today: &'static str,
    pub since_midnight: fn(&str) -> String,

    /// A low balance; whether that was told before.
    pub low: fn(&str, bool) -> String,
    /// A balance of 0 or less; whether that was told before.
    pub used_up: fn(&str, bool) -> String,
    /// The limit that a low balance is below.
    pub below_limit: fn(&str) -> String,
    /// What happens when a low balance is used up.
    pub calls_may_stop: &'static str,
    /// What happens when it is used up.
    pub calls_may_have_stopped: &'static str,
    /// Asks to pay before long.
    pub pay_soon: &'static str,
    /// Asks to pay today.
    pub pay_today: &'static str,
    /// When nothing can be said of the balance.
    pub check_balance: &'static str,

    /// What was spent today.
    pub spent: fn(&str) -> String,
    /// The limit that is above.
    pub above_limit: fn(&str) -> String,
    /// What that may mean.
    pub not_your_calls: &'static str,
    /// Whom to ask at once.
    pub contact_at_once: fn(&str) -> String,
    /// What to do then.
    pub change_passwords: &'static str,

    /// The balance cannot be read; whether that was told before.
    pub unreadable: fn(bool) -> String,
    pub unreadable_meaning: &'static str,
    /// What to do meanwhile.
    pub watch_yourself: &'static str,

    /// It can be read again.
    pub readable_again: &'static str,
    /// There is enough money again.
    pub enough_again: fn(&str) -> String,
    /// The balance is above the client's new limit.
    pub above_new_limit: fn(&str) -> String,
    /// There is enough money again; without the amount.
    pub in_order_again: &'static str,
    /// Less is spent again.
    pub uses_less_again: &'static str,
    /// What a test says.
    pub only_a_test: &'static str,
    pub nothing_to_do: &'static str,

    /// Whom to ask: the service by its name.
    pub ask_service: fn(&str) -> String,
    /// Whom to ask: whoever sent this.
    pub ask_by_reply: &'static str,
    /// When the client's own limit was read.
    pub limit_looked_up: fn(&str) -> String,
    /// The message was written this long ago.
    pub late: fn(&str) -> String,
}

/// The texts of a language.
pub(super) const fn of(language: Language) -> &'static Catalogue {
    match language {
        Language::English => &en::TEXTS,
        Language::French => &fr::TEXTS,
        Language::Spanish => &es::TEXTS,
    }
}

impl Catalogue {
    /// An amount with its currency and every digit that decided.
    pub(super) fn amount(&self, money: Money, currency: &str) -> String {
        amount(money, currency).replacen('.', &self.decimal_mark.to_string(), 1)
    }

    /// The age and the time of day of something, with the date when that is another day: `2 minutes ago (10:15 EST)`.
    pub(super) fn age(&self, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
        let length = now.duration_since(at);
        let ago = if length.as_secs() < 10 {
            self.just_now.to_owned()
        } else {
            (self.ago)(&span_in(length, &self.units))
        };
        let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
        let time = (self.time)(&at);
        if at.date() == now.date() {
            format!("{ago} ({time})")
        } else {
            format!("{ago} ({}, {time})", (self.date)(&at))
        }
    }
}

/// The date with the name of its month out of twelve.
fn with_month(at: &Zoned, months: &[&'static str; 12], put: fn(i8, &str, i16) -> String) -> String {
    let index = usize::from(at.month().unsigned_abs()).saturating_sub(1);
    put(at.day(), months.get(index).copied().unwrap_or(""), at.year())
}

/// A word that is there or not, with its blank.
const fn if_so(is_so: bool, word: &'static str) -> &'static str {
    if is_so { word } else { "" }
}
