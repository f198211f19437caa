//! The brake, as a sweep sets it by itself: balances that jump, readings that fail, a list that lacks many. The first is for a
//! person to release; the others end with what they are for.

use jiff::Timestamp;

use super::Sweep;
use crate::domain::decision::{
    BRAKE, BRAKE_INVENTORY, BRAKE_UNREAD, BY_INVENTORY, BY_JUMP, BY_READ_BACK, BY_UNREAD, Decision, Kind,
};
use crate::domain::judge::account::Trouble;
use crate::domain::judge::triggers::Jump;
use crate::store::Commit;

/// The brakes of an account that are on.
#[derive(Clone, Debug, Default)]
pub(super) struct Brakes(Vec<Decision>);

impl Brakes {
    /// Those of all that was decided.
    pub(super) fn new(decisions: &[Decision], now: Timestamp) -> Self {
        let is_on = |decision: &&Decision| decision.kind == Kind::Brake && decision.in_force(now);
        Self(decisions.iter().filter(is_on).cloned().collect())
    }

    fn get(&self, id: &str) -> Option<&Decision> {
        self.0.iter().find(|brake| brake.id == id)
    }

    /// Why the brake is on that a person releases, for the alert about it. The others are told by the alert that they end with.
    pub(super) fn told(&self) -> Option<String> {
        self.get(BRAKE).map(|brake| brake.note.clone())
    }

    /// What differed, if the brake is on because a record that was read back did.
    pub(super) fn read_back(&self) -> Option<String> {
        let brake = self.get(BRAKE).filter(|brake| brake.by == BY_READ_BACK);
        brake.map(|brake| brake.note.clone())
    }
}

impl Sweep<'_> {
    /// Sets the brakes that this sweep calls for, and ends those that are over. Only where something could be changed: else
    /// they would stop nothing.
    ///
    /// `is_doubted`: the data look wrong, or did; a second sweep tells what to think of them, and balances jump there and
    /// back. `unread`: whether most readings failed.
    pub(super) fn guard_changes(
        &mut self,
        commit: &mut Commit,
        now: Timestamp,
        is_doubted: bool,
        unread: Option<&Result<(), Trouble>>,
    ) {
        let triggers = self.rules.triggers;
        let may_change = self.rules.may_change();
        let jump = self
            .begun
            .totals
            .jump(triggers.balance_jump)
            .filter(|_| may_change && !is_doubted);
        if let Some(Jump { clients, before, after }) = jump {
            let note = format!(
                "the balances of {clients} clients together went from {} to {} between two sweeps: see in the VoIP.ms portal \
                 whether they are true",
                before.for_people(),
                after.for_people()
            );
            self.put_brake_on(commit, BY_JUMP, note, now);
        }
        let note = |trouble: &Result<(), Trouble>| {
            trouble
                .as_ref()
                .err()
                .filter(|_| may_change)
                .map(|trouble| trouble.what.clone())
        };
        // Who was not asked at all says nothing of how the API fares.
        let unread = match &self.why_not_asked {
            Some(trouble) => Some(note(&Err(trouble.clone()))),
            None => unread.map(note),
        };
        let short = self.health.inventory.as_ref().map(note);
        self.brake_while(commit, (BRAKE_UNREAD, BY_UNREAD), unread, now);
        self.brake_while(commit, (BRAKE_INVENTORY, BY_INVENTORY), short, now);
    }

    /// Stops all changes until a person has looked. A brake that is on stays as it is.
    pub(super) fn put_brake_on(&mut self, commit: &mut Commit, by: &str, note: String, now: Timestamp) {
        if self.brakes.get(BRAKE).is_none() {
            tracing::error!(account = %self.rules.account, by, note, "the brake is on");
            let brake = Decision::brake(self.rules.account.clone(), by, note, now);
            commit.decisions.push(brake.clone());
            self.brakes.0.push(brake);
        }
    }

    /// Keeps a brake on while there is a `note` for it. `None`: nothing is known about that now.
    fn brake_while(
        &mut self,
        commit: &mut Commit,
        (id, by): (&str, &str),
        note: Option<Option<String>>,
        now: Timestamp,
    ) {
        match (self.brakes.get(id), note) {
            (None, Some(Some(note))) => {
                tracing::warn!(account = %self.rules.account, by, note, "the brake is on until that is over");
                let brake = Decision {
                    id: id.to_owned(),
                    ..Decision::brake(self.rules.account.clone(), by, note, now)
                };
                commit.decisions.push(brake.clone());
                self.brakes.0.push(brake);
            }
            (Some(brake), Some(None)) => {
                tracing::info!(account = %self.rules.account, by, "the brake is off again");
                commit.decisions.push(Decision {
                    until: Some(now),
                    ..brake.clone()
                });
                self.brakes.0.retain(|brake| brake.id != id);
            }
            _ => {}
        }
    }
}
