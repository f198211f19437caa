//! Mails to clients that a baseline found leave a few at a time, the lowest balance first.

use super::*;
use crate::domain::Money;

fn paced(number: u32, balance: &str) -> (Message, Notification) {
    let (mut message, notification) = owed(number, fired(), "client", &format!("{number}@example.com"));
    message.paced = Some(balance.parse::<Money>().unwrap());
    (message, notification)
}

#[tokio::test]
async fn at_most_so_many_leave_in_any_hour_lowest_first() {
    let mut bench = Bench::new().await;
    for number in 0..50 {
        // The highest comes first in the queue.
        bench
            .shelf
            .put(paced(561_000 + number, &format!("{}.5", 50 - i64::from(number))));
    }
    bench.shelf.put(owed(561_115, fired(), "client", "unpaced@example.com"));
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (21, 30));
    let lowest: Vec<String> = (0..20)
        .map(|place| format!("{}@example.com", 561_049 - place))
        .collect();
    assert_eq!(bench.recipients()[1..], lowest, "lowest first");
    assert_eq!(
        bench.recipients()[0],
        "unpaced@example.com",
        "what nobody paces does not wait"
    );
    let mut sent_at = vec![start(); 20];
    while bench.recipients().len() < 51 {
        let next = bench.shelf.next_at().await.unwrap().unwrap();
        bench.stepper.advance_to(next);
        let drained = bench.drain().await;
        sent_at.extend(vec![next; usize::try_from(drained.sent).unwrap()]);
    }
    assert_eq!(sent_at.len(), 50);
    for (index, at) in sent_at.iter().enumerate() {
        let within = sent_at
            .iter()
            .filter(|other| **other > *at - HOUR && **other <= *at)
            .count();
        assert!(within <= 20, "{index}: {within} in one hour");
    }
    let all: Vec<String> = (0..50)
        .map(|place| format!("{}@example.com", 561_049 - place))
        .collect();
    assert_eq!(bench.recipients()[1..], all);
    assert!(
        *sent_at.last().unwrap() < start() + HOUR * 3,
        "not slower than it may be"
    );
}

#[tokio::test]
async fn what_a_killed_process_was_sending_keeps_its_place() {
    let mut bench = Bench::new().await;
    for number in 0..3 {
        bench.shelf.put(paced(561_000 + number, "1"));
    }
    let settings = Settings {
        client_mails_per_hour: 1,
        ..Settings::clone(&bench.outbox.settings)
    };
    let settings = Arc::new(settings);
    bench.outbox.settings = Arc::clone(&settings);
    bench.shelf.0.lock().unwrap().records_left = Some(2);
    bench.outbox.drain(std::future::pending()).await.unwrap_err();
    let states = bench.shelf.states();
    let pending = NoticeState::Pending;
    assert_eq!(states, [NoticeState::Sending, pending.clone(), pending]);
    bench.shelf.0.lock().unwrap().records_left = None;
    bench.outbox = Bench::outbox(&bench.shelf, &bench.catcher, &bench.clock);
    bench.outbox.settings = settings;
    assert_eq!(bench.drain().await.sent, 1, "the one again");
    bench.step(MINUTE * 59);
    assert_eq!(bench.drain().await.sent, 0);
    bench.step(MINUTE * 2);
    assert_eq!(bench.drain().await.sent, 1);
}

#[tokio::test]
async fn the_deadline_runs_from_when_it_may_first_leave() {
    let mut bench = Bench::new().await;
    for number in 0..21 {
        bench.shelf.put(paced(561_000 + number, &format!("{number}.5")));
    }
    assert_eq!(bench.drain().await.sent, 20);
    let waits = bench.shelf.message(&paced(561_020, "1").0.id);
    assert_eq!(waits.state, NoticeState::Pending);
    assert!(waits.not_before > start() && waits.next_at == waits.not_before);
    assert_eq!(waits.deadline, waits.not_before + HOUR * 24);
    assert_eq!(waits.attempts, 0);
}

#[tokio::test]
async fn a_failed_one_uses_its_place_and_keeps_its_deadline() {
    let mut bench = Bench::new().await;
    let failing = paced(561_000, "-5");
    bench.shelf.put(failing.clone());
    bench.catcher.behave_next([refuse(Stage::Rcpt, 450)]);
    assert_eq!(bench.drain().await.deferred, 1);
    for number in 1..=20 {
        bench.shelf.put(paced(561_000 + number, &format!("{number}.5")));
    }
    assert_eq!(bench.drain().await.sent, 19, "one place of the hour was used");
    assert_eq!(bench.shelf.message(&failing.0.id).deadline, failing.0.deadline);
}

#[tokio::test]
async fn accounts_are_paced_apart() {
    let mut bench = Bench::new().await;
    for number in 0..20 {
        bench.shelf.put(paced(561_000 + number, "1"));
    }
    let (mut message, mut notification) = paced(561_900, "1");
    message.account = AccountName::new("second").unwrap();
    notification.account = message.account.clone();
    bench.shelf.put((message, notification));
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (21, 0));
}
