//! What is said to people. PURE: a message with its notifications, the letterhead and the time of sending go in, one
//! [`Letter`] comes out. Reads no clock, no store and no configuration.
//!
//! `write` writes the letter: to operators, or to a client in its language. A channel lays it out as it needs: `text`
//! and `html` are the two layouts of a mail.

mod catalogue;
mod html;
mod letterhead;
pub mod templates;
#[cfg(test)]
mod tests;
mod text;
mod words;
mod write;

use self::catalogue::Catalogue;
pub use self::letterhead::Letterhead;
pub use self::write::{Unwritten, about, test, write};
use crate::domain::Language;

/// Longest subject, in characters: what mail programs show of one, twice over.
const LONGEST_SUBJECT: usize = 150;

/// What a message says. Every text in it is one line, already cleaned.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// The language of its headings; operators read English.
    words: &'static Catalogue,
    pub subject: String,
    /// The colour of the whole.
    pub tone: Tone,
    /// A word in capitals above the headline; empty for mails to clients.
    pub badge: String,
    /// `Hello Consulting,`; empty for operators.
    pub greeting: String,
    /// What happened, in one sentence.
    pub headline: String,
    pub paragraphs: Vec<String>,
    pub facts: Vec<Fact>,
    /// Many clients at once.
    pub table: Option<Table>,
    /// Further tables, each with its heading.
    pub sections: Vec<Section>,
    /// What to do; the first is the most urgent.
    pub steps: Vec<String>,
    /// Where a client adds money.
    pub link: Option<String>,
    /// Where operators see more or acknowledge, each under its words.
    pub links: Vec<(&'static str, String)>,
    /// How a client reaches the reseller: lines.
    pub contact: Vec<String>,
    /// What else must be known, such as that the mail is late.
    pub notes: Vec<String>,
    pub signature: String,
    /// The file with the reseller's own words that these are; `None`: they are the shipped ones.
    pub own_text: Option<String>,
    /// Why the reseller's own words could not be used: somebody is to be told of it.
    pub trouble: Option<templates::Fault>,
}

/// The colour of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Somebody should act now.
    Bad,
    Warn,
    /// It is over, or worked.
    Good,
    #[default]
    Neutral,
}

impl Tone {
    /// The colour in HTML: dark enough for white letters on it.
    pub const fn colour(self) -> &'static str {
        match self {
            Self::Bad => "#b42318",
            Self::Warn => "#b54708",
            Self::Good => "#067647",
            Self::Neutral => "#344054",
        }
    }
}

/// A number with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub label: &'static str,
    /// The number, with its unit.
    pub value: String,
}

/// Rows of equal shape; the first column is a name, columns of numbers are aligned to the right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names of the columns.
    pub head: Vec<Column>,
    /// The rows, each as long as `head`.
    pub rows: Vec<Vec<String>>,
    /// What there would have been beyond these, in words; empty when these are all.
    pub more: String,
}

/// A table of its own within a letter.
#[derive(Clone, Debug, Default)]
pub struct Section {
    pub heading: String,
    pub table: Table,
}

/// A column's name and whether it holds numbers.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    /// Whether it is aligned to the right.
    pub numbers: bool,
    /// Whether it stands below the first column where a line has no room: in HTML.
    pub below: bool,
}

/// A letter laid out as a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line, without control characters and angle brackets: no name and no page from elsewhere looks like a tag.
    pub subject: String,
    /// Plain text, lines ended by `\n`.
    pub text: String,
    /// A whole HTML page.
    pub html: String,
}

impl Letter {
    /// Its tables in their order, each with its heading, which may be empty.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &Table)> {
        let own = self.table.iter().map(|table| ("", table));
        own.chain(
            self.sections
                .iter()
                .map(|section| (section.heading.as_str(), &section.table)),
        )
    }

    /// The letter as a mail.
    #[must_use]
    pub fn to_mail(&self) -> Mail {
        Mail {
            subject: words::subject_line(&self.subject, LONGEST_SUBJECT),
            text: self.to_text(),
            html: self.to_html(),
        }
    }
}

impl Default for &'static Catalogue {
    fn default() -> Self {
        catalogue::of(Language::English)
    }
}
