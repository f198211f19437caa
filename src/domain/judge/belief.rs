//! What a reading began is believed at the end of its sweep: whoever waited for that is told now.

use jiff::Timestamp;

use super::fall::Fall;
use super::{Decided, Rules, Seen, fall, lifecycle};
use crate::domain::alert::{Alert, ClientWaits, Firing};
use crate::domain::watch::Watched;
use crate::domain::{Money, Reading};

/// How far what a reading begins is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Everybody is told at once.
    #[default]
    Full,
    /// Operators are told at once. The client, and any enforcement, wait for the end of the sweep: only then is it known
    /// whether it is alone.
    UntilTheEnd,
    /// Too many began before it: operators wait, too.
    InDoubt,
}

/// What a reading began, and what waits for the end of the sweep.
#[derive(Clone, Debug)]
pub struct Begun {
    pub(super) alert: Alert,
    /// Whether it came back within its cool-down.
    pub(super) relapse: bool,
}

impl Begun {
    /// Whether the client waits to be told of it, and by it that the balance is used up.
    pub(super) fn will_tell_that_all_is_gone(&self) -> bool {
        let waits = |firing: &Firing| firing.client_waits == Some(ClientWaits::Confirmation);
        self.alert.firing().is_some_and(waits) && lifecycle::is_used_up(&self.alert.reason)
    }
}

impl Rules {
    /// The fall since a client's last reading, if nothing explains it. `charges` are as [`fall::unexplained`] has them.
    #[must_use]
    pub fn fall(&self, watched: &Watched, reading: &Reading, charges: &[Money]) -> Option<Fall> {
        let before = watched.reading.as_ref().filter(|_| !watched.client.id.is_pseudo())?;
        fall::unexplained(before, reading, charges, &self.zone).or_else(|| {
            // What goes on falling from a number that nothing explained is no more to be believed than that number.
            let earlier = watched.previous.as_ref()?;
            fall::unexplained(earlier, before, &[], &self.zone)?;
            let still_falls = reading.balance < before.balance;
            still_falls.then(|| fall::unexplained(earlier, reading, charges, &self.zone))?
        })
    }

    /// Believes what a client's reading began. The client is told, and operators who had to wait; whoever was told at once is
    /// not told again.
    #[must_use]
    pub fn believe(&self, seen: &Seen<'_>, begun: &[Begun], now: Timestamp) -> Decided {
        let mut decided = Decided::default();
        for Begun { alert, relapse } in begun {
            let Some(policy) = self.policy(&alert.policy) else {
                continue;
            };
            let operators_waited = alert.firing().is_some_and(|firing| firing.baseline);
            let step = lifecycle::believe(alert.clone(), policy, *relapse);
            let mut one = Decided::default();
            one.add(self, seen, policy, Some(alert), step, now);
            if !operators_waited {
                one.owed.retain(|notification| notification.channel.is_client());
            }
            decided.alerts.extend(one.alerts);
            decided.owed.add(one.owed);
        }
        decided
    }
}
