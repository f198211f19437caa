//! Texts of the reseller's own in place of the shipped ones. PURE: the files' texts go in, and a letter comes out.
//!
//! A template gives words, never layout: what it renders is cut into a subject, a headline, paragraphs and steps, each
//! cleaned to one line as every text of a letter is. So no template and no name in it can add a header, break the HTML or
//! hide the numbers with their age, which stay as they are. One that fails leaves the letter as it was.
//!
//! `name` says which mails a file is for, `source` reads one, `values` are what it may say.

mod name;
mod source;
mod values;

use std::collections::BTreeMap;
use std::fmt;

use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

pub(super) use self::name::word;
pub use self::name::{Place, Told};
pub use self::source::LARGEST;
pub(super) use self::values::is_given;
pub use self::values::{NAMES, Values};
use super::Letter;
use super::words::subject_line;
use crate::domain::PolicyName;
use crate::redact::one_line;

/// Most work of one text: a hundred times what a long mail takes, and done in milliseconds.
const FUEL: u64 = 50_000;

/// Longest value within a sentence, in characters.
const LONGEST_VALUE: usize = 500;

/// Longest paragraph, in characters: two screens of a phone.
const LONGEST_PARAGRAPH: usize = 2_000;

/// Most paragraphs, and most steps.
const MOST_BLOCKS: usize = 30;

/// A file of templates, as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path below the folder: `en/low-balance.fired.client.txt`.
    pub name: String,
    pub text: String,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its path below the folder.
    pub file: String,
    /// 1 is the first; `None`: it is about the whole file.
    pub line: Option<usize>,
    pub what: String,
    /// What was written, and what could have been meant; empty when that is not the matter.
    pub given: String,
    pub known: Vec<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl Fault {
    fn new(file: &str, line: Option<usize>, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            what: what.into(),
            given: String::new(),
            known: Vec::new(),
        }
    }

    fn meant(mut self, given: &str, known: impl IntoIterator<Item = impl Into<String>>) -> Self {
        given.clone_into(&mut self.given);
        self.known = known.into_iter().map(Into::into).collect();
        self
    }

    fn of(error: &minijinja::Error, file: &str) -> Self {
        let what = match error.kind() {
            ErrorKind::UndefinedError => "uses a value that is not there".to_owned(),
            ErrorKind::OutOfFuel => "takes too long".to_owned(),
            _ => one_line(error.detail().unwrap_or("cannot be rendered"), LONGEST_VALUE),
        };
        Self::new(file, error.line(), what)
    }
}

/// All templates of a folder that can be used.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    texts: BTreeMap<Place, Text>,
}

/// The parts of one file. Each is a template of the environment, named by the file and the part.
#[derive(Clone, Debug)]
struct Text {
    file: String,
    parts: Vec<&'static str>,
}

const SUBJECT: &str = "subject";
const HEADLINE: &str = "headline";
const BODY: &str = "body";

impl Templates {
    /// Reads the files, and says what is wrong with those that cannot be used.
    #[must_use]
    pub fn read(sources: &[Source], policies: &[PolicyName]) -> (Self, Vec<Fault>) {
        let mut templates = Self {
            environment: environment(),
            texts: BTreeMap::new(),
        };
        let mut faults = Vec::new();
        for source in sources {
            match templates.add(source, policies) {
                Ok(()) => {}
                Err(found) => faults.extend(found),
            }
        }
        (templates, faults)
    }

    fn add(&mut self, source: &Source, policies: &[PolicyName]) -> Result<(), Vec<Fault>> {
        let place = Place::of(&source.name, policies).map_err(|fault| vec![fault])?;
        let parts = source::parts(source).map_err(|fault| vec![fault])?;
        let mut faults = Vec::new();
        for (part, text) in &parts {
            let name = part_name(&source.name, part);
            match self.environment.add_template_owned(name.clone(), text.clone()) {
                Err(error) => faults.push(Fault::of(&error, &source.name)),
                Ok(()) => faults.extend(self.unknown(&name, source, place.told)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let text = Text {
            file: source.name.clone(),
            parts: parts.into_iter().map(|(part, _)| part).collect(),
        };
        self.texts.insert(place, text);
        Ok(())
    }

    /// Values that nobody gives to this text.
    fn unknown(&self, name: &str, source: &Source, told: Told) -> Vec<Fault> {
        let Ok(template) = self.environment.get_template(name) else {
            return Vec::new();
        };
        let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        unknown.retain(|name| !is_given(name, told) && !self.environment.globals().any(|(known, _)| known == name));
        unknown.sort();
        let fault = |name: &String| {
            let line = source.text.lines().position(|line| source::uses(line, name));
            let what = if is_given(name, Told::Operators) {
                format!("`{name}` is not for clients")
            } else {
                format!("there is no value `{name}`")
            };
            let known = NAMES.iter().filter(|row| is_given(row.name, told)).map(|row| row.name);
            Fault::new(&source.name, line.map(|index| index + 1), what).meant(name, known)
        };
        unknown.iter().map(fault).collect()
    }

    /// Which files there are.
    pub fn files(&self) -> impl Iterator<Item = (&Place, &str)> {
        self.texts.iter().map(|(place, text)| (place, text.file.as_str()))
    }

    /// The file for a letter; `None`: it has the shipped text.
    #[must_use]
    pub fn file_for(&self, place: &Place) -> Option<&str> {
        self.text(place).map(|text| text.file.as_str())
    }

    fn text(&self, place: &Place) -> Option<&Text> {
        self.texts.get(place).or_else(|| self.texts.get(&place.of_any_policy()))
    }

    /// Puts the words of the reseller's own text for `place`, if there is one, into a letter.
    ///
    /// # Errors
    /// When it cannot be rendered; the letter is as it was.
    pub(super) fn dress(&self, letter: &mut Letter, place: &Place, values: Values) -> Result<(), Fault> {
        let Some(text) = self.text(place) else {
            return Ok(());
        };
        let values = Value::from(values);
        let mut dressed = letter.clone();
        for part in &text.parts {
            let template = self.environment.get_template(&part_name(&text.file, part));
            let rendered = template.and_then(|template| template.render(values.clone()));
            let rendered = rendered.map_err(|error| Fault::of(&error, &text.file))?;
            fill(&mut dressed, part, &rendered).map_err(|what| Fault::new(&text.file, None, what))?;
        }
        *letter = dressed;
        Ok(())
    }
}

fn part_name(file: &str, part: &str) -> String {
    format!("{file}#{part}")
}

/// No template can load another, call a macro or see more than its values.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // The layout escapes.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_formatter(|out, _, value| {
        let error = |kind, what: &'static str| Err(minijinja::Error::new(kind, what));
        match value.kind() {
            ValueKind::Undefined => error(ErrorKind::UndefinedError, ""),
            ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => error(
                ErrorKind::InvalidOperation,
                "a list cannot be written as it is: go through it with {% for %}, or join it",
            ),
            _ => out
                .write_str(&one_line(&value.to_string(), LONGEST_VALUE))
                .map_err(|_| minijinja::Error::from(ErrorKind::WriteFailure)),
        }
    });
    environment
}

/// Takes what a part came to into the letter.
fn fill(letter: &mut Letter, part: &str, rendered: &str) -> Result<(), String> {
    let line = || {
        let line = one_line(rendered, LONGEST_PARAGRAPH);
        (!line.is_empty()).then_some(line)
    };
    match part {
        SUBJECT => {
            // Not every sign of a line stands in a subject.
            let subject = line().filter(|line| !subject_line(line, LONGEST_PARAGRAPH).is_empty());
            letter.subject = subject.ok_or("the subject is empty")?;
        }
        HEADLINE => letter.headline = line().ok_or("the headline is empty")?,
        _ => {
            let (paragraphs, steps) = source::blocks(rendered);
            if paragraphs.len() > MOST_BLOCKS || steps.len() > MOST_BLOCKS {
                return Err(format!("has more than {MOST_BLOCKS} paragraphs or steps"));
            }
            if paragraphs.is_empty() && steps.is_empty() {
                return Err("the text is empty".to_owned());
            }
            let clean = |texts: Vec<String>| -> Vec<String> {
                let texts = texts.iter().map(|text| one_line(text, LONGEST_PARAGRAPH));
                texts.filter(|text| !text.is_empty()).collect()
            };
            letter.paragraphs = clean(paragraphs);
            letter.steps = clean(steps);
        }
    }
    Ok(())
}
