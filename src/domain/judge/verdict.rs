//! What a policy says of a client now, always with its reason.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::fall::Fall;
use crate::domain::policy::{Clear, Limit, Policy, When};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::{Money, Reading, Threshold};

/// How long a threshold that could not be read again may still be used for a notice.
pub const THRESHOLD_USABLE_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a policy says of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Breach,
    /// Neither the condition nor its clear limit holds.
    Between,
    /// The clear limit is met.
    Clear,
    /// There is nothing fresh to judge by. Neither fires nor resolves.
    Unknown,
    /// The policy needs a threshold, and the client has none.
    NotApplicable,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breach => "breach",
            Self::Between => "between",
            Self::Clear => "clear",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// A verdict and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub reason: Reason,
    /// For a condition on today's spending: whether it is over its limit now. `None` when it does not ask or
    /// nothing is known.
    pub over_today: Option<bool>,
    /// Whether there is more to tell of an episode that runs already than was told.
    pub has_news: bool,
}

impl Judgement {
    /// Names a fall that nothing explains among the reasons of a breach.
    pub fn note_fall(&mut self, fall: Option<Fall>) {
        if let (Verdict::Breach, Reason::Limits { findings }, Some(fall)) = (self.verdict, &mut self.reason, fall) {
            findings.push(Finding {
                measure: Measure::Fall,
                value: fall.fell,
                relation: Relation::Above,
                limit: fall.explained,
                limit_text: Some("what its spending explains".to_owned()),
            });
        }
    }
}

/// What is known of a client when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The reading of this sweep; `None` when it has none.
    pub reading: Option<&'a Reading>,
    /// The last good threshold, of whatever age.
    pub threshold: Option<&'a Threshold>,
    /// What counts as threshold for a client that has none.
    pub default_threshold: Option<Money>,
    /// The kind of the last failure, when the last attempt failed.
    pub last_error: Option<&'a str>,
    /// Since when it has been unread: the latest of its last reading, the daemon's start and the first attempt to
    /// read it; `None` when it was never asked.
    pub unread_since: Option<Timestamp>,
    /// The time between two readings of a client.
    pub interval: SignedDuration,
    pub now: Timestamp,
}

/// Judges a client by a policy.
#[must_use]
pub fn judge(policy: &Policy, known: &Known<'_>) -> Judgement {
    if policy.when.no_reading_for.is_some() {
        return judge_silence(&policy.when, known);
    }
    let Some(reading) = known.reading else {
        let error = known.last_error.map(str::to_owned);
        return judgement(Verdict::Unknown, Reason::NoFreshReading { error });
    };
    let limits = match Limits::resolve(policy, known) {
        Ok(limits) => limits,
        Err(judgement) => return judgement,
    };
    if policy.when.spent_today_above.is_some() && reading.spent_today.is_none() {
        let error = Some("no spent_today in the answer".to_owned());
        return judgement(Verdict::Unknown, Reason::NoFreshReading { error });
    }
    compare(reading, &limits)
}

/// A policy's limits as amounts for one client.
struct Limits {
    when: Vec<Bound>,
    /// Empty: the exact opposite of `when`.
    clear: Vec<Bound>,
}

/// One comparison to make.
struct Bound {
    measure: Measure,
    relation: Relation,
    limit: Money,
    limit_text: Option<String>,
}

impl Bound {
    fn holds(&self, reading: &Reading) -> bool {
        self.relation.holds(self.value(reading), self.limit)
    }

    fn value(&self, reading: &Reading) -> Money {
        match self.measure {
            Measure::Balance | Measure::Fall => reading.balance,
            Measure::SpentToday => reading.spent_today.unwrap_or(Money::ZERO),
        }
    }

    /// The comparison as it came out.
    fn finding(&self, reading: &Reading) -> Finding {
        Finding {
            measure: self.measure,
            value: self.value(reading),
            relation: if self.holds(reading) {
                self.relation
            } else {
                self.relation.opposite()
            },
            limit: self.limit,
            limit_text: self.limit_text.clone(),
        }
    }
}

impl Limits {
    /// The limits as amounts, or the verdict when there is no threshold to resolve them by.
    fn resolve(policy: &Policy, known: &Known<'_>) -> Result<Self, Judgement> {
        let threshold = if needs_threshold(policy) {
            let Some(threshold) = usable_threshold(known.threshold, known.now) else {
                return Err(judgement(Verdict::Unknown, Reason::ThresholdUnknown));
            };
            let amount = threshold
                .amount
                .filter(|amount| amount.is_positive())
                .or(known.default_threshold);
            if amount.is_none() {
                return Err(judgement(Verdict::NotApplicable, Reason::NoThreshold));
            }
            amount
        } else {
            None
        };
        let mut limits = Self {
            when: Vec::new(),
            clear: Vec::new(),
        };
        let balance = |relation, limit: Option<Limit>| -> Option<Bound> {
            let limit = limit?;
            let limit_text = limit.needs_threshold().then(|| limit.to_string());
            Some(Bound {
                measure: Measure::Balance,
                relation,
                limit: limit.resolve(threshold)?,
                limit_text,
            })
        };
        let When {
            balance_below,
            balance_at_most,
            spent_today_above,
            no_reading_for: _,
        } = policy.when;
        limits.when.extend(balance(Relation::Below, balance_below));
        limits.when.extend(balance(Relation::AtMost, balance_at_most));
        limits.when.extend(spent_today_above.map(|limit| Bound {
            measure: Measure::SpentToday,
            relation: Relation::Above,
            limit,
            limit_text: None,
        }));
        if let Some(Clear {
            balance_at_least,
            balance_above,
        }) = policy.clear
        {
            limits.clear.extend(balance(Relation::AtLeast, balance_at_least));
            limits.clear.extend(balance(Relation::Above, balance_above));
        }
        Ok(limits)
    }
}

/// Whether a policy's limits need the client's threshold.
#[must_use]
pub fn needs_threshold(policy: &Policy) -> bool {
    let clear = policy.clear.unwrap_or_default();
    [
        policy.when.balance_below,
        policy.when.balance_at_most,
        clear.balance_at_least,
        clear.balance_above,
    ]
    .into_iter()
    .flatten()
    .any(Limit::needs_threshold)
}

/// A threshold that may still be judged by, or `None` when it was never read or is older than a day.
#[must_use]
pub fn usable_threshold(threshold: Option<&Threshold>, now: Timestamp) -> Option<&Threshold> {
    threshold.filter(|threshold| now.duration_since(threshold.at) <= THRESHOLD_USABLE_FOR)
}

/// Compares a reading with the limits. Where both would hold, breach wins over clear.
fn compare(reading: &Reading, limits: &Limits) -> Judgement {
    let (held, missed): (Vec<&Bound>, Vec<&Bound>) = limits.when.iter().partition(|bound| bound.holds(reading));
    let findings = |bounds: Vec<&Bound>| bounds.into_iter().map(|bound| bound.finding(reading)).collect();
    let over_today = limits
        .when
        .iter()
        .find(|bound| bound.measure == Measure::SpentToday)
        .map(|b| b.holds(reading));
    let (verdict, findings): (_, Vec<Finding>) = if missed.is_empty() && !held.is_empty() {
        (Verdict::Breach, findings(held))
    } else if limits.clear.iter().all(|bound| bound.holds(reading)) {
        let bounds = if limits.clear.is_empty() {
            missed
        } else {
            limits.clear.iter().collect()
        };
        (Verdict::Clear, findings(bounds))
    } else {
        let unmet = limits.clear.iter().filter(|bound| !bound.holds(reading));
        (Verdict::Between, findings(missed.into_iter().chain(unmet).collect()))
    };
    Judgement {
        verdict,
        reason: Reason::Limits { findings },
        over_today,
        has_news: false,
    }
}

/// Judges how long a client has been unread. The absence of readings is its subject, so it needs no fresh one to
/// fire; it needs one to clear.
fn judge_silence(when: &When, known: &Known<'_>) -> Judgement {
    let (Some(bound), Some(since)) = (when.no_reading_for, known.unread_since) else {
        return judgement(Verdict::Unknown, Reason::NoFreshReading { error: None });
    };
    let limit = if bound.at_least_two_intervals {
        bound.limit.max(known.interval * 2)
    } else {
        bound.limit
    };
    let error = known.last_error.map(str::to_owned);
    let verdict = if known.reading.is_some() {
        Verdict::Clear
    } else if known.now.duration_since(since) >= limit {
        Verdict::Breach
    } else {
        Verdict::Between
    };
    judgement(
        verdict,
        Reason::Unread {
            since,
            limit_secs: limit.as_secs(),
            error,
        },
    )
}

const fn judgement(verdict: Verdict, reason: Reason) -> Judgement {
    Judgement {
        verdict,
        reason,
        over_today: None,
        has_news: false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Judgement, Known, Verdict, judge};
    use crate::domain::policy::{Clear, Limit, NoReadingFor, Policy, When};
    use crate::domain::testing::{at, money, policy, reading, threshold};

    fn known<'a>(
        reading: Option<&'a crate::domain::Reading>,
        threshold: Option<&'a crate::domain::Threshold>,
    ) -> Known<'a> {
        Known {
            reading,
            threshold,
            default_threshold: None,
            last_error: None,
            unread_since: None,
            interval: SignedDuration::from_mins(10),
            now: at(1000),
        }
    }

    fn low_balance() -> Policy {
        let percent = |percent: i64| Some(Limit::PercentOfThreshold(percent.into()));
        let when = When {
            balance_below: percent(100),
            ..When::default()
        };
        Policy {
            clear: Some(Clear {
                balance_at_least: percent(110),
                balance_above: None,
            }),
            ..policy("low", when)
        }
    }

    #[test]
    fn both_sides_of_each_bound() {
        let amount = |text: &str| Some(Limit::Amount(money(text)));
        let below = When {
            balance_below: amount("10"),
            ..When::default()
        };
        let at_most = When {
            balance_at_most: amount("0"),
            ..When::default()
        };
        let spent = When {
            spent_today_above: Some(money("5")),
            ..When::default()
        };
        let both = When {
            balance_below: amount("10"),
            spent_today_above: Some(money("5")),
            ..When::default()
        };
        let cases = [
            ("below", below, "9.99999999", "0", Verdict::Breach),
            ("not below", below, "10", "0", Verdict::Clear),
            ("at most", at_most, "0", "0", Verdict::Breach),
            ("negative", at_most, "-0.01", "0", Verdict::Breach),
            ("above at most", at_most, "0.00000001", "0", Verdict::Clear),
            ("spent above", spent, "100", "5.00000001", Verdict::Breach),
            ("spent at the limit", spent, "100", "5", Verdict::Clear),
            ("both hold", both, "9", "6", Verdict::Breach),
            ("only one holds", both, "9", "5", Verdict::Clear),
        ];
        for (name, when, balance, spent_today, expected) in cases {
            let reading = reading(balance, spent_today, 1000);
            assert_eq!(
                judge(&policy("p", when), &known(Some(&reading), None)).verdict,
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn hysteresis_lies_between_the_threshold_and_its_clear_limit() {
        let threshold = threshold(Some("10"), 900);
        let cases = [
            (
                "9.9999",
                Verdict::Breach,
                "the balance 9.9999 is below 10.00 (threshold)",
            ),
            (
                "10",
                Verdict::Between,
                "the balance 10.00 is at or above 10.00 (threshold) and the balance 10.00 is below 11.00 (110% of threshold)",
            ),
            (
                "10.9999",
                Verdict::Between,
                "the balance 10.9999 is at or above 10.00 (threshold) and the balance 10.9999 is below 11.00 (110% of threshold)",
            ),
            (
                "11",
                Verdict::Clear,
                "the balance 11.00 is at or above 11.00 (110% of threshold)",
            ),
        ];
        for (balance, verdict, reason) in cases {
            let reading = reading(balance, "0", 1000);
            let got = judge(&low_balance(), &known(Some(&reading), Some(&threshold)));
            assert_eq!((got.verdict, got.reason.to_string().as_str()), (verdict, reason));
        }
    }

    #[test]
    fn without_a_threshold_or_a_reading_nothing_is_claimed() {
        let now_reading = reading("1", "0", 1000);
        let day_secs = 24 * 3600;
        let fresh_none = threshold(None, 1000);
        let zero = threshold(Some("0"), 1000);
        let old = threshold(Some("10"), 1000 - day_secs);
        let too_old = threshold(Some("10"), 1000 - day_secs - 1);
        let cases = [
            ("no reading", None, Some(&old), Verdict::Unknown),
            ("threshold never read", Some(&now_reading), None, Verdict::Unknown),
            (
                "client without threshold",
                Some(&now_reading),
                Some(&fresh_none),
                Verdict::NotApplicable,
            ),
            (
                "threshold of zero",
                Some(&now_reading),
                Some(&zero),
                Verdict::NotApplicable,
            ),
            ("a day old", Some(&now_reading), Some(&old), Verdict::Breach),
            ("older than a day", Some(&now_reading), Some(&too_old), Verdict::Unknown),
        ];
        for (name, reading, threshold, expected) in cases {
            assert_eq!(
                judge(&low_balance(), &known(reading, threshold)).verdict,
                expected,
                "{name}"
            );
        }
        let with_default = Known {
            default_threshold: Some(money("5")),
            ..known(Some(&now_reading), Some(&zero))
        };
        assert_eq!(judge(&low_balance(), &with_default).verdict, Verdict::Breach);
    }

    #[test]
    fn silence_fires_without_a_reading_and_clears_only_with_one() {
        let bound = |secs, at_least_two_intervals| {
            let limit = SignedDuration::from_secs(secs);
            let when = When {
                no_reading_for: Some(NoReadingFor {
                    limit,
                    at_least_two_intervals,
                }),
                ..When::default()
            };
            policy("blind", when)
        };
        let good = reading("1", "0", 1000);
        let judged = |policy: &Policy, since: Option<Timestamp>, reading| -> Judgement {
            judge(
                policy,
                &Known {
                    unread_since: since,
                    ..known(reading, None)
                },
            )
        };
        assert_eq!(judged(&bound(600, false), Some(at(400)), None).verdict, Verdict::Breach);
        assert_eq!(
            judged(&bound(600, false), Some(at(401)), None).verdict,
            Verdict::Between
        );
        assert_eq!(
            judged(&bound(600, false), Some(at(400)), Some(&good)).verdict,
            Verdict::Clear
        );
        assert_eq!(
            judged(&bound(600, false), None, None).verdict,
            Verdict::Unknown,
            "never asked"
        );
        assert_eq!(
            judged(&bound(600, true), Some(at(-200)), None).verdict,
            Verdict::Breach,
            "two intervals of 600 s"
        );
        assert_eq!(
            judged(&bound(600, true), Some(at(-199)), None).verdict,
            Verdict::Between
        );
    }

    #[test]
    fn spending_that_the_answer_lacks_is_unknown_not_zero() {
        let mut reading = reading("1", "0", 1000);
        reading.spent_today = None;
        let when = When {
            spent_today_above: Some(money("5")),
            ..When::default()
        };
        assert_eq!(
            judge(&policy("p", when), &known(Some(&reading), None)).verdict,
            Verdict::Unknown
        );
    }
}
