//! What somebody should look at, in plain words: what is wrong, and what to do about it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{LATE_INTERVALS, NotAsked, Status};
use crate::cli::telling::{ago, count, span};
use crate::config::Settings;
use crate::domain::enforcement::SWEEPS_UNTOLD;
use crate::domain::judge::verdict;
use crate::store::{AccountView, DiskTrouble};

/// The warnings about an account, most important first.
pub(super) fn of(settings: &Settings, status: &Status, view: &AccountView, now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(store(settings));
    warnings.extend(not_asked(status, now));
    warnings.extend(late(status, now));
    if let Some(brake) = &status.enforcement.brake {
        warnings.push(format!(
            "the brake is on since {}: {}; nothing is enforced until `balancewatch brake off`",
            ago(now, brake.since),
            brake.reason
        ));
    }
    warnings.extend(open_changes(view));
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

/// Changes that have been open for so long that a mail told of it, by what they wait for.
fn open_changes(view: &AccountView) -> Vec<String> {
    let mut waiting: BTreeMap<String, u64> = BTreeMap::new();
    let open = view.enforcements.iter().filter(|kept| kept.waited > SWEEPS_UNTOLD);
    for why in open.filter_map(|kept| kept.state.waits_for()) {
        *waiting.entry(why.to_string()).or_default() += 1;
    }
    let warnings = waiting.into_iter().map(|(why, clients)| {
        let (clients, is) = (count(clients, "client"), if clients == 1 { "is" } else { "are" });
        format!("{clients} {is} still not set as a policy asks: {why}; `balancewatch plan` shows who")
    });
    warnings.collect()
}

/// Whether the API cannot be asked, and nobody is watched therefore.
fn not_asked(status: &Status, now: Timestamp) -> Option<String> {
    let NotAsked {
        since,
        reason,
        fix,
        next_try_at,
    } = status.not_asked.as_ref()?;
    let hint = if fix.is_empty() {
        String::new()
    } else {
        format!(": {fix}")
    };
    Some(format!(
        "the API cannot be asked since {}, because {reason}; it is tried again {}{hint}",
        ago(now, *since),
        ago(now, (*next_try_at).max(now)),
    ))
}

/// What the disk does to the store.
fn store(settings: &Settings) -> Option<String> {
    let trouble = DiskTrouble::of(&settings.store.path)?;
    Some(format!(
        "nothing can be written down in the store `{}`, so nobody is watched: {trouble}; {}",
        settings.store.path.display(),
        trouble.hint()
    ))
}

/// Whether the daemon seems not to run, or not to be able to write down what it sees.
fn late(status: &Status, now: Timestamp) -> Option<String> {
    let interval = SignedDuration::from_secs(status.interval_seconds.max(status.revisit_seconds));
    let Some(last) = &status.last_sweep else {
        return Some("no sweep has ended yet; is `balancewatch run` running?".to_owned());
    };
    let since = now.duration_since(last.ended_at);
    (since > interval.saturating_mul(LATE_INTERVALS)).then(|| {
        format!(
            "the last sweep ended {}, and one is expected every {}; is `balancewatch run` running? If it \
             is, its log says why",
            ago(now, last.ended_at),
            span(interval)
        )
    })
}

fn undelivered(status: &Status, now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    for channel in &status.channels {
        warnings.push(format!(
            "channel `{}` does not take messages: {} tried in vain, the last with \"{}\"; next try {}; `balancewatch \
             notifications list --state pending` shows which",
            channel.channel,
            count(channel.waiting, "message"),
            channel.last_error.as_deref().unwrap_or("no word"),
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
    if let Some((client, why)) = status.cannot_be_told.first_key_value() {
        let more = match status.cannot_be_told.len() {
            1 => String::new(),
            number => format!("; so are {} more", number - 1),
        };
        warnings.push(format!("client {client} cannot be told: {why}{more}"));
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
            "{} vanished from the list: kept, and not watched any more",
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::{SignedDuration, Timestamp};

    use super::super::{Alerts, Clients, Enforcement, LastSweep, Status};
    use super::{late, too_slow, unseen};
    use crate::domain::AccountName;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// An account whose sweep ended this long ago, with this many clients.
    fn status(ended_secs_ago: i64, clients: u64) -> Status {
        Status {
            account: AccountName::new("main").unwrap(),
            last_sweep: Some(LastSweep {
                started_at: None,
                ended_at: NOW - SignedDuration::from_secs(ended_secs_ago),
                age_seconds: ended_secs_ago,
                report: None,
            }),
            sweeping_since: None,
            next_sweep_at: NOW,
            interval_seconds: 300,
            revisit_seconds: crate::domain::due::revisit(clients, 60).as_secs(),
            rate_per_minute: 60,
            clients: Clients {
                listed: clients,
                vanished: 0,
                without_address: 0,
                without_threshold: 0,
                never_read: 3,
                never_asked: 1,
                unread: BTreeMap::from([("timeout".to_owned(), 1), ("html".to_owned(), 2)]),
            },
            alerts: Alerts::default(),
            notifications: BTreeMap::new(),
            cannot_be_told: BTreeMap::new(),
            not_asked: None,
            channels: Vec::new(),
            enforcement: Enforcement {
                mode: "observe",
                brake: None,
                canary_passed_at: None,
                canary: "",
                applied_24h: 0,
                reverted_24h: 0,
                max_per_day: 20,
                max_per_sweep: 3,
                by_state: BTreeMap::new(),
                client_mails_last_hour: 0,
                client_mails_per_hour: 20,
            },
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_sweep_is_late_after_three_intervals() {
        let cases = [
            ("three intervals", status(900, 1), false),
            ("a second more", status(901, 1), true),
            ("a slow rate makes the interval longer", status(901, 200), false),
            ("its three are over too", status(1_201, 200), true),
            ("a clock that went back", status(-10_000, 1), false),
        ];
        for (name, status, expected) in cases {
            assert_eq!(late(&status, NOW).is_some(), expected, "{name}");
        }
        let text = late(&status(3_700, 1), NOW).unwrap();
        assert!(
            text.starts_with("the last sweep ended 1h 1m ago, and one is expected every 5m"),
            "{text}"
        );
    }

    #[test]
    fn a_rate_that_does_not_reach_everybody_is_told() {
        let settings = crate::config::parse(
            "[[account]]\nname = \"main\"\nusername = \"x\"\npassword = \"x\"\n",
            NOW,
        );
        let settings = settings.unwrap().settings;
        let cases = [
            ("as often as the schedule", 150, None),
            (
                "less often",
                151,
                Some("asking 151 clients takes 5m 2s at `rate_per_minute` = 60, and sweeps start every 5m"),
            ),
            ("within the bound", 1_800, Some("asking 1800 clients takes 1h at")),
            (
                "beyond it",
                1_801,
                Some("asking 1801 clients takes 1h at `rate_per_minute` = 60, and `schedule.revisit"),
            ),
        ];
        for (name, clients, expected) in cases {
            let told = too_slow(&settings, &status(0, clients));
            match expected {
                None => assert_eq!(told, None, "{name}"),
                Some(start) => assert!(told.as_deref().unwrap().starts_with(start), "{name}: {told:?}"),
            }
        }
    }

    #[test]
    fn clients_that_are_not_seen_are_counted_apart() {
        assert_eq!(
            unseen(&status(0, 10)),
            [
                "3 clients could not be read when last asked (html 2, timeout 1)",
                "1 client was not asked yet: their turn comes in the next sweeps",
                "2 clients were asked, and never read",
            ]
        );
    }
}
