//! The bytes of the API's own answers: how a success begins and ends, and a refusal. Does not know what a function says
//! in between.

use super::statuses;
use crate::simulator::functions::Function;
use crate::simulator::php::json::{Json, Style, Types};
use crate::simulator::settings::{Key, Settings};

/// Bytes that an ordinary answer fits into.
const ORDINARY_ANSWER_BYTES: usize = 256;

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

pub(super) fn ended(mut json: Json, settings: &Settings) -> Vec<u8> {
    if settings.on(Key::MessageOnSuccess) {
        json.key("message");
        json.raw("\"success\"");
    }
    json.close(b'}');
    json.into_bytes()
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
