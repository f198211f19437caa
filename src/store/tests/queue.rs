//! The outbox as a queue: what may leave now, in which order, and what must wait for what.

use super::{Fresh, account, at, message, money, notification};
use crate::domain::ChannelName;
use crate::domain::notice::{Attempt, AttemptOutcome, Message, NoticeState};
use crate::store::{Commit, Store};

async fn put(store: &Store, messages: Vec<Message>) {
    let mut commit = Commit::new(account(), at(10));
    commit.messages = messages;
    store.commit(&commit).await.unwrap();
}

async fn due(store: &Store, secs: i64, limit: usize) -> Vec<String> {
    let due = store.due_messages(at(secs), limit).await.unwrap();
    due.into_iter().map(|(message, _)| message.id).collect()
}

fn with(mut message: Message, change: impl FnOnce(&mut Message)) -> Message {
    change(&mut message);
    message
}

#[tokio::test]
async fn a_resolve_never_overtakes_its_firing() {
    let store = Fresh::new().await;
    let store = &store.store;
    let fired = with(message("fired", "e1"), |message| message.next_at = at(100));
    put(store, vec![fired.clone()]).await;
    put(
        store,
        vec![
            message("resolved", "e1"),
            message("other-thread", "e2"),
            with(message("other-channel", "e1"), |message| {
                message.channel = ChannelName::new("pager").unwrap();
            }),
            with(message("other-recipient", "e1"), |message| {
                message.recipient = "second@example.com".to_owned();
            }),
        ],
    )
    .await;
    let others = ["other-thread", "other-channel", "other-recipient"];
    assert_eq!(due(store, 99, 10).await, others, "the firing waits for its next try");
    assert_eq!(due(store, 100, 10).await, ["fired", others[0], others[1], others[2]]);
    for state in [NoticeState::Pending, NoticeState::Sending] {
        put(
            store,
            vec![with(fired.clone(), |message| message.state = state.clone())],
        )
        .await;
        let due = due(store, 100, 10).await;
        assert!(due.contains(&"fired".to_owned()), "{state:?}");
        assert!(!due.contains(&"resolved".to_owned()), "{state:?}");
    }
    for state in [
        NoticeState::Delivered,
        NoticeState::ProbablyDelivered,
        NoticeState::Dead("550".to_owned()),
        NoticeState::Dropped("no address".to_owned()),
        NoticeState::Merged("m".to_owned()),
    ] {
        put(
            store,
            vec![with(fired.clone(), |message| message.state = state.clone())],
        )
        .await;
        // One of each channel.
        assert_eq!(
            due(store, 100, 1).await,
            ["resolved", "other-channel"],
            "{state:?} is final"
        );
    }
}

#[tokio::test]
async fn what_waits_is_counted_by_channel_with_its_age() {
    let store = Fresh::new().await;
    let store = &store.store;
    assert_eq!(store.waiting_messages(at(100)).await.unwrap(), []);
    let pager = |message: &mut Message| message.channel = ChannelName::new("pager").unwrap();
    put(
        store,
        vec![
            with(message("waits", "e1"), |message| message.created_at = at(40)),
            with(message("held-back", "e2"), |message| message.not_before = at(60)),
            with(message("sending", "e3"), |message| {
                message.created_at = at(50);
                message.state = NoticeState::Sending;
            }),
            with(message("arrived", "e4"), |message| {
                message.state = NoticeState::Delivered
            }),
            with(message("paced", "e5"), |message| {
                pager(message);
                message.paced = Some(money("1"));
            }),
        ],
    )
    .await;
    let waiting = async |secs| {
        let waiting = store.waiting_messages(at(secs)).await.unwrap().into_iter();
        let rows = waiting.map(|waiting| (waiting.channel.to_string(), waiting.messages, waiting.since));
        rows.collect::<Vec<_>>()
    };
    let (ops, pager) = (message("x", "e").channel.to_string(), ("pager".to_owned(), 1, None));
    assert_eq!(waiting(100).await, [(ops.clone(), 3, Some(at(40))), pager.clone()]);
    let arrived = with(message("waits", "e1"), |message| {
        message.created_at = at(40);
        message.state = NoticeState::Delivered;
    });
    put(store, vec![arrived]).await;
    assert_eq!(waiting(59).await, [(ops.clone(), 2, Some(at(50))), pager]);
}

#[tokio::test]
async fn both_sides_of_when_a_message_may_leave() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    assert_eq!(store.next_message_at().await.unwrap(), None);
    put(
        store,
        vec![
            with(message("waits", "e1"), |message| message.not_before = at(50)),
            with(message("retries", "e2"), |message| message.next_at = at(40)),
            with(message("behind", "e2"), |message| message.next_at = at(20)),
        ],
    )
    .await;
    assert_eq!(
        store.next_message_at().await.unwrap(),
        Some(at(40)),
        "what is behind does not count"
    );
    assert!(due(store, 39, 10).await.is_empty());
    assert_eq!(due(store, 40, 10).await, ["retries"]);
    assert_eq!(due(store, 49, 10).await, ["retries"]);
    assert_eq!(due(store, 50, 10).await, ["waits", "retries"], "oldest first");
    assert_eq!(due(store, 50, 1).await, ["waits"]);
    assert!(due(store, 50, 0).await.is_empty());
    let delivered = with(message("retries", "e2"), |message| {
        message.state = NoticeState::Delivered
    });
    put(store, vec![delivered]).await;
    assert_eq!(store.next_message_at().await.unwrap(), Some(at(20)));
    assert_eq!(
        due(store, 50, 10).await,
        ["waits", "behind"],
        "a known message keeps its place"
    );
}

#[tokio::test]
async fn paced_mails_leave_by_balance_behind_all_others() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let paced = |id: &str, balance: &str| {
        with(message(id, id), |message| {
            message.channel = ChannelName::client();
            message.paced = Some(money(balance));
        })
    };
    let mut messages = vec![
        paced("richest", "100.5"),
        paced("poor", "-0.5"),
        paced("ninety", "9"),
        paced("poorest", "-1000000000"),
        paced("a hair less poor", "-0.49999999"),
        message("operators", "e1"),
    ];
    put(store, messages.clone()).await;
    let order = ["operators", "poorest", "poor", "a hair less poor", "ninety", "richest"];
    assert_eq!(due(store, 10, 10).await, order);

    let since = async |secs| store.client_mails_since(&account(), at(secs)).await.unwrap();
    assert_eq!(since(0).await, 0);
    let attempt = |message: &str, number, secs| Attempt {
        message: message.to_owned(),
        number,
        at: at(secs),
        outcome: AttemptOutcome::Retry,
        detail: String::new(),
    };
    messages.retain(|message| message.id == "ninety");
    messages[0].state = NoticeState::Sending;
    let mut commit = Commit::new(account(), at(60));
    commit.messages = messages;
    commit.attempts = vec![
        attempt("poor", 1, 60),
        attempt("poor", 2, 70),
        attempt("poorest", 1, 59),
        attempt("operators", 1, 60),
    ];
    store.commit(&commit).await.unwrap();
    assert_eq!(since(59).await, 3, "two were tried, one may have left");
    assert_eq!(since(60).await, 2);
    assert_eq!(since(71).await, 1);
}

#[tokio::test]
async fn a_message_comes_with_all_that_it_carries() {
    let fresh = Fresh::new().await;
    let mut commit = Commit::new(account(), at(10));
    commit.messages = vec![message("m1", "e1"), message("m2", "e2")];
    commit.notifications = vec![
        notification("n1", "561115", Some("m2")),
        notification("n2", "561116", Some("m1")),
        notification("n3", "561117", Some("m2")),
        notification("n4", "561118", None),
    ];
    fresh.store.commit(&commit).await.unwrap();
    let due = fresh.store.due_messages(at(10), 10).await.unwrap();
    let expected = vec![
        (commit.messages[0].clone(), vec![commit.notifications[1].clone()]),
        (
            commit.messages[1].clone(),
            vec![commit.notifications[0].clone(), commit.notifications[2].clone()],
        ),
    ];
    assert_eq!(due, expected);
}

#[tokio::test]
async fn retrying_all_takes_what_died_lately_and_lets_it_be_announced_anew() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let dead = |id: &str, created: i64| {
        with(message(id, id), |message| {
            message.state = NoticeState::Dead("550".to_owned());
            message.created_at = at(created);
        })
    };
    // To somebody else: whoever takes a message is no dead recipient any more.
    let delivered = with(message("done", "e3"), |message| {
        message.state = NoticeState::Delivered;
        message.recipient = "second@example.com".to_owned();
    });
    let mut commit = Commit::new(account(), at(10));
    commit.messages = vec![dead("old", 10), dead("new", 50), message("waits", "e2"), delivered];
    commit.notifications = vec![notification("n1", "561115", Some("new"))];
    commit.letters_announced = vec!["new".to_owned()];
    store.commit(&commit).await.unwrap();
    let announced = async || -> Vec<bool> {
        let letters = store.dead_letters(&account()).await.unwrap();
        letters.iter().map(|letter| letter.is_announced).collect()
    };
    assert_eq!(announced().await, [true]);
    let pager = ChannelName::new("pager").unwrap();
    assert_eq!(store.retry_all(Some(&pager), at(20), at(100)).await.unwrap(), 0);
    assert_eq!(store.retry_all(None, at(20), at(100)).await.unwrap(), 2);
    let mut now_due = due(store, 100, 10).await;
    now_due.sort();
    assert_eq!(now_due, ["new", "waits"]);
    commit.messages.truncate(2);
    commit.letters_announced.clear();
    store.commit(&commit).await.unwrap();
    assert_eq!(announced().await, [false], "it died once more");
}

#[tokio::test]
async fn an_episode_begins_with_the_first_message_that_its_receiver_has_a_name_for() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let taken = |id: &str, receipt: Option<&str>| {
        with(message(id, "e1"), |message| {
            message.state = NoticeState::Delivered;
            message.receipt = receipt.map(str::to_owned);
        })
    };
    let elsewhere = with(taken("elsewhere", Some("r0")), |message| {
        message.recipient = "second@example.com".to_owned();
    });
    let mut commit = Commit::new(account(), at(10));
    commit.messages = vec![
        elsewhere,
        taken("nameless", None),
        taken("first", Some("r1")),
        taken("second", Some("r2")),
        message("now", "e1"),
    ];
    commit.notifications = vec![
        notification("n0", "561115", Some("elsewhere")),
        notification("n1", "561115", Some("nameless")),
        notification("n2", "561115", Some("first")),
        notification("n3", "561116", Some("first")),
        notification("n4", "561115", Some("second")),
        notification("n5", "561115", Some("now")),
        notification("n6", "561117", Some("now")),
    ];
    store.commit(&commit).await.unwrap();
    let root = store.root_of(&commit.notifications[5]).await.unwrap();
    let expected = (commit.messages[2].clone(), commit.notifications[2..4].to_vec());
    assert_eq!(root, Some(expected));
    let own = store.root_of(&commit.notifications[2]).await.unwrap();
    let own = own.map(|(message, _)| message.id);
    assert_eq!(own.as_deref(), Some("second"), "never a message itself");
    assert_eq!(store.root_of(&commit.notifications[6]).await.unwrap(), None);
}
