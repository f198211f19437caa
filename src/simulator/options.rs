//! What a simulator is started with, and why it may be refused. Reads no environment and no arguments: `cli` does.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::amount::Amount;
use super::world::MOST_CLIENTS;

/// Highest speed of the virtual clock: a year passes in half a minute.
const MOST_SPEED_THOUSANDTHS: u64 = 1_000_000_000;

/// How many times faster than the clock the virtual time runs, exact to thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed(u64);

impl Speed {
    /// As fast as the clock.
    pub const ONE: Self = Self(1_000);

    /// Virtual nanoseconds for nanoseconds of the clock.
    pub(super) fn virtual_nanos(self, nanos: u128) -> u128 {
        nanos.saturating_mul(u128::from(self.0)) / 1_000
    }
}

impl std::str::FromStr for Speed {
    type Err = OptionsError;

    /// Reads a decimal from 0 (the virtual clock stands still) to 1,000,000, with at most three places.
    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let thousandths = Amount::parse(text).and_then(|speed| speed.count_of(1_000));
        thousandths
            .filter(|speed| *speed <= MOST_SPEED_THOUSANDTHS)
            .map(Self)
            .ok_or_else(|| OptionsError::BadSpeed { text: text.to_owned() })
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousandths = i64::try_from(self.0).unwrap_or(i64::MAX);
        f.write_str(&Amount::of(thousandths, 1_000).column(0))
    }
}

/// What a simulator is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many clients the reseller has, up to 250,000.
    pub clients: u32,
    /// The same seed gives the same world.
    pub seed: u64,
    pub username: String,
    pub password: SecretString,
    /// How fast virtual time runs.
    pub speed: Speed,
    /// Real time that every API answer takes longer.
    pub latency: Duration,
    /// Calls per minute, by the given clock, above which `api_limit_exceeded` is answered; `None`: no cap.
    pub rate_cap_per_minute: Option<u32>,
    /// `NAME=SHARE`, `NAME@clients=SHARE`, `NAME@ID=SHARE` or `NAME@FUNCTION=SHARE` each.
    pub faults: Vec<String>,
    /// `NAME=VALUE` each.
    pub settings: Vec<String>,
    /// Virtual time at the start; `None`: what the clock shows.
    pub start: Option<Timestamp>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clients: 100,
            seed: 1,
            username: "demo@example.com".to_owned(),
            password: SecretString::from("demo"),
            speed: Speed::ONE,
            latency: Duration::ZERO,
            rate_cap_per_minute: None,
            faults: Vec::new(),
            settings: Vec::new(),
            start: None,
        }
    }
}

impl Options {
    /// The numbers of which no world can be made.
    pub(super) fn problems(&self) -> Vec<OptionsError> {
        let too_many = self.clients > MOST_CLIENTS;
        let problems = [
            too_many.then_some(OptionsError::TooManyClients { count: self.clients }),
            (self.rate_cap_per_minute == Some(0)).then_some(OptionsError::NoCalls),
        ];
        problems.into_iter().flatten().collect()
    }
}

/// Splits `NAME=VALUE`.
pub(super) fn assignment(text: &str) -> Result<(&str, &str), OptionsError> {
    text.split_once('=')
        .ok_or_else(|| OptionsError::NotAssigned { text: text.to_owned() })
}

/// Why a simulator cannot be started, or changed, as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// More clients than a world holds.
    #[error("`{count}` clients are more than the {MOST_CLIENTS} that a world holds")]
    TooManyClients {
        /// How many were asked for.
        count: u32,
    },
    /// A rate cap of zero.
    #[error("a rate cap of `0` would refuse every call")]
    NoCalls,
    #[error("`{text}` is not a speed")]
    BadSpeed { text: String },
    /// No `=` in it.
    #[error("`{text}` is not of the form NAME=VALUE")]
    NotAssigned { text: String },
    /// No fault of that name.
    #[error("there is no fault `{name}`")]
    UnknownFault {
        name: String,
        /// The name that was probably meant, and every name.
        known: String,
    },
    /// Something else than `clients`, a client's id or a function behind the `@`.
    #[error("`{name}` hits nobody")]
    UnknownTarget {
        name: String,
        /// What was probably meant, and what it takes.
        accepted: String,
    },
    #[error("`{share}` is not a share for fault `{name}`")]
    BadShare { name: String, share: String },
    #[error("with fault `{name}` the shares add up to more than 1")]
    SharesAddUp {
        /// The fault that was one too many.
        name: String,
    },
    /// More faults than are looked at.
    #[error("fault `{name}` is one too many")]
    TooManyFaults {
        /// The fault that was one too many.
        name: String,
    },
    /// No setting of that name.
    #[error("there is no setting `{name}`")]
    UnknownSetting {
        name: String,
        /// The name that was probably meant, and every name.
        known: String,
    },
    /// The setting does not take the value.
    #[error("setting `{name}` does not take `{value}`")]
    BadSetting {
        name: &'static str,
        value: String,
        /// What was probably meant, and what it takes.
        accepted: String,
    },
    /// Several things are wrong.
    #[error("{} things are not accepted", .0.len())]
    Several(Vec<OptionsError>),
}

impl OptionsError {
    /// All of them as one.
    ///
    /// # Errors
    /// When there is any.
    pub(super) fn all_of(mut problems: Vec<Self>) -> Result<(), Self> {
        match problems.len() {
            0 => Ok(()),
            1 => Err(problems.remove(0)),
            _ => Err(Self::Several(problems)),
        }
    }

    /// Everything that is wrong, one by one.
    #[must_use]
    pub fn problems(&self) -> &[Self] {
        match self {
            Self::Several(problems) => problems,
            one => std::slice::from_ref(one),
        }
    }

    /// What would be accepted.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoCalls => Some("leave it out for no cap".to_owned()),
            Self::BadSpeed { .. } => {
                Some("a decimal from 0 to 1000000 with at most three places, such as 60".to_owned())
            }
            Self::UnknownFault { known, .. } | Self::UnknownSetting { known, .. } => Some(known.clone()),
            Self::BadShare { .. } => Some("a decimal from 0 to 1 with at most six places, such as 0.05".to_owned()),
            Self::BadSetting { accepted, .. } | Self::UnknownTarget { accepted, .. } => Some(accepted.clone()),
            Self::TooManyFaults { .. } => Some("1,000 at most; NAME@clients hits a share of the clients".to_owned()),
            Self::TooManyClients { .. } | Self::NotAssigned { .. } | Self::SharesAddUp { .. } | Self::Several(_) => {
                None
            }
        }
    }
}

/// Longest word that is compared with others; those that are known are far shorter.
const LONGEST_WORD_BYTES: usize = 64;

/// What is to be said of a word that is not known: the one that was probably meant, then what is `known`.
pub(super) fn did_you_mean<'a>(given: &str, words: impl IntoIterator<Item = &'a str>, known: &str) -> String {
    let given = given.to_lowercase().replace('_', "-");
    let distance = |word: &str| {
        let plain = word.to_lowercase().replace('_', "-");
        let begins = given.len() >= 3 && (plain.starts_with(&given) || given.starts_with(&plain));
        let letters = strsim::damerau_levenshtein(&given, &plain);
        (begins || letters <= plain.len().div_ceil(2).min(3)).then_some(letters)
    };
    let near = words
        .into_iter()
        .filter(|word| given.len() <= LONGEST_WORD_BYTES && !word.is_empty())
        .filter_map(|word| Some((distance(word)?, word)))
        .min();
    match near {
        Some((_, word)) => format!("did you mean `{word}`? {known}"),
        None => known.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Speed, did_you_mean};

    #[test]
    fn what_is_near_is_offered_and_nothing_else() {
        let words = ["soft-code", "soft-listed", "setClient", "setClientThreshold", "zip", ""];
        for (given, meant) in [
            ("soft-cod", Some("soft-code")),
            ("SOFT_CODE", Some("soft-code")),
            ("setclient", Some("setClient")),
            ("setClientTreshold", Some("setClientThreshold")),
            ("soft", Some("soft-code")),
            ("zpi", Some("zip")),
            ("zip_code", Some("zip")),
            ("colour", None),
            ("", None),
            ("so", None),
        ] {
            let said = did_you_mean(given, words, "known: x");
            let expected = meant.map_or_else(String::new, |word| format!("did you mean `{word}`? "));
            assert_eq!(said, format!("{expected}known: x"), "{given}");
        }
        assert_eq!(did_you_mean(&"soft-code".repeat(1_000), words, "x"), "x");
    }

    #[test]
    fn speeds_are_read_and_printed() {
        for (text, printed) in [
            ("1", Some("1")),
            ("0", Some("0")),
            ("0.5", Some("0.5")),
            ("1000000", Some("1000000")),
            ("1000000.001", None),
            ("1.0001", None),
            ("-1", None),
            ("", None),
            ("fast", None),
        ] {
            assert_eq!(
                text.parse::<Speed>().ok().map(|speed| speed.to_string()).as_deref(),
                printed,
                "{text}"
            );
        }
    }
}
