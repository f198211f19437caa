//! From a message that waits to what became of it: how one leaves, and what its end says of others.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;

use super::fate::{self, Circumstances};
use super::lane::{Doubt, Lane, Waiting};
use super::{Channel, Drained, Outbox, tell};
use crate::domain::ChannelName;
use crate::domain::notice::{Message, MessageKind, NoticeState, Notification};
use crate::notify::email::{Awaited, DeliveryError, Email, Handed, Line};
use crate::notify::letter::{self, Mail};
use crate::notify::queue::Queue;

/// What is on its way.
pub(super) type Flight<'p> = BoxFuture<'p, Landed>;

/// What has ended.
pub(super) enum Landed {
    /// A mail was handed over, or was not.
    Handed {
        message: Message,
        notifications: Vec<Notification>,
        jitter: u32,
        line: Line<Arc<Email>>,
        handed: Handed,
    },
    /// An answer came that was awaited for long.
    Answered {
        message: Message,
        jitter: u32,
        is_aside: bool,
        result: Result<(), DeliveryError>,
    },
    /// A connection was closed.
    Closed,
}

impl<Q: Queue> Outbox<Q> {
    /// Begins what one channel may have in hand, and puts the rest off when it is broken.
    pub(super) async fn begin<'p, C>(
        &mut self,
        channel: &ChannelName,
        cut: &Shared<C>,
        flights: &mut Vec<Flight<'p>>,
        sending: &mut Vec<Message>,
        drained: &mut Drained,
    ) -> Result<(), Q::Error>
    where
        C: Future<Output = ()> + Send + 'p,
    {
        let health = self.health.get(channel).cloned().unwrap_or_default();
        while let Some(waiting) = self.lanes.get_mut(channel).and_then(|lane| lane.next(&health)) {
            let message = waiting.0.0.clone();
            match self.begun(waiting, cut.clone()).await {
                Err(error) => {
                    sending.push(message);
                    return Err(error);
                }
                Ok(Ok((message, flight))) => {
                    sending.push(message);
                    flights.push(flight);
                }
                Ok(Err(dropped)) => {
                    if let Some(lane) = self.lanes.get_mut(channel) {
                        lane.busy -= 1;
                    }
                    self.settle(dropped, None, drained);
                }
            }
        }
        let now = self.clock.now();
        let Some(lane) = self.lanes.get_mut(channel) else {
            return Ok(());
        };
        if let Some(broken) = lane.broken.clone() {
            for message in lane.take_all() {
                let mut message = fate::put_off(message, broken.until, &broken.error, now);
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

    /// One message on its way, as it is to be written down before; else the message that is not sent, with the reason.
    async fn begun<'p, C>(
        &mut self,
        waiting: Waiting,
        cut: Shared<C>,
    ) -> Result<Result<(Message, Flight<'p>), Message>, Q::Error>
    where
        C: Future<Output = ()> + Send + 'p,
    {
        let ((mut message, carried), jitter) = waiting;
        let now = self.clock.now();
        let (notifications, ready) = match self.still_told(&message, carried).await? {
            Err(why) => (Vec::new(), Err(why)),
            Ok(told) => {
                let ready = self.prepared(&message, &told, now);
                (told, ready)
            }
        };
        let (email, mail) = match ready {
            Ok(ready) => ready,
            Err(why) => {
                message.state = NoticeState::Dropped(why);
                return Ok(Err(message));
            }
        };
        let idle = self.lanes.get_mut(&message.channel).and_then(Lane::line);
        let mut line = idle.unwrap_or_else(|| Line::new(email));
        message.attempts = message.attempts.saturating_add(1);
        message.state = NoticeState::Sending;
        let name = recipient_name(&message, &notifications).to_owned();
        let sending = message.clone();
        let flight = async move {
            let handed = line.send(&message, &name, &mail, now, cut).await;
            Landed::Handed {
                message,
                notifications,
                jitter,
                line,
                handed,
            }
        };
        Ok(Ok((sending, flight.boxed())))
    }

    /// What of a message is still to be told, as far as the store and the configuration say; else why nothing of it is.
    async fn still_told(
        &self,
        message: &Message,
        notifications: Vec<Notification>,
    ) -> Result<Result<Vec<Notification>, String>, Q::Error> {
        if !self.settings.channels.contains_key(&message.channel) {
            let why = format!("the channel `{}` is not configured any more", message.channel);
            return Ok(Err(why));
        }
        let mut still = Vec::with_capacity(notifications.len());
        let mut why = None;
        for notification in notifications {
            let looks = message.kind == MessageKind::Single && fate::needs_told(message, &notification);
            let dropped = if looks {
                fate::dropped(message, &notification, &self.queue.told(&notification).await?)
            } else {
                None
            };
            match dropped {
                Some(dropped) => why = Some(dropped),
                None => still.push(notification),
            }
        }
        Ok(match why {
            Some(why) if still.is_empty() => Err(why.to_owned()),
            _ => Ok(still),
        })
    }

    /// The mail server, and the mail as it reads now; else why there is none.
    fn prepared(
        &self,
        message: &Message,
        notifications: &[Notification],
        now: Timestamp,
    ) -> Result<(Arc<Email>, Mail), String> {
        let channel = self.settings.channels.get(&message.channel);
        let Channel::Email(email) = channel.ok_or_else(|| "its channel is not configured any more".to_owned())?;
        let letter = letter::write(message, notifications, &self.settings.letterhead, now);
        let letter = letter.map_err(|why| why.to_string())?;
        Ok((Arc::clone(email), letter.to_mail()))
    }

    /// Takes note of what has ended. Whether to look for more that is due.
    pub(super) async fn land<'p, C>(
        &mut self,
        landed: Landed,
        cut: &Shared<C>,
        flights: &mut FuturesUnordered<Flight<'p>>,
        drained: &mut Drained,
    ) -> bool
    where
        C: Future<Output = ()> + Send + 'p,
    {
        let (message, jitter, result) = match landed {
            Landed::Closed => return false,
            Landed::Answered {
                message,
                jitter,
                is_aside,
                result,
            } => {
                if let Some(lane) = self.lanes.get_mut(&message.channel) {
                    *(if is_aside { &mut lane.aside } else { &mut lane.busy }) -= 1;
                }
                (message, jitter, result)
            }
            Landed::Handed {
                mut message,
                notifications,
                jitter,
                line,
                handed,
            } => {
                let Some(lane) = self.lanes.get_mut(&message.channel) else {
                    return true;
                };
                lane.idle.push(line);
                match handed {
                    Handed::Awaited(awaited) => {
                        let is_aside = lane.step_aside();
                        flights.push(answer(awaited, message, jitter, is_aside, cut.clone()));
                        return true;
                    }
                    Handed::Known(result) => {
                        lane.busy -= 1;
                        if let Err(error) = &result
                            && lane.is_too_wide(error)
                        {
                            message.attempts -= 1;
                            lane.put_back(((message, notifications), jitter));
                            return false;
                        }
                        (message, jitter, result)
                    }
                }
            }
        };
        let channel = message.channel.clone();
        self.conclude(message, jitter, &result, drained).await;
        self.lanes
            .get(&channel)
            .is_none_or(|lane| lane.waiting().next().is_none())
    }

    /// What became of a message, and what it says of others.
    async fn conclude(
        &mut self,
        message: Message,
        jitter: u32,
        result: &Result<(), DeliveryError>,
        drained: &mut Drained,
    ) {
        let now = self.clock.now();
        let channel = message.channel.clone();
        let health = self.health.entry(channel.clone()).or_default();
        let lane = self.lanes.entry(channel.clone()).or_insert_with(|| Lane::resting(None));
        let lesson = lane.learn(health, &message, result, jitter, now);
        let is_uncertain = matches!(result, Err(DeliveryError::Uncertain { .. }));
        let mut uncertain_tries = u32::from(is_uncertain);
        if is_uncertain || (result.is_err() && now >= message.deadline) {
            // A store that cannot be read cannot be written either: the try itself is what is known.
            uncertain_tries += self.queue.uncertain_tries(&message.id).await.unwrap_or(0);
        }
        let circumstances = Circumstances {
            is_dead: lesson.is_dead,
            wait: lesson.wait,
            uncertain_tries,
            jitter,
        };
        let (message, attempt) = fate::after(message, result, circumstances, now);
        tell(&message, result);
        if lesson.is_doubtful
            && message.state == NoticeState::Pending
            && let Err(error) = result
            && let Some(stage) = error.stage()
            && let Some(lane) = self.lanes.get_mut(&channel)
        {
            let (message, attempt) = (message.clone(), attempt.clone());
            let error = error.to_string();
            lane.doubt(Doubt {
                stage,
                message,
                attempt,
                error,
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
            "refused".clone_into(&mut attempt.outcome);
            drained.deferred = drained.deferred.saturating_sub(1);
            self.settle(message, Some(attempt), drained);
        }
        if lesson.is_cured {
            self.cured.insert(channel);
        }
    }
}

/// Awaits the answer to a mail that the server has whole.
fn answer<'p, C>(awaited: Awaited, message: Message, jitter: u32, is_aside: bool, cut: Shared<C>) -> Flight<'p>
where
    C: Future<Output = ()> + Send + 'p,
{
    let flight = async move {
        let result = awaited.answer(cut).await;
        Landed::Answered {
            message,
            jitter,
            is_aside,
            result,
        }
    };
    flight.boxed()
}

/// The name that stands in To: a client's own. Operators are addresses.
fn recipient_name<'n>(message: &Message, notifications: &'n [Notification]) -> &'n str {
    match notifications.first() {
        Some(first) if message.channel.is_client() && first.facts.label != first.client.as_str() => &first.facts.label,
        _ => "",
    }
}
