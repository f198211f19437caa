//! One channel at work: what waits in it, its connections, and what its tries say about whom a refusal belongs to.
//! Decides; sends and writes nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::notice::{Attempt, Message};
use crate::notify::email::{DeliveryError, Email, Line, Scope, Stage};
use crate::notify::health::{ChannelHealth, REST};
use crate::notify::queue::Due;
use crate::notify::retry;

/// Connections of one channel side by side. Three is what large providers let one mailbox hold; more would only be
/// refused.
const MOST_LINES: usize = 3;

/// So many waiting mails are worth one more connection: logging in takes as long as two or three mails.
const MAILS_PER_LINE: usize = 10;

/// Mails of one channel whose answer is awaited beside the work. A server that holds more is one that does not work,
/// and the channel waits for it.
const MOST_ASIDE: usize = 8;

/// So many messages in a row without any answer after RCPT look like a dead server, and the others of the pass wait.
/// One alone may be the fault of that message.
const SILENCES: u32 = 3;

/// So many refusals without anybody who is taken are the channel's, and the others wait. Fewer would let a few dead
/// addresses hold up a fleet; more would ask a server that refuses everything longer than it takes to know.
const MOST_REFUSED: u32 = 20;

/// A message that waits in a lane, and the jitter of its next retry.
pub(super) type Waiting = (Due, u32);

/// A channel that failed in this pass: its other messages wait, unattempted.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// Until when.
    pub until: Timestamp,
    /// What it was.
    pub error: String,
}

/// A message that was refused without a reason: it waits, but dies when another recipient comes further.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    /// Where it was refused.
    pub stage: Stage,
    /// As it was written down.
    pub message: Message,
    /// The try, as it was written down.
    pub attempt: Attempt,
    /// The refusal.
    pub error: String,
}

/// What a try taught.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    /// How long this message waits for its next try.
    pub wait: SignedDuration,
    /// Whether it is refused for good, as its own.
    pub is_dead: bool,
    /// Whether it is refused without a reason, so far.
    pub is_doubtful: bool,
    /// Earlier ones that are now known to be refused as their own.
    pub settled: Vec<Doubt>,
    /// Whether the channel works again, so that all that waits in it is due.
    pub is_cured: bool,
}

/// A channel at work.
pub(super) struct Lane {
    waiting: VecDeque<Waiting>,
    /// Connections that nobody uses at the moment.
    pub idle: Vec<Line<Arc<Email>>>,
    /// Tries in hand.
    pub busy: usize,
    /// Answers that are awaited beside the work.
    pub aside: usize,
    /// Connections that the server lets us have.
    width: usize,
    /// Why nothing more is tried.
    pub broken: Option<Broken>,
    /// How far any message of this pass came.
    passed: Option<Stage>,
    doubts: Vec<Doubt>,
    refused: u32,
    silences: u32,
}

impl Lane {
    /// A lane at its start; `broken`: the channel failed a moment ago and is left alone.
    pub(super) const fn resting(broken: Option<Broken>) -> Self {
        Self {
            waiting: VecDeque::new(),
            idle: Vec::new(),
            busy: 0,
            aside: 0,
            width: MOST_LINES,
            broken,
            passed: None,
            doubts: Vec::new(),
            refused: 0,
            silences: 0,
        }
    }

    /// A message is to leave, after those that wait already. What was doubted of it counts no more: it must not be
    /// written down as dead while it waits here.
    pub(super) fn push(&mut self, waiting: Waiting) {
        let (message, _) = &waiting.0;
        self.doubts.retain(|doubt| doubt.message.id != message.id);
        self.waiting.push_back(waiting);
    }

    /// Messages that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Message> {
        self.waiting.iter().map(|((message, _), _)| message)
    }

    /// Whether nothing is in hand and nothing waits.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.busy == 0 && self.aside == 0
    }

    /// Takes all that waits.
    pub(super) fn take_all(&mut self) -> Vec<Message> {
        self.waiting.drain(..).map(|((message, _), _)| message).collect()
    }

    /// The message to try next, if another connection may work on one. The oldest; but in a channel that is broken by what
    /// may be one message's fault, the one that was tried least, so that it cannot hold up the others.
    pub(super) fn next(&mut self, health: &ChannelHealth) -> Option<Waiting> {
        let lines = match self.passed {
            None => 1,
            Some(_) => (1 + self.waiting.len() / MAILS_PER_LINE).min(self.width),
        };
        if self.broken.is_some() || self.busy >= lines {
            return None;
        }
        let place = if health.failures > 0 && health.is_suspect {
            let tries = self.waiting.iter().enumerate();
            tries.min_by_key(|(_, ((message, _), _))| message.attempts)?.0
        } else {
            0
        };
        let next = self.waiting.remove(place)?;
        self.busy += 1;
        Some(next)
    }

    /// A connection that nobody uses, rather than one that would have to be opened.
    pub(super) fn line(&mut self) -> Option<Line<Arc<Email>>> {
        let open = self.idle.iter().position(Line::is_open);
        open.map(|place| self.idle.swap_remove(place))
            .or_else(|| self.idle.pop())
    }

    /// An answer is awaited beside the work from now on, if there is room for it.
    pub(super) fn step_aside(&mut self) -> bool {
        self.passed = self.passed.max(Some(Stage::Data));
        let may = self.aside < MOST_ASIDE;
        if may {
            self.busy -= 1;
            self.aside += 1;
        }
        may
    }

    /// Whether a failure only says that the server takes no more connections side by side; then there are fewer, and the
    /// message goes back to where it was.
    pub(super) fn is_too_wide(&mut self, error: &DeliveryError) -> bool {
        let others = self.busy + self.idle.iter().filter(|line| line.is_open()).count();
        let is_at_door = error.stage().is_some_and(|stage| stage <= Stage::Login);
        let too_wide =
            others > 0 && is_at_door && error.is_transient() && !matches!(error, DeliveryError::CutOff { .. });
        if too_wide {
            self.width = others;
        }
        too_wide
    }

    /// Puts a message back as the next one.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        self.waiting.push_front(waiting);
    }

    /// Remembers a message that was refused without a reason.
    pub(super) fn doubt(&mut self, doubt: Doubt) {
        self.doubts.push(doubt);
    }

    /// What a try says of the channel and of this message, which has had its try counted.
    pub(super) fn learn(
        &mut self,
        health: &mut ChannelHealth,
        message: &Message,
        result: &Result<(), DeliveryError>,
        jitter: u32,
        now: Timestamp,
    ) -> Lesson {
        let mut lesson = Lesson {
            wait: retry::wait(message.attempts, jitter),
            ..Lesson::default()
        };
        let Err(error) = result else {
            (self.silences, self.refused, self.broken) = (0, 0, None);
            lesson.settled = self.came(Stage::Content);
            lesson.is_cured = health.failures > 0 || health.delivered_at.is_none();
            health.delivered(now);
            return lesson;
        };
        let stage = error.stage();
        match stage {
            Some(Stage::Data) => lesson.settled = self.came(Stage::Recipient),
            Some(Stage::Content) => lesson.settled = self.came(Stage::Data),
            _ => {}
        }
        self.silences = if error.is_silence() { self.silences + 1 } else { 0 };
        let others_came_further = self.passed >= stage;
        let scope = match error.scope() {
            Scope::Unsaid if others_came_further => Scope::Recipient,
            scope => scope,
        };
        match scope {
            Scope::Recipient if self.silences < SILENCES => lesson.is_dead = !error.is_transient(),
            Scope::Channel | Scope::Recipient => {
                let is_suspect = stage > Some(Stage::Sender);
                lesson.wait = self.breaks(health, error, is_suspect, lesson.wait, jitter, now);
            }
            Scope::Shared | Scope::Unsaid => {
                lesson.is_doubtful = scope == Scope::Unsaid;
                self.refused += 1;
                if others_came_further {
                    return lesson;
                }
                if self.refused >= MOST_REFUSED {
                    lesson.wait = self.breaks(health, error, true, lesson.wait, jitter, now);
                } else if self.refused == 1 {
                    health.broke(error.to_string(), now);
                    health.is_suspect = true;
                }
            }
        }
        lesson
    }

    /// Nothing more is tried in this pass; gives how long to wait.
    fn breaks(
        &mut self,
        health: &mut ChannelHealth,
        error: &DeliveryError,
        is_suspect: bool,
        own: SignedDuration,
        jitter: u32,
        now: Timestamp,
    ) -> SignedDuration {
        health.broke(error.to_string(), now);
        health.is_suspect = is_suspect;
        let wait = own.max(retry::wait(health.failures, jitter)).max(REST);
        self.broken = Some(Broken {
            until: now.saturating_add(wait).unwrap_or(now),
            error: error.to_string(),
        });
        wait
    }

    /// A message came so far; gives those whose refusal there is now known to be their own.
    fn came(&mut self, stage: Stage) -> Vec<Doubt> {
        self.passed = self.passed.max(Some(stage));
        let (settled, doubts) = std::mem::take(&mut self.doubts)
            .into_iter()
            .partition(|doubt| doubt.stage <= stage);
        self.doubts = doubts;
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::{Doubt, Lane};
    use crate::domain::notice::Attempt;
    use crate::notify::email::Stage;
    use crate::notify::testing::{fired, owed, start};

    fn doubt(message: &crate::domain::notice::Message) -> Doubt {
        Doubt {
            stage: Stage::Recipient,
            message: message.clone(),
            attempt: Attempt {
                message: message.id.clone(),
                number: 1,
                at: start(),
                outcome: "retry".to_owned(),
                detail: String::new(),
            },
            error: "550 no".to_owned(),
        }
    }

    /// Else it would be written down as dead while it is tried again, and tried for ever.
    #[test]
    fn a_doubt_ends_when_its_message_waits_again() {
        let (first, second) = (
            owed(561_115, fired(), "client", "a@example.com"),
            owed(561_116, fired(), "client", "b@example.com"),
        );
        let mut lane = Lane::resting(None);
        lane.doubt(doubt(&first.0));
        lane.doubt(doubt(&second.0));
        lane.push(((first.0, vec![first.1]), 0));
        let settled = lane.came(Stage::Content);
        let settled: Vec<_> = settled.iter().map(|doubt| doubt.message.id.as_str()).collect();
        assert_eq!(settled, [second.0.id.as_str()]);
    }
}
