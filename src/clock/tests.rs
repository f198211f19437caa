//! Waiting by each kind of time, and clocks that are set.

use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::{Clock, Jumps};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn a_stepped_clock_wakes_sleepers_in_order_and_stands_still_otherwise() {
    let start = Timestamp::UNIX_EPOCH;
    let (clock, stepper) = Clock::stepped(start);
    let sleeper = tokio::spawn({
        let clock = clock.clone();
        async move {
            clock.sleep(Duration::from_secs(60)).await;
            clock.now()
        }
    });
    while stepper.next_wake().is_none() {
        tokio::task::yield_now().await;
    }
    let due = stepper.next_wake().unwrap();
    assert_eq!(due.duration_since(start).as_secs(), 60);
    stepper.advance_to(due);
    assert_eq!(sleeper.await.unwrap(), due);
    assert_eq!(clock.monotonic(), Duration::from_secs(60));
    stepper.advance_to(start);
    assert_eq!(clock.now(), due, "never goes back");
}

#[test]
fn a_wait_for_the_wall_clock_never_gets_longer_and_ends_when_it_shows_the_time() {
    for (set_by, ends_after) in [
        (0, 300),
        (-14, 300),
        (-90, 300),
        (-2 * HOUR, 300),
        (-DAY, 300),
        (14, 286),
        (90, 210),
        (2 * HOUR, 100),
        (DAY, 100),
    ] {
        let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        let mut wait = Box::pin(clock.sleep_until(Timestamp::from_second(300).unwrap()));
        assert!((&mut wait).now_or_never().is_none());
        stepper.advance_to(Timestamp::from_second(100).unwrap());
        stepper.set_wall(SignedDuration::from_secs(set_by));
        while (&mut wait).now_or_never().is_none() {
            stepper.advance_to(stepper.next_wake().unwrap());
        }
        assert_eq!(clock.monotonic(), Duration::from_secs(ends_after), "{set_by}");
    }
}

#[test]
fn a_jump_is_seen_once_and_a_little_step_forward_is_none() {
    for (set_by, forward, back) in [
        (0, 0, 0),
        (-1, 0, 0),
        (-2, 0, 1),
        (-DAY, 0, 1),
        (60, 0, 0),
        (61, 1, 0),
        (DAY, 1, 0),
    ] {
        let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        stepper.advance_to(Timestamp::from_second(HOUR).unwrap());
        assert_eq!(clock.jumps(), Jumps::default(), "time passes");
        stepper.set_wall(SignedDuration::from_secs(set_by));
        assert_eq!(clock.clone().jumps(), Jumps { forward, back }, "{set_by}");
        assert_eq!(clock.jumps(), Jumps { forward, back }, "{set_by}: only once");
    }
}

#[tokio::test]
async fn who_waits_for_a_jump_is_woken_by_one() {
    let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
    let mut jump = Box::pin(clock.until_jump());
    for set_by in [0, 60, -1] {
        stepper.set_wall(SignedDuration::from_secs(set_by));
        assert!((&mut jump).now_or_never().is_none(), "{set_by}");
    }
    stepper.set_wall(SignedDuration::from_secs(-14));
    jump.await;
    assert!(clock.until_jump().now_or_never().is_none(), "the next one");
}

#[test]
fn work_in_hand_is_counted() {
    let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
    let busy = clock.busy();
    assert!(!stepper.is_idle());
    drop(busy);
    assert!(stepper.is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_runtimes_time_waits_as_long_as_a_stepped_one() {
    for (set_by, ends_after) in [
        (0, 300),
        (-90, 300),
        (-DAY, 300),
        (90, 210),
        (2 * HOUR, 100),
        (DAY, 100),
    ] {
        let (clock, hands) = Clock::by_runtime(Timestamp::UNIX_EPOCH);
        let waits = clock.sleep_until(Timestamp::from_second(300).unwrap());
        let sets = async {
            clock.sleep(Duration::from_secs(100)).await;
            hands.set_wall(SignedDuration::from_secs(set_by));
        };
        tokio::join!(waits, sets);
        assert_eq!(clock.monotonic(), Duration::from_secs(ends_after), "{set_by}");
        let jumps = Jumps {
            forward: u64::from(set_by > 60),
            back: u64::from(set_by < -1),
        };
        assert_eq!(clock.jumps(), jumps, "{set_by}");
        assert_eq!(
            clock.anew().jumps(),
            Jumps::default(),
            "{set_by}: another process saw nothing"
        );
    }
}
