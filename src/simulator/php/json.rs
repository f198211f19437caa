//! Writes JSON as PHP's `json_encode` does: `/` escaped, everything outside ASCII as `\u00e9` and its like, columns of
//! the database as strings and computed values as numbers, unless a setting says otherwise. Knows nothing of functions.

use crate::simulator::amount::Amount;

/// Which JSON types the values have; a setting, because they drift on the real wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Types {
    /// Columns are strings, computed values numbers.
    Mixed,
    /// Every amount is a string, counts are numbers.
    DocStrings,
    /// Everything that is a number by nature is a number.
    AllNumbers,
    /// Everything is a string.
    AllStrings,
}

/// How values are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub types: Types,
    /// Computed amounts carry the noise of binary fractions.
    pub noise: bool,
    /// Empty columns come as `null`.
    pub null_columns: bool,
    /// No value has a type that it could have: the fault `wrong-types`.
    pub wrong: bool,
}

/// A JSON text in the making.
#[derive(Debug)]
pub struct Json {
    out: Vec<u8>,
    style: Style,
    wrong_values: usize,
}

/// What stands in the place of values under the fault `wrong-types`, in turn. None reads as a number or an id.
const WRONG: [&str; 4] = ["[]", "true", "{}", "\"N\\/A\""];

impl Json {
    pub fn new(style: Style, capacity: usize) -> Self {
        Self {
            out: Vec::with_capacity(capacity),
            style,
            wrong_values: 0,
        }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Opens an object or a list with `{` or `[`.
    pub fn open(&mut self, bracket: u8) {
        self.comma();
        self.out.push(bracket);
    }

    /// Closes what [`Json::open`] opened.
    pub fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    /// The key of the next value.
    pub fn key(&mut self, name: &str) {
        self.comma();
        self.quoted(name);
        self.out.push(b':');
    }

    /// A text that is never anything else.
    pub fn text(&mut self, value: &str) {
        if !self.wrong() {
            self.comma();
            self.quoted(value);
        }
    }

    pub fn column(&mut self, value: &str) {
        if self.style.null_columns && value.is_empty() {
            self.raw("null");
        } else {
            self.text(value);
        }
    }

    /// A column that holds a number: a string, or bare with [`Types::AllNumbers`] if it is one.
    pub fn number_column(&mut self, value: &str) {
        let digits = value.strip_prefix('-').unwrap_or(value);
        let canonical = digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
        if self.style.types == Types::AllNumbers && canonical && !digits.is_empty() && digits.len() < 16 {
            self.bare(value);
        } else {
            self.column(value);
        }
    }

    /// An amount that is a column, such as `current_balance`.
    pub fn amount_column(&mut self, value: Amount, least_places: usize) {
        match self.style.types {
            Types::AllNumbers => self.bare(&value.php_number()),
            Types::Mixed | Types::DocStrings | Types::AllStrings => self.text(&value.column(least_places)),
        }
    }

    /// An amount that PHP computes, such as `spent_total`.
    pub fn computed_amount(&mut self, value: Amount) {
        let text = if self.style.noise {
            value.noisy_number()
        } else {
            value.php_number()
        };
        match self.style.types {
            Types::Mixed | Types::AllNumbers => self.bare(&text),
            Types::DocStrings | Types::AllStrings => self.text(&text),
        }
    }

    /// A count that PHP computes.
    pub fn count(&mut self, value: u64) {
        match self.style.types {
            Types::AllStrings => self.text(&value.to_string()),
            Types::Mixed | Types::DocStrings | Types::AllNumbers => self.bare(&value.to_string()),
        }
    }

    /// A value that is written as it is.
    pub fn raw(&mut self, json: &str) {
        self.comma();
        self.out.extend_from_slice(json.as_bytes());
    }

    fn bare(&mut self, json: &str) {
        if !self.wrong() {
            self.raw(json);
        }
    }

    /// Writes a wrong value and says so, if that is the style.
    fn wrong(&mut self) -> bool {
        if self.style.wrong {
            self.raw(WRONG[self.wrong_values % WRONG.len()]);
            self.wrong_values += 1;
        }
        self.style.wrong
    }

    /// A comma, unless nothing stands before the next item.
    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }

    fn quoted(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.out.push(b'"');
        for character in text.chars() {
            match character {
                '"' => self.out.extend_from_slice(b"\\\""),
                '\\' => self.out.extend_from_slice(b"\\\\"),
                '/' => self.out.extend_from_slice(b"\\/"),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '\u{8}' => self.out.extend_from_slice(b"\\b"),
                '\u{c}' => self.out.extend_from_slice(b"\\f"),
                ' '..='~' | '\u{7f}' => self.out.extend(u8::try_from(character)),
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        self.out.extend_from_slice(b"\\u");
                        for shift in [12, 8, 4, 0] {
                            self.out.push(HEX[usize::from(*unit >> shift & 15)]);
                        }
                    }
                }
            }
        }
        self.out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Json, Style, Types};

    const PLAIN: Style = Style {
        types: Types::Mixed,
        noise: false,
        null_columns: false,
        wrong: false,
    };

    fn written(style: Style, write: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::new(style, 64);
        json.open(b'{');
        write(&mut json);
        json.close(b'}');
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn text_is_escaped_as_php_does() {
        for (name, text, expected) in [
            ("slash", "a/b", r#"{"k":"a\/b"}"#),
            ("quote and backslash", "\"\\", r#"{"k":"\"\\"}"#),
            ("non-ASCII", "é", r#"{"k":"\u00e9"}"#),
            ("outside the basic plane", "😀", r#"{"k":"\ud83d\ude00"}"#),
            ("markup stays", "<script>'", r#"{"k":"<script>'"}"#),
            ("control", "\u{1}\n", r#"{"k":"\u0001\n"}"#),
            ("controls with a letter", "\u{8}\u{c}\r\t", r#"{"k":"\b\f\r\t"}"#),
            ("delete stays", "\u{7f}", "{\"k\":\"\u{7f}\"}"),
        ] {
            let got = written(PLAIN, |json| {
                json.key("k");
                json.text(text);
            });
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn types_follow_the_style() {
        let style = |types| Style { types, ..PLAIN };
        for (name, style, expected) in [
            ("mixed", PLAIN, r#"{"a":"1","b":"6.0000","c":0.5,"d":2,"e":""}"#),
            (
                "doc-strings",
                style(Types::DocStrings),
                r#"{"a":"1","b":"6.0000","c":"0.5","d":2,"e":""}"#,
            ),
            (
                "all-numbers",
                style(Types::AllNumbers),
                r#"{"a":1,"b":6,"c":0.5,"d":2,"e":""}"#,
            ),
            (
                "all-strings",
                style(Types::AllStrings),
                r#"{"a":"1","b":"6.0000","c":"0.5","d":"2","e":""}"#,
            ),
            (
                "null columns",
                Style {
                    null_columns: true,
                    ..PLAIN
                },
                r#"{"a":"1","b":"6.0000","c":0.5,"d":2,"e":null}"#,
            ),
            (
                "wrong",
                Style { wrong: true, ..PLAIN },
                r#"{"a":[],"b":true,"c":{},"d":"N\/A","e":[]}"#,
            ),
        ] {
            let got = written(style, |json| {
                json.key("a");
                json.number_column("1");
                json.key("b");
                json.amount_column(Amount::whole(6), 4);
                json.key("c");
                json.computed_amount(Amount::ten_thousandths(5_000));
                json.key("d");
                json.count(2);
                json.key("e");
                json.column("");
            });
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn only_canonical_numbers_turn_bare() {
        for (text, bare) in [
            ("0", true),
            ("-5", true),
            ("02134", false),
            ("12a", false),
            ("", false),
            ("-", false),
        ] {
            let got = written(
                Style {
                    types: Types::AllNumbers,
                    ..PLAIN
                },
                |json| {
                    json.key("k");
                    json.number_column(text);
                },
            );
            assert_eq!(!got.contains(":\""), bare, "{text}");
        }
    }
}
