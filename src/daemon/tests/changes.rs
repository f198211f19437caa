//! Enforcement as part of a pass: what it would do, what it does, and whether that had an effect.

use super::{Stage, id};

const FAST: &str = "rate_per_minute = 1000000";

fn hard(mode: &str) -> String {
    format!(
        "[[policy]]\nname = 'dry'\nwhen = {{ balance_at_most = '0' }}\nenforce = {{ balance_management = 'hard' }}\n\
         [enforcement]\nmode = '{mode}'\n"
    )
}

#[tokio::test]
async fn observing_tells_what_it_would_do_and_does_nothing() {
    let stage = Stage::new(4, FAST, &hard("observe")).await;
    stage.pass().await;
    stage.edit(&id(1), "-1");
    let before = stage.simulator.client(&id(1)).unwrap();
    stage.wait(300);
    let done = stage.pass().await.report.enforcements;
    assert_eq!((done.would, done.applied, done.waiting, done.refused), (1, 0, 0, 0));
    assert_eq!(stage.simulator.client(&id(1)).unwrap(), before);
}

#[tokio::test]
async fn a_change_without_effect_is_told_until_nobody_spends_below_zero_or_the_client_is_gone() {
    let stage = Stage::new(4, FAST, &hard("apply")).await;
    stage.pass().await;
    stage.edit(&id(1), "-1");
    stage.wait(300);
    let done = stage.pass().await.report.enforcements;
    assert_eq!((done.would, done.applied), (0, 1), "{done:?}");
    let fires = async || {
        stage
            .firing()
            .await
            .contains(&"account/enforcement-without-effect".to_owned())
    };
    for (balance, wait, expected) in [
        ("-2", 300, false),
        ("-3", 660, true),
        ("-3", 300, true),
        ("-3", 300, false),
        ("-4", 300, true),
    ] {
        stage.edit(&id(1), balance);
        stage.wait(wait);
        stage.pass().await;
        assert_eq!(fires().await, expected, "{balance}");
    }
    stage.simulator.remove_client(&id(1)).unwrap();
    for _ in 0..4 {
        stage.wait(300);
        stage.pass().await;
    }
    assert!(!fires().await, "gone");
}

#[tokio::test]
async fn a_change_back_is_told_although_its_alert_has_ended() {
    let policy = hard("apply").replace("'hard' }", "'hard', revert_on_recovery = true }");
    let stage = Stage::new(2, FAST, &policy).await;
    stage.pass().await;
    stage.edit(&id(1), "-1");
    stage.wait(300);
    stage.pass().await;
    stage.edit(&id(1), "50");
    for _ in 0..3 {
        stage.wait(300);
        stage.pass().await;
    }
    assert_eq!(stage.simulator.client(&id(1)).unwrap()["management"], "soft");
    let notices = stage.notices().await;
    let dry = notices.iter().filter(|notice| notice.policy.as_str() == "dry");
    let told: Vec<String> = dry.map(|notice| notice.transition.label()).collect();
    assert_eq!(told, ["fired", "enforced-verified", "resolved", "reverted-verified"]);
}
