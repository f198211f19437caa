//! The input of the targets about configuration: a letter, then three parts with a byte 0xFF between them: the main text,
//! one of `conf.d`, and lines `NAME=VALUE` of variables without `BALANCEWATCH__`. The letter minus `a` is a sum: 1 secrets may
//! be missing; 2 the texts are laid over a small good configuration, so that a line or two can be one. The control character
//! 1 stands for a password where one is written.

use balancewatch::config::fuzzing::Under;
use balancewatch::config::{Secrets, Variables};

use crate::canary;

/// A password that looks like none of the words around it.
const PASSWORD: &str = "S3cret-hunter2";

/// What an input says.
#[derive(Clone, Debug)]
pub struct Texts {
    /// What a secret that is missing means.
    pub secrets: Secrets,
    /// What the texts are laid over.
    pub under: Under,
    /// The main text.
    pub main: String,
    /// The text of `conf.d`.
    pub more: String,
    /// The environment.
    pub variables: Variables,
    /// Whether a secret may stand where a path is meant, which is shown.
    pub names_a_path: bool,
}

impl Texts {
    /// Reads an input; `None` when nothing can be said of it.
    #[must_use]
    pub fn of(data: &[u8]) -> Option<Self> {
        let [letter, data @ ..] = data else { return None };
        if canary::is_spoilt(data) {
            return None;
        }
        let ways = letter.wrapping_sub(b'a');
        let parts = data.splitn(3, |byte| *byte == 0xff);
        let mut parts = parts.map(|part| planted(&String::from_utf8_lossy(part)));
        let mut part = || parts.next().unwrap_or_default();
        let (main, more, lines) = (part(), part(), part());
        let names_a_path = [&main, &more, &lines]
            .iter()
            .any(|text| text.to_lowercase().contains("password_file"));
        let variables = lines.lines().filter_map(|line| line.split_once('='));
        let variables = variables.map(|(name, value)| (format!("BALANCEWATCH__{name}").into(), value.into()));
        Some(Self {
            secrets: if ways & 1 != 0 {
                Secrets::MayBeMissing
            } else {
                Secrets::Required
            },
            under: if ways & 2 != 0 { Under::Base } else { Under::Nothing },
            variables: variables.collect(),
            main,
            more,
            names_a_path,
        })
    }
}

/// The text with the password in place of its marks where the language has one: the value of a key of that name, or in a
/// URL between user and host. Elsewhere a mark is nothing.
fn planted(text: &str) -> String {
    // In a text of several lines what looks like a key may be part of a value.
    let has_long_texts = text.contains("\"\"\"") || text.contains("'''");
    let mut pieces = text.split('\u{1}');
    let mut planted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let line = planted.rsplit('\n').next().unwrap_or_default();
        if !has_long_texts && takes_password(line, piece) {
            planted.push_str(PASSWORD);
        }
        planted.push_str(piece);
    }
    planted
}

fn takes_password(line: &str, rest: &str) -> bool {
    if line == "password = \"" || line == "password_file = \"" {
        return true;
    }
    if let Some(name) = line.strip_suffix("PASSWORD=").or(line.strip_suffix("PASSWORD_FILE=")) {
        return name.ends_with("__") && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    }
    let Some(url) = line.strip_prefix("url = \"") else {
        return false;
    };
    let schemes = ["http://", "https://", "smtp://", "smtps://", "postgres://"];
    let user = schemes
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .and_then(|rest| rest.strip_suffix(':'));
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    user.is_some_and(|user| !user.is_empty() && user.bytes().all(plain)) && rest.starts_with('@')
}

#[cfg(test)]
mod tests {
    use super::{PASSWORD, Secrets, Texts, Under};

    #[test]
    fn passwords_are_planted_where_the_language_has_them() {
        let written = format!("password = \"{PASSWORD}\"");
        for (name, input, is_planted) in [
            ("a key", "cpassword = \"\u{1}\"", true),
            ("another key", "cusername = \"\u{1}\"", false),
            ("within a value", "cname = '''\npassword = \"\u{1}\"'''", false),
            ("a URL", "curl = \"smtp://user:\u{1}@host\"", true),
            ("a URL without a host", "curl = \"smtp://user:\u{1}\"", false),
        ] {
            let texts = Texts::of(input.as_bytes()).unwrap();
            assert_eq!(texts.main.contains(PASSWORD), is_planted, "{name}");
        }
        let texts = Texts::of(b"ba=1\xff\xffSMTP__PASSWORD=\x01\nX=\x01").unwrap();
        assert_eq!((texts.secrets, texts.under), (Secrets::MayBeMissing, Under::Nothing));
        let values: Vec<_> = texts.variables.values().collect();
        assert_eq!(values, [PASSWORD, ""]);
        assert!(Texts::of(written.as_bytes()).is_none(), "a password without a mark");
    }
}
