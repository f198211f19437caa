//! Mails as their readers get them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Letterhead, Mail, Unwritten, write};
use crate::domain::alert::EpisodeId;
use crate::domain::enforcement::{Deferral, Direction, FieldDifference, Outcome, Refusal};
use crate::domain::notice::{Facts, Message, MessageKind, NoticeState, Notification, Transition, Withdrawal};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::{AccountName, ChannelName, ClientId, Management, Money, PolicyName, Reading, Severity, Threshold};

mod accounts;
mod digest;
mod golden;
mod groups;
mod harmless;
mod languages;
mod links;
mod pages;
mod templates;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn decided() -> Timestamp {
    at("2026-11-23T15:15:00Z")
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn letterhead() -> Letterhead {
    Letterhead {
        zone: TimeZone::get("America/Toronto").unwrap(),
        ..crate::notify::testing::letterhead()
    }
}

fn finding(measure: Measure, value: &str, relation: Relation, limit: &str, limit_text: Option<&str>) -> Finding {
    Finding {
        measure,
        value: money(value),
        relation,
        limit: money(limit),
        limit_text: limit_text.map(str::to_owned),
    }
}

fn limits(findings: Vec<Finding>) -> Reason {
    Reason::Limits { findings }
}

/// `low-balance`: 8.0588 is below the client's own threshold of 10.
fn low() -> Notification {
    let (account, client) = (AccountName::new("main").unwrap(), ClientId::new("561115").unwrap());
    let policy = PolicyName::new("low-balance").unwrap();
    Notification {
        id: "n".to_owned(),
        episode: EpisodeId::new(&account, &client, &policy, decided()),
        account,
        client,
        policy,
        transition: Transition::Fired { relapse: false },
        severity: Severity::Warning,
        channel: ChannelName::new("ops").unwrap(),
        recipient: "noc@example.com".to_owned(),
        facts: Facts {
            label: "Consulting".to_owned(),
            currency: "USD".to_owned(),
            reading: Some(Reading {
                balance: money("8.0588"),
                spent_today: Some(money("4.11")),
                spent_total: Some(money("92")),
                at: decided() - SignedDuration::from_secs(5),
            }),
            threshold: Some(Threshold {
                amount: Some(money("10")),
                email: None,
                at: decided() - SignedDuration::from_secs(4),
            }),
            reason: limits(vec![finding(
                Measure::Balance,
                "8.0588",
                Relation::Below,
                "10",
                Some("threshold"),
            )]),
            since: decided(),
            management: None,
            ending: None,
            enforcement: None,
            country: String::new(),
            runbook_url: None,
            account: None,
        },
        created_at: decided(),
        message: Some("m".to_owned()),
        state: NoticeState::Pending,
    }
}

/// The same, for the client.
fn to_client(mut notification: Notification) -> Notification {
    notification.channel = ChannelName::client();
    notification.recipient = "john@consulting.example".to_owned();
    notification
}

fn policy(mut notification: Notification, name: &str, severity: Severity) -> Notification {
    notification.policy = PolicyName::new(name).unwrap();
    notification.severity = severity;
    notification
}

/// `overdrawn`: at most 0.
fn overdrawn() -> Notification {
    let mut notification = policy(low(), "overdrawn", Severity::Critical);
    notification.facts.reason = limits(vec![finding(Measure::Balance, "-2.31", Relation::AtMost, "0", None)]);
    notification.facts.reading.as_mut().unwrap().balance = money("-2.31");
    notification
}

/// Too much spent today.
fn spending() -> Notification {
    let mut notification = policy(low(), "fraud", Severity::Critical);
    notification.facts.reason = limits(vec![finding(Measure::SpentToday, "120.5", Relation::Above, "50", None)]);
    let reading = notification.facts.reading.as_mut().unwrap();
    reading.balance = money("43.1");
    reading.spent_today = Some(money("120.5"));
    notification
}

/// Unread for 42 minutes.
fn silence() -> Notification {
    let mut notification = policy(low(), "blind", Severity::Warning);
    notification.facts.reason = Reason::Unread {
        since: decided() - SignedDuration::from_mins(42),
        limit_secs: 1800,
        error: Some("html".to_owned()),
    };
    notification.facts.reading.as_mut().unwrap().at = decided() - SignedDuration::from_mins(42);
    notification
}

/// The reseller's own balance.
fn own_balance() -> Notification {
    let mut notification = policy(low(), "own-balance", Severity::Critical);
    notification.client = ClientId::reseller();
    notification.facts.label = "reseller".to_owned();
    notification.facts.threshold = None;
    notification.facts.reason = limits(vec![finding(Measure::Balance, "43.1", Relation::Below, "50", None)]);
    let reading = notification.facts.reading.as_mut().unwrap();
    (reading.balance, reading.spent_today, reading.spent_total) = (money("43.1"), None, None);
    notification
}

/// A built-in alert about the account.
fn account() -> Notification {
    let mut notification = policy(low(), "account-access", Severity::Critical);
    notification.client = ClientId::account();
    notification.facts.label = "account".to_owned();
    notification.facts.threshold = None;
    notification.facts.reading = None;
    notification.facts.reason = Reason::Account {
        what: "VoIP.ms does not allow this machine's address (ip_not_enabled)".to_owned(),
        fix: "Allow-list this address on the API page of the VoIP.ms portal.".to_owned(),
    };
    notification
}

fn with(mut notification: Notification, transition: Transition) -> Notification {
    notification.transition = transition;
    notification
}

/// Recovered: 25.00 is at least 11.00.
fn recovered() -> Notification {
    let mut notification = with(low(), Transition::Resolved);
    notification.facts.reason = limits(vec![finding(
        Measure::Balance,
        "25",
        Relation::AtLeast,
        "11",
        Some("110% of threshold"),
    )]);
    notification.facts.reading.as_mut().unwrap().balance = money("25");
    notification.facts.since = decided() - SignedDuration::from_hours(26);
    notification
}

fn enforced(notification: Notification, outcome: Outcome) -> Notification {
    with(
        notification,
        Transition::Enforced {
            outcome,
            wanted: Management::Hard,
            direction: Direction::Enforce,
        },
    )
}

fn message(notifications: &[Notification]) -> Message {
    let first = &notifications[0];
    Message {
        id: "m".to_owned(),
        account: first.account.clone(),
        channel: first.channel.clone(),
        recipient: first.recipient.clone(),
        thread: first.episode.to_string(),
        kind: if notifications.len() == 1 {
            MessageKind::Single
        } else {
            MessageKind::Summary
        },
        created_at: first.created_at,
        not_before: first.created_at,
        deadline: first.created_at + SignedDuration::from_hours(24),
        paced: None,
        attempts: 0,
        next_at: first.created_at,
        state: NoticeState::Pending,
        receipt: None,
    }
}

/// The mail, sent this long after it was decided.
fn sent_after(notifications: &[Notification], secs: i64) -> Result<Mail, Unwritten> {
    let now = decided() + SignedDuration::from_secs(secs);
    write(&message(notifications), notifications, &letterhead(), now).map(|letter| letter.to_mail())
}

fn every_transition() -> Vec<Transition> {
    let enforced = |outcome, wanted, direction| Transition::Enforced {
        outcome,
        wanted,
        direction,
    };
    let mut all = vec![
        Transition::Fired { relapse: false },
        Transition::Fired { relapse: true },
        Transition::ClientDue,
        Transition::Repeated { repeat: 2 },
        Transition::Resolved,
    ];
    all.extend(
        [
            Withdrawal::PolicyRemoved,
            Withdrawal::PolicyChanged,
            Withdrawal::ClientExcluded,
            Withdrawal::ClientVanished,
            Withdrawal::ThresholdRemoved,
        ]
        .map(|why| Transition::Withdrawn { why }),
    );
    for outcome in every_outcome() {
        for wanted in [Management::Hard, Management::Soft] {
            for direction in [Direction::Enforce, Direction::Revert] {
                all.push(enforced(outcome.clone(), wanted, direction));
            }
        }
    }
    all
}

fn every_outcome() -> Vec<Outcome> {
    vec![
        Outcome::Verified,
        Outcome::Already,
        Outcome::Refused {
            why: Refusal::PasswordMasked,
        },
        Outcome::Declined {
            code: "used_password".to_owned(),
        },
        Outcome::Differs {
            fields: vec![FieldDifference {
                field: "company".to_owned(),
                expected: "Consulting".to_owned(),
                found: String::new(),
            }],
        },
        Outcome::DidNotHappen,
        Outcome::Unknown {
            error: "timeout".to_owned(),
        },
        Outcome::Cancelled,
        Outcome::Waiting {
            why: Deferral::DayCap { cap: 20 },
            others: 2,
        },
    ]
}

fn every_alert() -> Vec<(&'static str, Notification)> {
    vec![
        ("low", low()),
        ("overdrawn", overdrawn()),
        ("spending", spending()),
        ("silence", silence()),
        ("own balance", own_balance()),
        ("account", account()),
        ("recovered", recovered()),
    ]
}

/// The text of a mail on one line, to find words in it wherever lines break.
fn unwrapped(mail: &Mail) -> String {
    mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
}
