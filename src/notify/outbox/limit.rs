//! Channels that take so many messages an hour: the most severe leave first, the others get a turn later. The first word of
//! a critical episode always leaves.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::quiet::severity;
use super::spool::Spool;
use super::{Drained, Outbox, state};
use crate::domain::notice::{Message, NoticeState, Notification, Transition};
use crate::domain::time::later;
use crate::domain::{AccountName, ChannelName, Severity};
use crate::notify::queue::{Due, Left, Queue, Record};

/// Over which time messages are counted.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// So long a message waits for its turn at most: where more is to be told than the channel takes, what is less severe would
/// else wait without end, and nobody would hear of it.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(48);

/// The turns that were given out. In memory: after a restart they are given anew as they come.
#[derive(Debug, Default)]
pub(super) struct Turns {
    last: BTreeMap<(ChannelName, Severity), Timestamp>,
    waiting: BTreeSet<String>,
}

impl Turns {
    /// When a message has its turn, in a channel that has room from `opens_at` on and then once a `step`. Who waits for the
    /// first time comes after all that are as severe; those that lost a turn to something more severe, of which there were
    /// `lost` before, have the next ones: so each turn moves one message, however many wait.
    fn give(
        &mut self,
        message: &Message,
        severity: Severity,
        (opens_at, step): (Timestamp, SignedDuration),
        lost: &mut i32,
    ) -> Timestamp {
        let after = |at: Timestamp, step: SignedDuration| at.saturating_add(step).unwrap_or(at);
        if !self.waiting.insert(message.id.clone()) {
            let turn = after(opens_at, step.saturating_mul(*lost));
            *lost = lost.saturating_add(1);
            return turn;
        }
        let place = (message.channel.clone(), severity);
        let last = self.last.get(&place).filter(|last| **last >= opens_at);
        let turn = last.map_or(opens_at, |last| after(*last, step));
        self.last.insert(place, turn);
        turn
    }
}

impl<Q: Queue> Outbox<Q> {
    /// Lets as many messages leave through each channel as its hour has room for; the others wait for their turn.
    pub(super) async fn limit(
        &mut self,
        due: Vec<Due>,
        now: Timestamp,
        drained: &mut Drained,
    ) -> Result<Vec<Due>, Q::Error> {
        let mut leaving = Vec::with_capacity(due.len());
        let mut limited: BTreeMap<(ChannelName, u32), Vec<Due>> = BTreeMap::new();
        // Those that a killed process was sending left no attempt: they are not in the store's count either.
        let mut cut_off: BTreeMap<ChannelName, usize> = BTreeMap::new();
        for due in due {
            if due.0.state == NoticeState::Sending {
                *cut_off.entry(due.0.channel.clone()).or_default() += 1;
            }
            match self.settings.most_per_hour(&due.0.channel) {
                // What was tried has had its place.
                Some(most) if due.0.attempts == 0 => {
                    let place = (due.0.channel.clone(), most);
                    limited.entry(place).or_default().push(due);
                }
                _ => leaving.push(due),
            }
        }
        for ((channel, most), due) in limited {
            let mut due: Vec<(usize, Due)> = due.into_iter().enumerate().collect();
            let mut first: Vec<(usize, Due)> = Vec::with_capacity(due.len());
            let since = now.saturating_sub(WINDOW).unwrap_or(now);
            let Left { number, first_at } = self.queue.left_since(&channel, since).await?;
            // Those taken earlier that wait, or are on their way, are not in the store's count.
            let taken = self.spools.get(&channel).map_or(0, Spool::taken);
            let taken = taken + cut_off.get(&channel).copied().unwrap_or_default();
            let mut room = most.saturating_sub(number.saturating_add(count(taken)));
            due.sort_by_key(|(_, (_, notifications))| {
                (!is_first_word(notifications), Reverse(severity(notifications)))
            });
            let opens_at = later(first_at.unwrap_or(now), WINDOW);
            let step = WINDOW / i32::try_from(most).unwrap_or(i32::MAX).max(1);
            let (mut lost, mut late) = (0, BTreeMap::<AccountName, Vec<Message>>::new());
            for (place, (message, notifications)) in due {
                if room > 0 || is_first_word(&notifications) {
                    room = room.saturating_sub(1);
                    self.turns.waiting.remove(&message.id);
                    first.push((place, (message, notifications)));
                    continue;
                }
                let account = message.account.clone();
                let message = if now.duration_since(message.created_at) < LONGEST_WAIT {
                    let severity = severity(&notifications);
                    let turn = self.turns.give(&message, severity, (opens_at, step), &mut lost);
                    state::paced(message, turn)
                } else {
                    self.turns.waiting.remove(&message.id);
                    state::never_had_a_turn(message, most)
                };
                late.entry(account).or_default().push(message);
            }
            // Of those that are as severe in the order in which they were written down: the end of an episode before what begins anew.
            first.sort_by_key(|(place, (_, notifications))| (Reverse(severity(notifications)), *place));
            leaving.extend(first.into_iter().map(|(_, due)| due));
            self.put_off(late, now, drained).await?;
        }
        Ok(leaving)
    }

    /// Writes down that messages, by account, leave later than they were to, or never.
    pub(super) async fn put_off(
        &self,
        late: BTreeMap<AccountName, Vec<Message>>,
        now: Timestamp,
        drained: &mut Drained,
    ) -> Result<(), Q::Error> {
        for (account, messages) in late {
            for message in &messages {
                match message.state {
                    NoticeState::Pending => drained.deferred += 1,
                    _ => Self::count(message, drained),
                }
            }
            let record = Record {
                account,
                at: now,
                messages,
                left_out: Vec::new(),
                attempts: Vec::new(),
            };
            self.queue.record(record).await?;
        }
        Ok(())
    }
}

/// Whether it is the first that is told of something critical.
fn is_first_word(notifications: &[Notification]) -> bool {
    notifications.iter().any(|notification| {
        notification.severity == Severity::Critical && matches!(notification.transition, Transition::Fired { .. })
    })
}

pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
