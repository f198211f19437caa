//! One client, or the account, on its walk through the whole judgement.

use jiff::{SignedDuration, tz::TimeZone};

use super::audience::Owed;
use super::lifecycle::Moment;
use super::rows::How;
use super::{Circumstances, Decided, Rules, Seen};
use crate::domain::alert::{Alert, EpisodeId, Firing, Pending, Phase};
use crate::domain::enforcement::Mode;
use crate::domain::hush;
use crate::domain::policy::{Clear, Limit, NoReadingFor, Policy, When};
use crate::domain::reason::Reason;
use crate::domain::receiver::Receiver;
use crate::domain::testing::{self, at, client, money, policy};
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ChannelName, Client, ClientId, Reading, Threshold};

mod account;
mod attention;
mod bounds;
mod clients;
mod enforced;
mod hushed;
mod silence;

const INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// When the reading is judged. The client was read before at 0.
const NOW: i64 = 100_000;

/// Breached below its threshold, clear at 110 % of it.
fn low() -> Policy {
    let percent = |percent: i64| Some(Limit::PercentOfThreshold(percent.into()));
    let when = When {
        balance_below: percent(100),
        ..When::default()
    };
    let clear = Clear {
        balance_at_least: percent(110),
        balance_above: None,
    };
    Policy {
        clear: Some(clear),
        ..policy("low", when)
    }
}

/// Breached when nothing was read for two hours.
fn blind() -> Policy {
    let bound = NoReadingFor {
        limit: SignedDuration::from_hours(2),
        at_least_two_intervals: false,
    };
    let when = When {
        no_reading_for: Some(bound),
        ..When::default()
    };
    Policy {
        notify: vec![ChannelName::new("ops").unwrap()],
        ..policy("blind", when)
    }
}

fn rules(policies: Vec<Policy>) -> Rules {
    let to = |address: &str| Receiver::people(vec![address.to_owned()]);
    Rules {
        account: AccountName::new("main").unwrap(),
        currency: "USD".to_owned(),
        policies,
        channels: [
            (ChannelName::new("ops").unwrap(), to("noc@example.com")),
            (ChannelName::new("pager").unwrap(), to("pager@example.com")),
        ]
        .into(),
        default_threshold: None,
        mode: Mode::Observe,
        triggers: testing::triggers(),
        zone: TimeZone::get("America/Toronto").unwrap(),
        mutes: Vec::new(),
    }
}

fn listed(id: ClientId) -> Client {
    Client {
        email: "john@example.com".to_owned(),
        company: "Consulting".to_owned(),
        balance_management: "2".to_owned(),
        fingerprint: "a".to_owned(),
        ..Client::unknown(id)
    }
}

/// A client that was read at 0 and judged by all policies.
fn watched() -> Watched {
    Watched {
        reading: Some(reading("50", 0)),
        first_attempt_at: Some(at(0)),
        last_attempt_at: Some(at(0)),
        judged: "low,blind,".into(),
        ..Watched::new(listed(client()), at(0))
    }
}

fn reading(balance: &str, secs: i64) -> Reading {
    Reading {
        balance: money(balance),
        spent_today: None,
        spent_total: None,
        at: at(secs),
    }
}

fn circumstances(secs: i64) -> Circumstances {
    Circumstances::ordinary(at(secs), INTERVAL, at(0))
}

fn alert(policy: &Policy, phase: Phase) -> Alert {
    Alert {
        client: client(),
        policy: policy.name.clone(),
        condition: policy.condition(),
        phase,
        reason: Reason::NoThreshold,
    }
}

/// An episode of this policy since `since`, confirmed, of which the client was told.
fn firing(policy: &Policy, since: i64) -> Firing {
    let account = AccountName::new("main").unwrap();
    Firing {
        client_told: policy.tells_client(),
        last_reading_at: Some(at(since)),
        ..Firing::new(
            EpisodeId::new(&account, &client(), &policy.name, at(since)),
            at(since),
            Mode::Observe,
        )
    }
}

fn fires(policy: &Policy, since: i64) -> Alert {
    alert(policy, Phase::Firing(firing(policy, since)))
}

fn pending(policy: &Policy, since: i64, last: i64) -> Alert {
    let pending = Pending {
        since: at(since),
        last_breach_at: at(last),
        baseline: false,
        resolved_at: None,
        relapses: 0,
    };
    alert(policy, Phase::Pending(pending))
}

fn cools_down(policy: &Policy, since: i64) -> Alert {
    alert(
        policy,
        Phase::CoolingDown {
            resolved_at: at(since),
            relapses: 0,
        },
    )
}

/// A client with this reading and threshold, both of this sweep.
fn seen<'a>(watched: &'a Watched, reading: &'a Reading, threshold: &'a Threshold, alerts: &'a [Alert]) -> Seen<'a> {
    Seen {
        watched,
        reading: Some(reading),
        threshold: Some(threshold),
        threshold_is_fresh: true,
        alerts,
        hushes: &hush::NOTHING,
    }
}

/// The alerts as they are after what was decided.
fn after(before: &[Alert], decided: &Decided) -> Vec<Alert> {
    let is_replaced = |alert: &Alert| {
        decided.gone.contains(&alert.policy) || decided.alerts.iter().any(|new| new.policy == alert.policy)
    };
    let kept = before.iter().filter(|alert| !is_replaced(alert));
    kept.chain(&decided.alerts).cloned().collect()
}

/// Each alert as `policy state`.
fn states(alerts: &[Alert]) -> Vec<String> {
    let mut states: Vec<String> = alerts
        .iter()
        .map(|alert| format!("{} {}", alert.policy, alert.state()))
        .collect();
    states.sort();
    states
}

fn moves(decided: &Decided) -> Vec<How> {
    decided.moved.iter().map(|moved| moved.how).collect()
}

/// Who gets a message now or when the sweep ends, by address and transition. What a baseline found waits for longer.
fn told(decided: &Decided) -> Vec<String> {
    let is_baseline = |episode: &EpisodeId| {
        let mut firing = decided.alerts.iter().filter_map(Alert::firing);
        firing.any(|firing| firing.baseline && firing.episode == *episode)
    };
    let Owed {
        notifications,
        messages,
    } = &decided.owed;
    let carried = notifications
        .iter()
        .filter(|notification| notification.message.is_some());
    assert_eq!(carried.count(), messages.len());
    let mut told: Vec<String> = notifications
        .iter()
        .filter(|notification| !notification.state.is_final())
        .filter(|notification| notification.message.is_some() || !is_baseline(&notification.episode))
        .map(|notification| format!("{} {}", notification.recipient, notification.transition.label()))
        .collect();
    told.sort();
    told
}

/// Nothing to write and nobody to tell.
fn is_nothing(decided: &Decided) -> bool {
    let Decided {
        alerts,
        gone,
        owed,
        moved,
        judged,
        wants_threshold: _,
        begun,
    } = decided;
    alerts.is_empty()
        && gone.is_empty()
        && owed.notifications.is_empty()
        && owed.messages.is_empty()
        && moved.is_empty()
        && judged.is_none()
        && begun.is_empty()
}

#[test]
fn the_day_of_a_judgement_is_torontos() {
    let rules = rules(vec![]);
    let night = Circumstances::ordinary("2026-11-24T04:59:59Z".parse().unwrap(), INTERVAL, at(0));
    let Moment { day, .. } = rules.moment(&night, false, false);
    assert_eq!(day, jiff::civil::date(2026, 11, 23));
}
