//! What is kept of readings and gaps: equal ones in a row are one entry, everything else is its own, in order.

use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use super::{Fresh, account, at, client_id, message, money, notification, watched};
use crate::domain::notice::{Attempt, AttemptOutcome, NoticeState};
use crate::store::{Commit, HistoryEntry, Kept, Seen, Store};

fn saw(balance: &str, spent_today: Option<&str>, threshold: Option<&str>) -> Seen {
    Seen::Reading {
        balance: money(balance),
        spent_today: spent_today.map(money),
        threshold: threshold.map(money),
    }
}

fn gap(error: &str) -> Seen {
    Seen::Gap {
        error: error.to_owned(),
    }
}

fn entry(client: &str, secs: i64, seen: &Seen) -> HistoryEntry {
    HistoryEntry {
        client: client_id(client),
        at: at(secs),
        seen: seen.clone(),
    }
}

async fn keep(store: &Store, history: Vec<HistoryEntry>) {
    let mut commit = Commit::new(account(), at(0));
    commit.history = history;
    store.commit(&commit).await.unwrap();
}

async fn kept(store: &Store, client: &str, limit: usize) -> Vec<(Seen, i64, i64, u64)> {
    let entries = store.history(&account(), &client_id(client), limit).await.unwrap();
    let secs = |time: jiff::Timestamp| time.duration_since(at(0)).as_secs();
    let tuple = |kept: Kept| {
        let (first, last) = (secs(kept.first_seen_at), secs(kept.last_seen_at));
        (kept.seen, first, last, kept.count)
    };
    entries.into_iter().map(tuple).collect()
}

#[tokio::test]
async fn equal_readings_extend_and_different_ones_do_not() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let base = saw("8.0588", Some("0.1"), Some("10"));
    let cases = [
        ("another balance", saw("8.0587", Some("0.1"), Some("10"))),
        ("another spending", saw("8.0588", Some("0.2"), Some("10"))),
        ("no spending told", saw("8.0588", None, Some("10"))),
        ("another threshold", saw("8.0588", Some("0.1"), Some("11"))),
        ("no threshold", saw("8.0588", Some("0.1"), None)),
        ("a gap", gap("timeout")),
    ];
    for (number, (name, other)) in cases.iter().enumerate() {
        let client = &format!("56{number}");
        for secs in 1..=3 {
            keep(store, vec![entry(client, secs, &base)]).await;
        }
        assert_eq!(kept(store, client, 9).await, [(base.clone(), 1, 3, 3)], "{name}");
        keep(store, vec![entry(client, 4, other)]).await;
        keep(store, vec![entry(client, 5, other)]).await;
        keep(store, vec![entry(client, 6, &base)]).await;
        let all = [
            (base.clone(), 6, 6, 1),
            (other.clone(), 4, 5, 2),
            (base.clone(), 1, 3, 3),
        ];
        assert_eq!(kept(store, client, 9).await, all, "{name}");
        assert_eq!(kept(store, client, 2).await, all[..2], "{name}: bounded, newest first");
        assert!(kept(store, client, 0).await.is_empty(), "{name}");
    }
    assert!(kept(store, "unknown", 9).await.is_empty());
}

#[tokio::test]
async fn gaps_are_told_apart_by_kind_and_never_merge_with_readings() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let sequence = [
        gap("timeout"),
        gap("timeout"),
        gap("html"),
        saw("0", None, None),
        gap("html"),
    ];
    for (secs, seen) in (0..).zip(&sequence) {
        keep(store, vec![entry("561115", secs, seen)]).await;
    }
    let expected = [
        (gap("html"), 4, 4, 1),
        (saw("0", None, None), 3, 3, 1),
        (gap("html"), 2, 2, 1),
        (gap("timeout"), 0, 1, 2),
    ];
    assert_eq!(kept(store, "561115", 9).await, expected);
}

#[tokio::test]
async fn the_record_of_a_client_and_its_history_do_not_disturb_each_other() {
    let fresh = Fresh::new().await;
    let mut commit = Commit::new(account(), at(0));
    commit.clients = vec![watched("561115")];
    commit.history = vec![entry("561115", 1, &gap("timeout"))];
    for _ in 0..3 {
        fresh.store.commit(&commit).await.unwrap();
    }
    let view = fresh.store.load(&account()).await.unwrap();
    assert_eq!(view.clients, [watched("561115")]);
    assert_eq!(kept(&fresh.store, "561115", 9).await, [(gap("timeout"), 1, 1, 3)]);
}

#[tokio::test]
async fn a_clock_that_went_back_does_not_shorten_an_entry() {
    let fresh = Fresh::new().await;
    keep(&fresh.store, vec![entry("561115", 100, &gap("timeout"))]).await;
    keep(&fresh.store, vec![entry("561115", 40, &gap("timeout"))]).await;
    assert_eq!(kept(&fresh.store, "561115", 9).await, [(gap("timeout"), 100, 100, 2)]);
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_the_newest_stays() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    for secs in 0..5 {
        let balance = secs.to_string();
        let seen = saw(&balance, None, None);
        keep(store, vec![entry("1", secs, &seen), entry("2", secs, &seen)]).await;
    }
    assert_eq!(
        store.forget_history_before(&account(), at(0)).await.unwrap(),
        0,
        "on the bound stays"
    );
    assert_eq!(
        store.forget_history_before(&account(), at(2)).await.unwrap(),
        4,
        "two of each"
    );
    let left: Vec<_> = kept(store, "1", 9).await.into_iter().map(|entry| entry.1).collect();
    assert_eq!(left, [4, 3, 2]);
    assert_eq!(store.forget_history_before(&account(), at(99)).await.unwrap(), 4);
    assert_eq!(kept(store, "2", 9).await.len(), 1, "the open one stays");
    // Numbers are not used again, so what leads to a forgotten entry leads nowhere.
    for secs in 100..104 {
        keep(store, vec![entry("1", secs, &saw(&secs.to_string(), None, None))]).await;
    }
    let left: Vec<_> = kept(store, "1", 9).await.into_iter().map(|entry| entry.1).collect();
    assert_eq!(left, [103, 102, 101, 100, 4]);
    assert_eq!(kept(store, "2", 9).await.len(), 1);
}

#[tokio::test]
async fn finished_notices_are_forgotten_and_waiting_ones_are_not() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let mut commit = Commit::new(account(), at(10));
    for (id, state) in [("done", NoticeState::Delivered), ("waits", NoticeState::Pending)] {
        let (mut carrier, mut notice) = (message(id, id), notification(id, "561115", Some(id)));
        carrier.state = state.clone();
        notice.state = state;
        commit.messages.push(carrier);
        commit.notifications.push(notice);
        commit.attempts.push(Attempt {
            message: id.to_owned(),
            number: 1,
            at: at(10),
            outcome: AttemptOutcome::Retry,
            detail: String::new(),
        });
    }
    store.commit(&commit).await.unwrap();
    store.forget_history_before(&account(), at(10)).await.unwrap();
    assert!(
        store.notification("done").await.unwrap().is_some(),
        "on the bound stays"
    );
    store.forget_history_before(&account(), at(11)).await.unwrap();
    assert_eq!(store.notification("done").await.unwrap(), None);
    let waiting = store.notification("waits").await.unwrap().unwrap();
    assert!(waiting.message.is_some() && waiting.attempts.len() == 1);
}

/// The same rules, written down again in the plainest way.
fn by_hand(history: &[(u8, Seen)], client: u8) -> Vec<(Seen, i64, i64, u64)> {
    let mut entries: Vec<(Seen, i64, i64, u64)> = Vec::new();
    for (secs, (_, seen)) in (0..).zip(history).filter(|(_, (of, _))| *of == client) {
        match entries.last_mut() {
            Some(last) if last.0 == *seen => (last.2, last.3) = (secs, last.3 + 1),
            _ => entries.push((seen.clone(), secs, secs, 1)),
        }
    }
    entries.reverse();
    entries
}

fn anything_seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        Just(saw("1", None, None)),
        Just(saw("1", Some("1"), None)),
        Just(saw("2", None, Some("1"))),
        Just(gap("timeout")),
        Just(gap("html")),
    ]
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn any_sequence_in_any_batches_is_kept_as_by_hand(
        history in proptest::collection::vec((0u8..3, anything_seen()), 1..40),
        batch in any::<u8>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fresh = Fresh::new().await;
            let entries: Vec<_> = (0..)
                .zip(&history)
                .map(|(secs, (client, seen))| entry(&client.to_string(), secs, seen))
                .collect();
            for batch in entries.chunks(usize::from(batch % 7) + 1) {
                keep(&fresh.store, batch.to_vec()).await;
            }
            for client in 0..3 {
                prop_assert_eq!(kept(&fresh.store, &client.to_string(), 99).await, by_hand(&history, client));
            }
            Ok(())
        })?;
    }
}
