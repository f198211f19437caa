//! What a running daemon says of itself: which accounts were judged and when, and what became of the last reload. The daemon
//! writes it; health, metrics and systemd read it. It decides nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch as signal;

use crate::clock::Clock;
use crate::domain::AccountName;

/// Sweeps that may be missed before the daemon is not ready any more.
const MISSED: u32 = 3;

/// What is known of one account since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountVitals {
    /// When a sweep was judged last, and by the clock that nobody sets.
    pub judged: Option<(Timestamp, Duration)>,
    /// Why the last sweep was not; `None`: it was.
    pub trouble: Option<String>,
}

/// What became of the last reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    pub at: Timestamp,
    /// When one succeeded last; the start is one.
    pub succeeded_at: Timestamp,
    /// Why the new configuration was refused; `None`: it is in force.
    pub refused: Option<String>,
}

/// All that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub started_at: Timestamp,
    pub accounts: BTreeMap<AccountName, AccountVitals>,
    pub reloaded: Reloaded,
}

/// Shared by all that write and read it.
#[derive(Debug)]
pub struct Vitals {
    clock: Clock,
    known: signal::Sender<Known>,
}

impl Vitals {
    /// Of a daemon that starts now and watches these accounts.
    pub fn new(clock: Clock, accounts: impl IntoIterator<Item = AccountName>) -> Self {
        let now = clock.now();
        let accounts = accounts.into_iter().map(|name| (name, AccountVitals::default()));
        let known = Known {
            started_at: now,
            accounts: accounts.collect(),
            reloaded: Reloaded {
                at: now,
                succeeded_at: now,
                refused: None,
            },
        };
        Self {
            clock,
            known: signal::Sender::new(known),
        }
    }

    /// A sweep of the account was judged and written down.
    pub fn judged(&self, account: &AccountName) {
        let at = (self.clock.now(), self.clock.monotonic());
        self.known.send_modify(|known| {
            let vitals = known.accounts.entry(account.clone()).or_default();
            vitals.judged = Some(at);
            vitals.trouble = None;
        });
    }

    /// A sweep of the account was not judged.
    pub fn failed(&self, account: &AccountName, why: &str) {
        self.known.send_modify(|known| {
            let vitals = known.accounts.entry(account.clone()).or_default();
            vitals.trouble = Some(why.to_owned());
        });
    }

    /// A reload came to its end.
    pub fn reloaded(&self, refused: Option<String>) {
        let at = self.clock.now();
        self.known.send_modify(|known| {
            let reloaded = &mut known.reloaded;
            reloaded.at = at;
            if refused.is_none() {
                reloaded.succeeded_at = at;
            }
            reloaded.refused = refused;
        });
    }

    /// What is known, and every change of it.
    #[must_use]
    pub fn listen(&self) -> signal::Receiver<Known> {
        self.known.subscribe()
    }

    /// What is missing before it watches as it should, where a sweep is due every `interval`; empty: it is ready.
    #[must_use]
    pub fn missing(&self, interval: Duration) -> Vec<String> {
        let now = self.clock.monotonic();
        let known = self.known.borrow();
        let missing = known.accounts.iter().filter_map(|(account, vitals)| {
            let what = match vitals.judged {
                None => "no sweep was judged yet".to_owned(),
                Some((_, at)) if now.saturating_sub(at) > interval.saturating_mul(MISSED) => {
                    format!("no sweep was judged for {} intervals", MISSED)
                }
                Some(_) => return None,
            };
            let why = vitals.trouble.as_ref().map(|why| format!(": {why}"));
            Some(format!("account {account}: {what}{}", why.unwrap_or_default()))
        });
        missing.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Vitals;
    use crate::clock::Clock;
    use crate::domain::AccountName;
    use crate::domain::testing::at;
    use std::time::Duration;

    #[test]
    fn it_is_ready_from_the_first_judged_sweep_on_for_three_intervals() {
        let (clock, stepper) = Clock::stepped(at(0));
        let name = AccountName::new("main").unwrap();
        let vitals = Vitals::new(clock, [name.clone()]);
        let missing = || vitals.missing(Duration::from_secs(300)).join("; ");
        assert_eq!(missing(), "account main: no sweep was judged yet");
        vitals.failed(&name, "invalid credentials");
        assert_eq!(missing(), "account main: no sweep was judged yet: invalid credentials");
        vitals.judged(&name);
        assert_eq!(missing(), "");
        stepper.advance_to(at(900));
        assert_eq!(missing(), "");
        stepper.advance_to(at(901));
        assert_eq!(missing(), "account main: no sweep was judged for 3 intervals");
    }
}
