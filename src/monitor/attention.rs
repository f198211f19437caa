//! Looks, without any call, whether somebody acknowledged an alert or one must go to a further channel, and writes down who
//! is owed word of that. Between sweeps and within them, by whoever judges the account: never beside a batch.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Monitor, SweepError};
use crate::domain::decision::{Decision, Kind};
use crate::domain::judge::Rules;
use crate::domain::notice::Transition;
use crate::store::Commit;

/// What was looked at last.
#[derive(Debug, Default)]
pub struct Attention {
    /// The decisions as they were then; `None`: nobody looked yet.
    decisions: Option<Vec<Decision>>,
    /// When something may be due though nobody decides anything.
    next_at: Option<Timestamp>,
    /// Notifications of acknowledgements that are written down.
    acknowledged: BTreeSet<String>,
}

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether somebody is owed a message.
    pub owes: bool,
    /// Whether a person wants a change taken back.
    pub wants_undo: bool,
}

impl Monitor {
    /// Attends to what people decided since the last look, and to what is due. `fires_anew`: alerts may have begun since.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn attend(&self, rules: &Rules, fires_anew: bool) -> Result<Seen, SweepError> {
        let _busy = self.clock.busy();
        let mut attention = self.attention.lock().await;
        let (now, account) = (self.clock.now(), &rules.account);
        let decisions = self.store.decisions(account).await?;
        let wants = |decision: &Decision| decision.kind == Kind::Undo && decision.in_force(now);
        let wants_undo = decisions.iter().any(wants);
        let is_due = attention.next_at.is_some_and(|at| at <= now) || (fires_anew && rules.escalates());
        if !is_due && attention.decisions.as_ref() == Some(&decisions) {
            let owes = false;
            return Ok(Seen { owes, wants_undo });
        }
        let fires = self.store.fires(account).await?;
        let mut attended = rules.attend(&fires, now);
        let mut known = BTreeSet::new();
        for notification in &attended.owed.notifications {
            let (id, is_ack) = (&notification.id, is_acknowledged(&notification.transition));
            if is_ack && (attention.acknowledged.contains(id) || self.store.notification(id).await?.is_some()) {
                known.insert(id.clone());
            }
        }
        attended.owed.retain(|notification| !known.contains(&notification.id));
        let mut commit = Commit::new(account.clone(), now);
        let owed = attended.owed.notifications.iter();
        let new = owed.filter(|notification| is_acknowledged(&notification.transition));
        known.extend(new.map(|notification| notification.id.clone()));
        commit.messages = attended.owed.messages;
        commit.notifications = attended.owed.notifications;
        commit.decisions = attended.escalations;
        for escalation in &commit.decisions {
            let Decision { scope, note, .. } = escalation;
            let (client, channel) = (scope.client.as_ref(), scope.channel.as_ref());
            tracing::info!(%account, client = client.map(|id| id.as_str()), channel = channel.map(|name| name.as_str()), note, "an alert is escalated");
        }
        if !commit.is_empty() {
            self.store.commit(&commit).await?;
        }
        *attention = Attention {
            decisions: Some(decisions),
            next_at: attended.next_at,
            acknowledged: known,
        };
        let owes = !commit.messages.is_empty();
        Ok(Seen { owes, wants_undo })
    }
}

const fn is_acknowledged(transition: &Transition) -> bool {
    matches!(transition, Transition::Acknowledged { .. })
}
