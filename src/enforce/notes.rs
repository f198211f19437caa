//! What becomes of an enforcement, and who is told of it: each end and each refusal once. A surprise sets the brake.

use jiff::Timestamp;

use super::journal::Journal;
use super::report::Event;
use super::waiting::MOST_TOLD;
use crate::domain::decision::{BY_CODES, BY_READ_BACK, BY_UNKNOWN};
use crate::domain::enforcement::{Deferral, Enforcement, EnforcementState, FieldDifference, Outcome, Refusal};
use crate::domain::plan::{Decision, Intent};

impl Journal<'_, '_> {
    /// Notes an end, with what is owed about it.
    pub fn end(&mut self, enforcement: &mut Enforcement, outcome: Outcome, now: Timestamp) {
        let is_news = is_news(enforcement, &outcome);
        if is_news {
            enforcement.told.insert(outcome.told_as());
        }
        enforcement.state = EnforcementState::Ended {
            outcome: outcome.clone(),
        };
        enforcement.changed_at = now;
        self.put(enforcement);
        if is_news {
            self.tell(enforcement, &outcome, now);
        }
        match outcome {
            Outcome::Differs { fields } => self.surprise_read_back(enforcement, fields, now),
            Outcome::Unknown { error } => self.events.push(Event::Unknown {
                client: enforcement.client.clone(),
                enforcement: enforcement.id.clone(),
                error,
            }),
            _ => {}
        }
    }

    /// Logs what became of an enforcement, and owes the notices about it.
    pub fn tell(&mut self, enforcement: &Enforcement, outcome: &Outcome, now: Timestamp) {
        log(enforcement, outcome);
        let Some(watched) = self.watched(&enforcement.client) else {
            return;
        };
        let owed = self
            .rules
            .judge_enforced(enforcement, outcome, watched, self.ground.alerts, now);
        self.owe(owed);
    }

    fn surprise_read_back(&mut self, enforcement: &Enforcement, fields: Vec<FieldDifference>, now: Timestamp) {
        let names: Vec<&str> = fields.iter().map(|difference| difference.field.as_str()).collect();
        let note = format!(
            "client {}: {} not as meant after setClient (enforcement {})",
            enforcement.client,
            names.join(", "),
            enforcement.id
        );
        self.brake(BY_READ_BACK, note, now);
        self.events.push(Event::ReadBack {
            client: enforcement.client.clone(),
            enforcement: enforcement.id.clone(),
            fields,
        });
    }

    /// Sets the brake because it cannot be found out what a write did.
    pub fn brake_unknown(&mut self, enforcement: &Enforcement, error: &str, now: Timestamp) {
        let note = format!(
            "client {}: what setClient did could not be read back: {error} (enforcement {})",
            enforcement.client, enforcement.id
        );
        self.brake(BY_UNKNOWN, note, now);
    }

    /// Sets the brake because the account's codes are not those that were used before.
    pub fn brake_codes(&mut self, what: String, now: Timestamp) {
        let note = format!(
            "{what}. Look in the VoIP.ms portal which is right; whoever releases the brake accepts the new codes"
        );
        self.brake(BY_CODES, note, now);
        self.events.push(Event::Codes { what });
    }

    /// Notes a decision other than to go.
    pub fn note(&mut self, intent: &Intent, decision: Decision, now: Timestamp) {
        match decision {
            Decision::Go | Decision::Would => {}
            Decision::Already => {
                let mut enforcement = self.open(intent, now);
                self.end(&mut enforcement, Outcome::Already, now);
            }
            Decision::Refused(why) => self.refuse(intent, why, false, now),
            Decision::Deferred(why) => self.defer(intent, why, now),
        }
    }

    fn defer(&mut self, intent: &Intent, why: Deferral, now: Timestamp) {
        let state = EnforcementState::Deferred { why: why.clone() };
        match self.newest(intent) {
            kept if is_new_request(kept, &why) => self.ask(intent, why, now),
            Some(kept) if kept.state == state => {}
            // It keeps its refusal: that says more than what it waits for before it is looked at again.
            Some(kept) if was_declined(&kept.state) => {
                let id = kept.id.clone();
                if !matches!(why, Deferral::NotDone { .. }) {
                    self.behind_refusals.insert(id, why);
                }
            }
            _ => {
                let enforcement = Enforcement {
                    state,
                    ..self.open(intent, now)
                };
                self.put(&enforcement);
            }
        }
    }

    /// Asks people to approve it.
    fn ask(&mut self, intent: &Intent, why: Deferral, now: Timestamp) {
        let Deferral::Approval {
            needed,
            until,
            why: ref cause,
            ..
        } = why
        else {
            return;
        };
        let cause = cause.clone();
        let mut enforcement = Enforcement {
            state: EnforcementState::Deferred { why },
            asked_at: Some(now),
            ..self.open(intent, now)
        };
        let outcome = Outcome::Asked {
            id: enforcement.id.clone(),
            before: enforcement.times_asked(),
            until,
            needed,
            why: cause,
        };
        enforcement.told.insert(outcome.told_as());
        self.put(&enforcement);
        self.tell(&enforcement, &outcome, now);
    }

    /// Notes a refusal. One that only repeats the newest is not news; `looked`: when the record was read for it, the
    /// time of that look is kept.
    pub fn refuse(&mut self, intent: &Intent, why: Refusal, looked: bool, now: Timestamp) {
        let outcome = Outcome::Refused { why };
        let same = EnforcementState::Ended {
            outcome: outcome.clone(),
        };
        match self.newest(intent).filter(|kept| kept.state == same).cloned() {
            Some(mut kept) if looked => {
                kept.changed_at = now;
                self.put(&kept);
            }
            Some(_) => {}
            None => {
                let mut enforcement = self.open(intent, now);
                self.end(&mut enforcement, outcome, now);
            }
        }
    }

    /// Notes that what waited is not wanted any more.
    pub fn cancel(&mut self, mut enforcement: Enforcement, now: Timestamp) {
        self.end(&mut enforcement, Outcome::Cancelled, now);
    }
}

/// Logs an end that somebody is told of: as an error when somebody must act.
fn log(enforcement: &Enforcement, outcome: &Outcome) {
    let (account, client) = (&enforcement.account, &enforcement.client);
    let (id, wanted, outcome_label) = (&enforcement.id, enforcement.wanted, outcome.label());
    match outcome {
        Outcome::Differs { .. } | Outcome::Unknown { .. } => {
            tracing::error!(%account, %client, enforcement = %id, outcome = outcome_label, "an enforcement came to a bad end");
        }
        Outcome::Refused { why } => {
            tracing::warn!(%account, %client, enforcement = %id, why = why.label(), "an enforcement was refused");
        }
        Outcome::Asked { .. } => {
            tracing::warn!(%account, %client, enforcement = %id, %wanted, "an enforcement asks for an approval");
        }
        Outcome::Waiting { why, others } => {
            tracing::warn!(%account, %client, enforcement = %id, why = why.label(), others, "an enforcement still waits");
        }
        Outcome::Declined { code } => {
            tracing::warn!(%account, %client, enforcement = %id, code, "the API declined an enforcement");
        }
        _ => {
            tracing::info!(%account, %client, enforcement = %id, %wanted, outcome = outcome_label, "an enforcement ended")
        }
    }
}

/// Whether somebody is told: of ends that matter, of a refusal or a decline only once per reason and episode, and that
/// nothing was to be done whoever was told that it waits.
fn is_news(enforcement: &Enforcement, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Verified | Outcome::Differs { .. } | Outcome::Unknown { .. } => true,
        Outcome::Refused { .. } | Outcome::Declined { .. } => {
            enforcement.told.len() < MOST_TOLD && !enforcement.told.contains(&outcome.told_as())
        }
        Outcome::Already => !enforcement.told.is_empty(),
        // The end of its episode, or another change, is told itself.
        Outcome::DidNotHappen | Outcome::Cancelled | Outcome::Asked { .. } | Outcome::Waiting { .. } => false,
    }
}

/// Whether people have yet to be asked for it.
fn is_new_request(kept: Option<&Enforcement>, why: &Deferral) -> bool {
    let Deferral::Approval { asked_at, .. } = why else {
        return false;
    };
    kept.is_none_or(|kept| kept.asked_at != Some(*asked_at))
}

const fn was_declined(state: &EnforcementState) -> bool {
    matches!(
        state,
        EnforcementState::Ended {
            outcome: Outcome::Refused { .. } | Outcome::Declined { .. }
        }
    )
}

#[cfg(test)]
mod tests {
    use super::{MOST_TOLD, is_news};
    use crate::domain::alert::EpisodeId;
    use crate::domain::enforcement::{Deferral, Enforcement, FieldDifference, Outcome, Refusal};
    use crate::domain::testing::enforcement;

    fn told(words: impl IntoIterator<Item = String>) -> Enforcement {
        Enforcement {
            told: words.into_iter().collect(),
            ..enforcement(EpisodeId::from_stored("e".to_owned()))
        }
    }

    #[test]
    fn each_end_is_told_that_matters_and_a_reason_once() {
        let refused = |why| Outcome::Refused { why };
        let declined = |code: &str| Outcome::Declined { code: code.to_owned() };
        let differs = Outcome::Differs {
            fields: Vec::<FieldDifference>::new(),
        };
        let unknown = Outcome::Unknown {
            error: "timeout".to_owned(),
        };
        let waiting = Outcome::Waiting {
            why: Deferral::Brake,
            others: 0,
        };
        let protected = || Refusal::Protected { entry: "7".to_owned() };
        let again = ["refused-protected".to_owned(), "declined-used_password".to_owned()];
        let much = |most: usize| (0..most).map(|reason| format!("declined-{reason}"));
        for (name, enforcement, outcome, expected) in [
            ("a success", told([]), Outcome::Verified, true),
            ("a surprise after a refusal", told(again.clone()), differs, true),
            ("an unknown end", told([]), unknown, true),
            ("a first refusal", told([]), refused(protected()), true),
            ("the same refusal", told(again.clone()), refused(protected()), false),
            (
                "another refusal",
                told(again.clone()),
                refused(Refusal::PasswordEmpty),
                true,
            ),
            ("the same code", told(again.clone()), declined("used_password"), false),
            ("another code", told(again.clone()), declined("invalid_email"), true),
            ("the last that is told", told(much(MOST_TOLD - 1)), declined("x"), true),
            ("one too many", told(much(MOST_TOLD)), declined("x"), false),
            (
                "nothing to do, and nobody waits for it",
                told([]),
                Outcome::Already,
                false,
            ),
            (
                "nothing to do, after somebody was told",
                told(again),
                Outcome::Already,
                true,
            ),
            ("it did not happen", told([]), Outcome::DidNotHappen, false),
            ("not wanted any more", told([]), Outcome::Cancelled, false),
            ("it waits", told([]), waiting, false),
        ] {
            assert_eq!(is_news(&enforcement, &outcome), expected, "{name}");
        }
    }
}
