//! A channel as those see it who decide who is told what: where it leads, and what it wants to hear. How a message gets
//! there is the channel's own.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{ChannelName, Severity};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Each gets a message of its own. A channel without addresses has one, which is empty; one that is owed nothing,
    /// because it mirrors what fires, has none.
    pub recipients: Vec<String>,
    pub reads: Reads,
    /// Nothing less severe goes there.
    pub min_severity: Severity,
    /// Whether it is told of ends.
    pub tells_ends: bool,
    pub quiet_hours: Option<QuietHours>,
    /// How many messages it takes in an hour; `None`: all.
    pub max_per_hour: Option<u32>,
    pub escalate: Option<Escalation>,
}

/// What becomes of messages at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// People read them: many at once come in one.
    Messages,
    /// A machine opens and closes an incident for each episode, and learns that somebody has it.
    Incidents,
}

/// Times of day at which only what is critical is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    pub from: Time,
    /// Before `from`: on the next day.
    pub to: Time,
    pub zone: TimeZone,
}

/// Where a critical alert goes as well that nobody acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    pub to: ChannelName,
    /// Counted from when the channel itself was told.
    pub after: SignedDuration,
}

impl QuietHours {
    /// When they end that run now; `None`: none run.
    ///
    /// They are stretches of time, not readings of a clock: an end within an hour that comes twice is its first coming,
    /// and one within an hour that does not exist comes as much later as the clocks were put on.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        let begins = [today.yesterday().ok(), Some(today)];
        let runs = begins.into_iter().flatten().filter_map(|day| self.of(day));
        runs.filter(|(from, to)| *from <= now && now < *to)
            .map(|(_, to)| to)
            .max()
    }

    /// Those that begin on this day.
    fn of(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let last = if self.to < self.from {
            day.checked_add(1.day()).ok()?
        } else {
            day
        };
        let instant = |day: Date, time: Time| Some(day.to_datetime(time).to_zoned(self.zone.clone()).ok()?.timestamp());
        Some((instant(day, self.from)?, instant(last, self.to)?))
    }
}

impl Receiver {
    /// When something of this severity may leave that is decided now: what is critical at once, the rest after quiet hours.
    #[must_use]
    pub fn leaves_at(&self, severity: Severity, now: Timestamp) -> Timestamp {
        let quiet_hours = self.quiet_hours.as_ref().filter(|_| severity < Severity::Critical);
        quiet_hours.and_then(|hours| hours.until(now)).unwrap_or(now)
    }

    /// People at these addresses who want to hear everything at once.
    #[must_use]
    pub const fn people(recipients: Vec<String>) -> Self {
        Self {
            recipients,
            reads: Reads::Messages,
            min_severity: Severity::Info,
            tells_ends: true,
            quiet_hours: None,
            max_per_hour: None,
            escalate: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{QuietHours, Receiver};
    use crate::domain::Severity;

    fn hours(from: &str, to: &str) -> QuietHours {
        QuietHours {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            zone: TimeZone::get("America/Toronto").unwrap(),
        }
    }

    #[test]
    fn quiet_hours_end_once_whatever_the_clocks_do() {
        // In 2026 Toronto puts its clocks on at 2:00 on March 8 (07:00 UTC) and back at 2:00 on November 1 (06:00 UTC).
        let cases = [
            ("before", "22:00", "07:00", "2026-06-01T01:59:59Z", None),
            (
                "begins",
                "22:00",
                "07:00",
                "2026-06-01T02:00:00Z",
                Some("2026-06-01T11:00:00Z"),
            ),
            (
                "after midnight",
                "22:00",
                "07:00",
                "2026-06-01T04:00:00Z",
                Some("2026-06-01T11:00:00Z"),
            ),
            (
                "last moment",
                "22:00",
                "07:00",
                "2026-06-01T10:59:59Z",
                Some("2026-06-01T11:00:00Z"),
            ),
            ("over", "22:00", "07:00", "2026-06-01T11:00:00Z", None),
            (
                "within a day",
                "12:00",
                "13:30",
                "2026-06-01T16:30:00Z",
                Some("2026-06-01T17:30:00Z"),
            ),
            ("within a day, before", "12:00", "13:30", "2026-06-01T15:59:59Z", None),
            ("within a day, over", "12:00", "13:30", "2026-06-01T17:30:00Z", None),
            (
                "until midnight",
                "22:00",
                "00:00",
                "2026-06-01T03:00:00Z",
                Some("2026-06-01T04:00:00Z"),
            ),
            (
                "a night of one hour less",
                "22:00",
                "07:00",
                "2026-03-08T03:00:00Z",
                Some("2026-03-08T11:00:00Z"),
            ),
            (
                "a night of one hour more",
                "22:00",
                "07:00",
                "2026-11-01T02:00:00Z",
                Some("2026-11-01T12:00:00Z"),
            ),
            (
                "an end that does not exist",
                "22:00",
                "02:30",
                "2026-03-08T06:59:00Z",
                Some("2026-03-08T07:30:00Z"),
            ),
            (
                "an end that does not exist, over",
                "22:00",
                "02:30",
                "2026-03-08T07:30:00Z",
                None,
            ),
            (
                "a beginning that does not exist",
                "02:30",
                "05:00",
                "2026-03-08T07:29:00Z",
                None,
            ),
            (
                "a beginning that does not exist, begun",
                "02:30",
                "05:00",
                "2026-03-08T07:30:00Z",
                Some("2026-03-08T09:00:00Z"),
            ),
            (
                "all of it does not exist",
                "02:10",
                "02:50",
                "2026-03-08T07:20:00Z",
                Some("2026-03-08T07:50:00Z"),
            ),
            (
                "an end that comes twice",
                "22:00",
                "01:30",
                "2026-11-01T05:29:00Z",
                Some("2026-11-01T05:30:00Z"),
            ),
            (
                "an end that comes twice, over",
                "22:00",
                "01:30",
                "2026-11-01T05:30:00Z",
                None,
            ),
            (
                "its second coming is not quiet",
                "22:00",
                "01:30",
                "2026-11-01T06:10:00Z",
                None,
            ),
            (
                "a beginning that comes twice",
                "01:30",
                "05:00",
                "2026-11-01T06:10:00Z",
                Some("2026-11-01T10:00:00Z"),
            ),
        ];
        for (name, from, to, now, expected) in cases {
            let until = hours(from, to).until(now.parse().unwrap());
            assert_eq!(until, expected.map(|until| until.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn what_is_critical_leaves_at_any_hour() {
        let ops = Receiver {
            quiet_hours: Some(hours("22:00", "07:00")),
            ..Receiver::people(vec!["a@example.com".to_owned()])
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (night, day) = (at("2026-06-01T04:00:00Z"), at("2026-06-01T16:00:00Z"));
        assert_eq!(ops.leaves_at(Severity::Critical, night), night);
        assert_eq!(ops.leaves_at(Severity::Warning, night), at("2026-06-01T11:00:00Z"));
        assert_eq!(ops.leaves_at(Severity::Info, day), day);
        assert_eq!(Receiver::people(Vec::new()).leaves_at(Severity::Info, night), night);
    }
}
