//! The arithmetic of the pace: when the next call may start. Plain values in, plain values out; it reads no clock,
//! waits for nothing and knows no callers.
//!
//! Times are monotonic, counted from any origin. A call occupies one of the rate's slots from its start until a
//! minute after its *end*, because it may arrive at the server at any moment between the two; a token bucket that
//! counts starts lets up to twice the cap through within a minute.

use std::collections::VecDeque;
use std::time::Duration;

/// What the cap counts over.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// For so long a call counts for other processes. They know only by the wall clock when it was, which may drift meanwhile.
pub(super) const MINUTE_AND_DRIFT: Duration = Duration::from_secs(62);

/// How much lateness is made good by calls in quicker succession: what timers and the store cost is not lost then.
const CATCH_UP: Duration = Duration::from_secs(1);

/// What timers can wait for. Gaps below it are not waited out one by one; calls then start in handfuls.
const TIMER: Duration = Duration::from_millis(1);

/// Ends this close together share an entry, so that a minute has at most 6,000 at any rate.
const SAME_END: Duration = Duration::from_millis(10);

/// When the next call may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Now,
    /// At this time, if nothing else happens.
    At(Duration),
    /// Not before a call that is under way has ended.
    AfterAnEnd,
}

/// Calls of other processes, as the ledger told them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Until when they count.
    pub until: Duration,
    /// How many they are.
    pub calls: u64,
}

/// Own calls that ended within [`SAME_END`] of each other.
#[derive(Clone, Copy, Debug)]
struct Ended {
    first: Duration,
    last: Duration,
    calls: u64,
}

/// One process's view of an account's slots.
#[derive(Debug)]
pub(super) struct Window {
    in_flight: u64,
    ended: VecDeque<Ended>,
    ended_calls: u64,
    foreign: VecDeque<Foreign>,
    foreign_calls: u64,
    /// When the next call is due by the even spread.
    due: Duration,
    /// Half a step after the last start: where catching up stops.
    not_closer_than: Duration,
    limit: Limit,
}

impl Window {
    /// A window for `rate_per_minute` calls a minute, in which nothing has happened yet.
    pub(super) fn new(rate_per_minute: u32) -> Self {
        Self {
            in_flight: 0,
            ended: VecDeque::new(),
            ended_calls: 0,
            foreign: VecDeque::new(),
            foreign_calls: 0,
            due: Duration::ZERO,
            not_closer_than: Duration::ZERO,
            limit: Limit::new(rate_per_minute),
        }
    }

    /// Calls a minute that are allowed now.
    pub(super) fn rate(&mut self, now: Duration) -> u64 {
        self.limit.rate(now)
    }

    /// When the next `calls` calls may start together, other processes' calls counted. More of them than the rate never may:
    /// that is for the caller to see.
    pub(super) fn next(&mut self, now: Duration, calls: u64) -> Next {
        self.next_beside(now, calls, true)
    }

    /// When they could start if there were no other processes.
    pub(super) fn next_alone(&mut self, now: Duration, calls: u64) -> Next {
        self.next_beside(now, calls, false)
    }

    fn next_beside(&mut self, now: Duration, calls: u64, count_foreign: bool) -> Next {
        self.forget_past(now);
        let rate = self.rate(now);
        let foreign_calls = if count_foreign { self.foreign_calls } else { 0 };
        let wanted = self.in_flight + self.ended_calls + foreign_calls + calls;
        let freed = if wanted <= rate {
            Duration::ZERO
        } else {
            match self.freed(wanted - rate, count_foreign) {
                Some(freed) => freed,
                None => return Next::AfterAnEnd,
            }
        };
        let spread = self.due.max(self.not_closer_than);
        let spread = if self.step(now) < TIMER && spread <= now + TIMER {
            Duration::ZERO
        } else {
            spread
        };
        let at = freed.max(spread).max(self.limit.not_before);
        if at <= now { Next::Now } else { Next::At(at) }
    }

    /// When `calls` slots will have become free by time alone.
    fn freed(&self, calls: u64, count_foreign: bool) -> Option<Duration> {
        let mut own = self
            .ended
            .iter()
            .map(|ended| (ended.last + MINUTE, ended.calls))
            .peekable();
        let foreign_entries = if count_foreign { self.foreign.len() } else { 0 };
        let mut foreign = self
            .foreign
            .iter()
            .take(foreign_entries)
            .map(|foreign| (foreign.until, foreign.calls))
            .peekable();
        let mut missing = calls;
        loop {
            let own_is_next = match (own.peek(), foreign.peek()) {
                (Some(own), Some(foreign)) => own.0 <= foreign.0,
                (own, _) => own.is_some(),
            };
            let (at, freed) = if own_is_next { own.next()? } else { foreign.next()? };
            if freed >= missing {
                return Some(at);
            }
            missing -= freed;
        }
    }

    /// The even distance between two starts.
    pub(super) fn step(&mut self, now: Duration) -> Duration {
        MINUTE / u32::try_from(self.rate(now)).unwrap_or(u32::MAX)
    }

    /// Work arrives after none was waiting: what was not used then is not made good.
    pub(super) fn wake(&mut self, now: Duration) {
        self.due = self.due.max(now);
    }

    pub(super) fn start(&mut self, now: Duration) {
        let step = self.step(now);
        self.in_flight += 1;
        self.due = self.due.max(now.saturating_sub(CATCH_UP)) + step;
        self.not_closer_than = now + step / 2;
    }

    /// A call ends. Ends come in the order of time.
    pub(super) fn end(&mut self, now: Duration) {
        self.in_flight -= 1;
        self.ended_calls += 1;
        match self.ended.back_mut() {
            Some(ended) if now.saturating_sub(ended.first) < SAME_END => {
                ended.last = ended.last.max(now);
                ended.calls += 1;
            }
            _ => self.ended.push_back(Ended {
                first: now,
                last: now,
                calls: 1,
            }),
        }
        self.forget_past(now);
    }

    /// Replaces what is known of other processes' calls.
    pub(super) fn set_foreign(&mut self, mut foreign: Vec<Foreign>) {
        foreign.sort_unstable_by_key(|foreign| foreign.until);
        self.foreign_calls = foreign.iter().map(|foreign| foreign.calls).sum();
        self.foreign = foreign.into();
    }

    /// From now on so many calls a minute.
    pub(super) fn set_rate(&mut self, rate_per_minute: u32) {
        self.limit.configure(rate_per_minute);
    }

    /// The API said that its own limit is reached.
    pub(super) fn limit_hit(&mut self, now: Duration) {
        self.limit.hit(now);
    }

    fn forget_past(&mut self, now: Duration) {
        while let Some(ended) = self.ended.front().filter(|ended| ended.last + MINUTE <= now) {
            self.ended_calls -= ended.calls;
            self.ended.pop_front();
        }
        while let Some(foreign) = self.foreign.front().filter(|foreign| foreign.until <= now) {
            self.foreign_calls -= foreign.calls;
            self.foreign.pop_front();
        }
    }
}

/// The configured rate, and what is left of it after the API complained.
#[derive(Debug)]
struct Limit {
    configured: u64,
    effective: u64,
    halved_at: Option<Duration>,
    /// The minute that is waited out after a complaint.
    not_before: Duration,
    /// When the next clean minute is over.
    recovers_at: Duration,
}

impl Limit {
    fn new(rate_per_minute: u32) -> Self {
        let configured = u64::from(rate_per_minute.max(1));
        Self {
            configured,
            effective: configured,
            halved_at: None,
            not_before: Duration::ZERO,
            recovers_at: Duration::ZERO,
        }
    }

    /// What the API complained of stays in mind: a higher rate is reached as after any complaint.
    fn configure(&mut self, rate_per_minute: u32) {
        let was_whole = self.effective == self.configured;
        self.configured = u64::from(rate_per_minute.max(1));
        if was_whole || self.effective > self.configured {
            self.effective = self.configured;
        }
    }

    fn rate(&mut self, now: Duration) -> u64 {
        while self.effective < self.configured && self.recovers_at <= now {
            self.effective = (self.effective + (self.configured / 10).max(1)).min(self.configured);
            self.recovers_at += MINUTE;
        }
        self.effective
    }

    fn hit(&mut self, now: Duration) {
        // Calls already under way bring the same complaint; they must not halve the pace again.
        if self.halved_at.is_none_or(|at| at + MINUTE <= now) {
            self.effective = (self.rate(now) / 2).max(1);
            self.halved_at = Some(now);
        }
        self.not_before = now + MINUTE;
        self.recovers_at = now + MINUTE + MINUTE;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Foreign, MINUTE, Next, Window};

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Runs `calls` calls of `latency` one after another as soon as each may start; returns the starts.
    fn starts(window: &mut Window, calls: usize, latency: Duration) -> Vec<Duration> {
        let mut now = Duration::ZERO;
        (0..calls)
            .map(|_| {
                let start = match window.next(now, 1) {
                    Next::Now => now,
                    Next::At(at) => at,
                    Next::AfterAnEnd => panic!("nothing is under way"),
                };
                window.start(start);
                now = start + latency;
                window.end(now);
                start
            })
            .collect()
    }

    #[test]
    fn a_slot_is_free_a_minute_after_its_call_ended_and_not_before() {
        let mut window = Window::new(2);
        window.start(secs(0));
        window.end(secs(5));
        assert_eq!(window.next(secs(5), 1), Next::At(secs(30)), "even spread");
        window.start(secs(30));
        assert_eq!(
            window.next(secs(31), 1),
            Next::At(secs(65)),
            "a minute after the first ended"
        );
        window.end(secs(64));
        assert_eq!(window.next(secs(65) - Duration::from_nanos(1), 1), Next::At(secs(65)));
        assert_eq!(window.next(secs(65), 1), Next::Now);
        window.start(secs(65));
        assert_eq!(window.next(secs(66), 1), Next::At(secs(64) + MINUTE));
    }

    #[test]
    fn calls_that_do_not_end_keep_their_slots() {
        let mut window = Window::new(1);
        window.start(secs(0));
        assert_eq!(window.next(secs(500), 1), Next::AfterAnEnd);
        window.end(secs(500));
        assert_eq!(window.next(secs(500), 1), Next::At(secs(560)));
    }

    #[test]
    fn two_calls_start_together_once_both_have_a_slot() {
        let mut window = Window::new(3);
        assert_eq!(window.next(secs(0), 2), Next::Now);
        window.start(secs(0));
        window.start(secs(0));
        assert_eq!(window.next(secs(0), 1), Next::At(secs(40)), "the spread of two");
        assert_eq!(window.next(secs(50), 1), Next::Now);
        assert_eq!(window.next(secs(50), 2), Next::AfterAnEnd);
        window.end(secs(50));
        assert_eq!(window.next(secs(51), 2), Next::At(secs(110)));
        window.end(secs(52));
        assert_eq!(window.next(secs(53), 2), Next::At(secs(110)));
        assert_eq!(window.next(secs(53), 3), Next::At(secs(112)));
        assert_eq!(window.next(secs(110), 2), Next::Now);
    }

    #[test]
    fn another_rate_counts_what_was_called_before_and_forgets_no_complaint() {
        let mut window = Window::new(600);
        for call in 0..100 {
            let at = millis(100) * call;
            window.start(at);
            window.end(at);
        }
        window.set_rate(60);
        // The hundred of the first ten seconds are too many already; the 41st is forgotten first.
        let at = millis(100) * 40 + MINUTE;
        assert_eq!(window.next(secs(10), 1), Next::At(at));
        window.set_rate(6_000);
        assert_eq!(window.next(secs(10), 1), Next::Now);
        window.limit_hit(secs(10));
        for (rate, expected) in [(4_000, 3_000), (2_000, 2_000), (6_000, 6_000)] {
            window.set_rate(rate);
            assert_eq!(window.rate(secs(10)), expected, "{rate}");
        }
    }

    #[test]
    fn the_spread_is_even_and_uses_the_cap() {
        for rate in [7, 60, 600, 6_000] {
            let calls = 5 * usize::try_from(rate).unwrap();
            let mut window = Window::new(rate);
            let starts = starts(&mut window, calls, millis(1));
            let step = MINUTE / rate;
            for pair in starts.windows(2) {
                assert!(pair[1] - pair[0] >= step, "rate {rate}: {:?}", pair[1] - pair[0]);
            }
            let took = *starts.last().unwrap();
            assert!(
                took < secs(300) + secs(1),
                "rate {rate}: five minutes' worth took {took:?}"
            );
        }
    }

    #[test]
    fn lateness_is_made_good_at_double_speed_and_idleness_is_not() {
        let mut late = Window::new(60);
        late.start(secs(0));
        late.end(secs(0));
        late.start(millis(1_400)); // due at 1 s
        assert_eq!(late.next(millis(1_400), 1), Next::At(secs(2)), "back on schedule");
        late.start(millis(2_900));
        assert_eq!(
            late.next(millis(2_900), 1),
            Next::At(millis(3_400)),
            "no closer than half a step"
        );

        let mut idle = Window::new(60);
        idle.start(secs(0));
        idle.end(secs(0));
        idle.wake(secs(20));
        idle.start(secs(20));
        assert_eq!(idle.next(secs(20), 1), Next::At(secs(21)));
    }

    #[test]
    fn other_processes_calls_count_until_they_expire() {
        let mut window = Window::new(10);
        let foreign = |until, calls| Foreign {
            until: secs(until),
            calls,
        };
        window.set_foreign(vec![foreign(80, 4), foreign(30, 3), foreign(50, 3)]);
        assert_eq!(window.next(secs(1), 1), Next::At(secs(30)));
        assert_eq!(window.next_alone(secs(1), 1), Next::Now);
        for second in [30, 36, 42] {
            window.start(secs(second));
            window.end(secs(second));
        }
        assert_eq!(
            window.next(secs(43), 1),
            Next::At(secs(50)),
            "three own and seven others'"
        );
        window.set_foreign(Vec::new());
        assert_eq!(window.next(secs(48), 1), Next::Now);
    }

    #[test]
    fn a_complaint_halves_once_a_minute_waits_and_recovers_by_tenths() {
        let mut window = Window::new(100);
        window.limit_hit(secs(10));
        window.limit_hit(secs(11));
        assert_eq!(window.rate(secs(12)), 50, "once per minute");
        assert_eq!(
            window.next(secs(12), 1),
            Next::At(secs(71)),
            "a minute from the last complaint"
        );
        assert_eq!(window.next(secs(71), 1), Next::Now);
        assert_eq!(window.rate(secs(130)), 50, "the clean minute is not over");
        assert_eq!(window.rate(secs(131)), 60);
        assert_eq!(window.rate(secs(191)), 70);
        window.limit_hit(secs(200));
        assert_eq!(window.rate(secs(200)), 35);
        assert_eq!(window.rate(secs(10_000)), 100, "never above what is configured");

        let mut slow = Window::new(1);
        slow.limit_hit(secs(0));
        assert_eq!(slow.rate(secs(0)), 1, "never below one");
    }

    #[test]
    fn a_huge_rate_needs_no_waiting_and_little_memory() {
        let mut window = Window::new(10_000_000);
        let mut now = Duration::ZERO;
        for _ in 0..200_000 {
            assert_eq!(window.next(now, 1), Next::Now);
            window.start(now);
            now += Duration::from_micros(20);
            window.end(now);
        }
        assert!(window.ended.len() <= 401, "{} entries for 4 s", window.ended.len());
    }
}
