//! What was called: counts, the most calls in any 60 seconds, and the cap. Everything here is bounded, and cheap
//! enough for tens of thousands of calls a second.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use crate::simulator::functions;

const MINUTE: Duration = Duration::from_secs(60);

/// Above so many different arrival times in a minute, calls within a millisecond count as one moment: at such rates
/// nobody measures a cap, and memory stays below two megabytes.
const EXACT_ARRIVALS: usize = 65_536;

/// The calls of the last 60 seconds. A call exactly 60 s after another is in another minute.
#[derive(Debug, Default)]
struct Window {
    arrivals: VecDeque<(Duration, u32)>,
    calls: u64,
}

impl Window {
    fn forget_before(&mut self, now: Duration) {
        while let Some((at, count)) = self.arrivals.front().copied() {
            if at + MINUTE > now {
                break;
            }
            self.arrivals.pop_front();
            self.calls -= u64::from(count);
        }
    }

    fn add(&mut self, now: Duration) {
        let merge_within = if self.arrivals.len() < EXACT_ARRIVALS {
            Duration::ZERO
        } else {
            Duration::from_millis(1)
        };
        match self.arrivals.back_mut() {
            Some((at, count)) if now.saturating_sub(*at) <= merge_within => *count += 1,
            _ => self.arrivals.push_back((now, 1)),
        }
        self.calls += 1;
    }
}

/// Most addresses whose calls are capped each by themselves; any more share one allowance.
const MOST_ADDRESSES: usize = 10_000;

/// What somebody has used of the cap.
#[derive(Debug, Default)]
struct Allowance {
    let_through: Window,
    /// The present minute and the calls in it.
    minute: (u64, u64),
}

impl Allowance {
    fn is_within(&mut self, cap: u32, now: Duration, sliding: bool) -> bool {
        let minute = now.as_secs() / 60;
        // Not back: whoever waited for its turn since the minute before counts as of this one.
        if minute > self.minute.0 {
            self.minute = (minute, 0);
        }
        self.let_through.forget_before(now);
        let used = if sliding { self.let_through.calls } else { self.minute.1 };
        let within = used < u64::from(cap);
        if within {
            self.let_through.add(now);
            self.minute.1 += 1;
        }
        within
    }

    /// Whether it makes no difference any more.
    fn is_over(&mut self, now: Duration) -> bool {
        self.let_through.forget_before(now);
        self.let_through.calls == 0
    }
}

#[derive(Debug)]
pub struct Traffic {
    calls: u64,
    unknown: u64,
    by_function: Vec<u64>,
    arrivals: Window,
    most_in_a_minute: u64,
    account: Allowance,
    addresses: HashMap<IpAddr, Allowance>,
}

impl Traffic {
    pub fn new() -> Self {
        Self {
            calls: 0,
            unknown: 0,
            by_function: vec![0; functions::FUNCTIONS.len()],
            arrivals: Window::default(),
            most_in_a_minute: 0,
            account: Allowance::default(),
            addresses: HashMap::new(),
        }
    }

    /// Counts a call that arrives, and returns its number from 0.
    pub fn arrive(&mut self, now: Duration, function: &str) -> u64 {
        match functions::FUNCTIONS.iter().position(|known| known.name == function) {
            Some(index) => self.by_function[index] += 1,
            None => self.unknown += 1,
        }
        self.arrivals.forget_before(now);
        self.arrivals.add(now);
        self.most_in_a_minute = self.most_in_a_minute.max(self.arrivals.calls);
        self.calls += 1;
        self.calls - 1
    }

    /// Whether the cap lets a call through: `sliding` over the last 60 s, else since the minute began; of all callers
    /// together, or of the given address.
    pub fn is_within(&mut self, cap: u32, now: Duration, sliding: bool, per: Option<IpAddr>) -> bool {
        let allowance = match per {
            None => &mut self.account,
            Some(address) => {
                let mut has_room = self.addresses.len() < MOST_ADDRESSES || self.addresses.contains_key(&address);
                if !has_room {
                    self.addresses.retain(|_, allowance| !allowance.is_over(now));
                    has_room = self.addresses.len() < MOST_ADDRESSES;
                }
                if has_room {
                    self.addresses.entry(address).or_default()
                } else {
                    &mut self.account
                }
            }
        };
        allowance.is_within(cap, now, sliding)
    }

    /// All calls, the most in any 60 s, and the calls of each function that was called.
    pub fn counts(&self) -> (u64, u64, Vec<(&'static str, u64)>) {
        let names = functions::FUNCTIONS
            .iter()
            .map(|function| function.name)
            .chain(["unknown"]);
        let counts = self.by_function.iter().copied().chain([self.unknown]);
        (
            self.calls,
            self.most_in_a_minute,
            names.zip(counts).filter(|(_, count)| *count > 0).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use super::{EXACT_ARRIVALS, MOST_ADDRESSES, Traffic};

    #[test]
    fn the_most_calls_in_any_minute_are_counted_exactly() {
        let millis = Duration::from_millis;
        for (name, arrivals, most) in [
            ("none", vec![], 0),
            ("exactly a minute apart", vec![0, 60_000], 1),
            ("just within", vec![0, 59_999], 2),
            ("at once", vec![5, 5, 5], 3),
            (
                "a window that no clock minute holds",
                vec![0, 50_000, 55_000, 65_000, 109_999],
                4,
            ),
        ] {
            let mut traffic = Traffic::new();
            for at in arrivals {
                traffic.arrive(millis(at), "getIP");
            }
            assert_eq!(traffic.counts().1, most, "{name}");
        }
    }

    #[test]
    fn the_window_stays_small_at_any_rate() {
        let mut traffic = Traffic::new();
        for call in 0..400_000_u64 {
            traffic.arrive(Duration::from_micros(call * 10), "getIP");
        }
        assert_eq!(traffic.counts().1, 400_000);
        assert!(traffic.arrivals.arrivals.len() < EXACT_ARRIVALS + 60_000);
    }

    #[test]
    fn the_cap_lets_as_many_through_as_it_says() {
        let secs = Duration::from_secs;
        for (name, sliding, at, expected) in [
            (
                "sliding",
                true,
                [0, 30, 59, 60, 61, 90],
                [true, true, false, true, false, true],
            ),
            (
                "by the minute",
                false,
                [0, 30, 59, 60, 61, 90],
                [true, true, false, true, true, false],
            ),
        ] {
            let mut traffic = Traffic::new();
            assert_eq!(
                at.map(|at| traffic.is_within(2, secs(at), sliding, None)),
                expected,
                "{name}"
            );
        }
    }

    /// Calls read the clock before they wait for their turn, so that one of the minute before may come second.
    #[test]
    fn who_comes_late_from_the_minute_before_begins_no_new_minute() {
        let mut traffic = Traffic::new();
        let let_through = [60, 59, 60, 120].map(|secs| traffic.is_within(1, Duration::from_secs(secs), false, None));
        assert_eq!(let_through, [true, false, false, true]);
    }

    #[test]
    fn addresses_have_allowances_of_their_own_while_there_is_room() {
        let mut traffic = Traffic::new();
        let now = Duration::from_secs(1);
        let address = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        for number in 0..MOST_ADDRESSES + 1 {
            assert!(traffic.is_within(1, now, true, Some(address(number))), "{number}");
        }
        assert!(!traffic.is_within(1, now, true, Some(address(0))), "used up");
        assert!(
            !traffic.is_within(1, now, true, Some(address(MOST_ADDRESSES + 1))),
            "what is shared is used up"
        );
        let later = now + Duration::from_secs(60);
        assert!(traffic.is_within(1, later, true, Some(address(MOST_ADDRESSES + 1))));
        assert_eq!(traffic.addresses.len(), 1, "those of the last minute are forgotten");
    }
}
