//! Who is told in a world, as its plan says it: each channel, and what it wants to hear when. Written out as configuration for the
//! program, and read as it is by whoever checks what came.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Time;

use super::log::Received;
use crate::domain::Severity;

/// A policy that is told to every channel but the one that it is escalated to.
pub const ESCALATED: &str = "debt";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub name: &'static str,
    /// Of which kind it is and where it leads, as the configuration says it.
    pub place: String,
    /// Who gets mails by it.
    pub recipients: &'static [&'static str],
    pub min_severity: Severity,
    pub quiet_hours: Option<QuietHours>,
    pub max_per_hour: Option<u32>,
    pub escalate: Option<Escalation>,
}

/// Times of day at which only what is critical is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// As `22:00`.
    pub from: &'static str,
    /// Before `from`: on the next day.
    pub to: &'static str,
    pub zone: &'static str,
}

/// Where a critical alert goes as well that nobody acknowledged for so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escalation {
    pub to: &'static str,
    pub after: &'static str,
}

impl Channel {
    #[must_use]
    pub fn to_config(&self) -> String {
        let Self { name, place, .. } = self;
        let least = self.min_severity.as_str();
        let mut text = format!("\n[[channel]]\nname = \"{name}\"\n{place}\nmin_severity = \"{least}\"\n");
        if let Some(QuietHours { from, to, zone }) = self.quiet_hours {
            let _infallible = writeln!(text, "quiet_hours = \"{from}-{to}\"\ntimezone = \"{zone}\"");
        }
        if let Some(most) = self.max_per_hour {
            let _infallible = writeln!(text, "max_per_hour = {most}");
        }
        if let Some(Escalation { to, after }) = self.escalate {
            let _infallible = writeln!(text, "escalate = {{ to = \"{to}\", after = \"{after}\" }}");
        }
        text
    }

    /// Whether it is what took something. One that has addresses is a mail server's.
    #[must_use]
    pub fn took(&self, received: &Received) -> bool {
        if self.recipients.is_empty() {
            received.channel == self.name
        } else {
            self.recipients.contains(&received.recipient.as_str())
        }
    }

    /// Whom each message goes to; a channel without addresses has one, which is empty.
    #[must_use]
    pub const fn addresses(&self) -> &'static [&'static str] {
        if self.recipients.is_empty() {
            &[""]
        } else {
            self.recipients
        }
    }

    /// Whether it hears of what is decided now perhaps hours later.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.quiet_hours.is_some() || self.max_per_hour.is_some()
    }
}

impl QuietHours {
    /// Whether they run, by a clock that shows this.
    #[must_use]
    pub fn run_at(&self, wall: Timestamp) -> bool {
        let time = |text: &str| text.parse::<Time>().unwrap_or_default();
        let (from, to) = (time(self.from), time(self.to));
        let Ok(now) = wall.in_tz(self.zone).map(|now| now.time()) else {
            return false;
        };
        if from <= to {
            from <= now && now < to
        } else {
            from <= now || now < to
        }
    }
}

/// The channels as configuration, with the policy that is there to be escalated where one of them leads on.
#[must_use]
pub fn to_config(channels: &[Channel]) -> String {
    let mut text: String = channels.iter().map(Channel::to_config).collect();
    if let Some(left_out) = escalates_to(channels) {
        let told: Vec<&str> = channels.iter().map(|channel| channel.name).collect();
        let told: Vec<&str> = told.into_iter().filter(|name| *name != left_out).collect();
        let _infallible = write!(
            text,
            "\n[[policy]]\nname = \"{ESCALATED}\"\nseverity = \"critical\"\nwhen = {{ balance_below = \"-1.00\" }}\nnotify = {told:?}\n"
        );
    }
    text
}

/// The channel that hears of [`ESCALATED`] only when nobody acknowledges it; `None`: there is none, and no such policy.
#[must_use]
pub fn escalates_to(channels: &[Channel]) -> Option<&'static str> {
    channels.iter().find_map(|channel| Some(channel.escalate?.to))
}

#[cfg(test)]
mod tests {
    use super::QuietHours;

    #[test]
    fn quiet_hours_run_over_midnight_or_within_a_day() {
        for (name, from, to, wall, expected) in [
            ("before", "22:00", "07:00", "2026-01-06T02:59:59Z", false),
            ("begins", "22:00", "07:00", "2026-01-06T03:00:00Z", true),
            ("after midnight", "22:00", "07:00", "2026-01-06T11:59:59Z", true),
            ("over", "22:00", "07:00", "2026-01-06T12:00:00Z", false),
            ("within a day, before", "12:00", "13:30", "2026-01-06T16:59:59Z", false),
            ("within a day", "12:00", "13:30", "2026-01-06T17:00:00Z", true),
            ("within a day, over", "12:00", "13:30", "2026-01-06T18:30:00Z", false),
        ] {
            let zone = "America/Toronto";
            let hours = QuietHours { from, to, zone };
            assert_eq!(hours.run_at(wall.parse().unwrap()), expected, "{name}");
        }
    }
}
