//! What the configuration says of an account is replaced while it runs, as a reload will.

use std::pin::pin;

use futures_util::FutureExt;

use super::{Stage, id};
use crate::config::{Terms, terms};
use crate::domain::enforcement::Mode;

impl Stage {
    /// The terms of this stage's configuration with `extra` added to it.
    fn terms(&self, extra: &str) -> Terms {
        let text = format!("{}{extra}", self.config);
        let loaded = crate::config::parse(&text, self.clock.now());
        let settings = loaded.unwrap_or_else(|found| panic!("{:?}", found.problems)).settings;
        terms::terms(&settings, &settings.accounts[0])
    }
}

const BELOW_200: &str = "[[policy]]\nname = 'below-200'\nwhen = { balance_below = '200' }\n\
                         [enforcement]\nmode = 'apply'\n";

#[tokio::test]
async fn rules_sent_between_two_sweeps_are_judged_by_the_next_and_nothing_is_lost() {
    let stage = Stage::new(2, "rate_per_minute = 1000000", "").await;
    let sender = &stage.daemon.watches[0].terms;
    stage.pass().await;
    stage.edit(&id(0), "4");
    stage.wait(300);
    {
        // Sent in the middle of a pass: that one ends by what it began with.
        let mut pass = pin!(stage.pass());
        assert!((&mut pass).now_or_never().is_none());
        sender.send_replace(stage.terms(BELOW_200));
        pass.await;
    }
    let low = format!("{}/low-balance", id(0));
    assert_eq!(stage.firing().await, std::slice::from_ref(&low));
    let before = stage.view().await.alerts;

    stage.wait(300);
    stage.pass().await;
    let [first, second] = [id(0), id(1)].map(|id| format!("{id}/below-200"));
    assert_eq!(stage.firing().await, [first, low.clone(), second]);
    let after = stage.view().await.alerts;
    let episode_of = |alerts: &[crate::domain::alert::Alert]| {
        let low = alerts.iter().find(|alert| alert.policy.as_str() == "low-balance");
        low.and_then(|alert| alert.firing())
            .map(|firing| firing.episode.clone())
    };
    assert_eq!(episode_of(&after), episode_of(&before), "the same episode goes on");
    let modes = after
        .iter()
        .filter_map(|alert| alert.firing())
        .map(|firing| firing.mode);
    let expected = [Mode::Apply, Mode::Observe, Mode::Apply];
    assert_eq!(modes.collect::<Vec<_>>(), expected, "each as it began");

    sender.send_replace(stage.terms(""));
    stage.wait(300);
    let withdrawn = stage.pass().await.report.alerts.withdrawn;
    assert_eq!(
        (stage.firing().await, withdrawn),
        (vec![low], 2),
        "the rule is gone again"
    );
}
