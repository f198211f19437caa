//! Commands that a person copies into a POSIX shell. Runs none.

/// A text as one word of a shell.
pub fn word(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "@._+-/".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_quoted_for_a_shell_where_they_must() {
        for (text, expected) in [
            ("/etc/balancewatch/config.toml", "/etc/balancewatch/config.toml"),
            ("john.doe+x@my-domain.com", "john.doe+x@my-domain.com"),
            ("my config.toml", "'my config.toml'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(word(text), expected, "{text}");
        }
    }
}
