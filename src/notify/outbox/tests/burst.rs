//! Many mails at once: they are written down in batches, and neither a crash nor a failure in the midst of one loses any.

use super::*;

const MANY: u32 = 60;

impl Bench {
    /// So many messages, to a recipient each.
    async fn with(number: u32) -> Self {
        let bench = Self::new().await;
        for number in 0..number {
            let recipient = format!("{number}@example.com");
            bench.shelf.put(owed(561_000 + number, fired(), "ops", &recipient));
        }
        bench
    }

    fn messages(&self) -> Vec<Message> {
        self.shelf.0.lock().unwrap().messages.clone()
    }
}

#[tokio::test]
async fn they_take_few_records_and_none_leaves_before_its_own() {
    let mut bench = Bench::with(MANY).await;
    bench.shelf.0.lock().unwrap().records_left = Some(u32::MAX);
    assert_eq!(bench.drain().await.sent, MANY);
    let left = bench.shelf.0.lock().unwrap().records_left.unwrap();
    assert!(u32::MAX - left < MANY / 2, "{} records", u32::MAX - left);
    for message in bench.messages() {
        let shelves = bench.shelf.0.lock().unwrap();
        let states = shelves.journal.iter().filter(|(id, _)| *id == message.id);
        let states: Vec<_> = states.map(|(_, state)| *state).collect();
        assert_eq!(
            (states.as_slice(), message.attempts),
            (["sending", "delivered"].as_slice(), 1)
        );
    }
}

#[tokio::test]
async fn killed_at_any_record_nothing_is_lost_and_copies_have_the_same_id() {
    for records in 0..30 {
        let mut bench = Bench::with(MANY).await;
        bench.shelf.0.lock().unwrap().records_left = Some(records);
        if bench.outbox.drain(std::future::pending()).await.is_ok() {
            assert!(records > 6, "{records} records were enough");
            break;
        }
        let written: BTreeSet<String> = {
            let shelves = bench.shelf.0.lock().unwrap();
            shelves.journal.iter().map(|(id, _)| id.clone()).collect()
        };
        let left = bench.catcher.mails().len();
        assert!(left <= written.len(), "{records}: what left was written down");
        bench.shelf.0.lock().unwrap().records_left = None;
        bench.outbox = Bench::outbox(&bench.shelf, &bench.catcher, &bench.clock);
        bench.drain().await;
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for mail in bench.catcher.mails() {
            let id = mail.header("Message-ID").unwrap();
            ids.entry(mail.to.join(",")).or_default().insert(id);
        }
        assert_eq!(ids.len(), MANY as usize, "{records}");
        assert!(ids.values().all(|ids| ids.len() == 1), "{records}");
        assert!(
            bench
                .shelf
                .states()
                .iter()
                .all(|state| *state == NoticeState::Delivered)
        );
    }
}

#[tokio::test]
async fn what_was_to_leave_next_waits_untried_when_the_channel_breaks() {
    let mut bench = Bench::with(MANY).await;
    bench.catcher.behave_next(std::iter::repeat_n(Behaviour::Good, 20));
    bench.catcher.behave(refuse(Stage::MailFrom, 554));
    let drained = bench.drain().await;
    assert!((20..MANY).contains(&drained.sent) && drained.dead == 0, "{drained:?}");
    assert_eq!(drained.sent + drained.deferred, MANY);
    let messages = bench.messages();
    assert!(messages.iter().all(|message| message.state != NoticeState::Sending));
    let tried = messages.iter().filter(|message| message.attempts > 0).count();
    assert_eq!(
        tried,
        bench.shelf.attempts().len(),
        "only what was tried counts as tried"
    );
    bench.catcher.behave(Behaviour::Good);
    bench.step(MINUTE);
    assert_eq!(bench.drain().await.sent, MANY - drained.sent);
}

#[tokio::test]
async fn other_settings_count_from_the_next_message_on_and_nothing_is_lost_or_sent_twice() {
    let bench = Bench::with(MANY).await;
    let other = MailCatcher::start(Options::default()).await.unwrap();
    let to = |catcher: &MailCatcher| Bench::outbox(&bench.shelf, catcher, &bench.clock).settings;
    let changes = tokio::sync::watch::Sender::new(to(&bench.catcher));
    let mut outbox = Outbox::new(bench.shelf.clone(), bench.clock.clone(), changes.subscribe());
    let mut sent = 0;
    let wake = tokio::sync::Notify::new();
    let run = outbox.run(&wake, std::future::pending(), |pass| sent += pass.unwrap().0.sent);
    let change = async {
        let mut turns = 0;
        while bench
            .shelf
            .states()
            .iter()
            .any(|state| *state != NoticeState::Delivered)
        {
            turns += 1;
            // To and fro, wherever the worker is.
            if turns % 50 == 0 {
                let catcher = if turns % 100 == 0 { &bench.catcher } else { &other };
                changes.send_replace(to(catcher));
                wake.notify_one();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = run => {}
        () = change => {}
    }
    assert!(sent <= MANY, "{sent} sent");
    let mails = [bench.catcher.mails(), other.mails()].concat();
    let recipients: BTreeSet<String> = mails.iter().map(|mail| mail.to.join(",")).collect();
    assert_eq!(
        (mails.len(), recipients.len()),
        (MANY as usize, MANY as usize),
        "each once"
    );
    assert!(!other.mails().is_empty());
}
