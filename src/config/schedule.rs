//! When sweeps tick: a cron rule in a time zone, or the multiples of a duration.
//!
//! The only place outside the scheduler that speaks chrono: croner needs it. Nothing of it leaves this file.

use std::fmt;

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// When sweeps start, and how old things may get before they are read again.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub sweep: SweepEvery,
    /// The zone of the cron rule and of times shown to people.
    pub timezone: TimeZone,
    /// Its IANA name.
    pub timezone_name: String,
    /// How old a cached threshold may get.
    pub threshold_refresh: SignedDuration,
    /// Above this achievable revisit time the account is overcommitted.
    pub revisit_within: SignedDuration,
}

/// What makes a sweep start.
#[derive(Clone, Debug, PartialEq)]
pub enum SweepEvery {
    /// A cron rule in a zone.
    Cron(Box<CronRule>),
    /// The multiples of this duration since the Unix epoch; never zero.
    Every(SignedDuration),
}

/// A cron rule that is known to come, in its zone.
#[derive(Clone, PartialEq)]
pub struct CronRule {
    text: String,
    rule: Cron,
    zone: chrono_tz::Tz,
}

impl fmt::Debug for CronRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CronRule({:?} in {})", self.text, self.zone)
    }
}

impl CronRule {
    /// The rule as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Why a schedule is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not a cron rule.
    #[error("is not a cron rule: {0}")]
    NotCron(String),
    /// A rule that names no day that exists.
    #[error("never comes")]
    Never,
    /// A zone that the rule reader does not know.
    #[error("`{0}` is not a time zone that cron rules can use")]
    UnknownZone(String),
}

impl SweepEvery {
    /// Reads a cron rule of five fields (minute first), six (second first) or seven (with a year), for the zone of
    /// this IANA name.
    ///
    /// # Errors
    /// [`ScheduleError`] when it is no rule, never comes after `now`, or the zone is unknown.
    pub fn cron(text: &str, zone: &str, now: Timestamp) -> Result<Self, ScheduleError> {
        CronRule::parse(text, zone, now).map(|rule| Self::Cron(Box::new(rule)))
    }

    /// As written in the configuration: the rule, or the duration in jiff's friendly form.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Cron(rule) => rule.text.clone(),
            Self::Every(every) => format!("{every:#}"),
        }
    }
}

impl CronRule {
    /// Reads a rule as [`SweepEvery::cron`] does.
    ///
    /// # Errors
    /// [`ScheduleError`] when it is no rule, never comes after `now`, or the zone is unknown.
    pub fn parse(text: &str, zone: &str, now: Timestamp) -> Result<Self, ScheduleError> {
        let zone: chrono_tz::Tz = zone.parse().map_err(|_| ScheduleError::UnknownZone(zone.to_owned()))?;
        // The scheduler's parser wants the seconds, so the rule is kept in the form that it takes.
        let fields = text.split_whitespace().count();
        let with_seconds = if fields == 5 {
            format!("0 {text}")
        } else {
            text.to_owned()
        };
        let rule = CronParser::builder()
            .seconds(Seconds::Required)
            .build()
            .parse(&with_seconds)
            .map_err(|error| ScheduleError::NotCron(error.to_string().trim_end_matches('.').to_owned()))?;
        let rule = CronRule {
            text: text.to_owned(),
            rule,
            zone,
        };
        rule.next_after(now).ok_or(ScheduleError::Never)?;
        Ok(rule)
    }

    /// When it comes next; `None`: never again.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let local = chrono::DateTime::from_timestamp(now.as_second(), 0)?.with_timezone(&self.zone);
        let next = self.rule.find_next_occurrence(&local, false).ok()?.timestamp();
        if next > now.as_second() {
            return Timestamp::from_second(next).ok();
        }
        // In the second of two equal hours, what came in the first is found before what comes.
        let mut coming = self.rule.iter_after(local).map(|next| next.timestamp());
        let next = coming.find(|next| *next > now.as_second())?;
        Timestamp::from_second(next).ok()
    }
}

impl CronRule {
    /// When it came last, `now` included; `None`: not within that time.
    #[must_use]
    pub fn last_until(&self, now: Timestamp, within: SignedDuration) -> Option<Timestamp> {
        // The shorter span first, so that a rule that comes often is not counted through a whole day.
        let spans = [SignedDuration::from_mins(2), SignedDuration::from_hours(2), within];
        spans.into_iter().find_map(|span| {
            let mut last = None;
            // Both bounds are whole seconds to the rule, and it never gives the first.
            let mut after = now.checked_sub(span.min(within)).ok()?;
            while let Some(next) = self.next_after(after).filter(|next| *next <= now) {
                (last, after) = (Some(next), next);
            }
            last
        })
    }
}

impl Schedule {
    /// Ticks looked at by [`Schedule::interval`]: a day of a tick each minute. More would cost time for rules that
    /// tick by the second; fewer would miss the night of a rule for business hours.
    const MOST_TICKS: usize = 1_500;

    /// The first tick after `now`. When a rule comes no more (a year field in the past), a day later: the next look
    /// then decides anew.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Timestamp {
        let a_day = SignedDuration::from_hours(24);
        let next = match &self.sweep {
            SweepEvery::Cron(rule) => rule.next_after(now),
            SweepEvery::Every(every) => {
                let every = every.as_millis().max(1);
                let next = (i128::from(now.as_millisecond()).div_euclid(every) + 1) * every;
                i64::try_from(next)
                    .ok()
                    .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            }
        };
        next.or_else(|| now.checked_add(a_day).ok()).unwrap_or(Timestamp::MAX)
    }

    /// The expected interval: the longest gap between consecutive ticks over the next day, or between the next two
    /// when they are further apart. Meant to be asked once a sweep: a busy rule costs a millisecond.
    #[must_use]
    pub fn interval(&self, now: Timestamp) -> SignedDuration {
        if let SweepEvery::Every(every) = self.sweep {
            return every;
        }
        let day_over = now
            .checked_add(SignedDuration::from_hours(25))
            .unwrap_or(Timestamp::MAX);
        let mut tick = self.next_after(now);
        let mut longest = SignedDuration::ZERO;
        for _ in 0..Self::MOST_TICKS {
            let next = self.next_after(tick);
            longest = longest.max(next.duration_since(tick));
            tick = next;
            if tick >= day_over {
                break;
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};

    use super::{Schedule, ScheduleError, SweepEvery};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedule(sweep: SweepEvery, zone: &str) -> Schedule {
        Schedule {
            sweep,
            timezone: TimeZone::get(zone).unwrap(),
            timezone_name: zone.to_owned(),
            threshold_refresh: SignedDuration::from_hours(6),
            revisit_within: SignedDuration::from_mins(60),
        }
    }

    fn cron(rule: &str, zone: &str) -> Schedule {
        schedule(SweepEvery::cron(rule, zone, at("2026-11-23T12:00:00Z")).unwrap(), zone)
    }

    #[test]
    fn ticks_come_at_the_local_time_also_when_the_clocks_change() {
        let cases = [
            (
                "five minutes",
                "*/5 * * * *",
                "UTC",
                "2026-11-23T12:00:00Z",
                "2026-11-23T12:05:00Z",
            ),
            (
                "within a second",
                "*/5 * * * *",
                "UTC",
                "2026-11-23T12:04:59.999Z",
                "2026-11-23T12:05:00Z",
            ),
            (
                "with seconds",
                "*/10 * * * * *",
                "UTC",
                "2026-11-23T12:00:01Z",
                "2026-11-23T12:00:10Z",
            ),
            (
                "with a year",
                "0 0 0 1 1 * 2030",
                "UTC",
                "2026-11-23T12:00:00Z",
                "2030-01-01T00:00:00Z",
            ),
            (
                "summer in Berlin",
                "30 7 * * *",
                "Europe/Berlin",
                "2026-10-24T00:00:00Z",
                "2026-10-24T05:30:00Z",
            ),
            (
                "winter in Berlin",
                "30 7 * * *",
                "Europe/Berlin",
                "2026-10-24T06:00:00Z",
                "2026-10-25T06:30:00Z",
            ),
            (
                "an hour left out",
                "30 2 * * *",
                "America/Toronto",
                "2026-03-08T06:00:00Z",
                "2026-03-08T07:00:00Z",
            ),
            (
                "an hour twice",
                "30 1 * * *",
                "America/Toronto",
                "2026-11-01T05:00:00Z",
                "2026-11-01T05:30:00Z",
            ),
            (
                "in the second of two hours",
                "30 1 * * *",
                "America/Toronto",
                "2026-11-01T06:15:00Z",
                "2026-11-02T06:30:00Z",
            ),
            (
                "often in the second of two hours",
                "*/5 * * * *",
                "America/Toronto",
                "2026-11-01T06:15:00Z",
                "2026-11-01T06:20:00Z",
            ),
        ];
        for (name, rule, zone, now, next) in cases {
            assert_eq!(cron(rule, zone).next_after(at(now)), at(next), "{name}");
        }
    }

    #[test]
    fn the_last_mark_is_found_also_when_the_clocks_change() {
        for (name, rule, now, expected) in [
            (
                "this moment",
                "0 8 * * *",
                "2026-11-23T13:00:00Z",
                Some("2026-11-23T13:00:00Z"),
            ),
            (
                "within the second",
                "0 8 * * *",
                "2026-11-23T13:00:00.9Z",
                Some("2026-11-23T13:00:00Z"),
            ),
            (
                "hours ago",
                "0 8 * * *",
                "2026-11-24T12:59:59Z",
                Some("2026-11-23T13:00:00Z"),
            ),
            (
                "each second",
                "* * * * * *",
                "2026-11-23T13:00:07Z",
                Some("2026-11-23T13:00:07Z"),
            ),
            ("days ago", "0 8 * * MON", "2026-11-25T13:00:00Z", None),
            (
                "24.5 hours ago, on a day of 25",
                "30 0 * * *",
                "2026-11-02T05:00:00Z",
                None,
            ),
        ] {
            let SweepEvery::Cron(rule) = cron(rule, "America/Toronto").sweep else {
                panic!("{name}")
            };
            let last = rule.last_until(at(now), SignedDuration::from_hours(24));
            assert_eq!(last, expected.map(at), "{name}");
        }
    }

    #[test]
    fn a_duration_ticks_on_its_multiples() {
        let every = schedule(SweepEvery::Every(SignedDuration::from_secs(90)), "UTC");
        assert_eq!(
            every.next_after(at("1970-01-01T00:01:29.999Z")),
            at("1970-01-01T00:01:30Z")
        );
        assert_eq!(every.next_after(at("1970-01-01T00:01:30Z")), at("1970-01-01T00:03:00Z"));
        assert_eq!(every.next_after(at("1969-12-31T23:59:59Z")), at("1970-01-01T00:00:00Z"));
        assert_eq!(
            every.interval(at("2026-11-23T12:00:00Z")),
            SignedDuration::from_secs(90)
        );
    }

    #[test]
    fn the_interval_is_the_longest_gap_of_the_day() {
        let now = at("2026-11-23T12:00:00Z");
        let cases = [
            ("five minutes", "*/5 * * * *", SignedDuration::from_mins(5)),
            (
                "business hours",
                "*/5 8-17 * * *",
                SignedDuration::from_mins(14 * 60 + 5),
            ),
            ("daily", "0 6 * * *", SignedDuration::from_hours(24)),
            ("weekly", "0 6 * * 1", SignedDuration::from_hours(24 * 7)),
            ("each second", "* * * * * *", SignedDuration::from_secs(1)),
        ];
        for (name, rule, interval) in cases {
            assert_eq!(cron(rule, "UTC").interval(now), interval, "{name}");
        }
    }

    #[test]
    fn a_schedule_that_is_none_says_why() {
        let now = at("2026-11-23T12:00:00Z");
        let cron = |rule| SweepEvery::cron(rule, "UTC", now).unwrap_err();
        assert_eq!(cron("0 0 30 2 *"), ScheduleError::Never);
        assert_eq!(cron("0 0 0 1 1 * 2020"), ScheduleError::Never);
        for rule in ["", "*", "61 * * * *", "* * * *", "a b c d e", "* * * * * * * *"] {
            assert!(
                matches!(cron(rule), ScheduleError::NotCron(_)),
                "{rule}: {}",
                cron(rule)
            );
        }
        assert!(matches!(
            SweepEvery::cron("* * * * *", "Mars/Base", now),
            Err(ScheduleError::UnknownZone(_))
        ));
    }
}
