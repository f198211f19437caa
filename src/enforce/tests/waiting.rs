//! What stays open: it is tried again while it is wanted, and nobody has to guess that it waits.

use super::stage::{OnWrite, Stage};
use crate::domain::PolicyName;
use crate::domain::alert::{EpisodeId, Phase};
use crate::domain::enforcement::{Deferral, EnforcementState};
use crate::domain::plan::Field;

/// Three sweeps, five minutes apart: one more than what is open may go untold.
async fn three_sweeps(stage: &Stage) {
    for _ in 0..3 {
        stage.sweep().await;
        stage.advance(299);
    }
}

#[tokio::test]
async fn an_answer_that_says_not_done_is_tried_again_after_a_quarter_of_an_hour() {
    let cases = [
        ("maintenance", OnWrite::NotNow("method_maintenance", false)),
        ("the limit", OnWrite::NotNow("api_limit_exceeded", false)),
        ("for a moment", OnWrite::NotNow("unavailable_info", true)),
        ("declined", OnWrite::Declined("used_password")),
        ("a code that nobody knows", OnWrite::Answered("no idea")),
        ("not even sent", OnWrite::NotSent),
    ];
    for (name, on_write) in cases {
        let stage = Stage::new(1).await;
        stage.fake.world().on_write = on_write;
        for _ in 0..48 {
            stage.sweep().await;
            stage.advance(299);
        }
        assert_eq!(stage.calls("set"), 16, "{name}: every 15 minutes for four hours");
        stage.fake.world().on_write = OnWrite::Done;
        three_sweeps(&stage).await;
        assert_eq!(stage.code("1"), "1", "{name}: within 15 minutes of its end");
        assert_eq!(stage.states().await, ["1 1 verified"], "{name}: one record of it");
        let told = stage.told().await;
        assert_eq!(told.len(), 2, "{name}: that it waits, and how it ended: {told:?}");
        assert_eq!(told[1], "enforced-verified", "{name}");
        assert!(stage.brake().await.is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_not_done_that_did_it_is_a_surprise() {
    let stage = Stage::new(1).await;
    stage.fake.world().on_write = OnWrite::DeclinedButDone;
    stage.sweep().await;
    assert_eq!(stage.states().await, ["1 1 differs"]);
    assert!(stage.brake().await.is_some());
}

#[tokio::test]
async fn who_is_declined_keeps_nobody_else_waiting() {
    let mut stage = Stage::new(4).await;
    stage.guards.caps.per_sweep = 1;
    stage.guards.caps.per_day = 3;
    stage.fake.world().declined = vec!["4".to_owned(), "3".to_owned()];
    for _ in 0..12 {
        stage.sweep().await;
        stage.advance(299);
    }
    assert_eq!(stage.code("1") + &stage.code("2"), "11", "{:?}", stage.states().await);
    stage.fake.world().declined.clear();
    three_sweeps(&stage).await;
    assert_eq!(
        stage.states().await,
        ["4 1 verified", "3 1 declined", "2 1 verified", "1 1 verified"]
    );
}

#[tokio::test]
async fn lost_replies_are_given_up_for_a_day_and_that_is_told() {
    let stage = Stage::new(1).await;
    stage.fake.world().on_write = OnWrite::LostRequest;
    for _ in 0..9 {
        stage.sweep().await;
        stage.advance(299);
    }
    assert_eq!(stage.calls("set"), 3);
    let told = stage.told().await;
    assert!(told.contains(&"enforced-waiting-gave-up".to_owned()), "{told:?}");
}

#[tokio::test]
async fn what_is_open_for_more_than_two_sweeps_is_told_once_per_reason() {
    let brake = |stage: Stage| async move {
        stage.set_brake(true).await;
        stage
    };
    let stages = [
        ("brake", brake(Stage::new(1).await).await),
        ("sweep-cap", {
            let mut stage = Stage::new(1).await;
            stage.guards.caps.per_sweep = 0;
            stage
        }),
        ("day-cap", {
            let mut stage = Stage::new(1).await;
            stage.guards.caps.per_day = 0;
            stage
        }),
        ("unreadable", {
            let stage = Stage::new(1).await;
            stage.fake.world().failing = Some("record");
            stage
        }),
        ("unconfirmed", {
            let mut stage = Stage::new(1).await;
            if let Phase::Firing(firing) = &mut stage.alerts[0].phase {
                firing.confirmed = false;
            }
            stage
        }),
        ("edited-recently", {
            let stage = Stage::new(1).await;
            stage.fake.edit("1", Field::Zip, "90210");
            stage
        }),
        ("not-in-breach", {
            let stage = Stage::new(1).await;
            stage.fake.world().balances.insert("1".to_owned(), "50");
            stage
        }),
        ("unanswered", {
            let stage = Stage::new(1).await;
            stage.fake.world().on_write = OnWrite::LostAnswer;
            stage.fake.world().reads_left = 1;
            stage
        }),
    ];
    for (why, stage) in stages {
        stage.sweep().await;
        stage.advance(299);
        stage.sweep().await;
        assert_eq!(
            stage.told().await,
            Vec::<String>::new(),
            "{why}: two sweeps are no wait"
        );
        stage.advance(200);
        stage.sweep().await;
        assert_eq!(stage.told().await, [format!("enforced-waiting-{why}")], "{why}");
        stage.advance(100);
        stage.sweep().await;
        assert_eq!(
            stage.told().await.len(),
            1,
            "{why}: once, whatever was restarted meanwhile"
        );
    }
}

#[tokio::test]
async fn each_new_reason_is_told_and_so_is_the_end() {
    let mut stage = Stage::new(1).await;
    stage.set_brake(true).await;
    three_sweeps(&stage).await;
    stage.set_brake(false).await;
    stage.guards.caps.per_sweep = 0;
    three_sweeps(&stage).await;
    stage.set_brake(true).await;
    three_sweeps(&stage).await;
    assert_eq!(
        stage.told().await,
        ["enforced-waiting-brake", "enforced-waiting-sweep-cap"]
    );
    // A person did it by hand meanwhile.
    stage.set_brake(false).await;
    stage.guards.caps.per_sweep = 3;
    stage.fake.edit("1", Field::BalanceManagement, "1");
    stage.advance(3600);
    stage.sweep().await;
    assert_eq!(stage.told().await.last().unwrap(), "enforced-already");
    assert_eq!(stage.told().await.len(), 3);
}

#[tokio::test]
async fn what_waits_for_one_reason_is_told_in_one_mail() {
    let mut stage = Stage::new(6).await;
    stage.guards.caps.per_day = 1;
    three_sweeps(&stage).await;
    assert_eq!(stage.told().await, ["enforced-verified", "enforced-waiting-day-cap"]);
    let kept = stage.enforcements().await;
    let capped = EnforcementState::Deferred {
        why: Deferral::DayCap { cap: 1 },
    };
    assert_eq!(kept.iter().filter(|kept| kept.state == capped).count(), 5);
    assert_eq!(stage.told_of().await[1], "5", "the lowest balance leads");
}

#[tokio::test]
async fn what_another_policy_had_done_meanwhile_does_not_wait() {
    let mut stage = Stage::new(1).await;
    let mut other = stage.alerts[0].clone();
    if let Phase::Firing(firing) = &mut stage.alerts[0].phase {
        firing.confirmed = false;
    }
    stage.sweep().await;
    stage.advance(299);
    stage.sweep().await;
    stage.advance(299);
    // A second policy that asks for the same begins to fire.
    let name = PolicyName::new("other").unwrap();
    let mut policy = stage.rules.policies[0].clone();
    policy.name = name.clone();
    stage.rules.policies.push(policy);
    if let Phase::Firing(firing) = &mut other.phase {
        firing.episode = EpisodeId::from_stored("other".to_owned());
    }
    other.policy = name;
    stage.alerts.push(other);
    for _ in 0..3 {
        stage.sweep().await;
        stage.advance(299);
    }
    assert_eq!(stage.states().await, ["1 1 cancelled", "1 1 verified"]);
    assert_eq!(stage.told().await, ["enforced-verified"], "it is HARD: nothing waits");
}
