//! What people want taken back: worked by the journal alone, without a policy, a reading or a cap. The record is read once, must
//! be as it was left, and gets back the one value that was there before.

use jiff::Timestamp;

use super::journal::Journal;
use super::look::Stay;
use super::report::End;
use super::{Enforcer, Error, Provider, Report};
use crate::domain::decision;
use crate::domain::enforcement::{Direction, Enforcement, EnforcementState, Outcome, Refusal};
use crate::domain::plan::{Decision, Intent};

impl<P: Provider> Enforcer<P> {
    /// Takes back what people want taken back. Nothing while it is not known what became of another change.
    pub(super) async fn undo_all(
        &self,
        journal: &mut Journal<'_, '_>,
        wishes: Vec<decision::Decision>,
        report: &mut Report,
    ) -> Result<(), Error> {
        for wish in wishes {
            let is_sent = |kept: &Enforcement| kept.state == EnforcementState::Sent;
            if journal.ground.enforcements.iter().any(is_sent) {
                report.waiting += 1;
                continue;
            }
            let id = wish.scope.enforcement.clone().unwrap_or_default();
            let Some(record) = self.store.enforcement(&id).await? else {
                self.fulfil(journal, wish).await?;
                continue;
            };
            let end = match Intent::undoing(&record.enforcement, &wish, self.clock.now()) {
                Some(intent) if !was_answered(journal, &record.enforcement, wish.at) => {
                    self.undo(journal, &intent, &wish).await?
                }
                _ => End::Uncounted,
            };
            report.count(end);
            if was_answered(journal, &record.enforcement, wish.at) || end == End::Uncounted {
                self.fulfil(journal, wish).await?;
            }
        }
        Ok(())
    }

    async fn undo(
        &self,
        journal: &mut Journal<'_, '_>,
        intent: &Intent,
        wish: &decision::Decision,
    ) -> Result<End, Error> {
        let Some(code) = intent.back.as_ref().map(|back| back.code.clone()) else {
            return Ok(End::Uncounted);
        };
        let codes = journal.ground.state.trusted_codes();
        if !codes.is_empty() && !codes.contains_key(&code) {
            let why = Refusal::UndoNotListed { code };
            return self.stay(journal, intent, Decision::Refused(why)).await;
        }
        let first = vec![("undo", format!("by {}: {}", wish.by, wish.note))];
        match self.last_look(journal, intent, &code, (intent.balance, first)).await {
            Ok((ready, turn)) => self.change(journal, intent, ready, turn).await,
            Err(Stay::Decided(decision)) => self.stay(journal, intent, decision).await,
            Err(Stay::Failed(error)) => Err(error),
        }
    }

    /// What was wanted is done, or cannot be.
    async fn fulfil(&self, journal: &mut Journal<'_, '_>, wish: decision::Decision) -> Result<(), Error> {
        let now = self.clock.now();
        let until = Some(now);
        journal.decide(decision::Decision { until, ..wish });
        self.flush(journal).await
    }
}

/// Whether something came of a wish: a change that may have been made, or a refusal.
fn was_answered(journal: &Journal<'_, '_>, done: &Enforcement, since: Timestamp) -> bool {
    let is_refused = |state: &EnforcementState| {
        matches!(
            state,
            EnforcementState::Ended {
                outcome: Outcome::Refused { .. }
            }
        )
    };
    journal.ground.enforcements.iter().any(|kept| {
        kept.episode == done.episode
            && kept.direction == Direction::Revert
            && kept.changed_at >= since
            && (kept.may_have_changed() || is_refused(&kept.state))
    })
}
