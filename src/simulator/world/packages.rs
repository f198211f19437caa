//! The reseller's packages: what a client's calls, number and package cost. The first row is the document's. Which one
//! a client was sold, which number it has and on which day it is billed follow from the seed.

use super::chance::{Dice, Topic};
use crate::simulator::amount::Amount;

/// A package, column by column as getPackages lists it.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    pub id: u16,
    pub name: &'static str,
    /// Added to each minute.
    pub markup_fixed: Amount,
    pub markup_percentage: u16,
    /// Seconds by which calls are charged.
    pub pulse_secs: u16,
    pub international_route: u8,
    pub canada_route: u8,
    /// For a number, and for the package's first month.
    pub monthly_fee: Amount,
    /// For a number, and for the package.
    pub setup_fee: Amount,
    /// In the table, as in the document, nobody has any.
    pub free_minutes: u16,
}

impl Package {
    /// What it costs to be put into this package: the document's `SETUPPACKAGE:8378` is the setup fee and a month.
    pub fn setup_price(&self) -> Amount {
        self.setup_fee + self.monthly_fee
    }
}

macro_rules! packages {
    ($($id:literal $name:literal fixed $fixed:literal percent $percent:literal pulse $pulse:literal
       routes $international:literal $canada:literal monthly $monthly:literal setup $setup:literal;)*) => {
        /// Every package; amounts are written in cents.
        pub static PACKAGES: &[Package] = &[$(Package {
            id: $id,
            name: $name,
            markup_fixed: Amount::ten_thousandths($fixed * 100),
            markup_percentage: $percent,
            pulse_secs: $pulse,
            international_route: $international,
            canada_route: $canada,
            monthly_fee: Amount::ten_thousandths($monthly * 100),
            setup_fee: Amount::ten_thousandths($setup * 100),
            free_minutes: 0,
        },)*];
    };
}

packages! {
    8378 "VoIP" fixed 1 percent 50 pulse 60 routes 1 1 monthly 200 setup 100;
    8379 "Office" fixed 0 percent 40 pulse 6 routes 1 1 monthly 495 setup 250;
    8412 "Home & Cottage" fixed 0 percent 75 pulse 60 routes 2 2 monthly 150 setup 0;
    8455 "Call Centre 6/6" fixed 0 percent 15 pulse 6 routes 2 1 monthly 1000 setup 500;
    8490 "Pay As You Go" fixed 1 percent 0 pulse 30 routes 2 2 monthly 0 setup 0;
}

/// The package of that id, as it is written in calls.
pub fn by_id(id: &str) -> Option<&'static Package> {
    PACKAGES.iter().find(|package| package.id.to_string() == id)
}

/// Calls without a package are charged by six seconds, without a markup.
const BARE_PULSE_SECS: u64 = 6;

/// What a call of `secs` costs a client of a package, when a minute costs the reseller `rate` ten-thousandths. Rounded
/// up to a ten-thousandth.
pub fn price(package: Option<&Package>, secs: u32, rate: u32) -> Amount {
    let (fixed, percent, pulse) = package.map_or((0, 0, BARE_PULSE_SECS), |package| {
        (
            package.markup_fixed.in_ten_thousandths().unsigned_abs(),
            u64::from(package.markup_percentage),
            u64::from(package.pulse_secs),
        )
    });
    let minute_in_millionths = u64::from(rate) * (100 + percent) + fixed * 100;
    let charged_secs = u64::from(secs).next_multiple_of(pulse);
    let price = (charged_secs * minute_in_millionths).div_ceil(60 * 100);
    Amount::ten_thousandths(i64::try_from(price).unwrap_or(i64::MAX))
}

/// What a call of `secs` for which a client of a package `paid` cost the reseller: what is left without the markup.
/// Rounded down to a ten-thousandth.
pub fn cost(package: Option<&Package>, paid: Amount, secs: u32) -> Amount {
    let Some(package) = package else { return paid };
    let charged_secs = u64::from(secs).next_multiple_of(u64::from(package.pulse_secs));
    let fixed = package
        .markup_fixed
        .part(i64::try_from(charged_secs).unwrap_or(i64::MAX), 60);
    // A call that was cut for want of money may have paid less than the fixed markup.
    let rest = (paid - fixed).max(Amount::ZERO);
    let percent = i64::from(package.markup_percentage);
    rest.part(100, 100 + percent).floor_to_ten_thousandths()
}

/// What a client was sold when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    pub package: &'static Package,
    /// Day of the month, 1 to 28, so that every month has it.
    pub billing_day: i8,
    /// The telephone number, ten digits.
    pub number: u64,
}

impl Contract {
    /// The contract of the client with this id; the document's for the document's client.
    pub fn of(dice: &Dice, id: u32) -> Self {
        let mut throw = dice.throw(Topic::Contract, id, 0);
        let billing_day = i8::try_from(throw.between(1, 28)).unwrap_or(1);
        if id == super::FIRST_ID {
            return Self {
                package: &PACKAGES[0],
                billing_day,
                number: 5_551_234_567,
            };
        }
        let area = *throw.pick(&[204_u64, 305, 416, 514, 604, 613, 702, 917]);
        Self {
            package: throw.pick(PACKAGES),
            billing_day,
            number: area * 10_000_000 + 5_550_000 + u64::from(throw.below(10_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Contract, Dice, PACKAGES, by_id, cost, price};

    #[test]
    fn calls_cost_what_the_package_says() {
        let [voip, office, ..] = PACKAGES else {
            panic!("two packages")
        };
        for (name, package, secs, rate, cost) in [
            (
                "a minute at 0.0100, half as much again and a cent",
                Some(voip),
                60,
                100,
                "0.0250",
            ),
            ("a second more is a minute more", Some(voip), 61, 100, "0.0500"),
            ("one second is a whole pulse", Some(voip), 1, 100, "0.0250"),
            ("by six seconds", Some(office), 6, 100, "0.0014"),
            ("by six seconds, one more", Some(office), 7, 100, "0.0028"),
            ("rounded up", Some(office), 6, 60, "0.0009"),
            ("without a package at cost", None, 6, 100, "0.0010"),
        ] {
            assert_eq!(price(package, secs, rate).to_string(), cost, "{name}");
        }
    }

    #[test]
    fn calls_cost_the_reseller_what_they_cost_without_the_markup() {
        let [voip, office, ..] = PACKAGES else {
            panic!("two packages")
        };
        for (name, package, paid, secs, expected) in [
            ("a minute at 0.0100", Some(voip), 250, 60, "0.0100"),
            ("two minutes for a second more", Some(voip), 500, 61, "0.0200"),
            ("by percent alone, rounded down", Some(office), 9, 6, "0.0006"),
            ("cut below the fixed markup", Some(voip), 99, 60, "0.0000"),
            ("without a package", None, 99, 60, "0.0099"),
        ] {
            assert_eq!(
                cost(package, Amount::ten_thousandths(paid), secs).to_string(),
                expected,
                "{name}"
            );
        }
        for package in PACKAGES {
            for (secs, rate) in [(6, 60), (61, 130), (600, 190), (900, 9_500)] {
                let paid = price(Some(package), secs, rate);
                let pulses = u64::from(secs).next_multiple_of(package.pulse_secs.into());
                let bare = price(None, u32::try_from(pulses).unwrap(), rate);
                let off = bare - cost(Some(package), paid, secs);
                let step = Amount::ten_thousandths(1);
                assert!((-step..=step).contains(&off), "{} {secs} {rate}: {off}", package.name);
            }
        }
    }

    #[test]
    fn the_documents_client_has_the_documents_package() {
        let contract = Contract::of(&Dice::new(9), 561_115);
        assert_eq!((contract.package.id, contract.number), (8_378, 5_551_234_567));
        assert_eq!(contract.package.setup_price(), Amount::whole(3), "SETUPPACKAGE:8378");
        assert!(by_id("08378").is_none() && by_id("").is_none());
        assert_eq!(by_id("8378"), Some(&PACKAGES[0]));
    }

    #[test]
    fn contracts_are_spread_over_packages_and_days() {
        let dice = Dice::new(1);
        let contracts: Vec<_> = (561_116..561_316).map(|id| Contract::of(&dice, id)).collect();
        for package in PACKAGES {
            assert!(
                contracts.iter().any(|contract| contract.package == package),
                "{}",
                package.name
            );
        }
        for day in 1..=28 {
            assert!(
                contracts.iter().any(|contract| contract.billing_day == day),
                "day {day}"
            );
        }
        assert!(
            contracts
                .iter()
                .all(|contract| (1_000_000_000..10_000_000_000).contains(&contract.number))
        );
    }
}
