//! What becomes of a message when all goes well, and when it does not.

use super::*;

#[tokio::test]
async fn nothing_leaves_that_was_not_written_down_as_sending() {
    let mut bench = Bench::new().await;
    let due = owed(561_115, fired(), "ops", "noc@example.com");
    bench.shelf.put(due.clone());
    let drained = bench.drain().await;
    assert_eq!(
        (drained.sent, drained.deferred, drained.dead, drained.dropped),
        (1, 0, 0, 0)
    );
    let place = (AccountName::new("main").unwrap(), ChannelName::new("ops").unwrap());
    assert_eq!(drained.delivered_by_channel, BTreeMap::from([(place, 1)]));
    let id = due.0.id;
    let journal = bench.shelf.0.lock().unwrap().journal.clone();
    assert_eq!(journal, [(id.clone(), "sending"), (id.clone(), "delivered")]);
    let expected = Attempt {
        message: id,
        number: 1,
        at: start(),
        outcome: AttemptOutcome::Delivered,
        detail: String::new(),
    };
    assert_eq!(bench.shelf.attempts(), [expected]);
    let notifications = bench.shelf.0.lock().unwrap().notifications.clone();
    assert_eq!(notifications[0].state, NoticeState::Delivered);
    assert_eq!(bench.drain().await, Drained::default(), "nothing is due any more");
    assert_eq!(bench.recipients(), ["noc@example.com"]);
}

#[tokio::test]
async fn a_store_that_cannot_write_sending_keeps_the_mail_back() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench.shelf.0.lock().unwrap().records_left = Some(0);
    bench.outbox.drain(std::future::pending()).await.unwrap_err();
    assert_eq!(bench.catcher.conversations(), 0);
}

#[tokio::test]
async fn killed_between_sending_and_its_outcome_it_is_sent_again_with_the_same_id() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench.shelf.0.lock().unwrap().records_left = Some(1);
    bench.outbox.drain(std::future::pending()).await.unwrap_err();
    assert_eq!(bench.shelf.states(), [NoticeState::Sending]);
    bench.shelf.0.lock().unwrap().records_left = None;
    // A new process finds it as it was left.
    bench.outbox = Bench::outbox(&bench.shelf, &bench.catcher, &bench.clock);
    assert_eq!(bench.drain().await.sent, 1);
    let mails = bench.catcher.mails();
    let ids: Vec<_> = mails.iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_lost_reply_is_uncertain_and_tried_again_hours_later_with_the_same_id() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench.catcher.behave_next([Behaviour::HangUp(Stage::Content)]);
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (0, 1));
    // Neither time nor a success of another makes it leave early.
    bench.step(HOUR);
    bench.shelf.put(owed(561_116, fired(), "ops", "noc@example.com"));
    assert_eq!(bench.drain().await.sent, 1);
    assert_eq!(bench.drain().await, Drained::default(), "it may have arrived");
    bench.step(HOUR * 2);
    assert_eq!(bench.drain().await.sent, 1);
    assert_eq!(bench.shelf.outcomes(), ["uncertain", "delivered", "delivered"]);
    let mails = bench.catcher.mails();
    assert_eq!(mails[0].header("Message-ID"), mails[2].header("Message-ID"));
    assert_eq!(mails.len(), 3);
}

#[tokio::test]
async fn a_server_that_takes_mails_and_drops_the_connection_gets_five_copies_in_a_day_and_it_counts_as_told() {
    let mut bench = Bench::new().await;
    let due = owed(561_115, fired(), "ops", "noc@example.com");
    bench.shelf.put(due.clone());
    bench.catcher.behave(Behaviour::HangUp(Stage::Content));
    let mut tried_at = Vec::new();
    while let Some(next) = bench.shelf.next_at().await.unwrap() {
        bench.stepper.advance_to(next.max(bench.clock.now()));
        bench.drain().await;
        tried_at.push(bench.clock.now());
    }
    assert_eq!(tried_at.len(), 5, "{tried_at:?}");
    assert_eq!(bench.catcher.mails().len(), 5);
    for pair in tried_at.windows(2) {
        assert!(pair[1].duration_since(pair[0]) > HOUR, "{tried_at:?}");
    }
    assert_eq!(bench.shelf.states(), [NoticeState::ProbablyDelivered]);
    // Its end is told.
    bench
        .shelf
        .put(owed(561_115, Transition::Resolved, "ops", "noc@example.com"));
    bench.catcher.behave(Behaviour::Good);
    assert_eq!(bench.drain().await.sent, 1);
}

/// Whether it is tried itself at its deadline, or another one of its channel shows that this is still broken.
#[tokio::test]
async fn one_that_may_have_arrived_is_not_lost_when_its_channel_stays_broken_until_its_deadline() {
    for others in [0, 2] {
        let mut bench = Bench::new().await;
        bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
        bench.catcher.behave_next([Behaviour::HangUp(Stage::Content)]);
        assert_eq!(bench.drain().await.deferred, 1);
        bench.catcher.behave(refuse(Stage::MailFrom, 451));
        for number in 0..others {
            bench
                .shelf
                .put(owed(561_116 + number, fired(), "ops", "noc@example.com"));
        }
        while let Some(next) = bench.shelf.next_at().await.unwrap() {
            bench.stepper.advance_to(next.max(bench.clock.now()));
            bench.drain().await;
        }
        let states = bench.shelf.states();
        assert_eq!(states[0], NoticeState::ProbablyDelivered, "{others} others");
        let lost = states[1..].iter().filter(|state| state.label() == "dead");
        assert_eq!(lost.count(), usize::try_from(others).unwrap());
    }
}

#[tokio::test]
async fn what_a_recipient_is_refused_for_good_is_dead_for_it_alone() {
    for at in [Stage::Rcpt, Stage::Data, Stage::Content] {
        let mut bench = Bench::new().await;
        bench.shelf.put(owed(561_115, fired(), "ops", "gone@example.com"));
        bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
        bench.catcher.behave_next([refuse(at, 550)]);
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.dead, drained.deferred), (1, 1, 0), "{at:?}");
        let place = (AccountName::new("main").unwrap(), ChannelName::new("ops").unwrap());
        assert_eq!(drained.dead_by_channel, BTreeMap::from([(place, 1)]));
        let states = bench.shelf.states();
        let why = states[0].why().unwrap();
        assert!(why.contains("550 5.0.0 no"), "{why}");
        assert_eq!(states[1], NoticeState::Delivered);
        assert_eq!(bench.shelf.outcomes(), ["refused", "delivered"]);
        assert_eq!(bench.recipients(), ["noc@example.com"]);
        bench.step(HOUR * 48);
        assert_eq!(bench.drain().await, Drained::default(), "the dead stay dead");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_dead_with_the_reason() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "client", "john at example.com"));
    assert_eq!(bench.drain().await.dead, 1);
    let states = bench.shelf.states();
    assert!(states[0].why().unwrap().contains("is no mail address"), "{states:?}");
    assert_eq!(bench.catcher.conversations(), 0);
}

#[tokio::test]
async fn what_is_put_off_is_tried_again_at_growing_distances() {
    let mut bench = Bench::new().await;
    let due = owed(561_115, fired(), "ops", "noc@example.com");
    bench.shelf.put(due.clone());
    bench.catcher.behave(refuse(Stage::Rcpt, 450));
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(bench.drain().await.deferred, 1);
        let next = bench.shelf.message(&due.0.id).next_at;
        waits.push(next.duration_since(bench.clock.now()).as_secs());
        bench.stepper.advance_to(next);
    }
    for (wait, expected) in waits.iter().zip([30, 60, 120, 300, 600, 900, 900, 900]) {
        assert!((wait - expected).abs() * 10 <= expected, "{waits:?}");
    }
    bench.catcher.behave(Behaviour::Good);
    assert_eq!(bench.drain().await.sent, 1);
    assert_eq!(bench.shelf.message(&due.0.id).attempts, 9);
    let numbers: Vec<u32> = bench.shelf.attempts().iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_last_try_is_at_the_deadline_and_then_it_is_dead_with_the_reason() {
    let mut bench = Bench::new().await;
    let due = owed(561_115, fired(), "ops", "noc@example.com");
    bench.shelf.put(due.clone());
    bench.catcher.behave(refuse(Stage::Rcpt, 450));
    let mut tries = 0;
    loop {
        let drained = bench.drain().await;
        tries += 1;
        if drained.dead == 1 {
            break;
        }
        bench.stepper.advance_to(bench.shelf.message(&due.0.id).next_at);
    }
    assert_eq!(bench.clock.now(), due.0.deadline);
    assert!((90..=110).contains(&tries), "{tries}");
    let states = bench.shelf.states();
    assert!(
        states[0]
            .why()
            .unwrap()
            .starts_with("its deadline is over; the last try:"),
        "{states:?}"
    );
}

#[tokio::test]
async fn one_that_is_found_after_its_deadline_is_tried_once() {
    for good in [true, false] {
        let mut bench = Bench::new().await;
        bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
        bench.catcher.behave(if good {
            Behaviour::Good
        } else {
            refuse(Stage::Rcpt, 450)
        });
        bench.step(HOUR * 72);
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.dead), (u32::from(good), u32::from(!good)));
    }
}

#[tokio::test]
async fn late_mails_tell_the_age_at_the_time_of_sending() {
    let mut bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench.catcher.behave_next([refuse(Stage::MailFrom, 451)]);
    bench.drain().await;
    bench.step(HOUR * 2);
    bench.drain().await;
    let data = String::from_utf8(bench.catcher.mails()[0].data.clone()).unwrap();
    assert!(data.contains("2 hours ago, at 15:15 UTC"), "{data}");
    assert!(data.contains("delivered late"), "{data}");
}

#[tokio::test]
async fn the_worker_marks_its_work_and_can_live_in_a_task_of_its_own() {
    let bench = Bench::new().await;
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    bench.catcher.behave_next([Behaviour::Stall(Stage::Content)]);
    let wake = Arc::new(tokio::sync::Notify::new());
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let (mut outbox, waker) = (bench.outbox, Arc::clone(&wake));
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let running = tokio::spawn(async move {
        let cancelled = async { drop(cancelled.await) };
        let report = |pass: Result<(&Drained, &_), &_>| drop(told.send(pass.unwrap().0.clone()));
        outbox.run(&waker, cancelled, report).await;
    });
    bench.catcher.wait_for_stalled(1).await;
    assert!(!bench.stepper.is_idle(), "a mail is on the wire");
    // The first mail hangs: the program is told to stop, and does not wait for the server's ten seconds.
    drop(cancel);
    tokio::time::timeout(Duration::from_secs(9), running)
        .await
        .expect("it ends in time")
        .unwrap();
    assert!(bench.stepper.is_idle());
    assert_eq!(bench.shelf.outcomes(), ["uncertain"]);
    assert_eq!(heard.recv().await.map(|drained| drained.deferred), Some(1));
}

#[tokio::test]
async fn it_wakes_when_told_and_when_something_becomes_due() {
    let bench = Bench::new().await;
    let wake = Arc::new(tokio::sync::Notify::new());
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let (mut outbox, waker) = (bench.outbox, Arc::clone(&wake));
    let running = tokio::spawn(async move {
        let cancelled = async { drop(cancelled.await) };
        outbox.run(&waker, cancelled, |_| {}).await;
    });
    bench.catcher.behave_next([refuse(Stage::Rcpt, 450)]);
    bench.shelf.put(owed(561_115, fired(), "ops", "noc@example.com"));
    wake.notify_one();
    while bench.shelf.outcomes() != ["retry"] {
        tokio::task::yield_now().await;
    }
    while bench.catcher.mails().is_empty() {
        if let Some(next) = bench.stepper.next_wake().filter(|_| bench.stepper.is_idle()) {
            bench.stepper.advance_to(next);
        }
        tokio::task::yield_now().await;
    }
    drop(cancel);
    running.await.unwrap();
    assert_eq!(bench.catcher.mails().len(), 1);
}
