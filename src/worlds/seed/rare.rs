//! What the ordinary days of a world hardly ever have together with what it would do harm to: wrong data for everybody while clients
//! may be changed, a clock set far back, a disk that takes nothing for an hour, and people who decide in the moment in which a record
//! is read. Their chance is their own, and their numbers follow all others: a world without them is what it was.

use std::time::Duration;

use jiff::SignedDuration;

use super::super::changes;
use super::super::plan::{Act, Deed, Happening, Lie, Meanwhile, Mood, Plan, Planned};
use super::super::upstream::SLOW_WAY;
use super::{DAY, Dice, HOUR, MINUTE};
use crate::mail_catcher::{Behaviour, Stage};
use crate::store::DiskTrouble;

/// Tells their chance from that of everything else.
const OWN_CHANCE: u64 = 0x7261_7265;

/// No world has so many ordinary happenings; a fixed one, so that a number means the same in a shorter world.
const FIRST_NUMBER: usize = 100_000;

/// Of an account that allows no more calls a minute, a sweep takes minutes.
const SLOW_PER_MINUTE: u32 = 30;

/// Adds what is rare on so many days.
pub(super) fn days(plan: &mut Plan, days: u32) {
    let mut dice = Dice::of(plan.seed ^ OWN_CHANCE);
    let is_slow = plan.rate_per_minute <= SLOW_PER_MINUTE;
    let mut number = FIRST_NUMBER;
    let mut add = |at: u64, lasting: u64, what: Happening| {
        number += 1;
        plan.happenings.push(Planned {
            number,
            after: Duration::from_secs(at),
            lasting: Duration::from_secs(lasting),
            what,
        });
    };
    if dice.chance(30) {
        // The first look finds several to tell of.
        for _ in 0..6 {
            let index = usize::try_from(dice.below(10_000)).unwrap_or_default();
            let deed = Deed::Balance("3.00");
            add(0, 0, Happening::Client { index, deed });
        }
    }
    for day in 0..u64::from(days) {
        for (lasting, what) in a_day(&mut dice, is_slow) {
            add(day * DAY + dice.below(DAY), lasting, what);
        }
        if dice.chance(25) {
            // Low, well, and low again before its cool-down is over.
            let index = usize::try_from(dice.below(10_000)).unwrap_or_default();
            let mut at = day * DAY + dice.below(DAY / 2);
            for (after, balance) in [(0, "3.00"), (75 * MINUTE, "60.00"), (200 * MINUTE, "3.00")] {
                at += after;
                let deed = Deed::Balance(balance);
                add(at, 0, Happening::Client { index, deed });
            }
        }
    }
}

/// For how many seconds, and what. `is_slow`: few calls are allowed, so that another process is felt.
fn a_day(dice: &mut Dice, is_slow: bool) -> Vec<(u64, Happening)> {
    let mut all = Vec::new();
    if dice.chance(15) {
        let lie = dice.one_of(&[Lie::Zeros, Lie::Hundredth, Lie::Same, Lie::HalfTheList]);
        all.push((10 * MINUTE + dice.below(3 * HOUR), Happening::Lie(lie)));
    }
    if dice.chance(25) {
        let wild = u8::try_from(dice.below(20)).unwrap_or_default();
        let lie = dice.one_of(&[Lie::Wild(wild), Lie::Wild(wild), Lie::Another]);
        all.push((5 * MINUTE + dice.below(HOUR), Happening::Lie(lie)));
    }
    if dice.chance(8) {
        all.push((3 * HOUR + dice.below(3 * HOUR), Happening::Lie(Lie::HalfTheList)));
    }
    if dice.chance(8) {
        let name = dice.one_of(&["maintenance", "http-500", "reset-before"]).to_owned();
        let lasting = HOUR + dice.below(5 * HOUR);
        all.push((lasting, Happening::Fault { name, share: "1" }));
    }
    if dice.chance(8) {
        let mood = Mood::LosesReplies;
        all.push((HOUR + dice.below(4 * HOUR), Happening::Mood { receiver: "chat", mood }));
    }
    if dice.chance(8) {
        let behaviour = dice.one_of(&[
            Behaviour::HangUp(Stage::Content),
            Behaviour::LateAnswer(Duration::from_secs(700)),
        ]);
        all.push((HOUR + dice.below(4 * HOUR), Happening::Mail(behaviour)));
    }
    if dice.chance(4) {
        let by = SignedDuration::from_hours(dice.one_of(&[-6, -26]));
        all.push((0, Happening::Wall(by)));
    }
    if dice.chance(12) {
        let trouble = dice.one_of(&[
            DiskTrouble::Full { free_bytes: Some(0) },
            DiskTrouble::ReadOnly,
            DiskTrouble::Broken,
        ]);
        all.push((20 * MINUTE + dice.below(2 * HOUR), Happening::Disk(trouble)));
    }
    if dice.chance(15)
        && let Deed::Edit { field, text } = changes::edit(dice)
    {
        let deed = Deed::Meanwhile {
            moment: Meanwhile::Read,
            field,
            text,
        };
        all.push((0, Happening::Client { index: 0, deed }));
    }
    if dice.chance(4) {
        all.push((0, Happening::Operator(Act::BrakeAtRead)));
    }
    if dice.chance(if is_slow { 60 } else { 20 }) {
        all.push((0, Happening::Operator(Act::Asks(dice.one_of(&[5, 60, 300])))));
    }
    if dice.chance(10) {
        let name = SLOW_WAY.to_owned();
        all.push((HOUR + dice.below(6 * HOUR), Happening::Fault { name, share: "1" }));
    }
    all
}
