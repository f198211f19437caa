//! Messages that will never arrive are themselves announced: one alert, through the channels that still work.

use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Watch};
use crate::domain::ChannelName;
use crate::domain::alert::Alert;
use crate::domain::reason::Reason;
use crate::monitor::account::Health;
use crate::notify::health::{ChannelHealth, with_dead_letters};

/// Remembers which channels have dead letters.
#[derive(Debug, Default)]
pub struct DeadLetters {
    /// What was told last, by account; not yet looked up after a start.
    told: BTreeMap<crate::domain::AccountName, BTreeSet<ChannelName>>,
}

impl DeadLetters {
    /// Judges the alert of one account by how the channels fare. Whether everybody who must know can be told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge(
        &mut self,
        watch: &Watch,
        channels: &BTreeMap<ChannelName, ChannelHealth>,
    ) -> Result<bool, Error> {
        let account = watch.monitor.rules.account.clone();
        let before = match self.told.get(&account) {
            Some(told) => told.clone(),
            None => announced(&watch.monitor.account_alerts().await?, &watch.monitor.rules.channels),
        };
        let now = with_dead_letters(&before, channels);
        let can_be_told = now.is_empty() || self.can_be_told(watch, &now);
        if now != before {
            let names: Vec<ChannelName> = now.iter().cloned().collect();
            let health = Health {
                dead_letters: Some(names.iter().map(ToString::to_string).collect()),
                ..Health::default()
            };
            if !can_be_told {
                tracing::error!(%account, channels = ?health.dead_letters, "nobody can be told of messages that will never arrive");
            }
            watch.monitor.judge_account(&health, &names).await?;
        }
        self.told.insert(account, now);
        Ok(can_be_told)
    }

    fn can_be_told(&self, watch: &Watch, about: &BTreeSet<ChannelName>) -> bool {
        let policy = watch
            .monitor
            .rules
            .policies
            .iter()
            .find(|policy| policy.name.as_str() == "dead-letter");
        policy.is_none_or(|policy| {
            policy
                .notify
                .iter()
                .any(|channel| !channel.is_client() && !about.contains(channel))
        })
    }
}

/// The channels that a firing alert told of before the program started.
fn announced(alerts: &[Alert], channels: &BTreeMap<ChannelName, Vec<String>>) -> BTreeSet<ChannelName> {
    let told = alerts
        .iter()
        .find(|alert| alert.policy.as_str() == "dead-letter" && alert.firing().is_some());
    let Some(Reason::Account { what, .. }) = told.map(|alert| &alert.reason) else {
        return BTreeSet::new();
    };
    let words: BTreeSet<&str> = what.split([' ', ',', ':']).collect();
    let names = channels.keys().cloned().chain([ChannelName::client()]);
    names.filter(|name| words.contains(name.as_str())).collect()
}
