//! What was wrong when, read from the log: what excuses may be made of. It excuses nothing by itself.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::worlds::log::{Entry, Fact, Received};
use crate::worlds::plan::{Happening, Planned};

/// What ended is written down within this time of its answer, however much is to be done.
const WRITTEN_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// The answer to a mail is awaited for ten minutes, and one that comes late in a world comes within fifteen.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_mins(16);

/// The mail server, as [`Circumstances::was_troubled`] knows it.
pub(super) const MAIL: &str = "mail";

const DISK: &str = "the disk";

/// A clock that drifts is set by no more at a time.
const DRIFT: SignedDuration = SignedDuration::from_secs(2);

#[derive(Debug)]
pub(super) struct Circumstances {
    troubles: Vec<Trouble>,
    /// When each life of the program was over.
    ends: BTreeMap<u32, Timestamp>,
    /// By how much its clock was set, all in all: so much may lie between a time that it wrote down and the true one.
    pub shifted: SignedDuration,
    /// When it was set, and by how much.
    sets: Vec<(Timestamp, SignedDuration)>,
}

#[derive(Debug)]
struct Trouble {
    number: usize,
    whose: &'static str,
    from: Timestamp,
    until: Timestamp,
}

impl Circumstances {
    pub(super) fn of(log: &[Entry]) -> Self {
        let mut found = Self {
            troubles: Vec::new(),
            ends: BTreeMap::new(),
            shifted: SignedDuration::ZERO,
            sets: Vec::new(),
        };
        for entry in log {
            match &entry.fact {
                Fact::Began(planned) => found.begins(planned, entry.at),
                Fact::Over(planned) => {
                    let trouble = found
                        .troubles
                        .iter_mut()
                        .find(|trouble| trouble.number == planned.number);
                    if let Some(trouble) = trouble {
                        trouble.until = entry.at;
                    }
                }
                Fact::Killed { life, .. } | Fact::Ended { life, .. } => {
                    found.ends.insert(*life, entry.at);
                }
                _ => {}
            }
        }
        found
    }

    fn begins(&mut self, planned: &Planned, at: Timestamp) {
        let whose = match &planned.what {
            Happening::Mood { receiver, .. } => receiver,
            Happening::Mail(_) => MAIL,
            Happening::Disk(_) => DISK,
            Happening::Wall(by) => {
                self.shifted = self.shifted.saturating_add(by.abs());
                self.sets.push((at, *by));
                return;
            }
            _ => return,
        };
        self.troubles.push(Trouble {
            number: planned.number,
            whose,
            from: at,
            until: at.saturating_add(planned.lasting).unwrap_or(Timestamp::MAX),
        });
    }

    /// What the clock showed that the program believes.
    pub(super) fn wall(&self, at: Timestamp) -> Timestamp {
        let sets = self.sets.iter().take_while(|(when, _)| *when <= at);
        sets.fold(at, |wall, (_, by)| after(wall, *by))
    }

    /// When the clock was set by more than it drifts.
    pub(super) fn far_sets(&self) -> impl Iterator<Item = Timestamp> {
        let is_far = |(_, by): &&(Timestamp, SignedDuration)| by.abs() > DRIFT;
        self.sets.iter().filter(is_far).map(|(when, _)| *when)
    }

    /// Whether the clock was set so far back that it showed a time again that was a sweep's before.
    pub(super) fn was_set_back(&self) -> bool {
        self.sets.iter().any(|(_, by)| *by < -DRIFT)
    }

    /// By how much the clock was set ahead between two times: that much time more has passed to a program which reads it.
    pub(super) fn set_ahead(&self, from: Timestamp, until: Timestamp) -> SignedDuration {
        let between = self.sets.iter().filter(|(when, _)| from <= *when && *when <= until);
        between.map(|(_, by)| *by).filter(SignedDuration::is_positive).sum()
    }

    /// How often the clock was set between two times.
    pub(super) fn clock_sets(&self, from: Timestamp, until: Timestamp) -> usize {
        let between = |(when, _): &&(Timestamp, SignedDuration)| from <= *when && *when <= until;
        self.sets.iter().filter(between).count()
    }

    /// Whether a receiver did not behave at some time between.
    pub(super) fn was_troubled(&self, whose: &str, from: Timestamp, until: Timestamp) -> bool {
        let overlaps = |trouble: &Trouble| trouble.from <= until && trouble.until >= from;
        self.troubles
            .iter()
            .any(|trouble| trouble.whose == whose && overlaps(trouble))
    }

    /// Whether what a receiver took at `at` may come again: its answer was lost, or the program died before it could write down
    /// that it had one.
    pub(super) fn may_come_again(&self, received: &Received, at: Timestamp) -> bool {
        let (earlier, later) = (before(at, ANSWERED_WITHIN), after(at, ANSWERED_WITHIN));
        let is_mail = received.channel == MAIL;
        if received.reply_lost || is_mail && self.was_troubled(MAIL, earlier, later) {
            return true;
        }
        let Some(end) = self.ends.get(&received.life).copied() else {
            return false;
        };
        if end <= after(at, WRITTEN_WITHIN) {
            return true;
        }
        let disk = |trouble: &&Trouble| {
            trouble.whose == DISK && trouble.from <= after(at, WRITTEN_WITHIN) && trouble.until >= at
        };
        let unwritten = self.troubles.iter().filter(disk).map(|trouble| trouble.until).max();
        unwritten.is_some_and(|until| end <= after(until, ANSWERED_WITHIN))
    }
}

pub(super) fn after(at: Timestamp, time: SignedDuration) -> Timestamp {
    at.saturating_add(time).unwrap_or(Timestamp::MAX)
}

pub(super) fn before(at: Timestamp, time: SignedDuration) -> Timestamp {
    at.saturating_sub(time).unwrap_or(Timestamp::MIN)
}
