//! One pass over what is due: channels side by side, the messages of one channel one after the other.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::{Shared, join_all};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;

use super::fate;
use super::{Channel, Drained, Outbox};
use crate::domain::notice::{Message, NoticeState, Notification};
use crate::domain::{AccountName, ChannelName};
use crate::notify::email::{DeliveryError, Scope};
use crate::notify::health::{ChannelHealth, REST};
use crate::notify::queue::{Due, Queue, Record};
use crate::notify::{render, retry};

/// Messages taken from the queue at a time: bounds memory, and is more than an hour of mails to clients.
const BATCH: usize = 200;

/// So many messages in a row without any answer after RCPT look like a dead server, and the others of the pass wait. One
/// alone may be the fault of that message.
const SILENCES: u32 = 3;

/// Over which time mails to clients are counted.
const PACE_WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// A channel that failed in this pass: its other messages wait, unattempted.
#[derive(Clone, Debug)]
struct Broken {
    until: Timestamp,
    error: String,
}

/// What became of one channel's messages.
struct Worked<E> {
    channel: ChannelName,
    health: ChannelHealth,
    broken: Option<Broken>,
    /// Messages in a row without any answer.
    silences: u32,
    drained: Drained,
    error: Option<E>,
}

/// Ends the work: `stop` begins nothing more, `cut` ends what is in hand.
#[derive(Clone)]
pub(super) struct Ends<S: Future<Output = ()>, C: Future<Output = ()>> {
    stop: Shared<S>,
    cut: Shared<C>,
}

impl<S: Future<Output = ()>, C: Future<Output = ()>> Ends<S, C> {
    fn is_stopped(&self) -> bool {
        self.stop.clone().now_or_never().is_some()
    }
}

impl<Q: Queue> Outbox<Q> {
    /// Tries each due message once.
    pub(super) async fn pass<S, C>(&mut self, stop: Shared<S>, cut: Shared<C>) -> Result<Drained, Q::Error>
    where
        S: Future<Output = ()> + Send,
        C: Future<Output = ()> + Send,
    {
        let _busy = self.clock.busy();
        let ends = Ends { stop, cut };
        let mut total = Drained::default();
        let mut seen = BTreeSet::new();
        let mut broken = self.resting();
        while !ends.is_stopped() {
            let now = self.clock.now();
            let mut due = self.queue.due(now, BATCH).await?;
            due.retain(|(message, _)| seen.insert(message.id.clone()));
            if due.is_empty() {
                break;
            }
            let due = self.pace(due, now, &mut total).await?;
            let mut by_channel: BTreeMap<ChannelName, Vec<(Due, u32)>> = BTreeMap::new();
            for (message, notifications) in due {
                let jitter = self.random.random_range(0..=retry::MOST_JITTER);
                let channel = message.channel.clone();
                by_channel
                    .entry(channel)
                    .or_default()
                    .push(((message, notifications), jitter));
            }
            let work = by_channel.into_iter().map(|(channel, due)| {
                let worked = Worked {
                    health: self.health.get(&channel).cloned().unwrap_or_default(),
                    broken: broken.get(&channel).cloned(),
                    channel,
                    silences: 0,
                    drained: Drained::default(),
                    error: None,
                };
                self.work(worked, due, &ends)
            });
            let mut failed = None;
            for worked in join_all(work).await {
                total.add(worked.drained);
                failed = failed.or(worked.error);
                if let Some(reason) = worked.broken {
                    broken.insert(worked.channel.clone(), reason);
                }
                if worked.health != ChannelHealth::default() {
                    self.health.insert(worked.channel, worked.health);
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(total)
    }

    /// The channels that failed a moment ago and are left alone in this pass.
    fn resting(&self) -> BTreeMap<ChannelName, Broken> {
        let now = self.clock.now();
        let resting = self.health.iter().filter_map(|(channel, health)| {
            let until = health.rests_until(now)?;
            let error = health.last_error.clone().unwrap_or_default();
            Some((channel.clone(), Broken { until, error }))
        });
        resting.collect()
    }

    /// Lets as many paced messages to clients leave as the hour has room for, lowest balance first; the others wait.
    async fn pace(&self, due: Vec<Due>, now: Timestamp, total: &mut Drained) -> Result<Vec<Due>, Q::Error> {
        let (mut paced, mut leaving): (Vec<Due>, Vec<Due>) =
            due.into_iter().partition(|(message, _)| message.paced.is_some());
        paced.sort_by_key(|(message, _)| message.paced);
        let mut room: BTreeMap<AccountName, u32> = BTreeMap::new();
        let mut waiting: BTreeMap<AccountName, Vec<Message>> = BTreeMap::new();
        let cap = self.settings.client_mails_per_hour.max(1);
        let until = now
            .saturating_add(PACE_WINDOW / cap.min(60).cast_signed())
            .unwrap_or(now);
        for (message, notifications) in paced {
            let account = message.account.clone();
            if !room.contains_key(&account) {
                let since = now.saturating_sub(PACE_WINDOW).unwrap_or(now);
                let used = self.queue.paced_since(&account, since).await?;
                room.insert(account.clone(), cap.saturating_sub(used));
            }
            match room.get_mut(&account) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    leaving.push((message, notifications));
                }
                _ => waiting.entry(account).or_default().push(fate::paced(message, until)),
            }
        }
        for (account, messages) in waiting {
            total.deferred += count(&messages);
            self.write(account, messages, now).await?;
        }
        Ok(leaving)
    }

    async fn write(&self, account: AccountName, messages: Vec<Message>, at: Timestamp) -> Result<(), Q::Error> {
        let attempts = Vec::new();
        self.queue
            .record(Record {
                account,
                at,
                messages,
                attempts,
            })
            .await
    }

    /// Works through the messages of one channel, in their order.
    async fn work<S, C>(
        &self,
        mut worked: Worked<Q::Error>,
        due: Vec<(Due, u32)>,
        ends: &Ends<S, C>,
    ) -> Worked<Q::Error>
    where
        S: Future<Output = ()> + Send,
        C: Future<Output = ()> + Send,
    {
        let mut put_off: BTreeMap<AccountName, Vec<Message>> = BTreeMap::new();
        for ((message, notifications), jitter) in due {
            if let Some(broken) = &worked.broken {
                let message = fate::put_off(message, broken.until, &broken.error, self.clock.now());
                put_off.entry(message.account.clone()).or_default().push(message);
            } else if ends.is_stopped() {
                worked.drained.deferred += 1;
            } else {
                let handled = self.handle(&mut worked, message, &notifications, jitter, ends);
                if let Err(error) = handled.await {
                    worked.error = Some(error);
                    return worked;
                }
            }
        }
        for (account, messages) in put_off {
            for message in &messages {
                Self::tally(&mut worked, message);
            }
            if let Err(error) = self.write(account, messages, self.clock.now()).await {
                worked.error = Some(error);
            }
        }
        worked
    }

    /// Sends one message, unless it is to be dropped, and writes down what became of it.
    async fn handle<S, C>(
        &self,
        worked: &mut Worked<Q::Error>,
        mut message: Message,
        notifications: &[Notification],
        jitter: u32,
        ends: &Ends<S, C>,
    ) -> Result<(), Q::Error>
    where
        S: Future<Output = ()> + Send,
        C: Future<Output = ()> + Send,
    {
        let now = self.clock.now();
        let ready = match self.dropped(&message, notifications).await? {
            Some(why) => Err(why),
            None => self.prepared(&message, notifications, now),
        };
        let (channel, mail) = match ready {
            Ok(ready) => ready,
            Err(why) => {
                message.state = NoticeState::Dropped(why);
                Self::tally(worked, &message);
                return self.queue.record(Record::of(&message, None, now)).await;
            }
        };
        message.attempts += 1;
        message.state = NoticeState::Sending;
        self.queue.record(Record::of(&message, None, now)).await?;
        let Channel::Email(email) = channel;
        let name = recipient_name(&message, notifications);
        let result = email.send(&message, name, &mail, now, ends.cut.clone()).await;
        let now = self.clock.now();
        let wait = learn(worked, &result, message.attempts, jitter, now);
        let (message, attempt) = fate::after(message, &result, wait, now);
        tell(&message, &result);
        Self::tally(worked, &message);
        self.queue.record(Record::of(&message, Some(attempt), now)).await
    }

    /// Why a message is not sent, as far as the store and the configuration say.
    async fn dropped(&self, message: &Message, notifications: &[Notification]) -> Result<Option<String>, Q::Error> {
        if !self.settings.channels.contains_key(&message.channel) {
            return Ok(Some(format!(
                "the channel `{}` is not configured any more",
                message.channel
            )));
        }
        let [notification] = notifications else {
            return Ok(None);
        };
        if !fate::needs_told(message, notification) {
            return Ok(None);
        }
        let told = self.queue.told(notification).await?;
        Ok(fate::dropped(message, notification, &told).map(str::to_owned))
    }

    /// The channel, and the mail as it reads now; else why there is none.
    fn prepared(
        &self,
        message: &Message,
        notifications: &[Notification],
        now: Timestamp,
    ) -> Result<(&Channel, render::Mail), String> {
        let channel = self.settings.channels.get(&message.channel);
        let channel = channel.ok_or_else(|| "its channel is not configured any more".to_owned())?;
        let mail = render::mail(message, notifications, &self.settings.texts, now);
        Ok((channel, mail.map_err(|error| error.to_string())?))
    }

    /// Counts what became of a message.
    fn tally(worked: &mut Worked<Q::Error>, message: &Message) {
        let place = (message.account.clone(), message.channel.clone());
        let drained = &mut worked.drained;
        match &message.state {
            NoticeState::Delivered => {
                drained.sent += 1;
                *drained.delivered_by_channel.entry(place).or_default() += 1;
            }
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

/// What a try says of the channel; gives how long this message waits for its next one.
fn learn<E>(
    worked: &mut Worked<E>,
    result: &Result<(), DeliveryError>,
    attempts: u32,
    jitter: u32,
    now: Timestamp,
) -> SignedDuration {
    let own = retry::wait(attempts, jitter);
    let Err(error) = result else {
        worked.silences = 0;
        worked.health.delivered(now);
        return own;
    };
    worked.silences = if error.is_silence() { worked.silences + 1 } else { 0 };
    if error.scope() != Scope::Channel && worked.silences < SILENCES {
        return own;
    }
    worked.health.broke(error.to_string(), now);
    let wait = own.max(retry::wait(worked.health.failures, jitter)).max(REST);
    worked.broken = Some(Broken {
        until: now.saturating_add(wait).unwrap_or(now),
        error: error.to_string(),
    });
    wait
}

/// The name that stands in To: a client's own. Operators are addresses.
fn recipient_name<'n>(message: &Message, notifications: &'n [Notification]) -> &'n str {
    match notifications.first() {
        Some(first) if message.channel.is_client() && first.facts.label != first.client.as_str() => &first.facts.label,
        _ => "",
    }
}

/// Logs a try, without addresses or the words of the server.
fn tell(message: &Message, result: &Result<(), DeliveryError>) {
    let (channel, account, attempt) = (&message.channel, &message.account, message.attempts);
    match result {
        Ok(()) => tracing::info!(%channel, %account, attempt, "a message was delivered"),
        Err(error) => {
            let (error, state) = (error.brief(), message.state.label());
            tracing::warn!(%channel, %account, attempt, error, state, "a message could not be delivered");
        }
    }
}

fn count(messages: &[Message]) -> u32 {
    u32::try_from(messages.len()).unwrap_or(u32::MAX)
}

impl Drained {
    /// Adds what came of other messages.
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.deferred += other.deferred;
        self.dead += other.dead;
        self.dropped += other.dropped;
        for (place, number) in other.delivered_by_channel {
            *self.delivered_by_channel.entry(place).or_default() += number;
        }
        for (place, number) in other.dead_by_channel {
            *self.dead_by_channel.entry(place).or_default() += number;
        }
    }
}
