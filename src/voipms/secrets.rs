//! Pieces of answers that may be shown: short, without control characters, and never with a secret in them. A server
//! may well repeat a request in its error page.

/// How much of an answer is searched for secrets; what is shown comes from its beginning.
const SEARCHED_BYTES: usize = 4096;

/// The longest secret that [`Secrets`] is sure to find: any other could begin within what is shown and end outside what
/// is searched.
pub(super) const LONGEST_SECRET_BYTES: usize = 512;

/// Stands for an excerpt that would give something away.
const NOT_SHOWN: &str = "(not shown: it may hold a password)";

/// What must not be shown, in every form in which a server may repeat it. Cannot be printed.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn new(secrets: &[&str]) -> Self {
        let mut forms = Vec::new();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let percent = percent_encoded(secret);
            let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let html = html.replace('"', "&quot;");
            let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
            forms.extend([
                percent.replace("%20", "+"),
                percent,
                html.replace('\'', "&#039;"),
                html.replace('\'', "&#39;"),
                html,
                json.replace('/', "\\/"),
                json,
                (*secret).to_owned(),
            ]);
        }
        for form in &mut forms {
            *form = form.to_lowercase();
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
        let searched = text.get(..text.floor_char_boundary(SEARCHED_BYTES)).unwrap_or(text);
        let lower = searched.to_lowercase();
        if self.0.iter().any(|form| lower.contains(form)) {
            return NOT_SHOWN.to_owned();
        }
        escaped(searched.trim(), longest_chars, is_page)
    }

    /// An excerpt of a whole answer, unless it may hold clients' passwords.
    pub(super) fn body_excerpt(&self, body: &str, carries_passwords: bool) -> String {
        if carries_passwords && !body.trim_start().starts_with('<') {
            return NOT_SHOWN.to_owned();
        }
        self.shown(body, 160, body.trim_start().starts_with('<'))
    }
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

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
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
            (
                "across the end of what is shown",
                &format!("{}p&ss w/\"'rd", "x".repeat(158)),
            ),
        ] {
            assert_eq!(secrets.body_excerpt(text, false), NOT_SHOWN, "{name}");
        }
        assert_eq!(secrets.excerpt("nothing of it", 80), "nothing of it");
        let json = r#"{"clients":[{"password":"x"#;
        assert_eq!(secrets.body_excerpt(json, true), NOT_SHOWN, "clients' passwords");
        assert_eq!(secrets.body_excerpt("<html>Busy", true), "<html>Busy");
        assert_eq!(
            secrets.body_excerpt("\n<html>\r\n\t<p>Busy\u{1b}\n", true),
            "<html> <p>Busy\\u{1b}"
        );
        assert_eq!(secrets.body_excerpt("{\n}", false), "{\\u{a}}", "no page");
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
