//! Small readers of what senders say: paths, base64, quoted-printable; and addresses as names of files.

/// The address of `FROM:<a@b> BODY=8BITMIME`.
pub(super) fn path(rest: &str, word: &str) -> Option<String> {
    let (found, rest) = rest.split_at_checked(word.len())?;
    if !found.eq_ignore_ascii_case(word) {
        return None;
    }
    let rest = rest.trim_start().strip_prefix('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}

/// An address as a part of a file name.
pub(super) fn file_name(address: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || "@._+-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = address.chars().map(safe).take(60).collect();
    name.trim_start_matches('.').to_owned()
}

/// Base64 as text; `None` when it is neither.
#[must_use]
pub fn decoded(base64: &str) -> Option<String> {
    let digits = base64.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len());
    let (mut bits, mut held) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            let [.., byte] = (bits >> held).to_be_bytes();
            bytes.push(byte);
            bits &= (1 << held) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Resolves quoted-printable (RFC 2045).
#[must_use]
pub fn unquoted(text: &str) -> String {
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match (code, part.strip_prefix("\r\n")) {
            (Some(byte), _) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            (None, Some(rest)) => bytes.extend(rest.as_bytes()),
            (None, None) => {
                bytes.push(b'=');
                bytes.extend(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A header with its encoded words (RFC 2047, UTF-8 in base64) read; blanks between two of them go. Others stay as they are.
#[must_use]
pub fn unencoded(header: &str) -> String {
    let mut text = String::new();
    let mut after_encoded = false;
    for word in header.split_ascii_whitespace() {
        let lower = word.to_ascii_lowercase();
        let is_base64 = lower.starts_with("=?utf-8?b?") && word.ends_with("?=");
        let read = is_base64
            .then(|| word.get(10..word.len().saturating_sub(2)).and_then(decoded))
            .flatten();
        let is_joined = after_encoded && read.is_some();
        if !text.is_empty() && !is_joined {
            text.push(' ');
        }
        after_encoded = read.is_some();
        text.push_str(&read.unwrap_or_else(|| word.to_owned()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::unencoded;

    #[test]
    fn encoded_words_are_read() {
        let cases = [
            ("plain", "A  b", "A b"),
            ("encoded", "=?utf-8?b?w5xiZXI=?=", "Über"),
            ("two words", "a =?UTF-8?B?w5xi?= =?utf-8?b?ZXI=?= b", "a Über b"),
            ("another charset", "=?latin1?b?w5xiZXI=?=", "=?latin1?b?w5xiZXI=?="),
            ("not base64", "=?utf-8?b?w!?=", "=?utf-8?b?w!?="),
            ("too short", "=?utf-8?b?=", "=?utf-8?b?="),
        ];
        for (name, header, expected) in cases {
            assert_eq!(unencoded(header), expected, "{name}");
        }
    }
}
