//! Text from outside on a terminal: harmless, measured, wrapped between words, cut, and kept apart where it is written from
//! right to left.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub use crate::view::words::clean;

/// Before and behind text whose direction is its own.
const ISOLATE: char = '\u{2068}';
const END_OF_ISOLATE: char = '\u{2069}';

/// Whether a letter is written from right to left: Hebrew, Arabic and their neighbours.
const fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// A text in which what is written from right to left turns nothing around it: isolated from its first such letter to its
/// last.
pub fn isolated(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_right_to_left) else {
        return Cow::Borrowed(text);
    };
    let end = text.rfind(is_right_to_left).map_or(first, |last| {
        last + text[last..].chars().next().map_or(0, char::len_utf8)
    });
    let (before, rest) = text.split_at(first);
    let (turned, after) = rest.split_at(end - first);
    Cow::Owned(format!("{before}{ISOLATE}{turned}{END_OF_ISOLATE}{after}"))
}

/// Where a text may be broken, as pairs of where a line may end and where the next begins: at blanks, and behind a hyphen
/// between letters that is part of no path or id.
fn breaks(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(' ') {
        let end = at + word.len();
        if !word.contains(['/', '@', '`', '.', ':']) {
            let hyphens = word.match_indices('-').map(|(hyphen, _)| hyphen);
            found.extend(
                hyphens
                    .filter(|hyphen| is_between_letters(word, *hyphen))
                    .map(|hyphen| {
                        let next = at + hyphen + 1;
                        (next, next)
                    }),
            );
        }
        if end < text.len() {
            found.push((end, end + 1));
        }
        at = end + 1;
    }
    found
}

fn is_between_letters(word: &str, hyphen: usize) -> bool {
    let before = word[..hyphen].chars().next_back();
    let after = word[hyphen + 1..].chars().next();
    before.is_some_and(char::is_alphabetic) && after.is_some_and(char::is_alphabetic)
}

/// How wide the widest piece is that is not broken.
pub fn longest_word(text: &str) -> usize {
    let (mut longest, mut begin) = (0, 0);
    for (end, next) in breaks(text) {
        longest = text[begin..end].width().max(longest);
        begin = next;
    }
    text[begin..].width().max(longest)
}

/// A text in lines of at most this width, but for words that are wider.
pub fn wrapped(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut begin, mut last) = (0, None);
    let ends = breaks(text).into_iter().chain([(text.len(), text.len())]);
    for (end, next) in ends {
        if text[begin..end].width() > width
            && let Some((last_end, last_next)) = last
        {
            lines.push(text[begin..last_end].trim_end());
            begin = last_next + text[last_next..].len() - text[last_next..].trim_start().len();
        }
        last = Some((end, next)).filter(|(end, _)| *end > begin);
    }
    lines.push(&text[begin..]);
    lines
}

/// A text of at most this width, with `…` where it was cut.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut so_far) = (String::new(), 0);
    for char in text.chars() {
        so_far += char.width().unwrap_or(0);
        if so_far >= width {
            break;
        }
        kept.push(char);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::{clean, cut, isolated, longest_word, wrapped};

    #[test]
    fn harmful_characters_are_shown_as_replaced() {
        let cases = [
            ("plain", "Über GmbH <x>", "Über GmbH <x>"),
            ("escape", "a\u{1b}[31mb", "a\u{fffd}[31mb"),
            ("line break", "a\r\nb", "a\u{fffd}\u{fffd}b"),
            ("second control block", "a\u{9b}b", "a\u{fffd}b"),
            ("turned direction", "a\u{202e}b", "a\u{fffd}b"),
            ("an end of isolation", "a\u{2069}b", "a\u{fffd}b"),
            ("line separator", "a\u{2028}b", "a\u{fffd}b"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(clean(text), expected, "{name}");
        }
    }

    #[test]
    fn what_is_written_from_right_to_left_is_isolated() {
        for (text, expected) in [
            ("Acme", "Acme"),
            ("שלום עולם", "\u{2068}שלום עולם\u{2069}"),
            ("561115 شركة (Ali) 5", "561115 \u{2068}شركة\u{2069} (Ali) 5"),
        ] {
            assert_eq!(isolated(text), expected);
        }
    }

    #[test]
    fn lines_end_between_words() {
        for (name, text, width, lines) in [
            ("it fits", "one two", 7, &["one two"][..]),
            ("one less", "one two", 6, &["one", "two"]),
            (
                "a long word stays whole",
                "a 1234567890 b",
                4,
                &["a", "1234567890", "b"],
            ),
            (
                "behind a hyphen",
                "enforcement-without-effect",
                20,
                &["enforcement-without-", "effect"],
            ),
            (
                "not in a date or an amount",
                "2026-11-29 -5.00",
                10,
                &["2026-11-29", "-5.00"],
            ),
            ("not in a path", "at low-balance/x-y", 10, &["at", "low-balance/x-y"]),
            ("two blanks", "a  b", 2, &["a", "b"]),
            ("two blanks that fit", "a  b", 4, &["a  b"]),
            ("wide letters", "日本 日本", 5, &["日本", "日本"]),
            ("nothing", "", 5, &[""]),
        ] {
            assert_eq!(wrapped(text, width), lines, "{name}");
        }
        assert_eq!(longest_word("enforcement-without-effect x"), "enforcement-".len());
        assert_eq!(longest_word("日本 a"), 4);
    }

    #[test]
    fn what_is_cut_says_so() {
        for (text, width, expected) in [
            ("12345", 5, "12345"),
            ("123456", 5, "1234…"),
            ("123 567", 5, "123…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
        ] {
            assert_eq!(cut(text, width), expected);
        }
    }
}
