//! The only reader of the system clock. Everything else is given the time, so that a simulated month runs in
//! seconds and a failing run repeats.
//!
//! *Domain time* is what policies, pacing and deadlines of messages live in: real in `run`, stepped in the demo (`stepped`), that of a
//! runtime in simulated worlds (`by_runtime`). Network and database deadlines do not come from here.

mod by_runtime;
mod stepped;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

pub use self::by_runtime::Hands;
use self::by_runtime::RuntimeTime;
use self::stepped::Stepped;
pub use self::stepped::{Busy, Stepper};

/// A wall clock that runs ahead of the monotonic one by more than this has jumped: a machine that slept, or was set.
/// Smaller steps forward change nothing: what they bring on was due within a minute anyhow.
const JUMP: SignedDuration = SignedDuration::from_secs(60);

/// A smaller difference is not told: what corrects a clock by a second does so without anybody's notice.
const TOLD: SignedDuration = SignedDuration::from_secs(2);

/// Whoever waits for the wall clock looks at it this often, in the same moment as all others who do: a processor that
/// sleeps is woken once a second, however many wait.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Both clocks are read within this time, or again: a process that is stopped between the two would see a jump.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Domain time: real, stepped by a [`Stepper`], or that of a runtime whose time is virtual. Cheap to clone; clones share the time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Clone, Debug)]
enum Source {
    /// The system's clocks; monotonic time counts from this instant.
    Real(Instant),
    Stepped(Arc<Stepped>),
    ByRuntime(Arc<RuntimeTime>),
}

/// The clocks when they were last compared, and what was found by that.
#[derive(Debug)]
struct Seen {
    wall: Timestamp,
    monotonic: Duration,
    jumps: Jumps,
}

/// How often the wall clock was seen to jump since the clock was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jumps {
    /// Forward, by more than a minute.
    pub forward: u64,
    pub back: u64,
}

/// A moment, by both times of a clock.
#[derive(Clone, Debug)]
pub struct Mark {
    clock: Clock,
    wall: Timestamp,
    monotonic: Duration,
}

/// Measures how long something takes in real time, whatever the domain's time does meanwhile: work on the network, for metrics.
/// Decides nothing.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the system clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// A time to come. It is due when the wall clock shows it, and at the latest when as much monotonic time has passed as lay
/// before it when it was set: a wall clock that goes back counts as no time passed, and keeps nobody waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    at: Timestamp,
    latest: Duration,
}

impl Clock {
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the system clock")]
    pub fn real() -> Self {
        Self::new(Source::Real(Instant::now()))
    }

    /// A clock that stands still at `start` until its stepper moves it.
    #[must_use]
    pub fn stepped(start: Timestamp) -> (Self, Stepper) {
        let shared = Arc::new(Stepped::new(start));
        (Self::new(Source::Stepped(Arc::clone(&shared))), Stepper(shared))
    }

    /// A clock by the virtual time of the runtime that this is called in, and what sets its wall clock.
    #[must_use]
    pub fn by_runtime(start: Timestamp) -> (Self, Hands) {
        let shared = Arc::new(RuntimeTime::new(start));
        (Self::new(Source::ByRuntime(Arc::clone(&shared))), Hands(shared))
    }

    /// The wall clock of another process on the same machine, which has not seen yet how it was set.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self::new(self.source.clone())
    }

    /// Whether it is the machine's own.
    #[must_use]
    pub const fn is_real(&self) -> bool {
        matches!(self.source, Source::Real(_))
    }

    fn new(source: Source) -> Self {
        let (wall, monotonic) = source.read();
        let jumps = Jumps::default();
        Self {
            source,
            seen: Arc::new(Mutex::new(Seen { wall, monotonic, jumps })),
        }
    }

    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the system clock")]
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::Real(_) => Timestamp::now(),
            Source::Stepped(_) | Source::ByRuntime(_) => self.source.read().0,
        }
    }

    /// Time since this clock was made, never going back, not following changes of the wall clock.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        match &self.source {
            Source::Real(origin) => origin.elapsed(),
            Source::Stepped(_) | Source::ByRuntime(_) => self.source.read().1,
        }
    }

    /// Looks whether the wall clock jumped, which is logged by whoever sees it first.
    #[must_use]
    pub fn jumps(&self) -> Jumps {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (wall, monotonic) = self.source.read();
        let passed = SignedDuration::try_from(monotonic.saturating_sub(seen.monotonic)).unwrap_or_default();
        let by = wall.duration_since(seen.wall) - passed;
        let seconds = by.as_secs();
        (seen.wall, seen.monotonic) = (wall, monotonic);
        if by > JUMP {
            seen.jumps.forward += 1;
            tracing::warn!(
                seconds,
                "the clock jumped forward: what must hold for a time starts again, and nothing is changed at the provider \
                 before one whole sweep"
            );
        } else if by >= TOLD {
            tracing::info!(seconds, "the clock was set forward a little; nothing follows from that");
        } else if by <= -TOLD {
            seen.jumps.back += 1;
            tracing::warn!(
                seconds = -seconds,
                "the clock was set back: that counts as no time passed"
            );
        }
        seen.jumps
    }

    /// Waits until the wall clock jumps, back or by more than a minute forward.
    pub async fn until_jump(&self) {
        let before = self.jumps();
        loop {
            match &self.source {
                Source::Real(_) => tokio::time::sleep(self.to_next_look()).await,
                Source::Stepped(stepped) => stepped.set.notified().await,
                Source::ByRuntime(time) => time.set.notified().await,
            }
            if self.jumps() != before {
                return;
            }
        }
    }

    /// Now, to tell later how long ago that was.
    #[must_use]
    pub fn mark(&self) -> Mark {
        let (wall, monotonic) = self.source.read();
        let clock = self.clone();
        Mark { clock, wall, monotonic }
    }

    /// Waits for `duration` of domain time.
    pub async fn sleep(&self, duration: Duration) {
        match &self.source {
            Source::Real(_) | Source::ByRuntime(_) => tokio::time::sleep(duration).await,
            Source::Stepped(stepped) => {
                let deadline = stepped.read().1.saturating_add(duration);
                stepped.wait(deadline, None).await;
            }
        }
    }

    /// Due at this time of the wall clock.
    #[must_use]
    pub fn due(&self, at: Timestamp) -> Due {
        let (wall, monotonic) = self.source.read();
        let left = Duration::try_from(at.duration_since(wall)).unwrap_or_default();
        let latest = monotonic.saturating_add(left);
        Due { at, latest }
    }

    /// How long until it is due; zero when it is.
    #[must_use]
    pub fn left(&self, due: Due) -> Duration {
        let (wall, monotonic) = self.source.read();
        let by_wall = Duration::try_from(due.at.duration_since(wall)).unwrap_or_default();
        by_wall.min(due.latest.saturating_sub(monotonic))
    }

    /// Waits until it is due.
    pub async fn reach(&self, due: Due) {
        match &self.source {
            Source::Real(_) => loop {
                let left = self.left(due);
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(self.to_next_look())).await;
            },
            Source::Stepped(stepped) => stepped.wait(due.latest, Some(due.at)).await,
            Source::ByRuntime(time) => time.wait(|| self.left(due)).await,
        }
    }

    /// Waits until the wall clock shows `deadline`, and never longer than it now is to that; returns at once when it is
    /// past.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        self.reach(self.due(deadline)).await;
    }

    /// Until the moment at which everybody looks.
    fn to_next_look(&self) -> Duration {
        let since = self.monotonic().as_nanos() % LOOK_EVERY.as_nanos();
        LOOK_EVERY - Duration::from_nanos(u64::try_from(since).unwrap_or_default())
    }

    /// Marks work in hand (a request on the wire): a stepped clock is not moved while any mark lives. Costs nothing
    /// on a real clock.
    #[must_use]
    pub fn busy(&self) -> Busy {
        Busy::new(match &self.source {
            Source::Stepped(stepped) => Some(stepped),
            Source::Real(_) | Source::ByRuntime(_) => None,
        })
    }
}

impl Source {
    /// The wall clock and the monotonic one, at one moment.
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the system clock")]
    fn read(&self) -> (Timestamp, Duration) {
        match self {
            Self::Real(origin) => loop {
                let before = origin.elapsed();
                let wall = Timestamp::now();
                let after = origin.elapsed();
                if after - before < AT_ONCE {
                    return (wall, after);
                }
            },
            Self::Stepped(stepped) => stepped.read(),
            Self::ByRuntime(time) => time.read(),
        }
    }
}

impl Mark {
    /// How long ago it may be: by whichever time makes it older. Monotonic time stands still while a machine sleeps, and a
    /// wall clock that jumps, either way, proves nothing.
    #[must_use]
    pub fn age(&self) -> Duration {
        let wall = self.clock.now().duration_since(self.wall).unsigned_abs();
        wall.max(self.clock.monotonic().saturating_sub(self.monotonic))
    }
}
