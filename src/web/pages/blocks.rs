//! Whatever is shown, as HTML: lines, cards and tables, every text escaped and stripped of what could hide or reorder others.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::links;
use crate::view::page::{self, Block, Cell};
use crate::view::words::clean;
use crate::view::{Page, Tone};

/// A page of blocks. In a template, `{{ blocks }}` is its HTML.
#[derive(Template)]
#[template(path = "blocks.html")]
pub struct Blocks {
    page: Page,
    /// What its tables are called, for those who do not see them.
    name: &'static str,
}

impl HtmlSafe for Blocks {}

/// A longer id is cut in the middle; whole it is a tooltip.
const LONGEST_ID: usize = 28;

impl Blocks {
    pub fn new(page: Page, name: &'static str) -> Self {
        Self { page, name }
    }

    fn blocks(&self) -> &[Block] {
        &self.page.0
    }

    /// What the table at this place is called: no two of a page are called the same.
    fn label(&self, place: &usize) -> String {
        let before = self.page.0.iter().take(*place);
        match before.filter(|block| matches!(block, Block::Table(_))).count() {
            0 => self.name.to_owned(),
            before => format!("{}, table {}", self.name, before + 1),
        }
    }

    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        clean(text)
    }

    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    fn cell<'c>(&self, cell: &'c Cell) -> Toned<'c> {
        toned(&*cell.text, cell.tone)
    }

    /// Where there is more to see of what it is about.
    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    fn href(&self, cell: &Cell) -> Option<String> {
        cell.about.as_ref().map(links::to)
    }

    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    fn id<'c>(&self, cell: &'c Cell) -> Id<'c> {
        id(&cell.text)
    }
}

/// The class of a tone; a plain one has none.
pub fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
        Tone::Faint => "faint",
    }
}

/// A text with its tone.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% if class.is_empty() %}{{ text }}{% else %}<span class="{{ class }}">{{ text }}</span>{% endif %}"#
)]
pub struct Toned<'t> {
    text: Cow<'t, str>,
    class: &'static str,
}

impl HtmlSafe for Toned<'_> {}

/// A text with its tone.
pub fn toned<'t>(text: impl Into<Cow<'t, str>>, tone: Tone) -> Toned<'t> {
    let text = match text.into() {
        Cow::Borrowed(text) => clean(text),
        Cow::Owned(text) => Cow::Owned(clean(&text).into_owned()),
    };
    Toned {
        text,
        class: class(tone),
    }
}

/// An id, short enough for a table.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<code{% if is_cut %} title="{{ whole }}"{% endif %}>{{ start }}{% if is_cut %}…{% endif %}{{ end }}</code>"#
)]
pub struct Id<'t> {
    whole: Cow<'t, str>,
    start: String,
    end: String,
    is_cut: bool,
}

impl HtmlSafe for Id<'_> {}

/// An id as a table shows it: cut in the middle when it is long, and then whole as a tooltip.
pub fn id(text: &str) -> Id<'_> {
    let whole = clean(text);
    let length = whole.chars().count();
    let is_cut = length > LONGEST_ID;
    let start = if is_cut { LONGEST_ID / 2 } else { length };
    let rest = if is_cut { length - LONGEST_ID / 2 } else { length };
    Id {
        start: whole.chars().take(start).collect(),
        end: whole.chars().skip(rest).collect(),
        whole,
        is_cut,
    }
}

#[cfg(test)]
mod tests {
    use super::{Blocks, id};
    use crate::domain::{AccountName, ClientId};
    use crate::view::page::{Card, Cell, Page, Table, Thing, Tone};

    #[test]
    fn every_text_is_escaped_and_says_its_tone_by_a_class() {
        let mut page = Page::default();
        page.line("<script>alert(1)</script> \u{202e}");
        let mut card = Card::new("client <1>", "");
        card.fact("balance", ("0.00", Tone::Bad));
        let (account, client) = (AccountName::new("main").unwrap(), ClientId::new("561115").unwrap());
        card.fact("client", Cell::client(&account, &client));
        page.card(card);
        let mut table = Table::new(&["state", ">amount", "id", ""]);
        table.row([
            Cell::from(("fires", Tone::Warning)),
            "1.00".into(),
            Cell::from("main/561115/low/2026-11-29T00:00:00Z/fired/ops/").about(Thing::Notification("a&b".to_owned())),
            "\"><img>".into(),
        ]);
        page.table(table);
        let html = Blocks::new(page, "things").to_string();
        for part in [
            "<p>&#60;script&#62;alert(1)&#60;/script&#62; \u{fffd}</p>",
            "<h2>client &#60;1&#62;</h2>",
            "<dt>balance</dt><dd><span class=\"bad\">0.00</span></dd>",
            "<dd><a href=\"/clients/main/561115\">561115</a></dd>",
            "<a href=\"/notifications?id=a%26b\"><code",
            "<th scope=\"col\" class=\"right\">amount</th>",
            "<td><span class=\"warning\">fires</span></td><td class=\"right\">1.00</td>",
            "title=\"main/561115/low/2026-11-29T00:00:00Z/fired/ops/\">main/561115/lo…00Z/fired/ops/</code>",
            "<td>&#34;&#62;&#60;img&#62;</td>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    }

    #[test]
    fn a_short_id_stays_whole() {
        assert_eq!(id("s-4k7b").to_string(), "<code>s-4k7b</code>");
        let bound = "x".repeat(28);
        assert_eq!(id(&bound).to_string(), format!("<code>{bound}</code>"));
    }
}
