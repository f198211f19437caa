//! Countries, states, provinces and languages: codes and names that other functions take.

use super::super::php::json::Json;
use super::super::world::countries::{COUNTRIES, by_code};
use super::super::world::regions::{PROVINCES, STATES};
use super::{Call, Status, list};

/// `countries`: codes and names, all or the one asked for.
pub(super) fn countries(call: &mut Call<'_>) -> Result<(), Status> {
    let rows = match call.params.get("country").filter(|text| !text.is_empty()) {
        Some(code) => vec![by_code(code).ok_or("invalid_country")?],
        None => COUNTRIES.to_vec(),
    };
    write_pairs(call, ("countries", "value"), &rows);
    Ok(())
}

/// `states`: those of the United States.
pub(super) fn states(call: &mut Call<'_>) -> Result<(), Status> {
    write_pairs(call, ("states", "state"), &STATES);
    Ok(())
}

/// `provinces`: those of Canada.
pub(super) fn provinces(call: &mut Call<'_>) -> Result<(), Status> {
    write_pairs(call, ("provinces", "province"), &PROVINCES);
    Ok(())
}

/// What the portal speaks.
const LANGUAGES: [(&str, &str); 3] = [("en", "English"), ("es", "Spanish"), ("fr", "French")];

/// `languages`: all or the one asked for.
pub(super) fn languages(call: &mut Call<'_>) -> Result<(), Status> {
    let wanted = call.params.get("language").filter(|text| !text.is_empty());
    let is_wanted = |(code, _): &&(&str, &str)| wanted.is_none_or(|wanted| wanted == *code);
    let rows: Vec<_> = LANGUAGES.iter().filter(is_wanted).copied().collect();
    if rows.is_empty() {
        return Err("invalid_language");
    }
    write_pairs(call, ("languages", "value"), &rows);
    Ok(())
}

/// A list of codes and descriptions; the names are those of the list and of the code.
fn write_pairs(call: &mut Call<'_>, (list_name, code_name): (&str, &str), rows: &[(&str, &str)]) {
    list(
        &mut call.json,
        call.settings,
        list_name,
        rows,
        |json, (code, description)| write_pair(json, code_name, code, description),
    );
}

/// One code and its description.
pub(super) fn write_pair(json: &mut Json, code_name: &str, code: &str, description: &str) {
    json.open(b'{');
    json.key(code_name);
    json.number_column(code);
    json.key("description");
    json.column(description);
    json.close(b'}');
}
