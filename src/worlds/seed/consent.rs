//! What people decide about changes: whether they are asked, what they answer, whom they hold, what they take back. Its chance is
//! its own, so that everything else stays what it was.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::super::plan::{Act, Happening, Plan, Planned};
use super::{DAY, Dice, HOUR};

/// Tells this chance from all others.
const OWN_CHANCE: u64 = 0x0063_6f6e_7365_6e74;

/// Bounds that were not there when the first worlds were made, and what people decide on so many days.
pub(super) fn days(plan: &mut Plan, days: u32) {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(plan.seed ^ OWN_CHANCE));
    let Some(guards) = &mut plan.guards else {
        return;
    };
    guards.per_hour = dice.one_of(&[2, 5, 5, 20, 50]);
    guards.share_percent = dice.one_of(&[2, 20, 50, 100, 100]);
    let asks = dice.chance(30);
    guards.asks = asks;
    // Their chance is their own: how many there are must not move what is decided on a day.
    let mut others = Dice(ChaCha8Rng::seed_from_u64(plan.seed ^ OWN_CHANCE ^ 1));
    for happening in &mut plan.happenings {
        if let Happening::Operator(Act::Guards(changed)) = &mut happening.what {
            let guards = plan.guards.as_ref().unwrap_or(changed);
            let (per_hour, share_percent) = (guards.per_hour, guards.share_percent);
            (changed.per_hour, changed.share_percent) = (per_hour, share_percent);
            changed.asks = asks != others.chance(20);
        }
    }
    for day in 0..u64::from(days) {
        let mut act = |at: u64, lasting: u64, act: Act| {
            plan.happenings.push(Planned {
                number: 0,
                after: Duration::from_secs(day * DAY + at),
                lasting: Duration::from_secs(lasting),
                what: Happening::Operator(act),
            });
        };
        let answers = if asks { 4 + dice.below(8) } else { dice.below(3) };
        for _ in 0..answers {
            act(
                dice.below(DAY),
                0,
                Act::Answer {
                    approves: dice.chance(85),
                },
            );
        }
        if dice.chance(20) {
            let index = usize::try_from(dice.below(10_000)).unwrap_or_default();
            act(dice.below(DAY), HOUR + dice.below(DAY), Act::Hold { index });
        }
        for _ in 0..dice.below(3) {
            act(dice.below(DAY), 0, Act::Undo);
        }
    }
}
