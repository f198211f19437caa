//! How long to wait before another try. Pure.

use jiff::SignedDuration;

/// Waits after the first, second, … failed try; the last holds for all later ones. Short at first, because most
/// failures are a restart or greylisting; the ceiling keeps a day of trying below a hundred tries.
const WAITS_SECS: [i64; 6] = [30, 60, 120, 300, 600, 900];

/// Upper end of the jitter that [`wait`] takes.
pub const MOST_JITTER: u32 = 200;

/// How long to wait after `failures` tries that failed in a row (0 counts as 1). `jitter` from 0 to [`MOST_JITTER`]
/// spreads the wait between 90 and 110 percent, so that what failed together does not come back together.
#[must_use]
pub fn wait(failures: u32, jitter: u32) -> SignedDuration {
    let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    let secs = WAITS_SECS[index.min(WAITS_SECS.len() - 1)];
    let permille = 900 + i64::from(jitter.min(MOST_JITTER));
    SignedDuration::from_millis(secs * permille)
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn waits_grow_to_a_ceiling() {
        for (failures, secs) in [
            (0, 30),
            (1, 30),
            (2, 60),
            (3, 120),
            (4, 300),
            (5, 600),
            (6, 900),
            (7, 900),
            (u32::MAX, 900),
        ] {
            assert_eq!(wait(failures, 100).as_secs(), secs, "{failures}");
        }
    }

    #[test]
    fn jitter_stays_within_a_tenth() {
        for (jitter, millis) in [(0, 27_000), (100, 30_000), (200, 33_000), (u32::MAX, 33_000)] {
            assert_eq!(wait(1, jitter).as_millis(), millis, "{jitter}");
        }
    }
}
