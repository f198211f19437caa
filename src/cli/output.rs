//! Printing to standard output: tables that fit the terminal, JSON, plain lines.
//!
//! Text that came from outside passes [`clean`] before it reaches a terminal. A reader that went away is the end of
//! printing, not an error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Width};
use serde::Serialize;

use super::failure::Failure;

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Standard output, or what stands for it in a test.
pub struct Output {
    writer: Box<dyn Write>,
    closed: bool,
    /// Whether it is a terminal: tables then fit it.
    pub terminal: bool,
    /// Whether colours are shown: on a terminal, unless `NO_COLOR` is set or it is a dumb one.
    pub colour: bool,
}

impl Output {
    /// Standard output. `no_colour`: whether the environment asks for none.
    #[must_use]
    pub fn stdout(no_colour: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            writer: Box::new(io::stdout()),
            closed: false,
            terminal,
            colour: terminal && !no_colour,
        }
    }

    /// Plain text into `writer`.
    #[must_use]
    pub fn plain(writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            closed: false,
            terminal: false,
            colour: false,
        }
    }

    /// Whether the reader went away; what is printed from then on goes nowhere.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Prints the text as it is and lets it out at once.
    ///
    /// # Errors
    /// When it cannot be written for another reason than a reader that went away.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        match self
            .writer
            .write_all(text.as_bytes())
            .and_then(|()| self.writer.flush())
        {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::from(error).while_doing("cannot write to standard output")),
            Ok(()) => Ok(()),
        }
    }

    /// Prints one line, without control characters.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.text(&format!("{}\n", clean(line)))
    }

    /// Prints a value as indented JSON and a line break.
    ///
    /// # Errors
    /// As [`Output::text`], or when the value cannot be JSON.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.text(&text)
    }

    /// Prints a table; nothing but its header when it has no rows.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn table(&mut self, table: &Table) -> Result<(), Failure> {
        let text = table.render(if self.terminal { Fit::Terminal } else { Fit::Plain }, self.colour);
        self.text(&text)
    }
}

/// The text without characters that could move the cursor, hide or forge something: each becomes U+FFFD.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(harmful) {
        Cow::Owned(text.replace(harmful, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

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

/// How wide a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// As the terminal; long cells wrap.
    Terminal,
    /// As wide as its content: one line a row, for pipes.
    Plain,
    /// A fixed number of columns.
    #[cfg(test)]
    Columns(u16),
}

/// A table for people: a header, rows, amounts to the right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<(String, bool)>,
    rows: Vec<Vec<(String, Tone)>>,
}

impl Table {
    /// A table with these columns. A title that starts with `>` stands, with its column, to the right.
    #[must_use]
    pub fn new(titles: &[&str]) -> Self {
        let header = titles
            .iter()
            .map(|title| {
                title
                    .strip_prefix('>')
                    .map_or(((*title).to_owned(), false), |title| (title.to_owned(), true))
            })
            .collect();
        Self {
            header,
            rows: Vec::new(),
        }
    }

    /// Adds a row of plain cells.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows
            .push(cells.into_iter().map(|cell| (cell.into(), Tone::Plain)).collect());
    }

    /// Adds a row whose cells have a tone.
    pub fn toned_row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = (T, Tone)>) {
        self.rows
            .push(cells.into_iter().map(|(cell, tone)| (cell.into(), tone)).collect());
    }

    /// Adds a line of a card: a name, and what there is to say under it.
    pub fn fact(&mut self, name: &str, text: impl Into<String>, tone: Tone) {
        self.rows
            .push(vec![(name.to_owned(), Tone::Faint), (text.into(), tone)]);
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn render(&self, fit: Fit, colour: bool) -> String {
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::NOTHING);
        match fit {
            Fit::Terminal => {
                table.set_content_arrangement(ContentArrangement::Dynamic);
            }
            Fit::Plain => {
                table
                    .set_content_arrangement(ContentArrangement::Disabled)
                    .force_no_tty();
            }
            #[cfg(test)]
            Fit::Columns(columns) => {
                table
                    .set_content_arrangement(ContentArrangement::Dynamic)
                    .set_width(columns);
            }
        }
        table.set_header(self.header.iter().map(|(title, _)| {
            let cell = Cell::new(title.to_uppercase());
            if colour {
                cell.add_attribute(Attribute::Bold)
            } else {
                cell
            }
        }));
        for row in &self.rows {
            table.add_row(row.iter().map(|(text, tone)| toned(clean(text), *tone, colour)));
        }
        for (index, (_, right)) in self.header.iter().enumerate() {
            let Some(column) = table.column_mut(index) else {
                continue;
            };
            column.set_padding((0, 2));
            if *right {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if index == 0 && fit != Fit::Plain {
                // The first column names the row: it is what one searches for, so it does not wrap away.
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(8)));
            }
        }
        let mut text = table.trim_fmt();
        text.push('\n');
        text
    }
}

fn toned(text: Cow<'_, str>, tone: Tone, colour: bool) -> Cell {
    let cell = Cell::new(text);
    match tone {
        _ if !colour => cell,
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::Green),
        Tone::Warning => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Tone::Faint => cell.add_attribute(Attribute::Dim),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{Fit, Output, Table, Tone, clean};

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_the_end_and_other_errors_are_errors() {
        let mut gone = Output::plain(Box::new(Broken(io::ErrorKind::BrokenPipe)));
        assert!(!gone.is_closed());
        gone.line("x").unwrap();
        assert!(gone.is_closed());
        gone.line("y").unwrap();
        let mut full = Output::plain(Box::new(Broken(io::ErrorKind::StorageFull)));
        assert_eq!(full.line("x").unwrap_err().code, 1);
    }

    #[test]
    fn harmful_characters_are_shown_as_replaced() {
        let cases = [
            ("plain", "Über GmbH <x>", "Über GmbH <x>"),
            ("escape", "a\u{1b}[31mb", "a\u{fffd}[31mb"),
            ("line break", "a\r\nb", "a\u{fffd}\u{fffd}b"),
            ("second control block", "a\u{9b}b", "a\u{fffd}b"),
            ("turned direction", "a\u{202e}b", "a\u{fffd}b"),
            ("line separator", "a\u{2028}b", "a\u{fffd}b"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(clean(text), expected, "{name}");
        }
    }

    #[test]
    fn a_table_is_one_line_a_row_in_a_pipe_and_fits_a_terminal() {
        let mut table = Table::new(&["client", ">balance", "company"]);
        table.row([
            "561115",
            "8.0588",
            "A company with a very long name that goes on and on and on",
        ]);
        table.toned_row([("7", Tone::Plain), ("-1.00", Tone::Bad), ("b\u{1b}[2J", Tone::Plain)]);
        let plain = table.render(Fit::Plain, false);
        assert_eq!(
            plain,
            "CLIENT  BALANCE  COMPANY\n\
             561115   8.0588  A company with a very long name that goes on and on and on\n\
             7         -1.00  b\u{fffd}[2J\n"
        );
        let narrow = table.render(Fit::Columns(40), false);
        assert!(narrow.lines().count() > 3, "{narrow}");
        assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    }
}
