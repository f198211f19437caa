//! The JSON schema: it takes what the program takes, and says bounds, words and defaults as the program has them.

use std::fs;

use config::{Config, File, FileFormat};
use serde_json::{Value, json};

use super::super::key::Need;
use super::super::known::rows;
use super::super::schema;
use super::super::tree::Shape;
use super::values::ROWS;
use super::{BASE, load, with};

/// What a value breaks of a schema, of the words that this one uses. `pattern` is left to others.
fn broken(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let type_of = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if value.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    if !types.is_empty() && !types.contains(&json!(type_of(value))) {
        found.push(format!("{at}: is {}", type_of(value)));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        found.push(format!("{at}: is none of the words"));
    }
    let is_outside = |number: i64| {
        schema["minimum"].as_i64().is_some_and(|least| number < least)
            || schema["maximum"].as_i64().is_some_and(|most| number > most)
    };
    if value.as_i64().is_some_and(is_outside) {
        found.push(format!("{at}: is out of range"));
    }
    let least = schema["minLength"].as_u64().unwrap_or(0);
    if value.as_str().is_some_and(|text| (text.len() as u64) < least) {
        found.push(format!("{at}: is too short"));
    }
    for key in schema["required"].as_array().into_iter().flatten() {
        if value.get(key.as_str().unwrap()).is_none() {
            found.push(format!("{at}.{key}: is missing"));
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key) {
            Some(schema) => found.extend(broken(schema, value, &format!("{at}.{key}"))),
            None => found.push(format!("{at}.{key}: is not a known key")),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        found.extend(broken(&schema["items"], item, at));
    }
    found
}

/// What a text breaks of the schema.
fn broken_in(text: &str) -> Vec<String> {
    let file = Config::builder().add_source(File::from_str(text, FileFormat::Toml));
    let values: Value = file.build().unwrap().try_deserialize().unwrap();
    broken(&schema(), &values, "")
}

#[test]
fn it_takes_what_the_program_takes() {
    for name in ["balancewatch.toml", "minimal.toml", "container.toml"] {
        let path = format!("{}/config/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(broken_in(&text), [] as [String; 0], "{name}");
    }
    let shown = load(BASE).unwrap().effective.to_json();
    assert_eq!(broken(&schema(), &shown["config"], ""), [] as [String; 0]);
    for (section, key, good, _) in ROWS {
        for value in *good {
            let text = with(section, key, value);
            assert_eq!(broken_in(&text), [] as [String; 0], "{section}.{key} = {value}");
        }
    }
}

/// Values of the wrong kind, words that are none, and numbers out of range. What only a reader sees, such as a URL
/// without a host, it cannot say.
#[test]
fn it_refuses_what_a_form_refuses() {
    let plain = [
        "is a text",
        "is a whole number",
        "is a list",
        "is a float",
        "is true or",
        "is out of range",
        "is not known",
    ];
    let mut seen = 0;
    for (section, key, _, bad) in ROWS {
        let takes_numbers = |key: &str| ["own_balance_below", "default_threshold"].contains(&key);
        for (value, said) in bad
            .iter()
            .filter(|(_, said)| plain.iter().any(|plain| said.starts_with(plain)))
        {
            // A duration that is too long is a text like any other.
            if (value.starts_with('\'') && *said == "is out of range") || takes_numbers(key) {
                continue;
            }
            let text = with(section, key, value);
            assert!(!broken_in(&text).is_empty(), "{section}.{key} = {value}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
    assert_eq!(
        broken_in("[[account]]\nusername = 'u'"),
        [".account.\"name\": is missing"]
    );
    assert_eq!(broken_in("[smpt]\nurl = 'x'"), [".smpt: is not a known key"]);
}

#[test]
fn it_says_what_each_key_means_and_has_by_default() {
    let schema = schema();
    for row in rows() {
        let pointer = row.path.replace(".*", "/items").replace('.', "/properties/");
        let property = schema.pointer(&format!("/properties/{pointer}")).unwrap();
        assert!(
            property["description"].as_str().unwrap().starts_with(row.meaning),
            "{}",
            row.path
        );
        let has_default = matches!(row.need, Need::Else(_)) && row.shape != Shape::Table;
        assert_eq!(property.get("default").is_some(), has_default, "{}", row.path);
    }
    let account = &schema["properties"]["account"]["items"];
    assert_eq!(account["properties"]["concurrency"]["default"], 8);
    assert_eq!(account["properties"]["concurrency"]["maximum"], 256);
    assert_eq!(account["properties"]["transport"]["enum"], json!(["multipart", "get"]));
    assert_eq!(
        schema["properties"]["enforcement"]["properties"]["protect"]["default"],
        json!([])
    );
    let description = schema["properties"]["smtp"]["properties"]["from"]["description"]
        .as_str()
        .unwrap();
    assert!(
        description.ends_with("Variable: BALANCEWATCH__SMTP__FROM."),
        "{description}"
    );
}
