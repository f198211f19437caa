//! Why: the closed set of reasons that decisions carry. Log line, `explain` row, mail sentence and JSON are all
//! printed from these.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Money;

/// Why a verdict is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// Limits were compared; each comparison that mattered.
    Limits {
        /// In the order of the configuration.
        findings: Vec<Finding>,
    },
    /// The condition needs a threshold, and the client has none.
    NoThreshold,
    /// The condition needs a threshold that could not be read in the last 24 hours.
    ThresholdUnknown,
    /// There is no reading from this sweep.
    NoFreshReading {
        /// What went wrong, by the kind of the last failure; `None` when it was not asked.
        error: Option<String>,
    },
    /// How long the client has been unread.
    Unread {
        since: Timestamp,
        /// Seconds of silence that are too many.
        limit_secs: i64,
        /// What went wrong last, by kind.
        error: Option<String>,
    },
    /// Something about the account as a whole.
    Account {
        /// What is wrong, in plain words.
        what: String,
        /// What to do about it.
        fix: String,
    },
}

/// One comparison of a value with a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub measure: Measure,
    pub value: Money,
    pub relation: Relation,
    pub limit: Money,
    /// How the limit is written in the configuration when it is not a plain amount (`150% of threshold`).
    pub limit_text: Option<String>,
}

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Balance,
    /// Spent since midnight in Toronto.
    SpentToday,
    /// By how much the balance fell since the last reading.
    Fall,
}

/// How a value compares with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// <
    Below,
    /// ≤
    AtMost,
    /// >
    Above,
    /// ≥
    AtLeast,
}

impl Reason {
    /// What was compared with a limit, for this measure.
    #[must_use]
    pub fn finding(&self, measure: Measure) -> Option<&Finding> {
        match self {
            Self::Limits { findings } => findings.iter().find(|finding| finding.measure == measure),
            _ => None,
        }
    }
}

impl Relation {
    /// Whether `value` compares with `limit` in this way.
    #[must_use]
    pub fn holds(self, value: Money, limit: Money) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }

    /// The relation that holds exactly when this one does not.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Below => Self::AtLeast,
            Self::AtMost => Self::Above,
            Self::Above => Self::AtMost,
            Self::AtLeast => Self::Below,
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "is below",
            Self::AtMost => "is at or below",
            Self::Above => "is above",
            Self::AtLeast => "is at or above",
        })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Balance => "the balance",
            Self::SpentToday => "today's spending",
            Self::Fall => "its fall",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} {}",
            self.measure,
            self.value.for_people(),
            self.relation,
            self.limit.for_people()
        )?;
        match &self.limit_text {
            Some(text) => write!(f, " ({text})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limits { findings } => {
                for (index, finding) in findings.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" and ")?;
                    }
                    finding.fmt(f)?;
                }
                Ok(())
            }
            Self::NoThreshold => f.write_str("the client has no threshold, and `default_threshold` is not set"),
            Self::ThresholdUnknown => f.write_str("the client's threshold could not be read in the last 24 hours"),
            Self::NoFreshReading { error: Some(error) } => write!(f, "no balance could be read ({error})"),
            Self::NoFreshReading { error: None } => f.write_str("not asked in this sweep"),
            Self::Unread {
                since,
                limit_secs,
                error,
            } => {
                let limit = SignedDuration::from_secs(*limit_secs);
                write!(f, "no balance could be read since {since:.0} (limit {limit:#})")?;
                match error {
                    Some(error) => write!(f, "; the last failure was {error}"),
                    None => Ok(()),
                }
            }
            Self::Account { what, .. } => f.write_str(what),
        }
    }
}

/// What a kind of failure means, for people: `html` is a web page instead of an answer. A kind that is no word of the
/// program's own is a code of the API, and stays one; a text that cannot be a code is not repeated.
#[must_use]
pub fn failure_in_words(kind: &str) -> String {
    let words = match kind {
        "connect" => "no connection to VoIP.ms",
        "timeout" => "no answer in time",
        "reset" => "a connection that broke",
        "truncated" => "an answer that broke off",
        "too_large" => "an answer that is too large",
        "redirect" => "a redirect to elsewhere",
        "empty" => "an empty answer",
        "html" => "a web page instead of an answer",
        "malformed" => "an answer that cannot be read",
        "null_status" | "no_status" => "an answer without a status",
        "missing_payload" => "an answer without a balance",
        "bad_amount" => "a balance that is no amount",
        "wrong_client" => "an answer about another client",
        "store" => "the program's own store",
        _ => {
            let is_code = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let status = kind
                .strip_prefix("http_")
                .filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
            return match status {
                Some(status) => format!("HTTP {status}"),
                None if !kind.is_empty() && kind.len() <= 60 && kind.chars().all(is_code) => format!("`{kind}`"),
                None => "an unknown code".to_owned(),
            };
        }
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Finding, Measure, Money, Reason, Relation};

    #[test]
    fn a_reason_is_a_sentence_with_every_digit_that_decided() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let finding = Finding {
            measure: Measure::Balance,
            value: money("9.9999"),
            relation: Relation::Below,
            limit: money("10"),
            limit_text: Some("threshold".to_owned()),
        };
        let reason = Reason::Limits {
            findings: vec![finding],
        };
        assert_eq!(reason.to_string(), "the balance 9.9999 is below 10.00 (threshold)");
        let back: Reason = serde_json::from_str(&serde_json::to_string(&reason).unwrap()).unwrap();
        assert_eq!(back, reason);
    }

    #[test]
    fn failures_are_told_in_words_and_nothing_else_is_repeated() {
        for (kind, words) in [
            ("html", "a web page instead of an answer"),
            ("http_503", "HTTP 503"),
            ("api_limit_exceeded", "`api_limit_exceeded`"),
            ("http_<b>", "an unknown code"),
            ("<html>503</html>", "an unknown code"),
            ("", "an unknown code"),
        ] {
            assert_eq!(super::failure_in_words(kind), words);
        }
    }

    #[test]
    fn opposites_split_every_value() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        for relation in [Relation::Below, Relation::AtMost, Relation::Above, Relation::AtLeast] {
            for value in ["9.99", "10", "10.01"] {
                let (value, limit) = (money(value), money("10"));
                assert_ne!(
                    relation.holds(value, limit),
                    relation.opposite().holds(value, limit),
                    "{relation} {value}"
                );
            }
        }
    }
}
