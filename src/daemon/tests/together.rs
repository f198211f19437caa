//! What is critical does not wait for the end of a long sweep.

use jiff::SignedDuration;

use super::{Stage, id};
use crate::domain::Severity;
use crate::domain::notice::Message;

#[tokio::test]
async fn something_critical_is_told_within_a_minute_and_the_rest_when_everybody_was_asked() {
    let stage = Stage::new(30, "rate_per_minute = 6", "").await;
    stage.pass_within(7200).await;
    stage.edit(&id(0), "-5");
    (1..3).for_each(|index| stage.edit(&id(index), "5"));
    stage.wait(300);
    stage.pass_within(7200).await;
    let ended = stage.clock.now();
    let due = stage.daemon.store.due_messages(ended, 100).await.unwrap();
    let about = |client: &str| -> Message {
        let is_about = |(_, told): &&(Message, Vec<_>)| {
            let mut told = told.iter();
            told.any(|told: &crate::domain::notice::Notification| told.client.as_str() == client)
        };
        due.iter().find(is_about).unwrap().0.clone()
    };
    let notices = stage.notices().await;
    let critical = notices
        .iter()
        .find(|notice| notice.severity == Severity::Critical)
        .unwrap();
    let told = about(&id(0));
    let waited = told.created_at.duration_since(critical.created_at);
    assert!(waited <= SignedDuration::from_secs(60), "{waited:#}");
    let minute = SignedDuration::from_secs(60);
    assert!(ended.duration_since(told.created_at) > minute, "before the sweep ended");
    for index in 1..3 {
        let rest = about(&id(index));
        assert!(ended.duration_since(rest.created_at) < minute, "{index}, when it ended");
    }
}
