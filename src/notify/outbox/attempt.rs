//! One attempt: how a message leaves, and what its end says of others.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;

use super::blame::Doubt;
use super::pass::close;
use super::spool::Spool;
use super::state::{self, Circumstances};
use super::{Drained, Outbox, log};
use crate::clock::Stopwatch;
use crate::domain::ChannelName;
use crate::domain::judge::audience;
use crate::domain::notice::{AttemptOutcome, Message, MessageKind, NoticeState, Notification};
use crate::domain::receiver::Reads;
use crate::metrics;
use crate::notify::backoff;
use crate::notify::delivery::{Attempted, Channel, Connection, End, Parcel, Root, Sent, Until};
use crate::notify::letter;
use crate::notify::queue::{Due, Queue, Record};

/// What is on its way.
pub(super) type InFlight<'p> = BoxFuture<'p, Ended<'p>>;

pub(super) enum Ended<'p> {
    /// A parcel was given to a connection.
    Sent {
        parcel: Box<Parcel>,
        connection: Box<dyn Connection>,
        /// What the connection leads to.
        channel: Arc<dyn Channel>,
        sent: Sent<'p>,
        watch: Stopwatch,
    },
    /// An answer came that was awaited for long.
    Answered {
        parcel: Box<Parcel>,
        is_aside: bool,
        attempted: Attempted,
        watch: Stopwatch,
    },
    /// A connection was closed.
    Closed,
}

impl<Q: Queue> Outbox<Q> {
    /// What one channel is to mark as leaving. The rest is put off when it is broken.
    pub(super) async fn ready(
        &mut self,
        channel: &ChannelName,
        ready: &mut Vec<Parcel>,
        drained: &mut Drained,
    ) -> Result<(), Q::Error> {
        let health = self.health.get(channel).cloned().unwrap_or_default();
        let before = ready.len();
        while let Some(due) = (self.spools.get_mut(channel)).and_then(|spool| spool.next(ready.len() - before, &health))
        {
            let id = due.0.id.clone();
            // What overtook an end decides whether it still says anything: that must have its outcome, and be written down.
            if due.1.iter().any(|notification| notification.transition.is_end()) {
                let overtook = |other: &Message| {
                    (&other.channel, &other.recipient) == (&due.0.channel, &due.0.recipient)
                        && other.created_at > due.0.created_at
                };
                if ready[before..].iter().any(|parcel| overtook(&parcel.message)) {
                    if let Some(spool) = self.spools.get_mut(channel) {
                        spool.put_off(due);
                    }
                    break;
                }
                let has_ended = self.unwritten.iter().flat_map(|record| &record.messages).any(overtook);
                if has_ended && let Err(error) = self.write_out(&[], drained).await {
                    self.not_begun(&id, drained);
                    return Err(error);
                }
            }
            match self.parcel(due).await {
                Ok(Ok(parcel)) => ready.push(parcel),
                Ok(Err(dropped)) => self.settle(dropped, None, drained),
                Err(error) => {
                    self.not_begun(&id, drained);
                    return Err(error);
                }
            }
        }
        let now = self.clock.now();
        let Some(spool) = self.spools.get_mut(channel) else {
            return Ok(());
        };
        if ready.len() > before {
            spool.lead_more();
        }
        if let Some(broken) = spool.blame.broken.clone() {
            let marked = spool.take_marked();
            for message in marked.into_iter().chain(spool.take_waiting()) {
                let mut message = state::put_off(message, broken.until, &broken.error, now);
                let is_dead = matches!(message.state, NoticeState::Dead(_));
                // One that may have arrived is not lost.
                if is_dead && message.attempts > 0 && self.queue.uncertain_tries(&message.id).await.unwrap_or(0) > 0 {
                    message.state = NoticeState::ProbablyDelivered;
                }
                self.settle(message, None, drained);
            }
        }
        Ok(())
    }

    /// A message as it leaves and as it is to be written down before; else the message that is not sent, with the reason.
    async fn parcel(&mut self, (mut message, notifications): Due) -> Result<Result<Parcel, Message>, Q::Error> {
        let at = self.clock.now();
        let Some(channel) = self.settings.channels.get(&message.channel) else {
            let why = format!("the channel `{}` is not configured any more", message.channel);
            message.state = NoticeState::Dropped(why);
            return Ok(Err(message));
        };
        let has_threads = channel.has_threads();
        let (notifications, mut left_out) = self.remaining(&message, notifications).await?;
        if let Some(last) = left_out.last().filter(|_| notifications.is_empty()) {
            // Those with another reason keep theirs.
            message.state = last.state.clone();
            left_out.retain(|notification| notification.state != message.state);
            self.leave_out(&message, left_out, at);
            return Ok(Err(message));
        }
        if !left_out.is_empty()
            && let Some(until) = self.quiet_until(&message, &notifications, at)
        {
            // What was critical is over: the rest waits for the end of quiet hours.
            self.leave_out(&message, left_out, at);
            return Ok(Err(state::paced(message, until)));
        }
        let letter = match letter::write(&message, &notifications, &self.settings.letterhead, at) {
            Ok(letter) => letter,
            Err(why) => {
                message.state = NoticeState::Dropped(why.to_string());
                return Ok(Err(message));
            }
        };
        let root = if has_threads {
            self.root(&message, &notifications).await?
        } else {
            None
        };
        self.leave_out(&message, left_out, at);
        if let Some(fault) = &letter.trouble {
            let channel = &message.channel;
            tracing::warn!(%channel, %fault, "a text of your own cannot be used for a message, and the shipped one stands in");
        }
        message.attempts = message.attempts.saturating_add(1);
        message.state = NoticeState::Sending;
        Ok(Ok(Parcel {
            message,
            notifications,
            letter,
            at,
            root,
        }))
    }

    /// Begins as much of what is marked as each channel may have in hand.
    pub(super) fn begin<'p>(&mut self, cut: &Until<'p>, flights: &mut FuturesUnordered<InFlight<'p>>) {
        for (name, spool) in &mut self.spools {
            let Some(channel) = self.settings.channels.get(name) else {
                continue;
            };
            while let Some(parcel) = spool.begin() {
                let mut parcel = Box::new(parcel);
                parcel.at = self.clock.now();
                let (mut connection, cut) = (spool.connection(channel), cut.clone());
                let channel = Arc::clone(channel);
                let flight = async move {
                    let watch = Stopwatch::start();
                    let sent = connection.send(&parcel, cut).await;
                    Ended::Sent {
                        parcel,
                        connection,
                        channel,
                        sent,
                        watch,
                    }
                };
                flights.push(flight.boxed());
            }
        }
    }

    /// What of a message is still to be told, as far as the store says, and what is not, with the reason.
    async fn remaining(
        &self,
        message: &Message,
        notifications: Vec<Notification>,
    ) -> Result<(Vec<Notification>, Vec<Notification>), Q::Error> {
        let was_quiet = self.settings.was_quiet(message);
        let (mut still, mut left_out) = (Vec::with_capacity(notifications.len()), Vec::new());
        for mut notification in notifications {
            let dropped = if state::depends_on_siblings(message, &notification) {
                let siblings = self.queue.siblings(&notification).await?;
                state::dropped(message, &notification, &siblings, was_quiet)
            } else {
                None
            };
            let dropped = match dropped {
                None if self.is_outdated(&notification).await? => Some(state::outdated()),
                known => known,
            };
            match dropped {
                Some(state) => {
                    notification.state = state;
                    left_out.push(notification);
                }
                None => still.push(notification),
            }
        }
        Ok((still, left_out))
    }

    /// Whether it is the end of an episode, and its reader was told of a later one meanwhile. Where each episode stands for itself
    /// its end is never outdated.
    async fn is_outdated(&self, notification: &Notification) -> Result<bool, Q::Error> {
        let name = &notification.channel;
        let channel = self.settings.channels.get(name);
        let receiver = self.settings.receivers.get(name);
        let stands_for_itself = channel.is_some_and(|channel| channel.has_threads())
            || receiver.is_some_and(|receiver| receiver.reads == Reads::Incidents);
        Ok(notification.transition.is_end() && !stands_for_itself && self.queue.fired_again(notification).await?)
    }

    /// Has it written down what a message does not carry any more, before it leaves.
    fn leave_out(&mut self, message: &Message, mut left_out: Vec<Notification>, at: Timestamp) {
        if left_out.is_empty() {
            return;
        }
        for notification in &mut left_out {
            notification.message = None;
        }
        self.unwritten.push(Record {
            account: message.account.clone(),
            at,
            messages: Vec::new(),
            left_out,
            attempts: Vec::new(),
        });
    }

    /// What the episode of a message began with.
    async fn root(&self, message: &Message, notifications: &[Notification]) -> Result<Option<Root>, Q::Error> {
        let lead = notifications
            .iter()
            .min_by_key(|notification| audience::rank(notification));
        let Some(lead) = lead.filter(|_| message.kind == MessageKind::Single) else {
            return Ok(None);
        };
        let Some((root, told)) = self.queue.root(lead).await? else {
            return Ok(None);
        };
        let letter = letter::write(&root, &told, &self.settings.letterhead, root.created_at);
        let (Some(receipt), Ok(letter)) = (root.receipt, letter) else {
            return Ok(None);
        };
        let mut is_over = lead.transition.is_end() && root.kind == MessageKind::Single;
        for told in &told {
            let ends_here = |here: &Notification| here.episode == told.episode && here.transition.is_end();
            if is_over && !notifications.iter().any(ends_here) {
                let siblings = self.queue.siblings(told).await?;
                is_over = siblings.iter().any(|sibling| sibling.transition.is_end());
            }
        }
        Ok(Some(Root {
            receipt,
            letter,
            is_over,
        }))
    }

    /// Takes note of what has ended. Whether to look for more that is due.
    pub(super) async fn take_note<'p>(
        &mut self,
        ended: Ended<'p>,
        flights: &mut FuturesUnordered<InFlight<'p>>,
        drained: &mut Drained,
    ) -> bool {
        let (message, watch, attempted) = match ended {
            Ended::Closed => return false,
            Ended::Answered {
                parcel,
                is_aside,
                attempted,
                watch,
            } => {
                if let Some(spool) = self.spools.get_mut(&parcel.message.channel) {
                    *(if is_aside { &mut spool.aside } else { &mut spool.busy }) -= 1;
                }
                (parcel.message, watch, attempted)
            }
            Ended::Sent {
                parcel,
                connection,
                channel,
                sent,
                watch,
            } => {
                let name = &parcel.message.channel;
                let Some(spool) = self.spools.get_mut(name) else {
                    return true;
                };
                let now = self.settings.channels.get(name);
                if now.is_some_and(|now| Arc::ptr_eq(now, &channel)) {
                    spool.put_down(connection);
                } else if connection.is_open() {
                    flights.push(close(connection));
                }
                match sent {
                    Sent::Awaited(answer) => {
                        let is_aside = spool.step_aside();
                        let answered = answer.map(move |attempted| Ended::Answered {
                            parcel,
                            is_aside,
                            attempted,
                            watch,
                        });
                        flights.push(answered.boxed());
                        return true;
                    }
                    Sent::Ended(attempted) => {
                        spool.busy -= 1;
                        if let Err(failed) = &attempted
                            && spool.is_too_wide(failed)
                        {
                            spool.put_back(*parcel);
                            return false;
                        }
                        (parcel.message, watch, attempted)
                    }
                }
            }
        };
        let channel = message.channel.clone();
        metrics::delivery_tried(channel.as_str(), watch.elapsed());
        self.conclude(message, &attempted, drained).await;
        self.spools.get(&channel).is_none_or(Spool::is_empty)
    }

    /// What became of a message, and what it says of others.
    async fn conclude(&mut self, message: Message, attempted: &Attempted, drained: &mut Drained) {
        let now = self.clock.now();
        let channel = message.channel.clone();
        let jitter = backoff::jitter(self.settings.seed, &message.id, message.attempts);
        let health = self.health.entry(channel.clone()).or_default();
        let spool = self
            .spools
            .entry(channel.clone())
            .or_insert_with(|| Spool::new(1, None));
        if attempted.is_err() {
            spool.lead_one();
        }
        let lesson = spool.blame.learn(health, &message, attempted, jitter, now);
        let uncertain_tries = self.uncertain_tries(&message, attempted, now).await;
        let circumstances = Circumstances {
            is_dead: lesson.is_dead,
            wait: lesson.wait,
            uncertain_tries,
            knows_repeats: self
                .settings
                .channels
                .get(&channel)
                .is_some_and(|channel| channel.knows_repeats()),
            jitter,
        };
        let (message, attempt) = state::after(message, attempted, circumstances, now);
        log(&message, attempted);
        if lesson.is_doubtful
            && message.state == NoticeState::Pending
            && let Err(failed) = attempted
            && let Some(spool) = self.spools.get_mut(&channel)
        {
            spool.blame.doubt(Doubt {
                step: failed.step,
                message: message.clone(),
                attempt: attempt.clone(),
                error: failed.text.clone(),
            });
        }
        self.settle(message, Some(attempt), drained);
        for doubt in lesson.settled {
            let Doubt {
                mut message,
                mut attempt,
                error,
                ..
            } = doubt;
            message.state = NoticeState::Dead(error);
            attempt.outcome = AttemptOutcome::Refused;
            drained.deferred = drained.deferred.saturating_sub(1);
            self.settle(message, Some(attempt), drained);
        }
        if lesson.has_recovered {
            self.recovered.insert(channel);
        }
    }

    /// How many attempts of a message ended without an answer, this one included. Asked of the store where it decides:
    /// after such an attempt, and after the last one.
    async fn uncertain_tries(&self, message: &Message, attempted: &Attempted, now: Timestamp) -> u32 {
        let Err(failed) = attempted else { return 0 };
        let this = u32::from(failed.end == End::Uncertain);
        if this == 0 && now < message.deadline {
            return 0;
        }
        // A store that cannot be read cannot be written either: this attempt is what is known.
        this + self.queue.uncertain_tries(&message.id).await.unwrap_or(0)
    }
}
