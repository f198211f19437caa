//! How clients spend: which calls end in which second of an hour, what they cost, and when somebody pays. A pure
//! function of the seed, the client and the hour, so that a balance is worked out when somebody asks for it and not
//! before.

use super::calendar::is_weekend;
use super::chance::{Dice, Throw, Topic};
use super::packages::{Package, price};
use super::usage::{DAYS, Usage, Used};
use crate::simulator::amount::Amount;

/// Most calls of one client in an hour. Each has its own stretch of the hour, and one throw has random words for this many.
const MOST_CALLS_PER_HOUR: u32 = 60;

/// No call lasts longer.
pub const LONGEST_CALL_SECS: i64 = 900;

/// A client with a fraud night has one in this many days.
const DAYS_BETWEEN_FRAUDS: i64 = 14;

/// What kind of customer a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Office,
    Home,
    Heavy,
    Idle,
}

/// How quickly a client pays when the balance is below its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// Within a few business hours.
    Prompt,
    /// Within a few days.
    Slow,
    Never,
}

#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Index into [`super::people::PLACES`].
    pub zone: u8,
    pub kind: Kind,
    pub calls_per_day: u32,
    /// What a minute costs the reseller, in ten-thousandths; the client's package adds to it.
    pub rate: u32,
    pub payer: Payer,
    pub payment: Amount,
    /// Which of the [`DAYS_BETWEEN_FRAUDS`] nights brings fraud, if any does.
    pub fraud_night: Option<u8>,
}

impl Profile {
    /// The habits of the client with this id.
    pub fn of(dice: &Dice, id: u32, zone: u8) -> Self {
        let mut throw = dice.throw(Topic::Profile, id, 0);
        let (kind, calls_per_day) = match throw.below(100) {
            0..70 => (Kind::Office, throw.between(10, 60)),
            70..85 => (Kind::Home, throw.between(2, 15)),
            85..92 => (Kind::Heavy, throw.between(150, 350)),
            _ => (Kind::Idle, 0),
        };
        Self {
            zone,
            kind,
            calls_per_day,
            rate: throw.between(6, 20) * 10,
            payer: match throw.below(100) {
                0..60 => Payer::Prompt,
                60..90 => Payer::Slow,
                _ => Payer::Never,
            },
            payment: Amount::whole(i64::from(*throw.pick(&[10, 20, 25, 50, 100, 200]))),
            fraud_night: (throw.below(200) == 0).then(|| u8::try_from(throw.below(14)).unwrap_or_default()),
        }
    }

    /// The reseller's own account: every client's calls at cost, some 43 a day each. What he used before the world began
    /// is guessed by it; from then on he uses what they use. A payer that never lets it run dry.
    pub fn reseller(zone: u8, clients: u32) -> Self {
        Self {
            zone,
            kind: Kind::Heavy,
            calls_per_day: clients.clamp(1, 50_000) * 43,
            rate: 60,
            payer: Payer::Prompt,
            payment: Amount::whole(500 * i64::from((clients / 100).max(1))),
            fraud_night: None,
        }
    }

    fn is_fraud(&self, hour: u32, day: i64) -> bool {
        (1..5).contains(&hour)
            && self
                .fraud_night
                .is_some_and(|night| day.rem_euclid(DAYS_BETWEEN_FRAUDS) == i64::from(night))
    }

    /// Expected calls in a local hour, in thousandths.
    fn expected_millicalls(&self, hour: u32, day: i64) -> u32 {
        let shape = if self.kind == Kind::Home { &HOME } else { &OFFICE };
        let share = shape.get(hour as usize).copied().unwrap_or_default();
        self.calls_per_day * share / self.quiet(day)
    }

    /// By how much a day is quieter than a working day.
    fn quiet(&self, day: i64) -> u32 {
        if is_weekend(day) && self.kind != Kind::Home {
            8
        } else {
            1
        }
    }
}

/// Thousandths of a day's calls in each local hour.
const OFFICE: [u32; 24] = [
    0, 0, 0, 0, 0, 0, 5, 20, 70, 120, 130, 120, 80, 90, 120, 110, 80, 35, 10, 5, 5, 0, 0, 0,
];
const HOME: [u32; 24] = [
    5, 0, 0, 0, 0, 0, 10, 30, 40, 40, 50, 50, 60, 50, 40, 40, 60, 90, 110, 120, 110, 60, 25, 10,
];

/// One call that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it ended and was charged, in seconds since 1970.
    pub end: i64,
    /// Somebody else made it: about every third, but no fraud.
    pub is_incoming: bool,
    pub used: Used,
}

/// The calls of one hour in the order of their ends. `begin` is the first second of the UTC hour; `local` its hour
/// and day number on the client's wall clock. The package makes the price.
pub fn calls_of_hour(
    dice: &Dice,
    id: u32,
    profile: Profile,
    package: Option<&'static Package>,
    begin: i64,
    (hour, day): (u32, i64),
) -> Option<impl Iterator<Item = Call> + use<>> {
    let fraud = profile.is_fraud(hour, day);
    let expected = profile.expected_millicalls(hour, day);
    if expected == 0 && !fraud {
        return None;
    }
    let mut throw = dice.throw(Topic::Calls, id, hour_number(begin));
    // Half to one and a half times what is expected; the rest of a whole call is a chance.
    let expected = expected * throw.between(500, 1_500) / 1_000;
    let chance = u32::from(throw.below(1_000) < expected % 1_000);
    let count = if fraud {
        throw.between(30, 45)
    } else {
        (expected / 1_000 + chance).min(MOST_CALLS_PER_HOUR)
    };
    let stretch = 3_600 / count.max(1);
    Some((0..count).map(move |index| {
        let end = begin + i64::from(index * stretch + throw.between(1, stretch - 1));
        let used = if fraud {
            stolen(&mut throw, package)
        } else {
            used(&mut throw, package, profile.rate)
        };
        Call {
            end,
            is_incoming: !fraud && end % 3 == 0,
            used,
        }
    }))
}

fn hour_number(begin: i64) -> u64 {
    u64::try_from(begin.div_euclid(3_600)).unwrap_or_default()
}

/// An ordinary call: short ones are common, long ones rare.
fn used(throw: &mut Throw, package: Option<&Package>, rate: u32) -> Used {
    let secs = 6 + throw.below(600) * throw.below(600) / 600;
    one_call(secs, package, rate)
}

/// A call to where fraud goes.
fn stolen(throw: &mut Throw, package: Option<&Package>) -> Used {
    let secs = throw.between(240, 900);
    one_call(secs, package, throw.between(45, 95) * 100)
}

fn one_call(secs: u32, package: Option<&Package>, rate: u32) -> Used {
    Used {
        spent: price(package, secs, rate),
        calls: 1,
        secs,
    }
}

/// What a client used in the 30 days before the world began, ending with yesterday: by the day, not by the call,
/// because nobody was there to see it.
pub fn history(dice: &Dice, id: u32, profile: &Profile, package: Option<&Package>, today: i64) -> Usage {
    let mut throw = dice.throw(Topic::History, id, 0);
    let first = today - (DAYS as i64 - 1);
    let mut usage = Usage::new(first);
    for day in first..today {
        usage.roll_to(day);
        let calls = profile.calls_per_day * throw.between(600, 1_200) / 1_000 / profile.quiet(day);
        let secs = calls * throw.between(120, 180);
        usage.count(Used {
            spent: price(package, secs, profile.rate),
            calls,
            secs,
        });
    }
    usage.roll_to(today);
    usage
}

/// Whether a client whose balance is below its threshold pays at the full hour that begins at `begin`.
pub fn pays(dice: &Dice, id: u32, profile: &Profile, begin: i64, local_hour: u32) -> bool {
    let percent = match profile.payer {
        Payer::Prompt => 25,
        Payer::Slow => 3,
        Payer::Never => return false,
    };
    (9..18).contains(&local_hour) && dice.throw(Topic::TopUp, id, hour_number(begin)).below(100) < percent
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Dice, HOME, Kind, LONGEST_CALL_SECS, OFFICE, Profile, calls_of_hour};

    proptest! {
        #[test]
        fn the_calls_of_an_hour_end_in_order_within_it(seed in any::<u64>(), id in any::<u32>(), hour in 0_i64..1_000_000) {
            let dice = Dice::new(seed);
            let mut profile = Profile::of(&dice, id, 0);
            profile.fraud_night = Some(0);
            let begin = hour * 3_600;
            let local = (u32::try_from(hour % 24).unwrap(), hour / 24);
            let mut last = begin;
            for call in calls_of_hour(&dice, id, profile, None, begin, local).into_iter().flatten() {
                prop_assert!(call.end > last && call.end < begin + 3_600);
                prop_assert!(call.used.spent.is_positive());
                prop_assert!((1..=LONGEST_CALL_SECS).contains(&i64::from(call.used.secs)));
                last = call.end;
            }
        }
    }

    #[test]
    fn the_hours_of_a_day_add_up() {
        assert_eq!((OFFICE.iter().sum::<u32>(), HOME.iter().sum::<u32>()), (1_000, 1_000));
    }

    #[test]
    fn offices_call_by_day_and_fraud_comes_by_night() {
        let dice = Dice::new(1);
        let mut profile = Profile::of(&dice, 1, 0);
        (profile.kind, profile.calls_per_day, profile.fraud_night) = (Kind::Office, 60, Some(5));
        let calls = |profile: Profile, hour: u32, day: i64| {
            let begin = day * 86_400 + i64::from(hour) * 3_600;
            calls_of_hour(&dice, 1, profile, None, begin, (hour, day))
                .into_iter()
                .flatten()
                .count()
        };
        // Day 4 of 1970 was a Monday, day 5 brings the fraud.
        assert_eq!(calls(profile, 3, 4), 0);
        assert!((3..12).contains(&calls(profile, 10, 4)));
        assert!((30..46).contains(&calls(profile, 3, 5)));
        assert_eq!(calls(profile, 5, 5), 0, "it ends before the morning");
        profile.fraud_night = None;
        assert_eq!(calls(profile, 3, 5), 0);
    }
}
