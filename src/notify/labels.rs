//! An alert as Alertmanager and everybody who speaks its formats knows one: labels, which are its identity, and annotations,
//! which may change while it fires. PURE. Holds nothing that says how it is sent.

use jiff::Timestamp;
use serde::Serialize;

use super::letter::{self, Letterhead};
use crate::domain::labels::{Names, fingerprint, labels};
use crate::domain::notice::Notification;
use crate::redact::one_line;

/// Longest description, in characters: what is said of one alert is shorter, and many of them are sent together.
const LONGEST_DESCRIPTION: usize = 2_000;

/// What an alert is called, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Labelled {
    /// `alertname` (the policy), `account`, `client`, `severity`: the same for as long as it fires.
    pub labels: Names,
    /// `summary`, `description`, and where they are known `balance`, `threshold`, `read_at` and `runbook_url`.
    pub annotations: Names,
    /// The page about it; empty when pages are reached on this machine only.
    #[serde(skip)]
    pub page: String,
}

impl Labelled {
    /// The alert that a notification tells of, in the words of a mail to operators.
    #[must_use]
    pub fn of(notification: &Notification, letterhead: &Letterhead, now: Timestamp) -> Self {
        let Notification {
            account,
            client,
            policy,
            severity,
            facts,
            ..
        } = notification;
        let letter = letter::about(notification, letterhead, now);
        let description: Vec<String> = letter.paragraphs.into_iter().chain(letter.steps).collect();
        let reading = facts.reading.as_ref();
        let threshold = facts.threshold.as_ref().and_then(|threshold| threshold.amount);
        let annotations = [
            ("summary", Some(letter.headline)),
            (
                "description",
                Some(one_line(&description.join(" "), LONGEST_DESCRIPTION)),
            ),
            ("balance", reading.map(|reading| reading.balance.for_people())),
            ("threshold", threshold.map(|threshold| threshold.for_people())),
            ("read_at", reading.map(|reading| format!("{:.0}", reading.at))),
            ("runbook_url", facts.runbook_url.clone()),
        ];
        let known = annotations.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Self {
            labels: labels(account, client, policy, *severity),
            annotations: known.collect(),
            page: letterhead.page_of(notification).unwrap_or_default(),
        }
    }

    /// What Alertmanager calls it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.labels)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Labelled;
    use crate::domain::testing::threshold;
    use crate::notify::testing::{fired, letterhead, owed, start};

    #[test]
    fn labels_are_the_identity_and_annotations_say_the_rest() {
        let (_, mut notification) = owed(561_115, fired(), "hook", "");
        let plain = Labelled::of(&notification, &letterhead(), start());
        assert_eq!(plain.annotations.get("threshold"), None);
        assert_eq!(plain.annotations.get("runbook_url"), None);
        notification.facts.threshold = Some(threshold(Some("10"), 0));
        notification.facts.runbook_url = Some("https://wiki.example.com/low".to_owned());
        let labelled = Labelled::of(&notification, &letterhead(), start());
        let mut value = serde_json::to_value(&labelled).unwrap();
        let description = value["annotations"]["description"].take();
        assert!(
            description
                .as_str()
                .unwrap()
                .contains("Ask Consulting (561115) to top up"),
            "{description}"
        );
        assert_eq!(
            value,
            json!({
                "labels": {"alertname": "low-balance", "account": "main", "client": "561115", "severity": "warning"},
                "annotations": {
                    "summary": "Consulting (561115) has 8.0588 USD left, below 10.00 USD", "description": null,
                    "balance": "8.0588", "threshold": "10.00", "read_at": "2026-11-23T15:15:00Z",
                    "runbook_url": "https://wiki.example.com/low",
                },
            })
        );
        assert_eq!(labelled.fingerprint(), plain.fingerprint(), "of the labels alone");
    }
}
