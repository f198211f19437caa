//! Matchers, as Alertmanager writes them: `client="561115"`, `alertname!="blind"`, `severity=~"critical|warning"`. Pure.

use regex::{Regex, RegexBuilder};

/// The memory that one compiled pattern may take: far more than one that a person writes.
const MOST_PATTERN_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
}

impl Operator {
    pub const fn new(is_equal: bool, is_regex: bool) -> Self {
        match (is_equal, is_regex) {
            (true, false) => Self::Equal,
            (false, false) => Self::NotEqual,
            (true, true) => Self::Matches,
            (false, true) => Self::MatchesNot,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }
}

/// What a label must be.
#[derive(Debug)]
pub struct Matcher {
    name: String,
    operator: Operator,
    value: String,
    pattern: Option<Regex>,
}

impl Matcher {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("bad matcher format: {text}");
        let text = text.trim();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
        let end = text.find(|letter| !is_name(letter)).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let all = [
            Operator::Matches,
            Operator::MatchesNot,
            Operator::NotEqual,
            Operator::Equal,
        ];
        let found = all
            .into_iter()
            .find_map(|one| Some((one, rest.strip_prefix(one.as_str())?)));
        let (operator, value) = found.ok_or_else(wrong)?;
        if name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Err(wrong());
        }
        let value = unquoted(value.trim()).ok_or_else(wrong)?;
        let pattern = matches!(operator, Operator::Matches | Operator::MatchesNot).then(|| pattern(&value));
        Ok(Self {
            name: name.to_owned(),
            operator,
            pattern: pattern.transpose()?,
            value,
        })
    }

    /// Whether these labels are meant. One that is missing is empty.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        let found = label(&self.name).unwrap_or_default();
        let holds = self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(found));
        match self.operator {
            Operator::Equal => found == self.value,
            Operator::NotEqual => found != self.value,
            Operator::Matches => holds,
            Operator::MatchesNot => !holds,
        }
    }
}

/// A pattern for a whole text.
///
/// # Errors
/// Why it is none.
pub fn pattern(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(MOST_PATTERN_BYTES)
        .build();
    built.map_err(|_| format!("bad regular expression: {text}"))
}

/// What a value means: in quotes, or as it stands.
fn unquoted(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else {
        return (!text.contains('"')).then(|| text.to_owned());
    };
    let inside = quoted.strip_suffix('"')?;
    let (mut value, mut letters) = (String::new(), inside.chars());
    while let Some(letter) = letters.next() {
        value.push(match letter {
            '"' => return None,
            '\\' => match letters.next()? {
                'n' => '\n',
                letter @ ('"' | '\\') => letter,
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::Matcher;

    #[test]
    fn a_matcher_says_what_a_label_must_be() {
        let label = |name: &str| (name == "client").then_some("56\"1");
        for (text, expected) in [
            (r#"client="56\"1""#, Some(true)),
            ("client=56", Some(false)),
            (r#" client != "56" "#, Some(true)),
            (r#"client=~"56.*""#, Some(true)),
            (r#"client=~"56""#, Some(false)),
            (r#"client=~"56|7""#, Some(false)),
            (r#"client!~"7.*""#, Some(true)),
            (r#"company="""#, Some(true)),
            (r#"company!="""#, Some(false)),
            ("client", None),
            ("=x", None),
            ("1client=x", None),
            (r#"client=5"6"#, None),
            (r#"client="5"6""#, None),
            (r#"client="5"#, None),
            (r#"client="5\x""#, None),
            (r#"client=~"(""#, None),
            ("client=~(x{900}){900}", None),
        ] {
            let found = Matcher::parse(text).map(|matcher| matcher.matches(label)).ok();
            assert_eq!(found, expected, "{text}");
        }
    }
}
