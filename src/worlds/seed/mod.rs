//! A world from a seed: who the clients are, what the program is told, and all that goes wrong.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::channels::{Channel, to_config};
use super::plan::{Happening, Lie, Moment, Mood, Plan, Planned};
use super::{changes, receivers};
use crate::mail_catcher::{Behaviour, Stage};
use crate::store::DiskTrouble;

mod channels;
mod consent;
mod people;
mod rare;

/// The first number of what people decide about changes.
const CONSENT: usize = 200_000;

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// Everything that the simulator can do wrong.
const FAULTS: [&str; 14] = [
    "html-503",
    "html-403",
    "http-429",
    "http-500",
    "truncated",
    "empty",
    "null-status",
    "wrong-types",
    "slow",
    "reset-before",
    "reset-after",
    "limit",
    "maintenance",
    "unavailable",
];

/// Where worlds begin: a Monday in winter, so that a long one sees summer time come and go.
pub(super) const START: i64 = 1_767_571_200;

/// How many clients there are at least, up to half as many more, and the minutes between two sweeps. Each reading costs time:
/// most worlds are small, so that there are many.
const SIZES: [(u32, u32); 20] = [
    (20, 30),
    (20, 30),
    (20, 30),
    (20, 30),
    (20, 60),
    (20, 60),
    (20, 60),
    (20, 60),
    (20, 60),
    (20, 60),
    (20, 60),
    (20, 60),
    (24, 60),
    (24, 60),
    (24, 30),
    (40, 30),
    (40, 60),
    (20, 10),
    (20, 5),
    (133, 60),
];

/// Calls a minute: one world of four has hardly more than its sweeps need.
const RATES: [u32; 8] = [20, 30, 600, 3_000, 3_000, 3_000, 3_000, 3_000];

/// The world of a seed, so many days long.
#[must_use]
pub fn plan(seed: u64, days: u32) -> Plan {
    let mut dice = Dice::of(seed);
    let (clients, interval) = dice.one_of(&SIZES);
    let clients = clients + u32::try_from(dice.below(u64::from(clients / 2))).unwrap_or_default();
    let rate_per_minute = dice.one_of(&RATES);
    let channels = channels::of(seed);
    let length = Duration::from_secs(u64::from(days) * DAY);
    let mut own = changes::dice(seed);
    let settings = changes::settings(&mut own);
    let guards = changes::guards(&mut own);
    let mut plan = Plan {
        seed,
        start: Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH),
        length,
        clients,
        settings,
        config: config(interval, seed, &channels),
        channels,
        guards: Some(guards.clone()),
        interval: SignedDuration::from_mins(i64::from(interval)),
        rate_per_minute,
        happenings: Vec::new(),
    };
    for day in 0..u64::from(days) {
        a_day(&mut plan, &mut dice, day * DAY);
        for (after, lasting, what) in changes::a_day(&guards, &mut own, day) {
            let after = Duration::from_secs(day * DAY + after);
            if after >= length {
                continue;
            }
            plan.happenings.push(Planned {
                number: 0,
                after,
                lasting: Duration::from_secs(lasting),
                what,
            });
        }
    }
    people::days(&mut plan, days);
    plan.happenings.sort_by_key(|planned| planned.after);
    for (number, planned) in plan.happenings.iter_mut().enumerate() {
        planned.number = number;
        // What lasts no time would never end.
        if planned.what.lasts() {
            planned.lasting = planned.lasting.max(Duration::from_secs(1));
        }
    }
    rare::days(&mut plan, days);
    let first = plan.happenings.len();
    consent::days(&mut plan, days);
    // Their numbers are their own, so that those of the others stay what they were.
    for (number, planned) in plan.happenings.iter_mut().skip(first).enumerate() {
        planned.number = CONSENT + number;
    }
    plan.happenings.sort_by_key(|planned| planned.after);
    plan
}

/// What goes wrong on one day.
fn a_day(plan: &mut Plan, dice: &mut Dice, begins: u64) {
    let mut add = |dice: &mut Dice, lasting: u64, what: Happening| {
        plan.happenings.push(Planned {
            number: 0,
            after: Duration::from_secs(begins + dice.below(DAY)),
            lasting: Duration::from_secs(lasting),
            what,
        });
    };
    for _ in 0..1 + dice.below(2) {
        let at = dice.one_of(&[
            Moment::Statement,
            Moment::Statement,
            Moment::Call,
            Moment::Post,
            Moment::Line,
            Moment::Now,
        ]);
        let nth = u32::try_from(dice.below(40)).unwrap_or_default();
        add(dice, 0, Happening::Crash { at, nth });
    }
    if dice.chance(40) {
        let name = dice.one_of(&FAULTS).to_owned();
        let share = dice.one_of(&["0.02", "0.2", "0.6", "1"]);
        let lasting = dice.below(3 * HOUR);
        add(dice, lasting, Happening::Fault { name, share });
    }
    if dice.chance(8) {
        let lie = dice.one_of(&[Lie::Zeros, Lie::Hundredth, Lie::Same, Lie::HalfTheList]);
        let lasting = dice.below(2 * HOUR);
        add(dice, lasting, Happening::Lie(lie));
    }
    if dice.chance(40) {
        let receiver = dice.one_of(&receivers::TROUBLED);
        let refusals = receivers::refusals(receiver).iter().copied().map(Mood::Refuses);
        let moods: Vec<Mood> = [Mood::Down, Mood::Stalls, Mood::LosesReplies]
            .into_iter()
            .chain(refusals)
            .collect();
        let mood = dice.one_of(&moods);
        let lasting = dice.below(6 * HOUR);
        add(dice, lasting, Happening::Mood { receiver, mood });
    }
    if dice.chance(40) {
        let at = dice.one_of(&[
            Stage::Greeting,
            Stage::Ehlo,
            Stage::MailFrom,
            Stage::Rcpt,
            Stage::Data,
            Stage::Content,
        ]);
        let behaviour = match dice.below(5) {
            0 => Behaviour::Stall(at),
            1 => Behaviour::HangUp(at),
            2 => Behaviour::Answer {
                at,
                code: 451,
                text: "4.3.0 later",
            },
            3 => Behaviour::Answer {
                at,
                code: 550,
                text: "5.7.1 no",
            },
            _ => Behaviour::LateAnswer(Duration::from_secs(dice.below(900))),
        };
        let lasting = dice.below(4 * HOUR);
        add(dice, lasting, Happening::Mail(behaviour));
    }
    if dice.chance(15) {
        let trouble = dice.one_of(&[
            DiskTrouble::Full { free_bytes: Some(0) },
            DiskTrouble::ReadOnly,
            DiskTrouble::Broken,
        ]);
        let lasting = dice.below(40 * MINUTE);
        add(dice, lasting, Happening::Disk(trouble));
    }
}

/// What the program is told.
pub(super) fn config(interval: u32, seed: u64, channels: &[Channel]) -> String {
    format!(
        r#"
[schedule]
sweep = "{interval}m"
[heartbeat]
url = "http://127.0.0.1:{heartbeat}/ping"
[digest]
at = "0 8 * * MON"
channel = "ops"
[alerts]
notify_clients = true
client_mails_per_hour = {client_mails_per_hour}
{channels}"#,
        heartbeat = receivers::port("heartbeat"),
        // The default, or so few that a first look takes hours.
        client_mails_per_hour = if seed.is_multiple_of(2) { 2 } else { 20 },
        channels = to_config(channels),
    )
}

/// Where all chance of a plan comes from.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.random_range(0..bound.max(1))
    }

    /// Whether something of so many percent comes to pass.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        let place = usize::try_from(self.below(all.len() as u64)).unwrap_or_default();
        all[place].clone()
    }
}
