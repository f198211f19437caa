//! Whether a value is as a schema says: the part of JSON Schema that the description of the API uses. A word of a schema that it
//! does not know is a problem too, so that nothing is described in vain.

use serde_json::Value;

/// Words that promise nothing that could be broken.
const SAYINGS: [&str; 5] = ["title", "description", "default", "examples", "deprecated"];

/// Every way in which `value` differs from `schema`. A field that is not described is one.
pub fn problems(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    check(root, schema, value, "$", &mut problems);
    problems
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, problems: &mut Vec<String>) {
    let Some(words) = schema.as_object() else {
        assert_eq!(schema, true, "{place}: a schema that allows nothing");
        return;
    };
    for (word, says) in words {
        match word.as_str() {
            "$ref" => {
                let pointer = says.as_str().unwrap().strip_prefix('#').unwrap();
                let target = root
                    .pointer(pointer)
                    .unwrap_or_else(|| panic!("{pointer} leads nowhere"));
                check(root, target, value, place, problems);
            }
            "type" => {
                let is = |kind: &Value| is_of(kind.as_str().unwrap(), value);
                if !says.as_array().map_or_else(|| is(says), |kinds| kinds.iter().any(is)) {
                    problems.push(format!("{place}: {value} is not {says}"));
                }
            }
            "enum" if !says.as_array().unwrap().contains(value) => {
                problems.push(format!("{place}: {value} is none of {says}"));
            }
            "const" if says != value => problems.push(format!("{place}: {value} is not {says}")),
            "anyOf" | "oneOf" => any_of(root, says, value, place, problems),
            "allOf" => says
                .as_array()
                .unwrap()
                .iter()
                .for_each(|one| check(root, one, value, place, problems)),
            "properties" => fields(root, schema, value, place, problems),
            "required" => {
                for field in says.as_array().unwrap() {
                    if value.is_object() && value.get(field.as_str().unwrap()).is_none() {
                        problems.push(format!("{place}: {field} is missing"));
                    }
                }
            }
            "additionalProperties" => others(root, schema, value, place, problems),
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, says, item, &format!("{place}[{number}]"), problems);
                }
            }
            "pattern" => {
                let pattern = regex::Regex::new(says.as_str().unwrap()).unwrap();
                if value.as_str().is_some_and(|text| !pattern.is_match(text)) {
                    problems.push(format!("{place}: {value} is not like {says}"));
                }
            }
            "minimum" if value.as_f64().is_some_and(|number| number < says.as_f64().unwrap()) => {
                problems.push(format!("{place}: {value} is below {says}"));
            }
            "maximum" if value.as_f64().is_some_and(|number| number > says.as_f64().unwrap()) => {
                problems.push(format!("{place}: {value} is above {says}"));
            }
            "format" => format(says.as_str().unwrap(), value, place, problems),
            "enum" | "const" | "minimum" | "maximum" => {}
            word => assert!(
                SAYINGS.contains(&word),
                "{place}: the schema says `{word}`, which nobody checks"
            ),
        }
    }
}

fn any_of(root: &Value, choices: &Value, value: &Value, place: &str, problems: &mut Vec<String>) {
    let choices = choices.as_array().unwrap().iter();
    let tried = choices.map(|one| {
        let mut found = Vec::new();
        check(root, one, value, place, &mut found);
        found
    });
    let tried: Vec<Vec<String>> = tried.collect();
    if !tried.iter().any(Vec::is_empty) {
        problems.push(format!("{place}: {value} is none of several: {tried:?}"));
    }
}

fn fields(root: &Value, schema: &Value, value: &Value, place: &str, problems: &mut Vec<String>) {
    for (field, inside) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(field) {
            Some(described) => check(root, described, inside, &format!("{place}.{field}"), problems),
            None if schema.get("additionalProperties").is_none() => {
                problems.push(format!("{place}.{field} is not described"));
            }
            None => {}
        }
    }
}

/// The fields that `properties` does not name.
fn others(root: &Value, schema: &Value, value: &Value, place: &str, problems: &mut Vec<String>) {
    let named = |field: &str| schema["properties"].get(field).is_some();
    for (field, inside) in value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| !named(field))
    {
        match &schema["additionalProperties"] {
            Value::Bool(false) => problems.push(format!("{place}.{field} is not described")),
            described => check(root, described, inside, &format!("{place}.{field}"), problems),
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        kind => panic!("`{kind}` is no type"),
    }
}

fn format(name: &str, value: &Value, place: &str, problems: &mut Vec<String>) {
    let is_so = match (name, value) {
        ("date-time", Value::String(text)) => text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
        ("date-time", _) | ("int64" | "uint" | "uint32" | "uint64" | "double", _) => true,
        _ => panic!("{place}: nobody knows the format `{name}`"),
    };
    if !is_so {
        problems.push(format!("{place}: {value} is not {name}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::problems;

    #[test]
    fn what_differs_from_its_schema_is_found() {
        let root =
            json!({"defs": {"row": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}}});
        for (name, schema, value, expected) in [
            ("as described", json!({"$ref": "#/defs/row"}), json!({"id": "1"}), 0),
            ("a field is missing", json!({"$ref": "#/defs/row"}), json!({}), 1),
            (
                "one more field",
                json!({"$ref": "#/defs/row"}),
                json!({"id": "1", "x": 1}),
                1,
            ),
            ("of another type", json!({"type": ["string", "null"]}), json!(1), 1),
            (
                "none of several",
                json!({"anyOf": [{"$ref": "#/defs/row"}, {"type": "null"}]}),
                json!(1),
                1,
            ),
            (
                "one of several",
                json!({"anyOf": [{"$ref": "#/defs/row"}, {"type": "null"}]}),
                json!(null),
                0,
            ),
            (
                "in a list",
                json!({"type": "array", "items": {"enum": ["a"]}}),
                json!(["a", "b"]),
                1,
            ),
            (
                "in a map",
                json!({"type": "object", "additionalProperties": {"minimum": 0}}),
                json!({"a": -1}),
                1,
            ),
            ("no time", json!({"format": "date-time"}), json!("yesterday"), 1),
            ("not like it", json!({"pattern": "^[0-9]+$"}), json!("1.5"), 1),
        ] {
            assert_eq!(problems(&root, &schema, &value).len(), expected, "{name}");
        }
    }
}
