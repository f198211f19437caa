//! The payload of an answer as rows of texts, for people: every field that is there, in the order and with the digits in
//! which it came. Judges no value but for whether there is one.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{fields, for_each_row, scalar, trimmed};
use super::outcome::Answer;

/// A row of an answer. It may hold a client's password, and so cannot be printed.
pub struct Row<'a>(Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>);

impl Row<'_> {
    /// The text of a field; `None` when it is absent, null or empty, or is no text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found
            .and_then(|(_, text)| text.as_deref())
            .filter(|text| !text.is_empty())
    }

    /// The names of its fields, in the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }
}

impl Answer {
    /// What stands under `key`: the rows of a list, or its one object. What is no row is left out; nothing at all when
    /// there is no such key, as in the status of an empty list, or nothing in it can be read.
    #[must_use]
    pub fn rows(&self, key: &str) -> Vec<Row<'_>> {
        let payload = self.payload(key);
        payload.and_then(readable).unwrap_or_default()
    }

    /// The text that stands under `key` itself.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.payload(key).and_then(scalar).flatten()
    }

    fn payload(&self, key: &str) -> Option<&RawValue> {
        let [payload] = fields(trimmed(self.body()), &[key]).ok()?;
        payload
    }
}

/// The rows of a payload; `None` when it is neither list nor object, or nothing in it is a row.
fn readable(payload: &RawValue) -> Option<Vec<Row<'_>>> {
    let (mut rows, mut seen) = (Vec::new(), 0_usize);
    for_each_row(payload, |row| {
        seen += 1;
        rows.extend(read(row));
    })?;
    (seen == 0 || !rows.is_empty()).then_some(rows)
}

fn read(row: &RawValue) -> Option<Row<'_>> {
    let mut deserializer = serde_json::Deserializer::from_str(row.get());
    deserializer.deserialize_map(Fields).ok()
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Row<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let value: &RawValue = map.next_value()?;
            fields.push((name, scalar(value).flatten()));
        }
        Ok(Row(fields))
    }
}

#[cfg(test)]
mod tests {
    use crate::voipms::Answer;

    #[test]
    fn rows_are_read_in_every_shape_of_a_list_with_their_own_digits() {
        let row = r#"{"id":"1","amount":2.50,"description":null,"odd":[1],"note":"a\/b"}"#;
        for (name, payload, count) in [
            ("a list", format!("[{row},{row}]"), 2),
            ("an object with gaps", format!(r#"{{"0":{row},"3":{row}}}"#), 2),
            ("a bare row", row.to_owned(), 1),
            ("a list with something else in it", format!("[7,{row},null]"), 1),
            ("nothing", "null".to_owned(), 0),
            ("an empty text", r#""""#.to_owned(), 0),
            ("an empty list", "[]".to_owned(), 0),
            ("a text", r#""none""#.to_owned(), 0),
        ] {
            let body = format!("\u{feff} {{\"charges\":{payload},\"status\":\"success\"}}\n");
            let answer = Answer::new(body);
            let rows = answer.rows("charges");
            assert_eq!(rows.len(), count, "{name}");
            for row in rows {
                let names: Vec<&str> = row.names().collect();
                assert_eq!(names, ["id", "amount", "description", "odd", "note"], "{name}");
                let texts = names.iter().map(|name| row.text(name));
                let expected = [Some("1"), Some("2.50"), None, None, Some("a/b")];
                assert_eq!(texts.collect::<Vec<_>>(), expected, "{name}");
                assert_eq!(row.text("absent"), None, "{name}");
            }
        }
        let signed_up = Answer::new(r#"{"status":"success","client":1234}"#.to_owned());
        assert_eq!(signed_up.text("client").as_deref(), Some("1234"));
        assert!(signed_up.text("absent").is_none() && signed_up.rows("absent").is_empty());
    }
}
