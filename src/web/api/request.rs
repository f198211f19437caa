//! What a request says: the keys of its query, the fields of its body. What is not known is refused, and named.

use axum::Json;
use axum::extract::Query;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use jiff::SignedDuration;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::desk::spoken;
use crate::web::answer::Refused;

/// How alike two names are of which one was meant by the other.
const ALIKE: f64 = 0.7;

/// The names of the fields that a schema has.
pub fn keys(schema: &Schema) -> Vec<String> {
    let properties = schema.as_value()["properties"].as_object();
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// A request that makes no sense.
pub fn bad(error: impl Into<String>) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, error)
}

/// Reads the query of an address.
pub fn query<Q: DeserializeOwned>(uri: &Uri, keys: &[String]) -> Result<Q, Refused> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|error| bad(error.body_text()))?;
    for (key, _) in pairs.iter() {
        is_known(key, keys)?;
    }
    let query = Query::<Q>::try_from_uri(uri).map_err(|error| bad(without_prologue(&error.body_text())))?;
    Ok(query.0)
}

/// Reads the body of a request. Without one, nothing is said.
pub fn body<B: DeserializeOwned>(headers: &HeaderMap, body: &[u8], keys: &[String]) -> Result<B, Refused> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // A page of another site cannot send this kind without asking first.
    if !body.is_empty() && !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(bad("the body is not marked as JSON").hint("send `Content-Type: application/json`"));
    }
    let body = if body.is_empty() { b"{}".as_slice() } else { body };
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        for key in fields.keys() {
            is_known(key, keys)?;
        }
    }
    let read = Json::<B>::from_bytes(body).map_err(|error| bad(without_prologue(&error.body_text())))?;
    Ok(read.0)
}

/// What an error of the reader says behind the words that are always the same.
fn without_prologue(text: &str) -> String {
    let (_, rest) = text.split_once(": ").unwrap_or(("", text));
    rest.to_owned()
}

fn is_known(key: &str, keys: &[String]) -> Result<(), Refused> {
    if keys.iter().any(|known| known == key) {
        return Ok(());
    }
    let alike = keys.iter().map(|known| (strsim::jaro_winkler(key, known), known));
    let meant = alike
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = match meant {
        Some((_, meant)) => format!("did you mean `{meant}`"),
        None if keys.is_empty() => "nothing can be said here".to_owned(),
        None => format!("there are {}", keys.join(", ")),
    };
    let key: String = key.chars().take(spoken::LONGEST_NAME).collect();
    Err(bad(format!("`{key}` is not known here")).hint(hint))
}

/// How many rows at most; 1 to 1,000.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
pub struct Limit(#[schemars(range(min = 1, max = 1_000))] u32);

/// More rows at a time serve nobody: what goes on has a cursor.
const MOST_ROWS: u32 = 1_000;

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(rows: u32) -> Result<Self, String> {
        if (1..=MOST_ROWS).contains(&rows) {
            return Ok(Self(rows));
        }
        Err(format!("expected 1 to {MOST_ROWS}"))
    }
}

impl Default for Limit {
    /// As many as the commands print.
    fn default() -> Self {
        Self(50)
    }
}

impl Limit {
    pub fn rows(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Declares a text that is checked as the commands check it.
macro_rules! spoken {
    ($(#[$docs:meta])* $name:ident, $value:ty, $check:path) => {
        $(#[$docs])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        pub struct $name(#[schemars(with = "String")] pub $value);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                $check(&text).map(Self)
            }
        }
    };
}

spoken!(
    /// How long, from now on: `30m`, `2h`, `3d`; at most 30 days.
    Lasting, SignedDuration, spoken::lasting
);
spoken!(
    /// Why, for whoever finds it: at most 500 characters.
    Why, String, spoken::reason
);
spoken!(
    /// Who decides this: at most 60 characters. Without it, whoever is logged in.
    Who, String, spoken::by
);
