//! How far a client may reach: whether a name may lead it into the network that the program runs in. Asked of the very
//! addresses that are then connected to, so that no later answer of a name server can lead elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Where a client may connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Anywhere,
    /// To no name that leads into a network of one's own, `localhost` excepted. What is written as an address is meant
    /// as such: it needs no name server that could lie.
    Outside,
}

/// A name leads to nothing but networks of one's own.
#[derive(Debug, thiserror::Error)]
#[error("its name leads into a network of one's own")]
pub(super) struct OwnNetwork;

/// Looks names up as the machine does, and leaves out what is out of reach.
pub(super) struct Outside;

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let is_meant = name.as_str().eq_ignore_ascii_case("localhost");
            let reachable: Vec<SocketAddr> = all
                .into_iter()
                .filter(|address| is_meant || !is_own(address.ip()))
                .collect();
            if reachable.is_empty() {
                return Err(OwnNetwork.into());
            }
            Ok(Box::new(reachable.into_iter()) as Addrs)
        })
    }
}

/// What is no address of somebody else's: loopback, private, shared (CGNAT), link-local (where clouds keep their secrets),
/// none at all, to many, reserved. From IANA's registries of special addresses.
static OWN: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let own = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 \
               198.18.0.0/15 224.0.0.0/3 ::/128 ::1/128 64:ff9b:1::/48 fc00::/7 fe80::/10 fec0::/10 ff00::/8";
    own.split_whitespace().filter_map(|net| net.parse().ok()).collect()
});

/// Prefixes of IPv6 that carry an address of IPv4, and the byte at which it begins: compatible, mapped, NAT64, 6to4.
const CARRIERS: [(&str, usize); 4] = [
    ("::/96", 12),
    ("::ffff:0:0/96", 12),
    ("64:ff9b::/96", 12),
    ("2002::/16", 2),
];

fn is_own(address: IpAddr) -> bool {
    let carried = match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => CARRIERS.iter().find_map(|(prefix, at)| {
            let prefix: IpNet = prefix.parse().ok()?;
            let bytes: [u8; 4] = v6.octets()[*at..*at + 4].try_into().ok()?;
            prefix.contains(&address).then(|| IpAddr::from(bytes))
        }),
    };
    OWN.iter()
        .any(|net| net.contains(&address) || carried.is_some_and(|carried| net.contains(&carried)))
}

#[cfg(test)]
mod tests {
    use super::{OWN, is_own};

    #[test]
    fn what_lies_within_ones_own_networks_and_what_beyond() {
        assert_eq!(OWN.len(), 17);
        let own = "0.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.8.8.8 169.254.169.254 172.16.0.1 \
                   172.31.255.255 192.0.0.8 192.168.1.1 198.18.0.1 198.19.255.255 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 \
                   fc00::1 fdff::1 fe80::1 febf::1 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::a00:1 \
                   64:ff9b:1::1 2002:7f00:1::1 2002:a9fe:a9fe::";
        for address in own.split_whitespace() {
            assert!(is_own(address.parse().unwrap()), "{address}");
        }
        let others = "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 \
                      169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 \
                      223.255.255.255 2606:4700::1111 fbff::1 ::ffff:1.1.1.1 64:ff9b::808:808 2002:808:808::1";
        for address in others.split_whitespace() {
            assert!(!is_own(address.parse().unwrap()), "{address}");
        }
    }
}
