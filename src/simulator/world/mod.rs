//! The reseller and its clients: finding one, and bringing one up to date. Who they are at the start is `beginning.rs`.

pub mod around;
mod beginning;
pub mod calendar;
pub mod chance;
pub mod client;
mod costs;
pub mod countries;
pub mod ledger;
pub mod packages;
mod past;
pub mod people;
pub mod regions;
pub mod spending;
mod totals;
pub mod usage;

use self::around::{Around, Rules};
use self::calendar::{Toronto, Zones};
use self::chance::{Dice, Share, Topic};
use self::client::{Client, Management};
use self::costs::Costs;
use self::people::{EMAIL, PLACES, Texts};

/// The id of the first client: the document's example.
pub const FIRST_ID: u32 = 561_115;

/// Most clients that a world holds: five times the largest reseller, at a kilobyte or two each.
pub const MOST_CLIENTS: u32 = 250_000;

/// How long a world lives, in virtual hours: ten years. Whoever looks at a client brings it up to date hour by hour while
/// everybody else waits, at most a tenth of a second in so long a life; and no sum comes near an amount's end.
pub const LIFE_HOURS: u64 = 87_600;

/// Hours of clients' lives in a slice of settling everybody: about a millisecond, in which calls wait.
const HOURS_PER_SLICE: i64 = 2_000;

/// How the reseller's own account is named among the clients under `/sim/`.
pub const RESELLER: &str = "reseller";

#[derive(Debug)]
pub struct World {
    surroundings: Surroundings,
    /// By id from [`FIRST_ID`]; removed ones leave a gap.
    slots: Vec<Option<Client>>,
    /// The reseller's own account.
    own: Client,
}

/// What the lives of all of them need.
#[derive(Debug)]
struct Surroundings {
    dice: Dice,
    toronto: Toronto,
    zones: Zones,
    costs: Costs,
}

impl Surroundings {
    fn around(&mut self, rules: Rules) -> Around<'_> {
        Around {
            dice: &self.dice,
            toronto: &mut self.toronto,
            zones: &mut self.zones,
            costs: &mut self.costs,
            rules,
        }
    }
}

impl World {
    /// The world of a seed as of a second.
    pub fn new(seed: u64, clients: u32, now: i64) -> Self {
        let dice = Dice::new(seed);
        let slots = beginning::clients(&dice, clients, now).map(Some).collect();
        let own = beginning::reseller(&dice, clients, now);
        Self {
            surroundings: Surroundings {
                dice,
                toronto: Toronto::new(),
                zones: Zones::new(PLACES.iter().map(|place| place.zone)),
                costs: Costs::new(now),
            },
            slots,
            own,
        }
    }

    pub fn dice(&self) -> &Dice {
        &self.surroundings.dice
    }

    /// The client of that id, or the reseller's own account, as it is: not settled.
    pub fn find(&self, id: &str) -> Option<&Client> {
        if id == RESELLER {
            Some(&self.own)
        } else {
            self.slots.get(index_of(id)?)?.as_ref()
        }
    }

    /// The client of that id, or the reseller's own account, settled up to `now`; and what its usage needs. The reseller
    /// pays for everybody's calls, so that everybody is settled before.
    pub fn settled(&mut self, id: &str, now: i64, rules: Rules) -> Option<(&mut Client, Around<'_>)> {
        let client = if id == RESELLER {
            self.settle_all(now, rules);
            &mut self.own
        } else {
            self.slots.get_mut(index_of(id)?)?.as_mut()?
        };
        let mut around = self.surroundings.around(rules);
        client.settle(now, &mut around);
        Some((client, around))
    }

    /// Brings everybody up to date.
    pub fn settle_all(&mut self, now: i64, rules: Rules) {
        let mut around = self.surroundings.around(rules);
        // The reseller last: his account pays for the others' calls.
        for client in self.slots.iter_mut().flatten().chain([&mut self.own]) {
            client.settle(now, &mut around);
        }
    }

    /// Brings clients from a slot on up to date, as far as one slice of work gets; the slot to go on with, or `None` when
    /// everybody is.
    pub fn settle_slice(&mut self, slot: usize, now: i64, rules: Rules) -> Option<usize> {
        let mut around = self.surroundings.around(rules);
        let mut left = HOURS_PER_SLICE;
        // Not the reseller, who is settled once all the others are, up to the same second.
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
    pub fn end_rules(&mut self, now: i64, rules: Rules) {
        self.settle_all(now, rules);
        for client in self.slots.iter_mut().flatten().chain([&mut self.own]) {
            client.reconsider();
        }
    }

    /// Every client in the order of ids.
    pub fn clients(&self) -> impl Iterator<Item = &Client> {
        self.slots.iter().flatten()
    }

    /// The client with that address.
    pub fn by_email(&self, email: &str) -> Option<&Client> {
        self.clients()
            .find(|client| client.texts[EMAIL].eq_ignore_ascii_case(email))
    }

    /// Removes a client, of whom the reseller pays for what was used so far; whether there was one.
    pub fn remove(&mut self, id: &str, now: i64, rules: Rules) -> bool {
        let is_client = self
            .settled(id, now, rules)
            .is_some_and(|(client, _)| !client.is_reseller());
        let slot = index_of(id).and_then(|index| self.slots.get_mut(index));
        is_client && slot.is_some_and(|slot| slot.take().is_some())
    }

    /// A client that could be added, with the given id if that is free, else with the next one. It is not there until
    /// it is [put in its place](World::replace).
    pub fn newcomer(&self, id: Option<&str>, now: i64) -> Option<Client> {
        let index = match id {
            Some(id) => index_of(id)?,
            None => self.slots.len(),
        };
        id_at(index)?;
        let free = index <= self.slots.len() && self.slots.get(index).is_none_or(Option::is_none);
        free.then(|| beginning::newcomer(&self.surroundings.dice, index, now))
    }

    /// Adds somebody who signed up: no money, no threshold, the habits of the next id. Returns the id; `None` when the
    /// world is full.
    pub fn sign_up(&mut self, texts: Texts, management: Management, is_active: bool, now: i64) -> Option<u32> {
        let index = self.slots.len();
        let id = id_at(index)?;
        let mut client = beginning::signed_up(&self.surroundings.dice, index, texts, management, now);
        client.begin_unused(self.surroundings.toronto.day(now).number);
        client.activate(is_active);
        self.slots.push(Some(client));
        Some(id)
    }

    /// Puts an edited or added client in its place.
    pub fn replace(&mut self, client: Client) {
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

    /// Whether a share of the clients, the same ones each time, includes this one.
    pub fn is_among(&self, topic: Topic, id: u32, share: Share) -> bool {
        share == Share::ALL || (share != Share::NONE && self.surroundings.dice.throw(topic, id, 0).within(share))
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

#[cfg(test)]
mod tests {
    use super::client::tests::RULES;
    use super::{FIRST_ID, MOST_CLIENTS, World, id_at, index_of};

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
        assert!(world.remove("561116", 0, RULES));
        assert!(!world.remove("561116", 0, RULES) && !world.remove("reseller", 0, RULES));
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
