//! `history ID`: what was read of a client and when nothing could be, newest first.

use clap::Args;
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::opened::{self, Opened, from_store};
use super::telling::{amount, clock_minute, span};
use super::{Context, Exit, Failure, Table, Tone, block_on};
use crate::domain::Money;
use crate::store::{Kept, Seen};

/// Show the balances that a client had.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch history 561115                            the last 50 changes
  balancewatch history 561115 --limit 1000 --output json for scripts

Equal readings in a row are one line with the time of the first and the last.")]
pub struct HistoryArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// How many entries at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// An entry as scripts see it.
#[derive(Serialize)]
struct Row {
    kind: &'static str,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
    count: u64,
    balance: Option<Money>,
    spent_today: Option<Money>,
    threshold: Option<Money>,
    error: Option<String>,
}

impl Row {
    fn new(kept: Kept) -> Self {
        let (kind, balance, spent_today, threshold, error) = match kept.seen {
            Seen::Reading {
                balance,
                spent_today,
                threshold,
            } => ("reading", Some(balance), spent_today, threshold, None),
            Seen::Gap { error } => ("gap", None, None, None, Some(error)),
        };
        Self {
            kind,
            first_seen_at: kept.first_seen_at,
            last_seen_at: kept.last_seen_at,
            count: kept.count,
            balance,
            spent_today,
            threshold,
            error,
        }
    }
}

/// Runs `history ID`.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, nobody of this id is known, or the answer cannot be
/// printed.
pub fn run(context: &mut Context, args: &HistoryArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let view = opened.view(account).await?;
        let watched = opened::client(&view, &args.id, opened.now)?;
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let kept = opened.store.history(&account.name, &watched.client.id, limit).await;
        let kept = kept.map_err(|error| from_store(&error))?;
        let rows: Vec<Row> = kept.into_iter().map(Row::new).collect();
        if context.wants_json() {
            context.out.json(&rows)?;
        } else if rows.is_empty() {
            context
                .out
                .line(&format!("nothing was read of client {} yet", watched.client.id))?;
        } else {
            let table = table(&opened, &rows, context.out.terminal);
            context.out.table(&table)?;
        }
        Ok(Exit::Fine)
    })
}

/// The table; with bars where there is a terminal to draw them in.
fn table(opened: &Opened, rows: &[Row], with_bars: bool) -> Table {
    let mut titles = vec!["from", "to", ">seen", ">balance", ">spent today", ">threshold"];
    if with_bars {
        titles.push("");
    }
    let bars = Bars::of(rows.iter().filter_map(|row| row.balance));
    let zone = &opened.settings.schedule.timezone;
    let mut table = Table::new(&titles);
    for row in rows {
        let to = if row.count > 1 {
            clock_minute(row.last_seen_at, zone)
        } else {
            String::new()
        };
        let mut cells = vec![
            (clock_minute(row.first_seen_at, zone), Tone::Plain),
            (to, Tone::Faint),
            (format!("{}x", row.count), Tone::Faint),
        ];
        match (&row.error, row.balance) {
            (Some(error), _) => {
                let length = row.last_seen_at.duration_since(row.first_seen_at);
                let text = if length.is_zero() {
                    format!("not read: {error}")
                } else {
                    format!("not read for {}: {error}", span(length))
                };
                cells.extend([
                    (text, Tone::Warning),
                    (String::new(), Tone::Plain),
                    (String::new(), Tone::Plain),
                ]);
            }
            (None, balance) => {
                let is_used_up = balance.is_some_and(|balance| !balance.is_positive());
                let tone = if is_used_up { Tone::Bad } else { Tone::Plain };
                cells.extend([
                    (amount(balance), tone),
                    (amount(row.spent_today), Tone::Plain),
                    (amount(row.threshold), Tone::Plain),
                ]);
            }
        }
        if with_bars {
            cells.push((
                row.balance.map(|balance| bars.bar(balance)).unwrap_or_default(),
                Tone::Faint,
            ));
        }
        table.toned_row(cells);
    }
    table
}

/// Bars between the lowest and the highest balance; zero is always in between.
struct Bars {
    lowest: Decimal,
    range: Decimal,
}

impl Bars {
    /// The longest bar, in characters: enough to see a trend, and small enough for half a terminal.
    const LENGTH: u32 = 16;

    fn of(balances: impl Iterator<Item = Money> + Clone) -> Self {
        let zero = Money::ZERO;
        let lowest = balances.clone().fold(zero, Money::min);
        let highest = balances.fold(zero, Money::max);
        Self {
            lowest: lowest.amount(),
            range: (highest - lowest).amount(),
        }
    }

    fn bar(&self, balance: Money) -> String {
        let above = balance.amount().checked_sub(self.lowest);
        let length = above
            .and_then(|above| above.checked_mul(Decimal::from(Self::LENGTH)))
            .and_then(|above| above.checked_div(self.range))
            .and_then(|length| length.round().to_usize())
            .unwrap_or(0);
        "▇".repeat(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bars, Money};

    #[test]
    fn bars_go_from_the_lowest_to_the_highest() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let length = |balances: &[&str], of: &str| {
            let bars = Bars::of(balances.iter().map(|text| money(text)));
            bars.bar(money(of)).chars().count()
        };
        let cases: [(&str, &[&str], &str, usize); 6] = [
            ("the highest", &["8", "4"], "8", 16),
            ("half of it", &["8", "4"], "4", 8),
            ("zero is empty", &["8", "0"], "0", 0),
            ("debt is shorter than zero", &["-8", "8"], "0", 8),
            ("only debt", &["-8"], "-8", 0),
            ("nothing at all", &["0"], "0", 0),
        ];
        for (name, balances, of, expected) in cases {
            assert_eq!(length(balances, of), expected, "{name}");
        }
    }
}
