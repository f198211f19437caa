//! A crash between any two steps, and what the next life of the program makes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::stage::{OnWrite, Stage};
use crate::enforce::Error;
use crate::store::Course;

/// Counts moments and stops at the given one.
fn stops_at(moment: u32) -> (Arc<AtomicU32>, impl Fn() -> bool + Clone + Send + Sync + 'static) {
    let passed = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&passed);
    let goes_on = move || counted.fetch_add(1, Ordering::SeqCst) != moment;
    (passed, goes_on)
}

/// Crashes at each moment of a sweep, one after the other, among the enforcer's own steps and each statement of each
/// commit; then lives on. Returns the number of moments.
async fn crash_everywhere(on_write: &OnWrite) -> u32 {
    for moment in 0.. {
        let stage = Stage::new(1).await;
        stage.fake.world().on_write = on_write.clone();
        let (_, goes_on) = stops_at(moment);
        let (for_enforcer, for_store) = (goes_on.clone(), goes_on);
        let crashed = stage
            .sweep_with(
                Some(Arc::new(move |_| for_enforcer())),
                Some(Arc::new(move |_| if for_store() { Course::GoOn } else { Course::Stop })),
            )
            .await;
        match &crashed {
            Ok(_) => {}
            Err(Error::Stopped { .. } | Error::Store(crate::store::Error::Stopped { .. })) => {}
            Err(other) => panic!("moment {moment}: {other}"),
        }
        let was_sent = stage.calls("set");
        for _ in 0..4 {
            stage.advance(40);
            stage.sweep().await;
        }
        assert_eq!(stage.calls("set"), 1, "moment {moment}: exactly one setClient ever");
        assert_eq!(stage.fake.world().written.len(), 1, "moment {moment}");
        assert_eq!(stage.code("1"), "1", "moment {moment}");
        assert!(stage.brake().await.is_none(), "moment {moment}");
        let states = stage.states().await;
        assert!(
            states.last().unwrap().ends_with("verified"),
            "moment {moment}: {states:?}"
        );
        assert_eq!(
            states.iter().filter(|state| state.ends_with("verified")).count(),
            1,
            "moment {moment}"
        );
        assert_eq!(stage.told().await, ["enforced-verified"], "moment {moment}: told once");
        if was_sent == 0 {
            let others = states
                .iter()
                .rev()
                .skip(1)
                .all(|state| state.ends_with("did-not-happen"));
            assert!(others, "moment {moment}: {states:?}");
        }
        if crashed.is_ok() {
            return moment;
        }
    }
    0
}

#[tokio::test]
async fn a_crash_between_any_two_steps_never_leads_to_a_second_write() {
    let moments = crash_everywhere(&OnWrite::Done).await;
    assert!(moments > 15, "{moments}");
}

#[tokio::test]
async fn a_crash_around_a_lost_answer_never_leads_to_a_second_write() {
    crash_everywhere(&OnWrite::LostAnswer).await;
}

#[tokio::test]
async fn a_crash_while_it_is_settled_changes_nothing() {
    for moment in 0.. {
        let stage = Stage::new(1).await;
        stage.fake.world().on_write = OnWrite::LostAnswer;
        stage.sweep().await;
        stage.fake.world().on_write = OnWrite::Done;
        stage.advance(60);
        let (_, goes_on) = stops_at(moment);
        let (for_enforcer, for_store) = (goes_on.clone(), goes_on);
        let crashed = stage
            .sweep_with(
                Some(Arc::new(move |_| for_enforcer())),
                Some(Arc::new(move |_| if for_store() { Course::GoOn } else { Course::Stop })),
            )
            .await;
        stage.advance(60);
        stage.sweep().await;
        assert_eq!(stage.calls("set"), 1, "moment {moment}");
        assert_eq!(stage.states().await, ["1 1 verified"], "moment {moment}");
        assert_eq!(stage.told().await, ["enforced-verified"], "moment {moment}");
        if crashed.is_ok() {
            assert!(moment > 3, "{moment}");
            return;
        }
    }
}
