//! A channel that takes so many messages an hour.

use super::*;
use crate::domain::Severity;
use crate::domain::receiver::Receiver;
use std::sync::Arc;

/// A worker whose channel `ops` takes so many an hour.
async fn bench(most: u32) -> Bench {
    let mut bench = Bench::new().await;
    let ops = Receiver {
        max_per_hour: Some(most),
        ..Receiver::people(vec!["noc@example.com".to_owned()])
    };
    let receivers = BTreeMap::from([(ChannelName::new("ops").unwrap(), ops)]);
    Arc::make_mut(&mut bench.outbox.settings).receivers = receivers;
    bench
}

/// Something of this severity is told about this client.
fn put(bench: &Bench, client: u32, severity: Severity, transition: Transition) {
    let (message, mut notification) = owed(client, transition, "ops", "noc@example.com");
    notification.severity = severity;
    bench.shelf.put((message, notification));
}

#[tokio::test]
async fn the_most_severe_leave_first_and_a_first_critical_word_always() {
    let mut bench = bench(2).await;
    let repeated = Transition::Repeated { repeat: 1 };
    for client in 0..3 {
        put(&bench, 561_000 + client, Severity::Warning, fired());
    }
    put(&bench, 561_100, Severity::Critical, repeated);
    for client in 200..203 {
        put(&bench, 561_000 + client, Severity::Critical, fired());
    }
    let drained = bench.drain().await;
    assert_eq!(
        (drained.sent, drained.deferred),
        (3, 4),
        "more than its hour, for nothing else would do"
    );
    let about = |bench: &Bench| -> Vec<String> {
        let mails = bench.catcher.mails();
        let subjects = mails.iter().map(|mail| mail.header("Subject").unwrap());
        subjects
            .map(|subject| subject.split_whitespace().next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(about(&bench), ["CRITICAL:"; 3]);
    let mut sent_at = vec![start(); 3];
    while sent_at.len() < 7 {
        let next = bench.shelf.next_at().await.unwrap().unwrap();
        bench.stepper.advance_to(next);
        let sent = usize::try_from(bench.drain().await.sent).unwrap();
        sent_at.extend(vec![next; sent]);
    }
    assert!(about(&bench)[3].starts_with("CRITICAL"), "{:?}", about(&bench));
    for (index, at) in sent_at.iter().enumerate().skip(3) {
        let within = sent_at
            .iter()
            .filter(|other| **other > *at - HOUR && **other <= *at)
            .count();
        assert!(within <= 2, "{index}: {within} in one hour of {sent_at:?}");
    }
    assert!(
        *sent_at.last().unwrap() <= start() + HOUR * 3,
        "no slower than it may be: {sent_at:?}"
    );
}

#[tokio::test]
async fn what_never_has_a_turn_dies_and_says_why() {
    let mut bench = bench(1).await;
    put(&bench, 561_000, Severity::Warning, fired());
    put(&bench, 561_001, Severity::Info, fired());
    assert_eq!(bench.drain().await.sent, 1);
    // Something more severe comes for each turn.
    let mut client = 561_100;
    let dead = loop {
        let next = bench.shelf.next_at().await.unwrap().unwrap();
        bench.stepper.advance_to(next);
        put(&bench, client, Severity::Warning, fired());
        client += 1;
        let drained = bench.drain().await;
        if drained.dead > 0 {
            break drained.dead;
        }
    };
    assert_eq!(dead, 1);
    let waited = bench.clock.now().duration_since(start());
    assert!((HOUR * 48..HOUR * 50).contains(&waited), "{waited}");
    let why = "it waited two days for its turn: `max_per_hour = 1` is too few for what there is to tell";
    assert_eq!(bench.shelf.states()[1], NoticeState::Dead(why.to_owned()));
}

#[tokio::test]
async fn what_a_killed_process_was_sending_has_its_place() {
    let mut bench = bench(2).await;
    put(&bench, 561_000, Severity::Warning, fired());
    bench.shelf.0.lock().unwrap().records_left = Some(1);
    bench.outbox.drain(std::future::pending()).await.unwrap_err();
    assert_eq!(bench.shelf.states(), [NoticeState::Sending]);
    bench.shelf.0.lock().unwrap().records_left = None;
    for client in 1..3 {
        put(&bench, 561_000 + client, Severity::Warning, fired());
    }
    let settings = Arc::clone(&bench.outbox.settings);
    bench.outbox = Bench::outbox(&bench.shelf, &bench.catcher, &bench.clock);
    bench.outbox.settings = settings;
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (2, 1), "the one again, and one more");
}

#[tokio::test]
async fn those_that_leave_keep_their_order() {
    let mut bench = bench(3).await;
    put(&bench, 561_100, Severity::Critical, fired());
    assert_eq!(bench.drain().await.sent, 1);
    put(&bench, 561_100, Severity::Critical, Transition::Resolved);
    put(&bench, 561_101, Severity::Critical, fired());
    assert_eq!(bench.drain().await.sent, 2);
    let subjects: Vec<_> = bench
        .catcher
        .mails()
        .iter()
        .map(|mail| mail.header("Subject").unwrap())
        .collect();
    assert!(
        subjects[1].starts_with("RESOLVED") && subjects[2].starts_with("CRITICAL"),
        "{subjects:?}"
    );
}

#[tokio::test]
async fn what_waits_for_its_turn_is_written_down_once_and_keeps_its_lifetime() {
    let mut bench = bench(60).await;
    for client in 0..460 {
        put(&bench, 561_000 + client, Severity::Warning, fired());
    }
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (60, 400));
    for message in bench.shelf.0.lock().unwrap().messages.iter().skip(60) {
        assert_eq!(message.deadline, message.not_before + HOUR * 24);
        assert!(message.not_before > start() && message.next_at == message.not_before);
    }
    let written = bench.shelf.0.lock().unwrap().journal.len();
    for _ in 0..100 {
        let next = bench.shelf.next_at().await.unwrap().unwrap();
        bench.stepper.advance_to(next);
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.deferred), (1, 0));
    }
    let more = bench.shelf.0.lock().unwrap().journal.len() - written;
    assert_eq!(more, 200, "sending and delivered, and nothing about those that wait");
}
