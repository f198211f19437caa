//! JSON as PHP writes it: lists in all their shapes, scalars that are strings, numbers or null. Borrows from the text,
//! copies nothing it need not, and goes through no float. What any of it means is not known here.
//!
//! An object that has a key twice says two things, and is none: which of the two were true is a guess.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A text without the blanks and byte order marks around it.
pub(super) fn trimmed(body: &str) -> &str {
    body.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}')
}

/// A string or a number as its text, null as `None`; nothing for anything else.
#[expect(
    clippy::option_option,
    reason = "the outer level is whether it is a scalar, the inner whether it is null"
)]
pub(super) fn scalar(raw: &RawValue) -> Option<Option<Cow<'_, str>>> {
    let text = raw.get();
    match text.as_bytes() {
        b"null" => Some(None),
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
            text.get(1..text.len() - 1).map(|text| Some(text.into()))
        }
        [b'"', ..] => serde_json::from_str::<String>(text).ok().map(|text| Some(text.into())),
        [b'-' | b'0'..=b'9', ..] => Some(Some(text.into())),
        _ => None,
    }
}

/// Calls `row` for every row of a list: a list, an object keyed by positions (PHP's lists with gaps), one bare row, or
/// the ways to say nothing (null, `""`). `None` when it is none of these.
pub(super) fn for_each_row<'a>(payload: &'a RawValue, mut row: impl FnMut(&'a RawValue)) -> Option<()> {
    let text = payload.get();
    match text.as_bytes() {
        b"null" | b"\"\"" => Some(()),
        [b'[', ..] => {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            deserializer.deserialize_seq(RowsOfList(row)).ok()
        }
        [b'{', ..] => {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            let object = deserializer.deserialize_map(ReadObject).ok()?;
            if object.keys_are_positions || object.values.iter().all(|value| value.get().starts_with('{')) {
                object.values.into_iter().for_each(row);
            } else {
                row(payload);
            }
            Some(())
        }
        _ => None,
    }
}

const TWICE: &str = "a key is there twice";

struct RowsOfList<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for RowsOfList<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<&RawValue>()? {
            (self.0)(row);
        }
        Ok(())
    }
}

/// An object that may be a list.
struct Object<'de> {
    values: Vec<&'de RawValue>,
    keys_are_positions: bool,
}

struct ReadObject;

impl<'de> Visitor<'de> for ReadObject {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object {
            values: Vec::new(),
            keys_are_positions: true,
        };
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            object.keys_are_positions &= !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
            object.values.push(map.next_value()?);
            if !keys.insert(key) {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(object)
    }
}

/// The values of `names` in a JSON object, unread; `None` for those that are absent. None of them may be there twice.
pub(super) fn fields<'a, const N: usize>(
    object: &'a str,
    names: &[&str; N],
) -> Result<[Option<&'a RawValue>; N], serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(object);
    let values = deserializer.deserialize_map(Named(names))?;
    deserializer.end()?;
    Ok(values)
}

struct Named<'n, const N: usize>(&'n [&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Named<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        while let Some(position) = map.next_key_seed(PositionOf(self.0))? {
            match position {
                Some(position) => {
                    if values[position].replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom(TWICE));
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// Reads a key as its position among the names, without making a string of it.
struct PositionOf<'n>(&'n [&'n str]);

impl<'de> DeserializeSeed<'de> for PositionOf<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for PositionOf<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }
}
