//! The clock was set back by two hours since everything here was written.

use jiff::{SignedDuration, Timestamp};

use super::{Fresh, account, at, client_id, enforcement, firing, message, pending, reading, watched};
use crate::domain::alert::{Alert, ClientWaits, Phase};
use crate::domain::decision::{BY_PERSON, Decision, Kind};
use crate::domain::enforcement::EnforcementState;
use crate::domain::notice::{Attempt, AttemptOutcome, Message, NoticeState};
use crate::domain::set_back::SetBack;
use crate::domain::watch::AccountState;
use crate::store::{Commit, HistoryEntry, Seen};

const BACK: i64 = 7_200;

/// Everything happened until `at(0)`; some is to come.
fn written() -> Commit {
    let mut commit = Commit::new(account(), at(0));
    commit.state = Some(AccountState {
        sweep_started_at: Some(at(-20)),
        sweep_ended_at: Some(at(0)),
        inventory_at: Some(at(-20)),
        probe_at: Some(at(60)),
        clock_jumped_at: Some(at(-BACK - 5)),
        ..AccountState::default()
    });
    let mut client = watched("561115");
    client.reading = Some(reading("8", -1));
    client.previous = Some(reading("9", -BACK - 5));
    client.last_attempt_at = Some(at(-1));
    commit.clients = vec![client];
    commit.history = vec![HistoryEntry {
        client: client_id("561115"),
        at: at(-1),
        seen: Seen::Gap {
            error: "timeout".to_owned(),
        },
    }];
    commit.alerts = vec![firing("561115"), pending("561116")];
    let late = Message {
        attempts: 1,
        next_at: at(900),
        not_before: at(-5),
        deadline: at(86_400),
        ..message("late", "e1")
    };
    let told = Message {
        state: NoticeState::Delivered,
        channel: crate::domain::ChannelName::client(),
        paced: Some("8".parse().unwrap()),
        ..message("told", "e2")
    };
    commit.messages = vec![late, told];
    commit.attempts = vec![Attempt {
        message: "told".to_owned(),
        number: 1,
        at: at(-1),
        outcome: AttemptOutcome::Delivered,
        detail: String::new(),
    }];
    let mut sent = enforcement("x1", "561115", EnforcementState::Sent, -2);
    sent.settle_at = Some(at(70));
    commit.enforcements = vec![sent];
    let silence = |id: &str, until| Decision {
        id: id.to_owned(),
        kind: Kind::Silence,
        until: Some(at(until)),
        ..Decision::brake(account(), BY_PERSON, String::new(), at(-5))
    };
    let brake = Decision::brake(account(), BY_PERSON, String::new(), at(0));
    commit.decisions = vec![brake, silence("running", 600), silence("over", -3)];
    commit
}

/// As the monitor does it.
async fn set_back(fresh: &Fresh, now: Timestamp) {
    let mut view = fresh.store.load(&account()).await.unwrap();
    let set_back = SetBack::needed(view.newest(), now).unwrap();
    let mut commit = Commit::new(account(), now);
    set_back.state(&mut view.state);
    for alert in &mut view.alerts {
        set_back.alert(alert, jiff::civil::date(2026, 11, 23));
    }
    (commit.state, commit.alerts) = (Some(view.state), view.alerts);
    commit.set_back = Some(set_back);
    fresh.store.commit(&commit).await.unwrap();
}

#[tokio::test]
async fn what_happened_is_past_and_what_is_to_come_is_as_far_away_as_it_was() {
    let fresh = Fresh::new().await;
    fresh.store.commit(&written()).await.unwrap();
    let now = at(-BACK);
    set_back(&fresh, now).await;
    let view = fresh.store.load(&account()).await.unwrap();
    let in_secs = |at: Option<Timestamp>| at.map(|at| at.duration_since(now).as_secs());
    let state = &view.state;
    assert_eq!(in_secs(state.sweep_started_at), Some(-1));
    assert_eq!(in_secs(state.clock_jumped_at), Some(-5), "it was past already");
    assert_eq!(in_secs(state.probe_at), Some(60));
    let client = &view.clients[0];
    assert_eq!(in_secs(client.last_attempt_at), Some(-1));
    assert_eq!(in_secs(client.reading.as_ref().map(|reading| reading.at)), Some(-1));
    assert_eq!(in_secs(client.previous.as_ref().map(|reading| reading.at)), Some(-5));
    let kept = fresh.store.history(&account(), &client_id("561115"), 9).await.unwrap();
    assert_eq!(in_secs(Some(kept[0].last_seen_at)), Some(-1));
    let sent = &view.enforcements[0];
    assert_eq!(in_secs(Some(sent.changed_at)), Some(-1));
    assert_eq!(in_secs(sent.settle_at), Some(70));
    let [
        Alert {
            phase: Phase::Firing(firing),
            ..
        },
        Alert {
            phase: Phase::Pending(pending),
            ..
        },
    ] = &view.alerts[..]
    else {
        panic!("{:?}", view.alerts);
    };
    assert_eq!(
        (in_secs(Some(firing.since)), in_secs(firing.last_reading_at)),
        (Some(-1), Some(-1))
    );
    assert_eq!(
        firing.client_waits,
        Some(ClientWaits::CoolDownEnds(now + SignedDuration::from_secs(99)))
    );
    assert_eq!(
        (in_secs(Some(pending.since)), in_secs(Some(pending.last_breach_at))),
        (Some(-1), Some(-1))
    );

    let kept: Vec<_> = view
        .decisions
        .iter()
        .map(|kept| (kept.id.as_str(), in_secs(Some(kept.at)), in_secs(kept.until)))
        .collect();
    assert_eq!(
        kept,
        [
            ("brake", Some(-1), None),
            ("over", Some(-1), Some(-3)),
            ("running", Some(-1), Some(600))
        ]
    );
    let in_force: Vec<_> = view
        .decisions
        .iter()
        .filter(|kept| kept.in_force(now))
        .map(|kept| kept.id.as_str())
        .collect();
    assert_eq!(in_force, ["brake", "running"]);

    assert_eq!(in_secs(fresh.store.next_message_at().await.unwrap()), Some(900));
    let due = fresh
        .store
        .due_messages(now + SignedDuration::from_secs(900), 9)
        .await
        .unwrap();
    let deadlines: Vec<_> = due.iter().map(|(message, _)| in_secs(Some(message.deadline))).collect();
    assert_eq!(deadlines, [Some(86_400)]);
    let hour_later = now + SignedDuration::from_hours(1);
    let mails = fresh.store.client_mails_since(&account(), hour_later).await.unwrap();
    assert_eq!(mails, 0, "it counts for an hour, and not until the clock has caught up");
    assert_eq!(SetBack::needed(view.newest(), now), None, "once is enough");
}

#[tokio::test]
async fn other_accounts_keep_their_times() {
    let fresh = Fresh::new().await;
    fresh.store.commit(&written()).await.unwrap();
    let before = fresh.store.load(&account()).await.unwrap();
    let mut commit = Commit::new(crate::domain::AccountName::new("other").unwrap(), at(-BACK));
    commit.set_back = SetBack::needed(Some(at(0)), at(-BACK));
    fresh.store.commit(&commit).await.unwrap();
    assert_eq!(fresh.store.load(&account()).await.unwrap(), before);
}
