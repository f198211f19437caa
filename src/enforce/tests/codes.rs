//! What the account calls hard and soft: used as it was before, or not at all.

use super::stage::{Stage, account};
use crate::domain::decision::BY_CODES;
use crate::domain::enforcement::EnforcementState;
use crate::domain::enforcement::{Deferral, Mode};
use crate::enforce::Event;

fn list(stage: &Stage, codes: &[(&str, &str)]) {
    let codes = codes
        .iter()
        .map(|(code, text)| ((*code).to_owned(), (*text).to_owned()));
    stage.fake.world().codes = codes.collect();
}

/// A stage on which the highest risk was set, and the other waits.
async fn one_set() -> Stage {
    let mut stage = Stage::new(2).await;
    stage.guards.caps.per_sweep = 1;
    assert_eq!(stage.sweep().await.applied, 1);
    stage.advance(300);
    stage
}

#[tokio::test]
async fn swapped_codes_set_the_brake_and_are_followed_only_on_a_persons_word() {
    let stage = one_set().await;
    list(
        &stage,
        &[("1", "Soft - go negative"), ("2", "Hard - suspend the client")],
    );
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.waiting), (0, 1));
    assert!(
        matches!(&report.events[..], [Event::Codes { .. }]),
        "{:?}",
        report.events
    );
    let (by, note) = stage.brake().await.unwrap();
    assert_eq!(by, BY_CODES);
    let what = "HARD was `1` (Hard - suspend the client) when it was used before, and is listed as `2` (Hard - suspend the \
                client) now";
    assert!(note.starts_with(what), "{note}");
    let why = Deferral::Brake;
    assert_eq!(stage.enforcements().await[1].state, EnforcementState::Deferred { why });

    // It stays so, whatever is listed meanwhile.
    stage.advance(300);
    stage.sweep().await;
    assert_eq!((stage.calls("set"), stage.code("1")), (1, "2".to_owned()));

    // Who releases the brake accepts that list, and no other.
    stage.set_brake(false).await;
    list(&stage, &[("1", "Soft - go negative"), ("7", "Hard")]);
    stage.sweep().await;
    assert_eq!(stage.brake().await.unwrap().0, BY_CODES, "another one again");
    stage.set_brake(false).await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.code("1"), "7");
    assert!(stage.brake().await.is_none());
}

#[tokio::test]
async fn codes_that_say_the_same_otherwise_are_no_swap() {
    let same: [&[(&str, &str)]; 3] = [
        &[("1", "HARD"), ("2", "Soft")],
        &[
            ("1", "Hard - suspend the client"),
            ("2", "Soft - go negative"),
            ("3", "Prepaid"),
        ],
        &[("1", "Hard - suspend the client")],
    ];
    for codes in same {
        let stage = one_set().await;
        list(&stage, codes);
        assert_eq!(stage.sweep().await.applied, 1, "{codes:?}");
        assert!(stage.brake().await.is_none(), "{codes:?}");
    }
}

#[tokio::test]
async fn a_list_that_names_a_value_twice_or_not_at_all_does_not_make_the_next_one_right() {
    let odd: [&[(&str, &str)]; 2] = [&[("1", "Hard"), ("2", "Soft"), ("3", "Hard - new")], &[("2", "Soft")]];
    for codes in odd {
        let stage = one_set().await;
        list(&stage, codes);
        assert_eq!(stage.sweep().await.refused, 1, "{codes:?}");
        list(&stage, &[("2", "Soft"), ("3", "Hard - new")]);
        stage.advance(3600);
        stage.sweep().await;
        assert_eq!(stage.brake().await.unwrap().0, BY_CODES, "{codes:?}");
        assert_eq!(stage.calls("set"), 1, "{codes:?}");
    }
}

#[tokio::test]
async fn what_was_listed_for_people_before_the_first_use_counts_too() {
    let mut stage = Stage::new(1).await;
    stage.guards.mode = Mode::Observe;
    stage.sweep().await;
    stage.guards.mode = Mode::Apply;
    list(&stage, &[("1", "Soft"), ("2", "Hard")]);
    stage.sweep().await;
    assert_eq!(stage.brake().await.unwrap().0, BY_CODES);

    // The list that people see is read by the sweep whenever it shows a new code: enforcement does not go by it.
    let stage = one_set().await;
    show_people(&stage, [("1", "Soft"), ("2", "Hard")]).await;
    list(&stage, &[("1", "Soft"), ("2", "Hard")]);
    stage.sweep().await;
    assert_eq!(stage.brake().await.unwrap().0, BY_CODES);
}

/// Puts codes into what is kept for people.
async fn show_people(stage: &Stage, codes: [(&str, &str); 2]) {
    let store = stage.open().await;
    let mut commit = crate::store::Commit::new(account(), stage.clock.now());
    let mut state = store.load(&account()).await.unwrap().state;
    state.management_codes = codes.map(|(code, text)| (code.to_owned(), text.to_owned())).into();
    commit.state = Some(state);
    store.commit(&commit).await.unwrap();
    store.close().await;
}
