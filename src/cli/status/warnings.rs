//! What somebody should look at, in plain words: what is wrong, and what to do about it.

use jiff::{SignedDuration, Timestamp};

use super::{LATE_INTERVALS, Status};
use crate::cli::telling::{ago, count, span};
use crate::config::Settings;
use crate::domain::verdict;
use crate::store::AccountView;

/// The warnings about an account, most important first.
pub(super) fn of(settings: &Settings, status: &Status, view: &AccountView, now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(late(status, now));
    if let Some(brake) = &status.enforcement.brake {
        warnings.push(format!(
            "the brake is on since {}: {}; nothing is enforced until `balancewatch brake off`",
            ago(now, brake.since),
            brake.reason
        ));
    }
    if let Some(since) = view.state.inventory_short_since {
        warnings.push(format!(
            "the list of clients has been shorter than {} for {}: see in the VoIP.ms portal whether clients are missing",
            count(view.state.inventory_size, "client"),
            span(now.duration_since(since))
        ));
    }
    warnings.extend(undelivered(status, now));
    warnings.extend(unseen(status));
    warnings.extend(unjudged(settings, status));
    warnings.extend(too_slow(settings, status));
    warnings
}

/// Whether the daemon seems not to run.
fn late(status: &Status, now: Timestamp) -> Option<String> {
    let interval = SignedDuration::from_secs(status.interval_seconds.max(status.revisit_seconds));
    let Some(last) = &status.last_sweep else {
        return Some("no sweep has ended yet; is `balancewatch run` running?".to_owned());
    };
    let since = now.duration_since(last.ended_at);
    (since > interval.saturating_mul(LATE_INTERVALS)).then(|| {
        format!(
            "the last sweep ended {}, and one is expected every {}; is `balancewatch run` running?",
            ago(now, last.ended_at),
            span(interval)
        )
    })
}

fn undelivered(status: &Status, now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    for channel in &status.channels {
        warnings.push(format!(
            "channel `{}` does not take messages: {} tried in vain, next try {}; `balancewatch notifications list \
             --state pending` shows which",
            channel.channel,
            count(channel.waiting, "message"),
            ago(now, channel.next_try_at.max(now)),
        ));
    }
    let dead = status.notifications.get("dead").copied().unwrap_or(0);
    if dead > 0 {
        warnings.push(format!(
            "{} will never arrive; `balancewatch notifications list --state dead` shows which and why",
            count(dead, "notification")
        ));
    }
    warnings
}

/// Clients that are not seen.
fn unseen(status: &Status) -> Vec<String> {
    let mut warnings = Vec::new();
    let clients = &status.clients;
    if !clients.unread.is_empty() {
        let number: u64 = clients.unread.values().sum();
        let kinds: Vec<String> = clients
            .unread
            .iter()
            .map(|(kind, number)| format!("{kind} {number}"))
            .collect();
        warnings.push(format!(
            "{} could not be read when last asked ({})",
            count(number, "client"),
            kinds.join(", ")
        ));
    }
    if clients.never_asked > 0 {
        warnings.push(format!(
            "{} not asked yet: their turn comes in the next sweeps",
            was_or_were(clients.never_asked)
        ));
    }
    let tried = clients.never_read.saturating_sub(clients.never_asked);
    if tried > 0 {
        warnings.push(format!("{} asked, and never read", was_or_were(tried)));
    }
    if clients.vanished > 0 {
        warnings.push(format!(
            "{} vanished from the list; they are kept, and not watched any more",
            count(clients.vanished, "client")
        ));
    }
    warnings
}

fn was_or_were(number: u64) -> String {
    format!(
        "{} {}",
        count(number, "client"),
        if number == 1 { "was" } else { "were" }
    )
}

/// Clients that are read, and still not judged or not told.
fn unjudged(settings: &Settings, status: &Status) -> Vec<String> {
    let mut warnings = Vec::new();
    let clients = &status.clients;
    let by_threshold: Vec<&str> = settings
        .policies
        .iter()
        .filter(|policy| verdict::needs_threshold(policy))
        .map(|policy| policy.name.as_str())
        .collect();
    if clients.without_threshold > 0 && settings.alerts.default_threshold.is_none() && !by_threshold.is_empty() {
        let (has, is) = if clients.without_threshold == 1 {
            ("has", "is")
        } else {
            ("have", "are")
        };
        warnings.push(format!(
            "{} {has} no threshold and {is} not judged by {}: set `alerts.default_threshold`",
            count(clients.without_threshold, "client"),
            by_threshold.join(", ")
        ));
    }
    if clients.without_address > 0 && settings.mails_clients() {
        let has = if clients.without_address == 1 { "has" } else { "have" };
        warnings.push(format!(
            "{} {has} no mail address, so nobody there is told",
            count(clients.without_address, "client")
        ));
    }
    warnings
}

/// Whether the rate reaches everybody in time.
fn too_slow(settings: &Settings, status: &Status) -> Option<String> {
    let revisit = SignedDuration::from_secs(status.revisit_seconds);
    let (within, interval) = (
        settings.schedule.revisit_within,
        SignedDuration::from_secs(status.interval_seconds),
    );
    let advice = if revisit > within {
        format!(
            "and `schedule.revisit_within` is {}: raise `rate_per_minute` if the API allows it",
            span(within)
        )
    } else if revisit > interval {
        format!(
            "and sweeps start every {}: each asks a part, most urgent first",
            span(interval)
        )
    } else {
        return None;
    };
    Some(format!(
        "asking {} takes {} at `rate_per_minute` = {}, {advice}",
        count(status.clients.listed, "client"),
        span(revisit),
        status.rate_per_minute
    ))
}
