//! A reading turns into rows.

use jiff::SignedDuration;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};

use super::{
    INTERVAL, NOW, after, alert, blind, circumstances, cools_down, fires, firing, is_nothing, low, moves, pending,
    reading, rules, seen, states, told, watched,
};
use crate::domain::alert::{Alert, ClientWaits, Firing, Phase};
use crate::domain::judge::belief::Trust;
use crate::domain::judge::fall::Fall;
use crate::domain::judge::rows::How;
use crate::domain::judge::{Circumstances, Decided, Seen};
use crate::domain::notice::Withdrawal;
use crate::domain::policy::{Pattern, Policy, Selector};
use crate::domain::testing::{at, money, threshold};
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, Threshold};

const BREACH: &str = "9.9999";
const BETWEEN: &str = "10";
const STILL_BETWEEN: &str = "10.9999";
const CLEAR: &str = "11";

/// The client with the threshold 10, read a moment ago.
fn ten() -> Threshold {
    threshold(Some("10"), NOW)
}

/// A threshold that was read so long ago that it may just be used, and a second longer.
fn aged(secs_too_old: i64) -> Threshold {
    threshold(Some("10"), NOW - 24 * 3600 - secs_too_old)
}

fn judged_by(policy: Policy, watched: &Watched, balance: &str, threshold: &Threshold, alerts: &[Alert]) -> Decided {
    let reading = reading(balance, NOW);
    rules(vec![policy]).judge_client(&seen(watched, &reading, threshold, alerts), &circumstances(NOW))
}

const OPS: &str = "noc@example.com";
const JOHN: &str = "john@example.com";

#[test]
fn every_state_meets_every_verdict() {
    let none: Vec<Alert> = vec![];
    let held = || Policy {
        hold: SignedDuration::from_secs(600),
        ..low()
    };
    let one_clear = || Policy {
        clear_readings: 1,
        ..low()
    };
    let seen_clear = || {
        let firing = Firing {
            clear_readings: 1,
            clear_since: Some(at(NOW - 300)),
            ..firing(&low(), NOW - 900)
        };
        alert(&low(), Phase::Firing(firing))
    };
    let (six_hours, no_threshold, zero) = (6 * 3600, threshold(None, NOW), threshold(Some("0"), NOW));
    let fired = [How::Fired].as_slice();
    // Name; policy, alerts before, balance, threshold; states after, what moved, who is told.
    type Case<'a> = (
        &'a str,
        (Policy, Vec<Alert>, &'a str, Threshold),
        (&'a [&'a str], &'a [How], &'a [&'a str]),
    );
    let both = ["john@example.com fired", "noc@example.com fired"];
    let cases: Vec<Case<'_>> = vec![
        (
            "inactive, breach",
            (low(), none.clone(), BREACH, ten()),
            (&["low firing"], fired, &both),
        ),
        (
            "inactive, between",
            (low(), none.clone(), BETWEEN, ten()),
            (&[], &[], &[]),
        ),
        ("inactive, clear", (low(), none.clone(), CLEAR, ten()), (&[], &[], &[])),
        (
            "inactive, no threshold",
            (low(), none.clone(), BREACH, no_threshold.clone()),
            (&[], &[], &[]),
        ),
        (
            "inactive, a threshold of 0 is none",
            (low(), none.clone(), BREACH, zero),
            (&[], &[], &[]),
        ),
        (
            "inactive, a day old threshold",
            (low(), none.clone(), BREACH, aged(0)),
            (&["low firing"], fired, &both),
        ),
        (
            "inactive, an older threshold",
            (low(), none.clone(), BREACH, aged(1)),
            (&[], &[], &[]),
        ),
        (
            "a hold begins",
            (held(), none.clone(), BREACH, ten()),
            (&["low pending"], &[], &[]),
        ),
        (
            "a second of the hold is left",
            (held(), vec![pending(&low(), NOW - 599, NOW - 300)], BREACH, ten()),
            (&["low pending"], &[], &[]),
        ),
        (
            "the hold is over",
            (held(), vec![pending(&low(), NOW - 600, NOW - 300)], BREACH, ten()),
            (&["low firing"], fired, &both),
        ),
        (
            "the hold was broken by three intervals of silence",
            (held(), vec![pending(&low(), NOW - 1_800, NOW - 901)], BREACH, ten()),
            (&["low pending"], &[], &[]),
        ),
        (
            "the hold outlives as long a silence",
            (held(), vec![pending(&low(), NOW - 1_800, NOW - 900)], BREACH, ten()),
            (&["low firing"], fired, &both),
        ),
        (
            "pending, between",
            (held(), vec![pending(&low(), NOW - 300, NOW - 300)], BETWEEN, ten()),
            (&[], &[], &[]),
        ),
        (
            "pending, unknown",
            (held(), vec![pending(&low(), NOW - 300, NOW - 300)], BREACH, aged(1)),
            (&["low pending"], &[], &[]),
        ),
        (
            "firing, breach",
            (low(), vec![fires(&low(), NOW - 300)], BREACH, ten()),
            (&["low firing"], &[], &[]),
        ),
        (
            "firing, between",
            (low(), vec![seen_clear()], STILL_BETWEEN, ten()),
            (&["low firing"], &[], &[]),
        ),
        (
            "firing, first clear",
            (low(), vec![fires(&low(), NOW - 300)], CLEAR, ten()),
            (&["low firing"], &[], &[]),
        ),
        (
            "firing, second clear",
            (low(), vec![seen_clear()], CLEAR, ten()),
            (
                &["low inactive"],
                &[How::Resolved],
                &["john@example.com resolved", "noc@example.com resolved"],
            ),
        ),
        (
            "firing, one clear is enough",
            (one_clear(), vec![fires(&low(), NOW - 300)], CLEAR, ten()),
            (
                &["low inactive"],
                &[How::Resolved],
                &["john@example.com resolved", "noc@example.com resolved"],
            ),
        ),
        (
            "firing, unknown",
            (low(), vec![seen_clear()], CLEAR, aged(1)),
            (&["low firing"], &[], &[]),
        ),
        (
            "firing, the threshold is taken away",
            (low(), vec![fires(&low(), NOW - 300)], BREACH, no_threshold),
            (&[], &[How::Withdrawn], &["noc@example.com withdrawn"]),
        ),
        (
            "a day later it is told again",
            (low(), vec![fires(&low(), NOW - 24 * 3600)], BREACH, ten()),
            (
                &["low firing"],
                &[],
                &["john@example.com repeated-1", "noc@example.com repeated-1"],
            ),
        ),
        (
            "a second before, not",
            (low(), vec![fires(&low(), NOW - 24 * 3600 + 1)], BREACH, ten()),
            (&["low firing"], &[], &[]),
        ),
        (
            "nobody is reminded of what recovers",
            (low(), vec![fires(&low(), NOW - 24 * 3600)], BETWEEN, ten()),
            (&["low firing"], &[], &[]),
        ),
        (
            "a relapse within the cool-down",
            (low(), vec![cools_down(&low(), NOW - six_hours + 1)], BREACH, ten()),
            (&["low firing"], fired, &["noc@example.com fired"]),
        ),
        (
            "a breach after it",
            (low(), vec![cools_down(&low(), NOW - six_hours)], BREACH, ten()),
            (&["low firing"], fired, &both),
        ),
        (
            "cooling down, unknown",
            (low(), vec![cools_down(&low(), NOW - six_hours + 1)], CLEAR, aged(1)),
            (&["low inactive"], &[], &[]),
        ),
        (
            "cooled down, unknown",
            (low(), vec![cools_down(&low(), NOW - six_hours)], CLEAR, aged(1)),
            (&[], &[], &[]),
        ),
        (
            "cooled down, clear",
            (low(), vec![cools_down(&low(), NOW - six_hours)], CLEAR, ten()),
            (&[], &[], &[]),
        ),
    ];
    for (name, (policy, before, balance, threshold), (state, moved, who)) in cases {
        let decided = judged_by(policy, &watched(), balance, &threshold, &before);
        assert_eq!(states(&after(&before, &decided)), state, "{name}");
        assert_eq!(moves(&decided), moved, "{name}");
        assert_eq!(told(&decided), who, "{name}");
    }
}

#[test]
fn an_unknown_verdict_writes_nothing() {
    for before in [
        pending(&low(), NOW - 300, NOW - 300),
        fires(&low(), NOW - 48 * 3600),
        cools_down(&low(), NOW - 300),
    ] {
        let before = [before];
        let decided = judged_by(low(), &watched(), BREACH, &aged(1), &before);
        assert!(is_nothing(&decided), "{:?} {decided:?}", before[0].phase);
    }
}

#[test]
fn the_first_judgement_is_a_baseline_and_the_next_is_not() {
    let new = Watched {
        judged: "".into(),
        ..watched()
    };
    let first = judged_by(low(), &new, BREACH, &ten(), &[]);
    assert_eq!(told(&first), [""; 0], "operators get a summary, the client waits");
    assert_eq!(first.owed.notifications.len(), 1, "of the operators");
    assert_eq!(first.judged.as_deref(), Some("low,"));
    assert!(first.begun.is_empty(), "a baseline begins nothing");

    let unknown = judged_by(low(), &new, BREACH, &aged(1), &[]);
    assert_eq!(
        unknown.judged, None,
        "what was not judged is still to have its baseline"
    );

    let resumed = Circumstances {
        baseline_since: Some(at(1)),
        ..circumstances(NOW)
    };
    for (name, read_at, is_baseline) in [("read before it", 0, true), ("read at it", 1, false)] {
        let watched = Watched {
            reading: Some(reading("50", read_at)),
            ..watched()
        };
        let (reading, threshold) = (reading(BREACH, NOW), ten());
        let decided = rules(vec![low()]).judge_client(&seen(&watched, &reading, &threshold, &[]), &resumed);
        assert_eq!(told(&decided).is_empty(), is_baseline, "{name}");
    }
}

#[test]
fn a_policy_that_is_no_longer_for_a_client_or_is_gone_withdraws_and_a_pending_one_just_goes() {
    let excluded = Policy {
        clients: Selector {
            include: vec![],
            exclude: vec![Pattern::parse("561115")],
        },
        ..low()
    };
    let moved_to_pager = Policy {
        notify: vec![ChannelName::new("pager").unwrap()],
        ..excluded.clone()
    };
    let removed = blind();
    for (name, policy, before, who) in [
        (
            "excluded",
            &excluded,
            fires(&low(), 0),
            vec![format!("{OPS} withdrawn")],
        ),
        (
            "excluded, told elsewhere now",
            &moved_to_pager,
            fires(&low(), 0),
            vec!["pager@example.com withdrawn".to_owned()],
        ),
        (
            "removed: every channel hears of it",
            &removed,
            fires(&low(), 0),
            vec![format!("{OPS} withdrawn"), "pager@example.com withdrawn".to_owned()],
        ),
        (
            "excluded while pending",
            &excluded,
            pending(&low(), NOW - 1, NOW - 1),
            vec![],
        ),
        (
            "removed while cooling down",
            &removed,
            cools_down(&low(), NOW - 1),
            vec![],
        ),
    ] {
        let before = [before];
        let decided = judged_by(policy.clone(), &watched(), "0", &ten(), &before);
        assert_eq!(states(&after(&before, &decided)), [""; 0], "{name}");
        assert_eq!(told(&decided), who, "{name}");
        // Without a reading it ends as well: its ground is gone whatever the balance is.
        let watched = watched();
        let unread =
            rules(vec![policy.clone()]).judge_silence(&Seen::unread(&watched, &before), &circumstances(1), false);
        assert_eq!((unread.gone, told(&decided)), (decided.gone, who), "{name}, unread");
    }
}

#[test]
fn a_client_that_vanished_takes_its_alerts_with_it() {
    let watched = watched();
    let before = [fires(&low(), 0), pending(&blind(), 0, 0)];
    let rules = rules(vec![low(), blind()]);
    let decided = rules.withdraw_all(&Seen::unread(&watched, &before), Withdrawal::ClientVanished, at(NOW));
    assert_eq!(after(&before, &decided), []);
    assert_eq!(told(&decided), [format!("{OPS} withdrawn")], "never the client");
}

#[test]
fn how_far_a_beginning_is_believed_decides_who_hears_of_it_and_when() {
    let fall = Some(Fall {
        fell: money("40"),
        explained: money("0"),
    });
    for (name, trust, fall, at_once, at_the_end) in [
        ("believed", Trust::Full, None, &[JOHN, OPS][..], &[][..]),
        ("until the end", Trust::UntilTheEnd, None, &[OPS], &[JOHN]),
        ("in doubt", Trust::InDoubt, None, &[], &[JOHN, OPS]),
        ("a fall that nothing explains", Trust::Full, fall, &[OPS], &[JOHN]),
    ] {
        let circumstances = Circumstances {
            trust,
            fall,
            ..circumstances(NOW)
        };
        let (rules, watched, reading, ten) = (rules(vec![low()]), watched(), reading(BREACH, NOW), ten());
        let seen = seen(&watched, &reading, &ten, &[]);
        let decided = rules.judge_client(&seen, &circumstances);
        let fired = |who: &[&str]| who.iter().map(|to| format!("{to} fired")).collect::<Vec<_>>();
        assert_eq!(told(&decided), fired(at_once), "{name}");
        assert_eq!(decided.begun.len(), 1, "{name}");
        if at_the_end.is_empty() {
            continue;
        }
        let believed = rules.believe(&seen, &decided.begun, at(NOW));
        assert_eq!(told(&believed), fired(at_the_end), "{name}");
        assert!(believed.alerts[0].firing().unwrap().confirmed, "{name}");
    }
}

#[test]
fn a_threshold_of_another_sweep_is_read_again_only_where_it_decides_something() {
    for (name, before, balance, is_fresh, wants) in [
        ("fires by it", vec![], BREACH, false, true),
        ("fires by a fresh one", vec![], BREACH, true, false),
        ("all is well", vec![], CLEAR, false, false),
        ("goes on", vec![fires(&low(), NOW - 300)], BREACH, false, false),
        (
            "a hold ends by it",
            vec![pending(&low(), NOW - 300, NOW - 300)],
            CLEAR,
            false,
            true,
        ),
    ] {
        let (watched, reading, ten) = (watched(), reading(balance, NOW), ten());
        let seen = Seen {
            threshold_is_fresh: is_fresh,
            ..seen(&watched, &reading, &ten, &before)
        };
        let decided = rules(vec![low()]).judge_client(&seen, &circumstances(NOW));
        assert_eq!(decided.wants_threshold, wants, "{name}");
    }
}

#[test]
fn the_reseller_and_a_client_are_judged_by_their_own_policies_alone() {
    use crate::domain::ClientId;
    use crate::domain::policy::Scope;
    let own = Policy {
        scope: Scope::Reseller,
        notify: vec![ChannelName::new("ops").unwrap()],
        name: crate::domain::PolicyName::new("own-balance").unwrap(),
        ..low()
    };
    let rules = rules(vec![low(), own]);
    for (id, expected) in [
        (ClientId::reseller(), "own-balance firing"),
        (super::client(), "low firing"),
    ] {
        let watched = Watched {
            client: super::listed(id),
            ..watched()
        };
        let (reading, ten) = (reading(BREACH, NOW), ten());
        let decided = rules.judge_client(&seen(&watched, &reading, &ten, &[]), &circumstances(NOW));
        assert_eq!(states(&decided.alerts), [expected]);
    }
}

#[test]
fn a_client_that_had_to_wait_is_not_reminded_in_the_next_sweep_of_what_it_was_just_told() {
    let hourly = Policy {
        repeat_every: SignedDuration::from_hours(1),
        ..low()
    };
    let waiting = Firing {
        client_told: false,
        client_waits: Some(ClientWaits::CoolDownEnds(at(NOW))),
        ..firing(&low(), NOW - 3_600)
    };
    let (rules, watched, ten) = (rules(vec![hourly]), watched(), ten());
    let mut alerts = vec![alert(&low(), Phase::Firing(waiting))];
    for (secs, who) in [
        (0, vec!["john@example.com client-due"]),
        (300, vec![]),
        (3_599, vec![]),
        (3_600, vec!["john@example.com repeated-1", "noc@example.com repeated-1"]),
    ] {
        let reading = reading(BREACH, NOW + secs);
        let decided = rules.judge_client(&seen(&watched, &reading, &ten, &alerts), &circumstances(NOW + secs));
        assert_eq!(told(&decided), who, "after {secs} seconds");
        alerts = after(&alerts, &decided);
    }
}

/// Any alert of `low` that a sweep may find.
fn any_alert() -> impl Strategy<Value = Option<Alert>> {
    let since = || prop_oneof![Just(NOW - 300), Just(NOW - 3_600), Just(0)];
    let waits = prop_oneof![
        Just(None),
        Just(Some(ClientWaits::Confirmation)),
        Just(Some(ClientWaits::CoolDownEnds(at(NOW)))),
        Just(Some(ClientWaits::CoolDownEnds(at(NOW + 1)))),
    ];
    let firing = (since(), any::<(bool, bool, bool)>(), 0u32..2, waits).prop_map(
        |(since, (baseline, confirmed, knows), clear_readings, client_waits)| {
            let firing = Firing {
                baseline,
                confirmed,
                clear_readings,
                client_told: client_waits.is_none(),
                client_waits,
                client_knows_it_is_gone: knows,
                ..firing(&low(), since)
            };
            alert(&low(), Phase::Firing(firing))
        },
    );
    prop_oneof![
        Just(None),
        since().prop_map(|since| Some(pending(&low(), since, NOW - 300))),
        since().prop_map(|since| Some(cools_down(&low(), since))),
        firing.prop_map(Some),
    ]
}

proptest! {
    /// Whatever was known: the same reading at the same time has nothing more to say.
    #[test]
    fn judging_again_changes_nothing(
        alert in any_alert(),
        balance in prop_oneof![Just("-1"), Just("0"), Just(BREACH), Just(BETWEEN), Just(CLEAR), Just("1000")],
        amount in prop_oneof![Just(None), Just(Some("10"))],
        was_judged in any::<bool>(),
        hold_secs in prop_oneof![Just(0i64), Just(600)],
        trust in prop_oneof![Just(Trust::Full), Just(Trust::UntilTheEnd), Just(Trust::InDoubt)],
    ) {
        let policy = Policy { hold: SignedDuration::from_secs(hold_secs), ..low() };
        let rules = rules(vec![policy, blind()]);
        let mut watched = watched();
        if !was_judged {
            watched.judged = "".into();
        }
        let circumstances = Circumstances { trust, interval: INTERVAL, ..circumstances(NOW) };
        let (reading, threshold) = (reading(balance, NOW), threshold(amount, NOW));
        let before: Vec<Alert> = alert.into_iter().collect();
        let first = rules.judge_client(&seen(&watched, &reading, &threshold, &before), &circumstances);
        let alerts = after(&before, &first);
        if let Some(judged) = first.judged {
            watched.judged = judged;
        }
        let second = rules.judge_client(&seen(&watched, &reading, &threshold, &alerts), &circumstances);
        prop_assert!(is_nothing(&second), "{second:?}");
    }

    /// A client that could not be read keeps every alert about its balance as it is, for as long as that lasts.
    #[test]
    fn an_error_changes_no_alert_about_a_balance(alert in any_alert(), later in 0i64..1_000_000) {
        let rules = rules(vec![low(), blind()]);
        let watched = Watched { last_error: Some("timeout".to_owned()), ..watched() };
        let before: Vec<Alert> = alert.into_iter().collect();
        let decided = rules.judge_silence(&Seen::unread(&watched, &before), &circumstances(NOW + later), false);
        prop_assert!(decided.gone.is_empty());
        prop_assert!(decided.alerts.iter().all(|alert| alert.policy.as_str() == "blind"));
        prop_assert!(decided.owed.notifications.iter().all(|owed| owed.policy.as_str() == "blind"));
    }
}
