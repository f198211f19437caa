//! What was read of a client and when nothing could be, newest first.

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::Serialize;

use super::page::{Cell, Page, Shown, Table, Tone};
use super::words::{Now, amount, span};
use crate::domain::kept::{Kept, Seen};
use crate::domain::{ClientId, Money};

/// What a client's balance was.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct History {
    rows: Vec<Row>,
    #[serde(skip)]
    client: ClientId,
    /// Whether a bar stands for each balance.
    #[serde(skip)]
    with_bars: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HistoryRow")]
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

impl From<Kept> for Row {
    fn from(kept: Kept) -> Self {
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

impl Row {
    fn cells(&self, now: &Now) -> Vec<Cell> {
        let to = if self.count > 1 {
            now.minute(self.last_seen_at)
        } else {
            String::new()
        };
        let mut cells: Vec<Cell> = vec![
            now.minute(self.first_seen_at).into(),
            (to, Tone::Faint).into(),
            (format!("{}x", self.count), Tone::Faint).into(),
        ];
        if let Some(error) = &self.error {
            let length = self.last_seen_at.duration_since(self.first_seen_at);
            let text = if length.is_zero() {
                format!("not read: {error}")
            } else {
                format!("not read for {}: {error}", span(length))
            };
            cells.extend([(text, Tone::Warning).into(), Cell::default(), Cell::default()]);
        } else {
            let is_used_up = self.balance.is_some_and(|balance| !balance.is_positive());
            let tone = if is_used_up { Tone::Bad } else { Tone::Plain };
            cells.extend([
                (amount(self.balance), tone).into(),
                amount(self.spent_today).into(),
                amount(self.threshold).into(),
            ]);
        }
        cells
    }
}

impl History {
    /// What was kept of a client, newest first.
    pub fn new(client: ClientId, kept: Vec<Kept>, with_bars: bool) -> Self {
        Self {
            rows: kept.into_iter().map(Row::from).collect(),
            client,
            with_bars,
        }
    }
}

impl Shown for History {
    fn page(&self, now: &Now) -> Page {
        let titles = ["from", "to", ">seen", ">balance", ">spent today", ">threshold", ""];
        let mut table = Table::new(if self.with_bars { &titles } else { &titles[..6] });
        let bars = Bars::of(self.rows.iter().filter_map(|row| row.balance));
        for row in &self.rows {
            let mut cells = row.cells(now);
            if self.with_bars {
                let bar = row.balance.map(|balance| bars.bar(balance)).unwrap_or_default();
                cells.push((bar, Tone::Faint).into());
            }
            table.row(cells);
        }
        let mut page = Page::default();
        page.table_or(table, format!("nothing was read of client {} yet", self.client));
        page
    }
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
    use super::{Bars, ClientId, History, Kept, Seen};
    use crate::domain::testing::money;
    use crate::view::page::Shown;
    use crate::view::testing::{at, now, text};

    #[test]
    fn bars_go_from_the_lowest_to_the_highest() {
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

    #[test]
    fn equal_readings_are_one_line_and_a_gap_has_a_length() {
        let kept = |seen, first: i64, count: u64| Kept {
            seen,
            first_seen_at: at(first),
            last_seen_at: at(0),
            count,
        };
        let read = |balance: &str| Seen::Reading {
            balance: money(balance),
            spent_today: None,
            threshold: Some(money("10")),
        };
        let gap = || Seen::Gap {
            error: "timeout".to_owned(),
        };
        let rows = || {
            vec![
                kept(read("0"), -60, 2),
                kept(gap(), -300, 3),
                kept(gap(), 0, 1),
                kept(read("8"), 0, 1),
            ]
        };
        let client = ClientId::new("1").unwrap();
        let page = |rows, with_bars| text(&History::new(client.clone(), rows, with_bars).page(&now()));
        assert_eq!(
            page(rows(), false),
            "2023-11-14 22:12 | 2023-11-14 22:13 | 2x | 0.00 | - | 10.00\n\
             2023-11-14 22:08 | 2023-11-14 22:13 | 3x | not read for 5m: timeout |  | \n\
             2023-11-14 22:13 |  | 1x | not read: timeout |  | \n\
             2023-11-14 22:13 |  | 1x | 8.00 | - | 10.00\n"
        );
        assert!(page(rows(), true).ends_with("1x | 8.00 | - | 10.00 | ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇\n"));
        assert_eq!(page(Vec::new(), true), "nothing was read of client 1 yet\n");
    }
}
