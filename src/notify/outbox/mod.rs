//! The worker that drains the stored outbox. Writes down that a message is on its way before it leaves, and what became
//! of it afterwards; makes no notification, and raises no alert.
//!
//! In reading order: `pass` (what is due is tried until nothing is), `quiet` (what is late waits for the morning), `pacing` (few
//! messages to clients an hour), `limit` (so many to a channel), `spool` (one channel at work), `attempt` (one message leaves), `blame` (whose a failure is), `state` (what a message becomes),
//! `direct` (past the queue).

mod attempt;
mod blame;
mod direct;
mod limit;
mod pacing;
mod pass;
mod quiet;
mod spool;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};

use self::limit::Turns;
use self::pass::Ends;
use self::spool::Spool;
use super::delivery::{Attempted, Channel};
use super::health::ChannelHealth;
use super::letter::Letterhead;
use super::queue::{Queue, Record};
use crate::clock::Clock;
use crate::domain::notice::{Message, NoticeState};
use crate::domain::receiver::Receiver;
use crate::domain::{AccountName, ChannelName};
use crate::metrics;

/// How long a delivery in hand may go on after the program was told to stop; it has 10 seconds in all. Real time.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait when the store failed, and between two looks at a queue that says that something is due but gives
/// nothing: not at once, so that a fault does not keep a processor busy.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// What a worker is made of.
#[derive(Clone)]
pub struct Settings {
    /// How each channel's messages leave; `client` included when there is a mail server.
    pub channels: BTreeMap<ChannelName, Arc<dyn Channel>>,
    /// What all letters share.
    pub letterhead: Letterhead,
    /// What the channels want to hear, and when.
    pub receivers: BTreeMap<ChannelName, Receiver>,
    /// How many paced mails to clients may leave in an hour, for each account.
    pub client_mails_per_hour: u32,
    /// How often it is looked what is due though nobody says so: other processes cannot wake it.
    pub look_every: Duration,
    /// Seeds the jitter of retries.
    pub seed: u64,
}

impl Settings {
    /// How many messages a channel takes in an hour, if there is a limit.
    fn most_per_hour(&self, channel: &ChannelName) -> Option<u32> {
        self.receivers.get(channel)?.max_per_hour
    }

    /// Whether quiet hours ran when a message was written down that may wait for their end.
    fn was_quiet(&self, message: &Message) -> bool {
        let receiver = self.receivers.get(&message.channel);
        let hours = receiver.and_then(|receiver| receiver.quiet_hours.as_ref());
        hours.is_some_and(|hours| hours.until(message.created_at).is_some())
    }
}

/// What came of a pass over what was due. Messages are counted, not the notifications they carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    pub sent: u32,
    /// Due, and still owed: a try failed, the channel is broken, its turn has not come, or time was up.
    pub deferred: u32,
    pub dead: u32,
    /// Decided not to send.
    pub dropped: u32,
    pub delivered_by_channel: BTreeMap<(AccountName, ChannelName), u32>,
    pub dead_by_channel: BTreeMap<(AccountName, ChannelName), u32>,
}

/// The worker. There is one for each store.
pub struct Outbox<Q> {
    queue: Q,
    clock: Clock,
    settings: Arc<Settings>,
    /// What it is to work by from the next message on.
    changes: watch::Receiver<Arc<Settings>>,
    health: BTreeMap<ChannelName, ChannelHealth>,
    /// The channels at work.
    spools: BTreeMap<ChannelName, Spool>,
    /// Who has which turn in channels that take so many messages an hour.
    turns: Turns,
    /// Messages that are at work, by id: the store still says that they are due.
    in_hand: BTreeSet<String>,
    /// What ended and is not written down yet.
    unwritten: Vec<Record>,
    /// Channels that work again and whose waiting messages are to be made due.
    recovered: BTreeSet<ChannelName>,
}

impl<Q: Queue> Outbox<Q> {
    /// Makes a worker; it does nothing yet. Other settings that come while it works count from the next message on.
    #[must_use]
    pub fn new(queue: Q, clock: Clock, mut changes: watch::Receiver<Arc<Settings>>) -> Self {
        let settings = Arc::clone(&changes.borrow_and_update());
        Self {
            queue,
            clock,
            settings,
            changes,
            health: BTreeMap::new(),
            spools: BTreeMap::new(),
            turns: Turns::default(),
            in_hand: BTreeSet::new(),
            unwritten: Vec::new(),
            recovered: BTreeSet::new(),
        }
    }

    /// How the channels that were used since the start fare.
    #[must_use]
    pub const fn health(&self) -> &BTreeMap<ChannelName, ChannelHealth> {
        &self.health
    }

    /// Tries each due message once. When `until` ends (real time), nothing more is begun and a delivery in hand is cut
    /// off; what is left waits.
    ///
    /// # Errors
    /// When the store fails: what was sent but could not be written down is sent again, with the same id.
    pub async fn drain(&mut self, until: impl Future<Output = ()> + Send) -> Result<Drained, Q::Error> {
        let until = until.boxed().shared();
        let ends = Ends {
            stop: until.clone(),
            cut: until,
        };
        self.pass(&ends, None, |_| {}).await
    }

    /// Drains whenever something is due or `wake` says that something was written, until `cancel` ends; a delivery in
    /// hand then gets five more seconds (real time). What was done is reported, with how the channels fare or why the
    /// store failed.
    ///
    /// What waits for a later try is due when it begins: the program is started anew when something was repaired.
    pub async fn run(
        &mut self,
        wake: &Notify,
        cancel: impl Future<Output = ()> + Send,
        mut report: impl FnMut(Result<(&Drained, &BTreeMap<ChannelName, ChannelHealth>), &Q::Error>) + Send,
    ) {
        let stop = cancel.boxed().shared();
        let stopping = stop.clone();
        let cut = async move {
            stopping.await;
            tokio::time::sleep(GRACE).await;
        };
        let ends = Ends {
            stop: stop.clone(),
            cut: cut.boxed().shared(),
        };
        if let Err(error) = self.queue.make_due(None, self.clock.now()).await {
            tracing::error!(%error, "what waits could not be made due; it leaves in its time");
        }
        loop {
            let meanwhile = |so_far: Result<(&mut Drained, &_), &_>| match so_far {
                Ok((drained, health)) => {
                    let drained = std::mem::take(drained);
                    if drained != Drained::default() {
                        report(Ok((&drained, health)));
                    }
                }
                Err(error) => report(Err(error)),
            };
            let drained = self.pass(&ends, Some(wake), meanwhile).await;
            let failed = drained.is_err();
            match drained {
                Ok(drained) => report(Ok((&drained, &self.health))),
                Err(error) => {
                    tracing::error!(%error, "the outbox could not be drained; it is tried again");
                    report(Err(&error));
                }
            }
            if stop.clone().now_or_never().is_some() {
                return;
            }
            let next = self.next_look(failed).await;
            let sleep = async {
                match next {
                    Some(next) => self.clock.sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stop.clone() => return,
                () = wake.notified() => {}
                () = sleep => {}
                () = self.clock.sleep(self.settings.look_every) => {}
            }
        }
    }

    /// When to look again without being woken; `None`: only then.
    async fn next_look(&self, failed: bool) -> Option<Timestamp> {
        let now = self.clock.now();
        let soon = now.saturating_add(PAUSE).unwrap_or(now);
        if failed {
            return Some(soon);
        }
        match self.queue.next_at().await {
            Ok(None) => None,
            // What is due but was left (its time came during the pass, or time was up) is not asked for in a circle.
            Ok(Some(next)) => Some(if next <= now { soon } else { next }),
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be looked at; it is tried again");
                Some(soon)
            }
        }
    }
}

impl<Q: Queue> Outbox<Q> {
    /// Counts what became of a message.
    fn count(message: &Message, drained: &mut Drained) {
        let place = (message.account.clone(), message.channel.clone());
        metrics::message_became(place.0.as_str(), place.1.as_str(), message.state.label());
        match &message.state {
            NoticeState::Delivered => {
                drained.sent += 1;
                *drained.delivered_by_channel.entry(place).or_default() += 1;
            }
            // It counts as told.
            NoticeState::ProbablyDelivered => drained.sent += 1,
            NoticeState::Dead(_) => {
                drained.dead += 1;
                *drained.dead_by_channel.entry(place).or_default() += 1;
                let (channel, account) = (&message.channel, &message.account);
                tracing::warn!(%channel, %account, "a message will never arrive: see `balancewatch notifications`");
            }
            NoticeState::Dropped(_) | NoticeState::Merged(_) => drained.dropped += 1,
            NoticeState::Pending | NoticeState::Sending => drained.deferred += 1,
        }
    }
}

/// Logs an attempt, without addresses or the words of the receiver.
fn log(message: &Message, attempted: &Attempted) {
    let (channel, account, attempt) = (&message.channel, &message.account, message.attempts);
    let (id, (client, policy)) = (name(&message.id), about(&message.thread));
    match attempted {
        Ok(_) => {
            tracing::info!(%account, client, policy, %channel, attempt, message_id = id, "a message was delivered");
        }
        Err(failed) => {
            let (why, state) = (failed.word.as_str(), message.state.label());
            tracing::warn!(%account, client, policy, %channel, attempt, message_id = id, why, state, "a message could not be delivered");
        }
    }
}

/// A message's id without the address that it ends with.
fn name(id: &str) -> &str {
    let end = id.find('@').and_then(|at| id[..at].rfind('/'));
    end.map_or(id, |end| &id[..end])
}

/// Client and policy of a thread: that of an episode begins with its id, and that of a summary or a group is about several.
fn about(thread: &str) -> (&str, &str) {
    let mut parts = thread.split('.');
    if thread.starts_with("group/") {
        return ("several", "several");
    }
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(client), Some(policy), Some(_)) => (client, policy),
        _ => ("several", "several"),
    }
}
