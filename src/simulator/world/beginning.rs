//! Who the reseller and his clients are at the start. Pure functions of the seed; what becomes of them is not known here.

use super::FIRST_ID;
use super::chance::{Dice, Topic};
use super::client::{Client, Management, Start};
use super::packages::Contract;
use super::people::{EMAIL, Texts, person};
use super::spending::{Kind, Profile};
use crate::simulator::amount::Amount;

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

/// The clients of a world that begins now, in the order of ids.
pub(super) fn clients(dice: &Dice, count: u32, now: i64) -> impl Iterator<Item = Client> {
    let lots = lots(dice, count as usize).into_iter().enumerate();
    lots.map(move |(index, lot)| client(dice, index, lot, now))
}

/// A client that is added later.
pub(super) fn newcomer(dice: &Dice, index: usize, now: i64) -> Client {
    client(dice, index, Lot::Well, now)
}

/// The reseller with so many clients.
pub(super) fn reseller(dice: &Dice, clients: u32, now: i64) -> Client {
    // What a larger fleet uses, the reseller pays in larger parts.
    let fleets = i64::from((clients / 100).max(1));
    Client::new(Start {
        id: Client::RESELLER,
        texts: person(dice, 0, 0).0,
        management: Management::Soft,
        threshold: (100 * fleets).to_string().into(),
        threshold_email: Box::from("reseller@example.com"),
        profile: Profile::reseller(0, clients),
        package: None,
        opening: Amount::ten_thousandths(11_218_702).times(fleets),
        now,
    })
}

/// A client that signed up: no money and no threshold, with the habits of its id.
pub(super) fn signed_up(dice: &Dice, index: usize, texts: Texts, management: Management, now: i64) -> Client {
    let id = id_of(index);
    let (_, zone) = person(dice, index, id);
    let mut client = Client::new(Start {
        id,
        texts,
        management,
        threshold: Box::default(),
        threshold_email: Box::default(),
        profile: Profile::of(dice, id, zone),
        package: None,
        opening: Amount::ZERO,
        now,
    });
    client.threshold = None;
    client.threshold_is_native = false;
    client
}

/// The id of a slot.
fn id_of(index: usize) -> u32 {
    FIRST_ID + u32::try_from(index).unwrap_or_default()
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
fn client(dice: &Dice, index: usize, lot: Lot, now: i64) -> Client {
    let id = id_of(index);
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
    use super::{Dice, Lot, lots};

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
}
