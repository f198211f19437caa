//! Who the story happens to: the simulator's clients, their roles and what is scripted for each. Pure but for the
//! simulator it looks at and edits.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil::date};
use serde_json::{Value, json};

use super::{Error, FleetRow};
use crate::domain::Money;
use crate::simulator::Simulator;

/// The simulator's first client; the others follow.
const FIRST_ID: u32 = 561_115;

/// Places of those who have a role, by the order of ids.
const LOW_AT_START: [u32; 2] = [1, 4];
const RUN_LOW: [u32; 2] = [0, 5];
const VICTIM: u32 = 2;

/// Rows of the fleet's table; more would scroll the story away.
const MOST_ROWS: usize = 12;

/// Longest name in a line.
const LONGEST_NAME: usize = 32;

/// What a client pays.
pub(super) const PAYMENT: &str = "100.00";

/// What the victim has when the night begins, and its threshold.
const VICTIM_BALANCE: &str = "80.00";
const VICTIM_THRESHOLD: &str = "20";

/// What the fraud costs an hour.
pub(super) const FRAUD_PER_HOUR: &str = "96.00";

#[derive(Clone, Debug)]
pub(super) struct Cast {
    /// Everybody, in the order of ids.
    pub(super) all: Vec<Actor>,
    /// Below their threshold before the daemon looks for the first time.
    pub(super) low_at_start: Vec<Actor>,
    /// Run low during the day; the first pays the same day, the second the next morning.
    pub(super) run_low: [Actor; 2],
    /// Whose phone system is broken into.
    pub(super) victim: Actor,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) id: String,
    /// As people call it, short enough for a line.
    pub(super) name: String,
    /// Where its mails go.
    pub(super) email: String,
    pub(super) threshold: Money,
}

/// A time of the story, on the clocks of Toronto in winter. Day 0 is the Monday.
pub(super) fn time(day: i8, hour: i8, minute: i8) -> Timestamp {
    let at: DateTime = date(2026, 3, 2 + day).at(hour, minute, 0, 0);
    at.to_zoned(TimeZone::fixed(Offset::constant(-5)))
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// A time as it stands before a line, such as `Mon 09:00`.
pub(super) fn shown(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(Offset::constant(-5)))
        .strftime("%a %H:%M")
        .to_string()
}

impl Cast {
    /// Chooses who plays, and scripts what each spends.
    pub(super) fn prepare(simulator: &Simulator, clients: u32) -> Result<Self, Error> {
        let id = |place: u32| (FIRST_ID + place).to_string();
        simulator.edit(
            &id(VICTIM),
            &json!({"threshold": VICTIM_THRESHOLD, "balance": VICTIM_BALANCE, "balance_management": "soft",
                    "spend_per_hour": FRAUD_PER_HOUR, "spend_from": time(1, 1, 0).to_string()}),
        )?;
        let mut all = Vec::new();
        for place in 0..clients {
            let actor = Actor::of(&simulator.client(&id(place))?);
            script(simulator, place, &actor)?;
            all.push(actor);
        }
        let actor = |place: u32| all[place as usize].clone();
        Ok(Self {
            low_at_start: LOW_AT_START.map(actor).to_vec(),
            run_low: RUN_LOW.map(actor),
            victim: actor(VICTIM),
            all,
        })
    }

    /// The client of that id.
    pub(super) fn find(&self, id: &str) -> Option<&Actor> {
        self.all.iter().find(|actor| actor.id == id)
    }

    /// The table that introduces the fleet, and how many are left out.
    pub(super) fn fleet(&self, simulator: &Simulator) -> Result<(Vec<FleetRow>, usize), Error> {
        let rows = self.all.iter().take(MOST_ROWS).map(|actor| {
            let client = simulator.client(&actor.id)?;
            let balance = money(&client, "balance");
            Ok(FleetRow {
                client: actor.id.clone(),
                company: actor.name.clone(),
                balance: balance.for_people(),
                threshold: actor.threshold.for_people(),
                management: text(&client, "management").to_uppercase(),
                is_low: balance < actor.threshold,
            })
        });
        let rows: Vec<FleetRow> = rows.collect::<Result<_, Error>>()?;
        let more = self.all.len() - rows.len();
        Ok((rows, more))
    }
}

/// What a client has and spends. Enough for everybody without a role to stay out of the story for a day.
fn script(simulator: &Simulator, place: u32, actor: &Actor) -> Result<(), Error> {
    let has = |amount: &str| actor.threshold + amount.parse().unwrap_or(Money::ZERO);
    if place == VICTIM {
        return Ok(());
    }
    let edit = if let Some(nth) = RUN_LOW.iter().position(|low| *low == place) {
        // Six an hour for an hour: below the threshold in the middle of it, and never at nothing.
        let (above, from) = if nth == 0 {
            ("2.00", time(0, 10, 0))
        } else {
            ("3.00", time(0, 10, 15))
        };
        let until = if nth == 0 { time(0, 11, 0) } else { time(0, 11, 15) };
        json!({"balance": has(above).to_string(), "spend_per_hour": "6.00",
               "spend_from": from.to_string(), "spend_until": until.to_string()})
    } else if LOW_AT_START.contains(&place) {
        let below = if place == LOW_AT_START[0] { "-1.80" } else { "-3.25" };
        json!({"balance": has(below).to_string(), "spend_per_hour": "0"})
    } else {
        let own = money(&simulator.client(&actor.id)?, "balance");
        let enough = own.max(has("25.00"));
        let habits = ["0.12", "0.30", "0.06", "0.18"];
        let per_hour = habits[place as usize % habits.len()];
        json!({"balance": enough.to_string(), "spend_per_hour": per_hour})
    };
    simulator.edit(&actor.id, &edit)?;
    Ok(())
}

impl Actor {
    fn of(client: &Value) -> Self {
        let company = text(client, "company");
        let person = format!("{} {}", text(client, "firstname"), text(client, "lastname"));
        let name = if company.trim().is_empty() { &person } else { company };
        Self {
            id: text(client, "client").to_owned(),
            name: short(name),
            email: text(client, "threshold_email").to_owned(),
            threshold: money(client, "threshold"),
        }
    }
}

/// A name in one short line.
fn short(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= LONGEST_NAME {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_NAME - 1).collect();
    format!("{}…", cut.trim_end())
}

/// A field of what the simulator shows.
pub(super) fn text<'a>(client: &'a Value, field: &str) -> &'a str {
    client[field].as_str().unwrap_or_default()
}

/// An amount of what the simulator shows; zero when it shows none.
pub(super) fn money(client: &Value, field: &str) -> Money {
    text(client, field).parse().unwrap_or(Money::ZERO)
}
