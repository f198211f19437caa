//! The switches of the simulator: what kinds of values there are, and the present ones. The rows are in `table.rs`; a
//! new switch is a row there and one place that asks for it.

mod table;

use std::fmt;

use super::access;
use super::functions;
use super::options::{OptionsError, did_you_mean};
use super::world::chance::Share;

use table::KEYS;
pub(super) use table::{Key, TABLE};

/// How sure it is that the real API behaves in the way that a setting or fault imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    Documented,
    /// Somebody recorded it from the live API.
    Observed,
    /// It follows from what is documented or observed.
    Inferred,
    /// Nobody recorded how it is; a client has to survive every value.
    Unknown,
    /// It imitates nothing: a tool for tests.
    Tool,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
            Self::Tool => "tool",
        })
    }
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
enum Accepts {
    OneOf(&'static [&'static str]),
    /// A whole number up to this.
    Number(u64),
    /// A decimal from 0 to 1.
    Share,
    /// A list of addresses, see [`super::access`].
    Addresses,
    /// A list of functions.
    Functions,
    Text(&'static str),
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(choices) => f.write_str(&choices.join(", ")),
            Self::Number(most) => write!(f, "0 to {most}"),
            Self::Share => f.write_str("0 to 1"),
            Self::Addresses => f.write_str(access::ACCEPTED),
            Self::Functions => f.write_str("FUNCTION,..."),
            Self::Text(what) => f.write_str(what),
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Setting {
    /// The heading that it stands under in the help.
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    accepts: Accepts,
    pub(super) certainty: Certainty,
    pub(super) imitates: &'static str,
}

impl Setting {
    /// The words that it takes, if it takes only certain ones.
    pub(super) fn choices(&self) -> Option<&'static [&'static str]> {
        match self.accepts {
            Accepts::OneOf(choices) => Some(choices),
            Accepts::Number(_) | Accepts::Share | Accepts::Addresses | Accepts::Functions | Accepts::Text(_) => None,
        }
    }

    /// What it takes, for help and errors.
    pub(super) fn accepted(&self) -> String {
        self.accepts.to_string()
    }
}

/// A value in the form that is asked for.
#[derive(Clone, Debug)]
enum Value {
    Choice(&'static str),
    Number(u64),
    Share(Share),
    Text(Box<str>),
}

#[derive(Clone, Debug)]
pub(super) struct Settings(Vec<Value>);

impl Default for Settings {
    fn default() -> Self {
        Self(
            TABLE
                .iter()
                .map(|row| read(row, row.default).unwrap_or(Value::Choice(row.default)))
                .collect(),
        )
    }
}

fn read(row: &Setting, text: &str) -> Option<Value> {
    match row.accepts {
        Accepts::OneOf(choices) => choices
            .iter()
            .find(|choice| **choice == text)
            .map(|choice| Value::Choice(choice)),
        Accepts::Number(most) => text.parse().ok().filter(|number| *number <= most).map(Value::Number),
        Accepts::Share => Share::parse(text).map(Value::Share),
        Accepts::Functions => text
            .split(',')
            .map(str::trim)
            .all(|name| name.is_empty() || functions::find(name).is_some())
            .then(|| Value::Text(text.into())),
        // Who that is, is found out before a setting is changed: names are looked up.
        Accepts::Addresses | Accepts::Text(_) => (text.len() <= 1_000).then(|| Value::Text(text.into())),
    }
}

impl Settings {
    /// Changes the setting of that name.
    ///
    /// # Errors
    /// When there is none, or it does not take the value.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Result<Key, OptionsError> {
        let index = TABLE
            .iter()
            .position(|row| row.name == name)
            .ok_or_else(|| OptionsError::UnknownSetting {
                name: name.to_owned(),
                known: {
                    let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
                    did_you_mean(name, names.iter().copied(), &format!("known: {}", names.join(", ")))
                },
            })?;
        self.0[index] = read(&TABLE[index], text).ok_or_else(|| OptionsError::BadSetting {
            name: TABLE[index].name,
            value: text.to_owned(),
            accepted: {
                let row = &TABLE[index];
                let words: Vec<_> = match row.accepts {
                    Accepts::Functions => functions::FUNCTIONS.iter().map(|function| function.name).collect(),
                    _ => row.choices().unwrap_or_default().to_vec(),
                };
                // Of a list of functions, the one that is none.
                let wrong = text.split(',').map(str::trim).find(|word| !words.contains(word));
                did_you_mean(
                    wrong.unwrap_or_default(),
                    words,
                    &format!("accepted: {}", row.accepted()),
                )
            },
        })?;
        Ok(KEYS[index])
    }

    /// The text of a setting that takes any.
    pub(super) fn text(&self, key: Key) -> &str {
        debug_assert!(TABLE[key as usize].choices().is_none(), "{key:?} takes certain words");
        match &self.0[key as usize] {
            Value::Text(text) => text,
            Value::Choice(_) | Value::Number(_) | Value::Share(_) => "",
        }
    }

    /// Whether this is the chosen word. Asking for a word that the setting does not take is a mistake in the program,
    /// and panics in tests.
    pub(super) fn is(&self, key: Key, word: &str) -> bool {
        debug_assert!(
            TABLE[key as usize]
                .choices()
                .is_some_and(|choices| choices.contains(&word)),
            "{key:?} never is {word:?}"
        );
        matches!(self.0[key as usize], Value::Choice(chosen) if chosen == word)
    }

    /// The chosen word, where the words are statuses.
    pub(super) fn choice(&self, key: Key) -> &'static str {
        match &self.0[key as usize] {
            Value::Choice(choice) => choice,
            Value::Text(_) | Value::Number(_) | Value::Share(_) => "",
        }
    }

    /// Whether a switch is on.
    pub(super) fn on(&self, key: Key) -> bool {
        self.is(key, "on")
    }

    /// The number of a setting that takes one.
    pub(super) fn number(&self, key: Key) -> u64 {
        match self.0[key as usize] {
            Value::Number(number) => number,
            Value::Choice(_) | Value::Share(_) | Value::Text(_) => 0,
        }
    }

    /// The share of a setting that takes one.
    pub(super) fn share(&self, key: Key) -> Share {
        match self.0[key as usize] {
            Value::Share(share) => share,
            Value::Choice(_) | Value::Number(_) | Value::Text(_) => Share::NONE,
        }
    }

    /// Takes a one-shot text, leaving it empty.
    pub(super) fn take(&mut self, key: Key) -> Box<str> {
        match &mut self.0[key as usize] {
            Value::Text(text) => std::mem::take(text),
            Value::Choice(_) | Value::Number(_) | Value::Share(_) => Box::default(),
        }
    }

    /// Every name with its present value, in the order of the table.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, String)> {
        TABLE.iter().zip(&self.0).map(|(row, value)| {
            let text = match value {
                Value::Choice(choice) => (*choice).to_owned(),
                Value::Number(number) => number.to_string(),
                Value::Share(share) => share.to_string(),
                Value::Text(text) => text.to_string(),
            };
            (row.name, text)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{KEYS, Key, Settings, TABLE, read};

    #[test]
    fn every_row_takes_its_default_and_stands_where_its_key_says() {
        let names: BTreeSet<_> = TABLE.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), TABLE.len(), "names are unique");
        let settings = Settings::default();
        for ((index, row), (name, value)) in TABLE.iter().enumerate().zip(settings.all()) {
            assert!(read(row, row.default).is_some(), "{} takes its default", row.name);
            assert_eq!((name, value.as_str()), (row.name, row.default));
            assert_eq!(KEYS[index] as usize, index);
        }
    }

    #[test]
    fn both_sides_of_what_a_setting_takes() {
        let mut settings = Settings::default();
        for (name, value, good) in [
            ("omitted-fields", "kept", true),
            ("omitted-fields", "KEPT", false),
            ("slow-secs", "3600", true),
            ("slow-secs", "3601", false),
            ("slow-secs", "-1", false),
            ("threshold-absent", "0.5", true),
            ("threshold-absent", "1.5", false),
            ("api-enabled", "off", true),
            ("api-enabled", "", false),
            ("soft-code", "0", true),
            ("maintenance-methods", "getIP, setClient,", true),
            ("maintenance-methods", "", true),
            ("maintenance-methods", "getIP,getip", false),
            ("no-such-thing", "on", false),
        ] {
            assert_eq!(settings.set(name, value).is_ok(), good, "{name}={value}");
        }
        assert!(!settings.on(Key::ApiEnabled));
        assert_eq!(settings.text(Key::SoftCode), "0");
        assert_eq!(settings.number(Key::SlowSecs), 3600);
        assert!(settings.is(Key::OmittedFields, "kept") && !settings.is(Key::OmittedFields, "blanked"));
    }

    #[test]
    #[should_panic(expected = "never is")]
    fn a_word_that_a_setting_does_not_take_is_not_asked_for() {
        Settings::default().is(Key::OmittedFields, "keep");
    }

    #[test]
    #[should_panic(expected = "takes certain words")]
    fn a_word_is_not_asked_for_as_a_text() {
        Settings::default().text(Key::OmittedFields);
    }
}
