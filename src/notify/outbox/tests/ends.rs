//! Whole channels: broken ones, one attempt a pass, and the time that a pass may take.

use super::*;

#[tokio::test]
async fn a_failure_of_the_channel_defers_the_others_of_the_pass_unattempted() {
    for at in [Stage::Greeting, Stage::Ehlo, Stage::MailFrom] {
        let mut bench = Bench::new().await;
        for number in 0..5 {
            bench
                .shelf
                .put(owed(561_115 + number, fired(), "ops", "noc@example.com"));
        }
        let behaviour = if at == Stage::Greeting {
            Behaviour::HangUp(at)
        } else {
            refuse(at, 554)
        };
        bench.catcher.behave(behaviour);
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.deferred, drained.dead), (0, 5, 0), "{at:?}");
        assert_eq!(bench.catcher.conversations(), 1, "one try for each channel and pass");
        assert_eq!(bench.shelf.outcomes(), ["unreachable"]);
        let health = bench.health("ops");
        assert_eq!((health.broken_since, health.failures), (Some(start()), 1));
        let attempts: Vec<u32> = bench
            .shelf
            .0
            .lock()
            .unwrap()
            .messages
            .iter()
            .map(|message| message.attempts)
            .collect();
        assert_eq!(attempts, [1, 0, 0, 0, 0]);
        // It comes back: everything leaves, nothing is lost.
        bench.catcher.behave(Behaviour::Good);
        bench.step(MINUTE);
        assert_eq!(bench.drain().await.sent, 5);
        assert_eq!(bench.catcher.conversations(), 2, "over one connection");
        assert_eq!(bench.health("ops").broken_since, None);
    }
}

#[tokio::test]
async fn channels_fail_apart() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench.shelf.put(owed(561_115, fired(), "pager", "pager@example.com"));
    bench.catcher.behave_next([refuse(Stage::MailFrom, 451)]);
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (1, 1));
    assert_eq!(bench.catcher.conversations(), 2);
}

#[tokio::test]
async fn a_channel_that_stays_broken_is_tried_less_often_and_its_messages_die_at_their_deadline() {
    let mut bench = Bench::new().await;
    for number in 0..3 {
        bench
            .shelf
            .put(owed(561_115 + number, fired(), "ops", "noc@example.com"));
    }
    bench.catcher.behave(refuse(Stage::MailFrom, 451));
    let mut dead = 0;
    while dead < 3 {
        dead += bench.drain().await.dead;
        let next = bench.shelf.next_at().await.unwrap();
        bench.stepper.advance_to(next.unwrap_or(bench.clock.now()));
    }
    assert_eq!(bench.clock.now(), start() + HOUR * 24);
    let conversations = bench.catcher.conversations();
    assert!((90..=130).contains(&conversations), "{conversations}");
    assert!(bench.recipients().is_empty());
    for state in bench.shelf.states() {
        assert!(state.why().unwrap().contains("deadline"), "{state:?}");
    }
    let health = bench.health("ops");
    assert_eq!((dead, health.broken_since), (3, Some(start())));
}

#[tokio::test]
async fn one_silence_is_a_message_and_three_in_a_row_are_the_channel() {
    let mut bench = Bench::new().await;
    for number in 0..5 {
        bench
            .shelf
            .put(owed(561_115 + number, fired(), "ops", "noc@example.com"));
    }
    bench
        .catcher
        .behave_next([Behaviour::HangUp(Stage::Content), Behaviour::Good]);
    bench.catcher.behave(Behaviour::HangUp(Stage::Content));
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (1, 4));
    assert_eq!(
        bench.shelf.outcomes(),
        ["uncertain", "delivered", "uncertain", "uncertain", "uncertain"]
    );
    assert!(bench.health("ops").broken_since.is_some());
    bench.shelf.put(owed(561_200, fired(), "ops", "noc@example.com"));
    bench.shelf.put(owed(561_201, fired(), "ops", "noc@example.com"));
    bench.catcher.behave(Behaviour::Good);
    let conversations = bench.catcher.conversations();
    let deferred = bench.drain().await.deferred;
    assert_eq!(
        (deferred, bench.catcher.conversations()),
        (2, conversations),
        "it rests"
    );
    bench.step(MINUTE / 2);
    bench.drain().await;
    let new = [NoticeState::Delivered, NoticeState::Delivered];
    assert_eq!(bench.shelf.states()[5..], new, "they are kept back for a moment only");
}

#[tokio::test]
async fn a_pass_ends_when_its_time_is_up_and_loses_nothing() {
    let mut bench = Bench::new().await;
    for number in 0..3 {
        bench
            .shelf
            .put(owed(561_115 + number, fired(), "ops", "noc@example.com"));
    }
    bench
        .catcher
        .behave_next([Behaviour::Good, Behaviour::Stall(Stage::Rcpt)]);
    let drained = bench.outbox.drain(bench.catcher.wait_for_stalled(1)).await.unwrap();
    assert_eq!((drained.sent, drained.deferred), (1, 2));
    assert_eq!(bench.shelf.outcomes(), ["delivered", "retry"]);
    assert!(!bench.shelf.states().contains(&NoticeState::Sending));
    assert_eq!(
        bench.health("ops").broken_since,
        None,
        "it was cut off for no fault of the server"
    );
    assert_eq!(bench.drain().await.sent, 2, "at once, by the next pass");
    let ended = bench.outbox.drain(std::future::ready(())).await.unwrap();
    assert_eq!(ended, Drained::default());
}

#[tokio::test]
async fn more_than_a_batch_leaves_in_one_pass() {
    let mut bench = Bench::new().await;
    for number in 0..450 {
        bench
            .shelf
            .put(owed(561_000 + number, fired(), "gone", "noc@example.com"));
    }
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.dropped), (1, 450));
}
