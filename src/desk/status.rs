//! How the watching goes: what is measured beside a snapshot.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::{SignedDuration, Timestamp};

use super::Desk;
use crate::config::Account;
use crate::domain::judge::audience::MESSAGE_LIFETIME;
use crate::domain::notice::NoticeState;
use crate::store::{self, DiskTrouble};
use crate::view::Snapshot;
use crate::view::status::{ChannelTrouble, Measured, Status};

/// Messages looked at to find broken channels. More would say nothing new about a channel.
const MOST_WAITING: usize = 1_000;

/// The paced mails of this time count against `client_mails_per_hour`.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Desk {
    /// How the watching of an account goes, of which this is the snapshot.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn status(&self, account: &Account, snapshot: &Snapshot) -> Result<Status, store::Error> {
        Ok(Status::new(snapshot, measured(self, account).await?))
    }
}

async fn measured(desk: &Desk, account: &Account) -> Result<Measured, store::Error> {
    let (store, now, schedule) = (&desk.store, desk.now.at, &desk.settings.schedule);
    let an_hour_ago = now.saturating_add(-HOUR).unwrap_or(Timestamp::MIN);
    Ok(Measured {
        counts: store.counts(&account.name).await?,
        client_mails_last_hour: store.client_mails_since(&account.name, an_hour_ago).await?,
        client_mails_per_hour: desk.settings.alerts.client_mails_per_hour,
        channels: channel_troubles(desk, account).await?,
        store_trouble: store_trouble(desk),
        next_sweep_at: schedule.next_after(now),
        schedule: format!("{}, {}", schedule.sweep.text(), schedule.timezone_name),
        revisit_within: schedule.revisit_within,
    })
}

/// What the disk does to the store.
fn store_trouble(desk: &Desk) -> Option<String> {
    let path = &desk.settings.store.path;
    let trouble = DiskTrouble::of(path)?;
    Some(format!(
        "nothing can be written down in the store `{}`, so nobody is watched: {trouble}; {}",
        path.display(),
        trouble.hint()
    ))
}

/// Channels with messages of this account that were tried, and are still waiting.
async fn channel_troubles(desk: &Desk, account: &Account) -> Result<Vec<ChannelTrouble>, store::Error> {
    // A message waits for its next try: what is due within the lifetime of a message is all that waits.
    let until = desk.now.at.saturating_add(MESSAGE_LIFETIME).unwrap_or(Timestamp::MAX);
    let mut troubles: BTreeMap<String, ChannelTrouble> = BTreeMap::new();
    for (message, notifications) in desk.store.due_messages(until, MOST_WAITING).await? {
        if message.account != account.name || message.attempts == 0 || message.state != NoticeState::Pending {
            continue;
        }
        let trouble = match troubles.entry(message.channel.to_string()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let last_error = match notifications.first() {
                    Some(first) => last_error(desk, &first.id).await?,
                    None => None,
                };
                let channel = new.key().clone();
                new.insert(ChannelTrouble {
                    channel,
                    waiting: 0,
                    next_try_at: message.next_at,
                    last_error,
                })
            }
        };
        trouble.waiting += 1;
        trouble.next_try_at = trouble.next_try_at.min(message.next_at);
    }
    Ok(troubles.into_values().collect())
}

/// What was said to the newest try of the message that carries a notification.
async fn last_error(desk: &Desk, id: &str) -> Result<Option<String>, store::Error> {
    let found = desk.store.notification(id).await?;
    let attempts = found.map(|record| record.attempts);
    let newest = attempts.into_iter().flatten().next_back();
    Ok(newest.map(|attempt| {
        if attempt.detail.is_empty() {
            attempt.outcome.as_str().to_owned()
        } else {
            attempt.detail
        }
    }))
}
