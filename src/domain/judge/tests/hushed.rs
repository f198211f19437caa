//! What people silence, acknowledge and mute, over the whole life of an episode.

use super::{NOW, circumstances, low, reading, rules, seen, watched};
use crate::domain::alert::Alert;
use crate::domain::decision::{BY_PERSON, Decision, Kind, Scope};
use crate::domain::hush::{Covers, Hush, HushedBy, Hushes};
use crate::domain::notice::{NoticeState, Notification};
use crate::domain::testing::{at, client, threshold};
use crate::domain::{AccountName, ChannelName, Policy, PolicyName, Severity};

const DAY: i64 = 86_400;

/// One client, swept again and again. What is remembered goes through its stored form each time, as over a restart.
struct Story {
    policy: Policy,
    alerts: Vec<Alert>,
    decisions: Vec<Decision>,
    mutes: Vec<Hush>,
    last: Vec<Notification>,
}

impl Story {
    fn new(notify: &[&str]) -> Self {
        let mut policy = low();
        policy.notify = notify.iter().map(|name| ChannelName::new(name).unwrap()).collect();
        Self {
            policy,
            alerts: Vec::new(),
            decisions: Vec::new(),
            mutes: Vec::new(),
            last: Vec::new(),
        }
    }

    /// What a sweep owes so many seconds later, and `(dropped)` behind what it keeps back.
    fn sweep(&mut self, secs: i64, balance: &str) -> Vec<String> {
        let (watched, ten, read) = (
            watched(),
            threshold(Some("10"), NOW + secs),
            reading(balance, NOW + secs),
        );
        let stored = serde_json::to_string(&self.alerts).unwrap();
        let alerts: Vec<Alert> = serde_json::from_str(&stored).unwrap();
        let hushes = Hushes::new(&self.decisions, &self.mutes, at(NOW + secs));
        let seen = seen(&watched, &read, &ten, &alerts).hushed(&hushes);
        let decided = rules(vec![self.policy.clone()]).judge_client(&seen, &circumstances(NOW + secs));
        self.alerts = super::after(&alerts, &decided);
        self.last = decided.owed.notifications;
        assert_eq!(
            decided.owed.messages.len(),
            self.last
                .iter()
                .filter(|notification| notification.message.is_some())
                .count()
        );
        let words = self.last.iter().map(|notification| {
            let dropped = match &notification.state {
                NoticeState::Dropped(_) => " (dropped)",
                _ => "",
            };
            format!("{} {}{dropped}", notification.channel, notification.transition.label())
        });
        words.collect()
    }

    fn silence(&mut self, until: i64) {
        self.decide(Kind::Silence, Some(until), Scope::default());
    }

    fn ack(&mut self, until: Option<i64>) {
        let firing = self.alerts[0].firing().unwrap();
        let scope = Scope {
            episode: Some(firing.episode.clone()),
            ..Scope::default()
        };
        self.decide(Kind::Ack, until, scope);
    }

    fn decide(&mut self, kind: Kind, until: Option<i64>, scope: Scope) {
        let account = AccountName::new("main").unwrap();
        self.decisions.push(Decision {
            id: format!("{kind:?}"),
            kind,
            scope: Scope {
                client: Some(client()),
                ..scope
            },
            until: until.map(|until| at(NOW + until)),
            by: "alice".to_owned(),
            ..Decision::brake(account, BY_PERSON, "why".to_owned(), at(NOW))
        });
    }
}

#[test]
fn what_still_fires_at_the_end_of_a_silence_is_told_then_once() {
    let mut story = Story::new(&["ops"]);
    story.silence(700);
    assert_eq!(story.sweep(0, "5"), ["ops fired (dropped)"]);
    let NoticeState::Dropped(why) = &story.last[0].state else {
        panic!("{:?}", story.last)
    };
    assert_eq!(why, "silenced by alice (Silence) until 2023-11-16T02:11:40Z");
    assert_eq!(story.sweep(300, "4"), [""; 0]);
    assert_eq!(story.sweep(600, "3"), [""; 0], "the silence holds");
    assert_eq!(story.sweep(900, "10.50"), [""; 0], "nobody is told of what recovers");
    assert_eq!(story.sweep(1_200, "3"), ["ops still-fires"]);
    assert_eq!(story.sweep(1_500, "2"), [""; 0], "once");
    assert_eq!(
        story.sweep(1_200 + DAY, "2"),
        ["ops repeated-1"],
        "a reminder comes a day after it was told"
    );
    assert_eq!(story.sweep(1_500 + DAY, "50"), [""; 0]);
    assert_eq!(story.sweep(1_800 + DAY, "50"), ["ops resolved"]);
}

#[test]
fn an_end_is_told_whatever_hushes_the_alert() {
    // Whether its beginning ever arrived is seen when it is to be sent.
    let mut story = Story::new(&["ops", "client"]);
    story.silence(10 * DAY);
    assert_eq!(story.sweep(0, "5"), ["ops fired (dropped)", "client fired (dropped)"]);
    assert_eq!(
        story.sweep(DAY, "5"),
        ["ops repeated-1 (dropped)", "client repeated-1 (dropped)"]
    );
    assert_eq!(story.sweep(DAY + 300, "0"), ["client used-up (dropped)"]);
    assert_eq!(story.sweep(DAY + 600, "50"), [""; 0]);
    assert_eq!(story.sweep(DAY + 900, "50"), ["ops resolved", "client resolved"]);

    let mut story = Story::new(&["ops"]);
    assert_eq!(story.sweep(0, "5"), ["ops fired"]);
    story.silence(10 * DAY);
    assert_eq!(story.sweep(300, "50"), [""; 0]);
    assert_eq!(story.sweep(600, "50"), ["ops resolved"]);
}

#[test]
fn a_silence_after_the_firing_holds_back_reminders_and_one_that_is_expired_by_hand_none_any_more() {
    let mut story = Story::new(&["ops"]);
    assert_eq!(story.sweep(0, "5"), ["ops fired"]);
    assert!(!story.alerts[0].firing().unwrap().is_unheard());
    story.silence(10 * DAY);
    assert_eq!(story.sweep(300, "5"), [""; 0]);
    story.decisions.clear();
    assert_eq!(story.sweep(600, "5"), [""; 0], "nothing was held back");
    story.silence(10 * DAY);
    assert_eq!(story.sweep(DAY, "5"), ["ops repeated-1 (dropped)"]);
    assert!(
        !story.alerts[0].firing().unwrap().is_unheard(),
        "its beginning was told"
    );
    story.decisions.clear();
    assert_eq!(story.sweep(DAY + 300, "5"), ["ops still-fires"]);
    assert_eq!(story.sweep(2 * DAY, "5"), [""; 0]);
    assert_eq!(story.sweep(2 * DAY + 300, "5"), ["ops repeated-2"]);
}

#[test]
fn an_acknowledgement_stops_reminders_until_it_ends() {
    let mut story = Story::new(&["ops", "client"]);
    assert_eq!(story.sweep(0, "5"), ["ops fired", "client fired"]);
    story.ack(Some(2 * DAY));
    assert_eq!(story.sweep(300, "0"), ["client used-up"], "a new fact is told");
    story.silence(DAY + 600);
    assert_eq!(
        story.sweep(DAY + 300, "0"),
        ["ops repeated-1 (dropped)", "client repeated-1 (dropped)"]
    );
    assert_eq!(
        story.sweep(DAY + 900, "0"),
        [""; 0],
        "the silence is over, and somebody has it"
    );
    assert_eq!(story.sweep(2 * DAY, "0"), ["ops still-fires", "client still-fires"]);
    // An acknowledgement is of one episode.
    assert_eq!(story.sweep(2 * DAY + 300, "50"), [""; 0]);
    assert_eq!(story.sweep(2 * DAY + 600, "50"), ["ops resolved", "client resolved"]);
    story.decisions[0].until = None;
    assert_eq!(story.sweep(3 * DAY, "5"), ["ops fired", "client fired"]);
}

#[test]
fn a_window_holds_back_what_began_in_it_whatever_it_is_named_by() {
    let mute = |policies: &[&str]| Hush {
        by: HushedBy::Mute {
            name: PolicyName::new("sunday").unwrap(),
        },
        since: at(NOW),
        until: Some(at(NOW + 700)),
        covers: Covers {
            policies: policies.iter().map(|name| PolicyName::new(name).unwrap()).collect(),
            ..Covers::default()
        },
    };
    let mut story = Story::new(&["ops"]);
    story.mutes = vec![mute(&["blind", "low"])];
    assert_eq!(story.sweep(0, "5"), ["ops fired (dropped)"]);
    assert!(story.alerts[0].firing().unwrap().is_unheard());
    story.mutes.clear();
    assert_eq!(story.sweep(300, "5"), ["ops still-fires"]);
    assert!(!story.alerts[0].firing().unwrap().is_unheard());

    let mut story = Story::new(&["ops"]);
    story.mutes = vec![mute(&["blind"])];
    assert_eq!(story.sweep(0, "5"), ["ops fired"]);
}

#[test]
fn an_episode_keeps_the_severity_it_began_with() {
    let mut story = Story::new(&["ops"]);
    story.sweep(0, "5");
    story.policy.severity = Severity::Critical;
    assert_eq!(story.sweep(DAY, "5"), ["ops repeated-1"]);
    assert_eq!(story.last[0].severity, Severity::Warning);
    story.sweep(DAY + 300, "50");
    story.sweep(DAY + 600, "50");
    assert_eq!(story.last[0].severity, Severity::Warning);
    story.sweep(3 * DAY, "5");
    assert_eq!(story.last[0].severity, Severity::Critical);
}
