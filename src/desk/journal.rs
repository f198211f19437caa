//! The journal as a file of its own: written out, and checked wherever it is, without a store.
//!
//! A line of JSON for each line of the journal, then one for each thing that they are about, then one that ends it. Each is as the
//! program writes it, byte by byte.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::domain::AccountName;
use crate::store::chain::{Broken, Checked, Line, Part, check, digest};

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
enum Entry {
    /// It begins.
    Journal {
        account: AccountName,
        format: u32,
    },
    Line(Line),
    /// What lines are about, as it stands now.
    Text {
        enforcement: String,
        part: i64,
        text: String,
    },
    /// It ends: SHA-256 over all lines before.
    End {
        seal: String,
    },
}

/// The format that this program writes.
const FORMAT: u32 = 1;

/// Why a file is no whole journal.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("the file could not be read")]
    Unreadable(#[from] io::Error),
    #[error("line {0} of the file is not as balancewatch writes it")]
    Foreign(usize),
    #[error("the file ends before the journal does")]
    Cut,
    #[error("the file is not as it was written: its seal is another")]
    Seal,
    #[error("{0}")]
    Broken(Broken),
}

/// Writes a journal out.
///
/// # Errors
/// When nothing more can be written.
pub fn export(
    out: &mut impl Write,
    account: &AccountName,
    lines: Vec<Line>,
    texts: BTreeMap<Part, String>,
) -> io::Result<()> {
    let account = account.clone();
    let begin = Entry::Journal {
        account,
        format: FORMAT,
    };
    let lines = lines.into_iter().map(Entry::Line);
    let texts = texts.into_iter().map(|((enforcement, part), text)| Entry::Text {
        enforcement,
        part,
        text,
    });
    let mut seal = String::new();
    for entry in [begin].into_iter().chain(lines).chain(texts) {
        let line = serde_json::to_string(&entry)?;
        seal = digest(&[&seal, &line]);
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", serde_json::to_string(&Entry::End { seal })?)
}

/// Checks a journal that was written out: whose it is, and what it comes to.
///
/// # Errors
/// [`Unfit`], with the first thing that is wrong.
pub fn verify(file: impl BufRead) -> Result<(AccountName, Checked), Unfit> {
    let (mut account, mut lines, mut texts) = (None, Vec::new(), BTreeMap::new());
    let (mut seal, mut is_over) = (String::new(), false);
    for (number, bytes) in (1..).zip(file.split(b'\n')) {
        let bytes = bytes?;
        let line = std::str::from_utf8(&bytes).map_err(|_| Unfit::Foreign(number))?;
        let entry: Entry = serde_json::from_str(line).map_err(|_| Unfit::Foreign(number))?;
        // A blank or a key in another place is a change, too.
        let is_ours = serde_json::to_string(&entry).is_ok_and(|written| written == line);
        let is_begun = account.is_some() != matches!(entry, Entry::Journal { .. });
        if !is_ours || is_over || !is_begun {
            return Err(Unfit::Foreign(number));
        }
        match entry {
            Entry::End { seal: written } if written != seal => return Err(Unfit::Seal),
            Entry::End { .. } => is_over = true,
            Entry::Journal { format, .. } if format != FORMAT => return Err(Unfit::Foreign(number)),
            Entry::Journal { account: whose, .. } => account = Some(whose),
            Entry::Line(line) => lines.push(line),
            Entry::Text {
                enforcement,
                part,
                text,
            } => {
                texts.insert((enforcement, part), text);
            }
        }
        seal = digest(&[&seal, line]);
    }
    let account = account.filter(|_| is_over).ok_or(Unfit::Cut)?;
    let checked = check(&lines, &texts).map_err(Unfit::Broken)?;
    Ok((account, checked))
}

/// Whether a journal is whole.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// `None`: a file that does not say.
    account: Option<AccountName>,
    whole: bool,
    lines: u64,
    erased: u64,
    adopted: u64,
    /// The digest of the last line.
    head: Option<String>,
    /// The first thing that is wrong.
    broken: Option<String>,
}

impl Verified {
    #[must_use]
    pub fn new(account: &AccountName, checked: Result<Checked, String>) -> Self {
        let account = Some(account.clone());
        match checked {
            Ok(Checked {
                lines,
                erased,
                adopted,
                head,
            }) => Self {
                account,
                whole: true,
                lines,
                erased,
                adopted,
                head: Some(head),
                broken: None,
            },
            Err(broken) => Self {
                account,
                ..Self::broken(broken)
            },
        }
    }

    /// One that is not whole.
    #[must_use]
    pub const fn broken(what: String) -> Self {
        Self {
            account: None,
            whole: false,
            lines: 0,
            erased: 0,
            adopted: 0,
            head: None,
            broken: Some(what),
        }
    }

    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    #[must_use]
    pub fn in_words(&self) -> String {
        let whose = self
            .account
            .as_ref()
            .map_or(String::new(), |account| format!(" of account {account}"));
        match (&self.head, &self.broken) {
            (Some(head), _) => {
                let mut text = format!("the journal{whose} is whole: {} lines, the last one {head}", self.lines);
                if self.adopted > 0 {
                    text += &format!("; {} things were there before there was a journal", self.adopted);
                }
                if self.erased > 0 {
                    text += &format!(
                        "; {} were erased, because who they are about was forgotten",
                        self.erased
                    );
                }
                text
            }
            (None, broken) => format!(
                "the journal{whose} is NOT whole: {}",
                broken.as_deref().unwrap_or_default()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Unfit, export, verify};
    use crate::domain::AccountName;
    use crate::store::chain::{Kind, Line, NOTHING, digest};

    fn exported() -> Vec<u8> {
        let (mut lines, mut texts): (Vec<Line>, _) = (Vec::new(), BTreeMap::new());
        for number in 1..=3 {
            let about = (format!("main.{number}.low.x/enforce/1"), number % 2);
            let text = format!("[\"körper {number}\"]");
            let before = lines.last().map_or(NOTHING, |line| line.digest.as_str());
            let line = Line::sealed(before, number, 7, about.clone(), Kind::Written, digest(&[&text]));
            lines.push(line);
            texts.insert(about, text);
        }
        let mut out = Vec::new();
        export(&mut out, &AccountName::new("main").unwrap(), lines, texts).unwrap();
        out
    }

    #[test]
    fn what_was_written_out_is_whole() {
        let (account, checked) = verify(&exported()[..]).unwrap();
        assert_eq!((account.as_str(), checked.lines), ("main", 3));
    }

    #[test]
    fn any_bit_that_is_changed_taken_away_or_added_is_found() {
        let whole = exported();
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[place] ^= 1 << bit;
                assert!(verify(&changed[..]).is_err(), "bit {bit} of byte {place}");
            }
            let mut without = whole.clone();
            without.remove(place);
            // Whether the last line ends is no part of the journal.
            if place + 1 < whole.len() {
                assert!(verify(&without[..]).is_err(), "without byte {place}");
                assert!(verify(&whole[..place]).is_err(), "cut before byte {place}");
            }
            let mut more = whole.clone();
            more.insert(place, b' ');
            assert!(verify(&more[..]).is_err(), "a blank before byte {place}");
        }
        assert!(matches!(verify(&b""[..]), Err(Unfit::Cut)));
    }
}
