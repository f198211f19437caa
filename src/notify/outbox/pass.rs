//! A pass: what is due is tried until nothing is left to try. Channels side by side, and within a channel a few messages
//! at a time; a receiver that keeps one waiting holds up nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::Notify;

use super::attempt::{Ended, InFlight};
use super::blame::Broken;
use super::spool::Spool;
use super::{Drained, Outbox};
use crate::domain::ChannelName;
use crate::domain::notice::{Attempt, Message};
use crate::notify::delivery::{Connection, Parcel, Until};
use crate::notify::health::ChannelHealth;
use crate::notify::queue::{Queue, Record};

/// Messages of one channel taken from the queue at a time: bounds memory, and is more than an hour of mails to clients.
const BATCH: usize = 200;

/// What ended is written down together with what leaves next, or else within this time: so long a crash may send again what
/// has arrived. Real time.
const WRITTEN_WITHIN: Duration = Duration::from_millis(200);

/// Ends the work: `stop` begins nothing more, `cut` ends what is in hand.
pub(super) struct Ends<'p> {
    pub stop: Until<'p>,
    pub cut: Until<'p>,
}

impl Ends<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.clone().now_or_never().is_some()
    }
}

/// What a pass goes on for.
enum Event<'p> {
    /// Something in hand has ended; `None`: nothing is in hand.
    Ended(Option<Ended<'p>>),
    /// Something may have become due.
    Look,
    /// What ended waits to be written down.
    Late,
}

/// What a pass has done so far.
#[derive(Default)]
struct Tally {
    drained: Drained,
    /// Messages that were tried, where each is tried only once.
    tried: Option<BTreeSet<String>>,
}

impl<Q: Queue> Outbox<Q> {
    /// Tries what is due until nothing is. With `wake` also what becomes due meanwhile; without, each message once.
    /// `report` hears of it in between.
    pub(super) async fn pass<'p>(
        &mut self,
        ends: &Ends<'p>,
        wake: Option<&Notify>,
        mut report: impl FnMut(Result<(&mut Drained, &BTreeMap<ChannelName, ChannelHealth>), &Q::Error>) + Send,
    ) -> Result<Drained, Q::Error> {
        let _busy = self.clock.busy();
        let mut flights: FuturesUnordered<InFlight<'p>> = FuturesUnordered::new();
        let mut tally = Tally {
            tried: wake.is_none().then(BTreeSet::new),
            ..Tally::default()
        };
        let mut failed = None;
        let mut is_looking = true;
        let mut late = tokio::time::interval(WRITTEN_WITHIN);
        late.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            is_looking |= self.adopt(&mut flights, &mut tally.drained);
            if failed.is_none() {
                failed = self.step(is_looking, ends, &mut flights, &mut tally).await.err();
            }
            if failed.is_some() || ends.is_stopped() {
                self.let_go(&mut tally.drained);
            }
            if flights.is_empty() {
                break;
            }
            let event = tokio::select! {
                biased;
                _ = late.tick(), if !self.unwritten.is_empty() => Event::Late,
                ended = flights.next() => Event::Ended(ended),
                () = async { match wake {
                    Some(wake) => wake.notified().await,
                    None => std::future::pending().await,
                } } => Event::Look,
                // Real time, as the waits of channels.
                () = tokio::time::sleep(self.settings.look_every), if wake.is_some() => Event::Look,
            };
            is_looking = match event {
                Event::Ended(Some(ended)) => self.take_note(ended, &mut flights, &mut tally.drained).await,
                Event::Ended(None) | Event::Look => true,
                Event::Late => {
                    self.spools.values_mut().for_each(Spool::lead_less);
                    if failed.is_none() {
                        failed = self.write_out(&[], &mut tally.drained).await.err();
                    }
                    false
                }
            };
            match &failed {
                Some(error) if is_looking && wake.is_some() => {
                    tracing::error!(%error, "the outbox could not be written; it is tried again");
                    report(Err(error));
                    failed = None;
                }
                None if is_looking => report(Ok((&mut tally.drained, &self.health))),
                _ => {}
            }
        }
        let written = self.write_out(&[], &mut tally.drained).await;
        match failed {
            Some(error) => Err(error),
            None => written.map(|()| tally.drained),
        }
    }

    /// Looks for what is due, and begins as much as may be in hand at once.
    async fn step<'p>(
        &mut self,
        mut is_looking: bool,
        ends: &Ends<'p>,
        flights: &mut FuturesUnordered<InFlight<'p>>,
        tally: &mut Tally,
    ) -> Result<(), Q::Error> {
        loop {
            let is_stopped = ends.is_stopped();
            let found = is_looking && !is_stopped && self.look(tally).await?;
            if !is_stopped {
                let drained = &mut tally.drained;
                let mut ready = Vec::new();
                let channels: Vec<ChannelName> = self.spools.keys().cloned().collect();
                for channel in channels {
                    if let Err(error) = self.ready(&channel, &mut ready, drained).await {
                        ready
                            .iter()
                            .for_each(|parcel| self.not_begun(&parcel.message.id, drained));
                        return Err(error);
                    }
                }
                // Nothing leaves that is not written down as leaving.
                if !ready.is_empty() {
                    self.write_out(&ready, drained).await?;
                }
                for parcel in ready {
                    if let Some(spool) = self.spools.get_mut(&parcel.message.channel) {
                        spool.mark(parcel);
                    }
                }
                self.begin(&ends.cut, flights);
            }
            self.close_idle(flights);
            // What was found may all be dropped or put off: then there may be more behind it.
            if !found || !self.spools.is_empty() {
                return Ok(());
            }
            is_looking = true;
        }
    }

    /// Takes what is due into the spools. Whether there was anything.
    async fn look(&mut self, tally: &mut Tally) -> Result<bool, Q::Error> {
        self.write_out(&[], &mut tally.drained).await?;
        let now = self.clock.now();
        let mut due = self.queue.due(now, BATCH).await?;
        due.retain(|(message, _)| {
            let tried = tally.tried.as_mut();
            !self.in_hand.contains(&message.id) && tried.is_none_or(|tried| tried.insert(message.id.clone()))
        });
        let found = !due.is_empty();
        for (channel, spool) in &mut self.spools {
            // It has rested; what is due may try it again.
            let rests = self.health.get(channel).and_then(|health| health.rests_until(now));
            if rests.is_none() {
                spool.blame.broken = None;
            }
        }
        let due = self.keep_quiet(due, now, &mut tally.drained).await?;
        let due = self.limit(due, now, &mut tally.drained).await?;
        for (message, notifications) in self.pace(due, now, &mut tally.drained).await? {
            self.in_hand.insert(message.id.clone());
            let channel = message.channel.clone();
            let spool = self.spools.entry(channel).or_insert_with_key(|name| {
                let channel = self.settings.channels.get(name);
                let width = channel.map_or(1, |channel| channel.most_connections());
                let resting = self.health.get(name).and_then(|health| {
                    let until = health.rests_until(now)?;
                    let error = health.last_error.clone().unwrap_or_default();
                    Some(Broken { until, error })
                });
                Spool::new(width, resting)
            });
            spool.push((message, notifications));
        }
        Ok(found)
    }

    /// Works by other settings from now on, if there are any. What has not begun to leave is taken anew, and what failed is
    /// tried at once: somebody may have mended it. Whether there were.
    fn adopt<'p>(&mut self, flights: &mut FuturesUnordered<InFlight<'p>>, drained: &mut Drained) -> bool {
        if !self.changes.has_changed().unwrap_or(false) {
            return false;
        }
        self.settings = Arc::clone(&self.changes.borrow_and_update());
        self.let_go(drained);
        for spool in self.spools.values_mut() {
            flights.extend(spool.take_open().map(close));
        }
        for (channel, health) in &mut self.health {
            if health.failures > 0 {
                *health = ChannelHealth::default();
                self.recovered.insert(channel.clone());
            }
        }
        true
    }

    /// Counts what became of a message, and has it written down with the next record.
    pub(super) fn settle(&mut self, message: Message, attempt: Option<Attempt>, drained: &mut Drained) {
        Self::count(&message, drained);
        let at = self.clock.now();
        self.unwritten.push(Record::of(&message, attempt, at));
    }

    /// Writes down what ended, and with it what is to begin: one commit for both. What ended stays to be written when the
    /// store fails; what was to begin does not begin.
    pub(super) async fn write_out(&mut self, ready: &[Parcel], drained: &mut Drained) -> Result<(), Q::Error> {
        let at = self.clock.now();
        let begins = ready.iter().map(|parcel| Record::of(&parcel.message, None, at));
        let mut records: Vec<Record> = Vec::new();
        for record in self.unwritten.iter().cloned().chain(begins) {
            match records.iter_mut().find(|kept| kept.account == record.account) {
                Some(kept) => {
                    kept.at = record.at;
                    kept.messages.extend(record.messages);
                    kept.left_out.extend(record.left_out);
                    kept.attempts.extend(record.attempts);
                }
                None => records.push(record),
            }
        }
        for record in records {
            let account = record.account.clone();
            if let Err(error) = self.queue.record(record).await {
                ready
                    .iter()
                    .for_each(|parcel| self.not_begun(&parcel.message.id, drained));
                return Err(error);
            }
            let (written, unwritten) = std::mem::take(&mut self.unwritten)
                .into_iter()
                .partition(|record| record.account == account);
            self.unwritten = unwritten;
            let written: Vec<Record> = written;
            for message in written.iter().flat_map(|record| &record.messages) {
                self.in_hand.remove(&message.id);
            }
        }
        while let Some(channel) = self.recovered.first().cloned() {
            self.queue.make_due(Some(&channel), at).await?;
            self.recovered.remove(&channel);
        }
        Ok(())
    }

    /// Forgets a message that was about to leave: the store still owes it.
    pub(super) fn not_begun(&mut self, id: &str, drained: &mut Drained) {
        self.in_hand.remove(id);
        drained.deferred += 1;
    }

    /// Ends the connections of channels that have nothing left to do.
    fn close_idle(&mut self, flights: &mut FuturesUnordered<InFlight<'_>>) {
        self.spools.retain(|_, spool| {
            if !spool.is_done() {
                return true;
            }
            flights.extend(spool.take_open().map(close));
            false
        });
    }

    /// Leaves what waits to another pass, and has it written down of what was to leave next that it does not.
    fn let_go(&mut self, drained: &mut Drained) {
        let mut unmarked = Vec::new();
        for spool in self.spools.values_mut() {
            unmarked.extend(spool.take_marked());
            for message in spool.take_waiting() {
                drained.deferred += 1;
                self.in_hand.remove(&message.id);
            }
        }
        for message in unmarked {
            self.settle(message, None, drained);
        }
    }
}

/// The end of a connection.
pub(super) fn close<'p>(connection: Box<dyn Connection>) -> InFlight<'p> {
    connection.close().map(|()| Ended::Closed).boxed()
}
