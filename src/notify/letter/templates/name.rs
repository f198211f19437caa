//! What the name of a file says: `en/low-balance.fired.client.txt` is what clients who read English are told when
//! `low-balance` begins to fire; `en/fired.client.txt` is that for every policy without a text of its own.

use super::Fault;
use crate::domain::notice::{Message, MessageKind, Transition};
use crate::domain::{Language, PolicyName};

/// Who reads a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Clients,
    Operators,
}

impl Told {
    /// The word in the name of a file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clients => "client",
            Self::Operators => "operator",
        }
    }
}

/// Which letters a text is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub language: Language,
    /// `None`: every policy that has no text of its own.
    pub policy: Option<PolicyName>,
    /// One of `WORDS`.
    pub what: &'static str,
    pub told: Told,
}

/// What a letter can be about, and whether clients are told of it.
pub const WORDS: &[(&str, bool)] = &[
    ("fired", true),
    ("repeated", true),
    ("used-up", true),
    ("still-fires", true),
    ("resolved", true),
    ("client-due", false),
    ("news", false),
    ("escalated", false),
    ("acknowledged", false),
    ("withdrawn", false),
    ("enforced", false),
    ("summary", false),
    ("group", false),
    ("digest", false),
];

/// The word for what a letter is about. That a client had to wait is nothing to the client: to it, the alert begins.
pub(in super::super) fn word(message: &Message, count: usize, transition: &Transition) -> &'static str {
    match (message.kind, count) {
        (MessageKind::Summary, 2..) => return "summary",
        (MessageKind::Group, 2..) => return "group",
        _ => {}
    }
    match transition {
        Transition::Fired { .. } => "fired",
        Transition::ClientDue if message.channel.is_client() => "fired",
        Transition::ClientDue => "client-due",
        Transition::Repeated { .. } => "repeated",
        Transition::News => "news",
        Transition::UsedUp => "used-up",
        Transition::StillFires => "still-fires",
        Transition::Escalated { .. } => "escalated",
        Transition::Acknowledged { .. } => "acknowledged",
        Transition::Resolved => "resolved",
        Transition::Withdrawn { .. } => "withdrawn",
        Transition::Enforced { .. } => "enforced",
        Transition::Digest(_) => "digest",
    }
}

impl Place {
    /// Reads the name of a file below the folder.
    pub(super) fn of(file: &str, policies: &[PolicyName]) -> Result<Self, Fault> {
        let fault = |what: &str| Fault::new(file, None, what);
        let (folder, name) = file.split_once('/').unwrap_or(("", file));
        let codes = Language::ALL.map(Language::code);
        let language = Language::ALL.into_iter().find(|language| language.code() == folder);
        let language = language.ok_or_else(|| fault("is in no folder of a language").meant(folder, codes))?;
        let shape = || fault("is no name such as `low-balance.fired.client.txt` or `fired.client.txt`");
        let stem = name.strip_suffix(".txt").ok_or_else(shape)?;
        let parts: Vec<&str> = stem.split('.').collect();
        let (policy, what, told) = match parts[..] {
            [policy, what, told] => (Some(policy), what, told),
            [what, told] => (None, what, told),
            _ => return Err(shape()),
        };
        let told = [Told::Clients, Told::Operators]
            .into_iter()
            .find(|known| known.word() == told)
            .ok_or_else(|| fault("is for nobody").meant(told, [Told::Clients.word(), Told::Operators.word()]))?;
        if told == Told::Operators && language != Language::English {
            return Err(fault("is never used: operators read English, so it belongs into `en`"));
        }
        let known = || {
            WORDS
                .iter()
                .filter(|(_, clients)| *clients || told == Told::Operators)
                .map(|(word, _)| *word)
        };
        let what = known().find(|word| *word == what).ok_or_else(|| {
            let who = told.word();
            fault(&format!("is about nothing that {who}s are told")).meant(what, known())
        })?;
        let policy = match policy {
            Some(text) => match policies.iter().find(|policy| policy.as_str() == text) {
                Some(policy) => Some(policy.clone()),
                None => {
                    return Err(fault("is for a policy that is not there")
                        .meant(text, policies.iter().map(ToString::to_string)));
                }
            },
            None => None,
        };
        Ok(Self {
            language,
            policy,
            what,
            told,
        })
    }

    pub(super) fn of_any_policy(&self) -> Self {
        Self {
            policy: None,
            ..self.clone()
        }
    }
}
