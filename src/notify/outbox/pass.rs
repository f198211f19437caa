//! A pass: what is due is tried until nothing is left to try. Channels side by side, and within a channel a few messages
//! at a time; a receiver that keeps one waiting holds up nobody else.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::notify::delivery::Until;
use crate::notify::health::ChannelHealth;
use crate::notify::queue::{Queue, Record};

/// Messages of one channel taken from the queue at a time: bounds memory, and is more than an hour of mails to clients.
const BATCH: usize = 200;

/// While messages are in hand, what became due is looked for this often, woken or not. Real time, as the waits of channels.
const LOOK_EVERY: Duration = Duration::from_secs(5);

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
        loop {
            if failed.is_none() {
                failed = self.step(is_looking, ends, &mut flights, &mut tally).await.err();
            }
            if failed.is_some() || ends.is_stopped() {
                self.let_go(&mut tally.drained);
            }
            if flights.is_empty() {
                break;
            }
            let ended = tokio::select! {
                ended = flights.next() => ended,
                () = async { match wake {
                    Some(wake) => wake.notified().await,
                    None => std::future::pending().await,
                } } => None,
                () = tokio::time::sleep(LOOK_EVERY), if wake.is_some() => None,
            };
            is_looking = match ended {
                Some(ended) => self.take_note(ended, &mut flights, &mut tally.drained).await,
                None => true,
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
        let written = self.write_out(Vec::new(), &mut tally.drained).await;
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
            let (mut sending, mut begun) = (Vec::new(), Vec::new());
            if !is_stopped {
                let channels: Vec<ChannelName> = self.spools.keys().cloned().collect();
                for channel in channels {
                    let drained = &mut tally.drained;
                    let begin = self.begin(&channel, &ends.cut, &mut begun, &mut sending, drained);
                    if let Err(error) = begin.await {
                        self.not_begun(&sending, &mut tally.drained);
                        return Err(error);
                    }
                }
            }
            // Nothing leaves that is not written down as leaving.
            self.write_out(sending, &mut tally.drained).await?;
            flights.extend(begun);
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
        self.write_out(Vec::new(), &mut tally.drained).await?;
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

    /// Counts what became of a message, and has it written down with the next record.
    pub(super) fn settle(&mut self, message: Message, attempt: Option<Attempt>, drained: &mut Drained) {
        Self::count(&message, drained);
        let at = self.clock.now();
        self.unwritten.push(Record::of(&message, attempt, at));
    }

    /// Writes down what ended, and with it what begins: one commit for both. What ended stays to be written when the
    /// store fails; what was to begin does not begin.
    async fn write_out(&mut self, sending: Vec<Message>, drained: &mut Drained) -> Result<(), Q::Error> {
        let at = self.clock.now();
        let begins = sending.iter().map(|message| Record::of(message, None, at));
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
                self.not_begun(&sending, drained);
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

    /// Forgets messages that were about to leave: the store still owes them.
    fn not_begun(&mut self, messages: &[Message], drained: &mut Drained) {
        for message in messages {
            self.in_hand.remove(&message.id);
            drained.deferred += 1;
            if let Some(spool) = self.spools.get_mut(&message.channel) {
                spool.busy -= 1;
            }
        }
    }

    /// Ends the connections of channels that have nothing left to do.
    fn close_idle(&mut self, flights: &mut FuturesUnordered<InFlight<'_>>) {
        self.spools.retain(|_, spool| {
            if !spool.is_done() {
                return true;
            }
            for connection in spool.take_open() {
                flights.push(connection.close().map(|()| Ended::Closed).boxed());
            }
            false
        });
    }

    /// Leaves what waits to another pass.
    fn let_go(&mut self, drained: &mut Drained) {
        for spool in self.spools.values_mut() {
            for message in spool.take_all() {
                drained.deferred += 1;
                self.in_hand.remove(&message.id);
            }
        }
    }
}
