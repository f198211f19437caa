//! The reseller and its clients: who they are at the start, finding one, and bringing one up to date.

pub(in crate::simulator) mod amount;
pub(in crate::simulator) mod calendar;
pub(in crate::simulator) mod chance;
pub(in crate::simulator) mod client;
mod costs;
pub(in crate::simulator) mod countries;
pub(in crate::simulator) mod ledger;
pub(in crate::simulator) mod packages;
mod past;
pub(in crate::simulator) mod people;
pub(in crate::simulator) mod regions;
pub(in crate::simulator) mod spending;
pub(in crate::simulator) mod usage;

use self::amount::Amount;
use self::calendar::{Toronto, Zones};
use self::chance::{Dice, Share, Topic};
use self::client::{Around, Client, Management, Rules, Start};
use self::costs::Costs;
use self::packages::Contract;
use self::people::{EMAIL, PLACES, Texts, person};
use self::spending::{Kind, Profile};

/// The id of the first client: the document's example.
pub(in crate::simulator) const FIRST_ID: u32 = 561_115;

/// Most clients that a world holds: five times the largest reseller, at a kilobyte or two each.
pub(in crate::simulator) const MOST_CLIENTS: u32 = 250_000;

/// How long a world lives, in virtual hours: ten years. Whoever looks at a client brings it up to date hour by hour while
/// everybody else waits, at most a tenth of a second in so long a life; and no sum comes near an amount's end.
pub(in crate::simulator) const LIFE_HOURS: u64 = 87_600;

/// Hours of clients' lives in a slice of settling everybody: about a millisecond, in which calls wait.
const HOURS_PER_SLICE: i64 = 2_000;

/// How the reseller's own account is named among the clients under `/sim/`.
pub(in crate::simulator) const RESELLER: &str = "reseller";

/// Three in a hundred start below their threshold, half of one below zero.
const LOW_AT_START: u32 = 30;
const OVERDRAWN_AT_START: u32 = 5;

/// How rich a client starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lot {
    Well,
    Low,
    Overdrawn,
}

/// The world.
#[derive(Debug)]
pub(in crate::simulator) struct World {
    dice: Dice,
    toronto: Toronto,
    zones: Zones,
    /// By id from [`FIRST_ID`]; removed ones leave a gap.
    slots: Vec<Option<Client>>,
    /// The reseller's own account.
    own: Client,
    costs: Costs,
}

/// What a world adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::simulator) struct Totals {
    pub(in crate::simulator) clients: usize,
    pub(in crate::simulator) below_threshold: usize,
    pub(in crate::simulator) below_zero: usize,
    pub(in crate::simulator) hard: usize,
    pub(in crate::simulator) suspended: usize,
    /// In state WAIT.
    pub(in crate::simulator) waiting: usize,
    pub(in crate::simulator) balance: Amount,
    pub(in crate::simulator) opening: Amount,
    pub(in crate::simulator) paid: Amount,
    pub(in crate::simulator) payments: u64,
    pub(in crate::simulator) charged: Amount,
    pub(in crate::simulator) charges: u64,
    pub(in crate::simulator) spent: Amount,
    pub(in crate::simulator) adjusted: Amount,
    /// What the reseller has left.
    pub(in crate::simulator) reseller_balance: Amount,
    /// What the clients' calls cost him since the world began.
    pub(in crate::simulator) reseller_spent: Amount,
}

impl World {
    /// The world of a seed as of a second.
    pub(in crate::simulator) fn new(seed: u64, clients: u32, now: i64) -> Self {
        let dice = Dice::new(seed);
        let lots = lots(&dice, clients as usize);
        let slots = lots
            .iter()
            .enumerate()
            .map(|(index, lot)| Some(newcomer(&dice, index, *lot, now)))
            .collect();
        // What a larger fleet uses, the reseller pays in larger parts.
        let fleets = i64::from((clients / 100).max(1));
        let own = Client::new(Start {
            id: Client::RESELLER,
            texts: person(&dice, 0, 0).0,
            management: Management::Soft,
            threshold: (100 * fleets).to_string().into(),
            threshold_email: Box::from("reseller@example.com"),
            profile: Profile::reseller(0, clients),
            package: None,
            opening: Amount::ten_thousandths(11_218_702).times(fleets),
            now,
        });
        Self {
            dice,
            toronto: Toronto::new(),
            zones: Zones::new(PLACES.iter().map(|place| place.zone)),
            slots,
            own,
            costs: Costs::new(now),
        }
    }

    pub(in crate::simulator) fn dice(&self) -> &Dice {
        &self.dice
    }

    /// The client of that id, or the reseller's own account, as it is: not settled.
    pub(in crate::simulator) fn find(&self, id: &str) -> Option<&Client> {
        if id == RESELLER {
            Some(&self.own)
        } else {
            self.slots.get(index_of(id)?)?.as_ref()
        }
    }

    /// The client of that id, or the reseller's own account, settled up to `now`; and what its usage needs. The reseller
    /// pays for everybody's calls, so that everybody is settled before.
    pub(in crate::simulator) fn settled(
        &mut self,
        id: &str,
        now: i64,
        rules: Rules,
    ) -> Option<(&mut Client, Around<'_>)> {
        let client = if id == RESELLER {
            self.settle_all(now, rules);
            &mut self.own
        } else {
            self.slots.get_mut(index_of(id)?)?.as_mut()?
        };
        let mut around = Around {
            dice: &self.dice,
            toronto: &mut self.toronto,
            zones: &mut self.zones,
            costs: &mut self.costs,
            rules,
        };
        client.settle(now, &mut around);
        Some((client, around))
    }

    /// Brings everybody up to date.
    pub(in crate::simulator) fn settle_all(&mut self, now: i64, rules: Rules) {
        let mut around = Around {
            dice: &self.dice,
            toronto: &mut self.toronto,
            zones: &mut self.zones,
            costs: &mut self.costs,
            rules,
        };
        // The reseller last: he pays for the others' calls.
        for client in self.slots.iter_mut().flatten().chain([&mut self.own]) {
            client.settle(now, &mut around);
        }
    }

    /// Brings clients from a slot on up to date, as far as one slice of work gets; the slot to go on with, or `None` when
    /// everybody is.
    pub(in crate::simulator) fn settle_slice(&mut self, slot: usize, now: i64, rules: Rules) -> Option<usize> {
        let mut around = Around {
            dice: &self.dice,
            toronto: &mut self.toronto,
            zones: &mut self.zones,
            costs: &mut self.costs,
            rules,
        };
        let mut left = HOURS_PER_SLICE;
        // Not the reseller: he is settled when all the others are, up to the same second.
        for (slot, client) in self.slots.iter_mut().enumerate().skip(slot) {
            if left <= 0 {
                return Some(slot);
            }
            let Some(client) = client else { continue };
            let hours = client.hours_to_settle(now);
            client.settle_for(hours.min(left) + i64::from(hours < left), now, &mut around);
            if hours >= left {
                return Some(slot);
            }
            left -= hours + 1;
        }
        None
    }

    /// Ends the time in which these rules held: brings everybody up to date, ready for others.
    pub(in crate::simulator) fn end_rules(&mut self, now: i64, rules: Rules) {
        self.settle_all(now, rules);
        for client in self.slots.iter_mut().flatten().chain([&mut self.own]) {
            client.reconsider();
        }
    }

    /// Every client in the order of ids.
    pub(in crate::simulator) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.slots.iter().flatten()
    }

    /// Every client from a slot on, each with its slot.
    pub(in crate::simulator) fn clients_from(&self, slot: usize) -> impl Iterator<Item = (usize, &Client)> {
        let slots = self.slots.iter().enumerate().skip(slot);
        slots.filter_map(|(slot, client)| Some((slot, client.as_ref()?)))
    }

    /// The client with that address.
    pub(in crate::simulator) fn by_email(&self, email: &str) -> Option<&Client> {
        self.clients()
            .find(|client| client.texts[EMAIL].eq_ignore_ascii_case(email))
    }

    /// Removes a client, of whom the reseller pays for what was used so far; whether there was one.
    pub(in crate::simulator) fn remove(&mut self, id: &str, now: i64, rules: Rules) -> bool {
        let is_client = self
            .settled(id, now, rules)
            .is_some_and(|(client, _)| !client.is_reseller());
        let slot = index_of(id).and_then(|index| self.slots.get_mut(index));
        is_client && slot.is_some_and(|slot| slot.take().is_some())
    }

    /// A client that could be added, with the given id if that is free, else with the next one. It is not there until
    /// it is [put in its place](World::replace).
    pub(in crate::simulator) fn newcomer(&self, id: Option<&str>, now: i64) -> Option<Client> {
        let index = match id {
            Some(id) => index_of(id)?,
            None => self.slots.len(),
        };
        id_at(index)?;
        let free = index <= self.slots.len() && self.slots.get(index).is_none_or(Option::is_none);
        free.then(|| newcomer(&self.dice, index, Lot::Well, now))
    }

    /// Adds somebody who signed up: no money, no threshold, the habits of the next id. Returns the id; `None` when the
    /// world is full.
    pub(in crate::simulator) fn sign_up(
        &mut self,
        texts: Texts,
        management: Management,
        is_active: bool,
        now: i64,
    ) -> Option<u32> {
        let index = self.slots.len();
        let id = id_at(index)?;
        let (_, zone) = person(&self.dice, index, id);
        let mut client = Client::new(Start {
            id,
            texts,
            management,
            threshold: Box::default(),
            threshold_email: Box::default(),
            profile: Profile::of(&self.dice, id, zone),
            package: None,
            opening: Amount::ZERO,
            now,
        });
        client.threshold = None;
        client.threshold_is_native = false;
        client.begin_unused(self.toronto.day(now).number);
        client.activate(is_active);
        self.slots.push(Some(client));
        Some(id)
    }

    /// Puts an edited or added client in its place.
    pub(in crate::simulator) fn replace(&mut self, client: Client) {
        if client.is_reseller() {
            self.own = client;
            return;
        }
        let index = (client.id - FIRST_ID) as usize;
        if index == self.slots.len() {
            self.slots.push(None);
        }
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Some(client);
        }
    }

    /// What everybody adds up to, as settled.
    pub(in crate::simulator) fn totals(&self, rules: Rules) -> Totals {
        let mut totals = Totals {
            reseller_balance: self.own.balance(),
            reseller_spent: self.own.ledger().spent(),
            ..Totals::default()
        };
        for client in self.clients() {
            let ledger = client.ledger();
            totals.clients += 1;
            totals.below_threshold += usize::from(client.limit().is_some_and(|limit| ledger.balance() < limit));
            totals.below_zero += usize::from(ledger.balance().is_negative());
            totals.hard += usize::from(client.management == Management::Hard);
            totals.suspended += usize::from(client.is_suspended(rules));
            totals.waiting += usize::from(client.is_waiting());
            totals.balance += ledger.balance();
            totals.opening += ledger.opening();
            totals.paid += ledger.paid();
            totals.payments += u64::from(ledger.payments());
            totals.charged += ledger.charged();
            totals.charges += u64::from(ledger.charges());
            totals.spent += ledger.spent();
            totals.adjusted += ledger.adjusted();
        }
        totals
    }

    /// Whether a share of the clients, the same ones each time, includes this one.
    pub(in crate::simulator) fn is_among(&self, topic: Topic, id: u32, share: Share) -> bool {
        share == Share::ALL || (share != Share::NONE && self.dice.throw(topic, id, 0).within(share))
    }
}

/// The slot of an id; ids are written without leading zeros or signs.
fn index_of(id: &str) -> Option<usize> {
    let canonical = id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0');
    let number: u32 = id.parse().ok().filter(|_| canonical)?;
    usize::try_from(number.checked_sub(FIRST_ID)?).ok()
}

/// The id of a slot, if a world has so many.
fn id_at(index: usize) -> Option<u32> {
    let index = u32::try_from(index).ok().filter(|index| *index < MOST_CLIENTS)?;
    Some(FIRST_ID + index)
}

/// Who starts how: exact shares, drawn by lot.
fn lots(dice: &Dice, count: usize) -> Vec<Lot> {
    let part = |thousandths: u32| (count * thousandths as usize + 500) / 1_000;
    let (low, overdrawn) = (part(LOW_AT_START), part(OVERDRAWN_AT_START));
    let mut lots = vec![Lot::Well; count];
    let mut order: Vec<usize> = (0..count).collect();
    for drawn in 0..low {
        let rest = u32::try_from(count - drawn).unwrap_or(u32::MAX);
        let other = drawn + dice.throw(Topic::Lot, 0, drawn as u64).below(rest) as usize;
        order.swap(drawn, other);
        lots[order[drawn]] = if drawn < overdrawn { Lot::Overdrawn } else { Lot::Low };
    }
    lots
}

/// A client as it is on its first day.
fn newcomer(dice: &Dice, index: usize, lot: Lot, now: i64) -> Client {
    let id = FIRST_ID + u32::try_from(index).unwrap_or_default();
    let (texts, zone) = person(dice, index, id);
    let profile = Profile::of(dice, id, zone);
    let mut throw = dice.throw(Topic::Lot, id, 0);
    let threshold = match (index, profile.kind) {
        (0, _) => 130,
        (_, Kind::Heavy) => *throw.pick(&[50, 100, 250]),
        (_, Kind::Office | Kind::Home | Kind::Idle) => *throw.pick(&[5, 10, 15, 20, 25, 50]),
    };
    // Ten-thousandths of the threshold.
    let filled = match lot {
        Lot::Well => i64::from(throw.between(12_000, 80_000)),
        Lot::Low => i64::from(throw.between(500, 9_500)),
        Lot::Overdrawn => -i64::from(throw.between(100, 9_000)),
    };
    let hard = lot != Lot::Overdrawn && throw.below(100) < 15;
    let threshold_email = if throw.below(20) == 0 {
        format!("billing.{id}@example.net").into()
    } else {
        texts[EMAIL].clone()
    };
    Client::new(Start {
        id,
        texts,
        management: if hard { Management::Hard } else { Management::Soft },
        threshold: threshold.to_string().into(),
        threshold_email,
        profile,
        package: Some(Contract::of(dice, id).package),
        opening: Amount::ten_thousandths(threshold * filled),
        now,
    })
}

#[cfg(test)]
mod tests {
    use super::{FIRST_ID, Lot, MOST_CLIENTS, Rules, World, id_at, index_of, lots};
    use crate::simulator::world::chance::Dice;

    #[test]
    fn the_shares_at_the_start_are_exact() {
        for (count, low, overdrawn) in [(0, 0, 0), (12, 0, 0), (100, 3, 1), (1_000, 30, 5), (10_000, 300, 50)] {
            let lots = lots(&Dice::new(3), count);
            let with = |wanted: Lot| lots.iter().filter(|lot| **lot == wanted).count();
            assert_eq!(
                (with(Lot::Low) + with(Lot::Overdrawn), with(Lot::Overdrawn)),
                (low, overdrawn),
                "{count}"
            );
        }
    }

    #[test]
    fn ids_are_written_in_one_way() {
        for (id, index) in [
            ("561115", Some(0)),
            ("561116", Some(1)),
            ("561114", None),
            ("0561115", None),
            ("+561115", None),
            ("", None),
            ("561115 ", None),
            ("99999999999", None),
        ] {
            assert_eq!(index_of(id), index, "{id}");
        }
    }

    #[test]
    fn a_world_holds_so_many_and_no_more() {
        let most = MOST_CLIENTS as usize;
        assert_eq!(id_at(most - 1), Some(FIRST_ID + MOST_CLIENTS - 1));
        assert_eq!(id_at(most), None);
    }

    #[test]
    fn a_removed_client_can_come_back() {
        let mut world = World::new(1, 3, 0);
        let rules = Rules {
            spending: true,
            top_ups: true,
            hard_stops: true,
            resume_on_payment: true,
            suspension_delay_secs: 0,
            cut_calls: true,
            stops_incoming: true,
            reseller_pays: true,
            utc_days: false,
        };
        assert!(world.remove("561116", 0, rules));
        assert!(!world.remove("561116", 0, rules) && !world.remove("reseller", 0, rules));
        assert_eq!(world.clients().count(), 2);
        assert!(world.newcomer(Some("561115"), 0).is_none(), "taken");
        assert!(world.newcomer(Some("561119"), 0).is_none(), "out of line");
        for (wanted, id) in [(Some("561116"), 561_116), (None, 561_118), (None, 561_119)] {
            let client = world.newcomer(wanted, 0).unwrap();
            assert_eq!(client.id, id);
            world.replace(client);
        }
        assert!(world.find("561119").is_some());
    }
}
