//! Who may call: the list of addresses that a person keeps on the portal's API page. Names are looked up when the list
//! is made, never when a call arrives.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What a list is made of, for help and errors.
pub(super) const ACCEPTED: &str = "comma list of addresses, NET/BITS, a.b.c.*, names";

/// Why a list was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AccessError {
    /// Neither an address, a range nor a name.
    #[error("`{0}` is neither an address, a range nor a name")]
    NotAnAddress(String),
    /// A name that nobody knows.
    #[error("`{name}` cannot be looked up: {reason}")]
    NotFound {
        name: String,
        /// What the resolver said.
        reason: String,
    },
}

/// The addresses that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AllowList(Vec<IpNet>);

impl AllowList {
    /// Reads a list and looks its names up, which may take as long as the resolver takes.
    ///
    /// # Errors
    /// [`AccessError`] for the first entry that is no address.
    pub(super) fn read(text: &str) -> Result<Self, AccessError> {
        Self::read_with(text, |name| {
            Ok((name, 0).to_socket_addrs()?.map(|found| found.ip()).collect())
        })
    }

    fn read_with(text: &str, look_up: impl Fn(&str) -> io::Result<Vec<IpAddr>>) -> Result<Self, AccessError> {
        let mut nets = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            if entry == "0.0.0.0" {
                nets.extend(everybody());
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                nets.push(address.to_canonical().into());
            } else if let Some(net) = range(entry) {
                nets.push(net);
            } else if is_name(entry) {
                let found = look_up(entry).map_err(|error| AccessError::NotFound {
                    name: entry.to_owned(),
                    reason: error.to_string(),
                })?;
                nets.extend(found.into_iter().map(|address| IpNet::from(address.to_canonical())));
            } else {
                return Err(AccessError::NotAnAddress(entry.to_owned()));
            }
        }
        Ok(Self(nets))
    }

    /// Whether calls from there are let in; IPv4 addresses in their own form.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

impl Default for AllowList {
    fn default() -> Self {
        Self(everybody().to_vec())
    }
}

fn everybody() -> [IpNet; 2] {
    [
        Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0).into(),
        Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0).into(),
    ]
}

/// `10.0.0.0/8`, `2001:db8::/32` or `10.1.*.*`; bits behind the prefix do not matter.
fn range(entry: &str) -> Option<IpNet> {
    let Some(stars) = entry.find(".*") else {
        return entry.parse().ok();
    };
    let (fixed, rest) = entry.split_at(stars);
    let octets = fixed.split('.').count();
    let wild = rest.len() / 2;
    if rest != ".*".repeat(wild) || octets + wild != 4 {
        return None;
    }
    let bits = u8::try_from(octets * 8).ok()?;
    let address: Ipv4Addr = format!("{fixed}{}", ".0".repeat(wild)).parse().ok()?;
    Ipv4Net::new(address, bits).ok().map(IpNet::from)
}

/// Whether it is worth asking the resolver: a wrong address is not.
fn is_name(entry: &str) -> bool {
    entry.len() <= 253
        && entry.bytes().any(|byte| byte.is_ascii_alphabetic())
        && entry.trim_end_matches('.').split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::{AccessError, AllowList};

    fn list(text: &str) -> Result<AllowList, AccessError> {
        AllowList::read_with(text, |name| match name {
            "office.example.com" => Ok(vec![
                "192.0.2.7".parse().unwrap(),
                "::ffff:192.0.2.8".parse().unwrap(),
                "2001:db8::7".parse().unwrap(),
            ]),
            _ => Err(ErrorKind::NotFound.into()),
        })
    }

    #[test]
    fn both_sides_of_every_kind_of_entry() {
        for (name, text, inside, outside) in [
            ("an address", "10.0.0.5", vec!["10.0.0.5"], vec!["10.0.0.6", "::1"]),
            ("IPv6", "2001:db8::1", vec!["2001:db8::1"], vec!["2001:db8::2"]),
            (
                "IPv4 written as IPv6",
                "::ffff:10.0.0.5",
                vec!["10.0.0.5"],
                vec!["10.0.0.6"],
            ),
            (
                "a list",
                "10.0.0.5, 10.0.0.7 ,,",
                vec!["10.0.0.5", "10.0.0.7"],
                vec!["10.0.0.6"],
            ),
            ("everybody", "0.0.0.0", vec!["10.0.0.5", "2001:db8::1"], vec![]),
            ("nobody", "", vec![], vec!["10.0.0.5", "::1", "127.0.0.1"]),
            (
                "a range",
                "10.0.0.0/30",
                vec!["10.0.0.0", "10.0.0.3"],
                vec!["10.0.0.4", "9.255.255.255"],
            ),
            (
                "bits behind the prefix",
                "10.0.0.5/24",
                vec!["10.0.0.0", "10.0.0.255"],
                vec!["10.0.1.0"],
            ),
            ("a range of one", "10.0.0.5/32", vec!["10.0.0.5"], vec!["10.0.0.4"]),
            (
                "a range of IPv6",
                "2001:db8::/32",
                vec!["2001:db8:ffff::1"],
                vec!["2001:db9::", "10.0.0.5"],
            ),
            (
                "one star",
                "10.0.7.*",
                vec!["10.0.7.0", "10.0.7.255"],
                vec!["10.0.8.0", "10.0.6.255"],
            ),
            ("two stars", "10.0.*.*", vec!["10.0.255.255"], vec!["10.1.0.0"]),
            (
                "a name",
                "office.example.com",
                vec!["192.0.2.7", "192.0.2.8", "2001:db8::7"],
                vec!["192.0.2.9"],
            ),
        ] {
            let list = list(text).unwrap();
            for address in inside {
                assert!(list.admits(address.parse().unwrap()), "{name}: {address}");
            }
            for address in outside {
                assert!(!list.admits(address.parse().unwrap()), "{name}: {address}");
            }
        }
        assert_eq!(list("0.0.0.0").unwrap(), AllowList::default());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "10.0.0",
            "10.0.0.256",
            "10.0.0.0/33",
            "10.*.0.*",
            "10.0.0.*.*",
            "*",
            "*.*.*.*",
            "10.0.0.*/8",
            "a..b",
            "-a.example.com",
            "no such name",
            "10.0.0.5;10.0.0.6",
        ] {
            assert_eq!(list(text), Err(AccessError::NotAnAddress(text.to_owned())), "{text}");
        }
        assert!(
            matches!(list("10.0.0.5,gone.example.com"), Err(AccessError::NotFound { name, .. }) if name == "gone.example.com")
        );
    }
}
