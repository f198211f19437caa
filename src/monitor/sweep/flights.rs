//! Calls that are under way at once within one task.
//!
//! They get on only while somebody waits for them. One of them may hold what the sweep itself wants next: the turn at the
//! account's pace, or the store's one writing connection. So whatever the sweep waits for while calls are under way, it
//! waits for [beside](Flights::beside) them; else both would wait for each other, for good.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// Calls under way, and those that ended while the sweep waited for something else.
pub(super) struct Flights<'a, T> {
    flying: FuturesUnordered<Pin<Box<dyn Future<Output = T> + Send + 'a>>>,
    landed: VecDeque<T>,
}

impl<'a, T> Flights<'a, T> {
    pub(super) fn new() -> Self {
        Self {
            flying: FuturesUnordered::new(),
            landed: VecDeque::new(),
        }
    }

    pub(super) fn start(&mut self, flight: impl Future<Output = T> + Send + 'a) {
        self.flying.push(Box::pin(flight));
    }

    /// How many are under way.
    pub(super) fn under_way(&self) -> usize {
        self.flying.len()
    }

    /// Whether there is nothing more to come from [`Flights::next`].
    pub(super) fn is_empty(&self) -> bool {
        self.flying.is_empty() && self.landed.is_empty()
    }

    /// Gives up those under way.
    pub(super) fn give_up(&mut self) {
        self.flying.clear();
    }

    /// The next that ended; `None` when there is none.
    pub(super) async fn next(&mut self) -> Option<T> {
        match self.landed.pop_front() {
            Some(landed) => Some(landed),
            None => self.flying.next().await,
        }
    }

    /// Waits for `work` while the flights get on.
    pub(super) async fn beside<R>(&mut self, work: impl Future<Output = R>) -> R {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(landed) = self.flying.next(), if !self.flying.is_empty() => self.landed.push_back(landed),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::sync::Mutex;

    use super::Flights;

    /// Two flights want what the sweep wants; the lock is fair, so the sweep comes last.
    #[tokio::test]
    async fn what_a_flight_holds_can_be_waited_for() {
        let lock = Arc::new(Mutex::new(()));
        let held = lock.lock().await;
        let mut flights = Flights::new();
        for number in 0..2 {
            let lock = Arc::clone(&lock);
            flights.start(async move {
                let _held = lock.lock().await;
                tokio::task::yield_now().await;
                number
            });
        }
        assert!(flights.next().now_or_never().is_none(), "both wait");
        drop(held);
        drop(flights.beside(lock.lock()).await);
        assert_eq!((flights.next().await, flights.next().await), (Some(0), Some(1)));
        assert!(flights.is_empty());
        assert_eq!(flights.next().await, None);
    }

    #[tokio::test]
    async fn what_landed_stays_when_the_others_are_given_up() {
        let mut flights = Flights::new();
        flights.start(async { 1 });
        flights.start(std::future::pending());
        flights.beside(tokio::task::yield_now()).await;
        assert_eq!(flights.under_way(), 1);
        flights.give_up();
        assert!(!flights.is_empty());
        assert_eq!((flights.next().await, flights.next().await), (Some(1), None));
    }
}
