//! The worker against a queue in memory and a real mail server over loopback, in stepped time.

mod burst;
mod delivery;
mod ends;
mod limit;
mod pacing;
mod quiet;
mod refusals;
mod rules;
mod seam;
mod side_by_side;
mod stored;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Drained, Outbox, Settings};
use crate::clock::{Clock, Stepper};
use crate::domain::notice::{Attempt, AttemptOutcome, Message, NoticeState, Notification, Transition};
use crate::domain::{AccountName, ChannelName};
use crate::mail_catcher::{Behaviour, MailCatcher, Options, Stage};
use crate::notify::delivery::Channel;
use crate::notify::email::Server;
use crate::notify::queue::{Due, Left, Queue, Record, Sibling};
use crate::notify::testing::{email, fired, letterhead, owed, server, start};

/// A queue in memory with the order that the store guarantees, and a journal of what was written.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Shelves>>);

#[derive(Default)]
struct Shelves {
    messages: Vec<Message>,
    notifications: Vec<Notification>,
    attempts: Vec<Attempt>,
    /// The states written, in order, by message id.
    journal: Vec<(String, &'static str)>,
    /// So many records are still written; then the store fails.
    records_left: Option<u32>,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull;

impl Shelf {
    fn put(&self, (message, notification): (Message, Notification)) {
        let mut shelves = self.0.lock().unwrap();
        shelves.messages.push(message);
        shelves.notifications.push(notification);
    }

    fn message(&self, id: &str) -> Message {
        let shelves = self.0.lock().unwrap();
        shelves
            .messages
            .iter()
            .find(|message| message.id == id)
            .unwrap()
            .clone()
    }

    fn states(&self) -> Vec<NoticeState> {
        let shelves = self.0.lock().unwrap();
        shelves.messages.iter().map(|message| message.state.clone()).collect()
    }

    fn attempts(&self) -> Vec<Attempt> {
        self.0.lock().unwrap().attempts.clone()
    }

    fn outcomes(&self) -> Vec<&'static str> {
        self.attempts()
            .into_iter()
            .map(|attempt| attempt.outcome.as_str())
            .collect()
    }
}

impl Queue for Shelf {
    type Error = DiskFull;

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, DiskFull> {
        let shelves = self.0.lock().unwrap();
        let mut heads = BTreeSet::new();
        let unfinished = shelves.messages.iter().filter(|message| !message.state.is_final());
        let mut due: Vec<&Message> = unfinished
            .filter(|message| heads.insert((&message.thread, &message.channel, &message.recipient)))
            .filter(|message| message.next_at <= now && message.not_before <= now)
            .collect();
        due.sort_by_key(|message| (message.paced.is_some(), message.paced));
        let carried = |message: &Message| {
            let all = shelves.notifications.iter();
            all.filter(|notification| notification.message.as_deref() == Some(&message.id))
                .cloned()
                .collect()
        };
        let mut of_channel: BTreeMap<&ChannelName, usize> = BTreeMap::new();
        due.retain(|message| {
            let number = of_channel.entry(&message.channel).or_default();
            *number += 1;
            *number <= limit
        });
        Ok(due
            .into_iter()
            .map(|message| (message.clone(), carried(message)))
            .collect())
    }

    async fn next_at(&self) -> Result<Option<Timestamp>, DiskFull> {
        let shelves = self.0.lock().unwrap();
        let unfinished = shelves.messages.iter().filter(|message| !message.state.is_final());
        Ok(unfinished.map(|message| message.next_at.max(message.not_before)).min())
    }

    async fn paced_since(&self, account: &AccountName, since: Timestamp) -> Result<u32, DiskFull> {
        let shelves = self.0.lock().unwrap();
        let tried = |message: &Message| {
            let mut attempts = shelves.attempts.iter();
            attempts.any(|attempt| attempt.message == message.id && attempt.at >= since)
        };
        let paced = shelves
            .messages
            .iter()
            .filter(|message| message.account == *account && message.paced.is_some());
        let left = paced.filter(|message| message.state == NoticeState::Sending || tried(message));
        Ok(u32::try_from(left.count()).unwrap())
    }

    async fn left_since(&self, channel: &ChannelName, since: Timestamp) -> Result<Left, DiskFull> {
        let shelves = self.0.lock().unwrap();
        let of_channel = shelves.messages.iter().filter(|message| message.channel == *channel);
        let tried = |message: &Message| {
            let attempts = shelves.attempts.iter().filter(|attempt| attempt.message == message.id);
            attempts.map(|attempt| attempt.at).filter(|at| *at > since).min()
        };
        let left: Vec<Option<Timestamp>> = of_channel.map(tried).filter(Option::is_some).collect();
        Ok(Left {
            number: u32::try_from(left.len()).unwrap(),
            first_at: left.into_iter().flatten().min(),
        })
    }

    async fn siblings(&self, about: &Notification) -> Result<Vec<Sibling>, DiskFull> {
        let shelves = self.0.lock().unwrap();
        let others = shelves.notifications.iter().filter(|other| {
            let same = other.episode == about.episode && other.channel == about.channel;
            same && other.recipient == about.recipient && other.id != about.id
        });
        let siblings = others.map(|other| {
            let mut attempts = shelves
                .attempts
                .iter()
                .filter(|attempt| Some(&attempt.message) == other.message.as_ref());
            Sibling {
                transition: other.transition.clone(),
                created_at: other.created_at,
                state: other.state.clone(),
                maybe_arrived: attempts.any(|attempt| attempt.outcome == AttemptOutcome::Uncertain),
            }
        });
        Ok(siblings.collect())
    }

    async fn fired_again(&self, about: &Notification) -> Result<bool, DiskFull> {
        let shelves = self.0.lock().unwrap();
        let mut later = shelves.notifications.iter().skip_while(|other| other.id != about.id);
        Ok(later.any(|other| {
            let same =
                (&other.client, &other.policy) == (&about.client, &about.policy) && other.episode != about.episode;
            let place = (&other.channel, &other.recipient) == (&about.channel, &about.recipient);
            let mut attempts = shelves.attempts.iter();
            let may_have_arrived = attempts.any(|attempt| {
                Some(&attempt.message) == other.message.as_ref() && attempt.outcome == AttemptOutcome::Uncertain
            });
            same && place && (other.state.has_arrived() || may_have_arrived)
        }))
    }

    async fn root(&self, about: &Notification) -> Result<Option<Due>, DiskFull> {
        let shelves = self.0.lock().unwrap();
        let same = |other: &&Notification| other.episode == about.episode && other.id != about.id;
        let others = shelves.notifications.iter().filter(same);
        let mut carriers = others.filter_map(|other| {
            let mut messages = shelves.messages.iter();
            messages.find(|message| Some(&message.id) == other.message.as_ref() && message.receipt.is_some())
        });
        Ok(carriers.next().map(|root| {
            let carried = shelves.notifications.iter();
            let carried = carried.filter(|told| told.message.as_ref() == Some(&root.id));
            (root.clone(), carried.cloned().collect())
        }))
    }

    async fn uncertain_tries(&self, message: &str) -> Result<u32, DiskFull> {
        let attempts = self.attempts();
        let tries = attempts
            .iter()
            .filter(|attempt| attempt.message == message && attempt.outcome == AttemptOutcome::Uncertain);
        Ok(u32::try_from(tries.count()).unwrap())
    }

    async fn make_due(&self, channel: Option<&ChannelName>, now: Timestamp) -> Result<(), DiskFull> {
        let mut shelves = self.0.lock().unwrap();
        let attempts = shelves.attempts.clone();
        for message in &mut shelves.messages {
            let is_uncertain = attempts.iter().any(|attempt| {
                attempt.message == message.id
                    && attempt.number == message.attempts
                    && attempt.outcome == AttemptOutcome::Uncertain
            });
            let is_meant = channel.is_none_or(|channel| *channel == message.channel) && message.not_before <= now;
            if is_meant && !is_uncertain && message.state == NoticeState::Pending {
                message.next_at = message.next_at.min(now);
            }
        }
        Ok(())
    }

    async fn record(&self, record: Record) -> Result<(), DiskFull> {
        let mut shelves = self.0.lock().unwrap();
        if let Some(left) = &mut shelves.records_left {
            *left = left.checked_sub(1).ok_or(DiskFull)?;
        }
        for (id, state) in record.notices() {
            for notification in &mut shelves.notifications {
                if notification.message.as_deref() == Some(id) {
                    notification.state = state.clone();
                }
            }
        }
        for left_out in record.left_out {
            let kept = shelves
                .notifications
                .iter_mut()
                .find(|kept| kept.id == left_out.id)
                .unwrap();
            *kept = left_out;
        }
        for message in record.messages {
            shelves.journal.push((message.id.clone(), message.state.label()));
            let kept = shelves.messages.iter_mut().find(|kept| kept.id == message.id).unwrap();
            *kept = message;
        }
        for attempt in record.attempts {
            let mut kept = shelves.attempts.iter_mut();
            let same = |kept: &&mut Attempt| (&kept.message, kept.number) == (&attempt.message, attempt.number);
            match kept.find(same) {
                Some(kept) => *kept = attempt,
                None => shelves.attempts.push(attempt),
            }
        }
        Ok(())
    }
}

/// A worker with the channels `ops`, `pager` and `client` over one server.
struct Bench {
    shelf: Shelf,
    catcher: MailCatcher,
    clock: Clock,
    stepper: Stepper,
    outbox: Outbox<Shelf>,
}

impl Bench {
    async fn new() -> Self {
        let catcher = MailCatcher::start(Options::default()).await.unwrap();
        let (clock, stepper) = Clock::stepped(start());
        let shelf = Shelf::default();
        let outbox = Self::outbox(&shelf, &catcher, &clock);
        Self {
            shelf,
            catcher,
            clock,
            stepper,
            outbox,
        }
    }

    fn outbox<Q: Queue + Clone>(shelf: &Q, catcher: &MailCatcher, clock: &Clock) -> Outbox<Q> {
        Self::outbox_over(server(catcher), shelf, clock)
    }

    fn outbox_over<Q: Queue + Clone>(server: Server, shelf: &Q, clock: &Clock) -> Outbox<Q> {
        Self::outbox_through(email(server), shelf, clock)
    }

    fn outbox_through<Q: Queue + Clone>(channel: Arc<dyn Channel>, shelf: &Q, clock: &Clock) -> Outbox<Q> {
        let channels = ["ops", "pager", "client"].map(|name| (ChannelName::new(name).unwrap(), Arc::clone(&channel)));
        let settings = Settings {
            channels: BTreeMap::from(channels),
            letterhead: letterhead(),
            receivers: BTreeMap::new(),
            client_mails_per_hour: 20,
            look_every: Duration::from_secs(5),
            seed: 1,
        };
        Outbox::new(
            shelf.clone(),
            clock.clone(),
            tokio::sync::watch::channel(Arc::new(settings)).1,
        )
    }

    /// A pass without an end set from outside.
    async fn drain(&mut self) -> Drained {
        self.outbox.drain(std::future::pending()).await.unwrap()
    }

    fn step(&self, length: SignedDuration) {
        self.stepper.advance_to(self.clock.now() + length);
    }

    /// Recipients of the mails so far, in their order.
    fn recipients(&self) -> Vec<String> {
        self.catcher.mails().iter().map(|mail| mail.to.join(",")).collect()
    }

    fn health(&self, channel: &str) -> super::ChannelHealth {
        let channel = ChannelName::new(channel).unwrap();
        self.outbox.health().get(&channel).cloned().unwrap_or_default()
    }
}

fn refuse(at: Stage, code: u16) -> Behaviour {
    let text = "5.0.0 no";
    Behaviour::Answer { at, code, text }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
