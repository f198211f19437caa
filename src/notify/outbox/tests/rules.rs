//! What is not sent: ends without a beginning, channels that are gone, what is not for clients.

use super::*;

#[tokio::test]
async fn an_end_never_outlives_its_beginning() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "gone@example.com"));
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    for recipient in ["gone@example.com", "noc@example.com"] {
        bench.shelf.put(owed(561_115, Transition::Resolved, "ops", recipient));
    }
    bench.catcher.behave_next([refuse(Stage::Rcpt, 550)]);
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.dead, drained.dropped), (2, 1, 1));
    assert_eq!(bench.recipients(), ["noc@example.com", "noc@example.com"]);
    let states = bench.shelf.states();
    assert_eq!(states[2], NoticeState::Dropped("its alert never arrived".to_owned()));
}

/// What died and is tried again, after how many attempts, when what else was told, and what becomes of it.
#[tokio::test]
async fn what_is_taken_up_again_is_no_older_than_what_was_told_meanwhile() {
    let reminder = || Transition::Repeated { repeat: 1 };
    let over = NoticeState::Dropped("it was over before it could be told".to_owned());
    let merged = NoticeState::Merged("a later word of the same".to_owned());
    for (again, attempts, told, expected) in [
        (reminder(), 0, Transition::Resolved, &over),
        (reminder(), 1, Transition::Resolved, &over),
        (fired(), 0, reminder(), &merged),
        (fired(), 1, reminder(), &merged),
        (reminder(), 1, fired(), &NoticeState::Delivered),
    ] {
        let mut bench = Bench::new().await;
        let place = ("ops", "noc@example.com");
        bench.shelf.put(owed(561_115, Transition::News, place.0, place.1));
        let (message, mut notification) = owed(561_115, told.clone(), place.0, place.1);
        if told != fired() {
            notification.created_at = start() + MINUTE;
        }
        bench.shelf.put((message, notification));
        assert_eq!(bench.drain().await.sent, 2);
        let (mut message, mut notification) = owed(561_115, again.clone(), place.0, place.1);
        message.attempts = attempts;
        message.next_at = start() + MINUTE;
        if told == fired() {
            notification.created_at = start() + MINUTE;
        }
        bench.shelf.put((message, notification));
        bench.step(MINUTE);
        bench.drain().await;
        assert_eq!(
            bench.shelf.states().last(),
            Some(expected),
            "{} after {}",
            again.label(),
            told.label()
        );
    }
}

#[tokio::test]
async fn an_end_waits_for_its_beginning() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench
        .shelf
        .put(owed(561_115, Transition::Resolved, "ops", "noc@example.com"));
    bench.catcher.behave_next([refuse(Stage::Rcpt, 450)]);
    let drained = bench.drain().await;
    assert_eq!(
        (drained.sent, drained.deferred),
        (0, 1),
        "the end is not even looked at"
    );
    bench.step(MINUTE);
    assert_eq!(bench.drain().await.sent, 2);
    let subjects: Vec<_> = bench
        .catcher
        .mails()
        .iter()
        .map(|mail| mail.header("Subject").unwrap())
        .collect();
    assert!(
        subjects[0].starts_with("WARNING") && subjects[1].starts_with("RESOLVED"),
        "{subjects:?}"
    );
}

#[tokio::test]
async fn an_end_follows_a_beginning_that_may_have_arrived() {
    let mut bench = Bench::new().await;
    let (mut message, notification) = owed(561_115, fired(), "ops", "noc@example.com");
    message.deadline = start();
    bench.shelf.put((message, notification));
    bench
        .shelf
        .put(owed(561_115, Transition::Resolved, "ops", "noc@example.com"));
    bench.catcher.behave_next([Behaviour::HangUp(Stage::Content)]);
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.dead, drained.dropped), (2, 0, 0));
    assert_eq!(bench.shelf.states()[0], NoticeState::ProbablyDelivered);
}

#[tokio::test]
async fn a_client_is_not_told_of_what_is_over_already() {
    for (channel, expected) in [("client", (0, 2)), ("ops", (2, 0))] {
        let mut bench = Bench::new().await;
        bench.shelf.put(owed(561_115, fired(), channel, "x@example.com"));
        bench
            .shelf
            .put(owed(561_115, Transition::Resolved, channel, "x@example.com"));
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.dropped), expected, "{channel}");
    }
}

#[tokio::test]
async fn a_channel_that_is_gone_drops_what_was_for_it() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "old", "noc@example.com"));
    let drained = bench.drain().await;
    assert_eq!((drained.dropped, drained.dead), (1, 0));
    assert_eq!(
        bench.shelf.states()[0].why(),
        Some("the channel `old` is not configured any more")
    );
    assert!(bench.shelf.attempts().is_empty());
}

#[tokio::test]
async fn what_is_not_for_clients_never_reaches_one() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(
        561_115,
        Transition::Fired { relapse: true },
        "client",
        "x@example.com",
    ));
    let why = crate::domain::notice::Withdrawal::PolicyRemoved;
    assert_eq!(bench.drain().await.sent, 1);
    bench
        .shelf
        .put(owed(561_115, Transition::Withdrawn { why }, "client", "x@example.com"));
    assert_eq!(bench.drain().await.dropped, 1);
    assert_eq!(bench.shelf.states()[1].why(), Some("this is not told to clients"));
}

#[tokio::test]
async fn clients_are_addressed_by_name_and_operators_are_not() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "client", "x@example.com"));
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench.drain().await;
    let mut to: Vec<_> = bench
        .catcher
        .mails()
        .iter()
        .map(|mail| mail.header("To").unwrap())
        .collect();
    to.sort();
    assert_eq!(to, ["Consulting <x@example.com>", "noc@example.com"]);
}
