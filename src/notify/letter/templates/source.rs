//! A file of templates in its parts: lines `Subject:` and `Headline:` at its top, and behind an empty line the text. In
//! the rendered text an empty line ends a paragraph, and lines that begin with `- ` are steps.

use super::{BODY, Fault, HEADLINE, SUBJECT, Source};

/// Largest file, in bytes: mails are a fraction of that.
pub const LARGEST: usize = 64 * 1024;

/// The parts, each in the line where it stands, so that what is wrong with it is said of the right line.
pub(super) fn parts(source: &Source) -> Result<Vec<(&'static str, String)>, Fault> {
    if source.text.len() > LARGEST {
        return Err(Fault::new(
            &source.name,
            None,
            format!("is larger than {LARGEST} bytes"),
        ));
    }
    let mut parts = Vec::new();
    let mut before = 0;
    for (index, line) in source.text.lines().enumerate() {
        if line.trim().is_empty() {
            before = index + 1;
            break;
        }
        let Some((key, text)) = line.split_once(':').filter(|(key, _)| is_key(key)) else {
            break;
        };
        let known = [SUBJECT, HEADLINE];
        let Some(part) = known.into_iter().find(|part| part.eq_ignore_ascii_case(key)) else {
            // A text may well begin with a word and a colon, but hardly with a word that is nearly one of these.
            let near = known
                .into_iter()
                .any(|part| strsim::osa_distance(part, &key.to_lowercase()) <= 2);
            if near {
                let what = "is neither `Subject:` nor `Headline:`";
                return Err(Fault::new(&source.name, Some(index + 1), what).meant(key, ["Subject", "Headline"]));
            }
            break;
        };
        if parts.iter().any(|(given, _)| *given == part) {
            return Err(Fault::new(
                &source.name,
                Some(index + 1),
                format!("gives the {part} twice"),
            ));
        }
        parts.push((part, format!("{}{}", "\n".repeat(index), text.trim())));
        before = index + 1;
    }
    let body: Vec<&str> = source.text.lines().skip(before).collect();
    if body.iter().any(|line| !line.trim().is_empty()) {
        parts.push((BODY, format!("{}{}", "\n".repeat(before), body.join("\n"))));
    }
    if parts.is_empty() {
        return Err(Fault::new(&source.name, None, "is empty"));
    }
    Ok(parts)
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The paragraphs and the steps of a rendered text.
pub(super) fn blocks(rendered: &str) -> (Vec<String>, Vec<String>) {
    let (mut paragraphs, mut steps) = (Vec::new(), Vec::new());
    let mut block = String::new();
    let mut is_step = false;
    let mut end = |block: &mut String, is_step: bool| {
        let text = std::mem::take(block);
        if !text.trim().is_empty() {
            if is_step { &mut steps } else { &mut paragraphs }.push(text);
        }
    };
    for line in rendered.lines() {
        let line = line.trim();
        if line.is_empty() {
            end(&mut block, is_step);
            is_step = false;
        } else if let Some(step) = line.strip_prefix("- ") {
            end(&mut block, is_step);
            is_step = true;
            block.push_str(step);
        } else {
            if !block.is_empty() {
                block.push(' ');
            }
            block.push_str(line);
        }
    }
    end(&mut block, is_step);
    (paragraphs, steps)
}

/// Whether a line names a value as a word of its own.
pub(super) fn uses(line: &str, name: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let behind = line[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !behind.is_some_and(is_part)
    })
}
