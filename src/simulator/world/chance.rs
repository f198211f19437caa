//! The simulator's randomness. Every throw is addressed by what it is for, whom and when, so it is the same whatever
//! was asked before: ChaCha gives each address its own place in one sequence per seed, on every machine and version.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::simulator::amount::Amount;

/// Words of the sequence that one throw may use.
const WORDS_PER_THROW: u128 = 256;

/// What a throw is for; keeps the streams apart.
#[derive(Clone, Copy, Debug)]
pub enum Topic {
    Lot = 1,
    Person = 2,
    Profile = 3,
    Calls = 4,
    History = 5,
    TopUp = 6,
    FaultOfCall = 7,
    FaultOfClient = 8,
    ThresholdAbsent = 9,
    Listed = 10,
    Contract = 21,
    Past = 22,
}

/// A share of calls or clients, in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(1_000_000);

    /// Reads `0`, `0.05` or `1`, with at most six places.
    pub fn parse(text: &str) -> Option<Self> {
        let millionths = Amount::parse(text)?.count_of(1_000_000)?;
        u32::try_from(millionths)
            .ok()
            .map(Self)
            .filter(|share| *share <= Self::ALL)
    }

    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Amount::of(self.0.into(), 1_000_000).column(0))
    }
}

/// All throws of one seed.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The throw for `topic` about `who` at `when`.
    pub fn throw(&self, topic: Topic, who: u32, when: u64) -> Throw {
        let mut rng = self.0.clone();
        rng.set_stream((topic as u64) << 32 | u64::from(who));
        rng.set_word_pos(u128::from(when) * WORDS_PER_THROW);
        Throw(rng)
    }
}

/// A short run of random numbers.
#[derive(Debug)]
pub struct Throw(ChaCha8Rng);

impl Throw {
    /// A number below `limit`; 0 when `limit` is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let scaled = u64::from(self.0.next_u32()) * u64::from(limit);
        u32::try_from(scaled >> 32).unwrap_or_default()
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// A number below a million, to be compared with shares.
    pub fn millionth(&mut self) -> u32 {
        self.below(1_000_000)
    }

    /// Whether it falls within `share`.
    pub fn within(&mut self, share: Share) -> bool {
        self.millionth() < share.millionths()
    }

    /// One of `items`, which are never empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(u32::try_from(items.len()).unwrap_or(u32::MAX));
        &items[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{Dice, Share, Topic};

    #[test]
    fn a_throw_depends_on_its_address_only() {
        let dice = Dice::new(7);
        let numbers = |topic, who, when| {
            let mut throw = dice.throw(topic, who, when);
            [throw.below(1_000_000), throw.below(1_000_000)]
        };
        let first = numbers(Topic::Calls, 1, 2);
        assert_eq!(first, numbers(Topic::Calls, 1, 2));
        assert_ne!(first, numbers(Topic::Calls, 1, 3));
        assert_ne!(first, numbers(Topic::Calls, 2, 2));
        assert_ne!(first, numbers(Topic::TopUp, 1, 2));
        assert_ne!(first[0], Dice::new(8).throw(Topic::Calls, 1, 2).below(1_000_000));
    }

    #[test]
    fn shares_are_read_and_printed() {
        for (text, printed) in [
            ("0", "0"),
            ("1", "1"),
            ("1.0", "1"),
            ("0.05", "0.05"),
            ("0.000001", "0.000001"),
        ] {
            assert_eq!(
                Share::parse(text).map(|share| share.to_string()).as_deref(),
                Some(printed)
            );
        }
        for text in ["", "1.000001", "2", "-0.1", "0.0000001", "5%", ".5", "1e-3", "0.1.2"] {
            assert_eq!(Share::parse(text), None, "{text}");
        }
    }
}
