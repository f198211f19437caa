//! Pieces of answers that may be shown: short, without control characters, and never with a secret in them. A server
//! may well repeat a request in its error page.

/// How much of an answer is searched for secrets; what is shown comes from its beginning.
const SEARCHED_BYTES: usize = 4096;

/// The longest secret that [`Secrets`] is sure to find: any other could begin within what is shown and end outside what
/// is searched.
pub(super) const LONGEST_SECRET_BYTES: usize = 512;

/// The shortest beginning of a secret that is taken for one where a body breaks off. Shorter ones give little away, and
/// are at the end of many a body by chance.
const LEAST_PIECE_CHARS: usize = 4;

/// Stands for an excerpt that would give something away.
const NOT_SHOWN: &str = "(not shown: it may hold a password)";

/// What must not be shown, in every form in which a server may repeat it. Cannot be printed.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn new(secrets: &[&str]) -> Self {
        let mut forms = Vec::new();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let percent = percent_encoded(secret, b"-_.~");
            let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let html = html.replace('"', "&quot;");
            let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
            forms.extend([
                // As a form or a query is written, our own included.
                percent_encoded(secret, b"-_.*").replace("%20", "+"),
                percent.replace("%20", "+"),
                percent,
                html.replace('\'', "&#039;"),
                html.replace('\'', "&#39;"),
                html,
                escaped_beyond_ascii(&json.replace('/', "\\/")),
                escaped_beyond_ascii(&json),
                json.replace('/', "\\/"),
                json,
                (*secret).to_owned(),
            ]);
        }
        for form in &mut forms {
            *form = lowercase(form);
        }
        forms.sort_unstable();
        forms.dedup();
        Self(forms)
    }

    /// These and one more.
    pub(super) fn and(&self, secret: &str) -> Self {
        let mut both = Self::new(&[secret]);
        both.0.extend_from_slice(&self.0);
        both
    }

    /// The first `longest_chars` characters of `text`, control characters escaped.
    pub(super) fn excerpt(&self, text: &str, longest_chars: usize) -> String {
        self.shown(text, longest_chars, false)
    }

    /// `is_page`: see [`escaped`].
    fn shown(&self, text: &str, longest_chars: usize, is_page: bool) -> String {
        // What is searched must reach far beyond what is shown, so blanks in front count for neither.
        let text = text.trim();
        let searched = text.get(..text.floor_char_boundary(SEARCHED_BYTES)).unwrap_or(text);
        let lower = lowercase(searched);
        if self.0.iter().any(|form| lower.contains(form)) {
            return NOT_SHOWN.to_owned();
        }
        escaped(searched, longest_chars, is_page)
    }

    /// An excerpt of a whole answer, unless it may hold clients' passwords. Of an answer that carries them only a page is
    /// shown, and only one that does not speak of passwords: PHP prints its warnings, which are markup, before the JSON.
    pub(super) fn body_excerpt(&self, body: &str, carries_passwords: bool) -> String {
        if carries_passwords && !is_page_without_passwords(body) {
            return NOT_SHOWN.to_owned();
        }
        if self.ends_within_one(body) {
            return NOT_SHOWN.to_owned();
        }
        self.shown(body, 160, body.trim_start().starts_with('<'))
    }

    /// Whether a body breaks off within a secret.
    fn ends_within_one(&self, body: &str) -> bool {
        // Half a character of several bytes was replaced.
        let body = body.trim_end_matches(char::REPLACEMENT_CHARACTER);
        if body.len() > SEARCHED_BYTES {
            return false;
        }
        let lower = lowercase(body);
        self.0.iter().any(|form| {
            let mut ends = form.char_indices().map(|(end, _)| end).skip(LEAST_PIECE_CHARS);
            ends.any(|end| lower.ends_with(&form[..end]))
        })
    }
}

fn is_page_without_passwords(body: &str) -> bool {
    let body = body.trim_start();
    let searched = body.get(..body.floor_char_boundary(SEARCHED_BYTES)).unwrap_or(body);
    body.starts_with('<') && !searched.to_ascii_lowercase().contains("password")
}

/// The first `longest_chars` characters of `text`, escaped where they would not be seen or would harm a terminal.
/// `is_page`: line breaks and tabs, of which pages are full, become one blank.
pub(super) fn escaped(text: &str, longest_chars: usize, is_page: bool) -> String {
    let is_break = |char: char| is_page && matches!(char, '\n' | '\r' | '\t');
    let mut shown = String::new();
    for (position, char) in text.chars().enumerate() {
        if position == longest_chars {
            shown.push('…');
            break;
        }
        if is_break(char) {
            if !shown.ends_with(' ') {
                shown.push(' ');
            }
        } else if char.is_control() || is_invisible(char) {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// Characters that nobody sees, or that change how the text around them is shown.
pub(super) const fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Lower case, letter by letter: that of a whole text depends on where its words end, which differs between a secret and
/// a text that holds it.
fn lowercase(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// What is not ASCII as `\u00e9` and its like, as PHP writes JSON.
fn escaped_beyond_ascii(json: &str) -> String {
    let mut escaped = String::new();
    for char in json.chars() {
        if char.is_ascii() {
            escaped.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

/// The bytes of `kept` stay as they are; which these are differs between kinds of encoding.
fn percent_encoded(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{NOT_SHOWN, Secrets};

    #[test]
    fn no_form_of_a_secret_is_shown() {
        let secrets = Secrets::new(&["p&ss w/\"'rd", ""]);
        for (name, text) in [
            ("as it is", "no method for p&ss w/\"'rd"),
            ("in another case", "P&SS W/\"'RD"),
            ("in a query", "?api_password=p%26ss%20w%2F%22%27rd&"),
            ("in a query, blanks as plus", "?api_password=p%26ss+w%2f%22%27rd&"),
            ("in a page", "<p>p&amp;ss w/&quot;&#039;rd</p>"),
            ("in a page, other quote", "<p>p&amp;ss w/&quot;&#39;rd</p>"),
            ("in a page, no quote", "<p>p&amp;ss w/&quot;'rd</p>"),
            ("in JSON", r#"{"message":"p&ss w\/\"'rd"}"#),
            ("in other JSON", r#"{"message":"p&ss w/\"'rd"}"#),
            ("broken off within it", r#"{"message":"p&ss"#),
            ("broken off within a form of it", "<p>p&amp;ss w/&qu"),
            (
                "across the end of what is shown",
                &format!("{}p&ss w/\"'rd", "x".repeat(158)),
            ),
        ] {
            assert_eq!(secrets.body_excerpt(text, false), NOT_SHOWN, "{name}");
        }
        assert_eq!(secrets.excerpt("nothing of it", 80), "nothing of it");
        assert_eq!(secrets.body_excerpt("hardly p&s", false), "hardly p&s");
        let far = format!("{}<p>p&ss w/\"'rd", " ".repeat(super::SEARCHED_BYTES - 8));
        assert_eq!(secrets.body_excerpt(&far, false), NOT_SHOWN, "behind blanks");
        let json = r#"{"clients":[{"password":"x"#;
        assert_eq!(secrets.body_excerpt(json, true), NOT_SHOWN, "clients' passwords");
        let warned = r#"<br /><b>Notice</b>: x<br />{"clients":[{"Password":"x"}]}"#;
        assert_eq!(
            secrets.body_excerpt(warned, true),
            NOT_SHOWN,
            "clients' passwords behind PHP's warning"
        );
        assert_eq!(secrets.body_excerpt("<html>Busy", true), "<html>Busy");
        assert_eq!(
            secrets.body_excerpt("\n<html>\r\n\t<p>Busy\u{1b}\n", true),
            "<html> <p>Busy\\u{1b}"
        );
        assert_eq!(secrets.body_excerpt("{\n}", false), "{\\u{a}}", "no page");
    }

    #[test]
    fn no_form_of_an_unusual_secret_is_shown() {
        let secrets = Secrets::new(&["a*b~c \u{1f511}\u{3a3}"]);
        for (name, text) in [
            (
                "a last letter whose lower case depends on the next",
                "a*b~c \u{1f511}\u{3a3}x",
            ),
            ("in our own query", "?api_password=a*b%7Ec+%F0%9F%94%91%CE%A3&"),
            ("in another query", "?api_password=a%2Ab~c%20%F0%9F%94%91%CE%A3&"),
            ("in PHP's JSON", r#"{"message":"a*b~c \ud83d\udd11\u03a3"}"#),
            ("broken off within a letter", "a*b~c\u{fffd}"),
        ] {
            assert_eq!(secrets.body_excerpt(text, false), NOT_SHOWN, "{name}");
        }
        let query = crate::net::Url::parse_with_params("https://h", [("p", "a*b~c \u{1f511}\u{3a3}")]).unwrap();
        assert_eq!(
            query.query(),
            Some("p=a*b%7Ec+%F0%9F%94%91%CE%A3"),
            "what our own query is"
        );
    }

    #[test]
    fn excerpts_are_short_and_harmless() {
        let secrets = Secrets::new(&[]);
        assert_eq!(
            secrets.excerpt("a\nb\u{1b}[31m\u{202e}c", 80),
            "a\\u{a}b\\u{1b}[31m\\u{202e}c"
        );
        assert_eq!(secrets.excerpt("ééééé", 5), "ééééé");
        assert_eq!(secrets.excerpt("éééééé", 5), "ééééé…");
        assert_eq!(secrets.excerpt(&"é".repeat(100_000), 3), "ééé…");
    }
}
