//! Policies: from values to the rules of the domain, with the shipped ones and the built-in alerts among them.
//!
//! Judges no client; the domain does.

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::problem::{Problem, nearest};
use super::read::Section;
use super::sections::{days, secs};
use crate::domain::policy::{Clear, Enforce, Limit, NoReadingFor, Pattern, Scope, Selector, When};
use crate::domain::{ChannelName, ClientId, Management, Policy, PolicyName, Severity};

/// The alerts about the account itself.
pub const ACCOUNT_ALERTS: [&str; 8] = [
    "account-access",
    "upstream",
    "inventory",
    "overcommitted",
    "brake",
    "dead-letter",
    "read-back",
    "enforcement-without-effect",
];

/// The shipped policy about the reseller's own balance.
pub const OWN_BALANCE: &str = "own-balance";
/// The shipped policy that mails clients when `notify_clients` is set.
pub const LOW_BALANCE: &str = "low-balance";
/// The shipped policy about clients that cannot be read.
pub const BLIND: &str = "blind";

/// How long `blind` waits as shipped; only then twice the achievable revisit time counts where that is longer.
const BLIND_AS_SHIPPED: SignedDuration = SignedDuration::from_mins(30);

const LIMIT: &str = "an amount in quotes such as \"10.00\", \"threshold\", or \"150% of threshold\"";

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

fn when(name: &str, section: &Section<'_>, scope: Scope) -> Option<When> {
    let accepted = "a condition such as { balance_below = \"10.00\" }";
    if !section.has("when") {
        section.missing("when", accepted);
        return None;
    }
    let table = section.table("when", accepted)?;
    let keys = [
        "balance_below",
        "balance_at_most",
        "spent_today_above",
        "no_reading_for",
    ];
    let given = keys.iter().filter(|key| table.has(key)).count();
    if given == 0 {
        // With a key that is not known, that key is what is wrong, and said already.
        return if table.is_empty() {
            refuse(section, "when", "has no condition", accepted)
        } else {
            None
        };
    }
    let alone = !table.has("no_reading_for") || given == 1;
    if !alone {
        table.refuse(
            "no_reading_for",
            "stands beside another condition",
            "it alone, in a policy of its own",
        );
    }
    let balance_below = optional(&table, "balance_below", |key| limit(&table, key));
    let balance_at_most = optional(&table, "balance_at_most", |key| limit(&table, key));
    let spent_today_above = optional(&table, "spent_today_above", |key| spent(&table, key));
    let no_reading_for = optional(&table, "no_reading_for", |key| {
        let limit = table.duration(key, secs(1)..=days(30))?;
        Some(NoReadingFor {
            limit,
            at_least_two_revisits: name == BLIND && limit == BLIND_AS_SHIPPED,
        })
    });
    let when = When {
        balance_below: balance_below?,
        balance_at_most: balance_at_most?,
        spent_today_above: spent_today_above?,
        no_reading_for: no_reading_for?,
    };
    if scope == Scope::Reseller && !judges_reseller(&table, &when) {
        return None;
    }
    alone.then_some(when)
}

/// The reseller has a balance but no threshold, and `account-access` tells when it cannot be read.
fn judges_reseller(table: &Section<'_>, when: &When) -> bool {
    let mut good = true;
    for key in ["spent_today_above", "no_reading_for"]
        .into_iter()
        .filter(|key| table.has(key))
    {
        table.refuse(
            key,
            "cannot be asked of the reseller's own balance",
            "balance_below or balance_at_most",
        );
        good = false;
    }
    for (key, limit) in [
        ("balance_below", when.balance_below),
        ("balance_at_most", when.balance_at_most),
    ] {
        if limit.is_some_and(Limit::needs_threshold) {
            table.refuse(
                key,
                "needs a threshold, which the reseller has not",
                "an amount such as \"50.00\"",
            );
            good = false;
        }
    }
    good
}

/// Reads a key that may be absent: `Some(None)` when it is, `None` when it is wrong.
fn optional<T>(section: &Section<'_>, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if section.has(key) {
        read(key).map(Some)
    } else {
        Some(None)
    }
}

fn limit(table: &Section<'_>, key: &str) -> Option<Limit> {
    let text = table.amount_text(key, LIMIT)?;
    if text == "threshold" {
        return Some(Limit::PercentOfThreshold(Decimal::ONE_HUNDRED));
    }
    if let Some(percent) = text
        .strip_suffix("of threshold")
        .and_then(|text| text.trim_end().strip_suffix('%'))
    {
        let percent = percent.trim();
        let plain = percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent = Decimal::from_str_exact(percent).ok().filter(|_| plain);
        let bounds = Decimal::new(1, 2)..=Decimal::from(10_000);
        return match percent {
            Some(percent) if bounds.contains(&percent) => Some(Limit::PercentOfThreshold(percent.normalize())),
            Some(_) => refuse(table, key, "is out of range", "from 0.01% to 10000% of threshold"),
            None => refuse(table, key, "is not a percentage", LIMIT),
        };
    }
    match text.parse() {
        Ok(money) => Some(Limit::Amount(money)),
        Err(_) => {
            let meant = nearest(&text, ["threshold", "100% of threshold"]);
            table.problem(
                key,
                |problem| problem.accepted(LIMIT).did_you_mean(meant),
                "is not a limit",
            );
            None
        }
    }
}

fn spent(table: &Section<'_>, key: &str) -> Option<crate::domain::Money> {
    let accepted = "an amount in quotes, such as \"25.00\"";
    if table.amount_text(key, accepted)?.ends_with("usual") {
        return refuse(table, key, "is not in this version", accepted);
    }
    let money = table.money(key)?;
    if money.is_negative() {
        return refuse(table, key, "is negative", "0 or more");
    }
    Some(money)
}

fn refuse<T>(section: &Section<'_>, key: &str, what: &str, accepted: &str) -> Option<T> {
    section.refuse(key, what, accepted);
    None
}

/// When it is clear; `Some(None)`: the exact opposite of `when`.
fn clear(section: &Section<'_>, scope: Scope, when: Option<&When>) -> Option<Option<Clear>> {
    if !section.has("clear") || scope == Scope::Account {
        return Some(None);
    }
    let accepted = "a limit such as { balance_at_least = \"110% of threshold\" }";
    let table = section.table("clear", accepted)?;
    if !table.has("balance_at_least") && !table.has("balance_above") {
        return if table.is_empty() {
            refuse(section, "clear", "has no limit", accepted)
        } else {
            None
        };
    }
    let at_least = optional(&table, "balance_at_least", |key| limit(&table, key));
    let above = optional(&table, "balance_above", |key| limit(&table, key));
    let clear = Clear {
        balance_at_least: at_least?,
        balance_above: above?,
    };
    let when = when?;
    if when.balance_below.is_none() && when.balance_at_most.is_none() && *when != When::default() {
        return refuse(
            section,
            "clear",
            "is about the balance, and `when` is not",
            "no clear: the opposite of `when`",
        );
    }
    if scope == Scope::Reseller {
        for (key, limit) in [
            ("balance_at_least", clear.balance_at_least),
            ("balance_above", clear.balance_above),
        ] {
            if limit.is_some_and(Limit::needs_threshold) {
                return refuse(
                    &table,
                    key,
                    "needs a threshold, which the reseller has not",
                    "an amount",
                );
            }
        }
    }
    refuse_inverted(&table, when, &clear)?;
    Some(Some(clear))
}

/// Refuses a pair where one balance would be in breach and clear at once, as far as that can be seen without knowing
/// thresholds: amounts against amounts and percentages against percentages.
fn refuse_inverted(table: &Section<'_>, when: &When, clear: &Clear) -> Option<()> {
    let breaches = [(when.balance_below, false), (when.balance_at_most, true)];
    let clears = [
        ("balance_at_least", clear.balance_at_least, true),
        ("balance_above", clear.balance_above, false),
    ];
    for (breach, breach_touches) in breaches {
        for (key, clear, clear_touches) in clears {
            let (Some(breach), Some(clear)) = (breach, clear) else {
                continue;
            };
            let (breach_at, clear_at) = match (breach, clear) {
                (Limit::Amount(breach), Limit::Amount(clear)) => (breach.amount(), clear.amount()),
                (Limit::PercentOfThreshold(breach), Limit::PercentOfThreshold(clear)) => (breach, clear),
                _ => continue,
            };
            if clear_at < breach_at || (clear_at == breach_at && breach_touches && clear_touches) {
                let accepted = format!("beyond the {breach} of `when`");
                return refuse(
                    table,
                    key,
                    "is on the wrong side of `when`: it would be clear while in breach",
                    &accepted,
                );
            }
        }
    }
    Some(())
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
        let patterns: Vec<Pattern> = texts.iter().filter_map(|text| pattern(&table, key, text)).collect();
        (patterns.len() == texts.len()).then_some(patterns)
    };
    let (include, exclude) = (patterns("include"), patterns("exclude"));
    Some(Selector {
        include: include?,
        exclude: exclude?,
    })
}

fn pattern(table: &Section<'_>, key: &str, text: &str) -> Option<Pattern> {
    let accepted = "an id, an e-mail pattern such as *@example.com, or company:PATTERN";
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
