//! How channels fare: broken since when, and whether messages died in them. Pure.
//!
//! A dead letter is itself announced, by the built-in alert `dead-letter`, through every other channel; the alert ends
//! when the channel delivers again. Raising it is the monitor's matter.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::ChannelName;

/// A channel that failed is not tried again for this long, whatever becomes due: what a silent server costs is paid
/// once, and not for each batch that owes something. Longer would keep back a page through a channel that works again.
pub(super) const REST: SignedDuration = SignedDuration::from_secs(30);

/// How one channel fares since the program started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelHealth {
    /// Since when every try failed at the channel itself; `None`: it works, or was not tried.
    pub broken_since: Option<Timestamp>,
    /// When it failed last; `None`: it works, or was not tried.
    pub failed_at: Option<Timestamp>,
    /// How often in a row it failed.
    pub failures: u32,
    /// What the last failure was, without secrets.
    pub last_error: Option<String>,
    /// When it last delivered.
    pub delivered_at: Option<Timestamp>,
    /// How many messages died in it since it last delivered.
    pub dead: u32,
}

impl ChannelHealth {
    /// A message arrived.
    pub fn delivered(&mut self, now: Timestamp) {
        *self = Self {
            delivered_at: Some(now),
            ..Self::default()
        };
    }

    /// A try failed at the channel itself.
    pub fn broke(&mut self, error: String, now: Timestamp) {
        self.broken_since.get_or_insert(now);
        self.failed_at = Some(now);
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error);
    }

    /// Until when it is left alone after a failure; `None`: it may be tried.
    #[must_use]
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.failed_at?.saturating_add(REST).ok()?;
        // A clock that went back would let it rest too long.
        let is_believable = self.failed_at.is_some_and(|failed_at| failed_at <= now);
        (until > now && is_believable).then_some(until)
    }

    /// A message will never arrive.
    pub fn died(&mut self, why: &str) {
        self.dead = self.dead.saturating_add(1);
        self.last_error = Some(why.to_owned());
    }
}

/// The channels whose dead letters are to be told now. `before`: those told when the program stopped, which stay until
/// the channel delivers again.
#[must_use]
pub fn with_dead_letters(
    before: &BTreeSet<ChannelName>,
    health: &BTreeMap<ChannelName, ChannelHealth>,
) -> BTreeSet<ChannelName> {
    let delivered_since =
        |channel: &&ChannelName| health.get(*channel).is_some_and(|health| health.delivered_at.is_some());
    let still = before.iter().filter(|channel| !delivered_since(channel));
    let new = health
        .iter()
        .filter(|(_, health)| health.dead > 0)
        .map(|(channel, _)| channel);
    still.chain(new).cloned().collect()
}

/// Through which of the channels dead letters of `about` are announced: all others but `client`. Empty: nobody can be
/// told, and it is an error in the log.
#[must_use]
pub fn announced_through<'c>(
    channels: impl IntoIterator<Item = &'c ChannelName>,
    about: &ChannelName,
) -> Vec<&'c ChannelName> {
    let others = channels.into_iter();
    others
        .filter(|channel| !channel.is_client() && *channel != about)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::Timestamp;

    use super::{ChannelHealth, announced_through, with_dead_letters};
    use crate::domain::ChannelName;

    fn channel(name: &str) -> ChannelName {
        ChannelName::new(name).unwrap()
    }

    #[test]
    fn a_channel_is_broken_from_its_first_failure_until_it_delivers() {
        let at = |secs| Timestamp::from_second(secs).unwrap();
        let mut health = ChannelHealth::default();
        health.broke("refused".to_owned(), at(1));
        health.broke("silent".to_owned(), at(2));
        health.died("silent until its deadline");
        assert_eq!((health.broken_since, health.failures, health.dead), (Some(at(1)), 2, 1));
        for (now, rests) in [(1, None), (2, Some(at(32))), (31, Some(at(32))), (32, None)] {
            assert_eq!(health.rests_until(at(now)), rests, "{now}");
        }
        health.delivered(at(3));
        let expected = ChannelHealth {
            delivered_at: Some(at(3)),
            ..ChannelHealth::default()
        };
        assert_eq!(health, expected);
    }

    #[test]
    fn dead_letters_are_told_until_the_channel_delivers_also_over_a_restart() {
        let died = |dead, delivered_at| ChannelHealth {
            dead,
            delivered_at,
            ..ChannelHealth::default()
        };
        let then = Some(Timestamp::UNIX_EPOCH);
        let before = BTreeSet::from([channel("a"), channel("b"), channel("c")]);
        let health = BTreeMap::from([
            (channel("a"), died(0, then)),
            (channel("b"), died(0, None)),
            (channel("c"), died(1, then)),
            (channel("d"), died(2, None)),
            (channel("e"), died(0, then)),
        ]);
        let told = with_dead_letters(&before, &health);
        assert_eq!(told, BTreeSet::from([channel("b"), channel("c"), channel("d")]));
    }

    #[test]
    fn dead_letters_are_never_announced_about_themselves_nor_to_clients() {
        let (ops, pager, client) = (channel("ops"), channel("pager"), ChannelName::client());
        assert_eq!(announced_through([&ops, &pager, &client], &ops), [&pager]);
        assert_eq!(announced_through([&ops, &pager, &client], &client), [&ops, &pager]);
        assert!(announced_through([&ops, &client], &ops).is_empty());
    }
}
