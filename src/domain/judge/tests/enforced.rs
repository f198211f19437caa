//! Who hears what became of a change.

use super::{NOW, cools_down, fires, low, rules, watched};
use crate::domain::ClientId;
use crate::domain::alert::Alert;
use crate::domain::enforcement::{Direction, Enforcement, Outcome};
use crate::domain::policy::Policy;
use crate::domain::testing::{self, at};

/// A change that this alert's episode asked for.
fn enforcement(alert: &Alert, direction: Direction) -> Enforcement {
    Enforcement {
        policy: alert.policy.clone(),
        direction,
        planned_at: at(10),
        changed_at: at(20),
        ..testing::enforcement(alert.firing().unwrap().episode.clone())
    }
}

#[test]
fn operators_hear_of_it_while_the_episode_runs_and_of_a_way_back_also_after_it() {
    let (asked, later) = (fires(&low(), 0), fires(&low(), 50));
    let others = Alert {
        client: ClientId::new("1").unwrap(),
        ..asked.clone()
    };
    let (enforce, revert) = (Direction::Enforce, Direction::Revert);
    let low_only = || vec![low()];
    type Case = (&'static str, Vec<Policy>, Vec<Alert>, Direction, bool);
    let cases: [Case; 7] = [
        ("the episode runs", low_only(), vec![asked.clone()], enforce, true),
        ("another episode runs", low_only(), vec![later.clone()], enforce, false),
        ("another client's", low_only(), vec![others], enforce, false),
        ("it is over", low_only(), vec![], enforce, false),
        ("it is over, and the change went back", low_only(), vec![], revert, true),
        (
            "it cools down, and the change went back",
            low_only(),
            vec![cools_down(&low(), 40)],
            revert,
            true,
        ),
        ("the policy is gone", vec![], vec![asked.clone()], enforce, false),
    ];
    for (name, policies, alerts, direction, is_told) in cases {
        let enforcement = enforcement(&asked, direction);
        let outcome = Outcome::Verified;
        let owed = rules(policies).judge_enforced(&enforcement, &outcome, &watched(), &alerts, at(NOW));
        let to: Vec<&str> = owed.messages.iter().map(|message| message.recipient.as_str()).collect();
        let expected: &[&str] = if is_told { &["noc@example.com"] } else { &[] };
        assert_eq!(to, expected, "{name}: never the client");
        for notification in &owed.notifications {
            assert_eq!(notification.episode, enforcement.episode, "{name}");
            assert_eq!(
                notification.facts.reading,
                watched().reading,
                "{name}: by the last reading"
            );
        }
    }
}
