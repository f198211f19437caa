//! What a world grows by: its store, its descriptors and the lines of its log. Lines are counted on the world's own thread, where all of
//! the program runs but the inside of the database.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Lines that are kept for the story of a world that fails.
const KEPT_LINES: usize = 200;

/// How much there was at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    pub at: Timestamp,
    /// Of the store's file.
    pub bytes: u64,
    /// Open ones of the whole process, other worlds' among them.
    pub descriptors: u64,
    /// Of the log, since the beginning.
    pub lines: Counts,
}

/// Lines of the log by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub errors: u64,
    pub warnings: u64,
    pub others: u64,
}

impl Counts {
    #[must_use]
    pub const fn all(self) -> u64 {
        self.errors + self.warnings + self.others
    }
}

/// Counts what the program logs, and keeps the last of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Arc<Mutex<Logged>>);

#[derive(Debug, Default)]
struct Logged {
    counts: Counts,
    last: VecDeque<String>,
}

impl Lines {
    fn logged(&self) -> MutexGuard<'_, Logged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much there is now.
    pub(super) fn measure(&self, at: Timestamp, store: &Path) -> Growth {
        Growth {
            at,
            bytes: std::fs::metadata(store).map_or(0, |data| data.len()),
            descriptors: std::fs::read_dir("/proc/self/fd").map_or(0, |open| open.count() as u64),
            lines: self.logged().counts,
        }
    }

    /// The last lines, oldest first.
    pub(super) fn last(&self) -> Vec<String> {
        self.logged().last.iter().cloned().collect()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("balancewatch")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let level = *event.metadata().level();
        let mut line = Line(level.to_string());
        event.record(&mut line);
        let mut logged = self.logged();
        match level {
            Level::ERROR => logged.counts.errors += 1,
            Level::WARN => logged.counts.warnings += 1,
            _ => logged.counts.others += 1,
        }
        if logged.last.len() == KEPT_LINES {
            logged.last.pop_front();
        }
        logged.last.push_back(line.0);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// A line that is being written.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        debug_assert!(written.is_ok(), "a text takes whatever is written");
    }
}
