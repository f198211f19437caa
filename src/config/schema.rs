//! The table of keys as a JSON schema, for editors and other programs.
//!
//! It says what one key takes, not what keys mean together. No file needs more than the names of its entries: the rest may
//! stand in another layer.

use serde_json::{Value, json};

use super::form::{Form, Keys};
use super::key::{AnyKey, Need};
use super::keys::ALL;
use super::show::json as json_of;
use super::tree::{Kind, Origin, Shape};

/// The JSON schema (2020-12) of a configuration file.
pub fn schema() -> Value {
    let mut root = Keys.schema();
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Configuration of balancewatch");
    root["description"] =
        json!("What one file, or all layers together, may say. Run `balancewatch check` for the rest.");
    for key in ALL {
        let row = key.row();
        let mut table = &mut root;
        for step in row.parent().split('.').filter(|step| !step.is_empty()) {
            table = match step {
                "*" => &mut table["items"],
                name => &mut table["properties"][name],
            };
        }
        table["properties"][row.name()] = property(*key);
    }
    root
}

fn property(key: &dyn AnyKey) -> Value {
    let row = key.row();
    let mut property = key.schema();
    property["title"] = json!(row.path.replace('*', "NAME"));
    let mut description = row.meaning.to_owned();
    if !row.is_table() {
        description += &format!(" Takes {}. Variable: {}.", key.accepted(), row.variable("NAME"));
    }
    property["description"] = json!(description);
    if let Need::Else(text) = row.need
        && row.shape != Shape::Table
    {
        property["default"] = json_of(row.path, &Kind::written(text, row.shape, &Origin::BuiltIn));
    }
    property
}
