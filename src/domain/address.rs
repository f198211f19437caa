//! Which mail addresses a text names: people write several into one field, or `n/a`. Pure.

/// So many addresses of one client are told.
const MOST: usize = 3;

/// Longest address that SMTP can carry.
const LONGEST: usize = 254;

/// The usable addresses in a text, in its order: each once, and at most three.
#[must_use]
pub fn usable(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for piece in text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()) {
        // `Anna <anna@example.com>` is one address, too.
        let inner = piece.strip_prefix('<').and_then(|piece| piece.strip_suffix('>'));
        let address = inner.unwrap_or(piece);
        if is_usable(address) && !found.iter().any(|other| is_same(other, address)) {
            found.push(address);
        }
    }
    found.truncate(MOST);
    found
}

/// Stricter than what mail allows: quoted names, comments and bare hosts are of no use here.
fn is_usable(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .chars()
                .all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    let is_label = |label: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(is_plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    address.len() <= LONGEST
        && local.len() <= 64
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

/// Only the name of a domain is the same however it is written.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.split_once('@'), other.split_once('@'));
    one.zip(other)
        .is_some_and(|(one, other)| one.0 == other.0 && one.1.eq_ignore_ascii_case(other.1))
}

#[cfg(test)]
mod tests {
    use super::usable;

    #[test]
    fn a_text_names_none_one_or_several_addresses() {
        let long = format!("{}@example.com", "a".repeat(65));
        let cases: [(&str, &[&str]); 22] = [
            ("", &[]),
            ("n/a", &[]),
            ("none@", &[]),
            ("@example.com", &[]),
            ("a@b@example.com", &[]),
            ("root@localhost", &[]),
            ("a@example..com", &[]),
            ("a@-example.com", &[]),
            (".a@example.com", &[]),
            ("\"a\"@example.com", &[]),
            ("'a@example.com'", &[]),
            ("a\0@example.com", &[]),
            ("a<b@example.com", &[]),
            (&long, &[]),
            (" a@example.com\n", &["a@example.com"]),
            ("Anna Ä <anna@example.com>", &["anna@example.com"]),
            ("o'brien+low@mail.example.co.uk", &["o'brien+low@mail.example.co.uk"]),
            ("jürgen@example.com", &["jürgen@example.com"]),
            (
                "anna@example.com, bert@example.com",
                &["anna@example.com", "bert@example.com"],
            ),
            (
                "n/a;a@example.com;a@EXAMPLE.com A@example.com",
                &["a@example.com", "A@example.com"],
            ),
            ("a@example.com,,a@example.com", &["a@example.com"]),
            ("a@x.org b@x.org c@x.org d@x.org", &["a@x.org", "b@x.org", "c@x.org"]),
        ];
        for (text, expected) in cases {
            let found = usable(text);
            assert_eq!(found, expected, "{text:?}");
            for address in found {
                assert!(address.parse::<lettre::message::Mailbox>().is_ok(), "{address}");
            }
        }
    }
}
