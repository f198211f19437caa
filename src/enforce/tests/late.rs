//! A machine that sleeps, or is slow, between the last read and the write: what a person changed meanwhile stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::stage::Stage;
use crate::domain::enforcement::{Deferral, EnforcementState};
use crate::domain::plan::Field;
use crate::enforce::Hook;

/// Lets time pass at this moment, the first so many times, and a person edit the record meanwhile.
fn sleeps(stage: &Stage, moment: &'static str, secs: i64, times: u32, edits: bool) -> Hook {
    let (fake, clock) = (stage.fake.clone(), stage.clock.clone());
    let stepper = stage.stepper.clone();
    let left = AtomicU32::new(times);
    Arc::new(move |at| {
        let is_due = at == moment
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok();
        if is_due {
            stepper.advance_to(clock.now() + jiff::SignedDuration::from_secs(secs));
            if edits {
                fake.edit("1", Field::City, "LAVAL");
            }
        }
        true
    })
}

#[tokio::test]
async fn an_edit_while_the_machine_slept_before_the_write_is_not_overwritten() {
    for moment in ["before sent is written", "after sent is written", "before the write"] {
        let stage = Stage::new(1).await;
        let hook = sleeps(&stage, moment, 40, 1, true);
        let report = stage.sweep_with(Some(hook), None).await.unwrap();
        assert_eq!((report.applied, report.waiting), (0, 1), "{moment}");
        assert_eq!(stage.calls("set"), 0, "{moment}");
        let why = Deferral::EditedRecently;
        assert_eq!(
            stage.enforcements().await[0].state,
            EnforcementState::Deferred { why },
            "{moment}"
        );
        stage.advance(900);
        assert_eq!(stage.sweep().await.applied, 1, "{moment}");
        assert_eq!(stage.fake.world().records["1"].get(Field::City), "LAVAL", "{moment}");
        assert_eq!(stage.states().await, ["1 1 verified"], "{moment}");
    }
}

#[tokio::test]
async fn what_was_read_more_than_five_seconds_ago_is_read_again() {
    for (secs, reads) in [(5, 2), (6, 3)] {
        let stage = Stage::new(1).await;
        let hook = sleeps(&stage, "before the write", secs, 1, false);
        let report = stage.sweep_with(Some(hook), None).await.unwrap();
        assert_eq!(report.applied, 1, "{secs}");
        assert_eq!((stage.calls("record"), stage.calls("set")), (reads, 1), "{secs}");
        assert_eq!(stage.states().await, ["1 1 verified"], "{secs}");
    }
}

#[tokio::test]
async fn a_machine_that_is_always_too_slow_changes_nothing_and_says_so() {
    let stage = Stage::new(1).await;
    for _ in 0..3 {
        let hook = sleeps(&stage, "before the write", 6, 100, false);
        let report = stage.sweep_with(Some(hook), None).await.unwrap();
        assert_eq!((report.applied, report.waiting), (0, 1));
        stage.advance(300);
    }
    assert_eq!(
        (stage.calls("set"), stage.calls("record")),
        (0, 9),
        "three times in each sweep"
    );
    assert_eq!(stage.told().await, ["enforced-waiting-too-late"]);
    let why = Deferral::TooLate;
    assert_eq!(stage.enforcements().await[0].state, EnforcementState::Deferred { why });
}
