//! Where a request comes from: under which name it reached us, whether from this machine, and whether a page of this site
//! sent it. Pure. A browser shows our cookie to whoever makes it send a request, so that the cookie alone proves nothing.

use std::net::IpAddr;

use axum::http::header::{FORWARDED, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What proxies add. Who comes through one is not at this machine.
const PROXIED: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// The name under which a request reached us, with its port; `None`: it names none, several, or something that is no name.
pub fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut named = headers.get_all(HOST).iter();
    let host = named.next()?.to_str().ok()?;
    let host: Authority = host.parse().ok()?;
    let is_same = uri.authority().is_none_or(|asked| *asked == host);
    (named.next().is_none() && is_same && !host.as_str().contains('@')).then_some(host)
}

/// The address that a name is; `None`: it is a word.
fn address(authority: &Authority) -> Option<IpAddr> {
    authority.host().trim_matches(['[', ']']).parse().ok()
}

/// Whether no other site can stand behind this name: it is an address, `localhost`, or the name that was configured. Any other
/// may lead here because somebody's name server says so.
pub fn is_ours(authority: &Authority, external: Option<&Uri>) -> bool {
    let host = authority.host();
    let is_external = external
        .and_then(Uri::host)
        .is_some_and(|ours| ours.eq_ignore_ascii_case(host));
    is_external || host.eq_ignore_ascii_case("localhost") || address(authority).is_some()
}

/// Whether somebody at this machine asks: from loopback, under a name of loopback, and nobody passed it on.
pub fn is_here(peer: IpAddr, authority: &Authority, headers: &HeaderMap) -> bool {
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    let names_here = authority.host().eq_ignore_ascii_case("localhost") || address(authority).is_some_and(is_loopback);
    is_loopback(peer) && names_here && !PROXIED.iter().any(|name| headers.contains_key(name))
}

/// Whether a page of this site sent it. Every browser says so of what changes something; what says nothing is not taken.
pub fn is_from_our_page(headers: &HeaderMap, authority: &Authority, external: Option<&Uri>) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE)
        && site != "same-origin"
    {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return headers.contains_key(SEC_FETCH_SITE);
    };
    let Some(origin) = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()) else {
        return false;
    };
    let is_external =
        external.is_some_and(|ours| (ours.scheme(), ours.authority()) == (origin.scheme(), origin.authority()));
    is_external || (origin.scheme().is_some() && origin.authority() == Some(authority))
}

/// Whether a page of another site led here.
pub fn is_from_another_page(headers: &HeaderMap) -> bool {
    headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| site == "cross-site" || site == "same-site")
}

#[cfg(test)]
mod tests {
    use super::{authority, is_from_our_page, is_here, is_ours};
    use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    fn external() -> Uri {
        Uri::from_static("https://balances.example.com/watch")
    }

    #[test]
    fn only_names_behind_which_no_other_site_can_stand_are_ours() {
        for (host, ours) in [
            ("127.0.0.1:9877", true),
            ("[::1]:9877", true),
            ("192.0.2.7", true),
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("balances.example.com", true),
            ("Balances.Example.com:443", true),
            ("balances.example.com.evil.example", false),
            ("evil.example:9877", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
        ] {
            let found = is_ours(&host.parse().unwrap(), Some(&external()));
            assert_eq!(found, ours, "{host}");
        }
        assert!(!is_ours(&"balances.example.com".parse().unwrap(), None));
    }

    #[test]
    fn a_request_names_one_host_and_no_user() {
        let relative = Uri::from_static("/clients");
        let absolute = Uri::from_static("http://evil.example/clients");
        for (name, uri, pairs, expected) in [
            ("one", &relative, &[("host", "localhost:1")][..], Some("localhost:1")),
            ("none", &relative, &[], None),
            (
                "two",
                &relative,
                &[("host", "localhost"), ("host", "evil.example")],
                None,
            ),
            ("empty", &relative, &[("host", "")], None),
            ("a user", &relative, &[("host", "localhost@evil.example")], None),
            ("another in the first line", &absolute, &[("host", "localhost")], None),
            (
                "the same in the first line",
                &absolute,
                &[("host", "evil.example")],
                Some("evil.example"),
            ),
            ("words", &relative, &[("host", "local host")], None),
        ] {
            let found = authority(uri, &headers(pairs));
            assert_eq!(found.as_ref().map(|found| found.as_str()), expected, "{name}");
        }
    }

    #[test]
    fn who_comes_from_elsewhere_or_through_a_proxy_is_not_here() {
        for (name, peer, host, pairs, here) in [
            ("loopback", "127.0.0.1", "localhost", &[][..], true),
            ("loopback of both kinds", "::ffff:127.0.0.1", "[::1]:9877", &[], true),
            ("another machine", "192.0.2.7", "localhost", &[], false),
            ("another name", "127.0.0.1", "balances.example.com", &[], false),
            ("another address", "127.0.0.1", "192.0.2.7", &[], false),
            (
                "passed on",
                "127.0.0.1",
                "127.0.0.1:9877",
                &[("x-forwarded-for", "192.0.2.7")],
                false,
            ),
            (
                "passed on by the book",
                "127.0.0.1",
                "localhost",
                &[("forwarded", "for=192.0.2.7")],
                false,
            ),
        ] {
            let found = is_here(peer.parse().unwrap(), &host.parse().unwrap(), &headers(pairs));
            assert_eq!(found, here, "{name}");
        }
    }

    #[test]
    fn only_a_page_of_this_site_counts_as_one() {
        const OURS: &str = "http://localhost:9877";
        for (name, pairs, ours) in [
            (
                "a browser",
                &[("origin", OURS), ("sec-fetch-site", "same-origin")][..],
                true,
            ),
            ("an older one", &[("origin", OURS)], true),
            (
                "a browser that names no origin",
                &[("sec-fetch-site", "same-origin")],
                true,
            ),
            ("through the proxy", &[("origin", "https://balances.example.com")], true),
            ("nothing said", &[], false),
            ("another site", &[("origin", "https://evil.example")], false),
            (
                "another port of this machine",
                &[("origin", "http://localhost:8000"), ("sec-fetch-site", "same-site")],
                false,
            ),
            ("a sandbox", &[("origin", "null")], false),
            (
                "our name without encryption",
                &[("origin", "http://balances.example.com")],
                false,
            ),
            (
                "another site says it is ours",
                &[("origin", OURS), ("sec-fetch-site", "cross-site")],
                false,
            ),
            ("an address typed by hand", &[("sec-fetch-site", "none")], false),
            ("no scheme", &[("origin", "localhost:9877")], false),
        ] {
            let authority = "localhost:9877".parse().unwrap();
            let found = is_from_our_page(&headers(pairs), &authority, Some(&external()));
            assert_eq!(found, ours, "{name}");
        }
    }
}
