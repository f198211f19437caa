//! A client's balance over time, as a chart shows it: folded into columns while the history is read, so that a year of it takes no
//! more room than a day. PURE, and without a float: what is drawn are whole units of a grid.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::page::{Cell, Table, Tone};
use super::words::{Now, amount};
use crate::domain::Money;
use crate::domain::kept::{Kept, Seen};

/// Columns of time. More would be thinner than what a phone draws, fewer would hide a fall of an hour in a month.
pub const COLUMNS: i64 = 240;

/// How high the grid is, and how wide a column.
pub const HEIGHT: i64 = 1_000;
pub const COLUMN: i64 = 4;

/// Lines across the chart, at most.
const MOST_LINES: i64 = 5;

/// What was seen in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    first: Money,
    last: Money,
    lowest: Money,
    highest: Money,
    threshold: Option<Money>,
}

/// The history of a client between two times. Entries are added newest first.
#[derive(Debug)]
pub struct Chart {
    since: Timestamp,
    until: Timestamp,
    columns: BTreeMap<i64, Column>,
    /// Columns in which it could not be read.
    gaps: BTreeMap<i64, String>,
    /// What was added to the balance, by column.
    top_ups: BTreeMap<i64, Money>,
    /// The entry that was added before, which is newer.
    newer: Option<(Timestamp, Money)>,
}

impl Chart {
    /// One of the time before `until`.
    #[must_use]
    pub fn new(until: Timestamp, length: SignedDuration) -> Self {
        Self {
            since: until.saturating_sub(length).unwrap_or(Timestamp::MIN),
            until,
            columns: BTreeMap::new(),
            gaps: BTreeMap::new(),
            top_ups: BTreeMap::new(),
            newer: None,
        }
    }

    /// When it begins.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.gaps.is_empty()
    }

    /// The column of a time; outside of the chart the first or the last.
    fn column(&self, at: Timestamp) -> i64 {
        let length = self.until.duration_since(self.since).as_secs().max(1);
        let offset = at.duration_since(self.since).as_secs();
        (offset.saturating_mul(COLUMNS) / length).clamp(0, COLUMNS - 1)
    }

    /// When a column begins.
    fn begins(&self, column: i64) -> Timestamp {
        let length = self.until.duration_since(self.since).as_secs();
        let offset = SignedDuration::from_secs(length.saturating_mul(column) / COLUMNS);
        self.since.saturating_add(offset).unwrap_or(self.until)
    }

    /// Adds what was seen before all that was added.
    pub fn add(&mut self, kept: &Kept) {
        if kept.last_seen_at < self.since {
            return;
        }
        let (first, last) = (self.column(kept.first_seen_at), self.column(kept.last_seen_at));
        match &kept.seen {
            Seen::Gap { error } => {
                for column in first..=last {
                    self.gaps.entry(column).or_insert_with(|| error.clone());
                }
            }
            Seen::Reading { balance, threshold, .. } => {
                if let Some((at, newer)) = self.newer
                    && newer > *balance
                {
                    let added = self.top_ups.entry(self.column(at)).or_default();
                    *added = *added + (newer - *balance);
                }
                self.newer = Some((kept.first_seen_at, *balance));
                for column in first..=last {
                    let known = self.columns.entry(column).or_insert(Column {
                        first: *balance,
                        last: *balance,
                        lowest: *balance,
                        highest: *balance,
                        threshold: *threshold,
                    });
                    known.first = *balance;
                    known.lowest = known.lowest.min(*balance);
                    known.highest = known.highest.max(*balance);
                }
            }
        }
    }

    /// Where a time stands on the grid.
    #[must_use]
    pub fn x(&self, at: Timestamp) -> i64 {
        self.column(at) * COLUMN + COLUMN / 2
    }

    /// The chart as it is drawn.
    #[must_use]
    pub fn drawn(&self) -> Drawn {
        let scale = self.scale();
        let (mut line, mut threshold) = (String::new(), String::new());
        let mut before: Option<i64> = None;
        let mut told: Option<Money> = None;
        for (place, column) in &self.columns {
            let x = place * COLUMN + COLUMN / 2;
            let is_torn = before.is_none_or(|before| self.gaps.range(before + 1..*place).next().is_some());
            let points = [column.first, column.highest, column.lowest, column.last];
            for (number, balance) in points.into_iter().enumerate() {
                let is_start = number == 0 && is_torn;
                if number > 0 && points.get(number - 1) == Some(&balance) {
                    continue;
                }
                let y = scale.y(balance);
                // A line of no length is a dot, where there is nothing to be led to.
                line.push_str(&if is_start {
                    format!("M{x} {y}h0")
                } else {
                    format!("L{x} {y}")
                });
            }
            before = Some(*place);
            if let Some(limit) = column.threshold {
                let (left, right, y) = (place * COLUMN, (place + 1) * COLUMN, scale.y(limit));
                let start = if told == Some(limit) { "L" } else { "M" };
                threshold.push_str(&format!("{start}{left} {y}L{right} {y}"));
            }
            told = column.threshold;
        }
        let is_alone = |place: &&i64| !self.columns.contains_key(place);
        Drawn {
            line,
            threshold,
            zero: scale.y(Money::ZERO),
            gaps: self.gaps.keys().filter(is_alone).map(|place| place * COLUMN).collect(),
            top_ups: self.top_ups.keys().map(|place| place * COLUMN + COLUMN / 2).collect(),
            lines: scale.lines(),
        }
    }

    fn scale(&self) -> Scale {
        let columns = self.columns.values();
        let values = columns.flat_map(|column| [Some(column.lowest), Some(column.highest), column.threshold]);
        let (lowest, highest) = values.flatten().fold((Money::ZERO, Money::ZERO), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        Scale::new(lowest.amount(), highest.amount())
    }

    /// The same numbers for those who do not see it: each column that differs from the one before it, newest first.
    #[must_use]
    pub fn table(&self, now: &Now) -> Table {
        let mut table = Table::new(&["from", ">lowest", ">highest", ">at its end", ">threshold", "what else"]);
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        let (mut before, mut is_gap): (Option<Column>, bool) = (None, false);
        for place in 0..COLUMNS {
            let (column, gap) = (self.columns.get(&place), self.gaps.get(&place));
            let added = self.top_ups.get(&place);
            let Some(column) = column else {
                if let (Some(error), false) = (gap, is_gap) {
                    let mut cells: Vec<Cell> = vec![now.minute(self.begins(place)).into()];
                    cells.extend((0..4).map(|_| Cell::from("-")));
                    cells.push((format!("not read: {error}"), Tone::Warning).into());
                    rows.push(cells);
                    is_gap = true;
                }
                continue;
            };
            let is_same = before.is_some_and(|known| {
                column.lowest == known.last && column.highest == known.last && column.threshold == known.threshold
            });
            if is_same && !is_gap && added.is_none() {
                continue;
            }
            (before, is_gap) = (Some(*column), false);
            rows.push(vec![
                now.minute(self.begins(place)).into(),
                column.lowest.for_people().into(),
                column.highest.for_people().into(),
                column.last.for_people().into(),
                amount(column.threshold).into(),
                added
                    .map(|added| format!("{} was added", added.for_people()))
                    .unwrap_or_default()
                    .into(),
            ]);
        }
        rows.reverse();
        table.rows = rows;
        table
    }
}

/// What is drawn, in units of the grid: [`HEIGHT`] high, [`COLUMNS`] times [`COLUMN`] wide, with the origin at the top left.
#[derive(Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The balance, as the data of a path.
    pub line: String,
    /// The threshold, the same way.
    pub threshold: String,
    /// How high zero is.
    pub zero: i64,
    /// Where columns begin in which nothing could be read.
    pub gaps: Vec<i64>,
    /// Where something was added to the balance.
    pub top_ups: Vec<i64>,
    /// The amounts at the lines across it, from the top to the bottom, at even distances.
    pub lines: Vec<String>,
}

/// From amounts to the height of the grid. Both ends are round amounts.
struct Scale {
    lowest: Decimal,
    highest: Decimal,
    step: Decimal,
}

impl Scale {
    fn new(lowest: Decimal, highest: Decimal) -> Self {
        let mut step = Decimal::new(1, 2);
        let range = (highest - lowest).max(step);
        // 1, 2, 5, 10, …: some thirty turns at a billion.
        let mut factors = [(2, 1), (5, 2), (2, 1)].iter().cycle();
        while range / step > Decimal::from(MOST_LINES - 1) {
            let Some((times, by)) = factors.next() else { break };
            step = step * Decimal::from(*times) / Decimal::from(*by);
        }
        Self {
            lowest: (lowest / step).floor() * step,
            highest: (highest / step).ceil() * step,
            step,
        }
    }

    fn y(&self, amount: Money) -> i64 {
        let range = (self.highest - self.lowest).max(self.step);
        let above = (amount.amount() - self.lowest) * Decimal::from(HEIGHT) / range;
        HEIGHT - above.round().to_i64().unwrap_or(0)
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut at = self.highest.max(self.lowest + self.step);
        while at >= self.lowest {
            lines.push(at.normalize().to_string());
            at -= self.step;
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{COLUMN, COLUMNS, Chart};
    use crate::domain::kept::{Kept, Seen};
    use crate::domain::testing::money;
    use crate::view::testing::{at, now, text};

    /// A day, which ends now: a column is six minutes.
    fn day(entries: &[(i64, i64, Option<&str>)]) -> Chart {
        let mut chart = Chart::new(at(0), SignedDuration::from_hours(24));
        for (first, last, balance) in entries {
            chart.add(&Kept {
                seen: match balance {
                    Some(balance) => Seen::Reading {
                        balance: money(balance),
                        spent_today: None,
                        threshold: Some(money("10")),
                    },
                    None => Seen::Gap {
                        error: "timeout".to_owned(),
                    },
                },
                first_seen_at: at(first * 60),
                last_seen_at: at(last * 60),
                count: 1,
            });
        }
        chart
    }

    #[test]
    fn a_balance_is_a_line_that_a_gap_tears() {
        let drawn = day(&[(-6, -1, Some("20")), (-18, -13, None), (-30, -25, Some("10"))]).drawn();
        assert_eq!(drawn.line, "M942 500h0M958 0h0");
        assert_eq!(drawn.gaps, [237 * COLUMN]);
        assert_eq!(drawn.top_ups, [239 * COLUMN + COLUMN / 2]);
        assert_eq!(drawn.lines, ["20", "15", "10", "5", "0"]);
        assert_eq!(drawn.threshold, "M940 500L944 500L956 500L960 500");
    }

    #[test]
    fn what_happened_within_a_column_shows_as_its_lowest_and_highest() {
        let drawn = day(&[(-2, -1, Some("8")), (-4, -3, Some("-2")), (-6, -5, Some("6"))]).drawn();
        assert_eq!(drawn.line, "M958 267h0L958 133L958 800L958 133");
        assert_eq!(drawn.zero, 667);
    }

    #[test]
    fn a_year_takes_no_more_room_than_a_day() {
        let mut chart = Chart::new(at(0), SignedDuration::from_hours(24 * 365));
        for hour in 0..24 * 400 {
            let balance = if hour % 2 == 0 { "1" } else { "2" };
            let seen = Seen::Reading {
                balance: money(balance),
                spent_today: None,
                threshold: None,
            };
            let when = at(-hour * 3_600);
            chart.add(&Kept {
                seen,
                first_seen_at: when,
                last_seen_at: when,
                count: 1,
            });
        }
        assert_eq!(chart.columns.len(), usize::try_from(COLUMNS).unwrap());
        assert!(chart.drawn().line.len() < 16_000);
    }

    #[test]
    fn the_table_has_a_row_for_each_change() {
        let chart = day(&[(-6, -1, Some("20")), (-18, -13, None), (-60, -25, Some("10"))]);
        assert_eq!(
            text(&chart.table(&now()).into()),
            "2023-11-14 22:07 | 20.00 | 20.00 | 20.00 | 10.00 | 10.00 was added\n\
             2023-11-14 21:55 | - | - | - | - | not read: timeout\n\
             2023-11-14 21:13 | 10.00 | 10.00 | 10.00 | 10.00 | \n"
        );
        assert!(day(&[]).is_empty() && !chart.is_empty());
    }
}
