//! Domain records as rows: JSON objects whose keys are the columns, which the set-based statements read. The same rows
//! will do for PostgreSQL.
//!
//! Texts that came from outside are bounded here and freed of NUL, which SQLite's JSON functions cut a text at and
//! PostgreSQL refuses. Ids are not bounded: they are only equal or not.

/// `row! { Name of record: Type { column: value, … } }` wraps a record so that it serializes to these columns. With
/// `as "table" by ["key"]` before the columns it is a [`Row`] too.
macro_rules! row {
    ($(#[$docs:meta])* $row:ident of $record:ident: $type:ty { $($column:ident: $value:expr,)+ }) => {
        $(#[$docs])*
        pub struct $row<'a>(pub &'a $type);

        impl serde::Serialize for $row<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $record = self.0;
                let mut row = serializer.serialize_map(None)?;
                $(serde::ser::SerializeMap::serialize_entry(&mut row, stringify!($column), &$value)?;)+
                serde::ser::SerializeMap::end(row)
            }
        }
    };
    ($(#[$docs:meta])* $row:ident of $record:ident: $type:ty as $table:literal by $key:tt {
        $($column:ident: $value:expr,)+
    }) => {
        row! { $(#[$docs])* $row of $record: $type { $($column: $value,)+ } }

        impl $crate::store::encode::Row for $row<'_> {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &$key;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];
        }
    };
}

mod clients;
mod decisions;
mod notices;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

pub use clients::{AccountRow, AlertKey, AlertRow, ClientRow, HistoryRow, ReadingRow};
pub use decisions::{DecisionRow, EnforcementRow, StepRow};
pub use notices::{
    AddressRow, AnnouncedRow, AttemptRow, CarriedRow, FateRow, MessageRow, MovedRow, NotificationRow, TakenRow,
};

/// A row that is written whole: a new one is inserted, a known one replaced.
pub trait Row: Serialize {
    const TABLE: &'static str;
    /// What makes a row known. `account` is the commit's where it is no column of the row.
    const KEY: &'static [&'static str];
    const COLUMNS: &'static [&'static str];
}

/// Longest name, address or code, in bytes. No address that mail servers accept has more than 254, so one that is cut
/// here could not have been mailed either.
pub const NAME_BYTES: usize = 1_000;

/// Longest text for people: what a receiver said, a note, a reason. Two screens; an HTML error page has more.
pub const DETAIL_BYTES: usize = 2_000;

/// From this size on the texts inside structured parts are bounded too. They hold the program's own words and a
/// client's names, so more than this means that somebody put a book into a name.
const STRUCTURE_BYTES: usize = 16_000;

/// An array of rows.
pub fn rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> String {
    let mut json = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::new(&mut json);
    serializer
        .collect_seq(rows)
        .expect("rows are maps with text keys, and memory takes every write");
    String::from_utf8(json).expect("serde_json writes UTF-8")
}

/// A structured part as JSON text.
pub fn structure<T: Serialize>(part: &T) -> String {
    let json = serde_json::to_string(part).expect("domain records serialize to JSON");
    bounded_structure(json)
}

/// JSON text whose inner texts are cut when it is too long to be honest.
fn bounded_structure(json: String) -> String {
    if json.len() <= STRUCTURE_BYTES {
        return json;
    }
    match serde_json::from_str::<serde_json::Value>(&json) {
        Ok(mut value) => {
            bound_texts(&mut value);
            value.to_string()
        }
        Err(_) => clean(&json, STRUCTURE_BYTES),
    }
}

fn bound_texts(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.len() > DETAIL_BYTES => *text = clean(text, DETAIL_BYTES),
        serde_json::Value::Array(items) => items.iter_mut().for_each(bound_texts),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(bound_texts),
        _ => {}
    }
}

/// `text` without NUL and with at most about `most` bytes, cut between characters.
pub fn clean(text: &str, most: usize) -> String {
    let mut cut = text.len().min(most);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut cleaned = text[..cut].replace('\0', "\u{fffd}");
    if cut < text.len() {
        cleaned.push('…');
    }
    cleaned
}

/// A text from outside.
struct Text<'a>(&'a str, usize);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() <= self.1 && !self.0.as_bytes().contains(&0) {
            serializer.serialize_str(self.0)
        } else {
            serializer.serialize_str(&clean(self.0, self.1))
        }
    }
}

/// A name, address or code from outside.
const fn name(text: &str) -> Text<'_> {
    Text(text, NAME_BYTES)
}

/// A text for people.
const fn detail(text: &str) -> Text<'_> {
    Text(text, DETAIL_BYTES)
}

/// An id that may have parts from outside.
const fn id(text: &str) -> Text<'_> {
    Text(text, usize::MAX)
}

/// Nanoseconds since 1970. Times outside 1677 to 2262 become the nearest of these.
pub fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

fn nanos_of(at: Option<Timestamp>) -> Option<i64> {
    at.map(nanos)
}
