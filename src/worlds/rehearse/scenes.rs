//! What happens in a rehearsal besides the fleet's own life, in which clients call by season and hour, pay late or promptly, and are
//! charged their fees. The same seed gives the same.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Options;
use crate::config::Settings;
use crate::mail_catcher::{Behaviour, Stage};
use crate::worlds::plan::{Deed, Happening, Moment, Plan, Planned};
use crate::worlds::seed::{DAY, Dice, HOUR, MINUTE, START};

/// What kind of days they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Seasons and top-ups only.
    Calm,
    /// Many clients run low.
    Busy,
    /// Two hacked PBXs at night.
    Fraud,
    /// An hour without the API, an afternoon without the mail server, a restart; and many clients run low.
    Outage,
}

impl Scene {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Busy => "busy",
            Self::Fraud => "fraud",
            Self::Outage => "outage",
        }
    }
}

/// Who runs low on a busy day: one in so many clients.
const ONE_IN: u64 = 12;

/// The whole plan. It ends so much before the last day does that with what worlds add at their end the days are full.
pub(super) fn plan(settings: &Settings, options: Options) -> Plan {
    let zone = &settings.schedule.timezone;
    let start = midnight(zone);
    let interval = settings.schedule.interval(start);
    let whole = Duration::from_secs(u64::from(options.days) * DAY);
    let tail = crate::worlds::world::tail(interval);
    let mut scenery = Scenery {
        happenings: Vec::new(),
        dice: Dice::of(options.seed),
        days: u64::from(options.days),
        clients: options.clients,
    };
    match options.scene {
        Scene::Calm => {}
        Scene::Busy => scenery.busy(),
        Scene::Fraud => scenery.frauds(),
        Scene::Outage => {
            scenery.busy();
            scenery.outages();
        }
    }
    let length = whole.saturating_sub(tail).max(Duration::from_secs(12 * HOUR));
    let mut happenings = scenery.happenings;
    happenings.retain(|planned| planned.after < length);
    happenings.sort_by_key(|planned| planned.after);
    for (number, planned) in happenings.iter_mut().enumerate() {
        planned.number = number;
    }
    Plan {
        seed: options.seed,
        start,
        length,
        clients: options.clients,
        settings: Vec::new(),
        config: String::new(),
        channels: Vec::new(),
        guards: None,
        interval,
        rate_per_minute: settings.accounts.first().map_or(60, |account| account.rate_per_minute),
        happenings,
    }
}

/// The midnight before the Monday on which worlds begin.
fn midnight(zone: &TimeZone) -> Timestamp {
    let start = Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH);
    let monday = start.to_zoned(TimeZone::UTC).date();
    monday.to_zoned(zone.clone()).map_or(start, |day| day.timestamp())
}

struct Scenery {
    happenings: Vec<Planned>,
    dice: Dice,
    days: u64,
    clients: u32,
}

impl Scenery {
    fn add(&mut self, after: u64, lasting: u64, what: Happening) {
        self.happenings.push(Planned {
            number: 0,
            after: Duration::from_secs(after),
            lasting: Duration::from_secs(lasting),
            what,
        });
    }

    fn client(&mut self, after: u64, lasting: u64, index: usize, deed: Deed) {
        self.add(after, lasting, Happening::Client { index, deed });
    }

    /// Every day some clients run low, a few of them below zero, and most pay within three days.
    fn busy(&mut self) {
        for day in 0..self.days {
            for _ in 0..u64::from(self.clients).div_ceil(ONE_IN) {
                let index = self.any();
                let after = day * DAY + 6 * HOUR + self.dice.below(14 * HOUR);
                let balance = self.dice.one_of(&["4.50", "3.00", "1.20", "0.40", "-2.00", "-15.00"]);
                self.client(after, 0, index, Deed::Balance(balance));
                let pays = after + self.dice.one_of(&[2, 5, 20, 30, 50, 70]) * HOUR + self.dice.below(HOUR);
                let amount = self.dice.one_of(&["25.00", "50.00", "100.00"]);
                self.client(pays, 0, index, Deed::Deposit(amount));
            }
        }
    }

    /// Somebody calls at the cost of two clients, in two nights, until the morning.
    fn frauds(&mut self) {
        let nights = [self.days / 3, (self.days * 2 / 3).max(1).min(self.days - 1)];
        let first = self.any();
        let second = (first + 1 + self.any()) % usize::try_from(self.clients.max(1)).unwrap_or(1);
        for ((day, index), rate) in nights.into_iter().zip([first, second]).zip(["40.00", "90.00"]) {
            let after = day * DAY + HOUR + self.dice.below(2 * HOUR);
            self.client(after, 5 * HOUR, index, Deed::Fraud(rate));
        }
    }

    /// Each on a day of its own, where there are so many.
    fn outages(&mut self) {
        let day = |share: u64, days: u64| (days * share / 4).min(days - 1) * DAY;
        let (api, mail, restart) = (day(1, self.days), day(2, self.days), day(3, self.days));
        let fault = Happening::Fault {
            name: "html-503".to_owned(),
            share: "1",
        };
        self.add(api + 9 * HOUR + 20 * MINUTE, HOUR, fault);
        let down = Happening::Mail(Behaviour::HangUp(Stage::Greeting));
        self.add(mail + 13 * HOUR, 4 * HOUR, down);
        let crash = Happening::Crash {
            at: Moment::Now,
            nth: 0,
        };
        self.add(restart + 11 * HOUR + 7 * MINUTE, 0, crash);
    }

    fn any(&mut self) -> usize {
        usize::try_from(self.dice.below(u64::from(self.clients))).unwrap_or_default()
    }
}
