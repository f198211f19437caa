//! Tests of the enforcement plan: what is wanted, what may be done, what is sent, what is compared.

mod decision;
mod intents;
mod properties;
mod send;

use jiff::SignedDuration;

use super::{Guards, Protected};
use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
use crate::domain::enforcement::{Enforcement, EnforcementState, Mode, Outcome};
use crate::domain::policy::{Clear, Enforce, Limit, Pattern, Policy, When};
use crate::domain::reason::Reason;
use crate::domain::testing::{self, at, money, policy, reading};
use crate::domain::watch::{AccountState, Watched};
use crate::domain::{AccountName, Client, ClientId, Management, PolicyName};

/// The second at which the sweep of these tests began; the clients are read 5 s later, and the plan is made at 10.
const SWEEP: i64 = 1_000_000;
const NOW: i64 = SWEEP + 10;
const HOUR: i64 = 3600;

fn id(text: &str) -> ClientId {
    ClientId::new(text).unwrap()
}

fn account() -> AccountName {
    AccountName::new("main").unwrap()
}

/// A policy that asks for `wanted` below 5.00 and is clear at 10.00.
fn asks(name: &str, wanted: Management, revert_on_recovery: bool) -> Policy {
    let limit = |amount| Some(Limit::Amount(money(amount)));
    Policy {
        clear: Some(Clear {
            balance_at_least: limit("10"),
            balance_above: None,
        }),
        enforce: Some(Enforce {
            revert_on_recovery,
            ..Enforce::now(wanted)
        }),
        ..policy(
            name,
            When {
                balance_below: limit("5"),
                ..When::default()
            },
        )
    }
}

/// A client that is read in this sweep, SOFT by its list.
fn watched(client: &str, balance: &str) -> Watched {
    let client = Client {
        id: id(client),
        email: "john@example.com".to_owned(),
        company: String::new(),
        firstname: "John".to_owned(),
        lastname: "Doe".to_owned(),
        country: String::new(),
        balance_management: "2".to_owned(),
        fingerprint: "as listed".to_owned(),
    };
    Watched {
        reading: Some(reading(balance, "0", SWEEP + 5)),
        ..Watched::new(client, at(0))
    }
}

/// An alert that fires since `since`, confirmed, in mode apply, judged in this sweep.
fn fires(client: &str, policy: &str, since: i64) -> Alert {
    let (client, policy) = (id(client), PolicyName::new(policy).unwrap());
    let episode = EpisodeId::new(&account(), &client, &policy, at(since));
    let firing = Firing {
        last_reading_at: Some(at(SWEEP + 5)),
        ..Firing::new(episode, at(since), Mode::Apply)
    };
    Alert {
        client,
        policy,
        condition: String::new(),
        phase: Phase::Firing(firing),
        reason: Reason::NoThreshold,
    }
}

fn firing_mut(alert: &mut Alert) -> &mut Firing {
    match &mut alert.phase {
        Phase::Firing(firing) => firing,
        _ => panic!("the alert does not fire"),
    }
}

/// An enforcement to HARD by `policy`'s episode that began at `since`, which came to `state` at `changed`.
fn done(client: &str, policy: &str, since: i64, state: EnforcementState, changed: i64) -> Enforcement {
    let (client, policy) = (id(client), PolicyName::new(policy).unwrap());
    let episode = EpisodeId::new(&account(), &client, &policy, at(since));
    Enforcement {
        account: account(),
        client,
        policy,
        balance: money("1"),
        planned_at: at(changed - 1),
        state,
        changed_at: at(changed),
        code_before: Some("2".to_owned()),
        code_sent: Some("1".to_owned()),
        fingerprint_before: Some("before".to_owned()),
        fingerprint_after: Some("as left".to_owned()),
        ..testing::enforcement(episode)
    }
}

const fn ended(outcome: Outcome) -> EnforcementState {
    EnforcementState::Ended { outcome }
}

fn guards(per_sweep: u32, per_day: u32) -> Guards {
    Guards {
        protect: vec![Protected::Pattern(Pattern::parse("protected"))],
        ..testing::guards(Mode::Apply, per_sweep, per_day)
    }
}

/// An account whose first enforcement was good.
fn state() -> AccountState {
    AccountState {
        canary_passed_at: Some(at(0)),
        management_codes: [
            ("1".to_owned(), "Hard - suspend the client".to_owned()),
            ("2".to_owned(), "Soft - let the client go negative".to_owned()),
        ]
        .into(),
        ..AccountState::default()
    }
}

/// Whole hours after the plan's time.
fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
