//! Texts from outside may hold anything and be of any length; they come back equal, or bounded.

use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::{Fresh, account, at, client_id, enforcement, firing, message, notification, watched};
use crate::domain::Management;
use crate::domain::enforcement::{Direction, EnforcementState, FieldDifference, Outcome};
use crate::domain::notice::{Attempt, AttemptOutcome, NoticeState, Transition};
use crate::domain::reason::Reason;
use crate::domain::watch::Watched;
use crate::store::encode::{DETAIL_BYTES, NAME_BYTES};
use crate::store::{Commit, HistoryEntry, Seen};

/// A client whose every text is this one.
fn named(id: &str, text: &str) -> Watched {
    let mut named = watched(id);
    named.client.email = text.to_owned();
    named.client.company = text.to_owned();
    named.client.firstname = text.to_owned();
    named.client.lastname = text.to_owned();
    named.client.balance_management = text.to_owned();
    named.last_error = Some(text.to_owned());
    if let Some(threshold) = &mut named.threshold {
        threshold.email = Some(text.to_owned());
    }
    named
}

#[tokio::test]
async fn odd_texts_come_back_as_they_were() {
    let texts = [
        "",
        " ",
        "'; DROP TABLE client; --",
        "\"quoted\" and \\ and \\u0041 and \\u0000",
        "line\r\nbreak\tand\u{1}\u{1f}\u{7f}",
        "<script>alert(1)</script>",
        "Zoë Čapek 李小龍 👩‍👩‍👧‍👦 \u{202e}thgir",
        "{\"json\": [1, null]}",
        "[1]",
        "null",
        "123",
        "1e5",
        "$.client",
        "\u{fffd}\u{10ffff}\u{e000}",
    ];
    let fresh = Fresh::new().await;
    let mut commit = Commit::new(account(), at(0));
    for (number, text) in texts.iter().enumerate() {
        commit.clients.push(named(&format!("56{number:02}"), text));
    }
    fresh.store.commit(&commit).await.unwrap();
    let back = fresh.store.load(&account()).await.unwrap().clients;
    for ((text, committed), back) in texts.iter().zip(&commit.clients).zip(&back) {
        assert_eq!(committed, back, "{text:?}");
    }
}

#[tokio::test]
async fn nul_becomes_a_mark_and_cuts_nothing() {
    let fresh = Fresh::new().await;
    let mut commit = Commit::new(account(), at(0));
    commit.clients = vec![named("561115", "before\0after")];
    let mut alert = firing("561115");
    alert.reason = Reason::NoFreshReading {
        error: Some("nul\0inside".to_owned()),
    };
    commit.alerts = vec![alert.clone()];
    let mut carrier = message("m\0", "thread\0");
    carrier.recipient = "a\0b@example.com".to_owned();
    commit.messages = vec![carrier];
    commit.notifications = vec![notification("n\0", "561115", Some("m\0"))];
    commit.history = vec![HistoryEntry {
        client: client_id("561115"),
        at: at(0),
        seen: Seen::Gap {
            error: "g\0p".to_owned(),
        },
    }];
    fresh.store.commit(&commit).await.unwrap();
    let view = fresh.store.load(&account()).await.unwrap();
    assert_eq!(view.clients, [named("561115", "before\u{fffd}after")]);
    assert_eq!(view.alerts, [alert], "in JSON it is only an escape");
    let due = fresh.store.due_messages(at(10), 1).await.unwrap();
    assert_eq!(due[0].0.recipient, "a\u{fffd}b@example.com");
    assert_eq!(due[0].1.len(), 1, "message and notification still find each other");
    let kept = fresh.store.history(&account(), &client_id("561115"), 1).await.unwrap();
    let error = "g\u{fffd}p".to_owned();
    assert_eq!(kept[0].seen, Seen::Gap { error });
}

#[tokio::test]
async fn long_texts_are_bounded_wherever_they_stand() {
    let fresh = Fresh::new().await;
    let book = "é".repeat(1_000_000);
    let mut commit = Commit::new(account(), at(0));
    commit.clients = vec![named("561115", &book)];
    let mut carrier = message("m1", "e1");
    carrier.state = NoticeState::Dead(book.clone());
    commit.messages = vec![carrier];
    let mut notice = notification("n1", "561115", Some("m1"));
    notice.facts.label.clone_from(&book);
    let fields = vec![FieldDifference {
        field: "company".to_owned(),
        expected: book.clone(),
        found: String::new(),
    }];
    let outcome = Outcome::Differs { fields };
    notice.transition = Transition::Enforced {
        outcome: outcome.clone(),
        direction: Direction::Enforce,
        wanted: Management::Hard,
    };
    commit.notifications = vec![notice];
    commit.attempts = vec![Attempt {
        message: "m1".to_owned(),
        number: 1,
        at: at(0),
        outcome: AttemptOutcome::Refused,
        detail: book.clone(),
    }];
    let mut differs = enforcement("x1", "561115", EnforcementState::Ended { outcome }, 0);
    differs.before_image = Some(format!("{{\"company\":\"{book}\",\"city\":\"Laval\"}}"));
    commit.enforcements = vec![differs];
    fresh.store.commit(&commit).await.unwrap();

    let few = DETAIL_BYTES + "…".len();
    let client = fresh.store.load(&account()).await.unwrap().clients.remove(0).client;
    assert!(client.company.len() <= NAME_BYTES + "…".len() && client.company.ends_with('…'));
    let record = fresh.store.notification("n1").await.unwrap().unwrap();
    assert!(record.notification.facts.label.len() <= few);
    assert!(record.attempts[0].detail.len() <= few);
    assert!(record.message.unwrap().state.why().unwrap().len() <= few);
    let record = fresh.store.enforcement("x1").await.unwrap().unwrap();
    let image: serde_json::Value = serde_json::from_str(&record.enforcement.before_image.unwrap()).unwrap();
    assert_eq!(image["city"], "Laval", "the rest of the record stays readable");
    assert!(image["company"].as_str().unwrap().len() <= few);
    let size = std::fs::metadata(fresh.path().with_file_name("state.db-wal"))
        .unwrap()
        .len();
    assert!(size < 1_000_000, "{size} bytes were written");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_text_without_nul_comes_back(texts in proptest::collection::vec("[^\0]{0,200}", 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fresh = Fresh::new().await;
            let mut commit = Commit::new(account(), at(0));
            commit.clients = (10..).zip(&texts).map(|(number, text)| named(&format!("{number}"), text)).collect();
            fresh.store.commit(&commit).await.unwrap();
            prop_assert_eq!(fresh.store.load(&account()).await.unwrap().clients, commit.clients);
            Ok(())
        })?;
    }
}
