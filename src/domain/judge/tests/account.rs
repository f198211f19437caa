//! The built-in alerts, and the messages that died.

use super::{INTERVAL, NOW, after, circumstances, moves, rules, states, told};
use crate::domain::account_alert::AccountAlert;
use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
use crate::domain::dead_letter::DeadLetter;
use crate::domain::enforcement::Mode;
use crate::domain::hush;
use crate::domain::judge::account::{Health, Trouble};
use crate::domain::judge::rows::How;
use crate::domain::judge::{Circumstances, Rules};
use crate::domain::policy::{Policy, Scope, When};
use crate::domain::reason::Reason;
use crate::domain::testing::{at, dead_letter, policy};
use crate::domain::{AccountName, ChannelName, ClientId, PolicyName};

fn built_in(alert: AccountAlert, channels: &[&str]) -> Policy {
    Policy {
        scope: Scope::Account,
        clear_readings: 1,
        notify: channels.iter().map(|name| ChannelName::new(name).unwrap()).collect(),
        ..policy(alert.name(), When::default())
    }
}

fn all() -> Rules {
    rules(AccountAlert::ALL.map(|alert| built_in(alert, &["ops"])).to_vec())
}

fn trouble() -> Trouble {
    Trouble {
        what: "it is broken".to_owned(),
        fix: "mend it".to_owned(),
    }
}

fn access(health: Result<(), Trouble>) -> Health {
    Health {
        access: Some(health),
        ..Health::default()
    }
}

fn fires(alert: AccountAlert) -> Alert {
    let (account, name) = (
        AccountName::new("main").unwrap(),
        PolicyName::new(alert.name()).unwrap(),
    );
    let episode = EpisodeId::new(&account, &ClientId::account(), &name, at(0));
    Alert {
        client: ClientId::account(),
        policy: name,
        condition: String::new(),
        phase: Phase::Firing(Firing::new(episode, at(NOW - 300), Mode::Observe)),
        reason: Reason::Account {
            what: "it is broken".to_owned(),
            fix: "mend it".to_owned(),
        },
    }
}

#[test]
fn every_name_is_its_own_and_found_again() {
    for alert in AccountAlert::ALL {
        let name = PolicyName::new(alert.name()).unwrap();
        assert_eq!(AccountAlert::of(name.as_str()), Some(alert));
    }
    assert_eq!(AccountAlert::of("low-balance"), None);
    let explaining = AccountAlert::ALL.into_iter().filter(|alert| alert.explains_silence());
    assert!(explaining.eq([AccountAlert::Access, AccountAlert::Upstream, AccountAlert::Inventory]));
}

#[test]
fn each_alert_moves_by_what_is_known_of_it_alone() {
    type Case<'a> = (&'a str, Vec<Alert>, Health, (&'a [&'a str], &'a [How]));
    let cases: [Case<'_>; 6] = [
        ("nothing is known", vec![], Health::default(), (&[], &[])),
        ("all is well", vec![], access(Ok(())), (&[], &[])),
        (
            "it begins",
            vec![],
            access(Err(trouble())),
            (&["account-access firing"], &[How::Fired]),
        ),
        (
            "it goes on",
            vec![fires(AccountAlert::Access)],
            access(Err(trouble())),
            (&["account-access firing"], &[]),
        ),
        (
            "it is over, and what else fires is not touched",
            vec![fires(AccountAlert::Access), fires(AccountAlert::Brake)],
            access(Ok(())),
            (&["account-access inactive", "brake firing"], &[How::Resolved]),
        ),
        (
            "unknown ends nothing",
            vec![fires(AccountAlert::Access)],
            Health::default(),
            (&["account-access firing"], &[]),
        ),
    ];
    for (name, before, health, (state, moved)) in cases {
        let decided = all().judge_account(&health, &before, &hush::NOTHING, &circumstances(NOW));
        assert_eq!(states(&after(&before, &decided)), state, "{name}");
        assert_eq!(moves(&decided), moved, "{name}");
        assert_eq!(decided.owed.notifications.len(), moved.len(), "{name}");
        let again = all().judge_account(&health, &after(&before, &decided), &hush::NOTHING, &circumstances(NOW));
        assert!(super::is_nothing(&again), "{name}, judged again");
    }
}

#[test]
fn an_alert_whose_policy_is_gone_is_withdrawn() {
    let before = [fires(AccountAlert::Brake), fires(AccountAlert::Store)];
    let rules = rules(vec![built_in(AccountAlert::Store, &["ops"])]);
    let decided = rules.judge_account_gone(&before, &hush::NOTHING, at(NOW));
    assert_eq!(states(&after(&before, &decided)), ["store firing"]);
    assert_eq!(
        told(&decided),
        ["noc@example.com withdrawn", "pager@example.com withdrawn"]
    );
}

#[test]
fn what_fires_after_a_judgement_is_what_was_decided_and_else_what_was_before() {
    let access_fires = fires(AccountAlert::Access);
    let name = &access_fires.policy;
    let none = Circumstances::ordinary(at(NOW), INTERVAL, at(0));
    for (name_of_case, before, health, fires) in [
        ("begins", vec![], access(Err(trouble())), true),
        ("goes on unknown", vec![access_fires.clone()], Health::default(), true),
        ("ends", vec![access_fires.clone()], access(Ok(())), false),
        ("never was", vec![], Health::default(), false),
    ] {
        let decided = all().judge_account(&health, &before, &hush::NOTHING, &none);
        assert_eq!(decided.fires(name, &before), fires, "{name_of_case}");
    }
}

#[test]
fn dead_letters_are_told_once_and_never_where_they_died() {
    let letter = |channel: &str, address: &str, is_announced| DeadLetter {
        channel: ChannelName::new(channel).unwrap(),
        recipient: address.to_owned(),
        is_announced,
        ..dead_letter()
    };
    let (ops, pager) = (&["ops"][..], &["ops", "pager"][..]);
    type Case<'a> = (&'a str, &'a [&'a str], DeadLetter, (&'a [&'a str], usize, usize, bool));
    // Name, who is told by the policy, the letter; who hears, how many are announced and untold, whether it is written.
    let cases: [Case<'_>; 4] = [
        (
            "a client's",
            ops,
            letter("client", "c@x", false),
            (&["noc@example.com fired"], 1, 0, true),
        ),
        (
            "of the other channel",
            pager,
            letter("ops", "noc@example.com", false),
            (&["pager@example.com fired"], 1, 0, true),
        ),
        (
            "of the only recipient",
            ops,
            letter("ops", "noc@example.com", false),
            (&[], 0, 1, true),
        ),
        (
            "announced by an earlier run",
            ops,
            letter("ops", "noc@example.com", true),
            (&[], 0, 0, true),
        ),
    ];
    for (name, channels, letter, (who, announced, untold, is_news)) in cases {
        let rules = rules(vec![built_in(AccountAlert::DeadLetter, channels)]);
        let judge = |alerts: &[Alert]| {
            rules
                .judge_dead_letters(vec![letter.clone()], alerts, &hush::NOTHING, &circumstances(NOW))
                .unwrap()
        };
        let first = judge(&[]);
        assert_eq!(told(&first.decided), who, "{name}");
        assert_eq!(
            (first.announced.len(), first.untold.len(), first.is_news),
            (announced, untold, is_news),
            "{name}"
        );
        let alerts = first.decided.alerts;
        let again = rules
            .judge_dead_letters(
                vec![DeadLetter {
                    is_announced: true,
                    ..letter.clone()
                }],
                &alerts,
                &hush::NOTHING,
                &circumstances(NOW),
            )
            .unwrap();
        assert_eq!((told(&again.decided), again.is_news), (vec![], false), "{name}, again");
    }
}

#[test]
fn a_letter_that_dies_later_is_news_of_the_same_episode_and_none_at_all_is_nothing() {
    let rules = rules(vec![built_in(AccountAlert::DeadLetter, &["ops"])]);
    assert!(
        rules
            .judge_dead_letters(vec![], &[], &hush::NOTHING, &circumstances(NOW))
            .is_none()
    );
    let first = rules
        .judge_dead_letters(vec![dead_letter_to_client()], &[], &hush::NOTHING, &circumstances(NOW))
        .unwrap();
    let second = vec![
        DeadLetter {
            is_announced: true,
            ..dead_letter_to_client()
        },
        DeadLetter {
            message: "n".to_owned(),
            ..dead_letter_to_client()
        },
    ];
    let next = rules
        .judge_dead_letters(second, &first.decided.alerts, &hush::NOTHING, &circumstances(NOW + 5))
        .unwrap();
    assert_eq!(next.announced, ["n"]);
    assert!(
        told(&next.decided)[0].starts_with("noc@example.com news"),
        "{:?}",
        told(&next.decided)
    );
    let over = rules
        .judge_dead_letters(vec![], &next.decided.alerts, &hush::NOTHING, &circumstances(NOW + 10))
        .unwrap();
    assert_eq!(
        (told(&over.decided), over.is_news),
        (vec!["noc@example.com resolved".to_owned()], true)
    );
    let off = super::rules(vec![]).judge_dead_letters(
        vec![dead_letter_to_client()],
        &[],
        &hush::NOTHING,
        &circumstances(NOW),
    );
    assert!(off.is_none(), "the policy is switched off");
}

fn dead_letter_to_client() -> DeadLetter {
    DeadLetter {
        channel: ChannelName::client(),
        ..dead_letter()
    }
}
