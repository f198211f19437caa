//! The built-in alert `dead-letter`, judged by what the store holds: whatever ended this program or an earlier one,
//! nothing is lost and nothing is told twice.

use std::collections::BTreeSet;

use super::account::Health;
use super::{Circumstances, Decided, Rules};
use crate::domain::account_alert::AccountAlert;
use crate::domain::alert::Alert;
use crate::domain::dead_letter::{DeadLetter, unreachable};
use crate::domain::hush::Hushes;
use crate::domain::{ChannelName, Policy};

/// What dead letters lead to.
#[derive(Clone, Debug, Default)]
pub struct Announcement {
    /// The rows to write.
    pub decided: Decided,
    /// Dead messages of which people are told from now on.
    pub announced: Vec<String>,
    /// Dead messages of which nobody can be told.
    pub untold: BTreeSet<String>,
    /// Whether there is anything worth writing: an alert that only looked once more is not, every few seconds.
    pub is_news: bool,
}

impl Rules {
    /// Judges the dead letters, given the alerts about the account: one message for all that died meanwhile. It goes
    /// to nobody whom a letter could not reach. `None`: there is nothing to judge.
    #[must_use]
    pub fn judge_dead_letters(
        &self,
        letters: Vec<DeadLetter>,
        alerts: &[Alert],
        hushes: &Hushes,
        circumstances: &Circumstances,
    ) -> Option<Announcement> {
        let is_asked = |policy: &&Policy| AccountAlert::of(policy.name.as_str()) == Some(AccountAlert::DeadLetter);
        let policy = self.policies.iter().find(is_asked)?;
        let before = alerts.iter().find(|alert| alert.policy == policy.name);
        if letters.is_empty() && before.is_none() {
            return None;
        }
        let recipients = self.recipients(policy);
        let unreachable = unreachable(&letters, &recipients);
        let is_new = |letter: &&DeadLetter| !letter.is_announced;
        let new: Vec<String> = letters
            .iter()
            .filter(is_new)
            .map(|letter| letter.message.clone())
            .collect();
        let health = Health {
            letters_have_news: !new.is_empty() && unreachable.len() < recipients.len(),
            dead_letters: Some(letters),
            ..Health::default()
        };
        let mut decided = self.judge_account(&health, alerts, hushes, circumstances);
        decided.owed.retain(|notification| {
            !unreachable.contains(&(notification.channel.clone(), notification.recipient.clone()))
        });
        // What is hushed is told when nothing hushes it any more: nobody must be found for it meanwhile.
        let is_owed = !decided.owed.notifications.is_empty();
        let says_the_same = |alert: &Alert| {
            before.is_some_and(|before| before.reason == alert.reason && before.state() == alert.state())
        };
        let is_news = is_owed || !decided.gone.is_empty() || !decided.alerts.iter().all(says_the_same);
        let (announced, untold) = if is_owed {
            (new, BTreeSet::new())
        } else {
            (Vec::new(), new.into_iter().collect())
        };
        Some(Announcement {
            decided,
            announced,
            untold,
            is_news,
        })
    }

    /// Everybody whom a policy tells.
    fn recipients(&self, policy: &Policy) -> BTreeSet<(ChannelName, String)> {
        let channels = policy.notify.iter();
        let recipients = channels.flat_map(|channel| {
            let addresses = self.channels.get(channel).map(|receiver| &receiver.recipients);
            addresses
                .into_iter()
                .flatten()
                .map(|address| (channel.clone(), address.clone()))
        });
        recipients.collect()
    }
}
