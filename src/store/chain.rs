//! The chain of an account's journal: what a line is, how it is sealed, and what is wrong with a chain. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Sixty-four zeros: what stands before the first line.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It was written.
    Written,
    /// Who it is about was forgotten; what is left was written in its place.
    Erased,
    /// It was there before there was a journal.
    Adopted,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Written, Self::Erased, Self::Adopted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Erased => "erased",
            Self::Adopted => "adopted",
        }
    }
}

/// What was written: a step of an enforcement, by its number, or the enforcement itself, which is part 0.
pub type Part = (String, i64);

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub number: i64,
    /// Nanoseconds since 1970.
    pub at: i64,
    pub enforcement: String,
    pub part: i64,
    pub kind: Kind,
    /// SHA-256 of what was written, in hexadecimal digits.
    pub body: String,
    /// SHA-256 of this line and of the digest before it.
    pub digest: String,
}

impl Line {
    /// The line of which this is sealed behind `before`.
    #[must_use]
    pub fn sealed(before: &str, number: i64, at: i64, (enforcement, part): Part, kind: Kind, body: String) -> Self {
        let mut line = Self {
            number,
            at,
            enforcement,
            part,
            kind,
            body,
            digest: String::new(),
        };
        line.digest = line.seal(before);
        line
    }

    /// What its digest must be.
    fn seal(&self, before: &str) -> String {
        digest(&[
            before,
            &self.number.to_string(),
            &self.at.to_string(),
            &self.enforcement,
            &self.part.to_string(),
            self.kind.as_str(),
            &self.body,
        ])
    }

    pub fn about(&self) -> Part {
        (self.enforcement.clone(), self.part)
    }
}

/// SHA-256 over texts, each behind its length, so that no two lists of texts are the same bytes.
#[must_use]
pub fn digest(texts: &[&str]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for text in texts {
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text.as_bytes());
    }
    let bytes = context.finish();
    let mut hex = String::with_capacity(64);
    for byte in bytes.as_ref() {
        use fmt::Write;
        let _infallible = write!(hex, "{byte:02x}");
    }
    hex
}

/// The first thing that is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A line is missing, or one is there twice.
    Number { expected: i64, found: i64 },
    /// A line is not as it was written.
    Line { number: i64 },
    /// What a line is about is not as it was written.
    Body { number: i64, about: Part },
    /// What a line is about is gone.
    Gone { number: i64, about: Part },
    /// Something was written that no line knows.
    Unknown { about: Part },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = |(enforcement, part): &Part| match part {
            0 => format!("the enforcement {enforcement}"),
            step => format!("step {step} of {enforcement}"),
        };
        match self {
            Self::Number { expected, found } => {
                write!(
                    f,
                    "line {expected} of the journal is missing: line {found} stands in its place"
                )
            }
            Self::Line { number } => write!(
                f,
                "line {number} of the journal is not as it was written, or the one before it is not"
            ),
            Self::Body { number, about } => {
                write!(f, "{} is not as line {number} of the journal has it", what(about))
            }
            Self::Gone { number, about } => write!(f, "{} is gone; line {number} of the journal has it", what(about)),
            Self::Unknown { about } => write!(f, "no line of the journal has {}", what(about)),
        }
    }
}

/// What a journal comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub lines: u64,
    /// What was erased, because who it is about was forgotten.
    pub erased: u64,
    /// What was there before there was a journal.
    pub adopted: u64,
    /// The digest of the last line: keep it elsewhere, and a journal that was written anew as a whole is found out, too.
    pub head: String,
}

/// Checks lines, in their order, and what they are about: what stands there now, by part.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(lines: &[Line], texts: &BTreeMap<Part, String>) -> Result<Checked, Broken> {
    let mut before = NOTHING.to_owned();
    let mut last: BTreeMap<Part, &Line> = BTreeMap::new();
    for (expected, line) in (1..).zip(lines) {
        if line.number != expected {
            let found = line.number;
            return Err(Broken::Number { expected, found });
        }
        if line.digest != line.seal(&before) {
            return Err(Broken::Line { number: line.number });
        }
        before.clone_from(&line.digest);
        last.insert(line.about(), line);
    }
    let mut known: Vec<(&Part, &&Line)> = last.iter().collect();
    known.sort_by_key(|(_, line)| line.number);
    for (about, line) in known {
        let (number, about) = (line.number, about.clone());
        match texts.get(&about) {
            None => return Err(Broken::Gone { number, about }),
            Some(text) if digest(&[text]) != line.body => return Err(Broken::Body { number, about }),
            Some(_) => {}
        }
    }
    if let Some(about) = texts.keys().find(|about| !last.contains_key(*about)).cloned() {
        return Err(Broken::Unknown { about });
    }
    let count = |kind: Kind| last.values().filter(|line| line.kind == kind).count() as u64;
    Ok(Checked {
        lines: lines.len() as u64,
        erased: count(Kind::Erased),
        adopted: count(Kind::Adopted),
        head: before,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Broken, Kind, Line, NOTHING, Part, check, digest};

    fn part(step: i64) -> Part {
        ("main.1.low.x/enforce/1".to_owned(), step)
    }

    fn journal() -> (Vec<Line>, BTreeMap<Part, String>) {
        let mut lines: Vec<Line> = Vec::new();
        let mut bodies = BTreeMap::new();
        for (number, step) in [(1, 0), (2, 1), (3, 2), (4, 0)] {
            let before = lines.last().map_or(NOTHING, |line| line.digest.as_str());
            let text = format!("body {number}");
            let body = digest(&[&text]);
            bodies.insert(part(step), text);
            lines.push(Line::sealed(before, number, 7, part(step), Kind::Written, body));
        }
        (lines, bodies)
    }

    #[test]
    fn a_whole_journal_is_whole_and_an_empty_one_too() {
        let (lines, bodies) = journal();
        let checked = check(&lines, &bodies).unwrap();
        assert_eq!((checked.lines, checked.erased, checked.adopted), (4, 0, 0));
        assert_eq!(checked.head, lines[3].digest);
        assert_eq!(check(&[], &BTreeMap::new()).unwrap().head, NOTHING);
    }

    #[test]
    fn each_field_of_each_line_is_sealed() {
        type Change = fn(&mut Line);
        let changes: [(&str, Change); 7] = [
            ("number", |line| line.number += 1),
            ("at", |line| line.at ^= 1),
            ("enforcement", |line| line.enforcement.push(' ')),
            ("part", |line| line.part += 1),
            ("kind", |line| line.kind = Kind::Erased),
            ("body", |line| line.body.replace_range(0..1, "g")),
            ("digest", |line| line.digest.replace_range(63..64, "g")),
        ];
        for place in 0..4 {
            for (name, change) in changes {
                let (mut lines, bodies) = journal();
                change(&mut lines[place]);
                assert!(check(&lines, &bodies).is_err(), "{name} of line {place}");
            }
            let (mut lines, bodies) = journal();
            lines.remove(place);
            assert!(check(&lines, &bodies).is_err(), "without line {place}");
            let (mut lines, bodies) = journal();
            lines.insert(place, lines[place].clone());
            assert!(check(&lines, &bodies).is_err(), "line {place} twice");
        }
    }

    #[test]
    fn what_the_lines_are_about_is_what_it_was() {
        let (lines, mut bodies) = journal();
        bodies.insert(part(2), "other".to_owned());
        let about = part(2);
        assert_eq!(check(&lines, &bodies), Err(Broken::Body { number: 3, about }));
        let (lines, mut bodies) = journal();
        bodies.remove(&part(1));
        let about = part(1);
        assert_eq!(check(&lines, &bodies), Err(Broken::Gone { number: 2, about }));
        let (lines, mut bodies) = journal();
        bodies.insert(part(9), "more".to_owned());
        assert_eq!(check(&lines, &bodies), Err(Broken::Unknown { about: part(9) }));
    }

    #[test]
    fn no_two_lists_of_texts_are_the_same() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["", "a"]), digest(&["a", ""]));
        assert_eq!(
            digest(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
