//! What is wrong with a configuration, and where: one line each, gathered instead of stopping at the first.
//!
//! Never holds a secret: who adds a problem about one leaves the value out.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Serialize;

/// One thing that is wrong, or odd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, variable or credential that says it.
    pub file: String,
    /// The key, such as `account.main.url`; empty when the file as a whole is meant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Such as `is out of range`.
    pub problem: String,
    /// The value as given, shortened; never a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
}

/// Longest value shown of a problem, in characters.
const LONGEST_VALUE: usize = 60;

impl Problem {
    #[must_use]
    pub fn new(file: impl fmt::Display, key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            file: file.to_string(),
            key: key.into(),
            problem: problem.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn value(mut self, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        let mut shown: String = value.chars().take(LONGEST_VALUE).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        self.value = Some(shown);
        self
    }

    #[must_use]
    pub fn accepted(mut self, accepted: impl Into<String>) -> Self {
        self.accepted = Some(accepted.into());
        self
    }

    #[must_use]
    pub fn did_you_mean(mut self, meant: Option<String>) -> Self {
        self.did_you_mean = meant;
        self
    }
}

impl fmt::Display for Problem {
    /// `FILE: KEY: what is wrong (value; what is accepted; did you mean)`, on one line whatever the values hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = format!("{}: ", self.file);
        if !self.key.is_empty() {
            line.push_str(&self.key);
            line.push_str(": ");
        }
        line.push_str(&self.problem);
        let value = self.value.as_ref().map(|value| format!("`{value}`"));
        let meant = self.did_you_mean.as_ref();
        let meant = meant.map(|meant| format!("did you mean `{meant}`?"));
        let details: Vec<String> = [value, self.accepted.clone(), meant].into_iter().flatten().collect();
        if !details.is_empty() {
            line.push_str(&format!(" ({})", details.join("; ")));
        }
        f.write_str(&line.replace(char::is_control, "\u{fffd}"))
    }
}

/// What is wrong with a value, before it is known where it stands.
#[derive(Default)]
pub(super) struct Wrong {
    what: String,
    accepted: Option<String>,
    meant: Option<String>,
    item: Option<String>,
    hides_value: bool,
}

pub(super) fn wrong(what: impl Into<String>) -> Wrong {
    Wrong {
        what: what.into(),
        ..Wrong::default()
    }
}

impl Wrong {
    /// With what would be accepted, instead of what the key says.
    pub fn accepted(mut self, accepted: impl Into<String>) -> Self {
        self.accepted = Some(accepted.into());
        self
    }

    pub fn did_you_mean(mut self, meant: Option<String>) -> Self {
        self.meant = meant;
        self
    }

    /// With the item of a list that it is about.
    pub fn item(mut self, item: String) -> Self {
        self.item = Some(item);
        self
    }

    /// Without the value: it may hold a secret.
    pub fn hiding_value(mut self) -> Self {
        self.hides_value = true;
        self
    }

    /// The problem of the key at `place`, which has this value and takes what is `accepted`.
    pub fn at(self, file: impl fmt::Display, place: String, value: Option<String>, accepted: String) -> Problem {
        let problem = Problem::new(file, place, self.what)
            .accepted(self.accepted.unwrap_or(accepted))
            .did_you_mean(self.meant);
        match self.item.or(value).filter(|_| !self.hides_value) {
            Some(value) => problem.value(value),
            None => problem,
        }
    }
}

impl From<Wrong> for Vec<Wrong> {
    fn from(wrong: Wrong) -> Self {
        vec![wrong]
    }
}

/// Why there are no settings: everything that is wrong, and what is only odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// At least one.
    pub problems: Vec<Problem>,
    /// What would not have been in the way.
    pub warnings: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {}", count(self.problems.len(), "problem"))
    }
}

impl std::error::Error for Problems {}

/// `1 problem`, `2 problems`.
#[must_use]
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What a secret that cannot be read means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// A problem: the program is about to use it.
    Required,
    /// A warning, and the secret is empty: nothing will be contacted. For `check`, `config show` and what only reads
    /// the store.
    MayBeMissing,
}

/// Gathers problems while the configuration is read.
#[derive(Debug)]
pub(super) struct Report {
    pub secrets: Secrets,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    incomplete: Cell<bool>,
}

impl Report {
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            problems: RefCell::default(),
            warnings: RefCell::default(),
            incomplete: Cell::default(),
        }
    }

    /// Adds what is wrong. Said twice in the same words, it counts once.
    pub fn problem(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Adds what is missing or not found; says nothing when a layer could not be read, for it may be there.
    pub fn absence(&self, problem: Problem) {
        if !self.incomplete.get() {
            self.problem(problem);
        }
    }

    /// Adds a secret that is missing.
    pub fn absent_secret(&self, problem: Problem) {
        match self.secrets {
            Secrets::Required => self.absence(problem),
            Secrets::MayBeMissing => self.warning(problem),
        }
    }

    /// Adds a file of secrets or certificates that cannot be read.
    pub fn unreadable(&self, problem: Problem) {
        match self.secrets {
            Secrets::Required => self.problem(problem),
            Secrets::MayBeMissing => self.warning(problem),
        }
    }

    /// Adds what is odd, once. What is odd in half a configuration says nothing.
    pub fn warning(&self, warning: Problem) {
        let mut warnings = self.warnings.borrow_mut();
        if !self.incomplete.get() && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Notes that a layer could not be read.
    pub fn set_incomplete(&self) {
        self.incomplete.set(true);
    }

    /// What was gathered: problems and warnings.
    pub fn into_parts(self) -> (Vec<Problem>, Vec<Problem>) {
        (self.problems.into_inner(), self.warnings.into_inner())
    }
}

/// The candidate that `given` was probably meant to be: equal but for case and dashes, or few letters away.
#[must_use]
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let given = plain(given);
    // A long word may have more letters wrong than a short one, and one letter may always be.
    let most = (given.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&given, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Problem, Problems, Report, Secrets, nearest};

    #[test]
    fn a_problem_is_one_line_with_file_key_and_details() {
        let problem = Problem::new("a.toml", "account.main.url", "is no URL");
        assert_eq!(problem.to_string(), "a.toml: account.main.url: is no URL");
        let full = problem
            .value("x\ny")
            .accepted("https only")
            .did_you_mean(Some("url".into()));
        assert_eq!(
            full.to_string(),
            "a.toml: account.main.url: is no URL (`x\u{fffd}y`; https only; did you mean `url`?)"
        );
        let whole = Problem::new("a.toml", "", "cannot be read");
        assert_eq!(whole.to_string(), "a.toml: cannot be read");
        let long = Problem::new("a", "b", "c").value("x".repeat(61));
        assert_eq!(long.to_string(), format!("a: b: c (`{}…`)", "x".repeat(60)));
    }

    #[test]
    fn the_same_words_count_once_and_absences_need_every_layer() {
        let report = Report::new(Secrets::Required);
        report.problem(Problem::new("a", "b", "c"));
        report.problem(Problem::new("a", "b", "c"));
        report.set_incomplete();
        report.absence(Problem::new("a", "d", "is missing"));
        let (problems, warnings) = report.into_parts();
        assert_eq!((problems.len(), warnings.len()), (1, 0));
        assert_eq!(
            Problems { problems, warnings }.to_string(),
            "the configuration has 1 problem"
        );
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let keys = ["rate_per_minute", "concurrency", "url", "to", "username"];
        let cases = [
            ("rate_per_minut", Some("rate_per_minute")),
            ("rate-per-minute", Some("rate_per_minute")),
            ("Concurrency", Some("concurrency")),
            ("conccurency", Some("concurrency")),
            ("ulr", Some("url")),
            ("rul", Some("url")),
            ("user_name", Some("username")),
            ("colour", None),
            ("x", None),
            ("", None),
        ];
        for (given, expected) in cases {
            assert_eq!(nearest(given, keys).as_deref(), expected, "{given}");
        }
    }
}
