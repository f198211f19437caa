//! Many clients that begin to breach a limit in one sweep: rather the data are wrong than that all of them ran dry at once.
//!
//! What begins in a sweep is therefore believed at its end, when the share is known. Nothing irreversible is written before
//! that; a program that dies meanwhile leaves what waits for a second reading, which is the safe side.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::lifecycle::one_round_later;
use crate::domain::ClientId;
use crate::domain::alert::{Alert, Phase};
use crate::domain::policy::{Policy, Scope};
use crate::domain::share::Share;

/// So many clients are never a surprise. Fewer, and a small reseller's ordinary evening would be one; more, and a small
/// fleet could be told as a whole by one wrong answer.
const FEW: u64 = 5;

/// What is open for longer than this is over: its clients were not read again, or stand between their limits.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// A sweep in which too many clients began to breach a balance limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surprise {
    /// When that sweep started. Whatever begins from then on belongs to it.
    pub since: Timestamp,
    /// How many clients began to breach.
    pub begun: u64,
    /// How many were judged that had been read before.
    pub judged: u64,
}

/// What became of a surprise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Too few were read a second time.
    Open,
    /// A second reading says the same of so many clients that it cannot be chance.
    Same(u64),
    /// A second reading says otherwise.
    Over,
}

/// Whether so many of the judged clients beginning to breach in one sweep, more than `share`, is a surprise.
#[must_use]
pub fn is_one(begun: u64, judged: u64, share: Share) -> bool {
    begun > FEW && share.is_exceeded(begun.into(), judged.into())
}

/// Whether a policy is one whose breaches are counted: it limits a client's balance.
#[must_use]
pub fn counts(policy: &Policy) -> bool {
    policy.scope == Scope::Clients && (policy.when.balance_below.is_some() || policy.when.balance_at_most.is_some())
}

impl Surprise {
    /// What became of it, by the account's alerts as they are now.
    #[must_use]
    pub fn standing(
        &self,
        alerts: &[Alert],
        (policies, share): (&[Policy], Share),
        interval: SignedDuration,
        now: Timestamp,
    ) -> Standing {
        let (mut again, mut waiting) = (BTreeSet::<&ClientId>::new(), BTreeSet::<&ClientId>::new());
        let counted = |alert: &&Alert| {
            policies
                .iter()
                .any(|policy| policy.name == alert.policy && counts(policy))
        };
        for alert in alerts.iter().filter(counted) {
            let (since, is_confirmed, is_clear) = match &alert.phase {
                Phase::Firing(firing) => (firing.since, firing.confirmed, firing.clear_readings > 0),
                Phase::Pending(pending) => {
                    let held = pending.last_breach_at.duration_since(pending.since);
                    (pending.since, held >= one_round_later(interval), false)
                }
                Phase::CoolingDown { .. } => continue,
            };
            if since < self.since || is_clear {
                continue;
            }
            if is_confirmed { &mut again } else { &mut waiting }.insert(&alert.client);
        }
        let count = |clients: usize| u64::try_from(clients).unwrap_or(u64::MAX);
        let open = count(again.union(&waiting).count());
        let again = count(again.len());
        if is_one(again, self.judged, share) {
            Standing::Same(again)
        } else if !is_one(open, self.judged, share) || now.duration_since(self.since) >= LONGEST {
            Standing::Over
        } else {
            Standing::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{Standing, Surprise, counts, is_one};
    use crate::domain::alert::{Alert, EpisodeId, Firing, Pending, Phase};
    use crate::domain::enforcement::Mode;
    use crate::domain::policy::{Limit, Policy, Scope, When};
    use crate::domain::reason::Reason;
    use crate::domain::share::Share;
    use crate::domain::testing::{at, money, policy};
    use crate::domain::{AccountName, ClientId};

    #[test]
    fn more_than_five_and_more_than_a_tenth_are_a_surprise() {
        for (begun, judged, expected) in [
            (0, 0, false),
            (5, 5, false),
            (6, 6, true),
            (6, 59, true),
            (6, 60, false),
            (20, 200, false),
            (21, 200, true),
            (200, 200, true),
            (5_000, 50_000, false),
            (5_001, 50_000, true),
        ] {
            assert_eq!(is_one(begun, judged, tenth()), expected, "{begun} of {judged}");
        }
    }

    fn tenth() -> Share {
        Share::percent(10.into())
    }

    fn overdrawn() -> Policy {
        let limit = Some(Limit::Amount(money("0")));
        let when = When {
            balance_at_most: limit,
            ..When::default()
        };
        policy("overdrawn", when)
    }

    #[test]
    fn only_limits_of_a_clients_balance_count() {
        let spending = When {
            spent_today_above: Some(money("5")),
            ..When::default()
        };
        let own = Policy {
            scope: Scope::Reseller,
            ..overdrawn()
        };
        assert!(counts(&overdrawn()));
        assert!(!counts(&policy("spending", spending)));
        assert!(!counts(&own));
    }

    /// Where an alert stands: since when, whether confirmed, how often clear.
    fn firing(since: i64, confirmed: bool, clear_readings: u32) -> Phase {
        let account = AccountName::new("main").unwrap();
        let client = ClientId::new("1").unwrap();
        let episode = EpisodeId::new(&account, &client, &overdrawn().name, at(since));
        Phase::Firing(Firing {
            baseline: true,
            confirmed,
            clear_readings,
            ..Firing::new(episode, at(since), Mode::Observe)
        })
    }

    fn pending(since: i64, last: i64) -> Phase {
        Phase::Pending(Pending {
            since: at(since),
            last_breach_at: at(last),
            baseline: true,
            resolved_at: None,
            relapses: 0,
        })
    }

    #[test]
    fn a_second_reading_decides_what_it_was() {
        let cooling = || Phase::CoolingDown {
            resolved_at: at(400),
            relapses: 0,
        };
        let cases = [
            ("not read again", firing(100, false, 0), 20, 400, Standing::Open),
            ("the same", firing(100, true, 0), 20, 400, Standing::Same(20)),
            ("the same of too few", firing(100, true, 0), 5, 400, Standing::Over),
            ("clear", firing(100, false, 1), 20, 400, Standing::Over),
            ("recovered since", firing(100, true, 1), 20, 400, Standing::Over),
            ("gone", cooling(), 20, 400, Standing::Over),
            ("began before", firing(99, true, 0), 20, 400, Standing::Over),
            ("held, read once", pending(100, 100), 20, 400, Standing::Open),
            ("held, read too soon", pending(100, 389), 20, 400, Standing::Open),
            ("held, the same", pending(100, 390), 20, 400, Standing::Same(20)),
            (
                "open for a day",
                firing(100, false, 0),
                20,
                100 + 86_400,
                Standing::Over,
            ),
        ];
        let surprise = Surprise {
            since: at(100),
            begun: 20,
            judged: 20,
        };
        for (name, phase, clients, now, expected) in cases {
            let alert = |number: u32| Alert {
                client: ClientId::new(&number.to_string()).unwrap(),
                policy: overdrawn().name,
                condition: String::new(),
                phase: phase.clone(),
                reason: Reason::NoThreshold,
            };
            let mut alerts: Vec<Alert> = (0..clients).map(alert).collect();
            // Two alerts of one client are one client.
            alerts.extend((0..clients).map(alert));
            let interval = SignedDuration::from_secs(300);
            let standing = surprise.standing(&alerts, (&[overdrawn()], tenth()), interval, at(now));
            assert_eq!(standing, expected, "{name}");
        }
    }
}
