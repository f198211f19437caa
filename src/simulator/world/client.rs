//! One reseller client: its record, its balance and what moves it. A balance is brought up to date when somebody
//! looks at it; the sum of what moved it always equals it.

use super::amount::Amount;
use super::calendar::{Toronto, Zones};
use super::chance::Dice;
use super::people::Texts;
use super::spending::{Call, Profile, calls_of_hour, history, pays};
use super::usage::{Usage, Used};

/// What happens to a client whose money is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum Management {
    Soft,
    Hard,
    /// A value that getBalanceManagement does not list.
    Other(Box<str>),
}

/// Settings that decide what moves balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Rules {
    pub(in crate::simulator) spending: bool,
    pub(in crate::simulator) top_ups: bool,
    pub(in crate::simulator) hard_stops: bool,
    pub(in crate::simulator) resume_on_payment: bool,
}

/// What settling needs from the world around a client.
#[derive(Debug)]
pub(in crate::simulator) struct Around<'a> {
    pub(in crate::simulator) dice: &'a Dice,
    pub(in crate::simulator) toronto: &'a mut Toronto,
    pub(in crate::simulator) zones: &'a mut Zones,
    pub(in crate::simulator) rules: Rules,
}

/// A steady drain that a test or the demo ordered, instead of the client's own habits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Script {
    pub(in crate::simulator) per_hour: Amount,
    /// Seconds since 1970; the first minute is charged 60 s later.
    pub(in crate::simulator) from: i64,
    /// Nothing is charged after this second.
    pub(in crate::simulator) until: i64,
}

impl Script {
    /// What the `minute`th minute costs; the minutes of an hour add up to exactly the hour's price when that is a
    /// whole number of ten-thousandths.
    fn price(&self, minute: i64) -> Amount {
        let up_to = |minutes: i64| self.per_hour.part(minutes, 60).floor_to_ten_thousandths();
        up_to(minute) - up_to(minute - 1)
    }
}

/// Everything that ever moved a balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::simulator) struct Ledger {
    pub(in crate::simulator) opening: Amount,
    pub(in crate::simulator) paid: Amount,
    pub(in crate::simulator) payments: u32,
    pub(in crate::simulator) spent: Amount,
    /// By edits.
    pub(in crate::simulator) adjusted: Amount,
    pub(in crate::simulator) balance: Amount,
}

impl Ledger {
    pub(in crate::simulator) fn open(opening: Amount) -> Self {
        Self {
            opening,
            balance: opening,
            ..Self::default()
        }
    }

    fn pay(&mut self, amount: Amount) {
        self.paid += amount;
        self.payments += 1;
        self.balance += amount;
    }

    /// What the movements add up to.
    pub(in crate::simulator) fn sum(&self) -> Amount {
        self.opening + self.paid + self.adjusted - self.spent
    }
}

/// A client.
#[derive(Clone, Debug)]
pub(in crate::simulator) struct Client {
    pub(in crate::simulator) id: u32,
    pub(in crate::simulator) texts: Texts,
    pub(in crate::simulator) management: Management,
    /// As typed; `None`: never set.
    pub(in crate::simulator) threshold: Option<Box<str>>,
    /// Whether the threshold was there from the start, so that the setting `threshold-absent` may hide it.
    pub(in crate::simulator) threshold_is_native: bool,
    pub(in crate::simulator) threshold_email: Box<str>,
    pub(in crate::simulator) profile: Profile,
    pub(in crate::simulator) script: Option<Box<Script>>,
    ledger: Ledger,
    usage: Option<Box<Usage>>,
    /// The second up to which the ledger is right.
    settled: i64,
    /// Nothing happens before this second.
    next_event: i64,
    /// Suspended until somebody sets it to SOFT, with `resume-on-payment=off`.
    stuck: bool,
}

/// A new client's record, habits and money.
#[derive(Debug)]
pub(in crate::simulator) struct Start {
    pub(in crate::simulator) id: u32,
    pub(in crate::simulator) texts: Texts,
    pub(in crate::simulator) management: Management,
    pub(in crate::simulator) threshold: Box<str>,
    pub(in crate::simulator) threshold_email: Box<str>,
    pub(in crate::simulator) profile: Profile,
    pub(in crate::simulator) opening: Amount,
    pub(in crate::simulator) now: i64,
}

impl Client {
    pub(in crate::simulator) fn new(start: Start) -> Self {
        Self {
            id: start.id,
            texts: start.texts,
            management: start.management,
            threshold: Some(start.threshold),
            threshold_is_native: true,
            threshold_email: start.threshold_email,
            profile: start.profile,
            script: None,
            ledger: Ledger::open(start.opening),
            usage: None,
            settled: start.now,
            next_event: start.now,
            stuck: false,
        }
    }

    pub(in crate::simulator) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(in crate::simulator) fn balance(&self) -> Amount {
        self.ledger.balance
    }

    /// The threshold as an amount, if it is one.
    pub(in crate::simulator) fn limit(&self) -> Option<Amount> {
        self.threshold.as_deref().and_then(Amount::parse)
    }

    /// Whether HARD keeps it from spending now.
    pub(in crate::simulator) fn is_suspended(&self, rules: Rules) -> bool {
        rules.hard_stops && self.management == Management::Hard && (!self.ledger.balance.is_positive() || self.stuck)
    }

    /// What was used in the last 30 days and today, as of `now`, up to which the client must be settled.
    pub(in crate::simulator) fn used(&mut self, now: i64, around: &mut Around<'_>) -> (Used, Used) {
        let today = around.toronto.day(now).number;
        let usage = self.usage(around);
        usage.roll_to(today);
        (usage.total(), usage.today())
    }

    /// Somebody pays.
    pub(in crate::simulator) fn pay(&mut self, amount: Amount) {
        self.ledger.pay(amount);
        self.reconsider();
    }

    /// Somebody writes another balance over the present one.
    pub(in crate::simulator) fn adjust_to(&mut self, balance: Amount) {
        self.ledger.adjusted += balance - self.ledger.balance;
        self.ledger.balance = balance;
        self.reconsider();
    }

    /// The rules are others now: what was found to come next may not come, or something may come before it.
    pub(in crate::simulator) fn reconsider(&mut self) {
        self.next_event = self.settled;
    }

    /// Sets what happens when the money is gone.
    pub(in crate::simulator) fn manage(&mut self, management: Management) {
        if management != Management::Hard {
            self.stuck = false;
        }
        self.management = management;
        self.reconsider();
    }

    /// Orders a drain, or ends it.
    pub(in crate::simulator) fn follow(&mut self, script: Option<Script>) {
        self.script = script.map(Box::new);
        self.reconsider();
    }

    /// Lets everything happen that happens up to and including the second `now`. A time that is past changes nothing.
    pub(in crate::simulator) fn settle(&mut self, now: i64, around: &mut Around<'_>) {
        if now <= self.settled {
            return;
        }
        if now >= self.next_event {
            self.note_suspension(around.rules);
            // What was used before the world began is worked out as of its beginning.
            self.usage(around);
            self.next_event = match self.script.as_deref().copied() {
                Some(script) => self.follow_script(script, now, around),
                None => self.live(now, around),
            };
        }
        self.settled = now;
        debug_assert_eq!(
            self.ledger.sum(),
            self.ledger.balance,
            "what moved the balance of {} equals it",
            self.id
        );
    }

    fn usage(&mut self, around: &mut Around<'_>) -> &mut Usage {
        if self.usage.is_none() {
            self.usage = Some(Box::new(self.past(around)));
        }
        // The arm that builds an empty one is never taken.
        self.usage.get_or_insert_with(|| Box::new(Usage::new(0)))
    }

    /// The 30 days before the client was first settled, its last day by the call. Where nobody spends, nobody did.
    fn past(&self, around: &mut Around<'_>) -> Usage {
        let today = around.toronto.day(self.settled);
        if !around.rules.spending {
            return Usage::new(today.number);
        }
        let mut usage = history(around.dice, self.id, &self.profile, today.number);
        let mut begin = today.begin;
        while begin <= self.settled {
            let local = around.zones.local_hour(self.profile.zone, begin);
            for call in calls_of_hour(around.dice, self.id, self.profile, begin, local)
                .into_iter()
                .flatten()
            {
                if call.end <= self.settled {
                    usage.count(call.used);
                }
            }
            begin += 3_600;
        }
        usage
    }

    /// Lives by its habits up to `now`; returns when something happens next.
    fn live(&mut self, now: i64, around: &mut Around<'_>) -> i64 {
        let mut begin = self.settled.div_euclid(3_600) * 3_600;
        while begin <= now {
            let local = around.zones.local_hour(self.profile.zone, begin);
            if begin > self.settled && around.rules.top_ups && self.is_low() {
                let (dice, profile) = (around.dice, &self.profile);
                if pays(dice, self.id, profile, begin, local.0) {
                    self.ledger.pay(profile.payment);
                }
            }
            if around.rules.spending && !self.is_suspended(around.rules) {
                for call in calls_of_hour(around.dice, self.id, self.profile, begin, local)
                    .into_iter()
                    .flatten()
                {
                    if call.end > now {
                        return call.end;
                    }
                    if call.end > self.settled && !self.is_suspended(around.rules) {
                        self.charge(call, around);
                    }
                }
            }
            begin += 3_600;
        }
        begin
    }

    /// Whether the client would pay if it were prompt.
    fn is_low(&self) -> bool {
        self.ledger.balance < self.limit().unwrap_or(Amount::ZERO).max(Amount::whole(1))
    }

    /// Drains as ordered up to `now`; returns when something happens next.
    fn follow_script(&mut self, script: Script, now: i64, around: &mut Around<'_>) -> i64 {
        let mut minute = ((self.settled - script.from).div_euclid(60) + 1).max(1);
        loop {
            let end = script.from.saturating_add(minute.saturating_mul(60));
            if end > script.until || (end <= now && self.is_suspended(around.rules)) {
                // Over, or stopped until something is changed, which asks anew.
                return i64::MAX;
            }
            if end > now {
                return end;
            }
            let spent = script.price(minute);
            if spent != Amount::ZERO {
                self.charge(
                    Call {
                        end,
                        used: Used {
                            spent,
                            calls: 1,
                            secs: 60,
                        },
                    },
                    around,
                );
            }
            minute += 1;
        }
    }

    /// Charges a call. With HARD it is cut off when the money is gone.
    fn charge(&mut self, mut call: Call, around: &mut Around<'_>) {
        let rules = around.rules;
        if rules.hard_stops && self.management == Management::Hard {
            call.used.spent = call.used.spent.min(self.ledger.balance);
        }
        self.ledger.spent += call.used.spent;
        self.ledger.balance -= call.used.spent;
        self.note_suspension(rules);
        let day = around.toronto.day(call.end).number;
        let usage = self.usage(around);
        usage.roll_to(day);
        usage.count(call.used);
    }

    fn note_suspension(&mut self, rules: Rules) {
        if !rules.resume_on_payment && self.is_suspended(rules) {
            self.stuck = true;
        }
    }
}

#[cfg(test)]
mod tests;
