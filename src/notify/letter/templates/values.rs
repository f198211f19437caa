//! What a template may say. Every value is always there, so that none can be missing only now and then: what is not known
//! is empty, which `{% if %}` asks for.

use std::collections::BTreeMap;

use minijinja::Value;

use super::name::Told;

/// A letter's values, by name.
pub type Values = BTreeMap<&'static str, Value>;

/// A value that templates know.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    pub name: &'static str,
    /// Whether texts to clients may say it. The others are the reseller's own business.
    pub for_clients: bool,
    /// What it is, for the table in the docs.
    pub meaning: &'static str,
}

const fn name(name: &'static str, for_clients: bool, meaning: &'static str) -> Name {
    Name {
        name,
        for_clients,
        meaning,
    }
}

/// All there are. `config/ON-CALL.md` shows the same table.
pub const NAMES: &[Name] = &[
    name(
        "name",
        true,
        "what the client is called: its company, else its person; empty when only the id is known",
    ),
    name("client", true, "the client's id"),
    name("balance", true, "the balance, with its currency"),
    name(
        "limit",
        true,
        "what was crossed: the limit of the balance, or of today's spending",
    ),
    name("threshold", true, "the client's own threshold"),
    name("spent_today", true, "spent since midnight in Toronto"),
    name("read_at", true, "the age and the time of day of the balance"),
    name("since", true, "the age and the time of day of the alert's beginning"),
    name("reminder", true, "which reminder this is; 0 for none"),
    name("service", true, "the name of the phone service, from `smtp.from`"),
    name("pay_url", true, "where clients add money"),
    name("contact", true, "how clients reach you: a list of lines"),
    name("subject", true, "the shipped subject"),
    name("headline", true, "the shipped headline"),
    name("paragraphs", true, "the shipped paragraphs: a list"),
    name("steps", true, "the shipped steps: a list"),
    name("account", false, "the account's name"),
    name("policy", false, "the policy's name"),
    name("severity", false, "`info`, `warning` or `critical`"),
    name("reason", false, "what was compared, in one sentence"),
    name("management", false, "what the client is set to: `HARD` or `SOFT`"),
    name("enforcement", false, "what the policy changes, in one sentence"),
    name("runbook_url", false, "where it is written what to do"),
    name("count", false, "how many notifications the message carries"),
];

/// Whether a value is given to texts for these readers.
pub(in super::super) fn is_given(value: &str, told: Told) -> bool {
    NAMES
        .iter()
        .any(|row| row.name == value && (row.for_clients || told == Told::Operators))
}
