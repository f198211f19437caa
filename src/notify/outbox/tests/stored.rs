//! The worker over the real store: what it asks and writes is what the store understands.

use tempfile::TempDir;

use super::*;
use crate::domain::alert::EpisodeId;
use crate::domain::receiver::{Reads, Receiver};
use crate::store::{Access, Commit, Store};

async fn put(store: &Store, owed: (Message, Notification)) {
    let commit = Commit {
        messages: vec![owed.0],
        notifications: vec![owed.1],
        ..Commit::new(AccountName::new("main").unwrap(), start())
    };
    store.commit(&commit).await.unwrap();
}

async fn state(store: &Store, owed: &(Message, Notification)) -> (NoticeState, NoticeState, Vec<&'static str>) {
    let record = store.notification(&owed.1.id).await.unwrap().unwrap();
    let outcomes = record
        .attempts
        .into_iter()
        .map(|attempt| attempt.outcome.as_str())
        .collect();
    (record.notification.state, record.message.unwrap().state, outcomes)
}

/// A store in a folder of its own, a mail server, the clock, and a worker between them.
async fn over_a_store() -> (TempDir, Store, MailCatcher, Stepper, Outbox<Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db"), Access::Daemon)
        .await
        .unwrap();
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let (clock, stepper) = Clock::stepped(start());
    let outbox = Bench::outbox(&store, &catcher, &clock);
    (folder, store, catcher, stepper, outbox)
}

#[tokio::test]
async fn an_episode_over_the_real_store() {
    let (_folder, store, catcher, stepper, mut outbox) = over_a_store().await;
    let never = std::future::pending::<()>;
    // One recipient is refused for good, one loses its reply at its deadline, one gets everything.
    let dead = owed(561_115, fired(), "ops", "gone@example.com");
    let mut uncertain = owed(561_115, fired(), "ops", "lost@example.com");
    uncertain.0.deadline = start();
    let good = owed(561_115, fired(), "ops", "noc@example.com");
    for owed in [&dead, &uncertain, &good] {
        put(&store, owed.clone()).await;
    }
    let ends = ["gone@example.com", "lost@example.com", "noc@example.com"]
        .map(|recipient| owed(561_115, Transition::Resolved, "ops", recipient));
    for end in &ends {
        put(&store, end.clone()).await;
    }
    catcher.behave_next([refuse(Stage::Rcpt, 550), Behaviour::HangUp(Stage::Content)]);
    let drained = outbox.drain(never()).await.unwrap();
    assert_eq!(
        (drained.sent, drained.deferred, drained.dead, drained.dropped),
        (4, 0, 1, 1)
    );
    assert_eq!(state(&store, &dead).await.2, ["refused"]);
    assert_eq!(state(&store, &uncertain).await.2, ["uncertain"]);
    let delivered = (NoticeState::Delivered, NoticeState::Delivered, vec!["delivered"]);
    assert_eq!(state(&store, &good).await, delivered);
    let dropped = NoticeState::Dropped("its alert never arrived".to_owned());
    assert_eq!(state(&store, &ends[0]).await, (dropped.clone(), dropped, vec![]));
    assert_eq!(state(&store, &ends[1]).await, delivered, "its alert may have arrived");
    assert_eq!(state(&store, &ends[2]).await, delivered);
    // Whoever takes up what was given up is not told of what is over: nobody would ever hear of its end.
    let mails = catcher.mails().len();
    assert!(store.retry(&dead.1.id, start()).await.unwrap());
    let drained = outbox.drain(never()).await.unwrap();
    assert_eq!((drained.sent, drained.deferred, drained.dropped), (0, 0, 1));
    let over = NoticeState::Dropped("it was over before it could be told".to_owned());
    assert_eq!(state(&store, &dead).await, (over.clone(), over, vec!["refused"]));
    assert_eq!(catcher.mails().len(), mails);
    // Put off, seen again when it is due, and delivered.
    let later = owed(561_116, fired(), "ops", "noc@example.com");
    put(&store, later.clone()).await;
    catcher.behave_next([refuse(Stage::MailFrom, 451)]);
    assert_eq!(outbox.drain(never()).await.unwrap().deferred, 1);
    let next = store.next_at().await.unwrap().unwrap();
    assert!(next > start(), "{next}");
    stepper.advance_to(next);
    assert_eq!(outbox.drain(never()).await.unwrap().sent, 1);
    assert_eq!(state(&store, &later).await.2, ["unreachable", "delivered"]);
    assert_eq!(store.next_at().await.unwrap(), None);
    store.close().await;
}

/// The same of an episode that began a minute later.
fn in_a_later_episode((mut message, mut later): (Message, Notification)) -> (Message, Notification) {
    later.episode = EpisodeId::new(&later.account, &later.client, &later.policy, start() + MINUTE);
    later.id = format!("later-{}", later.id);
    (message.id, message.thread) = (later.id.clone(), later.episode.to_string());
    later.message = Some(message.id.clone());
    message.created_at = start() + MINUTE;
    (message, later)
}

#[tokio::test]
async fn an_end_that_is_late_is_not_taken_for_that_of_a_later_episode() {
    let (_folder, store, catcher, stepper, mut outbox) = over_a_store().await;
    let pager = Receiver {
        reads: Reads::Incidents,
        ..Receiver::people(Vec::new())
    };
    Arc::make_mut(&mut outbox.settings).receivers = BTreeMap::from([(ChannelName::new("pager").unwrap(), pager)]);
    let places = [("ops", "noc@example.com"), ("pager", "x@example.com")];
    let of_both = |transition: &Transition| places.map(|(channel, to)| owed(561_115, transition.clone(), channel, to));
    for first in of_both(&fired()) {
        put(&store, first).await;
    }
    let never = std::future::pending::<()>;
    assert_eq!(outbox.drain(never()).await.unwrap().sent, 2);
    let ends = of_both(&Transition::Resolved);
    for end in &ends {
        put(&store, end.clone()).await;
    }
    catcher.behave_next([refuse(Stage::Data, 451), refuse(Stage::Data, 451)]);
    assert_eq!(outbox.drain(never()).await.unwrap().deferred, 2);
    for later in of_both(&fired()) {
        put(&store, in_a_later_episode(later)).await;
    }
    assert_eq!(outbox.drain(never()).await.unwrap().sent, 2);
    stepper.advance_to(start() + HOUR);
    let drained = outbox.drain(never()).await.unwrap();
    assert_eq!((drained.sent, drained.dropped), (1, 1));
    let why = "it fires again, and that was told already";
    assert_eq!(state(&store, &ends[0]).await.0, NoticeState::Dropped(why.to_owned()));
    assert_eq!(
        state(&store, &ends[1]).await.0,
        NoticeState::Delivered,
        "an incident of its own"
    );
    store.close().await;
}

/// Its channel failed by what may be one message's fault, so what was tried least goes first: the end finds that it is outdated
/// by a message whose outcome is a moment old.
#[tokio::test]
async fn an_end_that_is_overtaken_in_its_own_pass_says_nothing_any_more() {
    let (_folder, store, catcher, stepper, mut outbox) = over_a_store().await;
    let never = std::future::pending::<()>;
    put(&store, owed(561_115, fired(), "ops", "noc@example.com")).await;
    assert_eq!(outbox.drain(never()).await.unwrap().sent, 1);
    let end = owed(561_115, Transition::Resolved, "ops", "noc@example.com");
    put(&store, end.clone()).await;
    catcher.behave_next([refuse(Stage::Rcpt, 550)]);
    assert_eq!(outbox.drain(never()).await.unwrap().deferred, 1);
    stepper.advance_to(start() + HOUR);
    put(
        &store,
        in_a_later_episode(owed(561_115, fired(), "ops", "noc@example.com")),
    )
    .await;
    let drained = outbox.drain(never()).await.unwrap();
    assert_eq!((drained.sent, drained.dropped), (1, 1));
    let why = "it fires again, and that was told already";
    assert_eq!(state(&store, &end).await.0, NoticeState::Dropped(why.to_owned()));
    store.close().await;
}

#[tokio::test]
async fn pacing_over_the_real_store() {
    let (_folder, store, catcher, stepper, mut outbox) = over_a_store().await;
    for number in 0..25_u32 {
        let (mut message, notification) = owed(561_000 + number, fired(), "client", &format!("{number}@example.com"));
        message.paced = Some(format!("-{number}.5").parse().unwrap());
        put(&store, (message, notification)).await;
    }
    let never = std::future::pending::<()>;
    let drained = outbox.drain(never()).await.unwrap();
    assert_eq!((drained.sent, drained.deferred), (20, 5));
    assert_eq!(catcher.mails()[0].to, ["24@example.com"], "lowest first");
    stepper.advance_to(start() + HOUR - MINUTE);
    assert_eq!(outbox.drain(never()).await.unwrap().sent, 0, "the hour is not over");
    stepper.advance_to(start() + HOUR + MINUTE * 4);
    assert_eq!(outbox.drain(never()).await.unwrap().sent, 5);
    assert_eq!(catcher.mails().last().unwrap().to, ["0@example.com"]);
    store.close().await;
}
