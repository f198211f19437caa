//! What people answer when a change asks for an approval, and what they take back of what was changed. The daemon reads each
//! answer before its next decision.

use jiff::{SignedDuration, Timestamp};

use super::{Desk, Refusal};
use crate::domain::decision::{Decision, Kind, Scope};
use crate::domain::enforcement::{Deferral, Enforcement, EnforcementState};
use crate::domain::plan::{Orders, person};
use crate::domain::time::later;
use crate::view::decided::Answered;

/// How long it is tried to take a change back. A daemon that comes up later finds another world.
const UNDO_HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// What somebody answers.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The enforcement, by its id.
    pub id: &'a str,
    pub comment: &'a str,
    pub by: &'a str,
}

impl Desk {
    /// Approves a change that asks for it. It is made in the next sweep, if it is still called for and enough people approved.
    ///
    /// # Errors
    /// When there is no such enforcement, when it does not ask for an approval now, when this person approved it already, and
    /// when the store fails.
    pub async fn approve(&self, answer: &Answer<'_>) -> Result<Answered, Refusal> {
        let enforcement = self.enforcement(answer.id).await?.enforcement;
        let until = match &enforcement.state {
            EnforcementState::Deferred {
                why: Deferral::Approval { until, .. },
            } if *until > self.now.at => *until,
            EnforcementState::Deferred {
                why: Deferral::Approval { .. } | Deferral::Expired { .. },
            } => {
                return Err(Refusal::conflict("the time to approve it is over")
                    .hint("it is asked for again while it is wanted; `balancewatch plan` shows when"));
            }
            state => return Err(not_asking(state)),
        };
        let orders = self.orders(&enforcement).await?;
        let asked = [enforcement.id.clone()];
        let name = person(answer.by);
        if orders.approvals(&asked).any(|yes| person(&yes.by) == name) {
            return Err(Refusal::conflict(format!("{} approved it already", answer.by)));
        }
        let expires = self.settings.enforcement.approvals.expires;
        let approval = Decision {
            until: Some(later(self.now.at, expires)),
            ..decision(
                &enforcement,
                Kind::Approval,
                &format!("approval.{}.{name}", enforcement.id),
                answer,
                self.now.at,
            )
        };
        if !self.store.decide(&approval).await? {
            return Err(Refusal::conflict(format!("{} approved it already", answer.by)));
        }
        let given = self.orders(&enforcement).await?.approvals(&asked).count();
        Ok(Answered {
            given: u32::try_from(given).unwrap_or(u32::MAX),
            needed: self.settings.enforcement.approvals.needed,
            until: Some(until),
            ..Answered::new(&enforcement, "approved", answer.by)
        })
    }

    /// Rejects a change that waits, for as long as its episode lasts.
    ///
    /// # Errors
    /// As [`Desk::approve`].
    pub async fn reject(&self, answer: &Answer<'_>) -> Result<Answered, Refusal> {
        let enforcement = self.enforcement(answer.id).await?.enforcement;
        if !matches!(enforcement.state, EnforcementState::Deferred { .. }) {
            return Err(not_asking(&enforcement.state));
        }
        let id = format!("rejection.{}", enforcement.episode);
        let rejection = decision(&enforcement, Kind::Rejection, &id, answer, self.now.at);
        if !self.store.decide(&rejection).await? {
            return Err(Refusal::conflict("it was rejected already"));
        }
        Ok(Answered::new(&enforcement, "rejected", answer.by))
    }

    /// Takes a change back: the daemon does it within seconds, if nobody changed the record since.
    ///
    /// # Errors
    /// When there is no such enforcement, when it changed nothing or something came after it, and when the store fails.
    pub async fn undo(&self, answer: &Answer<'_>) -> Result<Answered, Refusal> {
        let enforcement = self.enforcement(answer.id).await?.enforcement;
        if !enforcement.can_be_undone() {
            let what = format!("there is nothing to undo: it is {}", enforcement.state.label());
            return Err(Refusal::conflict(what).hint(
                "only what was set and read back as meant can be undone; anything else is for a person in the VoIP.ms portal",
            ));
        }
        let kept = self.store.load(&enforcement.account).await?;
        let is_later = |other: &&Enforcement| {
            other.client == enforcement.client && other.may_have_changed() && other.changed_at > enforcement.changed_at
        };
        if let Some(other) = kept.enforcements.iter().find(is_later) {
            return Err(Refusal::conflict(format!(
                "the client was changed again since, by {}",
                other.id
            )));
        }
        let orders = Orders::of(&kept.decisions, self.now.at);
        if let Some(Deferral::Held { by, reason }) = orders.held(&enforcement.client) {
            let what = format!("{by} holds the client: {reason}");
            return Err(
                Refusal::conflict(what).hint(format!("`balancewatch release {}` ends that", enforcement.client))
            );
        }
        if let Some(brake) = orders.brake.filter(Decision::is_surprise) {
            return Err(Refusal::conflict(format!("the brake is on: {}", brake.note))
                .hint("see what is true in the VoIP.ms portal, then `balancewatch brake off`"));
        }
        let id = format!("undo.{}", enforcement.id);
        let wish = Decision {
            until: self.now.at.checked_add(UNDO_HOLDS).ok(),
            ..decision(&enforcement, Kind::Undo, &id, answer, self.now.at)
        };
        if !self.store.decide(&wish).await? {
            return Err(Refusal::conflict("it is being undone already"));
        }
        Ok(Answered::new(&enforcement, "undo", answer.by))
    }

    /// What was decided about the account of an enforcement.
    async fn orders(&self, enforcement: &Enforcement) -> Result<Orders, Refusal> {
        let decisions = self.store.decisions(&enforcement.account).await?;
        Ok(Orders::of(&decisions, self.now.at))
    }
}

fn not_asking(state: &EnforcementState) -> Refusal {
    Refusal::conflict(format!("it does not wait for an answer: it is {}", state.label()))
        .hint("`balancewatch enforcements list --state deferred` shows what waits")
}

fn decision(enforcement: &Enforcement, kind: Kind, id: &str, answer: &Answer<'_>, at: Timestamp) -> Decision {
    Decision {
        id: id.to_owned(),
        account: enforcement.account.clone(),
        kind,
        scope: Scope {
            client: Some(enforcement.client.clone()),
            policy: Some(enforcement.policy.clone()),
            episode: Some(enforcement.episode.clone()),
            channel: None,
            enforcement: Some(enforcement.id.clone()),
        },
        by: answer.by.to_owned(),
        at,
        until: None,
        note: answer.comment.to_owned(),
    }
}
