//! How people read it: the answer first, then what to think about, then day by day, and everything that matters by itself.

use std::collections::BTreeMap;

use super::{Change, Changed, DayRow, PageRow, RecipientRow, Rehearsal, day, moment};
use crate::view::page::{Cell, Page, Shown, Table, Tone};
use crate::view::words::{Now, amount, count};

/// Rows of a table for people; the JSON has all.
const ROWS: usize = 40;

/// Clients that got most.
const CLIENTS: usize = 5;

impl Shown for Rehearsal {
    fn page(&self, _now: &Now) -> Page {
        let mut page = Page::default();
        page.line(self.title());
        page.gap();
        for sentence in &self.answer {
            page.line(sentence);
        }
        if !self.warnings.is_empty() {
            page.gap();
            for warning in &self.warnings {
                page.line(format!("warning: {warning}"));
            }
        }
        section(&mut page, "Day by day", self.days_table(), 0);
        section(&mut page, "Who would get what", self.recipients_table(), 0);
        section(
            &mut page,
            "Clients with the most mails",
            self.clients_table(),
            self.clients.len().saturating_sub(CLIENTS),
        );
        section(
            &mut page,
            "Critical alerts",
            self.pages_table(),
            self.pages.len().saturating_sub(ROWS),
        );
        section(
            &mut page,
            self.changes_title(),
            self.changes_table(),
            self.changes.len().saturating_sub(ROWS),
        );
        section(&mut page, "Never told", self.untold_table(), 0);
        if self.shows_messages {
            section(&mut page, "Every message", self.messages_table(), 0);
        }
        page
    }
}

/// A table below its title, unless it has no rows.
fn section(page: &mut Page, title: &str, table: Table, more: usize) {
    if table.rows.is_empty() {
        return;
    }
    page.gap();
    page.line(title);
    page.table(table);
    if more > 0 {
        page.line(format!("and {more} more; --output json has all"));
    }
}

impl Rehearsal {
    fn title(&self) -> String {
        let setting = &self.setting;
        let others = match setting.other_accounts.len() {
            0 => String::new(),
            _ => format!(" (of {}; --account names another)", setting.other_accounts.len() + 1),
        };
        format!(
            "Rehearsal of account `{}`{others}: {} from {}, {} ({}), world {}, seed {}, mode {}. Nothing was sent and nothing was changed.",
            setting.account,
            count(u64::from(setting.days), "day"),
            day(self.date(setting.from)),
            count(u64::from(setting.clients), "simulated client"),
            setting.clients_from,
            setting.world,
            setting.seed,
            setting.mode,
        )
    }

    const fn changes_title(&self) -> &'static str {
        match self.setting.mode.as_bytes() {
            b"observe" => "What mode apply would change",
            _ => "What would be changed",
        }
    }

    fn days_table(&self) -> Table {
        let mut table = Table::new(&["day", ">to clients", ">to you", ">pages", ">changes", "what happens"]);
        for row in &self.days {
            let cell = |number: u64, tone: Tone| match number {
                0 => Cell::from(("-", Tone::Faint)),
                _ => (number.to_string(), tone).into(),
            };
            table.row([
                Cell::from(days(row)),
                cell(row.to_clients, Tone::Plain),
                cell(row.to_operators, Tone::Plain),
                cell(row.pages, Tone::Bad),
                cell(row.changes, Tone::Warning),
                row.events.join("; ").into(),
            ]);
        }
        table
    }

    fn recipients_table(&self) -> Table {
        let mut table = Table::new(&["who", "channel", ">messages", ">most a day", "about what"]);
        for row in &self.recipients {
            let most = row.busiest_day.map_or_else(
                || "-".to_owned(),
                |busiest| format!("{} ({})", row.most_on_a_day, day(busiest)),
            );
            table.row([
                Cell::from(who(row)),
                row.channel.as_str().into(),
                row.messages.to_string().into(),
                most.into(),
                about(row).into(),
            ]);
        }
        table
    }

    fn clients_table(&self) -> Table {
        let mut table = Table::new(&["client", "company", ">mails", ">most a week"]);
        for client in self.clients.iter().take(CLIENTS) {
            table.row([
                client.client.as_str(),
                client.company.as_str(),
                &client.mails.to_string(),
                &client.most_in_a_week.to_string(),
            ]);
        }
        table
    }

    fn pages_table(&self) -> Table {
        let mut table = Table::new(&[
            "told at",
            "client",
            "company",
            "policy",
            ">balance",
            "told through",
            "why",
        ]);
        for page in self.pages.iter().take(ROWS) {
            table.row([
                Cell::from((
                    self.time(page.at),
                    if page.at_night { Tone::Warning } else { Tone::Plain },
                )),
                page.client.as_str().into(),
                page.company.as_str().into(),
                page.policy.as_str().into(),
                amount(page.balance).into(),
                page.channels
                    .iter()
                    .map(|channel| channel.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
                    .into(),
                why(page).into(),
            ]);
        }
        table
    }

    fn changes_table(&self) -> Table {
        let mut table = Table::new(&[
            "at",
            "client",
            "company",
            "policy",
            "change",
            ">balance",
            "what came of it",
        ]);
        for change in self.changes.iter().take(ROWS) {
            let Change {
                client,
                company,
                policy,
                ..
            } = change;
            let tone = match change.changed {
                Changed::Done => Tone::Good,
                Changed::Already => Tone::Faint,
                Changed::NotDone => Tone::Warning,
            };
            table.row([
                Cell::from(self.time(change.at)),
                client.as_str().into(),
                company.as_str().into(),
                policy.as_str().into(),
                change.change.as_str().into(),
                change.balance.for_people().into(),
                (change.why.as_str(), tone).into(),
            ]);
        }
        table
    }

    fn untold_table(&self) -> Table {
        let mut table = Table::new(&[">how many", "channel", "what became of it", "why", "the first"]);
        for untold in &self.untold {
            let tone = if untold.state == "dead" { Tone::Bad } else { Tone::Faint };
            table.row([
                Cell::from(untold.number.to_string()),
                untold.channel.as_str().into(),
                (untold.state, tone).into(),
                untold.why.as_str().into(),
                format!("{}, {} of {}", self.time(untold.at), untold.policy, untold.client).into(),
            ]);
        }
        table
    }

    fn messages_table(&self) -> Table {
        let mut table = Table::new(&["at", "channel", "to", "client", "policy", "what", ">balance"]);
        for message in &self.messages {
            let Some(lead) = message.tells.first() else { continue };
            let others = message.tells.len() - 1;
            let what = match others {
                0 => lead.what.clone(),
                _ => format!("{} and {others} more", lead.what),
            };
            table.row([
                Cell::from(self.time(message.at)),
                message.channel.as_str().into(),
                message.recipient.as_str().into(),
                lead.client.as_str().into(),
                lead.policy.as_str().into(),
                what.into(),
                amount(lead.balance).into(),
            ]);
        }
        table
    }

    fn time(&self, at: jiff::Timestamp) -> String {
        moment(at, &self.setting.zone)
    }
}

fn days(row: &DayRow) -> String {
    if row.date == row.until {
        day(row.date)
    } else {
        format!("{} to {}", day(row.date), day(row.until))
    }
}

fn who(row: &RecipientRow) -> &str {
    match row.recipient.as_str() {
        "" if row.channel.is_client() => "your clients",
        "" => row.kind,
        address => address,
    }
}

/// `low-balance 30, overdrawn 12: fired 25, resolved 17`.
fn about(row: &RecipientRow) -> String {
    match row.messages {
        0 => "nothing".to_owned(),
        _ => format!("{}: {}", numbers(&row.policies), numbers(&row.kinds)),
    }
}

fn why(page: &PageRow) -> String {
    match page.what.as_str() {
        "fired" => page.reason.clone(),
        "escalated" => format!("nobody acknowledged it: {}", page.reason),
        _ => format!("still fires: {}", page.reason),
    }
}

/// `low-balance 30, overdrawn 12`: most first.
fn numbers(of: &BTreeMap<String, u64>) -> String {
    let mut numbers: Vec<(&String, &u64)> = of.iter().collect();
    numbers.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let words: Vec<String> = numbers
        .into_iter()
        .map(|(word, number)| format!("{word} {number}"))
        .collect();
    words.join(", ")
}
