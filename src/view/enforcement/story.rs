//! One enforcement in a few plain sentences: what was asked and why, who said yes, what came of it, and what one can do now.

use super::{Direction, EnforcementCard};
use crate::domain::enforcement::Deferral;
use crate::view::words::{Now, clean};

impl EnforcementCard {
    pub(super) fn story(&self, now: &Now) -> String {
        let mut said = vec![self.wish(now)];
        for step in &self.steps {
            let what = match step.step.as_str() {
                "approved" => "It was approved",
                "undo" => "It was asked for",
                _ => continue,
            };
            said.push(format!("{what} {}.", clean(step.detail.trim_end_matches('.'))));
        }
        said.push(self.outcome());
        said.extend(self.next());
        said.join(" ")
    }

    fn wish(&self, now: &Now) -> String {
        let row = &self.row;
        let (at, client, policy) = (now.clock(row.planned_at), &row.client, &row.policy);
        let (balance, wanted) = (row.balance.for_people(), row.wanted);
        match row.direction {
            Direction::Enforce => {
                format!("At {at} client {client} had {balance}, and policy {policy} asked to set it to {wanted}.")
            }
            Direction::Revert => {
                format!(
                    "At {at} client {client} had {balance}, and what policy {policy} had changed was to go back to {wanted}."
                )
            }
        }
    }

    fn outcome(&self) -> String {
        let (before, sent) = (self.code_before.as_deref(), self.code_sent.as_deref());
        match (self.row.state, before, sent) {
            ("verified", Some(before), Some(sent)) => {
                let window = self.window_ms.unwrap_or_default();
                format!(
                    "Its `balance_management` went from {before} to {sent}, and nothing else in its record changed; an edit in the \
                     portal in the {window} ms before would have been lost."
                )
            }
            _ => format!("What came of it: {}.", self.row.why),
        }
    }

    /// What one can do about it.
    fn next(&self) -> Option<String> {
        let id = &self.row.id;
        if let Some(Deferral::Approval { .. }) = &self.deferral {
            return Some(format!(
                "`balancewatch enforcements approve {id} --comment \"why\"` says yes to it, `enforcements reject` no."
            ));
        }
        self.can_be_undone
            .then(|| format!("`balancewatch enforcements undo {id} --comment \"why\"` takes it back."))
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::enforcement::{Deferral, Direction, EnforcementState, EnforcementStep, Outcome};
    use crate::domain::kept::EnforcementRecord;
    use crate::domain::{Management, enforcement::Enforcement};
    use crate::view::enforcement::EnforcementCard;
    use crate::view::testing::{at, enforcement, now};

    fn story(enforcement: Enforcement, steps: &[(&str, &str)]) -> String {
        let steps = steps.iter().zip(1..).map(|((step, detail), number)| EnforcementStep {
            enforcement: enforcement.id.clone(),
            number,
            at: at(-500),
            step: (*step).to_owned(),
            detail: (*detail).to_owned(),
        });
        let steps = steps.collect();
        EnforcementCard::from(EnforcementRecord { enforcement, steps }).story(&now())
    }

    #[test]
    fn a_story_says_what_was_asked_who_approved_it_what_came_of_it_and_what_one_can_do() {
        let verified = EnforcementState::Ended {
            outcome: Outcome::Verified,
        };
        let done = Enforcement {
            code_before: Some("2".to_owned()),
            code_sent: Some("1".to_owned()),
            window_ms: Some(14),
            ..enforcement(verified)
        };
        let id = &done.id.clone();
        assert_eq!(
            story(
                done.clone(),
                &[("approved", "by Ann: he knows"), ("read", "the record")]
            ),
            format!(
                "At 2023-11-14 22:03:20 client 561115 had -0.50, and policy low asked to set it to HARD. It was approved by Ann: he \
                 knows. Its `balance_management` went from 2 to 1, and nothing else in its record changed; an edit in the portal in \
                 the 14 ms before would have been lost. `balancewatch enforcements undo {id} --comment \"why\"` takes it back."
            )
        );
        let back = Enforcement {
            direction: Direction::Revert,
            wanted: Management::Soft,
            ..done
        };
        let told = story(back, &[("undo", "by Bob: a mistake")]);
        assert!(
            told.contains("was to go back to SOFT. It was asked for by Bob: a mistake.") && !told.contains("undo"),
            "{told}"
        );
        let waits = EnforcementState::Deferred { why: Deferral::Brake };
        assert_eq!(
            story(enforcement(waits), &[]),
            "At 2023-11-14 22:03:20 client 561115 had -0.50, and policy low asked to set it to HARD. What came of it: put off: the \
             brake is on."
        );
    }
}
