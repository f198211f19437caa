//! One channel at work: what waits in it and its connections. Decides what is tried next; sends and writes nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use super::blame::{Blame, Broken};
use crate::domain::notice::{Message, NoticeState};
use crate::notify::delivery::{Channel, Connection, End, Failed, Parcel, Step};
use crate::notify::health::ChannelHealth;
use crate::notify::queue::Due;

/// So many waiting messages are worth one more connection: opening one takes as long as two or three messages.
const MESSAGES_PER_CONNECTION: usize = 10;

/// Messages of one channel whose answer is awaited beside the work. A receiver that holds more is one that does not
/// work, and the channel waits for it.
const MOST_ASIDE: usize = 8;

/// Messages that are written down as leaving in one go, while all goes well. With fewer the store would cost more than the
/// mail server; a crash sends again what has left of them, with the same ids.
const MOST_MARKED: usize = 50;

/// A channel at work.
pub(super) struct Spool {
    waiting: VecDeque<Due>,
    /// Written down as leaving, and about to.
    marked: VecDeque<Parcel>,
    /// How many are marked next: one, and twice as many each time until something fails or takes long.
    lead: usize,
    /// Connections that nobody uses at the moment.
    idle: Vec<Box<dyn Connection>>,
    pub busy: usize,
    /// Answers that are awaited beside the work.
    pub aside: usize,
    /// Connections that the receiver lets us have.
    width: usize,
    pub blame: Blame,
}

impl Spool {
    /// A channel that allows `width` connections; `broken`: it failed a moment ago and is left alone.
    pub(super) const fn new(width: usize, broken: Option<Broken>) -> Self {
        Self {
            waiting: VecDeque::new(),
            marked: VecDeque::new(),
            lead: 1,
            idle: Vec::new(),
            busy: 0,
            aside: 0,
            width,
            blame: Blame::new(broken),
        }
    }

    /// A message is to leave, after those that wait already.
    pub(super) fn push(&mut self, due: Due) {
        self.blame.forget(&due.0.id);
        self.waiting.push_back(due);
    }

    /// What has not begun to leave.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Message> {
        let marked = self.marked.iter().map(|parcel| &parcel.message);
        self.waiting.iter().map(|(message, _)| message).chain(marked)
    }

    /// Whether nothing waits for a connection.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.marked.is_empty()
    }

    /// How many were taken and have no outcome yet.
    pub(super) fn taken(&self) -> usize {
        self.waiting.len() + self.marked.len() + self.busy + self.aside
    }

    /// Whether nothing is in hand and nothing waits.
    pub(super) fn is_done(&self) -> bool {
        self.is_empty() && self.busy == 0 && self.aside == 0
    }

    /// Takes all that waits and was not marked.
    pub(super) fn take_waiting(&mut self) -> Vec<Message> {
        self.waiting.drain(..).map(|(message, _)| message).collect()
    }

    /// Takes what is marked, as it was before: it does not leave now.
    pub(super) fn take_marked(&mut self) -> Vec<Message> {
        let marked = self.marked.drain(..).map(|parcel| parcel.message);
        let unmarked = marked.map(|mut message| {
            message.attempts = message.attempts.saturating_sub(1);
            message.state = NoticeState::Pending;
            message
        });
        unmarked.collect()
    }

    /// The message to mark next beside so many, if a connection has nothing to do. The oldest; but in a channel that is
    /// broken by what may be one message's fault, the one that was tried least, so that it cannot hold up the others.
    pub(super) fn next(&mut self, beside: usize, health: &ChannelHealth) -> Option<Due> {
        if !self.marked.is_empty() || beside >= self.lead || !self.may_begin() {
            return None;
        }
        let place = if health.failures > 0 && health.is_suspect {
            let tries = self.waiting.iter().enumerate();
            tries.min_by_key(|(_, (message, _))| message.attempts)?.0
        } else {
            0
        };
        self.waiting.remove(place)
    }

    /// It is the next one once those that are marked have ended.
    pub(super) fn put_off(&mut self, due: Due) {
        self.waiting.push_front(due);
    }

    /// These are written down as leaving.
    pub(super) fn mark(&mut self, parcel: Parcel) {
        self.marked.push_back(parcel);
    }

    /// All went well so far: more are marked at a time.
    pub(super) fn lead_more(&mut self) {
        self.lead = (2 * self.lead).min(MOST_MARKED);
    }

    /// Those that were marked take long.
    pub(super) fn lead_less(&mut self) {
        self.lead = (self.lead / 2).max(1);
    }

    /// Something failed: who knows what the next one does.
    pub(super) const fn lead_one(&mut self) {
        self.lead = 1;
    }

    /// The next one to leave, if another connection may work on one.
    pub(super) fn begin(&mut self) -> Option<Parcel> {
        if !self.may_begin() {
            return None;
        }
        let parcel = self.marked.pop_front()?;
        self.busy += 1;
        Some(parcel)
    }

    fn may_begin(&self) -> bool {
        let connections = if self.blame.has_passed() {
            let waiting = self.waiting.len() + self.marked.len();
            (1 + waiting / MESSAGES_PER_CONNECTION).min(self.width)
        } else {
            1
        };
        self.blame.broken.is_none() && self.busy < connections
    }

    /// A connection that nobody uses, an open one rather than one that would have to be opened; else a new one.
    pub(super) fn connection(&mut self, channel: &Arc<dyn Channel>) -> Box<dyn Connection> {
        let open = self.idle.iter().position(|connection| connection.is_open());
        open.map(|place| self.idle.swap_remove(place))
            .or_else(|| self.idle.pop())
            .unwrap_or_else(|| Arc::clone(channel).connection())
    }

    /// A connection is free again.
    pub(super) fn put_down(&mut self, connection: Box<dyn Connection>) {
        self.idle.push(connection);
    }

    /// The open connections that nobody uses, to be closed.
    pub(super) fn take_open(&mut self) -> impl Iterator<Item = Box<dyn Connection>> {
        self.idle.drain(..).filter(|connection| connection.is_open())
    }

    /// An answer is awaited beside the work from now on, if there is room for it.
    pub(super) fn step_aside(&mut self) -> bool {
        self.blame.reach(Step::Message);
        let may = self.aside < MOST_ASIDE;
        if may {
            self.busy -= 1;
            self.aside += 1;
        }
        may
    }

    /// Whether a failure only says that the receiver takes no more connections side by side; then there are fewer, and
    /// the message goes back to where it was.
    pub(super) fn is_too_wide(&mut self, failed: &Failed) -> bool {
        let open = self.idle.iter().filter(|connection| connection.is_open()).count();
        let others = self.busy + open;
        let is_for_now = matches!(failed.end, End::PutOff | End::Silent);
        let too_wide = others > 0 && failed.step == Step::Connection && is_for_now;
        if too_wide {
            self.width = others;
        }
        too_wide
    }

    /// Puts one back as the next to leave.
    pub(super) fn put_back(&mut self, parcel: Parcel) {
        self.marked.push_front(parcel);
    }
}

#[cfg(test)]
mod tests {
    use super::Spool;
    use crate::domain::notice::Transition;
    use crate::notify::testing::parcel_of;

    #[test]
    fn what_was_taken_counts_until_it_has_an_outcome() {
        let mut spool = Spool::new(1, None);
        let parcel = parcel_of(Transition::Resolved);
        spool.push((parcel.message.clone(), parcel.notifications.clone()));
        assert_eq!(spool.taken(), 1, "it waits");
        spool.mark(parcel.clone());
        assert_eq!(spool.taken(), 2, "another is written down as leaving");
        assert!(spool.begin().is_some());
        assert_eq!(spool.taken(), 2, "it is on its way");
    }
}
