//! The built-in alert `dead-letter`, judged by what the store holds: whatever ended this program or an earlier one,
//! nothing is lost and nothing is told twice.

use std::collections::BTreeSet;

use super::account::Health;
use super::decide::Except;
use super::{Monitor, SweepError, batch, moved};
use crate::domain::alert::Alert;
use crate::domain::dead_letter::{DeadLetter, unreachable};
use crate::domain::{ClientId, Policy};
use crate::store::Commit;

/// The alert's name.
const POLICY: &str = "dead-letter";

/// What a look at the dead letters came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Whether somebody is owed a message about it.
    pub is_owed: bool,
    /// Dead messages that nobody can be told of.
    pub untold: BTreeSet<String>,
}

impl Monitor {
    /// Judges the dead letters and writes down who is owed news of them. One message for all that died meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge_dead_letters(&self) -> Result<Looked, SweepError> {
        let _busy = self.clock.busy();
        let Some(policy) = self.rules.policies.iter().find(|policy| policy.name.as_str() == POLICY) else {
            return Ok(Looked::default());
        };
        let letters = self.store.dead_letters(&self.rules.account).await?;
        let alerts = self.account_alerts().await?;
        let before = alerts.iter().find(|alert| alert.policy == policy.name);
        if letters.is_empty() && before.is_none() {
            return Ok(Looked::default());
        }
        let recipients = self.recipients(policy);
        let except = unreachable(&letters, &recipients);
        let new: Vec<&DeadLetter> = letters.iter().filter(|letter| !letter.is_announced).collect();
        let health = Health {
            dead_letters: Some(letters.clone()),
            ..Health::default()
        };
        let Some(mut judgement) = health.judge(POLICY) else {
            return Ok(Looked::default());
        };
        judgement.has_news = !new.is_empty() && except.len() < recipients.len();
        let now = self.clock.now();
        let mut decided = self.decide_builtin(&alerts, policy, &judgement, &except, &self.circumstances_at(now));
        let mut looked = Looked {
            is_owed: !decided.owed.messages.is_empty(),
            untold: BTreeSet::new(),
        };
        let mut commit = Commit::new(self.rules.account.clone(), now);
        if looked.is_owed {
            commit.letters_announced = new.iter().map(|letter| letter.message.clone()).collect();
        } else {
            looked.untold = new.iter().map(|letter| letter.message.clone()).collect();
        }
        let says_the_same = |alert: &Alert| {
            before.is_some_and(|before| before.reason == alert.reason && before.state() == alert.state())
        };
        // An alert that only looked once more is not worth a write every few seconds.
        if looked.is_owed || !decided.gone.is_empty() || !decided.alerts.iter().all(says_the_same) {
            let moved = std::mem::take(&mut decided.moved);
            batch::add(&mut commit, &ClientId::account(), decided);
            self.store.commit(&commit).await?;
            moved::tell(&self.rules.account, &moved, 0);
        }
        Ok(looked)
    }

    /// Everybody whom a policy tells.
    fn recipients(&self, policy: &Policy) -> Except {
        let channels = policy.notify.iter();
        let recipients = channels.flat_map(|channel| {
            let addresses = self.rules.channels.get(channel).into_iter().flatten();
            addresses.map(|address| (channel.clone(), address.clone()))
        });
        recipients.collect()
    }
}
