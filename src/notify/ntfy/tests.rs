//! What ntfy is told, and what its answers mean.

use serde_json::{Value, json};

use super::{Ntfy, message};
use crate::domain::notice::{MessageKind, Transition};
use crate::domain::{ClientId, Severity};
use crate::net::header::HeaderValue;
use crate::notify::delivery::{End, Parcel, Scope, never};
use crate::notify::post::Vendor;
use crate::notify::testing::{every_status, fired, owed, parcel, parcel_of, poster, receiver, told, usual};

const TAKEN: &str = r#"{"id":"sPs71M8A2T","time":1643935928,"event":"message","topic":"alerts"}"#;

fn ntfy() -> Ntfy {
    Ntfy::new("alerts".to_owned(), None, None)
}

fn message_of(parcel: &Parcel) -> Value {
    message::message(parcel, "alerts", Some("https://pay.example.com/"))
}

/// Every field of <https://docs.ntfy.sh/publish/#publish-as-json> that is used.
#[test]
fn a_message_has_the_published_shape() {
    let mut told = message_of(&parcel_of(fired()));
    let text = told["message"].take();
    let text = text.as_str().unwrap();
    assert!(
        text.starts_with("Balance: 8.0588 USD\n") && text.contains("\n1. "),
        "{text}"
    );
    assert_eq!(
        told,
        json!({
            "topic": "alerts", "title": "WARNING: Consulting (561115) has 8.0588 USD left, below 10.00 USD",
            "message": null, "priority": 4, "tags": ["warning", "warning", "main"],
            "click": "https://pay.example.com/",
            "sequence_id": told["sequence_id"],
        })
    );
    let id = told["sequence_id"].as_str().unwrap();
    assert!(
        id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    assert_eq!(
        told["sequence_id"],
        message_of(&parcel_of(fired()))["sequence_id"],
        "a repeat has the same"
    );
    assert_ne!(
        told["sequence_id"],
        message_of(&parcel_of(Transition::Resolved))["sequence_id"]
    );
}

#[test]
fn priorities_follow_severity_and_a_tap_leads_on() {
    let runbook = Some("https://wiki.example.com/low");
    let pay = Some("https://pay.example.com/");
    for (severity, transition, runbook, pseudo, priority, click) in [
        (Severity::Critical, fired(), None, false, 5, pay),
        (Severity::Warning, fired(), runbook, false, 4, runbook),
        (Severity::Info, Transition::Repeated { repeat: 1 }, None, true, 3, None),
        (Severity::Critical, Transition::Resolved, None, false, 2, None),
        (Severity::Critical, Transition::Resolved, runbook, false, 2, runbook),
    ] {
        let (message, mut notification) = owed(561_115, transition, "ops", "");
        notification.severity = severity;
        notification.facts.runbook_url = runbook.map(str::to_owned);
        if pseudo {
            notification.client = ClientId::reseller();
        }
        let told = message_of(&parcel(message, vec![notification]));
        assert_eq!(
            (told["priority"].as_i64(), told["click"].as_str()),
            (Some(priority), click)
        );
    }
}

#[test]
fn a_long_message_is_shortened_between_characters() {
    let mut message = owed(1, fired(), "ops", "").0;
    message.kind = MessageKind::Summary;
    let many = (1..1_000).map(|number| {
        let mut notification = owed(number, fired(), "ops", "").1;
        notification.facts.label = "ü".repeat(1_000);
        notification
    });
    let told = message_of(&parcel(message, many.collect()));
    let text = told["message"].as_str().unwrap();
    assert!(text.len() <= 4_096 && text.len() > 4_000, "{}", text.len());
    assert!(text.ends_with("\n…"), "{text}");
    assert!(told["title"].as_str().unwrap().chars().count() <= 200);
}

#[tokio::test]
async fn every_status_says_what_it_means() {
    for (status, came_to) in every_status(&ntfy(), &parcel_of(fired()), TAKEN).await {
        let expected = if status == 507 {
            Some((End::PutOff, Scope::Channel))
        } else {
            usual(status)
        };
        // An answer without a body cannot say so.
        if !matches!(status, 204 | 205) {
            assert_eq!(came_to, expected, "{status}");
        }
    }
    for body in ["", "<html>log in</html>", "{}", r#"{"id":7}"#] {
        let failed = told(&ntfy(), &parcel_of(fired()), vec![(200, "", body)])
            .await
            .unwrap_err();
        assert_eq!((failed.end, failed.scope), (End::PutOff, Scope::Channel), "{body}");
    }
}

#[tokio::test]
async fn a_refused_topic_is_the_channels() {
    for (body, scope) in [
        (
            r#"{"code":40009,"http":400,"error":"invalid request: topic invalid"}"#,
            Scope::Channel,
        ),
        (
            r#"{"code":40010,"http":400,"error":"invalid request: topic name is disallowed"}"#,
            Scope::Channel,
        ),
        (
            r#"{"code":40017,"http":400,"error":"invalid request: request body must be message JSON"}"#,
            Scope::Message,
        ),
        ("garbage", Scope::Message),
    ] {
        let failed = told(&ntfy(), &parcel_of(fired()), vec![(400, "", body)])
            .await
            .unwrap_err();
        assert_eq!((failed.end, failed.scope), (End::Refused, scope), "{body}");
    }
}

#[tokio::test]
async fn whoever_logs_in_says_so() {
    let receiver = receiver(vec![(200, "", TAKEN)]).await;
    let authorization = Some(HeaderValue::from_static("Bearer tk_secret"));
    let ntfy = Ntfy::new("alerts".to_owned(), authorization, None);
    ntfy.deliver(&poster(&receiver.url), &parcel_of(fired()), never())
        .await
        .unwrap();
    assert!(receiver.seen()[0].head.contains("authorization: Bearer tk_secret"));
}
