//! The language that a client is written to in: the one of the first rule that names it, else the one for all.

use super::policy::{Pattern, glob};

/// A language that mails to clients are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    #[default]
    English,
    French,
    Spanish,
}

impl Language {
    /// All there are, in the order in which their rules are asked.
    pub const ALL: [Self; 3] = [Self::English, Self::French, Self::Spanish];

    /// The word used in the configuration, and in HTML.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }
}

/// Who is written to in which language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Languages {
    /// For everybody whom no rule names.
    pub default: Language,
    /// The first that names a client decides.
    pub rules: Vec<(Language, Whom)>,
}

/// A way to name the clients of a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By id, address or company.
    Pattern(Pattern),
    /// By the country of the record, a name or a code with `*`, in small letters.
    Country(String),
}

impl Whom {
    /// Reads `country:…`, or else a pattern as policies have it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("country:") {
            Some(country) => Self::Country(country.trim().to_lowercase()),
            None => Self::Pattern(Pattern::parse(text)),
        }
    }
}

impl Languages {
    /// The language of the client with this id, company and country, when it is written to at `address`.
    #[must_use]
    pub fn of(&self, id: &str, address: &str, company: &str, country: &str) -> Language {
        let names = |whom: &Whom| match whom {
            Whom::Pattern(pattern) => pattern.names(id, address, company),
            Whom::Country(pattern) => glob(pattern, &country.trim().to_lowercase()),
        };
        let rule = self.rules.iter().find(|(_, whom)| names(whom));
        rule.map_or(self.default, |(language, _)| *language)
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Languages, Whom};

    #[test]
    fn the_first_rule_that_names_a_client_decides() {
        let rule = |language, text: &str| (language, Whom::parse(text));
        let languages = Languages {
            default: Language::English,
            rules: vec![
                rule(Language::French, "561115"),
                rule(Language::French, "*@example.fr"),
                rule(Language::French, "country:Fr*"),
                rule(Language::Spanish, "company:Telefonía *"),
                rule(Language::Spanish, "country:MX"),
                rule(Language::Spanish, "*@example.fr"),
            ],
        };
        let cases = [
            ("nobody", ("1", "a@example.com", "Acme", "CANADA"), Language::English),
            ("nothing known", ("1", "", "", ""), Language::English),
            ("id", ("561115", "a@example.com", "Acme", ""), Language::French),
            (
                "address, the first of two rules",
                ("1", "A@Example.FR", "Acme", ""),
                Language::French,
            ),
            (
                "country by its name",
                ("1", "a@example.com", "Acme", " FRANCE "),
                Language::French,
            ),
            ("country by its code", ("1", "", "", "mx"), Language::Spanish),
            ("company", ("1", "", "TELEFONÍA del Norte", "CANADA"), Language::Spanish),
            (
                "earlier rule, not the likelier one",
                ("1", "a@example.fr", "", "MX"),
                Language::French,
            ),
        ];
        for (name, (id, address, company, country), expected) in cases {
            assert_eq!(languages.of(id, address, company, country), expected, "{name}");
        }
    }
}
