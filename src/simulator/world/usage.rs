//! What one client used in the last 30 Toronto days, today included, as getResellerBalance tells it. Keeps running
//! sums, so that a reading adds nothing up.

use crate::simulator::amount::Amount;

/// Days that `spent_total` and its like cover, the present one included.
pub const DAYS: usize = 30;

/// Calls and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub spent: Amount,
    pub calls: u32,
    pub secs: u32,
}

impl Used {
    pub fn add(&mut self, other: Self) {
        self.spent += other.spent;
        self.calls = self.calls.saturating_add(other.calls);
        self.secs = self.secs.saturating_add(other.secs);
    }
}

/// The same of many days, or of many clients: a day's seconds of 100,000 clients need no more than 32 bits, a month's do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub spent: Amount,
    pub calls: u64,
    pub secs: u64,
}

impl Sum {
    fn add(&mut self, other: Used) {
        self.spent += other.spent;
        self.calls += u64::from(other.calls);
        self.secs += u64::from(other.secs);
    }

    fn remove(&mut self, other: Used) {
        self.spent -= other.spent;
        self.calls -= u64::from(other.calls);
        self.secs -= u64::from(other.secs);
    }
}

impl From<Used> for Sum {
    fn from(used: Used) -> Self {
        let mut sum = Self::default();
        sum.add(used);
        sum
    }
}

/// The last 30 days.
#[derive(Clone, Debug)]
pub struct Usage {
    days: [Used; DAYS],
    day: i64,
    total: Sum,
}

impl Usage {
    /// Nothing used, as of a day.
    pub fn new(day: i64) -> Self {
        Self {
            days: [Used::default(); DAYS],
            day,
            total: Sum::default(),
        }
    }

    fn slot(day: i64) -> usize {
        usize::try_from(day.rem_euclid(DAYS as i64)).unwrap_or_default()
    }

    /// Makes `day` the present one; days that are now too old are forgotten. A day that is past changes nothing.
    pub fn roll_to(&mut self, day: i64) {
        for next in self.day + 1..=day.min(self.day + DAYS as i64) {
            let slot = &mut self.days[Self::slot(next)];
            self.total.remove(*slot);
            *slot = Used::default();
        }
        self.day = self.day.max(day);
    }

    /// Counts what was used on the present day.
    pub fn count(&mut self, used: Used) {
        let day = &mut self.days[Self::slot(self.day)];
        let before = *day;
        day.add(used);
        // By what the day has become, so that the days always add up to the total.
        self.total.remove(before);
        self.total.add(*day);
    }

    /// What was used on the present day.
    pub fn today(&self) -> Sum {
        self.days[Self::slot(self.day)].into()
    }

    /// What was used in the last 30 days.
    pub fn total(&self) -> Sum {
        self.total
    }
}

/// A length of calls as the API prints it: `45` under a minute, `2:50`, `51:35`, and `10:17:48` from an hour on.
pub fn clock_text(secs: u64) -> String {
    let (hours, minutes, secs) = (secs / 3_600, secs / 60 % 60, secs % 60);
    if hours == 0 && minutes == 0 {
        secs.to_string()
    } else if hours == 0 {
        format!("{minutes}:{secs:02}")
    } else {
        format!("{hours}:{minutes:02}:{secs:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, DAYS, Sum, Usage, Used, clock_text};

    #[test]
    fn lengths_print_as_documented() {
        for (secs, text) in [
            (170, "2:50"),
            (3_095, "51:35"),
            (37_068, "10:17:48"),
            (3_599, "59:59"),
            (3_600, "1:00:00"),
            (59, "59"),
            (60, "1:00"),
            (5, "5"),
        ] {
            assert_eq!(clock_text(secs), text);
        }
    }

    #[test]
    fn a_day_leaves_the_total_after_thirty_days() {
        let used = Used {
            spent: Amount::whole(2),
            calls: 3,
            secs: 40,
        };
        let mut usage = Usage::new(100);
        usage.count(used);
        assert_eq!((usage.today(), usage.total()), (used.into(), used.into()));
        usage.roll_to(99);
        assert_eq!(usage.today(), Sum::from(used), "time never goes back");
        usage.roll_to(100 + DAYS as i64 - 1);
        assert_eq!((usage.today(), usage.total()), (Sum::default(), used.into()));
        usage.roll_to(100 + DAYS as i64);
        assert_eq!(usage.total(), Sum::default());
        usage.count(used);
        usage.roll_to(10_000);
        assert_eq!(usage.total(), Sum::default(), "a long gap forgets everything");
    }
}
