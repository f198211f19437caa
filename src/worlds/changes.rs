//! What a seed says of changes: what the program may change, who runs dry and pays, what persons do in the portal meanwhile, what
//! the API is like and what it tells that is not so. It has dice of its own, so that the rest of a world stays as it is.

use std::time::Duration;

use jiff::SignedDuration;

use super::guards::{Asking, Guards, Limit};
use super::plan::{Act, Deed, Happening, Lie, Meanwhile, Plan, Planned};
use super::seed::{DAY, Dice, HOUR, MINUTE, config};

/// The id of the first client of a simulator.
const FIRST_CLIENT: u64 = 561_115;

/// What makes these dice others than those of the rest.
const OWN: u64 = 0x00C4_A46E;

/// Settings of the simulator that imitate what is not known of the API. Each is there in one world of so many percent.
const UNKNOWN: &[(u64, &str, &[&str])] = &[
    (
        30,
        "types",
        &["doc-strings", "all-strings", "all-strings", "all-numbers"],
    ),
    (15, "float-noise", &["on"]),
    (15, "empty-columns", &["null"]),
    (10, "one-row-object", &["on"]),
    (10, "list-as-object", &["on"]),
    (15, "message-on-success", &["on"]),
    (10, "empty-success", &["on"]),
    (15, "content-type", &["html"]),
    (20, "omitted-fields", &["kept"]),
    (20, "country-out", &["code"]),
    (20, "country-in", &["any"]),
    (5, "used-password", &["on"]),
    (5, "password-rules", &["changed", "always"]),
    (5, "password-shown", &["masked", "hashed", "empty"]),
    (20, "soft-code", &["0", "soft", "7"]),
    (8, "soft-listed", &["off"]),
    (15, "hard-stops", &["off"]),
    (15, "suspension-delay-secs", &["900", "7200"]),
    (10, "incoming-stops", &["off"]),
    (10, "resume-on-payment", &["off"]),
    (15, "ledger-delay-secs", &["600", "14400"]),
    (15, "ledger-order", &["oldest", "mixed"]),
    (15, "empty-ledger", &["absent", "status", "null", "text"]),
    (10, "day-zone", &["utc"]),
];

/// Texts that a record may have, and that must come back as they were.
const ODD: &[&str] = &[
    "",
    "Zoë & Søn \"GmbH\" <x>",
    "O'Brien; DROP TABLE clients",
    "line one\r\nline two",
    " blanks around ",
    "007",
    "+49 (0)30 / 12 34",
    "日本語テレコム株式会社",
    "a\u{301}\u{200d}\u{1f468}",
    "100%25&method=delClient",
    "null",
    "--boundary\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx",
];

/// A password as long as any.
const LONG_PASSWORD: &str =
    "correct-horse-battery-staple-correct-horse-battery-staple-correct-horse-battery-staple-0123456789";

/// Columns of a record that persons edit.
const EDITED: [&str; 10] = [
    "phone_number",
    "state",
    "company",
    "firstname",
    "lastname",
    "address",
    "city",
    "zip",
    "email",
    "password",
];

/// The dice of a seed for changes.
pub(super) fn dice(seed: u64) -> Dice {
    Dice::of(seed ^ OWN)
}

/// What the API is like.
pub(super) fn settings(dice: &mut Dice) -> Vec<String> {
    let mut chosen = Vec::new();
    for (percent, name, values) in UNKNOWN {
        if dice.chance(*percent) {
            chosen.push(format!("{name}={}", dice.one_of(values)));
        }
    }
    chosen
}

/// What the program may change.
pub(super) fn guards(dice: &mut Dice) -> Guards {
    let all = [
        Limit::AtMost("0.00"),
        Limit::Below("2.00"),
        Limit::BelowThreshold,
        Limit::SpentAbove("60.00"),
    ];
    let names = ["stop-empty", "stop-nearly", "stop-low", "fraud"];
    let which = dice.one_of(&[0b1001, 0b1001, 0b0001, 0b1010, 0b1100, 0b1011]);
    let policies = (0..all.len())
        .filter(|place| which & (1 << place) != 0)
        .map(|place| Asking {
            name: names[place],
            limit: all[place],
            reverts: dice.chance(60),
        });
    let policies = policies.collect();
    let protected = (0..dice.below(4)).map(|_| (FIRST_CLIENT + dice.below(20)).to_string());
    let protect = protected.collect();
    Guards {
        applies: dice.chance(85),
        asks: false,
        per_hour: 5,
        share_percent: 2,
        per_sweep: dice.one_of(&[1, 2, 3, 3, 10]),
        per_day: dice.one_of(&[2, 5, 20, 20, 50]),
        protect,
        canary_wait_secs: dice.one_of(&[0, 60, 60, 1_800]),
        policies,
    }
}

/// What there is on one day: when since it begins, for how long, and what, all in seconds.
pub(super) fn a_day(guards: &Guards, dice: &mut Dice, day: u64) -> Vec<(u64, u64, Happening)> {
    let mut all = Vec::new();
    for _ in 0..4 + dice.below(6) {
        runs_dry(dice, &mut all);
    }
    for _ in 0..dice.below(3) {
        let index = client(dice);
        let what = Happening::Client {
            index,
            deed: edit(dice),
        };
        all.push((dice.below(DAY), 0, what));
    }
    if day == 0 {
        for _ in 0..dice.below(6) {
            let index = client(dice);
            let what = Happening::Client {
                index,
                deed: edit(dice),
            };
            all.push((dice.below(MINUTE), 0, what));
        }
    }
    if dice.chance(20) {
        let Deed::Edit { field, text } = edit(dice) else {
            return all;
        };
        let is_before = dice.chance(60);
        let moment = if is_before {
            Meanwhile::BeforeWrite
        } else {
            Meanwhile::AfterWrite
        };
        let deed = Deed::Meanwhile { moment, field, text };
        all.push((dice.below(DAY), 0, Happening::Client { index: 0, deed }));
    }
    if dice.chance(15) {
        all.push((dice.below(DAY), dice.below(5 * HOUR), Happening::Lie(lie(dice))));
    }
    if dice.chance(25) {
        let name = dice.one_of(&[
            "reset-before@setClient",
            "reset-after@setClient",
            "http-500@setClient",
            "maintenance@setClient",
        ]);
        let what = Happening::Fault {
            name: name.to_owned(),
            share: dice.one_of(&["0.3", "0.6", "1"]),
        };
        all.push((dice.below(DAY), dice.below(6 * HOUR), what));
    }
    if dice.chance(15) {
        all.push((dice.below(DAY), 0, Happening::Operator(Act::BrakeOn)));
    }
    for _ in 0..1 + dice.below(2) {
        all.push((dice.below(DAY), 0, Happening::Operator(Act::BrakeOff)));
    }
    if dice.chance(15) {
        let changed = other_guards(guards, dice);
        all.push((dice.below(DAY), 0, Happening::Operator(Act::Guards(changed))));
    }
    all
}

/// The first number of what happens in a world of many changes besides all else.
const MANY: usize = 300_000;

/// Who is told in a world of many changes. What each kind of receiver gets is tried in all others.
const TOLD: [&str; 3] = ["hook", "ops", "mirror"];

/// Caps of a sweep, an hour, a day, and the share of all clients in percent: those of most worlds of many changes let all clients
/// be changed, those of one world in eight stop most of them.
const WIDE: (usize, usize, usize, u32) = (20, 500, 5_000, 100);
const NARROW: (usize, usize, usize, u32) = (20, 2, 5_000, 30);

/// Makes of a world one in which each client runs dry and pays once a day: what is promised of changes is tried tens of times as
/// often. They come one after the other, for many at once would set the brake.
pub(super) fn many(plan: &mut Plan) {
    plan.clients = plan.clients.max(60);
    plan.channels.retain(|channel| TOLD.contains(&channel.name));
    for channel in &mut plan.channels {
        (channel.max_per_hour, channel.quiet_hours, channel.escalate) = (None, None, None);
    }
    plan.interval = SignedDuration::from_hours(1);
    plan.config = config(60, plan.seed, &plan.channels);
    let asks = plan.seed.is_multiple_of(8);
    let caps = if plan.seed % 8 == 1 { NARROW } else { WIDE };
    let widen = |guards: &mut Guards| {
        (guards.applies, guards.asks, guards.canary_wait_secs) = (true, asks, 60);
        (guards.per_sweep, guards.per_hour, guards.per_day, guards.share_percent) = caps;
        guards.policies.iter_mut().for_each(|asking| asking.reverts = true);
    };
    plan.guards.iter_mut().for_each(widen);
    for happening in &mut plan.happenings {
        if let Happening::Operator(Act::Guards(changed)) = &mut happening.what {
            widen(changed);
        }
    }
    let mut dice = Dice::of(plan.seed ^ OWN ^ 1);
    let first = plan.happenings.len();
    let (clients, days) = (u64::from(plan.clients), plan.length.as_secs() / DAY);
    let mut add = |at: u64, what: Happening| {
        plan.happenings.push(Planned {
            number: MANY + plan.happenings.len() - first,
            after: Duration::from_secs(at),
            lasting: Duration::ZERO,
            what,
        });
    };
    for day in 0..days {
        for place in 0..clients {
            let index = usize::try_from(place).unwrap_or_default();
            let mut to = |at: u64, balance| {
                let deed = Deed::Balance(balance);
                add(day * DAY + at, Happening::Client { index, deed });
            };
            let empty_at = place * DAY / clients + dice.below(30 * MINUTE);
            to(empty_at, dice.one_of(&["-20.00", "-0.50", "0.00"]));
            to(
                empty_at + HOUR + dice.below(5 * HOUR),
                dice.one_of(&["60.00", "400.00"]),
            );
        }
        for of_day in 0..6 {
            add(
                day * DAY + of_day * 4 * HOUR + dice.below(HOUR),
                Happening::Operator(Act::BrakeOff),
            );
        }
    }
    plan.happenings.sort_by_key(|planned| planned.after);
}

fn client(dice: &mut Dice) -> usize {
    usize::try_from(dice.below(10_000)).unwrap_or_default()
}

/// A client's money goes, and mostly comes again; or a person steps in.
fn runs_dry(dice: &mut Dice, all: &mut Vec<(u64, u64, Happening)>) {
    let (index, at) = (client(dice), dice.below(DAY));
    let mut add = |after: u64, lasting: u64, deed: Deed| {
        all.push((at + after, lasting, Happening::Client { index, deed }));
    };
    if dice.chance(20) {
        add(0, dice.below(8 * HOUR), Deed::Fraud(dice.one_of(&["15", "40", "200"])));
    } else {
        add(
            0,
            0,
            Deed::Balance(dice.one_of(&["-20.00", "-0.50", "0.00", "1.00", "1.99"])),
        );
    }
    let later = dice.below(20 * HOUR);
    match dice.below(10) {
        0 => add(later, 0, Deed::Management("soft")),
        1 => add(later, 0, Deed::Management("hard")),
        2 => add(later, 0, edit(dice)),
        3 => {}
        _ => add(later, 0, Deed::Deposit(dice.one_of(&["25.00", "60.00", "400.00"]))),
    }
}

/// An edit of a record by a person; odd ones among them.
pub(super) fn edit(dice: &mut Dice) -> Deed {
    let field = dice.one_of(&EDITED);
    let text = match field {
        "password" if dice.chance(50) => LONG_PASSWORD.to_owned(),
        _ if dice.chance(60) => dice.one_of(ODD).to_owned(),
        _ => format!("0{}", dice.below(10_000)),
    };
    Deed::Edit { field, text }
}

fn lie(dice: &mut Dice) -> Lie {
    let wild = u8::try_from(dice.below(20)).unwrap_or_default();
    dice.one_of(&[
        Lie::Another,
        Lie::Yesterday,
        Lie::Wild(wild),
        Lie::Wild(wild),
        Lie::Spent,
        Lie::SpentNothing,
        Lie::Thresholds,
        Lie::Codes,
        Lie::FieldMissing,
        Lie::FieldUnknown,
        Lie::OnePassword,
        Lie::Twice,
    ])
}

/// Guards that a person changes one of.
fn other_guards(guards: &Guards, dice: &mut Dice) -> Guards {
    let mut changed = guards.clone();
    match dice.below(4) {
        0 => changed.applies = !changed.applies,
        1 => changed.per_sweep = dice.one_of(&[1, 5]),
        2 => changed.per_day = dice.one_of(&[1, 30]),
        _ => changed.protect = vec![(FIRST_CLIENT + dice.below(20)).to_string()],
    }
    changed
}
