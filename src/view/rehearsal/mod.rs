//! What a rehearsal came to: what everybody would have got, what would have been changed, and what somebody should think about
//! before it is switched on. Made from plain facts; nothing here is played.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::words::count;
use crate::domain::{AccountName, ChannelName, ClientId, Money, PolicyName, Severity};

mod answer;
mod page;
mod pages;
mod recipients;
#[cfg(test)]
mod tests;
mod warnings;

pub use pages::PageRow;
pub use recipients::RecipientRow;

/// What was played.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    pub account: AccountName,
    /// Accounts of the configuration that were not played.
    pub other_accounts: Vec<AccountName>,
    pub days: u32,
    pub seed: u64,
    /// Which world: `calm`, `busy`, `fraud` or `outage`.
    pub world: &'static str,
    pub clients: u32,
    /// Where the number of clients is from, in words.
    pub clients_from: String,
    /// `observe` or `apply`.
    pub mode: &'static str,
    pub from: Timestamp,
    pub until: Timestamp,
    #[serde(skip)]
    pub zone: TimeZone,
    #[serde(skip)]
    pub channels: BTreeMap<ChannelName, ChannelFacts>,
    /// What of the configuration names clients that a simulated fleet does not have, in sentences.
    #[serde(skip)]
    pub idle: Vec<String>,
    /// Whether any policy asks for changes.
    #[serde(skip)]
    pub may_change: bool,
    /// Whether any policy mails clients.
    #[serde(skip)]
    pub mails_clients: bool,
}

/// What a channel is to those who are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelFacts {
    /// The kind, as configured.
    pub kind: &'static str,
    /// Whether it rings: somebody is woken.
    pub rings: bool,
    /// Whether it only shows what fires, so that no messages of its own are counted.
    pub mirrors: bool,
}

/// One message that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub at: Timestamp,
    pub channel: ChannelName,
    /// An address; empty where the channel leads to one place.
    pub recipient: String,
    /// What it tells; the most severe first. Never empty.
    pub tells: Vec<Told>,
}

/// What a message tells of one alert.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub episode: String,
    pub client: ClientId,
    pub company: String,
    pub policy: PolicyName,
    /// The transition: `fired`, `repeated-1`, `resolved`, …
    pub what: String,
    pub severity: Severity,
    /// Whether it may be the first that somebody hears of it.
    pub begins: bool,
    pub reason: String,
    pub balance: Option<Money>,
}

/// One change of a client's balance management, done or not.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub at: Timestamp,
    pub client: ClientId,
    pub company: String,
    pub policy: PolicyName,
    /// `to hard`, `back to soft`.
    pub change: String,
    pub balance: Money,
    pub changed: Changed,
    /// Where it stands, in words.
    pub why: String,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// Set, and read back.
    Done,
    /// It was so before.
    Already,
    /// Refused, put off, or without an answer.
    NotDone,
}

/// What never arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Untold {
    /// When it was owed first.
    pub at: Timestamp,
    pub channel: ChannelName,
    /// `dead`, `dropped`, or `pending` at the end.
    pub state: &'static str,
    pub why: String,
    pub number: u64,
    /// Of the first of them.
    pub client: ClientId,
    pub policy: PolicyName,
}

/// Something that happened in the world.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    pub at: Timestamp,
    pub what: String,
}

/// All that is known of a rehearsal.
#[derive(Clone, Debug)]
pub struct Facts {
    pub setting: Setting,
    /// In the order of time.
    pub messages: Vec<Message>,
    pub changes: Vec<Change>,
    pub untold: Vec<Untold>,
    pub events: Vec<Event>,
}

/// Days of the same kind in a row, as one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayRow {
    pub date: Date,
    /// The last of several days on which nothing happened; else the same.
    pub until: Date,
    pub to_clients: u64,
    pub to_operators: u64,
    pub pages: u64,
    pub changes: u64,
    pub events: Vec<String>,
}

/// How much of everything there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub to_clients: u64,
    pub to_operators: u64,
    /// Clients that got at least one mail.
    pub clients_mailed: u64,
    pub pages: u64,
    pub pages_at_night: u64,
    /// Done in mode apply; in mode observe, what would have been.
    pub changes: u64,
    pub changes_not_done: u64,
    pub untold: u64,
}

/// A client and how much it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailedClient {
    pub client: ClientId,
    pub company: String,
    pub mails: u64,
    /// The most in any seven days.
    pub most_in_a_week: u64,
}

/// What a rehearsal came to.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    /// The answer in a few sentences.
    pub answer: Vec<String>,
    pub setting: Setting,
    pub totals: Totals,
    pub warnings: Vec<String>,
    pub days: Vec<DayRow>,
    pub recipients: Vec<RecipientRow>,
    /// Most first.
    pub clients: Vec<MailedClient>,
    pub pages: Vec<PageRow>,
    pub changes: Vec<Change>,
    pub untold: Vec<Untold>,
    pub events: Vec<Event>,
    pub messages: Vec<Message>,
    /// Whether people are shown every message, too.
    #[serde(skip)]
    pub shows_messages: bool,
}

impl Rehearsal {
    #[must_use]
    pub fn new(facts: Facts) -> Self {
        let Facts {
            setting,
            messages,
            changes,
            untold,
            events,
        } = facts;
        let pages = pages::rows(&messages, &setting.zone);
        let recipients = recipients::rows(&messages, &setting);
        let clients = mailed_clients(&messages);
        let to_clients = messages.iter().filter(|message| message.channel.is_client()).count() as u64;
        let number_of = |changed| changes.iter().filter(|change| change.changed == changed).count() as u64;
        let totals = Totals {
            to_clients,
            to_operators: messages.len() as u64 - to_clients,
            clients_mailed: clients.len() as u64,
            pages: pages.len() as u64,
            pages_at_night: pages.iter().filter(|page| page.at_night).count() as u64,
            changes: number_of(Changed::Done),
            changes_not_done: number_of(Changed::NotDone),
            untold: untold.iter().map(|untold| untold.number).sum(),
        };
        let mut rehearsal = Self {
            answer: Vec::new(),
            days: Vec::new(),
            warnings: Vec::new(),
            setting,
            totals,
            recipients,
            clients,
            pages,
            changes,
            untold,
            events,
            messages,
            shows_messages: false,
        };
        rehearsal.days = rehearsal.day_rows();
        rehearsal.answer = answer::sentences(&rehearsal);
        rehearsal.warnings = warnings::sentences(&rehearsal);
        rehearsal
    }

    fn date(&self, at: Timestamp) -> Date {
        date(at, &self.setting.zone)
    }

    /// A line for each day; days on which nothing happened in one.
    fn day_rows(&self) -> Vec<DayRow> {
        let mut days: BTreeMap<Date, DayRow> = BTreeMap::new();
        let mut date = self.date(self.setting.from);
        for _ in 0..self.setting.days {
            days.insert(date, DayRow::empty(date));
            date = date.tomorrow().unwrap_or(date);
        }
        let last = days.keys().next_back().copied().unwrap_or(date);
        let mut count = |at: Timestamp, add: &dyn Fn(&mut DayRow)| {
            let date = self.date(at).min(last);
            if let Some(day) = days.get_mut(&date) {
                add(day);
            }
        };
        for message in &self.messages {
            count(message.at, &|day| {
                if message.channel.is_client() {
                    day.to_clients += 1;
                } else {
                    day.to_operators += 1;
                }
            });
        }
        for page in &self.pages {
            count(page.at, &|day| day.pages += 1);
        }
        let done = self.changes.iter().filter(|change| change.changed == Changed::Done);
        for change in done {
            count(change.at, &|day| day.changes += 1);
        }
        for event in &self.events {
            count(event.at, &|day| day.events.push(event.what.clone()));
        }
        let mut rows: Vec<DayRow> = Vec::new();
        for day in days.into_values() {
            match rows.last_mut() {
                Some(before) if before.is_empty() && day.is_empty() => before.until = day.date,
                _ => rows.push(day),
            }
        }
        rows
    }
}

impl DayRow {
    const fn empty(date: Date) -> Self {
        Self {
            date,
            until: date,
            to_clients: 0,
            to_operators: 0,
            pages: 0,
            changes: 0,
            events: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.to_clients + self.to_operators + self.pages + self.changes == 0 && self.events.is_empty()
    }
}

fn date(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// `Tue 6 Jan`.
fn day(date: Date) -> String {
    date.strftime("%a %-d %b").to_string()
}

/// `Tue 6 Jan 03:10`.
fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M").to_string()
}

/// Whether people sleep then: from 22:00 to 07:00.
fn is_night(at: Timestamp, zone: &TimeZone) -> bool {
    let hour = at.to_zoned(zone.clone()).hour();
    !(7..22).contains(&hour)
}

/// The clients that got mails, most first.
fn mailed_clients(messages: &[Message]) -> Vec<MailedClient> {
    let mut by_client: BTreeMap<&ClientId, (&str, Vec<Timestamp>)> = BTreeMap::new();
    for message in messages.iter().filter(|message| message.channel.is_client()) {
        let clients: BTreeSet<(&ClientId, &str)> = message
            .tells
            .iter()
            .map(|told| (&told.client, &*told.company))
            .collect();
        for (client, company) in clients {
            by_client
                .entry(client)
                .or_insert((company, Vec::new()))
                .1
                .push(message.at);
        }
    }
    let mut clients: Vec<MailedClient> = by_client
        .into_iter()
        .map(|(client, (company, times))| MailedClient {
            client: client.clone(),
            company: company.to_owned(),
            mails: times.len() as u64,
            most_in_a_week: most_within(&times, 7 * 24),
        })
        .collect();
    clients.sort_by(|a, b| b.mails.cmp(&a.mails).then_with(|| a.client.cmp(&b.client)));
    clients
}

/// The most of these times, which are in order, within so many hours.
fn most_within(times: &[Timestamp], hours: i64) -> u64 {
    let mut first = 0;
    let mut most = 0;
    for (place, at) in times.iter().enumerate() {
        while at.duration_since(times[first]).as_hours() >= hours {
            first += 1;
        }
        most = most.max(place + 1 - first);
    }
    most as u64
}

/// `1 mail`, `no mail`.
fn number(number: u64, word: &str) -> String {
    if number == 0 {
        format!("no {word}")
    } else {
        count(number, word)
    }
}
