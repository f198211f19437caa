//! The digest: at each mark of its schedule one message for each account and recipient, written down with its
//! notification at once. Sends nothing; the outbox does.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch as signal};

use super::run::stopped;
use super::{Error, Watch};
use crate::clock::Clock;
use crate::config::{self, CronRule, Settings};
use crate::domain::digest::{Digest, Material};
use crate::domain::judge::audience;
use crate::domain::notice::Transition;
use crate::domain::{ChannelName, ClientId};
use crate::store::{Commit, Filter};

/// A mark that passed while the program was not there is made up for when it is no older: an older digest would tell of
/// a day that the next one tells of, too.
const MADE_UP_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A mark that passed so recently is no mark that was missed.
const JUST_NOW: SignedDuration = SignedDuration::from_secs(60);

/// How far the first digest of an account looks back.
const FIRST_SPAN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long to wait after the store failed.
const PAUSE: Duration = Duration::from_secs(60);

/// Changes that are looked through for those since the last digest: more than the caps allow in a week.
const MOST_CHANGES: usize = 200;

/// When digests are due, and where they go.
#[derive(Clone, Debug)]
pub struct Digests {
    rule: CronRule,
    channel: ChannelName,
}

impl Digests {
    #[must_use]
    pub fn new(digest: &config::Digest) -> Self {
        Self {
            rule: digest.at.clone(),
            channel: digest.channel.clone(),
        }
    }

    /// Writes down what is due by the settings that are in force, until `stop` says that the program ends.
    pub(super) async fn run(
        mut settings: signal::Receiver<Arc<Settings>>,
        watches: &[Watch],
        clock: &Clock,
        wake: &Notify,
        stop: signal::Receiver<bool>,
    ) {
        loop {
            let digests = settings.borrow_and_update().digest.as_ref().map(Self::new);
            let now = clock.now();
            let made = match &digests {
                Some(digests) => digests.make(watches, now).await,
                None => Ok(false),
            };
            if let Ok(true) = made {
                wake.notify_one();
            }
            if let Err(error) = &made {
                tracing::error!(%error, "the digest could not be written; it is tried again");
            }
            let next = async {
                match digests.as_ref().and_then(|digests| digests.rule.next_after(now)) {
                    _ if made.is_err() => clock.sleep(PAUSE).await,
                    Some(next) => clock.sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stopped(stop.clone()) => return,
                () = next => {}
                () = clock.until_jump() => {}
                changed = settings.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Writes down the digest of the last mark for each account that has none. Whether there was anything to write.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn make(&self, watches: &[Watch], now: Timestamp) -> Result<bool, Error> {
        let Some(mark) = self.rule.last_until(now, MADE_UP_FOR) else {
            return Ok(false);
        };
        let mut is_owed = false;
        for watch in watches {
            is_owed |= watch.sum_up(&self.channel, mark, now).await?;
        }
        Ok(is_owed)
    }
}

impl Watch {
    /// Writes down the digest that was due at `mark`, unless there is one. Whether it was written.
    async fn sum_up(&self, channel: &ChannelName, mark: Timestamp, now: Timestamp) -> Result<bool, Error> {
        let monitor = self.monitor();
        let (store, account) = (&monitor.store, &self.account);
        let rules = self.terms().rules;
        let Some(receiver) = rules.channels.get(channel) else {
            return Ok(false);
        };
        let last = store.last_digest(account).await?;
        let told = last.as_ref().and_then(|last| match &last.transition {
            // One from a time that lies far ahead was made by a clock that was wrong.
            Transition::Digest(digest) if digest.mark <= now.saturating_add(MADE_UP_FOR).unwrap_or(now) => {
                Some((digest.mark, last.created_at))
            }
            _ => None,
        });
        if told.is_some_and(|(told, _)| mark <= told) {
            return Ok(false);
        }
        let view = store.load(account).await?;
        let known = view
            .clients
            .iter()
            .filter(|watched| watched.client.id != ClientId::account());
        let was_there = known.map(|watched| watched.first_seen_at).min();
        if told.is_none() && mark < now.saturating_sub(JUST_NOW).unwrap_or(now) && was_there.is_none_or(|at| at > mark)
        {
            // It was due before the account was watched.
            return Ok(false);
        }
        let since = told.map_or_else(
            || mark.saturating_sub(FIRST_SPAN).unwrap_or(mark),
            |(_, made_at)| made_at,
        );
        let material = Material {
            view: &view,
            policies: &rules.policies,
            enforcements: &store
                .enforcements(&Filter::newest(account.clone(), MOST_CHANGES))
                .await?,
            letters: &store.dead_letters(account).await?,
            activity: &store.activity_since(account, since).await?,
            mutes: &rules.mutes,
            zone: &rules.zone,
        };
        let digest = Digest::of(&material, mark, since, now);
        let owed = audience::sum_up(account, &digest, &rules.currency, (channel, receiver), now);
        for notification in &owed.notifications {
            // Written again, it would leave again.
            if store.notification(&notification.id).await?.is_some() {
                return Ok(false);
            }
        }
        let commit = Commit {
            messages: owed.messages,
            notifications: owed.notifications,
            ..Commit::new(account.clone(), now)
        };
        store.commit(&commit).await?;
        tracing::info!(%account, %channel, "a digest was written");
        Ok(true)
    }
}
