//! What was decided about enforcement, as far as it is in force: the brake, holds, approvals and rejections.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Intent;
use crate::domain::ClientId;
use crate::domain::alert::EpisodeId;
use crate::domain::decision::{Decision, Kind, brake};
use crate::domain::enforcement::{Deferral, Refusal};

/// What people and the program decided about an account's enforcement.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// The brake, if it is on.
    pub brake: Option<Decision>,
    holds: BTreeMap<ClientId, Decision>,
    /// By who approved, and the enforcement that was asked for.
    approvals: BTreeMap<(String, String), Decision>,
    rejections: BTreeMap<EpisodeId, Decision>,
    /// What a person wants taken back, and was not yet.
    pub undos: Vec<Decision>,
}

impl Orders {
    /// What is in force of what was decided.
    #[must_use]
    pub fn of(decisions: &[Decision], now: Timestamp) -> Self {
        let mut orders = Self {
            brake: brake(decisions, now).cloned(),
            ..Self::default()
        };
        for decision in decisions.iter().filter(|decision| decision.in_force(now)) {
            let scope = &decision.scope;
            match decision.kind {
                Kind::Hold => {
                    let client = scope.client.iter().cloned();
                    orders.holds.extend(client.map(|client| (client, decision.clone())));
                }
                Kind::Approval => {
                    let asked = scope.enforcement.iter().cloned();
                    let key = asked.map(|asked| (person(&decision.by), asked));
                    orders.approvals.extend(key.map(|key| (key, decision.clone())));
                }
                Kind::Rejection => {
                    let episode = scope.episode.iter().cloned();
                    orders
                        .rejections
                        .extend(episode.map(|episode| (episode, decision.clone())));
                }
                Kind::Undo => orders.undos.push(decision.clone()),
                Kind::Brake | Kind::Silence | Kind::Ack | Kind::Escalation | Kind::Retry => {}
            }
        }
        orders
    }

    /// What forbids any change of a client now, in whatever mode.
    #[must_use]
    pub fn stop(&self, client: &ClientId) -> Option<Deferral> {
        if self.brake.is_some() {
            return Some(Deferral::Brake);
        }
        self.held(client)
    }

    /// Who holds a client.
    #[must_use]
    pub fn held(&self, client: &ClientId) -> Option<Deferral> {
        self.holds.get(client).map(|hold| Deferral::Held {
            by: hold.by.clone(),
            reason: hold.note.clone(),
        })
    }

    /// What forbids an intent in the moment before it is sent. Somebody who rejects it then holds its client back.
    #[must_use]
    pub fn forbid(&self, intent: &Intent) -> Option<Deferral> {
        if intent.by_person {
            // What a person takes back is no automation, but nothing is written after a surprise.
            let is_surprised = self.brake.as_ref().is_some_and(Decision::is_surprise);
            let braked = is_surprised.then_some(Deferral::Brake);
            return braked.or_else(|| self.held(&intent.client));
        }
        self.stop(&intent.client).or_else(|| {
            self.rejections.get(&intent.episode).map(|no| Deferral::Held {
                by: no.by.clone(),
                reason: no.note.clone(),
            })
        })
    }

    /// Whether somebody rejected the intent: for its episode.
    #[must_use]
    pub fn rejected(&self, intent: &Intent) -> Option<Refusal> {
        self.rejections.get(&intent.episode).map(|no| Refusal::Rejected {
            by: no.by.clone(),
            reason: no.note.clone(),
        })
    }

    /// Who approved one of these enforcements, each person once, by name.
    pub fn approvals<'a>(&'a self, enforcements: &'a [String]) -> impl Iterator<Item = &'a Decision> {
        let mut last = None;
        let of_them = self
            .approvals
            .iter()
            .filter(|((_, asked), _)| enforcements.contains(asked));
        let each_once = of_them.filter(move |((person, _), _)| last.replace(person) != Some(person));
        each_once.map(|(_, yes)| yes)
    }
}

/// How names are compared: who writes his name in another way is no second person.
#[must_use]
pub fn person(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::Orders;
    use crate::domain::alert::EpisodeId;
    use crate::domain::decision::{Decision, Kind, Scope};
    use crate::domain::enforcement::Deferral;
    use crate::domain::testing::{at, client};
    use crate::domain::{AccountName, ClientId};

    fn decided(id: &str, kind: Kind, by: &str, scope: Scope, until: Option<i64>) -> Decision {
        Decision {
            id: id.to_owned(),
            kind,
            scope,
            until: until.map(at),
            ..Decision::brake(AccountName::new("main").unwrap(), by, "why".to_owned(), at(0))
        }
    }

    #[test]
    fn only_what_is_in_force_counts_and_each_person_once() {
        let held = Scope {
            client: Some(client()),
            ..Scope::default()
        };
        let asked = Scope {
            enforcement: Some("e/enforce/1".to_owned()),
            ..Scope::default()
        };
        let rejected = Scope {
            episode: Some(EpisodeId::from_stored("e".to_owned())),
            ..Scope::default()
        };
        let decisions = [
            decided("1", Kind::Hold, "alice", held, None),
            decided("2", Kind::Approval, "Alice", asked.clone(), Some(100)),
            decided("3", Kind::Approval, " alice", asked.clone(), Some(200)),
            decided("4", Kind::Approval, "bob", asked, Some(50)),
            decided("5", Kind::Rejection, "bob", rejected, None),
        ];
        let names = |now: i64| {
            let orders = Orders::of(&decisions, at(now));
            let asked = ["e/enforce/1".to_owned()];
            orders.approvals(&asked).map(|yes| yes.by.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(0), [" alice", "bob"]);
        assert_eq!(names(50), [" alice"]);
        assert!(names(200).is_empty());
        let orders = Orders::of(&decisions, at(0));
        assert_eq!(orders.approvals(&["other/enforce/1".to_owned()]).count(), 0);
        let reason = "why".to_owned();
        let by = "alice".to_owned();
        assert_eq!(orders.stop(&client()), Some(Deferral::Held { by, reason }));
        assert_eq!(orders.stop(&ClientId::new("7").unwrap()), None);
        let brake = decided("brake", Kind::Brake, "x", Scope::default(), None);
        let braked = Orders::of(&[brake], at(0));
        assert_eq!(braked.stop(&client()), Some(Deferral::Brake));
    }
}
