//! What people do in a world: clients who pay, are robbed, come and go; operators who decide and change the configuration; and
//! clocks that are set, drift, or stand still while a machine sleeps. Their chance is their own: another fault elsewhere leaves
//! them what they were.

use std::time::Duration;

use jiff::SignedDuration;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::super::plan::{Act, Deed, Happening, Plan, Planned};
use super::{DAY, Dice, HOUR, MINUTE};

/// Tells the chance of people from that of everything else.
const OWN_CHANCE: u64 = 0x7065_6f70_6c65;

/// What operators change for some hours.
const CHANGES: [&str; 5] = [
    "[[policy]]\nname = \"nearly-dry\"\nseverity = \"info\"\nwhen = { balance_below = \"150% of threshold\" }\n",
    "[[policy]]\nname = \"low-balance\"\nrepeat_every = \"8h\"\nmax_repeats = 2\n",
    "[[policy]]\nname = \"overdrawn\"\nenabled = false\n",
    "[[policy]]\nname = \"low-balance\"\nclear_readings = 3\ncool_down = \"2h\"\n",
    "[[mute]]\nname = \"works\"\nstart = \"0 3 * * *\"\nfor = \"2h\"\n",
];

/// What nobody could mean: refused when it is read anew, and a program that starts with it does not.
const WRONG: &str = "[[policy]]\nname = \"worse\"\nwhen = { balance_below = \"much\" }\n";

/// Steps of a clock that drifts for a day.
const DRIFTS: u64 = 48;

/// Adds what people do on so many days.
pub(super) fn days(plan: &mut Plan, days: u32) {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(plan.seed ^ OWN_CHANCE));
    for day in 0..u64::from(days) {
        let begins = day * DAY;
        clients(plan, &mut dice, begins);
        operators(plan, &mut dice, begins);
        clocks(plan, &mut dice, begins);
    }
}

fn add(plan: &mut Plan, at: u64, lasting: u64, what: Happening) {
    plan.happenings.push(Planned {
        number: 0,
        after: Duration::from_secs(at),
        lasting: Duration::from_secs(lasting),
        what,
    });
}

fn clients(plan: &mut Plan, dice: &mut Dice, begins: u64) {
    for _ in 0..2 + dice.below(u64::from(plan.clients / 6)) {
        let index = usize::try_from(dice.below(10_000)).unwrap_or_default();
        let deed = match dice.below(20) {
            0..5 => Deed::Fraud(dice.one_of(&["2", "8", "20", "60", "200"])),
            5..9 => Deed::Deposit(dice.one_of(&["5.00", "25.00", "100.00"])),
            9..14 => Deed::Balance(dice.one_of(&["-20.00", "0.00", "3.00", "12.00", "60.00"])),
            14 => Deed::Threshold(dice.one_of(&["5", "10", "20", "0"])),
            15..17 => Deed::Edit {
                field: "phone_number",
                text: format!("555{}", dice.below(10_000)),
            },
            17 => Deed::Added(dice.one_of(&["5", "10", "20"])),
            18 if plan.clients > 10 && dice.chance(50) => Deed::Removed,
            _ => Deed::Management(dice.one_of(&["hard", "soft"])),
        };
        let lasting = match deed {
            Deed::Fraud(_) => dice.below(8 * HOUR),
            _ => 0,
        };
        add(
            plan,
            begins + dice.below(DAY),
            lasting,
            Happening::Client { index, deed },
        );
    }
}

fn operators(plan: &mut Plan, dice: &mut Dice, begins: u64) {
    let mut act = |dice: &mut Dice, at: u64, lasting: u64, act: Act| {
        add(
            plan,
            begins + at + dice.below(DAY / 2),
            lasting,
            Happening::Operator(act),
        );
    };
    if dice.chance(40) {
        act(dice, 0, 0, Act::Ack);
    }
    if dice.chance(20) {
        let hours = dice.one_of(&[1, 4, 12]);
        act(dice, 0, 0, Act::Silence { hours });
    }
    if dice.chance(8) {
        act(dice, 0, 0, Act::BrakeOn);
    }
    if dice.chance(25) {
        act(dice, DAY / 2, 0, Act::BrakeOff);
    }
    if dice.chance(12) {
        act(dice, DAY / 2, 0, Act::RetryAll);
    }
    if dice.chance(15) {
        let lasting = HOUR + dice.below(6 * HOUR);
        let change = dice.one_of(&CHANGES);
        act(dice, 0, lasting, Act::Reload(change));
    }
    if dice.chance(4) {
        act(dice, DAY / 2, 5 * MINUTE, Act::Reload(WRONG));
    }
}

fn clocks(plan: &mut Plan, dice: &mut Dice, begins: u64) {
    let mut set = |at: u64, by: SignedDuration| add(plan, begins + at, 0, Happening::Wall(by));
    if dice.chance(12) {
        let by = dice.one_of(&[-2 * 3_600, -600, -30, 30, 90, 3_600]);
        set(dice.below(DAY), SignedDuration::from_secs(by));
    }
    // A machine that slept: to a program that slept with it no time has passed.
    if dice.chance(5) {
        let slept = 10 + i64::try_from(dice.below(500)).unwrap_or_default();
        set(dice.below(DAY), SignedDuration::from_mins(slept));
    }
    if dice.chance(5) {
        let by = SignedDuration::from_millis(dice.one_of(&[-1_500, -400, 400, 1_500]));
        for step in 0..DRIFTS {
            set(step * DAY / DRIFTS, by);
        }
    }
}
