//! What clients' mails say besides the event: where money is added, how the reseller is reached, in which language.

use super::addresses::{mailbox, page_url};
use super::policies::pattern;
use super::read::{Section, optional, refuse};
use super::settings::Mail;
use crate::domain::language::Whom;
use crate::domain::{Language, Languages};

/// Most lines of the contact: it stands below every mail, and a phone shows about this many beside it.
const MOST_CONTACT_LINES: usize = 12;

/// Longest line of it.
const LONGEST_CONTACT_LINE: usize = 200;

/// The languages by their words.
const LANGUAGES: [(&str, Language); 3] = {
    let [english, french, spanish] = Language::ALL;
    [
        (english.code(), english),
        (french.code(), french),
        (spanish.code(), spanish),
    ]
};

/// What mails share.
pub(super) fn mail(root: &Section<'_>) -> Option<Mail> {
    let section = root.table_or_empty("mail");
    let reply_to = optional(&section, "reply_to", |key| {
        section.text(key).and_then(|text| mailbox(&section, key, text))
    });
    let pay_url = optional(&section, "pay_url", |key| {
        section.text(key).and_then(|text| page_url(&section, key, text.trim()))
    });
    let contact = optional(&section, "contact", |key| contact(&section, key));
    let default = section.choice("language", &LANGUAGES, &[]);
    let rules = rules(&section);
    Some(Mail {
        reply_to: reply_to?,
        pay_url: pay_url?,
        contact: contact?.unwrap_or_default(),
        languages: Languages {
            default: default?,
            rules: rules?,
        },
    })
}

fn contact(section: &Section<'_>, key: &str) -> Option<Vec<String>> {
    let accepted = "at most 12 lines of 200 characters, such as a phone number, an address and opening hours";
    let lines = section.lines(key)?;
    let is_long = |line: &String| line.chars().count() > LONGEST_CONTACT_LINE;
    if lines.len() > MOST_CONTACT_LINES || lines.iter().any(is_long) {
        return refuse(section, key, "is too long", accepted);
    }
    Some(lines)
}

/// Whom each language is for, in the order in which they are asked.
fn rules(section: &Section<'_>) -> Option<Vec<(Language, Whom)>> {
    let table = section.table_or_empty("languages");
    let mut rules = Vec::new();
    let mut all_good = true;
    for (word, language) in LANGUAGES {
        if !table.has(word) {
            continue;
        }
        let texts = table.list(word);
        all_good &= texts.is_some();
        for text in texts.unwrap_or_default() {
            let whom = whom(&table, word, text);
            all_good &= whom.is_some();
            rules.extend(whom.map(|whom| (language, whom)));
        }
    }
    all_good.then_some(rules)
}

fn whom(table: &Section<'_>, key: &str, text: &str) -> Option<Whom> {
    match Whom::parse(text) {
        Whom::Country(country) if country.is_empty() => {
            table.refuse_item(key, text, "names no country", "such as country:FRANCE or country:FR");
            None
        }
        country @ Whom::Country(_) => Some(country),
        Whom::Pattern(_) => {
            let accepted = "an id, an e-mail pattern such as *@example.com, company:PATTERN or country:PATTERN";
            pattern(table, key, text, accepted).map(Whom::Pattern)
        }
    }
}
