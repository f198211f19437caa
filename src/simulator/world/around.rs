//! What a client's life depends on beside the client itself: the settings that decide what moves balances, randomness,
//! the calendar, and the account of the reseller who pays for its calls.

use super::calendar::{Day, Toronto, Zones, utc_day};
use super::chance::Dice;
use super::costs::Costs;

/// Settings that decide what moves balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub spending: bool,
    pub top_ups: bool,
    pub hard_stops: bool,
    pub resume_on_payment: bool,
    /// From an empty balance to no more calls, with HARD.
    pub suspension_delay_secs: i64,
    /// Whether calls in progress end when HARD stops calls, or are charged in full.
    pub cut_calls: bool,
    /// Whether HARD stops calls that others make, too.
    pub stops_incoming: bool,
    /// Whether clients' calls cost the reseller.
    pub reseller_pays: bool,
    /// Whether today is UTC's, not Toronto's.
    pub utc_days: bool,
}

/// What settling needs from the world around a client.
#[derive(Debug)]
pub struct Around<'a> {
    pub dice: &'a Dice,
    pub toronto: &'a mut Toronto,
    pub zones: &'a mut Zones,
    pub costs: &'a mut Costs,
    pub rules: Rules,
}

impl Around<'_> {
    /// The day by which use is counted.
    pub fn day(&mut self, secs: i64) -> Day {
        if self.rules.utc_days {
            utc_day(secs)
        } else {
            self.toronto.day(secs)
        }
    }
}
