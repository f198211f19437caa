//! An answer's JSON, read in the plainest way: whole objects and lists of texts as they stand. The measure for the program's
//! own reading, which looks for what it wants and borrows the rest.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The members of an object; of a key that comes twice the last one.
pub type Object = BTreeMap<String, Box<RawValue>>;

/// The text as an object; `None` when it is none.
#[must_use]
pub fn object(text: &str) -> Option<Object> {
    serde_json::from_str(text).ok()
}

/// The text as a list.
#[must_use]
pub fn list(text: &str) -> Option<Vec<Box<RawValue>>> {
    serde_json::from_str(text).ok()
}

/// A text or a number as its characters, null as nothing; `None` for anything else, or when it is absent.
#[must_use]
pub fn scalar(object: &Object, key: &str) -> Option<String> {
    let raw = object.get(key)?.get();
    match raw.as_bytes() {
        b"null" => Some(String::new()),
        [b'"', ..] => serde_json::from_str(raw).ok(),
        [b'-' | b'0'..=b'9', ..] => Some(raw.to_owned()),
        _ => None,
    }
}
