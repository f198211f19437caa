//! Reads the parameters of a call from a query or a multipart body, as forgiving as PHP. Decides nothing about them.

use std::borrow::Cow;

/// Most parameters that are read; PHP's own default.
const MOST_PARAMS: usize = 1_000;

/// How a call arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum Transport {
    Get,
    Multipart,
    /// A POST of any other kind, which the SOAP handler answers.
    Other,
}

impl Transport {
    pub(in crate::simulator) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Multipart => "multipart",
            Self::Other => "other",
        }
    }
}

/// The parameters of one call.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    /// The value of a parameter; the last one wins, as in PHP.
    pub(in crate::simulator) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    }

    /// All, in the order in which they came.
    pub(in crate::simulator) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Adds those of a query.
    pub(in crate::simulator) fn read_query(&mut self, query: &'a str) {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.push(unescape(name), unescape(value));
        }
    }

    /// Adds those of a multipart body with the content type `content_type`; uploaded files are no parameters.
    pub(in crate::simulator) fn read_multipart(&mut self, content_type: &str, body: &'a [u8]) {
        let Some(boundary) = boundary(content_type) else { return };
        let delimiter = format!("--{boundary}");
        let Some(mut rest) = find(body, delimiter.as_bytes()).map(|at| &body[at + delimiter.len()..]) else {
            return;
        };
        let between = format!("\r\n{delimiter}");
        while let Some(part) = rest.strip_prefix(b"\r\n") {
            // A body that breaks off ends its last part.
            let end = find(part, between.as_bytes()).unwrap_or(part.len());
            if let Some((name, value)) = read_part(&part[..end]) {
                self.push(name, value);
            }
            rest = part.get(end + between.len()..).unwrap_or_default();
        }
    }

    fn push(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        if self.0.len() < MOST_PARAMS {
            self.0.push((name, value));
        }
    }
}

/// Whether a content type is multipart form data.
pub(in crate::simulator) fn is_multipart(content_type: &str) -> bool {
    content_type
        .get(.."multipart/form-data".len())
        .is_some_and(|start| start.eq_ignore_ascii_case("multipart/form-data"))
}

fn boundary(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    })
}

/// Name and value of a part; `None` for a file or a part without a name.
fn read_part(part: &[u8]) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let head_end = find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&part[..head_end]);
    let disposition = head.split("\r\n").find(|line| {
        line.get(.."content-disposition:".len())
            .is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    })?;
    if attribute(disposition, "filename").is_some() {
        return None;
    }
    let name = attribute(disposition, "name")?;
    Some((Cow::Owned(name), String::from_utf8_lossy(&part[head_end + 4..])))
}

/// An attribute of a Content-Disposition line, quoted or not.
fn attribute(line: &str, wanted: &str) -> Option<String> {
    line.split(';').skip(1).find_map(|attribute| {
        let (name, value) = attribute.trim().split_once('=')?;
        name.eq_ignore_ascii_case(wanted)
            .then(|| value.trim_matches('"').to_owned())
    })
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

/// Undoes percent-encoding and `+` for a blank; what is not valid stays.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        let byte = match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                at += 2;
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            (b'+', _, _) => b' ',
            (byte, _, _) => byte,
        };
        out.push(byte);
        at += 1;
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Params, is_multipart, unescape};

    fn multipart(content_type: &str, body: &str) -> Vec<(String, String)> {
        let mut params = Params::default();
        params.read_multipart(content_type, body.as_bytes());
        params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn queries_are_read_as_php_reads_them() {
        let mut params = Params::default();
        params.read_query("method=getIP&client=1&&client=2&flag&name=J%C3%BCrgen+M%26M&odd=100%&bad=%ff");
        for (name, value) in [
            ("method", Some("getIP")),
            ("client", Some("2")),
            ("flag", Some("")),
            ("name", Some("Jürgen M&M")),
            ("odd", Some("100%")),
            ("bad", Some("\u{fffd}")),
            ("absent", None),
        ] {
            assert_eq!(params.get(name), value, "{name}");
        }
    }

    #[test]
    fn multipart_bodies_are_read() {
        let part = |name: &str, value: &str| {
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let ordinary = format!("{}{}--B--\r\n", part("a", "1"), part("b", "x\r\ny--B"));
        for (name, content_type, body, expected) in [
            (
                "ordinary",
                "multipart/form-data; boundary=B",
                ordinary.clone(),
                vec![pair("a", "1"), pair("b", "x\r\ny--B")],
            ),
            (
                "quoted boundary",
                "multipart/form-data; charset=x; boundary=\"B\"",
                ordinary.clone(),
                vec![pair("a", "1"), pair("b", "x\r\ny--B")],
            ),
            ("no boundary", "multipart/form-data", ordinary, vec![]),
            (
                "broken off",
                "multipart/form-data; boundary=B",
                "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1".to_owned(),
                vec![pair("a", "1")],
            ),
            (
                "a file",
                "multipart/form-data; boundary=B",
                "--B\r\ncontent-disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n1\r\n--B--".to_owned(),
                vec![],
            ),
            (
                "empty value",
                "multipart/form-data; boundary=B",
                format!("{}--B--", part("a", "")),
                vec![pair("a", "")],
            ),
            ("empty", "multipart/form-data; boundary=B", String::new(), vec![]),
        ] {
            assert_eq!(multipart(content_type, &body), expected, "{name}");
        }
        assert!(is_multipart("Multipart/Form-Data; boundary=x") && !is_multipart("application/x-www-form-urlencoded"));
    }

    proptest! {
        #[test]
        fn nothing_panics(query in any::<String>(), body in any::<Vec<u8>>()) {
            let mut params = Params::default();
            params.read_query(&query);
            params.read_multipart("multipart/form-data; boundary=B", &body);
            let framed = [b"--B\r\n", &body[..], b"\r\n--B--"].concat();
            let mut params = Params::default();
            params.read_multipart("multipart/form-data; boundary=B", &framed);
            prop_assert!(unescape(&query).len() <= query.len() * 3);
        }
    }
}
