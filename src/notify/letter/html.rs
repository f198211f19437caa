//! The layout of a letter as HTML: inline styles and tables, because mail programs know little else; one column that
//! fits a phone. askama escapes every value.
//!
//! The colours stand inline, for programs that drop the style sheet; the sheet turns them dark where the reader wants
//! that. A program that inverts colours by itself finds dark letters on light ground, and white ones on strong colours
//! only, which survive that.

use askama::Template;

use super::{Letter, Table};

/// The page around a letter. No pictures or scripts: nothing to load; the only links are where a client adds money, and where operators see more.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{%- macro say(sentence) %}{% for (code, words) in self.spans(sentence) %}{% if code %}<code class="c" style="font-size:14px;background:#f2f4f7;">{{ words }}</code>{% else %}{{ words }}{% endif %}{% endfor %}{% endmacro -%}
{%- macro lay(table) %}
<table class="l" width="100%" cellpadding="6" cellspacing="0" rules="rows" style="border-color:#eaecf0;font-size:14px;line-height:20px;">
<tr class="g" style="color:#667085;">{% for column in table.head %}{% if !column.below %}<th align="{% if column.numbers %}right{% else %}left{% endif %}" style="font-weight:normal;">{{ column.name }}</th>{% endif %}{% endfor %}</tr>
{%- for row in table.rows %}
<tr>
{%- for (index, cell) in row.iter().enumerate() %}{% let column = table.head[index] %}
{%- if !column.below %}<td valign="top"{% if column.numbers %} align="right"{% endif %}{% if column.numbers || (index == 0 && !self.has_below(table)) %} nowrap{% endif %}>{{ cell }}
{%- if index == 0 %}{% let under = self.under(table, row) %}{% if !under.is_empty() %}<br><small class="g" style="color:#667085;">{{ under }}</small>{% endif %}{% endif %}</td>
{%- endif %}{% endfor %}</tr>
{%- endfor %}
</table>
{%- if !table.more.is_empty() %}
<p class="g" style="margin:8px 0 0 0;color:#667085;">{% call say(table.more) %}{% endcall %}</p>
{%- endif %}
{%- endmacro -%}
<!doctype html>
<html lang="{{ letter.words.code }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ letter.subject }}</title>
<style>
:root{color-scheme:light dark}
.w{overflow-wrap:anywhere}
@media (max-width:480px){.p{padding-left:14px!important;padding-right:14px!important}}
@media (prefers-color-scheme:dark){
.o{background:#0c111d!important}
.b{background:#1d2433!important;border-color:#333f55!important;color:#e4e7ec!important}
.h{color:#f5f6f8!important}
.g{color:#a3aebf!important}
.l{border-color:#333f55!important}
.c{background:#333f55!important}
}
</style>
</head>
<body class="o" style="margin:0;padding:0;background:#f2f4f7;">
<table role="presentation" class="o" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f4f7;">
<tr><td align="center" style="padding:16px 8px;">
<table role="presentation" class="b w" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background:#ffffff;border:1px solid #e4e7ec;border-radius:6px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:24px;color:#1d2939;">
<tr><td style="height:6px;line-height:6px;font-size:1px;border-radius:5px 5px 0 0;background:{{ letter.tone.colour() }};">&nbsp;</td></tr>
<tr><td class="p" style="padding:20px 24px 8px 24px;">
{%- if !letter.badge.is_empty() %}
<div style="margin:0 0 12px 0;"><span style="display:inline-block;padding:1px 10px;border-radius:10px;background:{{ letter.tone.colour() }};color:#ffffff;font-size:12px;line-height:18px;font-weight:bold;letter-spacing:0.5px;">{{ letter.badge }}</span></div>
{%- endif %}
{%- if !letter.greeting.is_empty() %}
<p style="margin:0 0 12px 0;">{{ letter.greeting }}</p>
{%- endif %}
<h1 class="h" style="margin:0 0 12px 0;font-size:20px;line-height:28px;font-weight:bold;color:#101828;">{{ letter.headline }}</h1>
{%- for paragraph in letter.paragraphs %}
<p style="margin:0 0 12px 0;">{% call say(paragraph) %}{% endcall %}</p>
{%- endfor %}
</td></tr>
{%- if !letter.facts.is_empty() %}
<tr><td class="p" style="padding:4px 24px 12px 24px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:15px;line-height:22px;">
{%- for fact in letter.facts %}
<tr><td class="g l" valign="top" style="padding:6px 16px 6px 0;border-top:1px solid #eaecf0;color:#667085;white-space:nowrap;">{{ fact.label }}</td><td class="h l" valign="top" style="padding:6px 0;border-top:1px solid #eaecf0;color:#101828;">{{ fact.value }}</td></tr>
{%- endfor %}
</table>
</td></tr>
{%- endif %}
{%- if let Some(table) = letter.table %}
<tr><td class="p" style="padding:4px 24px 12px 24px;">
{% call lay(table) %}{% endcall %}
</td></tr>
{%- endif %}
{%- for section in letter.sections %}
<tr><td class="p" style="padding:4px 24px 12px 24px;">
<h2 class="h" style="margin:0 0 6px 0;font-size:16px;line-height:24px;font-weight:bold;color:#101828;">{{ section.heading }}</h2>
{%- call lay(section.table) %}{% endcall %}
</td></tr>
{%- endfor %}
{%- if !letter.steps.is_empty() %}
<tr><td class="p" style="padding:4px 24px 8px 24px;">
<h2 class="h" style="margin:0 0 6px 0;font-size:16px;line-height:24px;font-weight:bold;color:#101828;">{{ self.bare(letter.words.steps) }}</h2>
{%- if letter.steps.len() == 1 %}
{%- for step in letter.steps %}
<p style="margin:0 0 12px 0;">{% call say(step) %}{% endcall %}</p>
{%- endfor %}
{%- else %}
<ol style="margin:0 0 12px 0;padding-left:22px;">
{%- for step in letter.steps %}
<li style="margin:0 0 6px 0;">{% call say(step) %}{% endcall %}</li>
{%- endfor %}
</ol>
{%- endif %}
</td></tr>
{%- endif %}
{%- if let Some(link) = letter.link %}
<tr><td class="p" style="padding:0 24px 16px 24px;">
<a href="{{ link }}" style="display:inline-block;padding:10px 20px;border-radius:6px;background:#175cd3;color:#ffffff;font-weight:bold;text-decoration:none;">{{ self.bare(letter.words.pay_here) }}</a>
<div class="g" style="margin:6px 0 0 0;font-size:13px;line-height:18px;color:#667085;">{{ link }}</div>
</td></tr>
{%- endif %}
{%- if !letter.links.is_empty() %}
<tr><td class="p" style="padding:0 24px 16px 24px;">
{%- for (words, link) in letter.links %}
<a href="{{ link }}" style="display:inline-block;margin:0 8px 8px 0;padding:8px 16px;border-radius:6px;background:#175cd3;color:#ffffff;font-weight:bold;text-decoration:none;">{{ words }}</a>
{%- endfor %}
</td></tr>
{%- endif %}
{%- if !letter.contact.is_empty() %}
<tr><td class="p" style="padding:0 24px 12px 24px;">
<h2 class="h" style="margin:0 0 6px 0;font-size:16px;line-height:24px;font-weight:bold;color:#101828;">{{ self.bare(letter.words.contact) }}</h2>
<p style="margin:0;">{% for line in letter.contact %}{% if !loop.first %}<br>{% endif %}{{ line }}{% endfor %}</p>
</td></tr>
{%- endif %}
{%- if !letter.notes.is_empty() %}
<tr><td class="p g" style="padding:0 24px 8px 24px;font-size:14px;line-height:20px;color:#475467;">
{%- for note in letter.notes %}
<p style="margin:0 0 8px 0;">{% call say(note) %}{% endcall %}</p>
{%- endfor %}
</td></tr>
{%- endif %}
<tr><td class="p g l" style="padding:12px 24px 16px 24px;border-top:1px solid #eaecf0;font-size:13px;line-height:18px;color:#667085;">{{ letter.signature }}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"##
)]
struct Page<'a> {
    letter: &'a Letter,
}

#[expect(clippy::unused_self, reason = "templates reach functions through methods")]
impl Page<'_> {
    /// A heading without the colon that it has in plain text.
    fn bare(&self, heading: &'static str) -> &'static str {
        heading.trim_end_matches([':', '\u{a0}'])
    }

    /// A sentence in pieces; what stands between backticks is a command.
    fn spans<'t>(&self, sentence: &'t str) -> impl Iterator<Item = (bool, &'t str)> {
        let pieces = sentence.split('`').enumerate();
        pieces.map(|(index, words)| (index % 2 == 1, words))
    }

    /// Whether the first cells have others below them: then they may break, else they hold short names.
    fn has_below(&self, table: &Table) -> bool {
        table.head.iter().any(|column| column.below)
    }

    /// The cells that stand below the first one, for a phone has no room beside it: `limit 10.00 · low-balance`.
    fn under(&self, table: &Table, row: &[String]) -> String {
        let cells = row.iter().zip(&table.head);
        let below = cells.filter(|(cell, column)| column.below && !cell.is_empty());
        let said = below.map(|(cell, column)| {
            if column.numbers {
                format!("{} {cell}", column.name.to_lowercase())
            } else {
                cell.clone()
            }
        });
        said.collect::<Vec<_>>().join(" · ")
    }
}

impl Letter {
    /// The letter as an HTML page.
    pub(super) fn to_html(&self) -> String {
        let page = Page { letter: self };
        // Every value is plain text, and writing to a string cannot fail.
        page.render().expect("a template of plain texts renders")
    }
}
