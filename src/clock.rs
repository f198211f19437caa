//! The only reader of the system clock. Everything else is given the time, so that a simulated month runs in
//! seconds and a failing run repeats.
//!
//! *Domain time* is what policies, pacing and deadlines of messages live in: real in `run`, stepped in the demo and
//! in simulated worlds. Network and database deadlines are always real time and do not come from here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, oneshot};

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
    Virtual(Arc<Virtual>),
}

/// Time of a runtime that moves it on by itself whenever nothing is left to do. Deadlines of the network run by it, too.
#[derive(Debug)]
struct Virtual {
    start: Timestamp,
    origin: tokio::time::Instant,
    /// By how much the wall clock was set since the start.
    set_by: Mutex<SignedDuration>,
    /// Told when the wall clock is set.
    set: Notify,
}

impl Virtual {
    fn wall(&self, monotonic: Duration) -> Timestamp {
        let set_by = *self.set_by.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = SignedDuration::try_from(monotonic).unwrap_or(SignedDuration::MAX);
        self.start.saturating_add(passed + set_by).unwrap_or(Timestamp::MAX)
    }
}

/// The state that a stepped clock and its stepper share.
#[derive(Debug)]
struct Stepped {
    start: Timestamp,
    state: Mutex<SteppedState>,
    busy: AtomicUsize,
    /// Told when the wall clock is set.
    set: Notify,
}

#[derive(Debug, Default)]
struct SteppedState {
    monotonic: Duration,
    /// By how much the wall clock was set since the start.
    set_by: SignedDuration,
    /// Who waits for which monotonic time; the number keeps sleepers of one instant apart and in order.
    sleepers: BTreeMap<(Duration, u64), Sleeper>,
    next_sleeper: u64,
}

#[derive(Debug)]
struct Sleeper {
    wake: oneshot::Sender<()>,
    /// The time of the wall clock that wakes it as well.
    at: Option<Timestamp>,
}

impl Stepped {
    fn state(&self) -> MutexGuard<'_, SteppedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the wall clock shows at a monotonic time, as it is set now.
    fn wall(&self, monotonic: Duration, set_by: SignedDuration) -> Timestamp {
        let passed = SignedDuration::try_from(monotonic).unwrap_or(SignedDuration::MAX);
        self.start.saturating_add(passed + set_by).unwrap_or(Timestamp::MAX)
    }
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
        let shared = Arc::new(Stepped {
            start,
            state: Mutex::default(),
            busy: AtomicUsize::new(0),
            set: Notify::new(),
        });
        (Self::new(Source::Stepped(Arc::clone(&shared))), Stepper(shared))
    }

    /// A clock by the virtual time of the runtime that this is called in, and what sets its wall clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the only reader of the system clock")]
    pub fn by_runtime(start: Timestamp) -> (Self, Hands) {
        let shared = Arc::new(Virtual {
            start,
            origin: tokio::time::Instant::now(),
            set_by: Mutex::default(),
            set: Notify::new(),
        });
        (Self::new(Source::Virtual(Arc::clone(&shared))), Hands(shared))
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
            Source::Stepped(_) | Source::Virtual(_) => self.source.read().0,
        }
    }

    /// Time since this clock was made, never going back, not following changes of the wall clock.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        match &self.source {
            Source::Real(origin) => origin.elapsed(),
            Source::Stepped(stepped) => stepped.state().monotonic,
            Source::Virtual(time) => time.origin.elapsed(),
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
                Source::Virtual(time) => time.set.notified().await,
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
            Source::Real(_) | Source::Virtual(_) => tokio::time::sleep(duration).await,
            Source::Stepped(stepped) => {
                let deadline = stepped.state().monotonic.saturating_add(duration);
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
            Source::Virtual(time) => loop {
                let set = time.set.notified();
                let left = self.left(due);
                if left.is_zero() {
                    return;
                }
                tokio::select! {
                    biased;
                    () = tokio::time::sleep(left) => {}
                    () = set => {}
                }
            },
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
        match &self.source {
            Source::Real(_) | Source::Virtual(_) => Busy(None),
            Source::Stepped(stepped) => {
                stepped.busy.fetch_add(1, Ordering::SeqCst);
                Busy(Some(Arc::clone(stepped)))
            }
        }
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
            Self::Stepped(stepped) => {
                let state = stepped.state();
                (stepped.wall(state.monotonic, state.set_by), state.monotonic)
            }
            Self::Virtual(time) => {
                let monotonic = time.origin.elapsed();
                (time.wall(monotonic), monotonic)
            }
        }
    }
}

impl Stepped {
    /// Waits until a monotonic time, or until the wall clock shows `at`.
    async fn wait(&self, deadline: Duration, at: Option<Timestamp>) {
        let woken = {
            let mut state = self.state();
            let wall = self.wall(state.monotonic, state.set_by);
            if state.monotonic >= deadline || at.is_some_and(|at| at <= wall) {
                return;
            }
            let (wake, woken) = oneshot::channel();
            let number = state.next_sleeper;
            state.next_sleeper += 1;
            state.sleepers.insert((deadline, number), Sleeper { wake, at });
            woken
        };
        // A dropped stepper means that nobody will ever move the time again; the sleeper then ends with it.
        drop(woken.await);
    }

    /// Wakes who waited for the present time or for an earlier one.
    fn wake(&self, state: &mut SteppedState) {
        let (now, wall) = (state.monotonic, self.wall(state.monotonic, state.set_by));
        let due = state.sleepers.extract_if(.., |key, sleeper| {
            key.0 <= now || sleeper.at.is_some_and(|at| at <= wall)
        });
        for (_, sleeper) in due {
            // It may have given up waiting.
            sleeper.wake.send(()).ok();
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

/// A mark that work is in hand; see [`Clock::busy`].
#[derive(Debug)]
pub struct Busy(Option<Arc<Stepped>>);

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(stepped) = &self.0 {
            stepped.busy.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Moves a stepped clock. There is one for each such clock.
#[derive(Debug)]
pub struct Stepper(Arc<Stepped>);

impl Stepper {
    /// Whether nothing is marked as work in hand.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.0.busy.load(Ordering::SeqCst) == 0
    }

    /// The earliest time that somebody waits for, as the wall clock is set now.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let mut state = self.0.state();
        state.sleepers.retain(|_, sleeper| !sleeper.wake.is_closed());
        let wake = |(key, sleeper): (&(Duration, u64), &Sleeper)| {
            let latest = self.0.wall(key.0, state.set_by);
            sleeper.at.map_or(latest, |at| at.min(latest))
        };
        state.sleepers.iter().map(wake).min()
    }

    /// Moves the time to `target` and wakes who waited for it or for an earlier time. Never moves it back.
    pub fn advance_to(&self, target: Timestamp) {
        let mut state = self.0.state();
        let now = self.0.wall(state.monotonic, state.set_by);
        let passes = Duration::try_from(target.duration_since(now)).unwrap_or_default();
        state.monotonic = state.monotonic.saturating_add(passes);
        self.0.wake(&mut state);
    }

    /// Sets the wall clock, forward or back, while no time passes.
    pub fn set_wall(&self, by: SignedDuration) {
        let mut state = self.0.state();
        state.set_by += by;
        self.0.wake(&mut state);
        drop(state);
        self.0.set.notify_waiters();
    }
}

/// Sets the wall clock of a world whose time is its runtime's.
#[derive(Debug)]
pub struct Hands(Arc<Virtual>);

impl Hands {
    /// Sets it forward or back, while no time passes.
    pub fn set_wall(&self, by: SignedDuration) {
        *self.0.set_by.lock().unwrap_or_else(PoisonError::into_inner) += by;
        self.0.set.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use jiff::{SignedDuration, Timestamp};

    use super::{Clock, Jumps};

    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;

    #[tokio::test]
    async fn a_stepped_clock_wakes_sleepers_in_order_and_stands_still_otherwise() {
        let start = Timestamp::UNIX_EPOCH;
        let (clock, stepper) = Clock::stepped(start);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(60)).await;
                clock.now()
            }
        });
        while stepper.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        let due = stepper.next_wake().unwrap();
        assert_eq!(due.duration_since(start).as_secs(), 60);
        stepper.advance_to(due);
        assert_eq!(sleeper.await.unwrap(), due);
        assert_eq!(clock.monotonic(), Duration::from_secs(60));
        stepper.advance_to(start);
        assert_eq!(clock.now(), due, "never goes back");
    }

    #[test]
    fn a_wait_for_the_wall_clock_never_gets_longer_and_ends_when_it_shows_the_time() {
        for (set_by, ends_after) in [
            (0, 300),
            (-14, 300),
            (-90, 300),
            (-2 * HOUR, 300),
            (-DAY, 300),
            (14, 286),
            (90, 210),
            (2 * HOUR, 100),
            (DAY, 100),
        ] {
            let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
            let mut wait = Box::pin(clock.sleep_until(Timestamp::from_second(300).unwrap()));
            assert!((&mut wait).now_or_never().is_none());
            stepper.advance_to(Timestamp::from_second(100).unwrap());
            stepper.set_wall(SignedDuration::from_secs(set_by));
            while (&mut wait).now_or_never().is_none() {
                stepper.advance_to(stepper.next_wake().unwrap());
            }
            assert_eq!(clock.monotonic(), Duration::from_secs(ends_after), "{set_by}");
        }
    }

    #[test]
    fn a_jump_is_seen_once_and_a_little_step_forward_is_none() {
        for (set_by, forward, back) in [
            (0, 0, 0),
            (-1, 0, 0),
            (-2, 0, 1),
            (-DAY, 0, 1),
            (60, 0, 0),
            (61, 1, 0),
            (DAY, 1, 0),
        ] {
            let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
            stepper.advance_to(Timestamp::from_second(HOUR).unwrap());
            assert_eq!(clock.jumps(), Jumps::default(), "time passes");
            stepper.set_wall(SignedDuration::from_secs(set_by));
            assert_eq!(clock.clone().jumps(), Jumps { forward, back }, "{set_by}");
            assert_eq!(clock.jumps(), Jumps { forward, back }, "{set_by}: only once");
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_jump_is_woken_by_one() {
        let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        let mut jump = Box::pin(clock.until_jump());
        for set_by in [0, 60, -1] {
            stepper.set_wall(SignedDuration::from_secs(set_by));
            assert!((&mut jump).now_or_never().is_none(), "{set_by}");
        }
        stepper.set_wall(SignedDuration::from_secs(-14));
        jump.await;
        assert!(clock.until_jump().now_or_never().is_none(), "the next one");
    }

    #[test]
    fn work_in_hand_is_counted() {
        let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        let busy = clock.busy();
        assert!(!stepper.is_idle());
        drop(busy);
        assert!(stepper.is_idle());
    }
}
