//! Reads Rust source just well enough for the tidy rules: code apart from comments, strings and tests, and the
//! crate modules that a file names. It judges nothing.

use std::ops::Range;

/// `text` with comments and the contents of string and character literals blanked out. Lines stay where they are, so
/// that a finding can name its line.
pub fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if opens_raw_string(bytes, at) => raw_string_end(bytes, at).unwrap_or(at),
            b'\'' => char_end(bytes, at).unwrap_or(at),
            _ => at,
        };
        if end == at {
            at += 1;
            continue;
        }
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    // Whole literals and comments were blanked, so no character is left cut in half.
    String::from_utf8(code).expect("only whole characters were replaced")
}

/// Where in `code` (as [`code_of`] gives it) the items under `#[cfg(test)]` stand.
pub fn test_items(code: &str) -> Vec<Range<usize>> {
    const MARK: &str = "#[cfg(test)]";
    let mut items = Vec::new();
    let mut from = 0;
    while let Some(found) = code[from..].find(MARK) {
        let start = from + found;
        from = item_end(code.as_bytes(), start + MARK.len());
        items.push(start..from);
    }
    items
}

/// `code` without the items at `tests`: blanked out, every line in its place.
pub fn without(code: &str, tests: &[Range<usize>]) -> String {
    let mut product = code.to_owned();
    // From the last to the first, so that a change of length (a character of several bytes) moves nothing still to come.
    for item in tests.iter().rev() {
        let blank: String = product[item.clone()]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        product.replace_range(item.clone(), &blank);
    }
    product
}

/// Whether `word` stands in `line` with no letter, digit or underscore touching it. A word may contain `::`.
pub fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        !line[..start].chars().next_back().is_some_and(is_part)
            && !line[start + word.len()..].chars().next().is_some_and(is_part)
    })
}

/// The first segments of all paths in `product` that begin with `root::`, groups in braces included, each with its
/// line (from 1).
pub fn first_segments(product: &str, root: &str) -> Vec<(usize, String)> {
    let prefix = format!("{root}::");
    let mut segments = Vec::new();
    for (start, _) in product.match_indices(&prefix) {
        if continues_word(product.as_bytes(), start) {
            continue;
        }
        let line = line_of(product, start);
        let rest = product[start + prefix.len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(group) => segments.extend(group_heads(group).into_iter().map(|head| (line, head))),
            None => segments.extend(identifier(rest).map(|head| (line, head))),
        }
    }
    segments
}

/// What paths that climb with `super::` out of the top-level module arrive at, each with its line. `depth` is how
/// many `super` lead from this file's module to the crate root.
pub fn climbed_segments(product: &str, depth: usize) -> Vec<(usize, String)> {
    let climb = "super::".repeat(depth);
    if depth == 0 {
        return Vec::new();
    }
    first_segments(product, climb.trim_end_matches("::"))
        .into_iter()
        .filter(|(_, head)| head != "super")
        .collect()
}

/// The line (from 1) of the byte at `at`.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The first identifiers of the members of a group `a::b, c::{d, e}, f}`, whose opening brace is already read.
fn group_heads(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 0_usize;
    let mut at_member = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_member = true,
            c if c.is_whitespace() => {}
            _ if at_member => {
                at_member = false;
                heads.extend(identifier(&group[at..]));
            }
            _ => {}
        }
    }
    heads
}

fn identifier(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Whether the byte before `at` belongs to the same word or path.
fn continues_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(bytes.len(), |n| from + n)
}

fn block_comment_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Whether the `r` at `at` may open a raw string: it begins a word, or follows the `b` of a byte string.
fn opens_raw_string(bytes: &[u8], at: usize) -> bool {
    !continues_word(bytes, at) || (bytes[at - 1] == b'b' && !continues_word(bytes, at - 1))
}

/// The end of a raw string that begins at `from`, or `None` when an ordinary `r` stands there.
fn raw_string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let hashes = bytes[from + 1..].iter().take_while(|b| **b == b'#').count();
    let open = from + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let length = bytes[open + 1..]
        .windows(close.len())
        .position(|window| window == close);
    Some(length.map_or(bytes.len(), |n| open + 1 + n + close.len()))
}

/// The end of a character literal that begins at `from`, or `None` when the quote opens a lifetime.
fn char_end(bytes: &[u8], from: usize) -> Option<usize> {
    let escaped = bytes.get(from + 1) == Some(&b'\\');
    let search = if escaped { from + 3 } else { from + 1 };
    // The longest literals are `'\u{10ffff}'` and a character of four bytes.
    let close = bytes.iter().skip(search).take(9).position(|b| *b == b'\'')? + search;
    let text = std::str::from_utf8(&bytes[from + 1..close]).ok()?;
    (escaped || text.chars().count() == 1).then_some(close + 1)
}

/// Where the item after an attribute ends: at its closing brace, or at the semicolon of an item without a body.
fn item_end(bytes: &[u8], from: usize) -> usize {
    let mut braces = 0_usize;
    let mut brackets = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return at + 1;
                }
            }
            b';' if braces == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}
