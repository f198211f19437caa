//! The keys that a configuration may have. Values are judged elsewhere.

use super::problem::{Problem, Report, nearest};
use super::tree::{Kind, Node, Table};

/// What is written behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A text in quotes: names, durations, amounts and all else.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    List,
    /// More keys.
    Table,
}

/// The keys of each section; `*` stands for the name of an entry.
pub(super) const KNOWN: &[(&str, &[(&str, Form)])] = &[
    (
        "",
        &[
            ("account", Form::Table),
            ("schedule", Form::Table),
            ("smtp", Form::Table),
            ("mail", Form::Table),
            ("channel", Form::Table),
            ("alerts", Form::Table),
            ("policy", Form::Table),
            ("store", Form::Table),
            ("enforcement", Form::Table),
        ],
    ),
    (
        "account.*",
        &[
            ("name", Form::Text),
            ("url", Form::Text),
            ("username", Form::Text),
            ("password", Form::Text),
            ("password_file", Form::Text),
            ("rate_per_minute", Form::Integer),
            ("concurrency", Form::Integer),
            ("transport", Form::Text),
            ("currency", Form::Text),
            ("own_balance_below", Form::Text),
        ],
    ),
    (
        "schedule",
        &[
            ("sweep", Form::Text),
            ("timezone", Form::Text),
            ("pace", Form::Text),
            ("threshold_refresh", Form::Text),
            ("revisit_within", Form::Text),
        ],
    ),
    (
        "smtp",
        &[
            ("url", Form::Text),
            ("password", Form::Text),
            ("password_file", Form::Text),
            ("from", Form::Text),
            ("helo", Form::Text),
            ("ca_file", Form::Text),
            ("timeout", Form::Text),
        ],
    ),
    (
        "mail",
        &[
            ("reply_to", Form::Text),
            ("pay_url", Form::Text),
            ("contact", Form::Text),
            ("language", Form::Text),
            ("languages", Form::Table),
        ],
    ),
    (
        "mail.languages",
        &[("en", Form::List), ("fr", Form::List), ("es", Form::List)],
    ),
    (
        "channel.*",
        &[("name", Form::Text), ("type", Form::Text), ("to", Form::List)],
    ),
    (
        "alerts",
        &[
            ("notify_clients", Form::Flag),
            ("client_mails_per_hour", Form::Integer),
            ("default_threshold", Form::Text),
        ],
    ),
    (
        "policy.*",
        &[
            ("name", Form::Text),
            ("enabled", Form::Flag),
            ("severity", Form::Text),
            ("when", Form::Table),
            ("clear", Form::Table),
            ("for", Form::Text),
            ("clear_readings", Form::Integer),
            ("clear_for", Form::Text),
            ("repeat_every", Form::Text),
            ("max_repeats", Form::Integer),
            ("cool_down", Form::Text),
            ("notify", Form::List),
            ("clients", Form::Table),
            ("enforce", Form::Table),
        ],
    ),
    (
        "policy.*.when",
        &[
            ("balance_below", Form::Text),
            ("balance_at_most", Form::Text),
            ("spent_today_above", Form::Text),
            ("no_reading_for", Form::Text),
        ],
    ),
    (
        "policy.*.clear",
        &[("balance_at_least", Form::Text), ("balance_above", Form::Text)],
    ),
    ("policy.*.clients", &[("include", Form::List), ("exclude", Form::List)]),
    (
        "policy.*.enforce",
        &[("balance_management", Form::Text), ("revert_on_recovery", Form::Flag)],
    ),
    ("store", &[("url", Form::Text), ("keep_history", Form::Text)]),
    (
        "enforcement",
        &[
            ("mode", Form::Text),
            ("max_per_sweep", Form::Integer),
            ("max_per_day", Form::Integer),
            ("protect", Form::List),
            ("extra_fields", Form::List),
            ("canary_wait", Form::Text),
        ],
    ),
];

/// Keys of later versions: known, and refused.
const LATER: &[(&str, &str)] = &[("policy.*.when", "empty_within"), ("enforcement", "ask_again")];

/// Kinds of channels of later versions. Their keys are not judged: the kind itself is refused.
pub(super) const LATER_CHANNELS: [&str; 5] = ["alertmanager", "pagerduty", "webhook", "slack", "ntfy"];

/// Whether the value of a key of this name is a secret.
pub(super) fn is_secret(key: &str) -> bool {
    key.rsplit('.').next() == Some("password")
}

/// Whether a value that is not good may hold a secret: it is one, it was given as its own file by mistake, or it is a URL
/// with a user.
pub(super) fn may_hold_secret(key: &str, value: &str) -> bool {
    is_secret(key) || key.ends_with("password_file") || (value.contains("://") && value.contains('@'))
}

/// The keys of a section.
fn keys_of(section: &str) -> &'static [(&'static str, Form)] {
    KNOWN
        .iter()
        .find(|(name, _)| *name == section)
        .map_or(&[], |(_, keys)| keys)
}

/// Where a key stands in the manual; unknown ones stand last.
pub(super) fn rank(section: &str, key: &str) -> usize {
    keys_of(section)
        .iter()
        .position(|(name, _)| *name == key)
        .unwrap_or(usize::MAX)
}

/// What is written behind a key, by the path of its section with `*` for names; `None` for an unknown key.
pub(super) fn form(section: &str, key: &str) -> Option<Form> {
    keys_of(section)
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, form)| *form)
}

/// Reports every key of a layer that is not known. Names no value: the misspelt key may be a secret's.
pub(super) fn refuse_unknown(layer: &Table, report: &Report) {
    walk(layer, "", "", report);
}

fn walk(table: &Table, section: &str, place: &str, report: &Report) {
    for (key, node) in table {
        let at = join(place, key);
        let within = join(section, key);
        match (form(section, key), &node.kind) {
            (None, _) if LATER.contains(&(section, key)) => {
                report.problem(Problem::new(&node.origin, at, "is not in this version"));
            }
            (None, _) => report.problem(unknown(section, key, &at, node)),
            (Some(Form::Table), Kind::Table(table)) => walk(table, &within, &at, report),
            (Some(Form::Table), Kind::Named(entries)) => {
                for (name, entry) in entries {
                    if let Kind::Table(table) = &entry.kind
                        && !is_later_channel(&within, table)
                    {
                        walk(table, &join(&within, "*"), &join(&at, name), report);
                    }
                }
            }
            (Some(_), _) => {}
        }
    }
}

fn is_later_channel(section: &str, table: &Table) -> bool {
    section == "channel"
        && matches!(table.get("type"), Some(Node { kind: Kind::Text(kind), .. })
            if LATER_CHANNELS.contains(&kind.as_str()))
}

fn unknown(section: &str, key: &str, at: &str, node: &Node) -> Problem {
    let known = keys_of(section);
    let elsewhere = || {
        let mut sections = KNOWN
            .iter()
            .filter(|(_, keys)| keys.iter().any(|(name, _)| *name == key));
        let (section, _) = sections.next()?;
        Some(join(section, key).replace('*', "NAME"))
    };
    let meant = nearest(key, known.iter().map(|(name, _)| *name)).or_else(elsewhere);
    let accepted: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    Problem::new(&node.origin, at, "is not a known key")
        .accepted(format!("known here: {}", accepted.join(", ")))
        .did_you_mean(meant)
}

/// A path and one more key.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
