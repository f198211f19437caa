//! How fast the story is told: each chapter begins at its share of the real time, or when the one before is done; within
//! a chapter the marks are spread evenly. Decides nothing about what happens.

use std::time::Duration;

use crate::clock::Clock;

/// Where each chapter begins, in thousandths of the whole; the last number is the end.
const SHARES: [u64; 7] = [0, 100, 310, 420, 700, 960, 1_000];

/// How often the listener is told how far it is.
const TICK: Duration = Duration::from_millis(100);

/// The real time of a story.
#[derive(Debug)]
pub(super) struct Tempo {
    clock: Clock,
    total: Duration,
    chapter: usize,
    step: u32,
    steps: u32,
}

impl Tempo {
    pub(super) fn new(total: Duration) -> Self {
        Self {
            clock: Clock::real(),
            total,
            chapter: 0,
            step: 0,
            steps: 1,
        }
    }

    /// A chapter begins that has so many steps.
    pub(super) fn chapter(&mut self, index: usize, steps: usize) {
        self.chapter = index;
        self.step = 0;
        self.steps = u32::try_from(steps).unwrap_or(1).max(1);
    }

    /// How far the real time is, in thousandths.
    pub(super) fn permille(&self) -> u64 {
        let passed = self.clock.monotonic().as_millis();
        let total = self.total.as_millis().max(1);
        u64::try_from(passed * 1_000 / total).unwrap_or(1_000).min(1_000)
    }

    /// Waits until the next step's time has come, telling how far it is meanwhile.
    pub(super) async fn wait(&mut self, mut tick: impl FnMut(u64)) {
        let begin = self.at(self.chapter);
        let length = self.at(self.chapter + 1).saturating_sub(begin);
        let due = begin + length * self.step / self.steps;
        self.step += 1;
        loop {
            tick(self.permille());
            let left = due.saturating_sub(self.clock.monotonic());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(TICK)).await;
        }
    }

    fn at(&self, chapter: usize) -> Duration {
        let share = SHARES.get(chapter).copied().unwrap_or(1_000);
        self.total * u32::try_from(share).unwrap_or(1_000) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SHARES, Tempo};

    #[test]
    fn chapters_follow_each_other_and_end_with_the_time() {
        assert!(SHARES.is_sorted());
        let tempo = Tempo::new(Duration::from_secs(60));
        let begins: Vec<u64> = (0..SHARES.len()).map(|chapter| tempo.at(chapter).as_secs()).collect();
        assert_eq!(begins, [0, 6, 18, 25, 42, 57, 60]);
    }

    #[tokio::test]
    async fn what_is_late_does_not_wait() {
        let mut tempo = Tempo::new(Duration::ZERO);
        let mut told = Vec::new();
        for chapter in 0..SHARES.len() {
            tempo.chapter(chapter, 3);
            for _ in 0..3 {
                tempo.wait(|permille| told.push(permille)).await;
            }
        }
        assert_eq!(told.len(), 3 * SHARES.len(), "told once at each step, and never waited");
    }
}
