//! A few days in the life of an account: what is committed comes back equal, whatever happens in between.

use super::{
    Fresh, account, at, client_id, enforcement, firing, message, notification, pending, policy, reading, watched,
};
use crate::domain::AccountName;
use crate::domain::decision::{self, BRAKE, BY_PERSON, BY_READ_BACK, Decision, Kind, Scope};
use crate::domain::enforcement::{Deferral, Direction, EnforcementState, EnforcementStep, Outcome};
use crate::domain::kept::Past;
use crate::domain::notice::{Attempt, AttemptOutcome, NoticeState};
use crate::domain::watch::{AccountState, Watched};
use crate::store::{Commit, Filter, Store};

#[tokio::test]
async fn the_story() {
    let fresh = Fresh::new().await;
    clients_and_alerts(&fresh.store).await;
    notices(&fresh.store).await;
    enforcements(&fresh.store).await;
    brake(&fresh.store).await;
    decisions(&fresh.store).await;
    numbers(&fresh.store).await;
}

async fn clients_and_alerts(store: &Store) {
    let empty = store.load(&account()).await.unwrap();
    assert_eq!(empty.state, AccountState::default());
    assert!(empty.clients.is_empty() && empty.alerts.is_empty() && empty.decisions.is_empty());

    let state = AccountState {
        sweep_started_at: Some(at(5)),
        inventory_size: 3,
        last_sweep: Some("{\"clients\":3}".to_owned()),
        management_codes: [("1".to_owned(), "Hard – stops at 0".to_owned())].into(),
        ..AccountState::default()
    };
    let never_read = Watched {
        threshold: None,
        ..Watched::new(watched("561117").client, at(0))
    };
    let mut vanished = watched("561116");
    vanished.vanished_at = Some(at(7));
    vanished.missing_inventories = 2;
    vanished.missing_since = Some(at(5));
    vanished.last_error = Some("timeout".to_owned());
    let reseller = watched("reseller");
    let mut commit = Commit::new(account(), at(10));
    commit.state = Some(state.clone());
    commit.clients = vec![
        reseller.clone(),
        watched("561115"),
        vanished.clone(),
        never_read.clone(),
    ];
    commit.alerts = vec![firing("561115"), pending("561116")];
    store.commit(&commit).await.unwrap();

    let view = store.load(&account()).await.unwrap();
    assert_eq!(view.state, state);
    assert_eq!(view.clients, [watched("561115"), vanished, never_read, reseller]);
    assert_eq!(view.alerts, [firing("561115"), pending("561116")]);
    assert_eq!(store.alerts(&account()).await.unwrap(), view.alerts);
    let (first, last) = (&view.clients[0].judged, &view.clients[3].judged);
    assert!(std::sync::Arc::ptr_eq(first, last), "equal texts are kept once");

    let other = AccountName::new("other").unwrap();
    let mut commit = Commit::new(other.clone(), at(11));
    commit.clients = vec![watched("561115")];
    commit.clients[0].reading = None;
    store.commit(&commit).await.unwrap();
    assert_eq!(
        store.load(&account()).await.unwrap(),
        view,
        "accounts are kept apart, though clients have the same ids"
    );

    let mut changed = watched("561115");
    changed.client.email = String::new();
    changed.reading = Some(reading("11", 70));
    let mut commit = Commit::new(account(), at(70));
    commit.clients = vec![watched("561115"), changed.clone()];
    commit.alerts_gone = vec![
        (client_id("561116"), policy("low-balance")),
        (client_id("561115"), policy("unknown")),
    ];
    store.commit(&commit).await.unwrap();
    let view = store.load(&account()).await.unwrap();
    assert_eq!(view.clients[0], changed, "the last record of a client counts");
    assert_eq!(view.alerts, [firing("561115")], "only what is named is gone");
}

async fn notices(store: &Store) {
    let mut commit = Commit::new(account(), at(80));
    commit.messages = vec![message("m1", "e1"), message("m2", "e2")];
    commit.notifications = vec![
        notification("n1", "561115", Some("m1")),
        notification("n2", "561116", None),
        notification("n3", "561117", None),
    ];
    let mut dropped = notification("n0", "561118", None);
    dropped.state = NoticeState::Dropped("no address".to_owned());
    commit.notifications.insert(0, dropped);
    store.commit(&commit).await.unwrap();
    let uncarried = store.uncarried_notifications(&account()).await.unwrap();
    assert_eq!(
        uncarried,
        commit.notifications[2..],
        "what was dropped needs no message"
    );

    let mut commit = Commit::new(account(), at(81));
    commit.notices_into = vec![("n2".to_owned(), "m2".to_owned()), ("n3".to_owned(), "m2".to_owned())];
    let mut tried = message("m2", "e2");
    tried.attempts = 1;
    tried.state = NoticeState::Dead("550 no such user".to_owned());
    commit.messages = vec![tried.clone()];
    commit.notices_of_messages = vec![("m2".to_owned(), tried.state.clone())];
    let attempt = Attempt {
        message: "m2".to_owned(),
        number: 1,
        at: at(81),
        outcome: AttemptOutcome::Refused,
        detail: "550 5.1.1 no such user".to_owned(),
    };
    commit.attempts = vec![attempt.clone()];
    store.commit(&commit).await.unwrap();

    let record = store.notification("n3").await.unwrap().unwrap();
    let mut expected = notification("n3", "561117", Some("m2"));
    expected.state = tried.state.clone();
    assert_eq!(record.notification, expected);
    assert_eq!(record.message, Some(tried));
    assert_eq!(record.attempts, [attempt]);
    assert_eq!(store.notification("n4").await.unwrap(), None);

    let list_before = async |before: Option<&str>, client: Option<&str>, state: Option<&str>, limit| {
        let filter = Filter {
            account: account(),
            client: client.map(client_id),
            state: state.map(str::to_owned),
            before: before.map(str::to_owned),
            limit,
        };
        let notices = store.notifications(&filter).await.unwrap();
        notices.into_iter().map(|notice| notice.id).collect::<Vec<_>>()
    };
    let list = async |client, state, limit| list_before(None, client, state, limit).await;
    assert_eq!(list(None, None, 10).await, ["n3", "n2", "n1", "n0"], "newest first");
    assert_eq!(list(None, None, 2).await, ["n3", "n2"]);
    assert_eq!(list(None, Some("dead"), 10).await, ["n3", "n2"]);
    assert_eq!(list(Some("561115"), None, 10).await, ["n1"]);
    assert!(list(Some("561115"), Some("dead"), 10).await.is_empty());
    assert_eq!(list_before(Some("n3"), None, None, 2).await, ["n2", "n1"]);
    assert_eq!(list_before(Some("n3"), None, Some("dead"), 2).await, ["n2"]);
    assert_eq!(list_before(Some("n2"), Some("561115"), None, 2).await, ["n1"]);
    for nothing in ["n0", "unknown"] {
        assert!(list_before(Some(nothing), None, None, 2).await.is_empty(), "{nothing}");
    }

    let mut orphan = Commit::new(account(), at(82));
    orphan.notifications = vec![notification("n5", "561115", Some("no such message"))];
    store.commit(&orphan).await.unwrap_err();
    assert_eq!(
        store.notification("n5").await.unwrap(),
        None,
        "a notification never names a message that does not exist"
    );
}

async fn enforcements(store: &Store) {
    let day = 86_400;
    let ended = |outcome| EnforcementState::Ended { outcome };
    let cancelled = enforcement("x0", "561115", ended(Outcome::Cancelled), 20);
    let older = enforcement("x1", "561115", ended(Outcome::Verified), 30);
    let newest_verified = enforcement("x2", "561115", ended(Outcome::Verified), 40);
    let mut reverted = enforcement("x3", "561115", ended(Outcome::Verified), 35);
    reverted.direction = Direction::Revert;
    let open = enforcement("x4", "561116", EnforcementState::Sent, 45);
    let why = Deferral::DayCap { cap: 20 };
    let deferred = enforcement("x5", "561117", EnforcementState::Deferred { why }, 50);
    let at_the_edge = enforcement("x6", "561117", ended(Outcome::Already), 1_000);
    let fresh = enforcement("x7", "561118", ended(Outcome::DidNotHappen), 1_000 + day);
    let steps: Vec<_> = (1..=2)
        .map(|number| EnforcementStep {
            enforcement: "x4".to_owned(),
            number,
            at: at(45),
            step: "read".to_owned(),
            detail: String::new(),
        })
        .collect();
    let mut commit = Commit::new(account(), at(2_000 + day));
    commit.enforcements = vec![
        cancelled.clone(),
        older,
        newest_verified.clone(),
        reverted.clone(),
        open.clone(),
        deferred.clone(),
        at_the_edge.clone(),
        fresh.clone(),
    ];
    commit.steps.clone_from(&steps);
    store.commit(&commit).await.unwrap();
    let view = store.load(&account()).await.unwrap();
    assert_eq!(
        view.enforcements,
        [
            cancelled,
            newest_verified,
            reverted,
            open.clone(),
            deferred.clone(),
            at_the_edge.clone(),
            fresh.clone()
        ],
        "all but the older one of two that are alike"
    );
    let view = store.load_with(&account(), Past::Lately).await.unwrap();
    assert_eq!(view.enforcements, [open.clone(), deferred, at_the_edge, fresh]);

    let record = store.enforcement("x4").await.unwrap().unwrap();
    assert_eq!((record.enforcement, record.steps), (open.clone(), steps));
    for (before, expected) in [
        (None, &["x3", "x2"][..]),
        (Some("x3"), &["x2", "x1"]),
        (Some("x1"), &[]),
    ] {
        let filter = Filter {
            state: Some("verified".to_owned()),
            before: before.map(str::to_owned),
            ..Filter::newest(account(), 2)
        };
        let ids = store.enforcements(&filter).await.unwrap();
        assert_eq!(ids.iter().map(|one| &*one.id).collect::<Vec<_>>(), expected);
    }

    let mut done = open;
    done.state = ended(Outcome::Verified);
    done.fingerprint_after = Some("cafe".to_owned());
    let mut commit = Commit::new(account(), at(2_001 + day));
    commit.enforcements = vec![done.clone()];
    store.commit(&commit).await.unwrap();
    assert_eq!(store.enforcement("x4").await.unwrap().unwrap().enforcement, done);
}

async fn brake(store: &Store) {
    let brake = |by: &str, note: &str, secs| Decision::brake(account(), by, note.to_owned(), at(secs));
    let of_program = brake(BY_READ_BACK, "a read-back differs", 100);
    let mut commit = Commit::new(account(), at(100));
    commit.decisions = vec![of_program.clone()];
    store.commit(&commit).await.unwrap();
    let later = brake(BY_PERSON, "Friday", 101);
    assert!(!store.decide(&later).await.unwrap(), "it was on");
    let listed = store.decisions(&account()).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&of_program));
    assert_eq!(store.load(&account()).await.unwrap().decisions, listed);

    assert!(store.revoke(&account(), BRAKE).await.unwrap());
    assert!(!store.revoke(&account(), BRAKE).await.unwrap(), "it was off");
    assert_eq!(store.decisions(&account()).await.unwrap(), []);

    assert!(store.decide(&later).await.unwrap());
    assert_eq!(store.decisions(&account()).await.unwrap(), [later]);
    store.commit(&commit).await.unwrap();
    assert_eq!(
        store.decisions(&account()).await.unwrap(),
        [of_program],
        "the program's replaces it"
    );
    assert!(store.revoke(&account(), BRAKE).await.unwrap());
}

async fn decisions(store: &Store) {
    let silence = Decision {
        id: "s1".to_owned(),
        kind: Kind::Silence,
        scope: Scope {
            client: Some(client_id("561115")),
            policy: Some(policy("low-balance")),
            ..Scope::default()
        },
        until: Some(at(200)),
        ..Decision::brake(account(), "noc", "moving \u{1f69a}".to_owned(), at(100))
    };
    let approval = Decision {
        id: "s2".to_owned(),
        kind: Kind::Approval,
        scope: Scope {
            enforcement: Some("x1".to_owned()),
            ..Scope::default()
        },
        until: None,
        ..silence.clone()
    };
    for decision in [&silence, &approval] {
        assert!(store.decide(decision).await.unwrap());
    }
    let all = store.decisions(&account()).await.unwrap();
    assert_eq!(all, [silence.clone(), approval.clone()], "as they were written");
    assert_eq!(decision::brake(&all, at(100)), None);

    let longer = |secs, until| Decision {
        at: at(secs),
        until: Some(at(until)),
        ..silence.clone()
    };
    assert!(!store.decide(&longer(199, 300)).await.unwrap(), "it holds");
    assert!(store.decide(&longer(200, 300)).await.unwrap(), "it is over");
    assert_eq!(store.decisions(&account()).await.unwrap(), [longer(200, 300), approval]);
    for id in ["s1", "s2"] {
        assert!(store.revoke(&account(), id).await.unwrap());
    }
}

async fn numbers(store: &Store) {
    let mut mailed = watched("561118");
    mailed.client.email = "  ".to_owned();
    if let Some(threshold) = &mut mailed.threshold {
        threshold.email = Some("billing@example.com".to_owned());
    }
    let mut poor = watched("561119");
    poor.last_error = Some("html".to_owned());
    if let Some(threshold) = &mut poor.threshold {
        threshold.amount = None;
    }
    let mut commit = Commit::new(account(), at(200));
    commit.clients = vec![mailed, poor];
    store.commit(&commit).await.unwrap();
    let counts = store.counts(&account()).await.unwrap();
    assert_eq!(counts.listed, 4, "561115, 561117, 561118, 561119");
    assert_eq!(counts.vanished, 1, "561116");
    assert_eq!(counts.without_address, 1, "561115 lost its address");
    assert_eq!(counts.without_threshold, 1, "561119; of 561117 it is not known");
    assert_eq!((counts.never_read, counts.never_asked), (1, 1), "561117");
    assert_eq!(
        counts.unread,
        [("html".to_owned(), 1)].into(),
        "the vanished one does not count"
    );
    assert_eq!(counts.alerts, [("firing".to_owned(), 1)].into());
    assert_eq!(counts.dead(), 2);
    assert_eq!(counts.notifications.get("pending"), Some(&1));
    assert_eq!(counts.enforcements.get("verified"), Some(&4));
}
