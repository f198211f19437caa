//! Tables that fit where they are shown: as wide as a terminal, with cells that wrap between words; cards where that
//! cannot be; one line a row in a pipe, where a long name is cut. How a value reads is decided elsewhere.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use crate::cli::text::{clean, cut, isolated, longest_word, wrapped};
use crate::view::page::{Card, Cell, Column, ID, Table, Tone};

/// Blanks between columns.
const GAP: usize = 2;

/// A row that needs more lines than this is hard to follow across its columns, and a card reads better.
const MOST_LINES: usize = 4;

/// The widest a table gets in a pipe, unless ids or its last column are wider: a sentence at the end moves no column.
const PIPE_COLUMNS: usize = 120;

/// What is left of a long cell at least: below this nobody recognises a name.
const LEAST_CUT: usize = 12;

/// The longest word that stays whole where a table would not fit otherwise.
const LONGEST_WORD: usize = 20;

const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";

/// Where a table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// In so many columns of a terminal.
    Columns(usize),
    /// In a pipe: one line a row.
    Pipe,
}

/// How terminals are told.
const fn code(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "\u{1b}[32m",
        Tone::Warning => "\u{1b}[33m",
        Tone::Bad => "\u{1b}[1;31m",
        Tone::Faint => "\u{1b}[2m",
    }
}

/// What is laid out: columns, and rows of harmless text.
pub(super) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl From<&Table> for Grid {
    fn from(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| Column {
            title: clean(&column.title).into_owned(),
            ..*column
        });
        let harmless = |cell: &Cell| Cell {
            text: clean(&cell.text).into_owned(),
            tone: cell.tone,
            about: None,
        };
        let rows = table.rows.iter().map(|row| row.iter().map(harmless).collect());
        Self {
            columns: columns.collect(),
            rows: rows.collect(),
        }
    }
}

impl From<&Card> for Grid {
    /// Two columns, the labels and what there is to say under each.
    fn from(card: &Card) -> Self {
        let mut table = Table::new(&[&card.title, &card.beside]);
        for (label, cells) in &card.facts {
            for (number, cell) in cells.iter().enumerate() {
                let label = if number == 0 { label } else { "" };
                table.row([(label, Tone::Faint).into(), cell.clone()]);
            }
        }
        Self::from(&table)
    }
}

impl Grid {
    pub(super) fn render(&self, fit: Fit, colour: bool) -> String {
        let Fit::Columns(columns) = fit else {
            return self.lines(&self.cut_widths(), fit, colour);
        };
        if let Some(widths) = self.wrapped_widths(columns) {
            return self.lines(&widths, fit, colour);
        }
        // One endless word, such as a name without blanks, is no reason to give the table up.
        let shorter = self.with_short_words();
        match shorter.wrapped_widths(columns) {
            Some(widths) => shorter.lines(&widths, fit, colour),
            None => self.cards(columns, colour),
        }
    }

    fn lines(&self, widths: &[usize], fit: Fit, colour: bool) -> String {
        let mut text = String::new();
        let bold = if colour { BOLD } else { "" };
        self.put_row(&mut text, &self.titles(), widths, fit, |_| bold);
        for row in &self.rows {
            let code = |tone: Tone| if colour { code(tone) } else { "" };
            self.put_row(&mut text, row, widths, fit, code);
        }
        text
    }

    fn titles(&self) -> Vec<Cell> {
        let titles = self.columns.iter();
        titles.map(|column| column.title.to_uppercase().into()).collect()
    }

    /// Words that nobody needs whole are cut; ids, addresses and paths stay.
    fn with_short_words(&self) -> Self {
        let shorter = |text: &str| {
            let words = text.split(' ').map(|word| match word {
                id if id.contains(['/', '@']) => Cow::Borrowed(id),
                word => cut(word, LONGEST_WORD),
            });
            words.collect::<Vec<_>>().join(" ")
        };
        let rows = self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(row);
            let short = cells.map(|(column, cell)| match column.title.as_str() {
                ID => cell.clone(),
                _ => (shorter(&cell.text), cell.tone).into(),
            });
            short.collect()
        });
        Self {
            columns: self.columns.clone(),
            rows: rows.collect(),
        }
    }

    /// How wide each column would like to be.
    fn natural(&self) -> Vec<usize> {
        self.widest(|text| text.width())
    }

    fn widest(&self, measure: impl Fn(&str) -> usize) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for row in self.rows.iter().chain([&self.titles()]) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = measure(&cell.text).max(*width);
            }
        }
        widths
    }

    /// For a pipe: columns of long names give way; ids, what stands in front, and the sentence at the end stay whole.
    fn cut_widths(&self) -> Vec<usize> {
        let mut natural = self.natural();
        let sentence = natural.last().copied().unwrap_or_default();
        let ends_with_id = self.columns.last().is_some_and(|column| column.title == ID);
        if let Some(last) = natural.last_mut().filter(|_| !ends_with_id) {
            *last = sentence.min(PIPE_COLUMNS / 3);
        }
        let last = natural.len().saturating_sub(1);
        let least: Vec<usize> = (0..)
            .zip(&natural)
            .zip(&self.columns)
            .map(|((index, width), column)| {
                let is_whole = index == 0 || index == last || column.is_right || column.title == ID;
                if is_whole { *width } else { LEAST_CUT.min(*width) }
            })
            .collect();
        let mut widths = levelled(&least, &natural, PIPE_COLUMNS).unwrap_or(least);
        if let Some(last) = widths.last_mut() {
            *last = sentence;
        }
        widths
    }

    /// For a terminal; `None` when its columns cannot hold the words, or hold them badly.
    fn wrapped_widths(&self, columns: usize) -> Option<Vec<usize>> {
        let natural = self.natural();
        if let [name, text] = natural[..] {
            // It is a card already, or a list of sentences: only the text gives way, and an id may be wider.
            let room = columns.checked_sub(name + GAP).filter(|room| *room >= LEAST_CUT)?;
            return Some(vec![name, text.min(room)]);
        }
        let widths = levelled(&self.widest(longest_word), &natural, columns)?;
        let is_readable = |row: &Vec<Cell>| {
            let mut cells = row.iter().zip(&widths);
            cells.all(|(cell, width)| wrapped(&cell.text, *width).len() <= MOST_LINES)
        };
        self.rows.iter().all(is_readable).then_some(widths)
    }

    fn put_row(
        &self,
        text: &mut String,
        row: &[Cell],
        widths: &[usize],
        fit: Fit,
        code: impl Fn(Tone) -> &'static str,
    ) {
        let cells: Vec<Vec<Cow<'_, str>>> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| match fit {
                Fit::Pipe => vec![cut(&cell.text, *width)],
                Fit::Columns(_) => wrapped(&cell.text, *width).into_iter().map(Cow::Borrowed).collect(),
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..height {
            let (mut line, mut blanks) = (String::new(), 0);
            for (index, width) in widths.iter().enumerate() {
                let piece = cells
                    .get(index)
                    .and_then(|lines| lines.get(number))
                    .map_or("", AsRef::as_ref);
                let rest = width.saturating_sub(piece.width());
                if piece.width() > *width && line.is_empty() {
                    // An id below a sentence: what stands in front of it is empty, and would push it over the edge.
                    blanks = blanks.min(GAP);
                }
                let before = if self.columns[index].is_right { rest } else { 0 };
                blanks += before;
                if !piece.is_empty() {
                    // Blanks at the end of a line are nothing to see.
                    line.push_str(&" ".repeat(blanks));
                    put(&mut line, piece, code(row[index].tone));
                    blanks = 0;
                }
                blanks += rest - before + GAP;
            }
            text.push_str(&line);
            text.push('\n');
        }
    }

    /// One row after the other, a line or more for each cell.
    fn cards(&self, columns: usize, colour: bool) -> String {
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            for (column, cell) in self.columns.iter().zip(row) {
                if cell.text.is_empty() {
                    continue;
                }
                let title = match column.title.as_str() {
                    "" => String::new(),
                    title => format!("{title}: "),
                };
                let whole = format!("{title}{}", cell.text);
                for (index, line) in wrapped(&whole, columns.saturating_sub(GAP)).into_iter().enumerate() {
                    let code = if colour { code(cell.tone) } else { "" };
                    match line.strip_prefix(&title).filter(|_| index == 0) {
                        Some(value) => {
                            text.push_str(&title);
                            put(&mut text, value, code);
                        }
                        None => {
                            text.push_str(&" ".repeat(if index == 0 { 0 } else { GAP }));
                            put(&mut text, line, code);
                        }
                    }
                    text.push('\n');
                }
            }
        }
        text
    }
}

fn put(line: &mut String, piece: &str, code: &str) {
    line.push_str(code);
    line.push_str(&isolated(piece));
    if !code.is_empty() {
        line.push_str(RESET);
    }
}

/// Widths between the least and the natural ones that fill `columns` at most: nobody has more than another one lacks.
/// `None` when the least ones are too many.
fn levelled(least: &[usize], natural: &[usize], columns: usize) -> Option<Vec<usize>> {
    let room = columns.checked_sub(GAP * natural.len().saturating_sub(1))?;
    let at = |level: usize| -> Vec<usize> {
        let pairs = least.iter().zip(natural);
        pairs
            .map(|(least, natural)| level.clamp(*least, (*natural).max(*least)))
            .collect()
    };
    let fits = |widths: &Vec<usize>| widths.iter().sum::<usize>() <= room;
    if !fits(&at(0)) {
        return None;
    }
    let widest = natural.iter().copied().max().unwrap_or(0);
    let mut widths = (0..=widest).map(at).take_while(fits).last()?;
    let mut spare = room - widths.iter().sum::<usize>();
    for (width, natural) in widths.iter_mut().zip(natural) {
        let more = natural.saturating_sub(*width).min(spare);
        *width += more;
        spare -= more;
    }
    Some(widths)
}
