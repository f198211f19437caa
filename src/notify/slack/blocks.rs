//! A letter as Slack shows one: blocks of text. PURE.
//!
//! <https://docs.slack.dev/reference/block-kit/blocks>: at most 50 blocks of 3,000 characters. Everything is escaped, and nothing is
//! read into the text (`verbatim`): a company named `<!channel>` calls nobody.

use serde_json::{Value, json};

use crate::notify::letter::{Letter, Table, Tone};
use crate::redact::one_line;

/// Longest text of a block, in characters.
const LONGEST_TEXT: usize = 3_000;

/// Most blocks of a message; one is kept for the last line.
const MOST_BLOCKS: usize = 49;

/// Longest title, in characters before they are escaped.
const LONGEST_TITLE: usize = 300;

/// What stands above a letter.
pub(super) enum Title<'a> {
    Plain,
    /// The title is crossed out, and what this letter says stands beside it.
    Over(&'a Letter),
}

/// What is posted: blocks, and a line for where they are not shown, such as a notification on a phone. `id` stands below,
/// so that a repeat is recognised.
pub(super) fn message(letter: &Letter, title: &Title<'_>, id: &str) -> Value {
    let subject = one_line(&letter.subject, LONGEST_TITLE);
    let (text, titles) = match title {
        Title::Plain => (subject.clone(), vec![format!("{} *{}*", sign(letter), bare(&subject))]),
        Title::Over(end) => {
            let end_subject = one_line(&end.subject, LONGEST_TITLE);
            let crossed = format!("{} ~{}~", sign(end), bare(&subject));
            (end_subject.clone(), vec![crossed, format!("*{}*", bare(&end_subject))])
        }
    };
    let mut blocks = sections(&titles.join("\n"));
    blocks.extend(sections(&body(letter)));
    for (heading, table) in letter.tables() {
        if !heading.is_empty() {
            blocks.push(section(&format!("*{}*", bare(heading))));
        }
        for rows in pieces(&table_text(table), LONGEST_TEXT - 8) {
            blocks.push(section(&format!("```\n{rows}\n```")));
        }
        blocks.extend(sections(&escaped(&table.more)));
    }
    blocks.extend(sections(&below(letter)));
    blocks.truncate(MOST_BLOCKS);
    let last = escaped(&one_line(&format!("{} · {id}", letter.signature), LONGEST_TITLE));
    blocks.push(json!({"type": "context", "elements": [markdown(&last)]}));
    json!({
        "text": escaped(&text),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

const fn sign(letter: &Letter) -> &'static str {
    match letter.tone {
        Tone::Bad => ":rotating_light:",
        Tone::Warn => ":warning:",
        Tone::Good => ":white_check_mark:",
        Tone::Neutral => ":information_source:",
    }
}

fn body(letter: &Letter) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Most subjects say it already.
    if !letter.subject.to_lowercase().ends_with(&letter.headline.to_lowercase()) {
        lines.push(escaped(&letter.headline));
    }
    lines.extend(letter.paragraphs.iter().map(|paragraph| escaped(paragraph)));
    let facts = letter.facts.iter();
    lines.extend(facts.map(|fact| format!("*{}:* {}", fact.label, value(&fact.value))));
    lines.join("\n")
}

/// A value; one that is an address is a link, which Slack makes of nothing by itself.
fn value(value: &str) -> String {
    let is_address = value.starts_with("https://") || value.starts_with("http://");
    if is_address && !value.contains(['|', '<', '>', ' ']) {
        format!("<{}>", escaped(value))
    } else {
        escaped(value)
    }
}

fn below(letter: &Letter) -> String {
    let steps = letter.steps.iter().enumerate();
    let steps = steps.map(|(index, step)| format!("{}. {}", index + 1, escaped(step)));
    let heading = (!letter.steps.is_empty()).then(|| "*What to do*".to_owned());
    let notes = letter.notes.iter().map(|note| escaped(note));
    heading
        .into_iter()
        .chain(steps)
        .chain(notes)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Rows in columns of equal width: Slack shows them in letters of equal width.
fn table_text(table: &Table) -> String {
    let head: Vec<String> = table.head.iter().map(|column| column.name.to_owned()).collect();
    let rows: Vec<&Vec<String>> = std::iter::once(&head).chain(&table.rows).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &&Vec<String>| {
        let cells = row.iter().zip(&table.head).zip(&widths);
        let cells = cells.map(|((cell, column), width)| {
            let cell = cell.replace('`', "'");
            if column.numbers {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        escaped(cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Text as blocks, none of them too long; none at all for no text.
fn sections(text: &str) -> Vec<Value> {
    pieces(text, LONGEST_TEXT).iter().map(|piece| section(piece)).collect()
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": markdown(text)})
}

fn markdown(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// Escaped text in pieces of at most `longest` characters, between lines where there are any, and never within an escape.
fn pieces(text: &str, longest: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > longest {
        let line = rest[..longest].iter().rposition(|c| *c == '\n').filter(|end| *end > 0);
        let end = line.unwrap_or_else(|| before_escape(&rest[..longest]));
        let tail = rest.split_off(end);
        pieces.push(rest.into_iter().collect());
        rest = tail.into_iter().skip_while(|c| *c == '\n').collect();
    }
    pieces.push(rest.into_iter().collect());
    pieces.retain(|piece: &String| !piece.trim().is_empty());
    pieces
}

/// Where to break so that no escape is broken: the longest has five characters.
fn before_escape(text: &[char]) -> usize {
    let begun = text
        .iter()
        .rposition(|c| *c == '&')
        .filter(|begun| text.len() - begun < 5);
    begun.unwrap_or(text.len())
}

/// The three characters that mean something to Slack wherever they stand.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A title, escaped, without what would end its being bold or crossed out.
fn bare(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '*' => '∗',
            '~' => '∼',
            '`' => '\'',
            other => other,
        })
        .collect();
    escaped(&plain)
}
