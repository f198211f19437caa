//! The forms of values: how each is read, what is accepted in words, and how a JSON schema says it.
//!
//! Pure. A form knows no key and no place: it hands back what is wrong to whoever does.

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::duration::{duration, for_people};
use super::problem::{Wrong, nearest, wrong};
use super::tree::{Kind, Node, Shape};

/// A form of values. Where it says nothing else, it is a text that is not empty.
pub trait Form: Sync {
    type Value;
    const SHAPE: Shape = Shape::Text;
    /// Every problem of the value, at least one, when it is not taken.
    fn read(&self, node: &Node) -> Result<Self::Value, Vec<Wrong>>;
    /// What is accepted, in words.
    fn accepted(&self) -> String {
        "a text in quotes".to_owned()
    }
    fn schema(&self) -> Value {
        json!({ "type": "string", "minLength": 1 })
    }
}

/// Reads a text that has no blanks at its ends.
pub type Parse<T> = fn(&str) -> Result<T, Wrong>;

/// What is wrong with a value that has another form.
fn other(node: &Node, accepted: impl Into<String>) -> Vec<Wrong> {
    let what = match node.kind {
        Kind::Float(_) => "is a float, which is never exact".to_owned(),
        _ => format!("is {}", node.kind.type_name()),
    };
    vec![wrong(what).accepted(accepted)]
}

fn text(node: &Node) -> Result<&str, Vec<Wrong>> {
    match &node.kind {
        Kind::Text(text) => Ok(text),
        _ => Err(other(node, "a text in quotes")),
    }
}

fn one_line(node: &Node) -> Result<&str, Vec<Wrong>> {
    match text(node)? {
        text if text.trim().is_empty() => Err(wrong("is empty").into()),
        text if text.contains(char::is_control) => Err(wrong("has control characters").into()),
        text => Ok(text),
    }
}

/// One line of text.
pub struct Text<T>(pub Parse<T>);

impl<T> Form for Text<T> {
    type Value = T;
    fn read(&self, node: &Node) -> Result<T, Vec<Wrong>> {
        Ok((self.0)(one_line(node)?.trim())?)
    }
}

/// The name of an account, a channel or a policy.
pub struct Name<T>(pub Parse<T>);

impl<T> Form for Name<T> {
    type Value = T;
    fn read(&self, node: &Node) -> Result<T, Vec<Wrong>> {
        Ok((self.0)(text(node)?)?)
    }
    fn accepted(&self) -> String {
        "a-z, 0-9 and -, at most 64".to_owned()
    }
    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$" })
    }
}

/// Lines of text, none empty at either end.
pub struct Lines {
    pub most: usize,
    pub longest: usize,
}

impl Form for Lines {
    type Value = Vec<String>;
    fn read(&self, node: &Node) -> Result<Vec<String>, Vec<Wrong>> {
        let lines = text(node)?.trim().lines();
        let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
        if lines.is_empty() {
            Err(wrong("is empty").into())
        } else if lines.iter().any(|line| line.contains(char::is_control)) {
            Err(wrong("has control characters").into())
        } else if lines.len() > self.most || lines.iter().any(|line| line.chars().count() > self.longest) {
            Err(wrong("is too long").into())
        } else {
            Ok(lines)
        }
    }
}

/// A text that is never shown. Blanks may be a part of it.
pub struct Secret;

impl Form for Secret {
    type Value = SecretString;
    const SHAPE: Shape = Shape::Secret;
    fn read(&self, node: &Node) -> Result<SecretString, Vec<Wrong>> {
        match text(node)? {
            "" => Err(wrong("is empty").into()),
            text if text.contains(char::is_control) => Err(wrong("has control characters").into()),
            text => Ok(SecretString::from(text)),
        }
    }
}

/// The path of a file that holds a secret. It is not shown either when it is wrong: it may be the secret itself.
pub struct SecretFile;

impl Form for SecretFile {
    type Value = String;
    const SHAPE: Shape = Shape::SecretFile;
    fn read(&self, node: &Node) -> Result<String, Vec<Wrong>> {
        one_line(node).map(str::to_owned)
    }
    fn accepted(&self) -> String {
        "the path of a file that holds it in one line".to_owned()
    }
}

/// One of some words.
pub struct Words<T: 'static> {
    pub all: &'static [T],
    pub word: fn(T) -> &'static str,
    /// Words of later versions.
    pub later: &'static [&'static str],
}

impl<T: Copy + Sync> Words<T> {
    fn words(&self) -> Vec<&'static str> {
        self.all.iter().map(|word| (self.word)(*word)).collect()
    }
}

impl<T: Copy + Sync> Form for Words<T> {
    type Value = T;
    fn read(&self, node: &Node) -> Result<T, Vec<Wrong>> {
        let text = one_line(node)?;
        let found = self.all.iter().find(|word| (self.word)(**word) == text);
        found.copied().ok_or_else(|| {
            if self.later.contains(&text) {
                wrong("is not in this version").into()
            } else {
                wrong("is not known").did_you_mean(nearest(text, self.words())).into()
            }
        })
    }
    fn accepted(&self) -> String {
        self.words().join(", ")
    }
    fn schema(&self) -> Value {
        json!({ "enum": self.words() })
    }
}

/// A whole number from the first to the second.
pub struct Number(pub u32, pub u32);

impl Form for Number {
    type Value = u32;
    const SHAPE: Shape = Shape::Integer;
    fn read(&self, node: &Node) -> Result<u32, Vec<Wrong>> {
        let Kind::Integer(integer) = node.kind else {
            return Err(other(node, self.accepted()));
        };
        let number = u32::try_from(integer).ok();
        let number = number.filter(|number| (self.0..=self.1).contains(number));
        number.ok_or_else(|| wrong("is out of range").into())
    }
    fn accepted(&self) -> String {
        format!("a whole number from {} to {}", self.0, self.1)
    }
    fn schema(&self) -> Value {
        json!({ "type": "integer", "minimum": self.0, "maximum": self.1 })
    }
}

/// A duration from the first to the second.
pub struct TimeSpan(pub SignedDuration, pub SignedDuration);

impl Form for TimeSpan {
    type Value = SignedDuration;
    fn read(&self, node: &Node) -> Result<SignedDuration, Vec<Wrong>> {
        let Kind::Text(text) = &node.kind else {
            return Err(other(node, self.accepted()));
        };
        let duration = duration(text).ok_or_else(|| wrong("is not a duration"))?;
        if (self.0..=self.1).contains(&duration) {
            Ok(duration)
        } else {
            Err(wrong("is out of range").into())
        }
    }
    fn accepted(&self) -> String {
        let (from, to) = (for_people(self.0), for_people(self.1));
        format!("a duration from {from} to {to}, such as \"30s\", \"5m 30s\", \"24h\" or \"400d\"")
    }
    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": "[0-9].*[A-Za-z]" })
    }
}

/// An amount, or a text in its place. A whole number is exact without quotes too; a float never is.
pub struct Amount<T> {
    pub parse: Parse<T>,
    /// What every good text matches, as a regular expression.
    pub pattern: &'static str,
}

impl<T> Form for Amount<T> {
    type Value = T;
    fn read(&self, node: &Node) -> Result<T, Vec<Wrong>> {
        match &node.kind {
            Kind::Text(text) => Ok((self.parse)(text.trim())?),
            Kind::Integer(integer) => Ok((self.parse)(&integer.to_string())?),
            _ => Err(other(node, self.accepted())),
        }
    }
    fn accepted(&self) -> String {
        "an amount in quotes, such as \"12.50\"".to_owned()
    }
    fn schema(&self) -> Value {
        json!({ "type": ["string", "integer"], "pattern": self.pattern })
    }
}

/// `true` or `false`.
pub struct Flag;

impl Form for Flag {
    type Value = bool;
    const SHAPE: Shape = Shape::Flag;
    fn read(&self, node: &Node) -> Result<bool, Vec<Wrong>> {
        match node.kind {
            Kind::Flag(flag) => Ok(flag),
            _ => Err(other(node, self.accepted())),
        }
    }
    fn accepted(&self) -> String {
        "true or false".to_owned()
    }
    fn schema(&self) -> Value {
        json!({ "type": "boolean" })
    }
}

/// A list of texts.
pub struct List<T>(pub Parse<T>);

impl<T> Form for List<T> {
    type Value = Vec<T>;
    const SHAPE: Shape = Shape::List;
    fn read(&self, node: &Node) -> Result<Vec<T>, Vec<Wrong>> {
        let Kind::List(items) = &node.kind else {
            return Err(other(node, self.accepted()));
        };
        let (mut taken, mut wrongs) = (Vec::new(), Vec::new());
        for item in items {
            let read = match &item.kind {
                Kind::Text(text) if text.trim().is_empty() || text.contains(char::is_control) => {
                    Err(wrong("is empty or has control characters").accepted("a text"))
                }
                Kind::Text(text) => (self.0)(text.trim()),
                _ => Err(wrong(format!("has an item that is {}", item.kind.type_name())).accepted("texts in quotes")),
            };
            match read {
                Ok(value) => taken.push(value),
                Err(wrong) => wrongs.push(wrong.item(item.kind.shown().unwrap_or_default())),
            }
        }
        if wrongs.is_empty() { Ok(taken) } else { Err(wrongs) }
    }
    fn accepted(&self) -> String {
        "a list of texts, such as [\"a\", \"b\"]".to_owned()
    }
    fn schema(&self) -> Value {
        json!({ "type": "array", "items": { "type": "string", "minLength": 1 } })
    }
}

/// A table of keys. Its value is how many there are.
pub struct Keys;

impl Form for Keys {
    type Value = usize;
    const SHAPE: Shape = Shape::Table;
    fn read(&self, node: &Node) -> Result<usize, Vec<Wrong>> {
        match &node.kind {
            Kind::Table(table) => Ok(table.len()),
            _ => Err(wrong(format!("is {}", node.kind.type_name())).into()),
        }
    }
    fn accepted(&self) -> String {
        "a table of keys".to_owned()
    }
    fn schema(&self) -> Value {
        json!({ "type": "object", "additionalProperties": false, "properties": {} })
    }
}

/// A table whose keys are nobody's but the writer's, with texts that are never shown.
pub struct Map;

impl Form for Map {
    type Value = Vec<(String, SecretString)>;
    const SHAPE: Shape = Shape::Map;
    fn read(&self, node: &Node) -> Result<Self::Value, Vec<Wrong>> {
        let Kind::Table(table) = &node.kind else {
            return Err(other(node, self.accepted()));
        };
        let pairs = table.iter().map(|(key, node)| match Secret.read(node) {
            Ok(secret) => Ok((key.clone(), secret)),
            Err(wrongs) => Err(wrongs
                .into_iter()
                .map(|wrong| wrong.item(key.clone()))
                .collect::<Vec<_>>()),
        });
        let (taken, wrongs): (Vec<_>, Vec<_>) = pairs.partition(Result::is_ok);
        let wrongs: Vec<Wrong> = wrongs.into_iter().filter_map(Result::err).flatten().collect();
        if wrongs.is_empty() {
            Ok(taken.into_iter().filter_map(Result::ok).collect())
        } else {
            Err(wrongs)
        }
    }
    fn accepted(&self) -> String {
        "a table of texts".to_owned()
    }
    fn schema(&self) -> Value {
        json!({ "type": "object", "additionalProperties": { "type": "string", "minLength": 1 } })
    }
}

/// A list of tables that have a name. One that is none was reported, and left out, when its layer was read.
pub struct Entries;

impl Form for Entries {
    type Value = ();
    const SHAPE: Shape = Shape::Entries;
    fn read(&self, _: &Node) -> Result<(), Vec<Wrong>> {
        Ok(())
    }
    fn accepted(&self) -> String {
        "a list of tables that have a name".to_owned()
    }
    fn schema(&self) -> Value {
        // What else an entry needs may stand in another layer.
        let mut entry = Keys.schema();
        entry["required"] = json!(["name"]);
        json!({ "type": "array", "items": entry })
    }
}
