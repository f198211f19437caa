//! Bodies of the operator's own: a template is found, tried, and filled in. Only finding it reads files.
//!
//! What is put in is escaped for the inside of a JSON text, so that no name can break out of one. A template knows no
//! other file, no clock and no network, and can neither run for long nor grow large.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::path::Path;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior};

use super::context::Context;
use super::payload::Payload;
use crate::notify::delivery::Parcel;
use crate::notify::letter::Letterhead;
use crate::notify::sample;
use crate::regular;

/// The shipped ones: what receivers take who do not know Alertmanager's format.
const SHIPPED: [(&str, &str); 8] = [
    ("apprise", include_str!("templates/apprise.json")),
    ("discord", include_str!("templates/discord.json")),
    ("goalert", include_str!("templates/goalert.json")),
    ("gotify", include_str!("templates/gotify.json")),
    ("mattermost", include_str!("templates/mattermost.json")),
    ("pushover", include_str!("templates/pushover.json")),
    ("teams", include_str!("templates/teams.json")),
    ("telegram", include_str!("templates/telegram.json")),
];

/// The folder within the folder of templates.
const FOLDER: &str = "webhook";

/// What a file of a template may end with, if its name is not given in full. Text is not escaped.
const ENDINGS: [&str; 3] = ["", ".json", ".txt"];

/// Largest template: the shipped ones have one or two kilobytes.
const SOURCE_BYTES: u64 = 64 << 10;

/// Largest result.
const MOST_BYTES: usize = 512 << 10;

/// Steps that filling in may take, some for each byte: a hundred alerts take a tenth of it.
const FUEL: u64 = 5_000_000;

/// Longest line of a template that is shown beside what is wrong with it.
const LONGEST_LINE: usize = 60;

pub struct Template {
    environment: Environment<'static>,
    /// Where it comes from, for people.
    place: String,
    source: Cow<'static, str>,
    is_json: bool,
}

/// What a template made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Json(Vec<u8>),
    Text(Vec<u8>),
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Its file, or which shipped one it is.
    pub place: String,
    /// `None`: it is not about a line.
    pub line: Option<usize>,
    pub what: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "template `{}`, line {line}: {}", self.place, self.what),
            None => write!(f, "template `{}`: {}", self.place, self.what),
        }
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// The template of that name: in `folder`, else a shipped one, else the file at `path`.
    ///
    /// # Errors
    /// When there is none, or it does not parse.
    pub fn find(name: &str, path: &Path, folder: Option<&Path>) -> Result<Self, TemplateError> {
        let is_plain = !name.contains(['/', '\\']) && !name.starts_with('.');
        let own = folder.filter(|_| is_plain).and_then(|folder| {
            let candidates = ENDINGS.map(|ending| folder.join(FOLDER).join(format!("{name}{ending}")));
            candidates.into_iter().find(|path| path.is_file())
        });
        if let Some(path) = own {
            return Self::read(&path);
        }
        if let Some((_, source)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            return Self::new(format!("the shipped {name}"), Cow::Borrowed(source), true);
        }
        if path.exists() {
            return Self::read(path);
        }
        let shipped: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        Err(TemplateError {
            place: name.to_owned(),
            line: None,
            what: format!("is not there (there are {}, or the path of a file)", shipped.join(", ")),
        })
    }

    fn read(path: &Path) -> Result<Self, TemplateError> {
        let place = path.display().to_string();
        let wrong = |what: String| TemplateError {
            place: place.clone(),
            line: None,
            what,
        };
        let file = regular::open(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let mut source = String::new();
        file.take(SOURCE_BYTES + 1)
            .read_to_string(&mut source)
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if source.len() as u64 > SOURCE_BYTES {
            return Err(wrong("is larger than 64 kB".to_owned()));
        }
        let is_text = path.extension().is_some_and(|ending| ending == "txt");
        Self::new(place, Cow::Owned(source), !is_text)
    }

    fn new(place: String, source: Cow<'static, str>, is_json: bool) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_formatter(move |out, state, value| put(out, state, value, is_json));
        environment.set_fuel(Some(FUEL));
        environment.add_filter("cut", cut);
        environment.add_filter("plain", plain);
        let parsed = environment.add_template_owned("body", source.clone().into_owned());
        let parsed = parsed.map_err(|error| of_engine(&place, &source, &error));
        parsed.map(|()| Self {
            environment,
            place,
            source,
            is_json,
        })
    }

    /// What it makes of a parcel.
    ///
    /// # Errors
    /// When it cannot be filled in, or what it makes is no JSON and should be.
    pub fn render(&self, parcel: &Parcel, payload: &Payload) -> Result<Body, TemplateError> {
        let context = Value::from(Serde(Context::of(parcel, payload)));
        let made = self
            .environment
            .get_template("body")
            .and_then(|body| body.render(context));
        let made = made.map_err(|error| of_engine(&self.place, &self.source, &error))?;
        let wrong = |what: String| TemplateError {
            place: self.place.clone(),
            line: None,
            what,
        };
        if made.len() > MOST_BYTES {
            return Err(wrong(format!("makes more than {} kB", MOST_BYTES >> 10)));
        }
        match serde_json::from_str::<serde::de::IgnoredAny>(&made) {
            Ok(_) => Ok(Body::Json(made.into_bytes())),
            Err(_) if !self.is_json => Ok(Body::Text(made.into_bytes())),
            Err(error) => {
                let line = made.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
                Err(wrong(format!("makes no JSON: {error}, in {}", quoted(line))))
            }
        }
    }

    /// Tries it with what may have to be told: an alert that fires, one that is over, and several.
    ///
    /// # Errors
    /// What is wrong, and with which of them.
    pub fn try_out(&self, letterhead: &Letterhead) -> Result<(), TemplateError> {
        for (what, parcel) in sample::parcels(letterhead) {
            let payload = Payload::of(&parcel, letterhead);
            self.render(&parcel, &payload).map_err(|mut wrong| {
                wrong.what = format!("{} ({what})", wrong.what);
                wrong
            })?;
        }
        Ok(())
    }
}

/// What the engine says, with the line that it speaks of.
fn of_engine(place: &str, source: &str, error: &minijinja::Error) -> TemplateError {
    let mut what = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "takes too long".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    let line = error.line();
    if let Some(text) = line.and_then(|line| source.lines().nth(line.saturating_sub(1))) {
        what = format!("{what}, in {}", quoted(text));
    }
    TemplateError {
        place: place.to_owned(),
        line,
        what,
    }
}

fn quoted(line: &str) -> String {
    format!("`{}`", crate::redact::one_line(line, LONGEST_LINE))
}

/// Puts a value into the body: texts as the inside of a JSON text, all else as JSON.
fn put(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value, is_json: bool) -> Result<(), minijinja::Error> {
    if !is_json || value.is_safe() || value.is_undefined() {
        return minijinja::escape_formatter(out, state, value);
    }
    let json = match value.as_str() {
        Some(text) => serde_json::to_string(text),
        None => serde_json::to_string(value),
    };
    let json = json.map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    let inside = value.as_str().and_then(|_| json.get(1..json.len() - 1));
    out.write_str(inside.unwrap_or(&json)).map_err(Into::into)
}

/// The filter `cut(LONGEST)`: at most so many characters, counted as those count who count least: in UTF-16.
fn cut(text: String, longest: usize) -> String {
    if text.encode_utf16().count() <= longest {
        return text;
    }
    let mut room = longest.saturating_sub(1);
    let fits = |c: &char| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// The filter `plain`: no sign means anything in Markdown, and nobody is called by name.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_{}[]()<>#|~".contains(c) {
            plain.push('\\');
        }
        plain.push(c);
        if c == '@' {
            // Stands between the sign and the name, and is not seen.
            plain.push('\u{200b}');
        }
    }
    plain
}
