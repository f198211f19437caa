//! The shapes in which people are shown something: lines, cards and tables. How they are laid out is for whoever prints
//! them.

use serde::Serialize;

use super::words::Now;
use crate::domain::{AccountName, ClientId};

/// What scripts read as JSON, and people as a page.
pub trait Shown: Serialize {
    fn page(&self, now: &Now) -> Page;
}

/// What a cell says beyond its text. Never by colour alone: the text must say it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
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

/// What there is more to see of, for those who can lead there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    Client(AccountName, ClientId),
    Enforcement(String),
    Notification(String),
}

/// A text, which may come from outside, and its tone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
    pub about: Option<Thing>,
}

impl Cell {
    /// The same, about something.
    #[must_use]
    pub fn about(self, thing: Thing) -> Self {
        Self {
            about: Some(thing),
            ..self
        }
    }

    /// The id of a client of an account, about that client.
    pub fn client(account: &AccountName, client: &ClientId) -> Self {
        Self::from(client.as_str()).about(Thing::Client(account.clone(), client.clone()))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

impl<T: Into<String>> From<(T, Tone)> for Cell {
    fn from((text, tone): (T, Tone)) -> Self {
        Self {
            text: text.into(),
            tone,
            about: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    /// Whether it stands to the right, as amounts do.
    pub is_right: bool,
}

/// Rows below a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// How a row reads as a sentence, where the columns need more room than there is.
    pub sentence: Option<Sentence>,
}

/// The other layout of a table: of each row two cells, and its id below them, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What a row is called.
    pub noun: &'static str,
    /// The text, with the titles of columns in braces.
    pub pattern: &'static str,
}

/// The column that stands before a sentence.
pub const STATE: &str = "state";

/// The column that is never cut, and stands below a sentence.
pub const ID: &str = "id";

impl Table {
    /// A table with these columns. A title that starts with `>` stands, with its column, to the right.
    pub fn new(titles: &[&str]) -> Self {
        let column = |title: &&str| Column {
            title: title.strip_prefix('>').unwrap_or(title).to_owned(),
            is_right: title.starts_with('>'),
        };
        Self {
            columns: titles.iter().map(column).collect(),
            ..Self::default()
        }
    }

    /// The same table, which may be read as sentences.
    pub fn or_sentences(self, noun: &'static str, pattern: &'static str) -> Self {
        Self {
            sentence: Some(Sentence { noun, pattern }),
            ..self
        }
    }

    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Its rows as sentences, if it can be read so.
    pub fn sentences(&self) -> Option<Self> {
        let Sentence { noun, pattern } = self.sentence?;
        let mut table = Self::new(&[STATE, noun]);
        for row in &self.rows {
            let cell = |title: &str| {
                let cells = self.columns.iter().zip(row);
                let found = cells.into_iter().find(|(column, _)| column.title == title);
                found.map(|(_, cell)| cell.clone()).unwrap_or_default()
            };
            let mut sentence = String::new();
            // One pass over the pattern: braces in a cell stand for themselves.
            for part in pattern.split('{') {
                match part.split_once('}') {
                    Some((title, rest)) => sentence.extend([&*cell(title).text, rest]),
                    None => sentence.push_str(part),
                }
            }
            table.row([cell(STATE), sentence.into()]);
            table.row([Cell::default(), (cell(ID).text, Tone::Faint).into()]);
        }
        Some(table)
    }
}

/// Facts about one thing, each under its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub title: String,
    /// Less important than the title, beside it; may be empty.
    pub beside: String,
    pub facts: Vec<(String, Vec<Cell>)>,
}

impl Card {
    pub fn new(title: impl Into<String>, beside: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            beside: beside.into(),
            facts: Vec::new(),
        }
    }

    pub fn fact(&mut self, label: &str, cell: impl Into<Cell>) {
        self.facts(label, [cell]);
    }

    /// Adds several cells under one label; nothing when there are none.
    pub fn facts<C: Into<Cell>>(&mut self, label: &str, cells: impl IntoIterator<Item = C>) {
        let cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        if !cells.is_empty() {
            self.facts.push((label.to_owned(), cells));
        }
    }
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Line(String),
    /// What follows is another thing.
    Gap,
    Card(Card),
    Table(Table),
}

/// What is shown of one value, from top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page(pub Vec<Block>);

impl Page {
    pub fn line(&mut self, line: impl Into<String>) {
        self.0.push(Block::Line(line.into()));
    }

    /// Begins another thing, if there is one already.
    pub fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push(Block::Gap);
        }
    }

    pub fn card(&mut self, card: Card) {
        self.0.push(Block::Card(card));
    }

    pub fn table(&mut self, table: Table) {
        self.0.push(Block::Table(table));
    }

    /// Adds a table, or what is said in place of one without rows.
    pub fn table_or(&mut self, table: Table, empty: impl Into<String>) {
        if table.rows.is_empty() {
            self.line(empty);
        } else {
            self.table(table);
        }
    }
}

impl From<Table> for Page {
    fn from(table: Table) -> Self {
        Self(vec![Block::Table(table)])
    }
}

impl From<Card> for Page {
    fn from(card: Card) -> Self {
        Self(vec![Block::Card(card)])
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Table, Tone};

    #[test]
    fn a_row_reads_as_a_sentence_with_its_id_below() {
        let mut table = Table::new(&["at", "state", "who", "id", "why"]).or_sentences("letter", "{at}  {who}: {why}!");
        table.row([
            Cell::from("noon"),
            ("dead", Tone::Bad).into(),
            "{why} {".into(),
            "x/y".into(),
            "gone".into(),
        ]);
        let told = table.sentences().unwrap();
        assert_eq!(told.columns[1].title, "letter");
        let rows: Vec<Vec<(&str, Tone)>> = told
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| (&*cell.text, cell.tone)).collect())
            .collect();
        assert_eq!(
            rows,
            [
                [("dead", Tone::Bad), ("noon  {why} {: gone!", Tone::Plain)],
                [("", Tone::Plain), ("x/y", Tone::Faint)],
            ]
        );
        assert_eq!(told.sentences(), None);
    }
}
