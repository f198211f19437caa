//! Whose a failure is, as far as the attempts of one pass through one channel tell: the message's own, or the channel's.
//! Pure.

use jiff::{SignedDuration, Timestamp};

use crate::domain::notice::{Attempt, Message};
use crate::notify::backoff;
use crate::notify::delivery::{Attempted, End, Failed, Scope, Step};
use crate::notify::health::ChannelHealth;

/// So many messages in a row without any answer after the recipient look like a receiver that is down, and the others
/// of the pass wait. One alone may be the fault of that message.
const SILENCES: u32 = 3;

/// So many refusals without anybody who is taken are the channel's, and the others wait. Fewer would let a few dead
/// addresses hold up a fleet; more would ask a server that refuses everything longer than it takes to know.
const MOST_REFUSED: u32 = 20;

/// A channel that failed in this pass: its other messages wait, unattempted.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub until: Timestamp,
    pub error: String,
}

/// A message that was refused without a reason: it waits, but dies when another one comes further.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    /// Where it was refused.
    pub step: Step,
    /// As it was written down.
    pub message: Message,
    /// As it was written down.
    pub attempt: Attempt,
    pub error: String,
}

/// What an attempt taught.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    /// How long this message waits for its next attempt.
    pub wait: SignedDuration,
    /// Whether it is refused for good, as its own.
    pub is_dead: bool,
    /// Whether it is refused without a reason, so far.
    pub is_doubtful: bool,
    /// Earlier ones that are now known to be refused as their own.
    pub settled: Vec<Doubt>,
    /// Whether the channel works again, so that all that waits in it is due.
    pub has_recovered: bool,
}

/// What the attempts of a pass have taught so far.
pub(super) struct Blame {
    /// Why nothing more is tried.
    pub broken: Option<Broken>,
    /// The furthest step that any message of this pass passed.
    passed: Step,
    doubts: Vec<Doubt>,
    refused: u32,
    silences: u32,
}

impl Blame {
    /// Nothing was tried yet; `broken`: the channel failed a moment ago and is left alone.
    pub(super) const fn new(broken: Option<Broken>) -> Self {
        Self {
            broken,
            passed: Step::Unsent,
            doubts: Vec::new(),
            refused: 0,
            silences: 0,
        }
    }

    /// Whether any message of this pass got through to a recipient.
    pub(super) const fn has_passed(&self) -> bool {
        !matches!(self.passed, Step::Unsent)
    }

    /// Remembers a message that was refused without a reason.
    pub(super) fn doubt(&mut self, doubt: Doubt) {
        self.doubts.push(doubt);
    }

    /// Forgets what was doubted of a message. It is tried again, and must not be written down as dead meanwhile.
    pub(super) fn forget(&mut self, message: &str) {
        self.doubts.retain(|doubt| doubt.message.id != message);
    }

    /// A message has passed this step, and is not answered yet.
    pub(super) fn reach(&mut self, step: Step) {
        self.passed = self.passed.max(step);
    }

    /// A message has passed this step. Gives those that were refused at it or before, which is now known to be their own.
    pub(super) fn pass(&mut self, step: Step) -> Vec<Doubt> {
        self.reach(step);
        let doubts = std::mem::take(&mut self.doubts).into_iter();
        let (settled, doubts) = doubts.partition(|doubt| doubt.step <= step);
        self.doubts = doubts;
        settled
    }

    /// What an attempt says of the channel and of this message, which has had it counted.
    pub(super) fn learn(
        &mut self,
        health: &mut ChannelHealth,
        message: &Message,
        attempted: &Attempted,
        jitter: u32,
        now: Timestamp,
    ) -> Lesson {
        let mut lesson = Lesson {
            wait: backoff::wait(message.attempts, jitter),
            ..Lesson::default()
        };
        let Err(failed) = attempted else {
            (self.silences, self.refused, self.broken) = (0, 0, None);
            lesson.settled = self.pass(Step::Answer);
            lesson.has_recovered = health.failures > 0 || health.delivered_at.is_none();
            health.delivered(now);
            return lesson;
        };
        lesson.wait = lesson.wait.max(backoff::asked(failed.retry_after));
        match failed.step {
            Step::Message => lesson.settled = self.pass(Step::Recipient),
            Step::Answer => lesson.settled = self.pass(Step::Message),
            Step::Unsent | Step::Connection | Step::Sender | Step::Recipient => {}
        }
        self.silences = if failed.is_silence() { self.silences + 1 } else { 0 };
        let others_came_further = self.passed >= failed.step;
        let scope = match failed.scope {
            Scope::Unclear if others_came_further => Scope::Message,
            scope => scope,
        };
        match scope {
            Scope::Message if self.silences < SILENCES => lesson.is_dead = failed.end == End::Refused,
            Scope::Channel | Scope::Message => {
                let is_suspect = failed.step > Step::Sender;
                lesson.wait = self.end_pass(health, failed, is_suspect, lesson.wait, jitter, now);
            }
            Scope::Shared | Scope::Unclear => {
                lesson.is_doubtful = scope == Scope::Unclear;
                self.refused += 1;
                if others_came_further {
                    return lesson;
                }
                if self.refused >= MOST_REFUSED {
                    lesson.wait = self.end_pass(health, failed, true, lesson.wait, jitter, now);
                } else if self.refused == 1 {
                    health.failed(failed, true, now);
                }
            }
        }
        lesson
    }

    /// Nothing more is tried in this pass. Gives how long to wait.
    fn end_pass(
        &mut self,
        health: &mut ChannelHealth,
        failed: &Failed,
        is_suspect: bool,
        own: SignedDuration,
        jitter: u32,
        now: Timestamp,
    ) -> SignedDuration {
        health.failed(failed, is_suspect, now);
        let wait = own.max(backoff::wait(health.failures, jitter)).max(health.rest);
        self.broken = Some(Broken {
            until: now.saturating_add(wait).unwrap_or(now),
            error: failed.text.clone(),
        });
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::{Blame, Doubt};
    use crate::domain::notice::{Attempt, AttemptOutcome};
    use crate::notify::delivery::Step;
    use crate::notify::testing::{fired, owed, start};

    fn doubt(message: &crate::domain::notice::Message) -> Doubt {
        Doubt {
            step: Step::Recipient,
            message: message.clone(),
            attempt: Attempt {
                message: message.id.clone(),
                number: 1,
                at: start(),
                outcome: AttemptOutcome::Retry,
                detail: String::new(),
            },
            error: "550 no".to_owned(),
        }
    }

    /// Else it would be written down as dead while it is tried again, and tried for ever.
    #[test]
    fn a_doubt_ends_when_its_message_waits_again() {
        let [first, second] = ["a@example.com", "b@example.com"].map(|to| owed(561_115, fired(), "client", to).0);
        let mut blame = Blame::new(None);
        blame.doubt(doubt(&first));
        blame.doubt(doubt(&second));
        blame.forget(&first.id);
        let settled = blame.pass(Step::Answer);
        let settled: Vec<_> = settled.iter().map(|doubt| doubt.message.id.as_str()).collect();
        assert_eq!(settled, [second.id.as_str()]);
    }
}
