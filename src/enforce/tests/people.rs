//! What people decide about changes: approvals, rejections, holds, undoing; and what waits for others: warnings and deposits.

use std::sync::Arc;

use jiff::civil::date;

use super::stage::{OnWrite, Stage, account};
use crate::domain::alert::Phase;
use crate::domain::decision::{BY_READ_BACK, Decision, Kind, Scope};
use crate::domain::enforcement::{Deferral, EnforcementState, Mode};
use crate::domain::kept::Warning;
use crate::domain::plan::{Field, Protected};
use crate::domain::{ChannelName, ClientId};
use crate::enforce::Hook;

/// A stage in mode approve whose alerts began in it.
async fn approving(clients: usize) -> Stage {
    let mut stage = Stage::new(clients).await;
    (stage.guards.mode, stage.rules.mode) = (Mode::Approve, Mode::Approve);
    for alert in &mut stage.alerts {
        if let Phase::Firing(firing) = &mut alert.phase {
            firing.mode = Mode::Approve;
        }
    }
    stage
}

async fn decide(stage: &Stage, kind: Kind, by: &str, scope: Scope) {
    let what = scope
        .enforcement
        .clone()
        .or_else(|| scope.client.as_ref().map(ToString::to_string));
    let decision = Decision {
        id: format!("{kind:?}.{}.{by}", what.unwrap_or_default()),
        kind,
        scope,
        until: None,
        ..Decision::brake(account(), by, "looked at it".to_owned(), stage.clock.now())
    };
    let store = stage.open().await;
    assert!(store.decide(&decision).await.unwrap());
    store.close().await;
}

/// What somebody answers about the newest enforcement of a client.
async fn answer(stage: &Stage, kind: Kind, by: &str, client: &str) {
    let all = stage.enforcements().await;
    let last = all.iter().rev().find(|kept| kept.client.as_str() == client).unwrap();
    let scope = Scope {
        client: Some(last.client.clone()),
        episode: Some(last.episode.clone()),
        enforcement: Some(last.id.clone()),
        ..Scope::default()
    };
    decide(stage, kind, by, scope).await;
}

fn is_hard(stage: &Stage, client: &str) -> bool {
    stage.fake.world().records[client].get(Field::BalanceManagement) == "1"
}

#[tokio::test]
async fn nothing_is_changed_without_an_approval_and_with_one_it_is() {
    let stage = approving(2).await;
    assert_eq!(stage.sweep().await.waiting, 2);
    stage.advance(300);
    assert_eq!(stage.sweep().await.waiting, 2);
    assert_eq!(
        stage.told().await,
        ["enforced-asked-1", "enforced-asked-1"],
        "each once"
    );
    assert_eq!(stage.calls("record") + stage.calls("set"), 0);

    answer(&stage, Kind::Approval, "alice", "1").await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
    assert!(is_hard(&stage, "1") && !is_hard(&stage, "2"));
    let id = stage.enforcements().await[0].id.clone();
    let id = if id.contains(".1.") {
        id
    } else {
        stage.enforcements().await[1].id.clone()
    };
    assert_eq!(stage.journal(&id).await[..2], ["approved", "planned"]);
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 0, "an approval is of one change");
}

#[tokio::test]
async fn two_people_are_two_people() {
    let mut stage = approving(1).await;
    stage.guards.approvals.needed = 2;
    stage.sweep().await;
    answer(&stage, Kind::Approval, "alice", "1").await;
    answer(&stage, Kind::Approval, "Alice ", "1").await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 0);
    let state = stage.enforcements().await[0].state.clone();
    assert!(
        matches!(&state, EnforcementState::Deferred { why: Deferral::Approval { given, needed: 2, .. } } if given.len() == 1),
        "{state:?}"
    );
    answer(&stage, Kind::Approval, "bob", "1").await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
}

#[tokio::test]
async fn what_nobody_answers_expires_and_is_asked_again() {
    let stage = approving(1).await;
    stage.sweep().await;
    stage.advance(4 * 3600);
    stage.sweep().await;
    assert_eq!(stage.told().await.len(), 1);
    let state = stage.enforcements().await[0].state.clone();
    assert!(
        matches!(
            state,
            EnforcementState::Deferred {
                why: Deferral::Expired { .. }
            }
        ),
        "{state:?}"
    );
    stage.advance(2 * 3600);
    stage.sweep().await;
    assert_eq!(stage.told().await, ["enforced-asked-1", "enforced-asked-2"]);
    answer(&stage, Kind::Approval, "alice", "1").await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
}

#[tokio::test]
async fn a_rejection_is_final_for_the_episode() {
    let stage = approving(1).await;
    stage.sweep().await;
    answer(&stage, Kind::Rejection, "bob", "1").await;
    answer(&stage, Kind::Approval, "alice", "1").await;
    for _ in 0..3 {
        stage.advance(8 * 3600);
        stage.sweep().await;
    }
    assert_eq!(stage.told().await, ["enforced-asked-1", "enforced-refused-rejected"]);
    assert_eq!(stage.calls("set"), 0);
}

#[tokio::test]
async fn another_mode_cancels_what_waits_and_what_was_approved_in_it() {
    let mut stage = approving(1).await;
    stage.sweep().await;
    answer(&stage, Kind::Approval, "alice", "1").await;
    stage.guards.mode = Mode::Apply;
    stage.advance(300);
    stage.sweep().await;
    assert_eq!(
        stage.states().await,
        ["1 1 cancelled", "1 2 deferred"],
        "it began in approve, and asks anew"
    );
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 0);
    answer(&stage, Kind::Approval, "alice", "1").await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
}

#[tokio::test]
async fn no_more_wait_for_an_answer_than_an_hour_may_change() {
    let mut stage = approving(4).await;
    stage.guards.caps.per_hour = 2;
    stage.sweep().await;
    stage.advance(300);
    stage.sweep().await;
    assert_eq!(stage.told().await, ["enforced-asked-1", "enforced-asked-1"]);
}

/// Its alert cools down for hours: a request must not be cancelled for it and made anew in each sweep, or no answer would fit.
#[tokio::test]
async fn going_back_is_asked_for_once_while_the_alert_cools_down() {
    let mut stage = approving(1).await;
    stage.sweep().await;
    answer(&stage, Kind::Approval, "alice", "1").await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
    stage.alerts[0].phase = Phase::CoolingDown {
        resolved_at: stage.clock.now(),
        relapses: 0,
    };
    stage.fake.world().balances.insert("1".to_owned(), "50");
    for _ in 0..3 {
        stage.advance(1_800);
        assert_eq!(stage.sweep().await.applied, 0);
    }
    let asked = ["enforced-asked-1", "enforced-verified", "reverted-asked-1"];
    assert_eq!(stage.told().await, asked);
    answer(&stage, Kind::Approval, "alice", "1").await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
    assert!(!is_hard(&stage, "1"));
}

#[tokio::test]
async fn a_held_client_is_left_alone_until_it_is_released() {
    let stage = Stage::new(2).await;
    let scope = Scope {
        client: Some(ClientId::new("1").unwrap()),
        ..Scope::default()
    };
    decide(&stage, Kind::Hold, "alice", scope).await;
    assert_eq!(stage.sweep().await.applied, 1);
    for _ in 0..3 {
        stage.advance(300);
        stage.sweep().await;
    }
    assert!(!is_hard(&stage, "1") && is_hard(&stage, "2"));
    assert!(stage.told().await.contains(&"enforced-waiting-held".to_owned()));
    {
        let store = stage.open().await;
        store.revoke(&account(), "Hold.1.alice").await.unwrap();
        store.close().await;
    }
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
}

#[tokio::test]
async fn a_hold_or_a_rejection_in_the_last_moment_stops_the_write() {
    for kind in [Kind::Hold, Kind::Rejection] {
        let stage = Stage::new(1).await;
        let path = stage.path.clone();
        let episode = stage.alerts[0].firing().unwrap().episode.clone();
        let hook: Hook = Arc::new(move |at| {
            if at == "after sent is written" {
                let (path, episode) = (path.clone(), episode.clone());
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    runtime.block_on(async {
                        let store = crate::store::Store::open(&path, crate::store::Access::Read)
                            .await
                            .unwrap();
                        let decision = Decision {
                            id: "now".to_owned(),
                            kind,
                            scope: Scope {
                                client: Some(ClientId::new("1").unwrap()),
                                episode: Some(episode),
                                ..Scope::default()
                            },
                            ..Decision::brake(account(), "alice", "wait".to_owned(), crate::domain::testing::at(0))
                        };
                        assert!(store.decide(&decision).await.unwrap());
                        store.close().await;
                    });
                })
                .join()
                .unwrap();
            }
            true
        });
        let report = stage.sweep_with(Some(hook), None).await.unwrap();
        assert_eq!((report.applied, stage.calls("set")), (0, 0), "{kind:?}");
    }
}

#[tokio::test]
async fn an_undo_works_without_a_policy_and_against_every_cap() {
    let mut stage = Stage::new(1).await;
    stage.sweep().await;
    assert!(is_hard(&stage, "1"));
    answer(&stage, Kind::Undo, "alice", "1").await;
    stage.rules.policies.clear();
    stage.guards.mode = Mode::Observe;
    (stage.guards.caps.per_day, stage.guards.caps.per_sweep) = (0, 0);
    stage.set_brake(true).await;
    stage.advance(300);
    assert_eq!(stage.sweep().await.applied, 1);
    assert!(!is_hard(&stage, "1"));
    let all = stage.enforcements().await;
    assert_eq!(stage.journal(&all[1].id).await[..2], ["undo", "planned"]);
    let writes = stage.calls("set");
    stage.advance(300);
    stage.sweep().await;
    assert_eq!(stage.calls("set"), writes, "once");
}

#[tokio::test]
async fn an_undo_overwrites_nobody_and_writes_nothing_after_a_surprise() {
    let stage = Stage::new(1).await;
    stage.sweep().await;
    stage.fake.edit("1", Field::City, "Elsewhere");
    answer(&stage, Kind::Undo, "alice", "1").await;
    let writes = stage.calls("set");
    for _ in 0..3 {
        stage.advance(300);
        stage.sweep().await;
    }
    assert_eq!(stage.calls("set"), writes);
    assert!(
        stage.states().await.contains(&"1 1 refused".to_owned()),
        "{:?}",
        stage.states().await
    );

    let stage = Stage::new(1).await;
    stage.sweep().await;
    let brake = Decision::brake(account(), BY_READ_BACK, "zip".to_owned(), stage.clock.now());
    {
        let store = stage.open().await;
        store.decide(&brake).await.unwrap();
        store.close().await;
    }
    answer(&stage, Kind::Undo, "alice", "1").await;
    let writes = stage.calls("set");
    stage.advance(300);
    stage.sweep().await;
    assert_eq!(stage.calls("set"), writes);
}

#[tokio::test]
async fn an_undo_that_got_no_answer_is_settled_and_not_repeated() {
    let stage = Stage::new(1).await;
    stage.sweep().await;
    answer(&stage, Kind::Undo, "alice", "1").await;
    stage.fake.world().on_write = OnWrite::LostAnswer;
    stage.advance(300);
    stage.sweep().await;
    let writes = stage.calls("set");
    for _ in 0..3 {
        stage.advance(300);
        stage.sweep().await;
    }
    assert_eq!(stage.calls("set"), writes);
    assert!(!is_hard(&stage, "1"));
}

#[tokio::test]
async fn who_has_a_protected_package_is_asked_for_it_once_an_hour() {
    let mut stage = Stage::new(2).await;
    stage.guards.protect = vec![Protected::Package("8378".to_owned())];
    stage.fake.world().packages.insert("1", "8378".to_owned());
    for _ in 0..4 {
        stage.sweep().await;
        stage.advance(600);
    }
    assert!(!is_hard(&stage, "1") && is_hard(&stage, "2"));
    assert_eq!(stage.calls("packages"), 2, "one for each");
    assert!(stage.told().await.contains(&"enforced-refused-protected".to_owned()));
}

#[tokio::test]
async fn nothing_is_changed_before_the_warning_arrived_and_its_time_is_over() {
    let mut stage = Stage::new(1).await;
    let ops = ChannelName::new("ops").unwrap();
    let enforce = stage.rules.policies[0].enforce.as_mut().unwrap();
    (enforce.grace, enforce.requires_notified) = (jiff::SignedDuration::from_hours(2), vec![ops.clone()]);
    let episode = stage.alerts[0].firing().unwrap().episode.clone();
    let key = (episode, ops);
    let waits = async |stage: &Stage, word: &str| {
        stage.sweep().await;
        let state = stage.enforcements().await[0].state.clone();
        assert_eq!(state.stopped_by(), Some(word), "{state:?}");
        stage.advance(300);
    };
    waits(&stage, "not-warned").await;
    stage.warnings.insert(key.clone(), Warning::Waits);
    waits(&stage, "not-warned").await;
    let at = stage.clock.now();
    stage.warnings.insert(key.clone(), Warning::Arrived { at });
    waits(&stage, "grace").await;
    stage.advance(2 * 3600 - 310);
    waits(&stage, "grace").await;
    assert_eq!(stage.sweep().await.applied, 1);

    let mut stage = Stage::new(1).await;
    let enforce = stage.rules.policies[0].enforce.as_mut().unwrap();
    enforce.requires_notified = vec![key.1.clone()];
    let why = "550 no such user".to_owned();
    stage.warnings.insert(key, Warning::Failed { why });
    waits(&stage, "approval").await;
    assert_eq!(stage.told().await, ["enforced-asked-1"]);
    answer(&stage, Kind::Approval, "alice", "1").await;
    assert_eq!(stage.sweep().await.applied, 1);
}

#[tokio::test]
async fn it_goes_back_only_after_a_deposit_where_that_is_asked_for() {
    let mut stage = Stage::new(1).await;
    stage.rules.policies[0].enforce.as_mut().unwrap().revert_needs_deposit = true;
    stage.sweep().await;
    stage.alerts.clear();
    stage.fake.world().balances.insert("1".to_owned(), "5");
    for (deposit, reverted) in [(None, 0), (Some(date(2023, 11, 13)), 0), (Some(date(2023, 11, 14)), 1)] {
        stage.fake.world().newest_deposit = deposit;
        stage.advance(600);
        assert_eq!(stage.sweep().await.applied, reverted, "{deposit:?}");
    }
    assert!(!is_hard(&stage, "1"));
}
