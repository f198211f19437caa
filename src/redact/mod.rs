//! Foreign text made fit to keep: what a server answers may repeat what it was sent. The one place that takes known
//! secrets out, whatever they are wrapped in, and that bounds what is left. Knows no protocol but the shape of a mail
//! server's reply.
//!
//! A secret is looked for in the text as it is and with its escapes undone, layer by layer: percent, JSON, HTML. Blanks,
//! case and everything beyond ASCII count for nothing, so that a secret is found that is broken over two lines, shouted,
//! or in another character set. Base64 is found at each of its three alignments, so also within the blob of an AUTH.

use std::borrow::Cow;
use std::fmt;

mod json;

/// The most characters of a foreign text that are kept: enough for the first words, too few for a record.
pub const LONGEST_CHARS: usize = 80;

/// The longest secret that is sure to be found: its escapes must end within what is searched.
pub const LONGEST_SECRET_BYTES: usize = 512;

/// The longest that one byte of a secret becomes: as `&#x41;`, and that in JSON, or in a query.
const LONGEST_ESCAPE: usize = 16;

/// A secret with fewer characters than this could be any syllable: beside it no excerpt is kept at all.
const SHORTEST: usize = 4;

/// A secret shorter than this is not looked for in data, such as names: it could be any word. VoIP.ms takes none.
const SHORTEST_IN_DATA: usize = 8;

/// Layers of escapes that are undone: PHP escapes a message that held an escaped form. Each more costs one more pass.
const LAYERS: usize = 4;

/// Stands for a text of which nothing may be shown.
pub const NOT_SHOWN: &str = "(not shown: it may hold a password)";

/// Stands for a secret.
pub const MASK: &str = "***";

/// Knows secrets, and takes them out of foreign text. Cannot be printed.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

/// A secret in every form that is looked for.
#[derive(Clone)]
struct Secret {
    verbatim: String,
    forms: Vec<Form>,
    /// Whether so little of it can be looked for that it could be any syllable.
    is_syllable: bool,
}

/// Bytes in which a secret stands in a text that was [`Peeled`].
#[derive(Clone)]
struct Form {
    bytes: Vec<u8>,
    /// So many of its bytes in a row give it away.
    piece: usize,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// Knows these secrets; empty ones are none.
    #[must_use]
    pub fn new(secrets: &[&str]) -> Self {
        let secrets = secrets.iter().filter(|secret| !secret.is_empty());
        Self {
            secrets: secrets.map(|secret| Secret::new(secret)).collect(),
        }
    }

    #[must_use]
    pub fn and(&self, secret: &str) -> Self {
        let mut more = Self::new(&[secret]);
        more.secrets.extend_from_slice(&self.secrets);
        more
    }

    /// The first words of a foreign text, on one line; they end before the word in which a secret, or a piece of one,
    /// begins.
    #[must_use]
    pub fn excerpt(&self, text: &str) -> String {
        if self.secrets.iter().any(|secret| secret.is_syllable) {
            return NOT_SHOWN.to_owned();
        }
        // A secret that begins within what is kept must end within what is searched.
        let longest = self.secrets.iter().map(|secret| secret.verbatim.len()).max();
        let searched = LONGEST_CHARS + LONGEST_ESCAPE * longest.unwrap_or(0).min(LONGEST_SECRET_BYTES);
        let line = one_line_of(text.chars(), searched);
        let Some(piece) = self.first_piece(&line) else {
            return one_line_of(line.chars(), LONGEST_CHARS);
        };
        let Some(word) = line[..piece].rfind(' ') else {
            return NOT_SHOWN.to_owned();
        };
        let words = &line[..word];
        if words.chars().count() > LONGEST_CHARS {
            return one_line_of(words.chars(), LONGEST_CHARS);
        }
        format!("{words} {MASK}")
    }

    /// The first words of a mail server's reply, which may have several lines: its enhanced code, if it has one, stays in
    /// front. The code itself is the caller's, who read it.
    #[must_use]
    pub fn reply(&self, text: &str) -> String {
        let mut words = String::new();
        for line in text.lines() {
            let line = without_code(line);
            let (enhanced, rest) = split_enhanced(line);
            words.push_str(if words.is_empty() || enhanced.is_empty() {
                line
            } else {
                rest
            });
            words.push(' ');
        }
        self.excerpt(&words)
    }

    /// Whether it knows none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Whether a text holds a secret, whole.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        is_in(self.secrets.iter(), text)
    }

    /// A text that is data, such as a name: as it is, unless it holds a secret that is long enough to be no word.
    #[must_use]
    pub fn data<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let long = |secret: &&Secret| secret.verbatim.chars().count() >= SHORTEST_IN_DATA;
        if is_in(self.secrets.iter().filter(long), &text) {
            return MASK.into();
        }
        text
    }

    /// Where the first piece of a secret begins in a line.
    fn first_piece(&self, line: &str) -> Option<usize> {
        let forms = || self.secrets.iter().flat_map(|secret| &secret.forms);
        let mut first = None;
        let mut peeled = Peeled::new(line);
        for _ in 0..LAYERS {
            let begins = forms().filter_map(|form| form.first_piece(&peeled.bytes));
            let begin = begins.min().map(|at| peeled.from[at]);
            first = [first, begin].into_iter().flatten().min();
            if !peeled.peel() {
                break;
            }
        }
        first
    }
}

fn is_in<'s>(secrets: impl Iterator<Item = &'s Secret> + Clone, text: &str) -> bool {
    if secrets.clone().any(|secret| text.contains(&secret.verbatim)) {
        return true;
    }
    let mut peeled = Peeled::new(text);
    for _ in 0..LAYERS {
        let mut forms = secrets.clone().flat_map(|secret| &secret.forms);
        if forms.any(|form| find(&peeled.bytes, &form.bytes).is_some()) {
            return true;
        }
        if !peeled.peel() {
            break;
        }
    }
    false
}

impl Secret {
    fn new(secret: &str) -> Self {
        let length = secret.chars().count();
        let plain = Peeled::new(secret);
        let least = SHORTEST.max(length / 2);
        let mut is_syllable = length < SHORTEST || plain.bytes.len() < least;
        let mut bare = plain.clone();
        for _ in 0..LAYERS {
            bare.peel();
        }
        is_syllable |= bare.bytes.len() < SHORTEST;
        let mut forms = vec![Form::new(plain.bytes, SHORTEST), Form::new(bare.bytes, SHORTEST)];
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        // Replies are full of ids in hexadecimal digits.
        forms.push(Form::new(hex.into_bytes(), 2 * SHORTEST));
        for alphabet in [b"+/", b"-_"] {
            for alignment in 0..3 {
                let base64 = base64_within(secret.as_bytes(), alignment, *alphabet);
                forms.push(Form::new(Peeled::new(&base64).bytes, SHORTEST));
            }
        }
        Self {
            verbatim: secret.to_owned(),
            forms: forms.into_iter().filter(|form| !form.bytes.is_empty()).collect(),
            is_syllable,
        }
    }
}

impl Form {
    /// Half of it gives it away, but no less than `least`; and a little more than that always does.
    fn new(bytes: Vec<u8>, least: usize) -> Self {
        let piece = (bytes.len() / 2).clamp(least, least * 3 / 2);
        Self { bytes, piece }
    }

    /// Where the first piece of it begins, the beginning of one with which a text breaks off included.
    fn first_piece(&self, text: &[u8]) -> Option<usize> {
        let pieces = self.bytes.windows(self.piece);
        let first = pieces.filter_map(|piece| find(text, piece)).min();
        first.or_else(|| {
            (SHORTEST..self.piece).rev().find_map(|length| {
                let begin = self.bytes.get(..length)?;
                text.ends_with(begin).then(|| text.len() - length)
            })
        })
    }
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    text.windows(piece.len()).position(|window| window == piece)
}

/// A text in lower case, without blanks, plus signs (blanks of a query) and what is not ASCII; and where in the text each
/// byte of it came from.
#[derive(Clone)]
struct Peeled {
    bytes: Vec<u8>,
    from: Vec<usize>,
}

impl Peeled {
    fn new(text: &str) -> Self {
        let mut peeled = Self::empty(text.len());
        for (at, byte) in text.bytes().enumerate() {
            peeled.push(byte, at);
        }
        peeled
    }

    fn empty(length: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(length),
            from: Vec::with_capacity(length),
        }
    }

    fn push(&mut self, byte: u8, from: usize) {
        if byte.is_ascii_graphic() && byte != b'+' {
            self.bytes.push(byte.to_ascii_lowercase());
            self.from.push(from);
        }
    }

    /// Undoes one layer of escapes, whatever they are. False: there was none.
    fn peel(&mut self) -> bool {
        let mut below = Self::empty(self.bytes.len());
        let (mut at, mut is_escaped) = (0, false);
        while let Some(byte) = self.bytes.get(at) {
            let (length, byte) = match escape(&self.bytes[at..]) {
                Some((length, byte)) => {
                    is_escaped = true;
                    (length, byte)
                }
                None => (1, *byte),
            };
            below.push(byte, self.from[at]);
            at += length;
        }
        *self = below;
        is_escaped
    }
}

/// The escape at the beginning of a text in lower case: its length, and what it stands for; 0 when that counts for nothing.
fn escape(text: &[u8]) -> Option<(usize, u8)> {
    match text {
        [b'%', high, low, ..] | [b'\\', b'x', high, low, ..] => {
            let length = if text[0] == b'%' { 3 } else { 4 };
            Some((length, u8::try_from(number(&[*high, *low], 16)?).ok()?))
        }
        [b'\\', b'u', digits @ ..] => Some((6, ascii(number(digits.get(..4)?, 16)?))),
        [b'\\', b'n' | b'r' | b't' | b'b' | b'f', ..] => Some((2, 0)),
        [b'\\', byte @ (b'"' | b'\'' | b'\\' | b'/'), ..] => Some((2, *byte)),
        [b'&', rest @ ..] => {
            let name = &rest[..rest.iter().take(10).position(|byte| *byte == b';')?];
            let byte = match name {
                b"amp" => b'&',
                b"lt" => b'<',
                b"gt" => b'>',
                b"quot" => b'"',
                b"apos" => b'\'',
                [b'#', b'x', digits @ ..] => ascii(number(digits, 16)?),
                [b'#', digits @ ..] => ascii(number(digits, 10)?),
                [] => return None,
                // A letter with an accent.
                name if name.iter().all(u8::is_ascii_alphanumeric) => 0,
                _ => return None,
            };
            Some((name.len() + 2, byte))
        }
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, radix).ok()
}

fn ascii(code: u32) -> u8 {
    u8::try_from(code).ok().filter(u8::is_ascii).unwrap_or(0)
}

/// The characters of base64 that depend on `secret` alone when so many bytes, modulo 3, stand before it.
fn base64_within(secret: &[u8], alignment: usize, [plus, slash]: [u8; 2]) -> String {
    let bit = |at: usize| {
        let byte = at
            .checked_sub(8 * alignment)
            .and_then(|at| Some((secret.get(at / 8)?, at % 8)));
        byte.map_or(0, |(byte, at)| (byte >> (7 - at)) & 1)
    };
    let (begin, end) = ((8 * alignment).div_ceil(6), 8 * (alignment + secret.len()) / 6);
    let letter = |at: usize| {
        let value = (0..6).fold(0, |value, place| value << 1 | bit(6 * at + place));
        char::from(match value {
            0..26 => b'A' + value,
            26..52 => b'a' + (value - 26),
            52..62 => b'0' + (value - 52),
            62 => plus,
            _ => slash,
        })
    };
    (begin..end).map(letter).collect()
}

/// A line of a reply without the code in front of it.
fn without_code(line: &str) -> &str {
    match line.as_bytes() {
        [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..] => &line[4..],
        _ => line,
    }
}

/// An enhanced code such as `5.7.1`, and what follows it.
fn split_enhanced(line: &str) -> (&str, &str) {
    let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
    let mut parts = 0;
    let is_code = code.split('.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_code && parts == 3 {
        (code, rest)
    } else {
        ("", line)
    }
}

/// A text from outside as one line: no control characters, line breaks or marks that turn the reading direction, at
/// most `longest` characters. What would break a header or reorder a sentence becomes a blank.
#[must_use]
pub fn one_line(text: &str, longest: usize) -> String {
    one_line_of(text.chars(), longest)
}

/// Reads no further than it must: what is behind may be megabytes.
fn one_line_of(text: impl Iterator<Item = char>, longest: usize) -> String {
    let mut line = String::new();
    let (mut length, mut is_after_blank) = (0, false);
    for char in text {
        if char.is_whitespace() || is_unprintable(char) {
            is_after_blank = true;
            continue;
        }
        let blank = usize::from(is_after_blank && length > 0);
        if length + blank + 1 > longest {
            let kept = longest.saturating_sub(1);
            line = line.chars().take(kept).collect();
            line.truncate(line.trim_end().len());
            line.push('…');
            return line;
        }
        if blank == 1 {
            line.push(' ');
        }
        line.push(char);
        length += blank + 1;
        is_after_blank = false;
    }
    line
}

/// Control characters, and those that nobody sees or that change how the text around them is shown. The joiners U+200C
/// and U+200D are none: Persian names are written with them.
#[must_use]
pub fn is_unprintable(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
