//! Addresses of pages, with whatever stands in them written so that it stays what it is.

use form_urlencoded::Serializer;

use crate::domain::{AccountName, ClientId};
use crate::view::page::Thing;

/// Where there is more to see of something.
pub fn to(thing: &Thing) -> String {
    match thing {
        Thing::Client(account, id) => client(account, id),
        Thing::Enforcement(id) => with("/enforcements", &[("id", id)]),
        Thing::Notification(id) => with("/notifications", &[("id", id)]),
    }
}

/// A client's own page. Names of accounts and ids of clients have no character that means something in an address.
pub fn client(account: &AccountName, client: &ClientId) -> String {
    format!("/clients/{account}/{client}")
}

/// A path with what is asked for there; what is empty is not asked for.
pub fn with(path: &str, asked: &[(&str, &str)]) -> String {
    let asked: Vec<_> = asked.iter().filter(|(_, value)| !value.is_empty()).collect();
    if asked.is_empty() {
        return path.to_owned();
    }
    let query = Serializer::new(String::new()).extend_pairs(asked).finish();
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{query}")
}

#[cfg(test)]
mod tests {
    use super::with;

    #[test]
    fn what_is_asked_for_stays_what_it_is() {
        for (path, asked, expected) in [
            ("/alerts", &[("policy", "")][..], "/alerts"),
            (
                "/alerts",
                &[("policy", "a&b=c d#"), ("from", "50")],
                "/alerts?policy=a%26b%3Dc+d%23&from=50",
            ),
            (
                "/alerts?from=50",
                &[("done", "silenced")],
                "/alerts?from=50&done=silenced",
            ),
        ] {
            assert_eq!(with(path, asked), expected);
        }
    }
}
