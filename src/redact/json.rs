//! JSON with its passwords masked and every other byte as it came. Nothing is parsed and printed again: digits, escapes
//! and the order of keys stay.

use serde::de::IgnoredAny;

use super::{MASK, Redactor};

impl Redactor {
    /// The JSON in `body` with `***` for the value of every key that speaks of a password, at any depth, and for every text
    /// that repeats a known one. `None` when it is no JSON: nobody can say then where a password is in it.
    #[must_use]
    pub fn masked_json(&self, body: &str) -> Option<String> {
        let json = json(body)?;
        let mut shown = String::with_capacity(json.len());
        let mut copied = 0;
        for (start, end) in secrets(json, self) {
            shown.push_str(&json[copied..start]);
            shown.push_str(&format!("\"{MASK}\""));
            copied = end;
        }
        shown.push_str(&json[copied..]);
        Some(shown)
    }
}

/// The JSON without the blanks and byte order marks around it.
fn json(body: &str) -> Option<&str> {
    let json = body.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
    serde_json::from_str::<IgnoredAny>(json).ok().map(|_| json)
}

/// From where to where the values of secrets reach. As the text is JSON, a text before a colon is a key, and brackets
/// outside of texts are in pairs.
fn secrets(json: &str, known: &Redactor) -> Vec<(usize, usize)> {
    let bytes = json.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'"' {
            at += 1;
            continue;
        }
        let text_end = end_of_text(bytes, at);
        let colon = skip_blanks(bytes, text_end);
        let text = &json[at..text_end];
        let is_key = bytes.get(colon) == Some(&b':');
        if is_key && is_secret(text) {
            let start = skip_blanks(bytes, colon + 1);
            let end = end_of_value(bytes, start);
            found.push((start, end));
            at = end;
            continue;
        }
        if !is_key && repeats(text, known) {
            found.push((at, text_end));
        }
        at = text_end;
    }
    found
}

/// Whether a key, in its quotes, names a secret.
fn is_secret(key: &str) -> bool {
    let name: Result<String, _> = serde_json::from_str(key);
    // A key with escapes that no text can have is nobody's `password`, but who knows: what cannot be read is not shown.
    name.map_or(true, |name| name.to_ascii_lowercase().contains("password"))
}

/// Whether a text, in its quotes, repeats a known password.
fn repeats(text: &str, known: &Redactor) -> bool {
    let text: Result<String, _> = serde_json::from_str(text);
    text.map_or(!known.is_empty(), |text| known.data(text.as_str().into()) != text)
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let blanks = bytes[from..].iter().take_while(|byte| byte.is_ascii_whitespace());
    from + blanks.count()
}

/// Behind the closing quote of the text that begins at `start`.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Behind the value that begins at `start`.
fn end_of_value(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_text(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            _ if depth > 0 => {
                at += 1;
                continue;
            }
            // A number or a word ends before what follows it.
            _ => {
                let rest = bytes[at..].iter();
                let ends = |byte: &&u8| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace();
                return at + rest.take_while(ends).count();
            }
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use serde_json::{Map, Value, json};

    use crate::redact::Redactor;

    fn masked(body: &str, known: &[&str]) -> Option<String> {
        Redactor::new(known).masked_json(body)
    }

    #[test]
    fn passwords_are_masked_and_every_other_byte_stays() {
        for (name, body, expected) in [
            (
                "a client",
                r#"{"status":"success","clients":[{"client":"7","password":"a\"b\\","zip":"02134"}]}"#,
                r#"{"status":"success","clients":[{"client":"7","password":"***","zip":"02134"}]}"#,
            ),
            (
                "digits, escapes and order stay",
                r#"{"z":1.50e-5,"a":"1\/2 \u00e9","Password":null,"a":0.045000000000000005}"#,
                r#"{"z":1.50e-5,"a":"1\/2 \u00e9","Password":"***","a":0.045000000000000005}"#,
            ),
            (
                "blanks",
                "\n{ \"password\" :\t\"x\" , \"b\" : 1 }\n",
                "{ \"password\" :\t\"***\" , \"b\" : 1 }",
            ),
            ("a byte order mark", "\u{feff}{\"password\":1}", r#"{"password":"***"}"#),
            (
                "a list",
                r#"{"password":["a",{"b":"]}"}],"c":1}"#,
                r#"{"password":"***","c":1}"#,
            ),
            (
                "an object",
                r#"[{"password":{"a":"}","b":[]}},1]"#,
                r#"[{"password":"***"},1]"#,
            ),
            ("a word", r#"{"password":true}"#, r#"{"password":"***"}"#),
            ("an empty one", r#"{"password":""}"#, r#"{"password":"***"}"#),
            (
                "the other names",
                r#"{"confirm_password":1,"API_PASSWORD":2}"#,
                r#"{"confirm_password":"***","API_PASSWORD":"***"}"#,
            ),
            (
                "an escaped key",
                r#"{"pass\u0077ord":"x"}"#,
                r#"{"pass\u0077ord":"***"}"#,
            ),
            (
                "keys that speak of one",
                r#"{"password_hint":"x","the password":"y","pass":"z"}"#,
                r#"{"password_hint":"***","the password":"***","pass":"z"}"#,
            ),
            (
                "a value of that name",
                r#"{"a":"password","b":["password","x"]}"#,
                r#"{"a":"password","b":["password","x"]}"#,
            ),
            (
                "a key in a text",
                r#"{"a":"\"password\":\"x\""}"#,
                r#"{"a":"\"password\":\"x\""}"#,
            ),
            ("no object", "[]", "[]"),
        ] {
            assert_eq!(masked(body, &[]).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn a_known_password_is_masked_wherever_a_text_repeats_it() {
        for (name, known, body, expected) in [
            (
                "in a message",
                "Pässw/rd",
                r#"{"status":"x","message":"not \u0022P\u00e4ssw\/rd\u0022"}"#,
                r#"{"status":"x","message":"***"}"#,
            ),
            ("alone", "12345678", r#"["12345678","1234567"]"#, r#"["***","1234567"]"#),
            (
                "too short to be looked for",
                "1234567",
                r#"["1234567"]"#,
                r#"["1234567"]"#,
            ),
            (
                "as a key",
                "otter-otter",
                r#"{"otter-otter":1}"#,
                r#"{"otter-otter":1}"#,
            ),
        ] {
            assert_eq!(masked(body, &[known]).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_json_is_not_shown() {
        for body in [
            "",
            "<html>",
            r#"{"password":"x"#,
            r#"{"password":"x"} more"#,
            "{'password':'x'}",
        ] {
            assert_eq!(masked(body, &[]), None, "{body}");
        }
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert_eq!(
            masked(&deep, &[]).as_deref(),
            Some(deep.as_str()),
            "no depth is too deep"
        );
    }

    /// Any JSON, with keys that are often passwords and texts that look like JSON.
    fn values() -> impl Strategy<Value = Value> {
        let texts = || {
            prop_oneof![
                any::<String>(),
                "[\"\\\\{}\\[\\]:,/ a]{0,8}",
                Just("password".to_owned())
            ]
        };
        let leaves = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            texts().prop_map(Value::from),
        ];
        leaves.prop_recursive(4, 32, 6, move |inner| {
            let keys = prop_oneof!["[pP]assword", Just("api_password".to_owned()), texts()];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec((keys, inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    /// The same with passwords masked, the long way round.
    fn parsed(value: &Value) -> Value {
        match value {
            Value::Array(values) => values.iter().map(parsed).collect(),
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| {
                    let is_secret = name.to_ascii_lowercase().contains("password");
                    (name.clone(), if is_secret { json!("***") } else { parsed(value) })
                };
                Value::Object(fields.iter().map(field).collect())
            }
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn masked_text_is_the_same_json_but_for_the_passwords(value in values(), pretty in any::<bool>()) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let masked = masked(&text, &["not in any of them"]).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&masked).unwrap(), parsed(&value));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = masked(&text, &["12345678"]);
        }
    }
}
