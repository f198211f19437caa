//! Two passwords that nobody else has, in every form in which a server may repeat them, so that any sight of them in what
//! the program prints is a leak.

/// The API password. It has what each encoding treats in a way of its own, and a letter whose lower case depends on its
/// neighbours.
pub const API: &str = "S3cret*~/& \"'Σ";

/// A client's portal password.
pub const PORTAL: &str = "P0rtal*~/& \"'Σ";

/// What the passwords begin with, in lower case: half a password is a leak too.
const BEGINNINGS: [&str; 2] = ["s3cret", "p0rtal"];

/// Bytes of an input that stand for a password: no text that means anything holds them. From the first on, one for each
/// form.
pub const FIRST_MARK: u8 = 0x01;

/// The mark of a password that the end of the answer cuts in half.
pub const CUT_MARK: u8 = 0x0b;

const FORMS: usize = 8;

/// The password as a server may repeat it.
#[must_use]
pub fn forms(password: &str) -> [String; FORMS] {
    let escaped = |escape: fn(char) -> String| password.chars().map(escape).collect::<String>();
    [
        password.to_owned(),
        escaped(|c| if c == ' ' { "+".to_owned() } else { percent(c, "*-._") }),
        escaped(|c| percent(c, "~-._")),
        escaped(|c| html(c, "&#039;")),
        escaped(|c| html(c, "'")),
        escaped(php),
        password.replace('\\', "\\\\").replace('"', "\\\""),
        password.to_uppercase(),
    ]
}

fn percent(character: char, kept: &str) -> String {
    if character.is_ascii_alphanumeric() || kept.contains(character) {
        return character.to_string();
    }
    let mut bytes = [0; 4];
    let encoded = character.encode_utf8(&mut bytes).bytes();
    encoded.map(|byte| format!("%{byte:02X}")).collect()
}

fn html(character: char, quote: &str) -> String {
    match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => quote.to_owned(),
        _ => character.to_string(),
    }
}

/// As PHP's `json_encode` writes it.
fn php(character: char) -> String {
    match character {
        '"' | '\\' | '/' => format!("\\{character}"),
        ' '..='~' => character.to_string(),
        _ => {
            let mut units = [0; 2];
            let encoded = character.encode_utf16(&mut units).iter();
            encoded.map(|unit| format!("\\u{unit:04x}")).collect()
        }
    }
}

/// The input with forms of a password in place of its marks: the one that `fits` names for what stands before, if any.
#[must_use]
pub fn planted(input: &[u8], mut fits: impl FnMut(&[u8]) -> Option<&'static str>) -> Vec<u8> {
    let mut body = Vec::with_capacity(input.len() + 64);
    for byte in input {
        let mark = usize::from(byte.wrapping_sub(FIRST_MARK));
        if *byte != CUT_MARK && mark >= FORMS {
            body.push(*byte);
            continue;
        }
        let Some(password) = fits(&body) else { continue };
        if *byte == CUT_MARK {
            body.extend_from_slice(&password.as_bytes()[..8]);
            break;
        }
        body.extend_from_slice(forms(password)[mark].as_bytes());
    }
    body
}

/// Whether an input holds the beginning of a password without a mark: then nothing can be said of what comes out. A mark
/// that nothing is planted for leaves nothing behind, so what stands around it counts as one.
#[must_use]
pub fn is_spoilt(input: &[u8]) -> bool {
    let is_text = |byte: &u8| !(FIRST_MARK..=CUT_MARK).contains(byte) || matches!(byte, b'\t' | b'\n');
    let text: Vec<u8> = input.iter().copied().filter(is_text).collect();
    is_seen(&String::from_utf8_lossy(&text))
}

/// Whether a text gives away so much as the beginning of a password.
#[must_use]
pub fn is_seen(text: &str) -> bool {
    let lower = text.to_lowercase();
    BEGINNINGS.iter().any(|beginning| lower.contains(beginning))
}

#[cfg(test)]
mod tests {
    use super::{API, FIRST_MARK, forms, is_seen, planted};

    #[test]
    fn every_form_is_seen_and_planted() {
        for (position, form) in (0..).zip(forms(API)) {
            assert!(is_seen(&format!("x{form}y")), "{form}");
            let body = planted(&[b'<', FIRST_MARK + position, b'>'], |_| Some(API));
            assert_eq!(body, format!("<{form}>").into_bytes());
        }
        assert_eq!(forms(API)[1], "S3cret*%7E%2F%26+%22%27%CE%A3");
        assert_eq!(forms(API)[5], "S3cret*~\\/& \\\"'\\u03a3");
        assert_eq!(planted(b"a\x0bb", |_| Some(API)), b"aS3cret*~");
        assert_eq!(planted(b"a\x01b", |_| None), b"ab");
        assert!(super::is_spoilt(b"S3c\x01ret") && !super::is_spoilt(b"S3c\nret\x01"));
    }
}
