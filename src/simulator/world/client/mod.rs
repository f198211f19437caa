//! One reseller client: its record, its balance and what people do to it. How it lives in between is `living.rs`.

mod living;

use super::around::{Around, Rules};
use super::chance::Dice;
use super::ledger::{Entry, Ledger, Reason, Side};
use super::packages::{Contract, Package};
use super::past::{self, Origin, Past};
use super::people::Texts;
use super::spending::Profile;
use super::usage::{Sum, Usage};
use crate::simulator::amount::Amount;

pub use self::living::Script;

/// What the API does when a client's money is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Management {
    Soft,
    Hard,
    /// A value that getBalanceManagement does not list.
    Other(Box<str>),
}

/// A time that never comes.
const NEVER: i64 = i64::MAX;

#[derive(Clone, Debug)]
pub struct Client {
    pub id: u32,
    pub texts: Texts,
    pub management: Management,
    /// As typed; `None`: never set.
    pub threshold: Option<Box<str>>,
    /// Whether the threshold was there from the start, so that the setting `threshold-absent` may hide it.
    pub threshold_is_native: bool,
    pub threshold_email: Box<str>,
    pub profile: Profile,
    pub script: Option<Box<Script>>,
    package: Option<&'static Package>,
    ledger: Ledger,
    usage: Option<Box<Usage>>,
    /// Its first second; what was before is `past.rs`.
    born: i64,
    /// The second up to which the ledger is right.
    settled: i64,
    /// Nothing happens before this second.
    next_event: i64,
    /// Signed up and not activated: in state WAIT nothing happens by itself.
    waiting: bool,
    /// When the next monthly fee is due; not after `settled`: not known yet.
    next_fee: i64,
    /// Since when it is HARD without money; [`NEVER`]: it is not.
    dry_since: i64,
    /// From when on it is suspended until somebody sets it to SOFT, with `resume-on-payment=off`; [`NEVER`]: it is not.
    stuck_since: i64,
}

/// A new client's record, habits and money.
#[derive(Debug)]
pub struct Start {
    pub id: u32,
    pub texts: Texts,
    pub management: Management,
    pub threshold: Box<str>,
    pub threshold_email: Box<str>,
    pub profile: Profile,
    /// With a package the client was there before, and its opening balance has a history.
    pub package: Option<&'static Package>,
    pub opening: Amount,
    pub now: i64,
}

impl Client {
    /// The id of the reseller's own account, which is no id on the wire.
    pub const RESELLER: u32 = 0;

    pub fn new(start: Start) -> Self {
        let mut client = Self {
            id: start.id,
            texts: start.texts,
            management: start.management,
            threshold: Some(start.threshold),
            threshold_is_native: true,
            threshold_email: start.threshold_email,
            profile: start.profile,
            script: None,
            package: start.package,
            ledger: Ledger::open(start.opening, start.package.is_some()),
            usage: None,
            born: start.now,
            settled: start.now,
            next_event: start.now,
            waiting: false,
            next_fee: start.now,
            dry_since: NEVER,
            stuck_since: NEVER,
        };
        client.note_dry(start.now);
        client
    }

    /// Whether it is the reseller's own account.
    pub fn is_reseller(&self) -> bool {
        self.id == Self::RESELLER
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn balance(&self) -> Amount {
        self.ledger.balance()
    }

    pub fn package(&self) -> Option<&'static Package> {
        self.package
    }

    /// The threshold as an amount, if it is one.
    pub fn limit(&self) -> Option<Amount> {
        self.threshold.as_deref().and_then(Amount::parse)
    }

    /// Whether HARD keeps it from spending now.
    pub fn is_suspended(&self, rules: Rules) -> bool {
        self.settled >= self.stops_at(rules)
    }

    /// What was used in the last 30 days and today, as of `now`, up to which the client must be settled.
    pub fn used(&mut self, now: i64, around: &mut Around<'_>) -> (Sum, Sum) {
        let today = around.day(now).number;
        let usage = self.usage(around);
        usage.roll_to(today);
        (usage.total(), usage.today())
    }

    /// How it came to its opening balance, as far as that is listed.
    pub fn past(&self, around: &mut Around<'_>) -> Past {
        if self.ledger.has_past() {
            past::past(self.origin(), around)
        } else {
            Past::default()
        }
    }

    fn origin(&self) -> Origin {
        Origin {
            id: self.id,
            is_reseller: self.is_reseller(),
            profile: self.profile,
            born: self.born,
            opening: self.ledger.sums().opening,
        }
    }

    /// Every listed entry of one side with its id, oldest first.
    pub fn entries(&self, side: Side, around: &mut Around<'_>) -> Vec<(u64, Entry)> {
        let past = self.past(around);
        let past = match side {
            Side::Charge => past.charges,
            Side::Deposit => past.deposits,
        };
        let since = self.ledger.entries(side).map(|(number, entry)| (number, entry.clone()));
        (0..)
            .zip(past)
            .chain(since)
            .map(|(number, entry)| (side.id_of(self.id, number), entry))
            .collect()
    }

    pub fn pay(&mut self, amount: Amount, reason: Reason, rules: Rules) {
        self.book(Side::Deposit, self.settled, amount, reason, rules);
        self.reconsider();
    }

    pub fn charge(&mut self, amount: Amount, reason: Reason, rules: Rules) {
        self.book(Side::Charge, self.settled, amount, reason, rules);
        self.reconsider();
    }

    /// Puts it into another package, or none; `with_fee`: for the price of setting that up.
    pub fn subscribe(&mut self, package: Option<&'static Package>, with_fee: bool) {
        let before = std::mem::replace(&mut self.package, package);
        if let Some(package) = package.filter(|package| with_fee && before != Some(*package))
            && package.setup_price().is_positive()
        {
            let entry = Entry {
                at: self.settled,
                amount: package.setup_price(),
                reason: Reason::PackageSetup(package.id),
            };
            self.ledger.book(Side::Charge, entry);
            self.note_dry(self.settled);
        }
        self.reconsider();
    }

    /// Somebody writes another balance over the present one.
    pub fn adjust_to(&mut self, balance: Amount) {
        self.ledger.adjust_to(balance);
        self.note_dry(self.settled);
        self.reconsider();
    }

    /// Looks for the next event anew: the one found earlier may not come, or another may come before it.
    pub fn reconsider(&mut self) {
        self.next_event = self.settled;
    }

    /// Sets what happens when the money is gone.
    pub fn manage(&mut self, management: Management) {
        if management != Management::Hard {
            self.stuck_since = NEVER;
        }
        self.management = management;
        self.note_dry(self.settled);
        self.reconsider();
    }

    /// Whether it is in state WAIT.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Lets it live from now on, or stops that.
    pub fn activate(&mut self, is_active: bool) {
        self.waiting = !is_active;
        self.reconsider();
    }

    /// There was nothing before that Toronto day.
    pub fn begin_unused(&mut self, day: i64) {
        self.usage = Some(Box::new(Usage::new(day)));
    }

    /// Orders a drain, or ends it.
    pub fn follow(&mut self, script: Option<Script>) {
        self.script = script.map(Box::new);
        self.reconsider();
    }

    /// Books an entry. Whoever is suspended may stay so in spite of it.
    fn book(&mut self, side: Side, at: i64, amount: Amount, reason: Reason, rules: Rules) {
        self.note_suspension(at, rules);
        self.ledger.book(side, Entry { at, amount, reason });
        self.note_dry(at);
    }

    /// From which second on its calls do not go through.
    fn stops_at(&self, rules: Rules) -> i64 {
        if !rules.hard_stops || self.management != Management::Hard {
            return NEVER;
        }
        let dry = self.dry_since.saturating_add(rules.suspension_delay_secs);
        dry.min(self.stuck_since)
    }

    /// Records since when it is suspended until somebody sets it to SOFT. Call it before the balance moves.
    pub fn note_suspension(&mut self, at: i64, rules: Rules) {
        let stops_at = self.stops_at(rules);
        if !rules.resume_on_payment && at >= stops_at {
            self.stuck_since = stops_at;
        }
    }

    /// Records since when it is HARD without money. Call it after the balance moved.
    fn note_dry(&mut self, at: i64) {
        let is_dry = self.management == Management::Hard && !self.balance().is_positive();
        self.dry_since = if is_dry { self.dry_since.min(at) } else { NEVER };
    }

    fn usage(&mut self, around: &mut Around<'_>) -> &mut Usage {
        if self.usage.is_none() {
            self.usage = Some(Box::new(self.usage_before(around)));
        }
        // The arm that builds an empty one is never taken.
        self.usage.get_or_insert_with(|| Box::new(Usage::new(0)))
    }

    /// The 30 days before the client's first second. Where nobody spends, nobody did.
    fn usage_before(&self, around: &mut Around<'_>) -> Usage {
        let today = around.day(self.born);
        if around.rules.spending {
            past::usage(self.origin(), today, around)
        } else {
            Usage::new(today.number)
        }
    }

    /// The day of the month on which the monthly fee is due.
    fn billing_day(&self, dice: &Dice) -> i8 {
        Contract::of(dice, self.id).billing_day
    }
}

#[cfg(test)]
pub(super) mod tests;
