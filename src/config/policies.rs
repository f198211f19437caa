//! Policies: from values to the rules of the domain, with the shipped ones and the built-in alerts among them.
//!
//! Judges no client; the domain does.

use super::conditions::{clear, when};
use super::problem::{Problem, nearest};
use super::read::{Section, optional, refuse};
use super::sections::{days, secs};
use crate::domain::policy::{Enforce, Pattern, Scope, Selector, When};
use crate::domain::{ChannelName, ClientId, Management, Policy, PolicyName, Severity};

/// The alerts about the account itself.
pub const ACCOUNT_ALERTS: [&str; 9] = [
    "account-access",
    "upstream",
    "inventory",
    "overcommitted",
    "brake",
    "dead-letter",
    "read-back",
    "enforcement-without-effect",
    "store",
];

/// The shipped policy about the reseller's own balance.
pub const OWN_BALANCE: &str = "own-balance";
/// The shipped policy that mails clients when `notify_clients` is set.
pub const LOW_BALANCE: &str = "low-balance";
/// The shipped policy about clients that cannot be read.
pub const BLIND: &str = "blind";

/// What policies refer to.
pub(super) struct Known<'a> {
    /// The names of all channels, good or not, without `client`.
    pub channels: &'a [&'a str],
    /// Whether `low-balance` mails clients whatever its own `notify` says.
    pub notify_clients: bool,
}

/// The policies, enabled or not: whether it is enabled, and the policy.
pub(super) fn policies(root: &Section<'_>, known: &Known<'_>) -> Vec<(bool, Policy)> {
    root.entries("policy")
        .iter()
        .filter_map(|(name, section)| policy(name, section, known))
        .collect()
}

fn policy(name: &str, section: &Section<'_>, known: &Known<'_>) -> Option<(bool, Policy)> {
    let scope = match name {
        OWN_BALANCE => Scope::Reseller,
        name if ACCOUNT_ALERTS.contains(&name) => Scope::Account,
        _ => Scope::Clients,
    };
    let policy_name = PolicyName::new(name);
    if policy_name.is_err() {
        section.refuse("name", "is not a name", "a-z, 0-9 and -, at most 64");
    }
    refuse_out_of_scope(section, scope);
    let enabled = section.flag("enabled");
    let severities = [Severity::Info, Severity::Warning, Severity::Critical].map(|it| (it.as_str(), it));
    let severity = section.choice("severity", &severities, &[]);
    let when = match scope {
        Scope::Account => Some(When::default()),
        Scope::Reseller if !section.has("when") => Some(When::default()),
        _ => when(name, section, scope),
    };
    let clear = clear(section, scope, when.as_ref());
    let hold = section.duration("for", secs(0)..=days(30));
    let clear_readings = section.number("clear_readings", 1..=100);
    let clear_for = section.duration("clear_for", secs(0)..=days(30));
    let repeat_every = section.duration("repeat_every", secs(1)..=days(365));
    let max_repeats = section.number("max_repeats", 0..=1_000);
    let cool_down = section.duration("cool_down", secs(0)..=days(30));
    let notify = notify(name, section, scope, known);
    let clients = selector(section);
    let enforce = enforce(section, scope, when.as_ref());
    let policy = Policy {
        name: policy_name.ok()?,
        severity: severity?,
        when: when?,
        clear: clear?,
        hold: hold?,
        clear_readings: clear_readings?,
        clear_for: clear_for?,
        repeat_every: repeat_every?,
        max_repeats: max_repeats?,
        cool_down: cool_down?,
        notify: notify?,
        clients: clients?,
        enforce: enforce?,
        scope,
    };
    Some((enabled?, policy))
}

/// Refuses keys that mean nothing for alerts about the account or the reseller.
fn refuse_out_of_scope(section: &Section<'_>, scope: Scope) {
    let (keys, why): (&[&str], _) = match scope {
        Scope::Clients => return,
        Scope::Reseller => (&["clients", "enforce"], "cannot be set for the reseller's own balance"),
        Scope::Account => (
            &["when", "clear", "clients", "enforce"],
            "cannot be set for a built-in alert",
        ),
    };
    for key in keys.iter().filter(|key| section.has(key)) {
        section.refuse(
            key,
            why,
            "severity, notify, for, repeat_every, max_repeats, enabled and the like",
        );
    }
}

fn notify(name: &str, section: &Section<'_>, scope: Scope, known: &Known<'_>) -> Option<Vec<ChannelName>> {
    let mut channels: Vec<ChannelName> = Vec::new();
    let mut good = true;
    for text in section.list("notify")? {
        let channel = channel(text, section, scope, known);
        good &= channel.is_some();
        channels.extend(channel.filter(|channel| !channels.contains(channel)));
    }
    let client = ChannelName::client();
    if name == LOW_BALANCE && known.notify_clients && !channels.contains(&client) {
        channels.push(client);
    }
    good.then_some(channels)
}

fn channel(text: &str, section: &Section<'_>, scope: Scope, known: &Known<'_>) -> Option<ChannelName> {
    let client = ChannelName::client();
    let names = || known.channels.iter().copied().chain([client.as_str()]);
    if !names().any(|name| name == text) {
        let accepted = format!("the configured ones: {}", names().collect::<Vec<_>>().join(", "));
        let problem = Problem::new(section.origin_of("notify"), section.key("notify"), "names no channel");
        let problem = problem
            .value(text)
            .accepted(accepted)
            .did_you_mean(nearest(text, names()));
        section.report().absence(problem);
        return None;
    }
    if text == client.as_str() && scope != Scope::Clients {
        section.refuse_item(
            "notify",
            text,
            "is about no client, so none can be told",
            "other channels",
        );
        return None;
    }
    ChannelName::new(text).ok()
}

fn selector(section: &Section<'_>) -> Option<Selector> {
    if !section.has("clients") {
        return Some(Selector::default());
    }
    let table = section.table(
        "clients",
        "patterns such as { exclude = [\"561115\", \"*@internal.example.com\"] }",
    )?;
    let patterns = |key: &str| {
        let texts = if table.has(key) { table.list(key)? } else { Vec::new() };
        let patterns: Vec<Pattern> = texts
            .iter()
            .filter_map(|text| pattern(&table, key, text, PATTERN))
            .collect();
        (patterns.len() == texts.len()).then_some(patterns)
    };
    let (include, exclude) = (patterns("include"), patterns("exclude"));
    Some(Selector {
        include: include?,
        exclude: exclude?,
    })
}

/// What is accepted as a pattern of clients.
const PATTERN: &str = "an id, an e-mail pattern such as *@example.com, or company:PATTERN";

/// A pattern of clients.
pub(super) fn pattern(table: &Section<'_>, key: &str, text: &str, accepted: &str) -> Option<Pattern> {
    let pattern = Pattern::parse(text);
    let good = match &pattern {
        Pattern::Id(id) => ClientId::new(id).is_ok(),
        Pattern::Email(pattern) | Pattern::Company(pattern) => !pattern.is_empty(),
    };
    if !good {
        table.refuse_item(key, text, "is not a pattern", accepted);
        return None;
    }
    Some(pattern)
}

/// What it changes; `Some(None)`: nothing.
fn enforce(section: &Section<'_>, scope: Scope, when: Option<&When>) -> Option<Option<Enforce>> {
    if !section.has("enforce") || scope != Scope::Clients {
        return Some(None);
    }
    let accepted = "{ balance_management = \"hard\" }";
    let table = section.table("enforce", accepted)?;
    if when.is_some_and(|when| when.no_reading_for.is_some()) {
        return refuse(
            section,
            "enforce",
            "would change a client without a reading",
            "a policy about a balance or spending",
        );
    }
    if !table.has("balance_management") {
        table.missing("balance_management", "hard or soft");
    }
    let values = [Management::Hard, Management::Soft].map(|value| (value.as_str(), value));
    let balance_management = table.choice("balance_management", &values, &[]);
    let revert_on_recovery = optional(&table, "revert_on_recovery", |key| table.flag(key));
    Some(Some(Enforce {
        balance_management: balance_management?,
        revert_on_recovery: revert_on_recovery?.unwrap_or(false),
    }))
}
