//! What the clients' calls cost the reseller, hour by hour until his own account takes it over. Knows no accounts.

use std::collections::VecDeque;

use super::usage::Used;

/// Costs that nobody has paid yet.
#[derive(Debug, Default)]
pub struct Costs {
    /// The first hour that was not taken as a whole, counted from 1970. Nothing comes before it.
    first: i64,
    /// From that hour on; a life of ten years has some 88,000.
    hours: VecDeque<Used>,
}

impl Costs {
    /// Nothing yet, as of a second.
    pub fn new(now: i64) -> Self {
        Self {
            first: now.div_euclid(3_600),
            hours: VecDeque::new(),
        }
    }

    /// Adds what ended in a second and cost so much.
    pub fn add(&mut self, at: i64, used: Used) {
        let place = usize::try_from(at.div_euclid(3_600) - self.first).unwrap_or_default();
        if place >= self.hours.len() {
            self.hours.resize(place + 1, Used::default());
        }
        self.hours[place].add(used);
    }

    /// Takes what there is of the hour that begins at `begin`; what was before it is forgotten.
    pub fn take(&mut self, begin: i64) -> Used {
        let hour = begin.div_euclid(3_600);
        while self.first < hour {
            self.hours.pop_front();
            self.first += 1;
        }
        self.hours.front_mut().map(std::mem::take).unwrap_or_default()
    }
}
