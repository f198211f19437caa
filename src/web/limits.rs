//! How often one address may do something. Pure: what time it is is said.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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
