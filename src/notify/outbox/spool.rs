//! One channel at work: what waits in it and its connections. Decides what is tried next; sends and writes nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use super::blame::{Blame, Broken};
use crate::domain::notice::Message;
use crate::notify::delivery::{Channel, Connection, End, Failed, Step};
use crate::notify::health::ChannelHealth;
use crate::notify::queue::Due;

/// So many waiting messages are worth one more connection: opening one takes as long as two or three messages.
const MESSAGES_PER_CONNECTION: usize = 10;

/// Messages of one channel whose answer is awaited beside the work. A receiver that holds more is one that does not
/// work, and the channel waits for it.
const MOST_ASIDE: usize = 8;

/// A channel at work.
pub(super) struct Spool {
    waiting: VecDeque<Due>,
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

    pub(super) fn waiting(&self) -> impl Iterator<Item = &Message> {
        self.waiting.iter().map(|(message, _)| message)
    }

    /// Whether nothing is in hand and nothing waits.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.busy == 0 && self.aside == 0
    }

    /// Takes all that waits.
    pub(super) fn take_all(&mut self) -> Vec<Message> {
        self.waiting.drain(..).map(|(message, _)| message).collect()
    }

    /// The message to try next, if another connection may work on one. The oldest; but in a channel that is broken by what
    /// may be one message's fault, the one that was tried least, so that it cannot hold up the others.
    pub(super) fn next(&mut self, health: &ChannelHealth) -> Option<Due> {
        let connections = if self.blame.has_passed() {
            (1 + self.waiting.len() / MESSAGES_PER_CONNECTION).min(self.width)
        } else {
            1
        };
        if self.blame.broken.is_some() || self.busy >= connections {
            return None;
        }
        let place = if health.failures > 0 && health.is_suspect {
            let tries = self.waiting.iter().enumerate();
            tries.min_by_key(|(_, (message, _))| message.attempts)?.0
        } else {
            0
        };
        let next = self.waiting.remove(place)?;
        self.busy += 1;
        Some(next)
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

    /// Puts a message back as the next one.
    pub(super) fn put_back(&mut self, due: Due) {
        self.waiting.push_front(due);
    }
}
