//! Reserved calls: whoever reserves later sees all that others reserved earlier, and a killed owner's count as used.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Fresh, account, at};
use crate::domain::AccountName;
use crate::store::{Access, ForeignCalls, ReserveCalls, SettledCalls, Store};

fn ask(secs: i64, calls: u32) -> ReserveCalls {
    ReserveCalls {
        now: at(secs),
        calls,
        last_start_by: at(secs + 30),
        occupied_until: at(secs + 120),
        settled: Vec::new(),
    }
}

fn foreign(calls: u32, until_secs: i64) -> ForeignCalls {
    ForeignCalls {
        calls,
        occupied_until: at(until_secs),
    }
}

#[tokio::test]
async fn owners_see_each_other_and_not_themselves() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let daemon = store.reserve_calls(&account(), "daemon", &ask(0, 10)).await.unwrap();
    assert!(daemon.foreign.is_empty());
    let cli = store.reserve_calls(&account(), "cli", &ask(1, 1)).await.unwrap();
    assert_ne!(cli.id, daemon.id);
    assert_eq!(cli.foreign, [foreign(10, 120)], "not settled: as long as it could last");

    let mut settle = ask(2, 10);
    settle.settled = vec![SettledCalls {
        id: daemon.id,
        calls: 7,
        ended_at: at(2),
        occupied_until: at(62),
    }];
    let second = store.reserve_calls(&account(), "daemon", &settle).await.unwrap();
    assert_eq!(second.foreign, [foreign(1, 121)]);
    let looked = store.reserve_calls(&account(), "cli", &ask(61, 0)).await.unwrap();
    assert_eq!(looked.id, 0, "nothing was reserved");
    assert_eq!(looked.foreign, [foreign(7, 62), foreign(10, 122)]);
    let later = store.reserve_calls(&account(), "cli", &ask(62, 0)).await.unwrap();
    assert_eq!(later.foreign, [foreign(10, 122)], "over on the bound");

    let other = AccountName::new("other").unwrap();
    let elsewhere = store.reserve_calls(&other, "cli", &ask(62, 1)).await.unwrap();
    assert!(elsewhere.foreign.is_empty(), "another account has a rate of its own");
}

#[tokio::test]
async fn what_a_killed_owner_reserved_counts_until_it_cannot_be_under_way() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    store.reserve_calls(&account(), "killed", &ask(0, 5)).await.unwrap();
    for (secs, expected) in [(1, vec![foreign(5, 120)]), (119, vec![foreign(5, 120)]), (120, vec![])] {
        let next = store.reserve_calls(&account(), "next", &ask(secs, 0)).await.unwrap();
        assert_eq!(next.foreign, expected, "{secs}");
    }
}

#[tokio::test]
async fn unused_calls_are_given_back_and_only_by_their_owner() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let mine = store.reserve_calls(&account(), "mine", &ask(0, 5)).await.unwrap();
    let give_back = |secs| ReserveCalls {
        settled: vec![SettledCalls {
            id: mine.id,
            calls: 0,
            ended_at: at(secs),
            occupied_until: at(secs + 60),
        }],
        ..ask(secs, 0)
    };
    store.reserve_calls(&account(), "yours", &give_back(1)).await.unwrap();
    let seen = store.reserve_calls(&account(), "yours", &ask(1, 0)).await.unwrap();
    assert_eq!(seen.foreign, [foreign(5, 120)]);
    store.reserve_calls(&account(), "mine", &give_back(2)).await.unwrap();
    let seen = store.reserve_calls(&account(), "yours", &ask(2, 0)).await.unwrap();
    assert!(seen.foreign.is_empty());
}

#[tokio::test]
async fn a_clock_set_back_does_not_block_the_account() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let day = 86_400;
    store.reserve_calls(&account(), "before", &ask(day, 5)).await.unwrap();
    let after = store.reserve_calls(&account(), "after", &ask(0, 0)).await.unwrap();
    assert_eq!(
        after.foreign,
        [foreign(5, 120)],
        "as long as it would have counted then"
    );
    store.reserve_calls(&account(), "before", &ask(60, 3)).await.unwrap();
    let close = store.reserve_calls(&account(), "after", &ask(1, 0)).await.unwrap();
    let seconds_ahead = foreign(3, 180);
    assert_eq!(close.foreign, [foreign(5, 120), seconds_ahead], "seconds are no jump");
}

/// Two processes take slots as fast as the rule "occupied slots never above the cap" lets them; each only believes
/// what the store tells it. Every slot is taken by exactly one of them.
#[tokio::test]
async fn two_processes_never_take_more_than_there_is() {
    const CAP: u32 = 20;
    let fresh = Fresh::new().await;
    let cli = Store::open(&fresh.path(), Access::Read).await.unwrap();
    let barrier = Arc::new(tokio::sync::Barrier::new(2));
    let taker = |store: Store, owner: &'static str, barrier: Arc<tokio::sync::Barrier>| async move {
        barrier.wait().await;
        let mut own = 0;
        for _ in 0..CAP {
            let reserved = store.reserve_calls(&account(), owner, &ask(0, 1)).await.unwrap();
            let others: u32 = reserved.foreign.iter().map(|foreign| foreign.calls).sum();
            if own + others < CAP {
                own += 1;
            } else {
                let give_back = SettledCalls {
                    id: reserved.id,
                    calls: 0,
                    ended_at: at(0),
                    occupied_until: at(0),
                };
                let mut settle = ask(0, 0);
                settle.settled = vec![give_back];
                store.reserve_calls(&account(), owner, &settle).await.unwrap();
            }
        }
        own
    };
    let (one, two) = tokio::join!(
        tokio::spawn(taker(fresh.store.clone(), "daemon", Arc::clone(&barrier))),
        tokio::spawn(taker(cli, "cli", barrier)),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one + two <= CAP, "{one} + {two}");
    assert!(
        one + two >= CAP - 1,
        "{one} + {two}: none is lost but the one that both gave back"
    );
    let all = fresh
        .store
        .reserve_calls(&account(), "third", &ask(0, 0))
        .await
        .unwrap();
    assert_eq!(all.foreign.iter().map(|foreign| foreign.calls).sum::<u32>(), one + two);
    let minute = SignedDuration::from_secs(60);
    assert!(
        all.foreign
            .iter()
            .all(|foreign| foreign.occupied_until >= at(0) + minute)
    );
}

#[tokio::test]
async fn who_has_the_lock_knows_that_earlier_daemons_are_dead_and_nothing_of_others() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    store.reserve_calls(&account(), "daemon-1", &ask(0, 10)).await.unwrap();
    store.reserve_calls(&account(), "check-1", &ask(0, 1)).await.unwrap();
    store.settle_dead_owners("daemon-", at(2)).await.unwrap();
    let next = store.reserve_calls(&account(), "daemon-2", &ask(3, 0)).await.unwrap();
    assert_eq!(next.foreign, [foreign(10, 65), foreign(1, 120)]);
    store.settle_dead_owners("daemon-", at(30)).await.unwrap();
    let again = store.reserve_calls(&account(), "daemon-3", &ask(31, 0)).await.unwrap();
    assert_eq!(
        again.foreign,
        [foreign(10, 65), foreign(1, 120)],
        "a second start does not make them last longer"
    );
}
