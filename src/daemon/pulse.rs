//! Whether the store does its work, as those see it who use it: since when it fails, how often, and when to give up.
//! In memory, for a store that fails remembers nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch as signal;

use super::Error;
use crate::clock::Clock;
use crate::domain::judge::account::Trouble;
use crate::monitor::SweepError;
use crate::{enforce, store, telemetry};

/// Failures in a row after which people are told. One alone may be another program that holds the store for a moment.
const TOLD_AFTER: u32 = 3;

/// How long it may fail. A program that is started anew has none of what may have broken in this one.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(600);

/// How long people are told of what does not end by itself.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Who uses the store, each for itself: one may fail while another does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The sweeps of the account at this place.
    Sweeps(usize),
    Outbox,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Failing {
    since: Timestamp,
    since_monotonic: Duration,
    times: u32,
    /// Whether it cannot end by itself.
    is_final: bool,
    trouble: Trouble,
}

/// What is known of the store.
#[derive(Debug)]
pub struct Pulse {
    clock: Clock,
    failing: signal::Sender<BTreeMap<Part, Failing>>,
}

impl Pulse {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            failing: signal::channel(BTreeMap::new()).0,
        }
    }

    /// It did all that `part` wanted.
    pub fn works(&self, part: Part) {
        self.failing.send_if_modified(|failing| failing.remove(&part).is_some());
    }

    /// It failed an earlier process, and no sweep of this one has shown yet that it works again.
    pub fn failed_before(&self, since: Timestamp, trouble: Trouble) {
        let failing = Failing {
            since,
            since_monotonic: self.clock.monotonic(),
            times: TOLD_AFTER,
            is_final: false,
            trouble,
        };
        self.failing
            .send_modify(|parts| drop(parts.insert(Part::Sweeps(0), failing)));
    }

    /// It failed `part`.
    pub fn fails(&self, part: Part, error: &store::Error) {
        let trouble = trouble(error);
        self.failing.send_modify(|failing| {
            let entry = failing.entry(part).or_insert_with(|| Failing {
                since: self.clock.now(),
                since_monotonic: self.clock.monotonic(),
                times: 0,
                is_final: false,
                trouble: trouble.clone(),
            });
            entry.times += 1;
            entry.is_final |= matches!(error, store::Error::Gone { .. });
            entry.trouble = trouble;
        });
    }

    /// Ends at the next change from now on, also one that comes before anybody waits for it.
    pub fn changed(&self) -> impl Future<Output = ()> + use<> {
        let mut changes = self.failing.subscribe();
        async move {
            // An error means that nobody is left whose store could change.
            changes.changed().await.ok();
        }
    }

    /// What people are to be told: it works, or what is wrong; `None`: nothing new, for it is not sure yet.
    pub fn verdict(&self) -> Option<Result<(), Trouble>> {
        let failing = self.failing.borrow();
        let sure = failing
            .values()
            .find(|failing| failing.is_final || failing.times >= TOLD_AFTER);
        match sure {
            Some(failing) => Some(Err(failing.trouble.clone())),
            None => failing.is_empty().then_some(Ok(())),
        }
    }

    /// Ends when there is no hope left that it works again by itself, with why.
    pub async fn hopeless(&self) -> Error {
        let mut changes = self.failing.subscribe();
        loop {
            let oldest = changes
                .borrow_and_update()
                .values()
                .min_by_key(|failing| (!failing.is_final, failing.since_monotonic))
                .cloned();
            let Some(Failing {
                since,
                since_monotonic,
                is_final,
                trouble,
                ..
            }) = oldest
            else {
                changes.changed().await.ok();
                continue;
            };
            let passed = self.clock.monotonic().saturating_sub(since_monotonic);
            let most = if is_final { LAST_WORDS } else { GIVEN_UP_AFTER };
            if passed >= most {
                return Error::GivenUp {
                    since,
                    what: trouble.what,
                };
            }
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                () = self.clock.sleep(most - passed) => {}
            }
        }
    }
}

/// The store's failure in `error`; `None`: something else failed.
pub fn of_store(error: &Error) -> Option<&store::Error> {
    match error {
        Error::Store(error) | Error::Sweep(SweepError::Store(error)) | Error::Enforce(enforce::Error::Store(error)) => {
            Some(error)
        }
        _ => None,
    }
}

/// What people are told of it.
pub fn trouble(error: &store::Error) -> Trouble {
    let hint = error.hint();
    let hint = hint.unwrap_or_else(|| "see what the log says".to_owned());
    let what = match error {
        store::Error::Gone { .. } => {
            return Trouble {
                what: format!("nobody is watched any more: {error}"),
                fix: hint,
            };
        }
        // What matters comes first, for a subject has not much room.
        store::Error::Disk { trouble, path, .. } => {
            let path = path.display();
            format!("nobody is watched, for {trouble}: nothing can be written down in the store `{path}`")
        }
        _ => format!(
            "nobody is watched, for nothing can be written down: {}",
            telemetry::chain(error)
        ),
    };
    Trouble {
        what,
        fix: format!(
            "{hint}. It is tried again all the time; after ten minutes in vain the program ends, to be started anew by systemd"
        ),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::{Part, Pulse};
    use crate::clock::Clock;
    use crate::domain::testing::at;
    use crate::store::Error;

    fn failure() -> Error {
        Error::Missing { path: "/x".into() }
    }

    #[test]
    fn what_changes_between_a_look_and_the_wait_is_not_missed() {
        let pulse = Pulse::new(Clock::stepped(at(0)).0);
        let changed = pulse.changed();
        pulse.fails(Part::Outbox, &failure());
        assert!(changed.now_or_never().is_some());
        assert!(pulse.changed().now_or_never().is_none(), "the next one");
    }

    #[test]
    fn people_are_told_after_three_failures_in_a_row_and_when_all_works() {
        let pulse = Pulse::new(Clock::stepped(at(0)).0);
        let said = |pulse: &Pulse| pulse.verdict().map(|verdict| verdict.is_ok());
        assert_eq!(said(&pulse), Some(true));
        let (first, second) = (Part::Sweeps(0), Part::Outbox);
        for (name, part, works, expected) in [
            ("once", first, false, None),
            ("twice", first, false, None),
            ("another part", second, false, None),
            ("it worked meanwhile", first, true, None),
            ("all works", second, true, Some(true)),
            ("once", second, false, None),
            ("twice", second, false, None),
            ("three times", second, false, Some(false)),
            ("one part works", first, true, Some(false)),
            ("so does the other", second, true, Some(true)),
        ] {
            if works {
                pulse.works(part);
            } else {
                pulse.fails(part, &failure());
            }
            assert_eq!(said(&pulse), expected, "{name}");
        }
    }

    #[tokio::test]
    async fn it_is_given_up_after_ten_minutes_whatever_fails_meanwhile() {
        let (clock, stepper) = Clock::stepped(at(0));
        let pulse = Pulse::new(clock);
        let mut given_up = polled(pulse.hopeless());
        assert!(given_up().is_none(), "nothing fails");
        pulse.fails(Part::Outbox, &failure());
        stepper.advance_to(at(599));
        pulse.fails(Part::Outbox, &failure());
        assert!(given_up().is_none(), "a second is left");
        pulse.works(Part::Outbox);
        pulse.fails(Part::Outbox, &failure());
        stepper.advance_to(at(1_198));
        assert!(given_up().is_none(), "it worked meanwhile");
        stepper.advance_to(at(1_199));
        assert!(given_up().is_some_and(|error| error.to_string().contains("nobody is watched")));
    }

    /// Polls a future, now and again.
    fn polled<T>(future: impl Future<Output = T>) -> impl FnMut() -> Option<T> {
        let mut future = Box::pin(future);
        move || futures_util::FutureExt::now_or_never(&mut future)
    }
}
