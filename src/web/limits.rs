//! How often one address may ask, how much it may send, how much is worked at once and how long: what one of them does hurts neither
//! the others nor the sweep.

use std::any::Any;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use super::access::Peer;
use super::answer::Refused;

/// Requests of one address: 50 in a second, and 200 at once. A person with several pages and a scrape stay far below; a proxy
/// may stand before many people.
pub const REQUEST_EVERY: Duration = Duration::from_millis(20);
pub const REQUEST_BURST: u32 = 200;

/// Requests that are worked on at once; others wait their turn. More would only make each wait, and the sweep with them.
pub const MOST_AT_ONCE: usize = 16;

/// Longer than any answer takes, waiting included.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Bytes of a request's body: the longest form or silence is a few.
pub const MOST_BYTES: usize = 64 * 1024;

/// Addresses that are remembered. More are met only under attack; who waits least is forgotten first then.
const MOST_ADDRESSES: usize = 4_096;

/// A steady rate for each address, above which a burst is taken now and then.
#[derive(Debug)]
pub struct Limit {
    /// What one time costs.
    every: Duration,
    /// What may be owed.
    credit: Duration,
    /// Until when each address has to do nothing to owe nothing. Absent: it owes nothing.
    owed: Mutex<HashMap<IpAddr, Duration>>,
}

impl Limit {
    /// Once in `every`, and `burst` times at once.
    pub fn new(every: Duration, burst: u32) -> Self {
        Self {
            every,
            credit: every.saturating_mul(burst.saturating_sub(1)),
            owed: Mutex::default(),
        }
    }

    /// Whether this address may once more, without doing it.
    ///
    /// # Errors
    /// How long it has to wait.
    pub fn look(&self, address: IpAddr, now: Duration) -> Result<(), Duration> {
        let owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait(owed.get(&site_of(address)), now)
    }

    /// This address does it once more.
    ///
    /// # Errors
    /// How long it has to wait; nothing was counted.
    pub fn take(&self, address: IpAddr, now: Duration) -> Result<(), Duration> {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let address = site_of(address);
        self.wait(owed.get(&address), now)?;
        if owed.len() >= MOST_ADDRESSES && !owed.contains_key(&address) {
            owed.retain(|_, until| *until > now);
            if owed.len() >= MOST_ADDRESSES
                && let Some((&least, _)) = owed.iter().min_by_key(|(_, until)| **until)
            {
                owed.remove(&least);
            }
        }
        let until = owed.entry(address).or_default();
        *until = (*until).max(now).saturating_add(self.every);
        Ok(())
    }

    fn wait(&self, until: Option<&Duration>, now: Duration) -> Result<(), Duration> {
        let owed = until.map_or(Duration::ZERO, |until| until.saturating_sub(now));
        match owed.checked_sub(self.credit) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(()),
        }
    }
}

/// Whoever has one address of version 6 has 2^64 of them.
fn site_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

/// Refuses an address that asks too often.
pub async fn not_too_often(
    State(site): State<Arc<Site>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match site.requests.take(peer, site.real.monotonic()) {
        Ok(()) => next.run(request).await,
        Err(wait) => too_many(wait),
    }
}

/// Waits until not too many others are worked on.
pub async fn in_turn(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    // It is never closed.
    let _turn = site.turns.acquire().await;
    next.run(request).await
}

/// Too much was asked by one address.
pub fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let refused = Refused::new(StatusCode::TOO_MANY_REQUESTS, "too many requests from this address");
    let refused = refused.hint(format!("try again in {seconds} s"));
    ([(RETRY_AFTER, seconds.to_string())], refused).into_response()
}

/// What is answered when the program is at fault. Where and why stands in the log alone.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request failed by a fault of this program; the lines before this one say where");
    Refused::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "this failed by a fault of balancewatch",
    )
    .hint("the log says where; please report it")
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::{Limit, MOST_ADDRESSES};
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_is_taken_and_then_the_rate_and_others_do_not_suffer() {
        let limit = Limit::new(ms(100), 3);
        for (name, at, expected) in [
            ("first", 1_000, Ok(())),
            ("second", 1_000, Ok(())),
            ("third", 1_000, Ok(())),
            ("one too many", 1_000, Err(ms(100))),
            ("a little later", 1_099, Err(ms(1))),
            ("one is paid off", 1_100, Ok(())),
            ("and no more", 1_100, Err(ms(100))),
            ("all is paid off", 1_500, Ok(())),
            ("so that there is a burst", 1_500, Ok(())),
            ("again", 1_500, Ok(())),
            ("of three", 1_500, Err(ms(100))),
        ] {
            assert_eq!(limit.look(ONE, ms(at)), expected, "{name}, looked at");
            assert_eq!(limit.take(ONE, ms(at)), expected, "{name}");
        }
        assert_eq!(limit.take("192.0.2.2".parse().unwrap(), ms(1_500)), Ok(()));
    }

    #[test]
    fn one_network_of_version_6_is_one_address() {
        let limit = Limit::new(ms(100), 1);
        let take = |address: &str| limit.take(address.parse().unwrap(), ms(0)).is_ok();
        assert!(take("2001:db8::1"));
        assert!(!take("2001:db8::2"));
        assert!(take("2001:db8:0:1::1"));
        assert!(take("::ffff:192.0.2.1"));
        assert!(!take("192.0.2.1"));
    }

    #[test]
    fn it_remembers_only_so_many() {
        let limit = Limit::new(ms(100), 2);
        limit.take(ONE, ms(0)).unwrap();
        limit.take(ONE, ms(0)).unwrap();
        for number in 0..u32::try_from(MOST_ADDRESSES).unwrap() * 2 {
            limit.take(IpAddr::V4(Ipv4Addr::from_bits(number)), ms(0)).unwrap();
            assert!(limit.owed.lock().unwrap().len() <= MOST_ADDRESSES);
        }
        assert!(limit.take(ONE, ms(0)).is_err(), "who waits longest is forgotten last");
    }
}
