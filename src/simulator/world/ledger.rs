//! The money of one client: what moved its balance, as sums, and the charges and deposits themselves as getCharges and
//! getDeposits list them. The sums always add up to the balance. Knows no time but what it is told.

use std::collections::VecDeque;
use std::ops::AddAssign;

use super::packages::Contract;
use crate::simulator::amount::Amount;

/// Charges, and likewise deposits, that are kept of one client: ten a day for three months, 40 KB and the descriptions.
/// More would let one loop of addCharge fill the memory, fewer would forget within a heavy user's month. When there are
/// more, the oldest are carried into the opening balance, and what was before the world began goes unlisted too; sums
/// still hold.
pub const MOST_ENTRIES: usize = 1_000;

/// Numbers that are left free for the entries from before the world began.
pub const PAST_NUMBERS: u32 = 100;

/// Ids of one client until another's begin. A list that outgrows them goes on behind everybody's.
const IDS_PER_CLIENT: u64 = 10_000;

/// Clients whose ids of one round stand side by side, behind them those of the next round. Another number would give
/// the entries of lists that outgrew a round other ids.
const CLIENTS_PER_ROUND: u64 = 1_000_000;
const _: () = assert!(super::MOST_CLIENTS as u64 <= CLIENTS_PER_ROUND);

/// Sums are kept below this many whole units, an eighth of what they could hold.
const LARGEST_SUM: Amount = Amount::whole(10_000_000_000);

/// Which list an entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Charge,
    Deposit,
}

impl Side {
    /// The id of a client's `number`th entry: no two are alike, and they rise.
    pub fn id_of(self, client: u32, number: u32) -> u64 {
        let first = match self {
            Self::Charge => 467_000,
            Self::Deposit => 808_000,
        };
        let place = u64::from(client.saturating_sub(super::FIRST_ID));
        let (round, rest) = (u64::from(number) / IDS_PER_CLIENT, u64::from(number) % IDS_PER_CLIENT);
        first + (round * CLIENTS_PER_ROUND + place) * IDS_PER_CLIENT + rest
    }
}

/// What an entry is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Being put into a package.
    PackageSetup(u16),
    /// Setting up the client's number.
    NumberSetup,
    /// A month of the client's number.
    Number,
    /// What a person says who pays or books by hand.
    Usual(u8),
    /// As sent to addCharge or addPayment.
    Written(Box<str>),
}

/// What people write; the first two are the document's.
pub const USUAL: [&str; 4] = [
    "Want To Keep Positive Balance",
    "Credit : 2 Setup Charges",
    "Top up",
    "Payment received",
];

/// What the simulator's own payments are called.
pub const TOP_UP: Reason = Reason::Usual(2);
pub const PAYMENT: Reason = Reason::Usual(3);

impl Reason {
    /// The description of an entry.
    pub fn text(&self, contract: &Contract) -> String {
        match self {
            Self::PackageSetup(id) => format!("SETUPPACKAGE:{id}"),
            Self::NumberSetup => format!("SETUP{:010}", contract.number),
            Self::Number => format!("DID{:010}", contract.number),
            Self::Usual(index) => USUAL.get(usize::from(*index)).copied().unwrap_or_default().to_owned(),
            Self::Written(text) => text.to_string(),
        }
    }
}

/// One charge or deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Seconds since 1970.
    pub at: i64,
    pub amount: Amount,
    pub reason: Reason,
}

/// The latest entries of one side, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sheet {
    entries: VecDeque<Entry>,
    /// How many older ones are kept no more.
    dropped: u32,
}

impl Sheet {
    /// Adds one; returns the one that has no room any more.
    fn add(&mut self, entry: Entry) -> Option<Entry> {
        let dropped = (self.entries.len() >= MOST_ENTRIES)
            .then(|| self.entries.pop_front())
            .flatten();
        self.dropped += u32::from(dropped.is_some());
        self.entries.push_back(entry);
        dropped
    }
}

/// Both sides since the world began. Most clients of a short test have neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Book {
    charges: Sheet,
    deposits: Sheet,
}

/// What a balance, or many, came about by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// When the world began, plus what was carried into it.
    pub opening: Amount,
    pub paid: Amount,
    /// How many payments `paid` is the sum of.
    pub payments: u64,
    pub charged: Amount,
    /// How many charges `charged` is the sum of.
    pub charges: u64,
    pub spent: Amount,
    /// By edits of the balance as such.
    pub adjusted: Amount,
    pub balance: Amount,
}

impl Sums {
    /// What the movements add up to, which is the balance.
    pub fn added_up(&self) -> Amount {
        self.opening + self.paid + self.adjusted - self.charged - self.spent
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.opening += other.opening;
        self.paid += other.paid;
        self.payments += other.payments;
        self.charged += other.charged;
        self.charges += other.charges;
        self.spent += other.spent;
        self.adjusted += other.adjusted;
        self.balance += other.balance;
    }
}

/// Everything that ever moved a balance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    sums: Sums,
    /// Whether the opening balance has a history that is listed.
    has_past: bool,
    book: Option<Box<Book>>,
}

impl Ledger {
    /// A ledger as of the beginning; `has_past`: the opening balance came about by listed entries.
    pub fn open(opening: Amount, has_past: bool) -> Self {
        Self {
            sums: Sums {
                opening,
                balance: opening,
                ..Sums::default()
            },
            has_past,
            book: None,
        }
    }

    pub fn sums(&self) -> Sums {
        self.sums
    }

    pub fn balance(&self) -> Amount {
        self.sums.balance
    }

    pub fn has_past(&self) -> bool {
        self.has_past
    }

    /// Whether an entry of this amount keeps every sum within its bounds.
    pub fn has_room_for(&self, amount: Amount) -> bool {
        let bounds = -LARGEST_SUM..=LARGEST_SUM;
        let sums = &self.sums;
        [sums.opening, sums.balance, sums.paid, sums.charged]
            .iter()
            .all(|sum| bounds.contains(&(*sum + amount)) && bounds.contains(&(*sum - amount)))
    }

    /// Books a charge or a deposit.
    pub fn book(&mut self, side: Side, entry: Entry) {
        let amount = entry.amount;
        let book = self.book.get_or_insert_default();
        let dropped = match side {
            Side::Charge => {
                self.sums.charged += amount;
                self.sums.charges += 1;
                self.sums.balance -= amount;
                book.charges.add(entry)
            }
            Side::Deposit => {
                self.sums.paid += amount;
                self.sums.payments += 1;
                self.sums.balance += amount;
                book.deposits.add(entry)
            }
        };
        if let Some(dropped) = dropped {
            self.carry(side, dropped.amount);
        }
    }

    /// Carries an entry that is listed no more into the opening balance. What is older than it goes unlisted too.
    fn carry(&mut self, side: Side, amount: Amount) {
        self.has_past = false;
        match side {
            Side::Charge => {
                self.sums.charged -= amount;
                self.sums.charges -= 1;
                self.sums.opening -= amount;
            }
            Side::Deposit => {
                self.sums.paid -= amount;
                self.sums.payments -= 1;
                self.sums.opening += amount;
            }
        }
    }

    /// Takes the price of a call off.
    pub fn spend(&mut self, price: Amount) {
        self.sums.spent += price;
        self.sums.balance -= price;
    }

    /// Somebody writes another balance over the present one.
    pub fn adjust_to(&mut self, balance: Amount) {
        self.sums.adjusted += balance - self.sums.balance;
        self.sums.balance = balance;
    }

    /// The entries since the world began with their numbers, oldest first.
    pub fn entries(&self, side: Side) -> impl Iterator<Item = (u32, &Entry)> {
        let sheet = self.book.as_deref().map(|book| match side {
            Side::Charge => &book.charges,
            Side::Deposit => &book.deposits,
        });
        let first = PAST_NUMBERS + sheet.map_or(0, |sheet| sheet.dropped);
        (first..).zip(sheet.into_iter().flat_map(|sheet| &sheet.entries))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Amount, Entry, Ledger, MOST_ENTRIES, PAST_NUMBERS, Reason, Side};

    fn entry(cents: i64) -> Entry {
        Entry {
            at: 0,
            amount: Amount::ten_thousandths(cents * 100),
            reason: Reason::Written("x".into()),
        }
    }

    #[test]
    fn the_oldest_entries_are_carried_into_the_opening_balance() {
        let most = u32::try_from(MOST_ENTRIES).unwrap();
        for (name, side, count, opening, listed, first, has_past) in [
            ("none", Side::Charge, 0, "5.0000", 0, 0, true),
            ("as many as are kept", Side::Charge, most, "5.0000", most, 0, true),
            ("one charge more", Side::Charge, most + 1, "4.9900", most, 1, false),
            ("one deposit more", Side::Deposit, most + 1, "5.0100", most, 1, false),
            ("many more", Side::Deposit, most + 300, "8.0000", most, 300, false),
        ] {
            let mut ledger = Ledger::open(Amount::whole(5), true);
            ledger.spend(Amount::whole(1));
            for _ in 0..count {
                ledger.book(side, entry(1));
            }
            let sum: Amount = ledger.entries(side).map(|(_, entry)| entry.amount).sum();
            let numbers: Vec<u32> = ledger.entries(side).map(|(number, _)| number).collect();
            assert_eq!(ledger.sums().opening.to_string(), opening, "{name}");
            assert_eq!(u32::try_from(numbers.len()).unwrap(), listed, "{name}");
            assert_eq!(
                ledger.sums().charges + ledger.sums().payments,
                u64::from(listed),
                "{name}"
            );
            assert!(
                numbers.first().is_none_or(|number| *number == PAST_NUMBERS + first),
                "{name}"
            );
            assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{name}");
            assert_eq!(sum, ledger.sums().paid + ledger.sums().charged, "{name}");
            assert_eq!(ledger.sums().added_up(), ledger.balance(), "{name}");
            assert_eq!(ledger.has_past(), has_past, "{name}");
        }
    }

    #[test]
    fn sums_keep_within_their_bounds() {
        let mut ledger = Ledger::open(Amount::ZERO, false);
        let large = Amount::whole(1_000_000_000);
        let mut booked = 0;
        while ledger.has_room_for(large) {
            ledger.book(
                Side::Deposit,
                Entry {
                    amount: large,
                    ..entry(0)
                },
            );
            booked += 1;
        }
        assert_eq!(booked, 10);
        assert!(ledger.has_room_for(Amount::ZERO) && !ledger.has_room_for(Amount::ten_thousandths(1)));
        assert_eq!(ledger.sums().added_up(), ledger.balance());
    }

    #[test]
    fn what_is_carried_keeps_within_its_bounds_too() {
        let mut ledger = Ledger::open(Amount::ZERO, false);
        let amount = Amount::whole(9_000_000);
        let mut booked = 0;
        while booked < 3_000 && ledger.has_room_for(amount) {
            ledger.book(Side::Charge, Entry { amount, ..entry(0) });
            // As somebody does who edits the balance.
            ledger.adjust_to(Amount::ZERO);
            booked += 1;
        }
        assert_eq!(booked, 2_111, "1,000 are listed, 1,111 carried");
        assert_eq!(ledger.sums().added_up(), ledger.balance());
    }

    #[test]
    fn no_two_ids_are_alike_and_they_rise() {
        let mut seen = BTreeSet::new();
        for client in [561_115, 561_116, 811_114] {
            let mut last = 0;
            for number in [0, 1, 99, 100, 9_999, 10_000, 19_999, 20_000, 5_000_000] {
                let id = Side::Charge.id_of(client, number);
                assert!(id > last && seen.insert(id), "{client} {number}");
                last = id;
            }
        }
    }
}
