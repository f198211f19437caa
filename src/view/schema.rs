//! How an amount is described to programs, where its type cannot say so by itself.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::domain::Money;

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An exact decimal amount. Do not make a float of it.",
            "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
        })
    }
}
