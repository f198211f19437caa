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

/// Whether some object of this JSON has a key twice: the program takes no such object, and a plain reading loses it.
#[must_use]
pub fn repeats_a_key(text: &str) -> bool {
    let Ok(value) = serde_json::from_str(text) else {
        return false;
    };
    written_members(text.as_bytes()) != members(&value)
}

/// Members of all objects, as they are written: texts that a colon follows.
fn written_members(text: &[u8]) -> usize {
    let (mut count, mut is_text, mut is_escaped) = (0, false, false);
    for (place, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => {
                is_text = !is_text;
                let next = text[place + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
                count += usize::from(!is_text && next == Some(&b':'));
            }
            _ => {}
        }
    }
    count
}

/// Members of all objects, of a key that comes twice one.
fn members(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items.iter().map(members).sum(),
        serde_json::Value::Object(items) => items.len() + items.values().map(members).sum::<usize>(),
        _ => 0,
    }
}
