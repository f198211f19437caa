//! What a rehearsal says of plain facts: the answer, the days, pages at night, and what would annoy.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{ChannelFacts, Event, Facts, Message, Rehearsal, Setting, Told};
use crate::domain::{AccountName, ChannelName, ClientId, PolicyName, Severity};
use crate::view::page::{Block, Shown};
use crate::view::words::Now;

/// A Monday.
const START: &str = "2026-01-05T00:00:00Z";

fn setting(days: u32) -> Setting {
    let channels = [("ops", "email", false, false), ("phone", "pagerduty", true, false)];
    let channels = channels.map(|(name, kind, rings, mirrors)| {
        let facts = ChannelFacts { kind, rings, mirrors };
        (ChannelName::new(name).unwrap(), facts)
    });
    let from: Timestamp = START.parse().unwrap();
    Setting {
        account: AccountName::new("main").unwrap(),
        other_accounts: Vec::new(),
        days,
        seed: 1,
        world: "busy",
        clients: 40,
        clients_from: "--clients".to_owned(),
        mode: "observe",
        from,
        until: from + (24 * i64::from(days)).hours(),
        zone: TimeZone::UTC,
        channels: BTreeMap::from(channels),
        idle: Vec::new(),
        may_change: false,
        mails_clients: true,
    }
}

/// A message so many minutes after the start.
fn message(minutes: i64, channel: &str, severity: Severity, episode: &str) -> Message {
    let start: Timestamp = START.parse().unwrap();
    Message {
        at: start + minutes.minutes(),
        channel: ChannelName::new(channel).unwrap(),
        recipient: if channel == "ops" {
            "noc@example.com".to_owned()
        } else {
            String::new()
        },
        tells: vec![Told {
            episode: episode.to_owned(),
            client: ClientId::new("561115").unwrap(),
            company: "Bakery".to_owned(),
            policy: PolicyName::new("low-balance").unwrap(),
            what: "fired".to_owned(),
            severity,
            begins: true,
            reason: "it is low".to_owned(),
            balance: None,
        }],
    }
}

fn rehearsal(days: u32, messages: Vec<Message>) -> Rehearsal {
    Rehearsal::new(Facts {
        setting: setting(days),
        messages,
        changes: Vec::new(),
        untold: Vec::new(),
        events: Vec::new(),
    })
}

fn lines(rehearsal: &Rehearsal) -> Vec<String> {
    let now = Now {
        at: Timestamp::UNIX_EPOCH,
        zone: TimeZone::UTC,
    };
    let blocks = rehearsal.page(&now).0.into_iter();
    blocks
        .filter_map(|block| {
            if let Block::Line(line) = block {
                Some(line)
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn nothing_at_all_is_said_so() {
    let rehearsal = rehearsal(3, Vec::new());
    let answer = rehearsal.answer.join(" ");
    assert_eq!(
        answer,
        "In 3 days your clients would get no mail; you and your colleagues would get no message. Nothing critical would begin, so \
         nobody would be paged. Nothing would be changed at VoIP.ms, because no policy has `enforce`."
    );
    // Days on which nothing happens are one line.
    assert_eq!(rehearsal.days.len(), 1);
    assert_eq!(rehearsal.days[0].until.to_string(), "2026-01-07");
    assert!(lines(&rehearsal)[0].contains("3 days from Mon 5 Jan, 40 simulated clients (--clients), world busy"));
}

#[test]
fn mode_approve_says_that_nobody_answers() {
    let asks = Rehearsal::new(Facts {
        setting: Setting {
            mode: "approve",
            may_change: true,
            ..setting(3)
        },
        messages: Vec::new(),
        changes: Vec::new(),
        untold: Vec::new(),
        events: Vec::new(),
    });
    let last = asks.answer.last().unwrap();
    assert_eq!(
        last,
        "At VoIP.ms no change would be made: in mode approve each needs your answer, and in a rehearsal nobody gives one."
    );
}

#[test]
fn an_alert_that_two_channels_tell_of_is_one_page_at_its_first_word() {
    let night = 3 * 60;
    let pages = rehearsal(
        1,
        vec![
            message(night, "phone", Severity::Critical, "a"),
            message(night + 1, "ops", Severity::Critical, "a"),
            message(12 * 60, "ops", Severity::Critical, "b"),
            message(12 * 60, "ops", Severity::Warning, "c"),
            message(12 * 60, "client", Severity::Critical, "b"),
        ],
    );
    assert_eq!((pages.totals.pages, pages.totals.pages_at_night), (2, 1));
    assert_eq!(
        pages.pages[0]
            .channels
            .iter()
            .map(ChannelName::as_str)
            .collect::<Vec<_>>(),
        ["phone", "ops"]
    );
    assert_eq!((pages.totals.to_clients, pages.totals.to_operators), (1, 4));
    assert_eq!(pages.warnings, Vec::<String>::new());
}

#[test]
fn what_would_annoy_is_warned_of_from_one_more_on() {
    let many = |number: i64| {
        (0..number)
            .map(|place| message(600 + place, "ops", Severity::Warning, "a"))
            .collect()
    };
    assert!(rehearsal(1, many(20)).warnings.is_empty());
    let warnings = rehearsal(1, many(21)).warnings;
    assert!(
        warnings[0].starts_with("noc@example.com gets 21 messages on Mon 5 Jan"),
        "{warnings:?}"
    );

    // The fourth within seven days, and not after them.
    let mails = |last: i64| {
        let times = [0, 1_440, 2 * 1_440, last];
        times
            .map(|at| message(at + 600, "client", Severity::Warning, "a"))
            .to_vec()
    };
    let warnings = rehearsal(9, mails(7 * 1_440 - 1)).warnings;
    assert!(
        warnings[0].starts_with("1 client gets more than 3 mails in a week, at most 4 (561115)"),
        "{warnings:?}"
    );
    assert!(rehearsal(9, mails(7 * 1_440)).warnings.is_empty());
}

#[test]
fn the_night_is_for_what_is_critical() {
    let cases = [
        (
            "a warning rings",
            3,
            "phone",
            Severity::Warning,
            "`phone` rings 1 time between",
        ),
        ("the last minute of it", 6, "phone", Severity::Warning, "`phone` rings"),
        ("it is over at seven", 7, "phone", Severity::Warning, ""),
        ("it begins at ten", 22, "phone", Severity::Warning, "`phone` rings"),
        ("a mail does not ring", 3, "ops", Severity::Warning, ""),
        ("what is critical rings", 3, "phone", Severity::Critical, ""),
        (
            "only a mail tells of it",
            3,
            "ops",
            Severity::Critical,
            "1 critical alert begins between",
        ),
    ];
    for (name, hour, channel, severity, expected) in cases {
        let warnings = rehearsal(1, vec![message(hour * 60, channel, severity, "a")]).warnings;
        match expected {
            "" => assert_eq!(warnings, Vec::<String>::new(), "{name}"),
            _ => assert!(warnings[0].starts_with(expected), "{name}: {warnings:?}"),
        }
    }
}

#[test]
fn what_happens_stands_on_its_day() {
    let start: Timestamp = START.parse().unwrap();
    let rehearsal = Rehearsal::new(Facts {
        setting: setting(4),
        messages: vec![message(1_500, "ops", Severity::Warning, "a")],
        changes: Vec::new(),
        untold: Vec::new(),
        events: vec![Event {
            at: start + 30.hours(),
            what: "VoIP.ms is down".to_owned(),
        }],
    });
    let days: Vec<(String, u64, usize)> = rehearsal
        .days
        .iter()
        .map(|day| (day.date.to_string(), day.to_operators, day.events.len()))
        .collect();
    assert_eq!(
        days,
        [
            ("2026-01-05".to_owned(), 0, 0),
            ("2026-01-06".to_owned(), 1, 1),
            ("2026-01-07".to_owned(), 0, 0)
        ]
    );
}
