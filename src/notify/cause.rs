//! What the network and TLS say, in plain words that may stand in a log: none of them comes from outside. Pure.

/// What the network and TLS say, and what that is in plain words.
const CAUSES: [(&str, &str); 12] = [
    ("connection refused", "connection refused"),
    ("failed to lookup", "unknown host"),
    ("name or service", "unknown host"),
    ("unreachable", "the host cannot be reached"),
    ("timed out", "no answer in time"),
    ("reset by peer", "the connection was reset"),
    ("broken pipe", "the connection was closed"),
    ("eof", "the connection was closed"),
    ("closed", "the connection was closed"),
    ("expired", "the certificate has expired"),
    ("not valid for name", "the certificate is made for another name"),
    ("unknownissuer", "nobody here knows who signed the certificate"),
];

/// The plain words for an error of the network or of TLS, if there are any: never words from outside.
pub fn cause(why: &str) -> Option<&'static str> {
    let why = why.to_lowercase();
    let known = CAUSES.iter().find(|(part, _)| why.contains(part));
    known.map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::cause;

    #[test]
    fn what_the_network_says_is_told_in_plain_words() {
        for (why, words) in [
            ("Connection refused (os error 111)", Some("connection refused")),
            (
                "failed to lookup address information: Name or service not known",
                Some("unknown host"),
            ),
            ("No route to host", None),
            (
                "Network is unreachable (os error 101)",
                Some("the host cannot be reached"),
            ),
            (
                "Connection reset by peer (os error 104)",
                Some("the connection was reset"),
            ),
            (
                "invalid peer certificate: certificate expired: verified at time 1",
                Some("the certificate has expired"),
            ),
            ("invalid peer certificate: Expired", Some("the certificate has expired")),
            (
                "invalid peer certificate: certificate not valid for name \"a\"",
                Some("the certificate is made for another name"),
            ),
            (
                "invalid peer certificate: UnknownIssuer",
                Some("nobody here knows who signed the certificate"),
            ),
            ("250 hello noc@example.com", None),
        ] {
            assert_eq!(cause(why), words, "{why}");
        }
    }
}
