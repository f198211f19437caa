//! Tables that fit where they are shown: as wide as a terminal, with cells that wrap between words; cards where that
//! cannot be; one line a row in a pipe, where a long name is cut. How a value reads is decided elsewhere.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use super::text::{clean, cut, isolated, longest_word, wrapped};

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

/// What a cell says beyond its text. Never by colour alone: the text must say it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// All is well.
    Good,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Bad,
    /// Less important than the rest.
    Faint,
}

impl Tone {
    /// How terminals are told.
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "\u{1b}[32m",
            Self::Warning => "\u{1b}[33m",
            Self::Bad => "\u{1b}[1;31m",
            Self::Faint => "\u{1b}[2m",
        }
    }
}

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

/// A column: its title, and on which side it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    title: String,
    is_right: bool,
}

/// A table for people: a header, rows, amounts to the right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<Column>,
    rows: Vec<Vec<(String, Tone)>>,
}

impl Table {
    /// A table with these columns. A title that starts with `>` stands, with its column, to the right.
    #[must_use]
    pub fn new(titles: &[&str]) -> Self {
        let column = |title: &&str| Column {
            title: title.strip_prefix('>').unwrap_or(title).to_owned(),
            is_right: title.starts_with('>'),
        };
        Self {
            header: titles.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of plain cells.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.toned_row(cells.into_iter().map(|cell| (cell, Tone::Plain)));
    }

    /// Adds a row whose cells have a tone.
    pub fn toned_row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = (T, Tone)>) {
        let clean = |(cell, tone): (T, Tone)| (clean(&cell.into()).into_owned(), tone);
        self.rows.push(cells.into_iter().map(clean).collect());
    }

    /// Adds a line of a card: a name, and what there is to say under it.
    pub fn fact(&mut self, name: &str, text: impl Into<String>, tone: Tone) {
        self.toned_row([(name.to_owned(), Tone::Faint), (text.into(), tone)]);
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

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
            let code = |tone: Tone| if colour { tone.code() } else { "" };
            self.put_row(&mut text, row, widths, fit, code);
        }
        text
    }

    fn titles(&self) -> Vec<(String, Tone)> {
        let titles = self.header.iter();
        titles
            .map(|column| (clean(&column.title).to_uppercase(), Tone::Plain))
            .collect()
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
            let cells = self.header.iter().zip(row);
            let short = cells.map(|(column, (text, tone))| match column.title.as_str() {
                "id" => (text.clone(), *tone),
                _ => (shorter(text), *tone),
            });
            short.collect()
        });
        Self {
            header: self.header.clone(),
            rows: rows.collect(),
        }
    }

    /// How wide each column would like to be.
    fn natural(&self) -> Vec<usize> {
        self.widest(|text| text.width())
    }

    fn widest(&self, measure: impl Fn(&str) -> usize) -> Vec<usize> {
        let mut widths = vec![0; self.header.len()];
        for row in self.rows.iter().chain([&self.titles()]) {
            for (width, (text, _)) in widths.iter_mut().zip(row) {
                *width = measure(text).max(*width);
            }
        }
        widths
    }

    /// For a pipe: columns of long names give way; ids, what stands in front, and the sentence at the end stay whole.
    fn cut_widths(&self) -> Vec<usize> {
        let mut natural = self.natural();
        let sentence = natural.last().copied().unwrap_or_default();
        let ends_with_id = self.header.last().is_some_and(|column| column.title == "id");
        if let Some(last) = natural.last_mut().filter(|_| !ends_with_id) {
            *last = sentence.min(PIPE_COLUMNS / 3);
        }
        let last = natural.len().saturating_sub(1);
        let least: Vec<usize> = (0..)
            .zip(&natural)
            .zip(&self.header)
            .map(|((index, width), column)| {
                let is_whole = index == 0 || index == last || column.is_right || column.title == "id";
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
        let is_readable = |row: &Vec<(String, Tone)>| {
            let cells = row.iter().zip(&widths);
            cells
                .into_iter()
                .all(|((text, _), width)| wrapped(text, *width).len() <= MOST_LINES)
        };
        self.rows.iter().all(is_readable).then_some(widths)
    }

    fn put_row(
        &self,
        text: &mut String,
        row: &[(String, Tone)],
        widths: &[usize],
        fit: Fit,
        code: impl Fn(Tone) -> &'static str,
    ) {
        let cells: Vec<Vec<Cow<'_, str>>> = row
            .iter()
            .zip(widths)
            .map(|((cell, _), width)| match fit {
                Fit::Pipe => vec![cut(cell, *width)],
                Fit::Columns(_) => wrapped(cell, *width).into_iter().map(Cow::Borrowed).collect(),
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
                let before = if self.header[index].is_right { rest } else { 0 };
                blanks += before;
                if !piece.is_empty() {
                    // Blanks at the end of a line are nothing to see.
                    line.push_str(&" ".repeat(blanks));
                    put(&mut line, piece, code(row[index].1));
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
            for (column, (cell, tone)) in self.header.iter().zip(row) {
                if cell.is_empty() {
                    continue;
                }
                let title = match column.title.as_str() {
                    "" => String::new(),
                    title => format!("{}: ", clean(title)),
                };
                let whole = format!("{title}{cell}");
                for (index, line) in wrapped(&whole, columns.saturating_sub(GAP)).into_iter().enumerate() {
                    let code = if colour { tone.code() } else { "" };
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

#[cfg(test)]
mod tests;
