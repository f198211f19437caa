//! Reads values of a section in the form that is wanted; what has not that form is reported and left out.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::problem::{Problem, Report, nearest};
use super::secret::Secrets;
use super::tree::{Kind, Node, Origin, Table};
use crate::domain::Money;

/// The keys of one table, where it stands and where what is wrong is gathered.
#[derive(Clone)]
pub(super) struct Section<'a> {
    table: Option<&'a Table>,
    path: String,
    origin: Origin,
    report: &'a Report,
}

impl<'a> Section<'a> {
    /// The whole configuration; `origin` is what is named when something is missing.
    pub fn root(table: &'a Table, origin: Origin, report: &'a Report) -> Self {
        Self {
            table: Some(table),
            path: String::new(),
            origin,
            report,
        }
    }

    /// Where problems go.
    pub fn report(&self) -> &'a Report {
        self.report
    }

    /// The path of a key.
    pub fn key(&self, key: &str) -> String {
        super::keys::join(&self.path, key)
    }

    /// Whether the key is given.
    pub fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    /// Whether no key is given at all.
    pub fn is_empty(&self) -> bool {
        self.table.is_none_or(Table::is_empty)
    }

    /// Where the key's value came from; the section's origin when there is none.
    pub fn origin_of(&self, key: &str) -> &Origin {
        self.node(key).map_or(&self.origin, |node| &node.origin)
    }

    fn node(&self, key: &str) -> Option<&'a Node> {
        self.table?.get(key)
    }

    /// Reports a problem of a key's value; the value is shown unless it may hold a secret.
    pub fn problem(&self, key: &str, details: impl FnOnce(Problem) -> Problem, what: &str) {
        let mut problem = Problem::new(self.origin_of(key), self.key(key), what);
        let printable = |shown: &String| !super::keys::may_hold_secret(key, shown);
        if let Some(shown) = self.node(key).and_then(Node::shown).filter(printable) {
            problem = problem.value(shown);
        }
        self.report.problem(details(problem));
    }

    /// Reports a problem of a key's value, and what would be accepted.
    pub fn refuse(&self, key: &str, what: &str, accepted: &str) {
        self.problem(key, |problem| problem.accepted(accepted), what);
    }

    /// Reports a problem of a value that may hold a secret, such as a URL with a password.
    pub fn problem_without_value(&self, key: &str, what: &str, accepted: &str) {
        let problem = Problem::new(self.origin_of(key), self.key(key), what);
        self.report.problem(problem.accepted(accepted));
    }

    /// Reports something odd that is in nobody's way.
    pub fn warn(&self, key: &str, what: &str, accepted: &str) {
        let problem = Problem::new(self.origin_of(key), self.key(key), what);
        self.report.warning(problem.accepted(accepted));
    }

    /// Reports that a key is missing.
    pub fn missing(&self, key: &str, accepted: &str) {
        self.report
            .absence(Problem::new(&self.origin, self.key(key), "is missing").accepted(accepted));
    }

    /// Reports that a secret is missing, as what that means.
    pub fn missing_secret(&self, key: &str, accepted: &str, secrets: Secrets) {
        match secrets {
            Secrets::Required => self.missing(key, accepted),
            Secrets::MayBeMissing => {
                let problem = Problem::new(&self.origin, self.key(key), "is missing");
                self.report.warning(problem.accepted(accepted));
            }
        }
    }

    fn wrong_form(&self, key: &str, node: &Node, accepted: &str) {
        let what = match node.kind {
            Kind::Float(_) => "is a float, which is never exact".to_owned(),
            _ => format!("is {}", node.type_name()),
        };
        self.refuse(key, &what, accepted);
    }

    /// A table below this one, when it is given and is one.
    pub fn table(&self, key: &str, accepted: &str) -> Option<Section<'a>> {
        let node = self.node(key)?;
        match &node.kind {
            Kind::Table(table) => Some(Section {
                table: Some(table),
                path: self.key(key),
                origin: node.origin.clone(),
                report: self.report,
            }),
            _ => {
                self.wrong_form(key, node, accepted);
                None
            }
        }
    }

    /// A table that may be left out: without it, one without keys.
    pub fn table_or_empty(&self, key: &str) -> Section<'a> {
        self.table(key, "a table of keys").unwrap_or_else(|| Section {
            table: None,
            path: self.key(key),
            origin: self.origin.clone(),
            report: self.report,
        })
    }

    /// The entries of a list of named things.
    pub fn entries(&self, key: &str) -> Vec<(&'a str, Section<'a>)> {
        let Some(Node {
            kind: Kind::Named(entries),
            ..
        }) = self.node(key)
        else {
            return Vec::new();
        };
        let section = |(name, node): &'a (String, Node)| {
            let Kind::Table(table) = &node.kind else { return None };
            let path = format!("{}.{name}", self.key(key));
            Some((
                name.as_str(),
                Section {
                    table: Some(table),
                    path,
                    origin: node.origin.clone(),
                    report: self.report,
                },
            ))
        };
        entries.iter().filter_map(section).collect()
    }

    /// A text, not empty, without control characters.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        let node = self.node(key)?;
        match &node.kind {
            Kind::Text(text) if text.trim().is_empty() => self.refuse(key, "is empty", "a text"),
            Kind::Text(text) if text.contains(char::is_control) => {
                self.refuse(key, "has control characters", "one line of text");
            }
            Kind::Text(text) => return Some(text),
            _ => self.wrong_form(key, node, "a text in quotes"),
        }
        None
    }

    /// Lines of text: not empty, without other control characters than the line breaks, trimmed at both ends.
    pub fn lines(&self, key: &str) -> Option<Vec<String>> {
        let node = self.node(key)?;
        let Kind::Text(text) = &node.kind else {
            self.wrong_form(key, node, "a text in quotes");
            return None;
        };
        let lines: Vec<String> = text.trim().lines().map(|line| line.trim().to_owned()).collect();
        if lines.is_empty() {
            return refuse(self, key, "is empty", "a text");
        }
        if lines.iter().any(|line| line.contains(char::is_control)) {
            return refuse(self, key, "has control characters", "lines of text");
        }
        Some(lines)
    }

    /// A secret: a text that is not empty and is never shown.
    pub fn secret(&self, key: &str) -> Option<String> {
        let node = self.node(key)?;
        match &node.kind {
            Kind::Text(text) if text.is_empty() => self.refuse(key, "is empty", "a text"),
            Kind::Text(text) if text.contains(char::is_control) => {
                self.refuse(key, "has control characters", "one line of text");
            }
            Kind::Text(text) => return Some(text.clone()),
            _ => self.wrong_form(key, node, "a text in quotes"),
        }
        None
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &str) -> Option<bool> {
        let node = self.node(key)?;
        if let Kind::Flag(flag) = node.kind {
            return Some(flag);
        }
        self.wrong_form(key, node, "true or false");
        None
    }

    /// A whole number in a range.
    pub fn number(&self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let node = self.node(key)?;
        let accepted = format!("a whole number from {} to {}", range.start(), range.end());
        let Kind::Integer(integer) = node.kind else {
            self.wrong_form(key, node, &accepted);
            return None;
        };
        match u32::try_from(integer).ok().filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => {
                self.refuse(key, "is out of range", &accepted);
                None
            }
        }
    }

    /// A duration in a range.
    pub fn duration(&self, key: &str, range: RangeInclusive<SignedDuration>) -> Option<SignedDuration> {
        let accepted = format!(
            "a duration from {} to {}, such as \"30s\", \"5m 30s\", \"24h\" or \"400d\"",
            for_people(*range.start()),
            for_people(*range.end())
        );
        let node = self.node(key)?;
        let Kind::Text(text) = &node.kind else {
            self.wrong_form(key, node, &accepted);
            return None;
        };
        match parse_duration(text) {
            None => self.refuse(key, "is not a duration", &accepted),
            Some(duration) if range.contains(&duration) => return Some(duration),
            Some(_) => self.refuse(key, "is out of range", &accepted),
        }
        None
    }

    /// An exact amount. A float is refused by name.
    pub fn money(&self, key: &str) -> Option<Money> {
        let accepted = "an amount in quotes, such as \"12.50\"";
        match self.amount_text(key, accepted)?.parse() {
            Ok(money) => Some(money),
            Err(_) => {
                self.refuse(key, "is not an amount", accepted);
                None
            }
        }
    }

    /// The digits of an amount, or another text in its place. A whole number is exact without quotes too.
    pub fn amount_text(&self, key: &str, accepted: &str) -> Option<String> {
        let node = self.node(key)?;
        match &node.kind {
            Kind::Text(text) => Some(text.trim().to_owned()),
            Kind::Integer(integer) => Some(integer.to_string()),
            _ => {
                self.wrong_form(key, node, accepted);
                None
            }
        }
    }

    /// One of some words. `later` are words of later versions.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], later: &[&str]) -> Option<T> {
        let text = self.text(key)?;
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*choice);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let accepted = words.join(", ");
        if later.contains(&text) {
            self.refuse(key, "is not in this version", &accepted);
        } else {
            let meant = nearest(text, words);
            self.problem(
                key,
                |problem| problem.accepted(accepted).did_you_mean(meant),
                "is not known",
            );
        }
        None
    }

    /// A list of texts.
    pub fn list(&self, key: &str) -> Option<Vec<&'a str>> {
        let node = self.node(key)?;
        let Kind::List(items) = &node.kind else {
            self.wrong_form(key, node, "a list of texts, such as [\"a\", \"b\"]");
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            match &item.kind {
                Kind::Text(text) if !text.trim().is_empty() && !text.contains(char::is_control) => {
                    texts.push(text.trim());
                }
                Kind::Text(text) => self.refuse_item(key, text, "is empty or has control characters", "a text"),
                _ => self.refuse_item(
                    key,
                    &item.shown().unwrap_or_default(),
                    &format!("has an item that is {}", item.type_name()),
                    "texts in quotes",
                ),
            }
        }
        Some(texts)
    }

    /// Reports a problem of one item of a list.
    pub fn refuse_item(&self, key: &str, item: &str, what: &str, accepted: &str) {
        let problem = Problem::new(self.origin_of(key), self.key(key), what);
        self.report.problem(problem.value(item).accepted(accepted));
    }
}

/// Reads a key that may be absent: `Some(None)` when it is, `None` when it is wrong.
pub(super) fn optional<T>(section: &Section<'_>, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if section.has(key) {
        read(key).map(Some)
    } else {
        Some(None)
    }
}

/// Reports a problem of a key's value, as [`Section::refuse`], in place of the value.
pub(super) fn refuse<T>(section: &Section<'_>, key: &str, what: &str, accepted: &str) -> Option<T> {
    section.refuse(key, what, accepted);
    None
}

/// A duration in jiff's friendly form or ISO 8601, days of 24 hours, not negative; `None` for anything else.
pub(super) fn parse_duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.trim().parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then_some(duration)
}

/// A bound as a person would write it.
fn for_people(duration: SignedDuration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match seconds {
        0 if millis > 0 => format!("{millis}ms"),
        0 => "0s".to_owned(),
        _ if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        _ if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{for_people, parse_duration};
    use jiff::SignedDuration;

    #[test]
    fn durations_are_what_people_write() {
        let cases = [
            ("seconds", "30s", Some(30)),
            ("nothing", "0s", Some(0)),
            ("two units", "5m 30s", Some(330)),
            ("joined", "1h30m", Some(5_400)),
            ("hours of a day", "24h", Some(86_400)),
            ("days", "400d", Some(400 * 86_400)),
            ("weeks", "2w", Some(14 * 86_400)),
            ("words", "3 hours, 5 minutes", Some(3 * 3_600 + 300)),
            ("ISO", "PT5M", Some(300)),
            ("fraction", "1.5h", Some(5_400)),
            ("blanks around", " 5m ", Some(300)),
            ("negative", "-5m", None),
            ("in the past", "5m ago", None),
            ("no unit", "30", None),
            ("months have no length", "1mo", None),
            ("years have no length", "1y", None),
            ("empty", "", None),
            ("word", "often", None),
        ];
        for (name, text, seconds) in cases {
            assert_eq!(parse_duration(text), seconds.map(SignedDuration::from_secs), "{name}");
        }
    }

    #[test]
    fn bounds_are_shown_in_the_largest_whole_unit() {
        let cases = [
            (0, "0s"),
            (90, "90s"),
            (120, "2m"),
            (7_200, "2h"),
            (86_400, "1d"),
            (90_000, "25h"),
        ];
        for (seconds, shown) in cases {
            assert_eq!(for_people(SignedDuration::from_secs(seconds)), shown);
        }
        assert_eq!(for_people(SignedDuration::from_millis(100)), "100ms");
    }
}
