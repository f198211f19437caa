//! The layout of a letter as HTML: inline styles and tables, because mail programs know little else; one column that
//! fits a phone. askama escapes every value.

use askama::Template;

use super::letter::Letter;

/// The page around a letter. No pictures or scripts: nothing to load; the only link is where a client
/// adds money.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<!doctype html>
<html lang="{{ letter.words.code }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{{ letter.subject }}</title>
</head>
<body style="margin:0;padding:0;background:#f2f4f7;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f4f7;">
<tr><td align="center" style="padding:16px 8px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:{% if letter.table.is_some() %}760{% else %}600{% endif %}px;background:#ffffff;border:1px solid #e4e7ec;border-top:6px solid {{ letter.tone.colour() }};border-radius:6px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:24px;color:#1d2939;">
<tr><td style="padding:20px 24px 8px 24px;">
{%- if !letter.badge.is_empty() %}
<div style="margin:0 0 12px 0;"><span style="display:inline-block;padding:1px 10px;border-radius:10px;background:{{ letter.tone.colour() }};color:#ffffff;font-size:12px;line-height:18px;font-weight:bold;letter-spacing:0.5px;">{{ letter.badge }}</span></div>
{%- endif %}
{%- if !letter.greeting.is_empty() %}
<p style="margin:0 0 12px 0;">{{ letter.greeting }}</p>
{%- endif %}
<h1 style="margin:0 0 12px 0;font-size:20px;line-height:28px;font-weight:bold;color:#101828;">{{ letter.headline }}</h1>
{%- for paragraph in letter.paragraphs %}
<p style="margin:0 0 12px 0;">{% for (code, words) in self.spans(paragraph) %}{% if code %}<code style="font-size:14px;background:#f2f4f7;">{{ words }}</code>{% else %}{{ words }}{% endif %}{% endfor %}</p>
{%- endfor %}
</td></tr>
{%- if !letter.facts.is_empty() %}
<tr><td style="padding:4px 24px 12px 24px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:15px;line-height:22px;">
{%- for fact in letter.facts %}
<tr><td valign="top" style="padding:6px 16px 6px 0;border-top:1px solid #eaecf0;color:#667085;white-space:nowrap;">{{ fact.label }}</td><td valign="top" style="padding:6px 0;border-top:1px solid #eaecf0;color:#101828;">{{ fact.value }}</td></tr>
{%- endfor %}
</table>
</td></tr>
{%- endif %}
{%- if let Some(table) = letter.table %}
<tr><td style="padding:4px 24px 12px 24px;">
<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:14px;line-height:20px;">
<tr>{% for column in table.head %}<th {% if column.numbers %}align="right"{% else %}align="left"{% endif %} style="padding:6px 8px 6px 0;border-bottom:2px solid #d0d5dd;color:#667085;font-weight:normal;">{{ column.name }}</th>{% endfor %}</tr>
{%- for row in table.rows %}
<tr>{% for (cell, column) in row.iter().zip(table.head.iter()) %}<td valign="top" {% if column.numbers %}align="right" style="padding:6px 8px 6px 0;border-bottom:1px solid #eaecf0;white-space:nowrap;"{% else %}align="left" style="padding:6px 8px 6px 0;border-bottom:1px solid #eaecf0;"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{%- endfor %}
</table>
{%- if table.more > 0 %}
<p style="margin:8px 0 0 0;color:#667085;">and {{ table.more }} more</p>
{%- endif %}
</td></tr>
{%- endif %}
{%- if !letter.steps.is_empty() %}
<tr><td style="padding:4px 24px 8px 24px;">
<h2 style="margin:0 0 6px 0;font-size:16px;line-height:24px;font-weight:bold;color:#101828;">{{ self.bare(letter.words.steps) }}</h2>
{%- if letter.steps.len() == 1 %}
{%- for step in letter.steps %}
<p style="margin:0 0 12px 0;">{% for (code, words) in self.spans(step) %}{% if code %}<code style="font-size:14px;background:#f2f4f7;">{{ words }}</code>{% else %}{{ words }}{% endif %}{% endfor %}</p>
{%- endfor %}
{%- else %}
<ol style="margin:0 0 12px 0;padding-left:22px;">
{%- for step in letter.steps %}
<li style="margin:0 0 6px 0;">{% for (code, words) in self.spans(step) %}{% if code %}<code style="font-size:14px;background:#f2f4f7;">{{ words }}</code>{% else %}{{ words }}{% endif %}{% endfor %}</li>
{%- endfor %}
</ol>
{%- endif %}
</td></tr>
{%- endif %}
{%- if let Some(link) = letter.link %}
<tr><td style="padding:0 24px 16px 24px;">
<a href="{{ link }}" style="display:inline-block;padding:10px 20px;border-radius:6px;background:#175cd3;color:#ffffff;font-weight:bold;text-decoration:none;">{{ self.bare(letter.words.pay_here) }}</a>
<div style="margin:6px 0 0 0;font-size:13px;line-height:18px;color:#667085;word-break:break-all;">{{ link }}</div>
</td></tr>
{%- endif %}
{%- if !letter.contact.is_empty() %}
<tr><td style="padding:0 24px 12px 24px;">
<h2 style="margin:0 0 6px 0;font-size:16px;line-height:24px;font-weight:bold;color:#101828;">{{ self.bare(letter.words.contact) }}</h2>
<p style="margin:0;">{% for line in letter.contact %}{% if !loop.first %}<br>{% endif %}{{ line }}{% endfor %}</p>
</td></tr>
{%- endif %}
{%- if !letter.notes.is_empty() %}
<tr><td style="padding:0 24px 8px 24px;font-size:14px;line-height:20px;color:#475467;">
{%- for note in letter.notes %}
<p style="margin:0 0 8px 0;">{% for (code, words) in self.spans(note) %}{% if code %}<code style="font-size:14px;background:#f2f4f7;">{{ words }}</code>{% else %}{{ words }}{% endif %}{% endfor %}</p>
{%- endfor %}
</td></tr>
{%- endif %}
<tr><td style="padding:12px 24px 16px 24px;border-top:1px solid #eaecf0;font-size:13px;line-height:18px;color:#667085;">{{ letter.signature }}</td></tr>
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

impl Page<'_> {
    /// A heading without the colon that it has in plain text.
    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    fn bare(&self, heading: &'static str) -> &'static str {
        heading.trim_end_matches([':', '\u{a0}'])
    }

    /// A sentence in pieces; what stands between backticks is a command.
    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    fn spans<'t>(&self, sentence: &'t str) -> impl Iterator<Item = (bool, &'t str)> {
        let pieces = sentence.split('`').enumerate();
        pieces.map(|(index, words)| (index % 2 == 1, words))
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
