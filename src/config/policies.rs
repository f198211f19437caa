//! Policies: from values to the rules of the domain, with the shipped ones and the built-in alerts among them.
//!
//! Judges no client; the domain does.

use super::conditions::{clear, when};
use super::keys;
use super::problem::{nearest, wrong};
use super::reader::Reader;
use crate::domain::account_alert::AccountAlert;
use crate::domain::policy::{Enforce, Scope, Selector, When};
use crate::domain::{ChannelName, Policy};

/// The shipped policy about the reseller's own balance.
pub const OWN_BALANCE: &str = "own-balance";
/// The shipped policy that mails clients when `notify_clients` is set.
const LOW_BALANCE: &str = "low-balance";

pub fn policies(root: &Reader<'_>, notify_clients: bool) -> Vec<Policy> {
    let channels = root.entries(&keys::CHANNEL);
    let channels: Vec<&str> = channels.iter().map(|channel| channel.entry).collect();
    let read = |reader: &Reader<'_>| {
        // Judged even when it is not enabled.
        let policy = policy(reader, &channels, notify_clients)?;
        reader.get(&keys::POLICY_ENABLED)?.then_some(policy)
    };
    root.entries(&keys::POLICY).iter().filter_map(read).collect()
}

fn policy(reader: &Reader<'_>, channels: &[&str], notify_clients: bool) -> Option<Policy> {
    let scope = match reader.entry {
        OWN_BALANCE => Scope::Reseller,
        name if AccountAlert::of(name).is_some() => Scope::Account,
        _ => Scope::Clients,
    };
    refuse_out_of_scope(reader, scope);
    let when = match scope {
        Scope::Account => Some(When::default()),
        Scope::Reseller if !reader.has(&keys::POLICY_WHEN) => Some(When::default()),
        _ => when(reader, scope),
    };
    let clear = clear(reader, scope, when.as_ref());
    let notify = notify(reader, scope, channels, notify_clients);
    let enforce = enforce(reader, scope, when.as_ref(), notify.as_deref());
    Some(Policy {
        name: reader.get(&keys::POLICY_NAME)?,
        severity: reader.get(&keys::POLICY_SEVERITY)?,
        when: when?,
        clear: clear?,
        hold: reader.get(&keys::POLICY_FOR)?,
        clear_readings: reader.get(&keys::POLICY_CLEAR_READINGS)?,
        clear_for: reader.get(&keys::POLICY_CLEAR_FOR)?,
        repeat_every: reader.get(&keys::POLICY_REPEAT_EVERY)?,
        max_repeats: reader.get(&keys::POLICY_MAX_REPEATS)?,
        cool_down: reader.get(&keys::POLICY_COOL_DOWN)?,
        notify: notify?,
        clients: Selector {
            include: reader.optional(&keys::CLIENTS_INCLUDE)?.unwrap_or_default(),
            exclude: reader.optional(&keys::CLIENTS_EXCLUDE)?.unwrap_or_default(),
        },
        enforce: enforce?,
        scope,
        runbook_url: reader.optional(&keys::POLICY_RUNBOOK_URL)?,
    })
}

/// Refuses keys that mean nothing for alerts about the account or the reseller.
fn refuse_out_of_scope(reader: &Reader<'_>, scope: Scope) {
    let about_clients = [&keys::POLICY_CLIENTS, &keys::POLICY_ENFORCE];
    let conditions = [&keys::POLICY_WHEN, &keys::POLICY_CLEAR];
    let refused = match scope {
        Scope::Clients => Vec::new(),
        Scope::Reseller => about_clients.to_vec(),
        Scope::Account => [conditions, about_clients].concat(),
    };
    let why = match scope {
        Scope::Reseller => "cannot be set for the reseller's own balance",
        _ => "cannot be set for a built-in alert",
    };
    for key in refused.into_iter().filter(|key| reader.has(*key)) {
        let accepted = "severity, notify, for, repeat_every, max_repeats, enabled and the like";
        reader.refuse(key, wrong(why).accepted(accepted));
    }
}

fn notify(reader: &Reader<'_>, scope: Scope, channels: &[&str], notify_clients: bool) -> Option<Vec<ChannelName>> {
    let client = ChannelName::client();
    let mut names = reader.get(&keys::POLICY_NOTIFY)?;
    if reader.entry == LOW_BALANCE && notify_clients {
        names.push(client.to_string());
    }
    let others = channels.iter().copied().filter(|name| *name != client.as_str());
    let known: Vec<&str> = others.chain([client.as_str()]).collect();
    let mut told: Vec<ChannelName> = Vec::new();
    for name in names {
        if !known.contains(&name.as_str()) {
            let wrong = wrong("names no channel").accepted(format!("the configured ones: {}", known.join(", ")));
            let wrong = wrong.did_you_mean(nearest(&name, known.iter().copied())).item(name);
            reader.report.absence(reader.problem(&keys::POLICY_NOTIFY, wrong));
        } else if name == client.as_str() && scope != Scope::Clients {
            let wrong = wrong("is about no client, so none can be told").accepted("other channels");
            reader.refuse(&keys::POLICY_NOTIFY, wrong.item(name));
        } else if told.iter().all(|channel| channel.as_str() != name) {
            told.push(ChannelName::new(&name).ok()?);
        }
    }
    Some(told)
}

/// What it changes; `Some(None)`: nothing.
fn enforce(
    reader: &Reader<'_>,
    scope: Scope,
    when: Option<&When>,
    notify: Option<&[ChannelName]>,
) -> Option<Option<Enforce>> {
    if !reader.has(&keys::POLICY_ENFORCE) || scope != Scope::Clients {
        return Some(None);
    }
    if when.is_some_and(|when| when.no_reading_for.is_some()) {
        let wrong = wrong("would change a client without a reading");
        reader.refuse(
            &keys::POLICY_ENFORCE,
            wrong.accepted("a policy about a balance or spending"),
        );
    }
    Some(Some(Enforce {
        balance_management: reader.get(&keys::ENFORCE_BALANCE_MANAGEMENT)?,
        grace: reader.optional(&keys::ENFORCE_GRACE)?.unwrap_or_default(),
        requires_notified: requires_notified(reader, notify?)?,
        revert_on_recovery: reader.optional(&keys::ENFORCE_REVERT_ON_RECOVERY)?.unwrap_or(false),
        revert_needs_deposit: revert_needs_deposit(reader)?,
    }))
}

/// Who must be told before: only whom the policy tells.
fn requires_notified(reader: &Reader<'_>, notify: &[ChannelName]) -> Option<Vec<ChannelName>> {
    let names = reader.optional(&keys::ENFORCE_REQUIRES_NOTIFIED)?.unwrap_or_default();
    let mut required: Vec<ChannelName> = Vec::new();
    for name in names {
        match notify.iter().find(|channel| channel.as_str() == name) {
            Some(channel) if required.contains(channel) => {}
            Some(channel) => required.push(channel.clone()),
            None => {
                let told: Vec<&str> = notify.iter().map(ChannelName::as_str).collect();
                let wrong = wrong("is not told by this policy, so it could never have been").item(name);
                let accepted = match told.is_empty() {
                    true => "a channel that stands in the policy's notify; none does".to_owned(),
                    false => format!("the channels of the policy's notify: {}", told.join(", ")),
                };
                reader.refuse(&keys::ENFORCE_REQUIRES_NOTIFIED, wrong.accepted(accepted));
            }
        }
    }
    Some(required)
}

/// Whether going back needs a deposit: only where it goes back at all.
fn revert_needs_deposit(reader: &Reader<'_>) -> Option<bool> {
    let needs = reader.optional(&keys::ENFORCE_REVERT_NEEDS_DEPOSIT)?.unwrap_or(false);
    let reverts = reader.optional(&keys::ENFORCE_REVERT_ON_RECOVERY)?.unwrap_or(false);
    if needs && !reverts {
        let wrong = wrong("means nothing: nothing goes back").accepted("together with revert_on_recovery = true");
        reader.refuse(&keys::ENFORCE_REVERT_NEEDS_DEPOSIT, wrong);
    }
    Some(needs)
}
