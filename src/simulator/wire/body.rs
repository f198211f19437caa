//! The bytes of the API's own answers: how a success begins and ends, a refusal, and an answer that is too long to be
//! written at once. Does not know what a function says in between.

use super::php::{Json, Style, Types};
use super::statuses;
use crate::simulator::functions::{Function, Rows};
use crate::simulator::settings::{Key, Settings};
use crate::simulator::world::World;

/// Bytes that an ordinary answer fits into.
const ORDINARY_ANSWER_BYTES: usize = 256;

/// Bytes of a long answer that are written at a time, and so long everybody else waits: some 200 rows.
const PIECE_BYTES: usize = 64 * 1_024;

/// Begins a success.
pub(super) fn begun(style: Style, function: &Function) -> Json {
    let mut json = Json::new(style, ORDINARY_ANSWER_BYTES);
    json.open(b'{');
    json.key("status");
    // Without a payload the status is all that can have a wrong type.
    json.raw(if function.is_write && style.wrong {
        "[\"success\"]"
    } else {
        "\"success\""
    });
    json
}

/// A success that has said all else: its bytes; or, with very many rows, none yet and what will write them.
pub(super) fn finished(json: Json, rows: Option<Rows>, settings: &Settings) -> (Vec<u8>, Option<Box<Rest>>) {
    let with_message = settings.on(Key::MessageOnSuccess);
    match rows {
        None => (ended(json, with_message), None),
        Some(rows) => {
            let rest = Rest {
                json: Some(json),
                rows,
                with_message,
            };
            (Vec::new(), Some(Box::new(rest)))
        }
    }
}

fn ended(mut json: Json, with_message: bool) -> Vec<u8> {
    if with_message {
        json.key("message");
        json.raw("\"success\"");
    }
    json.close(b'}');
    json.into_bytes()
}

/// What is still to be written of an answer with very many rows.
#[derive(Debug)]
pub(in crate::simulator) struct Rest {
    /// `None` when everything is written.
    json: Option<Json>,
    rows: Rows,
    with_message: bool,
}

impl Rest {
    /// The next bytes; `None` behind the last.
    pub(super) fn piece(&mut self, world: &World) -> Option<Vec<u8>> {
        let mut json = self.json.take()?;
        if self.rows.write(&mut json, world, PIECE_BYTES) {
            return Some(ended(json, self.with_message));
        }
        let piece = json.take();
        self.json = Some(json);
        Some(piece)
    }
}

/// An answer that is not a success.
pub(super) fn refusal(status: &str, style: Style) -> Vec<u8> {
    let mut json = Json::new(Style { wrong: false, ..style }, ORDINARY_ANSWER_BYTES);
    json.open(b'{');
    json.key("status");
    json.text(status);
    json.key("message");
    json.text(statuses::message(status));
    json.close(b'}');
    json.into_bytes()
}

fn types(settings: &Settings) -> Types {
    let are = |word| settings.is(Key::Types, word);
    if are("doc-strings") {
        Types::DocStrings
    } else if are("all-numbers") {
        Types::AllNumbers
    } else if are("all-strings") {
        Types::AllStrings
    } else {
        Types::Mixed
    }
}

/// How values are written; `wrong`: in the types that nobody expects.
pub(super) fn style(settings: &Settings, wrong: bool) -> Style {
    Style {
        types: types(settings),
        noise: settings.on(Key::FloatNoise),
        null_columns: settings.is(Key::EmptyColumns, "null"),
        wrong,
    }
}
