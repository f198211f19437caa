//! Printing to standard output: tables that fit the terminal, JSON, plain lines.
//!
//! Text that came from outside passes [`clean`] before it reaches a terminal. A reader that went away is the end of
//! printing, not an error.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;
use serde::Serialize;

use super::failure::Failure;
use super::text::{clean, isolated, wrapped};
use crate::view::page::{Block, Card, Page, Table};
use layout::{Fit, Grid};

mod layout;
#[cfg(test)]
mod tests;

/// A terminal that does not say how wide it is.
const COMMON_COLUMNS: usize = 80;

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
    /// Whether it is a terminal: what is printed then fits it.
    pub terminal: bool,
    /// How wide it is.
    columns: usize,
    /// Whether colours are shown: on a terminal, unless `NO_COLOR` is set or it is a dumb one.
    pub colour: bool,
}

impl Output {
    /// Standard output. `no_colour`: whether the environment asks for none.
    pub fn stdout(no_colour: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let size = tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
        Self {
            writer: Box::new(io::stdout()),
            closed: false,
            terminal,
            columns: if size == 0 { COMMON_COLUMNS } else { size },
            colour: terminal && !no_colour,
        }
    }

    /// Plain text into `writer`.
    #[cfg(test)]
    pub fn plain(writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            closed: false,
            terminal: false,
            columns: COMMON_COLUMNS,
            colour: false,
        }
    }

    /// Whether the reader went away; what is printed from then on goes nowhere.
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

    /// How wide the terminal is; `None` where it is none.
    pub fn columns(&self) -> Option<usize> {
        self.terminal.then_some(self.columns)
    }

    /// Prints one line, without control characters. On a terminal it goes on below its beginning instead of being broken
    /// within a word.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        let line = clean(line);
        let (indent, words) = line.split_at(line.len() - line.trim_start().len());
        let columns = self
            .columns()
            .map_or(usize::MAX, |columns| columns.saturating_sub(indent.len()));
        let lines = wrapped(words, columns).into_iter();
        let printed: String = lines.map(|line| format!("{indent}{}\n", isolated(line))).collect();
        self.text(&printed)
    }

    /// Prints a value as indented JSON and a line break.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.text(&text)
    }

    /// Prints a table; nothing but its header when it has no rows.
    pub fn table(&mut self, table: &Table) -> Result<(), Failure> {
        let sentences = if self.terminal { table.sentences() } else { None };
        self.grid(&sentences.as_ref().unwrap_or(table).into())
    }

    /// Prints a card.
    pub fn card(&mut self, card: &Card) -> Result<(), Failure> {
        self.grid(&card.into())
    }

    /// Prints a page.
    pub fn page(&mut self, page: &Page) -> Result<(), Failure> {
        page.0.iter().try_for_each(|block| match block {
            Block::Line(line) => self.line(line),
            Block::Gap => self.line(""),
            Block::Card(card) => self.card(card),
            Block::Table(table) => self.table(table),
        })
    }

    fn grid(&mut self, grid: &Grid) -> Result<(), Failure> {
        let fit = self.columns().map_or(Fit::Pipe, Fit::Columns);
        let text = grid.render(fit, self.colour);
        self.text(&text)
    }
}
