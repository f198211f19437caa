//! What happened to a client before the world began: the use of its last 30 days, and the deposits, charges and
//! spending that its opening balance came about by. A pure function of the seed, worked out when somebody asks and
//! never stored.

use super::around::Around;
use super::calendar::Day;
use super::chance::Topic;
use super::ledger::{Entry, PAST_NUMBERS, Reason, USUAL};
use super::packages::Contract;
use super::spending::{Profile, calls_of_hour, history};
use super::usage::Usage;
use crate::simulator::amount::Amount;

/// How long ago clients came, in billing days.
const LEAST_MONTHS: u32 = 2;
const MOST_MONTHS: u32 = 12;

/// More and smaller deposits would make a list that nobody reads; fewer would not look like payments.
const DEPOSITS_PER_MONTH: i64 = 3;

/// The charges are a package's, a number's and at most a dozen months'.
const _: () = assert!(DEPOSITS_PER_MONTH * MOST_MONTHS as i64 + 15 < PAST_NUMBERS as i64);

/// Whose past it is.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub id: u32,
    pub is_reseller: bool,
    pub profile: Profile,
    /// Its first second in the world.
    pub born: i64,
    pub opening: Amount,
}

/// What led to an opening balance: `deposits - charges - spent` is it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    pub charges: Vec<Entry>,
    pub deposits: Vec<Entry>,
    /// By calls, the last 30 days included.
    pub spent: Amount,
}

/// The 30 days before the client's first second, the last of them, `today`, by the call.
pub fn usage(of: Origin, today: Day, around: &mut Around<'_>) -> Usage {
    let package = Contract::of(around.dice, of.id).package;
    let package = Some(package).filter(|_| !of.is_reseller);
    let mut usage = history(around.dice, of.id, &of.profile, package, today.number);
    // For the reseller the last day is not worked out call by call: that would need every client.
    let mut begin = if of.is_reseller { today.end } else { today.begin };
    while begin <= of.born {
        let local = around.zones.local_hour(of.profile.zone, begin);
        for call in calls_of_hour(around.dice, of.id, of.profile, package, begin, local)
            .into_iter()
            .flatten()
        {
            if call.end <= of.born {
                usage.count(call.used);
            }
        }
        begin += 3_600;
    }
    usage
}

/// How a client came to its opening balance.
pub fn past(of: Origin, around: &mut Around<'_>) -> Past {
    let (born, opening) = (of.born, of.opening);
    let today = around.toronto.day(born);
    let recent = usage(of, today, around).total().spent;
    let contract = Contract::of(around.dice, of.id);
    let mut throw = around.dice.throw(Topic::Past, of.id, 0);
    let months = i64::from(throw.between(LEAST_MONTHS, MOST_MONTHS));
    let last = around.toronto.billing_by(born, contract.billing_day);
    let bill = |months_ago: i64, around: &Around<'_>| {
        around
            .toronto
            .billing(last, contract.billing_day, i32::try_from(-months_ago).unwrap_or(0))
    };
    // By day, some time after the package.
    let ordered = bill(months - 1, around) + i64::from(throw.between(9 * 3_600, 17 * 3_600));
    let came = ordered - i64::from(throw.between(3_600, 20 * 86_400));
    let package = contract.package;
    let mut charges = vec![
        entry(came, package.setup_price(), Reason::PackageSetup(package.id)),
        entry(ordered, package.setup_fee, Reason::NumberSetup),
        entry(ordered, package.monthly_fee, Reason::Number),
    ];
    for months_ago in (0..months - 1).rev() {
        charges.push(entry(bill(months_ago, around), package.monthly_fee, Reason::Number));
    }
    charges.retain(|charge| charge.amount.is_positive());
    let charged: Amount = charges.iter().map(|charge| charge.amount).sum();

    // Older months were much like the last. Whole payments cover it all; what is left over was spent as well.
    let older = recent.part((months - 1) * i64::from(throw.between(70, 110)), 100);
    let needed = opening + charged + recent + older;
    let payment = of.profile.payment;
    let at_once = payment.times(needed.parts(payment.times(DEPOSITS_PER_MONTH * months)).max(1));
    let count = needed.parts(at_once).max(1);
    let stretch = (born - came) / count;
    let deposits: Vec<Entry> = (0..count)
        .map(|index| {
            let late = u32::try_from(stretch - 1).unwrap_or(u32::MAX).min(6 * 86_400);
            // The first comes with the order.
            let at = if index == 0 {
                came - 300
            } else {
                came + index * stretch + i64::from(throw.below(late))
            };
            let usual = throw.below(u32::try_from(USUAL.len()).unwrap_or(1));
            entry(at, at_once, Reason::Usual(u8::try_from(usual).unwrap_or_default()))
        })
        .collect();
    let paid: Amount = deposits.iter().map(|deposit| deposit.amount).sum();
    Past {
        charges,
        deposits,
        spent: paid - charged - opening,
    }
}

fn entry(at: i64, amount: Amount, reason: Reason) -> Entry {
    Entry { at, amount, reason }
}
