//! `status`: is it watching, whom does it not see, what fires, what waits, what may be changed.
//!
//! Reads the store only: it works while the daemon runs, and while it does not.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::config::Account;
use crate::domain::judge::audience::MESSAGE_LIFETIME;
use crate::domain::notice::NoticeState;
use crate::store::DiskTrouble;
use crate::view::status::{ChannelTrouble, Measured, Status, Statuses};

/// Show how the watching goes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch status                                    all accounts
  balancewatch status --account main --output json       one, for scripts

The exit code is 0 whatever fires; it is 1 when the store cannot be read.")]
pub struct StatusArgs {}

/// Messages looked at to find broken channels. More would say nothing new about a channel.
const MOST_WAITING: usize = 1_000;

/// The paced mails of this time count against `client_mails_per_hour`.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub fn run(context: &mut Context, _args: &StatusArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let mut accounts = Vec::new();
        for account in opened.accounts() {
            let snapshot = opened.snapshot(account).await?;
            accounts.push(Status::new(&snapshot, measured(&opened, account).await?));
        }
        let store = opened.settings.store.path.display().to_string();
        context.show(&Statuses { store, accounts }, &opened.now)?;
        Ok(Exit::Fine)
    })
}

async fn measured(opened: &Opened, account: &Account) -> Result<Measured, Failure> {
    let (store, now, schedule) = (&opened.store, opened.now.at, &opened.settings.schedule);
    let an_hour_ago = now.saturating_add(-HOUR).unwrap_or(Timestamp::MIN);
    Ok(Measured {
        counts: store.counts(&account.name).await?,
        client_mails_last_hour: store.client_mails_since(&account.name, an_hour_ago).await?,
        client_mails_per_hour: opened.settings.alerts.client_mails_per_hour,
        channels: channel_troubles(opened, account).await?,
        store_trouble: store_trouble(opened),
        next_sweep_at: schedule.next_after(now),
        schedule: format!("{}, {}", schedule.sweep.text(), schedule.timezone_name),
        revisit_within: schedule.revisit_within,
    })
}

/// What the disk does to the store.
fn store_trouble(opened: &Opened) -> Option<String> {
    let path = &opened.settings.store.path;
    let trouble = DiskTrouble::of(path)?;
    Some(format!(
        "nothing can be written down in the store `{}`, so nobody is watched: {trouble}; {}",
        path.display(),
        trouble.hint()
    ))
}

/// Channels with messages of this account that were tried, and are still waiting.
async fn channel_troubles(opened: &Opened, account: &Account) -> Result<Vec<ChannelTrouble>, Failure> {
    // A message waits for its next try: what is due within the lifetime of a message is all that waits.
    let until = opened.now.at.saturating_add(MESSAGE_LIFETIME).unwrap_or(Timestamp::MAX);
    let mut troubles: BTreeMap<String, ChannelTrouble> = BTreeMap::new();
    for (message, notifications) in opened.store.due_messages(until, MOST_WAITING).await? {
        if message.account != account.name || message.attempts == 0 || message.state != NoticeState::Pending {
            continue;
        }
        let trouble = match troubles.entry(message.channel.to_string()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let last_error = match notifications.first() {
                    Some(first) => last_error(opened, &first.id).await?,
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
async fn last_error(opened: &Opened, id: &str) -> Result<Option<String>, Failure> {
    let found = opened.store.notification(id).await?;
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
