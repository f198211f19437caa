//! How long to wait before another attempt. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::SignedDuration;

/// Waits after the first, second, … failed try; the last holds for all later ones. Short at first, because most
/// failures are a restart or greylisting; the ceiling keeps a day of trying below a hundred tries.
const WAITS_SECS: [i64; 6] = [30, 60, 120, 300, 600, 900];

/// Waits after the first, second, … try whose end is not known. Each may have arrived, and each further one may be a
/// copy: five in all, over most of the day that a message lives, because what loses an answer is seldom over in minutes.
const UNCERTAIN_HOURS: [i64; 4] = [2, 4, 6, 8];

/// Upper end of a jitter.
const MOST_JITTER: u32 = 200;

/// Longest wait that a receiver may ask for: one that asks for more is asked again all the same.
const LONGEST_ASKED: SignedDuration = SignedDuration::from_hours(1);

/// What spreads the waits after an attempt, from 0 to 200. The same for the same attempt, so that a run repeats from its
/// seed in whatever order its attempts end.
#[must_use]
pub fn jitter(seed: u64, message: &str, attempts: u32) -> u32 {
    let mut hasher = DefaultHasher::new();
    (seed, message, attempts).hash(&mut hasher);
    u32::try_from(hasher.finish() % u64::from(MOST_JITTER + 1)).unwrap_or(MOST_JITTER)
}

/// How long a receiver asked to be left alone, within reason.
#[must_use]
pub fn asked(retry_after: Option<SignedDuration>) -> SignedDuration {
    retry_after
        .unwrap_or_default()
        .clamp(SignedDuration::ZERO, LONGEST_ASKED)
}

/// How long to wait after `failures` tries that failed in a row (0 counts as 1). `jitter` from 0 to 200
/// spreads the wait between 90 and 110 percent, so that what failed together does not come back together.
#[must_use]
pub fn wait(failures: u32, jitter: u32) -> SignedDuration {
    let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    let secs = WAITS_SECS[index.min(WAITS_SECS.len() - 1)];
    let permille = 900 + i64::from(jitter.min(MOST_JITTER));
    SignedDuration::from_millis(secs * permille)
}

/// How long to wait after `tries` of a message whose end is not known (at least 1); `None`: that was the last one.
#[must_use]
pub fn uncertain(tries: u32, jitter: u32) -> Option<SignedDuration> {
    let index = usize::try_from(tries.saturating_sub(1)).ok()?;
    let permille = 900 + i64::from(jitter.min(MOST_JITTER));
    let hours = UNCERTAIN_HOURS.get(index)?;
    Some(SignedDuration::from_millis(hours * 3600 * permille))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{MOST_JITTER, asked, jitter, uncertain, wait};

    #[test]
    fn jitter_spreads_what_failed_together_and_repeats_from_its_seed() {
        let all: Vec<u32> = (0..100).map(|number| jitter(1, &format!("m{number}"), 1)).collect();
        assert!(all.iter().all(|jitter| *jitter <= MOST_JITTER), "{all:?}");
        assert!(all.iter().any(|jitter| *jitter < 50) && all.iter().any(|jitter| *jitter > 150));
        assert_eq!(jitter(1, "m7", 1), all[7]);
        assert!(
            (0..9).any(|seed| jitter(seed, "m7", 1) != all[7]) && (2..9).any(|tries| jitter(1, "m7", tries) != all[7])
        );
    }

    #[test]
    fn a_receiver_is_left_alone_for_an_hour_at_most() {
        let secs = SignedDuration::from_secs;
        for (retry_after, expected) in [
            (None, 0),
            (Some(-5), 0),
            (Some(90), 90),
            (Some(3600), 3600),
            (Some(3601), 3600),
        ] {
            assert_eq!(asked(retry_after.map(secs)), secs(expected), "{retry_after:?}");
        }
    }

    #[test]
    fn uncertain_tries_are_five_in_a_day_and_hours_apart() {
        let waits = |jitter| {
            (1..)
                .map_while(move |tries| uncertain(tries, jitter))
                .collect::<Vec<_>>()
        };
        for jitter in [0, 100, MOST_JITTER, u32::MAX] {
            let waits = waits(jitter);
            assert_eq!(waits.len(), 4, "five tries");
            assert!(waits.iter().all(|wait| wait.as_secs() > 3600), "{waits:?}");
            let all: jiff::SignedDuration = waits.iter().sum();
            assert!(all.as_secs() < 24 * 3600, "within the life of a message: {all:?}");
        }
        assert_eq!(uncertain(0, 100), uncertain(1, 100));
    }

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
    fn a_wait_stays_within_a_tenth() {
        for (jitter, millis) in [(0, 27_000), (100, 30_000), (200, 33_000), (u32::MAX, 33_000)] {
            assert_eq!(wait(1, jitter).as_millis(), millis, "{jitter}");
        }
    }
}
