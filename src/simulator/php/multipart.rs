//! Reads multipart bodies as PHP does: lines may end with LF alone, names may be quoted with `"` or `'` and escaped with
//! a backslash, headers other than Content-Disposition say nothing, files are no parameters. Decides nothing about what
//! it reads.

use std::borrow::Cow;

/// Whether a content type is multipart form data.
pub fn is_multipart(content_type: &str) -> bool {
    // PHP compares what stands before the first of these.
    let media_type = content_type.split([';', ',', ' ']).next();
    media_type.is_some_and(|name| name.eq_ignore_ascii_case("multipart/form-data"))
}

/// Bytes of a line of a header that are looked at; names are far shorter.
const LONGEST_HEADER_BYTES: usize = 8 * 1_024;

/// The fields of a body, in the order in which they came.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// What stands at the end of a value and before the next part, without the CR of a CRLF.
    between: Vec<u8>,
}

impl<'a> Fields<'a> {
    /// `None` when the content type names no boundary.
    pub(super) fn new(content_type: &str, body: &'a [u8]) -> Option<Self> {
        let between = format!("\n--{}", boundary(content_type)?).into_bytes();
        Some(Self { rest: body, between })
    }

    /// The next line without its end; `None` when no line ends any more.
    fn line(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The Content-Disposition of the part that follows; empty when it has none.
    fn disposition(&mut self) -> Option<String> {
        loop {
            let line = self.line()?;
            if line == &self.between[1..] {
                break;
            }
        }
        let mut found = String::new();
        // Whether the line before belongs to what is looked for, so that a folded one does too.
        let mut within = false;
        loop {
            let line = self.line()?;
            let folded = line.first().is_some_and(u8::is_ascii_whitespace);
            if line.is_empty() {
                return Some(found);
            }
            let text = String::from_utf8_lossy(&line[..line.len().min(LONGEST_HEADER_BYTES)]);
            if folded {
                if within && found.len() < LONGEST_HEADER_BYTES {
                    found.push_str(&text);
                }
                continue;
            }
            let header = text.split_once(':');
            within = header.is_some_and(|(name, _)| name.eq_ignore_ascii_case("content-disposition"));
            if let Some((_, value)) = header.filter(|_| within) {
                value.clone_into(&mut found);
            }
        }
    }

    /// What stands before the next part. A body that breaks off ends its last value.
    fn value(&mut self) -> &'a [u8] {
        let Some(end) = find(self.rest, &self.between) else {
            return std::mem::take(&mut self.rest);
        };
        let value = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        value.strip_suffix(b"\r").unwrap_or(value)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (String, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let disposition = self.disposition()?;
            let value = self.value();
            let attribute = |wanted| {
                attributes(&disposition)
                    .into_iter()
                    .find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value))
            };
            if attribute("filename").is_some() {
                continue;
            }
            if let Some(name) = attribute("name") {
                return Some((name, String::from_utf8_lossy(value)));
            }
        }
    }
}

/// The boundary of a content type, quoted or not.
fn boundary(content_type: &str) -> Option<&str> {
    const NAME: &[u8] = b"boundary";
    let at = content_type
        .as_bytes()
        .windows(NAME.len())
        .position(|window| window.eq_ignore_ascii_case(NAME))?;
    let (_, value) = content_type.get(at..)?.split_once('=')?;
    let boundary = match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => value.split([',', ';']).next()?,
    };
    (!boundary.is_empty()).then_some(boundary)
}

/// Names and values behind the first `;` of a Content-Disposition.
fn attributes(disposition: &str) -> Vec<(&str, String)> {
    split_unquoted(disposition)
        .into_iter()
        .skip(1)
        .filter_map(|attribute| {
            let (name, value) = attribute.split_once('=')?;
            Some((name.trim(), unquoted(value.trim_start())))
        })
        .collect()
}

/// The pieces between `;`, where it does not stand in quotes.
fn split_unquoted(text: &str) -> Vec<&str> {
    let (mut pieces, mut begin, mut quote, mut escaped) = (Vec::new(), 0, None, false);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ';') => {
                pieces.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[begin..]);
    pieces
}

/// A value without its quotes and the backslashes before quotes and backslashes; unquoted ones end at a blank.
fn unquoted(value: &str) -> String {
    let Some(quote) = value.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else {
        return value.split_whitespace().next().unwrap_or_default().to_owned();
    };
    let mut text = String::with_capacity(value.len());
    let mut letters = value[1..].chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(letters.next_if(|next| *next == quote || *next == '\\').unwrap_or('\\')),
            _ if letter == quote => break,
            _ => text.push(letter),
        }
    }
    text
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack.get(from..)?.iter().position(|byte| *byte == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Fields, boundary, is_multipart};

    fn fields(content_type: &str, body: &[u8]) -> Vec<(String, String)> {
        Fields::new(content_type, body)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name, value.into_owned()))
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn headers_are_looked_at_so_far_and_no_further() {
        let part = |attribute: &str| format!("--B\r\nContent-Disposition: form-data; {attribute}; name=x\r\n\r\n1\r\n");
        let short = part("a=b");
        for (name, attribute) in [
            ("long", format!("a={}", "b".repeat(9_000))),
            ("folded", format!("a={}\r\n c", "\r\n bbbbbbbb".repeat(1_000))),
        ] {
            let body = format!("{}{short}--B--", part(&attribute));
            assert_eq!(
                fields("multipart/form-data; boundary=B", body.as_bytes()),
                pairs(&[("x", "1")]),
                "{name}"
            );
        }
        assert_eq!(fields("multipart/form-data; boundary=B", short.as_bytes()).len(), 1);
    }

    #[test]
    fn what_common_clients_send_is_read() {
        let part = |head: &str| format!("{head}\r\n\r\n1\r\n");
        for (name, boundary, head) in [
            (
                "curl",
                "------------------------d74496d66958873e",
                "Content-Disposition: form-data; name=\"client\"",
            ),
            (
                "requests",
                "0b9e8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
                "Content-Disposition: form-data; name=\"client\"",
            ),
            (
                "aiohttp",
                "8f0c2b",
                "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=\"client\"",
            ),
            (
                "aiohttp, older",
                "8f0c2b",
                "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 1\r\nContent-Disposition: form-data; name=\"client\"",
            ),
            (
                "reqwest",
                "a7cb2d8f5-93",
                "Content-Disposition: form-data; name=\"client\"",
            ),
            (
                "Node",
                "----formdata-undici-013456789012",
                "Content-Disposition: form-data; name=\"client\"",
            ),
            (
                "Guzzle",
                "5f7c6d8e",
                "Content-Disposition: form-data; name=\"client\"\r\nContent-Length: 1",
            ),
            (
                "OkHttp",
                "1d6c",
                "Content-Disposition: form-data; name=\"client\"\r\nContent-Transfer-Encoding: binary\r\nContent-Type: text/plain",
            ),
            ("lower case, no blank", "B", "content-disposition:form-data;name=client"),
            ("single quotes", "B", "Content-Disposition: form-data; name='client'"),
            ("folded", "B", "Content-Disposition: form-data;\r\n name=\"client\""),
            (
                "a name of both kinds",
                "B",
                "Content-Disposition: form-data; name=\"client\"; name*=UTF-8''other",
            ),
        ] {
            let body = format!("--{boundary}\r\n{}--{boundary}--\r\n", part(head));
            assert_eq!(
                fields(&format!("multipart/form-data; boundary={boundary}"), body.as_bytes()),
                pairs(&[("client", "1")]),
                "{name}"
            );
            let with_lf = body.replace("\r\n", "\n");
            assert_eq!(
                fields(
                    &format!("multipart/form-data; boundary=\"{boundary}\""),
                    with_lf.as_bytes()
                ),
                pairs(&[("client", "1")]),
                "{name}, lines end with LF"
            );
        }
    }

    #[test]
    fn odd_bodies_are_read_as_php_reads_them() {
        let part =
            |name: &str, value: &str| format!("--B\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n");
        for (name, body, expected) in [
            (
                "line ends in a value",
                format!("{}--B--", part("a", "x\r\ny--B\n\n")),
                pairs(&[("a", "x\r\ny--B\n\n")]),
            ),
            (
                "an escaped quote",
                format!("{}--B--", part(r#""a\"b\\c;d""#, "1")),
                pairs(&[("a\"b\\c;d", "1")]),
            ),
            (
                "a backslash before a letter",
                format!("{}--B--", part(r#""a\b""#, "1")),
                pairs(&[("a\\b", "1")]),
            ),
            (
                "a preamble and an epilogue",
                format!("hello\r\n{}--B--\r\nbye", part("a", "1")),
                pairs(&[("a", "1")]),
            ),
            (
                "twice",
                format!("{}{}--B--", part("a", "1"), part("a", "2")),
                pairs(&[("a", "1"), ("a", "2")]),
            ),
            ("no value", format!("{}--B--", part("a", "")), pairs(&[("a", "")])),
            (
                "no name",
                "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--".to_owned(),
                vec![],
            ),
            ("no headers", "--B\r\n\r\n1\r\n--B--".to_owned(), vec![]),
            (
                "a file",
                "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n1\r\n--B--".to_owned(),
                vec![],
            ),
            (
                "a file without a name of its own",
                format!(
                    "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n1\r\n{}--B--",
                    part("a", "1")
                ),
                pairs(&[("a", "1")]),
            ),
            (
                "broken off in a value",
                "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1".to_owned(),
                pairs(&[("a", "1")]),
            ),
            (
                "broken off in a head",
                "--B\r\nContent-Disposition: form-data; name=a\r\n".to_owned(),
                vec![],
            ),
            ("nothing", String::new(), vec![]),
        ] {
            assert_eq!(
                fields("multipart/form-data; boundary=B", body.as_bytes()),
                expected,
                "{name}"
            );
        }
        let invalid = b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\xfe\r\n--B--";
        assert_eq!(
            fields("multipart/form-data; boundary=B", invalid),
            pairs(&[("a", "\u{fffd}\u{fffd}")])
        );
    }

    #[test]
    fn boundaries_are_found() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=B", Some("B")),
            ("Multipart/Form-Data;BOUNDARY=B;charset=utf-8", Some("B")),
            ("multipart/form-data; charset=x; boundary=\"a;b, c\"", Some("a;b, c")),
            ("multipart/form-data; boundary=\"B", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data", None),
        ] {
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
        assert!(is_multipart("Multipart/Form-Data; boundary=x") && is_multipart("multipart/form-data"));
        assert!(
            !is_multipart("application/x-www-form-urlencoded") && !is_multipart("multipart/form-dataX; boundary=x")
        );
    }

    proptest! {
        #[test]
        fn what_is_framed_comes_back(values in proptest::collection::vec("[^\n]{0,40}", 0..6), junk in any::<Vec<u8>>()) {
            let mut body: Vec<u8> = Vec::new();
            for value in &values {
                body.extend(format!("--B0undary\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\n{value}\r\n").bytes());
            }
            body.extend(b"--B0undary--\r\n");
            let read: Vec<String> = fields("multipart/form-data; boundary=B0undary", &body).into_iter().map(|(_, value)| value).collect();
            prop_assert_eq!(&read, &values);
            fields("multipart/form-data; boundary=B", &junk);
        }
    }
}
