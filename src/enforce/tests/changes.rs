//! What becomes of a change, whatever the provider, a person or the brake does meanwhile.

use std::sync::Arc;

use super::stage::{OnWrite, Stage, account};
use crate::domain::alert::Phase;
use crate::domain::decision::{BY_PERSON, BY_READ_BACK, BY_UNKNOWN, Decision};
use crate::domain::enforcement::{Deferral, Direction, EnforcementState, Mode, Outcome, Refusal};
use crate::domain::plan::{Field, Protected};
use crate::domain::policy::Pattern;
use crate::domain::testing::at;
use crate::enforce::{Event, Hook};

const ID: &str = "main.1.hard.20231114T221320000Z/enforce/1";

#[tokio::test]
async fn one_field_is_changed_and_proved_and_planning_again_changes_nothing() {
    let stage = Stage::new(1).await;
    let before = stage.fake.world().records["1"].clone();
    let report = stage.sweep().await;
    assert_eq!(
        (report.applied, report.refused, report.waiting, report.would),
        (1, 0, 0, 0)
    );
    {
        let world = stage.fake.world();
        assert_eq!(world.written.len(), 1);
        let (sent, after) = (&world.written[0], &world.records["1"]);
        for field in Field::ALL {
            if field == Field::BalanceManagement {
                assert_eq!((sent.get(field), after.get(field)), ("1", "1"));
            } else {
                assert_eq!(after.get(field), before.get(field), "{}", field.name());
            }
        }
        assert_eq!(sent.expose_password(), before.expose_password());
        assert_eq!(sent.get(Field::Country), "CA");
    }
    let kept = stage.enforcements().await.remove(0);
    assert_eq!(kept.id, ID);
    assert_eq!(
        kept.state,
        EnforcementState::Ended {
            outcome: Outcome::Verified
        }
    );
    assert_eq!(
        (kept.code_before.as_deref(), kept.code_sent.as_deref()),
        (Some("2"), Some("1"))
    );
    assert!(kept.window_ms.is_some() && kept.fingerprint_after.is_some());
    assert!(!format!("{kept:?}").contains("wörd"), "the password is nowhere kept");
    let steps = ["planned", "read", "sending", "answered", "verified"];
    assert_eq!(stage.journal(ID).await, steps);
    assert_eq!(stage.told().await, ["enforced-verified"]);

    stage.advance(300);
    let calls = stage.fake.world().calls.clone();
    let report = stage.sweep().await;
    assert_eq!(report.applied + report.waiting, 0);
    assert_eq!(stage.fake.world().calls, calls, "not even a call");
    assert_eq!(stage.enforcements().await.len(), 1);
}

#[tokio::test]
async fn mode_observe_says_what_it_would_do_and_writes_nothing() {
    let mut stage = Stage::new(5).await;
    stage.guards.mode = Mode::Observe;
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.would, report.waiting), (0, 5, 0));
    assert_eq!(stage.enforcements().await, []);
    assert_eq!(stage.calls("set") + stage.calls("record"), 0);
}

#[tokio::test]
async fn what_the_record_does_not_allow_is_refused_once_per_reason() {
    let unknown_country = Refusal::UnknownCountry {
        country: "ATLANTIS".to_owned(),
    };
    let cases = [
        ("masked", Field::Password, "********", Refusal::PasswordMasked),
        (
            "hashed",
            Field::Password,
            "5f4dcc3b5aa765d61d8327deb882cf99",
            Refusal::PasswordHashed,
        ),
        ("empty", Field::Password, "", Refusal::PasswordEmpty),
        (
            "no phone",
            Field::PhoneNumber,
            "",
            Refusal::MissingField {
                field: "phone_number".to_owned(),
            },
        ),
        ("no such country", Field::Country, "ATLANTIS", unknown_country),
    ];
    for (name, field, value, why) in cases {
        let mut stage = Stage::new(1).await;
        stage.inventory = true;
        stage.fake.edit("1", field, value);
        for _ in 0..3 {
            let report = stage.sweep().await;
            assert_eq!((report.applied, report.refused), (0, 1), "{name}");
            stage.advance(300);
        }
        assert_eq!(stage.calls("record"), 1, "{name}: read once an hour");
        stage.advance(3600);
        stage.sweep().await;
        assert_eq!(stage.calls("record"), 2, "{name}: read once an hour");
        let all = stage.enforcements().await;
        assert_eq!(all.len(), 1, "{name}");
        assert_eq!(
            all[0].state,
            EnforcementState::Ended {
                outcome: Outcome::Refused { why }
            },
            "{name}"
        );
        let told = stage.told().await;
        assert!(
            told.len() == 1 && told[0].starts_with("enforced-refused"),
            "{name}: {told:?}"
        );
        assert_eq!(stage.calls("set"), 0, "{name}");

        // Once a person repaired the record, and 15 minutes passed, it goes.
        let good = if field == Field::Password {
            "Good1Pass"
        } else if field == Field::Country {
            ""
        } else {
            "05551234"
        };
        stage.fake.edit("1", field, good);
        stage.advance(3600);
        assert_eq!(stage.sweep().await.applied, 1, "{name}");
        assert_eq!(stage.states().await, ["1 1 refused", "1 2 verified"], "{name}");
    }
}

#[tokio::test]
async fn a_value_that_is_not_listed_is_refused() {
    let stage = Stage::new(1).await;
    stage.fake.world().codes.remove("1");
    assert_eq!(stage.sweep().await.refused, 1);
    let why = Refusal::NotListed {
        wanted: crate::domain::Management::Hard,
    };
    let kept = stage.enforcements().await.remove(0);
    assert_eq!(
        kept.state,
        EnforcementState::Ended {
            outcome: Outcome::Refused { why }
        }
    );
    assert_eq!(stage.calls("balance"), 0, "no call is spent on it");
}

#[tokio::test]
async fn the_portals_numbers_are_not_assumed() {
    let stage = Stage::new(1).await;
    stage.fake.world().codes = [("0".to_owned(), "soft".to_owned()), ("7".to_owned(), "HARD".to_owned())].into();
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.code("1"), "7");
}

#[tokio::test]
async fn a_client_that_is_as_wanted_is_noted_and_costs_no_cap() {
    for inventory in [true, false] {
        let mut stage = Stage::new(3).await;
        stage.inventory = inventory;
        stage.guards.caps.per_sweep = 1;
        stage.fake.edit("2", Field::BalanceManagement, "1");
        stage.fake.edit("3", Field::BalanceManagement, "1");
        let report = stage.sweep().await;
        assert_eq!((report.applied, report.waiting), (1, 0), "{inventory}");
        assert_eq!(
            stage.states().await,
            ["3 1 already", "2 1 already", "1 1 verified"],
            "{inventory}"
        );
        assert_eq!(stage.told().await, ["enforced-verified"], "{inventory}");
        assert_eq!(stage.calls("set"), 1, "{inventory}");
    }
}

#[tokio::test]
async fn caps_defer_the_smaller_risks_and_drop_nothing() {
    let mut stage = Stage::new(5).await;
    stage.guards.caps.per_sweep = 2;
    stage.guards.caps.per_day = 3;
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (2, 3));
    assert_eq!(stage.code("5") + &stage.code("4"), "11");
    stage.advance(300);
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (1, 2));
    stage.advance(300);
    assert_eq!(stage.sweep().await.waiting, 2);
    let waits: Vec<_> = stage
        .enforcements()
        .await
        .into_iter()
        .filter(|kept| kept.window_ms.is_none())
        .collect();
    let capped = EnforcementState::Deferred {
        why: Deferral::DayCap { cap: 3 },
    };
    assert!(waits.len() == 2 && waits.iter().all(|kept| kept.state == capped));
    stage.advance(24 * 3600 - 600);
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (2, 0), "a day after the first two");
}

#[tokio::test]
async fn a_protected_client_is_never_touched() {
    let mut stage = Stage::new(1).await;
    stage.guards.protect = vec![Protected::Pattern(Pattern::parse("1"))];
    for _ in 0..2 {
        assert_eq!(stage.sweep().await.refused, 1);
        stage.advance(7200);
    }
    assert_eq!(stage.states().await, ["1 1 refused"]);
    assert_eq!(stage.told().await.len(), 1);
    assert_eq!(stage.calls("set") + stage.calls("record"), 0);
}

#[tokio::test]
async fn an_episode_of_another_mode_needs_an_approval() {
    let mut stage = Stage::new(1).await;
    if let Phase::Firing(firing) = &mut stage.alerts[0].phase {
        firing.mode = Mode::Observe;
    }
    assert_eq!(stage.sweep().await.waiting, 1);
    assert_eq!(stage.states().await, ["1 1 deferred"]);
    assert_eq!(stage.told().await, ["enforced-asked-1"]);
    assert_eq!(stage.calls("set") + stage.calls("record"), 0);
}

#[tokio::test]
async fn the_first_one_ever_goes_alone_and_is_read_again() {
    let stage = Stage::new(3).await;
    forget_canary(&stage).await;
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (1, 2));
    assert_eq!(report.next_at, Some(at(1001 + 60)));
    stage.advance(58);
    assert_eq!(stage.sweep().await.applied, 0, "59 seconds later");
    assert_eq!(stage.calls("record"), 2);
    stage.advance(1);
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (2, 0));
    assert_eq!(
        stage
            .journal("main.3.hard.20231114T221320000Z/enforce/1")
            .await
            .last()
            .unwrap(),
        "read-again"
    );
}

#[tokio::test]
async fn a_first_one_that_does_not_stay_as_it_was_left_sets_the_brake() {
    let stage = Stage::new(2).await;
    forget_canary(&stage).await;
    stage.sweep().await;
    stage.fake.edit("2", Field::Zip, "");
    stage.advance(60);
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting, report.events.len()), (0, 1, 1));
    assert_eq!(stage.brake().await.unwrap().0, BY_READ_BACK);
    assert_eq!(stage.states().await, ["2 1 differs", "1 1 deferred"]);
    stage.set_brake(false).await;
    stage.advance(300);
    let report = stage.sweep().await;
    assert_eq!(
        (report.applied, report.waiting),
        (1, 0),
        "the next one goes alone in its place"
    );
    assert!(report.next_at.is_some());
}

async fn forget_canary(stage: &Stage) {
    let store = stage.open().await;
    let mut commit = crate::store::Commit::new(account(), at(0));
    let mut state = store.load(&account()).await.unwrap().state;
    state.canary_passed_at = None;
    commit.state = Some(state);
    store.commit(&commit).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn an_edit_before_the_last_read_is_kept_and_puts_it_off() {
    let stage = Stage::new(1).await;
    stage.fake.edit("1", Field::Zip, "90210");
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (0, 1));
    let why = Deferral::EditedRecently;
    assert_eq!(stage.enforcements().await[0].state, EnforcementState::Deferred { why });
    stage.advance(898);
    assert_eq!(stage.sweep().await.applied, 0, "a second too early");
    assert_eq!(stage.calls("set"), 0);
    stage.advance(1);
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.states().await, ["1 1 verified"]);
    let world = stage.fake.world();
    assert_eq!(world.records["1"].get(Field::Zip), "90210");
}

#[tokio::test]
async fn an_edit_after_the_write_is_found_and_stops_everything() {
    for (field, value) in [
        (Field::Zip, "90210"),
        (Field::BalanceManagement, "2"),
        (Field::Password, "New1"),
    ] {
        let stage = Stage::new(2).await;
        stage.fake.world().on_write = OnWrite::ThenEdited(field, value);
        let report = stage.sweep().await;
        assert_eq!((report.applied, report.waiting), (0, 1));
        let [Event::ReadBack { fields, .. }] = &report.events[..] else {
            panic!("{:?}", report.events)
        };
        assert_eq!(fields[0].field, field.name());
        let (by, note) = stage.brake().await.unwrap();
        assert!(
            by == BY_READ_BACK && note.contains(field.name()) && !note.contains("90210"),
            "{note}"
        );
        assert_eq!(stage.told().await, ["enforced-differs"]);
        let kept = stage.enforcements().await.remove(0);
        assert!(kept.before_image.unwrap().contains("02134"), "kept for the person");

        // Nothing is written again by the program, with the brake or without.
        stage.fake.world().on_write = OnWrite::Done;
        stage.advance(2 * 24 * 3600);
        stage.sweep().await;
        assert_eq!(stage.calls("set"), 1);
        stage.set_brake(false).await;
        stage.sweep().await;
        assert_eq!(stage.calls("set"), 2, "the other client only");
        assert_eq!(stage.states().await, ["2 1 differs", "1 1 verified"]);
    }
}

#[tokio::test]
async fn a_success_that_changed_nothing_is_not_taken_for_one() {
    let stage = Stage::new(1).await;
    stage.fake.world().on_write = OnWrite::Ignored;
    assert_eq!(stage.sweep().await.applied, 0);
    assert_eq!(stage.states().await, ["1 1 differs"]);
    assert!(stage.brake().await.is_some());
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading_and_never_by_writing() {
    let stage = Stage::new(2).await;
    stage.fake.world().on_write = OnWrite::LostAnswer;
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (0, 2));
    assert_eq!(report.next_at, Some(at(1001 + 30)));
    assert_eq!(stage.states().await, ["2 1 sent", "1 1 deferred"]);
    let why = Deferral::Unsettled;
    assert_eq!(stage.enforcements().await[1].state, EnforcementState::Deferred { why });
    stage.fake.world().on_write = OnWrite::Done;
    stage.advance(28);
    stage.sweep().await;
    assert_eq!(
        stage.states().await,
        ["2 1 sent", "1 1 deferred"],
        "its deadline is not over"
    );
    stage.advance(1);
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (2, 0));
    assert_eq!(stage.states().await, ["2 1 verified", "1 1 verified"]);
    assert_eq!(stage.calls("set"), 2, "one for each");
    let journal = stage.journal(&stage.enforcements().await[0].id).await;
    assert_eq!(
        journal,
        ["planned", "read", "sending", "no-answer", "settled", "verified"]
    );
}

#[tokio::test]
async fn a_lost_request_did_not_happen_and_is_planned_anew() {
    let stage = Stage::new(1).await;
    stage.fake.world().on_write = OnWrite::LostRequest;
    assert_eq!(stage.sweep().await.applied, 0);
    stage.fake.world().on_write = OnWrite::Done;
    stage.advance(60);
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.states().await, ["1 1 did-not-happen", "1 2 verified"]);
    assert_eq!(stage.fake.world().written.len(), 1);
    assert_eq!(stage.told().await, ["enforced-verified"]);
}

#[tokio::test]
async fn requests_that_get_lost_again_and_again_are_given_up_for_a_day() {
    let stage = Stage::new(1).await;
    stage.fake.world().on_write = OnWrite::LostRequest;
    for _ in 0..9 {
        stage.sweep().await;
        stage.advance(300);
    }
    assert_eq!(stage.calls("set"), 3);
    let why = Deferral::GaveUp;
    assert_eq!(
        stage.enforcements().await.pop().unwrap().state,
        EnforcementState::Deferred { why }
    );
    stage.advance(24 * 3600);
    stage.fake.world().on_write = OnWrite::Done;
    assert_eq!(stage.sweep().await.applied, 1);
}

#[tokio::test]
async fn an_edit_beside_a_lost_answer_is_a_surprise() {
    let stage = Stage::new(1).await;
    stage.fake.world().on_write = OnWrite::LostAnswer;
    stage.sweep().await;
    stage.fake.edit("1", Field::City, "LAVAL");
    stage.advance(60);
    stage.sweep().await;
    assert_eq!(stage.states().await, ["1 1 differs"]);
    assert!(stage.brake().await.is_some());
}

#[tokio::test]
async fn a_decline_changes_nothing_and_is_told_once() {
    for (code, on_write) in [
        ("used_password", OnWrite::Declined("used_password")),
        ("invalid_country", OnWrite::Declined("invalid_country")),
        (
            "a code that nobody knows",
            OnWrite::Answered("a code that nobody knows"),
        ),
    ] {
        let stage = Stage::new(1).await;
        stage.fake.world().on_write = on_write;
        assert_eq!(stage.sweep().await.refused, 1);
        assert_eq!(stage.calls("record"), 2, "checked by reading back");
        stage.advance(898);
        stage.sweep().await;
        assert_eq!(stage.calls("set"), 1, "a second too early");
        let code = code.to_owned();
        let all = stage.enforcements().await;
        assert_eq!(
            all[0].state,
            EnforcementState::Ended {
                outcome: Outcome::Declined { code }
            }
        );
        assert_eq!(all.len(), 1);
        stage.advance(1);
        stage.sweep().await;
        assert_eq!(stage.calls("set"), 2, "a quarter of an hour later");
        assert_eq!(stage.states().await, ["1 1 declined"]);
        assert_eq!(stage.told().await, ["enforced-declined"], "told once");
        assert!(stage.brake().await.is_none());
    }
}

#[tokio::test]
async fn a_decline_that_changed_the_record_is_a_surprise() {
    let stage = Stage::new(1).await;
    stage.fake.world().on_write = OnWrite::DeclinedButDone;
    assert_eq!(stage.sweep().await.events.len(), 1);
    assert_eq!(stage.states().await, ["1 1 differs"]);
}

#[tokio::test]
async fn what_cannot_be_read_back_is_settled_later_and_unknown_in_the_end() {
    let stage = Stage::new(1).await;
    stage.fake.world().reads_left = 1;
    assert_eq!(stage.sweep().await.waiting, 1);
    stage.advance(60);
    stage.sweep().await;
    assert_eq!(stage.states().await, ["1 1 sent"]);
    stage.fake.world().reads_left = 1;
    stage.advance(60);
    assert_eq!(stage.sweep().await.applied, 1, "read at last");

    let stage = Stage::new(1).await;
    stage.fake.world().reads_left = 1;
    stage.sweep().await;
    stage.advance(3600 + 30);
    let report = stage.sweep().await;
    assert!(matches!(&report.events[..], [Event::Unknown { error, .. }] if error == "timeout"));
    assert_eq!(stage.states().await, ["1 1 unknown"]);
    assert_eq!(stage.brake().await.unwrap().0, BY_UNKNOWN);
    assert_eq!(stage.told().await, ["enforced-unknown"]);
}

#[tokio::test]
async fn what_cannot_be_read_before_is_put_off() {
    for call in [
        "balance",
        "threshold",
        "record",
        "management_codes",
        "countries",
        "turn",
    ] {
        let stage = Stage::new(1).await;
        stage.fake.world().failing = Some(call);
        let report = stage.sweep().await;
        assert_eq!((report.applied, report.waiting), (0, 1), "{call}");
        let why = Deferral::Unreadable {
            error: "timeout".to_owned(),
        };
        assert_eq!(
            stage.enforcements().await[0].state,
            EnforcementState::Deferred { why },
            "{call}"
        );
        stage.fake.world().failing = None;
        assert_eq!(stage.sweep().await.applied, 1, "{call}");
        assert_eq!(stage.states().await, ["1 1 verified"], "{call}");
    }
}

#[tokio::test]
async fn after_three_that_cannot_be_read_the_rest_waits_and_goes_first_next_time() {
    let stage = Stage::new(6).await;
    stage.fake.world().failing = Some("balance");
    assert_eq!(stage.sweep().await.waiting, 6);
    assert_eq!(stage.calls("balance"), 3);
    stage.fake.world().failing = None;
    assert_eq!(stage.sweep().await.applied, 3);
    let codes = ["1", "2", "3", "4", "5", "6"].map(|client| stage.code(client));
    assert_eq!(
        codes.concat(),
        "111222",
        "who was not tried goes before who could not be read"
    );
}

#[tokio::test]
async fn a_record_that_is_none_is_refused_and_not_asked_for_in_every_sweep() {
    for (kind, why) in [
        ("wrong_client", Refusal::WrongRecord),
        ("bad_record", Refusal::BadRecord),
    ] {
        let stage = Stage::new(1).await;
        stage.fake.world().failing = Some("record");
        stage.fake.world().failing_as = kind;
        for _ in 0..3 {
            assert_eq!(stage.sweep().await.refused, 1, "{kind}");
        }
        assert_eq!(stage.calls("record"), 1, "{kind}");
        let kept = stage.enforcements().await.remove(0);
        assert_eq!(
            kept.state,
            EnforcementState::Ended {
                outcome: Outcome::Refused { why }
            }
        );
    }
}

#[tokio::test]
async fn what_the_balance_became_since_the_sweep_decides() {
    let cases = [
        ("0.01", Some(Deferral::NotInBreach)),
        ("-374.99", Some(Deferral::Unconfirmed)),
        ("-1.80", None),
    ];
    for (balance, why) in cases {
        let stage = Stage::new(1).await;
        let fake = stage.fake.clone();
        let moves: Hook = Arc::new(move |at| {
            if at == "before the balance is read" {
                fake.world().balances.insert("1".to_owned(), balance);
            }
            true
        });
        let report = stage.sweep_with(Some(moves), None).await.unwrap();
        let applied = u64::from(why.is_none());
        assert_eq!((report.applied, report.waiting), (applied, 1 - applied), "{balance}");
        if let Some(why) = why {
            assert_eq!(
                stage.enforcements().await[0].state,
                EnforcementState::Deferred { why },
                "{balance}"
            );
        }
        assert_eq!(u64::from(stage.calls("set")), applied, "{balance}");
    }
}

#[tokio::test]
async fn the_brake_stops_it_at_any_moment_before_the_write() {
    let moments = [
        "before the balance is read",
        "before the last read",
        "before sent is written",
        "after sent is written",
    ];
    for moment in moments {
        let stage = Stage::new(1).await;
        let path = stage.path.clone();
        let brakes: Hook = Arc::new(move |at| {
            if at == moment {
                brake_by_another_process(path.clone());
            }
            true
        });
        let report = stage.sweep_with(Some(brakes), None).await.unwrap();
        assert_eq!((report.applied, report.waiting), (0, 1), "{moment}");
        assert_eq!(stage.calls("set"), 0, "{moment}");
        let why = Deferral::Brake;
        assert_eq!(
            stage.enforcements().await[0].state,
            EnforcementState::Deferred { why },
            "{moment}"
        );
        stage.set_brake(false).await;
        stage.advance(300);
        assert_eq!(stage.sweep().await.applied, 1, "{moment}");
        assert_eq!(stage.states().await, ["1 1 verified"], "{moment}");
    }
}

/// What `brake on` does, in its own process.
fn brake_by_another_process(path: std::path::PathBuf) {
    let person = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = crate::store::Store::open(&path, crate::store::Access::Read)
                .await
                .unwrap();
            let brake = Decision::brake(account(), BY_PERSON, "wait".to_owned(), at(1000));
            assert!(store.decide(&brake).await.unwrap());
            store.close().await;
        });
    });
    person.join().unwrap();
}

#[tokio::test]
async fn with_the_brake_on_nothing_but_reading_is_done() {
    let stage = Stage::new(1).await;
    stage.set_brake(true).await;
    assert_eq!(stage.sweep().await.waiting, 1);
    assert_eq!(stage.calls("set") + stage.calls("record"), 0);
}

#[tokio::test]
async fn what_was_set_goes_back_when_the_client_recovered() {
    let mut stage = Stage::new(1).await;
    stage.sweep().await;
    let firing = std::mem::take(&mut stage.alerts);
    stage.fake.world().balances.insert("1".to_owned(), "50");
    stage.advance(3600);
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.code("1"), "2");
    let back = stage.enforcements().await.pop().unwrap();
    assert_eq!(back.direction, Direction::Revert);
    assert!(back.id.ends_with("/revert/1"));
    stage.advance(3600);
    assert_eq!(stage.sweep().await, crate::enforce::Report::default(), "an empty plan");

    // It relapses within a day: one change each way in 24 hours.
    stage.alerts = firing;
    if let Phase::Firing(firing) = &mut stage.alerts[0].phase {
        firing.since = stage.clock.now();
        firing.episode = crate::domain::alert::EpisodeId::from_stored("second".to_owned());
    }
    stage.fake.world().balances.insert("1".to_owned(), "-1");
    assert_eq!(stage.sweep().await.waiting, 1);
    stage.advance(23 * 3600);
    assert_eq!(stage.sweep().await.applied, 1);
}

#[tokio::test]
async fn what_a_person_edited_since_does_not_go_back() {
    let mut stage = Stage::new(1).await;
    stage.sweep().await;
    stage.alerts.clear();
    stage.fake.world().balances.insert("1".to_owned(), "50");
    stage.fake.edit("1", Field::City, "LAVAL");
    stage.advance(3600);
    assert_eq!(stage.sweep().await.refused, 1);
    stage.advance(3600);
    assert_eq!(stage.sweep().await.refused, 0, "given up for good");
    assert_eq!(stage.calls("set"), 1);
    assert_eq!(
        stage.told().await,
        ["enforced-verified", "reverted-refused-edited-since"]
    );
}
