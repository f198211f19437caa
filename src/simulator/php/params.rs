//! Reads the parameters of a call from a query or a multipart body, as forgiving as PHP. Decides nothing about them.

use std::borrow::Cow;

use super::multipart::Fields;

/// Most parameters that are read; PHP's own default.
const MOST_PARAMS: usize = 1_000;

/// The parameters of one call.
#[derive(Debug, Default)]
pub struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    /// The value of a parameter; the last one wins, as in PHP. An array is the text `Array`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    }

    /// All, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Adds those of a query.
    pub fn read_query(&mut self, query: &'a str) {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.push(unescape(name), unescape(value));
        }
    }

    /// Adds those of a multipart body with the content type `content_type`; uploaded files are no parameters.
    pub fn read_multipart(&mut self, content_type: &str, body: &'a [u8]) {
        for (name, value) in Fields::new(content_type, body).into_iter().flatten() {
            self.push(Cow::Owned(name), value);
        }
    }

    fn push(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        if self.0.len() >= MOST_PARAMS {
            return;
        }
        match php_name(name) {
            Some((name, Kind::Scalar)) => self.0.push((name, value)),
            Some((name, Kind::Array)) => self.0.push((name, Cow::Borrowed(ARRAY))),
            None => {}
        }
    }
}

/// What PHP makes of an array where a text is wanted.
const ARRAY: &str = "Array";

/// What a name makes of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scalar,
    Array,
}

/// A name as PHP registers it: no blanks before it, `_` for blanks and dots; `a[]` and `a[b]` are the array `a`, an
/// unclosed `[` is an `_`. `None` for a name that names nothing.
fn php_name(name: Cow<'_, str>) -> Option<(Cow<'_, str>, Kind)> {
    if !name.bytes().any(|byte| matches!(byte, b' ' | b'.' | b'[')) {
        return (!name.is_empty()).then_some((name, Kind::Scalar));
    }
    let trimmed = name.trim_start_matches(' ');
    let (stem, index) = match trimmed.split_once('[') {
        Some((stem, index)) => (stem, Some(index)),
        None => (trimmed, None),
    };
    if stem.is_empty() {
        return None;
    }
    let plain = stem.replace([' ', '.'], "_");
    match index {
        Some(index) if index.contains(']') => Some((Cow::Owned(plain), Kind::Array)),
        Some(index) => Some((Cow::Owned(format!("{plain}_{index}")), Kind::Scalar)),
        None => Some((Cow::Owned(plain), Kind::Scalar)),
    }
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

    use super::{Params, unescape};

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
    fn names_are_registered_as_php_registers_them() {
        for (query, name, value) in [
            ("client[]=1", "client", Some("Array")),
            ("client[0]=1&client[1]=2", "client", Some("Array")),
            ("client%5B%5D=1", "client", Some("Array")),
            ("client=1&client[]=2", "client", Some("Array")),
            ("client[]=2&client=1", "client", Some("1")),
            ("client[=1", "client_", Some("1")),
            ("client[=1", "client", None),
            ("[]=1", "", None),
            ("=1", "", None),
            ("+client=1", "client", Some("1")),
            ("a.b+c=1", "a_b_c", Some("1")),
            ("Client=1", "client", None),
        ] {
            let mut params = Params::default();
            params.read_query(query);
            assert_eq!(params.get(name), value, "{query}");
        }
    }

    #[test]
    fn a_body_goes_before_a_query() {
        let mut params = Params::default();
        params.read_query("method=getIP&client=1");
        let body = b"--B\r\nContent-Disposition: form-data; name=\"client\"\r\n\r\n2\r\n--B--";
        params.read_multipart("multipart/form-data; boundary=B", body);
        assert_eq!((params.get("method"), params.get("client")), (Some("getIP"), Some("2")));
        params.read_multipart("multipart/form-data", body);
        assert_eq!(params.iter().count(), 3, "without a boundary there is nothing");
    }

    #[test]
    fn parameters_are_bounded() {
        let query = "a=1&".repeat(2_000);
        let mut params = Params::default();
        params.read_query(&query);
        assert_eq!(params.iter().count(), 1_000);
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
