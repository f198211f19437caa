//! What is posted to Alertmanager's API v2: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>,
//! `postableAlerts`. PURE. All times in it are by the clock of the peer that gets it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::shown::Entry;
use crate::domain::time::later;

/// Alerts in one request. Alertmanager takes any number; what fails or is slow is then a part.
const MOST_ALERTS: usize = 500;

/// Bytes of one request: what proxies take by default. An alert has about one thousand.
const MOST_BYTES: usize = 1_000_000;

/// By how much two clocks differ that agree: the date of an answer has whole seconds, and travels.
const AGREE_WITHIN: SignedDuration = SignedDuration::from_secs(2);

/// How a peer's clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerClock {
    /// What it shows now.
    pub now: Timestamp,
    /// How far it is ahead of this machine's.
    pub ahead: SignedDuration,
}

impl PeerClock {
    /// The clock of a peer that said it is `said` when it was `now` here; `None`: it said nothing.
    #[must_use]
    pub fn of(said: Option<Timestamp>, now: Timestamp) -> Self {
        let ahead = said.map_or(SignedDuration::ZERO, |said| said.duration_since(now));
        if ahead.abs() <= AGREE_WITHIN {
            return Self {
                now,
                ahead: SignedDuration::ZERO,
            };
        }
        Self {
            now: said.unwrap_or(now),
            ahead,
        }
    }

    /// What it showed at a time of this machine's, and never what it does not show yet.
    fn past(&self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.ahead).unwrap_or(self.now).min(self.now)
    }
}

/// The bodies of the requests that tell a peer of these alerts, each bounded. One that fires ends after `holds` unless it is
/// posted again by then.
pub fn bodies<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    clock: &PeerClock,
    holds: SignedDuration,
) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let (mut body, mut alerts) = (Vec::from(*b"["), 0);
    for entry in entries {
        let text = postable(entry, clock, holds).to_string();
        if alerts == MOST_ALERTS || (alerts > 0 && body.len() + text.len() + 2 > MOST_BYTES) {
            body.push(b']');
            bodies.push(std::mem::replace(&mut body, Vec::from(*b"[")));
            alerts = 0;
        }
        if alerts > 0 {
            body.push(b',');
        }
        body.extend_from_slice(text.as_bytes());
        alerts += 1;
    }
    if alerts > 0 {
        body.push(b']');
        bodies.push(body);
    }
    bodies
}

/// One alert of `postableAlerts`.
fn postable(entry: &Entry, clock: &PeerClock, holds: SignedDuration) -> Value {
    let ends_at = match entry.ended {
        // Ahead: it fires, and ends then unless it is posted again.
        None => later(clock.now, holds),
        Some(ended) => clock.past(ended.at),
    };
    // Alertmanager refuses an alert that ends before it starts.
    let starts_at = clock.past(entry.since).min(ends_at);
    let mut alert = json!({
        "labels": entry.what.labels,
        "annotations": entry.what.annotations,
        "startsAt": starts_at,
        "endsAt": ends_at,
    });
    if !entry.what.page.is_empty() {
        alert["generatorURL"] = json!(entry.what.page);
    }
    alert
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::{SignedDuration, Timestamp};
    use serde_json::{Value, json};

    use super::{MOST_ALERTS, MOST_BYTES, PeerClock, bodies};
    use crate::domain::testing::at;
    use crate::notify::alertmanager::shown::{Ended, Shown};
    use crate::notify::alertmanager::testing::labelled;

    const HOLDS: SignedDuration = SignedDuration::from_secs(180);

    fn ended(secs: i64) -> Ended {
        Ended {
            at: at(secs),
            monotonic: Duration::ZERO,
        }
    }

    fn posted(shown: &Shown, clock: PeerClock) -> Vec<Value> {
        let bodies = bodies(shown.after(0), &clock, HOLDS);
        let lists = bodies
            .iter()
            .map(|body| serde_json::from_slice::<Vec<Value>>(body).unwrap());
        lists.flatten().collect()
    }

    #[test]
    fn an_alert_is_what_the_api_takes() {
        let shown = Shown::default().next(vec![(labelled(7, "low"), at(-60))], ended(0), true);
        let time = |secs| at(secs).to_string();
        let expected = json!({
            "labels": {"alertname": "low-balance", "account": "main", "client": "7", "severity": "warning"},
            "annotations": {"summary": "low"},
            "startsAt": time(-60), "endsAt": time(180),
        });
        assert_eq!(posted(&shown, PeerClock::of(None, at(0))), [expected]);
    }

    /// Seconds from `at(0)`.
    fn secs(alert: &Value, key: &str) -> i64 {
        let time: Timestamp = alert[key].as_str().unwrap().parse().unwrap();
        time.duration_since(at(0)).as_secs()
    }

    #[test]
    fn times_are_those_of_the_peers_clock_and_never_wrong_to_it() {
        let hour = 3_600;
        for (name, said, now, since, ended_at, expected) in [
            ("they agree", 0, 0, -60, None, (-60, 180)),
            ("they agree within the tolerance", 2, 0, -60, None, (-60, 180)),
            ("the peer is ahead", 3, 0, -60, None, (-57, 183)),
            ("ours was set back", hour, 0, -60, None, (hour - 60, hour + 180)),
            (
                "ours was set back after it began",
                hour,
                0,
                hour - 60,
                None,
                (hour, hour + 180),
            ),
            ("ours was set forward", 0, hour, hour - 60, None, (-60, 180)),
            (
                "ours was set forward after it began",
                0,
                hour,
                -60,
                None,
                (-60 - hour, 180),
            ),
            ("what ended", 0, 0, -60, Some(-10), (-60, -10)),
            (
                "what ended, ours behind",
                hour,
                0,
                -60,
                Some(-10),
                (hour - 60, hour - 10),
            ),
            ("what ended, ours set back since", 0, 0, -60, Some(50), (-60, 0)),
            ("what ended before it began", 0, 0, 0, Some(-10), (-10, -10)),
        ] {
            let shown = Shown::default().next(vec![(labelled(7, ""), at(since))], ended(0), true);
            let shown = match ended_at {
                Some(secs) => shown.next(Vec::new(), ended(secs), true),
                None => shown,
            };
            let alert = posted(&shown, PeerClock::of(Some(at(said)), at(now))).remove(0);
            assert_eq!((secs(&alert, "startsAt"), secs(&alert, "endsAt")), expected, "{name}");
        }
    }

    #[test]
    fn requests_are_bounded_and_hold_each_alert_once() {
        let long = "x".repeat(100_000);
        for (name, alerts, summary, requests) in [
            ("none", 0, "", vec![]),
            ("one", 1, "", vec![1]),
            ("a full one", MOST_ALERTS, "", vec![MOST_ALERTS]),
            ("one more", MOST_ALERTS + 1, "", vec![MOST_ALERTS, 1]),
            ("large ones", 12, long.as_str(), vec![9, 3]),
        ] {
            let firing = (0..alerts).map(|client| (labelled(i32::try_from(client).unwrap(), summary), at(0)));
            let shown = Shown::default().next(firing.collect(), ended(0), true);
            let bodies = bodies(shown.after(0), &PeerClock::of(None, at(0)), HOLDS);
            assert!(bodies.iter().all(|body| body.len() <= MOST_BYTES), "{name}");
            let lists: Vec<usize> = bodies
                .iter()
                .map(|body| serde_json::from_slice::<Vec<Value>>(body).unwrap().len())
                .collect();
            assert_eq!(lists, requests, "{name}");
        }
    }
}
