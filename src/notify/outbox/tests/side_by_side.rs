//! Several mails at a time: few connections, and nobody waits for a server that keeps another's mail.

use super::*;

#[tokio::test]
async fn many_mails_take_few_connections() {
    let mut bench = Bench::new().await;
    for number in 0..600 {
        let recipient = format!("{number}@example.com");
        bench.shelf.put(owed(561_000 + number, fired(), "client", &recipient));
    }
    assert_eq!(bench.drain().await.sent, 600);
    let conversations = bench.catcher.conversations();
    assert!(conversations <= 9, "{conversations}");
    let mut recipients = bench.recipients();
    recipients.sort();
    recipients.dedup();
    assert_eq!(recipients.len(), 600);
}

#[tokio::test]
async fn a_server_that_closes_after_each_mail_is_no_broken_channel() {
    let mut bench = Bench::new().await;
    for number in 0..5 {
        bench
            .shelf
            .put(owed(561_000 + number, fired(), "ops", "noc@example.com"));
    }
    bench.catcher.behave(Behaviour::OneMailEach);
    assert_eq!(bench.drain().await.sent, 5);
    assert_eq!(bench.shelf.outcomes(), ["delivered"; 5]);
    assert_eq!(bench.health("ops").failures, 0);
}

#[tokio::test]
async fn a_mail_whose_answer_is_awaited_holds_up_nobody() {
    let bench = Bench::new().await;
    let server = Server {
        timeout: Duration::from_millis(300),
        patience: Duration::from_secs(600),
        ..server(&bench.catcher)
    };
    let mut outbox = Bench::outbox_over(server, &bench.shelf, &bench.clock);
    for recipient in ["held@example.com", "b@example.com", "c@example.com"] {
        bench.shelf.put(owed(561_115, fired(), "client", recipient));
    }
    bench.catcher.behave_next([Behaviour::Stall(Stage::Content)]);
    let wake = Arc::new(tokio::sync::Notify::new());
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let waker = Arc::clone(&wake);
    let running = tokio::spawn(async move {
        let cancelled = async { drop(cancelled.await) };
        outbox.run(&waker, cancelled, |_| {}).await;
    });
    // The catcher keeps the held mail, too.
    bench.catcher.wait_for(3).await;
    // What comes later leaves as well, through this channel and through another.
    bench.shelf.put(owed(561_116, fired(), "client", "d@example.com"));
    bench.shelf.put(owed(561_116, fired(), "ops", "noc@example.com"));
    wake.notify_one();
    bench.catcher.wait_for(5).await;
    drop(cancel);
    running.await.unwrap();
    let states = bench.shelf.states();
    assert_eq!(
        states[0],
        NoticeState::Pending,
        "cut off at the end: it may have arrived"
    );
    assert_eq!(states[1..], [const { NoticeState::Delivered }; 4]);
    let uncertain: Vec<_> = bench
        .shelf
        .attempts()
        .into_iter()
        .filter(|attempt| attempt.outcome == AttemptOutcome::Uncertain)
        .collect();
    assert_eq!(uncertain.len(), 1);
}
