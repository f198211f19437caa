//! getPackages: what the reseller takes from its clients for calls and by the month.

use rust_decimal::Decimal;

use super::read::Read;
use super::rows::{Columns, Rows, read_rows};
use crate::domain::Money;
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::record::OddRow;

/// A package. The columns are documented by name and one sample alone; what they mean is inferred from the names. Amounts
/// are in the account's currency; `None` is a column that is empty or absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its code (documented: `8378`).
    pub package: String,
    /// Its name (documented: `VoIP`).
    pub name: String,
    /// Added to the price of a minute (documented sample: `0.01`; the unit is inferred).
    pub markup_fixed: Option<Money>,
    /// Added to the price of a call, in percent (documented sample: `50`).
    pub markup_percentage: Option<Decimal>,
    /// The step in which calls are counted, in seconds (documented sample: `60`; the unit is inferred).
    pub pulse: Option<u32>,
    /// The code of the route for calls abroad (documented sample: `1`; its meanings are not documented here).
    pub international_route: String,
    /// The code of the route for calls to Canada (as above).
    pub canada_route: String,
    /// Charged each month (documented sample: `2.00`).
    pub monthly_fee: Option<Money>,
    /// Charged once (documented sample: `1.00`; shows up in getCharges as `SETUPPACKAGE:8378`).
    pub setup_fee: Option<Money>,
    /// Minutes that are not charged, by the month (documented sample: `0`; the period is inferred).
    pub free_minutes: Option<u32>,
}

const COLUMNS: [&str; 10] = [
    "package",
    "name",
    "markup_fixed",
    "markup_percentage",
    "pulse",
    "international_route",
    "canada_route",
    "monthly_fee",
    "setup_fee",
    "free_minutes",
];

/// All packages, or the one with this code.
pub(in crate::voipms) fn get_packages(package: Option<&str>) -> Read<'_, Rows<Package>> {
    Read::new(Function::GetPackages, read).with("package", package)
}

fn read(payload: Payload<'_>, reader: &Reader<'_>) -> Result<Rows<Package>, Problem> {
    read_rows("packages", payload, reader, |row| {
        let mut columns = Columns::read(row, &COLUMNS, reader)?;
        let (markup_fixed, markup_percentage) = (amount(&columns, 2)?, amount(&columns, 3)?.map(Money::amount));
        let (monthly_fee, setup_fee) = (amount(&columns, 7)?, amount(&columns, 8)?);
        let (pulse, free_minutes) = (whole(&columns, 4)?, whole(&columns, 9)?);
        Ok(Package {
            package: columns.needed(0, "no code")?,
            name: columns.text(1),
            markup_fixed,
            markup_percentage,
            pulse,
            international_route: columns.text(5),
            canada_route: columns.text(6),
            monthly_fee,
            setup_fee,
            free_minutes,
        })
    })
}

fn amount(columns: &Columns<'_, 10>, position: usize) -> Result<Option<Money>, OddRow> {
    columns.parsed(position, "an amount that is none")
}

/// A number without decimals, also where it is written with them (`60.00`).
fn whole(columns: &Columns<'_, 10>, position: usize) -> Result<Option<u32>, OddRow> {
    let why = "a number that is none";
    let Some(number) = columns.parsed::<Money>(position, why)?.map(Money::amount) else {
        return Ok(None);
    };
    let number = number.is_integer().then(|| number.try_into().ok()).flatten();
    number.map(Some).ok_or_else(|| columns.odd(why))
}
