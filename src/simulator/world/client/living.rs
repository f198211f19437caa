//! How a client lives from one second to another: calls, fees and top-ups by its habits, or a drain by order. A balance
//! is brought up to date when somebody looks at it; when that is makes no difference.

use super::super::around::{Around, Rules};
use super::super::ledger::{Reason, Side, TOP_UP};
use super::super::packages::cost;
use super::super::spending::{Call, LONGEST_CALL_SECS, calls_of_hour, pays};
use super::super::usage::Used;
use super::{Client, Management, NEVER};
use crate::simulator::amount::Amount;

/// A steady drain that a test or the demo ordered, instead of the client's own habits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script {
    pub per_hour: Amount,
    /// Seconds since 1970; the first minute is charged 60 s later.
    pub from: i64,
    /// Nothing is charged after this second.
    pub until: i64,
}

/// After so many minutes any rate adds up to whole ten-thousandths, and prices begin anew.
const MINUTES_PER_ROUND: i64 = 60 * 10_000;

impl Script {
    /// Fastest drain: a whole life of it stays within what a ledger takes for one sum.
    pub const FASTEST: Amount = Amount::whole(100_000);

    /// What the `minute`th minute costs; the minutes of an hour add up to exactly the hour's price when that is a
    /// whole number of ten-thousandths.
    fn price(&self, minute: i64) -> Amount {
        let up_to = |minutes: i64| self.per_hour.part(minutes, 60).floor_to_ten_thousandths();
        let before = (minute - 1).rem_euclid(MINUTES_PER_ROUND);
        up_to(before + 1) - up_to(before)
    }
}

impl Client {
    /// How many hours have to be lived through to settle it up to `now`; 0 when nothing happens until then.
    pub fn hours_to_settle(&self, now: i64) -> i64 {
        if self.waiting || now < self.next_event {
            0
        } else {
            now.saturating_sub(self.settled).div_euclid(3_600).max(0)
        }
    }

    /// Lets so many hours happen, up to `now` at most.
    pub fn settle_for(&mut self, hours: i64, now: i64, around: &mut Around<'_>) {
        let until = self.settled.saturating_add(hours.saturating_mul(3_600));
        self.settle(until.min(now), around);
    }

    /// Lets everything happen that happens up to and including the second `now`. A time that is past changes nothing.
    pub fn settle(&mut self, now: i64, around: &mut Around<'_>) {
        if now <= self.settled {
            return;
        }
        if now >= self.next_event && !self.waiting {
            self.note_suspension(self.settled, around.rules);
            // What was used before the world began is worked out as of its beginning.
            self.usage(around);
            self.next_event = match self.script.as_deref().copied() {
                Some(script) => self.follow_script(script, now, around),
                None if self.is_reseller() => self.pay_for_clients(now, around),
                None => self.live(now, around),
            };
        }
        self.settled = now;
        debug_assert_eq!(
            self.ledger.sums().added_up(),
            self.ledger.balance(),
            "what moved the balance of {} equals it",
            self.id
        );
    }

    /// The reseller's own account pays for the clients' calls up to `now`, by the hour, and for more credit when it runs
    /// low. Everybody else has been brought up to date.
    fn pay_for_clients(&mut self, now: i64, around: &mut Around<'_>) -> i64 {
        let mut begin = self.settled.div_euclid(3_600) * 3_600;
        while begin <= now {
            let (hour, _) = around.zones.local_hour(self.profile.zone, begin);
            if begin > self.settled
                && around.rules.top_ups
                && self.is_low()
                && pays(around.dice, self.id, &self.profile, begin, hour)
            {
                self.book(Side::Deposit, begin, self.profile.payment, TOP_UP, around.rules);
            }
            let used = around.costs.take(begin);
            if used != Used::default() {
                self.ledger.spend(used.spent);
                let day = around.day(begin).number;
                let usage = self.usage(around);
                usage.roll_to(day);
                usage.count(used);
            }
            begin += 3_600;
        }
        // Calls may end at any second.
        now
    }

    /// Lives by its habits up to `now`; returns when something happens next.
    fn live(&mut self, now: i64, around: &mut Around<'_>) -> i64 {
        if self.next_fee <= self.settled {
            self.next_fee = around
                .toronto
                .billing_after(self.settled, self.billing_day(around.dice));
        }
        let mut begin = self.settled.div_euclid(3_600) * 3_600;
        while begin <= now {
            if let Some(next) = self.live_hour(begin, now, around) {
                return next;
            }
            begin += 3_600;
        }
        begin
    }

    /// Lives the hour that begins at `begin`, as far as `now`; returns when in it something happens next.
    fn live_hour(&mut self, begin: i64, now: i64, around: &mut Around<'_>) -> Option<i64> {
        let rules = around.rules;
        let local = around.zones.local_hour(self.profile.zone, begin);
        if begin > self.settled && rules.top_ups && self.is_low() {
            let (dice, profile) = (around.dice, &self.profile);
            if pays(dice, self.id, profile, begin, local.0) {
                self.book(Side::Deposit, begin, profile.payment, TOP_UP, rules);
            }
        }
        if !rules.spending {
            return None;
        }
        let calls = if self.is_silent(begin, rules) {
            None
        } else {
            calls_of_hour(around.dice, self.id, self.profile, self.package, begin, local)
        };
        for call in calls.into_iter().flatten() {
            if let Some(later) = self.bill(call.end, now, around) {
                return Some(later);
            }
            if call.end > now {
                return Some(call.end);
            }
            if call.end > self.settled && !self.is_stopped(&call, rules) {
                self.spend(call, around);
            }
        }
        self.bill(begin + 3_599, now, around)
    }

    /// Whether the balance is low enough for a prompt client to pay.
    fn is_low(&self) -> bool {
        self.balance() < self.limit().unwrap_or(Amount::ZERO).max(Amount::whole(1))
    }

    /// Charges the monthly fee if it is due by the second `until`; returns when, if that is after `now`. HARD does not
    /// keep it off: only calls stop.
    fn bill(&mut self, until: i64, now: i64, around: &mut Around<'_>) -> Option<i64> {
        let at = self.next_fee;
        if at > until {
            return None;
        }
        if at > now {
            return Some(at);
        }
        if let Some(package) = self.package.filter(|package| package.monthly_fee.is_positive()) {
            self.book(Side::Charge, at, package.monthly_fee, Reason::Number, around.rules);
        }
        self.next_fee = around.toronto.billing_after(at, self.billing_day(around.dice));
        None
    }

    /// Drains as ordered up to `now`; returns when something happens next.
    fn follow_script(&mut self, script: Script, now: i64, around: &mut Around<'_>) -> i64 {
        let mut minute = ((self.settled - script.from).div_euclid(60) + 1).max(1);
        loop {
            let end = script.from.saturating_add(minute.saturating_mul(60));
            let call = Call {
                end,
                is_incoming: false,
                used: Used {
                    spent: script.price(minute),
                    calls: 1,
                    secs: 60,
                },
            };
            if end > script.until || (end <= now && self.is_stopped(&call, around.rules)) {
                // Over, or stopped until something is changed, which asks anew.
                return NEVER;
            }
            if end > now {
                return end;
            }
            if call.used.spent != Amount::ZERO {
                self.spend(call, around);
            }
            minute += 1;
        }
    }

    /// Whether no call that ends in the hour from `begin` goes through.
    fn is_silent(&self, begin: i64, rules: Rules) -> bool {
        if !rules.stops_incoming {
            return false;
        }
        let grace = if rules.cut_calls { 0 } else { LONGEST_CALL_SECS };
        begin.saturating_sub(grace) >= self.stops_at(rules)
    }

    /// Whether HARD kept this call from being made, or ended it before it was charged.
    fn is_stopped(&self, call: &Call, rules: Rules) -> bool {
        if call.is_incoming && !rules.stops_incoming {
            return false;
        }
        let looked_at = if rules.cut_calls {
            call.end
        } else {
            call.end - i64::from(call.used.secs)
        };
        looked_at >= self.stops_at(rules)
    }

    /// Charges a call. With HARD it may be cut off when the money is gone.
    fn spend(&mut self, mut call: Call, around: &mut Around<'_>) {
        let rules = around.rules;
        let stops = rules.hard_stops && (rules.stops_incoming || !call.is_incoming);
        let cuts = stops && rules.cut_calls && rules.suspension_delay_secs == 0;
        if cuts && self.management == Management::Hard {
            call.used.spent = call.used.spent.min(self.balance().max(Amount::ZERO));
        }
        self.ledger.spend(call.used.spent);
        self.note_dry(call.end);
        self.note_suspension(call.end, rules);
        if rules.reseller_pays && !self.is_reseller() {
            let spent = cost(self.package, call.used.spent, call.used.secs);
            around.costs.add(call.end, Used { spent, ..call.used });
        }
        let day = around.day(call.end).number;
        let usage = self.usage(around);
        usage.roll_to(day);
        usage.count(call.used);
    }
}
