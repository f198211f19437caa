//! What PagerDuty is told, and what its answers mean.

use serde_json::{Value, json};

use super::{PagerDuty, event};
use crate::domain::enforcement::{Direction, Outcome};
use crate::domain::notice::{MessageKind, Notification, Transition, Withdrawal};
use crate::domain::testing::threshold;
use crate::domain::{ChannelName, ClientId, Management, PolicyName, Severity};
use crate::notify::delivery::{End, Parcel, Scope, never};
use crate::notify::post::Vendor;
use crate::notify::testing::{every_status, fired, letterhead, owed, parcel, parcel_of, poster, receiver, told, usual};

const EPISODE: &str = "main.561115.low-balance.20261123T151500000Z";

fn pagerduty() -> PagerDuty {
    PagerDuty::new("KEY".to_owned().into(), letterhead())
}

fn events(parcel: &Parcel) -> Vec<Value> {
    event::events(parcel, &letterhead(), "KEY")
}

/// Every field of <https://developer.pagerduty.com/docs/send-alert-event> but pictures.
#[test]
fn an_alert_is_opened_in_the_published_shape() {
    let (message, mut notification) = owed(561_115, fired(), "ops", "");
    notification.facts.threshold = Some(threshold(Some("10"), 0));
    notification.facts.runbook_url = Some("https://wiki.example.com/low".to_owned());
    notification.facts.label = "Consulting\r\n<b>".to_owned();
    let mut event = events(&parcel(message, vec![notification])).remove(0);
    let details = &mut event["payload"]["custom_details"];
    for lines in ["meaning", "next_steps"] {
        let lines = details[lines].take();
        assert!(lines.as_array().is_some_and(|lines| !lines.is_empty()), "{lines}");
    }
    assert!(
        details["notes"].take()[0]
            .as_str()
            .unwrap()
            .contains("balancewatch explain 561115")
    );
    assert_eq!(
        event,
        json!({
            "routing_key": "KEY", "event_action": "trigger", "dedup_key": EPISODE, "client": "balancewatch",
            "links": [{"href": "https://wiki.example.com/low", "text": "What to do"}],
            "payload": {
                "summary": "Consulting <b> (561115) has 8.0588 USD left, below 10.00 USD",
                "source": "Consulting <b> (561115)", "severity": "warning", "timestamp": "2026-11-23T15:15:00Z",
                "component": "561115", "group": "main", "class": "low-balance",
                "custom_details": {
                    "account": "main", "client": "561115", "name": "Consulting <b>", "policy": "low-balance",
                    "balance": "8.0588", "currency": "USD", "threshold": "10", "limit": "10",
                    "read_at": "2026-11-23T15:15:00Z", "since": "2026-11-23T15:15:00Z",
                    "reason": "the balance 8.0588 is below 10.00",
                    "meaning": null, "next_steps": null, "notes": null,
                },
            },
        })
    );
}

#[test]
fn an_episode_is_one_alert_from_its_beginning_to_its_end() {
    let enforced = Transition::Enforced {
        outcome: Outcome::Verified,
        wanted: Management::Hard,
        direction: Direction::Revert,
    };
    let withdrawn = Transition::Withdrawn {
        why: Withdrawal::PolicyRemoved,
    };
    let escalated = Transition::Escalated {
        from: ChannelName::new("mail").unwrap(),
    };
    let acknowledged = Transition::Acknowledged { by: "alice".to_owned() };
    let apart = format!("{EPISODE}.enforcement");
    for (transition, action, key) in [
        (fired(), "trigger", EPISODE),
        (Transition::Repeated { repeat: 2 }, "trigger", EPISODE),
        (Transition::News, "trigger", EPISODE),
        (Transition::StillFires, "trigger", EPISODE),
        (escalated, "trigger", EPISODE),
        (acknowledged, "acknowledge", EPISODE),
        (Transition::Resolved, "resolve", EPISODE),
        (withdrawn, "resolve", EPISODE),
        (enforced, "trigger", &apart),
    ] {
        let label = transition.label();
        let event = events(&parcel_of(transition)).remove(0);
        assert_eq!(
            (event["event_action"].as_str(), event["dedup_key"].as_str()),
            (Some(action), Some(key)),
            "{label}"
        );
        assert_eq!(event.get("payload").is_some(), action == "trigger", "{label}");
    }
    for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
        let (message, mut notification) = owed(561_115, fired(), "ops", "");
        notification.severity = severity;
        let event = events(&parcel(message, vec![notification])).remove(0);
        assert_eq!(event["payload"]["severity"], severity.as_str());
    }
}

/// One message may tell of several policies: each is an alert of its own, or the end of one would close the other.
#[test]
fn what_is_told_together_is_opened_and_closed_apart() {
    let (message, first) = owed(561_115, fired(), "ops", "");
    let mut second = owed(561_116, Transition::Resolved, "ops", "").1;
    second.policy = PolicyName::new("overdrawn").unwrap();
    let events = events(&parcel(message, vec![second, first]));
    let told: Vec<_> = events
        .iter()
        .map(|event| (&event["event_action"], &event["dedup_key"]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["trigger", EPISODE],
            ["resolve", "main.561116.low-balance.20261123T151500000Z"]
        ])
    );
}

#[test]
fn nothing_is_longer_than_pagerduty_takes() {
    let long = |number: u32| {
        let mut notification = owed(number, fired(), "ops", "").1;
        notification.facts.label = "ü".repeat(10_000);
        notification.facts.currency = "\"".repeat(10_000);
        notification.facts.runbook_url = Some("https://example.com/".to_owned());
        notification
    };
    let mut one = long(1);
    let name = "a".repeat(64);
    one.client = ClientId::new(&name).unwrap();
    one.policy = PolicyName::new(&name).unwrap();
    let single = parcel(owed(1, fired(), "ops", "").0, vec![one]);
    let mut many = owed(1, fired(), "ops", "").0;
    (many.kind, many.thread) = (MessageKind::Summary, "summary.main.1".to_owned());
    let many = parcel(many, (1..5_000).map(long).collect());
    for (parcel, key) in [(single, "main."), (many, "summary.main.1")] {
        let event = events(&parcel).remove(0);
        assert!(event.to_string().len() < 512_000, "{}", event.to_string().len());
        let summary = event["payload"]["summary"].as_str().unwrap();
        assert!(summary.chars().count() <= 1_024);
        let told = event["dedup_key"].as_str().unwrap();
        assert!(told.starts_with(key) && told.chars().count() <= 255, "{told}");
    }
}

#[test]
fn many_at_once_are_one_event_that_says_how_many_are_left_out() {
    let notification = |number: u32| -> Notification {
        let mut notification = owed(number, fired(), "ops", "").1;
        if number == 7 {
            notification.severity = Severity::Critical;
        }
        notification
    };
    let mut message = owed(1, fired(), "ops", "").0;
    (message.kind, message.thread) = (MessageKind::Summary, "summary.main.1".to_owned());
    let few = events(&parcel(message.clone(), (1..40).map(notification).collect()));
    assert_eq!(few.len(), 1);
    let payload = &few[0]["payload"];
    assert_eq!(
        (&payload["severity"], &payload["class"]),
        (&json!("critical"), &json!("low-balance"))
    );
    let details = &payload["custom_details"];
    assert_eq!(
        (details["clients"].as_array().unwrap().len(), &details["left_out"]),
        (39, &json!(0))
    );
    assert_eq!(details["clients"][0]["client"], "7", "the most severe first");
    let many = events(&parcel(message, (1..5_000).map(notification).collect()));
    let details = &many[0]["payload"]["custom_details"];
    let shown = details["clients"].as_array().unwrap().len() as u64;
    assert!(shown > 500 && details["left_out"] == json!(4_999 - shown), "{shown}");
}

#[tokio::test]
async fn every_status_says_what_it_means() {
    let body = r#"{"status":"success","message":"Event processed","dedup_key":"k"}"#;
    for (status, came_to) in every_status(&pagerduty(), &parcel_of(fired()), body).await {
        // An answer without a body cannot say so.
        if !matches!(status, 204 | 205) {
            assert_eq!(came_to, usual(status), "{status}");
        }
    }
    let garbage = every_status(&pagerduty(), &parcel_of(fired()), "<html>log in</html>").await;
    for (status, came_to) in garbage.into_iter().filter(|(status, _)| *status < 300) {
        let expected = (status != 202).then_some((End::PutOff, Scope::Channel));
        assert_eq!(came_to, expected, "{status}");
    }
}

#[tokio::test]
async fn a_routing_key_that_nobody_knows_is_the_channels_and_loses_nothing() {
    let body = r#"{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}"#;
    let failed = told(&pagerduty(), &parcel_of(fired()), vec![(400, "", body)])
        .await
        .unwrap_err();
    assert_eq!((failed.end, failed.scope), (End::Refused, Scope::Channel));
    assert!(failed.hint.unwrap().contains("`routing_key`"));
    let other = r#"{"status":"invalid event","errors":["'payload.summary' is missing or blank"]}"#;
    let failed = told(&pagerduty(), &parcel_of(fired()), vec![(400, "", other)])
        .await
        .unwrap_err();
    assert_eq!(failed.scope, Scope::Message);
    assert!(
        !format!("{failed:?}").contains("payload.summary"),
        "nothing of a body is kept"
    );
}

#[tokio::test]
async fn a_message_has_arrived_when_all_its_events_have() {
    let (message, first) = owed(561_115, fired(), "ops", "");
    let second = owed(561_116, fired(), "ops", "").1;
    let parcel = parcel(message, vec![first, second]);
    let receiver = receiver(vec![(202, "", "{}"), (429, "", ""), (202, "", "{}")]).await;
    let poster = poster(&receiver.url);
    let failed = pagerduty().deliver(&poster, &parcel, never()).await.unwrap_err();
    assert_eq!((failed.end, failed.scope), (End::PutOff, Scope::Channel));
    pagerduty().deliver(&poster, &parcel, never()).await.unwrap();
    let seen = receiver.seen();
    let keys: Vec<Value> = seen
        .iter()
        .map(|seen| serde_json::from_str::<Value>(&seen.body).unwrap()["dedup_key"].take())
        .collect();
    assert_eq!(keys[..2], keys[2..], "the same keys again");
    assert!(seen[0].head.to_lowercase().contains("content-type: application/json"));
}
