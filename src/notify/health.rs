//! How channels fare since the program started: broken since when, and why. Pure.

use jiff::{SignedDuration, Timestamp};

use super::backoff;
use super::delivery::Failed;

/// A channel that failed is not tried again for this long, whatever becomes due: what a silent server costs is paid
/// once, and not for each batch that owes something. Longer would keep back a page through a channel that works again.
const REST: SignedDuration = SignedDuration::from_secs(30);

/// How one channel fares since the program started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelHealth {
    /// Since when every try failed at the channel itself; `None`: it works, or was not tried.
    pub broken_since: Option<Timestamp>,
    /// When it failed last; `None`: it works, or was not tried.
    pub failed_at: Option<Timestamp>,
    /// How long it is left alone after it failed last.
    pub rest: SignedDuration,
    /// How often in a row it failed.
    pub failures: u32,
    /// What the last failure was, without secrets.
    pub last_error: Option<String>,
    /// Whether the last failure may be the fault of one message alone: then another one is tried first.
    pub is_suspect: bool,
    /// When it last delivered.
    pub delivered_at: Option<Timestamp>,
}

impl ChannelHealth {
    pub fn delivered(&mut self, now: Timestamp) {
        *self = Self {
            delivered_at: Some(now),
            ..Self::default()
        };
    }

    /// An attempt failed at the channel itself; `is_suspect`: or it may be the fault of that message alone.
    pub fn failed(&mut self, failed: &Failed, is_suspect: bool, now: Timestamp) {
        self.broken_since.get_or_insert(now);
        self.failed_at = Some(now);
        self.rest = backoff::asked(failed.retry_after).max(REST);
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(failed.text.clone());
        self.is_suspect = is_suspect;
    }

    /// Until when it is left alone after a failure; `None`: it may be tried.
    #[must_use]
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.failed_at?.saturating_add(self.rest).ok()?;
        // A clock that went back would let it rest too long.
        let is_believable = self.failed_at.is_some_and(|failed_at| failed_at <= now);
        (until > now && is_believable).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::ChannelHealth;
    use crate::notify::testing::failed;

    #[test]
    fn a_channel_is_broken_from_its_first_failure_until_it_delivers() {
        let at = |secs| Timestamp::from_second(secs).unwrap();
        let mut health = ChannelHealth::default();
        health.failed(&failed(), false, at(1));
        health.failed(&failed(), true, at(2));
        assert_eq!((health.broken_since, health.failures), (Some(at(1)), 2));
        assert!(health.is_suspect);
        for (now, rests) in [(1, None), (2, Some(at(32))), (31, Some(at(32))), (32, None)] {
            assert_eq!(health.rests_until(at(now)), rests, "{now}");
        }
        let mut asks = failed();
        asks.retry_after = Some(SignedDuration::from_secs(90));
        health.failed(&asks, false, at(40));
        assert_eq!(health.rests_until(at(41)), Some(at(130)));
        health.delivered(at(200));
        let expected = ChannelHealth {
            delivered_at: Some(at(200)),
            ..ChannelHealth::default()
        };
        assert_eq!(health, expected);
    }
}
